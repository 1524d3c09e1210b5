//! Where a message goes: to its transaction, into its dialog, or to the act that its method asks for.

use bytes::Bytes;

use super::compose::{key_of, way_back};
use super::core::{ClientOwner, Way};
use super::elsewhere::Lost;
use super::names::SessionId;
use super::{Endpoint, checks, stranger};
use crate::base::Mono;
use crate::base::limits::SIP_TRANSACTIONS_MAX;
use crate::sip::api::Refusal;
use crate::sip::transaction::{Branch, ServerKey, Tell, Timer, TxId, client, server};
use crate::sip::wire::{HeaderName, Message, Method, Request, Response, Writer};

impl Endpoint {
    pub(super) fn receive(&mut self, way: Way, bytes: Bytes, now: Mono) {
        if self.turn_away_unread(way, &bytes, now) {
            return;
        }
        match Message::parse(bytes.clone()) {
            Ok(Message::Request(request)) => self.take_request(way, &request, now),
            Ok(Message::Response(response)) => self.take_response(&response, now),
            Err(fault) => self.turn_away_malformed(way, &bytes, fault, now),
        }
    }

    fn take_request(&mut self, way: Way, request: &Request, now: Mono) {
        let method = request.method();
        self.core.streams.note_alias(way, request);
        if *method == Method::Ack {
            return self.take_ack(request, now);
        }
        let key = key_of(request, method);
        if let Some(id) = self.core.transactions.server_of(&key) {
            return self.core.step_server(id, server::Input::Again, now);
        }
        if *method == Method::Cancel {
            return self.take_cancel(way, request, key, now);
        }
        if !request.to_tag().is_empty() {
            return self.take_inside(way, request, key, now);
        }
        self.take_outside(way, request, key, now);
    }

    fn take_outside(&mut self, way: Way, request: &Request, key: ServerKey, now: Mono) {
        if *request.method() == Method::Register {
            return self.take_register(way, request, key, now);
        }
        let Some(caller) = self.caller_of(way, request, now) else { return };
        let checked = checks::outside(request).and_then(|()| match request.method() {
            Method::Invite => self.may_replace(request, &caller).and_then(|()| checks::session_body(request)),
            Method::Options => Ok(()),
            // Everything else opens nothing here, whether it is known or not.
            Method::Ack | Method::Cancel | Method::Register | Method::Bye | Method::Update | Method::Info => {
                Err(checks::Fault::Method)
            }
            Method::Prack | Method::Subscribe | Method::Notify | Method::Refer | Method::Message | Method::Publish => {
                Err(checks::Fault::Method)
            }
            Method::Other(_) => Err(checks::Fault::Method),
        });
        match checked {
            Err(fault) => {
                stranger::turn_away(&mut self.core, way, request, fault.status(), |writer| fault.explain(writer))
            }
            Ok(()) if *request.method() == Method::Options => self.answer_options(way, request),
            Ok(()) => self.take_invite(way, request, key, caller, now),
        }
    }

    /// True when there is no room for `request`; it has been answered with 503.
    pub(super) fn overloaded(&mut self, way: Way, request: &Request, full: bool, now: Mono) -> bool {
        if !full && self.core.transactions.len() < SIP_TRANSACTIONS_MAX {
            return false;
        }
        self.refused(Refusal::Overload, now);
        let after = 1 + self.core.retry_after().as_secs();
        stranger::turn_away(&mut self.core, way, request, 503, |writer: &mut Writer| {
            writer.push(HeaderName::RETRY_AFTER, after);
        });
        true
    }

    /// Answers that carry no branch of ours, or more than our one Via, are dropped (RFC 3261 sections 17.1.3, 18.1.2).
    fn take_response(&mut self, response: &Response, now: Mono) {
        let Some(branch) = Branch::read(response.via_top().branch) else { return };
        let method = &response.cseq().method;
        let branch = if *method == Method::Cancel { branch.of_cancel() } else { branch };
        let Some(client) = self.core.transactions.client_of(branch) else { return };
        if client.is_invite() != (*method == Method::Invite) || response.list(HeaderName::VIA).count() != 1 {
            return;
        }
        let owner = client.owner;
        if client.is_invite() && response.status() >= 300 {
            self.prepare_ack(branch.id, response);
        }
        let tell = self.core.step_client(branch.id, client::Input::of_status(response.status()), now);
        if tell != Tell::Message
            || self.answer_challenge(owner, branch.id, response, now)
            || self.answer_interval(owner, branch.id, response, now)
        {
            return;
        }
        self.tell_owner(owner, branch.id, response, now);
    }

