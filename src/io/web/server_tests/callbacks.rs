//! Callbacks over HTTP: what may be promised, and what not.

use reqwest::Method;
use serde_json::{Value, json};

use super::{SITE, Server};

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
