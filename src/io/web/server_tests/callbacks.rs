//! Callbacks over HTTP: what may be promised, and what not.

use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{CUSTOMER, SITE, Server, number};
use crate::base::limits::DOUBTFUL_PROMISES_MAX;
use crate::base::{IntentId, Level, QueueId, Wall};
use crate::intents::{Callback, CallbackLimits, CallbackState, Miss, StoreRequest};
use crate::io::web::callbacks::Before;

async fn ask(server: &Server, method: Method, id: &str, key: &str, body: Value) -> (u16, Value) {
    let answer = server.request(method, &format!("/v1/intents/{id}/callback"), key).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

async fn register(server: &Server, customer: &str) -> (String, String) {
    let body = json!({
        "customer": {"id": customer, "email": "ada@customer.example", "phones": ["+12015550123"]},
        "reason": {"category": "return"},
    });
    let answer: Value =
        server.request(Method::POST, "/v1/intents", SITE).json(&body).send().await.unwrap().json().await.unwrap();
    (answer["id"].as_str().unwrap().to_owned(), answer["token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_page_promises_looks_and_takes_back() {
    let server = Server::start().await;
    let (id, token) = register(&server, "c-1").await;
    let (status, answer) = ask(&server, Method::POST, &id, &token, json!({"zone": "America/New_York"})).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["number"], &answer["position"], &answer["expected_wait_s"]),
        (&json!("+12015550123"), &json!(3), &json!(90))
    );
    let token = answer["token"].as_str().unwrap().to_owned();
    let read: Value =
        server.request(Method::GET, &format!("/v1/intents/{id}"), &token).send().await.unwrap().json().await.unwrap();
    assert_eq!((&read["callback"]["state"], &read["callback"]["tries"]), (&json!("waiting"), &json!(0)));
    assert!(read["number"].is_null(), "the leased number is given back");
    assert_eq!(ask(&server, Method::DELETE, &id, &token, json!({})).await.0, 204);
    assert_eq!(ask(&server, Method::DELETE, &id, &token, json!({})).await.0, 204);
    let read: Value =
        server.request(Method::GET, &format!("/v1/intents/{id}"), &token).send().await.unwrap().json().await.unwrap();
    assert_eq!(read["callback"]["state"], "taken_back");
}

#[tokio::test]
async fn what_may_not_be_called_says_why() {
    let server = Server::start().await;
    let (id, token) = register(&server, "c-1").await;
    let (other, _) = register(&server, "c-2").await;
    for (intent, body, status, kind) in [
        (&id, json!({"number": (["+1900", "2345678"].concat())}), 403, "callback-refused"),
        (&id, json!({"number": "+12125550123"}), 403, "callback-refused"),
        (&id, json!({"number": "nobody"}), 422, "invalid-body"),
        (&id, json!({"zone": "Mars/Olympus"}), 422, "invalid-body"),
        (&id, json!({"not_before": "2199-01-01T00:00:00Z"}), 422, "invalid-body"),
        (&id, json!({"not_before": "soon"}), 422, "invalid-body"),
        (&other, json!({}), 403, "forbidden"),
    ] {
        let (code, answer) = ask(&server, Method::POST, intent, &token, body.clone()).await;
        assert_eq!(
            (code, answer["type"].as_str()),
            (status, Some(&*format!("urn:throughline:problem:{kind}"))),
            "{body}"
        );
    }
    assert_eq!(ask(&server, Method::DELETE, &id, &token, json!({})).await.0, 404, "nothing was promised");
}

#[tokio::test]
async fn a_number_is_promised_so_many_calls_and_no_more() {
    let server = Server::start().await;
    let mut heard = Vec::new();
    for nth in 0..4 {
        let (id, token) = register(&server, &format!("c-{nth}")).await;
        heard.push(ask(&server, Method::POST, &id, &token, json!({})).await.0);
    }
    assert_eq!(heard, [200, 200, 200, 429]);
}

#[tokio::test]
async fn who_talks_is_not_called_and_nothing_is_left_promised() {
    let server = Server::start().await;
    let (id, token) = register(&server, "talks").await;
    let (status, answer) = ask(&server, Method::POST, &id, &token, json!({})).await;
    assert_eq!((status, &answer["type"]), (409, &json!("urn:throughline:problem:being-called")));
    let read: Value =
        server.request(Method::GET, &format!("/v1/intents/{id}"), SITE).send().await.unwrap().json().await.unwrap();
    assert_eq!(read["callback"]["state"], "taken_back");
}

/// Waits until that is so.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let seen = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), seen).await.unwrap_or_else(|_| panic!("{what}"));
}

