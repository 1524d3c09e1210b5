//! Reading a JSON body: its type, its size, its time, and where in it a fault is.

use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use crate::base::limits::HTTP_BODY_MAX;

use super::problem::{Kind, Problem};

/// A body that has been read, and its bytes as they came.
pub(super) struct JsonBody<T> {
    pub(super) value: T,
    pub(super) bytes: Bytes,
}

/// A body of this size takes no longer on any line that also carries a call.
const BODY_WITHIN: Duration = Duration::from_secs(10);
const TYPES: [&str; 2] = ["application/json", "application/merge-patch+json"];

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<JsonBody<T>, Problem> {
        check_type(&request)?;
        let read = to_bytes(request.into_body(), HTTP_BODY_MAX);
        let bytes = match tokio::time::timeout(BODY_WITHIN, read).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(_)) => return Err(too_large()),
            Err(_) => return Err(Problem::new(Kind::SlowBody, "send the whole body within 10 seconds")),
        };
        let value = parse(&bytes)?;
        Ok(JsonBody { value, bytes })
    }
}

fn check_type(request: &Request) -> Result<(), Problem> {
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if TYPES.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    Err(Problem::new(Kind::UnsupportedMedia, "send JSON, with the header field Content-Type: application/json"))
}

fn too_large() -> Problem {
    Problem::new(Kind::TooLarge, format!("send no more than {HTTP_BODY_MAX} bytes"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|fault| refused(&fault))?;
    json.end().map_err(|fault| not_json(&fault))?;
    Ok(value)
}

fn refused(fault: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = fault.inner();
    if !inner.is_data() {
        return not_json(inner);
    }
    // The library ends with the place, which we say in our own way.
    let text = inner.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    let detail = "one field is missing, unknown or of another type: /openapi.json shows the form of the body";
    Problem::new(Kind::InvalidBody, detail).with(&fault.path().to_string(), what, "mend this field")
}

fn not_json(fault: &serde_json::Error) -> Problem {
    let place = format!("it stops being JSON at line {}, column {}", fault.line(), fault.column());
    Problem::new(Kind::MalformedJson, place)
}
