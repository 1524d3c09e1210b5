//! What the API answers when it does not do what was asked: `application/problem+json` (RFC 9457).

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::intents::StoreError;

/// The type of a problem: its status and its title never differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    InvalidRequest,
    MalformedJson,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    SlowBody,
    TooLarge,
    UnsupportedMedia,
    InvalidBody,
    KeyReused,
    ConfigFaults,
    NeedsRestart,
    ReloadBusy,
    NoCall,
    BeingCalled,
    CallbackRefused,
    TooManyCallbacks,
    CallbacksFull,
    TooManyStreams,
    StreamsFull,
    TooManyMessages,
    HistoryUnavailable,
    UpgradeRequired,
    IntentsFull,
    StoreUnavailable,
    StoreLate,
    EngineUnavailable,
    NotReady,
}

/// A refusal, on its way to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub kind: Kind,
    pub detail: String,
    pub faults: Vec<FaultBody>,
}

/// A problem as RFC 9457 writes it.
#[derive(Serialize, ToSchema)]
pub struct ProblemBody {
    /// Names the problem; the same for each of its kind.
    #[serde(rename = "type")]
    #[schema(example = "urn:throughline:problem:invalid-body")]
    kind: String,
    title: &'static str,
    status: u16,
    /// What was wrong this time.
    detail: String,
    /// Every fault that was found, not only the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FaultBody>,
}

/// One fault of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FaultBody {
    /// Where it is, such as `customer.phones[1]`.
    pub field: String,
    pub what: String,
    pub remedy: String,
}

/// What `Retry-After` says with 503.
const RETRY_AFTER_S: &str = "2";

impl Kind {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Kind::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid-request", "The request is not valid"),
            Kind::MalformedJson => (StatusCode::BAD_REQUEST, "malformed-json", "The body is not JSON"),
            Kind::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", "A valid key is needed"),
            Kind::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "The key does not permit this"),
            Kind::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            Kind::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "The method does not fit the address")
            }
            Kind::SlowBody => (StatusCode::REQUEST_TIMEOUT, "slow-body", "The body did not come in time"),
            Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Kind::UnsupportedMedia => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The body is not of a type we read")
            }
            Kind::InvalidBody => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", "The body has faults"),
            Kind::KeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", "The idempotency key was used before")
            }
            Kind::ConfigFaults => {
                (StatusCode::UNPROCESSABLE_ENTITY, "configuration-faults", "The configuration has faults")
            }
            Kind::NeedsRestart => (StatusCode::CONFLICT, "needs-restart", "A running process cannot take this"),
            Kind::ReloadBusy => (StatusCode::CONFLICT, "reload-under-way", "The configuration is being read already"),
            Kind::BeingCalled => (StatusCode::CONFLICT, "being-called", "The customer is on the line"),
            Kind::CallbackRefused => (StatusCode::FORBIDDEN, "callback-refused", "We do not call back there"),
            Kind::TooManyCallbacks => {
                (StatusCode::TOO_MANY_REQUESTS, "too-many-callbacks", "Enough callbacks were promised")
            }
            Kind::CallbacksFull => {
                (StatusCode::SERVICE_UNAVAILABLE, "callbacks-full", "No further callback can be promised")
            }
            Kind::NoCall => (StatusCode::CONFLICT, "no-call", "There is no call in progress"),
            Kind::TooManyStreams => {
                (StatusCode::TOO_MANY_REQUESTS, "too-many-streams", "The intent has too many pages open")
            }
            Kind::TooManyMessages => {
                (StatusCode::TOO_MANY_REQUESTS, "too-many-messages", "The intent has too many messages")
            }
            Kind::HistoryUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "history-unavailable", "The history of cases does not answer")
            }
            Kind::StreamsFull => (StatusCode::SERVICE_UNAVAILABLE, "streams-full", "No further page can be kept"),
            Kind::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "upgrade-required", "This is a websocket"),
            Kind::IntentsFull => (StatusCode::SERVICE_UNAVAILABLE, "intents-full", "No further intent can be kept"),
            Kind::StoreUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", "The store of intents does not answer")
            }
            Kind::StoreLate => {
                (StatusCode::GATEWAY_TIMEOUT, "match-late", "The match did not come within its deadline")
            }
            Kind::EngineUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "engine-unavailable", "The engine does not answer")
            }
            Kind::NotReady => (StatusCode::SERVICE_UNAVAILABLE, "not-ready", "The server cannot take calls"),
        }
    }

    pub fn status(self) -> StatusCode {
        self.parts().0
    }

    /// A further header field that this kind asks for.
    fn header(self) -> Option<(HeaderName, &'static str)> {
        match self {
            Kind::Unauthorized => Some((header::WWW_AUTHENTICATE, "Bearer")),
            Kind::UpgradeRequired => Some((header::UPGRADE, "websocket")),
            Kind::IntentsFull
            | Kind::StreamsFull
            | Kind::CallbacksFull
            | Kind::HistoryUnavailable
            | Kind::StoreUnavailable
            | Kind::EngineUnavailable
            | Kind::NotReady => Some((header::RETRY_AFTER, RETRY_AFTER_S)),
            Kind::InvalidRequest
            | Kind::MalformedJson
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::MethodNotAllowed
            | Kind::SlowBody
            | Kind::TooLarge
            | Kind::UnsupportedMedia
            | Kind::InvalidBody
            | Kind::KeyReused
            | Kind::ConfigFaults
            | Kind::NeedsRestart
            | Kind::ReloadBusy
            | Kind::NoCall
            | Kind::BeingCalled
            | Kind::CallbackRefused
            | Kind::TooManyCallbacks
            | Kind::TooManyStreams
            | Kind::TooManyMessages
            | Kind::StoreLate => None,
        }
    }
}

impl Problem {
    pub fn new(kind: Kind, detail: impl Into<String>) -> Problem {
        Problem { kind, detail: detail.into(), faults: Vec::new() }
    }

    pub fn with(mut self, field: &str, what: impl Into<String>, remedy: &str) -> Problem {
        self.faults.push(FaultBody { field: field.to_owned(), what: what.into(), remedy: remedy.to_owned() });
        self
    }

    /// The engine did not answer a question.
    pub fn engine() -> Problem {
        Problem::new(Kind::EngineUnavailable, "the engine is overloaded or stopping: try again")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        Problem::new(Kind::StoreUnavailable, format!("{error}: try again"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, name, title) = self.kind.parts();
        let kind = format!("urn:throughline:problem:{name}");
        let body = ProblemBody { kind, title, status: status.as_u16(), detail: self.detail, faults: self.faults };
        // Strings and numbers: this does not fail.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some((name, value)) = self.kind.header() {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Any address that we do not have.
pub(super) async fn not_found() -> Problem {
    Problem::new(Kind::NotFound, "there is nothing at this address: /openapi.json lists what there is")
}

/// An address that we have, with a method that it does not know; `Allow` says which it does.
pub(super) async fn method_not_allowed() -> Problem {
    Problem::new(Kind::MethodNotAllowed, "the header field Allow lists the methods of this address")
}
