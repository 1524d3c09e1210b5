//! A callback: a call without a caller. It waits in the queue in the customer's place, an agent gets it with its context first, and
//! when they have answered, the customer is called through the trunk. It lasts until an agent has talked to the customer, all
//! tries were in vain, or nobody wants it any more; the store has every promise and every try before they happen.

pub mod plan;
mod trying;
mod zones;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::access::{After, Answer, Decision, Trace};
use crate::base::{CallId, Level, Mono, Now, Pii, Wall};
use crate::intents::callback::{Callback, CallbackEnd};
use crate::intents::intent::{Intent, IntentState};
use crate::intents::matching::Evidence;
use crate::routing;
use crate::sip::api::{IncomingCall, Origin, UserToUsers};

use super::api::AskId;
use super::bench::{Bench, Deadline};
use super::call::{Call, CallerLeg, Phase, Recognised};
use super::ending;
use super::explained::DecisionSeen;
use super::facts::{EndedBy, FallbackCause, Outcome};
use super::matching;
use super::policy_facts;
use super::queueing::{self, Place};
use super::screening;
use super::settings::TrunkPlan;
use super::settling::{self, DebtId};
use plan::{CallbackPlan, CallingHours};

pub use trying::{
    agent_answered, agent_gone, ask_overdue, called_in, heard, not_reached, sound_lost, store_answered, stranded,
};

/// What a call is that calls the customer back.
#[derive(Clone, Debug)]
pub struct Recall {
    /// As the store has it.
    pub callback: Callback,
    pub(super) plan: Arc<CallbackPlan>,
    hours: CallingHours,
    step: Step,
    /// How often the number had been dialled before this try, and when last.
    before: (u8, Option<Wall>),
    /// The store is being told of the end of the last try, or that it was none; the next one tells it anyway.
    undoing: Option<DebtId>,
    /// The queue, the trunk or the store could do nothing for it: not before then.
    put_off: Mono,
    /// The customer has called, and has the place as long as that call lasts.
    gives_way: bool,
}

/// How far a try has come.
#[derive(Clone, Debug)]
enum Step {
    Nothing,
    /// The agent is on the line, and the store is asked whether the number may be dialled; with the offer for it.
    Asking(AskId, Bytes),
    Dialling,
}

/// What became of a promise that the store has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalledBack {
    /// It has its place; not known outside the hours, or while no agent is there.
    Waiting { call: CallId, position: Option<usize>, expected_wait: Option<Duration> },
    /// The customer talks to an agent already.
    Talking,
    /// As many wait as may.
    Full,
    /// There are no callbacks here.
    Off,
}

/// How often a callback that cannot be begun is looked at: hours begin and end, and clocks are set.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// ... and one for which nobody is logged in.
const LOOK_SOON: Duration = Duration::from_secs(5);

/// A call for what was promised; it looks for its place at once. `before`: what has decided on the customer's own call.
pub fn begin(
    id: CallId,
    intent: Box<Intent>,
    (callback, hours): (Callback, CallingHours),
    (plan, trunk): (Arc<CallbackPlan>, Arc<TrunkPlan>),
    before: Option<DecisionSeen>,
    bench: &mut Bench,
    now: Now,
) -> Call {
    let leg = CallerLeg(crate::base::LegId::outbound(id, 1));
    let incoming = Box::new(as_incoming(&callback, &trunk, now));
    let mut call = screening::fresh(id, leg, incoming, trunk, bench, now);
    // Nobody is there yet, and waiting is not talking.
    bench.call_by_leg.remove(&leg.0);
    bench.cancel_deadline(&call, Deadline::CallLength);
    call.legs_dialled = 1;
    call.sound = super::sound::Sound::late();
    call.phase = Phase::Promised;
    call.record.level = callback.level;
    call.record.evidence = vec![Evidence::CalledBack];
    call.record.intent = Some(intent.id);
    call.record.about = Some(Box::new((&*intent).into()));
    call.record.tries = Some(callback.tries);
    bench.pages.has(intent.id, id);
    bench.recalls.insert(intent.id, (id, callback.since));
    let put_off = elsewhere_until(&intent, id, now);
    call.recognised =
        Recognised { caller: Some(callback.number.clone()), intent: Some(intent), ..Recognised::default() };
    call.recall = Some(Box::new(Recall { put_off, ..Recall::new(callback, plan, hours) }));
    decide(&mut call, before, bench, now);
    look(&mut call, bench, now);
    call
}

