//! A script, an endpoint, and the trace of what it did.
//!
//! One line of a script is one step:
//! `INVITE [from=trunk|stranger|phone] [c=CSEQ] [b=BRANCH] [to] [body] [h=Name:value_with_blanks]` a peer's request, `to` with
//! the tag that the endpoint gave, `rack=0` about its last reliable provisional answer; `callee BYE [c=..] [tag=..]` a request of the peer that we dialled; `INVITE#2 200 [tag=..]
//! [body] [h=..]` the peer's answer to the endpoint's second INVITE, `INVITE 180` to its last; `do Answer` a command; `wait 500`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::base::rng::Rng;
use crate::base::{AgentId, CallId, LegId, Mono, Now, Pii, TrunkId, Wall};
use crate::sip::api::*;
use crate::sip::auth::Algorithm;
use crate::sip::claims::Asserted;
use crate::sip::endpoint::{Endpoint, EndpointOutput};
use crate::sip::login::Login;
use crate::sip::resolve::{Found, Question, QuestionNumber, Record};
use crate::sip::wire::{HeaderName, Message, Method, Request, Writer};

pub const REALM: &str = "calls.example.com";
pub const SDP: &str = "v=0\r\n";
pub const OWN: &str = "192.0.2.1:5060";

pub fn address(name: &str) -> SocketAddr {
    let text = match name {
        "trunk" => "198.51.100.10:5060",
        "phone" => "203.0.113.7:40000",
        "desk" => "203.0.113.8:40001",
        _ => "203.0.113.99:5060",
    };
    text.parse().expect("an address")
}

fn name(address: SocketAddr) -> &'static str {
    ["trunk", "phone", "desk"].into_iter().find(|name| self::address(name) == address).unwrap_or("other")
}

/// OPTIONS to the script's trunk.
pub fn every(seconds: u64) -> KeepAlive {
    let uri = format!("sip:{}", address("trunk"));
    KeepAlive { uri, flow: FlowId(0), every: Duration::from_secs(seconds) }
}

pub fn setup() -> EndpointSetup {
    EndpointSetup {
        flows: vec![LocalFlow {
            flow: FlowId(0),
            transport: Transport::Udp,
            advertised: OWN.parse().expect("an address"),
        }],
        tcp_above: 1300,
        realm: REALM.into(),
        digests: vec![Algorithm::Sha256, Algorithm::Md5],
        trunks: vec![TrunkPeer {
            trusted: true,
            login: Some(Login { user: "us".into(), password: "secret".into() }),
            ..TrunkPeer::at(TrunkId::new("carrier"), vec![(address("trunk").ip(), 32)])
        }],
        phones: vec![PhoneAccount {
            agent: AgentId::new("ann"),
            user: "desk7".into(),
            ha1_md5: Algorithm::Md5.hash(&["desk7", REALM, "secret"]),
            ha1_sha256: Algorithm::Sha256.hash(&["desk7", REALM, "secret"]),
        }],
        fixed_phones: Vec::new(),
        session_times: SessionTimes { expires: Duration::ZERO, ..SessionTimes::default() },
        registration_min: Duration::from_secs(60),
        registration_max: Duration::from_secs(7200),
        return_within: Duration::from_secs(15),
        target_timeout: Duration::from_secs(2),
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
    }
}

pub struct World {
    pub endpoint: Endpoint,
    pub now: Mono,
    pub trace: Vec<String>,
    /// Everything that was sent.
    pub sent: Vec<(SocketAddr, Bytes)>,
    /// On which flow each was.
    pub flows: Vec<FlowId>,
    /// For whom each was meant.
    pub domains: Vec<Option<String>>,
    /// Where `receive` has it from.
    pub flow: FlowId,
    /// The tags that the endpoint gave, by Call-ID.
    tag_by_call: BTreeMap<String, String>,
    pub leg: LegId,
    /// The calls that came.
    pub calls: Vec<SipEvent>,
    questions: Vec<(QuestionNumber, Question)>,
    pub ring_timeout: Duration,
    /// Of the last reliable provisional answer that was sent.
    rseq: u32,
    dials: u64,
}

