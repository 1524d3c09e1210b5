//! What the calls are told of an INVITE.

use std::sync::Arc;

use bytes::Bytes;

use super::core::Way;
use crate::base::limits::{
    COPIED_HEADER_MAX, COPIED_HEADERS_MAX, SIP_IDENTITY_MAX, USER_TO_USER_MAX, USER_TO_USERS_MAX,
};
use crate::base::{Mono, Pii};
use crate::sip::api::{HeaderField, IncomingCall, Origin, Transport, TrunkPeer, UserToUsers};
use crate::sip::claims::DialledFrom;
use crate::sip::wire::{HeaderName, Headers, Party, Request};

/// RFC 7315 section 4.2.
const CALLED_PARTY: HeaderName<'static> = HeaderName::Other(b"P-Called-Party-ID");

/// Reads all that the calls need; nothing of it is more than what the peer claims.
/// `trunk`: what it may say of others.
pub fn call_of(
    request: &Request,
    origin: Origin,
    trunk: &TrunkPeer,
    (way, transport): (Way, Transport),
    received: Mono,
) -> IncomingCall {
    let (from, uri) = (request.from(), request.uri());
    let (asserted_user, asserted) = asserted(request, trunk).unzip();
    IncomingCall {
        origin,
        source: Pii::new(way.1),
        is_tls: transport == Transport::Tls,
        received,
        request_uri: Pii::new(text(uri.raw())),
        dialled: Pii::new(dialled(request, trunk)),
        to_user: Pii::new(request.to().uri.user_text()),
        from_user: Pii::new(from.uri.user_text()),
        from_host: from.uri.host.map(|host| host.to_string()).unwrap_or_default(),
        from_display: Pii::new(from.display_text()),
        asserted_user,
        asserted: asserted.flatten(),
        diverted_from: diverted_from(request),
        is_withheld: is_withheld(request) || remote_party(request, trunk).is_some_and(|party| party.is_private),
        user_to_user: user_to_user(request),
        user_to_users: user_to_users(request),
        headers: copied(request, &trunk.copied),
        call_id: Pii::new(text(request.call_id())),
        offer: Bytes::copy_from_slice(request.body()),
        replaces: None,
    }
}

/// A carrier that we are registered at calls our Contact; the number that was dialled is in To then.
fn dialled(request: &Request, trunk: &TrunkPeer) -> String {
    let (own, to) = (request.uri().user_text(), request.to().uri.user_text());
    let is_contact = trunk.enrol.as_ref().is_some_and(|plan| plan.contact_user == own);
    let user = |party: Party<'_>| party.address.uri.user_text();
    let said = match trunk.claims.dialled_from {
        DialledFrom::RequestUri => None,
        DialledFrom::To => Some(to.clone()),
        DialledFrom::Diversion => request.first_diversion().map(user),
        DialledFrom::HistoryInfo => request.first_target().map(user),
        DialledFrom::CalledParty => request.addresses(CALLED_PARTY).next().map(|party| party.uri.user_text()),
    };
    let usual = if is_contact && !to.is_empty() { to } else { own };
    said.filter(|user| !user.is_empty()).unwrap_or(usual)
}

/// A target in History-Info has been diverted only if the call is for somebody else now.
fn diverted_from(request: &Request) -> Option<Pii<String>> {
    let own = request.uri().user_text();
    let target = || request.first_target().filter(|party| party.address.uri.user_text() != own);
    let party = request.first_diversion().or_else(target).filter(|party| !party.is_private)?;
    Some(party.address.uri.user_text()).filter(|user| !user.is_empty()).map(Pii::new)
}

/// `none` is the wish to be named after all (RFC 3323 section 4.2).
fn is_withheld(headers: &Headers) -> bool {
    let values = headers.headers(HeaderName::PRIVACY).flat_map(|value| value.split(|byte| matches!(byte, b';' | b',')));
    let values: Vec<&[u8]> = values.map(<[u8]>::trim_ascii).collect();
    let asks = |word: &str| values.iter().any(|value| value.eq_ignore_ascii_case(word.as_bytes()));
    !asks("none") && ["id", "user", "header"].into_iter().any(asks)
}

/// The user part of the first identity that has one (RFC 3325), and the identity; what a trunk that is not trusted asserts is
/// nothing to us, and P-Preferred-Identity, which is for phones to say, is not read: a phone is known by its account.
fn asserted(headers: &Headers, trunk: &TrunkPeer) -> Option<(Pii<String>, Option<Pii<String>>)> {
    if !trunk.trusted {
        return None;
    }
    let remote_party = || {
        let uri = remote_party(headers, trunk)?.address.uri;
        Some((uri.user_text(), format!("<{}>", text(uri.raw()))))
    };
    let given = headers.asserted().map(|identity| (identity.uri.user_text(), text(identity.raw)));
    let (user, identity) =
        given.chain(std::iter::once_with(remote_party).flatten()).find(|(user, _)| !user.is_empty())?;
    Some((Pii::new(user), Some(identity).filter(|identity| identity.len() <= SIP_IDENTITY_MAX).map(Pii::new)))
}

fn remote_party<'a>(headers: &'a Headers, trunk: &TrunkPeer) -> Option<Party<'a>> {
    if trunk.claims.remote_party_id { headers.remote_party() } else { None }
}

/// The first that can be decoded and is not too long.
fn user_to_user(headers: &Headers) -> Option<Pii<Bytes>> {
    let decoded = headers.user_to_users().find_map(|data| data.decoded());
    decoded.filter(|data| data.len() <= USER_TO_USER_MAX).map(|data| Pii::new(Bytes::copy_from_slice(&data)))
}

/// All values as they stand; those that are too long, or too many, go no further.
pub fn user_to_users(headers: &Headers) -> UserToUsers {
    let values = headers.list(HeaderName::USER_TO_USER).filter(|value| value.len() <= USER_TO_USER_MAX);
    UserToUsers(values.take(USER_TO_USERS_MAX).map(|value| Pii::new(Bytes::copy_from_slice(value))).collect())
}

/// The fields of these names as they stand; those that are too long, or too many, go no further.
pub fn copied(headers: &Headers, names: &[Arc<str>]) -> Vec<HeaderField> {
    let of_name = |name: &Arc<str>| {
        let values = headers.headers(HeaderName::from(&**name)).filter(|value| value.len() <= COPIED_HEADER_MAX);
        let field = |value| HeaderField { name: name.clone(), value: Pii::new(Bytes::copy_from_slice(value)) };
        values.map(field).collect::<Vec<_>>()
    };
    names.iter().flat_map(of_name).take(COPIED_HEADERS_MAX).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
