//! Agents come and go, take breaks, are paused, and finish their wrap-up.

use crate::base::{AgentId, CallId, Mono};

use super::agents::{Agent, AgentIx, Paused, Work};
use super::messages::{AgentState, OfferFailure, Output, Presence};
use super::router::{Router, Timer};
use super::setup::Pause;
use super::turns::Turn;

impl Router {
    pub(super) fn presence_said(&mut self, id: &AgentId, presence: Presence, now: Mono) {
        let Some(ix) = self.known_agent(id) else { return };
        // Whoever is gone can say nothing else.
        let presence = if self.agent(ix).is_gone { Presence::Offline } else { presence };
        let was_logged_in = self.agent(ix).is_logged_in();
        let is_available = presence == Presence::Available;
        let agent = self.agent_mut(ix);
        agent.presence = presence;
        agent.connected = true;
        agent.paused = None;
        if is_available {
            agent.ready_at = now;
        }
        self.timers.cancel(&Timer::Pause(ix));
        self.count_staff(ix, was_logged_in, now);
        // A desk that comes back in the middle of a wrap-up has not said that it is done.
        if is_available && was_logged_in {
            self.finish_wrap_up(ix, now);
        }
        // An agent who is idle already keeps their turn, and looks again: a call that they missed is forgiven now.
        let idle_since = if is_available { self.leave_idle(ix) } else { None };
        self.settle_agent(ix, idle_since.unwrap_or(now), now);
    }

    pub(super) fn desk_connected(&mut self, id: &AgentId, connected: bool, now: Mono) {
        let Some(ix) = self.known_agent(id) else { return };
        self.agent_mut(ix).connected = connected;
        self.settle_agent(ix, now, now);
    }

    pub(super) fn phone_connected(&mut self, id: &AgentId, reachable: bool, now: Mono) {
        let Some(ix) = self.known_agent(id) else { return };
        self.agent_mut(ix).has_phone = reachable;
        self.settle_agent(ix, now, now);
    }

    pub(super) fn engaged(&mut self, id: &AgentId, call: CallId, now: Mono) {
        let Some(ix) = self.known_agent(id) else { return };
        self.agent_mut(ix).engaged.insert(call);
        self.settle_agent(ix, now, now);
    }

    pub(super) fn disengaged(&mut self, id: &AgentId, call: CallId, now: Mono) {
        let Some(ix) = self.known_agent(id) else { return };
        self.agent_mut(ix).engaged.remove(&call);
        self.settle_agent(ix, now, now);
    }

    pub(super) fn wrap_up_done(&mut self, id: &AgentId, now: Mono) {
        let Some(ix) = self.known_agent(id) else { return };
        match self.agent(ix).work {
            Work::WrapUp { .. } => self.end_wrap_up(ix, now),
            Work::OnCall(_) => self.agent_mut(ix).wrapped_up = true,
            Work::Free | Work::Offered(_) => self.stale += 1,
        }
    }

    pub(super) fn end_wrap_up(&mut self, ix: AgentIx, now: Mono) {
        self.finish_wrap_up(ix, now);
        self.settle_agent(ix, now, now);
    }

    pub(super) fn end_pause(&mut self, ix: AgentIx, now: Mono) {
        self.agent_mut(ix).paused = None;
        self.settle_agent(ix, now, now);
    }

    pub(super) fn end_work(&mut self, ix: AgentIx, idle_since: Mono, now: Mono) {
        self.agent_mut(ix).work = Work::Free;
        self.settle_agent(ix, idle_since, now);
    }

    /// An agent who is away already needs no pause.
    pub(super) fn pause(&mut self, ix: AgentIx, why: OfferFailure, now: Mono) {
        if self.agent(ix).presence != Presence::Available {
            return;
        }
        let until = match self.rules.pause {
            Pause::For(span) => Some(now + span),
            Pause::UntilAvailable => None,
        };
        let agent = self.agent_mut(ix);
        agent.paused = Some(Paused { why, until });
        let agent = agent.id.clone();
        if let Some(until) = until {
            self.timers.set(Timer::Pause(ix), until);
        }
        self.outputs.push_back(Output::AgentPaused { agent, why });
    }