impl World {
    pub fn new(setup: EndpointSetup) -> World {
        World {
            endpoint: Endpoint::new(setup, Rng::from_number(1)),
            now: Mono::ZERO,
            trace: Vec::new(),
            sent: Vec::new(),
            flows: Vec::new(),
            domains: Vec::new(),
            flow: FlowId(0),
            tag_by_call: BTreeMap::new(),
            leg: LegId(0),
            calls: Vec::new(),
            questions: Vec::new(),
            ring_timeout: Duration::from_secs(20),
            rseq: 0,
            dials: 0,
        }
    }

    pub fn clocks(&self) -> Now {
        Now::new(self.now, Wall(1_800_000_000_000 + self.now.0 / 1_000_000))
    }

    pub fn receive(&mut self, from: &str, text: &str) {
        let now = self.clocks();
        self.endpoint.handle_datagram(self.flow, address(from), Bytes::copy_from_slice(text.as_bytes()), now);
        self.drain();
    }

    pub fn stream(&mut self, flow: FlowId, event: StreamEvent) {
        let now = self.clocks();
        self.endpoint.handle_stream(flow, event, now);
        self.drain();
    }

    /// Plays one line and gives the call that came of it.
    pub fn incoming(&mut self, line: &str) -> SipEvent {
        self.calls.clear();
        self.step(line);
        self.calls.pop().expect("a call")
    }

    pub fn command(&mut self, command: SipCommand) {
        let now = self.clocks();
        self.endpoint.handle_command(command, now);
        self.drain();
    }

    pub fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some((at, reason)) = self.endpoint.poll_timeout().filter(|(at, _)| *at <= end) {
            assert!(!reason.is_empty());
            self.now = self.now.max(at);
            let now = self.clocks();
            self.endpoint.handle_timeout(now);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll_output() {
            let what = match output {
                EndpointOutput::Transmit(transmit) => self.note_sent(transmit),
                EndpointOutput::Resolve(number, question) => self.note_question(number, question),
                EndpointOutput::Event(event) => self.note_event(&event),
            };
            self.trace.push(format!("{} {what}", self.now.0 / 1_000_000));
        }
    }

    fn note_sent(&mut self, Transmit { flow, to, domain, bytes }: Transmit) -> String {
        let message = Message::parse(bytes.clone()).expect("we send what we would read");
        let what = match &message {
            Message::Request(request) => request.method().to_string(),
            Message::Response(response) => format!("{} {}", response.status(), response.cseq().method),
        };
        let headers = message.headers();
        if let Message::Response(response) = &message
            && response.status() > 100
        {
            let tag = String::from_utf8_lossy(headers.to().tag).into_owned();
            self.tag_by_call.insert(String::from_utf8_lossy(headers.call_id()).into_owned(), tag);
        }
        if let Some(rseq) = headers.header(HeaderName::RSEQ) {
            self.rseq = String::from_utf8_lossy(rseq).parse().expect("a number");
        }
        self.sent.push((to, bytes));
        self.flows.push(flow);
        self.domains.push(domain.map(|domain| domain.to_string()));
        format!("{what}>{}", name(to))
    }

    fn note_question(&mut self, number: QuestionNumber, question: Question) -> String {
        let what = format!("{:?} {}?", question.kind, question.name);
        self.questions.push((number, question));
        what
    }

    /// What the name server says to the oldest question about `name`.
    pub fn resolve(&mut self, name: &str, records: Vec<Record>) {
        let place = self.questions.iter().position(|(_, question)| question.name == name).expect("a question");
        let (number, _) = self.questions.remove(place);
        let now = self.clocks();
        self.endpoint.handle_resolved(number, Ok(Found { records, life: Duration::from_secs(60) }), now);
        self.drain();
    }

