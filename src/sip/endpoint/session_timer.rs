//! Session timers (RFC 4028), both roles: a session that nobody refreshes ends, so that a peer that is gone holds nothing for ever.
//!
//! A refresh concerns one leg: it says what was said before, and the calls do not hear of it.

use std::time::Duration;

use bytes::Bytes;

use super::Endpoint;
use super::challenged::{ANSWERS_MAX, Answer, asked};
use super::change::{Ours, Want};
use super::checks::Fault;
use super::compose::TIMER;
use super::core::{ClientOwner, Core};
use super::deadlines::Deadline;
use super::names::SessionId;
use super::session::{Phase, Session};
use crate::base::Mono;
use crate::sip::api::{EndCause, Reason, SessionTimes, SipEvent};
use crate::sip::transaction::TxId;
use crate::sip::wire::{HeaderName, Headers, Method, Refresher, Response, SessionExpires, Writer, read_min_se};

/// A refresh that was refused for a passing reason is tried again after this.
const REFRESH_AGAIN: Duration = Duration::from_secs(10);
/// BYE goes this long before the session would end, or a third of it when that is less (RFC 4028 section 10).
const BEFORE_THE_END: Duration = Duration::from_secs(32);
/// RFC 4028 section 5: the least that a proxy or peer may have in mind when it does not say.
const MIN_SE: u32 = 90;

/// What both sides have agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    pub seconds: u32,
    /// We refresh it.
    pub ours: bool,
}

/// The session timer of one session.
#[derive(Default)]
pub struct SessionTimer {
    pub agreed: Option<Agreed>,
    /// What the peer or a proxy has told us is the least (422).
    pub min_se: u32,
    /// Our last description on this leg, for a refresh by re-INVITE.
    pub said: Bytes,
}

/// What we agree to when a peer asks with `request` (RFC 4028 section 9, table 2); `None` is a session without a timer.
pub fn accept(request: &Headers, times: SessionTimes) -> Result<Option<Agreed>, Fault> {
    let can = request.has_token(HeaderName::SUPPORTED, TIMER) || request.has_token(HeaderName::REQUIRE, TIMER);
    let asked = request.header(HeaderName::SESSION_EXPIRES).and_then(SessionExpires::read);
    let least = request.header(HeaderName::MIN_SE).and_then(read_min_se).unwrap_or(0).max(seconds(times.min));
    let wished = seconds(times.expires);
    match asked {
        Some(asked) if asked.seconds < seconds(times.min) && can => Err(Fault::IntervalTooSmall(seconds(times.min))),
        // A peer that does not know of timers cannot be told so; its proxy asks for more than we do.
        Some(asked) if asked.seconds < seconds(times.min) => Ok(None),
        Some(asked) => {
            let wished = if wished == 0 { asked.seconds } else { wished };
            let ours = !can || asked.refresher == Some(Refresher::Uas);
            Ok(Some(Agreed { seconds: wished.max(least).min(asked.seconds), ours }))
        }
        None if can && wished > 0 => Ok(Some(Agreed { seconds: wished.max(least), ours: false })),
        None => Ok(None),
    }
}

/// The header fields of a 2xx that say so; `request` is what it answers.
pub fn push_accepted(writer: &mut Writer, request: &Headers, agreed: Option<Agreed>) {
    let can = request.has_token(HeaderName::SUPPORTED, TIMER) || request.has_token(HeaderName::REQUIRE, TIMER);
    let Some(agreed) = agreed else { return };
    let refresher = Some(if agreed.ours { Refresher::Uas } else { Refresher::Uac });
    writer.push(HeaderName::SESSION_EXPIRES, SessionExpires { seconds: agreed.seconds, refresher });
    if can {
        writer.push(HeaderName::REQUIRE, TIMER);
    }
}

/// The header fields of a request that begins a session.
pub fn push_asked(writer: &mut Writer, times: SessionTimes) {
    push_request(writer, times, None, 0);
}

fn push_request(writer: &mut Writer, times: SessionTimes, agreed: Option<Agreed>, min_se: u32) {
    if times.expires.is_zero() && agreed.is_none() {
        return;
    }
    let least = seconds(times.min).max(min_se);
    let wished = agreed.map_or(seconds(times.expires), |agreed| agreed.seconds).max(least);
    // The roles stay as they are (RFC 4028 section 7.4).
    let refresher = agreed.map(|agreed| if agreed.ours { Refresher::Uac } else { Refresher::Uas });
    writer.push(HeaderName::SESSION_EXPIRES, SessionExpires { seconds: wished, refresher });
    if least != MIN_SE {
        writer.push(HeaderName::MIN_SE, least);
    }
}

