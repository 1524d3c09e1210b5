//! INVITEs of agents' phones: from the fixed address of one, or, with its password, from where one has registered.

use super::Endpoint;
use super::core::Way;
use super::register::Accounts;
use crate::base::{AgentId, IntentId, Mono};
use crate::sip::auth::Verdict;
use crate::sip::wire::{Method, Request};

/// Who sends a request that opens something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// By its place in the setup.
    Trunk(usize),
    Phone(AgentId),
    /// A customer's browser.
    Web(IntentId),
}

impl Caller {
    pub fn trunk(&self) -> Option<usize> {
        match self {
            Caller::Trunk(trunk) => Some(*trunk),
            Caller::Phone(_) | Caller::Web(_) => None,
        }
    }
}

impl Endpoint {
    /// `None` when it has been turned away or asked for a password.
    pub(super) fn caller_of(&mut self, way: Way, request: &Request, now: Mono) -> Option<Caller> {
        if let Some(browser) = self.core.streams.browser_of(way.0).cloned() {
            return self.caller_in_browser(way, request, &browser, now);
        }
        let trunk = self.core.trunk_of(way);
        if *request.method() == Method::Invite {
            if let Some(phone) = self.registered_phone(way, request, trunk.is_some()) {
                return self.prove_phone(way, request, phone, now).map(Caller::Phone);
            }
            if trunk.is_none()
                && !self.core.is_websocket(way.0)
                && let Some(agent) = self.fixed_phone(way, request)
            {
                return Some(Caller::Phone(agent));
            }
        }
        trunk.or_else(|| self.prove_trunk(way, request, now)).map(Caller::Trunk)
    }

    /// The place of the phone that the INVITE says to come from, if it has registered from there. Behind a trunk's address it must
    /// be the very contact: whatever else comes from there is the trunk's.
    fn registered_phone(&self, (flow, from): Way, request: &Request, is_trunks: bool) -> Option<usize> {
        let phone = *self.phone_by_user.get(&request.from().uri.user_text())?;
        let bindings = self.registrar.bindings(&self.core.setup.phones.get(phone)?.agent);
        let is_there = bindings.iter().any(|binding| match is_trunks {
            true => (binding.flow, binding.source) == (flow, from),
            false => binding.source.ip() == from.ip(),
        });
        is_there.then_some(phone)
    }

    fn prove_phone(&mut self, way: Way, request: &Request, phone: usize, now: Mono) -> Option<AgentId> {
        let (verdict, proved) = self.judge(request, Accounts::Phones, now);
        if (verdict, proved) != (Verdict::Granted, Some(phone)) {
            let verdict = if verdict == Verdict::Granted { Verdict::Wrong } else { verdict };
            self.challenge(way, request, verdict, now);
            return None;
        }
        self.core.setup.phones.get(phone).map(|account| account.agent.clone())
    }

    /// Over a connection the port says nothing.
    fn fixed_phone(&self, (flow, from): Way, request: &Request) -> Option<AgentId> {
        let user = request.from().uri.user_text();
        let is_at = |address: std::net::SocketAddr| address == from || (flow.is_stream() && address.ip() == from.ip());
        let mut phones = self.core.setup.fixed_phones.iter();
        let phone = phones.find(|phone| is_at(phone.address) && (phone.user.is_empty() || phone.user == user));
        phone.map(|phone| phone.agent.clone())
    }
}
