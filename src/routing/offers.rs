//! Grants: who is offered what, and how each offer ends.

use crate::base::limits::CALL_LENGTH_MAX;
use crate::base::{AgentId, CallId, Fence, Mono};

use super::agents::{Agent, AgentIx, Grant, Work};
use super::decide;
use super::fits::Fit;
use super::messages::{OfferFailure, Output, Why};
use super::passed_over::PassedOver;
use super::routed_call::{Failed, Place, RoutedCall};
use super::router::{Router, Timer};
use super::waiting::Rank;

impl Router {
    pub(super) fn offer_accepted(&mut self, call: CallId, agent: &AgentId, fence: Fence, now: Mono) {
        let Some((ix, grant)) = self.live(agent, |agent| agent.offered(call, fence)) else { return };
        if let Some(call) = self.calls.get_mut(&call) {
            (call.place, call.next) = (Place::Talking(ix), None);
        }
        self.agent_mut(ix).work = Work::OnCall(grant);
        self.timers.set(Timer::Grant(ix), now + CALL_LENGTH_MAX + self.rules.grant_margin);
        self.tell_state(ix, now);
    }

    pub(super) fn offer_failed(&mut self, call: CallId, agent: &AgentId, fence: Fence, why: OfferFailure, now: Mono) {
        if let Some((ix, grant)) = self.live(agent, |agent| agent.offered(call, fence)) {
            self.fail(ix, grant, why, now);
        }
    }

    pub(super) fn call_ended(&mut self, call: CallId, agent: &AgentId, fence: Fence, now: Mono) {
        if let Some((ix, _)) = self.live(agent, |agent| agent.talking(call, fence)) {
            self.end_talk(ix, now);
        }
    }

    /// Nobody answered for the offer, or the call never ended: no agent stays stuck.
    pub(super) fn grant_expired(&mut self, ix: AgentIx, now: Mono) {
        match self.agent(ix).work {
            Work::Offered(grant) => {
                self.tell_expired(ix, grant);
                self.fail(ix, grant, OfferFailure::NoAnswer, now);
            }
            Work::OnCall(grant) => {
                self.tell_expired(ix, grant);
                self.end_talk(ix, now);
            }
            Work::Free | Work::WrapUp { .. } => {}
        }
    }

    /// The agent goes into wrap-up; the call is over for the router.
    pub(super) fn end_talk(&mut self, ix: AgentIx, now: Mono) {
        let Work::OnCall(grant) = self.agent(ix).work else { return };
        self.timers.cancel(&Timer::Grant(ix));
        self.leave_to_next(grant.call, ix);
        let longest = self.queue(grant.queue).setup.wrap_up;
        let is_written = std::mem::take(&mut self.agent_mut(ix).wrapped_up);
        if longest.is_zero() || is_written {
            self.note_service(ix, grant.queue, now);
            return self.end_work(ix, now, now);
        }
        self.agent_mut(ix).work = Work::WrapUp { call: grant.call, queue: grant.queue };
        self.timers.set(Timer::WrapUp(ix), now + longest);
        self.tell_state(ix, now);
    }

