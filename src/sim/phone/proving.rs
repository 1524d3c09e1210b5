//! Reliable provisional answers (RFC 3262): those that a phone acknowledges, and its own that it sends again until they are.

use std::net::SocketAddr;

use crate::base::Mono;
use crate::sdp::Session;
use crate::sip::wire::{HeaderName, RAck, Request, Response, read_rseq};

use super::api::PhoneCall;
use super::call::{Call, Kind, Outgoing, Timer, Unproved};
use super::{Phone, messages};

pub(super) const RELIABLE: &str = "100rel";

impl Phone {
    /// A reliable provisional answer is acknowledged once; one that came before, or too early, is passed over.
    pub(super) fn prove(&mut self, id: PhoneCall, response: &Response, now: Mono) {
        let Some(call) = self.calls.get(&id) else { return };
        let rseq = response.header(HeaderName::RSEQ).and_then(read_rseq);
        let Some(rseq) = rseq.filter(|_| response.has_token(HeaderName::REQUIRE, RELIABLE)) else { return };
        if !call.customs.reliable {
            return self.fault("a reliable provisional answer for one who knows of none");
        }
        let is_next = call.rseq.is_none_or(|last| rseq == last + 1);
        if !is_next || response.to().tag.is_empty() || call.outgoing.contains_key(&Kind::Prack) {
            return;
        }
        self.prack(id, response, rseq, now);
    }

    fn prack(&mut self, id: PhoneCall, response: &Response, rseq: u32, now: Mono) {
        let branch = self.branch();
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.rseq = Some(rseq);
        call.cseq += 1;
        let remote = Session::parse(response.body()).ok();
        let answer = remote.as_ref().filter(|_| call.customs.late_offer && call.early.is_none());
        let answer = answer.and_then(|offer| call.sound.answer(offer)).unwrap_or_default();
        call.early = remote.or(call.early.take());
        let early = early_dialog(call, response);
        let rack = format!("{rseq} {} INVITE", response.cseq().number);
        let bytes = messages::prack(&self.setup, &early, &branch, &rack, &answer);
        let outgoing = Outgoing { cseq: call.cseq, branch, bytes, to: early.peer, interval: self.setup.t1 };
        self.start(id, Kind::Prack, outgoing, now);
    }

    /// 180 that is sent again until its PRACK comes.
    pub(super) fn ring_reliably(&mut self, id: PhoneCall, now: Mono) {
        let (t1, given_up) = (self.setup.t1, now + self.timeout());
        let rseq = 1 + self.rng.below(1000) as u32;
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(invite) = &call.invite else { return };
        let bytes = messages::reliable_ringing(&self.setup, call, invite, rseq);
        let to = invite.via_top().reply_address(call.source);
        call.rseq = Some(rseq);
        call.unproved = Some(Unproved { bytes: bytes.clone(), to, interval: t1 });
        self.send(bytes, to);
        self.timers.set((id, Timer::ProveAgain), now + t1);
        self.timers.set((id, Timer::Unproved), given_up);
    }

    pub(super) fn prove_again(&mut self, id: PhoneCall, now: Mono) {
        let Some(unproved) = self.calls.get_mut(&id).and_then(|call| call.unproved.as_mut()) else { return };
        unproved.interval *= 2;
        let (bytes, to, again) = (unproved.bytes.clone(), unproved.to, now + unproved.interval);
        self.send(bytes, to);
        self.timers.set((id, Timer::ProveAgain), again);
    }

    /// PRACK of the last one stops it; of another one it is for nothing.
    pub(super) fn proved(&mut self, id: PhoneCall, request: &Request, from: SocketAddr) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let rack = request.header(HeaderName::RACK).and_then(RAck::read);
        let invite = call.invite.as_ref().map(|invite| invite.cseq().number);
        let is_it = rack.is_some_and(|rack| Some(rack.rseq) == call.rseq && Some(rack.cseq) == invite);
        // A copy that the network has kept back.
        let is_late = request.cseq().number <= call.remote_cseq;
        if !is_it && !is_late {
            self.fault("a PRACK for what was never said");
            return self.refuse_statelessly(id, request, 481, from);
        }
        call.remote_cseq = call.remote_cseq.max(request.cseq().number);
        self.stop_proving(id);
        self.refuse_statelessly(id, request, 200, from);
    }

    pub(super) fn stop_proving(&mut self, id: PhoneCall) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.unproved = None;
        }
        self.timers.cancel(&(id, Timer::ProveAgain));
        self.timers.cancel(&(id, Timer::Unproved));
    }
}

/// The dialog as the provisional answer makes it (RFC 3261 section 12.1.2).
fn early_dialog(call: &Call, response: &Response) -> Call {
    let mut early = call.clone();
    early.remote = String::from_utf8_lossy(response.to().raw).into_owned();
    early.routes = response.list(HeaderName::RECORD_ROUTE).map(<[u8]>::to_vec).collect();
    early.routes.reverse();
    early.learn(response);
    early
}

/// What a peer says that it knows.
pub(super) fn knows_reliable(request: &Request) -> bool {
    request.has_token(HeaderName::SUPPORTED, RELIABLE) || request.has_token(HeaderName::REQUIRE, RELIABLE)
}
