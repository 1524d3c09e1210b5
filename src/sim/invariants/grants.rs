//! At most one live grant for an agent, each with a higher fence than the one before.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{AgentId, CallId, Fence, Stage};
use crate::calls::facts::Fact;

#[derive(Default)]
pub(super) struct Grants {
    live: BTreeMap<AgentId, CallId>,
    last_fence: BTreeMap<AgentId, Fence>,
    /// Calls that an agent has answered, and may pass on: for a moment they have two.
    answered: BTreeSet<CallId>,
}

impl Grants {
    pub fn fact(&mut self, fact: &Fact) -> Vec<String> {
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
