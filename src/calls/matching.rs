//! Who is calling? The store's answer is weighed, the winner claimed, and the access rules are asked.

use std::sync::Arc;
use std::time::Duration;

use crate::access::{Answer, Decision, Facts, Trace};
use crate::base::stage::Stage;
use crate::base::{CallId, IntentId, Level, Now, QueueId};
use crate::intents::intent::{Intent, IntentState};
use crate::intents::matching::{self, Matched, Observed};
use crate::intents::requests::{Candidate, StoreError, StoreReply, StoreRequest};
use crate::sip::api::Reason;

use super::announcing;
use super::api::AskId;
use super::bench::{Bench, Chore, Deadline};
use super::call::{Call, Phase, Step};
use super::ending;
use super::explained::{MatchSeen, since_invite};
use super::facts::{EndedBy, Fact, FallbackCause, Outcome};
use super::fallback;
use super::pin;
use super::policy_facts;
use super::promising;
use super::queueing;
use super::settling;
use super::shadowing;

/// The store has answered a question: who it may be, or, when there were several, that the winner is ours. An answer to another question is stale.
pub fn answered(call: &mut Call, ask: AskId, result: Result<StoreReply, StoreError>, bench: &mut Bench, now: Now) {
    match &call.phase {
        Phase::Matching(Step::Finding(asked)) if *asked == ask => found(call, result, bench, now),
        Phase::Matching(Step::Claiming(asked, _)) if *asked == ask => claimed(call, result, bench, now),
        Phase::Matching(Step::Checking(..)) => pin::checked(call, ask, result, bench, now),
        Phase::Matching(_)
        | Phase::Waiting
        | Phase::Offered(_)
        | Phase::Ringing(..)
        | Phase::Talking(..)
        | Phase::HandedOver(_)
        | Phase::Passing
        | Phase::Promised
        | Phase::Recalling(..)
        | Phase::Passed(_)
        | Phase::Diverting(_)
        | Phase::Diverted(_)
        | Phase::Over => {}
    }
}

/// The deadline: whatever the store says from now on is too late (promise 1).
pub fn timed_out(call: &mut Call, bench: &mut Bench, now: Now) {
    forget_question(call, bench);
    match &call.phase {
        Phase::Matching(_) => {
            give_up_claim(call, bench);
            missed(call, FallbackCause::MatchDeadline, bench, now);
        }
        Phase::Waiting
        | Phase::Offered(_)
        | Phase::Ringing(..)
        | Phase::Talking(..)
        | Phase::HandedOver(_)
        | Phase::Passing
        | Phase::Promised
        | Phase::Recalling(..)
        | Phase::Passed(_)
        | Phase::Diverting(_)
        | Phase::Diverted(_)
        | Phase::Over => {}
    }
}

/// Nobody waits for the answer any more, which may never come.
pub fn forget_question(call: &Call, bench: &mut Bench) {
    if let Phase::Matching(Step::Finding(ask) | Step::Claiming(ask, _) | Step::Checking(ask, _)) = &call.phase {
        bench.call_by_ask.remove(ask);
    }
}

/// A claim may have been carried out although its answer never came: it is taken back.
pub fn give_up_claim(call: &Call, bench: &mut Bench) {
    match &call.phase {
        Phase::Matching(Step::Finding(_)) => settling::release(bench, call),
        Phase::Matching(Step::Claiming(_, intent)) => settling::settle(bench, intent.id, call.id, None, false),
        Phase::Matching(Step::Checking(_, entry)) => pin::give_back(call, entry, bench),
        Phase::Matching(
            Step::Entering(_) | Step::Announcing { .. } | Step::Inviting(_) | Step::Promising(..) | Step::Promised(_),
        )
        | Phase::Waiting
        | Phase::Offered(_)
        | Phase::Ringing(..)
        | Phase::Talking(..)
        | Phase::Diverting(_)
        | Phase::Diverted(_)
        | Phase::HandedOver(_)
        | Phase::Passing
        | Phase::Promised
        | Phase::Recalling(..)
        | Phase::Passed(_)
        | Phase::Over => {}
    }
}

fn found(call: &mut Call, result: Result<StoreReply, StoreError>, bench: &mut Bench, now: Now) {
    match result {
        Ok(StoreReply::Found { candidates }) => weigh(call, candidates, bench, now),
        Ok(_) | Err(_) => {
            give_up_claim(call, bench);
            missed(call, FallbackCause::StoreFailure, bench, now);
        }
    }
}

