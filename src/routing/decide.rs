//! The choice itself, without a state of its own: which agent for a call, which call for an agent.

use crate::base::CallId;

use super::agents::AgentIx;
use super::waiting::Rank;

/// The first preferred agent who may have it, else the first of those whose turn it is.
pub(super) fn agent_for_call(
    mut preferred: impl Iterator<Item = AgentIx>,
    mut in_turn: impl Iterator<Item = AgentIx>,
    may: impl Fn(AgentIx) -> bool,
) -> Option<AgentIx> {
    preferred.find(|agent| may(*agent)).or_else(|| in_turn.find(|agent| may(*agent)))
}

/// Of the first call of each lane, the one that is served first.
pub(super) fn call_for_agent(heads: impl Iterator<Item = (Rank, CallId)>) -> Option<CallId> {
    heads.min().map(|(_, call)| call)
}
