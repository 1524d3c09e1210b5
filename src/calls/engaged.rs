//! Agents in calls that the router did not give them: calls from or to their phones, and callers who were passed on to them while
//! they could not be granted. The router offers them nothing meanwhile.

use crate::base::AgentId;
use crate::routing;

use super::bench::Bench;
use super::call::Call;

/// The agent is in this call, until `release` or the end of the call.
pub fn engage(call: &mut Call, agent: AgentId, bench: &mut Bench) {
    if !call.engaged.contains(&agent) {
        call.engaged.push(agent.clone());
        bench.routing(routing::Input::Engaged { agent, call: call.id });
    }
}

/// The call goes on without the agent.
pub fn release(call: &mut Call, agent: &AgentId, bench: &mut Bench) {
    if let Some(place) = call.engaged.iter().position(|engaged| engaged == agent) {
        let agent = call.engaged.remove(place);
        bench.routing(routing::Input::Disengaged { agent, call: call.id });
    }
}

/// The call is over.
pub fn release_all(call: &mut Call, bench: &mut Bench) {
    for agent in std::mem::take(&mut call.engaged) {
        bench.routing(routing::Input::Disengaged { agent, call: call.id });
    }
}
