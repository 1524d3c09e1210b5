//! The expected wait: what is told, and what becomes of it.

use std::time::Duration;

use crate::base::{CallId, Mono};

use super::agents::AgentIx;
use super::lately::Predictions;
use super::messages::Output;
use super::queues::{Queue, QueueIx};
use super::routed_call::Entry;
use super::router::Router;
use super::setup::Estimator;

impl Router {
    /// An agent is done with a call of this queue.
    pub(super) fn note_service(&mut self, ix: AgentIx, queue: QueueIx, now: Mono) {
        let agent = self.agent_mut(ix);
        let took = now.since(agent.granted);
        agent.done.note_call(agent.granted, now);
        self.queue_mut(queue).lately.note_handled(took);
    }

    /// A call begins to wait: what it is told is kept, to be compared with what comes of it.
    pub(super) fn note_entry(&mut self, id: CallId, now: Mono) {
        let position = self.position(id, now);
        let Some(queue) = self.calls.get(&id).map(|call| call.queue) else { return };
        let queue = self.queue(queue);
        let predicted = queue.lately.predict(position, queue.serving);
        if let Some(call) = self.calls.get_mut(&id) {
            call.entry = Some(Entry { at: now, predicted });
        }
    }

    /// The call is offered for the first time: it has waited.
    pub(super) fn score_entry(&mut self, id: CallId, now: Mono) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (ix, entry) = (call.queue, call.entry.take());
        let Some(Entry { at, predicted }) = entry else { return };
        let waited = now.since(at);
        let queue = self.queue_mut(ix);
        let (serving, others) = (queue.serving, !queue.waiting.is_empty());
        queue.lately.note_offered(waited, serving, others, now);
        let queue = queue.setup.id.clone();
        self.outputs.push_back(Output::Waited { call: id, queue, waited, predicted });
    }

    /// The caller gave up.
    pub(super) fn note_gone(&mut self, id: CallId, now: Mono) {
        let Some(call) = self.calls.get(&id) else { return };
        let (queue, waited) = (call.queue, call.entry.map(|entry| now.since(entry.at)));
        if let Some(waited) = waited {
            self.queue_mut(queue).lately.note_gone(waited);
        }
    }

    /// For a call that would enter now; `None` while nobody serves the queue, or no call of it has been served yet.
    pub(super) fn wait_of_next(&self, queue: &Queue) -> Option<Duration> {
        if queue.waiting.is_empty() && queue.free > 0 {
            return Some(Duration::ZERO);
        }
        self.told(queue.lately.predict(queue.waiting.len() + 1, queue.serving), Duration::ZERO)
    }

    /// For a call that waits already, as the `position`th of its queue, counted from 1.
    pub(super) fn wait_left(&self, queue: &Queue, position: usize, waited: Duration) -> Option<Duration> {
        self.told(queue.lately.predict(position, queue.serving), waited)
    }

    fn told(&self, predicted: Predictions, waited: Duration) -> Option<Duration> {
        match self.rules.estimator {
            Estimator::Position => predicted.by_position,
            Estimator::LastServed => predicted.by_last_served.map(|wait| wait.saturating_sub(waited)),
        }
    }

    /// Keeps the numbers of those who serve in line with what the agent is.
    pub(super) fn count_serving(&mut self, ix: AgentIx) {
        self.count_serving_as(ix, self.agent(ix).is_willing());
    }

    pub(super) fn count_serving_as(&mut self, ix: AgentIx, is_serving: bool) {
        let agent = &mut self.agents[ix.0 as usize];
        if std::mem::replace(&mut agent.is_counted, is_serving) == is_serving {
            return;
        }
        for fit in &agent.fits {
            let queue = &mut self.queues[self.lanes[fit.lane.0 as usize].queue.0 as usize];
            let is_own = usize::from(queue.is_own(*fit));
            queue.serving = if is_serving { queue.serving + is_own } else { queue.serving.saturating_sub(is_own) };
        }
    }
}
