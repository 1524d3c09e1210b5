//! Browsers: the pages of customers who call from them, and the phones of agents who have theirs in the desk's page. Each has a
//! websocket, which is cut now and then, and a page, which is loaded anew or closed.

use bytes::Bytes;
use memchr::memmem;

use crate::base::Mono;
use crate::base::rng::Rng;
use crate::engine::Input;
use crate::sip::api::{Browser as Whose, FlowId, StreamEvent};

use super::dice;
use super::later::Later;
use super::people::Person;
use super::town;

/// One browser, and whoever sits before it.
pub struct Browser {
    whose: Whose,
    pub person: Person,
    rng: Rng,
    /// How probable a cut is, in a call or in a minute.
    cut: f64,
    flow: Option<FlowId>,
    /// The connections that it has had, and the times that its page was loaded.
    opened: u64,
    first_flow: u64,
    loads: u32,
    cseq: u32,
    up: Later<Input>,
    down: Later<Bytes>,
    last_up: Mono,
    last_down: Mono,
    acts: Later<Act>,
    /// It was away in a call, and has asked to go on.
    comes_back: bool,
    is_closed: bool,
    seen: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Open,
    Register,
    Dial,
    Cut,
    Reload,
    Close,
    /// A minute is over at a desk.
    Minute,
}

/// As many connections as one browser may make.
const FLOWS: u64 = 10_000;
const LATENCY_MS: u64 = 15;

impl Browser {
    /// `nth` of all browsers of this world.
    pub fn new(whose: Whose, person: Person, nth: u64, cut: f64, rng: Rng) -> Browser {
        Browser {
            whose,
            person: person.in_browser(),
            rng,
            cut,
            flow: None,
            opened: 0,
            first_flow: 1 + nth * FLOWS,
            loads: 0,
            cseq: 0,
            up: Later::default(),
            down: Later::default(),
            last_up: Mono::ZERO,
            last_down: Mono::ZERO,
            acts: Later::default(),
            comes_back: false,
            is_closed: false,
            seen: Vec::new(),
        }
    }

    /// The page is there: it connects, and a customer calls at once.
    pub fn begin(&mut self, now: Mono) {
        self.after(1, 300, Act::Open, now);
        match self.whose {
            Whose::Caller { .. } => self.plan_call(now),
            Whose::Agent { .. } => self.after(30_000, 90_000, Act::Minute, now),
        }
    }

    pub fn owns(&self, flow: FlowId) -> bool {
        flow.is_stream() && (flow.0 >> 16) / FLOWS == self.first_flow / FLOWS
    }

    /// Nothing of it will happen any more.
    pub fn is_idle(&self) -> bool {
        self.person.live_calls() == 0 && (self.is_closed || matches!(self.whose, Whose::Agent { .. }))
    }

