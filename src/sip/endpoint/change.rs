//! What a session's two sides want to change: one change of ours, one of the peer's, and which of the two methods carries ours.

use std::time::Duration;

use bytes::Bytes;

use super::Endpoint;
use super::compose::{self, SDP};
use super::core::{ClientOwner, Core, Way};
use super::deadlines::Deadline;
use super::names::SessionId;
use super::session::{Phase, Session};
use crate::base::limits::REINVITE_MAX;
use crate::base::rng::Rng;
use crate::base::{LegId, Mono};
use crate::sip::api::SipEvent;
use crate::sip::transaction::TxId;
use crate::sip::wire::{HeaderName, Headers, Method, Request};

/// Glare again and again is a peer that does not follow the rules; the calls are told 491 then.
const TRIES_MAX: u32 = 8;

/// The changes of one session.
#[derive(Default)]
pub struct Changes {
    pub ours: Ours,
    /// Boxed: a request is large, and most sessions never have one.
    pub theirs: Option<Box<Theirs>>,
    /// The peer's Allow names UPDATE.
    pub peer_updates: bool,
    /// A change that the calls want, and that waits for the end of a refresh.
    next: Option<Box<Bytes>>,
}

/// Our re-INVITE or UPDATE.
#[derive(Default)]
pub enum Ours {
    #[default]
    None,
    /// It waits: for the ACK of our 2xx, for the peer's own change, or for the time of RFC 3261 section 14.1.
    Waiting { offer: Bytes, tries: u32 },
    /// It is on its way.
    Asked(Asked),
}

/// A change of ours that is on its way.
pub struct Asked {
    pub request: TxId,
    pub offer: Bytes,
    pub tries: u32,
    pub cseq: u32,
    pub want: Want,
    pub since: Mono,
    /// A provisional answer came, so that a CANCEL may go (RFC 3261 section 9.1).
    pub heard: bool,
    /// Nobody wants it any more; only a re-INVITE can be cancelled.
    pub unwanted: bool,
}

/// What a request of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Change,
    /// The session lives on (RFC 4028); nothing changes.
    Refresh,
}

/// A re-INVITE, an UPDATE or a PRACK of the peer with an offer that waits for `AnswerReinvite`.
pub struct Theirs {
    pub transaction: TxId,
    pub request: Request,
    pub way: Way,
}

impl Endpoint {
    pub(super) fn reinvite(&mut self, leg: LegId, offer: Bytes, now: Mono) {
        let Some(session) = self.sessions.of_leg(leg) else { return };
        if matches!(&session.changes.ours, Ours::Asked(asked) if asked.want == Want::Refresh) {
            session.changes.next = Some(Box::new(offer));
            return;
        }
        let open = matches!(session.phase, Phase::Up(_) | Phase::Ringing(_));
        if !open || !matches!(session.changes.ours, Ours::None) {
            return self.core.tell(SipEvent::ReinviteAnswered { leg, status: 491, body: Bytes::new() });
        }
        session.wait_change(&mut self.core, offer, 0, now);
        session.resume_change(&mut self.core, now);
    }

    /// The time after glare is over.
    pub(super) fn reinvite_again(&mut self, id: SessionId, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.resume_change(&mut self.core, now);
        if let Ours::Waiting { offer, tries } = &session.changes.ours {
            let (offer, tries) = (offer.clone(), tries + 1);
            session.wait_change(&mut self.core, offer, tries, now);
        }
    }

    /// The calls want their change back.
    pub(super) fn cancel_reinvite(&mut self, leg: LegId, now: Mono) {
        let Some(session) = self.sessions.of_leg(leg) else { return };
        if session.changes.next.take().is_some() {
            return session.change_failed(&mut self.core, 487);
        }
        match &session.changes.ours {
            Ours::None => {}
            Ours::Waiting { .. } => {
                self.core.timers.cancel(&Deadline::ReinviteAgain(session.id()));
                session.change_failed(&mut self.core, 487);
            }
            Ours::Asked(asked) if asked.want == Want::Refresh => {}
            Ours::Asked(_) => session.cancel_change(&mut self.core, now),
        }
    }

