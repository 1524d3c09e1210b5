//! Calls whose websocket has closed: the browser may come back for them, as itself or with its page loaded anew.

use std::collections::BTreeMap;

use super::Endpoint;
use super::change::Ours;
use super::checks;
use super::core::{Core, Way};
use super::deadlines::Deadline;
use super::elsewhere::Lost;
use super::from_phone::Caller;
use super::inside::Inside;
use super::invite_server::Refuse;
use super::names::SessionId;
use super::session::{Phase, Session};
use crate::base::{LegId, Mono};
use crate::sip::api::{Browser, Dial, FlowId, HeaderField, Reason, Replaced, SipEvent};
use crate::sip::dialog::Hop;
use crate::sip::wire::{HeaderName, Replaces, Request, Uri};

/// The dialogs that wait for their browser, and whose it was.
#[derive(Default)]
pub struct Away(BTreeMap<SessionId, Option<Browser>>);

impl Away {
    pub fn has(&self, id: SessionId) -> bool {
        self.0.contains_key(&id)
    }

    pub fn forget(&mut self, id: SessionId) {
        self.0.remove(&id);
    }
}

impl Endpoint {
    /// The websocket under this session has closed. Nobody hears an answer any more that was still owed.
    pub(super) fn websocket_lost(&mut self, id: SessionId, browser: Option<Browser>, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.websocket = None;
        match &session.phase {
            Phase::Ringing(_) => session.give_up_caller(&mut self.core, now),
            Phase::Up(up) if !up.over => {
                let leg = session.leg;
                self.core.timers.set(Deadline::Away(id), now + self.core.setup.return_within);
                self.away.0.insert(id, browser);
                leg.into_iter().for_each(|leg| self.core.tell(SipEvent::Away { leg }));
            }
            Phase::Up(_) | Phase::Calling | Phase::Over => {}
        }
    }

    /// Nobody came back in time.
    pub(super) fn stayed_away(&mut self, id: SessionId, now: Mono) {
        self.away.forget(id);
        if let Some(session) = self.sessions.get_mut(id) {
            session.peer_lost(&mut self.core, false, now);
        }
    }

    /// A request inside a dialog has come over another websocket of the same browser: the dialog goes on there.
    pub(super) fn follow(&mut self, inside: &Inside<'_>, now: Mono) {
        let (id, flow) = (inside.tag.session, inside.way.0);
        let Some(session) = self.sessions.get_mut(id).filter(|session| session.websocket != Some(flow)) else { return };
        let before = match (session.websocket, self.away.0.get(&id)) {
            (Some(older), _) => self.core.streams.browser_of(older).cloned(),
            (None, Some(browser)) => browser.clone(),
            (None, None) => return,
        };
        if self.core.is_websocket(flow) && self.core.streams.browser_of(flow) == before.as_ref() {
            self.come_back(id, inside.way, now);
        }
    }

    /// The agent's phone has registered over `way`: its dialogs go on there, if it is the one that it was.
    pub(super) fn bring_back(&mut self, way: Way, contacts: &[String], older: &[FlowId], now: Mono) {
        let browser = self.core.streams.browser_of(way.0).cloned();
        let away = self.away.0.iter().filter(|(_, was)| browser.is_some() && **was == browser).map(|(id, _)| *id);
        let left = older.iter().flat_map(|flow| self.core.streams.sessions_of(*flow));
        for id in away.chain(left).collect::<Vec<_>>() {
            let is_it = |session: &mut Session| session.is_with(contacts);
            if self.sessions.get_mut(id).is_some_and(is_it) {
                self.come_back(id, way, now);
            }
        }
    }

    fn come_back(&mut self, id: SessionId, way: Way, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Phase::Up(up) = &mut session.phase else { return };
        (up.flow, up.dialog.hop) = (way.0, Hop::Fixed(way.1));
        if let Some(waiting) = &mut up.unacknowledged {
            waiting.way = way;
        }
        if let Some(older) = session.websocket.replace(way.0) {
            self.core.streams.forget_session(older, id);
        }
        self.core.streams.note_session(way.0, id);
        self.core.timers.cancel(&Deadline::Away(id));
        self.away.forget(id);
        if let Some(leg) = session.leg {
            self.core.tell(SipEvent::Back { leg });
        }
        // What was asked over the websocket that it has left is not answered there any more, though nobody has closed it.
        if let Ours::Asked(asked) = &session.changes.ours {
            let asked = asked.request;
            self.fail(vec![asked], Lost::Closed, now);
        }
    }

    /// Dials a leg that takes the place of `old` (RFC 3891), whose dialog need not be reachable any more.
    pub(super) fn dial_replacing(&mut self, leg: LegId, old: LegId, mut dial: Box<Dial>, now: Mono) {
        if let Some(session) = self.sessions.of_leg(old)
            && let Phase::Up(up) = &session.phase
        {
            let (dialog, own) = (&up.dialog, session.tag.to_string());
            let value = [&dialog.call_id[..], b";to-tag=", &dialog.remote_tag, b";from-tag=", own.as_bytes()].concat();
            dial.headers.push(HeaderField::new(REPLACES, value));
        }
        self.dial(leg, dial, now);
    }
}

const REPLACES: &str = "Replaces";

impl Endpoint {
    /// The leg of ours whose place `request` is to take; nothing without that wish.
    pub(super) fn replaced_by(&mut self, request: &Request) -> Option<Replaced> {
        let value = request.header(HeaderName::REPLACES)?;
        Some(self.replaced(Replaces::read(value).filter(|replaces| !replaces.early_only)))
    }

    pub(super) fn may_replace(&mut self, request: &Request, caller: &Caller) -> Result<(), checks::Fault> {
        match caller {
            Caller::Trunk(_) | Caller::Web(_) => checks::no_replaces(request),
            Caller::Phone(_) if self.replaced_by(request) == Some(Replaced::Unknown) => Err(checks::Fault::Replaces),
            Caller::Phone(_) => Ok(()),
        }
    }
}

impl Session {
    /// The caller cannot hear what becomes of its call: it has given up.
    fn give_up_caller(&mut self, core: &mut Core, now: Mono) {
        let refusal = Refuse { status: 487, reason: None, contact: None, retry_after: None };
        self.refuse(core, &refusal, now);
        if let Some(leg) = self.let_go(core) {
            let reason = Some(Reason::sip(487, "the connection has ended"));
            core.tell(SipEvent::Cancelled { leg, reason });
        }
    }

    /// The peer is the one that is reached at one of `contacts`.
    fn is_with(&self, contacts: &[String]) -> bool {
        let Phase::Up(up) = &self.phase else { return false };
        let target = Uri::read(&up.dialog.target);
        let is_it = |contact: &String| {
            let contact = Uri::read(contact.as_bytes());
            contact.zip(target).is_some_and(|(contact, target)| {
                contact.user == target.user && contact.host == target.host && contact.port == target.port
            })
        };
        !up.over && contacts.iter().any(is_it)
    }
}
