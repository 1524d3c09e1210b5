//! An agent who has asked somebody first passes the caller on to them (RFC 5589 section 7.3): the far leg of the agent's own call
//! goes over to the caller's, and the own call ends.

use crate::base::{AgentId, Now};
use crate::sip::api::{Reason, Refer, SipCommand};

use super::bench::Bench;
use super::call::{Call, FarLeg, Phase, Side};
use super::ending;
use super::facts::{EndedBy, Outcome};
use super::phoning;
use super::sound;
use super::transfer;

/// `other`: the call whose caller's leg is the dialog that Replaces names.
pub fn referred(call: &mut Call, side: Side, refer: Refer, other: Option<&mut Call>, bench: &mut Bench, now: Now) {
    let (Some(leg), Some(asker)) = (call.leg(side), call.far()) else { return };
    if let Err(status) = join(call, side, asker, refer, other, bench, now) {
        bench.sip(SipCommand::AnswerRefer { leg, status });
    }
}

fn join(
    call: &mut Call,
    side: Side,
    asker: FarLeg,
    refer: Refer,
    other: Option<&mut Call>,
    bench: &mut Bench,
    now: Now,
) -> Result<(), u16> {
    transfer::may_ask(call, side)?;
    let other = other.ok_or(481u16)?;
    let far = far_of(call, other)?;
    let offer = sound::adopt_next(call, other, bench).map_err(|error| error.status())?;
    bench.sip(SipCommand::AnswerRefer { leg: asker.0, status: 202 });
    transfer::join(call, asker, refer, (called(other, bench), other.id), far, bench);
    bench.call_by_leg.insert(far.0, call.id);
    bench.sip(SipCommand::Reinvite { leg: far.0, offer });
    ending::hang_up_caller(other, Some(Reason::sip(200, "passed on")), bench);
    ending::finish(other, Outcome::Talked, EndedBy::Agent, bench, now);
    Ok(())
}

/// The far leg of the agent's own call, when it may change hands.
fn far_of(call: &Call, other: &Call) -> Result<FarLeg, u16> {
    let Phase::Passed(far) = other.phase else { return Err(481) };
    if other.maker().is_none_or(|maker| call.grant().is_none_or(|grant| grant.agent != *maker)) {
        return Err(403);
    }
    if other.change.is_some() || other.transfer.is_some() || other.sound.owes() {
        return Err(491);
    }
    Ok(far)
}

fn called(other: &Call, bench: &Bench) -> Option<AgentId> {
    phoning::agent_at(&bench.settings.dial.find(other.incoming.request_uri.expose())?)
}
