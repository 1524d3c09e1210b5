//! Who may take the calls of which lane, and from which ring on: worked out when the setup changes, looked up afterwards.

use super::agents::{Agent, AgentIx};
use super::queues::{Lane, LaneIx, QueueIx};
use super::router::Router;
use super::setup::{QueueSetup, RingSetup};

/// An agent's part in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    pub lane: LaneIx,
    /// Takes calls that have widened their search so far; 0 for those of the queue itself.
    pub ring: u8,
    /// How many of the skills that the queue prefers the agent has not.
    pub lacking: u8,
    /// What calls of this queue gain when the agent looks for the next one.
    pub points: i32,
}

impl Router {
    /// `None`: the agent takes no call of this lane, however long it waits.
    pub(super) fn work_out_fit(&self, agent: &Agent, ix: LaneIx, lane: &Lane) -> Option<Fit> {
        let queue = &self.queue(lane.queue).setup;
        let ring = if agent.meets(&lane.extra) { self.ring_of(agent, queue)? } else { return None };
        let lacking = queue.prefers.iter().filter(|need| !agent.meets(std::slice::from_ref(need))).count();
        Some(Fit { lane: ix, ring, lacking: lacking as u8, points: agent.points_for(&queue.id).unwrap_or(0) })
    }

    /// Anew for the lanes of these queues.
    pub(super) fn fit_anew(&mut self, ix: AgentIx, is_meant: impl Fn(QueueIx) -> bool) {
        let mut fits = std::mem::take(&mut self.agent_mut(ix).fits);
        fits.retain(|fit| !is_meant(self.lane(fit.lane).queue));
        let lanes = self.lanes.iter().zip((0..).map(LaneIx)).filter(|(lane, _)| is_meant(lane.queue));
        fits.extend(lanes.filter_map(|(lane, lane_ix)| self.work_out_fit(self.agent(ix), lane_ix, lane)));
        fits.sort_unstable_by_key(|fit| fit.lane);
        self.agent_mut(ix).fits = fits;
    }

    fn ring_of(&self, agent: &Agent, queue: &QueueSetup) -> Option<u8> {
        if agent.belongs_to(queue) {
            return Some(0);
        }
        let nth = queue.rings.iter().position(|ring| self.is_in_ring(agent, queue, ring))?;
        u8::try_from(nth + 1).ok()
    }

    fn is_in_ring(&self, agent: &Agent, queue: &QueueSetup, ring: &RingSetup) -> bool {
        let is_own = !agent.is_gone && agent.points_for(&queue.id).is_some();
        let meets = is_own && ring.requires.as_ref().is_some_and(|needs| agent.meets(needs));
        let others = ring.queues.iter().filter_map(|id| self.queue_by_id.get(id));
        meets || others.into_iter().any(|other| agent.belongs_to(&self.queue(*other).setup))
    }
}
