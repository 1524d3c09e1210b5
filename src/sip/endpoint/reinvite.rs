//! A session is changed: re-INVITE both ways with its glare, and the peer's UPDATE (RFC 3261 section 14, RFC 3311).
//!
//! An UPDATE with a session description is a re-INVITE without ACK to the calls; one without is answered here.

use std::time::Duration;

use bytes::Bytes;

use super::Endpoint;
use super::checks;
use super::compose::{self, SDP};
use super::core::{ClientOwner, Core};
use super::deadlines::Deadline;
use super::inside::Inside;
use super::names::{SessionId, Tag};
use super::session::{Ours, Owed, Phase, Session, Theirs, Unacknowledged, Up};
use crate::base::rng::Rng;
use crate::base::{LegId, Mono};
use crate::sip::api::SipEvent;
use crate::sip::transaction::TxId;
use crate::sip::wire::{Method, Response};

/// Glare again and again is a peer that does not follow the rules; the calls are told 491 then.
const TRIES_MAX: u32 = 8;

impl Endpoint {
    pub(super) fn reinvite(&mut self, leg: LegId, offer: Bytes, now: Mono) {
        let Some(session) = self.sessions.of_leg(leg) else { return };
        let free = matches!(&session.phase, Phase::Up(up) if matches!(up.ours, Ours::None));
        if !free {
            let body = Bytes::new();
            return self.core.tell(SipEvent::ReinviteAnswered { leg, status: 491, body });
        }
        session.wait_reinvite(&mut self.core, offer, 0, now);
        session.resume_reinvite(&mut self.core, now);
    }

    /// The time after glare is over.
    pub(super) fn reinvite_again(&mut self, id: SessionId, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.resume_reinvite(&mut self.core, now);
        if let Phase::Up(up) = &mut session.phase
            && let Ours::Waiting { offer, tries } = &up.ours
        {
            let (offer, tries) = (offer.clone(), tries + 1);
            session.wait_reinvite(&mut self.core, offer, tries, now);
        }
    }

    pub(super) fn reinvite_answered(&mut self, id: SessionId, response: &Response, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        match response.status() {
            0..200 => {}
            200..300 => session.reinvite_accepted(&mut self.core, response),
            status => session.reinvite_refused(&mut self.core, status, now),
        }
    }

    pub(super) fn reinvite_unanswered(&mut self, id: SessionId, now: Mono) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.peer_lost(&mut self.core, true, now);
        }
    }

    pub(super) fn answer_reinvite(&mut self, leg: LegId, status: u16, body: &[u8], now: Mono) {
        let Some(session) = self.sessions.of_leg(leg) else { return };
        session.answer_reinvite(&mut self.core, status, body, now);
        session.resume_reinvite(&mut self.core, now);
    }
}

impl Session {
    /// Keeps `offer` until nothing is in its way, at least looking again after the time of section 14.1.
    fn wait_reinvite(&mut self, core: &mut Core, offer: Bytes, tries: u32, now: Mono) {
        let (id, leg) = (self.id(), self.leg);
        let Phase::Up(up) = &mut self.phase else { return };
        if tries > TRIES_MAX {
            up.ours = Ours::None;
            if let Some(leg) = leg {
                core.tell(SipEvent::ReinviteAnswered { leg, status: 491, body: Bytes::new() });
            }
            return;
        }
        up.ours = Ours::Waiting { offer, tries };
        let after = glare_delay(&mut core.rng, up.dialog.theirs);
        core.timers.set(Deadline::ReinviteAgain(id), now + after);
    }

