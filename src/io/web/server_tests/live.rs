//! Customers' pages: live state, confirmation, whose token opens what, and pages of other sites.

use reqwest::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN};

use super::*;
use crate::base::CaseId;
use crate::base::limits::LIVE_STREAMS_PER_INTENT_MAX;
use crate::calls::pages::{PageState, Standing};
use crate::intents::{Intent, StoreReply};

/// A page's side of a stream.
struct Events {
    response: Response,
    text: String,
}

impl Events {
    async fn open(response: Response) -> Events {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { response, text: String::new() }
    }

    /// The data of the next event `state`; `null` when the stream has ended.
    async fn next(&mut self) -> Value {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.strip_prefix("event: state\ndata: ").map(|data| serde_json::from_str(data).unwrap());
                self.text = rest.to_owned();
                match data {
                    Some(data) => return data,
                    None => continue,
                }
            }
            let more = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await.expect("in time");
            match more.unwrap() {
                Some(bytes) => self.text += std::str::from_utf8(&bytes).unwrap(),
                None => return Value::Null,
            }
        }
    }
}

fn standing(state: PageState) -> Standing {
    Standing {
        call: CallId(7),
        state,
        level: Level::Strong,
        position: None,
        expected_wait: None,
        agent: None,
        talked: false,
        case: None,
    }
}

impl Server {
    async fn registered(&self) -> (IntentId, String) {
        let made = body(self.register(&intent()).await).await;
        (made["id"].as_str().unwrap().parse().unwrap(), made["token"].as_str().unwrap().to_owned())
    }

    async fn live(&self, id: IntentId, token: &str) -> Response {
        self.client.get(format!("http://{}/v1/intents/{id}/live?token={token}", self.address)).send().await.unwrap()
    }

    /// The intent that an hour ago was to live until a second ago, and its token.
    async fn expired(&self) -> (IntentId, String) {
        let (id, _) = self.registered().await;
        let now = Clock::start().wall();
        let Ok(StoreReply::Got(intent)) = self.store.ask(StoreRequest::Get { intent: id, now }).await else {
            panic!("it was registered")
        };
        let (created, expires) = (Wall(now.0 - 3_600_000), Wall(now.0 - 1_000));
        let intent = Intent { id: IntentId(4711), number: None, created, expires, ..*intent };
        let (id, intent) = (intent.id, Box::new(intent));
        let register = StoreRequest::Register { intent, lease: None, idempotency: None, now: created };
        assert!(matches!(self.store.ask(register).await, Ok(StoreReply::Registered(_))));
        let token = TokenKeys::new(&[TokenKey { id: 1, secret: vec![7; 32] }]).unwrap().sign(id, expires).text();
        (id, token)
    }

    fn stands(&self, id: IntentId, standing: Option<Standing>) {
        self.pages.tell(id, standing.map(Box::new));
    }
}

#[tokio::test]
async fn a_page_hears_every_change_in_order() {
    let server = Server::start().await;
    let (id, token) = server.registered().await;
    let mut events = Events::open(server.live(id, &token).await).await;
    assert_eq!(events.next().await, json!({"state": "registered"}));
    let waiting = Standing {
        position: Some(2),
        expected_wait: Some(Duration::from_millis(39_500)),
        ..standing(PageState::Waiting)
    };
    let anna = Standing { agent: Some(AgentId::new("anna")), ..standing(PageState::AgentReading) };
    let ended = Standing { talked: true, case: Some(CaseId::of_call(CallId(7))), ..standing(PageState::Ended) };
    for told in [standing(PageState::Calling), waiting, anna, ended] {
        server.stands(id, Some(told));
    }
    assert_eq!(events.next().await, json!({"state": "calling"}));
    let waits = json!({"state": "waiting", "position": 2, "expected_wait_s": 40, "level": "V2"});
    assert_eq!(events.next().await, waits);
    assert_eq!(events.next().await, json!({"state": "agent_reading", "agent": "anna", "level": "V2"}));
    let case = CaseId::of_call(CallId(7)).to_string();
    assert_eq!(events.next().await, json!({"state": "ended", "level": "V2", "talked": true, "case": case}));
    server.pages.close_all();
    assert_eq!(events.next().await, Value::Null, "the server stops");
}