    /// Our re-INVITE got provisional answers only: it is cancelled, and what follows is as for any other refusal.
    pub(super) fn reinvite_stalled(&mut self, id: SessionId, now: Mono) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.cancel_change(&mut self.core, now);
        }
    }

    /// `status` is 408 for silence, 503 for a connection that ended. Only silence says that the peer is lost (RFC 3261 section
    /// 12.2.1.2, RFC 5057), and not where it is away for a moment.
    pub(super) fn change_unanswered(&mut self, id: SessionId, status: u16, now: Mono) {
        let status = if self.away.has(id) { 503 } else { status };
        let Some(session) = self.sessions.get_mut(id) else { return };
        match (status, session.websocket) {
            (503, Some(_)) => session.change_anew(&mut self.core, now),
            _ => session.change_refused(&mut self.core, status, now),
        }
    }
}

impl Session {
    /// Keeps `offer` until nothing is in its way, at least looking again after the time of section 14.1.
    pub fn wait_change(&mut self, core: &mut Core, offer: Bytes, tries: u32, now: Mono) {
        if tries > TRIES_MAX {
            return self.change_failed(core, 491);
        }
        let theirs = match &self.phase {
            Phase::Up(up) => up.dialog.theirs,
            Phase::Ringing(_) => true,
            Phase::Calling | Phase::Over => return,
        };
        let is_early = matches!(self.phase, Phase::Ringing(_));
        self.changes.ours = Ours::Waiting { offer, tries };
        // An early dialog may last as long as it rings: what waits there is woken by what it waits for.
        if !is_early || tries > 0 {
            let after = glare_delay(&mut core.rng, theirs);
            core.timers.set(Deadline::ReinviteAgain(self.id()), now + after);
        }
    }

    /// Sends the change that waits, when nothing is in its way: UPDATE in an early dialog, else a re-INVITE.
    pub fn resume_change(&mut self, core: &mut Core, now: Mono) {
        let id = self.id();
        let Ours::Waiting { offer, tries } = &self.changes.ours else { return };
        let waits = *tries > 0 && core.timers.deadline(&Deadline::ReinviteAgain(id)).is_some();
        if waits || self.is_blocked() {
            return;
        }
        let (offer, tries) = (offer.clone(), *tries);
        core.timers.cancel(&Deadline::ReinviteAgain(id));
        let method = if matches!(self.phase, Phase::Ringing(_)) { Method::Update } else { Method::Invite };
        self.ask_change(core, &method, (offer, Want::Change), tries, now);
    }

    pub fn ask_change(
        &mut self,
        core: &mut Core,
        method: &Method,
        (offer, want): (Bytes, Want),
        tries: u32,
        now: Mono,
    ) {
        let id = self.id();
        let (way, dialog) = match &mut self.phase {
            Phase::Up(up) => (up.way(&core.streams), &mut up.dialog),
            Phase::Ringing(ringing) => (ringing.way_out(&core.streams), &mut ringing.dialog),
            Phase::Calling | Phase::Over => return,
        };
        let (branch, cseq) = (core.next_branch(), dialog.next_cseq());
        let mut writer = compose::within(core, dialog, method, cseq, branch, way);
        self.push_timer(core, &mut writer);
        let request = writer.finish_with(SDP, &offer);
        let asked = Asked { request: branch.id, offer, tries, cseq, want, since: now, heard: false, unwanted: false };
        self.changes.ours = Ours::Asked(asked);
        let owner = if *method == Method::Invite { ClientOwner::Reinvite(id) } else { ClientOwner::Update(id) };
        self.request(core, branch, request, way, owner, now);
    }

    /// Whether an offer of ours would break a rule now (RFC 3261 section 14.1, RFC 3311 section 5.1).
    pub fn is_blocked(&self) -> bool {
        let blocked = match &self.phase {
            Phase::Up(up) => up.over || up.unacknowledged.is_some() || up.owed.is_some(),
            Phase::Ringing(ringing) => !ringing.provisionals.is_settled() || !self.changes.peer_updates,
            Phase::Calling | Phase::Over => true,
        };
        blocked || self.changes.theirs.is_some()
    }

