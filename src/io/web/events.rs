//! Server-sent events (the HTML standard, section 9.2): the form, and the answer that goes on.

use axum::Extension;
use axum::body::Bytes;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use serde::Serialize;

use super::leaving::Leaving;

/// Proxies that gather answers before they hand them on are asked not to.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// A comment: nobody hears it, the connection is seen to live.
pub(super) const BEAT: Bytes = Bytes::from_static(b":\n\n");

/// One event with its data as JSON on one line.
pub(super) fn event(name: &str, data: &impl Serialize) -> Bytes {
    // Strings and numbers: this does not fail.
    let data = serde_json::to_string(data).unwrap_or_default();
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

/// Events until the stream ends.
pub(super) fn answer(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (BUFFERING, "no"),
    ];
    let leaving = Leaving::new(events);
    let body = leaving.body();
    (headers, Extension(leaving), body).into_response()
}
