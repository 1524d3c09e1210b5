//! The customers' pages: which are open, which call each intent is in, and how that call stands. Each page is told every change
//! once; nothing is worked out while nobody has a page open.

use std::collections::HashMap;
use std::time::Duration;

use crate::base::{AgentId, CallId, CaseId, IntentId, Level};

use super::call::{Call, Phase, Side, Step};
use super::facts::{CallRecord, Outcome};

/// From the shell: the first page of an intent is open, or the last is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageInput {
    Opened { intent: IntentId },
    Closed { intent: IntentId },
}

/// How the call of an intent stands, as its page is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub call: CallId,
    pub state: PageState,
    pub level: Level,
    /// While it waits: 1 is the next to be offered.
    pub position: Option<usize>,
    pub expected_wait: Option<Duration>,
    pub agent: Option<AgentId>,
    /// An agent and the customer have talked.
    pub talked: bool,
    /// What the agent wrote.
    pub case: Option<CaseId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PageState {
    /// A call that brings the intent's token has begun.
    Calling,
    Recognised,
    /// The match is doubtful: is it this customer who calls?
    Confirm,
    Waiting,
    /// The pop is on an agent's desk.
    AgentReading,
    Ringing,
    Connected,
    Held,
    Ended,
    /// We shall call; the place is there while it is in the queue.
    CallbackWaiting,
    /// We are calling now.
    CallingYou,
    /// We called, and nobody was there.
    CallbackMissed,
}

/// The open pages, and the calls that intents are in.
#[derive(Debug, Default)]
pub struct Pages {
    told_by_intent: HashMap<IntentId, Option<Standing>>,
    call_by_intent: HashMap<IntentId, CallId>,
    /// The call that an intent fits nearly as well as the one that has it.
    call_by_rival: HashMap<IntentId, CallId>,
    /// Intents that have lost their call, whose pages have not heard so.
    left: Vec<IntentId>,
}

impl Pages {
    /// The first page of this intent is open, and is told this.
    pub fn open(&mut self, intent: IntentId, standing: Option<Standing>) {
        self.told_by_intent.insert(intent, standing);
    }

    pub fn close(&mut self, intent: IntentId) {
        self.told_by_intent.remove(&intent);
    }

    pub fn are_closed(&self) -> bool {
        self.told_by_intent.is_empty()
    }

    /// Whether a page of this intent is open and has not been told this; from now on it has.
    pub fn is_news(&mut self, intent: IntentId, standing: &Option<Standing>) -> bool {
        let Some(told) = self.told_by_intent.get_mut(&intent) else { return false };
        if told == standing {
            return false;
        }
        *told = standing.clone();
        true
    }

    /// A call brings the intent's token. One that has the intent keeps it.
    pub fn brought(&mut self, intent: IntentId, call: CallId) {
        self.call_by_intent.entry(intent).or_insert(call);
    }

    /// The call has the intent.
    pub fn has(&mut self, intent: IntentId, call: CallId) {
        self.call_by_intent.insert(intent, call);
    }

    /// The call may be this intent's too.
    pub fn fits_too(&mut self, intent: IntentId, call: CallId) {
        self.call_by_rival.insert(intent, call);
    }

    /// The call has nothing to do with the intent any more, and its page is to hear so.
    pub fn leave(&mut self, intent: IntentId, call: CallId) {
        self.forget(intent, call);
        if self.told_by_intent.contains_key(&intent) {
            self.left.push(intent);
        }
    }

    /// The call is over: its last word to the page stands.
    pub fn forget(&mut self, intent: IntentId, call: CallId) {
        for calls in [&mut self.call_by_intent, &mut self.call_by_rival] {
            if calls.get(&intent) == Some(&call) {
                calls.remove(&intent);
            }
        }
    }

    pub fn next_left(&mut self) -> Option<IntentId> {
        self.left.pop()
    }

    pub fn call_of(&self, intent: IntentId) -> Option<CallId> {
        self.call_by_intent.get(&intent).copied()
    }

    pub fn rivalled_call(&self, intent: IntentId) -> Option<CallId> {
        self.call_by_rival.get(&intent).copied()
    }

    /// What is held of calls; none after quiet.
    pub fn count(&self) -> usize {
        self.call_by_intent.len() + self.call_by_rival.len()
    }
}

/// Every intent whose page this call is about.
pub fn concerned(call: &Call) -> Vec<IntentId> {
    let known = &call.recognised;
    let own = known.intent.as_ref().map(|intent| intent.id);
    let token = known.token.filter(|token| own != Some(*token));
    own.into_iter().chain(token).chain(known.others.iter().map(|intent| intent.id)).collect()
}

