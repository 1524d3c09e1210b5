//! Offers inside a dialog by re-INVITE, both ways with their glare (RFC 3261 section 14), and our answers to the peer's.

use bytes::Bytes;

use super::Endpoint;
use super::change::{Asked, Ours, Theirs, Want};
use super::checks;
use super::compose::{self, SDP};
use super::core::Core;
use super::inside::Inside;
use super::names::SessionId;
use super::session::{Owed, Phase, Session, Unacknowledged, Up};
use super::session_timer;
use crate::base::{LegId, Mono};
use crate::sip::api::SipEvent;
use crate::sip::transaction::TxId;
use crate::sip::wire::{Method, Response};

impl Endpoint {
    pub(super) fn reinvite_answered(&mut self, id: SessionId, response: &Response, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        match response.status() {
            0..200 => session.change_heard(&mut self.core, now),
            200..300 => session.reinvite_accepted(&mut self.core, response, now),
            status => session.change_refused(&mut self.core, status, now),
        }
    }

    pub(super) fn answer_reinvite(&mut self, leg: LegId, status: u16, body: &Bytes, now: Mono) {
        let Some(session) = self.sessions.of_leg(leg) else { return };
        session.answer_reinvite(&mut self.core, status, body, now);
        session.resume_change(&mut self.core, now);
    }
}

impl Session {
    fn reinvite_accepted(&mut self, core: &mut Core, response: &Response, now: Mono) {
        let leg = self.leg;
        let answered = response.cseq().number;
        let asked = self.take_asked(core, answered);
        let Phase::Up(up) = &mut self.phase else { return };
        let Some(asked) = asked else { return up.acknowledge_again(core, answered) };
        if up.dialog.refresh(response.contact()) {
            core.led.push(self.tag.session);
        }
        let late_offer = asked.offer.is_empty() && !up.over;
        let ack = up.ack_or_owe(core, Owed { cseq: answered, first: false }, late_offer);
        up.reacknowledged = (!ack.is_empty()).then(|| Box::new((answered, ack)));
        self.note_allowed(response);
        self.timer_answered(core, response, now);
        if asked.want == Want::Refresh {
            return self.next_change(core, now);
        }
        if !asked.offer.is_empty() {
            self.timer.said = asked.offer;
        }
        if let Some(leg) = leg {
            let body = Bytes::copy_from_slice(response.body());
            core.tell(SipEvent::ReinviteAnswered { leg, status: response.status(), body });
        }
    }

    /// The peer's re-INVITE.
    pub fn take_reinvite(&mut self, core: &mut Core, inside: &Inside<'_>, now: Mono) {
        if let Err(fault) = checks::session_body(inside.request) {
            return inside.answer(core, fault.status(), |writer| fault.explain(writer), now);
        }
        if let Err(fault) = session_timer::accept(inside.request, core.session_times(self.trunk)) {
            return inside.answer(core, fault.status(), |writer| fault.explain(writer), now);
        }
        match &self.phase {
            // Our answer to the first INVITE is still to come (RFC 3261 section 14.2).
            Phase::Ringing(_) => inside.answer_later(core, now),
            Phase::Up(up) if !up.over => self.take_offer(core, inside, now),
            Phase::Up(_) | Phase::Calling | Phase::Over => inside.answer(core, 481, |_| {}, now),
        }
    }

    /// An offer of the peer: passed on, unless another change is under way (RFC 3261 section 14.2, RFC 3311 section 5.2).
    pub fn take_offer(&mut self, core: &mut Core, inside: &Inside<'_>, now: Mono) {
        let waits_for_answer = match &self.phase {
            Phase::Up(up) => up.owed.is_some() || up.unacknowledged.is_some(),
            Phase::Ringing(_) | Phase::Calling | Phase::Over => false,
        };
        // A refresh by UPDATE offers nothing.
        let offered = |asked: &Asked| asked.want == Want::Change || !asked.offer.is_empty();
        let ours_is_open = matches!(&self.changes.ours, Ours::Asked(asked) if offered(asked)) || waits_for_answer;
        let Some(leg) = self.leg.filter(|_| self.changes.theirs.is_none()) else {
            return inside.answer_later(core, now);
        };
        if ours_is_open {
            return inside.answer(core, 491, |_| {}, now);
        }
        if *inside.request.method() == Method::Invite {
            core.respond(inside.id, 100, compose::trying(inside.request, inside.way), now);
        }
        let theirs = Theirs { transaction: inside.id, request: inside.request.clone(), way: inside.way };
        self.changes.theirs = Some(Box::new(theirs));
        core.tell(SipEvent::Reinvite { leg, offer: Bytes::copy_from_slice(inside.request.body()) });
    }

    fn answer_reinvite(&mut self, core: &mut Core, status: u16, body: &Bytes, now: Mono) {
        let (id, tag) = (self.id(), self.tag);
        let Some(theirs) = self.changes.theirs.take() else { return };
        let status = if (200..700).contains(&status) { status } else { 500 };
        let said = if status < 300 { &body[..] } else { &[] };
        let mut writer = compose::reply_with_contact(core, &theirs.request, status, theirs.way, tag);
        compose::push_warning(&mut writer, core, status, theirs.way);
        let agreed = session_timer::accept(&theirs.request, core.session_times(self.trunk)).ok().flatten();
        let agreed = agreed.filter(|_| status < 300 && matches!(self.phase, Phase::Up(_)));
        session_timer::push_accepted(&mut writer, &theirs.request, agreed);
        let response = writer.finish_with(SDP, said);
        core.respond(theirs.transaction, status, response.clone(), now);
        if status >= 300 {
            return;
        }
        self.note_allowed(&theirs.request);
        self.timer.said = body.clone();
        if matches!(self.phase, Phase::Up(_)) {
            self.start_timer(core, agreed, now);
        }
        self.retarget(core, theirs.request.from_tag(), theirs.request.contact());
        let Phase::Up(up) = &mut self.phase else { return };
        if *theirs.request.method() == Method::Invite {
            up.unacknowledged = Some(Box::new(Unacknowledged {
                cseq: theirs.request.cseq().number,
                response,
                way: compose::way_back(&theirs.request, theirs.way),
                again: core.times.t1,
                first: false,
            }));
            core.await_ack(id, now);
        }
    }

    /// The peer has cancelled its re-INVITE.
    pub fn refuse_reinvite(&mut self, core: &mut Core, invite: TxId, now: Mono) {
        if self.changes.theirs.as_ref().is_some_and(|theirs| theirs.transaction == invite) {
            self.refuse_theirs(core, now);
            if let Some(leg) = self.leg {
                core.tell(SipEvent::ReinviteWithdrawn { leg });
            }
        }
    }

    /// 487 to a change of the peer that nobody will answer any more.
    pub fn refuse_theirs(&mut self, core: &mut Core, now: Mono) {
        if let Some(theirs) = self.changes.theirs.take() {
            let writer = compose::reply(&theirs.request, 487, theirs.way, self.tag);
            core.respond(theirs.transaction, 487, writer.finish(), now);
        }
    }
}

impl Up {
    fn acknowledge_again(&self, core: &mut Core, cseq: u32) {
        if let Some((_, ack)) = self.reacknowledged.as_deref().filter(|(own, _)| *own == cseq) {
            core.send(self.way(&core.streams), ack.clone());
        }
    }
}
