//! Browsers on websockets: they come with a token or without, register, ask, answer, go, and come back with their page loaded anew.

use bytes::Bytes;
use throughline::base::{AgentId, CallId, IntentId, LegId};
use throughline::sip::api::{Browser, FlowId, PhoneAccount, SipCommand, StreamEvent, Target};

use super::{PEERS, REALM, STRANGERS_FROM, Script, World, address};

/// Where websockets come from.
pub const WEB: FlowId = FlowId(2);
/// Her phone is the browser alone.
pub const AGENT: &str = "bea";
const USERS: [&str; 3] = [AGENT, "desk7", "nobody"];
const CONTACTS: [&str; 3] = ["<sip:x1@h.invalid;transport=ws>", "<sip:x2@h.invalid;transport=ws>", "*"];
/// Of the pages; what they write of their own host is nonsense.
const MORE: [&str; 4] = [
    "",
    "Supported: path, outbound\r\n",
    "Path: <sip:edge.example.com;lr>\r\nSupported: path\r\n",
    "Require: outbound\r\n",
];

/// One websocket.
pub struct WebSocket {
    flow: FlowId,
    peer: usize,
    has_token: bool,
}

pub fn account() -> PhoneAccount {
    let (ha1_md5, ha1_sha256) = (String::new(), String::new());
    PhoneAccount { agent: AgentId::new(AGENT), user: AGENT.into(), ha1_md5, ha1_sha256 }
}

fn browser(which: usize) -> Option<Browser> {
    match which {
        0 => Some(Browser::Agent { agent: AgentId::new(AGENT) }),
        1 => Some(Browser::Agent { agent: AgentId::new("ann") }),
        2 => Some(Browser::Caller { intent: IntentId(7) }),
        _ => None,
    }
}

impl World {
    pub fn websocket(&mut self, script: &mut Script<'_>) {
        let (what, nth) = (script.below(10), script.below(2));
        match what {
            0 => return self.open_socket(nth, script),
            1 => return self.close_socket(nth),
            2 => return self.replace(script),
            _ => {}
        }
        let Some(socket) = &self.sockets[nth] else { return self.open_socket(nth, script) };
        self.flow = socket.flow;
        let peer = socket.peer;
        match what {
            3 | 4 => self.register_page(peer, script),
            5 | 6 => self.answer(script),
            7 => self.ask_as_callee(script),
            8 => self.again(script),
            _ => self.ask(script),
        }
    }

    /// Whether one who writes from there may leave nothing behind. On a websocket the address says nothing, the token all.
    pub fn is_stranger(&self, from: usize) -> bool {
        let socket = self.sockets.iter().flatten().find(|socket| socket.flow == self.flow);
        socket.map_or(from >= STRANGERS_FROM, |socket| !socket.has_token)
    }

    /// A flow is never used twice.
    fn open_socket(&mut self, nth: usize, script: &mut Script<'_>) {
        self.close_socket(nth);
        self.serial += 1;
        let (flow, peer) = (FlowId::stream(100 + self.serial, WEB), script.below(PEERS.len()));
        let browser = browser(script.below(4));
        self.sockets[nth] = Some(WebSocket { flow, peer, has_token: browser.is_some() });
        let event = StreamEvent::Opened { peer: address(PEERS[peer]), names: Vec::new(), browser };
        let now = self.clocks();
        self.endpoint.handle_stream(flow, event, now);
        self.drain();
    }

    pub fn close_socket(&mut self, nth: usize) {
        let Some(socket) = self.sockets[nth].take() else { return };
        let now = self.clocks();
        self.endpoint.handle_stream(socket.flow, StreamEvent::Closed, now);
        self.drain();
    }

    fn register_page(&mut self, peer: usize, script: &mut Script<'_>) {
        self.serial += 1;
        let (serial, user) = (self.serial, USERS[script.below(USERS.len())]);
        let (contact, more) = (CONTACTS[script.below(CONTACTS.len())], MORE[script.below(MORE.len())]);
        let instance = if script.bit() { ";reg-id=1;+sip.instance=\"<urn:uuid:1>\"" } else { "" };
        let instance = if contact == "*" { "" } else { instance };
        let expires = [0, 60, 300][script.below(3)];
        let text = format!(
            "REGISTER sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/WS h.invalid;branch=z9hG4bKw{serial}\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@{REALM}>;tag=page\r\nTo: <sip:{user}@{REALM}>\r\nCall-ID: page-{user}\r\nCSeq: {serial} REGISTER\r\n\
             Contact: {contact}{instance}\r\nExpires: {expires}\r\n{more}Content-Length: 0\r\n\r\n"
        );
        self.receive(peer, Bytes::from(text));
    }

    /// Her page was loaded anew: the leg that it had is dialled again, in the place of the old one.
    fn replace(&mut self, script: &mut Script<'_>) {
        let Some(old) = self.legs.get(script.below(self.legs.len())).copied() else { return };
        self.serial += 1;
        let leg = LegId::outbound(CallId::new(1, 1), self.serial);
        self.legs.push(leg);
        self.live.insert(leg);
        let target = Target::Registered(AgentId::new(AGENT));
        let dial = Box::new(self.dial_of(target, Bytes::from_static(super::SDP.as_bytes())));
        let now = self.clocks();
        self.endpoint.handle_command(SipCommand::Replace { leg, old, dial }, now);
        self.drain();
    }
}