    /// Sends the re-INVITE that waits, when nothing is in its way.
    pub fn resume_reinvite(&mut self, core: &mut Core, now: Mono) {
        let id = self.id();
        let Phase::Up(up) = &mut self.phase else { return };
        let blocked = up.over || up.unacknowledged.is_some() || up.owed.is_some() || up.theirs.is_some();
        let Ours::Waiting { offer, tries } = &up.ours else { return };
        if blocked || (*tries > 0 && core.timers.deadline(&Deadline::ReinviteAgain(id)).is_some()) {
            return;
        }
        let (offer, tries) = (offer.clone(), *tries);
        core.timers.cancel(&Deadline::ReinviteAgain(id));
        let (branch, way, cseq) = (core.next_branch(), up.way(), up.dialog.next_cseq());
        let writer = compose::within(core, &up.dialog, &Method::Invite, cseq, branch, way);
        let request = writer.finish_with(SDP, &offer);
        up.ours = Ours::Asked { invite: branch.id, offer, tries, cseq };
        self.request(core, branch, request, way, ClientOwner::Reinvite(id), now);
    }

    fn reinvite_accepted(&mut self, core: &mut Core, response: &Response) {
        let leg = self.leg;
        let Phase::Up(up) = &mut self.phase else { return };
        let answered = response.cseq().number;
        let late_offer = match &up.ours {
            Ours::Asked { cseq, offer, .. } if *cseq == answered => offer.is_empty(),
            Ours::None | Ours::Waiting { .. } | Ours::Asked { .. } => return up.acknowledge_again(core, answered),
        };
        up.ours = Ours::None;
        up.dialog.refresh(response.contact());
        let ack = up.ack_or_owe(core, Owed { cseq: answered, first: false }, late_offer && !up.over);
        up.reacknowledged = (!ack.is_empty()).then_some((answered, ack));
        if let Some(leg) = leg {
            let body = Bytes::copy_from_slice(response.body());
            core.tell(SipEvent::ReinviteAnswered { leg, status: response.status(), body });
        }
    }

    fn reinvite_refused(&mut self, core: &mut Core, status: u16, now: Mono) {
        let leg = self.leg;
        let Phase::Up(up) = &mut self.phase else { return };
        let Ours::Asked { offer, tries, .. } = std::mem::replace(&mut up.ours, Ours::None) else { return };
        match (status, leg) {
            (481 | 408, _) => self.peer_lost(core, status == 408, now),
            (491, Some(_)) => self.wait_reinvite(core, offer, tries + 1, now),
            (_, Some(leg)) => core.tell(SipEvent::ReinviteAnswered { leg, status, body: Bytes::new() }),
            (_, None) => {}
        }
    }

    /// The peer's re-INVITE.
    pub fn take_reinvite(&mut self, core: &mut Core, inside: &Inside<'_>, now: Mono) {
        if let Err(fault) = checks::session_body(inside.request) {
            return inside.answer(core, fault.status(), |writer| fault.explain(writer), now);
        }
        let leg = self.leg;
        match &mut self.phase {
            // Our answer to the first INVITE is still to come (RFC 3261 section 14.2).
            Phase::Ringing(_) => inside.answer_later(core, now),
            Phase::Up(up) if !up.over => up.take_offer(core, inside, leg, now),
            Phase::Up(_) | Phase::Calling | Phase::Over => inside.answer(core, 481, |_| {}, now),
        }
    }

    /// The peer's UPDATE.
    pub fn take_update(&mut self, core: &mut Core, inside: &Inside<'_>, now: Mono) {
        if let Err(fault) = checks::session_body(inside.request) {
            return inside.answer(core, fault.status(), |writer| fault.explain(writer), now);
        }
        let (leg, over, offers) = (self.leg, self.is_over(), !inside.request.body().is_empty());
        match &mut self.phase {
            _ if over => inside.answer(core, 481, |_| {}, now),
            Phase::Up(up) if offers => up.take_offer(core, inside, leg, now),
            // The offer of the INVITE has no final answer yet (RFC 3311 section 5.2).
            Phase::Ringing(_) | Phase::Calling | Phase::Over if offers => inside.answer_later(core, now),
            Phase::Ringing(_) | Phase::Up(_) | Phase::Calling | Phase::Over => self.refresh_only(core, inside, now),
        }
    }

