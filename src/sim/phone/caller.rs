//! What a phone does with the answers to its requests (RFC 3261 sections 9.1, 13.2 and 14.1).

use bytes::Bytes;

use crate::base::Mono;
use crate::sdp::Session;
use crate::sip::wire::{HeaderName, Method, Response};

use super::api::{Ending, PhoneCall, PhoneEvent};
use super::call::{Kind, Settled, Stand, Timer};
use super::{Phone, messages};

impl Phone {
    pub(super) fn on_response(&mut self, id: PhoneCall, response: &Response, now: Mono) {
        let cseq = response.cseq();
        match cseq.method {
            Method::Invite if response.status() < 200 => self.progress(id, response, now),
            Method::Invite => self.final_answer(id, response, now),
            Method::Cancel if response.status() >= 200 => self.cancel_answered(id, now),
            Method::Bye if response.status() >= 200 => self.bye_answered(id, now),
            Method::Prack if response.status() >= 200 => self.stop(id, Kind::Prack),
            Method::Info if response.status() >= 200 => self.stop(id, Kind::Info),
            Method::Refer if response.status() >= 200 => self.refer_answered(id, response.status()),
            _ => {}
        }
    }

    fn progress(&mut self, id: PhoneCall, response: &Response, now: Mono) {
        let status = response.status();
        let kind = self.kind_of(id, response);
        if let Some(kind) = kind {
            // Timer A stops; for a change timer B does as well, since its final answer is near.
            self.timers.cancel(&(id, Timer::Resend(kind)));
            self.timers.cancel(&(id, Timer::GiveUp(kind)));
            if kind == Kind::Change {
                self.timers.set((id, Timer::GiveUp(kind)), now + self.timeout());
            }
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Stand::Calling { heard, giving_up } = &mut call.stand else { return };
        let is_first = !std::mem::replace(heard, true);
        let gives_up = *giving_up;
        self.prove(id, response, now);
        if status > 100 && !response.to().tag.is_empty() {
            self.tell(PhoneEvent::Ringing { call: id, status });
        }
        if is_first && gives_up {
            self.cancel(id, now);
        }
    }

    /// The request of ours that an answer is for, by CSeq and branch.
    fn kind_of(&self, id: PhoneCall, response: &Response) -> Option<Kind> {
        let via = response.via_top();
        let outgoing = &self.calls.get(&id)?.outgoing;
        let is_for = |kind: &Kind| {
            outgoing
                .get(kind)
                .is_some_and(|out| out.branch.as_bytes() == via.branch && out.cseq == response.cseq().number)
        };
        [Kind::Invite, Kind::Change].into_iter().find(is_for)
    }

    fn final_answer(&mut self, id: PhoneCall, response: &Response, now: Mono) {
        if self.again(id, response) {
            return;
        }
        match self.kind_of(id, response) {
            Some(Kind::Invite) if response.status() < 300 && self.rng.chance(self.setup.quirks.ack_late) => {}
            Some(Kind::Invite) if response.status() < 300 => self.answered(id, response, now),
            Some(Kind::Invite) => self.refused(id, response, now),
            Some(Kind::Change) => self.change_answered(id, response, now),
            Some(Kind::Cancel | Kind::Prack | Kind::Refer | Kind::Info | Kind::Bye) | None => {}
        }
    }

    /// A final answer to a request that has had one: the same again gets its ACK again, another one is a fault.
    fn again(&mut self, id: PhoneCall, response: &Response) -> bool {
        let number = response.cseq().number;
        let Some(call) = self.calls.get(&id) else { return true };
        let Some(settled) = call.settled.iter().find(|settled| settled.cseq == number) else { return false };
        let is_same = settled.status == response.status() && settled.tag == response.to().tag;
        let (ack, to) = (settled.ack.clone(), settled.to);
        // Who has called as a stranger may be known when a late copy of the call arrives; and either answer may be the late one.
        let was_stranger = settled.status == 403 || response.status() == 403;
        if is_same || was_stranger {
            self.send(ack, to);
        } else {
            self.fault("a second final answer to one INVITE");
        }
        true
    }

    fn answered(&mut self, id: PhoneCall, response: &Response, now: Mono) {
        self.stop(id, Kind::Invite);
        self.stop(id, Kind::Cancel);
        if response.contact().is_none() {
            self.fault("a 200 without Contact");
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        let said = Session::parse(response.body()).ok();
        let answer = said.as_ref().filter(|_| call.customs.late_offer && call.early.is_none());
        let answer = answer.and_then(|offer| call.sound.answer(offer)).unwrap_or_default();
        let remote = said.or_else(|| call.early.clone());
        if remote.is_none() {
            self.fault("a 200 without a usable session description");
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.remote = String::from_utf8_lossy(response.to().raw).into_owned();
        call.remote_tag = Some(response.to().tag.to_vec());
        let mut routes: Vec<Vec<u8>> = response.list(HeaderName::RECORD_ROUTE).map(<[u8]>::to_vec).collect();
        routes.reverse();
        call.routes = routes;
        call.learn(response);
        let gives_up = matches!(call.stand, Stand::Calling { giving_up: true, .. });
        call.stand = Stand::Talking;
        self.acknowledge(id, response, &answer);
        if gives_up {
            return self.bye(id, now);
        }
        self.learn_timer(id, response, now);
        self.tell(PhoneEvent::Connected { call: id, remote });
    }

    /// The ACK of a 2xx is a request of its own (RFC 3261 section 13.2.2.4); it is kept for 200s that come again.
    fn acknowledge(&mut self, id: PhoneCall, response: &Response, answer: &[u8]) {
        let branch = self.branch();
        let cseq = response.cseq().number;
        let Some(call) = self.calls.get(&id) else { return };
        let ack = messages::within(&self.setup, call, &Method::Ack, cseq, &branch, answer);
        let to = call.peer;
        self.settle(id, response, ack, to);
    }

    fn settle(&mut self, id: PhoneCall, response: &Response, ack: Bytes, to: std::net::SocketAddr) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.settled.push(Settled {
            cseq: response.cseq().number,
            status: response.status(),
            tag: response.to().tag.to_vec(),
            ack: ack.clone(),
            to,
        });
        self.send(ack, to);
    }

    fn refused(&mut self, id: PhoneCall, response: &Response, now: Mono) {
        let Some(call) = self.calls.get(&id) else { return };
        let (Some(invite), Some(outgoing)) = (&call.invite, call.outgoing.get(&Kind::Invite)) else { return };
        let (ack, to) = (messages::ack_refusal(invite, response), outgoing.to);
        self.settle(id, response, ack, to);
        let contact = response.contact().map(|contact| String::from_utf8_lossy(contact.uri.raw()).into_owned());
        let gives_up =
            matches!(self.calls.get(&id).map(|call| &call.stand), Some(Stand::Calling { giving_up: true, .. }));
        let why = if gives_up { Ending::HungUp } else { Ending::Refused { status: response.status(), contact } };
        self.end(id, why, now);
    }

    fn change_answered(&mut self, id: PhoneCall, response: &Response, now: Mono) {
        let status = response.status();
        let Some(outgoing) = self.calls.get(&id).and_then(|call| call.outgoing.get(&Kind::Change)).cloned() else {
            return;
        };
        self.stop(id, Kind::Change);
        if status < 300 {
            if let Some(call) = self.calls.get_mut(&id) {
                call.learn(response);
            }
            self.acknowledge(id, response, &[]);
            self.learn_timer(id, response, now);
        } else if let Ok(invite) = crate::sip::wire::Request::parse(outgoing.bytes) {
            let ack = messages::ack_refusal(&invite, response);
            self.settle(id, response, ack, outgoing.to);
        }
        let remote = Session::parse(response.body()).ok();
        self.tell(PhoneEvent::ChangeAnswered { call: id, status, remote });
        // RFC 3261 section 12.2.1.2: the other side has lost the dialog.
        if status == 481 || status == 408 {
            self.hang_up(id, now);
        }
    }

    /// The INVITE's own final answer is still to come; not for ever.
    fn cancel_answered(&mut self, id: PhoneCall, now: Mono) {
        self.timers.cancel(&(id, Timer::Resend(Kind::Cancel)));
        if self.calls.get(&id).is_some_and(|call| call.outgoing.contains_key(&Kind::Cancel)) {
            self.timers.set((id, Timer::GiveUp(Kind::Cancel)), now + self.timeout());
        }
    }

    fn refer_answered(&mut self, id: PhoneCall, status: u16) {
        if self.calls.get(&id).is_some_and(|call| call.outgoing.contains_key(&Kind::Refer)) {
            self.stop(id, Kind::Refer);
            self.tell(PhoneEvent::ReferAnswered { call: id, status });
        }
    }

    fn bye_answered(&mut self, id: PhoneCall, now: Mono) {
        if self.calls.get(&id).is_some_and(|call| call.outgoing.contains_key(&Kind::Bye)) {
            self.stop(id, Kind::Bye);
            self.end(id, Ending::HungUp, now);
        }
    }
}
