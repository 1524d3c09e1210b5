//! One try: the agent is on the line, the store is asked, the customer is dialled, and both talk; or whatever comes of it.

use bytes::Bytes;

use crate::base::{AgentId, Now, Pii};
use crate::desktop::{CallPhase, DeskCommand};
use crate::intents::callback::{CallbackEnd, Miss};
use crate::intents::requests::{StoreError, StoreReply, StoreRequest};
use crate::routing;
use crate::sip::api::{Carried, Dial, Reason, SipCommand, SipEvent, Target};

use super::{Step, end, look, not_served, put_off, start_anew};
use crate::base::limits::CALL_LENGTH_MAX;
use crate::calls::admission;
use crate::calls::api::AskId;
use crate::calls::bench::{Bench, Deadline};
use crate::calls::call::{Call, FarLeg, Grant, Phase};
use crate::calls::caps::Bound;
use crate::calls::consulting;
use crate::calls::ending;
use crate::calls::facts::{CaseNote, EndedBy, Fact, FallbackCause, Outcome};
use crate::calls::inviting;
use crate::calls::moved::Next;
use crate::calls::recording;
use crate::calls::settling;
use crate::calls::sound;
use crate::calls::supervising;

const TOO_LATE: &str = "it is too late to call the customer";
const CALLED_IN: &str = "the customer has called";
/// The store answers well within this, or does not.
const STORE_WITHIN: std::time::Duration = std::time::Duration::from_secs(2);

/// The agent has taken the phone: they hear ringing until the customer does. False when their sound is of no use.
pub fn agent_answered(call: &mut Call, grant: Grant, leg: FarLeg, answer: &[u8], bench: &mut Bench, now: Now) -> bool {
    let Ok(offer) = sound::agent_waits(call, answer, bench) else { return false };
    bench.routing(routing::Input::OfferAccepted { call: call.id, agent: grant.agent.clone(), fence: grant.fence });
    call.phase = Phase::Recalling(grant, leg);
    let Some((intent, recall)) = call.record.intent.zip(call.recall.as_mut()) else { return true };
    if !recall.hours.contains(now.wall) {
        nobody_dialled(call, TOO_LATE, bench, now);
        return true;
    }
    settling::forgive(bench, recall.undoing.take());
    recall.before = (recall.callback.tries, recall.callback.tried);
    let until = now.wall + bench.settings.deadlines.claim;
    let dialled = recall.before.0;
    let request = StoreRequest::Recall { intent, call: call.id, dialled, until, now: now.wall };
    let ask = bench.ask(call.id, request, STORE_WITHIN);
    recall.step = Step::Asking(ask, offer);
    bench.set_deadline(call, Deadline::Match, now.mono + STORE_WITHIN);
    true
}

/// Whether the number may be dialled. False: something else was asked.
pub fn store_answered(
    call: &mut Call,
    ask: AskId,
    result: &Result<StoreReply, StoreError>,
    bench: &mut Bench,
    now: Now,
) -> bool {
    let Some(recall) = &mut call.recall else { return false };
    let Step::Asking(asked, offer) = &recall.step else { return true };
    if *asked != ask {
        return true;
    }
    let offer = offer.clone();
    recall.step = Step::Nothing;
    if let Ok(StoreReply::Claimed(intent)) = result
        && let Some(callback) = &intent.callback
    {
        recall.adopt(callback);
        call.record.tries = Some(callback.tries);
    }
    let is_night = !recall.hours.contains(now.wall);
    let is_one_too_many = recall.callback.tries > recall.plan.most.tries;
    bench.cancel_deadline(call, Deadline::Match);
    match result {
        // The store has counted what we have not heard of.
        Ok(StoreReply::Claimed(_)) if is_one_too_many => {
            let_agent_go(call, "the customer has been called often enough", bench);
            in_vain(call, bench, now);
        }
        // Promised anew, elsewhere, by an answer that we have not heard of.
        Ok(StoreReply::Claimed(_)) if is_night => {
            take_try_back(call, bench);
            nobody_dialled(call, TOO_LATE, bench, now);
        }
        Ok(StoreReply::Claimed(_)) => dial(call, offer, bench, now),
        // The customer's own call has the intent, here or at another node.
        Ok(StoreReply::Taken { .. }) => nobody_dialled(call, CALLED_IN, bench, now),
        Ok(_) => {
            let_agent_go(call, "nobody is to be called any more", bench);
            end(call, CallbackEnd::TakenBack, bench, now);
        }
        Err(_) => unsure(call, bench, now),
    }
    true
}