    fn refresh_only(&mut self, core: &mut Core, inside: &Inside<'_>, now: Mono) {
        if let Some(dialog) = self.dialog_mut() {
            dialog.refresh(inside.request.contact());
        }
        let writer = compose::reply_with_contact(core, inside.request, 200, inside.way, inside.tag);
        core.respond(inside.id, 200, writer.finish(), now);
    }

    fn answer_reinvite(&mut self, core: &mut Core, status: u16, body: &[u8], now: Mono) {
        let (id, tag) = (self.id(), self.tag);
        let Phase::Up(up) = &mut self.phase else { return };
        let Some(theirs) = up.theirs.take() else { return };
        let status = if (200..700).contains(&status) { status } else { 500 };
        let body = if status < 300 { body } else { &[] };
        let mut writer = compose::reply_with_contact(core, &theirs.request, status, theirs.way, tag);
        compose::push_warning(&mut writer, core, status, theirs.way);
        let response = writer.finish_with(SDP, body);
        core.respond(theirs.transaction, status, response.clone(), now);
        if status >= 300 {
            return;
        }
        up.dialog.refresh(theirs.request.contact());
        if *theirs.request.method() == Method::Invite {
            up.unacknowledged = Some(Unacknowledged {
                cseq: theirs.request.cseq().number,
                response,
                way: compose::way_back(&theirs.request, theirs.way),
                again: core.times.t1,
                first: false,
            });
            core.await_ack(id, now);
        }
    }

    /// The peer has cancelled its re-INVITE.
    pub fn refuse_reinvite(&mut self, core: &mut Core, invite: TxId, now: Mono) {
        let tag = self.tag;
        if let Phase::Up(up) = &mut self.phase
            && up.theirs.as_ref().is_some_and(|theirs| theirs.transaction == invite)
        {
            up.refuse_theirs(core, tag, now);
        }
    }
}

impl Up {
    /// An offer of the peer: passed on, unless another change is under way (RFC 3261 section 14.2).
    fn take_offer(&mut self, core: &mut Core, inside: &Inside<'_>, leg: Option<LegId>, now: Mono) {
        let ours_is_open =
            matches!(self.ours, Ours::Asked { .. }) || self.owed.is_some() || self.unacknowledged.is_some();
        let Some(leg) = leg.filter(|_| self.theirs.is_none()) else {
            return inside.answer_later(core, now);
        };
        if ours_is_open {
            return inside.answer(core, 491, |_| {}, now);
        }
        if *inside.request.method() == Method::Invite {
            core.respond(inside.id, 100, compose::trying(inside.request, inside.way), now);
        }
        self.theirs = Some(Theirs { transaction: inside.id, request: inside.request.clone(), way: inside.way });
        core.tell(SipEvent::Reinvite { leg, offer: Bytes::copy_from_slice(inside.request.body()) });
    }

    /// 487 to a re-INVITE of the peer that nobody will answer any more.
    pub fn refuse_theirs(&mut self, core: &mut Core, tag: Tag, now: Mono) {
        if let Some(theirs) = self.theirs.take() {
            let writer = compose::reply(&theirs.request, 487, theirs.way, tag);
            core.respond(theirs.transaction, 487, writer.finish(), now);
        }
    }

    fn acknowledge_again(&self, core: &mut Core, cseq: u32) {
        if let Some((_, ack)) = self.reacknowledged.as_ref().filter(|(own, _)| *own == cseq) {
            core.send(self.way(), ack.clone());
        }
    }
}

/// In units of 10 ms: 2.1 to 4 s for the side that chose the Call-ID, 0 to 2 s for the other (RFC 3261 section 14.1).
fn glare_delay(rng: &mut Rng, theirs: bool) -> Duration {
    let (least, span) = if theirs { (0, 201) } else { (210, 191) };
    Duration::from_millis(10 * (least + rng.below(span)))
}
