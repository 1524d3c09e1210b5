//! REGISTER of agents' phones: the digest gate, then the bindings (RFC 3261 section 10.3). Without a password it costs no state.

use std::time::Duration;

use bytes::Bytes;

use super::Endpoint;
use super::compose::{OUTBOUND, PATH, REGISTERING};
use super::core::Way;
use super::deadlines::Deadline;
use super::inside::Inside;
use super::names::Tag;
use super::{checks, reconfigure, stranger};
use crate::base::limits::SIP_ROUTES_MAX;
use crate::base::{AgentId, Family, Mono};
use crate::sip::api::{EndpointSetup, FlowId, Refusal, Rings, SipEvent};
use crate::sip::auth::{Credentials, Secrets, Verdict};
use crate::sip::registrar::{Binding, Instance, Over, Refused, Registration, Wanted, Wish};
use crate::sip::transaction::ServerKey;
use crate::sip::wire::{self, HeaderName, NameAddr, Request, Writer};

/// Whose passwords are good for a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Accounts {
    Phones,
    Trunks,
}

/// What a phone gets that asks for no particular time (RFC 3261 section 10.2.1.1).
const USUAL_LIFE: Duration = Duration::from_secs(3600);

impl Endpoint {
    pub(super) fn take_register(&mut self, way: Way, request: &Request, key: ServerKey, now: Mono) {
        if let Err(fault) = checks::extensions(request) {
            return stranger::turn_away(&mut self.core, way, request, fault.status(), |writer| fault.explain(writer));
        }
        if let Some(browser) = self.core.streams.browser_of(way.0).cloned() {
            if let Some(phone) = self.phone_in_browser(way, request, &browser, now) {
                self.register(way, request, key, phone, Over::Desk, now);
            }
            return;
        }
        let over = if self.core.is_websocket(way.0) { Over::Websocket } else { Over::Socket };
        match self.judge(request, Accounts::Phones, now) {
            (Verdict::Granted, Some(phone)) => self.register(way, request, key, phone, over, now),
            (verdict, _) => self.challenge(way, request, verdict, now),
        }
    }

    /// The first credentials that are good, or else the best that can be said of them; and whose they are, by the place in the setup.
    pub(super) fn judge(&mut self, request: &Request, of: Accounts, now: Mono) -> (Verdict, Option<usize>) {
        let method = request.method().to_string();
        let mut best = Verdict::Wrong;
        let given = request.authorizations().chain(request.proxy_authorizations());
        for credentials in given.filter(wire::Credentials::is_digest).map(|given| read(&given)) {
            let places = if of == Accounts::Phones { &self.phone_by_user } else { &self.trunk_by_user };
            let place = places.get(&credentials.username).copied();
            let is_ours = credentials.realm == self.core.setup.realm;
            let secrets = place.filter(|_| is_ours).and_then(|place| secrets_of(&self.core.setup, of, place));
            match self.gate.check(&credentials, &method, secrets, now) {
                Verdict::Granted => return (Verdict::Granted, place),
                Verdict::Stale => best = Verdict::Stale,
                Verdict::Wrong => {}
            }
        }
        (best, None)
    }

    pub(super) fn challenge(&mut self, way: Way, request: &Request, verdict: Verdict, now: Mono) {
        let stale = verdict == Verdict::Stale;
        if !stale {
            self.refused(Refusal::Unauthorized, now);
        }
        let setup = &self.core.setup;
        let challenges = self.gate.challenges(&setup.realm, &setup.digests, stale, now);
        stranger::turn_away(&mut self.core, way, request, 401, |writer| {
            for challenge in &challenges {
                writer.push(HeaderName::WWW_AUTHENTICATE, challenge);
            }
        });
    }

    /// The sender has shown that it is `phone`.
    fn register(&mut self, way: Way, request: &Request, key: ServerKey, phone: usize, over: Over, now: Mono) {
        if self.overloaded(way, request, false, now) {
            return;
        }
        let tag = Tag { session: Self::NOBODY, nonce: self.core.rng.u64() };
        let id = self.open(way, request, key, tag);
        let inside = Inside { request, way, id, tag };
        let Some(account) = self.core.setup.phones.get(phone) else { return };
        let agent = account.agent.clone();
        if request.to().uri.user_text() != account.user {
            return inside.answer(&mut self.core, 403, |_| {}, now);
        }
        let Some(wish) = wish_of(request, self.core.setup.registration_max) else {
            return inside.answer(&mut self.core, 400, |_| {}, now);
        };
        let registration = Registration {
            call_id: String::from_utf8_lossy(request.call_id()).into_owned(),
            cseq: request.cseq().number,
            source: way.1,
            flow: way.0,
            over,
            path: paths(request),
            wish,
        };
        self.core.streams.note_phone(way.0, phone);
        self.bind(&inside, phone, &agent, registration, now);
    }

