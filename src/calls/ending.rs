//! The end of a call, however it comes: legs, sound, intent and record, each exactly once.

use crate::base::Now;
use crate::desktop::DeskCommand;
use crate::intents::callback::CallbackEnd;
use crate::routing;
use crate::sip::api::{Reason, SipCommand};

use super::admission;
use super::bench::{Bench, Chore, Deadline};
use super::call::{Call, FarLeg, Grant, Phase, Side};
use super::confirming;
use super::consulting;
use super::engaged;
use super::facts::{EndedBy, Fact, Outcome};
use super::matching;
use super::promising;
use super::recalling;
use super::recording;
use super::redirecting;
use super::returning;
use super::settling;
use super::sound;
use super::supervising;
use super::talking;
use super::transfer;

/// The caller's leg is gone: CANCEL before the answer, BYE after it, or lost.
pub fn caller_gone(call: &mut Call, reason: Option<Reason>, bench: &mut Bench, now: Now) {
    bench.call_by_leg.remove(&call.caller.0);
    match &call.phase {
        Phase::Talking(..) | Phase::Passed(_) | Phase::Diverted(_) => {
            talking::hung_up(call, Side::Caller, reason, bench, now)
        }
        Phase::Matching(_)
        | Phase::Waiting
        | Phase::Offered(_)
        | Phase::Ringing(..)
        | Phase::HandedOver(_)
        | Phase::Diverting(_)
        | Phase::Passing
        | Phase::Promised
        | Phase::Recalling(..)
        | Phase::Over => abandon(call, reason, (Outcome::Abandoned, EndedBy::Caller), bench, now),
    }
}

/// The caller is not there any more, and has nobody.
pub fn abandon(call: &mut Call, reason: Option<Reason>, how: (Outcome, EndedBy), bench: &mut Bench, now: Now) {
    match &call.phase {
        Phase::Matching(_) => {
            matching::forget_question(call, bench);
            matching::give_up_claim(call, bench);
        }
        Phase::Waiting => bench.routing(routing::Input::Leave { call: call.id }),
        Phase::Offered(grant) | Phase::Ringing(grant, _) => {
            let grant = grant.clone();
            abandon_offer(call, &grant, reason, bench);
        }
        Phase::Diverting(leg) => hang_up_far(*leg, reason, bench),
        // An agent has talked to them, whatever has ended it since; whoever is being rung for a transfer is let go with the call itself.
        Phase::Passing => return finish(call, Outcome::Talked, how.1, bench, now),
        Phase::Talking(..) | Phase::Passed(_) | Phase::HandedOver(_) | Phase::Diverted(_) | Phase::Over => return,
        // A callback has no caller who could go.
        Phase::Promised | Phase::Recalling(..) => return,
    }
    finish(call, how.0, how.1, bench, now);
}

/// The answer to an offer of ours cannot be used, or is not there: nobody can be heard.
pub fn unusable(call: &mut Call, bench: &mut Bench, now: Now) {
    let reason = Some(Reason::sip(488, "no usable answer"));
    match &call.phase {
        Phase::Talking(..) | Phase::Passed(_) | Phase::Diverted(_) => {
            talking::cut(call, EndedBy::Us, (488, "no usable answer"), bench, now)
        }
        Phase::Matching(_)
        | Phase::Waiting
        | Phase::Offered(_)
        | Phase::Ringing(..)
        | Phase::HandedOver(_)
        | Phase::Passing
        | Phase::Diverting(_)
        | Phase::Promised
        | Phase::Recalling(..)
        | Phase::Over => {
            refuse_caller(call, 488, reason.clone(), None, bench);
            abandon(call, reason, (Outcome::Failed, EndedBy::Us), bench, now);
        }
    }
}

