//! The ACK of a 2xx, both ways: ours is sent again until the peer's comes (RFC 3261 section 13.3.1.4), and the peer's is answered.

use super::Endpoint;
use super::compose::{self, SDP};
use super::core::{Core, Way};
use super::deadlines::Deadline;
use super::names::{SessionId, Tag};
use super::session::{Owed, Phase, Session, Up};
use crate::base::{LegId, Mono};
use crate::sip::api::{EndCause, SipEvent};
use crate::sip::wire::{Method, Request};
use bytes::Bytes;

impl Core {
    /// Starts sending the 2xx of `session` again.
    pub fn await_ack(&mut self, session: SessionId, now: Mono) {
        self.timers.set(Deadline::AnswerAgain(session), now + self.times.t1);
        self.timers.set(Deadline::AnswerUnheard(session), now + self.times.patience());
    }

    pub fn stop_awaiting_ack(&mut self, session: SessionId) {
        self.timers.cancel(&Deadline::AnswerAgain(session));
        self.timers.cancel(&Deadline::AnswerUnheard(session));
    }
}

impl Endpoint {
    pub(super) fn answer_again(&mut self, id: SessionId, now: Mono) {
        let Some(Phase::Up(up)) = self.sessions.get_mut(id).map(|session| &mut session.phase) else { return };
        let Some(waiting) = &mut up.unacknowledged else { return };
        waiting.again = self.core.times.slower(waiting.again);
        let again = now + waiting.again;
        self.core.send(waiting.way, waiting.response.clone());
        self.core.timers.set(Deadline::AnswerAgain(id), again);
    }

    /// 64*T1 without an ACK: the call is ended with BYE.
    pub(super) fn answer_unheard(&mut self, id: SessionId, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Phase::Up(up) = &mut session.phase else { return };
        up.unacknowledged = None;
        let reason = up.goodbye.take().and_then(|reason| *reason);
        session.end(&mut self.core, Some(reason), now);
        if let Some(leg) = session.let_go(&mut self.core) {
            self.core.tell(SipEvent::Ended { leg, cause: EndCause::NeverAcknowledged, reason: None });
        }
    }

    /// An ACK inside a dialog; strays are dropped.
    pub(super) fn acknowledged(&mut self, request: &Request, now: Mono) {
        let Some(tag) = Tag::read(request.to_tag()) else { return };
        let Some(session) = self.sessions.of_tag(tag) else { return };
        if session.take_ack(&mut self.core, request, now) {
            session.resume_change(&mut self.core, now);
        }
    }

    /// The answer that an ACK of ours was waiting for.
    pub(super) fn acknowledge(&mut self, leg: LegId, answer: &Bytes, now: Mono) {
        let Some(session) = self.sessions.of_leg(leg) else { return };
        session.timer.said = answer.clone();
        session.acknowledge(&mut self.core, answer);
        session.resume_change(&mut self.core, now);
    }
}

impl Session {
    /// True when it is the ACK that we waited for.
    fn take_ack(&mut self, core: &mut Core, request: &Request, now: Mono) -> bool {
        let (id, leg) = (self.id(), self.leg);
        let Phase::Up(up) = &mut self.phase else { return false };
        let awaited = up.unacknowledged.as_ref().is_some_and(|waiting| waiting.cseq == request.cseq().number);
        if !awaited || !up.dialog.matches(request) {
            return false;
        }
        up.unacknowledged = None;
        core.stop_awaiting_ack(id);
        if let Some(reason) = up.goodbye.take() {
            self.end(core, Some(*reason), now);
            return false;
        }
        if let Some(leg) = leg {
            core.tell(SipEvent::Acknowledged { leg, answer: Bytes::copy_from_slice(request.body()) });
        }
        true
    }

    /// Sends the ACK that is owed, if there is one.
    pub fn acknowledge(&mut self, core: &mut Core, answer: &[u8]) {
        let Phase::Up(up) = &mut self.phase else { return };
        let Some(owed) = up.owed.take() else { return };
        let (ack, way) = up.ack(core, owed.cseq, answer);
        core.send(way, ack.clone());
        up.reacknowledged = Some(Box::new((owed.cseq, ack.clone())));
        let tag = &up.dialog.remote_tag;
        let sent = self.caller.as_mut().and_then(|caller| caller.acknowledged.iter_mut().find(|sent| sent.tag == *tag));
        if let Some(sent) = sent.filter(|_| owed.first) {
            sent.ack = ack;
        }
    }
}

impl Up {
    /// The ACK of the 2xx with this CSeq (RFC 3261 section 13.2.2.4).
    pub fn ack(&self, core: &mut Core, cseq: u32, answer: &[u8]) -> (Bytes, Way) {
        let (branch, way) = (core.next_branch(), self.way(&core.streams));
        let writer = compose::within(core, &self.dialog, &Method::Ack, cseq, branch, way);
        (writer.finish_with(SDP, answer), way)
    }

    /// Acknowledges a 2xx now, or notes that the ACK waits for an answer; empty bytes then.
    pub fn ack_or_owe(&mut self, core: &mut Core, owed: Owed, late_offer: bool) -> Bytes {
        if late_offer {
            self.owed = Some(owed);
            return Bytes::new();
        }
        let (ack, way) = self.ack(core, owed.cseq, &[]);
        core.send(way, ack.clone());
        ack
    }
}