    /// A provisional answer to our re-INVITE: the final one must follow within 64*T1, and all of it within `REINVITE_MAX`.
    pub fn change_heard(&mut self, core: &mut Core, now: Mono) {
        let id = self.id();
        let Ours::Asked(asked) = &mut self.changes.ours else { return };
        asked.heard = true;
        let unwanted = asked.unwanted;
        let patience = (now + core.times.patience()).min(asked.since + REINVITE_MAX);
        if unwanted {
            self.cancel_change(core, now);
        } else {
            core.timers.set(Deadline::ReinviteStalled(id), patience);
        }
    }

    /// CANCEL, or as soon as something was heard; an UPDATE is answered soon anyway.
    fn cancel_change(&mut self, core: &mut Core, now: Mono) {
        core.timers.cancel(&Deadline::ReinviteStalled(self.id()));
        let Ours::Asked(asked) = &mut self.changes.ours else { return };
        let is_first = asked.heard && core.timers.deadline(&Deadline::Abandoned(asked.request)).is_none();
        asked.unwanted = true;
        let request = asked.request;
        if is_first && core.transactions.client(request).is_some_and(|client| client.is_invite()) {
            super::cancel::send_cancel(core, request, None, now);
        }
    }

    /// The change that the answer with this CSeq is about; nothing for one that is no longer ours.
    pub fn take_asked(&mut self, core: &mut Core, cseq: u32) -> Option<Asked> {
        match std::mem::take(&mut self.changes.ours) {
            Ours::Asked(asked) if asked.cseq == cseq => {
                core.timers.cancel(&Deadline::ReinviteStalled(self.id()));
                core.timers.cancel(&Deadline::Abandoned(asked.request));
                Some(asked)
            }
            other @ (Ours::None | Ours::Waiting { .. } | Ours::Asked(_)) => {
                self.changes.ours = other;
                None
            }
        }
    }

    /// Our change was refused, or got no answer at all (408).
    pub fn change_refused(&mut self, core: &mut Core, status: u16, now: Mono) {
        let Ours::Asked(Asked { cseq, .. }) = &self.changes.ours else { return };
        let cseq = *cseq;
        let Some(asked) = self.take_asked(core, cseq) else { return };
        let is_up = matches!(self.phase, Phase::Up(_));
        match (status, self.leg) {
            (481 | 408, _) if is_up => self.peer_lost(core, status == 408, now),
            _ if asked.want == Want::Refresh => {
                self.refresh_later(core, now);
                self.next_change(core, now);
            }
            (491, Some(_)) if !asked.unwanted => self.wait_change(core, asked.offer, asked.tries + 1, now),
            (_, Some(_)) => self.change_failed(core, status),
            (_, None) => {}
        }
    }

    /// The websocket that our change went over is no more, and the browser has come back over another.
    fn change_anew(&mut self, core: &mut Core, now: Mono) {
        let Ours::Asked(Asked { cseq, want: Want::Change, unwanted: false, .. }) = &self.changes.ours else {
            return self.change_refused(core, 503, now);
        };
        let cseq = *cseq;
        if let Some(asked) = self.take_asked(core, cseq) {
            self.wait_change(core, asked.offer, 0, now);
            self.resume_change(core, now);
        }
    }

    /// What the calls wanted while a refresh was under way.
    pub fn next_change(&mut self, core: &mut Core, now: Mono) {
        if let Some(offer) = self.changes.next.take() {
            self.wait_change(core, *offer, 0, now);
        }
        self.resume_change(core, now);
    }

    fn change_failed(&mut self, core: &mut Core, status: u16) {
        self.changes.ours = Ours::None;
        if let Some(leg) = self.leg {
            core.tell(SipEvent::ReinviteAnswered { leg, status, body: Bytes::new() });
        }
    }

    /// What the peer says that it takes.
    pub fn note_allowed(&mut self, message: &Headers) {
        if message.header(HeaderName::ALLOW).is_some() {
            self.changes.peer_updates = message.has_token(HeaderName::ALLOW, "UPDATE");
        }
    }
}

/// In units of 10 ms: 2.1 to 4 s for the side that chose the Call-ID, 0 to 2 s for the other (RFC 3261 section 14.1).
fn glare_delay(rng: &mut Rng, theirs: bool) -> Duration {
    let (least, span) = if theirs { (0, 201) } else { (210, 191) };
    Duration::from_millis(10 * (least + rng.below(span)))
}