    fn note_event(&mut self, event: &SipEvent) -> String {
        match event {
            SipEvent::Incoming { leg, .. } => {
                self.leg = *leg;
                self.calls.push(event.clone());
                "Incoming".into()
            }
            SipEvent::Cancelled { reason, .. } => format!("Cancelled{}", cause(reason)),
            SipEvent::Acknowledged { answer, .. } => format!("Acknowledged{}", mark(answer)),
            SipEvent::Pracked { answer, .. } => format!("Pracked{}", mark(answer)),
            SipEvent::Progress { status, body, .. } => format!("Progress {status}{}", mark(body)),
            SipEvent::Answered { answer, .. } => format!("Answered{}", mark(answer)),
            SipEvent::Failed { status, reason, contacts, .. } => {
                let contacts: String = contacts.iter().map(|uri| format!(" {}", uri.expose())).collect();
                format!("Failed {status}{}{contacts}", cause(reason))
            }
            SipEvent::Reinvite { offer, .. } => format!("Reinvite{}", mark(offer)),
            SipEvent::Refer { refer, .. } => {
                let replaces = refer.replaces.map(|which| format!(" {which:?}")).unwrap_or_default();
                format!("Refer {}{replaces}", refer.to.expose())
            }
            SipEvent::Carried { carried, .. } => carried_words(carried),
            SipEvent::Key { digit, duration_ms, .. } => format!("Key {digit} {duration_ms}"),
            SipEvent::ReinviteWithdrawn { .. } => "ReinviteWithdrawn".into(),
            SipEvent::ReinviteAnswered { status, body, .. } => format!("ReinviteAnswered {status}{}", mark(body)),
            SipEvent::Ended { cause: why, reason, .. } => format!("Ended {why:?}{}", cause(reason)),
            SipEvent::TrunkReachable { reachable, .. } => format!("Trunk {reachable}"),
            SipEvent::GatewayChanged { gateway, state, .. } => format!("Gateway {gateway} {}", state.as_str()),
            SipEvent::TrunkRegistered { registered, status, .. } => format!("Registered {registered} {status}"),
            SipEvent::PhoneReachable { rings, .. } => {
                let is_browser = rings.is_some_and(|rings| rings.browser);
                format!("Phone {}{}", rings.is_some(), if is_browser { " in a browser" } else { "" })
            }
            SipEvent::Away { .. } => "Away".into(),
            SipEvent::Back { .. } => "Back".into(),
            SipEvent::DeskOpened { .. } => "Desk".into(),
            SipEvent::Refused { cause, count } => format!("Refused {cause:?} {count}"),
        }
    }

    /// The `nth` different request of that method, counted from 1; the last for 0.
    pub fn request_sent(&self, method: &str, nth: usize) -> Request {
        let mut found: Vec<Request> = Vec::new();
        for (_, bytes) in &self.sent {
            let Ok(request) = Request::parse(bytes.clone()) else { continue };
            let known = found.iter().any(|one| one.via_top().branch == request.via_top().branch);
            if request.method().to_string() == method && !known {
                found.push(request);
            }
        }
        let place = if nth == 0 { found.len().checked_sub(1) } else { Some(nth - 1) };
        place.and_then(|place| found.get(place)).cloned().unwrap_or_else(|| panic!("no {method} {nth} was sent"))
    }

    pub fn last_sent(&self) -> Message {
        Message::parse(self.sent.last().expect("something was sent").1.clone()).expect("a message")
    }

    pub fn step(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[0] {
            "wait" => self.wait(Duration::from_millis(words[1].parse().expect("milliseconds"))),
            "do" => self.order(words[1], words.get(2).and_then(|word| word.parse().ok()).unwrap_or(0)),
            "callee" => self.callee_asks(words[1], &Options::read(&words[2..])),
            _ if words.get(1).is_some_and(|word| word.parse::<u16>().is_ok()) => {
                let status = words[1].parse().expect("a status");
                self.callee_answers(words[0], status, &Options::read(&words[2..]));
            }
            method => self.caller_asks(method, &Options::read(&words[1..])),
        }
    }

