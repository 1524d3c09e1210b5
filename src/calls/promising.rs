//! A caller by telephone who would rather be called than wait: asked between the music, or where the rules have nothing else for them. One key,
//! and the promise is in the store before they hear of it; then the call ends, and the callback begins in their place. While an agent is being
//! called for them the key is remembered: the agent may take the call yet. Whatever does not work out leaves them where they would have been.

use std::sync::Arc;
use std::time::Duration;

use crate::base::limits::{ANNOUNCEMENT_MAX, CALLBACKS_MAX};
use crate::base::{E164, IntentId, Level, Mono, Now, QueueId, Wall};
use crate::intents::callback::{Callback, CallbackEnd, CallbackState, Miss};
use crate::intents::intent::Intent;
use crate::intents::requests::{StoreError, StoreReply, StoreRequest};
use crate::media::command::WavId;
use crate::media::spoken;
use crate::sip::api::{Origin, Reason, SipCommand};

use super::api::AskId;
use super::bench::{Bench, Chore, Deadline};
use super::call::{Call, Phase, Side, Step};
use super::ending;
use super::explained::DecisionSeen;
use super::facts::{EndedBy, FallbackCause, Outcome};
use super::fallback;
use super::keys;
use super::matching;
use super::prompts::{self, Prompt, Purpose};
use super::queueing;
use super::recalling;
use super::recalling::plan::{AskedByPhone, CallbackPlan};
use super::settings::{Fallback, Mode};
use super::settling::{self, Wanted};
use super::sound;
use super::speaking;

/// What a caller has said of being called back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Willing {
    #[default]
    Unsaid,
    /// They want it, and an agent is being called for them: it counts if nobody answers.
    IfNobodyAnswers,
    /// They are not to be called back, or do not want it: they are not asked again.
    Never,
}

/// A callback that a caller may have, and what becomes of them without it.
#[derive(Clone, Debug)]
pub struct Wish {
    queue: QueueId,
    priority: i32,
    /// Their place.
    since: Mono,
    otherwise: Otherwise,
}

#[derive(Clone, Copy, Debug)]
enum Otherwise {
    /// They wait on in their place.
    Wait,
    Fallback(FallbackCause),
}

/// What the store has been asked.
#[derive(Clone, Debug)]
pub struct Asked {
    ask: AskId,
    /// Whose customer is to be called; of a caller whom nothing has recognised it is made for that.
    intent: IntentId,
    /// It is being made, and the promise itself comes after.
    is_new: bool,
    callback: Box<Callback>,
    /// Something was promised before, which holds whatever becomes of this.
    had_one: bool,
}

/// The store is waited for no longer; the caller does not mind a second.
const STORE_WITHIN: Duration = Duration::from_secs(2);
/// What the pop says of a caller whom nothing has recognised.
const CATEGORY: &str = "callback";

/// What a waiting caller is told with the other messages; empty for one who cannot be called back.
pub fn question_in_queue(call: &Call, bench: &Bench) -> Arc<[WavId]> {
    asked_in_queue(call, bench).map(|asked| question(call, asked, bench)).unwrap_or_default()
}

/// When it is said in a queue without messages: first, and from then on.
pub fn pauses(call: &Call, bench: &Bench) -> Option<(Duration, Duration)> {
    asked_in_queue(call, bench).map(|asked| (asked.first_after, asked.every))
}

/// Asks a caller for whom nobody is to be had; false when they cannot be called back, or not asked.
pub fn ask(call: &mut Call, queue: QueueId, priority: i32, cause: FallbackCause, bench: &mut Bench, now: Now) -> bool {
    let Some(plan) = bench.settings.callback.clone() else { return false };
    let Some(asked) = plan.by_phone.as_ref().filter(|_| number_of(call, &plan, bench).is_some()) else { return false };
    if !call.is_answered() && !answer(call, bench) {
        return false;
    }
    for deadline in [Deadline::AnswerWaiting, Deadline::Message, Deadline::Ceiling] {
        bench.cancel_deadline(call, deadline);
    }
    let since = call.queued.as_ref().map_or(now.mono, |queued| queued.since);
    let wish = Wish { queue, priority, since, otherwise: Otherwise::Fallback(cause) };
    call.phase = Phase::Matching(Step::Inviting(Box::new(wish)));
    invite(call, asked, bench);
    true
}