fn abandon_offer(call: &mut Call, grant: &Grant, reason: Option<Reason>, bench: &mut Bench) {
    bench.desk(DeskCommand::Withdraw {
        agent: grant.agent.clone(),
        call: call.id,
        why: "the caller has hung up".to_owned(),
    });
    if let Some(leg) = call.far() {
        hang_up_far(leg, reason, bench);
    }
    bench.routing(routing::Input::Leave { call: call.id });
}

/// An agent who was offered the call, or whose phone rings, does not get it, and the call leaves the queue.
pub fn let_agent_go(call: &mut Call, why: &str, bench: &mut Bench) {
    let (Phase::Offered(grant) | Phase::Ringing(grant, _)) = &call.phase else { return };
    let agent = grant.agent.clone();
    bench.fact(Fact::LetGo { call: call.id, agent: agent.clone() });
    bench.cancel_deadline(call, Deadline::Pop);
    bench.desk(DeskCommand::Withdraw { agent, call: call.id, why: why.to_owned() });
    if let Some(leg) = call.far() {
        hang_up_far(leg, Some(Reason::sip(480, why)), bench);
    }
    bench.routing(routing::Input::Leave { call: call.id });
}

/// The far leg is gone after it was answered.
pub fn far_gone(call: &mut Call, reason: Option<Reason>, bench: &mut Bench, now: Now) {
    if transfer::asker_gone(call, bench) || consulting::agent_gone(call, bench, now) {
        return;
    }
    if matches!(call.phase, Phase::Recalling(..)) {
        return recalling::agent_gone(call, bench, now);
    }
    match &call.phase {
        Phase::Talking(..) | Phase::Passed(_) | Phase::Diverted(_) => {
            talking::hung_up(call, Side::Far, reason, bench, now)
        }
        Phase::Matching(_)
        | Phase::Waiting
        | Phase::Offered(_)
        | Phase::Ringing(..)
        | Phase::HandedOver(_)
        | Phase::Passing
        | Phase::Diverting(_)
        | Phase::Promised
        | Phase::Recalling(..)
        | Phase::Over => {}
    }
}

/// What both sides hear when a call has been as long as one may be.
pub const TOO_LONG: (u16, &str) = (480, "call too long");
/// ... and when the process ends.
pub const LEAVING: (u16, &str) = (503, "the server ends");

