//! Calls come in, wait, and leave.

use crate::base::limits::{EXTRA_SKILLS_MAX, HELD_PER_AGENT_MAX, LANES_MAX, PREFERRED_MAX};
use crate::base::{AgentId, CallId, Mono, QueueId};

use super::agents::AgentIx;
use super::messages::Output;
use super::queues::{Lane, LaneIx, QueueIx};
use super::routed_call::{Place, RoutedCall};
use super::router::{Router, Timer};
use super::setup::SkillNeed;
use super::turns::Turn;
use super::waiting::WaitKey;

/// What a call brings for its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub priority: i32,
    pub since: Option<Mono>,
}

impl Router {
    pub(super) fn enqueue(
        &mut self,
        id: CallId,
        queue: &QueueId,
        asked: Asked,
        prefer: &[AgentId],
        extra: Vec<SkillNeed>,
        now: Mono,
    ) {
        if self.calls.contains_key(&id) {
            self.stale += 1;
            return;
        }
        let Some(queue) = self.queue_by_id.get(queue).copied() else {
            return self.outputs.push_back(Output::NobodyCanServe { call: id });
        };
        let Some(lane) = self.lane_for(queue, extra) else {
            return self.outputs.push_back(Output::QueueFull { call: id });
        };
        let known = prefer.iter().take(PREFERRED_MAX).filter_map(|agent| self.agent_by_id.get(agent).copied());
        let prefer = known.collect();
        let enqueued = asked.since.map_or(now, |since| since.min(now));
        let key = WaitKey { priority: asked.priority, enqueued, serial: self.next_serial };
        let (failed, place) = (Vec::new(), Place::Waiting);
        let mut call =
            RoutedCall { id, queue, lane, stage: 0, key, prefer, failed, place, next: None, told: None, entry: None };
        call.stage = self.stage_of(&call, now);
        self.take_in(call, asked.since.is_some(), now);
    }

    /// Caller gone, ceiling reached, or the end of a conversation of which nobody said so.
    pub(super) fn leave(&mut self, id: CallId, now: Mono) {
        self.unsay(id);
        let Some(call) = self.calls.get(&id) else {
            self.stale += 1;
            return;
        };
        match call.place {
            Place::Waiting | Place::Held(_) => {
                self.note_gone(id, now);
                self.stop_waiting(id);
                self.forget(id);
            }
            Place::Offered(agent) => {
                self.forget(id);
                self.withdraw(agent, now);
            }
            // Whoever had it has left it to this agent, who has not come yet.
            Place::Talking(agent) if self.agent(agent).is_offered(id) => {
                self.forget(id);
                self.withdraw(agent, now);
            }
            Place::Talking(agent) => self.end_talk(agent, now),
        }
    }

    /// Whoever has left does not hear what was said to them until then: from another queue they hear something else.
    fn unsay(&mut self, id: CallId) {
        self.outputs.retain(|output| !output.is_answer_to(id));
    }

    fn take_in(&mut self, call: RoutedCall, is_back: bool, now: Mono) {
        let id = call.id;
        if self.lane(call.lane).staffed == 0 {
            return self.outputs.push_back(Output::NobodyCanServe { call: id });
        }
        let is_full = self.queue(call.queue).is_full() && !is_back;
        let holder = self.holder(&call).filter(|_| !is_full);
        let agent = self.choose_agent(&call, now).filter(|_| holder.is_none());
        if is_full && agent.is_none() {
            return self.outputs.push_back(Output::QueueFull { call: id });
        }
        self.next_serial += 1;
        self.lane_mut(call.lane).calls += 1;
        self.calls.insert(id, Box::new(call));
        match (holder, agent) {
            (Some(holder), _) => self.hold(id, holder, now),
            (None, Some(agent)) => self.offer(id, agent, now),
            (None, None) => {
                self.wait(id, now);
                self.note_entry(id, now);
            }
        }
    }

