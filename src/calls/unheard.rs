//! One side has no sound any more, or never had any: what becomes of the call depends on why, and on how far it has come.

use crate::base::Now;
use crate::media::command::LostCause;
use crate::sip::api::Reason;

use super::bench::Bench;
use super::call::{Call, FarLeg, Grant, Phase, Side};
use super::connecting;
use super::ending::{abandon, hang_up_caller, hang_up_far, refuse_caller};
use super::facts::{EndedBy, Fact, FallbackCause, Outcome};
use super::fallback;
use super::recalling;
use super::sound;
use super::talking;

/// Why a side has no sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It should send, and has been silent for too long: whoever was there is there no more.
    Silent,
    /// Its browser has not come to the sound, or has left it.
    Browser(LostCause),
}

/// That side of the call is without sound.
pub fn is(call: &mut Call, side: Side, cause: Cause, bench: &mut Bench, now: Now) {
    if let Cause::Browser(cause) = cause {
        bench.fact(Fact::SoundLost { call: call.id, side, cause });
    }
    match (&call.phase, side) {
        (Phase::Talking(..) | Phase::Passed(_) | Phase::Diverted(_), _) => talk_is_over(call, side, cause, bench, now),
        // A phone that rings is silent.
        (Phase::Ringing(..) | Phase::Diverting(_), Side::Far) if cause == Cause::Silent => {}
        (Phase::Ringing(..), Side::Far) => connecting::sound_lost(call, bench, now),
        (Phase::Diverting(leg), Side::Far) => {
            hang_up_far(*leg, Some(Reason::sip(503, cause.as_str(side))), bench);
            fallback::failed(call, 503, &[], bench, now);
        }
        (Phase::Recalling(..), _) if cause != Cause::Silent => {
            recalling::sound_lost(call, cause.as_str(side), bench, now);
        }
        (Phase::HandedOver(_) | Phase::Promised | Phase::Recalling(..) | Phase::Over, _) => {}
        (Phase::Matching(_) | Phase::Waiting | Phase::Offered(_) | Phase::Passing, Side::Far) => {}
        (
            Phase::Matching(_)
            | Phase::Waiting
            | Phase::Offered(_)
            | Phase::Ringing(..)
            | Phase::Passing
            | Phase::Diverting(_),
            Side::Caller,
        ) => caller_is_over(call, cause, bench, now),
    }
}

/// Two were connected.
fn talk_is_over(call: &mut Call, side: Side, cause: Cause, bench: &mut Bench, now: Now) {
    let is_unheard = matches!(cause, Cause::Browser(cause) if cause != LostCause::Consent);
    if let Phase::Talking(grant, leg) = &call.phase
        && is_unheard
        && side == Side::Far
        && call.transfer.is_none()
    {
        let (grant, leg) = (grant.clone(), *leg);
        return agent_is_unheard(call, &grant, leg, Some(Reason::sip(480, cause.as_str(side))), bench, now);
    }
    talking::cut(call, EndedBy::Silence, (480, cause.as_str(side)), bench, now);
}

/// The agent has answered in a browser that found no way to the sound: the caller has heard nobody yet, and goes on (promise 1).
fn agent_is_unheard(call: &mut Call, grant: &Grant, leg: FarLeg, reason: Option<Reason>, bench: &mut Bench, now: Now) {
    hang_up_far(leg, reason, bench);
    sound::close_far(call, bench);
    bench.fact(Fact::LetGo { call: call.id, agent: grant.agent.clone() });
    talking::release_agent(call, grant, bench);
    call.phase = Phase::Passing;
    call.connected = None;
    fallback::divert(call, FallbackCause::Media, bench, now);
}

/// They are with nobody yet.
fn caller_is_over(call: &mut Call, cause: Cause, bench: &mut Bench, now: Now) {
    let reason = |status| Some(Reason::sip(status, cause.as_str(Side::Caller)));
    match cause {
        Cause::Browser(_) => {
            refuse_caller(call, 480, reason(480), None, bench);
            abandon(call, reason(480), (Outcome::Abandoned, EndedBy::Silence), bench, now);
        }
        // Who is not answered yet, is asked something, or goes to the fallback need not send.
        Cause::Silent if !call.is_answered() || matches!(call.phase, Phase::Matching(_) | Phase::Diverting(_)) => {}
        Cause::Silent => {
            hang_up_caller(call, reason(480), bench);
            abandon(call, reason(480), (Outcome::Abandoned, EndedBy::Silence), bench, now);
        }
    }
}

impl Cause {
    /// What the other side is told.
    fn as_str(self, side: Side) -> &'static str {
        match (self, side) {
            (Cause::Silent, Side::Caller) => "no sound from the caller",
            (Cause::Silent, Side::Far) => "no sound from the called side",
            (Cause::Browser(cause), _) => cause.as_str(),
        }
    }
}
