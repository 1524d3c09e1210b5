//! Another setup while calls wait and agents talk. Places in the lists stay what they are: whoever is not in the new setup any more
//! keeps the place, and finishes what is in hand.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{AgentId, Mono, Now, QueueId};

use super::agents::{Agent, AgentIx};
use super::messages::Presence;
use super::queues::{LaneIx, Queue, QueueIx};
use super::routed_call::Place;
use super::router::{Router, Rules, Timer};
use super::setup::{AgentSetup, QueueSetup, Setup};

impl Router {
    /// Takes another setup at once. An agent who is not in it finishes the call in hand and is offline then; a queue that is not in it
    /// serves the calls that wait in it, and those whose rules still name it.
    pub fn reconfigure(&mut self, setup: Setup, now: Now) {
        let now = now.mono;
        self.rules = Rules::of(&setup);
        // Places among the idle are made of the setup, and are given back before it changes.
        let stood: Vec<(AgentIx, Option<Mono>)> = self.all_agents().map(|ix| (ix, self.step_out(ix))).collect();
        let queues = self.take_queues(setup.queues);
        let agents = self.take_agents(setup.agents);
        for ix in self.all_agents() {
            self.fit_anew(ix, |queue| agents.contains(&ix) || queues.contains(&queue));
            self.step_in(ix);
        }
        queues.iter().for_each(|queue| self.stand_anew(*queue, now));
        (0..self.lanes.len() as u32).for_each(|lane| self.watch_lane(LaneIx(lane), now));
        agents.iter().for_each(|agent| self.see_off(*agent, now));
        let known = stood.len();
        let new = self.all_agents().skip(known).map(|ix| (ix, None)).collect::<Vec<_>>();
        for (ix, since) in stood.into_iter().chain(new) {
            self.let_go_of_held(ix, now);
            self.settle_agent(ix, since.unwrap_or(now), now);
        }
        self.report_moved(now);
    }

    fn all_agents(&self) -> impl Iterator<Item = AgentIx> + use<> {
        (0..self.agents.len() as u32).map(AgentIx)
    }

    /// The agent is in no count and no set; answers since when they were idle.
    fn step_out(&mut self, ix: AgentIx) -> Option<Mono> {
        let idle_since = self.leave_idle(ix);
        self.count_logged_in(ix, false);
        self.count_serving_as(ix, false);
        idle_since
    }

    fn step_in(&mut self, ix: AgentIx) {
        self.count_logged_in(ix, true);
        self.count_serving(ix);
    }

    fn count_logged_in(&mut self, ix: AgentIx, is_in: bool) {
        let agent = &self.agents[ix.0 as usize];
        for fit in agent.fits.iter().filter(|_| agent.is_logged_in()) {
            let staffed = &mut self.lanes[fit.lane.0 as usize].staffed;
            *staffed = if is_in { *staffed + 1 } else { staffed.saturating_sub(1) };
        }
    }

    /// Answers those whose calls go to others than before, or wait otherwise: what changed itself, what is new, and what widens
    /// to one of these.
    fn take_queues(&mut self, setups: Vec<QueueSetup>) -> BTreeSet<QueueIx> {
        let mut new: BTreeMap<QueueId, QueueSetup> =
            setups.into_iter().map(|setup| (setup.id.clone(), setup)).collect();
        let mut changed = BTreeSet::new();
        for (queue, ix) in self.queues.iter_mut().zip((0..).map(QueueIx)) {
            let setup = new.remove(&queue.setup.id);
            queue.is_gone = setup.is_none();
            let Some(setup) = setup.filter(|setup| *setup != queue.setup) else { continue };
            queue.setup = setup;
            changed.insert(ix);
        }
        for setup in new.into_values() {
            let ix = QueueIx(self.queues.len() as u32);
            self.queue_by_id.insert(setup.id.clone(), ix);
            self.add_queue(Queue::new(setup), ix);
            changed.insert(ix);
        }
        let all = self.queues.iter().zip((0..).map(QueueIx));
        let widens = |queue: &Queue| queue.setup.rings.iter().any(|ring| self.names_one(&ring.queues, &changed));
        let widened: Vec<_> = all.filter(|(queue, _)| widens(queue)).map(|(_, ix)| ix).collect();
        changed.extend(widened);
        changed
    }

    fn names_one(&self, names: &[QueueId], of: &BTreeSet<QueueIx>) -> bool {
        names.iter().any(|id| self.queue_by_id.get(id).is_some_and(|ix| of.contains(ix)))
    }

    /// The calls of the queue stand in the order that its new ageing gives them, and as widened as its rings say.
    fn stand_anew(&mut self, ix: QueueIx, now: Mono) {
        for lane in self.queue(ix).lanes.clone() {
            self.lane_mut(lane).stages = self.queue(ix).empty_stages();
        }
        let waiting: Vec<_> = self.queue(ix).waiting.values().copied().collect();
        for id in waiting {
            self.timers.cancel(&Timer::Ring(id));
            self.note_stage(id, now);
            self.watch_ring(id, now);
            let Some(call) = self.calls.get(&id).filter(|call| call.place == Place::Waiting) else { continue };
            let (lane, stage, key) = (call.lane, usize::from(call.stage), call.key);
            if let Some(stage) = self.lane_mut(lane).stages.get_mut(stage) {
                stage.insert(key, id);
            }
        }
        self.moved.insert(ix);
    }

    /// The agents whose skills or queues are not as before, or who are new or gone.
    fn take_agents(&mut self, setups: Vec<AgentSetup>) -> BTreeSet<AgentIx> {
        let mut new: BTreeMap<AgentId, AgentSetup> =
            setups.into_iter().map(|setup| (setup.id.clone(), setup)).collect();
        let mut changed = BTreeSet::new();
        for (agent, ix) in self.agents.iter_mut().zip((0..).map(AgentIx)) {
            if agent.take(new.remove(&agent.id)) {
                changed.insert(ix);
            }
        }
        for setup in new.into_values() {
            let ix = AgentIx(self.agents.len() as u32);
            self.agent_by_id.insert(setup.id.clone(), ix);
            self.agents.push(Agent::new(setup));
            // Those of all queues, which are not all among the changed ones.
            changed.insert(ix);
        }
        self.note_names();
        changed
    }

    /// Who is not there any more is logged out for good; what is in hand goes on.
    fn see_off(&mut self, ix: AgentIx, now: Mono) {
        if self.agent(ix).is_gone && self.agent(ix).is_logged_in() {
            let agent = self.agent(ix).id.clone();
            self.presence_said(&agent, Presence::Offline, now);
        }
    }

    /// Calls that wait for this agent alone, who cannot serve them any more, look for another.
    fn let_go_of_held(&mut self, ix: AgentIx, now: Mono) {
        let agent = self.agent(ix);
        let held = agent.held.values().filter_map(|id| self.calls.get(id));
        let lost: Vec<_> = held.filter(|call| !agent.takes(call.lane, call.stage)).map(|call| call.id).collect();
        lost.into_iter().for_each(|call| self.stop_preferring(call, now));
    }
}