    /// Brings the idle sets, the calls that are held and the state told in line with what the agent is.
    pub(super) fn settle_agent(&mut self, ix: AgentIx, idle_since: Mono, now: Mono) {
        let agent = self.agent(ix);
        let (is_free, is_willing, is_idle) = (agent.is_free(), agent.is_willing(), agent.idle.is_some());
        if is_free && !is_idle {
            return self.next_call_or_idle(ix, idle_since, now);
        }
        if !is_free {
            self.leave_idle(ix);
        }
        if !is_willing {
            self.release_held(ix, now);
        }
        self.tell_state(ix, now);
    }

    pub(super) fn join_idle(&mut self, ix: AgentIx, since: Mono) {
        let agent = &mut self.agents[ix.0 as usize];
        let idle = agent.done.idle(since);
        agent.idle = Some(idle);
        for fit in &agent.fits {
            self.looked.note();
            let lane = &mut self.lanes[fit.lane.0 as usize];
            let queue = &mut self.queues[lane.queue.0 as usize];
            lane.idle.insert(Turn::new(queue.setup.order, *fit, idle, ix));
            queue.free += usize::from(queue.is_own(*fit));
        }
    }

    /// Since when the agent was idle, if they were.
    pub(super) fn leave_idle(&mut self, ix: AgentIx) -> Option<Mono> {
        let agent = &mut self.agents[ix.0 as usize];
        let idle = agent.idle.take()?;
        for fit in &agent.fits {
            self.looked.note();
            let lane = &mut self.lanes[fit.lane.0 as usize];
            let queue = &mut self.queues[lane.queue.0 as usize];
            lane.idle.remove(&Turn::new(queue.setup.order, *fit, idle, ix));
            queue.free -= usize::from(queue.is_own(*fit));
        }
        Some(idle.since)
    }

    /// Says so when the state differs from the one last told.
    pub(super) fn tell_state(&mut self, ix: AgentIx, now: Mono) {
        self.count_serving(ix);
        let state = self.state_of(self.agent(ix));
        let agent = self.agent_mut(ix);
        if agent.state == state {
            return;
        }
        agent.state = state.clone();
        agent.since = now;
        let agent = agent.id.clone();
        self.outputs.push_back(Output::AgentStateChanged { agent, state });
    }

    fn state_of(&self, agent: &Agent) -> AgentState {
        if let (Work::Free, Some(call)) = (&agent.work, agent.engaged.first())
            && agent.is_logged_in()
        {
            return AgentState::OnOwnCall { call: *call };
        }
        match (&agent.work, &agent.presence, &agent.paused) {
            (Work::Offered(grant), _, _) => AgentState::Offered { call: grant.call, fence: grant.fence },
            (Work::OnCall(grant), _, _) => AgentState::OnCall { call: grant.call, fence: grant.fence },
            (Work::WrapUp { call, queue }, _, _) => {
                AgentState::WrapUp { call: *call, longest: self.queue(*queue).setup.wrap_up }
            }
            (Work::Free, Presence::Offline, _) => AgentState::Offline,
            (Work::Free, Presence::Break { reason }, _) => AgentState::Break { reason: reason.clone() },
            (Work::Free, Presence::Available, Some(paused)) => {
                AgentState::Paused { why: paused.why, until: paused.until }
            }
            (Work::Free, Presence::Available, None) => AgentState::Available,
        }
    }

    fn finish_wrap_up(&mut self, ix: AgentIx, now: Mono) {
        self.timers.cancel(&Timer::WrapUp(ix));
        if let Work::WrapUp { queue, .. } = self.agent(ix).work {
            self.note_service(ix, queue, now);
            self.agent_mut(ix).work = Work::Free;
        }
    }

    fn release_held(&mut self, ix: AgentIx, now: Mono) {
        let held: Vec<_> = self.agent(ix).held.values().copied().collect();
        for call in held {
            self.stop_preferring(call, now);
        }
    }

    fn count_staff(&mut self, ix: AgentIx, was_logged_in: bool, now: Mono) {
        let is_logged_in = self.agent(ix).is_logged_in();
        if is_logged_in == was_logged_in {
            return;
        }
        let lanes: Vec<_> = self.agent(ix).fits.iter().map(|fit| fit.lane).collect();
        for lane in lanes {
            let staffed = &mut self.lane_mut(lane).staffed;
            *staffed = if is_logged_in { *staffed + 1 } else { staffed.saturating_sub(1) };
            self.watch_lane(lane, now);
        }
    }
}