fn invite(call: &mut Call, asked: &AskedByPhone, bench: &mut Bench) {
    keys::listen(call, true, bench);
    let prompt = Prompt { items: question(call, asked, bench), purpose: Purpose::Invitation, until_key: true };
    if !prompts::play(call, Side::Caller, prompt, bench) {
        bench.set_deadline(call, Deadline::Key, bench.now.mono + asked.patience);
    }
}

/// The caller has another port, and has not heard the question.
pub fn ask_anew(call: &mut Call, bench: &mut Bench) {
    let plan = bench.settings.callback.clone();
    if let Some(asked) = plan.as_ref().and_then(|plan| plan.by_phone.as_ref()) {
        bench.cancel_deadline(call, Deadline::Key);
        invite(call, asked, bench);
    }
}

/// The caller hears nothing, and cannot be asked.
pub fn cannot_ask(call: &mut Call, bench: &mut Bench) {
    if let Phase::Matching(Step::Inviting(wish)) = &call.phase {
        let otherwise = wish.otherwise;
        without(call, otherwise, bench);
    }
}

/// The question has been heard.
pub fn asked(call: &Call, bench: &mut Bench) {
    let patience = by_phone(bench).map(|asked| asked.patience);
    if let (Phase::Matching(Step::Inviting(_)), Some(patience)) = (&call.phase, patience) {
        bench.set_deadline(call, Deadline::Key, bench.now.mono + patience);
    }
}

/// The caller has pressed a key; false when it is not for us.
pub fn pressed(call: &mut Call, side: Side, key: char, bench: &mut Bench) -> bool {
    let Some(plan) = bench.settings.callback.clone().filter(|_| side == Side::Caller) else { return false };
    let is_yes = plan.by_phone.as_ref().is_some_and(|asked| asked.key == key);
    match &call.phase {
        Phase::Waiting if is_yes && asked_in_queue(call, bench).is_some() => {
            leave_queue(call, &plan, bench);
            true
        }
        Phase::Offered(_) | Phase::Ringing(..) if is_yes && asked_in_queue(call, bench).is_some() => {
            remember(call, bench);
            true
        }
        Phase::Matching(Step::Inviting(wish)) => {
            let wish = (**wish).clone();
            sound::hush(call, bench);
            if is_yes {
                wanted(call, wish, &plan, bench)
            } else {
                without(call, wish.otherwise, bench)
            }
            true
        }
        Phase::Matching(Step::Promising(..) | Step::Promised(_)) => true,
        Phase::Matching(
            Step::Finding(_) | Step::Claiming(..) | Step::Entering(_) | Step::Checking(..) | Step::Announcing { .. },
        )
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
        | Phase::Over => false,
    }
}

/// No agent has taken the call, which waits again: who has pressed the key in the meantime is promised it now.
pub fn not_taken(call: &mut Call, bench: &mut Bench) {
    let plan = bench.settings.callback.clone().filter(|_| is_remembered(call));
    if let (Some(plan), Phase::Waiting) = (plan, &call.phase) {
        leave_queue(call, &plan, bench);
    }
}

/// No agent can have the call, which has left the queue for the fallback. False: its caller has not pressed the key.
pub fn in_place_of(call: &mut Call, cause: FallbackCause, bench: &mut Bench) -> bool {
    let plan = bench.settings.callback.clone().filter(|_| is_remembered(call));
    let wish = wish_of(call, Otherwise::Fallback(cause));
    plan.zip(wish).map(|(plan, wish)| wanted(call, wish, &plan, bench)).is_some()
}

/// No key has come, or no answer of the store. False: the deadline was another's.
pub fn timed_out(call: &mut Call, bench: &mut Bench) -> bool {
    match &call.phase {
        Phase::Matching(Step::Inviting(wish)) => {
            let otherwise = wish.otherwise;
            without(call, otherwise, bench);
            true
        }
        Phase::Matching(Step::Promising(wish, asked)) => {
            let (otherwise, asked) = (wish.otherwise, asked.clone());
            bench.call_by_ask.remove(&asked.ask);
            unsure(call, &asked, bench);
            without(call, otherwise, bench);
            true
        }
        _ => false,
    }
}

