//! The endpoint and a script of datagrams, connections, websockets, commands and time, all decided by bytes. Whatever they say: no panic, every message that
//! leaves is one that we would read, strangers leave nothing behind and get at most three times what they sent, and when all legs
//! are hung up and time has passed, nothing is left.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use throughline::base::rng::Rng;
use throughline::base::{AgentId, CallId, LegId, Mono, Now, Pii, TrunkId, Wall};
use throughline::sip::api::*;
use throughline::sip::auth::{Algorithm, Credentials};
use throughline::sip::endpoint::{Endpoint, EndpointOutput};
use throughline::sip::wire::{HeaderName, Message, Method, Request, Writer};

#[path = "endpoint/websockets.rs"]
mod websockets;

use websockets::{WEB, WebSocket};

const REALM: &str = "calls.example.com";
const OWN: &str = "192.0.2.1:5060";
const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 198.51.100.10\r\ns=-\r\nc=IN IP4 198.51.100.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\n";
/// The last two are strangers.
const PEERS: [&str; 5] =
    ["198.51.100.10:5060", "198.51.100.77:5062", "203.0.113.7:40000", "203.0.113.99:5060", "203.0.113.98:1024"];
const STRANGERS_FROM: usize = 3;
const METHODS: [&str; 16] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "REGISTER",
    "UPDATE",
    "INFO",
    "PRACK",
    "REFER",
    "NOTIFY",
    "SUBSCRIBE",
    "MESSAGE",
    "PUBLISH",
    "X-New",
    "INVITE",
];
const STATUSES: [u16; 20] =
    [100, 180, 183, 199, 200, 202, 302, 401, 403, 407, 408, 422, 481, 486, 487, 491, 500, 503, 600, 603];
const EXTRAS: [&str; 16] = [
    "Require: 100rel\r\n",
    "Supported: 100rel, timer, replaces, norefersub\r\n",
    "RAck: 1 1 INVITE\r\nRSeq: 1\r\n",
    "Session-Expires: 90;refresher=uas\r\n",
    "Min-SE: 3600\r\nSession-Expires: 1800;refresher=uac\r\n",
    "Refer-To: <sip:+15550133@198.51.100.10>\r\nReferred-By: <sip:a@example.com>\r\n",
    "Replaces: call-1;to-tag=1;from-tag=2\r\n",
    "Record-Route: <sip:198.51.100.77:5062;lr>, <sip:198.51.100.10;lr>\r\n",
    "P-Asserted-Identity: \"A\" <sip:+15550177@example.com>, <tel:+15550178>\r\nPrivacy: id\r\n",
    "User-to-User: 6869;encoding=hex\r\nReason: Q.850;cause=16;text=\"bye\"\r\n",
    "Contact: <sip:ann@198.51.100.77:5062;transport=tcp>\r\n",
    "Max-Forwards: 0\r\n",
    "Content-Encoding: gzip\r\nAccept: text/plain\r\n",
    "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n",
    "Diversion: <sip:+15550144@example.com>;reason=unconditional\r\nHistory-Info: <sip:+15550145@example.com>;index=1\r\n",
    "Expires: 0\r\nRetry-After: 5 (busy)\r\n",
];
const WAITS_MS: [u64; 8] = [0, 1, 100, 500, 1_000, 4_000, 33_000, 200_000];
/// A script longer than this many steps finds nothing new.
const STEPS_MAX: usize = 60;
const OUTPUTS_MAX: usize = 64;
const LISTENER: FlowId = FlowId(1);
const QUIET: Duration = Duration::from_secs(600);

pub fn run(data: &[u8]) {
    let mut world = World::new();
    let mut script = Script(data);
    for _ in 0..STEPS_MAX {
        let Some(step) = script.byte() else { break };
        world.step(step, &mut script);
    }
    world.end();
}

/// Bytes that decide; when they are used up, all decisions are the first.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte().unwrap_or(0)) % bound.max(1)
    }

    fn bit(&mut self) -> bool {
        self.below(2) == 1
    }

    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

