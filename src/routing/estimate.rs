//! The expected wait: how long a call takes its agent, as it was lately, over those who serve the queue.

use std::time::Duration;

use crate::base::Mono;

use super::agents::AgentIx;
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
        let agent = self.agent_mut(ix);
        let took = now.since(agent.granted);
        agent.done.note_call(agent.granted, now);
        self.queue_mut(queue).service.note(took);
    }

    /// For a call that would enter now; `None` while nobody serves the queue, or no call of it has been served yet.
    pub(super) fn wait_of_next(&self, queue: &Queue) -> Option<Duration> {
        if queue.waiting.is_empty() && queue.free > 0 {
            return Some(Duration::ZERO);
        }
        Some(self.time_between_agents(queue)? * u32::try_from(queue.waiting.len() + 1).unwrap_or(u32::MAX))
    }

    /// How often an agent of this queue becomes free, on average, while all who serve it are busy with it. Those who serve
    /// other queues besides count as if they served this one alone.
    pub(super) fn time_between_agents(&self, queue: &Queue) -> Option<Duration> {
        let mean = queue.service.mean.filter(|_| queue.serving > 0)?;
        Some(mean / u32::try_from(queue.serving).unwrap_or(u32::MAX))
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
