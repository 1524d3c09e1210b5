//! Requests inside a dialog: found by our tag, checked for their order, then each to its act (RFC 3261 section 12.2.2).

use super::compose::{self, ALLOW};
use super::core::{Core, Way};
use super::names::Tag;
use super::session::{Phase, Session};
use super::{Endpoint, checks, stranger};
use crate::base::Mono;
use crate::base::limits::SIP_TRANSACTIONS_MAX;
use crate::sip::transaction::{ServerKey, TxId};
use crate::sip::wire::{HeaderName, Method, Request, Writer};

/// A request inside a dialog, with all that is needed to answer it.
pub struct Inside<'a> {
    pub request: &'a Request,
    pub way: Way,
    pub id: TxId,
    pub tag: Tag,
}

impl Inside<'_> {
    /// Answers without a body.
    pub fn answer(&self, core: &mut Core, status: u16, more: impl FnOnce(&mut Writer), now: Mono) {
        let mut writer = compose::reply(self.request, status, self.way, self.tag);
        more(&mut writer);
        core.respond(self.id, status, writer.finish(), now);
    }

    /// 500 with the time after which the peer may try again.
    pub fn answer_later(&self, core: &mut Core, now: Mono) {
        let after = core.retry_after().as_secs();
        self.answer(
            core,
            500,
            |writer| {
                writer.push(HeaderName::RETRY_AFTER, after);
            },
            now,
        );
    }
}

impl Endpoint {
    pub(super) fn take_inside(&mut self, way: Way, request: &Request, key: ServerKey, now: Mono) {
        let tag = Tag::read(request.to_tag());
        let known = tag.filter(|tag| self.sessions.of_tag(*tag).is_some_and(|session| belongs(session, request)));
        let Some(tag) = known else {
            return stranger::turn_away(&mut self.core, way, request, 481, |_| {});
        };
        // What belongs to a call is not put off; a peer that floods its own call is not heard.
        if self.core.transactions.len() >= 2 * SIP_TRANSACTIONS_MAX {
            return;
        }
        let id = self.open(way, request, key, tag);
        let Some(session) = self.sessions.of_tag(tag) else { return };
        let inside = Inside { request, way, id, tag };
        if session.dialog_with(request.from().tag).is_some_and(|dialog| !dialog.in_order(request.cseq().number)) {
            return inside.answer_later(&mut self.core, now);
        }
        if let Err(fault) = checks::extensions(request) {
            return inside.answer(&mut self.core, fault.status(), |writer| fault.explain(writer), now);
        }
        self.follow(&inside, now);
        if *request.method() == Method::Refer {
            return self.take_refer(&inside, now);
        }
        let Some(session) = self.sessions.of_tag(tag) else { return };
        dispatch(session, &mut self.core, &inside, now);
    }
}

/// Our tag is right; so must be the peer's, and the Call-ID.
fn belongs(session: &mut Session, request: &Request) -> bool {
    if let Some(dialog) = session.dialog_mut() {
        return dialog.matches(request);
    }
    let from = request.from();
    session.caller.as_ref().is_some_and(|caller| {
        let answered = caller.acknowledged.iter().any(|sent| sent.tag == from.tag);
        caller.call_id == request.call_id() && (answered || caller.early.iter().any(|early| early.tag == from.tag))
    })
}

fn dispatch(session: &mut Session, core: &mut Core, inside: &Inside<'_>, now: Mono) {
    match inside.request.method() {
        Method::Bye => session.take_bye(core, inside, now),
        Method::Invite => session.take_reinvite(core, inside, now),
        Method::Update => session.take_update(core, inside, now),
        Method::Options => inside.answer(core, 200, super::options::describe, now),
        Method::Info => session.take_info(core, inside, now),
        Method::Ack | Method::Cancel => {}
        Method::Prack => session.take_prack(core, inside, now),
        Method::Register | Method::Subscribe | Method::Notify => not_allowed(core, inside, now),
        // REFER looks at other sessions too, and has its own way.
        Method::Refer | Method::Message | Method::Publish | Method::Other(_) => not_allowed(core, inside, now),
    }
}

fn not_allowed(core: &mut Core, inside: &Inside<'_>, now: Mono) {
    inside.answer(
        core,
        405,
        |writer| {
            writer.push(HeaderName::ALLOW, ALLOW);
        },
        now,
    );
}

impl Session {
    /// Its dialog has ended, or never came to be.
    pub fn is_over(&self) -> bool {
        match &self.phase {
            Phase::Over => true,
            Phase::Up(up) => up.over,
            Phase::Ringing(_) | Phase::Calling => false,
        }
    }
}
