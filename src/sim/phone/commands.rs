//! What the person with the phone does.

use std::net::SocketAddr;

use bytes::Bytes;

use crate::base::Mono;
use crate::sdp::{Direction, Session};
use crate::sip::wire::{Method, Request};

use super::api::{Ending, PhoneCall, PhoneDial};
use super::call::{Call, Kind, Outgoing, Reply, Stand, Timer};
use super::description::Description;
use super::proving::knows_reliable;
use super::{Phone, messages};

impl Phone {
    /// Dials. What becomes of it comes as events.
    pub fn call(&mut self, dial: PhoneDial, now: Mono) -> PhoneCall {
        let id = self.next_id();
        let customs = self.draw_customs();
        let tag = messages::word(&mut self.rng);
        let local_uri = format!("sip:{}@{}", dial.from_user.expose(), self.setup.address.ip());
        let mut call = Call {
            id,
            begun: now,
            stand: Stand::Calling { heard: false, giving_up: false },
            sound: Description::new(dial.rtp, self.rng.u64(), self.setup.browser),
            call_id: format!("{}@{}", messages::word(&mut self.rng), self.setup.address.ip()).into_bytes(),
            local: format!("\"{}\" <{local_uri}>;tag={tag}", dial.display.expose()),
            remote: format!("<{}>", dial.uri),
            local_tag: tag,
            remote_tag: None,
            target: dial.uri.clone().into_bytes(),
            routes: Vec::new(),
            peer: dial.to,
            cseq: 1,
            remote_cseq: 0,
            outgoing: Default::default(),
            invite: None,
            reply: None,
            source: dial.to,
            settled: Vec::new(),
            customs,
            rseq: None,
            unproved: None,
            early: None,
            timer: None,
        };
        let branch = self.branch();
        let offer = if customs.late_offer { Bytes::new() } else { call.sound.offer(Direction::SendRecv) };
        let bytes = messages::invite(&self.setup, &call, &dial, &branch, &offer);
        call.invite = Request::parse(bytes.clone()).ok();
        self.add(call);
        self.begin(id, Kind::Invite, 1, branch, bytes, dial.to, now);
        id
    }

    /// 180 to whoever calls us.
    pub fn ring(&mut self, id: PhoneCall, now: Mono) {
        let Some(call) = self.calls.get(&id).filter(|call| matches!(call.stand, Stand::Incoming)) else { return };
        let is_reliable = call.customs.reliable && call.invite.as_ref().is_some_and(knows_reliable);
        match is_reliable && call.rseq.is_none() {
            true => self.ring_reliably(id, now),
            false => self.provisional(id, 180, now),
        }
    }

    /// Asks the other side to talk with somebody else instead: with whoever is at `to`, in place of us in our call `asked` if there is
    /// one. False when nothing is asked. How it goes comes as events.
    pub fn pass_on(&mut self, id: PhoneCall, to: &str, asked: Option<PhoneCall>, now: Mono) -> bool {
        let branch = self.branch();
        let asked = asked.and_then(|asked| self.calls.get(&asked)).cloned();
        let Some(call) = self.calls.get_mut(&id) else { return false };
        if !matches!(call.stand, Stand::Talking) || call.outgoing.contains_key(&Kind::Refer) {
            return false;
        }
        call.cseq += 1;
        let (cseq, peer) = (call.cseq, call.peer);
        let bytes = messages::refer(&self.setup, call, &branch, to, asked.as_ref());
        self.begin(id, Kind::Refer, cseq, branch, bytes, peer, now);
        true
    }

    /// Presses a key, as an INFO says it; one that comes too soon after another is lost.
    pub fn press(&mut self, id: PhoneCall, key: char, now: Mono) {
        let branch = self.branch();
        let Some(call) = self.calls.get_mut(&id) else { return };
        if !matches!(call.stand, Stand::Talking) || call.outgoing.contains_key(&Kind::Info) {
            return;
        }
        call.cseq += 1;
        let (cseq, peer) = (call.cseq, call.peer);
        let bytes = messages::key(&self.setup, call, &branch, key);
        self.begin(id, Kind::Info, cseq, branch, bytes, peer, now);
    }

