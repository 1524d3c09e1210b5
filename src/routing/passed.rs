//! Who was passed over for a grant, and why: said at the moment of the grant, for whoever asks afterwards. Those with a claim come
//! first, then those whose work the call is, then the others; of a large team only the first are looked at, so that a grant costs the
//! same in a team of any size.

use crate::base::limits::{OTHERS_LOOKED_AT, OTHERS_NAMED, PASSED_OVER_MAX};
use crate::base::{AgentId, CallId};

use super::agents::{Agent, AgentIx, Work};
use super::messages::{Presence, Why};
use super::passed_over::PassedOver;
use super::routed_call::RoutedCall;
use super::router::Router;

impl Router {
    /// Those with a claim to the call: preferred and not free, or tried before.
    pub(super) fn passed_over(&self, id: CallId, chosen: AgentIx) -> Vec<(AgentId, Why)> {
        self.calls.get(&id).map(|call| self.with_a_claim(call, chosen).collect()).unwrap_or_default()
    }

    /// All others, as far as they are looked at.
    pub(super) fn others(&self, id: CallId, chosen: AgentIx) -> PassedOver {
        let Some(call) = self.calls.get(&id) else { return PassedOver::default() };
        let mut named = Vec::with_capacity(OTHERS_NAMED.min(self.agents.len()));
        for is_theirs in [true, false] {
            let room = OTHERS_NAMED - named.len();
            named.extend(self.without_a_claim(call, chosen, is_theirs).take(room));
        }
        PassedOver::new(&self.names, named)
    }

    fn with_a_claim<'a>(&'a self, call: &'a RoutedCall, chosen: AgentIx) -> impl Iterator<Item = (AgentId, Why)> + 'a {
        let before = call.prefer.iter().copied().take_while(move |ix| *ix != chosen);
        let preferred = before.filter(|ix| !call.failed.iter().any(|f| f.agent == *ix));
        let preferred = preferred.map(|ix| (ix, self.why_not(ix, call)));
        let failed = call.failed.iter().filter(move |failed| failed.agent != chosen);
        let failed = failed.map(|failed| (failed.agent, Why::Failed(failed.why)));
        preferred.chain(failed).take(PASSED_OVER_MAX).map(|(ix, why)| (self.agent(ix).id.clone(), why))
    }

    fn without_a_claim<'a>(
        &'a self,
        call: &'a RoutedCall,
        chosen: AgentIx,
        is_theirs: bool,
    ) -> impl Iterator<Item = (AgentIx, Why)> + 'a {
        let claims = move |ix: &AgentIx| call.prefer.contains(ix) || call.failed.iter().any(|f| f.agent == *ix);
        let agents = self.agents.iter().zip((0..).map(AgentIx)).take(OTHERS_LOOKED_AT);
        let others = agents.filter(move |(agent, ix)| *ix != chosen && !agent.is_gone && !claims(ix));
        let meant = others.filter(move |(agent, _)| agent.fit(call.lane).is_some() == is_theirs);
        meant.map(|(_, ix)| (ix, self.why_not(ix, call)))
    }

    pub(super) fn why_not(&self, ix: AgentIx, call: &RoutedCall) -> Why {
        let agent = self.agent(ix);
        match agent.fit(call.lane) {
            None => self.why_unfit(agent, call),
            Some(fit) if fit.ring > call.stage => Why::LaterRing,
            Some(_) => why_not_free(agent),
        }
    }

    fn why_unfit(&self, agent: &Agent, call: &RoutedCall) -> Why {
        let queue = &self.queue(call.queue).setup;
        let needs = queue.requires.iter().chain(&self.lane(call.lane).extra);
        let lacking = needs.into_iter().find(|need| !agent.meets(std::slice::from_ref(need)));
        lacking.map_or(Why::OtherQueues, |need| Why::Lacks(need.clone()))
    }
}

fn why_not_free(agent: &Agent) -> Why {
    match (&agent.presence, &agent.work) {
        (Presence::Offline, _) => Why::Offline,
        (Presence::Break { .. }, _) => Why::OnBreak,
        (Presence::Available, Work::OnCall(_)) => Why::Busy,
        (Presence::Available, Work::Offered(_)) => Why::Reserved,
        (Presence::Available, Work::WrapUp { .. }) => Why::WrapUp,
        (Presence::Available, Work::Free) if !agent.engaged.is_empty() => Why::Busy,
        (Presence::Available, Work::Free) if agent.paused.is_some() => Why::Paused,
        (Presence::Available, Work::Free) if !agent.connected => Why::NoDesk,
        (Presence::Available, Work::Free) if !agent.has_phone => Why::NoPhone,
        (Presence::Available, Work::Free) => Why::NotTheirTurn,
    }
}
