//! Where agents' phones are: bindings of contacts to agents (RFC 3261 section 10.3), kept with the address they came from.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::api::FlowId;
use super::wire::Uri;
use crate::base::limits::BINDINGS_PER_AGENT_MAX;
use crate::base::{AgentId, Mono};

/// One contact of a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The contact's URI as registered; it becomes the Request-URI.
    pub uri: String,
    /// Where the REGISTER came from; packets go there, whatever the URI says (a phone behind NAT knows no better).
    pub source: SocketAddr,
    pub flow: FlowId,
    pub over: Over,
    pub expires: Mono,
    /// What the phone calls itself and this way to it (RFC 5626 section 4.1).
    pub instance: Option<Instance>,
    /// The proxies before it, as values of Route (RFC 3327).
    pub path: Vec<Bytes>,
    call_id: String,
    cseq: u32,
}

/// What a contact is reached over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Over {
    /// UDP, TCP or TLS.
    Socket,
    /// The websocket of a phone that has shown its password.
    Websocket,
    /// The websocket of the agent's desk: a newer one takes the place of an older one.
    Desk,
}

/// `+sip.instance` and `reg-id` of a Contact (RFC 5626 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// As it stood, without quotes.
    pub id: String,
    pub reg_id: u32,
}

/// One contact of a REGISTER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub uri: String,
    /// The time that it asks for; zero removes it.
    pub life: Duration,
    pub instance: Option<Instance>,
}

/// What a REGISTER that passed the gate asks for.
#[derive(Clone, Debug)]
pub struct Registration {
    pub call_id: String,
    pub cseq: u32,
    pub source: SocketAddr,
    pub flow: FlowId,
    pub over: Over,
    pub path: Vec<Bytes>,
    pub wish: Wish,
}

/// The contacts of a REGISTER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// No Contact: only tell what there is.
    Ask,
    /// `Contact: *` with `Expires: 0`.
    RemoveAll,
    Set(Vec<Wanted>),
}

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// 423: a time below the least.
    TooBrief,
    /// 500: an older request that arrived late (RFC 3261 section 10.3, step 7).
    OutOfOrder,
}

impl Over {
    pub fn is_browser(self) -> bool {
        match self {
            Over::Socket => false,
            Over::Websocket | Over::Desk => true,
        }
    }
}

impl Binding {
    /// Whether `wanted` is about this one: the same instance over the same way of its own, or else the same URI.
    fn is(&self, wanted: &Wanted) -> bool {
        same(&self.uri, &wanted.uri) || (self.instance.is_some() && self.instance == wanted.instance)
    }
}

/// All bindings, by agent.
#[derive(Default)]
pub struct Registrar {
    bindings_by_agent: HashMap<AgentId, Vec<Binding>>,
}

impl Registrar {
    /// Does all that `registration` asks for, or nothing. `least` and `most` bound the life of a binding.
    pub fn register(
        &mut self,
        agent: &AgentId,
        registration: Registration,
        (least, most): (Duration, Duration),
        now: Mono,
    ) -> Result<(), Refused> {
        let mut bindings = self.bindings_by_agent.get(agent).cloned().unwrap_or_default();
        match &registration.wish {
            Wish::Ask => return Ok(()),
            Wish::RemoveAll => remove_all(&mut bindings, &registration)?,
            Wish::Set(contacts) => {
                for wanted in contacts {
                    if !wanted.life.is_zero() && wanted.life < least {
                        return Err(Refused::TooBrief);
                    }
                    set(&mut bindings, &registration, wanted, wanted.life.min(most), now)?;
                }
            }
        }
        self.keep(agent, bindings);
        Ok(())
    }

    /// The contacts that are registered now, the oldest first.
    pub fn bindings(&self, agent: &AgentId) -> &[Binding] {
        self.bindings_by_agent.get(agent).map_or(&[], Vec::as_slice)
    }

    /// The contacts that a call rings: those in browsers alone while there are any, since one offer cannot be for both kinds.
    pub fn rung(&self, agent: &AgentId) -> impl Iterator<Item = &Binding> {
        let in_browser = self.rings_browser(agent);
        self.bindings(agent).iter().filter(move |binding| binding.over.is_browser() == in_browser)
    }

    pub fn is_reachable(&self, agent: &AgentId) -> bool {
        !self.bindings(agent).is_empty()
    }

    /// What rings is in a browser.
    pub fn rings_browser(&self, agent: &AgentId) -> bool {
        self.bindings(agent).iter().any(|binding| binding.over.is_browser())
    }

    /// When the next binding of `agent` ends.
    pub fn next_expiry(&self, agent: &AgentId) -> Option<Mono> {
        self.bindings(agent).iter().map(|binding| binding.expires).min()
    }