/// What the peer's 2xx says; a peer that refreshes says so.
fn answered(response: &Response) -> Option<Agreed> {
    let said = response.header(HeaderName::SESSION_EXPIRES).and_then(SessionExpires::read)?;
    Some(Agreed { seconds: said.seconds.max(1), ours: said.refresher != Some(Refresher::Uas) })
}

fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

impl Core {
    pub fn stop_session_timer(&mut self, session: SessionId) {
        self.timers.cancel(&Deadline::Refresh(session));
        self.timers.cancel(&Deadline::SessionExpired(session));
    }
}

impl Endpoint {
    pub(super) fn refresh(&mut self, id: SessionId, now: Mono) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.refresh(&mut self.core, now);
        }
    }

    /// Nobody has refreshed the session (RFC 4028 section 10).
    pub(super) fn session_expired(&mut self, id: SessionId, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let reason = Some(Reason::sip(408, "session timer expired"));
        session.end(&mut self.core, Some(reason.clone()), now);
        if let Some(leg) = session.let_go(&mut self.core) {
            self.core.tell(SipEvent::Ended { leg, cause: EndCause::Expired, reason });
        }
    }

    /// A 422 to a request of ours: true when it is on its way again with a longer time (RFC 4028 section 7.3).
    pub(super) fn answer_interval(&mut self, owner: ClientOwner, id: TxId, response: &Response, now: Mono) -> bool {
        let least = response.header(HeaderName::MIN_SE).and_then(read_min_se);
        let Some(least) = least.filter(|_| response.status() == 422 && self.is_wanted(owner, id)) else { return false };
        let Some((request, way, sent)) = asked(&self.core, id).filter(|(_, _, sent)| *sent < ANSWERS_MAX) else {
            return false;
        };
        let before = request.header(HeaderName::SESSION_EXPIRES).and_then(SessionExpires::read);
        let Some(before) = before.filter(|before| before.seconds < least) else { return false };
        let longer = SessionExpires { seconds: least, ..before };
        let answers = [
            Answer::whole(HeaderName::SESSION_EXPIRES, longer.to_string()),
            Answer::whole(HeaderName::MIN_SE, least.to_string()),
        ];
        if let Some(session) = owner.session().and_then(|id| self.sessions.get_mut(id)) {
            session.timer.min_se = least;
        }
        self.ask_again((owner, id), (&request, way), &answers, sent + 1, now);
        true
    }
}

impl Session {
    /// Says in a request of ours how long the session may live.
    pub fn push_timer(&self, core: &Core, writer: &mut Writer) {
        push_request(writer, core.session_times(self.trunk), self.timer.agreed, self.timer.min_se);
    }

    /// A 2xx of the peer begins or prolongs the session.
    pub fn timer_answered(&mut self, core: &mut Core, response: &Response, now: Mono) {
        self.start_timer(core, answered(response), now);
    }

    /// The session lives from now on for as long as both have agreed, or for ever.
    pub fn start_timer(&mut self, core: &mut Core, agreed: Option<Agreed>, now: Mono) {
        let id = self.id();
        core.stop_session_timer(id);
        self.timer.agreed = agreed;
        let is_up = matches!(&self.phase, Phase::Up(up) if !up.over);
        let Some(agreed) = agreed.filter(|_| is_up) else { return };
        let interval = Duration::from_secs(u64::from(agreed.seconds));
        if agreed.ours {
            core.timers.set(Deadline::Refresh(id), now + interval / 2);
            core.timers.set(Deadline::SessionExpired(id), now + interval);
        } else {
            core.timers.set(Deadline::SessionExpired(id), now + (interval - BEFORE_THE_END.min(interval / 3)));
        }
    }

    /// Our turn: UPDATE where the peer can, else a re-INVITE that says what was said (RFC 4028 section 7.4).
    fn refresh(&mut self, core: &mut Core, now: Mono) {
        let is_free = matches!(self.changes.ours, Ours::None);
        if !is_free || self.is_blocked() {
            return self.refresh_later(core, now);
        }
        let said = self.timer.said.clone();
        if self.changes.peer_updates {
            self.ask_change(core, &Method::Update, (Bytes::new(), Want::Refresh), 0, now);
        } else if !said.is_empty() {
            self.ask_change(core, &Method::Invite, (said, Want::Refresh), 0, now);
        }
    }

    /// Any change that the peer accepts meanwhile is as good.
    pub fn refresh_later(&mut self, core: &mut Core, now: Mono) {
        core.timers.set(Deadline::Refresh(self.id()), now + REFRESH_AGAIN);
    }
}
