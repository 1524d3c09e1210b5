//! The INVITE that goes to the other side from the caller: an agent's phone, the fallback, or whomever the call is passed on to.

use bytes::Bytes;

use crate::sip::api::{Carried, Dial, Reliable, SipCommand};

use super::bench::Bench;
use super::call::{Call, FarLeg};
use super::moved::Next;

/// As a phone of ours is rung: in the caller's name, with nothing asserted. `carried` is what goes on of the caller's INVITE.
pub fn dial(call: &Call, place: Next, offer: Bytes, carried: Carried, bench: &Bench) -> Dial {
    Dial {
        target: place.target,
        trunk: None,
        flow: place.flow,
        from_user: call.incoming.from_user.clone(),
        from_display: call.incoming.from_display.clone(),
        asserted: None,
        offer,
        user_to_users: carried.user_to_users,
        headers: carried.headers,
        copied: call.trunk.terms.headers.answer.copied.clone(),
        reliable: Reliable::Supported,
        ring_timeout: bench.settings.deadlines.ring,
    }
}

/// Sends it; what comes of the leg finds the call.
pub fn ring(call: &Call, leg: FarLeg, dial: Dial, bench: &mut Bench) {
    bench.call_by_leg.insert(leg.0, call.id);
    bench.sip(SipCommand::Dial { leg: leg.0, dial: Box::new(dial) });
}
