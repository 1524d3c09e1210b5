//! Who asks about one intent: the site with its API key, or the customer's page with the intent's own token.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::base::{IntentId, Wall};
use crate::engine::question::{Answer, Question};
use crate::intents::TokenKeys;
use crate::intents::token::{TokenClaims, TokenError};
use crate::io::door::EngineDoor;
use crate::io::troubles::Trouble;

use super::Web;
use super::keys::{self, ApiKey};
use super::problem::{Kind, Problem};

/// Whoever asks, checked.
pub(super) enum Bearer {
    /// A page, with the token of this intent.
    Page(IntentId),
    Site(ApiKey),
}

const TOKEN_PREFIX: &str = "tok_";

impl FromRequestParts<Arc<Web>> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Bearer, Problem> {
        match token(parts) {
            Some(token) => page(web, &token).await,
            None => Ok(Bearer::Site(keys::find(&web.keys, parts)?.clone())),
        }
    }
}

impl Bearer {
    /// The intent's own page, or a site that may deal with intents.
    pub(super) fn may_use(&self, intent: IntentId) -> Result<(), Problem> {
        match self {
            Bearer::Page(own) if *own == intent => Ok(()),
            Bearer::Page(_) => {
                Err(Problem::new(Kind::Forbidden, "this token is another intent's: use the intent's own"))
            }
            Bearer::Site(key) if key.write => Ok(()),
            Bearer::Site(_) => Err(Problem::new(Kind::Forbidden, "this key may look only: use one with write = true")),
        }
    }
}

/// In the header field, or in the address: an EventSource sends no header fields of ours.
fn token(parts: &Parts) -> Option<String> {
    let said = keys::bearer(parts).filter(|said| said.starts_with(TOKEN_PREFIX)).map(str::to_owned);
    said.or_else(|| {
        let pairs = parts.uri.query().unwrap_or_default().split('&');
        pairs.filter_map(|pair| pair.strip_prefix("token=")).map(str::to_owned).next()
    })
}

async fn page(web: &Web, token: &str) -> Result<Bearer, Problem> {
    let verified = verified(&web.token_keys, token, web.clock.wall(), &*web.door).await;
    let claims = verified.map_err(|why| {
        let is_expired = why == TokenError::Expired;
        web.sip.troubles.note(if is_expired { Trouble::ExpiredToken } else { Trouble::WrongToken }, None);
        let detail = "the token proves nothing: register the intent anew, and use the token of the answer";
        Problem::new(Kind::Unauthorized, detail).with(
            "token",
            why.to_string(),
            "a token ends with its intent, and with its call",
        )
    })?;
    Ok(Bearer::Page(claims.intent))
}

/// What a page's token says. One whose time is over is good for as long as the call of its intent: the page may be loaded anew.
pub(super) async fn verified(
    keys: &TokenKeys,
    token: &str,
    now: Wall,
    door: &dyn EngineDoor,
) -> Result<TokenClaims, TokenError> {
    match keys.verify_text(token, now) {
        Err(TokenError::Expired) => {
            let claims = keys.verify_lapsed(token)?;
            match door.ask(Question::InCall { intent: claims.intent }).await {
                Some(Answer::InCall(true)) => Ok(claims),
                _ => Err(TokenError::Expired),
            }
        }
        verified => verified,
    }
}
