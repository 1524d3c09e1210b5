//! Another configuration while the engine runs: every owner takes its part before anything else is handled.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::{AgentId, Now, TrunkId};
use crate::calls::browsing;
use crate::calls::settings::CallSettings;
use crate::routing;
use crate::sip::api::{EndpointSetup, PhoneAccount};

use super::pump::Engine;
use super::settings::Settings;

impl Engine {
    /// Calls in progress keep what they began with; whatever comes after this input meets the new configuration alone.
    pub(super) fn reconfigure(&mut self, settings: Settings, now: Now) {
        self.trunks = trunks_of(&settings.calls);
        let asked = settings.endpoint.trunks.iter().filter(|peer| peer.keep_alive.is_some());
        let asked: BTreeSet<TrunkId> = asked.map(|peer| peer.trunk.clone()).collect();
        self.reachable_by_trunk.retain(|trunk, _| asked.contains(trunk));
        let in_browser = in_browser_only(&settings.endpoint);
        let before = std::mem::replace(&mut self.in_browser_only, in_browser);
        self.router.reconfigure(settings.routing, now);
        self.endpoint.reconfigure(settings.endpoint, now);
        self.calls.reconfigure(Arc::new(settings.calls));
        self.desks.reconfigure(settings.desks);
        for agent in before.symmetric_difference(&self.in_browser_only) {
            let reachable = !self.in_browser_only.contains(agent) || self.endpoint.is_phone_reachable(agent);
            self.router.handle(routing::Input::Phone { agent: agent.clone(), reachable }, now);
        }
    }
}

/// Those of the file first.
pub(super) fn trunks_of(calls: &CallSettings) -> Vec<TrunkId> {
    let mut trunks: Vec<TrunkId> = calls.trunks.keys().cloned().collect();
    trunks.sort_by_key(|trunk| trunk.as_str() == browsing::TRUNK);
    trunks
}

/// Agents who have no phone while their desk's page is not open.
pub(super) fn in_browser_only(endpoint: &EndpointSetup) -> BTreeSet<AgentId> {
    let in_browser = endpoint.phones.iter().filter(|phone| phone.is_in_browser_only());
    in_browser.map(|phone: &PhoneAccount| phone.agent.clone()).collect()
}
