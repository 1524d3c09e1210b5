//! Agents who did not get a call, as it is kept for as long as the call's record is.

use std::fmt;
use std::sync::Arc;

use super::agents::AgentIx;
use super::messages::Why;
use crate::base::AgentId;

/// Agents and why each did not get the call, in order. Fifty may be named, mostly for the same few reasons: each reason stands here once,
/// and each agent as a place in the list of all, which every call shares.
#[derive(Clone, Default)]
pub struct PassedOver {
    names: Arc<[AgentId]>,
    agents: Box<[AgentIx]>,
    /// Of each agent, the place of the reason.
    places: Box<[u8]>,
    reasons: Box<[Why]>,
}

impl PassedOver {
    /// `names` are everybody's, by their places. Reasons beyond the 256th are not told apart from the last.
    pub(super) fn new(names: &Arc<[AgentId]>, named: Vec<(AgentIx, Why)>) -> PassedOver {
        let mut reasons: Vec<Why> = Vec::new();
        let mut place = |why: Why| {
            let known = reasons.iter().position(|reason| *reason == why).unwrap_or(reasons.len());
            if known == reasons.len() && known <= usize::from(u8::MAX) {
                reasons.push(why);
            }
            u8::try_from(known).unwrap_or(u8::MAX)
        };
        let (agents, places): (Vec<AgentIx>, Vec<u8>) =
            named.into_iter().map(|(agent, why)| (agent, place(why))).unzip();
        PassedOver { names: Arc::clone(names), agents: agents.into(), places: places.into(), reasons: reasons.into() }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&AgentId, &Why)> {
        let named = |(agent, place): (&AgentIx, &u8)| {
            Some((self.names.get(agent.0 as usize)?, self.reasons.get(usize::from(*place))?))
        };
        self.agents.iter().zip(&self.places).filter_map(named)
    }
}

impl PartialEq for PassedOver {
    fn eq(&self, other: &PassedOver) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for PassedOver {}

impl fmt::Debug for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_passed_over_is_told_in_order_and_each_reason_kept_once() {
        let names: Arc<[AgentId]> = (0..9).map(|n| AgentId::new(&format!("agent{n}"))).collect();
        let reasons = [Why::Busy, Why::Offline, Why::Busy, Why::NotTheirTurn, Why::Offline];
        let named: Vec<_> = [7, 3, 5, 8, 1].map(AgentIx).into_iter().zip(reasons).collect();
        let passed = PassedOver::new(&names, named.clone());
        let told = passed.iter().map(|(agent, why)| (agent.clone(), why.clone()));
        assert!(told.eq(named.iter().map(|(ix, why)| (names[ix.0 as usize].clone(), why.clone()))));
        assert_eq!(passed.reasons.len(), 3);
        assert_ne!(passed, PassedOver::default());
    }
}