/// We end the call, in whatever phase it is, with a status and why.
pub fn cut_short(call: &mut Call, why: (u16, &'static str), bench: &mut Bench, now: Now) {
    match &call.phase {
        Phase::Talking(..) | Phase::Passed(_) | Phase::Diverted(_) => {
            return talking::cut(call, EndedBy::Us, why, bench, now);
        }
        Phase::HandedOver(_) => return redirecting::held_long(call, bench, now),
        Phase::Over => return,
        Phase::Diverting(leg) => hang_up_far(*leg, None, bench),
        Phase::Offered(grant) | Phase::Ringing(grant, _) => {
            let grant = grant.clone();
            abandon_offer(call, &grant, None, bench);
        }
        Phase::Waiting => bench.routing(routing::Input::Leave { call: call.id }),
        Phase::Matching(_) => {
            matching::forget_question(call, bench);
            matching::give_up_claim(call, bench);
        }
        Phase::Passing => {
            hang_up_caller(call, Some(Reason::sip(why.0, why.1)), bench);
            return finish(call, Outcome::Talked, EndedBy::Us, bench, now);
        }
        Phase::Promised => {}
        Phase::Recalling(grant, leg) => {
            let (grant, leg) = (grant.clone(), *leg);
            hang_up_far(leg, None, bench);
            talking::release_agent(call, &grant, bench);
            hang_up_caller(call, None, bench);
        }
    }
    refuse_caller(call, why.0, Some(Reason::sip(why.0, why.1)), None, bench);
    finish(call, Outcome::Failed, EndedBy::Us, bench, now);
}

/// BYE or CANCEL to the far leg; what still comes from it is nobody's.
pub fn hang_up_far(leg: FarLeg, reason: Option<Reason>, bench: &mut Bench) {
    bench.call_by_leg.remove(&leg.0);
    bench.sip(SipCommand::Hangup { leg: leg.0, reason });
}

/// BYE to the caller, who has been answered.
pub fn hang_up_caller(call: &Call, reason: Option<Reason>, bench: &mut Bench) {
    if bench.call_by_leg.remove(&call.caller.0).is_some() {
        bench.sip(SipCommand::Hangup { leg: call.caller.0, reason });
    }
}

/// The final answer to a caller whom nobody will talk to: a refusal, or BYE when we have answered already.
pub fn refuse_caller(call: &mut Call, status: u16, reason: Option<Reason>, contact: Option<String>, bench: &mut Bench) {
    if call.is_answered() {
        return hang_up_caller(call, reason, bench);
    }
    if bench.call_by_leg.remove(&call.caller.0).is_some() {
        call.record.status = Some(status);
        bench.sip(SipCommand::Refuse { leg: call.caller.0, status, reason, contact, retry_after: None });
    }
}

/// A refusal that may be otherwise in a moment.
pub fn refuse_for_now(call: &mut Call, status: u16, reason: Reason, bench: &mut Bench) {
    if call.is_answered() {
        return hang_up_caller(call, Some(reason), bench);
    }
    if bench.call_by_leg.remove(&call.caller.0).is_some() {
        call.record.status = Some(status);
        bench.sip(admission::refusal(call.caller.0, status, reason));
    }
}

/// The end record. The legs have been seen to; sound, deadlines and the intent are seen to here.
pub fn finish(call: &mut Call, outcome: Outcome, by: EndedBy, bench: &mut Bench, now: Now) {
    if matches!(call.phase, Phase::Over) && call.record.ended.is_some() {
        return;
    }
    let outcome = promising::close(call, outcome, bench);
    transfer::abandon(call, bench);
    confirming::abandon(call, bench);
    returning::abandon(call, bench);
    consulting::end(call, "the call is over", bench, now);
    supervising::end(call, "the call is over", bench);
    recording::end(call, bench);
    call.phase = Phase::Over;
    sound::close_all(call, bench);
    for deadline in Deadline::ALL {
        bench.cancel_deadline(call, deadline);
    }
    release_intent(call, outcome, bench);
    keep_place(call, outcome, bench, now);
    engaged::release_all(call, bench);
    let record = &mut call.record;
    record.ended = Some(now.wall);
    record.outcome = Some(outcome);
    record.ended_by = Some(by);
    record.talked = call.connected.map(|since| now.mono.since(since)).unwrap_or_default();
    let record = Box::new(record.clone());
    bench.fact(Fact::CallEnded(record));
}

/// A customer who has not talked to anybody, and had waited, comes back to their place.
fn keep_place(call: &Call, outcome: Outcome, bench: &mut Bench, now: Now) {
    let intent = call.record.intent.filter(|_| call.recall.is_none());
    let Some(intent) = intent else { return };
    let talked = outcome == Outcome::Talked;
    if let Some(queued) = call.queued.as_ref().filter(|_| !talked) {
        let kept = bench.settings.deadlines.place_kept;
        bench.places.keep(intent, queued.since, kept, now);
    }
    if talked && call.returning.calls_anew() && bench.recalls.contains_key(&intent) {
        // The intent stays open for the page, but its callback is done.
        settling::end_callback(bench, intent, call.id, CallbackEnd::TakenBack);
    }
    bench.chores.push_back(Chore::Freed { intent, talked });
}

/// Used when an agent talked to the caller; else open again, so that a redial is recognised.
fn release_intent(call: &mut Call, outcome: Outcome, bench: &mut Bench) {
    let Some(intent) = &call.recognised.intent else { return };
    let used = outcome == Outcome::Talked && !call.returning.calls_anew();
    let agent = if used { call.record.agent.clone() } else { None };
    settling::settle(bench, intent.id, call.id, agent, used);
}
