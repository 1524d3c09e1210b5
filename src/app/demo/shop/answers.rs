//! What the shop's backend answers: Throughline's answer unchanged, or why there is none.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Asks Throughline, and gives its answer on.
pub async fn passed_on(request: reqwest::RequestBuilder) -> Response {
    let Ok(answer) = request.send().await else {
        return refused(StatusCode::BAD_GATEWAY, "Throughline does not answer: look at the demo's terminal");
    };
    let status = answer.status();
    let kind = answer.headers().get(header::CONTENT_TYPE).cloned();
    let Ok(body) = answer.bytes().await else {
        return refused(StatusCode::BAD_GATEWAY, "Throughline's answer broke off: try again");
    };
    let mut response = (status, body).into_response();
    if let Some(kind) = kind {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// As RFC 9457 has it, so that the page reads both alike.
pub fn refused(status: StatusCode, detail: &str) -> Response {
    let body = Json(json!({ "type": "about:blank", "status": status.as_u16(), "detail": detail }));
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}
