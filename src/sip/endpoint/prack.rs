//! Reliable provisional answers (RFC 3262): ours are sent again until their PRACK comes, the peer's get one each, in their order.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::Endpoint;
use super::checks::{self, Fault};
use super::compose::{self, ALLOW, RELIABLE, SDP};
use super::core::{ClientOwner, Core};
use super::deadlines::Deadline;
use super::inside::Inside;
use super::invite_server::Refuse;
use super::names::SessionId;
use super::session::{Caller, Early, EarlyDialog, Phase, Session};
use crate::base::Mono;
use crate::base::limits::SIP_PROVISIONALS_QUEUED_MAX;
use crate::base::rng::Rng;
use crate::sip::api::{Reason, Reliable, SipEvent};
use crate::sip::dialog::Dialog;
use crate::sip::transaction::{TxId, server};
use crate::sip::wire::{HeaderName, Headers, Method, RAck, Request, Response, read_rseq};

/// Which of our provisional answers to one INVITE go reliably.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Never,
    /// Those that carry a session description.
    WithSound,
    Always,
}

/// Our provisional answers to one INVITE.
pub struct Provisionals {
    mode: Mode,
    /// Of the last reliable one.
    rseq: u32,
    open: Option<Open>,
    /// What may not leave before the PRACK of `open` (RFC 3262 section 3).
    queue: VecDeque<(u16, Bytes)>,
    /// The body of the 200 that waits for that PRACK.
    answer: Option<Bytes>,
    exchange: Exchange,
    last_status: u16,
}

/// A reliable provisional answer whose PRACK has not come.
struct Open {
    rseq: u32,
    again: Duration,
    described: bool,
}

/// How far the first offer is (RFC 3262 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exchange {
    /// The peer's offer came in the INVITE.
    TheirOffer,
    /// The INVITE had none: the first offer is ours.
    NoOffer,
    /// Our offer is in `open`.
    Offered,
    /// Answered, and the answer acknowledged.
    Settled,
}

/// Which provisional answers to `request` go reliably, where a trunk is set to `reliable`.
pub fn mode_of(request: &Request, reliable: Reliable) -> Result<Mode, Fault> {
    let requires = request.has_token(HeaderName::REQUIRE, RELIABLE);
    let supports = requires || request.has_token(HeaderName::SUPPORTED, RELIABLE);
    match reliable {
        Reliable::Off if requires => Err(Fault::Extensions(RELIABLE.into())),
        Reliable::Off => Ok(Mode::Never),
        Reliable::Supported if requires => Ok(Mode::Always),
        Reliable::Supported => Ok(if supports { Mode::WithSound } else { Mode::Never }),
        Reliable::Required if supports => Ok(Mode::Always),
        Reliable::Required => Err(Fault::ExtensionRequired(RELIABLE)),
    }
}

impl Provisionals {
    /// `rng` draws the first RSeq (RFC 3262 section 3: 1 to 2**31 - 1).
    pub fn new(mode: Mode, request: &Request, rng: &mut Rng) -> Provisionals {
        let exchange = if request.body().is_empty() { Exchange::NoOffer } else { Exchange::TheirOffer };
        let rseq = if mode == Mode::Never { 0 } else { 1 + u32::try_from(rng.below(1 << 30)).unwrap_or(0) };
        Provisionals { mode, rseq, open: None, queue: VecDeque::new(), answer: None, exchange, last_status: 180 }
    }

    /// The first offer is answered and the answer acknowledged: either side may make another.
    pub fn is_settled(&self) -> bool {
        self.exchange == Exchange::Settled
    }

    /// Our offer waits for its answer.
    pub fn has_offered(&self) -> bool {
        self.exchange == Exchange::Offered
    }

    /// The RSeq that a PRACK after the 2xx may still name.
    pub fn prackable(&self) -> Option<u32> {
        self.open.as_ref().map(|open| open.rseq)
    }

    /// A 2xx may not overtake a description that is not acknowledged (RFC 3262 section 3).
    pub fn must_wait(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.described)
    }

    fn is_reliable(&self, body: &Bytes) -> bool {
        match self.mode {
            Mode::Never => false,
            Mode::WithSound => !body.is_empty(),
            Mode::Always => true,
        }
    }

    /// Notes what `body` in a reliable answer does to the exchange.
    fn describe(&mut self, body: &Bytes) {
        if self.exchange == Exchange::NoOffer && !body.is_empty() {
            self.exchange = Exchange::Offered;
        }
    }

    /// True when `rack` is about the one that waits; it waits no longer.
    fn take(&mut self, rack: RAck<'_>) -> Option<Open> {
        self.open.take_if(|open| open.rseq == rack.rseq)
    }
}

impl Core {
    pub fn stop_provisionals(&mut self, session: SessionId) {
        self.timers.cancel(&Deadline::ProgressAgain(session));
        self.stop_awaiting_prack(session);
    }

    fn stop_awaiting_prack(&mut self, session: SessionId) {
        self.timers.cancel(&Deadline::ReliableAgain(session));
        self.timers.cancel(&Deadline::Unpracked(session));
    }
}

