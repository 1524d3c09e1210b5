//! Cases over HTTP: who may see and write which, what is refused, and the channels that a registration is answered with.

use super::*;
use crate::base::CaseId;
use crate::base::limits::MESSAGES_OF_INTENT_MAX;
use crate::calls::facts::{About, CaseNote};
use crate::desktop::WrapUp;
use crate::intents::Reason;

impl Server {
    async fn contact(&self, customer: &str) -> (String, String) {
        let mut wish = intent();
        wish["customer"]["id"] = json!(customer);
        let made = body(self.register(&wish).await).await;
        (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
    }

    async fn post(&self, path: &str, key: &str, body: &Value) -> Response {
        self.request(Method::POST, path, key).json(body).send().await.unwrap()
    }

    /// What an agent wrote, as the engine says it.
    fn written_up(&self, call: u64, intent: &str, customer: &str) {
        let wrap_up = WrapUp {
            call: CallId(call),
            outcome: "solved".to_owned(),
            summary: Pii::new("a new lamp is on its way".to_owned()),
            article_failed: None,
        };
        self.history.note(&CaseNote {
            case: CaseId::of_call(CallId(call)),
            intent: intent.parse().unwrap(),
            about: About {
                customer: Pii::new(customer.to_owned()),
                subject: None,
                reason: Reason { category: "delivery".to_owned(), sub_category: None },
            },
            agent: AgentId::new("anna"),
            wrap_up,
            at: Wall(1_800_000_000_000),
        });
    }
}

#[tokio::test]
async fn a_wrap_up_is_a_case_that_the_customer_follows_and_answers() {
    let server = Server::start().await;
    let (id, token) = server.contact("c-1").await;
    server.written_up(7, &id, "c-1");
    let case = CaseId::of_call(CallId(7)).to_string();
    for key in [SITE, BOARD, token.as_str()] {
        let told = body(server.request(Method::GET, "/v1/customers/c-1/cases", key).send().await.unwrap()).await;
        let [only] = told["cases"].as_array().unwrap().as_slice() else { panic!("one case: {told}") };
        assert_eq!((&only["id"], &only["origin"], &only["intent"]), (&json!(case), &json!("call"), &json!(id)));
        assert_eq!((&only["outcome"], &only["agent"]), (&json!("solved"), &json!("anna")));
        assert_eq!(only["summary"], "a new lamp is on its way");
        assert!(only["opened_at"].as_str().unwrap().ends_with('Z') && only.get("feedback").is_none());
    }
    let path = format!("/v1/cases/{case}/feedback");
    let told = server.post(&path, &token, &json!({"helpful": false, "comment": "not yet"})).await;
    assert_eq!(told.status(), 200);
    let told = body(server.post(&path, SITE, &json!({"helpful": true})).await).await;
    assert_eq!((&told["feedback"]["helpful"], &told["feedback"]["comment"]), (&json!(true), &json!("")));
}

#[tokio::test]
async fn a_message_opens_a_case_once() {
    let server = Server::start().await;
    let (id, token) = server.contact("c-1").await;
    let path = format!("/v1/intents/{id}/message");
    let sent = server.post(&path, &token, &json!({"text": "  Where is my lamp?\n"})).await;
    assert_eq!(sent.status(), 201);
    let sent = body(sent).await;
    assert_eq!((&sent["origin"], &sent["text"]), (&json!("message"), &json!("Where is my lamp?")));
    assert_eq!((&sent["subject"]["id"], &sent["customer"]), (&json!("A-1001"), &json!("c-1")));
    let again = server.post(&path, &token, &json!({"text": "Where is my lamp?"})).await;
    assert_eq!(again.status(), 200);
    assert_eq!(body(again).await, sent);
    for number in 2..=MESSAGES_OF_INTENT_MAX {
        assert_eq!(server.post(&path, SITE, &json!({"text": number.to_string()})).await.status(), 201);
    }
    problem(server.post(&path, SITE, &json!({"text": "one more"})).await, 429, "too-many-messages").await;
}

#[tokio::test]
async fn cases_are_shown_to_their_customer_only() {
    let server = Server::start().await;
    let ((id, token), (_, stranger)) = (server.contact("c-1").await, server.contact("c-2").await);
    server.written_up(7, &id, "c-1");
    let case = CaseId::of_call(CallId(7)).to_string();
    let see = |key| server.request(Method::GET, "/v1/customers/c-1/cases", key).send();
    problem(see(stranger.as_str()).await.unwrap(), 403, "forbidden").await;
    problem(see("guess").await.unwrap(), 401, "unauthorized").await;
    let path = format!("/v1/cases/{case}/feedback");
    problem(server.post(&path, &stranger, &json!({"helpful": true})).await, 403, "forbidden").await;
    problem(server.post(&path, BOARD, &json!({"helpful": true})).await, 403, "forbidden").await;
    let (other, _) = server.contact("c-3").await;
    let path = format!("/v1/intents/{other}/message");
    problem(server.post(&path, &token, &json!({"text": "hello"})).await, 403, "forbidden").await;
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let server = Server::start().await;
    let (id, token) = server.contact("c-1").await;
    let path = format!("/v1/intents/{id}/message");
    for bad in [json!({"text": "  "}), json!({"text": "x".repeat(2_001)}), json!({"text": 5}), json!({})] {
        let told = problem(server.post(&path, &token, &bad).await, 422, "invalid-body").await;
        let faults = told["faults"].as_array().unwrap();
        assert!(faults.iter().all(|fault| fault["remedy"].is_string()) && faults.len() == 1, "{told}");
    }
    server.written_up(7, &id, "c-1");
    let case = format!("/v1/cases/{}/feedback", CaseId::of_call(CallId(7)));
    let long = json!({"helpful": true, "comment": "x".repeat(2_001)});
    let told = problem(server.post(&case, &token, &long).await, 422, "invalid-body").await;
    assert_eq!(told["faults"][0]["field"], "comment");
    problem(server.post(&case, &token, &json!({"rating": 5})).await, 422, "invalid-body").await;
    for never in [CaseId(77).to_string(), "nonsense".to_owned()] {
        let path = format!("/v1/cases/{never}/feedback");
        problem(server.post(&path, &token, &json!({"helpful": true})).await, 404, "not-found").await;
    }
    let long = format!("/v1/customers/{}/cases", "c".repeat(200));
    problem(server.request(Method::GET, &long, SITE).send().await.unwrap(), 404, "not-found").await;
}

#[tokio::test]
async fn a_registration_says_which_channels_fit_and_how_long_they_take() {
    let server = Server::start().await;
    let made = body(server.register(&intent()).await).await;
    let call = |kind: &str| {
        let why = "a human as soon as one is free";
        json!({"kind": kind, "expected_wait_s": 90, "why": why, "rule": "strong"})
    };
    let form = json!({"kind": "form", "expected_wait_s": null, "why": "an agent answers in writing", "rule": "always"});
    let why = "we call when it is your turn";
    let callback = json!({"kind": "callback", "expected_wait_s": 90, "why": why, "rule": "strong"});
    assert_eq!(made["channels"], json!([call("call_browser"), call("call_phone"), callback, form]));
    // The next two numbers are gone: the shared one proves nothing, and the rule asks for V2.
    server.register(&intent()).await;
    let third = body(server.register(&intent()).await).await;
    assert_eq!(third["channels"], json!([call("call_browser"), callback, form]));
    let without = Server::start().await;
    without.engine.gone.store(true, Ordering::Relaxed);
    let made = without.register(&intent()).await;
    assert_eq!(made.status(), 201, "a registration does not need the engine");
    assert_eq!(body(made).await["channels"][0]["expected_wait_s"], Value::Null);
}
