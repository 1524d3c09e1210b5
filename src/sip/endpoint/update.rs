//! UPDATE (RFC 3311), both ways: a change without ACK, which early dialogs may have too once their first offer is answered.

use bytes::Bytes;

use super::Endpoint;
use super::change::{Ours, Want};
use super::checks;
use super::compose;
use super::core::Core;
use super::inside::Inside;
use super::names::SessionId;
use super::session::{Phase, Session};
use super::session_timer;
use crate::base::Mono;
use crate::sip::api::SipEvent;
use crate::sip::wire::Response;

impl Endpoint {
    pub(super) fn update_answered(&mut self, id: SessionId, response: &Response, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        match response.status() {
            0..200 => {}
            200..300 => session.update_accepted(&mut self.core, response, now),
            status => session.change_refused(&mut self.core, status, now),
        }
        session.resume_change(&mut self.core, now);
    }
}

impl Session {
    fn update_accepted(&mut self, core: &mut Core, response: &Response, now: Mono) {
        let Some(asked) = self.take_asked(core, response.cseq().number) else { return };
        self.note_allowed(response);
        self.retarget(core, response.to_tag(), response.contact());
        if matches!(self.phase, Phase::Up(_)) {
            self.timer_answered(core, response, now);
        }
        if asked.want == Want::Refresh {
            return self.next_change(core, now);
        }
        self.timer.said = asked.offer;
        if let Some(leg) = self.leg {
            let body = Bytes::copy_from_slice(response.body());
            core.tell(SipEvent::ReinviteAnswered { leg, status: response.status(), body });
        }
    }

    /// The peer's UPDATE.
    pub fn take_update(&mut self, core: &mut Core, inside: &Inside<'_>, now: Mono) {
        if let Err(fault) = checks::session_body(inside.request) {
            return inside.answer(core, fault.status(), |writer| fault.explain(writer), now);
        }
        if self.is_over() {
            return inside.answer(core, 481, |_| {}, now);
        }
        if let Err(fault) = session_timer::accept(inside.request, core.session_times(self.trunk)) {
            return inside.answer(core, fault.status(), |writer| fault.explain(writer), now);
        }
        let offers = !inside.request.body().is_empty();
        let is_settled = match &self.phase {
            Phase::Up(_) => true,
            Phase::Ringing(ringing) => {
                // An offer of ours in a provisional answer waits for its PRACK (RFC 3311 section 5.2).
                if offers && ringing.provisionals.has_offered() {
                    return inside.answer(core, 491, |_| {}, now);
                }
                ringing.provisionals.is_settled()
            }
            Phase::Calling => self.settled_early(inside.request.from().tag).is_some(),
            Phase::Over => false,
        };
        match (offers, is_settled) {
            (true, true) => self.take_early_offer(core, inside, now),
            // The offer of the INVITE has no answer yet (RFC 3311 section 5.2).
            (true, false) => inside.answer_later(core, now),
            (false, _) => self.refresh_only(core, inside, now),
        }
    }

    fn take_early_offer(&mut self, core: &mut Core, inside: &Inside<'_>, now: Mono) {
        let is_free = self.changes.theirs.is_none() && !matches!(self.changes.ours, Ours::Asked(_));
        if let Some(early) = self.settled_early(inside.request.from().tag).filter(|_| is_free) {
            early.description = Bytes::copy_from_slice(inside.request.body());
        }
        self.take_offer(core, inside, now);
    }

    fn refresh_only(&mut self, core: &mut Core, inside: &Inside<'_>, now: Mono) {
        self.note_allowed(inside.request);
        self.retarget(core, inside.request.from_tag(), inside.request.contact());
        let mut writer = compose::reply_with_contact(core, inside.request, 200, inside.way, inside.tag);
        if matches!(self.phase, Phase::Up(_)) {
            let agreed = session_timer::accept(inside.request, core.session_times(self.trunk)).ok().flatten();
            session_timer::push_accepted(&mut writer, inside.request, agreed);
            self.start_timer(core, agreed, now);
        }
        core.respond(inside.id, 200, writer.finish(), now);
    }
}
