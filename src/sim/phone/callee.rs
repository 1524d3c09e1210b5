//! What a phone does with requests (RFC 3261 sections 9.2, 13.3, 14.2 and 15.1.2).

use std::net::SocketAddr;

use crate::base::{Mono, Pii};
use crate::sdp::{Direction, Session};
use crate::sip::wire::{HeaderName, Request, Writer, reason_phrase};

use super::api::{Ending, PhoneCall, PhoneEvent};
use super::call::{Call, Kind, Stand, Timer};
use super::description::Description;
use super::{Phone, RINGS_FOR, messages};

impl Phone {
    /// Somebody calls.
    pub(super) fn called(&mut self, request: Request, from: SocketAddr, now: Mono) {
        let id = self.next_id();
        let customs = self.draw_customs();
        let tag = messages::word(&mut self.rng);
        let routes = request.list(HeaderName::RECORD_ROUTE).map(<[u8]>::to_vec).collect();
        let mut call = Call {
            id,
            begun: now,
            stand: Stand::Incoming,
            sound: Description::new(SocketAddr::new(self.setup.address.ip(), 9), self.rng.u64(), self.setup.browser),
            call_id: request.call_id().to_vec(),
            local: format!("{};tag={tag}", String::from_utf8_lossy(request.to().raw)),
            remote: String::from_utf8_lossy(request.from().raw).into_owned(),
            local_tag: tag,
            remote_tag: Some(request.from().tag.to_vec()),
            target: Vec::new(),
            routes,
            peer: from,
            cseq: 0,
            remote_cseq: request.cseq().number,
            outgoing: Default::default(),
            invite: None,
            reply: None,
            source: from,
            settled: Vec::new(),
            customs,
            rseq: None,
            unproved: None,
            early: None,
            timer: None,
        };
        if request.contact().is_none() {
            self.fault("an INVITE without Contact");
        }
        call.learn(&request);
        let trying = messages::answer(&self.setup, &call, &request, 100, &[]);
        let to = request.via_top().reply_address(from);
        let offer = Session::parse(request.body()).ok();
        let from_user = Pii::new(request.from().uri.user_text());
        call.invite = Some(request);
        self.timers.set((id, Timer::RingsOut), now + RINGS_FOR);
        self.add(call);
        self.send(trying, to);
        self.tell(PhoneEvent::Incoming { call: id, from_user, offer });
    }

    /// The same INVITE again, or one that changes the session.
    pub(super) fn invited_again(&mut self, id: PhoneCall, request: Request, from: SocketAddr, now: Mono) {
        let Some(call) = self.calls.get(&id) else { return };
        let number = request.cseq().number;
        let is_last = call.invite.as_ref().is_some_and(|last| {
            last.cseq().number == number && last.from().tag == request.from().tag && call.remote_cseq == number
        });
        if is_last {
            return self.repeat_reply(id);
        }
        let is_old = number <= call.remote_cseq;
        let is_busy = call.outgoing.contains_key(&Kind::Change)
            || call.reply.as_ref().is_some_and(|reply| reply.status < 300 && !reply.acknowledged);
        match call.stand {
            Stand::Talking if is_old => self.refuse_statelessly(id, &request, 500, from),
            Stand::Talking if is_busy => self.refuse_statelessly(id, &request, 491, from),
            Stand::Talking if self.rng.chance(self.setup.quirks.change_crossed) => {
                self.change(id, Direction::SendRecv, now);
                self.refuse_statelessly(id, &request, 491, from);
            }
            Stand::Talking => self.changed(id, request, from, now),
            Stand::Calling { .. } | Stand::Incoming | Stand::Answered { .. } => {
                self.refuse_statelessly(id, &request, 491, from);
            }
            Stand::Refused | Stand::Leaving | Stand::Gone => self.refuse_statelessly(id, &request, 481, from),
        }
    }

    fn repeat_reply(&mut self, id: PhoneCall) {
        let Some(reply) = self.calls.get(&id).and_then(|call| call.reply.as_ref()) else { return };
        let (bytes, to) = (reply.bytes.clone(), reply.to);
        self.send(bytes, to);
    }

    pub(super) fn refuse_statelessly(&mut self, id: PhoneCall, request: &Request, status: u16, from: SocketAddr) {
        let Some(call) = self.calls.get(&id) else { return };
        let tag = call.local_tag.clone();
        let to = request.via_top().reply_address(from);
        let reply = Writer::reply(request, status, reason_phrase(status), from, &tag).finish();
        self.send(reply, to);
    }