/// Until then a call of another process has the intent, be it one that has died: the store would not let us dial, whichever agent had answered.
fn elsewhere_until(intent: &Intent, id: CallId, now: Now) -> Mono {
    match intent.state {
        IntentState::Claimed { call, until } if !call.is_of_the_process_of(id) => now.mono + until.since(now.wall),
        IntentState::Claimed { .. } | IntentState::Open | IntentState::Used | IntentState::Withdrawn => Mono::ZERO,
    }
}

/// The rule by which it was promised, also by another process, says which skills are needed, whether it is recorded, and who is told. Queue and priority are as
/// they were promised.
fn decide(call: &mut Call, before: Option<DecisionSeen>, bench: &mut Bench, now: Now) {
    let (decision, trace) = match before {
        Some(before) => (Arc::unwrap_or_clone(before.decision), before.trace),
        None => decide_anew(call, bench, now),
    };
    matching::note_decision(call, decision, trace, bench, now);
}

fn decide_anew(call: &Call, bench: &Bench, now: Now) -> (Decision, Trace) {
    let policy = &bench.settings.policy;
    let before = call.recall.as_ref().and_then(|recall| policy.decision_of(recall.callback.rule.as_deref()?));
    let (mut decision, trace) =
        before.unwrap_or_else(|| policy.decide_with_trace(&policy_facts::of_call(call, bench, now)));
    let queue = match &decision.answer {
        Answer::Human { queue, .. } | Answer::Callback { queue, .. } => {
            queue.as_ref().or(bench.settings.default_queue.as_ref())
        }
        Answer::Queue { queue, .. } => Some(queue),
        Answer::SelfService | Answer::Refuse { .. } => None,
    };
    // The rules have changed since: what they ask of another queue's agents is not asked here.
    if queue != call.recall.as_ref().map(|recall| &recall.callback.queue) {
        decision.skills = Arc::default();
    }
    (decision, trace)
}

/// For the agent's phone it comes from the customer.
fn as_incoming(callback: &Callback, trunk: &TrunkPlan, now: Now) -> IncomingCall {
    let nobody = Pii::<String>::default;
    IncomingCall {
        origin: Origin::Trunk(trunk.trunk.clone()),
        source: Pii::new(std::net::SocketAddr::from(([0, 0, 0, 0], 0))),
        // Its trunk's own terms are for what comes from there.
        is_tls: true,
        received: now.mono,
        request_uri: nobody(),
        dialled: nobody(),
        to_user: nobody(),
        from_user: Pii::new(callback.number.as_str().to_owned()),
        from_host: String::new(),
        from_display: Pii::new("Callback".to_owned()),
        asserted_user: None,
        asserted: None,
        diverted_from: None,
        is_withheld: false,
        user_to_user: None,
        user_to_users: UserToUsers::default(),
        headers: Vec::new(),
        call_id: nobody(),
        offer: Bytes::new(),
        replaces: None,
    }
}

impl Recall {
    fn new(callback: Callback, plan: Arc<CallbackPlan>, hours: CallingHours) -> Recall {
        let before = (callback.tries, callback.tried);
        let (step, undoing, put_off) = (Step::Nothing, None, Mono::ZERO);
        Recall { callback, plan, hours, step, before, undoing, put_off, gives_way: false }
    }

