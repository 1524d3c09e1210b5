//! What the calls are told of a trunk's INVITE.

use bytes::Bytes;

use super::core::Way;
use crate::base::limits::{USER_TO_USER_MAX, USER_TO_USERS_MAX};
use crate::base::{Mono, Pii};
use crate::sip::api::{IncomingCall, TrunkPeer, UserToUsers};
use crate::sip::wire::{HeaderName, Headers, Request};

/// Reads all that the calls need; nothing of it is more than what the peer claims.
pub fn call_of(request: &Request, trunk: &TrunkPeer, way: Way, received: Mono) -> IncomingCall {
    let (from, uri) = (request.from(), request.uri());
    IncomingCall {
        trunk: trunk.trunk.clone(),
        source: Pii::new(way.1),
        received,
        request_uri: Pii::new(text(uri.raw())),
        dialled: Pii::new(dialled(request, trunk)),
        to_user: Pii::new(request.to().uri.user_text()),
        from_user: Pii::new(from.uri.user_text()),
        from_host: from.uri.host.map(|host| host.to_string()).unwrap_or_default(),
        from_display: Pii::new(from.display_text()),
        asserted_user: trunk.trusted.then(|| asserted(request)).flatten(),
        is_withheld: is_withheld(request),
        user_to_user: user_to_user(request),
        user_to_users: user_to_users(request),
        call_id: Pii::new(text(request.call_id())),
        offer: Bytes::copy_from_slice(request.body()),
    }
}

/// A carrier that we are registered at calls our Contact; the number that was dialled is in To then.
fn dialled(request: &Request, trunk: &TrunkPeer) -> String {
    let (own, to) = (request.uri().user_text(), request.to().uri.user_text());
    let is_contact = trunk.enrol.as_ref().is_some_and(|plan| plan.contact_user == own);
    if is_contact && !to.is_empty() { to } else { own }
}

/// `none` is the wish to be named after all (RFC 3323 section 4.2).
fn is_withheld(headers: &Headers) -> bool {
    let values = headers.headers(HeaderName::PRIVACY).flat_map(|value| value.split(|byte| matches!(byte, b';' | b',')));
    let values: Vec<&[u8]> = values.map(<[u8]>::trim_ascii).collect();
    let asks = |word: &str| values.iter().any(|value| value.eq_ignore_ascii_case(word.as_bytes()));
    !asks("none") && ["id", "user", "header"].into_iter().any(asks)
}

/// The first asserted identity with a user part (RFC 3325).
fn asserted(headers: &Headers) -> Option<Pii<String>> {
    headers.asserted().map(|identity| identity.uri.user_text()).find(|user| !user.is_empty()).map(Pii::new)
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