    /// A call that is being passed on goes on with whoever is to have it; any other is over.
    fn leave_to_next(&mut self, id: CallId, ix: AgentIx) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.place == Place::Talking(ix)) else { return };
        match call.next.take() {
            Some(next) => call.place = Place::Talking(next),
            None => self.forget(id),
        }
    }

    /// The caller left during the offer: the agent keeps their turn.
    pub(super) fn withdraw(&mut self, ix: AgentIx, now: Mono) {
        let Work::Offered(grant) = self.agent(ix).work else { return };
        self.timers.cancel(&Timer::Grant(ix));
        self.end_work(ix, grant.idle_since, now);
    }

    /// Grants a free agent to a call that waits nowhere.
    pub(super) fn offer(&mut self, id: CallId, ix: AgentIx, now: Mono) {
        let idle_since = self.leave_idle(ix).unwrap_or(now);
        self.grant(id, ix, idle_since, now);
    }

    /// The agent is free and stands in no idle set: takes the next call, or becomes idle.
    pub(super) fn next_call_or_idle(&mut self, ix: AgentIx, idle_since: Mono, now: Mono) {
        match self.choose_call(ix, now) {
            Some(call) => {
                self.stop_waiting(call);
                self.grant(call, ix, idle_since, now);
            }
            None => {
                self.join_idle(ix, idle_since);
                self.tell_state(ix, now);
            }
        }
    }

    pub(super) fn choose_agent(&self, call: &RoutedCall, now: Mono) -> Option<AgentIx> {
        let is_idle = |ix: &AgentIx| self.agent(*ix).idle.is_some() && self.agent(*ix).takes(call.lane, call.stage);
        let preferred = call.prefer.iter().copied().filter(is_idle);
        let in_turn = self.lane(call.lane).idle.iter().take_while(|turn| turn.ring <= call.stage);
        let may = |ix: AgentIx| {
            self.looked.note();
            !call.bars(ix, self.agent(ix), self.rules.again_after, now)
        };
        decide::agent_for_call(preferred, in_turn.map(|turn| turn.agent), may)
    }

    fn choose_call(&mut self, ix: AgentIx, now: Mono) -> Option<CallId> {
        for fit in &self.agents[ix.0 as usize].fits {
            self.looked.note();
            self.lanes[fit.lane.0 as usize].settle(now);
        }
        let agent = self.agent(ix);
        let firsts = agent.fits.iter().flat_map(|fit| self.firsts_of(*fit, now));
        let first = decide::call_for_agent(firsts.chain(self.held_for(ix, now)));
        // Hardly ever is it one that the agent has failed a moment ago, and then the others are gone through.
        first.filter(|call| self.may_have(ix, *call, now)).or_else(|| {
            let heads = agent.fits.iter().flat_map(|fit| self.heads_for(*fit, ix, now));
            decide::call_for_agent(heads.chain(self.held_for(ix, now)))
        })
    }

    /// The first call of each stage of a lane.
    fn firsts_of(&self, fit: Fit, now: Mono) -> impl Iterator<Item = (Rank, CallId)> + '_ {
        let firsts = self.lane(fit.lane).heads(fit.ring).filter_map(move |stage| stage.first(now));
        firsts.map(move |(rank, call)| {
            self.looked.note();
            (rank.raised(fit.points), call)
        })
    }

    /// The first call of each stage of a lane that the agent may have.
    fn heads_for(&self, fit: Fit, ix: AgentIx, now: Mono) -> impl Iterator<Item = (Rank, CallId)> + '_ {
        let stages = self.lane(fit.lane).heads(fit.ring);
        let heads = stages.filter_map(move |stage| stage.in_order(now).find(|(_, call)| self.may_have(ix, *call, now)));
        heads.map(move |(rank, call)| (rank.raised(fit.points), call))
    }

    fn may_have(&self, ix: AgentIx, id: CallId, now: Mono) -> bool {
        self.looked.note();
        !self.calls.get(&id).is_some_and(|call| call.bars(ix, self.agent(ix), self.rules.again_after, now))
    }

    fn held_for(&self, ix: AgentIx, now: Mono) -> impl Iterator<Item = (Rank, CallId)> + '_ {
        let agent = self.agent(ix);
        let held = agent.held.values().filter_map(|id| self.calls.get(id));
        held.map(move |call| {
            let points = agent.fit(call.lane).map_or(0, |fit| fit.points);
            (self.queue(call.queue).ageing().rank(call.key, now).raised(points), call.id)
        })
    }

    /// For a call that another agent passes on: it keeps its place with that one until it is accepted.
    pub(super) fn grant_directly(&mut self, id: CallId, agent: &AgentId, from: Option<CallId>, now: Mono) {
        let (queue, ix) = (self.calls.get(&id).map(|call| call.queue), self.agent_by_id.get(agent).copied());
        let (Some(ix), Some(queue)) = (ix, queue) else {
            return self.outputs.push_back(Output::NotFree { call: id, agent: agent.clone(), why: Why::Offline });
        };
        let is_free = from.map_or_else(|| self.agent(ix).is_free(), |own| self.agent(ix).can_leave(own));
        if !is_free {
            let why = match self.agent(ix) {
                agent if !agent.is_logged_in() => Why::Offline,
                agent if !agent.has_phone => Why::NoPhone,
                _ => Why::Busy,
            };
            return self.outputs.push_back(Output::NotFree { call: id, agent: agent.clone(), why });
        }
        let idle_since = self.leave_idle(ix).unwrap_or(now);
        let expires = now + self.queue(queue).setup.offer_timeout;
        let fence = self.agent_mut(ix).next_fence();
        if let Some(call) = self.calls.get_mut(&id) {
            call.next = Some(ix);
        }
        self.agent_mut(ix).work = Work::Offered(Grant { call: id, fence, queue, idle_since });
        self.agent_mut(ix).granted = now;
        self.timers.set(Timer::Grant(ix), expires + self.rules.grant_margin);
        self.tell_state(ix, now);
        self.outputs.push_back(Output::Offer {
            call: id,
            agent: agent.clone(),
            fence,
            expires,
            passed_over: Vec::new(),
            others: PassedOver::default(),
        });
    }

    fn grant(&mut self, id: CallId, ix: AgentIx, idle_since: Mono, now: Mono) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.place = Place::Offered(ix);
        call.told = None;
        self.score_entry(id, now);
        let Some(call) = self.calls.get(&id) else { return };
        let queue = call.queue;
        let (passed_over, others) = (self.passed_over(id, ix), self.others(id, ix));
        let expires = now + self.queue(queue).setup.offer_timeout;
        let agent = self.agent_mut(ix);
        let fence = agent.next_fence();
        agent.work = Work::Offered(Grant { call: id, fence, queue, idle_since });
        agent.granted = now;
        let agent = agent.id.clone();
        self.timers.set(Timer::Grant(ix), expires + self.rules.grant_margin);
        self.tell_state(ix, now);
        self.outputs.push_back(Output::Offer { call: id, agent, fence, expires, passed_over, others });
    }

    /// The call first, since it keeps its place; then the agent, who may have another.
    fn fail(&mut self, ix: AgentIx, grant: Grant, why: OfferFailure, now: Mono) {
        self.timers.cancel(&Timer::Grant(ix));
        if let Some(call) = self.calls.get_mut(&grant.call) {
            call.note_failure(Failed { agent: ix, why, at: now });
            call.next = call.next.filter(|next| *next != ix);
        }
        self.agent_mut(ix).work = Work::Free;
        if !matches!(why, OfferFailure::Declined | OfferFailure::Away) {
            self.pause(ix, why, now);
        }
        // One that was to be passed on is with another agent still, and waits for nobody.
        if self.calls.get(&grant.call).is_some_and(|call| call.place == Place::Offered(ix)) {
            self.find_agent_or_wait(grant.call, now);
        }
        // Or with nobody any more, and what becomes of it is not for the router to say.
        self.leave_to_next(grant.call, ix);
        self.settle_agent(ix, now, now);
    }

    fn tell_expired(&mut self, ix: AgentIx, grant: Grant) {
        let agent = self.agent(ix).id.clone();
        self.outputs.push_back(Output::GrantExpired { call: grant.call, agent, fence: grant.fence });
    }

    /// The agent and the grant that the input speaks of, if it is the one that lives.
    fn live(&mut self, id: &AgentId, grant: impl Fn(&Agent) -> Option<Grant>) -> Option<(AgentIx, Grant)> {
        let ix = self.known_agent(id)?;
        let live = grant(self.agent(ix));
        self.stale += u64::from(live.is_none());
        live.map(|grant| (ix, grant))
    }
}
