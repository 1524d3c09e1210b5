//! Our INVITEs: one `Dial` rings one place after the other or all contacts of a phone at once; the first 2xx has the call (RFC 3261 section 13.2).

use bytes::Bytes;

use super::Endpoint;
use super::change::{Changes, Theirs};
use super::compose::{self, Invitation};
use super::core::{ClientOwner, Core, Way};
use super::deadlines::Deadline;
use super::hunt::Hunt;
use super::moved;
use super::names::{self, SessionId, Tag};
use super::session::{Attempt, Caller, Cancel, Early, Owed, Phase, SentAck, Session, Up};
use super::session_timer::SessionTimer;
use crate::base::limits::{SIP_CONTACTS_MAX, SIP_FORKS_MAX, SIP_TRANSACTIONS_MAX};
use crate::base::{LegId, Mono};
use crate::sip::api::{Dial, Reason, SipEvent, Target};
use crate::sip::dialog::{Dialog, Hop};
use crate::sip::registrar::Binding;
use crate::sip::transaction::TxId;
use crate::sip::wire::{Request, Response};

/// One place where a `Dial` rings.
pub struct Goal {
    pub uri: Bytes,
    pub way: Way,
    pub hop: Hop,
    /// The proxies before it, as values of Route.
    pub routes: Vec<Bytes>,
}

impl Endpoint {
    /// A leg that exists already is left alone.
    pub(super) fn dial(&mut self, leg: LegId, dial: Box<Dial>, now: Mono) {
        if self.sessions.has_leg(leg) {
            return;
        }
        let spots = self.spots(&dial);
        let goals = self.contacts(&dial);
        if (spots.is_empty() && goals.is_empty()) || self.core.transactions.len() >= SIP_TRANSACTIONS_MAX {
            let absent = matches!(dial.target, Target::Registered(_)) && goals.is_empty();
            let status = if absent { 480 } else { 503 };
            return self.core.tell(SipEvent::Failed { leg, status, reason: None, contacts: Vec::new() });
        }
        let tag = Tag { session: self.sessions.next_id(), nonce: self.core.rng.u64() };
        let mut session = calling(&mut self.core, (leg, tag), &dial, &goals, now);
        session.trunk = self.core.trunk_dialled(dial.trunk.as_ref(), goals.first().map(|goal| goal.way.1));
        self.core.timers.set(Deadline::RungLong(tag.session), now + dial.ring_timeout);
        if let Some(caller) = session.caller.as_mut().filter(|_| !spots.is_empty()) {
            caller.hunt = Some(Box::new(Hunt::new(spots, dial)));
        }
        self.sessions.insert(session);
        self.hunt(tag.session, now);
    }

    /// The contacts of a phone that ring, all at once.
    fn contacts(&self, dial: &Dial) -> Vec<Goal> {
        let Target::Registered(agent) = &dial.target else { return Vec::new() };
        let goal = |binding: &Binding| Goal {
            uri: Bytes::copy_from_slice(binding.uri.as_bytes()),
            way: (binding.flow, binding.source),
            hop: Hop::Fixed(binding.source),
            routes: binding.path.clone(),
        };
        self.registrar.rung(agent).map(goal).collect()
    }

    /// An answer to our first INVITE.
    pub(super) fn invite_answered(&mut self, id: SessionId, invite: TxId, response: &Response, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        match response.status() {
            0..200 => session.provisional(&mut self.core, invite, response, now),
            200..300 => session.accepted(&mut self.core, invite, response, now),
            status => {
                session.moved(response);
                self.attempt_failed(id, invite, status, compose::reason_of(response), now);
            }
        }
    }

    /// One of our INVITEs was refused, or nobody answered.
    pub(super) fn attempt_failed(
        &mut self,
        id: SessionId,
        invite: TxId,
        status: u16,
        reason: Option<Reason>,
        now: Mono,
    ) {
        self.core.timers.cancel(&Deadline::Abandoned(invite));
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Some(caller) = &mut session.caller else { return };
        self.core.timers.cancel(&Deadline::TargetSilent(invite));
        let unheard = caller.attempts.iter().any(|attempt| attempt.invite == invite && !attempt.heard);
        caller.attempts.retain(|attempt| attempt.invite != invite);
        caller.refusal = Some(better(caller.refusal.take(), (status, reason)));
        if status >= 600 {
            caller.cancel_all(&mut self.core, None, None, now);
        } else if caller.attempts.iter().any(|attempt| attempt.cancel == Cancel::No) {
            return;
        } else if caller.hunt.is_some() && (status == 503 || (status == 408 && unheard)) {
            return self.hunt(id, now);
        }
        session.fail(&mut self.core, now);
    }