/// The store has answered. False: something else was asked.
pub fn answered(call: &mut Call, ask: AskId, result: &Result<StoreReply, StoreError>, bench: &mut Bench) -> bool {
    let Phase::Matching(Step::Promising(wish, asked)) = &call.phase else { return false };
    if asked.ask != ask {
        return false;
    }
    let (wish, asked) = (wish.clone(), asked.clone());
    bench.cancel_deadline(call, Deadline::Key);
    match result {
        Ok(StoreReply::Registered(_) | StoreReply::Replayed(_)) if asked.is_new => promise(call, wish, asked, bench),
        Ok(StoreReply::Promised(intent)) => promised(call, intent.clone(), bench),
        Ok(_) => without(call, wish.otherwise, bench),
        Err(_) => {
            unsure(call, &asked, bench);
            without(call, wish.otherwise, bench);
        }
    }
    true
}

/// The caller has heard that they will be called.
pub fn heard(call: &mut Call, bench: &mut Bench, now: Now) {
    if matches!(call.phase, Phase::Matching(Step::Promised(_))) {
        ending::hang_up_caller(call, Some(Reason::sip(200, "you will be called back")), bench);
        ending::finish(call, Outcome::Replaced, EndedBy::Us, bench, now);
    }
}

/// The call ends: what was promised begins. What the caller wants is asked for until the store has answered, although they have hung up.
pub fn close(call: &Call, outcome: Outcome, bench: &mut Bench) -> Outcome {
    match &call.phase {
        Phase::Matching(Step::Promised(intent)) => {
            let plan = bench.settings.callback.clone();
            bench.chores.push_back(Chore::Promised { intent: intent.clone(), decision: decision_of(call), plan });
            Outcome::Replaced
        }
        Phase::Matching(Step::Promising(_, asked)) => {
            bench.call_by_ask.remove(&asked.ask);
            promise_later(call, asked, bench);
            outcome
        }
        Phase::Offered(_) | Phase::Ringing(..) if is_remembered(call) && outcome == Outcome::Abandoned => {
            let plan = bench.settings.callback.clone();
            let wish = wish_of(call, Otherwise::Wait);
            let asked = plan.zip(wish).and_then(|(plan, wish)| asked_for(call, &wish, &plan, bench));
            asked.into_iter().for_each(|asked| promise_later(call, &asked, bench));
            outcome
        }
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
        | Phase::Over => outcome,
    }
}

fn by_phone(bench: &Bench) -> Option<&AskedByPhone> {
    bench.settings.callback.as_ref()?.by_phone.as_ref()
}

/// How the callers of this one's queue are asked, if it is one of them.
fn asked_in_queue<'b>(call: &Call, bench: &'b Bench) -> Option<&'b AskedByPhone> {
    let plan = bench.settings.callback.as_ref()?;
    let asked = plan.by_phone.as_ref()?;
    let queue = &call.queued.as_ref()?.queue;
    let is_asked = call.is_answered() && asked.queues.as_ref().is_none_or(|queues| queues.contains(queue));
    (is_asked && number_of(call, plan, bench).is_some()).then_some(asked)
}

/// Where the caller can be called: by telephone, with a number that they show and that is theirs, as far as anybody can tell.
fn number_of(call: &Call, plan: &CallbackPlan, bench: &Bench) -> Option<E164> {
    let is_by_phone = matches!(call.incoming.origin, Origin::Trunk(_)) && call.trunk.mode == Mode::Path;
    let has_room = bench.recalls.len() < CALLBACKS_MAX && !bench.is_draining;
    let is_asked = call.willing != Willing::Never && call.recall.is_none();
    if !is_by_phone || !has_room || !is_asked || call.incoming.is_withheld {
        return None;
    }
    let number = call.recognised.caller.clone().filter(|number| is_theirs(call, number))?;
    plan.check(&number, zone_of(call).as_deref()).is_ok().then_some(number)
}

