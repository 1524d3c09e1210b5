//! The end of a session: BYE both ways, and hanging up in every state (RFC 3261 section 15).

use super::Endpoint;
use super::change::Ours;
use super::compose;
use super::core::{ClientOwner, Core};
use super::deadlines::Deadline;
use super::inside::Inside;
use super::invite_server::Refuse;
use super::session::{Phase, Session, Up};
use crate::base::{LegId, Mono};
use crate::sip::api::{EndCause, Reason, SipEvent};
use crate::sip::wire::Method;

impl Endpoint {
    /// BYE, CANCEL, or 480, whichever the state asks for.
    pub(super) fn hang_up(&mut self, leg: LegId, reason: Option<Reason>, now: Mono) {
        let Some(session) = self.sessions.of_leg(leg) else { return };
        session.let_go(&mut self.core);
        match &mut session.phase {
            Phase::Ringing(_) => {
                let refusal = Refuse { status: 480, reason, contact: None, retry_after: None };
                session.refuse(&mut self.core, &refusal, now);
            }
            Phase::Calling => session.give_up(&mut self.core, reason.as_ref(), now),
            // The callee waits for the ACK before it sends BYE.
            Phase::Up(up) if up.unacknowledged.as_ref().is_some_and(|waiting| waiting.first) => {
                up.goodbye = Some(Box::new(reason))
            }
            Phase::Up(_) => session.end(&mut self.core, Some(reason), now),
            Phase::Over => {}
        }
    }
}

impl Session {
    /// We do not want the call any more that we dialled.
    fn give_up(&mut self, core: &mut Core, reason: Option<&Reason>, now: Mono) {
        core.timers.cancel(&Deadline::RungLong(self.id()));
        if let Some(caller) = &mut self.caller {
            caller.cancel_all(core, None, reason, now);
        }
        self.refuse_theirs(core, now);
        self.phase = Phase::Over;
        core.ended.push(self.id());
    }

    /// Ends the dialog, with a BYE of ours when `bye` holds what it says.
    pub fn end(&mut self, core: &mut Core, bye: Option<Option<Reason>>, now: Mono) {
        let id = self.id();
        // An ACK that is still owed goes first, without the answer that nobody needs now.
        self.acknowledge(core, &[]);
        self.end_referral(core, now);
        let mut up = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Up(up) => up,
            other @ (Phase::Ringing(_) | Phase::Calling | Phase::Over) => {
                self.phase = other;
                return;
            }
        };
        core.stop_awaiting_ack(id);
        core.timers.cancel(&Deadline::ReinviteAgain(id));
        core.timers.cancel(&Deadline::ReinviteStalled(id));
        core.timers.cancel(&Deadline::Away(id));
        core.stop_session_timer(id);
        up.unacknowledged = None;
        self.refuse_theirs(core, now);
        if let Ours::Asked(asked) = &self.changes.ours {
            core.timers.set(Deadline::Abandoned(asked.request), now + core.times.patience());
        }
        if let Some(reason) = bye.filter(|_| !up.over) {
            self.bye(core, &mut up, reason, now);
        }
        up.over = true;
        self.phase = Phase::Up(up);
        core.ended.push(id);
    }

    /// Sends BYE in the dialog of `up`.
    pub fn bye(&mut self, core: &mut Core, up: &mut Up, reason: Option<Reason>, now: Mono) {
        let (branch, way, cseq) = (core.next_branch(), up.way(&core.streams), up.dialog.next_cseq());
        let mut writer = compose::within(core, &up.dialog, &Method::Bye, cseq, branch, way);
        compose::push_reason(&mut writer, reason.as_ref());
        compose::push_carried(&mut writer, self.carried.as_deref());
        let bye = self.request(core, branch, writer.finish(), way, ClientOwner::Bye(self.id()), now);
        core.farewells.insert(bye);
    }

    /// The peer ends a dialog, or before our answer its INVITE.
    pub fn take_bye(&mut self, core: &mut Core, inside: &Inside<'_>, now: Mono) {
        inside.answer(core, 200, |_| {}, now);
        let reason = compose::reason_of(inside.request);
        match &self.phase {
            Phase::Ringing(_) => {
                let refusal = Refuse { status: 487, reason: None, contact: None, retry_after: None };
                self.refuse(core, &refusal, now);
                if let Some(leg) = self.let_go(core) {
                    core.tell(SipEvent::Cancelled { leg, reason });
                }
            }
            Phase::Up(_) => {
                self.end(core, None, now);
                if let Some(leg) = self.let_go(core) {
                    core.tell_carried(leg, inside.request, &[]);
                    core.tell(SipEvent::Ended { leg, cause: EndCause::Bye, reason });
                }
            }
            // A fork that lost, or an early dialog that the callee may not end: there is nothing to end.
            Phase::Calling | Phase::Over => {}
        }
    }

    /// The peer is lost: our request inside the dialog got 481, 408 or nothing (RFC 5057).
    pub fn peer_lost(&mut self, core: &mut Core, bye: bool, now: Mono) {
        self.end(core, bye.then_some(None), now);
        if let Some(leg) = self.let_go(core) {
            core.tell(SipEvent::Ended { leg, cause: EndCause::PeerLost, reason: None });
        }
    }
}
