//! What the HTTP API may ask the engine, and the answers: snapshots, never references.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::{CallId, IntentId, TrunkId};
use crate::calls::caps::Load;
use crate::calls::facts::CallRecord;
use crate::calls::shadowing::Difference;
use crate::calls::{CalledBack, Confirmed};
use crate::intents::intent::Intent;
use crate::routing::{AgentView, QueueView};
use crate::sip::api::{EnrolView, GatewayView};

/// The number of a question; its answer carries the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub u64);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The calls in progress, then the ended ones, newest first; at most `limit` of them.
    Calls {
        limit: usize,
    },
    Call {
        call: CallId,
    },
    Agents,
    Queues,
    Trunks,
    /// How many calls in progress are in each phase.
    Phases,
    /// Where the shadow policy would have decided otherwise, the latest first; at most `limit` of them.
    Shadow {
        limit: usize,
    },
    /// The page of this intent says that its customer is calling now. This one question changes something.
    Confirm {
        intent: IntentId,
    },
    /// Whether a call of this intent is in progress: its page may come back to it after the token's time.
    InCall {
        intent: IntentId,
    },
    /// The store has taken the promise to call this customer back: it waits from now on. This changes something too.
    CallBack {
        intent: Box<Intent>,
    },
    /// The customer does not want to be called back any more; so does this.
    TakeBack {
        intent: IntentId,
    },
    /// Is the engine alive? Answered with its counts.
    Health,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Calls(Vec<CallView>),
    Call(Option<Box<CallView>>),
    Agents(Vec<AgentView>),
    Queues(Vec<QueueView>),
    Trunks(Vec<TrunkView>),
    Phases(BTreeMap<&'static str, usize>),
    Shadow(Vec<Difference>),
    Confirmed(Confirmed),
    InCall(bool),
    CalledBack(CalledBack),
    /// Whether it was not too late.
    TakenBack(bool),
    Health(Counts),
}

/// A call as the API shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct CallView {
    pub record: CallRecord,
    /// `matching`, `waiting`, `offered`, `ringing`, `talking`, `diverting`, `diverted` or `ended`.
    pub phase: &'static str,
    pub lasted: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkView {
    pub trunk: TrunkId,
    /// `None`: this trunk is not asked.
    pub reachable: Option<bool>,
    /// `None`: we do not register there.
    pub registration: Option<EnrolView>,
    pub gateways: Vec<GatewayView>,
    pub incoming: Load,
    pub outgoing: Load,
}

/// What the engine holds at this moment; all zero after quiet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub calls: usize,
    /// Callbacks that wait, which are no calls in progress.
    pub callbacks: usize,
    pub waiting: usize,
    /// Agents who are promised to a call or talk.
    pub grants: usize,
    /// Questions, deadlines, debts to the store, ports and legs that are still open.
    pub loose_ends: usize,
    /// New calls are put off, since the process will end.
    pub is_draining: bool,
}