/// The carrier vouches for the number, the customer has given it on the page, or dials what only the page has shown.
fn is_theirs(call: &Call, number: &E164) -> bool {
    let is_asserted = call.trunk.trusted && call.incoming.asserted_user.is_some();
    let is_known = |intent: &Intent| call.record.level >= Level::Strong || intent.customer.phones.contains(number);
    is_asserted || call.recognised.intent.as_deref().is_some_and(is_known)
}

/// As their page has said, if they wanted to be called before.
fn zone_of(call: &Call) -> Option<String> {
    call.recognised.intent.as_ref()?.callback.as_ref()?.zone.clone()
}

fn question(call: &Call, asked: &AskedByPhone, bench: &Bench) -> Arc<[WavId]> {
    speaking::said(&asked.question, |language| spoken::ask_callback(language, asked.key), call, bench)
}

/// A caller who has been answered cannot be refused so that the carrier routes on: where that is the fallback, they are not asked.
fn answer(call: &mut Call, bench: &mut Bench) -> bool {
    if !call.sound.is_described() || matches!(call.trunk.fallback, Fallback::Status { .. }) {
        return false;
    }
    let Ok(body) = sound::answer_silent(call, bench) else { return false };
    bench.sip(SipCommand::Answer { leg: call.caller.0, body });
    true
}

/// They want it while an agent is being called for them, as they are told; the key once is enough.
fn remember(call: &mut Call, bench: &mut Bench) {
    if is_remembered(call) {
        return;
    }
    call.willing = Willing::IfNobodyAnswers;
    let files = by_phone(bench).map(|asked| Arc::clone(&asked.noted)).unwrap_or_default();
    let items = speaking::said(&files, |_| spoken::callback_noted(), call, bench);
    prompts::play(call, Side::Caller, Prompt { items, purpose: Purpose::Comfort, until_key: false }, bench);
}

fn is_remembered(call: &Call) -> bool {
    call.willing == Willing::IfNobodyAnswers
}

/// What they are to have in place of waiting.
fn wish_of(call: &Call, otherwise: Otherwise) -> Option<Wish> {
    let queued = call.queued.as_ref()?;
    let (queue, since) = (queued.queue.clone(), queued.since);
    Some(Wish { queue, priority: queueing::priority(call), since, otherwise })
}

/// Who waits wants it.
fn leave_queue(call: &mut Call, plan: &CallbackPlan, bench: &mut Bench) {
    let Some(wish) = wish_of(call, Otherwise::Wait) else { return };
    bench.routing(crate::routing::Input::Leave { call: call.id });
    bench.cancel_deadline(call, Deadline::Message);
    wanted(call, wish, plan, bench);
}

/// They want it: the store is asked, first for an intent where there is none.
fn wanted(call: &mut Call, wish: Wish, plan: &CallbackPlan, bench: &mut Bench) {
    let Some(asked) = asked_for(call, &wish, plan, bench) else { return without(call, wish.otherwise, bench) };
    if !asked.is_new {
        return promise(call, Box::new(wish), asked, bench);
    }
    let stranger = Box::new(stranger(call, &asked, plan, bench));
    let request = StoreRequest::Register { intent: stranger, lease: None, idempotency: None, now: bench.now.wall };
    ask_store(call, Box::new(wish), asked, request, bench);
}

/// What the store is to promise; `None` for who cannot be called.
fn asked_for(call: &Call, wish: &Wish, plan: &CallbackPlan, bench: &mut Bench) -> Option<Asked> {
    let number = number_of(call, plan, bench)?;
    let known = call.recognised.intent.as_deref();
    let known = known.map(|intent| (intent.id, intent.callback.as_ref().is_some_and(|known| known.is_open())));
    let (intent, had_one) = known.unwrap_or_else(|| (IntentId(bench.rng.u128()), false));
    let callback = Box::new(callback(call, wish, number, bench.now));
    Some(Asked { ask: AskId(0), intent, is_new: known.is_none(), callback, had_one })
}

/// Nobody waits for the answer any more.
fn promise_later(call: &Call, asked: &Asked, bench: &mut Bench) {
    let Some(plan) = bench.settings.callback.clone() else { return };
    let stranger = asked.is_new.then(|| Box::new(stranger(call, asked, &plan, bench)));
    let (intent, callback, until) = (asked.intent, asked.callback.clone(), bench.now.wall + plan.kept);
    let wanted = Wanted { stranger, intent, callback, most: plan.most, until, decision: decision_of(call) };
    settling::promise(bench, call.id, wanted);
}

