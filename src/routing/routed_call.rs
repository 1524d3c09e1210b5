//! A call between its entry into the router and the end of the conversation.

use std::time::Duration;

use crate::base::limits::PASSED_OVER_MAX;
use crate::base::{CallId, Mono};

use super::agents::{Agent, AgentIx};
use super::lately::Predictions;
use super::messages::OfferFailure;
use super::queues::{LaneIx, QueueIx};
use super::waiting::WaitKey;

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In its lane.
    Waiting,
    /// With a busy agent whom it prefers.
    Held(AgentIx),
    Offered(AgentIx),
    Talking(AgentIx),
}

/// An offer of this call that came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    pub agent: AgentIx,
    pub why: OfferFailure,
    pub at: Mono,
}

/// When a call began to wait, and what was expected then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub at: Mono,
    pub predicted: Predictions,
}

#[derive(Clone, Debug)]
pub(super) struct RoutedCall {
    pub id: CallId,
    pub queue: QueueIx,
    pub lane: LaneIx,
    /// How often its search has widened.
    pub stage: u8,
    pub key: WaitKey,
    /// The dearest first, at most `PREFERRED_MAX`.
    pub prefer: Vec<AgentIx>,
    /// The latest, at most `PASSED_OVER_MAX`, oldest first.
    pub failed: Vec<Failed>,
    pub place: Place,
    /// Whom it is being passed on to; theirs when the agent of now has left it.
    pub next: Option<AgentIx>,
    /// The position last reported.
    pub told: Option<usize>,
    /// Present from when it begins to wait to its first offer.
    pub entry: Option<Entry>,
}

impl RoutedCall {
    pub(super) fn note_failure(&mut self, failed: Failed) {
        self.failed.retain(|earlier| earlier.agent != failed.agent);
        if self.failed.len() >= PASSED_OVER_MAX {
            self.failed.remove(0);
        }
        self.failed.push(failed);
    }

    /// The agent had an offer of this call a moment ago, and has not said since that they are ready after all.
    pub(super) fn bars(&self, ix: AgentIx, agent: &Agent, again_after: Duration, now: Mono) -> bool {
        let bars = |failed: &Failed| {
            let forgiven = failed.why != OfferFailure::Declined && agent.ready_at > failed.at;
            failed.agent == ix && now < failed.at + again_after && !forgiven
        };
        self.failed.iter().any(bars)
    }

    /// When the next of the agents who are barred may be asked again.
    pub(super) fn next_again(&self, again_after: Duration, now: Mono) -> Option<Mono> {
        self.failed.iter().map(|failed| failed.at + again_after).filter(|at| *at > now).min()
    }
}