    /// The time to ring is over: CANCEL, and the leg fails with 408.
    pub(super) fn rung_long(&mut self, id: SessionId, now: Mono) {
        let Some(session) = self.sessions.get_mut(id).filter(|session| matches!(session.phase, Phase::Calling)) else {
            return;
        };
        if let Some(caller) = &mut session.caller {
            caller.refusal = Some((408, None));
            caller.cancel_all(&mut self.core, None, None, now);
        }
        session.fail(&mut self.core, now);
    }
}

/// Sends an INVITE to each goal.
fn calling(core: &mut Core, (leg, tag): (LegId, Tag), dial: &Dial, goals: &[Goal], now: Mono) -> Session {
    let call_id = names::call_id(&mut core.rng);
    let cseq = names::first_cseq(&mut core.rng);
    let own = core.own(goals.first().map_or(dial.flow, |goal| goal.way.0)).address;
    let local = compose::from_of(dial, own, tag);
    let invitation = Invitation { dial, from: &local, call_id: &call_id, cseq };
    let mut session = Session {
        leg: Some(leg),
        tag,
        trunk: None,
        phase: Phase::Calling,
        caller: None,
        held: 0,
        merge: None,
        changes: Changes::default(),
        timer: SessionTimer { said: dial.offer.clone(), ..SessionTimer::default() },
        carried: None,
        websocket: None,
    };
    let mut attempts = Vec::with_capacity(goals.len());
    for goal in goals {
        let branch = core.next_branch();
        let invite = compose::invite(core, &invitation, goal, branch);
        let Goal { uri, way, hop, .. } = goal;
        let invite = session.request(core, branch, invite, *way, ClientOwner::Invite(tag.session), now);
        attempts.push(Attempt { invite, uri: uri.clone(), flow: way.0, hop: *hop, heard: false, cancel: Cancel::No });
    }
    session.caller = Some(Box::new(Caller {
        attempts,
        early: Vec::new(),
        local,
        call_id: Bytes::from(call_id),
        cseq,
        hunt: None,
        late_offer: dial.offer.is_empty(),
        copied: dial.copied.clone(),
        refusal: None,
        contacts: Vec::new(),
        acknowledged: Vec::new(),
    }));
    session
}

impl Session {
    /// What the forks of one INVITE say together, within the limits.
    fn moved(&mut self, response: &Response) {
        let Some(caller) = &mut self.caller else { return };
        caller.contacts.extend(moved::contacts(response));
        caller.contacts.truncate(SIP_CONTACTS_MAX);
    }

    fn provisional(&mut self, core: &mut Core, invite: TxId, response: &Response, now: Mono) {
        let Some(caller) = &mut self.caller else { return };
        caller.heard(core, invite, now);
        let tag = response.to_tag();
        if !tag.is_empty() && caller.early.len() < SIP_FORKS_MAX && !caller.early.iter().any(|early| early.tag == tag) {
            caller.early.reserve_exact(1);
            caller.early.push(Early { tag: Bytes::copy_from_slice(tag), reliable: None, description: Bytes::new() });
        }
        if !self.prack(core, invite, response, now) {
            return;
        }
        if let (Phase::Calling, Some(leg), 101..) = (&self.phase, self.leg, response.status()) {
            let body = Bytes::copy_from_slice(response.body());
            core.tell(SipEvent::Progress { leg, status: response.status(), body });
        }
    }

    /// A 2xx: the first has the call, a repeated one its ACK again, that of another fork ACK and BYE.
    fn accepted(&mut self, core: &mut Core, invite: TxId, response: &Response, now: Mono) {
        core.timers.cancel(&Deadline::Abandoned(invite));
        let Some(caller) = &mut self.caller else { return };
        let tag = response.to_tag();
        if let Some(sent) = caller.acknowledged.iter().find(|sent| sent.tag == tag) {
            if !sent.ack.is_empty() {
                core.send(sent.way, sent.ack.clone());
            }
            return;
        }
        let Some(up) = caller.dialog_of(invite, response) else { return };
        match self.phase {
            Phase::Calling => self.win(core, invite, up, response, now),
            Phase::Ringing(_) | Phase::Up(_) | Phase::Over => self.lose(core, up, response.cseq().number, now),
        }
    }

