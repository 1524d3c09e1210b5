//! The choice itself, without a state of its own: which agent for a call, which call for an agent.

use std::collections::BTreeSet;

use crate::base::{CallId, Mono};

use super::agents::AgentIx;
use super::waiting::Rank;

/// The first preferred agent who is idle and fits, else the longest idle who fits.
pub(super) fn agent_for_call(
    preferred: impl Iterator<Item = (Mono, AgentIx)>,
    idle: &BTreeSet<(Mono, AgentIx)>,
    fits: impl Fn(AgentIx) -> bool,
) -> Option<AgentIx> {
    let mut preferred = preferred.filter(|place| idle.contains(place) && fits(place.1));
    preferred.next().or_else(|| idle.iter().copied().find(|(_, agent)| fits(*agent))).map(|(_, agent)| agent)
}

/// Of the first call of each lane, the one that is served first.
pub(super) fn call_for_agent(heads: impl Iterator<Item = (Rank, CallId)>) -> Option<CallId> {
    heads.min().map(|(_, call)| call)
}