/// What has let them through.
fn decision_of(call: &Call) -> Option<Box<DecisionSeen>> {
    call.record.explained.decisions.last().cloned().map(Box::new)
}

fn promise(call: &mut Call, wish: Box<Wish>, asked: Asked, bench: &mut Bench) {
    let Some(plan) = bench.settings.callback.clone() else { return without(call, wish.otherwise, bench) };
    let (callback, now) = (asked.callback.clone(), bench.now.wall);
    let (intent, by, until) = (asked.intent, Some(call.id), now + plan.kept);
    let request = StoreRequest::Promise { intent, callback, by, most: plan.most, until, now };
    ask_store(call, wish, Asked { is_new: false, ..asked }, request, bench);
}

fn ask_store(call: &mut Call, wish: Box<Wish>, asked: Asked, request: StoreRequest, bench: &mut Bench) {
    let ask = bench.ask(call.id, request, STORE_WITHIN);
    bench.set_deadline(call, Deadline::Key, bench.now.mono + STORE_WITHIN);
    call.phase = Phase::Matching(Step::Promising(wish, Asked { ask, ..asked }));
}

fn callback(call: &Call, wish: &Wish, number: E164, now: Now) -> Callback {
    Callback {
        number,
        zone: zone_of(call),
        not_before: None,
        promised: now.wall,
        since: before(now, wish.since),
        level: recalling::level_of(call.record.level).max(Level::Likely),
        queue: wish.queue.clone(),
        priority: wish.priority,
        rule: call.decision.as_ref().map(|decision| decision.rule.to_string()),
        tries: 0,
        tried: None,
        missed: Miss::default(),
        state: CallbackState::Waiting,
    }
}

fn before(now: Now, since: Mono) -> Wall {
    now.wall - now.mono.since(since)
}

/// All that is known of a caller whom nothing has recognised.
fn stranger(call: &Call, asked: &Asked, plan: &CallbackPlan, bench: &Bench) -> Intent {
    let (language, now) = (speaking::language(call, bench).tag(), bench.now.wall);
    Intent::of_caller(asked.intent, asked.callback.number.clone(), (CATEGORY, language), now, now + plan.kept)
}

fn promised(call: &mut Call, intent: Box<Intent>, bench: &mut Bench) {
    // The intent is not this call's any more.
    for deadline in [Deadline::Ceiling, Deadline::Key, Deadline::RenewClaim] {
        bench.cancel_deadline(call, deadline);
    }
    call.phase = Phase::Matching(Step::Promised(intent));
    let files = by_phone(bench).map(|asked| Arc::clone(&asked.promised)).unwrap_or_default();
    let items = speaking::said(&files, |_| spoken::callback_promised(), call, bench);
    let now = bench.now;
    bench.set_deadline(call, Deadline::Announcement, now.mono + ANNOUNCEMENT_MAX);
    if !prompts::play(call, Side::Caller, Prompt { items, purpose: Purpose::Promised, until_key: false }, bench) {
        heard(call, bench, now);
    }
}

/// The store may have promised it although its answer never came: the caller is told of nothing, so nobody is to be called, and their call has the
/// intent again.
fn unsure(call: &Call, asked: &Asked, bench: &mut Bench) {
    if asked.is_new {
        return;
    }
    matching::renew_claim(call, bench, bench.now);
    if !asked.had_one {
        settling::end_callback(bench, asked.intent, call.id, CallbackEnd::TakenBack);
    }
}

/// There will be no callback, for whatever reason: they are not asked again.
fn without(call: &mut Call, otherwise: Otherwise, bench: &mut Bench) {
    let now = bench.now;
    bench.cancel_deadline(call, Deadline::Key);
    call.willing = Willing::Never;
    match otherwise {
        Otherwise::Wait => queueing::wait_again(call, bench, now),
        Otherwise::Fallback(cause) => fallback::divert(call, cause, bench, now),
    }
}
