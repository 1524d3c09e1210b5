//! Addresses that pages of other sites may ask (the Fetch standard's CORS protocol), by the allow-list.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Web;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE");
const FIELDS: HeaderValue = HeaderValue::from_static("authorization, content-type, idempotency-key");
/// How long a browser may remember the answer to its first question, in seconds.
const REMEMBERED_S: HeaderValue = HeaderValue::from_static("600");
/// So that a site which forbids what does not say so can have the widget (the Fetch standard, section 3.7).
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Refuses pages of sites that are not allowed, and says to the others' browsers that they are.
pub(super) async fn check(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    if let Err(problem) = web.sip.check_origin(request.headers()) {
        return problem.into_response();
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(RESOURCE, HeaderValue::from_static("cross-origin"));
    headers.extend(origin.map(|origin| (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin)));
    response
}

/// What a browser asks before it lets a page of another site ask.
pub(super) async fn preflight() -> Response {
    let headers: HeaderMap = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, FIELDS),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED_S),
    ]
    .into_iter()
    .collect();
    (StatusCode::NO_CONTENT, headers).into_response()
}