/// For the page of the intent that has the call.
pub fn of(call: &Call) -> Standing {
    let queued = call.queued.as_ref().filter(|_| matches!(call.phase, Phase::Waiting));
    let record = &call.record;
    Standing {
        call: call.id,
        state: state(call),
        level: record.level,
        position: queued.and_then(|queued| queued.position),
        expected_wait: queued.and_then(|queued| queued.expected_wait),
        agent: call.grant().map(|grant| grant.agent.clone()).or_else(|| talked_to(record)),
        talked: record.outcome == Some(Outcome::Talked),
        case: case(record),
    }
}

/// For the page of another intent that fits nearly as well.
pub fn asked(call: &Call) -> Standing {
    Standing { state: PageState::Confirm, position: None, expected_wait: None, agent: None, case: None, ..of(call) }
}

/// After the call has ended.
pub fn ended(record: &CallRecord) -> Standing {
    Standing {
        call: record.call,
        state: of_ended(record),
        level: record.level,
        position: None,
        expected_wait: None,
        agent: talked_to(record),
        talked: record.outcome == Some(Outcome::Talked),
        case: case(record),
    }
}

fn talked_to(record: &CallRecord) -> Option<AgentId> {
    record.agent.clone().filter(|_| record.outcome == Some(Outcome::Talked))
}

fn case(record: &CallRecord) -> Option<CaseId> {
    record.wrap_up.as_ref().filter(|_| record.about.is_some()).map(|_| CaseId::of_call(record.call))
}

fn state(call: &Call) -> PageState {
    if call.recall.is_some() {
        return state_of_callback(call);
    }
    state_of_phase(call)
}

fn state_of_phase(call: &Call) -> PageState {
    match &call.phase {
        Phase::Matching(Step::Promised(_)) => PageState::CallbackWaiting,
        Phase::Matching(Step::Inviting(_) | Step::Promising(..)) => PageState::Recognised,
        Phase::Matching(
            Step::Finding(_) | Step::Claiming(..) | Step::Entering(_) | Step::Checking(..) | Step::Announcing { .. },
        ) => PageState::Calling,
        Phase::Waiting | Phase::Offered(_) | Phase::Ringing(..) if is_doubtful(call) => PageState::Confirm,
        Phase::Diverting(_) | Phase::Diverted(_) if call.recognised.is_kept_out => PageState::Confirm,
        Phase::Waiting if call.queued.as_ref().is_some_and(|queued| queued.position.is_some()) => PageState::Waiting,
        Phase::Waiting | Phase::Promised => PageState::Recognised,
        Phase::Offered(_) => PageState::AgentReading,
        Phase::Ringing(..) | Phase::HandedOver(_) | Phase::Diverting(_) | Phase::Recalling(..) => PageState::Ringing,
        Phase::Talking(..) if call.sound.is_held_by(Side::Far) => PageState::Held,
        Phase::Talking(..) | Phase::Passing | Phase::Passed(_) | Phase::Diverted(_) => PageState::Connected,
        Phase::Over => PageState::Ended,
    }
}

fn state_of_callback(call: &Call) -> PageState {
    match &call.phase {
        Phase::Promised | Phase::Waiting => PageState::CallbackWaiting,
        Phase::Ringing(..) => PageState::AgentReading,
        Phase::Recalling(..) => PageState::CallingYou,
        Phase::Over => of_ended(&call.record),
        Phase::Offered(_)
        | Phase::Talking(..)
        | Phase::Matching(_)
        | Phase::HandedOver(_)
        | Phase::Passing
        | Phase::Passed(_)
        | Phase::Diverting(_)
        | Phase::Diverted(_) => state_of_phase(call),
    }
}

fn of_ended(record: &CallRecord) -> PageState {
    if record.outcome == Some(Outcome::Unreached) { PageState::CallbackMissed } else { PageState::Ended }
}

/// The pop shows less than it could, or somebody else may be calling.
fn is_doubtful(call: &Call) -> bool {
    call.recall.is_none() && (call.record.level < Level::Strong || call.recognised.rivals > 0)
}

impl PageState {
    /// The word for it in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            PageState::Calling => "calling",
            PageState::Recognised => "recognised",
            PageState::Confirm => "confirm",
            PageState::Waiting => "waiting",
            PageState::AgentReading => "agent_reading",
            PageState::Ringing => "ringing",
            PageState::Connected => "connected",
            PageState::Held => "held",
            PageState::Ended => "ended",
            PageState::CallbackWaiting => "callback_waiting",
            PageState::CallingYou => "calling_you",
            PageState::CallbackMissed => "callback_missed",
        }
    }
}