fn weigh(call: &mut Call, mut candidates: Vec<Candidate>, bench: &mut Bench, now: Now) {
    let ours = take_ours(&mut candidates, call.id);
    candidates.iter_mut().for_each(|candidate| let_go_of_recall(candidate, bench));
    let observed = Observed {
        dialled: call.recognised.dialled.clone(),
        caller: call.recognised.caller.clone(),
        asserted: call.trunk.trusted && call.incoming.asserted_user.is_some(),
        token: call.recognised.token,
        pin: call.recognised.pin,
        now: now.wall,
    };
    let matched = matching::weigh(&observed, &candidates, &bench.settings.priors);
    note(call, &matched);
    call.record.explain().matched = Some(MatchSeen::of(&matched, &candidates));
    let others = matched.rivals.iter().filter_map(|place| candidates.get(*place).cloned());
    call.recognised.others = others.map(with_last_agent).collect();
    let winner = matched.winner.filter(|place| *place < candidates.len()).map(|place| candidates.swap_remove(place));
    if let Some(unfit) = ours.filter(|ours| winner.as_ref().is_none_or(|winner| winner.intent.id != *ours)) {
        settling::settle(bench, unfit, call.id, None, false);
    }
    match winner {
        Some(winner) if ours == Some(winner.intent.id) => {
            call.recognised.last_agent = winner.last_agent.clone();
            settled(call, Some(Box::new(with_last_agent(winner))), bench, now);
        }
        Some(winner) => claim(call, winner, bench, now),
        None => settled(call, None, bench, now),
    }
}

/// What a code that was entered has led to: one at most, which is ours unless another call has it; or nobody, for good.
pub fn entered(call: &mut Call, candidates: Vec<Candidate>, bench: &mut Bench, now: Now) {
    // The stages tell how fast we are, not how fast people type.
    call.incoming.received = now.mono;
    bench.set_deadline(call, Deadline::Match, now.mono + bench.settings.deadlines.matching);
    weigh(call, candidates, bench, now);
}

/// No code has come that would say more than the caller ID did.
pub fn stays_likely(call: &mut Call, intent: Box<Intent>, bench: &mut Bench, now: Now) {
    call.incoming.received = now.mono;
    settled(call, Some(intent), bench, now);
}

/// The intent that the store has given to this call with its answer. It is weighed as what it was before, open.
fn take_ours(candidates: &mut [Candidate], call: CallId) -> Option<IntentId> {
    let ours = candidates.iter_mut().find(|candidate| candidate.intent.state.is_claimed_by(call))?;
    ours.intent.state = IntentState::Open;
    Some(ours.intent.id)
}

/// An intent whose customer we are calling now is weighed as an open one: it may well be they who call.
fn let_go_of_recall(candidate: &mut Candidate, bench: &Bench) {
    let intent = &mut candidate.intent;
    if let IntentState::Claimed { call, .. } = intent.state
        && is_recall(intent.id, call, bench)
    {
        intent.state = IntentState::Open;
    }
}

fn note(call: &mut Call, matched: &Matched) {
    call.recognised.rivals = u8::try_from(matched.rivals.len()).unwrap_or(u8::MAX);
    call.record.level = matched.level;
    call.record.share = matched.share;
    call.record.evidence = matched.evidence.clone();
}

fn claim(call: &mut Call, candidate: Candidate, bench: &mut Bench, now: Now) {
    call.recognised.last_agent = candidate.last_agent.clone();
    ask_for(call, Box::new(with_last_agent(candidate)), bench, now);
}

fn ask_for(call: &mut Call, intent: Box<Intent>, bench: &mut Bench, now: Now) {
    let deadline = call.incoming.received + bench.settings.deadlines.matching;
    let until = now.wall + bench.settings.deadlines.claim;
    let request = StoreRequest::Claim { intent: intent.id, call: call.id, until, now: now.wall };
    let ask = bench.ask(call.id, request, deadline.since(now.mono));
    call.phase = Phase::Matching(Step::Claiming(ask, intent));
}

fn with_last_agent(candidate: Candidate) -> Intent {
    let mut intent = candidate.intent;
    intent.preferred_agent = intent.preferred_agent.or(candidate.last_agent);
    intent
}

fn claimed(call: &mut Call, result: Result<StoreReply, StoreError>, bench: &mut Bench, now: Now) {
    let Phase::Matching(Step::Claiming(_, intent)) = &call.phase else { return };
    let intent = intent.clone();
    match result {
        Ok(StoreReply::Claimed(_)) => settled(call, Some(intent), bench, now),
        // It is we who are calling the customer.
        Ok(StoreReply::Taken { by }) if is_recall(intent.id, by, bench) => {
            bench.chores.push_back(Chore::CallsIn { intent: intent.id, call: call.id });
        }
        Ok(_) => taken(call, bench, now),
        Err(_) => {
            give_up_claim(call, bench);
            missed(call, FallbackCause::StoreFailure, bench, now);
        }
    }
}

