//! The demo's shop: a company's own site on an origin of its own, with a small backend that alone has the API key.

mod answers;
mod dialler;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::io::web;
use crate::io::web::pages::{Guard, Pages};

use super::carrier::Carrier;
use super::config;

use answers::{passed_on, refused};

/// A bound port: the server must know the shop's origin before either starts.
pub struct Ground {
    listener: TcpListener,
    port: u16,
}

/// The shop, with who is signed in there.
struct Shop {
    http: reqwest::Client,
    /// Throughline's address, which only the backend and the widget know.
    server: String,
    key: String,
    carrier: Carrier,
    guard: Guard,
}

/// The customer who is signed in, as the shop's own database would have her.
const CUSTOMER: &str = "c-1001";
const BODY_MAX: usize = 16 * 1024;
const IDEMPOTENCY_KEY: &str = "idempotency-key";

#[derive(Deserialize)]
struct Dialled {
    number: String,
}

impl Ground {
    pub fn bind(port: u16) -> io::Result<Ground> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok(Ground { listener, port })
    }

    /// Both names of this machine, as a browser may have been told them.
    pub fn origins(&self) -> [String; 2] {
        [format!("http://127.0.0.1:{}", self.port), format!("http://localhost:{}", self.port)]
    }

    /// Opens the shop, until the process ends.
    pub fn open(self, server: SocketAddr, key: &str, carrier: Carrier) -> io::Result<()> {
        let server = format!("http://{server}");
        let guard = Guard::with(&server);
        let shop = Shop { http: reqwest::Client::new(), server, key: key.to_owned(), carrier, guard };
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        tokio::spawn(web::serve(listener, routes(Arc::new(shop)), std::future::pending()));
        Ok(())
    }
}

fn routes(shop: Arc<Shop>) -> Router {
    Router::new()
        .route("/", routing::get(page))
        .route("/web/{*file}", routing::get(page))
        .route("/shop/config", routing::get(config))
        .route("/help/intent", routing::post(register))
        .route("/help/dial", routing::post(dial))
        .route("/help/cases", routing::get(cases))
        .route("/help/cases/{id}/feedback", routing::post(feedback))
        .fallback(nothing)
        .layer(axum::extract::DefaultBodyLimit::max(BODY_MAX))
        .with_state(shop)
}

async fn page(State(shop): State<Arc<Shop>>, uri: Uri, headers: HeaderMap) -> Response {
    let name = match uri.path() {
        "/" => "shop/index.html",
        path => path.trim_start_matches("/web/"),
    };
    let is_the_shops = name.starts_with("shop/") || name.starts_with("lib/");
    match Pages::built_in().get(name).filter(|_| is_the_shops) {
        Some(page) => web::pages::answer(page, &headers, &shop.guard),
        None => nothing().await,
    }
}

/// Where the widget comes from; a real site has this in its page.
async fn config(State(shop): State<Arc<Shop>>) -> Json<Value> {
    Json(json!({ "throughline": shop.server, "customer": { "id": CUSTOMER, "name": "Ada Example" } }))
}

/// What the page says of the contact, and who is signed in, which the page cannot say: together they are the intent.
async fn register(State(shop): State<Arc<Shop>>, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(Value::Object(mut intent)) = serde_json::from_slice(&body) else {
        return refused(StatusCode::BAD_REQUEST, "the page sends the contact as a JSON object");
    };
    intent.insert("customer".to_owned(), customer());
    intent.insert("preferred_agent".to_owned(), json!(config::DANA));
    let request = shop.post("/v1/intents").json(&intent);
    let key = headers.get(IDEMPOTENCY_KEY).cloned();
    passed_on(match key {
        Some(key) => request.header(IDEMPOTENCY_KEY, key),
        None => request,
    })
    .await
}

/// A simulated telephone of the customer dials the number, over real SIP.
async fn dial(State(shop): State<Arc<Shop>>, body: Bytes) -> Response {
    let Ok(Dialled { number }) = serde_json::from_slice(&body) else {
        return refused(StatusCode::BAD_REQUEST, "send {\"number\": \"+1...\"}, the number that the page shows");
    };
    if !dialler::is_number(&number) {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "this is no number: dial the one that the page shows");
    }
    match dialler::dial(&shop.carrier, &number).await {
        Ok(()) => (StatusCode::ACCEPTED, Json(json!({ "dialling": number }))).into_response(),
        Err(()) => refused(StatusCode::SERVICE_UNAVAILABLE, "the simulated telephone is gone: start the demo again"),
    }
}

async fn cases(State(shop): State<Arc<Shop>>) -> Response {
    passed_on(shop.get(&format!("/v1/customers/{CUSTOMER}/cases"))).await
}

async fn feedback(State(shop): State<Arc<Shop>>, Path(id): Path<String>, body: Bytes) -> Response {
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return refused(StatusCode::NOT_FOUND, "there is no such case");
    }
    let request = shop.post(&format!("/v1/cases/{id}/feedback"));
    passed_on(request.header("content-type", "application/json").body(body)).await
}

async fn nothing() -> Response {
    refused(StatusCode::NOT_FOUND, "there is nothing at this address of the shop")
}

fn customer() -> Value {
    json!({ "id": CUSTOMER, "name": "Ada Example", "email": "ada@shop.example.com", "phones": [dialler::ADA], "tier": "gold" })
}

impl Shop {
    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.server)).bearer_auth(&self.key)
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.server)).bearer_auth(&self.key)
    }
}
