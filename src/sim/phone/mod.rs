//! A telephone without I/O: a SIP user agent of its own, small, and independent of `sip::endpoint`, which it judges.
//!
//! It reads and writes with `sip::wire`, and has its own dialogs and timers. Carriers, agents' phones and IVRs are all this one.

mod api;
mod call;
mod callee;
mod caller;
mod commands;
mod description;
mod messages;
mod proving;
mod refreshing;
#[cfg(test)]
mod tests;

pub use api::{Ending, HOLD, Habits, PhoneCall, PhoneDial, PhoneEvent, PhoneOutput, PhoneSetup, Quirks, TALK};

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::base::Mono;
use crate::base::rng::Rng;
use crate::base::timers::Timers;
use crate::sip::wire::{Message, Method, Request, Writer, reason_phrase};

use call::{Call, Customs, Kind, Stand, Timer};

/// As telephones have it: a CANCEL may be lost as often as it is sent.
const RINGS_FOR: Duration = Duration::from_secs(180);

/// One telephone with all its calls.
pub struct Phone {
    setup: PhoneSetup,
    rng: Rng,
    calls: BTreeMap<PhoneCall, Call>,
    call_by_call_id: HashMap<Vec<u8>, PhoneCall>,
    timers: Timers<(PhoneCall, Timer)>,
    outputs: VecDeque<PhoneOutput>,
    numbered: u64,
}

impl Phone {
    pub fn new(setup: PhoneSetup, rng: Rng) -> Phone {
        Phone {
            setup,
            rng,
            calls: BTreeMap::new(),
            call_by_call_id: HashMap::new(),
            timers: Timers::default(),
            outputs: VecDeque::new(),
            numbered: 0,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.setup.address
    }

    /// A datagram as it came from `from`.
    pub fn handle(&mut self, bytes: Bytes, from: SocketAddr, now: Mono) {
        match Message::parse(bytes) {
            Ok(Message::Request(request)) => self.on_request(request, from, now),
            Ok(Message::Response(response)) => {
                if let Some(call) = self.find(response.call_id()) {
                    self.on_response(call, &response, now);
                }
            }
            Err(_) => self.fault("a datagram that is no SIP message"),
        }
    }

    pub fn handle_timeout(&mut self, now: Mono) {
        while let Some((call, timer)) = self.timers.pop_due(now) {
            match timer {
                Timer::Resend(kind) => self.resend(call, kind, now),
                Timer::GiveUp(kind) => self.given_up(call, kind, now),
                Timer::ResendReply => self.resend_reply(call, now),
                Timer::RingsOut => self.refuse(call, 480, now),
                Timer::NoAck => self.never_acknowledged(call, now),
                Timer::ProveAgain => self.prove_again(call, now),
                Timer::Unproved => self.refuse(call, 504, now),
                Timer::Refresh => self.refresh(call, now),
                Timer::Expired => self.hang_up(call, now),
                Timer::Forget => self.forget(call),
            }
        }
    }

    pub fn poll_output(&mut self) -> Option<PhoneOutput> {
        self.outputs.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<Mono> {
        self.timers.next().map(|(at, _)| at)
    }

    /// Its contact is another one from now on, as that of a page that is loaded anew.
    pub fn rename(&mut self, user: &str) {
        self.setup.user = user.to_owned();
    }

    /// Calls in which both sides are connected.
    pub fn talking(&self) -> Vec<PhoneCall> {
        let talks = |call: &&Call| matches!(call.stand, Stand::Talking);
        self.calls.values().filter(talks).map(|call| call.id).collect()
    }

    /// Calls that have not ended and are not connected.
    pub fn unanswered(&self) -> Vec<PhoneCall> {
        let waits = |call: &&Call| !matches!(call.stand, Stand::Talking | Stand::Leaving | Stand::Gone);
        self.calls.values().filter(waits).map(|call| call.id).collect()
    }

    /// Calls that have not ended.
    pub fn live_calls(&self) -> usize {
        self.calls.values().filter(|call| !call.is_gone()).count()
    }

    /// Loses all calls without a word, as a phone whose battery is empty.
    pub fn vanish(&mut self) {
        self.calls.clear();
        self.call_by_call_id.clear();
        self.timers = Timers::default();
    }

    /// Loses one call without a word.
    pub fn lose(&mut self, call: PhoneCall) {
        self.timers.cancel(&(call, Timer::Forget));
        self.forget(call);
    }

    fn draw_customs(&mut self) -> Customs {
        let Habits { reliable, late_offer, session_timer } = self.setup.habits;
        Customs {
            reliable: self.rng.chance(reliable),
            late_offer: self.rng.chance(late_offer),
            session_timer: self.rng.chance(session_timer),
        }
    }

    fn find(&self, call_id: &[u8]) -> Option<PhoneCall> {
        self.call_by_call_id.get(call_id).copied()
    }

    fn next_id(&mut self) -> PhoneCall {
        self.numbered += 1;
        PhoneCall(self.numbered)
    }

    fn add(&mut self, call: Call) {
        self.call_by_call_id.insert(call.call_id.clone(), call.id);
        self.calls.insert(call.id, call);
    }

    fn send(&mut self, bytes: Bytes, to: SocketAddr) {
        self.outputs.push_back(PhoneOutput::Send(bytes, to));
    }

    fn tell(&mut self, event: PhoneEvent) {
        self.outputs.push_back(PhoneOutput::Event(event));
    }

    fn fault(&mut self, what: &'static str) {
        self.tell(PhoneEvent::Fault { what });
    }

    fn timeout(&self) -> Duration {
        self.setup.t1 * 64
    }

    /// Sends a request until `stop` or 64*T1.
    fn start(&mut self, id: PhoneCall, kind: Kind, outgoing: call::Outgoing, now: Mono) {
        self.send(outgoing.bytes.clone(), outgoing.to);
        self.timers.set((id, Timer::Resend(kind)), now + outgoing.interval);
        self.timers.set((id, Timer::GiveUp(kind)), now + self.timeout());
        if let Some(call) = self.calls.get_mut(&id) {
            call.outgoing.insert(kind, outgoing);
        }
    }

    fn stop(&mut self, id: PhoneCall, kind: Kind) {
        self.timers.cancel(&(id, Timer::Resend(kind)));
        self.timers.cancel(&(id, Timer::GiveUp(kind)));
        if let Some(call) = self.calls.get_mut(&id) {
            call.outgoing.remove(&kind);
        }
    }

    /// Doubles the interval: without bound for INVITE (timer A), up to T2 for the others (timer E).
    fn resend(&mut self, id: PhoneCall, kind: Kind, now: Mono) {
        let t2 = self.setup.t2;
        let Some(outgoing) = self.calls.get_mut(&id).and_then(|call| call.outgoing.get_mut(&kind)) else { return };
        let doubled = outgoing.interval * 2;
        outgoing.interval = if kind == Kind::Invite || kind == Kind::Change { doubled } else { doubled.min(t2) };
        let (bytes, to, interval) = (outgoing.bytes.clone(), outgoing.to, outgoing.interval);
        self.send(bytes, to);
        self.timers.set((id, Timer::Resend(kind)), now + interval);
    }

    fn given_up(&mut self, id: PhoneCall, kind: Kind, now: Mono) {
        self.stop(id, kind);
        match kind {
            Kind::Invite | Kind::Cancel => self.end(id, Ending::Silence, now),
            Kind::Change => self.hang_up(id, now),
            Kind::Bye => self.end(id, Ending::HungUp, now),
            // What they were about goes on without.
            Kind::Prack | Kind::Refer | Kind::Info => {}
        }
    }

    /// The call is over; it is kept for 64*T1 to answer what is sent again.
    fn end(&mut self, id: PhoneCall, why: Ending, now: Mono) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| !call.is_gone()) else { return };
        call.stand = Stand::Gone;
        call.outgoing.clear();
        let is_owed_ack = call.reply.as_ref().is_some_and(|reply| !reply.acknowledged && reply.status >= 300);
        for timer in Call::timers() {
            let is_for_reply = matches!(timer, Timer::ResendReply | Timer::NoAck);
            if !(is_owed_ack && is_for_reply) {
                self.timers.cancel(&(id, timer));
            }
        }
        self.timers.set((id, Timer::Forget), now + self.timeout());
        self.tell(PhoneEvent::Ended { call: id, why });
    }