/// The store says nothing: it may have begun the try nevertheless, which is taken back.
pub fn ask_overdue(call: &mut Call, bench: &mut Bench, now: Now) {
    let Some(recall) = &mut call.recall else { return };
    let Step::Asking(ask, _) = &recall.step else { return };
    bench.call_by_ask.remove(ask);
    recall.step = Step::Nothing;
    unsure(call, bench, now);
}

fn unsure(call: &mut Call, bench: &mut Bench, now: Now) {
    take_try_back(call, bench);
    nobody_dialled(call, "the store does not answer", bench, now);
}

/// The try ends before the customer's telephone rang.
fn nobody_dialled(call: &mut Call, why: &str, bench: &mut Bench, now: Now) {
    let_agent_go(call, why, bench);
    put_off(call, bench, now);
}

fn dial(call: &mut Call, offer: Bytes, bench: &mut Bench, now: Now) {
    let onto = call.trunk.clone();
    if let Err(reached) = admission::let_out(call, &onto, bench, now) {
        admission::full(&onto, Bound::Outgoing, reached, bench);
        take_try_back(call, bench);
        return nobody_dialled(call, "the trunk is full", bench, now);
    }
    let Some(recall) = &mut call.recall else { return };
    recall.step = Step::Dialling;
    let write = |number: &crate::base::E164| onto.terms.numbers_out.write(number.as_str(), Some(number));
    let (user, from) = (write(&recall.callback.number), Pii::new(write(&recall.plan.from)));
    let (tried, ring_timeout) = (recall.callback.tries, recall.plan.ring);
    let place = Next { target: Target::Trunk { trunk: onto.trunk.clone(), user }, flow: onto.flow };
    let carried = onto.terms.headers.outgoing.apply(Carried::default());
    let dial = Dial {
        trunk: Some(onto.trunk.clone()),
        from_user: from,
        from_display: Pii::default(),
        reliable: onto.reliable,
        ring_timeout,
        ..inviting::dial(call, place, offer, carried, bench)
    };
    bench.set_deadline(call, Deadline::RenewClaim, now.mono + bench.settings.deadlines.claim / 2);
    bench.fact(Fact::Recalling { call: call.id, tried });
    inviting::ring(call, FarLeg(call.caller.0), dial, bench);
}

/// What the customer's telephone does.
pub fn heard(call: &mut Call, event: SipEvent, bench: &mut Bench, now: Now) {
    match event {
        SipEvent::Progress { body, .. } if !body.is_empty() => sound::customer_early(call, &body, bench),
        SipEvent::Answered { answer, .. } => customer_answered(call, &answer, bench, now),
        // Where the number has been forwarded to is the network's affair, not ours: we dial what is allowed.
        SipEvent::Failed { leg, status, .. } => {
            bench.call_by_leg.remove(&leg);
            unreached(call, status, "the customer was not reached", bench, now);
        }
        _ => {}
    }
}

fn customer_answered(call: &mut Call, answer: &[u8], bench: &mut Bench, now: Now) {
    let Phase::Recalling(grant, leg) = call.phase.clone() else { return };
    let told = match sound::customer_answers(call, answer, bench) {
        Ok(told) => told,
        Err(error) => {
            ending::hang_up_caller(call, Some(Reason::sip(488, "no common codec")), bench);
            return unreached(call, error.status(), "no sound in common with the customer", bench, now);
        }
    };
    call.connected = Some(now.mono);
    bench.set_deadline(call, Deadline::CallLength, now.mono + CALL_LENGTH_MAX);
    bench.desk(DeskCommand::CallPhase { agent: grant.agent.clone(), call: call.id, phase: CallPhase::Talking });
    call.phase = Phase::Talking(grant, leg);
    recording::talk_anew(call, bench, now);
    if let Some(offer) = told {
        bench.sip(SipCommand::Reinvite { leg: leg.0, offer });
    }
}