    fn win(&mut self, core: &mut Core, invite: TxId, mut up: Up, response: &Response, now: Mono) {
        let (id, leg) = (self.id(), self.leg);
        let is_anothers = |theirs: &Theirs| theirs.request.from_tag() != &up.dialog.remote_tag[..];
        if self.changes.theirs.as_deref().is_some_and(is_anothers) {
            self.refuse_theirs(core, now);
            leg.into_iter().for_each(|leg| core.tell(SipEvent::ReinviteWithdrawn { leg }));
        }
        let Some(caller) = &mut self.caller else { return };
        core.timers.cancel(&Deadline::RungLong(id));
        core.timers.cancel(&Deadline::TargetSilent(invite));
        core.led.push(id);
        caller.hunt = None;
        let ack = up.ack_or_owe(core, Owed { cseq: response.cseq().number, first: true }, caller.late_offer);
        // Usually the only one.
        caller.acknowledged.reserve_exact(1);
        caller.acknowledged.push(SentAck { tag: up.dialog.remote_tag.clone(), ack, way: up.way(&core.streams) });
        caller.cancel_all(core, Some(invite), None, now);
        self.websocket = core.streams.note_session(up.flow, id);
        let (settled, copied) = (caller.description_of(&up.dialog.remote_tag), caller.copied.clone());
        self.phase = Phase::Up(Box::new(up));
        self.note_allowed(response);
        self.timer_answered(core, response, now);
        if let Some(leg) = leg {
            core.tell_carried(leg, response, &copied);
            let answer = settled.unwrap_or_else(|| Bytes::copy_from_slice(response.body()));
            core.tell(SipEvent::Answered { leg, answer });
        }
    }

    fn lose(&mut self, core: &mut Core, mut up: Up, cseq: u32, now: Mono) {
        let Some(caller) = &mut self.caller else { return };
        let (ack, way) = up.ack(core, cseq, &[]);
        core.send(way, ack.clone());
        caller.acknowledged.push(SentAck { tag: up.dialog.remote_tag.clone(), ack, way });
        self.bye(core, &mut up, None, now);
    }

    /// Nobody took the call; what still comes is dealt with without the calls.
    pub fn fail(&mut self, core: &mut Core, now: Mono) {
        if !matches!(self.phase, Phase::Calling) {
            return;
        }
        core.timers.cancel(&Deadline::RungLong(self.id()));
        self.refuse_theirs(core, now);
        self.phase = Phase::Over;
        core.ended.push(self.id());
        let refusal = self.caller.as_mut().and_then(|caller| caller.refusal.take());
        let (status, reason) = refusal.unwrap_or((408, None));
        let contacts = self.caller.as_mut().filter(|_| status < 400).map(|caller| std::mem::take(&mut caller.contacts));
        if let Some(leg) = self.let_go(core) {
            core.tell(SipEvent::Failed { leg, status, reason, contacts: contacts.unwrap_or_default() });
        }
    }
}

impl Caller {
    /// The dialog that a 2xx opens; none for one that is beyond the limits.
    fn dialog_of(&mut self, invite: TxId, response: &Response) -> Option<Up> {
        if self.acknowledged.len() >= SIP_FORKS_MAX {
            return None;
        }
        let attempt = self.attempts.iter_mut().find(|attempt| attempt.invite == invite)?;
        attempt.cancel = Cancel::Moot;
        let mut dialog = Dialog::asking(response, self.local.clone(), &attempt.uri, attempt.hop).ok()?;
        let early = self.early.iter_mut().find(|early| early.tag == dialog.remote_tag);
        if let Some(known) = early.and_then(|early| early.reliable.take()) {
            dialog.go_on_from(known.dialog);
        }
        Some(Up::new(dialog, attempt.flow))
    }

    /// What the peer has said in an early dialog that is settled; its 2xx says nothing new then.
    fn description_of(&self, tag: &[u8]) -> Option<Bytes> {
        let early = self.early.iter().find(|early| early.tag == tag)?;
        Some(early.description.clone()).filter(|description| !description.is_empty())
    }
}

/// Of two refusals the one that says more: 6xx, then 4xx, 3xx, 5xx, and silence last (RFC 3261 section 16.7, step 6).
pub fn better(old: Option<(u16, Option<Reason>)>, new: (u16, Option<Reason>)) -> (u16, Option<Reason>) {
    let rank = |status: u16| match status {
        600.. => 0,
        408 | 503 => 4,
        400..500 => 1,
        500..600 => 3,
        0..400 => 2,
    };
    match old {
        Some(old) if rank(old.0) <= rank(new.0) => old,
        Some(_) | None => new,
    }
}

/// The INVITE that a client transaction sent.
pub fn sent_invite(core: &Core, invite: TxId) -> Option<Request> {
    Request::parse(core.transactions.client(invite)?.request.clone()).ok()
}
