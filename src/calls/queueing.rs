//! A call waits for an agent: it enters, is given sound, keeps its place while offers fail, and has a ceiling.

use std::time::Duration;

use crate::access::{After, Answer, Overflow};
use crate::base::{AgentId, Mono, Now, QueueId, SkillId};
use crate::routing::{self, SkillNeed};
use crate::sip::api::SipCommand;

use super::bench::{Bench, Deadline};
use super::call::{Call, Phase, Queued, Side};
use super::comfort;
use super::explained::since_invite;
use super::facts::{Fact, FallbackCause};
use super::fallback;
use super::matching;
use super::no_port::AGAIN_AFTER;
use super::promising;
use super::recalling;
use super::recording;
use super::redirecting;
use super::sound;
use super::supervising;

/// So long before a caller is answered their stream is opened: a port that another program has is known by then, and is another.
const OPENED_AHEAD: Duration = Duration::from_millis(20);

/// A place in a queue that a call is to take.
pub struct Place {
    pub queue: QueueId,
    pub priority: i32,
    /// The call, or its customer in another one, has waited since then, and keeps that time.
    pub since: Option<Mono>,
    pub ceiling: Option<Duration>,
    /// What follows when nobody is free in time.
    pub then: After,
}

/// Enters the queue that the decision names. An offer may follow at once.
pub fn enter(call: &mut Call, queue: QueueId, priority: i32, ceiling: Option<Duration>, bench: &mut Bench, now: Now) {
    let (since, then) = (old_place(call, bench, now), after(call));
    take(call, Place { queue, priority, since, ceiling, then }, bench, now);
    give_sound(call, bench, now);
}

/// Since when this customer has waited already: in a call that was cut off, or for a callback, which gives way to this call.
fn old_place(call: &Call, bench: &mut Bench, now: Now) -> Option<Mono> {
    let intent = call.recognised.intent.as_ref()?.id;
    let of_callback = bench.recalls.get(&intent).map(|(_, since)| recalling::mono_of(*since, now));
    [of_callback, bench.places.take(intent, now)].into_iter().flatten().min()
}

/// The one way into a queue: the call waits at this place from now on, and what is to be heard of it can be recorded and mixed where it must.
pub fn take(call: &mut Call, place: Place, bench: &mut Bench, now: Now) {
    let Place { queue, priority, since, ceiling, then } = place;
    call.record.queue = Some(queue.clone());
    let (at, from) = (since_invite(call, now), since.unwrap_or(now.mono));
    call.record.explain().queued(at, queue.clone(), priority);
    bench.fact(Fact::Queued { call: call.id, queue: queue.clone(), since: from });
    let until = ceiling.map(|ceiling| now.mono + ceiling);
    call.queued = Some(Queued { queue: queue.clone(), since: from, position: None, expected_wait: None, then, until });
    call.phase = Phase::Waiting;
    match until {
        Some(until) => bench.set_deadline(call, Deadline::Ceiling, until),
        None => bench.cancel_deadline(call, Deadline::Ceiling),
    }
    recording::prepare(call, bench);
    supervising::prepare(call, &queue, bench);
    enqueue(call, queue, priority, since, bench);
}

fn enqueue(call: &Call, queue: QueueId, priority: i32, since: Option<Mono>, bench: &mut Bench) {
    let skills = call.decision.as_ref().map(|decision| decision.skills.clone()).unwrap_or_default();
    let need = |(skill, least): &(SkillId, u8)| SkillNeed { skill: skill.clone(), min_level: *least };
    let (prefer, extra) = (preferred(call), skills.iter().map(need).collect());
    bench.routing(routing::Input::Enqueue { call: call.id, queue, priority, prefer, extra, since });
}