#[tokio::test]
async fn the_engine_hears_of_pages_that_open_and_close() {
    let server = Server::start().await;
    let (id, token) = server.registered().await;
    let mut events = Events::open(server.live(id, &token).await).await;
    events.next().await;
    assert_eq!(*server.engine.pages.lock().unwrap(), [PageInput::Opened { intent: id }]);
    drop(events);
    for _ in 0..200 {
        if server.engine.pages.lock().unwrap().len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.engine.pages.lock().unwrap()[1..], [PageInput::Closed { intent: id }]);
}

#[tokio::test]
async fn an_intent_that_ended_says_so() {
    let server = Server::start().await;
    let (id, token) = server.registered().await;
    let place = format!("/v1/intents/{id}");
    assert_eq!(server.request(Method::DELETE, &place, SITE).send().await.unwrap().status(), 204);
    let mut events = Events::open(server.live(id, &token).await).await;
    assert_eq!(events.next().await, json!({"state": "ended", "talked": false}));
}

#[tokio::test]
async fn a_token_opens_its_own_intent_and_nothing_else() {
    let server = Server::start().await;
    let ((id, token), (other, _)) = (server.registered().await, server.registered().await);
    for path in [format!("/v1/intents/{other}"), format!("/v1/intents/{other}/live")] {
        let told = problem(server.request(Method::GET, &path, &token).send().await.unwrap(), 403, "forbidden").await;
        assert!(told["detail"].as_str().unwrap().contains("another intent"), "{told}");
    }
    let confirm = format!("/v1/intents/{other}/confirm");
    problem(server.request(Method::POST, &confirm, &token).send().await.unwrap(), 403, "forbidden").await;
    assert_eq!(server.request(Method::GET, &format!("/v1/intents/{id}"), &token).send().await.unwrap().status(), 200);
    for path in ["/v1/calls", "/v1/agents"] {
        problem(server.request(Method::GET, path, &token).send().await.unwrap(), 401, "unauthorized").await;
    }
    let patch = server.request(Method::PATCH, &format!("/v1/intents/{id}"), &token).json(&json!({"urgency": "low"}));
    problem(patch.send().await.unwrap(), 401, "unauthorized").await;
    let expired = TokenKeys::new(&[TokenKey { id: 1, secret: vec![7; 32] }]).unwrap().sign(id, Wall(1)).text();
    for (bad, why) in [(expired.as_str(), "expired"), ("tok_nonsense", "token"), (&token[..token.len() - 1], "token")] {
        let told = problem(server.live(id, bad).await, 401, "unauthorized").await;
        let fault = &told["faults"][0];
        assert!(fault["what"].as_str().unwrap().contains(why) && fault["remedy"].is_string(), "{told}");
    }
    let reads_only = server.request(Method::GET, &format!("/v1/intents/{id}/live"), BOARD).send().await.unwrap();
    problem(reads_only, 403, "forbidden").await;
    let never = format!("/v1/intents/{}/live", IntentId(5));
    problem(server.request(Method::GET, &never, SITE).send().await.unwrap(), 404, "not-found").await;
}