    /// Drops the bindings whose time has come.
    pub fn expire(&mut self, agent: &AgentId, now: Mono) {
        let mut bindings = self.bindings_by_agent.remove(agent).unwrap_or_default();
        bindings.retain(|binding| binding.expires > now);
        self.keep(agent, bindings);
    }

    /// Drops the bindings that are reached over a connection that has ended.
    pub fn cut_off(&mut self, agent: &AgentId, flow: FlowId) {
        let mut bindings = self.bindings_by_agent.remove(agent).unwrap_or_default();
        bindings.retain(|binding| binding.flow != flow);
        self.keep(agent, bindings);
    }

    /// Drops every binding of `agent`.
    pub fn forget(&mut self, agent: &AgentId) {
        self.bindings_by_agent.remove(agent);
    }

    /// Agents with at least one contact.
    pub fn len(&self) -> usize {
        self.bindings_by_agent.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bindings_by_agent.is_empty()
    }

    fn keep(&mut self, agent: &AgentId, bindings: Vec<Binding>) {
        if bindings.is_empty() {
            self.bindings_by_agent.remove(agent);
        } else {
            self.bindings_by_agent.insert(agent.clone(), bindings);
        }
    }
}

fn remove_all(bindings: &mut Vec<Binding>, registration: &Registration) -> Result<(), Refused> {
    if bindings.iter().any(|binding| is_late(binding, registration)) {
        return Err(Refused::OutOfOrder);
    }
    bindings.clear();
    Ok(())
}

fn set(
    bindings: &mut Vec<Binding>,
    registration: &Registration,
    wanted: &Wanted,
    life: Duration,
    now: Mono,
) -> Result<(), Refused> {
    if let Some(place) = bindings.iter().position(|binding| binding.is(wanted)) {
        if is_late(&bindings[place], registration) {
            return Err(Refused::OutOfOrder);
        }
        bindings.remove(place);
    }
    if !life.is_zero() {
        if registration.over == Over::Desk {
            bindings.retain(|binding| binding.over != Over::Desk || binding.flow == registration.flow);
        }
        bindings.push(bind(registration, wanted, now + life));
    }
    if bindings.len() > BINDINGS_PER_AGENT_MAX {
        bindings.remove(0);
    }
    Ok(())
}

/// RFC 3261 section 19.1.4.
fn same(one: &str, two: &str) -> bool {
    one == two || Uri::read(one.as_bytes()).zip(Uri::read(two.as_bytes())).is_some_and(|(one, two)| one.same_as(&two))
}

fn is_late(binding: &Binding, registration: &Registration) -> bool {
    binding.call_id == registration.call_id && registration.cseq <= binding.cseq
}

