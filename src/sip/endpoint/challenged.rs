//! Our requests that are challenged: sent again with the trunk's login (RFC 3261 section 22.2), never twice with what was refused.

use super::Endpoint;
use super::change::{Asked, Ours};
use super::compose;
use super::core::{ClientOwner, Core, Way};
use super::session::{Cancel, Phase, Session};
use crate::base::Mono;
use crate::sip::login::Challenge;
use crate::sip::transaction::TxId;
use crate::sip::wire::{Credentials, HeaderName, Headers, Request, Response};

/// Answers for one request: each proxy on the way may ask, and a nonce may grow old once.
pub const ANSWERS_MAX: u8 = 4;

/// One header field with credentials for one realm, or for all where the realm is empty.
pub struct Answer {
    pub name: HeaderName<'static>,
    pub realm: String,
    pub value: String,
}

impl Endpoint {
    /// True when the request is on its way again with credentials, so that nobody needs to know of the refusal.
    pub(super) fn answer_challenge(&mut self, owner: ClientOwner, id: TxId, response: &Response, now: Mono) -> bool {
        if !matches!(response.status(), 401 | 407) || !self.is_wanted(owner, id) {
            return false;
        }
        let Some(trunk) = self.trunk_of(owner) else { return false };
        let Some((request, way, answered)) = asked(&self.core, id).filter(|(_, _, n)| *n < ANSWERS_MAX) else {
            return false;
        };
        let Some(answers) = answers(&mut self.core, trunk, (&request, answered), response) else { return false };
        self.ask_again((owner, id), (&request, way), &answers, answered + 1, now);
        true
    }

    /// Sends a request once more, with these header fields in it; it has been refused so often.
    pub(super) fn ask_again(
        &mut self,
        (owner, id): (ClientOwner, TxId),
        (request, way): (&Request, Way),
        answers: &[Answer],
        refused: u8,
        now: Mono,
    ) {
        let (branch, cseq) = (self.core.next_branch(), self.next_cseq(owner, request));
        let again = compose::again(&self.core, request, cseq, (branch, way), answers);
        if let Some(session) = owner.session().and_then(|id| self.sessions.get_mut(id)) {
            session.held += 1;
            session.renumber((id, branch.id), cseq);
        }
        if let ClientOwner::Enrol(trunk) = owner
            && let Some(Some(enrolment)) = self.enrolments.get_mut(trunk)
        {
            enrolment.renumber(branch.id, cseq);
        }
        self.core.listen_anew(id, branch.id, now);
        self.core.request(branch, again, way, owner, now);
        if matches!(owner, ClientOwner::Bye(_)) {
            self.core.farewells.insert(branch.id);
        }
        if let Some(client) = self.core.transactions.client_mut(branch.id) {
            client.challenged = refused;
        }
    }

    /// Whether the owner still waits for this request.
    pub(super) fn is_wanted(&mut self, owner: ClientOwner, id: TxId) -> bool {
        match owner {
            ClientOwner::Invite(session) => self.sessions.get_mut(session).is_some_and(|session| {
                let attempts = session.caller.as_ref().map(|caller| caller.attempts.as_slice()).unwrap_or_default();
                let attempt = attempts.iter().find(|attempt| attempt.invite == id);
                matches!(session.phase, Phase::Calling) && attempt.is_some_and(|attempt| attempt.cancel == Cancel::No)
            }),
            ClientOwner::Reinvite(session) | ClientOwner::Update(session) => {
                let Some(session) = self.sessions.get_mut(session) else { return false };
                let asked = |asked: &Asked| asked.request == id && !asked.unwanted;
                !session.is_over() && matches!(&session.changes.ours, Ours::Asked(ours) if asked(ours))
            }
            ClientOwner::Bye(_) | ClientOwner::Notify(_) | ClientOwner::Prack(_) | ClientOwner::Info(_) => true,
            ClientOwner::KeepAlive(_) | ClientOwner::Gateway(_, _) => true,
            ClientOwner::Enrol(trunk) => {
                self.enrolments.get(trunk).and_then(Option::as_ref).is_some_and(|enrolment| enrolment.waits_for(id))
            }
            ClientOwner::Cancel => false,
        }
    }