/// Waits in another queue, or with another priority, and keeps the time that it has waited.
pub fn move_to(call: &mut Call, queue: QueueId, priority: i32, ceiling: Option<Duration>, bench: &mut Bench, now: Now) {
    bench.routing(routing::Input::Leave { call: call.id });
    let (since, then) = (waited_since(call, now), after(call));
    take(call, Place { queue, priority, since, ceiling, then }, bench, now);
}

fn waited_since(call: &Call, now: Now) -> Option<Mono> {
    Some(call.queued.as_ref().map_or(now.mono, |queued| queued.since))
}

/// Whom the site asks for, such as the owner of the case, and then whom the customer spoke to last.
fn preferred(call: &Call) -> Vec<AgentId> {
    let Some(intent) = &call.recognised.intent else { return Vec::new() };
    let mut known: Vec<_> = intent.preferred_agent.iter().chain(&call.recognised.last_agent).cloned().collect();
    known.dedup();
    known
}

/// Another queue takes the call, with the time that it has waited, be it full or not.
fn overflow(call: &mut Call, next: &Overflow, bench: &mut Bench, now: Now) {
    let (queue, then) = (next.queue.clone(), next.then.clone());
    let since = waited_since(call, now);
    take(call, Place { queue, priority: priority(call), since, ceiling: next.ceiling, then }, bench, now);
    if call.is_answered() {
        sound::play_waiting(call, bench);
        comfort::wait(call, bench, now);
    }
}

/// As the rule says.
pub fn priority(call: &Call) -> i32 {
    match call.decision.as_ref().map(|decision| &decision.answer) {
        Some(Answer::Human { priority, .. } | Answer::Queue { priority, .. } | Answer::Callback { priority, .. }) => {
            *priority
        }
        Some(Answer::SelfService | Answer::Refuse { .. }) | None => 0,
    }
}

/// Back to its place, which it has left for a moment; the music has gone on.
pub fn wait_again(call: &mut Call, bench: &mut Bench, now: Now) {
    let Some(Queued { queue, since, then, until, .. }) = call.queued.clone() else {
        return fallback::divert(call, FallbackCause::QueueCeiling, bench, now);
    };
    let ceiling = until.map(|until| until.since(now.mono));
    take(call, Place { queue, priority: priority(call), since: Some(since), ceiling, then }, bench, now);
    comfort::wait(call, bench, now);
}

/// The router says how far the call has come.
pub fn moved_up(call: &mut Call, position: usize, expected_wait: Option<Duration>) {
    if let Some(queued) = &mut call.queued {
        queued.position = Some(position);
        queued.expected_wait = expected_wait;
    }
    call.record.explain().moved_up(position, expected_wait);
}

/// An offer came to nothing: the call waits on in its old place.
pub fn wait_on(call: &mut Call, bench: &mut Bench, now: Now) {
    call.phase = Phase::Waiting;
    give_sound(call, bench, now);
}

/// Music for a caller who has been answered; the others are, unless somebody is free at once.
fn give_sound(call: &Call, bench: &mut Bench, now: Now) {
    if call.recall.is_some() {
        return;
    }
    if call.is_answered() {
        sound::play_waiting(call, bench);
        comfort::wait(call, bench, now);
    } else {
        let ahead = bench.settings.deadlines.answer_waiting.saturating_sub(OPENED_AHEAD);
        bench.set_deadline(call, Deadline::AnswerWaiting, now.mono + ahead);
    }
}

/// Nobody was free at once: the caller is answered and hears that something happens.
pub fn answer_waiting(call: &mut Call, bench: &mut Bench, now: Now) {
    if call.is_answered() || !matches!(call.phase, Phase::Waiting) {
        return;
    }
    if redirecting::nobody_free(call, bench, now) {
        return;
    }
    if sound::is_lost(call, Side::Caller) {
        ring_at_home(call, bench);
        return bench.set_deadline(call, Deadline::AnswerWaiting, now.mono + AGAIN_AFTER);
    }
    if sound::open_ahead(call, bench) {
        let rest = bench.settings.deadlines.answer_waiting.min(OPENED_AHEAD);
        return bench.set_deadline(call, Deadline::AnswerWaiting, now.mono + rest);
    }
    match sound::answer_waiting(call, bench) {
        Ok(body) => {
            bench.sip(SipCommand::Answer { leg: call.caller.0, body });
            comfort::wait(call, bench, now);
            recording::wait(call, bench);
        }
        // A codec that we cannot make sound in.
        Err(sound::NoSound::Description(_)) => ring_at_home(call, bench),
        Err(sound::NoSound::NoPort) => leave(call, FallbackCause::Media, bench, now),
    }
}