    fn forget(&mut self, id: PhoneCall) {
        if let Some(call) = self.calls.remove(&id) {
            self.call_by_call_id.remove(&call.call_id);
        }
        for timer in Call::timers() {
            self.timers.cancel(&(id, timer));
        }
    }

    /// Answers a request that belongs to no call.
    fn reply_stateless(&mut self, request: &Request, status: u16, from: SocketAddr) {
        let to = request.via_top().reply_address(from);
        let reply = Writer::reply(request, status, reason_phrase(status), from, "none").finish();
        self.send(reply, to);
    }

    fn on_request(&mut self, request: Request, from: SocketAddr, now: Mono) {
        let call = self.find(request.call_id());
        match (request.method().clone(), call) {
            (Method::Invite, None) if request.to().tag.is_empty() => self.called(request, from, now),
            (Method::Invite, Some(call)) => self.invited_again(call, request, from, now),
            (Method::Ack, Some(call)) => self.acknowledged(call, &request, now),
            (Method::Cancel, Some(call)) => self.cancelled(call, &request, from, now),
            (Method::Bye, Some(call)) => self.peer_hung_up(call, &request, from, now),
            (Method::Prack, Some(call)) => self.proved(call, &request, from),
            (Method::Notify, Some(call)) => self.notified(call, &request, from),
            // A key that the other side has pressed.
            (Method::Info, Some(call)) => self.refuse_statelessly(call, &request, 200, from),
            (Method::Options, _) => self.reply_stateless(&request, 200, from),
            (Method::Ack, None) => {}
            (Method::Invite | Method::Cancel | Method::Bye | Method::Prack | Method::Notify | Method::Info, None) => {
                self.reply_stateless(&request, 481, from);
            }
            (_, _) => self.reply_stateless(&request, 501, from),
        }
    }
}