    fn trunk_of(&mut self, owner: ClientOwner) -> Option<usize> {
        match owner {
            ClientOwner::Invite(session)
            | ClientOwner::Reinvite(session)
            | ClientOwner::Update(session)
            | ClientOwner::Prack(session)
            | ClientOwner::Info(session)
            | ClientOwner::Notify(session)
            | ClientOwner::Bye(session) => self.sessions.get_mut(session)?.trunk,
            ClientOwner::KeepAlive(trunk) | ClientOwner::Enrol(trunk) | ClientOwner::Gateway(trunk, _) => Some(trunk),
            ClientOwner::Cancel => None,
        }
    }

    /// One more than the request had, and than the dialog has reached.
    fn next_cseq(&mut self, owner: ClientOwner, request: &Request) -> u32 {
        let next = request.cseq().number.saturating_add(1);
        let session = owner.session().and_then(|id| self.sessions.get_mut(id));
        let dialog = session.and_then(|session| session.dialog_with(request.to().tag));
        dialog.map_or(next, |dialog| {
            dialog.local_cseq = dialog.local_cseq.saturating_add(1).max(next);
            dialog.local_cseq
        })
    }
}

impl Session {
    fn renumber(&mut self, (old, new): (TxId, TxId), number: u32) {
        let attempts = self.caller.iter_mut().flat_map(|caller| caller.attempts.iter_mut());
        for attempt in attempts.filter(|attempt| attempt.invite == old) {
            (attempt.invite, attempt.heard) = (new, false);
        }
        if let Some(caller) = &mut self.caller {
            caller.cseq = caller.cseq.max(number);
        }
        if let Ours::Asked(asked) = &mut self.changes.ours
            && asked.request == old
        {
            (asked.request, asked.cseq, asked.heard) = (new, number, false);
        }
    }
}

/// The request of that transaction, its way, and how often it was challenged before.
pub fn asked(core: &Core, id: TxId) -> Option<(Request, Way, u8)> {
    let client = core.transactions.client(id)?;
    let request = Request::parse(client.request.clone()).ok()?;
    Some((request, (client.flow, client.to), client.challenged))
}

/// An answer to each challenge of `response`; `None` when there is none that would be new to the peer.
fn answers(core: &mut Core, trunk: usize, asked: (&Request, u8), response: &Response) -> Option<Vec<Answer>> {
    let (request, answered) = asked;
    let login = core.setup.trunks.get(trunk)?.login.as_ref()?;
    let used = core.nonces.get_mut(trunk)?;
    let uri = String::from_utf8(request.uri().raw().to_vec()).ok()?;
    let target = (request.method().to_string(), uri);
    let of_servers = (HeaderName::AUTHORIZATION, Challenge::answerable(response.challenges()));
    let of_proxies = (HeaderName::PROXY_AUTHORIZATION, Challenge::answerable(response.proxy_challenges()));
    let mut answers = Vec::new();
    for (name, challenges) in [of_servers, of_proxies] {
        for challenge in challenges {
            // Refused for another reason than its age: the peer does not want what we have.
            if is_refused(request, answered, name, &challenge) {
                return None;
            }
            let value = challenge.answer(login, (&target.0, &target.1), used, &mut core.rng);
            answers.push(Answer { name, realm: challenge.realm, value });
        }
    }
    (!answers.is_empty()).then_some(answers)
}

/// The request carried credentials for this realm already, and they were not merely too old, or were so once before.
fn is_refused(request: &Request, answered: u8, name: HeaderName<'_>, challenge: &Challenge) -> bool {
    let Some(sent) = credentials_for(request, name, &challenge.realm) else { return false };
    let same = sent.get("nonce").is_some_and(|nonce| *nonce == *challenge.nonce.as_bytes());
    let realms = request.authorizations().chain(request.proxy_authorizations()).count();
    !challenge.stale || same || usize::from(answered) > realms
}

/// What `message` carries in fields of that name for `realm`.
fn credentials_for<'a>(message: &'a Headers, name: HeaderName<'_>, realm: &str) -> Option<Credentials<'a>> {
    let mut sent = message.headers(name).filter_map(Credentials::read);
    sent.find(|sent| sent.get("realm").is_some_and(|own| *own == *realm.as_bytes()))
}

impl Answer {
    /// A header field that takes the place of all of its name.
    pub fn whole(name: HeaderName<'static>, value: String) -> Answer {
        Answer { name, realm: String::new(), value }
    }

    /// Whether this takes the place of a header field that was sent.
    pub fn replaces(&self, name: HeaderName<'_>, value: &[u8]) -> bool {
        let realm = || Credentials::read(value).and_then(|sent| sent.get("realm"));
        self.name == name && (self.realm.is_empty() || realm().is_some_and(|realm| *realm == *self.realm.as_bytes()))
    }
}
