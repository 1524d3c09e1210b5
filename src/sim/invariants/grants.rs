//! At most one live grant for an agent, each with a higher fence than the one before; and the state that the agent is shown in fits.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{AgentId, CallId, Fence, Stage};
use crate::calls::facts::Fact;
use crate::routing::{AgentState, AgentView};

#[derive(Default)]
pub(super) struct Grants {
    live: BTreeMap<AgentId, CallId>,
    last_fence: BTreeMap<AgentId, Fence>,
    /// Calls that an agent has answered, and may pass on: for a moment they have two.
    answered: BTreeSet<CallId>,
    has_changed: bool,
}

impl Grants {
    /// Whether somebody has come to a call or left one since the last time.
    pub fn asks(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// What the API says of the agents.
    pub fn views(&self, views: &[AgentView]) -> Vec<String> {
        let state = |view: &AgentView| match view.state {
            AgentState::Offered { call, .. } | AgentState::OnCall { call, .. } => Some(call),
            AgentState::Offline
            | AgentState::Available
            | AgentState::Paused { .. }
            | AgentState::Break { .. }
            | AgentState::OnOwnCall { .. }
            | AgentState::WrapUp { .. } => None,
        };
        let wrong = views.iter().filter(|view| state(view) != self.live.get(&view.agent).copied());
        wrong
            .map(|view| format!("{}: is {:?}, and has {:?}", view.agent, view.state, self.live.get(&view.agent)))
            .collect()
    }

    pub fn fact(&mut self, fact: &Fact) -> Vec<String> {
        let is_change = |fact: &Fact| {
            matches!(fact, Fact::OfferFailed { .. } | Fact::LetGo { .. } | Fact::CallEnded(_) | Fact::PassedOn { .. })
        };
        self.has_changed |= is_change(fact);
        match fact {
            Fact::Granted { call, agent, fence } => self.grant(*call, agent, *fence),
            Fact::Stage { call, stage: Stage::InviteToAnswer, .. } | Fact::Recalling { call, .. } => {
                self.answered.insert(*call);
                Vec::new()
            }
            Fact::OfferFailed { call, agent } | Fact::LetGo { call, agent } => {
                self.live.retain(|of, with| of != agent || with != call);
                Vec::new()
            }
            Fact::CallEnded(record) => {
                self.live.retain(|_, with| *with != record.call);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn grant(&mut self, call: CallId, agent: &AgentId, fence: Fence) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Some(other) = self.live.insert(agent.clone(), call) {
            wrong.push(format!("{agent} is granted to {call} and still to {other}"));
        }
        let others: Vec<_> = self.live.iter().filter(|(of, with)| **with == call && *of != agent).collect();
        let allowed = usize::from(self.answered.contains(&call));
        wrong.extend(others.iter().skip(allowed).map(|(other, _)| format!("{call} has {agent} and still {other}")));
        if self.last_fence.insert(agent.clone(), fence).is_some_and(|last| last >= fence) {
            wrong.push(format!("{agent}: fence {} is not higher than the one before", fence.0));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::super::histories::{ended, failed, granted};
    use super::*;

    fn faults(facts: &[Fact]) -> usize {
        let mut grants = Grants::default();
        facts.iter().flat_map(|fact| grants.fact(fact)).count()
    }

    #[test]
    fn a_double_booking_is_found() {
        assert_eq!(faults(&[granted(1, "ann", 1), failed(1, "ann"), granted(2, "ann", 2)]), 0);
        assert_eq!(faults(&[granted(1, "ann", 1), ended(1), granted(2, "ann", 2)]), 0);
        assert_eq!(faults(&[granted(1, "ann", 1), granted(2, "ann", 2)]), 1, "two calls");
        assert_eq!(faults(&[granted(1, "ann", 1), granted(1, "ben", 1)]), 1, "two agents");
        assert_eq!(faults(&[granted(1, "ann", 2), ended(1), granted(2, "ann", 2)]), 1, "an old fence");
    }

    #[test]
    fn an_agent_who_is_shown_in_another_call_is_found() {
        let view = |state| AgentView { agent: AgentId::new("ann"), state, since: crate::base::Mono::ZERO, call: None };
        let call = super::super::histories::call;
        let on_call = |serial| view(AgentState::OnCall { call: call(serial), fence: Fence(1) });
        let mut grants = Grants::default();
        assert!(grants.views(&[view(AgentState::Available)]).is_empty() && !grants.asks());
        assert_eq!(grants.views(&[on_call(1)]).len(), 1, "not granted");
        grants.fact(&granted(1, "ann", 1));
        assert!(grants.views(&[on_call(1)]).is_empty());
        assert_eq!(grants.views(&[on_call(2)]).len(), 1, "another call");
        assert_eq!(grants.views(&[view(AgentState::Available)]).len(), 1, "free");
        grants.fact(&ended(1));
        assert!(grants.asks() && !grants.asks());
    }

    #[test]
    fn a_call_that_is_passed_on_has_two_agents_for_a_moment() {
        let call = super::super::histories::call;
        let answered = || Fact::Stage { call: call(1), stage: Stage::InviteToAnswer, since: crate::base::Mono::ZERO };
        let let_go = |agent: &str| Fact::LetGo { call: call(1), agent: AgentId::new(agent) };
        let passing = [granted(1, "ann", 1), answered(), granted(1, "ben", 1)];
        assert_eq!(faults(&passing), 0);
        assert_eq!(faults(&[&passing[..], &[granted(1, "cat", 1)]].concat()), 1, "three");
        assert_eq!(faults(&[&passing[..], &[let_go("ann"), granted(2, "ann", 2)]].concat()), 0, "free again");
        assert_eq!(faults(&[&passing[..], &[granted(2, "ann", 2)]].concat()), 1, "not let go");
    }
}
