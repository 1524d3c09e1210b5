//! Two people talk, or a caller is with the fallback: what one side changes is passed to the other, until one hangs up.

use bytes::Bytes;

use crate::base::Now;
use crate::base::stage::Stage;
use crate::desktop::{CallPhase, DeskCommand};
use crate::routing;
use crate::sdp::Session;
use crate::sip::api::{Carried, Reason, SipCommand, UserToUsers};

use super::bench::{Bench, Deadline};
use super::call::{Call, FarLeg, Grant, Phase, Side};
use super::ending;
use super::facts::{EndedBy, Outcome};
use super::sound;

/// The agent has answered. `body` is the caller's 200, when that is still owed.
pub fn begin(call: &mut Call, grant: Grant, leg: FarLeg, body: Option<Bytes>, bench: &mut Bench, now: Now) {
    bench.cancel_deadline(call, Deadline::Ceiling);
    if let Some(body) = body {
        bench.sip(SipCommand::Answer { leg: call.caller.0, body });
    }
    call.connected = Some(now.mono);
    bench.stage(call, Stage::InviteToAnswer, now);
    bench.routing(routing::Input::OfferAccepted { call: call.id, agent: grant.agent.clone(), fence: grant.fence });
    bench.desk(DeskCommand::CallPhase { agent: grant.agent.clone(), call: call.id, phase: CallPhase::Talking });
    call.phase = Phase::Talking(grant, leg);
}

/// One side asks to change the session: hold, resume, another codec, another address.
pub fn reinvited(call: &mut Call, side: Side, offer: &[u8], bench: &mut Bench) {
    let Some(leg) = call.leg(side) else { return };
    if offer.is_empty() {
        let body = sound::said(call, side).unwrap_or_default();
        return bench.sip(SipCommand::AnswerReinvite { leg, status: 200, body });
    }
    match sound::read_offer(call, side, offer) {
        Ok(offer) => pass_on(call, side, offer, bench),
        Err(error) => refuse_reinvite(call, side, error.status(), bench),
    }
}

fn pass_on(call: &mut Call, side: Side, offer: Session, bench: &mut Bench) {
    let listener = match &call.phase {
        Phase::Talking(..) | Phase::Passed(_) | Phase::Diverted(_) => call.leg(side.other()),
        Phase::Matching(_)
        | Phase::Waiting
        | Phase::Offered(_)
        | Phase::Ringing(..)
        | Phase::HandedOver(_)
        | Phase::Passing
        | Phase::Diverting(_)
        | Phase::Over => None,
    };
    let Some(other) = listener else { return answer_alone(call, side, offer, bench) };
    if call.reinviting.is_some() {
        return refuse_reinvite(call, side, 491, bench);
    }
    show_hold(call, side, &offer, bench);
    match sound::reoffer(call, side, offer) {
        Some(offer) => bench.sip(SipCommand::Reinvite { leg: other, offer }),
        None => refuse_reinvite(call, side, 488, bench),
    }
}

/// Only the caller can be alone with us: an answered caller in the queue.
fn answer_alone(call: &mut Call, side: Side, offer: Session, bench: &mut Bench) {
    if side == Side::Far {
        return refuse_reinvite(call, side, 491, bench);
    }
    match sound::reanswer_alone(call, offer, bench) {
        Ok(body) => bench.sip(SipCommand::AnswerReinvite { leg: call.caller.0, status: 200, body }),
        Err(error) => refuse_reinvite(call, side, error.status(), bench),
    }
}

/// The other side has answered what was passed on to it.
pub fn reinvite_answered(call: &mut Call, by: Side, status: u16, body: &[u8], bench: &mut Bench) {
    if !(200..300).contains(&status) {
        if let Some(side) = sound::take_back_offer(call) {
            refuse_reinvite(call, side, status, bench);
        }
        return;
    }
    if call.reinviting.is_none() {
        // A caller whom we took off hold; one who answers with nonsense stays as they were.
        let _ = sound::settle(call, by, body, bench);
        return;
    }
    let asking = call.reinviting.as_ref().map(|reinvite| reinvite.asking);
    match sound::reanswer(call, body, bench) {
        Ok(Some((side, body))) => {
            if let Some(leg) = call.leg(side) {
                bench.sip(SipCommand::AnswerReinvite { leg, status: 200, body });
            }
        }
        Ok(None) => {}
        Err(error) => {
            if let Some(side) = asking {
                refuse_reinvite(call, side, error.status(), bench);
            }
        }
    }
}

