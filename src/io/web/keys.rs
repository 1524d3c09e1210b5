//! Keys of the API, known by their SHA-256 only: `Authorization: Bearer <key>`, or Basic with the key as password, for dial plans
//! that can say no other.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Web;
use super::problem::{Kind, Problem};

/// A key as it is configured.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Who has it, for the log and for idempotency.
    pub id: String,
    /// The SHA-256 of the key.
    pub hash: [u8; 32],
    /// May register, read, change and withdraw intents.
    pub write: bool,
    /// May look at calls, agents, queues, trunks, numbers and latency, and ask for a match.
    pub read: bool,
    /// May hear recordings, and delete them.
    pub recordings: bool,
    /// May have the configuration read again.
    pub reload: bool,
}

/// The caller may deal with intents.
pub(super) struct Writer {
    pub(super) key: String,
}

/// The caller may look.
pub(super) struct Reader;

/// The caller may hear recordings.
pub(super) struct Listener {
    pub(super) key: String,
}

impl FromRequestParts<Arc<Web>> for Writer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Writer, Problem> {
        let key = find(&web.keys, parts)?;
        if !key.write {
            return Err(Problem::new(Kind::Forbidden, "this key may look only: use one with write = true"));
        }
        Ok(Writer { key: key.id.clone() })
    }
}

impl FromRequestParts<Arc<Web>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Reader, Problem> {
        if !find(&web.keys, parts)?.read {
            return Err(Problem::new(Kind::Forbidden, "this key may not look: use one with read = true"));
        }
        Ok(Reader)
    }
}

impl FromRequestParts<Arc<Web>> for Listener {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Listener, Problem> {
        let key = find(&web.keys, parts)?;
        if !key.recordings {
            return Err(Problem::new(Kind::Forbidden, "this key may hear no recordings: use one with that scope"));
        }
        Ok(Listener { key: key.id.clone() })
    }
}

/// The caller may have the configuration read again.
pub(super) struct Reloader {
    pub(super) key: String,
}

impl FromRequestParts<Arc<Web>> for Reloader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Reloader, Problem> {
        let key = find(&web.keys, parts)?;
        if !key.reload {
            let remedy = "this key may not reload the configuration: use one with the scope reload";
            return Err(Problem::new(Kind::Forbidden, remedy));
        }
        Ok(Reloader { key: key.id.clone() })
    }
}

/// What stands after `Bearer`, if this is the scheme.
pub(super) fn bearer(parts: &Parts) -> Option<&str> {
    bearer_of(&parts.headers)
}

pub(super) fn bearer_of(headers: &HeaderMap) -> Option<&str> {
    let (scheme, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim())
}

pub(super) fn find<'a>(keys: &'a [ApiKey], parts: &Parts) -> Result<&'a ApiKey, Problem> {
    let header = parts.headers.get(AUTHORIZATION).ok_or_else(|| {
        Problem::new(Kind::Unauthorized, "send the header field Authorization: Bearer, followed by your key")
    })?;
    let presented = presented(header.to_str().unwrap_or_default()).ok_or_else(|| {
        Problem::new(
            Kind::Unauthorized,
            "the header field Authorization says neither Bearer nor Basic as RFC 7617 has it",
        )
    })?;
    known(keys, presented.trim()).ok_or_else(|| Problem::new(Kind::Unauthorized, "nobody has this key"))
}

/// The key in `Bearer <key>`, or in `Basic base64(anything:<key>)`.
fn presented(header: &str) -> Option<String> {
    let (scheme, rest) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    let decoded = STANDARD.decode(rest.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let decoded = String::from_utf8(decoded).ok()?;
    decoded.split_once(':').map(|(_, key)| key.to_owned())
}

/// Looks at every key, so that the time does not tell which one was near.
fn known<'a>(keys: &'a [ApiKey], presented: &str) -> Option<&'a ApiKey> {
    let hash: [u8; 32] = Sha256::digest(presented.as_bytes()).into();
    keys.iter().fold(None, |found, key| if bool::from(key.hash.ct_eq(&hash)) { Some(key) } else { found })
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("write", &self.write)
            .field("read", &self.read)
            .field("reload", &self.reload)
            .finish()
    }
}