    /// What the store has is what holds, the customer's hours too.
    fn adopt(&mut self, stored: &Callback) {
        if (&stored.number, &stored.zone) != (&self.callback.number, &self.callback.zone)
            && let Ok(hours) = self.plan.check(&stored.number, stored.zone.as_deref())
        {
            self.hours = hours;
        }
        // That they had waited in a call before, the store does not know.
        let since = self.callback.since.min(stored.since);
        self.callback = Callback { since, ..stored.clone() };
    }

    fn is_used_up(&self) -> bool {
        self.callback.tries >= self.plan.most.tries
    }
}

/// It was promised anew, with another number or another time.
pub fn promised_anew(call: &mut Call, callback: Callback, hours: CallingHours, bench: &mut Bench, now: Now) {
    let id = call.record.intent;
    let Some(recall) = &mut call.recall else { return };
    if let Some(id) = id {
        bench.recalls.insert(id, (call.id, callback.since));
    }
    call.incoming.from_user = Pii::new(callback.number.as_str().to_owned());
    call.record.caller = call.incoming.from_user.clone();
    recall.callback = callback;
    recall.hours = hours;
    if matches!(call.phase, Phase::Waiting | Phase::Promised) {
        park(call, bench);
        look(call, bench, now);
    }
}

/// Nothing happens by itself: is it time to wait in the queue, to leave it, or to give up?
pub fn look(call: &mut Call, bench: &mut Bench, now: Now) {
    let Some(recall) = &call.recall else { return };
    match &call.phase {
        Phase::Promised | Phase::Waiting if is_over(call, now) => return end(call, CallbackEnd::Missed, bench, now),
        Phase::Promised if recall.gives_way || bench.is_draining => {}
        Phase::Promised if is_due(recall, now) => wait(call, bench, now),
        Phase::Waiting if !recall.hours.contains(now.wall) => park(call, bench),
        _ => {}
    }
    let at = call.recall.as_ref().map_or(now.mono, |recall| next_look(recall, now));
    if matches!(call.phase, Phase::Promised | Phase::Waiting) {
        bench.set_deadline(call, Deadline::Recall, at);
    }
}

fn next_look(recall: &Recall, now: Now) -> Mono {
    let due = recall.plan.due(&recall.callback).since(now.wall).max(recall.put_off.since(now.mono));
    let soonest = if due.is_zero() { LOOK_EVERY } else { due.min(LOOK_EVERY) };
    now.mono + soonest
}

fn is_due(recall: &Recall, now: Now) -> bool {
    let is_open = recall.hours.contains(now.wall);
    is_open && recall.put_off <= now.mono && recall.plan.due(&recall.callback) <= now.wall
}

/// Nobody could call in the time that it may wait.
fn is_over(call: &Call, now: Now) -> bool {
    call.recognised.intent.as_ref().is_none_or(|intent| intent.expires <= now.wall)
}

/// Enters the queue in the customer's place.
fn wait(call: &mut Call, bench: &mut Bench, now: Now) {
    let Some(recall) = &call.recall else { return };
    let (queue, priority) = (recall.callback.queue.clone(), recall.callback.priority);
    let since = Some(mono_of(recall.callback.since, now));
    let place = Place { queue, priority, since, ceiling: None, then: After::SelfService };
    queueing::take(call, place, bench, now);
}

/// By our own clock; what was before the process began counts from its beginning.
pub fn mono_of(since: Wall, now: Now) -> Mono {
    now.mono - now.wall.since(since)
}

/// Leaves the queue and keeps its place.
fn park(call: &mut Call, bench: &mut Bench) {
    if matches!(call.phase, Phase::Waiting) {
        bench.routing(routing::Input::Leave { call: call.id });
    }
    call.queued = None;
    call.phase = Phase::Promised;
}

/// The router offers an agent; at night, or when the process is about to end, nobody gets it. True: the offer is not taken.
pub fn is_refused(call: &mut Call, bench: &mut Bench, now: Now) -> bool {
    let Some(recall) = &call.recall else { return false };
    if recall.hours.contains(now.wall) && !bench.is_draining {
        return false;
    }
    park(call, bench);
    look(call, bench, now);
    true
}