impl Endpoint {
    /// The interval doubles without bound (RFC 3262 section 3).
    pub(super) fn reliable_again(&mut self, id: SessionId, now: Mono) {
        let Some(Phase::Ringing(ringing)) = self.sessions.get_mut(id).map(|session| &mut session.phase) else { return };
        let Some(open) = &mut ringing.provisionals.open else { return };
        open.again *= 2;
        let again = now + open.again;
        self.core.step_server(ringing.invite, server::Input::Provisional, now);
        self.core.timers.set(Deadline::ReliableAgain(id), again);
    }

    /// 64*T1 without a PRACK: the INVITE is refused (RFC 3262 section 3).
    pub(super) fn unpracked(&mut self, id: SessionId, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let refusal = Refuse { status: 504, reason: None, contact: None, retry_after: None };
        if session.refuse(&mut self.core, &refusal, now)
            && let Some(leg) = session.let_go(&mut self.core)
        {
            self.core.tell(SipEvent::Cancelled { leg, reason: Some(Reason::sip(504, "no PRACK")) });
        }
    }
}

impl Session {
    /// A provisional answer of ours, now or when the one before it has its PRACK.
    pub fn progress(&mut self, core: &mut Core, status: u16, body: &Bytes, now: Mono) {
        let Phase::Ringing(ringing) = &mut self.phase else { return };
        let provisionals = &mut ringing.provisionals;
        if provisionals.open.is_some() {
            if provisionals.queue.len() < SIP_PROVISIONALS_QUEUED_MAX {
                provisionals.queue.push_back((status, body.clone()));
            }
            return;
        }
        provisionals.last_status = status;
        let body = if provisionals.is_settled() { &Bytes::new() } else { body };
        if provisionals.is_reliable(body) {
            return self.progress_reliably(core, status, body, now);
        }
        // The first offer may not stand where it can be lost (RFC 3261 section 13.2.1).
        let body = if provisionals.exchange == Exchange::NoOffer { &[] } else { &body[..] };
        let writer = compose::reply_with_contact(core, &ringing.request, status, ringing.way, self.tag);
        core.respond(ringing.invite, status, writer.finish_with(SDP, body), now);
    }

    fn progress_reliably(&mut self, core: &mut Core, status: u16, body: &Bytes, now: Mono) {
        let (id, tag) = (self.id(), self.tag);
        let Phase::Ringing(ringing) = &mut self.phase else { return };
        let provisionals = &mut ringing.provisionals;
        provisionals.rseq += 1;
        provisionals.describe(body);
        let rseq = provisionals.rseq;
        provisionals.open = Some(Open { rseq, again: core.times.t1, described: !body.is_empty() });
        let mut writer = compose::reply_with_contact(core, &ringing.request, status, ringing.way, tag);
        writer.push(HeaderName::ALLOW, ALLOW).push(HeaderName::REQUIRE, RELIABLE).push(HeaderName::RSEQ, rseq);
        core.respond(ringing.invite, status, writer.finish_with(SDP, body), now);
        // From its PRACK on, requests may go in the early dialog.
        core.led.push(id);
        core.timers.set(Deadline::ReliableAgain(id), now + core.times.t1);
        core.timers.set(Deadline::Unpracked(id), now + core.times.patience());
    }

    /// So that proxies do not lose patience: the last answer again, or its status anew where it was acknowledged.
    pub fn progress_once_more(&mut self, core: &mut Core, now: Mono) {
        let Phase::Ringing(ringing) = &mut self.phase else { return };
        let provisionals = &ringing.provisionals;
        if provisionals.open.is_some() {
            return;
        }
        if provisionals.mode == Mode::Never {
            return core.step_server(ringing.invite, server::Input::Provisional, now);
        }
        let status = provisionals.last_status;
        self.progress(core, status, &Bytes::new(), now);
    }

    /// The peer's PRACK (RFC 3262 sections 3 and 5).
    pub fn take_prack(&mut self, core: &mut Core, inside: &Inside<'_>, now: Mono) {
        if let Err(fault) = checks::session_body(inside.request) {
            return inside.answer(core, fault.status(), |writer| fault.explain(writer), now);
        }
        let Some(rack) = inside.request.header(HeaderName::RACK).and_then(RAck::read) else {
            return inside.answer(core, 400, |_| {}, now);
        };
        let is_about =
            |request: &Request| rack.method == Method::Invite.as_bytes() && rack.cseq == request.cseq().number;
        let open = match &mut self.phase {
            Phase::Ringing(ringing) if is_about(&ringing.request) => ringing.provisionals.take(rack),
            // Our 2xx has overtaken the PRACK of an answer that described nothing.
            Phase::Up(up) if !up.over && up.prackable == Some(rack.rseq) => {
                up.prackable = None;
                return inside.answer(core, 200, |_| {}, now);
            }
            Phase::Ringing(_) | Phase::Up(_) | Phase::Calling | Phase::Over => None,
        };
        let Some(open) = open else { return inside.answer(core, 481, |_| {}, now) };
        core.stop_awaiting_prack(self.id());
        self.acknowledged_reliably(core, &open, inside, now);
        self.go_on(core, now);
    }