/// The engine has been told to call this customer back.
async fn is_called_back(server: &Server, id: IntentId) {
    until("a callback that begins", || server.engine.called_back.lock().unwrap().contains(&id)).await;
}

#[tokio::test]
async fn a_promise_whose_answer_was_lost_is_found_and_kept() {
    let server = Server::start().await;
    let (id, token) = register(&server, "c-1").await;
    server.store.failing.lock().unwrap().extend([("promise", true), ("get", false)]);
    assert_eq!(ask(&server, Method::POST, &id, &token, json!({})).await.0, 503);
    is_called_back(&server, id.parse().unwrap()).await;
    assert!(server.store.failing.lock().unwrap().is_empty(), "it was looked for twice");
}

#[tokio::test]
async fn what_the_store_has_not_promised_does_not_begin() {
    let server = Server::start().await;
    let (id, token) = register(&server, "c-1").await;
    server.store.failing.lock().unwrap().extend([("promise", false), ("get", false)]);
    assert_eq!(ask(&server, Method::POST, &id, &token, json!({})).await.0, 503);
    let is_settled = || server.web.doubts.available_permits() == DOUBTFUL_PROMISES_MAX;
    until("it is looked for", || server.store.failing.lock().unwrap().is_empty() && is_settled()).await;
    assert!(server.engine.called_back.lock().unwrap().is_empty());
    assert_eq!(ask(&server, Method::POST, &id, &token, json!({})).await.0, 200, "it may be asked for again");
}

#[tokio::test]
async fn what_the_engine_cannot_keep_is_taken_back_although_the_store_was_away() {
    let server = Server::start().await;
    let (id, token) = register(&server, "talks").await;
    server.store.failing.lock().unwrap().extend([("unpromise", false), ("unpromise", false)]);
    assert_eq!(ask(&server, Method::POST, &id, &token, json!({})).await.0, 503);
    let look = StoreRequest::Get { intent: id.parse().unwrap(), now: server.web.clock.wall() };
    let is_over = async {
        loop {
            let stored = server.store.store.ask(look.clone()).await;
            if format!("{stored:?}").contains("TakenBack") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), is_over).await.expect("it is taken back");
}

/// What asks the store for a callback.
fn promise(intent: IntentId, now: Wall) -> StoreRequest {
    let callback = Callback {
        number: number(CUSTOMER),
        zone: None,
        not_before: None,
        promised: now,
        since: now,
        level: Level::Strong,
        queue: QueueId::new("returns"),
        priority: 0,
        rule: None,
        tries: 0,
        tried: None,
        missed: Miss::default(),
        state: CallbackState::Waiting,
    };
    let most = CallbackLimits { per_number: 3, per_customer: 3, tries: 3 };
    let until = now + Duration::from_secs(600);
    StoreRequest::Promise { intent, callback: Box::new(callback), by: None, most, until, now }
}

/// They hear a refusal, say, while their page asks for another number: the call of before stays promised.
#[tokio::test]
async fn what_was_promised_before_is_not_taken_back_with_what_cannot_be_kept() {
    let server = Server::start().await;
    let (id, token) = register(&server, "talks").await;
    let before = promise(id.parse().unwrap(), server.web.clock.wall());
    server.store.store.ask(before).await.unwrap();
    assert_eq!(ask(&server, Method::POST, &id, &token, json!({})).await.0, 409);
    let read: Value =
        server.request(Method::GET, &format!("/v1/intents/{id}"), SITE).send().await.unwrap().json().await.unwrap();
    assert_eq!(read["callback"]["state"], "waiting");
}

/// As the server does with the request of a page that is closed: it lets go of it.
#[tokio::test]
async fn a_page_that_is_closed_while_the_store_is_asked_is_called_back_all_the_same() {
    let server = Server::start().await;
    let id: IntentId = register(&server, "c-1").await.0.parse().unwrap();
    let request = promise(id, server.web.clock.wall());
    let gate = server.store.gate.acquire().await;
    let answer = tokio::select! {
        _ = server.web.promise(id, request, Before::Nothing) => panic!("the store has not answered"),
        () = until("a promise", || server.store.has_promised.load(Ordering::Relaxed)) => "dropped",
    };
    assert_eq!((answer, server.engine.called_back.lock().unwrap().len()), ("dropped", 0));
    drop(gate);
    is_called_back(&server, id).await;
}
