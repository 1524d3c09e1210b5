//! CANCEL, the peer's and ours, with its races (RFC 3261 section 9).

use super::Endpoint;
use super::compose;
use super::core::{ClientOwner, Core, Way};
use super::deadlines::Deadline;
use super::invite_client::sent_invite;
use super::invite_server::Refuse;
use super::names::SessionId;
use super::session::{Caller, Cancel};
use super::stranger;
use crate::base::Mono;
use crate::sip::api::{Reason, SipEvent};
use crate::sip::transaction::{ServerKey, TxId};
use crate::sip::wire::{Method, Request, Writer};

impl Endpoint {
    /// 200 when it is about an INVITE that we know; the INVITE gets 487 when it is still open.
    pub(super) fn take_cancel(&mut self, way: Way, request: &Request, key: ServerKey, now: Mono) {
        let about = self.core.transactions.server_of(&compose::key_of(request, &Method::Invite));
        let Some((invite, tag)) = about.and_then(|id| Some((id, self.core.transactions.server(id)?.owner))) else {
            if self.core.trunk_of(way).is_none() {
                return self.turn_away_stranger(way, request, now);
            }
            return stranger::turn_away(&mut self.core, way, request, 481, |_| {});
        };
        let open = self.core.transactions.server(invite).is_some_and(|server| server.is_open_invite());
        let id = self.open(way, request, key, tag);
        self.core.respond(id, 200, compose::reply(request, 200, way, tag).finish(), now);
        if open {
            self.cancelled(tag.session, invite, compose::reason_of(request), now);
        }
    }

    fn cancelled(&mut self, id: SessionId, invite: TxId, reason: Option<Reason>, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let refusal = Refuse { status: 487, reason: None, contact: None, retry_after: None };
        if session.refuse(&mut self.core, &refusal, now) {
            if let Some(leg) = session.let_go(&mut self.core) {
                self.core.tell(SipEvent::Cancelled { leg, reason });
            }
            return;
        }
        session.refuse_reinvite(&mut self.core, invite, now);
    }

    /// The INVITE counts as never answered.
    pub(super) fn abandoned(&mut self, invite: TxId, now: Mono) {
        let owner = self.core.transactions.client(invite).map(|client| client.owner);
        self.core.drop_client(invite);
        match owner {
            Some(ClientOwner::Invite(session)) => self.attempt_failed(session, invite, 408, None, now),
            Some(ClientOwner::Reinvite(session) | ClientOwner::Update(session)) => {
                self.change_unanswered(session, 408, now);
            }
            Some(
                ClientOwner::Bye(_)
                | ClientOwner::Prack(_)
                | ClientOwner::Info(_)
                | ClientOwner::Cancel
                | ClientOwner::KeepAlive(_)
                | ClientOwner::Enrol(_)
                | ClientOwner::Notify(_)
                | ClientOwner::Gateway(_, _),
            )
            | None => {}
        }
    }
}

impl Caller {
    /// Cancels every attempt but `except`; one that has heard nothing yet waits for a provisional answer.
    pub fn cancel_all(&mut self, core: &mut Core, except: Option<TxId>, reason: Option<&Reason>, now: Mono) {
        for attempt in self.attempts.iter_mut().filter(|attempt| Some(attempt.invite) != except) {
            if attempt.cancel != Cancel::No {
                continue;
            }
            attempt.cancel = if attempt.heard { Cancel::Sent } else { Cancel::Wanted };
            if attempt.heard {
                send_cancel(core, attempt.invite, reason, now);
            }
        }
    }

    /// A provisional answer came: a CANCEL that waited for it goes now.
    pub fn heard(&mut self, core: &mut Core, invite: TxId, now: Mono) {
        let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.invite == invite) else { return };
        attempt.heard = true;
        core.timers.cancel(&Deadline::TargetSilent(invite));
        if attempt.cancel == Cancel::Wanted {
            attempt.cancel = Cancel::Sent;
            send_cancel(core, invite, None, now);
        }
    }
}

pub fn send_cancel(core: &mut Core, invite: TxId, reason: Option<&Reason>, now: Mono) {
    if let Some(request) = sent_invite(core, invite) {
        let mut writer = Writer::cancel(&request);
        compose::push_reason(&mut writer, reason);
        core.request_cancel(invite, writer.finish(), ClientOwner::Cancel, now);
    }
}