/// The queue has no room or no agents, or there was no sound to be had. Agents may be about to log in, as when the process has just begun.
pub fn not_served(call: &mut Call, cause: FallbackCause, bench: &mut Bench, now: Now) {
    let after = if cause == FallbackCause::NobodyCanServe { LOOK_SOON } else { LOOK_EVERY };
    put_off_for(after, call, bench, now);
}

/// It is tried again a little later.
pub fn put_off(call: &mut Call, bench: &mut Bench, now: Now) {
    put_off_for(LOOK_EVERY, call, bench, now);
}

fn put_off_for(after: Duration, call: &mut Call, bench: &mut Bench, now: Now) {
    call.queued = None;
    call.phase = Phase::Promised;
    if let Some(recall) = &mut call.recall {
        recall.put_off = now.mono + after;
        recall.step = Step::Nothing;
    }
    bench.cancel_deadline(call, Deadline::Pop);
    super::sound::close_all(call, bench);
    start_anew(call);
    look(call, bench, now);
}

/// Legs and sound of the next try are others.
fn start_anew(call: &mut Call) {
    call.caller = CallerLeg(call.next_leg().0);
    call.sound = super::sound::Sound::late();
    call.connected = None;
}

/// The customer has called, and their call has the place from now on.
pub fn give_way(call: &mut Call, bench: &mut Bench, now: Now) {
    match &call.phase {
        Phase::Offered(_) | Phase::Ringing(..) => {
            ending::let_agent_go(call, "the customer has called", bench);
            put_off(call, bench, now);
        }
        Phase::Waiting => park(call, bench),
        // The store has given the intent to one of the two, and says to which.
        _ => {}
    }
    if let Some(recall) = &mut call.recall {
        recall.gives_way = true;
        recall.put_off = now.mono;
    }
}

/// The customer's own call is over. What it came to decides what becomes of the callback.
pub fn take_up(call: &mut Call, talked: bool, bench: &mut Bench, now: Now) {
    if talked && matches!(call.phase, Phase::Promised | Phase::Waiting) {
        park(call, bench);
        return ending::finish(call, Outcome::Replaced, EndedBy::Caller, bench, now);
    }
    let Some(recall) = &mut call.recall else { return };
    recall.gives_way = false;
    // They had called amid the last try.
    if recall.is_used_up() && matches!(call.phase, Phase::Promised | Phase::Waiting) {
        return trying::in_vain(call, bench, now);
    }
    look(call, bench, now);
}

/// Nobody is to be called any more: the store hears it until it has answered.
pub fn end(call: &mut Call, how: CallbackEnd, bench: &mut Bench, now: Now) {
    if let Some(intent) = call.record.intent {
        settling::end_callback(bench, intent, call.id, how);
    }
    match &call.phase {
        Phase::Waiting => bench.routing(routing::Input::Leave { call: call.id }),
        Phase::Offered(_) | Phase::Ringing(..) => ending::let_agent_go(call, "the callback is taken back", bench),
        _ => {}
    }
    let (outcome, by) = match how {
        CallbackEnd::Missed => (Outcome::Unreached, EndedBy::Us),
        CallbackEnd::TakenBack => (Outcome::Withdrawn, EndedBy::Caller),
    };
    ending::finish(call, outcome, by, bench, now);
}

/// The customer does not want to be called any more. False when their telephone rings already.
pub fn taken_back(call: &mut Call, bench: &mut Bench, now: Now) -> bool {
    let is_waiting = matches!(call.phase, Phase::Promised | Phase::Waiting | Phase::Offered(_) | Phase::Ringing(..));
    if is_waiting {
        end(call, CallbackEnd::TakenBack, bench, now);
    }
    is_waiting
}

/// How sure we may be of who answers at a number that a call of this level gave.
pub fn level_of(level: Level) -> Level {
    level.min(Level::Strong)
}