struct World {
    endpoint: Endpoint,
    now: Mono,
    legs: Vec<LegId>,
    live: BTreeSet<LegId>,
    /// Those that were answered can be hung up, and no more be refused.
    answered: BTreeSet<LegId>,
    /// The requests that the endpoint has sent, and where to.
    requests: Vec<(SocketAddr, Request)>,
    /// Tags, branches and nonces that only those know who got them from the endpoint.
    marks: Vec<Vec<u8>>,
    /// The tag that the endpoint gave last, for each Call-ID of ours.
    tags: [String; 3],
    nonce: String,
    /// Those of trunks and phones: whoever has overheard one can have its answer sent again, to where it went.
    transactions: BTreeSet<(Vec<u8>, Vec<u8>)>,
    /// What was received, and whether a trunk or phone said it.
    seen: Vec<(bool, Bytes)>,
    /// What is being received is no SIP message; an answer to it may repeat its faults.
    is_broken: bool,
    flow: FlowId,
    /// Those that browsers have open.
    sockets: [Option<WebSocket>; 2],
    serial: u64,
}

fn setup() -> EndpointSetup {
    EndpointSetup {
        flows: vec![
            LocalFlow { flow: FlowId(0), transport: Transport::Udp, advertised: address(OWN) },
            LocalFlow { flow: LISTENER, transport: Transport::Tcp, advertised: address(OWN) },
            LocalFlow { flow: WEB, transport: Transport::Ws, advertised: address("192.0.2.1:8080") },
        ],
        tcp_above: 1300,
        realm: REALM.into(),
        digests: vec![Algorithm::Sha256, Algorithm::Md5],
        trunks: vec![trunk("carrier", PEERS[0], true), trunk("pbx", PEERS[1], false)],
        phones: vec![
            PhoneAccount {
                agent: AgentId::new("ann"),
                user: "desk7".into(),
                ha1_md5: Algorithm::Md5.hash(&["desk7", REALM, "secret"]),
                ha1_sha256: Algorithm::Sha256.hash(&["desk7", REALM, "secret"]),
            },
            websockets::account(),
        ],
        fixed_phones: Vec::new(),
        session_times: SessionTimes { expires: Duration::from_secs(20), min: Duration::from_secs(5) },
        registration_min: Duration::from_secs(60),
        registration_max: Duration::from_secs(300),
        return_within: Duration::from_secs(15),
        target_timeout: Duration::from_secs(2),
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
    }
}