    /// What has happened to it since the last time, for the report.
    pub fn take_seen(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.seen)
    }

    /// What the server sends over one of its connections.
    pub fn send(&mut self, flow: FlowId, bytes: Bytes, now: Mono) {
        if self.flow == Some(flow) {
            self.last_down = self.last_down.max(now + dice::between_ms(&mut self.rng, 1, LATENCY_MS));
            self.down.add(self.last_down, bytes);
        }
    }

    /// The day is over.
    pub fn go_home(&mut self, now: Mono) {
        self.acts.clear();
        self.act(Act::Close, now);
    }

    pub fn handle_timeout(&mut self, now: Mono) {
        while let Some(bytes) = self.down.take(now) {
            self.receive(bytes, now);
        }
        while let Some(act) = self.acts.take(now) {
            self.act(act, now);
        }
        self.person.handle_timeout(now);
        self.drain(now);
        let is_done = self.person.live_calls() == 0 && self.flow.is_some() && self.acts.next().is_none();
        if is_done && matches!(self.whose, Whose::Caller { .. }) {
            self.after(200, 2_000, Act::Close, now);
        }
    }

    /// What has arrived at the server.
    pub fn poll_output(&mut self, now: Mono) -> Option<Input> {
        self.up.take(now)
    }

    pub fn poll_timeout(&self) -> Option<Mono> {
        [self.up.next(), self.down.next(), self.acts.next(), self.person.poll_timeout()].into_iter().flatten().min()
    }

    /// They dial, and some cannot sit still.
    fn plan_call(&mut self, now: Mono) {
        self.after(400, 600, Act::Dial, now);
        let cut = self.cut * 3.0;
        for (chance, act) in [(cut, Act::Cut), (0.12, Act::Reload), (0.08, Act::Close)] {
            if self.rng.chance(chance) {
                return self.after(700, 20_000, act, now);
            }
        }
    }

    fn act(&mut self, act: Act, now: Mono) {
        match act {
            Act::Open => self.open(now),
            Act::Register => self.register(now),
            Act::Dial => {
                self.seen.push("browser: calls");
                self.person.click(now);
            }
            Act::Cut => {
                self.seen.push("browser: cut");
                self.cut_off(now);
                self.person.lose(false);
                let away_ms = if self.rng.chance(0.7) { 8_000 } else { 25_000 };
                self.after(200, away_ms, Act::Open, now);
            }
            Act::Reload => self.reload(now),
            Act::Close => {
                self.seen.extend((self.person.live_calls() > 0).then_some("browser: closed amid a call"));
                self.cut_off(now);
                self.person.lose(true);
                self.acts.clear();
                self.is_closed = true;
            }
            Act::Minute => self.minute(now),
        }
    }

    fn minute(&mut self, now: Mono) {
        self.after(30_000, 90_000, Act::Minute, now);
        if self.flow.is_none() {
            return;
        }
        if self.rng.chance(self.cut) {
            self.act(Act::Cut, now);
        } else if self.rng.chance(0.08) {
            self.reload(now);
        } else {
            self.register(now);
        }
    }

    /// The page knows nothing of its calls afterwards.
    fn reload(&mut self, now: Mono) {
        let is_amid = self.person.live_calls() > 0;
        self.seen.push(if is_amid { "browser: loaded anew amid a call" } else { "browser: loaded anew" });
        self.cut_off(now);
        self.person.lose(true);
        self.loads += 1;
        self.person.rename(&format!("page{}", self.loads), now);
        self.after(100, 3_000, Act::Open, now);
        if is_amid && matches!(self.whose, Whose::Caller { .. }) {
            self.after(3_100, 6_000, Act::Dial, now);
        }
    }

    fn open(&mut self, now: Mono) {
        if self.is_closed || self.flow.is_some() {
            return;
        }
        let flow = FlowId::stream(self.first_flow + self.opened, town::WEB_FLOW);
        self.opened += 1;
        self.flow = Some(flow);
        let (peer, browser) = (self.person.address(), Some(self.whose.clone()));
        self.push(Input::Stream { flow, event: StreamEvent::Opened { peer, names: Vec::new(), browser } }, now);
        if matches!(self.whose, Whose::Agent { .. }) {
            self.register(now);
        }
        self.comes_back = self.person.speak_again(now);
        self.drain(now);
    }

    fn cut_off(&mut self, now: Mono) {
        let Some(flow) = self.flow.take() else { return };
        self.down.clear();
        self.push(Input::Stream { flow, event: StreamEvent::Closed }, now);
    }

    /// The phone of a desk's page says where it is.
    fn register(&mut self, now: Mono) {
        let Whose::Agent { agent } = &self.whose else { return };
        self.cseq += 1;
        let (address, cseq, loads) = (self.person.address(), self.cseq, self.loads);
        let text = format!(
            "REGISTER sip:{realm} SIP/2.0\r\nVia: SIP/2.0/WS {address};rport;branch=z9hG4bKreg{loads}x{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:{agent}@{realm}>;tag=reg{loads}\r\nTo: <sip:{agent}@{realm}>\r\nCall-ID: register-{loads}-{agent}\r\n\
             CSeq: {cseq} REGISTER\r\n\
             Contact: <sip:page{loads}@{address};transport=ws>;expires=300;reg-id=1;+sip.instance=\"<urn:uuid:{agent}>\"\r\n\
             Supported: path, outbound\r\nContent-Length: 0\r\n\r\n",
            realm = town::REALM,
        );
        self.say(Bytes::from(text), now);
    }

    fn receive(&mut self, bytes: Bytes, now: Mono) {
        let has = |text: &str| memmem::find(&bytes, text.as_bytes()).is_some();
        match has(" REGISTER\r\n") {
            true if has("SIP/2.0 200 ") => self.seen.push("browser: registered"),
            // Who is no agent any more looks from time to time whether they are again.
            true => self.after(5_000, 20_000, Act::Register, now),
            false => {
                if self.comes_back && bytes.starts_with(b"SIP/2.0 200 ") && has(" INVITE\r\n") {
                    self.comes_back = false;
                    self.seen.push("browser: back in its call");
                }
                self.person.handle(bytes, town::engine_address(), now);
                self.drain(now);
            }
        }
    }

    fn drain(&mut self, now: Mono) {
        while let Some((bytes, _)) = self.person.poll_output() {
            self.say(bytes, now);
        }
    }

    /// Without a connection nothing leaves.
    fn say(&mut self, bytes: Bytes, now: Mono) {
        if let Some(flow) = self.flow {
            self.push(Input::Datagram { flow, from: self.person.address(), bytes }, now);
        }
    }

    fn push(&mut self, input: Input, now: Mono) {
        self.last_up = self.last_up.max(now + dice::between_ms(&mut self.rng, 1, LATENCY_MS));
        self.up.add(self.last_up, input);
    }

    fn after(&mut self, least_ms: u64, most_ms: u64, act: Act, now: Mono) {
        let at = now + dice::between_ms(&mut self.rng, least_ms, most_ms);
        self.acts.add(at, act);
    }
}