    /// The first of the agents whom the call prefers who is busy but willing, is there, and can serve it; none while another of them is free.
    fn holder(&self, call: &RoutedCall) -> Option<AgentIx> {
        let is_free = |ix: &AgentIx| self.agent(*ix).idle.is_some() && self.agent(*ix).takes(call.lane, call.stage);
        if call.prefer.iter().any(is_free) {
            return None;
        }
        call.prefer.iter().copied().find(|ix| self.would_hold(*ix, call))
    }

    fn would_hold(&self, ix: AgentIx, call: &RoutedCall) -> bool {
        let agent = self.agent(ix);
        // Whoever has closed the desk over their last work may have gone home.
        let is_busy = agent.is_willing() && agent.connected && agent.is_busy();
        is_busy && agent.takes(call.lane, call.stage) && agent.held.len() < HELD_PER_AGENT_MAX
    }

    fn hold(&mut self, id: CallId, agent: AgentIx, now: Mono) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.place = Place::Held(agent);
        let (queue, serial, seat) = (call.queue, call.key.serial, call.key.seat());
        self.agent_mut(agent).held.insert(serial, id);
        self.queue_mut(queue).held.insert(serial, id);
        self.queue_mut(queue).waiting.insert(seat, id);
        let patience = self.queue(queue).setup.prefer_wait.unwrap_or(self.rules.prefer_wait);
        self.timers.set(Timer::Prefer(id), now + patience);
        self.watch_ring(id, now);
        self.moved.insert(queue);
    }

    /// Puts a call into its lane, at the place that its time and priority give it.
    pub(super) fn wait(&mut self, id: CallId, now: Mono) {
        let again_after = self.rules.again_after;
        self.watch_ring(id, now);
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.place = Place::Waiting;
        let (queue, lane, stage, key) = (call.queue, call.lane, call.stage, call.key);
        let again = call.next_again(again_after, now);
        if let Some(stage) = self.lane_mut(lane).stages.get_mut(usize::from(stage)) {
            stage.insert(key, id);
        }
        self.queue_mut(queue).waiting.insert(key.seat(), id);
        if let Some(again) = again {
            self.timers.set(Timer::Again(id), again);
        }
        self.moved.insert(queue);
        self.watch_lane(lane, now);
    }

    /// The opposite of `wait` and `hold`; the call keeps its key.
    pub(super) fn stop_waiting(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let (queue, lane, key, place) = (call.queue, call.lane, call.key, call.place);
        let (stage, has_failed) = (usize::from(call.stage), !call.failed.is_empty());
        if let Place::Held(agent) = place {
            self.timers.cancel(&Timer::Prefer(id));
            self.agent_mut(agent).held.remove(&key.serial);
            self.queue_mut(queue).held.remove(&key.serial);
        }
        if let (Place::Waiting, Some(stage)) = (place, self.lane_mut(lane).stages.get_mut(stage)) {
            stage.remove(key);
        }
        self.queue_mut(queue).waiting.remove(&key.seat());
        if has_failed {
            self.timers.cancel(&Timer::Again(id));
        }
        if !self.queue(queue).setup.rings.is_empty() {
            self.timers.cancel(&Timer::Ring(id));
        }
        self.moved.insert(queue);
        if self.queue(queue).waiting.is_empty() {
            self.queue_mut(queue).lately.note_empty();
        }
        if !self.lane(lane).has_waiting() {
            self.timers.cancel(&Timer::Deserted(lane));
        }
    }

    /// The call is no longer ours; it waits nowhere.
    pub(super) fn forget(&mut self, id: CallId) {
        if let Some(call) = self.calls.remove(&id) {
            self.lane_mut(call.lane).calls -= 1;
        }
    }

    pub(super) fn stop_preferring(&mut self, id: CallId, now: Mono) {
        self.stop_waiting(id);
        self.find_agent_or_wait(id, now);
    }

    pub(super) fn ask_again(&mut self, id: CallId, now: Mono) {
        self.stop_waiting(id);
        self.find_agent_or_wait(id, now);
    }

    /// For a call that waits nowhere.
    pub(super) fn find_agent_or_wait(&mut self, id: CallId, now: Mono) {
        self.note_stage(id, now);
        let agent = self.calls.get(&id).and_then(|call| self.choose_agent(call, now));
        match agent {
            Some(agent) => self.offer(id, agent, now),
            None => self.wait(id, now),
        }
    }

    /// A lane with calls and nobody logged in for them is given up after a while, unless somebody comes.
    pub(super) fn watch_lane(&mut self, ix: LaneIx, now: Mono) {
        let lane = self.lane(ix);
        if lane.staffed > 0 || !lane.has_waiting() {
            self.timers.cancel(&Timer::Deserted(ix));
        } else if self.timers.deadline(&Timer::Deserted(ix)).is_none() {
            self.timers.set(Timer::Deserted(ix), now + self.rules.deserted_after);
        }
    }

    pub(super) fn desert(&mut self, lane: LaneIx, now: Mono) {
        let mut calls: Vec<_> = self.lane(lane).stages.iter().flat_map(|stage| stage.in_order(now)).collect();
        calls.sort_unstable();
        let calls = calls.into_iter().map(|(_, call)| call);
        for call in calls {
            self.stop_waiting(call);
            self.forget(call);
            self.outputs.push_back(Output::NobodyCanServe { call });
        }
    }

    /// The lane of the queue whose calls ask for `extra`; `None` when too many different ones are in use.
    fn lane_for(&mut self, queue: QueueIx, mut extra: Vec<SkillNeed>) -> Option<LaneIx> {
        extra.truncate(EXTRA_SKILLS_MAX);
        extra.sort_unstable();
        extra.dedup();
        let known = self.queue(queue).lanes.iter().copied().find(|lane| self.lane(*lane).extra == extra);
        known.or_else(|| self.make_lane(queue, extra))
    }

    fn make_lane(&mut self, queue_ix: QueueIx, extra: Vec<SkillNeed>) -> Option<LaneIx> {
        let lane = Lane::new(queue_ix, extra, self.queue(queue_ix));
        let ix = self.lane_place()?;
        match self.lanes.get_mut(ix.0 as usize) {
            Some(place) => *place = lane,
            None => self.lanes.push(lane),
        }
        self.queue_mut(queue_ix).lanes.push(ix);
        (0..self.agents.len() as u32).for_each(|agent| self.join_lane(AgentIx(agent), ix));
        Some(ix)
    }

    /// The agent's part in a lane that is new.
    fn join_lane(&mut self, agent_ix: AgentIx, ix: LaneIx) {
        let agent = self.agent(agent_ix);
        let Some(fit) = self.work_out_fit(agent, ix, self.lane(ix)) else { return };
        let at = agent.fits.partition_point(|known| known.lane < ix);
        let (idle, is_logged_in) = (agent.idle, agent.is_logged_in());
        self.agent_mut(agent_ix).fits.insert(at, fit);
        let order = self.queue(self.lane(ix).queue).setup.order;
        let lane = self.lane_mut(ix);
        lane.staffed += usize::from(is_logged_in);
        lane.idle.extend(idle.map(|idle| Turn::new(order, fit, idle, agent_ix)));
    }

    fn leave_lane(&mut self, ix: LaneIx) {
        self.agents.iter_mut().for_each(|agent| agent.fits.retain(|fit| fit.lane != ix));
    }

    /// A place behind the last lane, or that of a lane that no call refers to.
    fn lane_place(&mut self) -> Option<LaneIx> {
        if self.lanes.len() < self.queues.len() + LANES_MAX {
            return Some(LaneIx(self.lanes.len() as u32));
        }
        let unused = self.lanes.iter().position(|lane| lane.calls == 0 && !lane.extra.is_empty())?;
        let ix = LaneIx(unused as u32);
        let queue = self.lane(ix).queue;
        self.queue_mut(queue).lanes.retain(|lane| *lane != ix);
        self.leave_lane(ix);
        Some(ix)
    }
}