/// The agent has hung up before the customer has answered.
pub fn agent_gone(call: &mut Call, bench: &mut Bench, now: Now) {
    let Phase::Recalling(_, leg) = &call.phase else { return };
    bench.call_by_leg.remove(&leg.0);
    given_up(call, ("the agent has hung up", Miss::Otherwise), bench, now);
}

/// The agent says that nobody is there: a machine has answered, or somebody else.
pub fn not_reached(call: &mut Call, agent: &AgentId, bench: &mut Bench, now: Now) {
    let is_theirs = call.grant().is_some_and(|grant| grant.agent == *agent);
    let is_on = matches!(call.phase, Phase::Talking(..) | Phase::Recalling(..));
    if call.recall.is_some() && is_theirs && is_on && call.transfer.is_none() {
        given_up(call, ("not reached", Miss::NotReached), bench, now);
    }
}

/// The customer calls while their telephone is being dialled: their own call has the intent, and the agent is free for it. False when it is too
/// late, or too early.
pub fn called_in(call: &mut Call, bench: &mut Bench, now: Now) -> bool {
    let Some(recall) = &mut call.recall else { return false };
    if !matches!((&call.phase, &recall.step), (Phase::Recalling(..), Step::Dialling)) {
        return false;
    }
    recall.gives_way = true;
    ending::hang_up_caller(call, Some(Reason::sip(487, CALLED_IN)), bench);
    end_try(call, CALLED_IN, bench);
    give_back(call, None, bench);
    put_off(call, bench, now);
    true
}

/// One of the two has no sound.
pub fn sound_lost(call: &mut Call, why: &str, bench: &mut Bench, now: Now) {
    given_up(call, (why, Miss::Otherwise), bench, now);
}

/// No agent is with the call any more. A customer who has talked to one is not called again for that.
pub fn stranded(call: &mut Call, cause: FallbackCause, bench: &mut Bench, now: Now) {
    let is_there = bench.call_by_leg.contains_key(&call.caller.0);
    let has_talked = call.connected.is_some();
    end_besides(call, "nobody can take the call", bench);
    ending::hang_up_caller(call, Some(Reason::sip(480, "nobody can take the call")), bench);
    match (is_there, has_talked) {
        (true, true) => ending::finish(call, Outcome::Talked, EndedBy::Us, bench, now),
        (true, false) => unreached(call, 480, "the agent was not heard", bench, now),
        (false, _) => not_served(call, cause, bench, now),
    }
}

fn given_up(call: &mut Call, (why, miss): (&str, Miss), bench: &mut Bench, now: Now) {
    let is_dialled = bench.call_by_leg.contains_key(&call.caller.0);
    ending::hang_up_caller(call, Some(Reason::sip(480, why)), bench);
    if is_dialled {
        return missed(call, (480, miss), why, bench, now);
    }
    if let Some(Step::Asking(ask, _)) = call.recall.as_ref().map(|recall| &recall.step) {
        bench.call_by_ask.remove(ask);
    }
    bench.cancel_deadline(call, Deadline::Match);
    unsure(call, bench, now);
}

fn unreached(call: &mut Call, status: u16, why: &str, bench: &mut Bench, now: Now) {
    missed(call, (status, miss_of(status)), why, bench, now);
}

/// The number was dialled in vain: the agent is free, and the next try comes later, if there is one.
fn missed(call: &mut Call, (status, miss): (u16, Miss), why: &str, bench: &mut Bench, now: Now) {
    bench.fact(Fact::Unreached { call: call.id, status });
    call.record.status = Some(status);
    end_try(call, why, bench);
    let is_last = call.recall.as_ref().is_none_or(|recall| recall.is_used_up());
    if is_last || is_for_good(status) {
        return in_vain(call, bench, now);
    }
    give_back(call, Some(miss), bench);
    put_off(call, bench, now);
    if let Some(recall) = &mut call.recall {
        (recall.put_off, recall.callback.missed) = (now.mono, miss);
    }
    look(call, bench, now);
}

