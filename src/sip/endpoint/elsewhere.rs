//! A request inside a dialog that got no answer where it went: once more over another connection, or to the next place that the
//! name of its next hop leads to (RFC 3263 section 4.3).

use super::Endpoint;
use super::challenged::{ANSWERS_MAX, Answer, asked};
use super::compose;
use super::core::{ClientOwner, Way};
use crate::base::Mono;
use crate::sip::transaction::TxId;
use crate::sip::wire::{HeaderName, Request};

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The connection has ended that the request had gone over.
    Closed,
    /// No connection could be made.
    Unreachable,
    /// Nothing came in time.
    Silent,
}

impl Endpoint {
    /// True when the request is on its way again, so that its owner need not know.
    pub(super) fn ask_elsewhere(&mut self, id: TxId, how: Lost, now: Mono) -> bool {
        let Some(owner) = self.core.transactions.client(id).map(|client| client.owner) else { return false };
        if !is_inside(owner) || !self.is_wanted(owner, id) {
            return false;
        }
        let sent = asked(&self.core, id).filter(|(_, _, tries)| *tries < ANSWERS_MAX);
        let Some((request, before, tries)) = sent else { return false };
        let is_anew = how == Lost::Closed && tries == 0;
        let Some((way, contact)) = self.next_way(owner, (&request, before), is_anew) else { return false };
        self.ask_again((owner, id), (&request, way), contact.as_slice(), tries + 1, now);
        true
    }

    /// A connection that has ended is made anew, but not again and again; else the dialog goes on to its next place. Over another
    /// transport our Contact is another.
    fn next_way(
        &mut self,
        owner: ClientOwner,
        (request, before): (&Request, Way),
        is_anew: bool,
    ) -> Option<(Way, Option<Answer>)> {
        let core = &self.core;
        let own = core.own(before.0);
        // A browser opens its websocket itself.
        let session = owner.session().filter(|_| !own.transport.is_websocket());
        let session = session.and_then(|id| self.sessions.get_mut(id))?;
        let tag = request.to().tag;
        let (flow, dialog) = session.dialogs_mut().find(|(_, dialog)| dialog.remote_tag == tag)?;
        if !is_anew && !dialog.try_next_place() {
            return None;
        }
        let way = dialog.way(flow, |flow, to| core.streams.leads(flow, to));
        let is_moved = own != core.own(way.0) && request.header(HeaderName::CONTACT).is_some();
        let contact = || Answer::whole(HeaderName::CONTACT, compose::contact_within(core, dialog, way));
        Some((way, is_moved.then(contact)))
    }
}

/// Requests that a dialog must exist for.
fn is_inside(owner: ClientOwner) -> bool {
    match owner {
        ClientOwner::Reinvite(_) | ClientOwner::Update(_) | ClientOwner::Prack(_) | ClientOwner::Info(_) => true,
        ClientOwner::Bye(_) | ClientOwner::Notify(_) => true,
        ClientOwner::Invite(_) | ClientOwner::Cancel => false,
        ClientOwner::KeepAlive(_) | ClientOwner::Enrol(_) | ClientOwner::Gateway(_, _) => false,
    }
}
