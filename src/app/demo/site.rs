//! The company's web site, as far as the demo needs one: it registers intents over HTTP.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

/// The site's way to the server.
#[derive(Clone)]
pub struct Site {
    http: reqwest::Client,
    base: String,
    key: String,
}

/// Who wants to call, about what.
pub struct Wish<'a> {
    pub customer: &'a str,
    pub name: &'a str,
    pub email: &'a str,
    pub phone: &'a str,
    pub category: &'a str,
}

/// The server's answer to a registration.
#[derive(Clone, Debug, Deserialize)]
pub struct Registered {
    pub id: String,
    /// The number to dial.
    pub number: Option<String>,
    pub expires_at: String,
    #[serde(skip)]
    pub took: Duration,
}

/// Why the site got no intent.
#[derive(Debug)]
pub enum SiteError {
    Http(reqwest::Error),
    Refused { status: u16, body: String },
}

impl Site {
    pub fn new(base: &str, key: &str) -> Site {
        Site { http: reqwest::Client::new(), base: base.to_owned(), key: key.to_owned() }
    }

    /// `POST /v1/intents`.
    pub async fn register(&self, wish: &Wish<'_>) -> Result<Registered, SiteError> {
        let began = Instant::now();
        let request = self.http.post(format!("{}/v1/intents", self.base)).bearer_auth(&self.key).json(&body(wish));
        let response = request.send().await.map_err(SiteError::Http)?;
        let status = response.status();
        if !status.is_success() {
            let body = response.text().await.unwrap_or_default();
            return Err(SiteError::Refused { status: status.as_u16(), body });
        }
        let registered: Registered = response.json().await.map_err(SiteError::Http)?;
        Ok(Registered { took: began.elapsed(), ..registered })
    }

    /// A `GET` of the API as JSON.
    pub async fn get(&self, path: &str) -> Result<Value, SiteError> {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.key);
        let response = request.send().await.and_then(reqwest::Response::error_for_status);
        response.map_err(SiteError::Http)?.json().await.map_err(SiteError::Http)
    }
}

fn body(wish: &Wish<'_>) -> Value {
    json!({
        "customer": {
            "id": wish.customer,
            "name": wish.name,
            "email": wish.email,
            "phones": [wish.phone],
        },
        "subject": { "kind": "order", "id": "A-1001", "title": "Reading lamp, brass" },
        "reason": { "category": wish.category, "sub_category": "late" },
        "articles": [{ "id": "kb-17", "title": "Where is my parcel?" }],
        "words": "The tracking page has said 'out for delivery' for three days.",
        "language": "en",
        "urgency": "high",
        "value": { "minor_units": 12900, "currency": "EUR" },
        "ttl_s": 900,
    })
}

impl fmt::Display for SiteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SiteError::Http(_) => f.write_str("the server's HTTP API did not answer"),
            SiteError::Refused { status, body } => write!(f, "the server refused with {status}: {body}"),
        }
    }
}

impl std::error::Error for SiteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SiteError::Http(error) => Some(error),
            SiteError::Refused { .. } => None,
        }
    }
}