    /// 200 to whoever calls us; sound is wanted at `rtp`.
    pub fn answer(&mut self, id: PhoneCall, rtp: SocketAddr, now: Mono) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| matches!(call.stand, Stand::Incoming)) else { return };
        call.sound.rtp = rtp;
        let offer = call.invite.as_ref().map(|invite| Session::parse(invite.body()));
        let body = match offer {
            Some(Ok(offer)) => call.sound.answer(&offer),
            Some(Err(_)) | None => Some(call.sound.offer(Direction::SendRecv)),
        };
        match body {
            Some(body) => {
                call.stand = Stand::Answered { leaving: false };
                self.stop_proving(id);
                self.accept_timer(id, now);
                self.reply(id, 200, &body, now);
            }
            None => self.refuse(id, 488, now),
        }
    }

    /// A final refusal to whoever calls us.
    pub fn refuse(&mut self, id: PhoneCall, status: u16, now: Mono) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| matches!(call.stand, Stand::Incoming)) else { return };
        call.stand = Stand::Refused;
        self.reply(id, status, &[], now);
        self.end(id, Ending::NotTaken, now);
    }

    /// Ends a call in whatever state it is: CANCEL, BYE or a refusal.
    pub fn hang_up(&mut self, id: PhoneCall, now: Mono) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        match &mut call.stand {
            Stand::Calling { giving_up: true, .. } | Stand::Leaving | Stand::Refused | Stand::Gone => {}
            Stand::Calling { heard: true, giving_up } => {
                *giving_up = true;
                self.cancel(id, now);
            }
            // RFC 3261 section 9.1: no CANCEL before the other side has said something.
            Stand::Calling { heard: false, giving_up } => *giving_up = true,
            Stand::Incoming => self.refuse(id, 480, now),
            // RFC 3261 section 15: no BYE before the ACK.
            Stand::Answered { leaving } => *leaving = true,
            Stand::Talking => self.bye(id, now),
        }
    }

    /// Offers the session again: `HOLD`, `TALK`. Nothing happens while another change is under way.
    pub fn change(&mut self, id: PhoneCall, direction: Direction, now: Mono) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if !matches!(call.stand, Stand::Talking) || call.outgoing.contains_key(&Kind::Change) {
            return;
        }
        call.cseq += 1;
        let (cseq, offer) = (call.cseq, call.sound.offer(direction));
        self.request(id, Kind::Change, &Method::Invite, cseq, &offer, now);
    }

    pub(super) fn cancel(&mut self, id: PhoneCall, now: Mono) {
        let Some(call) = self.calls.get(&id) else { return };
        let (Some(invite), Some(outgoing)) = (&call.invite, call.outgoing.get(&Kind::Invite)) else { return };
        let (bytes, to, branch, cseq) = (messages::cancel(invite), outgoing.to, outgoing.branch.clone(), outgoing.cseq);
        self.begin(id, Kind::Cancel, cseq, branch, bytes, to, now);
    }

    pub(super) fn bye(&mut self, id: PhoneCall, now: Mono) {
        self.stop(id, Kind::Change);
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stand = Stand::Leaving;
        call.cseq += 1;
        let cseq = call.cseq;
        self.request(id, Kind::Bye, &Method::Bye, cseq, &[], now);
    }

    fn request(&mut self, id: PhoneCall, kind: Kind, method: &Method, cseq: u32, body: &[u8], now: Mono) {
        let branch = self.branch();
        let Some(call) = self.calls.get(&id) else { return };
        let bytes = messages::within(&self.setup, call, method, cseq, &branch, body);
        let to = call.peer;
        self.begin(id, kind, cseq, branch, bytes, to, now);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one Outgoing, which it makes")]
    fn begin(&mut self, id: PhoneCall, kind: Kind, cseq: u32, branch: String, bytes: Bytes, to: SocketAddr, now: Mono) {
        let outgoing = Outgoing { cseq, branch, bytes, to, interval: self.setup.t1 };
        self.start(id, kind, outgoing, now);
    }

    pub(super) fn branch(&mut self) -> String {
        format!("z9hG4bK{}", messages::word(&mut self.rng))
    }

    fn provisional(&mut self, id: PhoneCall, status: u16, _now: Mono) {
        let Some(call) = self.calls.get(&id).filter(|call| matches!(call.stand, Stand::Incoming)) else { return };
        let Some(invite) = &call.invite else { return };
        let bytes = messages::answer(&self.setup, call, invite, status, &[]);
        let to = invite.via_top().reply_address(call.source);
        self.send(bytes, to);
    }

    /// A final answer to the INVITE that is being answered; sent again until its ACK.
    pub(super) fn reply(&mut self, id: PhoneCall, status: u16, body: &[u8], now: Mono) {
        let (t1, no_ack_at) = (self.setup.t1, now + self.timeout());
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(invite) = &call.invite else { return };
        let bytes = messages::answer(&self.setup, call, invite, status, body);
        let to = invite.via_top().reply_address(call.source);
        let cseq = invite.cseq().number;
        call.reply = Some(Reply { cseq, status, bytes: bytes.clone(), to, interval: t1, acknowledged: false });
        self.send(bytes, to);
        self.timers.set((id, Timer::ResendReply), now + t1);
        self.timers.set((id, Timer::NoAck), no_ack_at);
    }
}