fn is_recall(intent: IntentId, by: CallId, bench: &Bench) -> bool {
    bench.recalls.get(&intent).is_some_and(|(recall, _)| *recall == by)
}

/// The customer is not called any more, since this is their call: the intent can be had.
pub fn claim_again(call: &mut Call, bench: &mut Bench, now: Now) {
    if let Phase::Matching(Step::Claiming(_, intent)) = &call.phase {
        let intent = intent.clone();
        ask_for(call, intent, bench, now);
    }
}

/// Another call has this intent, or it has just ended: this caller is nobody we know.
pub fn taken(call: &mut Call, bench: &mut Bench, now: Now) {
    if matches!(call.phase, Phase::Matching(Step::Claiming(..))) {
        lost(call);
        settled(call, None, bench, now);
    }
}

/// The claim is prolonged while the call lasts; it lapses by itself should this process die.
pub fn renew_claim(call: &Call, bench: &mut Bench, now: Now) {
    let Some(intent) = &call.recognised.intent else { return };
    let life = bench.settings.deadlines.claim;
    let request = StoreRequest::Claim { intent: intent.id, call: call.id, until: now.wall + life, now: now.wall };
    bench.ask_quietly(request, life);
    bench.set_deadline(call, Deadline::RenewClaim, now.mono + life / 2);
}

fn lost(call: &mut Call) {
    if let Some(matched) = &mut call.record.explain().matched {
        matched.is_lost = true;
    }
}

fn missed(call: &mut Call, cause: FallbackCause, bench: &mut Bench, now: Now) {
    call.recognised.missed = Some(cause);
    call.record.explain().missed = Some(cause);
    bench.fact(Fact::MatchMissed { call: call.id, cause });
    settled(call, None, bench, now);
}

/// Matching is over, with an intent that is ours or with nothing.
fn settled(call: &mut Call, intent: Option<Box<Intent>>, bench: &mut Bench, now: Now) {
    bench.cancel_deadline(call, Deadline::Match);
    let Err(intent) = pin::begin(call, intent, bench) else { return };
    if intent.is_none() {
        call.record.level = Level::Unmatched;
        call.record.evidence.clear();
    }
    if intent.is_some() {
        bench.set_deadline(call, Deadline::RenewClaim, now.mono + bench.settings.deadlines.claim / 2);
    }
    call.record.intent = intent.as_ref().map(|intent| intent.id);
    call.record.about = intent.as_ref().map(|intent| Box::new((&**intent).into()));
    know_of_pages(call, intent.as_deref(), bench);
    call.recognised.intent = intent;
    bench.fact(Fact::Matched { call: call.id, level: call.record.level, intent: call.record.intent });
    bench.stage(call, Stage::InviteToMatch, now);
    decide(call, bench, now);
}

/// Whose pages hear of the call from now on.
fn know_of_pages(call: &mut Call, intent: Option<&Intent>, bench: &mut Bench) {
    if intent.is_none() {
        call.recognised.others.clear();
    }
    if let Some(token) = call.recognised.token.filter(|token| intent.is_none_or(|intent| intent.id != *token)) {
        bench.pages.leave(token, call.id);
    }
    if let Some(intent) = intent {
        bench.pages.has(intent.id, call.id);
        bench.chores.push_back(Chore::Taken(intent.id));
    }
    call.recognised.others.iter().for_each(|other| bench.pages.fits_too(other.id, call.id));
}

fn decide(call: &mut Call, bench: &mut Bench, now: Now) {
    let (decision, trace) = ask_rules(call, bench, now);
    let is_let_in_if_proven = || {
        let facts = Facts { level: Level::Proven, ..policy_facts::of_call(call, bench, now) };
        is_let_in(&bench.settings.policy.decide(&facts))
    };
    let is_kept_out = call.recognised.intent.is_some() && !is_let_in(&decision) && is_let_in_if_proven();
    call.recognised.is_kept_out = is_kept_out;
    note_decision(call, decision, trace, bench, now);
    bench.stage(call, Stage::InviteToAccess, now);
    if let Some(answer) = call.decision.as_ref().map(|decision| decision.answer.clone()) {
        obey(call, answer, bench, now);
    }
}

/// What the rules say of the call as it is now; the shadow policy is held against each of these answers.
fn ask_rules(call: &Call, bench: &mut Bench, now: Now) -> (Decision, Trace) {
    let settings = bench.settings.clone();
    let facts = policy_facts::of_call(call, bench, now);
    let (decision, trace) = settings.policy.decide_with_trace(&facts);
    let shadow = shadowing::ask(&settings, &facts);
    shadowing::note(call, &decision, shadow, bench, now.wall);
    (decision, trace)
}