    fn bind(&mut self, inside: &Inside<'_>, phone: usize, agent: &AgentId, registration: Registration, now: Mono) {
        let limits = (self.core.setup.registration_min, self.core.setup.registration_max);
        let before = self.standing(agent);
        let (way, over) = ((registration.flow, registration.source), registration.over);
        let older = self.older_desks(agent, way.0);
        let is_new = !self.registrar.bindings(agent).iter().any(|binding| binding.flow == way.0);
        match self.registrar.register(agent, registration, limits, now) {
            Ok(()) => {
                let bindings = self.registrar.bindings(agent);
                let more = |writer: &mut Writer| {
                    push_bindings(writer, bindings, now);
                    push_ways(writer, inside.request);
                };
                inside.answer(&mut self.core, 200, more, now);
            }
            Err(Refused::TooBrief) => {
                let least = limits.0.as_secs();
                inside.answer(
                    &mut self.core,
                    423,
                    |writer| {
                        writer.push(HeaderName::MIN_EXPIRES, least);
                    },
                    now,
                );
            }
            Err(Refused::OutOfOrder) => inside.answer_later(&mut self.core, now),
        }
        self.phone_changed(phone, agent, before);
        let contacts = self.contacts_over(agent, way.0);
        if over == Over::Desk && !contacts.is_empty() {
            self.bring_back(way, &contacts, &older, now);
            if is_new {
                self.core.tell(SipEvent::DeskOpened { agent: agent.clone() });
            }
        }
    }

    /// The other websockets on which the agent's desk is registered.
    fn older_desks(&self, agent: &AgentId, flow: FlowId) -> Vec<FlowId> {
        let bindings = self.registrar.bindings(agent).iter();
        bindings
            .filter(|binding| binding.over == Over::Desk && binding.flow != flow)
            .map(|binding| binding.flow)
            .collect()
    }

    fn contacts_over(&self, agent: &AgentId, flow: FlowId) -> Vec<String> {
        let bindings = self.registrar.bindings(agent).iter();
        bindings.filter(|binding| binding.flow == flow).map(|binding| binding.uri.clone()).collect()
    }

    pub(super) fn binding_expired(&mut self, phone: usize, now: Mono) {
        let Some(agent) = self.core.setup.phones.get(phone).map(|account| account.agent.clone()) else { return };
        let before = self.standing(&agent);
        self.registrar.expire(&agent, now);
        self.phone_changed(phone, &agent, before);
    }

    /// The connection to the phone has ended, and with it the contacts that were reached over it.
    pub(super) fn phone_cut_off(&mut self, phone: usize, flow: FlowId) {
        let Some(agent) = self.core.setup.phones.get(phone).map(|account| account.agent.clone()) else { return };
        let before = self.standing(&agent);
        self.registrar.cut_off(&agent, flow);
        self.phone_changed(phone, &agent, before);
    }

    /// It may register no more, and rings no more.
    pub(super) fn forget_phone(&mut self, phone: usize) {
        let Some(place) = self.core.setup.phones.get_mut(phone) else { return };
        let account = std::mem::replace(place, reconfigure::nobody());
        let before = self.standing(&account.agent);
        self.registrar.forget(&account.agent);
        self.phone_changed(phone, &account.agent, before);
    }

    /// What rings when the agent is called; the newest contact says for all.
    fn standing(&self, agent: &AgentId) -> Option<Rings> {
        let contact = self.registrar.rung(agent).last()?;
        Some(Rings { browser: contact.over.is_browser(), family: Family::of(contact.source.ip()) })
    }

    /// Sets the next expiry, and tells when the first contact came or the last went, or what rings is of another kind.
    fn phone_changed(&mut self, phone: usize, agent: &AgentId, before: Option<Rings>) {
        match self.registrar.next_expiry(agent) {
            Some(at) => self.core.timers.set(Deadline::Binding(phone), at),
            None => self.core.timers.cancel(&Deadline::Binding(phone)),
        }
        let rings = self.standing(agent);
        if rings != before {
            self.core.tell(SipEvent::PhoneReachable { agent: agent.clone(), rings });
        }
    }
}