    fn order(&mut self, what: &str, status: u16) {
        let (leg, body) = (self.leg, Bytes::from(SDP));
        let command = match what {
            "Progress" => SipCommand::Progress { leg, status, body: Bytes::new() },
            "Answer" => SipCommand::Answer { leg, body },
            "Refuse" => SipCommand::Refuse { leg, status, reason: None, contact: None, retry_after: None },
            "Carry" => SipCommand::Carry {
                leg,
                carried: Box::new(Carried {
                    user_to_users: UserToUsers::of([&b"hi"[..]]),
                    headers: vec![HeaderField::new("X-Note", "a")],
                }),
            },
            "Hangup" => SipCommand::Hangup { leg, reason: Some(Reason::sip(480, "no agent")) },
            "Reinvite" => SipCommand::Reinvite { leg, offer: body },
            "Sound" => SipCommand::Progress { leg, status, body },
            "Key" => SipCommand::Key { leg, digit: '5', duration_ms: 160 },
            "CancelReinvite" => SipCommand::CancelReinvite { leg },
            "ReinviteLate" => SipCommand::Reinvite { leg, offer: Bytes::new() },
            "AnswerReinvite" => SipCommand::AnswerReinvite { leg, status, body },
            "AnswerRefer" => SipCommand::AnswerRefer { leg, status },
            "Notify" => SipCommand::Notify { leg, status },
            "Acknowledge" => SipCommand::Acknowledge { leg, answer: body },
            "Dial" => self.dial(Target::Uri { uri: "sip:+15550101@198.51.100.10".into(), via: None }, body),
            "DialLate" => self.dial(Target::Uri { uri: "sip:+15550101@198.51.100.10".into(), via: None }, Bytes::new()),
            "DialName" => self.dial(Target::Uri { uri: "sip:+15550101@pbx.example.com".into(), via: None }, body),
            "DialNowhere" => {
                self.dial(Target::Uri { uri: "sip:+15550101@192.0.2.9;transport=sctp".into(), via: None }, body)
            }
            "DialTrunk" => self.dial(Target::Trunk { trunk: TrunkId::new("carrier"), user: "+15550101".into() }, body),
            "DialPhone" => self.dial(Target::Registered(AgentId::new("ann")), body),
            other => panic!("no command {other}"),
        };
        self.command(command);
    }

    pub fn dial_to(&mut self, uri: &str) {
        let command = self.dial(Target::Uri { uri: uri.into(), via: None }, Bytes::from(SDP));
        self.command(command);
    }

    pub fn dial_for(&mut self, target: Target, caller: Asserted) {
        let SipCommand::Dial { leg, mut dial } = self.dial(target, Bytes::from(SDP)) else { return };
        dial.asserted = Some(caller);
        self.command(SipCommand::Dial { leg, dial });
    }

    pub fn dial_of(&mut self, target: Target) -> SipCommand {
        self.dial(target, Bytes::from(SDP))
    }

    fn dial(&mut self, target: Target, offer: Bytes) -> SipCommand {
        self.dials += 1;
        self.leg = LegId::outbound(CallId::new(1, 1), self.dials);
        let dial = Dial {
            target,
            trunk: None,
            flow: FlowId(0),
            from_user: Pii::new("+15550100".into()),
            from_display: Pii::new("Ann \"A\" Example".into()),
            asserted: None,
            offer,
            user_to_users: UserToUsers::of([&b"hi"[..]]),
            headers: vec![HeaderField::new("X-Queue", "sales")],
            copied: ["X-Ticket".into()].into(),
            reliable: Reliable::Supported,
            ring_timeout: self.ring_timeout,
        };
        SipCommand::Dial { leg: self.leg, dial: Box::new(dial) }
    }

    fn caller_asks(&mut self, method: &str, options: &Options<'_>) {
        let call = options.call;
        let tag =
            self.tag_by_call.get(call).filter(|_| options.to).map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let branch = options.branch.map_or_else(|| format!("z9hG4bK{method}{}{call}", options.cseq), str::to_owned);
        let from = address(options.from);
        let rack = options.rack.map(|more| format!("RAck: {} 1 INVITE\r\n", self.rseq.wrapping_add(more)));
        let text = format!(
            "{method} {} SIP/2.0\r\nVia: SIP/2.0/UDP {from};rport;branch={branch}\r\nMax-Forwards: {}\r\n\
             From: \"Ann\" <sip:{}@pbx.example.com>;tag=caller\r\nTo: <sip:+15550199@{OWN}>{tag}\r\nCall-ID: {call}\r\n\
             CSeq: {} {}\r\nContact: <sip:ann@{from}>\r\n{}{}",
            options.uri,
            options.hops,
            options.user,
            options.cseq,
            options.cseq_method.unwrap_or(method),
            options.headers.clone() + &rack.unwrap_or_default(),
            body(options.body),
        );
        self.receive(options.from, &text);
    }

    fn callee_asks(&mut self, method: &str, options: &Options<'_>) {
        let invite = self.request_sent("INVITE", 1);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (own, call_id) = (text(invite.from().raw), text(invite.call_id()));
        let cseq = match (method, options.cseq_given) {
            ("ACK", false) => self.request_sent("INVITE", 0).cseq().number,
            _ => options.cseq,
        };
        let branch = format!("z9hG4bKcallee{method}{cseq}");
        let message = format!(
            "{method} sip:{OWN} SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.10;rport;branch={branch}\r\nMax-Forwards: 70\r\n\
             From: <sip:+15550101@198.51.100.10>;tag={}\r\nTo: {own}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:callee@198.51.100.10>\r\n{}{}",
            options.tag,
            options.headers,
            body(options.body),
        );
        self.receive(options.from, &message);
    }

