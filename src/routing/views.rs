//! What the router shows to the API: copies, in the order of the names.

use std::time::Duration;

use crate::base::{AgentId, CallId, Mono, QueueId};

use super::messages::AgentState;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentView {
    pub agent: AgentId,
    pub state: AgentState,
    pub since: Mono,
    /// The call that is offered, talked, or wrapped up.
    pub call: Option<CallId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueView {
    pub queue: QueueId,
    /// Calls that wait, those that are being offered not counted.
    pub waiting: usize,
    pub oldest_wait: Duration,
    /// Agents free for a call of this queue now, and those logged in who could serve it.
    pub available: usize,
    pub staffed: usize,
}

/// What is held, for the counters and for tests of emptiness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouterCounts {
    pub waiting: usize,
    pub offered: usize,
    pub talking: usize,
    pub timers: usize,
    /// Inputs with an old fence, or about somebody unknown.
    pub stale: u64,
}
