//! What the router shows to the API: copies, in the order of the names.

use std::time::Duration;

use crate::base::{AgentId, CallId, Mono, Now, QueueId};

use super::agents::{Agent, Work};
use super::messages::AgentState;
use super::queues::Queue;
use super::router::Router;

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
    /// Of a call that would enter now; `None` when nobody serves the queue, or nothing is known of it yet.
    pub expected_wait: Option<Duration>,
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
    /// Agents, lanes and calls that were looked at to choose, since the beginning.
    pub looked: u64,
}

impl Router {
    /// Every agent, by name.
    pub fn agents(&self) -> Vec<AgentView> {
        let is_there = |agent: &&Agent| !agent.is_gone || agent.is_busy();
        let mut views: Vec<_> = self.agents.iter().filter(is_there).map(view_agent).collect();
        // Those whom a reload has added stand behind the others.
        views.sort_by(|one, other| one.agent.cmp(&other.agent));
        views
    }

    /// What this agent is; `None` for a name that nobody has.
    pub fn agent_state(&self, id: &AgentId) -> Option<&AgentState> {
        self.agent_by_id.get(id).map(|ix| &self.agent(*ix).state)
    }

    /// Every queue, by name.
    pub fn queues(&self, now: Now) -> Vec<QueueView> {
        let is_there = |queue: &&Queue| !queue.is_gone || !queue.waiting.is_empty();
        let mut views: Vec<_> =
            self.queues.iter().filter(is_there).map(|queue| self.view_queue(queue, now.mono)).collect();
        views.sort_by(|one, other| one.queue.cmp(&other.queue));
        views
    }

    pub fn counts(&self) -> RouterCounts {
        let at = |is: fn(&Work) -> bool| self.agents.iter().filter(|agent| is(&agent.work)).count();
        RouterCounts {
            waiting: self.queues.iter().map(|queue| queue.waiting.len()).sum(),
            offered: at(|work| matches!(work, Work::Offered(_))),
            talking: at(|work| matches!(work, Work::OnCall(_))),
            timers: self.timers.len(),
            stale: self.stale,
            looked: self.looked.count(),
        }
    }

    fn view_queue(&self, queue: &Queue, now: Mono) -> QueueView {
        let oldest = queue.waiting.values().next().and_then(|id| self.calls.get(id));
        let staffed = queue.lanes.first().map_or(0, |lane| self.lane(*lane).staffed);
        QueueView {
            queue: queue.setup.id.clone(),
            waiting: queue.waiting.len(),
            oldest_wait: oldest.map_or(Duration::ZERO, |call| now.since(call.key.enqueued)),
            available: queue.free,
            staffed,
            expected_wait: self.wait_of_next(queue),
        }
    }
}

fn view_agent(agent: &Agent) -> AgentView {
    AgentView { agent: agent.id.clone(), state: agent.state.clone(), since: agent.since, call: agent.call() }
}