fn trunk(name: &str, peer: &str, trusted: bool) -> TrunkPeer {
    TrunkPeer { trusted, ..TrunkPeer::at(TrunkId::new(name), vec![(address(peer).ip(), 32)]) }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

impl World {
    fn new() -> World {
        World {
            endpoint: Endpoint::new(setup(), Rng::from_number(1)),
            now: Mono::ZERO,
            legs: Vec::new(),
            live: BTreeSet::new(),
            answered: BTreeSet::new(),
            requests: Vec::new(),
            marks: Vec::new(),
            tags: Default::default(),
            nonce: String::new(),
            transactions: BTreeSet::new(),
            seen: Vec::new(),
            is_broken: false,
            flow: FlowId(0),
            sockets: [None, None],
            serial: 0,
        }
    }

    fn step(&mut self, step: u8, script: &mut Script<'_>) {
        // Every other decade of the byte means TCP.
        self.flow = if step / 10 % 2 == 1 { FlowId::stream(1, LISTENER) } else { FlowId(0) };
        match step % 10 {
            0 if step >= 200 => self.websocket(script),
            0 if step >= 100 => self.connection(script),
            0 => self.wait(Duration::from_millis(WAITS_MS[script.below(WAITS_MS.len())])),
            1 => self.raw(script),
            2 | 3 => self.ask(script),
            4 => self.ask_as_callee(script),
            5 | 6 => self.answer(script),
            7 => self.again(script),
            8 => self.command(script),
            _ => self.register(script),
        }
    }

    fn connection(&mut self, script: &mut Script<'_>) {
        let (what, peer) = (script.below(3), address(PEERS[script.below(PEERS.len())]));
        let stream = FlowId::stream(1, LISTENER);
        let now = self.clocks();
        match what {
            0 => {
                self.endpoint.handle_stream(stream, StreamEvent::Opened { peer, names: Vec::new(), browser: None }, now)
            }
            1 => self.endpoint.handle_stream(stream, StreamEvent::Closed, now),
            _ => self.endpoint.handle_stream(LISTENER, StreamEvent::Unreachable { peer }, now),
        }
        self.drain();
    }

    fn raw(&mut self, script: &mut Script<'_>) {
        let from = script.below(PEERS.len());
        let count = script.below(256) * 4;
        let bytes = Bytes::copy_from_slice(script.bytes(count));
        self.receive(from, bytes);
    }

    /// A request of a peer that calls us.
    fn ask(&mut self, script: &mut Script<'_>) {
        let method = METHODS[script.below(METHODS.len())];
        let (from, call, cseq) = (script.below(PEERS.len()), script.below(3), 1 + script.below(4));
        let tag = match script.below(3) {
            0 => String::new(),
            1 => format!(";tag={}", self.tags[call]),
            _ => ";tag=nobody".to_owned(),
        };
        let branch = script.below(4);
        let cseq_method = if method == "ACK" || method == "CANCEL" { "INVITE" } else { method };
        let named = if script.below(8) == 7 { cseq_method } else { method };
        let text = format!(
            "{method} sip:+15550199@{OWN} SIP/2.0\r\nVia: SIP/2.0/UDP {};rport;branch=z9hG4bK{call}{cseq}{cseq_method}{branch}\r\n\
             From: \"Ann\" <sip:+15550100@pbx.example.com>;tag=caller{call}\r\nTo: <sip:+15550199@{OWN}>{tag}\r\n\
             Call-ID: call-{call}\r\nCSeq: {cseq} {named}\r\nContact: <sip:ann@{}>\r\n{}",
            PEERS[from],
            PEERS[from],
            rest(script),
        );
        self.receive(from, Bytes::from(text));
    }

    /// A request of the peer that we called.
    fn ask_as_callee(&mut self, script: &mut Script<'_>) {
        let Some((to, invite)) = self.pick_request(script) else { return self.ask(script) };
        let method = METHODS[script.below(METHODS.len())];
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (cseq, tag) = (1 + script.below(4), script.below(3));
        let from = if script.below(16) == 15 { STRANGERS_FROM } else { peer_at(to) };
        let message = format!(
            "{method} sip:{OWN} SIP/2.0\r\nVia: SIP/2.0/UDP {};rport;branch=z9hG4bKb{cseq}{method}{tag}\r\nMax-Forwards: 70\r\n\
             From: <sip:+15550101@198.51.100.10>;tag=callee{tag}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:callee@{}>\r\n{}",
            PEERS[from],
            text(invite.from().raw),
            text(invite.call_id()),
            PEERS[from],
            rest(script),
        );
        self.receive(from, Bytes::from(message));
    }

    fn pick_request(&self, script: &mut Script<'_>) -> Option<(SocketAddr, Request)> {
        let back = 1 + script.below(self.requests.len().min(6));
        self.requests.get(self.requests.len().checked_sub(back)?).cloned()
    }

    fn answer(&mut self, script: &mut Script<'_>) {
        let Some((to, request)) = self.pick_request(script) else { return };
        let (status, tag) = (STATUSES[script.below(STATUSES.len())], script.below(3));
        let mut writer = Writer::reply(&request, status, "Whatever", address(OWN), &format!("callee{tag}"));
        if *request.method() == Method::Invite && script.below(8) != 7 {
            writer.push(HeaderName::CONTACT, format_args!("<sip:callee@{to}>"));
        }
        if status == 401 || status == 407 {
            let name = if status == 401 { "WWW-Authenticate" } else { "Proxy-Authenticate" };
            writer.push(HeaderName::from(name), "Digest realm=\"carrier\", nonce=\"abc\", qop=\"auth\"");
        }
        for extra in extras(script).split("\r\n").filter_map(|line| line.split_once(": ")) {
            writer.push(HeaderName::from(extra.0), extra.1);
        }
        let body = if script.bit() { SDP.as_bytes() } else { &[] };
        let from = if script.below(16) == 15 { STRANGERS_FROM } else { peer_at(to) };
        self.receive(from, writer.finish_with("application/sdp", body));
    }

    /// Something that was heard before, as it was or with one byte changed, from anybody.
    fn again(&mut self, script: &mut Script<'_>) {
        let back = 1 + script.below(self.seen.len().min(8));
        let from = script.below(PEERS.len());
        let (at, byte) = (script.below(256), script.byte().unwrap_or(0));
        let seen = self.seen.len().checked_sub(back).and_then(|nth| self.seen.get(nth)).cloned();
        let Some((knows, bytes)) = seen else { return };
        let mut bytes = bytes.to_vec();
        if byte != 0
            && let Some(changed) = bytes.get_mut(at * 3)
        {
            *changed = byte;
        }
        self.take(from, Bytes::from(bytes), knows);
    }

    fn register(&mut self, script: &mut Script<'_>) {
        self.serial += 1;
        let (serial, from) = (self.serial, 2);
        let mut credentials = Credentials {
            username: "desk7".into(),
            realm: REALM.into(),
            nonce: self.nonce.clone(),
            uri: format!("sip:{REALM}"),
            algorithm: "MD5".into(),
            cnonce: "c0ffee".into(),
            nc: format!("{serial:08x}"),
            qop: "auth".into(),
            response: String::new(),
        };
        credentials.response =
            credentials.expected(Algorithm::Md5, &Algorithm::Md5.hash(&["desk7", REALM, "secret"]), "REGISTER");
        let expires = [0, 30, 60, 300, 99_999][script.below(5)];
        let contact = ["<sip:desk7@203.0.113.7:40000>", "<sip:desk7@203.0.113.7:5070>;q=0.1", "*"][script.below(3)];
        let text = format!(
            "REGISTER sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bKr{serial}\r\nMax-Forwards: 70\r\n\
             From: <sip:desk7@{REALM}>;tag=reg\r\nTo: <sip:desk7@{REALM}>\r\nCall-ID: reg\r\nCSeq: {serial} REGISTER\r\n\
             Contact: {contact}\r\nExpires: {expires}\r\nAuthorization: Digest username=\"desk7\", realm=\"{REALM}\", \
             nonce=\"{}\", uri=\"sip:{REALM}\", response=\"{}\", algorithm=MD5, cnonce=\"c0ffee\", qop=auth, nc={}\r\n\
             Content-Length: 0\r\n\r\n",
            self.nonce, credentials.response, credentials.nc
        );
        self.receive(from, Bytes::from(text));
    }

    fn command(&mut self, script: &mut Script<'_>) {
        let what = script.below(10);
        let place = script.below(self.legs.len());
        let body = if script.bit() { Bytes::from_static(SDP.as_bytes()) } else { Bytes::new() };
        let status = STATUSES[script.below(STATUSES.len())];
        let leg = self.legs.get(place).copied().unwrap_or(LegId(0));
        let command = match what {
            0 => SipCommand::Progress { leg, status: 180 + status % 4, body },
            1 | 2 => SipCommand::Answer { leg, body },
            3 if !leg.is_outbound() && !self.answered.contains(&leg) => {
                SipCommand::Refuse { leg, status: status.max(300), reason: None, contact: None, retry_after: None }
            }
            3 | 4 => SipCommand::Hangup { leg, reason: Some(Reason::sip(480, "no agent")) },
            5 => SipCommand::Reinvite { leg, offer: body },
            6 => SipCommand::AnswerReinvite { leg, status: status.max(200), body },
            7 => SipCommand::Acknowledge { leg, answer: body },
            _ => self.dial(script, body),
        };
        if matches!(command, SipCommand::Hangup { .. } | SipCommand::Refuse { .. }) {
            self.live.remove(&leg);
        }
        if matches!(command, SipCommand::Answer { .. }) {
            self.answered.insert(leg);
        }
        let now = self.clocks();
        self.endpoint.handle_command(command, now);
        self.drain();
    }

    fn dial(&mut self, script: &mut Script<'_>, offer: Bytes) -> SipCommand {
        self.serial += 1;
        let leg = LegId::outbound(CallId::new(1, 1), self.serial);
        self.legs.push(leg);
        self.live.insert(leg);
        let target = match script.below(5) {
            4 => Target::Registered(AgentId::new(websockets::AGENT)),
            0 => Target::Registered(AgentId::new("ann")),
            1 => Target::Uri { uri: "sip:+15550101@198.51.100.77:5062".into(), via: Some(address(PEERS[0])) },
            _ => Target::Uri { uri: "sip:+15550101@198.51.100.10".into(), via: None },
        };
        SipCommand::Dial { leg, dial: Box::new(self.dial_of(target, offer)) }
    }

    fn dial_of(&self, target: Target, offer: Bytes) -> Dial {
        Dial {
            trunk: None,
            target,
            flow: if self.flow.listener() == LISTENER { LISTENER } else { FlowId(0) },
            from_user: Pii::new("+15550100".into()),
            from_display: Pii::new("Ann \"A\" Example".into()),
            asserted: None,
            offer,
            user_to_users: UserToUsers::of([b"hi".as_slice()]),
            headers: vec![HeaderField::new("X-Queue", "sales")],
            copied: ["X-Ticket".into()].into(),
            reliable: Reliable::Supported,
            ring_timeout: Duration::from_secs(20),
        }
    }

    fn receive(&mut self, from: usize, bytes: Bytes) {
        self.take(from, bytes, false);
    }

    fn take(&mut self, from: usize, bytes: Bytes, knows: bool) {
        let before = self.endpoint.counts();
        let source = address(PEERS[from]);
        let key = transaction(&bytes);
        let is_known = key.as_ref().is_some_and(|key| self.transactions.contains(key));
        let is_ours = knows || is_known || self.marks.iter().any(|mark| memchr::memmem::find(&bytes, mark).is_some());
        let is_stranger = self.is_stranger(from);
        if knows || !is_stranger {
            self.transactions.extend(key);
        }
        self.seen.push((knows || !is_stranger, bytes.clone()));
        let now = self.clocks();
        let length = bytes.len();
        self.is_broken = Message::parse(bytes.clone()).is_err();
        self.endpoint.handle_datagram(self.flow, source, bytes, now);
        let sent = self.drain();
        self.is_broken = false;
        if is_stranger && !is_ours {
            let after = self.endpoint.counts();
            assert_eq!(
                (after.sessions, after.transactions),
                (before.sessions, before.transactions),
                "kept for a stranger"
            );
            assert_eq!((after.phones, after.nonces), (before.phones, before.nonces), "kept for a stranger");
            assert!(sent.iter().all(|(to, _)| to.ip() == source.ip()), "a stranger makes us write to others");
            let answered: usize = sent.iter().map(|(_, length)| length).sum();
            // Nobody can connect from an address that is not theirs.
            assert!(self.flow != FlowId(0) || answered <= 3 * length, "{answered} bytes for {length}");
        }
    }

    fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some((at, reason)) = self.endpoint.poll_timeout().filter(|(at, _)| *at <= end) {
            assert!(!reason.is_empty());
            self.now = self.now.max(at);
            let now = self.clocks();
            self.endpoint.handle_timeout(now);
            self.drain();
            let next = self.endpoint.poll_timeout();
            assert!(next.is_none_or(|(next, _)| next > self.now), "{next:?} is due after handle_timeout");
        }
        self.now = end;
    }

    fn clocks(&self) -> Now {
        Now::new(self.now, Wall(1_800_000_000_000 + self.now.0 / 1_000_000))
    }

    /// Checks all that comes out; what was sent, as address and length.
    fn drain(&mut self) -> Vec<(SocketAddr, usize)> {
        let mut sent = Vec::new();
        let mut outputs = 0;
        while let Some(output) = self.endpoint.poll_output() {
            outputs += 1;
            assert!(outputs <= OUTPUTS_MAX, "one input, {outputs} outputs");
            match output {
                EndpointOutput::Transmit(transmit) => {
                    sent.push((transmit.to, transmit.bytes.len()));
                    self.note(transmit.to, transmit.bytes);
                }
                // The name server is dead.
                EndpointOutput::Resolve(_, _) => {}
                EndpointOutput::Event(event) => self.hear(&event),
            }
        }
        sent
    }

    fn note(&mut self, to: SocketAddr, bytes: Bytes) {
        let message = match Message::parse(bytes) {
            Ok(message) => message,
            Err(_) if self.is_broken => return,
            Err(fault) => panic!("we send what we would not read: {fault}"),
        };
        let headers = message.headers();
        match &message {
            Message::Request(request) => {
                self.marks.push(request.via_top().branch.to_vec());
                self.marks.push(request.from().tag.to_vec());
                self.requests.push((to, request.clone()));
            }
            Message::Response(response) if response.status() > 100 => {
                let tag = response.to().tag.to_vec();
                let call = (0..3).find(|call| headers.call_id() == format!("call-{call}").as_bytes());
                if let Some(call) = call {
                    self.tags[call] = String::from_utf8_lossy(&tag).into_owned();
                }
                if tag.len() > 8 {
                    self.marks.push(tag);
                }
                for challenge in headers.challenges() {
                    let nonce = challenge.get("nonce").unwrap_or_default();
                    self.nonce = String::from_utf8_lossy(&nonce).into_owned();
                    self.marks.push(nonce.into_owned());
                }
            }
            Message::Response(_) => {}
        }
    }

    fn hear(&mut self, event: &SipEvent) {
        let (leg, last) = match event {
            SipEvent::Incoming { leg, .. } => {
                assert!(self.live.insert(*leg), "a leg begins once");
                self.legs.push(*leg);
                (*leg, false)
            }
            SipEvent::Acknowledged { leg, .. }
            | SipEvent::Progress { leg, .. }
            | SipEvent::Answered { leg, .. }
            | SipEvent::Reinvite { leg, .. }
            | SipEvent::ReinviteAnswered { leg, .. } => (*leg, false),
            SipEvent::Cancelled { leg, .. } | SipEvent::Failed { leg, .. } | SipEvent::Ended { leg, .. } => {
                (*leg, true)
            }
            _ => return,
        };
        assert!(self.live.contains(&leg), "{event:?} for a leg that is gone");
        if last {
            self.live.remove(&leg);
        }
    }

    /// The calls hang up what they have; then there is silence.
    fn end(&mut self) {
        for leg in std::mem::take(&mut self.live) {
            let now = self.clocks();
            self.endpoint.handle_command(SipCommand::Hangup { leg, reason: None }, now);
            self.drain();
        }
        let now = self.clocks();
        self.endpoint.handle_stream(FlowId::stream(1, LISTENER), StreamEvent::Closed, now);
        self.drain();
        (0..self.sockets.len()).for_each(|nth| self.close_socket(nth));
        self.wait(QUIET);
        let counts = self.endpoint.counts();
        assert!(self.endpoint.is_empty(), "{counts:?}");
        assert_eq!((counts.deadlines, counts.phones, counts.streams), (0, 0, 0), "{counts:?}");
    }
}

/// What tells the transactions of requests apart (RFC 3261 section 17.2.3): sent-by and branch.
fn transaction(bytes: &Bytes) -> Option<(Vec<u8>, Vec<u8>)> {
    let Ok(Message::Request(request)) = Message::parse(bytes.clone()) else { return None };
    let via = request.via_top();
    Some((via.sent_by.to_ascii_lowercase(), via.branch.to_ascii_lowercase()))
}

fn peer_at(to: SocketAddr) -> usize {
    PEERS.iter().position(|peer| address(peer).ip() == to.ip()).unwrap_or(0)
}

fn extras(script: &mut Script<'_>) -> String {
    let chosen = [script.byte().unwrap_or(0), script.byte().unwrap_or(0)];
    let chosen = u16::from_be_bytes(chosen);
    (0..16).filter(|nth| chosen >> nth & 1 == 1).map(|nth| EXTRAS[nth]).collect()
}

/// What follows the fields that every request has.
fn rest(script: &mut Script<'_>) -> String {
    let extras = extras(script);
    if script.bit() {
        return format!("{extras}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len());
    }
    format!("{extras}Content-Length: 0\r\n\r\n")
}