    fn acknowledged_reliably(&mut self, core: &mut Core, open: &Open, inside: &Inside<'_>, now: Mono) {
        let Phase::Ringing(ringing) = &mut self.phase else { return };
        let provisionals = &mut ringing.provisionals;
        let was_offered = provisionals.exchange == Exchange::Offered;
        if open.described {
            provisionals.exchange = Exchange::Settled;
        }
        let is_settled = provisionals.is_settled();
        match (was_offered, inside.request.body().is_empty()) {
            (true, _) => {
                inside.answer(core, 200, |_| {}, now);
                if let Some(leg) = self.leg {
                    core.tell(SipEvent::Pracked { leg, answer: Bytes::copy_from_slice(inside.request.body()) });
                }
            }
            (false, true) => inside.answer(core, 200, |_| {}, now),
            // A further offer, which our answer to the PRACK has to answer.
            (false, false) if is_settled => self.take_offer(core, inside, now),
            (false, false) => inside.answer(core, 491, |_| {}, now),
        }
    }

    /// Keeps the body of a 200 until the PRACK has come.
    pub fn hold_back(&mut self, answer: &Bytes) {
        if let Phase::Ringing(ringing) = &mut self.phase {
            ringing.provisionals.answer = Some(answer.clone());
        }
    }

    /// What waited for a PRACK, or for the answer to an offer in it: the next provisional answer, the 200, a change of ours.
    pub fn go_on(&mut self, core: &mut Core, now: Mono) {
        while let Phase::Ringing(ringing) = &mut self.phase
            && ringing.provisionals.open.is_none()
            && self.changes.theirs.is_none()
        {
            if let Some((status, body)) = ringing.provisionals.queue.pop_front() {
                self.progress(core, status, &body, now);
            } else if let Some(body) = ringing.provisionals.answer.take() {
                return self.answer(core, &body, now);
            } else {
                break;
            }
        }
        self.resume_change(core, now);
    }

    /// Acknowledges a reliable provisional answer to our INVITE; false for one that is to be dropped (RFC 3262 section 4).
    pub fn prack(&mut self, core: &mut Core, invite: TxId, response: &Response, now: Mono) -> bool {
        let Some(rseq) = reliable_rseq(response) else { return true };
        let id = self.id();
        let Some(caller) = &mut self.caller else { return false };
        let Some(EarlyDialog { dialog, flow, .. }) = caller.reliable_dialog(invite, response, rseq) else {
            return false;
        };
        let way = dialog.way(*flow, |flow, to| core.streams.leads(flow, to));
        let (branch, cseq) = (core.next_branch(), dialog.next_cseq());
        let mut writer = compose::within(core, dialog, &Method::Prack, cseq, branch, way);
        writer.push(HeaderName::RACK, format_args!("{rseq} {} INVITE", response.cseq().number));
        self.request(core, branch, writer.finish(), way, ClientOwner::Prack(id), now);
        self.note_allowed(response);
        core.led.push(id);
        true
    }

    /// The early dialog of ours with this tag, when its first offer is answered.
    pub fn settled_early(&mut self, tag: &[u8]) -> Option<&mut Early> {
        let early = self.caller.as_mut()?.early.iter_mut().find(|early| early.tag == tag)?;
        (early.reliable.is_some() && !early.description.is_empty()).then_some(early)
    }
}

impl Caller {
    /// The dialog to acknowledge in; nothing for an answer that is out of order, or came before.
    fn reliable_dialog(&mut self, invite: TxId, response: &Response, rseq: u32) -> Option<&mut EarlyDialog> {
        let attempt = self.attempts.iter().find(|attempt| attempt.invite == invite)?;
        let early = self.early.iter_mut().find(|early| early.tag == response.to().tag)?;
        match &mut early.reliable {
            Some(known) if rseq != known.rseq.wrapping_add(1) => return None,
            Some(known) => {
                known.rseq = rseq;
                known.dialog.refresh(response.contact());
            }
            None => {
                let dialog = Dialog::asking(response, self.local.clone(), &attempt.uri, attempt.hop).ok()?;
                early.reliable = Some(Box::new(EarlyDialog { dialog, flow: attempt.flow, rseq }));
            }
        }
        // The first description is the answer to our offer; what comes after it means nothing (RFC 3261 section 13.2.1).
        if early.description.is_empty() {
            early.description = Bytes::copy_from_slice(response.body());
        }
        early.reliable.as_deref_mut()
    }
}

fn reliable_rseq(response: &Response) -> Option<u32> {
    let headers: &Headers = response;
    let is_reliable = response.status() > 100 && headers.has_token(HeaderName::REQUIRE, RELIABLE);
    headers.header(HeaderName::RSEQ).filter(|_| is_reliable).and_then(read_rseq)
}
