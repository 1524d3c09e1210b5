//! Who calls, as we pass it on: what a trusted trunk asserts, to phones of ours and to trusted trunks (RFC 3325).

use crate::sip::api::IncomingCall;
use crate::sip::claims::{Asserted, Hearer};

/// A phone of ours is not told of somebody who withholds their number.
pub fn for_phone(incoming: &IncomingCall) -> Option<Asserted> {
    asserted(incoming, Hearer::Phone).filter(|asserted| !asserted.is_withheld)
}

/// The endpoint knows whether it is a trusted trunk that is dialled.
pub fn for_trunk(incoming: &IncomingCall) -> Option<Asserted> {
    asserted(incoming, Hearer::TrustedTrunk)
}

fn asserted(incoming: &IncomingCall, hearer: Hearer) -> Option<Asserted> {
    let identity = incoming.asserted.clone()?;
    Some(Asserted { identity, is_withheld: incoming.is_withheld, hearer })
}