    fn callee_answers(&mut self, which: &str, status: u16, options: &Options<'_>) {
        let (method, nth) = which.split_once('#').unwrap_or((which, "0"));
        let request = self.request_sent(method, nth.parse().expect("a number"));
        let source = OWN.parse().expect("an address");
        let mut writer = Writer::reply(&request, status, "Whatever", source, options.tag);
        let is_dialog = status < 300 && matches!(request.method(), Method::Invite | Method::Update);
        if is_dialog && !options.headers.contains("Contact:") {
            writer.push(HeaderName::CONTACT, "<sip:callee@198.51.100.10>");
        }
        for (name, value) in options.headers.lines().filter_map(|line| line.split_once(':')) {
            writer.push_bytes(name.into(), value.as_bytes());
        }
        let bytes = writer.finish_with("application/sdp", if options.body { SDP.as_bytes() } else { &[] });
        self.receive(options.from, &String::from_utf8_lossy(&bytes));
    }
}

struct Options<'a> {
    from: &'a str,
    uri: &'a str,
    call: &'a str,
    user: &'a str,
    hops: &'a str,
    cseq: u32,
    cseq_given: bool,
    cseq_method: Option<&'a str>,
    branch: Option<&'a str>,
    to: bool,
    body: bool,
    tag: &'a str,
    /// RAck names the last RSeq plus this.
    rack: Option<u32>,
    headers: String,
}

impl<'a> Options<'a> {
    fn read(words: &[&'a str]) -> Options<'a> {
        let mut options = Options {
            from: "trunk",
            uri: "sip:+15550199@192.0.2.1",
            call: "call-1",
            user: "+15550100",
            hops: "70",
            cseq: 1,
            cseq_given: false,
            cseq_method: None,
            branch: None,
            to: false,
            body: false,
            tag: "callee",
            rack: None,
            headers: String::new(),
        };
        for word in words {
            match word.split_once('=').unwrap_or((word, "")) {
                ("from", value) => options.from = value,
                ("uri", value) => options.uri = value,
                ("user", value) => options.user = value,
                ("call", value) => options.call = value,
                ("hops", value) => options.hops = value,
                ("c", value) => (options.cseq, options.cseq_given) = (value.parse().expect("a number"), true),
                ("m", value) => options.cseq_method = Some(value),
                ("b", value) => options.branch = Some(value),
                ("tag", value) => options.tag = value,
                ("to", _) => options.to = true,
                ("body", _) => options.body = true,
                ("rack", value) => options.rack = Some(value.parse().expect("a number")),
                ("h", value) => options.headers.push_str(&format!("{}\r\n", value.replace('_', " "))),
                (other, _) => panic!("no option {other}"),
            }
        }
        options
    }
}

fn body(there: bool) -> String {
    if there {
        return format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len());
    }
    "Content-Length: 0\r\n\r\n".into()
}

fn mark(body: &Bytes) -> &'static str {
    if body.is_empty() { "" } else { " sdp" }
}

fn cause(reason: &Option<Reason>) -> String {
    reason.as_ref().map(|reason| format!(" ({} {})", reason.protocol, reason.cause)).unwrap_or_default()
}

fn carried_words(carried: &Carried) -> String {
    let field = |field: &HeaderField| format!(" {}={}", field.name, field.value.expose().escape_ascii());
    let fields: String = carried.headers.iter().map(field).collect();
    format!("Carried {}{fields}", carried.user_to_users.0.len())
}

/// Plays `script` and compares the trace; afterwards, when all has been quiet, nothing may be left.
pub fn check(script: &str, expect: &str) {
    check_world(&mut World::new(setup()), script, expect);
}

pub fn check_world(world: &mut World, script: &str, expect: &str) {
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        world.step(line);
    }
    let trace = std::mem::take(&mut world.trace).join(", ");
    let expect: Vec<&str> = expect.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(trace, expect.join(" "), "\n{script}");
    world.wait(Duration::from_secs(200));
    assert!(world.endpoint.is_empty(), "{:?} after {script}", world.endpoint.counts());
}