    /// The ACK of a refusal follows from the INVITE that was sent (RFC 3261 section 17.1.1.3).
    fn prepare_ack(&mut self, id: TxId, refusal: &Response) {
        let Some(client) = self.core.transactions.client_mut(id).filter(|client| client.ack.is_none()) else { return };
        if let Ok(invite) = Request::parse(client.request.clone()) {
            client.ack = Some(Writer::ack(&invite, refusal).finish());
        }
    }

    fn tell_owner(&mut self, owner: ClientOwner, id: TxId, response: &Response, now: Mono) {
        match owner {
            ClientOwner::Invite(session) => self.invite_answered(session, id, response, now),
            ClientOwner::Reinvite(session) => self.reinvite_answered(session, response, now),
            ClientOwner::Update(session) => self.update_answered(session, response, now),
            ClientOwner::Info(session) => self.info_answered(session, response.status(), now),
            ClientOwner::Bye(_) if response.status() >= 200 => {
                self.core.farewells.remove(&id);
            }
            ClientOwner::Bye(_) | ClientOwner::Cancel | ClientOwner::Prack(_) => {}
            ClientOwner::Notify(session) if response.status() >= 300 => self.notify_refused(session),
            ClientOwner::Notify(_) => {}
            ClientOwner::KeepAlive(trunk) => self.keep_alive_answered(trunk, response.status(), now),
            ClientOwner::Gateway(trunk, gateway) => self.gateway_answered(trunk, gateway, response.status(), now),
            ClientOwner::Enrol(trunk) => self.enrol_answered(trunk, id, response, now),
        }
    }

    pub(super) fn fire(&mut self, id: TxId, timer: Timer, now: Mono) {
        let gives_up = matches!(timer, Timer::B | Timer::F);
        let goes_on = gives_up && self.ask_elsewhere(id, Lost::Silent, now);
        let Some((owner, tell)) = self.core.fire(id, timer, now) else { return };
        match tell {
            Tell::Nothing | Tell::Message => {}
            Tell::TimedOut | Tell::TransportFailed if goes_on => {}
            Tell::TimedOut => self.unanswered(owner, id, 408, now),
            Tell::TransportFailed => self.unanswered(owner, id, 503, now),
        }
    }

    pub(super) fn unanswered(&mut self, owner: ClientOwner, id: TxId, status: u16, now: Mono) {
        match owner {
            ClientOwner::Invite(session) => self.attempt_failed(session, id, status, None, now),
            ClientOwner::Reinvite(session) | ClientOwner::Update(session) => {
                self.change_unanswered(session, status, now)
            }
            ClientOwner::Bye(_) | ClientOwner::Cancel | ClientOwner::Prack(_) | ClientOwner::Info(_) => {}
            ClientOwner::Notify(session) => self.notify_refused(session),
            ClientOwner::KeepAlive(trunk) => self.keep_alive_missed(trunk, now),
            ClientOwner::Gateway(trunk, gateway) => self.gateway_answered(trunk, gateway, status, now),
            ClientOwner::Enrol(trunk) => self.enrol_unanswered(trunk, id, status, now),
        }
    }

    /// The ACK of a refusal belongs to its transaction, that of a 2xx to the dialog.
    fn take_ack(&mut self, request: &Request, now: Mono) {
        let id = self.core.transactions.server_of(&key_of(request, &Method::Invite));
        let accepted = |id: &TxId| self.core.transactions.server(*id).is_some_and(|server| server.is_accepted());
        match id.filter(|id| !accepted(id)) {
            Some(id) => self.core.step_server(id, server::Input::Ack, now),
            None => self.acknowledged(request, now),
        }
    }

    /// Opens the transaction of a request inside a dialog or session, answered under `tag`.
    pub(super) fn open(&mut self, way: Way, request: &Request, key: ServerKey, tag: super::names::Tag) -> TxId {
        let invite = *request.method() == Method::Invite;
        self.core.accept(key, invite, way_back(request, way), tag)
    }

    /// For answers that no session gives.
    pub(super) const NOBODY: SessionId = SessionId(0);
}