/// `None` for one that has no password: nothing is the right answer then.
fn secrets_of(setup: &EndpointSetup, of: Accounts, place: usize) -> Option<Secrets<'_>> {
    let (md5, sha256) = match of {
        Accounts::Phones => setup.phones.get(place).map(|phone| (&phone.ha1_md5, &phone.ha1_sha256))?,
        Accounts::Trunks => {
            let account = setup.trunks.get(place)?.account.as_ref()?;
            (&account.ha1_md5, &account.ha1_sha256)
        }
    };
    (!md5.is_empty() && !sha256.is_empty()).then_some(Secrets { md5, sha256 })
}

/// The fields of a digest answer as texts.
fn read(given: &wire::Credentials<'_>) -> Credentials {
    let text = |name| given.get(name).map(|value| String::from_utf8_lossy(&value).into_owned()).unwrap_or_default();
    Credentials {
        username: text("username"),
        realm: text("realm"),
        nonce: text("nonce"),
        uri: text("uri"),
        response: text("response"),
        algorithm: text("algorithm"),
        cnonce: text("cnonce"),
        nc: text("nc"),
        qop: text("qop"),
    }
}

/// `None` when the contacts make no sense together.
fn wish_of(request: &Request, most: Duration) -> Option<Wish> {
    let expires = request.expires().map(|seconds| Duration::from_secs(seconds.into()));
    let contacts: Vec<NameAddr<'_>> = request.contacts().collect();
    if request.has_contact_star() {
        return (contacts.is_empty() && expires == Some(Duration::ZERO)).then_some(Wish::RemoveAll);
    }
    if contacts.is_empty() {
        return Some(Wish::Ask);
    }
    let usual = expires.unwrap_or(USUAL_LIFE.min(most));
    contacts.iter().map(|contact| contact_of(contact, usual)).collect::<Option<Vec<_>>>().map(Wish::Set)
}

fn contact_of(contact: &NameAddr<'_>, usual: Duration) -> Option<Wanted> {
    let own = contact.params.value("expires").and_then(|value| std::str::from_utf8(value).ok()?.parse::<u32>().ok());
    let life = own.map_or(usual, |seconds| Duration::from_secs(seconds.into()));
    let uri = std::str::from_utf8(contact.uri.raw()).ok().filter(|_| contact.uri.is_sip())?;
    Some(Wanted { uri: uri.to_owned(), life, instance: instance_of(contact) })
}

/// One without a quote or a line break, which stands in our answers.
fn instance_of(contact: &NameAddr<'_>) -> Option<Instance> {
    let text = |name| contact.params.value(name).and_then(|value| std::str::from_utf8(value).ok());
    let id = text("+sip.instance")?.trim_matches('"');
    let is_plain = id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    let reg_id = text("reg-id").and_then(|text| text.parse().ok()).unwrap_or(0);
    (is_plain && !id.is_empty()).then(|| Instance { id: id.to_owned(), reg_id })
}

/// The proxies on the way to the phone (RFC 3327 section 5.3).
fn paths(request: &Request) -> Vec<Bytes> {
    request.list(HeaderName::PATH).take(SIP_ROUTES_MAX).map(Bytes::copy_from_slice).collect()
}

fn push_bindings(writer: &mut Writer, bindings: &[Binding], now: Mono) {
    for Binding { uri, expires, instance, .. } in bindings {
        let left = expires.since(now).as_secs();
        match instance {
            None => writer.push(HeaderName::CONTACT, format_args!("<{uri}>;expires={left}")),
            Some(Instance { id, reg_id: 0 }) => {
                writer.push(HeaderName::CONTACT, format_args!("<{uri}>;expires={left};+sip.instance=\"{id}\""))
            }
            Some(Instance { id, reg_id }) => writer.push(
                HeaderName::CONTACT,
                format_args!("<{uri}>;expires={left};+sip.instance=\"{id}\";reg-id={reg_id}"),
            ),
        };
    }
}

/// What we have done about its outbound flow and its path, for a phone that knows of them (RFC 5626 section 6, RFC 3327 section 5.3).
fn push_ways(writer: &mut Writer, request: &Request) {
    writer.push(HeaderName::SUPPORTED, REGISTERING.join(", "));
    let is_numbered = |contact: NameAddr<'_>| contact.params.has("reg-id") && contact.params.has("+sip.instance");
    let knows = |what| request.has_token(HeaderName::SUPPORTED, what);
    // Through a proxy the flow is not ours to keep.
    let is_direct = request.list(HeaderName::PATH).next().is_none();
    if knows(OUTBOUND) && is_direct && request.contacts().any(is_numbered) {
        writer.push(HeaderName::REQUIRE, OUTBOUND);
    }
    if knows(PATH) {
        writer.copy_all(HeaderName::PATH, request);
    }
}
