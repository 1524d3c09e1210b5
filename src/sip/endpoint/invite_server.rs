//! A trunk's INVITE and our answers to it (RFC 3261 section 13.3).

use std::time::Duration;

use super::Endpoint;
use super::compose::{self, SDP};
use super::core::Way;
use super::deadlines::Deadline;
use super::incoming;
use super::names::{SessionId, Tag, first_cseq};
use super::session::{MergeKey, Phase, Ringing, Session, Unacknowledged, Up};
use super::{checks, stranger};
use crate::base::{LegId, Mono};
use crate::sip::api::{Carried, Reason, SipEvent};
use crate::sip::dialog::Dialog;
use crate::sip::transaction::{ServerKey, server};
use crate::sip::wire::{HeaderName, Request};

/// Proxies give an INVITE up after three minutes of silence; one minute leaves room for a lost packet.
const PROGRESS_EVERY: Duration = Duration::from_secs(60);

/// How an INVITE is refused.
pub struct Refuse {
    pub status: u16,
    pub reason: Option<Reason>,
    pub contact: Option<String>,
    pub retry_after: Option<Duration>,
}

impl Endpoint {
    pub(super) fn take_invite(&mut self, way: Way, request: &Request, key: ServerKey, trunk: usize, now: Mono) {
        let merge = MergeKey(checks::merge_digest(&self.core, request));
        if self.session_by_merge.contains_key(&merge) {
            return stranger::turn_away(&mut self.core, way, request, 482, |_| {});
        }
        let full = self.core.transactions.invite_servers() >= self.core.invites_max;
        if self.overloaded(way, request, full, now) {
            return;
        }
        let tag = Tag { session: self.sessions.next_id(), nonce: self.core.rng.u64() };
        let local = [request.to().raw, b";tag=", tag.to_string().as_bytes()].concat();
        let cseq = first_cseq(&mut self.core.rng);
        let Ok(dialog) = Dialog::answering(request, local.into(), cseq, way.1) else {
            return stranger::turn_away(&mut self.core, way, request, 513, |_| {});
        };
        self.open_session(way, request, key, (tag, trunk), dialog, merge, now);
        self.tell_incoming(way, request, trunk, tag, now);
    }

    #[allow(clippy::too_many_arguments)]
    fn open_session(
        &mut self,
        way: Way,
        request: &Request,
        key: ServerKey,
        (tag, trunk): (Tag, usize),
        dialog: Dialog,
        merge: MergeKey,
        now: Mono,
    ) {
        let invite = self.open(way, request, key, tag);
        self.core.respond(invite, 100, compose::trying(request, way), now);
        self.session_by_merge.insert(merge, tag.session);
        self.sessions.insert(Session {
            leg: Some(LegId::inbound(tag.session.0)),
            tag,
            trunk: Some(trunk),
            phase: Phase::Ringing(Box::new(Ringing { invite, request: request.clone(), way, dialog })),
            caller: None,
            held: 0,
            merge: Some(merge),
            carried: Carried::default(),
        });
    }

    fn tell_incoming(&mut self, way: Way, request: &Request, trunk: usize, tag: Tag, now: Mono) {
        let Some(peer) = self.core.setup.trunks.get(trunk) else { return };
        let call = Box::new(incoming::call_of(request, peer, way, now));
        self.core.tell(SipEvent::Incoming { leg: LegId::inbound(tag.session.0), call });
    }

    /// 101 to 199 with a Contact; anything else is ignored.
    pub(super) fn progress(&mut self, leg: LegId, status: u16, body: &[u8], now: Mono) {
        let Some(session) = self.sessions.of_leg(leg).filter(|_| (101..200).contains(&status)) else { return };
        let Phase::Ringing(ringing) = &session.phase else { return };
        let writer = compose::reply_with_contact(&self.core, &ringing.request, status, ringing.way, session.tag);
        self.core.respond(ringing.invite, status, writer.finish_with(SDP, body), now);
        self.core.timers.set(Deadline::ProgressAgain(session.id()), now + PROGRESS_EVERY);
    }

    pub(super) fn progress_again(&mut self, id: SessionId, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Phase::Ringing(ringing) = &session.phase else { return };
        self.core.step_server(ringing.invite, server::Input::Provisional, now);
        self.core.timers.set(Deadline::ProgressAgain(id), now + PROGRESS_EVERY);
    }

    pub(super) fn answer(&mut self, leg: LegId, body: &[u8], now: Mono) {
        let Some(session) = self.sessions.of_leg(leg) else { return };
        let id = session.id();
        let ringing = match std::mem::replace(&mut session.phase, Phase::Over) {
            Phase::Ringing(ringing) => *ringing,
            other @ (Phase::Calling | Phase::Up(_) | Phase::Over) => {
                session.phase = other;
                return;
            }
        };
        self.core.timers.cancel(&Deadline::ProgressAgain(id));
        let Ringing { invite, request, way, dialog } = ringing;
        let mut writer = compose::reply_with_contact(&self.core, &request, 200, way, session.tag);
        compose::push_carried(&mut writer, &std::mem::take(&mut session.carried));
        let response = writer.finish_with(SDP, body);
        self.core.respond(invite, 200, response.clone(), now);
        let mut up = Up::new(dialog, way.0);
        up.unacknowledged = Some(Unacknowledged {
            cseq: request.cseq().number,
            response,
            way: compose::way_back(&request, way),
            again: self.core.times.t1,
            first: true,
        });
        session.phase = Phase::Up(Box::new(up));
        self.core.led.push(id);
        self.core.await_ack(id, now);
    }

    pub(super) fn carry(&mut self, leg: LegId, carried: Carried) {
        if let Some(session) = self.sessions.of_leg(leg) {
            session.carried = carried;
        }
    }

    /// 300 to 699; anything else becomes 500.
    pub(super) fn refuse(&mut self, leg: LegId, refusal: &Refuse, now: Mono) {
        let Some(session) = self.sessions.of_leg(leg) else { return };
        if session.refuse(&mut self.core, refusal, now) {
            session.let_go(&mut self.core);
        }
    }
}

impl Session {
    /// Refuses an INVITE that was not answered yet; false when there is none.
    pub fn refuse(&mut self, core: &mut super::core::Core, refusal: &Refuse, now: Mono) -> bool {
        let Phase::Ringing(ringing) = &self.phase else { return false };
        let status = if (300..700).contains(&refusal.status) { refusal.status } else { 500 };
        let mut writer = compose::reply(&ringing.request, status, ringing.way, self.tag);
        compose::push_reason(&mut writer, refusal.reason.as_ref());
        compose::push_carried(&mut writer, &self.carried);
        compose::push_warning(&mut writer, core, status, ringing.way);
        if let Some(contact) = &refusal.contact {
            writer.push(HeaderName::CONTACT, format_args!("<{contact}>"));
        }
        if let Some(after) = refusal.retry_after {
            writer.push(HeaderName::RETRY_AFTER, after.as_secs().max(1));
        }
        core.respond(ringing.invite, status, writer.finish(), now);
        core.timers.cancel(&Deadline::ProgressAgain(self.id()));
        self.phase = Phase::Over;
        core.ended.push(self.id());
        true
    }
}
