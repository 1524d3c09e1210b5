//! `/sip`: SIP over websocket (RFC 7118), for the pages' telephones and for any other. A token says whose browser it is.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use crate::base::Wall;
use crate::desktop::pass::{self, PassError, PassKeys};
use crate::intents::TokenKeys;
use crate::intents::token::TokenError;
use crate::io::clock::Clock;
use crate::io::door::EngineDoor;
use crate::io::sip::websocket::WebDoor;
use crate::io::troubles::{Trouble, Troubles};
use crate::sip::api::Browser;

use super::bearer;
use super::origin::Origins;
use super::problem::{Kind, Problem, ProblemBody};
use super::server::Peer;

/// What the address works with.
#[derive(Clone)]
pub struct SipWeb {
    pub door: WebDoor,
    pub engine: Arc<dyn EngineDoor>,
    pub clock: Clock,
    pub token_keys: TokenKeys,
    pub passes: PassKeys,
    pub origins: Origins,
    pub troubles: Arc<Troubles>,
}

impl SipWeb {
    /// Refuses pages of other sites than those that are listed, and writes down which.
    pub(super) fn check_origin(&self, headers: &HeaderMap) -> Result<(), Problem> {
        self.origins.check(headers).inspect_err(|_| {
            let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
            self.troubles.foreign(origin.unwrap_or_default());
        })
    }
}

/// What stands after the `?`.
#[derive(Deserialize)]
pub(super) struct SipQuery {
    token: Option<String>,
}

/// RFC 7118 section 4.1.
const SUBPROTOCOL: &str = "sip";

pub(super) fn router(sip: SipWeb) -> Router {
    Router::new().route("/sip", get(upgrade)).with_state(sip)
}

/// SIP over websocket (RFC 7118), one message in each frame. With the token of an intent it is that customer's browser, with the pass that
/// a desk was given it is that agent's; without, phones register with their passwords.
#[utoipa::path(
    get, path = "/sip", tag = "calls", operation_id = "sip",
    params(("token" = Option<String>, Query, description = "`tok_...` of an intent, or `dsk_...` of a desk")),
    responses(
        (status = 101, description = "The websocket is open"),
        (status = 400, description = "Not the subprotocol `sip`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The token is wrong or has expired", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The page's site may not connect", body = ProblemBody, content_type = "application/problem+json"),
        (status = 426, description = "Not a websocket", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn upgrade(
    State(sip): State<SipWeb>,
    query: Result<Query<SipQuery>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    sip.check_origin(request.headers())?;
    let Query(query) = query.map_err(|_| Problem::new(Kind::InvalidRequest, "token must be there once at most"))?;
    let browser = match &query.token {
        Some(token) => Some(browser_of(&sip, token, sip.clock.wall()).await?),
        None => None,
    };
    let mut response = create_response_with_body(&request, Body::empty)
        .map_err(|_| Problem::new(Kind::UpgradeRequired, "connect with a websocket, version 13"))?;
    if !offers_sip(request.headers()) {
        return Err(Problem::new(Kind::InvalidRequest, "the websocket must offer the subprotocol \"sip\" (RFC 7118)"));
    }
    response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    let peer = request.extensions().get::<Peer>().map_or(NOWHERE, |peer| peer.0);
    let upgrading = hyper::upgrade::on(request);
    tokio::spawn(async move {
        // A client that goes away before it has its answer has opened nothing.
        if let Ok(upgraded) = upgrading.await {
            sip.door.take(upgraded, peer, browser, sip.troubles).await;
        }
    });
    Ok(response)
}

/// Of a request that came over no socket of ours.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Whose browser brings this token; another is written down.
pub(super) async fn browser_of(sip: &SipWeb, token: &str, now: Wall) -> Result<Browser, Problem> {
    let refused = |is_expired: bool, why: String| {
        sip.troubles.note(if is_expired { Trouble::ExpiredToken } else { Trouble::WrongToken }, None);
        Problem::new(Kind::Unauthorized, why)
    };
    if token.starts_with(pass::PREFIX) {
        let verified = sip.passes.verify(token, now);
        let pass = verified.map_err(|error| refused(error == PassError::Expired, error.to_string()))?;
        return Ok(Browser::Agent { agent: pass.agent });
    }
    let verified = bearer::verified(&sip.token_keys, token, now, &*sip.engine).await;
    let claims = verified.map_err(|error| refused(error == TokenError::Expired, error.to_string()))?;
    Ok(Browser::Caller { intent: claims.intent })
}

fn offers_sip(headers: &HeaderMap) -> bool {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    offered.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(SUBPROTOCOL))
}