fn refuse_reinvite(call: &Call, side: Side, status: u16, bench: &mut Bench) {
    if let Some(leg) = call.leg(side) {
        bench.sip(SipCommand::AnswerReinvite { leg, status, body: Bytes::new() });
    }
}

fn show_hold(call: &Call, side: Side, offer: &Session, bench: &mut Bench) {
    let (Phase::Talking(grant, _), Side::Caller) = (&call.phase, side) else { return };
    let phase = if offer.audio.is_hold() { CallPhase::Held } else { CallPhase::Talking };
    bench.desk(DeskCommand::CallPhase { agent: grant.agent.clone(), call: call.id, phase });
}

/// The answer or BYE of one side carries data, which the one to the other side carries on (RFC 7433 section 4.2).
pub fn pass_user_to_user(call: &Call, side: Side, values: UserToUsers, bench: &mut Bench) {
    // A caller who was answered before the far side was gets no second answer that could carry anything.
    let is_too_late = side == Side::Far && call.is_answered() && call.connected.is_none();
    if let Some(leg) = call.leg(side.other()).filter(|_| !is_too_late) {
        let carried = Carried { user_to_users: values, ..Carried::default() };
        bench.sip(SipCommand::Carry { leg, carried: Box::new(carried) });
    }
}

/// One side has hung up, or is lost.
pub fn hung_up(call: &mut Call, side: Side, reason: Option<Reason>, bench: &mut Bench, now: Now) {
    let Some(far) = call.far() else { return };
    let by = match (side, &call.phase) {
        (Side::Caller, _) => EndedBy::Caller,
        (Side::Far, Phase::Talking(..)) => EndedBy::Agent,
        (Side::Far, Phase::Passed(_)) => EndedBy::Target,
        (Side::Far, _) => EndedBy::Fallback,
    };
    match side {
        Side::Caller => {
            bench.call_by_leg.remove(&call.caller.0);
            ending::hang_up_far(far, reason, bench);
        }
        Side::Far => {
            bench.call_by_leg.remove(&far.0);
            ending::hang_up_caller(call, reason, bench);
        }
    }
    over(call, by, bench, now);
}

/// We end it: a limit, or silence on a leg.
pub fn cut(call: &mut Call, by: EndedBy, why: &str, bench: &mut Bench, now: Now) {
    let Some(far) = call.far() else { return };
    let reason = Some(Reason::sip(480, why));
    ending::hang_up_far(far, reason.clone(), bench);
    ending::hang_up_caller(call, reason, bench);
    over(call, by, bench, now);
}

fn over(call: &mut Call, by: EndedBy, bench: &mut Bench, now: Now) {
    let outcome = match &call.phase {
        Phase::Talking(grant, _) => {
            release_agent(call, grant, bench);
            Outcome::Talked
        }
        Phase::Passed(_) => Outcome::Talked,
        Phase::Diverted(_) => Outcome::FellBack,
        Phase::Matching(_)
        | Phase::Waiting
        | Phase::Offered(_)
        | Phase::Ringing(..)
        | Phase::HandedOver(_)
        | Phase::Passing
        | Phase::Diverting(_)
        | Phase::Over => Outcome::Failed,
    };
    ending::finish(call, outcome, by, bench, now);
}

pub fn release_agent(call: &Call, grant: &Grant, bench: &mut Bench) {
    let agent = grant.agent.clone();
    bench.desk(DeskCommand::CallPhase { agent: agent.clone(), call: call.id, phase: CallPhase::Ended });
    bench.desk(DeskCommand::WrapUpDue { agent: agent.clone(), call: call.id });
    bench.routing(routing::Input::CallEnded { call: call.id, agent, fence: grant.fence });
}
