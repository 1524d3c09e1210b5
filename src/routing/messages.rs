//! What the calls and the router say to each other.

use std::time::Duration;

use crate::base::{AgentId, CallId, Fence, Mono, QueueId};

use super::lately::Predictions;
use super::passed_over::PassedOver;
use super::setup::SkillNeed;

/// From the calls and the desks to the router. What names an agent, queue or call that the router does not know is counted
/// as stale and otherwise ignored, as is an old fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// What an agent says of themselves; said during a call it holds after the wrap-up. `Available` ends a pause and a wrap-up.
    Presence {
        agent: AgentId,
        presence: Presence,
    },
    /// The connection to the agent's desk is lost for a while, or back: meanwhile no new offers, and nothing else changes.
    Desk {
        agent: AgentId,
        connected: bool,
    },
    /// The agent's phone can be rung, or cannot: meanwhile no new offers, as without a desk.
    Phone {
        agent: AgentId,
        reachable: bool,
    },
    /// A call needs an agent. `priority` is in points, higher first; `prefer` names whom the customer knows, such as their last
    /// agent, the dearest first; `extra` is asked besides what the queue asks. `since`: the call comes back to the place of
    /// one that waited since then, and is taken in also where the queue is full.
    Enqueue {
        call: CallId,
        queue: QueueId,
        priority: i32,
        prefer: Vec<AgentId>,
        extra: Vec<SkillNeed>,
        since: Option<Mono>,
    },
    /// A connected call is passed on to this agent, who is not asked for by any queue. Answered with `Offer` or `NotFree`. `from`: the
    /// call of their own that they leave for it; whoever is on the phone already need not have said that they are available.
    Grant {
        call: CallId,
        agent: AgentId,
        from: Option<CallId>,
    },
    /// The agent is in a call that the router did not give them: no offers until it is over.
    Engaged {
        agent: AgentId,
        call: CallId,
    },
    Disengaged {
        agent: AgentId,
        call: CallId,
    },
    /// The caller gave up, or the ceiling was reached. Frees the agent whom the call was offered to; a call that is
    /// connected ends.
    Leave {
        call: CallId,
    },
    /// The agent's phone was answered.
    OfferAccepted {
        call: CallId,
        agent: AgentId,
        fence: Fence,
    },
    OfferFailed {
        call: CallId,
        agent: AgentId,
        fence: Fence,
        why: OfferFailure,
    },
    /// The conversation is over; the wrap-up begins.
    CallEnded {
        call: CallId,
        agent: AgentId,
        fence: Fence,
    },
    /// Said during the call, it spares the wrap-up that would follow.
    WrapUpDone {
        agent: AgentId,
    },
    /// Answered with `Position` if the call waits.
    AskPosition {
        call: CallId,
    },
}

/// What an agent says of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    Available,
    Break { reason: String },
    Offline,
}

/// Why an offer came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfferFailure {
    /// The phone rang and nobody answered: the agent is paused.
    NoAnswer,
    /// The agent refused this call: another may be offered at once, this one not for a while.
    Declined,
    /// The phone could not be rung: the agent is paused.
    Unreachable,
    /// The page that is their phone is gone, and comes back when it is only being loaded anew.
    Away,
    /// The desk did not show the pop: the agent is paused.
    NoPop,
}

/// From the router to the calls, in the order in which things happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The agent is granted to this call; answer with `OfferAccepted` or `OfferFailed` before `expires`. `passed_over` names
    /// at most 8 agents who had a claim and did not get it.
    Offer {
        call: CallId,
        agent: AgentId,
        fence: Fence,
        expires: Mono,
        passed_over: Vec<(AgentId, Why)>,
        /// Who else did not get it: those whose work it is first, at most `OTHERS_NAMED`.
        others: PassedOver,
    },
    /// The agent asked for with `Grant` cannot take a call now.
    NotFree {
        call: CallId,
        agent: AgentId,
        why: Why,
    },
    /// Nobody answered for the grant, or its call never ended: the agent is free of it. An unanswered call waits again.
    GrantExpired {
        call: CallId,
        agent: AgentId,
        fence: Fence,
    },
    AgentPaused {
        agent: AgentId,
        why: PauseCause,
    },
    AgentStateChanged {
        agent: AgentId,
        state: AgentState,
    },
    /// 1 is the next to be offered. The expected wait is from now on, when anything is known of it.
    Position {
        call: CallId,
        queue: QueueId,
        position: usize,
        expected_wait: Option<Duration>,
    },
    /// A call that had to wait is offered for the first time: what it waited, and what each estimator said when it came in.
    Waited {
        call: CallId,
        queue: QueueId,
        waited: Duration,
        predicted: Predictions,
    },
    /// The call has not been taken in.
    QueueFull {
        call: CallId,
    },
    /// No agent who is logged in has the skills, or the queue is unknown. The call has not been taken in, or has left.
    NobodyCanServe {
        call: CallId,
    },
}

impl Output {
    /// What this call has come to.
    pub(super) fn is_answer_to(&self, id: CallId) -> bool {
        match self {
            Output::Offer { call, .. }
            | Output::NotFree { call, .. }
            | Output::GrantExpired { call, .. }
            | Output::Position { call, .. }
            | Output::QueueFull { call }
            | Output::NobodyCanServe { call } => *call == id,
            Output::AgentPaused { .. } | Output::AgentStateChanged { .. } | Output::Waited { .. } => false,
        }
    }
}

/// Why an agent is paused.
pub type PauseCause = OfferFailure;

/// Why an agent was passed over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// In a conversation.
    Busy,
    /// Promised to another call.
    Reserved,
    WrapUp,
    OnBreak,
    Offline,
    /// After an offer that came to nothing.
    Paused,
    /// Their desk's connection is lost.
    NoDesk,
    /// Their phone cannot be rung now.
    NoPhone,
    /// Without a skill that is required, or not at the level.
    Lacks(SkillNeed),
    /// They keep to other queues.
    OtherQueues,
    /// Takes such calls only when they have waited longer.
    LaterRing,
    /// Free, but another's turn came first.
    NotTheirTurn,
    /// Had an offer of this call a moment ago.
    Failed(OfferFailure),
}

/// What an agent does, as the desktop and the API show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AgentState {
    #[default]
    Offline,
    Available,
    /// Let an offer ring or could not be reached; `until` is absent when only the agent can end it.
    Paused {
        why: PauseCause,
        until: Option<Mono>,
    },
    Break {
        reason: String,
    },
    Offered {
        call: CallId,
        fence: Fence,
    },
    OnCall {
        call: CallId,
        fence: Fence,
    },
    /// In a call that the router did not give them.
    OnOwnCall {
        call: CallId,
    },
    /// `longest` is the time that the queue allows for it.
    WrapUp {
        call: CallId,
        longest: Duration,
    },
}

impl OfferFailure {
    pub fn as_str(self) -> &'static str {
        match self {
            OfferFailure::NoAnswer => "no answer",
            OfferFailure::Declined => "declined",
            OfferFailure::Unreachable => "phone unreachable",
            OfferFailure::Away => "page closed",
            OfferFailure::NoPop => "pop not shown",
        }
    }
}

impl AgentState {
    /// One word for the API and the counters.
    pub fn as_str(&self) -> &'static str {
        match self {
            AgentState::Offline => "offline",
            AgentState::Available => "available",
            AgentState::Paused { .. } => "paused",
            AgentState::Break { .. } => "break",
            AgentState::Offered { .. } => "offered",
            AgentState::OnCall { .. } | AgentState::OnOwnCall { .. } => "on-call",
            AgentState::WrapUp { .. } => "wrap-up",
        }
    }
}
