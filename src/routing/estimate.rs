//! The expected wait: how long a call takes its agent, as it was lately, over those who serve the queue.

use std::time::Duration;

use crate::base::Mono;

use super::agents::AgentIx;
use super::messages::Presence;
use super::queues::{Queue, QueueIx};
use super::router::Router;

/// How long calls of one queue have kept their agents, from the offer to the end of the wrap-up. Recent ones count more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Service {
    mean: Option<Duration>,
}

/// The weight of the latest call is one part in so many.
const SMOOTHING: u32 = 8;

impl Service {
    fn note(&mut self, took: Duration) {
        self.mean = Some(match self.mean {
            None => took,
            Some(mean) => (mean * (SMOOTHING - 1) + took) / SMOOTHING,
        });
    }
}

impl Router {
    /// An agent is done with a call of this queue.
    pub(super) fn note_service(&mut self, ix: AgentIx, queue: QueueIx, now: Mono) {
        let took = now.since(self.agent(ix).granted);
        self.queue_mut(queue).service.note(took);
    }

    /// For a call that would enter now; `None` while nobody serves the queue, or no call of it has been served yet.
    pub(super) fn wait_of_next(&self, queue: &Queue) -> Option<Duration> {
        if queue.waiting.is_empty() && !queue.idle.is_empty() {
            return Some(Duration::ZERO);
        }
        Some(self.time_between_agents(queue)? * u32::try_from(queue.waiting.len() + 1).unwrap_or(u32::MAX))
    }

    /// How often an agent of this queue becomes free, on average, while all who serve it are busy with it. Those who serve
    /// other queues besides count as if they served this one alone.
    pub(super) fn time_between_agents(&self, queue: &Queue) -> Option<Duration> {
        let serving = queue.able.iter().filter(|ix| self.serves_calls(**ix)).count();
        queue.service.mean.filter(|_| serving > 0).map(|mean| mean / u32::try_from(serving).unwrap_or(u32::MAX))
    }

    fn serves_calls(&self, ix: AgentIx) -> bool {
        let agent = self.agent(ix);
        agent.presence == Presence::Available && agent.paused.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_call_is_believed_and_later_ones_weigh_in() {
        let mut service = Service::default();
        assert_eq!(service.mean, None);
        service.note(Duration::from_secs(80));
        assert_eq!(service.mean, Some(Duration::from_secs(80)));
        service.note(Duration::from_secs(160));
        assert_eq!(service.mean, Some(Duration::from_secs(90)));
    }
}