/// They are not called again.
pub(super) fn in_vain(call: &mut Call, bench: &mut Bench, now: Now) {
    open_case(call, bench, now);
    end(call, CallbackEnd::Missed, bench, now);
}

/// The customer is not dialled any more, and the agent is free.
fn end_try(call: &mut Call, why: &str, bench: &mut Bench) {
    if let Some(onto) = call.outgoing.take() {
        bench.loads.end(&onto, Bound::Outgoing);
    }
    for deadline in [Deadline::RenewClaim, Deadline::CallLength] {
        bench.cancel_deadline(call, deadline);
    }
    let_agent_go(call, why, bench);
}

/// The number was dialled, and may be once more.
fn give_back(call: &mut Call, missed: Option<Miss>, bench: &mut Bench) {
    if let Some((intent, recall)) = call.record.intent.zip(call.recall.as_mut()) {
        recall.undoing = settling::give_back(bench, intent, call.id, missed);
    }
}

/// By the final answer of the customer's network.
fn miss_of(status: u16) -> Miss {
    if matches!(status, 486 | 600) { Miss::Busy } else { Miss::Otherwise }
}

/// The number was not dialled: the store gives the intent back, and the try that it may have counted.
fn take_try_back(call: &mut Call, bench: &mut Bench) {
    let Some((intent, recall)) = call.record.intent.zip(call.recall.as_mut()) else { return };
    (recall.callback.tries, recall.callback.tried) = recall.before;
    call.record.tries = Some(recall.before.0);
    recall.undoing = settling::unrecall(bench, intent, call.id, recall.before);
}

/// There is no such number, or nobody there wants to be called (RFC 3261 section 21.4, RFC 8197, RFC 8688).
fn is_for_good(status: u16) -> bool {
    matches!(status, 404 | 410 | 484 | 604 | 607 | 608)
}

/// The agent of this try has the next call at once: there is nothing to write up.
fn let_agent_go(call: &mut Call, why: &str, bench: &mut Bench) {
    let (grant, leg) = match &call.phase {
        Phase::Recalling(grant, leg) | Phase::Talking(grant, leg) => (grant.clone(), *leg),
        _ => return,
    };
    end_besides(call, why, bench);
    if bench.call_by_leg.contains_key(&leg.0) {
        ending::hang_up_far(leg, Some(Reason::sip(480, why)), bench);
    }
    let (agent, id) = (grant.agent, call.id);
    bench.fact(Fact::LetGo { call: id, agent: agent.clone() });
    bench.desk(DeskCommand::CallPhase { agent: agent.clone(), call: id, phase: CallPhase::Ended });
    bench.desk(DeskCommand::Withdraw { agent: agent.clone(), call: id, why: why.to_owned() });
    bench.routing(routing::Input::WrapUpDone { agent: agent.clone() });
    bench.routing(routing::Input::CallEnded { call: id, agent, fence: grant.fence });
    call.phase = Phase::Promised;
    start_anew_after(call, bench);
}

/// Whoever was asked, or listens, and the recording.
fn end_besides(call: &mut Call, why: &str, bench: &mut Bench) {
    let now = bench.now;
    consulting::end(call, why, bench, now);
    supervising::end(call, why, bench);
    recording::end(call, bench);
}

fn start_anew_after(call: &mut Call, bench: &mut Bench) {
    sound::close_all(call, bench);
    start_anew(call);
}

/// The customer sees that we tried, and an agent can write to them.
fn open_case(call: &Call, bench: &mut Bench, now: Now) {
    let note = call.record.intent.zip(call.record.about.as_ref()).zip(call.record.agent.clone());
    let Some(((intent, about), agent)) = note else { return };
    let tries = call.record.tries.unwrap_or_default();
    let wrap_up = crate::desktop::WrapUp {
        call: call.id,
        outcome: "callback_missed".to_owned(),
        summary: Pii::new(format!("We called you back {tries} times and did not reach you.")),
        article_failed: None,
    };
    let case = crate::base::CaseId::of_call(call.id);
    let note = CaseNote { case, intent, about: (**about).clone(), agent, wrap_up, at: now.wall };
    bench.fact(Fact::CaseOpened(Box::new(note)));
}