fn bind(registration: &Registration, wanted: &Wanted, expires: Mono) -> Binding {
    Binding {
        uri: wanted.uri.clone(),
        source: registration.source,
        flow: registration.flow,
        over: registration.over,
        expires,
        instance: wanted.instance.clone(),
        path: registration.path.clone(),
        call_id: registration.call_id.clone(),
        cseq: registration.cseq,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

    fn wish(call_id: &str, cseq: u32, wish: Wish) -> Registration {
        let source = SocketAddr::from(([192, 0, 2, 7], 5060));
        Registration {
            call_id: call_id.into(),
            cseq,
            source,
            flow: FlowId(0),
            over: Over::Socket,
            path: Vec::new(),
            wish,
        }
    }

    fn set(contacts: &[(&str, u64)]) -> Wish {
        let wanted =
            |(uri, s): &(&str, u64)| Wanted { uri: (*uri).to_owned(), life: Duration::from_secs(*s), instance: None };
        Wish::Set(contacts.iter().map(wanted).collect())
    }

    /// Call-ID, CSeq, contacts; the answer, and the contacts after it.
    type Step<'a> = (&'a str, u32, Wish, Result<(), Refused>, &'a str);

    /// Registers each in turn, a second apart.
    fn check(script: &[Step<'_>]) {
        let (mut registrar, agent) = (Registrar::default(), AgentId::new("ann"));
        for (second, (call_id, cseq, contacts, answer, after)) in (0..).zip(script) {
            let now = Mono::ZERO + Duration::from_secs(second);
            let given = registrar.register(&agent, wish(call_id, *cseq, contacts.clone()), LIMITS, now);
            let uris: Vec<&str> = registrar.bindings(&agent).iter().map(|b| b.uri.as_str()).collect();
            assert_eq!((given, uris.join(" ").as_str()), (*answer, *after), "step {second}");
        }
    }

    #[test]
    fn contacts_come_go_and_are_all_removed() {
        check(&[
            ("a", 1, set(&[("sip:a@192.0.2.7", 300)]), Ok(()), "sip:a@192.0.2.7"),
            ("b", 1, set(&[("sip:b@192.0.2.8", 300)]), Ok(()), "sip:a@192.0.2.7 sip:b@192.0.2.8"),
            ("b", 2, Wish::Ask, Ok(()), "sip:a@192.0.2.7 sip:b@192.0.2.8"),
            ("a", 2, set(&[("sip:a@192.0.2.7", 0)]), Ok(()), "sip:b@192.0.2.8"),
            ("a", 3, Wish::RemoveAll, Ok(()), ""),
        ]);
    }

    #[test]
    fn an_older_request_changes_nothing() {
        check(&[
            ("a", 5, set(&[("sip:a@192.0.2.7", 300)]), Ok(()), "sip:a@192.0.2.7"),
            ("a", 5, set(&[("sip:a@192.0.2.7", 0)]), Err(Refused::OutOfOrder), "sip:a@192.0.2.7"),
            ("a", 4, Wish::RemoveAll, Err(Refused::OutOfOrder), "sip:a@192.0.2.7"),
            ("z", 1, set(&[("sip:a@192.0.2.7", 0)]), Ok(()), ""),
        ]);
    }

    #[test]
    fn all_or_nothing_when_one_asks_for_too_little() {
        let contacts = set(&[("sip:a@192.0.2.7", 300), ("sip:b@192.0.2.8", 59)]);
        check(&[("a", 1, contacts, Err(Refused::TooBrief), "")]);
    }

    #[test]
    fn the_oldest_makes_room() {
        let many: Vec<String> = (0..=BINDINGS_PER_AGENT_MAX).map(|n| format!("sip:{n}@192.0.2.7")).collect();
        let contacts: Vec<(&str, u64)> = many.iter().map(|uri| (uri.as_str(), 300)).collect();
        check(&[("a", 1, set(&contacts), Ok(()), &many[1..].join(" "))]);
    }

    /// Each contact of its own over a flow of its own: `Over`, the URI, and the instance if any; the URIs that ring at last.
    fn rung(contacts: &[(Over, &str, &str)]) -> String {
        let (mut registrar, agent) = (Registrar::default(), AgentId::new("ann"));
        for (number, (over, uri, instance)) in (1..).zip(contacts) {
            let instance = Some(Instance { id: (*instance).to_owned(), reg_id: 1 }).filter(|one| !one.id.is_empty());
            let wanted = Wanted { uri: (*uri).to_owned(), life: Duration::from_secs(300), instance };
            let asked = wish(&number.to_string(), 1, Wish::Set(vec![wanted]));
            let asked = Registration { over: *over, flow: FlowId(number), ..asked };
            assert_eq!(registrar.register(&agent, asked, LIMITS, Mono::ZERO), Ok(()));
        }
        registrar.rung(&agent).map(|binding| binding.uri.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_phone_that_comes_again_as_itself_takes_its_own_place() {
        let (one, two) = ("sip:a@1.invalid", "sip:a@2.invalid");
        assert_eq!(rung(&[(Over::Websocket, one, "<urn:a>"), (Over::Websocket, two, "<urn:a>")]), two);
        assert_eq!(
            rung(&[(Over::Websocket, one, "<urn:a>"), (Over::Websocket, two, "<urn:b>")]),
            format!("{one} {two}")
        );
        assert_eq!(rung(&[(Over::Websocket, one, ""), (Over::Websocket, two, "")]), format!("{one} {two}"));
    }

    #[test]
    fn the_newest_desk_rings_alone_and_browsers_go_before_sockets() {
        let (one, two, plain) = ("sip:a@1.invalid", "sip:a@2.invalid", "sip:a@192.0.2.7");
        assert_eq!(rung(&[(Over::Desk, one, ""), (Over::Desk, two, "")]), two);
        assert_eq!(rung(&[(Over::Desk, one, ""), (Over::Socket, plain, "")]), one);
        assert_eq!(rung(&[(Over::Socket, plain, "")]), plain);
    }

    #[test]
    fn a_binding_ends_at_its_time_and_at_the_longest_that_is_allowed() {
        let (mut registrar, agent) = (Registrar::default(), AgentId::new("ann"));
        let contacts = set(&[("sip:a@192.0.2.7", 60), ("sip:b@192.0.2.7", 999_999)]);
        assert_eq!(registrar.register(&agent, wish("a", 1, contacts), LIMITS, Mono::ZERO), Ok(()));
        for (second, left) in [(59, 2), (60, 1), (3599, 1), (3600, 0)] {
            registrar.expire(&agent, Mono::ZERO + Duration::from_secs(second));
            assert_eq!(registrar.bindings(&agent).len(), left, "{second}");
        }
        assert!(registrar.is_empty());
    }
}