    fn changed(&mut self, id: PhoneCall, request: Request, from: SocketAddr, now: Mono) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.remote_cseq = request.cseq().number;
        call.source = from;
        call.learn(&request);
        let offer = Session::parse(request.body()).ok();
        call.invite = Some(request);
        let body = match &offer {
            Some(offer) => call.sound.answer(offer),
            None => Some(call.sound.offer(Direction::SendRecv)),
        };
        match body {
            Some(body) => {
                self.accept_timer(id, now);
                self.reply(id, 200, &body, now);
            }
            None => return self.reply(id, 488, &[], now),
        }
        if let Some(remote) = offer {
            self.tell(PhoneEvent::Changed { call: id, remote });
        }
    }

    pub(super) fn acknowledged(&mut self, id: PhoneCall, request: &Request, now: Mono) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let number = request.cseq().number;
        let Some(reply) = call.reply.as_mut().filter(|reply| reply.cseq == number && !reply.acknowledged) else {
            return;
        };
        reply.acknowledged = true;
        self.timers.cancel(&(id, Timer::ResendReply));
        self.timers.cancel(&(id, Timer::NoAck));
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stand::Answered { leaving } = call.stand else { return };
        call.stand = Stand::Talking;
        if leaving {
            return self.bye(id, now);
        }
        let remote = call.invite.as_ref().and_then(|invite| Session::parse(invite.body()).ok());
        self.tell(PhoneEvent::Connected { call: id, remote });
    }

    pub(super) fn cancelled(&mut self, id: PhoneCall, request: &Request, from: SocketAddr, now: Mono) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let invite = call.invite.as_ref().map(|invite| invite.via_top().branch);
        let is_for_invite = invite == Some(request.via_top().branch);
        let is_open = matches!(call.stand, Stand::Incoming);
        self.refuse_statelessly(id, request, if is_for_invite { 200 } else { 481 }, from);
        if !is_for_invite || !is_open {
            return;
        }
        if self.rng.chance(self.setup.quirks.cancel_answered) {
            let rtp = self.calls.get(&id).map_or(self.setup.address, |call| call.sound.rtp);
            return self.answer(id, rtp, now);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.stand = Stand::Refused;
        }
        self.reply(id, 487, &[], now);
        self.end(id, Ending::NotTaken, now);
    }

    pub(super) fn peer_hung_up(&mut self, id: PhoneCall, request: &Request, from: SocketAddr, now: Mono) {
        let Some(call) = self.calls.get(&id) else { return };
        let knows_us = request.to().tag == call.local_tag.as_bytes();
        if !knows_us {
            return self.refuse_statelessly(id, request, 481, from);
        }
        if matches!(call.stand, Stand::Talking) && self.rng.chance(self.setup.quirks.bye_crossed) {
            self.bye(id, now);
        }
        self.refuse_statelessly(id, request, 200, from);
        let is_late = self.calls.get(&id).is_some_and(|call| now.since(call.begun) >= self.timeout());
        match call_stand(self.calls.get(&id)) {
            // Every answer was lost on its way, and nobody waits for our ACK any more.
            Some(Stand::Calling { .. }) if is_late => self.end(id, Ending::Silence, now),
            Some(Stand::Calling { .. } | Stand::Incoming | Stand::Refused) => self.fault("BYE before the answer"),
            Some(Stand::Answered { .. } | Stand::Talking | Stand::Leaving) => self.end(id, Ending::PeerHungUp, now),
            Some(Stand::Gone) | None => {}
        }
    }

    /// How a REFER of ours goes; what is said again has an old number.
    pub(super) fn notified(&mut self, id: PhoneCall, request: &Request, from: SocketAddr) {
        self.refuse_statelessly(id, request, 200, from);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let is_new = request.cseq().number > call.remote_cseq;
        call.remote_cseq = call.remote_cseq.max(request.cseq().number);
        let status = std::str::from_utf8(request.body()).ok().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        match status {
            Some(status) if is_new => self.tell(PhoneEvent::PassingOn { call: id, status }),
            Some(_) => {}
            None => self.fault("a NOTIFY that says nothing"),
        }
    }

    pub(super) fn resend_reply(&mut self, id: PhoneCall, now: Mono) {
        let t2 = self.setup.t2;
        let Some(reply) = self.calls.get_mut(&id).and_then(|call| call.reply.as_mut()) else { return };
        reply.interval = (reply.interval * 2).min(t2);
        let (bytes, to, interval) = (reply.bytes.clone(), reply.to, reply.interval);
        self.send(bytes, to);
        self.timers.set((id, Timer::ResendReply), now + interval);
    }

    /// RFC 3261 section 13.3.1.4: a 2xx whose ACK never comes ends in BYE.
    pub(super) fn never_acknowledged(&mut self, id: PhoneCall, now: Mono) {
        self.timers.cancel(&(id, Timer::ResendReply));
        match call_stand(self.calls.get(&id)) {
            Some(Stand::Answered { .. } | Stand::Talking) => self.bye(id, now),
            Some(Stand::Calling { .. } | Stand::Incoming | Stand::Refused | Stand::Leaving | Stand::Gone) | None => {}
        }
    }
}

fn call_stand(call: Option<&Call>) -> Option<Stand> {
    call.map(|call| call.stand.clone())
}
