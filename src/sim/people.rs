//! The people with the telephones: callers with more or less patience, agents who are quick or slow or away, and the old IVR.

mod keys;
mod passing;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::base::rng::Rng;
use crate::base::{Mono, Pii};

use super::dice;
use super::later::Later;
use super::manners::{Manners, More};
use super::phone::{
    Ending, HOLD, Habits, Phone, PhoneCall, PhoneDial, PhoneEvent, PhoneOutput, PhoneSetup, Quirks, TALK,
};
use super::scenario::Rates;
use super::site::Visit;
use super::town;
use keys::Keys;
use passing::Passing;

/// What the person does with a telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Caller,
    Agent,
    Ivr,
}

/// How long after its absence nothing is a fault that a phone sees: all transactions of that time have ended.
const EXCUSED: Duration = Duration::from_secs(64);

/// What some of all calls are, in every world.
const HABITS: Habits = Habits { reliable: 0.3, late_offer: 0.1, session_timer: 0.3 };

/// A telephone and who uses it.
pub struct Person {
    pub role: Role,
    phone: Phone,
    rng: Rng,
    rates: Rates,
    manners: Manners,
    acts: Later<(PhoneCall, Act)>,
    sends: Vec<(Bytes, SocketAddr)>,
    counts: Tally,
    faults: Vec<&'static str>,
    /// No packet leaves or reaches it until then.
    away_until: Mono,
    next_port: u16,
    passing: Passing,
    keys: Keys,
    seen: Vec<&'static str>,
    /// The page was loaded anew: what rings until then is the call that it had.
    takes_until: Mono,
}

/// What happened on a telephone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub began: u64,
    pub connected: u64,
    pub ended: u64,
    pub vanished: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Ring,
    Answer,
    Refuse(u16),
    HangUp,
    Hold,
    Resume,
    PassOn,
    Ask,
    /// Of an own call: its other side is to have the caller.
    Join,
    MustBeOver,
    Key(char),
    Vanish,
}

impl Person {
    pub fn new(role: Role, address: SocketAddr, name: &str, rates: Rates, rng: Rng) -> Person {
        Person::with(role, PhoneSetup::new(address, name), rates, rng)
    }

    fn with(role: Role, setup: PhoneSetup, rates: Rates, mut rng: Rng) -> Person {
        let quirks = Quirks {
            cancel_answered: rates.cancel_answered,
            ack_late: rates.ack_late,
            bye_crossed: rates.bye_crossed,
            change_crossed: rates.change_crossed,
        };
        let setup = PhoneSetup { quirks, habits: HABITS, ..setup };
        let phone = Phone::new(setup, rng.split());
        Person {
            role,
            phone,
            rng,
            rates,
            manners: More::Nothing.manners(),
            acts: Later::default(),
            sends: Vec::new(),
            counts: Tally::default(),
            faults: Vec::new(),
            away_until: Mono::ZERO,
            next_port: 0,
            passing: Passing::default(),
            keys: Keys::default(),
            seen: Vec::new(),
            takes_until: Mono::ZERO,
        }
    }

    pub fn with_manners(self, manners: Manners) -> Person {
        Person { manners, ..self }
    }

    /// An agent who passes calls on to others, of whom so many serve the queues.
    pub fn among(mut self, colleagues: u32) -> Person {
        self.passing.colleagues = colleagues;
        self
    }

    /// Their telephone is a page. What it hears depends on its websocket, so that silence is no fault.
    pub fn in_browser(mut self) -> Person {
        let setup = PhoneSetup { browser: true, ..PhoneSetup::new(self.phone.address(), "page0") };
        let rates = Rates { datagram_lost: 1.0, ..self.rates };
        let passing = std::mem::take(&mut self.passing);
        Person { passing, manners: self.manners, ..Person::with(self.role, setup, rates, self.rng.split()) }
    }

    /// "Call from this browser".
    pub fn click(&mut self, now: Mono) {
        let uri = format!("sip:call@{}", town::REALM);
        self.call(&uri, "page", None, None, now);
    }

    /// The websocket is gone: calls that are not connected are lost; or the page is, with all.
    pub fn lose(&mut self, all: bool) {
        let before = self.phone.live_calls();
        match all {
            true => {
                self.phone.vanish();
                self.acts.clear();
                self.forget_asking();
            }
            false => self.phone.unanswered().into_iter().for_each(|call| self.phone.lose(call)),
        }
        self.counts.vanished += before.saturating_sub(self.phone.live_calls()) as u64;
    }

    /// Another websocket is there: a call goes on when its page says something in it. False when there is none.
    pub fn speak_again(&mut self, now: Mono) -> bool {
        let talking = self.phone.talking();
        talking.iter().for_each(|call| self.phone.change(*call, TALK, now));
        self.drain(now);
        !talking.is_empty()
    }