/// The match is proven: the rules may give the caller a human whom they had sent to the fallback.
pub fn reconsider(call: &mut Call, bench: &mut Bench, now: Now) {
    // What was promised stays.
    if call.recall.is_some() {
        return;
    }
    if matches!(call.phase, Phase::Waiting) {
        return wait_elsewhere(call, bench, now);
    }
    if !std::mem::take(&mut call.recognised.is_kept_out) || !fallback::can_be_taken_back(call) {
        return;
    }
    let (decision, trace) = ask_rules(call, bench, now);
    let answer = decision.answer.clone();
    if is_let_in(&decision) {
        fallback::take_back(call, bench);
        note_decision(call, decision, trace, bench, now);
        obey(call, answer, bench, now);
    }
}

/// The rules may have another place for a caller who waits. What would send a proven caller away leaves them where they are.
fn wait_elsewhere(call: &mut Call, bench: &mut Bench, now: Now) {
    let (decision, trace) = ask_rules(call, bench, now);
    let place = place_of(&decision.answer, bench);
    let before = call.decision.as_ref().and_then(|decision| place_of(&decision.answer, bench));
    let Some((queue, priority, ceiling)) = place.filter(|place| before.as_ref() != Some(place)) else { return };
    note_decision(call, decision, trace, bench, now);
    queueing::move_to(call, queue, priority, ceiling, bench, now);
}

/// Queue, priority and ceiling.
fn place_of(answer: &Answer, bench: &Bench) -> Option<(QueueId, i32, Option<Duration>)> {
    match answer {
        Answer::Human { queue, priority } => {
            Some((queue.clone().or_else(|| bench.settings.default_queue.clone())?, *priority, None))
        }
        Answer::Queue { queue, priority, ceiling, .. } => Some((queue.clone(), *priority, Some(*ceiling))),
        Answer::Callback { .. } | Answer::SelfService | Answer::Refuse { .. } => None,
    }
}

fn is_let_in(decision: &Decision) -> bool {
    matches!(decision.answer, Answer::Human { .. } | Answer::Queue { .. })
}

/// The rules have decided: the record says so.
pub fn note_decision(call: &mut Call, decision: Decision, trace: Trace, bench: &mut Bench, now: Now) {
    let decision = Arc::new(decision);
    let at = since_invite(call, now);
    call.record.explain().decided(at, Arc::clone(&decision), trace);
    call.record.rule = Some(decision.rule.to_string());
    call.record.reason = Some(decision.reason.to_string());
    call.record.notify = decision.notify.clone();
    bench.fact(Fact::Decided { call: call.id, rule: decision.rule.to_string(), reason: decision.reason.to_string() });
    call.decision = Some(decision);
}

fn obey(call: &mut Call, answer: Answer, bench: &mut Bench, now: Now) {
    match answer {
        Answer::Human { queue, priority } => match queue.or_else(|| bench.settings.default_queue.clone()) {
            Some(queue) => queueing::enter(call, queue, priority, None, bench, now),
            None => fallback::divert(call, FallbackCause::NobodyCanServe, bench, now),
        },
        Answer::Queue { queue, priority, ceiling, then: _ } => {
            queueing::enter(call, queue, priority, Some(ceiling), bench, now);
        }
        Answer::Callback { queue, priority } => {
            let queue = queue.or_else(|| bench.settings.default_queue.clone());
            if !queue.is_some_and(|queue| promising::ask(call, queue, priority, FallbackCause::Rule, bench, now)) {
                fallback::divert(call, FallbackCause::Rule, bench, now);
            }
        }
        Answer::SelfService => {
            let cause = call.recognised.missed.unwrap_or(why_self_service(call));
            fallback::divert(call, cause, bench, now);
        }
        Answer::Refuse { status, announcement } => refuse(call, (status, announcement), bench, now),
    }
}

fn why_self_service(call: &Call) -> FallbackCause {
    match call.record.level {
        Level::Unmatched => FallbackCause::Unmatched,
        Level::Likely | Level::Strong | Level::Proven => FallbackCause::Rule,
    }
}

/// The policy's refusal, before or after the caller was answered; they may hear why first.
pub fn refuse(call: &mut Call, refusal: (u16, Option<Arc<str>>), bench: &mut Bench, now: Now) {
    let (status, announcement) = refusal;
    if !announcing::begin(call, status, announcement.as_deref(), bench, now) {
        refuse_now(call, status, bench, now);
    }
}

/// They have heard it, or there is nothing to be heard.
pub fn refuse_now(call: &mut Call, status: u16, bench: &mut Bench, now: Now) {
    let text = call.decision.as_ref().map_or("refused", |decision| decision.reason.text());
    let reason = Reason::sip(status, text);
    ending::refuse_caller(call, status, Some(reason), None, bench);
    ending::finish(call, Outcome::Refused, EndedBy::Us, bench, now);
}
