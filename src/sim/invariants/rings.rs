//! Pop before ring: an agent's phone is not rung before the pop was acknowledged or the budget has run out.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::base::{AgentId, CallId, Fence, Mono};
use crate::calls::facts::Fact;
use crate::calls::settings::Deadlines;
use crate::desktop::{ClientMessage, ConnId, ConsultWish, DesktopInput};
use crate::engine::Input;
use crate::sim::town;
use crate::sip::wire::{HeaderName, Message, Method};

#[derive(Default)]
pub(super) struct Rings {
    granted: BTreeMap<AgentId, (CallId, Fence, Mono)>,
    drawn: BTreeSet<(CallId, Fence)>,
    rung: BTreeSet<Vec<u8>>,
    agent_by_conn: BTreeMap<ConnId, AgentId>,
    /// Somebody has just asked for this phone to be rung: a desk for a supervisor's own or that of somebody who is asked, or a colleague.
    wanted: Option<AgentId>,
}

impl Rings {
    pub fn input(&mut self, input: &Input) {
        self.wanted = called_by_colleague(input);
        let Input::Desktop(DesktopInput::Message { conn, message }) = input else { return };
        match message {
            ClientMessage::Hello(hello) => {
                self.agent_by_conn.insert(*conn, hello.agent.clone());
            }
            ClientMessage::PopDrawn { call, fence } => {
                self.drawn.insert((*call, *fence));
            }
            ClientMessage::Supervise { .. } => self.wanted = self.agent_by_conn.get(conn).cloned(),
            ClientMessage::Consult { wish: ConsultWish::Ask { to }, .. } => self.wanted = Some(AgentId::new(to)),
            _ => {}
        }
    }

    pub fn fact(&mut self, fact: &Fact, now: Mono) {
        match fact {
            Fact::Granted { call, agent, fence } => {
                self.granted.insert(agent.clone(), (*call, *fence, now));
                self.drawn.retain(|(of, _)| of != call);
            }
            Fact::OfferFailed { call, agent } | Fact::LetGo { call, agent } => {
                self.granted.retain(|of, (with, ..)| of != agent || with != call);
            }
            Fact::CallEnded(record) => self.granted.retain(|_, (with, ..)| *with != record.call),
            _ => {}
        }
    }

    pub fn transmit(&mut self, to: SocketAddr, bytes: &Bytes, now: Mono) -> Option<String> {
        let agent = town::agent_at(to)?;
        let Ok(Message::Request(request)) = Message::parse(bytes.clone()) else { return None };
        let rings = *request.method() == Method::Invite && request.to().tag.is_empty();
        if !rings || !self.rung.insert(request.call_id().to_vec()) {
            return None;
        }
        match self.granted.get(&agent) {
            _ if self.wanted.as_ref() == Some(&agent) => None,
            // Passed on to somebody without a desk: there is nothing to draw the pop on.
            None if request.header(HeaderName::REFERRED_BY).is_some() => None,
            None => Some(format!("the phone of {agent} is rung without a grant")),
            Some((call, fence, at)) => {
                let allowed = self.drawn.contains(&(*call, *fence)) || now.since(*at) >= budget();
                (!allowed).then(|| format!("{call}: the phone of {agent} is rung before the pop"))
            }
        }
    }
}

/// Whom an agent calls from their phone.
fn called_by_colleague(input: &Input) -> Option<AgentId> {
    let Input::Datagram { from, bytes, .. } = input else { return None };
    town::agent_at(*from).filter(|_| bytes.starts_with(b"INVITE "))?;
    let Message::Request(request) = Message::parse(bytes.clone()).ok()? else { return None };
    request.to().tag.is_empty().then(|| AgentId::new(&request.uri().user_text()))
}

fn budget() -> Duration {
    Deadlines::default().pop
}

#[cfg(test)]
mod tests {
    use super::super::histories::{call, granted};
    use super::*;

    fn invite(call_id: &str) -> Bytes {
        Bytes::from(format!(
            "INVITE sip:a@192.0.2.100:5100 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:x@192.0.2.1>;tag=1\r\n\
             To: <sip:a@192.0.2.100>\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:x@192.0.2.1>\r\n\
             Content-Length: 0\r\n\r\n"
        ))
    }

    fn ring(rings: &mut Rings, call_id: &str, ms: u64) -> bool {
        rings.transmit(town::agent_phone(0), &invite(call_id), Mono(ms * 1_000_000)).is_some()
    }

    #[test]
    fn a_ring_before_the_pop_is_found() {
        let agent = town::agent(0);
        let mut rings = Rings::default();
        assert!(ring(&mut rings, "a", 0), "without a grant");
        rings.fact(&granted(1, agent.as_str(), 1), Mono(0));
        assert!(ring(&mut rings, "b", 399), "before the budget");
        assert!(!ring(&mut rings, "c", 400), "after the budget");
        let message = ClientMessage::PopDrawn { call: call(2), fence: Fence(2) };
        rings.fact(&granted(2, agent.as_str(), 2), Mono(0));
        rings.input(&Input::Desktop(DesktopInput::Message { conn: ConnId(1), message }));
        assert!(!ring(&mut rings, "d", 1), "after the acknowledgement");
    }
}