    pub fn rename(&mut self, user: &str, now: Mono) {
        self.phone.rename(user);
        self.takes_until = now + Duration::from_secs(15);
    }

    pub fn address(&self) -> SocketAddr {
        self.phone.address()
    }

    pub fn live_calls(&self) -> usize {
        self.phone.live_calls()
    }

    pub fn tally(&self) -> Tally {
        self.counts
    }

    /// What it has done since the last time, for the report.
    pub fn take_seen(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.seen)
    }

    pub fn take_faults(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.faults)
    }

    /// No packet reaches it or leaves it until then.
    pub fn stay_away(&mut self, until: Mono) {
        self.away_until = self.away_until.max(until);
    }

    /// A caller dials.
    pub fn dial(&mut self, visit: &Visit, now: Mono) {
        let digits = visit.caller.as_ref().map_or("anonymous", |caller| caller.as_str());
        let uri = format!("sip:{}@{}", visit.dialled.as_str(), town::engine_address());
        let asserted = visit.caller.as_ref().map(|caller| Pii::new(caller.as_str().to_owned()));
        let call = self.call(&uri, digits, asserted, visit.user_to_user.clone(), now);
        self.knows_code(call, visit.code);
    }

    fn call(
        &mut self,
        uri: &str,
        from: &str,
        asserted: Option<Pii<String>>,
        data: Option<Bytes>,
        now: Mono,
    ) -> PhoneCall {
        let dial = PhoneDial {
            to: town::engine_address(),
            uri: uri.to_owned(),
            from_user: Pii::new(from.to_owned()),
            display: Pii::default(),
            asserted,
            user_to_user: data,
            rtp: self.port(),
        };
        let call = self.phone.call(dial, now);
        self.counts.began += 1;
        let patience = if self.rng.chance(0.1) {
            dice::between_ms(&mut self.rng, 0, 600)
        } else {
            Duration::from_secs(5) + dice::about(&mut self.rng, Duration::from_secs(60))
        };
        self.acts.add(now + patience, (call, Act::HangUp));
        self.maybe_vanish(call, now);
        self.drain(now);
        call
    }

    pub fn handle(&mut self, bytes: Bytes, from: SocketAddr, now: Mono) {
        if now >= self.away_until {
            self.phone.handle(bytes, from, now);
            self.drain(now);
        }
    }

    pub fn handle_timeout(&mut self, now: Mono) {
        self.phone.handle_timeout(now);
        self.drain(now);
        while let Some((call, act)) = self.acts.take(now) {
            self.act(call, act, now);
            self.drain(now);
        }
    }

    pub fn poll_output(&mut self) -> Option<(Bytes, SocketAddr)> {
        (!self.sends.is_empty()).then(|| self.sends.remove(0))
    }

    pub fn poll_timeout(&self) -> Option<Mono> {
        [self.phone.poll_timeout(), self.acts.next()].into_iter().flatten().min()
    }

    fn act(&mut self, call: PhoneCall, act: Act, now: Mono) {
        match act {
            Act::Ring => self.phone.ring(call, now),
            Act::Answer => {
                let rtp = self.port();
                self.phone.answer(call, rtp, now);
            }
            Act::Refuse(status) => self.phone.refuse(call, status, now),
            Act::HangUp => self.phone.hang_up(call, now),
            Act::Hold => self.phone.change(call, HOLD, now),
            Act::Resume => self.phone.change(call, TALK, now),
            Act::PassOn => self.pass_on(call, now),
            Act::Ask => self.ask(call, now),
            Act::Join => self.join(call, now),
            Act::MustBeOver => self.must_be_over(call),
            Act::Key(key) => self.press(call, key, now),
            Act::Vanish => self.vanish(call, now),
        }
    }

    /// An agent's phone is dead for a while, and knows nothing of its calls afterwards; of a carrier only this call is lost.
    fn vanish(&mut self, call: PhoneCall, now: Mono) {
        let before = self.phone.live_calls();
        if self.role == Role::Agent {
            self.phone.vanish();
            self.acts.clear();
            self.forget_asking();
            self.away_until = now + dice::between_ms(&mut self.rng, 1_000, 60_000);
        } else {
            self.phone.lose(call);
        }
        self.counts.vanished += before.saturating_sub(self.phone.live_calls()) as u64;
    }

    fn drain(&mut self, now: Mono) {
        while let Some(output) = self.phone.poll_output() {
            match output {
                PhoneOutput::Send(bytes, to) if now >= self.away_until => self.sends.push((bytes, to)),
                PhoneOutput::Send(..) => {}
                PhoneOutput::Event(event) => self.on_event(event, now),
            }
        }
    }

    fn on_event(&mut self, event: PhoneEvent, now: Mono) {
        match event {
            PhoneEvent::Incoming { call, .. } => self.called(call, now),
            PhoneEvent::Connected { call, remote } => {
                self.counts.connected += 1;
                if remote.is_none() {
                    self.faults.push("connected without a session description");
                }
                self.has_keys(call, remote.as_ref(), now);
                self.connected(call, now);
            }
            PhoneEvent::Ended { call, why } => {
                self.counts.ended += 1;
                self.judge(&why);
                self.asking_over(call, now);
                self.has_no_keys(call);
            }
            PhoneEvent::ReferAnswered { call, status } => self.refer_answered(call, status, now),
            PhoneEvent::PassingOn { call, status } => self.passing_on(call, status, now),
            // Who was away has missed what would explain it.
            PhoneEvent::Fault { .. } if self.away_until != Mono::ZERO && now < self.away_until + EXCUSED => {}
            PhoneEvent::Fault { what } => self.faults.push(what),
            PhoneEvent::Ringing { .. } | PhoneEvent::Changed { .. } | PhoneEvent::ChangeAnswered { .. } => {}
        }
    }

    /// A network that loses nothing leaves nobody without an answer.
    fn judge(&mut self, why: &Ending) {
        if *why == Ending::Silence && self.rates.is_heard() {
            self.faults.push("the server fell silent");
        }
    }

    fn called(&mut self, call: PhoneCall, now: Mono) {
        self.counts.began += 1;
        if self.phone.live_calls() > 1 && self.role == Role::Agent {
            return self.after(10, 50, call, Act::Refuse(486), now);
        }
        if now < self.takes_until {
            return self.after(5, 30, call, Act::Answer, now);
        }
        let mood = self.rng.below(20);
        match (self.role, mood) {
            // A customer who is called back: busy, gone, deaf, away; or a machine takes it.
            (Role::Caller, 0..=1) => self.after(50, 500, call, Act::Refuse(486), now),
            (Role::Caller, 2) => self.after(50, 500, call, Act::Refuse(404), now),
            (Role::Caller, 3..=4) => self.after(50, 500, call, Act::Ring, now),
            (Role::Caller, 5) => self.after(5, 50, call, Act::Refuse(503), now),
            (Role::Caller, 6..=7) => self.after(50, 1_000, call, Act::Answer, now),
            (Role::Caller, 8) => {
                self.after(5, 100, call, Act::Ring, now);
                self.after(10_000, 20_000, call, Act::Answer, now);
            }
            (Role::Ivr, 0) => self.after(5, 50, call, Act::Refuse(503), now),
            (Role::Ivr, _) => self.after(5, 300, call, Act::Answer, now),
            (Role::Agent, 0) => self.after(50, 500, call, Act::Refuse(486), now),
            (Role::Agent, 1) => self.after(5, 100, call, Act::Ring, now),
            (Role::Agent, 2) => {
                self.after(5, 100, call, Act::Ring, now);
                self.after(5_000, 25_000, call, Act::Answer, now);
            }
            (Role::Agent, 3) => self.after(5, 50, call, Act::Answer, now),
            (Role::Agent | Role::Caller, _) => {
                self.after(5, 100, call, Act::Ring, now);
                self.after(300, 4_000, call, Act::Answer, now);
            }
        }
        self.maybe_vanish(call, now);
    }

    fn connected(&mut self, call: PhoneCall, now: Mono) {
        let talk = dice::about(&mut self.rng, self.manners.talk);
        let until = match self.role {
            // An agent or an IVR usually ends it; a caller who only hears music waits longer.
            Role::Caller => now + talk * 5,
            Role::Agent | Role::Ivr => now + talk,
        };
        self.acts.add(until, (call, Act::HangUp));
        if self.asked_answers(call, now) {
            return;
        }
        self.maybe_pass_on(call, now);
        if self.rng.chance(0.15) {
            let held = now + dice::between_ms(&mut self.rng, 100, 10_000);
            let resumed = held + dice::between_ms(&mut self.rng, 10, 5_000);
            self.acts.add(held, (call, Act::Hold));
            self.acts.add(resumed, (call, Act::Resume));
        }
    }

    fn maybe_vanish(&mut self, call: PhoneCall, now: Mono) {
        if self.rng.chance(self.rates.phone_vanishes) {
            self.after(0, 20_000, call, Act::Vanish, now);
        }
    }

    fn after(&mut self, least_ms: u64, most_ms: u64, call: PhoneCall, act: Act, now: Mono) {
        let at = now + dice::between_ms(&mut self.rng, least_ms, most_ms);
        self.acts.add(at, (call, act));
    }

    fn port(&mut self) -> SocketAddr {
        self.next_port = (self.next_port + 2) % 20_000;
        SocketAddr::new(self.phone.address().ip(), 30_000 + self.next_port)
    }
}