#[tokio::test]
async fn a_page_is_loaded_anew_in_a_call_that_is_longer_than_its_intent() {
    let server = Server::start().await;
    let (id, token) = server.expired().await;
    problem(server.live(id, &token).await, 401, "unauthorized").await;
    *server.engine.standing.lock().unwrap() = Some(Box::new(standing(PageState::Connected)));
    let mut events = Events::open(server.live(id, &token).await).await;
    assert_eq!(events.next().await, json!({"state": "connected", "level": "V2"}));
    let confirm = server.request(Method::POST, &format!("/v1/intents/{id}/confirm"), &token).send().await.unwrap();
    assert_eq!(confirm.status(), 200);
    *server.engine.standing.lock().unwrap() = None;
    server.stands(id, Some(Standing { talked: true, ..standing(PageState::Ended) }));
    let ended = json!({"state": "ended", "level": "V2", "talked": true});
    assert_eq!((events.next().await, events.next().await), (ended.clone(), ended));
    assert_eq!(events.next().await, Value::Null);
    problem(server.live(id, &token).await, 401, "unauthorized").await;
}

#[tokio::test]
async fn one_intent_has_a_bounded_number_of_pages() {
    let server = Server::start().await;
    let ((id, token), (other, others)) = (server.registered().await, server.registered().await);
    let mut open = Vec::new();
    for _ in 0..LIVE_STREAMS_PER_INTENT_MAX {
        open.push(Events::open(server.live(id, &token).await).await);
    }
    problem(server.live(id, &token).await, 429, "too-many-streams").await;
    assert_eq!(server.live(other, &others).await.status(), 200);
}

#[tokio::test]
async fn a_confirmation_reaches_the_engine() {
    let server = Server::start().await;
    let (id, token) = server.registered().await;
    let path = format!("/v1/intents/{id}/confirm");
    for key in [token.as_str(), SITE] {
        let answer = server.request(Method::POST, &path, key).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(body(answer).await, json!({"result": "confirmed", "call": CallId(7).to_string(), "level": "V3"}));
    }
    let (other, token) = server.registered().await;
    *server.engine.without_call.lock().unwrap() = Some(other);
    let path = format!("/v1/intents/{other}/confirm");
    let told = problem(server.request(Method::POST, &path, &token).send().await.unwrap(), 409, "no-call").await;
    assert!(told["detail"].as_str().unwrap().contains("dial"), "{told}");
    server.engine.gone.store(true, Ordering::Relaxed);
    let gone = server.request(Method::POST, &path, &token).send().await.unwrap();
    problem(gone, 503, "engine-unavailable").await;
}

#[tokio::test]
async fn pages_of_sites_that_are_named_may_ask_and_others_may_not() {
    let server = Server::start().await;
    let (id, token) = server.registered().await;
    let path = format!("/v1/intents/{id}/confirm");
    let ask = |method, origin: &str| server.request(method, &path, &token).header(ORIGIN, origin).send();
    let told = ask(Method::POST, SHOP).await.unwrap();
    assert_eq!((told.status().as_u16(), &told.headers()[ACCESS_CONTROL_ALLOW_ORIGIN]), (200, &SHOP.parse().unwrap()));
    assert_eq!(told.headers()["vary"], "origin");
    for origin in ["https://evil.example", "null", "https://shop.example.com.evil.example"] {
        let refused = ask(Method::POST, origin).await.unwrap();
        assert!(!refused.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
        let told = problem(refused, 403, "forbidden").await;
        assert!(told["detail"].as_str().unwrap().contains("origins"), "{told}");
    }
    let own = format!("http://{}", server.address);
    assert_eq!(ask(Method::POST, &own).await.unwrap().status(), 200);
    let first = server.client.request(Method::OPTIONS, format!("http://{}{path}", server.address));
    let first = first.header(ORIGIN, SHOP).header("access-control-request-method", "POST").send().await.unwrap();
    assert_eq!((first.status().as_u16(), &first.headers()[ACCESS_CONTROL_ALLOW_ORIGIN]), (204, &SHOP.parse().unwrap()));
    assert!(first.headers()["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
    assert!(first.headers()["access-control-allow-methods"].to_str().unwrap().contains("POST"));
    let wrong = server.request(Method::DELETE, &path, &token).send().await.unwrap();
    assert_eq!(wrong.headers()["allow"], "POST,OPTIONS");
    problem(wrong, 405, "method-not-allowed").await;
}
