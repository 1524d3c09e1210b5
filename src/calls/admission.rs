//! A trunk's door, in and out: its caps, and how it writes numbers.

use crate::base::{LegId, Now, Pii, limits};
use crate::sip::api::{Reason, SipCommand};

use super::bench::Bench;
use super::call::Call;
use super::caps::{Bound, Reached};
use super::facts::Fact;
use super::settings::TrunkPlan;

/// Counts a call that comes in over `trunk`, if its caps allow it.
pub fn let_in(trunk: &TrunkPlan, bench: &mut Bench, now: Now) -> Result<(), Reached> {
    bench.loads.begin(&trunk.trunk, Bound::Incoming, &trunk.terms.caps.incoming, now.mono)
}

/// Counts the fallback's leg among its trunk's outgoing calls, if its caps allow it.
pub fn let_out(call: &mut Call, onto: &TrunkPlan, bench: &mut Bench, now: Now) -> Result<(), Reached> {
    bench.loads.begin(&onto.trunk, Bound::Outgoing, &onto.terms.caps.outgoing, now.mono)?;
    call.outgoing = Some(onto.trunk.clone());
    Ok(())
}

/// The call is over on its trunk.
pub fn leave(call: &Call, bench: &mut Bench) {
    if call.recall.is_none() {
        bench.loads.end(&call.trunk.trunk, Bound::Incoming);
    }
    if let Some(onto) = &call.outgoing {
        bench.loads.end(onto, Bound::Outgoing);
    }
}

/// A cap forbids the call: no state is made for it.
pub fn turn_away(leg: LegId, trunk: &TrunkPlan, reached: Reached, bench: &mut Bench) {
    let (status, reason) = full(trunk, Bound::Incoming, reached, bench);
    bench.sip(refusal(leg, status, reason));
}

/// What a call beyond a cap is told; it is counted.
pub fn full(trunk: &TrunkPlan, bound: Bound, reached: Reached, bench: &mut Bench) -> (u16, Reason) {
    bench.fact(Fact::TrunkFull { trunk: trunk.trunk.clone(), bound, reached });
    let status = trunk.terms.caps.of(bound).status;
    let text = match reached {
        Reached::Calls => "no more calls on this trunk",
        Reached::Rate => "too many new calls on this trunk",
    };
    (status, Reason::sip(status, text))
}

/// With Retry-After where that means something (RFC 3261 section 20.33).
pub fn refusal(leg: LegId, status: u16, reason: Reason) -> SipCommand {
    let retry_after = (status == 503).then_some(limits::RETRY_AFTER);
    SipCommand::Refuse { leg, status, reason: Some(reason), contact: None, retry_after }
}

/// The dialled number as the trunk writes it that it goes out on.
pub fn dialled(call: &Call, onto: &TrunkPlan) -> String {
    as_written(call, onto, call.incoming.dialled.expose())
}

/// The caller's number likewise.
pub fn caller(call: &Call, onto: &TrunkPlan) -> Pii<String> {
    Pii::new(as_written(call, onto, call.incoming.from_user.expose()))
}

fn as_written(call: &Call, onto: &TrunkPlan, text: &str) -> String {
    let number = call.trunk.terms.numbers_in.read(text, call.trunk.region).ok();
    onto.terms.numbers_out.write(text, number.as_ref())
}