/// The caller has another port, and hears again what they heard.
pub fn heard_anew(call: &mut Call, bench: &mut Bench, now: Now) {
    if call.is_answered() && call.recall.is_none() {
        sound::play_waiting(call, bench);
        comfort::wait(call, bench, now);
        recording::wait(call, bench);
    }
}

/// The caller hears the ringing of their own network.
fn ring_at_home(call: &Call, bench: &mut Bench) {
    bench.sip(SipCommand::Progress { leg: call.caller.0, status: 180, body: Default::default() });
}

/// The ceiling: what the rule says follows. A call that is being offered to an agent is left to them.
pub fn ceiling_reached(call: &mut Call, bench: &mut Bench, now: Now) {
    if !matches!(call.phase, Phase::Waiting) {
        let soon = now.mono + bench.settings.deadlines.answer_waiting;
        if matches!(call.phase, Phase::Offered(_) | Phase::Ringing(..)) {
            bench.set_deadline(call, Deadline::Ceiling, soon);
        }
        return;
    }
    match next(call) {
        After::Queue(next) => {
            bench.routing(routing::Input::Leave { call: call.id });
            overflow(call, &next, bench, now);
        }
        After::SelfService => leave(call, FallbackCause::QueueCeiling, bench, now),
        After::Callback => {
            bench.routing(routing::Input::Leave { call: call.id });
            ask_to_call_back(call, FallbackCause::QueueCeiling, bench, now);
        }
        After::Refuse { status, announcement } => {
            bench.routing(routing::Input::Leave { call: call.id });
            matching::refuse(call, (status, announcement), bench, now);
        }
    }
}

/// What follows the queue in which the call is.
fn next(call: &Call) -> After {
    call.queued.as_ref().map_or(After::SelfService, |queued| queued.then.clone())
}

/// What follows the queue that the decision names.
fn after(call: &Call) -> After {
    match call.decision.as_ref().map(|decision| &decision.answer) {
        Some(Answer::Queue { then, .. }) => then.clone(),
        Some(Answer::Human { .. } | Answer::Callback { .. } | Answer::SelfService | Answer::Refuse { .. }) | None => {
            After::SelfService
        }
    }
}

/// The queue will not have the call, or cannot serve it: the next one may.
pub fn turned_away(call: &mut Call, cause: FallbackCause, bench: &mut Bench, now: Now) {
    if !matches!(call.phase, Phase::Waiting) {
        return;
    }
    match next(call) {
        After::Queue(next) => overflow(call, &next, bench, now),
        After::Callback => ask_to_call_back(call, cause, bench, now),
        After::SelfService | After::Refuse { .. } => fallback::divert(call, cause, bench, now),
    }
}

/// It is not in the queue any more.
fn ask_to_call_back(call: &mut Call, cause: FallbackCause, bench: &mut Bench, now: Now) {
    let queue = call.queued.as_ref().map(|queued| queued.queue.clone());
    if !queue.is_some_and(|queue| promising::ask(call, queue, priority(call), cause, bench, now)) {
        fallback::divert(call, cause, bench, now);
    }
}

fn leave(call: &mut Call, cause: FallbackCause, bench: &mut Bench, now: Now) {
    bench.routing(routing::Input::Leave { call: call.id });
    fallback::divert(call, cause, bench, now);
}
