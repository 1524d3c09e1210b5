//! The API over real TCP, with a store in memory and samples where the engine would be.

mod board;
mod callbacks;
mod cases;
mod explain;
mod live;
mod pages;
mod trouble;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::{ApiKey, Origins, Routes, Web, router, serve};
use crate::access::{self, Conditions, Policy, PolicySetup, Rule};
use crate::base::hex::to_hex;
use crate::base::limits::HTTP_BODY_MAX;
use crate::base::phone::Region;
use crate::base::rng::Rng;
use crate::base::{AgentId, CallId, E164, Fence, IntentId, Level, Mono, Pii, PoolId, QueueId, Stage, TrunkId, Wall};
use crate::calls::caps::Load;
use crate::calls::facts::{CallRecord, Outcome};
use crate::calls::pages::PageInput;
use crate::calls::recalling::plan::tests::plan as callback_plan;
use crate::calls::settings::{PoolPlan, PoolPromise};
use crate::calls::{CalledBack, Confirmed};
use crate::desktop::DesktopInput;
use crate::engine::question::{Answer, CallView, Counts, Question, TrunkView};
use crate::intents::matching::Priors;
use crate::intents::promise::{Bounds, Lives, Promise, Traffic, derive};
use crate::intents::token::TokenKey;
use crate::intents::{StoreError, StoreReply, StoreRequest, TokenKeys};
use crate::io::clock::Clock;
use crate::io::desktop::DeskLines;
use crate::io::door::{Asked, EngineDoor, NotReloaded, ReloadDoor, Reloading, StoreDoor, Stored};
use crate::io::history::{History, Kept};
use crate::io::live::{Heard, LivePages};
use crate::io::store::Store;
use crate::io::telemetry;
use crate::routing::{AgentState, AgentView, QueueView, Why};

const SHOP: &str = "https://shop.example.com";
const SITE: &str = "site-key";
const BOARD: &str = "board-key";
const OTHER_SITE: &str = "other-site-key";
const NUMBERS: [&str; 2] = ["+12015550101", "+12015550102"];
const SHARED: &str = "+12015550100";
const CUSTOMER: &str = "+12015550150";

struct Server {
    address: SocketAddr,
    client: reqwest::Client,
    store: Arc<TestStore>,
    engine: Arc<Samples>,
    pages: Arc<LivePages>,
    history: History,
    web: Arc<Web>,
}

/// The embedded store; it can be taken away.
struct TestStore {
    store: Store,
    gone: AtomicBool,
    silent: AtomicBool,
    /// The next requests of these names fail, one after the other; those that are true are carried out all the same.
    failing: Mutex<VecDeque<(&'static str, bool)>>,
    /// What is promised while this is taken is not answered until it is given back.
    gate: Semaphore,
    has_promised: AtomicBool,
}

impl TestStore {
    fn new(store: Store) -> TestStore {
        let (gone, silent, has_promised) = (AtomicBool::new(false), AtomicBool::new(false), AtomicBool::new(false));
        TestStore { store, gone, silent, failing: Mutex::default(), gate: Semaphore::new(1), has_promised }
    }

    fn fails(&self, request: &StoreRequest) -> Option<bool> {
        let mut failing = self.failing.lock().unwrap();
        let is_meant = failing.front().is_some_and(|(name, _)| *name == request.name());
        is_meant.then(|| failing.pop_front()).flatten().map(|(_, is_carried_out)| is_carried_out)
    }

    async fn carry_out(&self, request: StoreRequest) -> Result<StoreReply, StoreError> {
        let (fails, is_promise) = (self.fails(&request), request.name() == "promise");
        if fails == Some(false) {
            return Err(StoreError::Unavailable);
        }
        let answer = StoreDoor::ask(&self.store, request).await;
        if is_promise {
            self.has_promised.store(true, Ordering::Relaxed);
            let _gate = self.gate.acquire().await;
        }
        if fails.is_some() { Err(StoreError::Timeout) } else { answer }
    }
}

impl StoreDoor for TestStore {
    fn ask(&self, request: StoreRequest) -> Stored<'_> {
        if self.silent.load(Ordering::Relaxed) {
            return Box::pin(std::future::pending());
        }
        if self.gone.load(Ordering::Relaxed) {
            return Box::pin(std::future::ready(Err(StoreError::Unavailable)));
        }
        Box::pin(self.carry_out(request))
    }
}

/// Answers each question with one of a kind; it can be taken away.
#[derive(Default)]
struct Samples {
    gone: AtomicBool,
    /// What it has heard of pages; it says at once that no call is there.
    pages: Mutex<Vec<PageInput>>,
    lines: Mutex<Option<Arc<LivePages>>>,
    /// Customers who are to be called back.
    called_back: Mutex<Vec<IntentId>>,
    /// The intent that no call is about.
    without_call: Mutex<Option<IntentId>>,
    /// How the call stands of which every page is, if one is in progress; told after a while.
    standing: Mutex<Heard>,
}

impl EngineDoor for Samples {
    fn desktop(&self, _: DesktopInput) {}

    fn page(&self, input: PageInput) {
        self.pages.lock().unwrap().push(input);
        if let (PageInput::Opened { intent }, Some(pages)) = (input, self.lines.lock().unwrap().clone()) {
            let standing = self.standing.lock().unwrap().clone();
            tokio::spawn(async move {
                if standing.is_some() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                pages.tell(intent, standing);
            });
        }
    }

    fn is_behind(&self) -> bool {
        false
    }

    fn ask(&self, question: Question) -> Asked<'_> {
        let without = *self.without_call.lock().unwrap();
        let answer = (!self.gone.load(Ordering::Relaxed)).then(|| match question {
            Question::Confirm { intent } if without == Some(intent) => Answer::Confirmed(Confirmed::NoCall),
            Question::InCall { .. } => Answer::InCall(self.standing.lock().unwrap().is_some()),
            Question::CallBack { ref intent } => {
                self.called_back.lock().unwrap().push(intent.id);
                sample(question)
            }
            question => sample(question),
        });
        Box::pin(std::future::ready(answer))
    }
}

/// Finds nothing to read again.
struct Reload;

impl ReloadDoor for Reload {
    fn reload(&self, _: bool) -> Reloading<'_> {
        Box::pin(std::future::ready(Err(NotReloaded::NoFile)))
    }
}

fn sample(question: Question) -> Answer {
    let call = CallView { record: record(), phase: "ended", lasted: Duration::from_secs(61) };
    match question {
        Question::Calls { limit } => Answer::Calls(vec![call; limit.min(2)]),
        Question::Call { call: CallId(7) } => Answer::Call(Some(Box::new(call))),
        Question::Call { .. } => Answer::Call(None),
        Question::Agents => {
            let state = AgentState::OnCall { call: CallId(7), fence: Fence(1) };
            let (agent, since) = (AgentId::new("anna"), Mono(0));
            Answer::Agents(vec![AgentView { agent, state, since, call: Some(CallId(7)) }])
        }
        Question::Queues => {
            let (queue, oldest_wait) = (QueueId::new("returns"), Duration::from_millis(1500));
            let expected_wait = Some(Duration::from_secs(90));
            Answer::Queues(vec![QueueView { queue, waiting: 1, oldest_wait, available: 0, staffed: 2, expected_wait }])
        }
        Question::CallBack { intent } if intent.customer.id == "talks" => Answer::CalledBack(CalledBack::Talking),
        Question::CallBack { .. } => Answer::CalledBack(CalledBack::Waiting {
            call: CallId(7),
            position: Some(3),
            expected_wait: Some(Duration::from_secs(90)),
        }),
        Question::TakeBack { .. } => Answer::TakenBack(true),
        Question::Trunks => Answer::Trunks(vec![TrunkView {
            trunk: TrunkId::new("carrier"),
            reachable: Some(true),
            registration: None,
            gateways: Vec::new(),
            incoming: Load { calls: 1, ..Load::default() },
            outgoing: Load::default(),
        }]),
        Question::Shadow { limit } => Answer::Shadow(explain::differences().into_iter().take(limit).collect()),
        Question::Phases => Answer::Phases([("talking", 2), ("waiting", 1)].into()),
        Question::InCall { .. } => Answer::InCall(false),
        Question::Confirm { .. } => Answer::Confirmed(Confirmed::Raised { call: CallId(7), level: Level::Proven }),
        Question::Health => {
            Answer::Health(Counts { calls: 3, callbacks: 0, waiting: 1, grants: 2, loose_ends: 0, is_draining: false })
        }
    }
}

fn record() -> CallRecord {
    CallRecord {
        call: CallId(7),
        trunk: TrunkId::new("carrier"),
        source: Pii::new("127.0.0.1:5060".parse().unwrap()),
        dialled: Pii::new(NUMBERS[0].to_owned()),
        diverted_from: Some(Pii::new(NUMBERS[1].to_owned())),
        caller: Pii::new(CUSTOMER.to_owned()),
        began: Wall(1_800_000_000_000),
        ended: Some(Wall(1_800_000_061_000)),
        level: Level::Strong,
        intent: None,
        share: 0.99,
        evidence: vec![],
        rule: Some("gold".to_owned()),
        reason: Some("gold customers reach a human".to_owned()),
        notify: None,
        queue: Some(QueueId::new("returns")),
        agent: Some(AgentId::new("anna")),
        passed_on: vec![],
        fallback: None,
        outcome: Some(Outcome::Talked),
        ended_by: None,
        status: None,
        stages: vec![(Stage::InviteToMatch, Duration::from_micros(120))],
        tries: None,
        talked: Duration::from_secs(60),
        caller_sound: None,
        far_sound: None,
        supervised: Vec::new(),
        recording: None,
        wrap_up: None,
        about: None,
        explained: Arc::new(explain::explained()),
    }
}

/// Strong matches reach a human; a caller nobody knows is refused.
fn routes() -> Routes {
    let when = Conditions { min_level: Some(Level::Strong), ..Conditions::default() };
    let strong = Rule::new("strong", when, access::Answer::Human { queue: None, priority: 5 });
    let refuse = access::Answer::Refuse { status: 480, announcement: Some("Please use\nthe page.".into()) };
    let setup = PolicySetup::of(vec![strong], refuse);
    Routes {
        pin_digits: None,
        policy: Policy::new(setup).unwrap().into(),
        shadow: None,
        default_queue: Some(QueueId::new("returns")),
        browser_trunk: Some(TrunkId::new("(web)")),
        trunk: Some(TrunkId::new("carrier")),
        contact_by_agent: [(AgentId::new("anna"), "sip:204@pbx.example.com".to_owned())].into(),
        within: Duration::from_millis(500),
    }
}

fn key(id: &str, key: &str, write: bool) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        hash: Sha256::digest(key).into(),
        write,
        read: !write,
        recordings: !write,
        reload: false,
    }
}

/// More than two numbers can keep.
fn promise() -> PoolPromise {
    let mean = Duration::from_secs(300);
    let traffic = Traffic { per_hour: 60.0, dials: 0.7, mean_delay: mean, mean_call: mean };
    let promise = Promise { wrong_context: 0.001, empty: 0.01, late: 0.05, traffic };
    let lives = Lives::default();
    PoolPromise { promise, window: None, lives, derived: derive(&promise, NUMBERS.len(), lives) }
}

fn number(text: &str) -> E164 {
    E164::parse(text, None).unwrap()
}

impl Server {
    async fn start() -> Server {
        let store = Store::in_memory(100, Duration::from_secs(10)).unwrap();
        let store = Arc::new(TestStore::new(store));
        let engine = Arc::new(Samples::default());
        let pages = Arc::new(LivePages::default());
        *engine.lines.lock().unwrap() = Some(Arc::clone(&pages));
        let clock = Clock::start();
        let kept = Kept { file: ":memory:".into(), age: Duration::from_secs(1_000), most: 100 };
        let history = History::open(kept, clock.wall()).unwrap();
        let (_, telemetry) = telemetry::start(None, clock.wall()).unwrap();
        let pool = PoolPlan {
            pool: PoolId::new("main"),
            numbers: NUMBERS.iter().map(|text| number(text)).collect(),
            shared: Some(number(SHARED)),
            quarantine: Duration::from_secs(600),
            promise: Some(promise()),
        };
        let seed = StoreRequest::Seed { pool: pool.pool.clone(), numbers: pool.numbers.clone(), now: clock.wall() };
        store.ask(seed).await.unwrap();
        let troubles = Arc::new(crate::io::troubles::Troubles::new(Some(telemetry.clone())));
        let web = Web {
            door: Arc::clone(&engine) as Arc<dyn EngineDoor>,
            store: Arc::clone(&store) as Arc<dyn StoreDoor>,
            lines: Arc::new(DeskLines::new(tokio::runtime::Handle::current(), Arc::clone(&troubles))),
            sip: super::SipWeb {
                door: crate::io::sip::websocket::door(crate::sip::api::FlowId(0)).0,
                engine: Arc::clone(&engine) as Arc<dyn EngineDoor>,
                clock,
                token_keys: TokenKeys::new(&[TokenKey { id: 1, secret: vec![7; 32] }]).unwrap(),
                passes: crate::desktop::pass::PassKeys::default(),
                origins: Origins::new(vec![SHOP.to_owned()]),
                troubles,
            },
            pages: Arc::clone(&pages),
            history: history.clone(),
            waits: Arc::default(),
            boards: Arc::default(),
            telemetry,
            reload: Arc::new(Reload),
            clock,
            recordings: Some(std::env::temp_dir().join(format!("throughline-web-{}", std::process::id()))),
            keys: vec![key("site", SITE, true), key("board", BOARD, false), key("other", OTHER_SITE, true)],
            token_keys: TokenKeys::new(&[TokenKey { id: 1, secret: vec![7; 32] }]).unwrap(),
            priors: Priors::default(),
            callback: Some(Arc::new(callback_plan())),
            routes: routes(),
            region: Region::parse("US"),
            default_ttl: Duration::from_secs(900),
            lives: Bounds::ALL,
            pool: Some(pool.pool.clone()),
            pools: vec![pool],
            pace: Arc::default(),
            doubts: super::doubts(),
            rng: Mutex::new(Rng::from_number(1)),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let web = Arc::new(web);
        tokio::spawn(serve(listener, router(Arc::clone(&web)), std::future::pending()));
        Server { address, client: reqwest::Client::new(), store, engine, pages, history, web }
    }

    fn request(&self, method: Method, path: &str, key: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address)).bearer_auth(key)
    }

    async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path, BOARD).send().await.unwrap()
    }

    async fn register(&self, body: &Value) -> Response {
        self.request(Method::POST, "/v1/intents", SITE).json(body).send().await.unwrap()
    }
}

fn intent() -> Value {
    json!({
        "customer": {"id": "c-1", "name": "Ann Example", "email": "ann@example.com", "phones": [CUSTOMER], "tier": "gold"},
        "subject": {"kind": "order", "id": "A-1001", "title": "A lamp"},
        "reason": {"category": "return", "sub_category": "damaged"},
        "articles": [{"id": "kb-17", "title": "Returning a lamp"}],
        "words": "It arrived broken",
        "attributes": {"cart": "9"},
    })
}

async fn body(response: Response) -> Value {
    response.json().await.unwrap()
}

/// Checks that this is a problem as RFC 9457 has it, and answers it.
async fn problem(response: Response, status: u16, name: &str) -> Value {
    assert_eq!(response.status().as_u16(), status, "{name}");
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{name}");
    let body = body(response).await;
    assert_eq!(body["type"], format!("urn:throughline:problem:{name}"));
    assert_eq!(body["status"], status);
    assert!(body["title"].is_string() && body["detail"].is_string());
    body
}

#[tokio::test]
async fn an_intent_lives_from_its_registration_to_its_withdrawal() {
    let server = Server::start().await;
    let response = server.register(&intent()).await;
    assert_eq!(response.status(), 201);
    let place = response.headers()["location"].to_str().unwrap().to_owned();
    let made = body(response).await;
    assert_eq!(place, format!("/v1/intents/{}", made["id"].as_str().unwrap()));
    assert_eq!((&made["state"], &made["shared"], &made["version"]), (&json!("open"), &json!(false), &json!(1)));
    assert!(NUMBERS.contains(&made["number"].as_str().unwrap()));
    assert_eq!(made["tel"], format!("tel:{}", made["number"].as_str().unwrap()));
    assert!(made["token"].as_str().unwrap().starts_with("tok_") && made["expires_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(body(server.request(Method::GET, &place, SITE).send().await.unwrap()).await, made);

    let change = json!({"subject": null, "urgency": "high", "words": "It arrived broken, twice"});
    let response = server.request(Method::PATCH, &place, SITE).json(&change).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let changed = body(response).await;
    assert!(changed.get("subject").is_none());
    assert_eq!(
        (&changed["urgency"], &changed["version"], &changed["reason"]),
        (&json!("high"), &json!(2), &made["reason"])
    );

    assert_eq!(server.request(Method::DELETE, &place, SITE).send().await.unwrap().status(), 204);
    assert_eq!(body(server.request(Method::GET, &place, SITE).send().await.unwrap()).await["state"], "withdrawn");
    assert_eq!(server.request(Method::DELETE, &place, SITE).send().await.unwrap().status(), 204, "twice is as once");
    let never = format!("/v1/intents/{}", IntentId(5));
    problem(server.request(Method::DELETE, &never, SITE).send().await.unwrap(), 404, "not-found").await;
    problem(server.request(Method::PATCH, &place, SITE).json(&change).send().await.unwrap(), 404, "not-found").await;
}

#[tokio::test]
async fn an_empty_pool_gives_the_shared_number() {
    let server = Server::start().await;
    for _ in NUMBERS {
        assert_eq!(body(server.register(&intent()).await).await["shared"], false);
    }
    let third = body(server.register(&intent()).await).await;
    assert_eq!((&third["number"], &third["shared"]), (&json!(SHARED), &json!(true)));
}

#[tokio::test]
async fn the_same_key_and_body_registers_once() {
    let server = Server::start().await;
    let post = |key: &str, body: &Value| {
        server.request(Method::POST, "/v1/intents", key).header("Idempotency-Key", "k-1").json(body).send()
    };
    let first = post(SITE, &intent()).await.unwrap();
    assert!(first.status() == 201 && !first.headers().contains_key("idempotency-replayed"));
    let first = body(first).await;
    let again = post(SITE, &intent()).await.unwrap();
    assert_eq!((again.status().as_u16(), &again.headers()["idempotency-replayed"]), (200, &"true".parse().unwrap()));
    assert_eq!(body(again).await, first);
    problem(
        post(SITE, &json!({"customer": {"id": "c-2"}, "reason": {"category": "x"}})).await.unwrap(),
        422,
        "idempotency-key-reused",
    )
    .await;
    let other = post(OTHER_SITE, &intent()).await.unwrap();
    assert_eq!(other.status(), 201, "keys of different clients do not meet");
    let long = server.request(Method::POST, "/v1/intents", SITE).header("Idempotency-Key", "k".repeat(300));
    problem(long.json(&intent()).send().await.unwrap(), 400, "invalid-request").await;
}

#[tokio::test]
async fn every_fault_of_a_body_is_named() {
    let server = Server::start().await;
    let mut bad = intent();
    bad["customer"]["email"] = json!("ann");
    bad["customer"]["phones"] = json!([CUSTOMER, "nobody"]);
    bad["urgency"] = json!("extreme");
    bad["ttl_s"] = json!(1);
    let told = problem(server.register(&bad).await, 422, "invalid-body").await;
    let fields: Vec<_> =
        told["faults"].as_array().unwrap().iter().map(|fault| fault["field"].as_str().unwrap()).collect();
    for field in ["customer.email", "customer.phones[1]", "urgency", "ttl_s"] {
        assert!(fields.contains(&field), "{field} in {fields:?}");
    }
    assert!(
        told["faults"].as_array().unwrap().iter().all(|fault| fault["what"].is_string() && fault["remedy"].is_string())
    );
}

#[tokio::test]
async fn a_field_that_does_not_fit_is_named_with_its_place() {
    let server = Server::start().await;
    let mut bad = intent();
    bad["customer"]["phones"] = json!([5]);
    let told = problem(server.register(&bad).await, 422, "invalid-body").await;
    assert_eq!(told["faults"][0]["field"], "customer.phones[0]");
    let mut bad = intent();
    bad["subject"]["colour"] = json!("red");
    let told = problem(server.register(&bad).await, 422, "invalid-body").await;
    assert_eq!(told["faults"][0]["field"], "subject.colour");
    problem(server.register(&json!({})).await, 422, "invalid-body").await;
}

#[tokio::test]
async fn what_is_no_json_is_told_where() {
    let server = Server::start().await;
    let send = |text: String, kind: &str| {
        server.request(Method::POST, "/v1/intents", SITE).header("content-type", kind).body(text).send()
    };
    for text in ["", "{", "{\"customer\": nonsense}", "not JSON", "\u{0}"] {
        let told = send(text.to_owned(), "application/json").await.unwrap();
        let kind = problem(told, 400, "malformed-json").await;
        assert!(kind["detail"].as_str().unwrap().contains("line 1"), "{text}");
    }
    problem(send("[".repeat(10_000), "application/json").await.unwrap(), 422, "invalid-body").await;
    let twice = format!("{}{}", intent(), intent());
    problem(send(twice, "application/json").await.unwrap(), 400, "malformed-json").await;
    problem(send(intent().to_string(), "text/plain").await.unwrap(), 415, "unsupported-media-type").await;
    assert_eq!(send(intent().to_string(), "Application/JSON; charset=utf-8").await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = Server::start().await;
    let large = vec![b' '; HTTP_BODY_MAX + 1];
    let send = server.request(Method::POST, "/v1/intents", SITE).header("content-type", "application/json").body(large);
    problem(send.send().await.unwrap(), 413, "too-large").await;
}

#[tokio::test]
async fn keys_open_what_they_are_for() {
    let server = Server::start().await;
    let bare = server.client.get(format!("http://{}/v1/calls", server.address)).send().await.unwrap();
    assert_eq!(bare.headers()["www-authenticate"], "Bearer");
    problem(bare, 401, "unauthorized").await;
    problem(server.request(Method::GET, "/v1/calls", "guess").send().await.unwrap(), 401, "unauthorized").await;
    let basic = server.client.get(format!("http://{}/v1/calls", server.address)).basic_auth("a", Some("a guess"));
    problem(basic.send().await.unwrap(), 401, "unauthorized").await;
    problem(server.request(Method::GET, "/v1/calls", SITE).send().await.unwrap(), 403, "forbidden").await;
    let write = server.request(Method::POST, "/v1/intents", BOARD).json(&intent());
    problem(write.send().await.unwrap(), 403, "forbidden").await;
}

#[tokio::test]
async fn addresses_and_methods_that_are_not_there_are_problems() {
    let server = Server::start().await;
    problem(server.get("/v1/nothing").await, 404, "not-found").await;
    problem(server.get("/").await, 404, "not-found").await;
    problem(server.request(Method::GET, "/v1/intents/nonsense", SITE).send().await.unwrap(), 404, "not-found").await;
    let wrong = server.request(Method::PUT, "/v1/intents", SITE).send().await.unwrap();
    assert_eq!(wrong.headers()["allow"], "POST");
    problem(wrong, 405, "method-not-allowed").await;
    problem(server.get("/v1/desktop").await, 426, "upgrade-required").await;
}

#[tokio::test]
async fn a_desk_connects_on_the_same_port() {
    let server = Server::start().await;
    let url = format!("ws://{}/v1/desktop", server.address);
    let (_, response) = tokio_tungstenite::connect_async(url).await.unwrap();
    assert_eq!(response.status(), 101);
}

#[tokio::test]
async fn a_look_up_says_whose_call_it_would_be() {
    let server = Server::start().await;
    let made = body(server.register(&intent()).await).await;
    let number = made["number"].as_str().unwrap().trim_start_matches('+');
    let find = |query: String| server.get_owned(format!("/v1/match?{query}"));
    let by_number = body(find(format!("dialled=%2B{number}&caller={}", &CUSTOMER[2..])).await).await;
    assert_eq!((&by_number["level"], &by_number["intent"]["id"]), (&json!("V2"), &made["id"]));
    assert_eq!(by_number["intent"]["reason"]["category"], "return");
    assert!(!by_number.to_string().contains("Ann"), "a dial plan is not told who it is");
    let unescaped = body(find(format!("dialled=+{number}")).await).await;
    assert_eq!(unescaped["intent"]["id"], made["id"]);
    let by_caller = body(find(format!("caller=%2B{}", &CUSTOMER[1..])).await).await;
    assert_eq!(by_caller["level"], "V1");
    let by_token = body(find(format!("token={}", made["token"].as_str().unwrap())).await).await;
    assert_eq!(by_token["level"], "V3");
    let nobody = body(find("dialled=%2B12015550199&caller=anonymous".to_owned()).await).await;
    assert_eq!((&nobody["level"], nobody.get("intent")), (&json!("V0"), None));
    for query in ["", "dialled=nonsense", "token=tok_forged", "colour=red", "dialled=%2B12015550101&asserted=perhaps"] {
        problem(find(query.to_owned()).await, 400, "invalid-request").await;
    }
}

#[tokio::test]
async fn a_look_up_says_where_the_call_should_go_in_every_form() {
    let server = Server::start().await;
    let mut asked = intent();
    asked["preferred_agent"] = json!("anna");
    let made = body(server.register(&asked).await).await;
    let number = made["number"].as_str().unwrap().trim_start_matches('+');
    let found = body(server.get_owned(format!("/v1/match?dialled=%2B{number}&trunk=carrier")).await).await;
    let access = &found["access"];
    assert_eq!(
        (&access["answer"], &access["rule"], &access["queue"], &access["priority"]),
        (&json!("human"), &json!("strong"), &json!("returns"), &json!(5))
    );
    assert_eq!(found["intent"]["extension"], "204");
    let text = server.get_owned(format!("/v1/match?dialled=%2B{number}&format=text")).await.text().await.unwrap();
    for line in ["LEVEL=V2", "ANSWER=human", "QUEUE=returns", "EXTENSION=204", "STATUS=", "CATEGORY=return"] {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
    let id = made["id"].as_str().unwrap();
    let uui = text.lines().find_map(|line| line.strip_prefix("UUI=")).unwrap();
    assert_eq!(uui, format!("{};encoding=hex", to_hex(id.as_bytes())));
    let nobody = server.get("/v1/match?dialled=%2B12015550199&format=form").await.text().await.unwrap();
    assert!(
        nobody.contains("ANSWER=refuse&") && nobody.contains("ANNOUNCEMENT=Please%20use%20the%20page.&"),
        "{nobody}"
    );
    assert_eq!(nobody.matches('&').count() + 1, text.lines().count(), "the same keys, whatever the answer");
    problem(server.get("/v1/match?dialled=%2B12015550199&format=xml").await, 400, "invalid-request").await;
}

#[tokio::test]
async fn a_look_up_that_is_late_is_a_miss() {
    let server = Server::start().await;
    server.store.silent.store(true, Ordering::Relaxed);
    problem(server.get("/v1/match?dialled=%2B12015550199").await, 504, "match-late").await;
}

#[tokio::test]
async fn a_dial_plan_may_say_its_key_as_a_password() {
    let server = Server::start().await;
    let ask = |password: &str| {
        let url = format!("http://{}/v1/match?dialled=%2B12015550199", server.address);
        server.client.get(url).basic_auth("asterisk", Some(password)).send()
    };
    assert_eq!(ask(BOARD).await.unwrap().status(), 200);
    assert_eq!(ask("a guess").await.unwrap().status(), 401);
}

#[tokio::test]
async fn the_board_shows_what_the_engine_holds() {
    let server = Server::start().await;
    let calls = body(server.get("/v1/calls?limit=1").await).await;
    assert_eq!(calls["calls"].as_array().unwrap().len(), 1);
    let call = body(server.get(&format!("/v1/calls/{}", CallId(7))).await).await;
    assert_eq!(call["diverted_from"], NUMBERS[1]);
    assert_eq!(
        (&call["outcome"], &call["talked_ms"], &call["stages"][0]["us"]),
        (&json!("talked"), &json!(60_000), &json!(120.0))
    );
    assert_eq!(call["passed_over"][0], json!({"agent": "ben", "why": "offline"}));
    problem(server.get(&format!("/v1/calls/{}", CallId(8))).await, 404, "not-found").await;
    problem(server.get("/v1/calls?limit=0").await, 400, "invalid-request").await;
    assert_eq!(body(server.get("/v1/agents").await).await["agents"][0]["state"], "on-call");
    assert_eq!(body(server.get("/v1/queues").await).await["queues"][0]["oldest_wait_ms"], 1500);
    assert_eq!(body(server.get("/v1/trunks").await).await["trunks"][0]["reachable"], true);
    let latency = body(server.get("/v1/latency").await).await;
    assert_eq!((&latency["unit"], latency["stages"].as_array().unwrap().len()), (&json!("us"), Stage::ALL.len()));
    assert_eq!(latency["stages"][0]["p99.9"], 0.0);
}

#[tokio::test]
async fn numbers_are_shown_with_their_intents() {
    let server = Server::start().await;
    let made = body(server.register(&intent()).await).await;
    let numbers = body(server.get("/v1/numbers").await).await;
    assert_eq!((&numbers["total"], &numbers["pools"][0]["shared"]), (&json!(2), &json!(SHARED)));
    let promise = &numbers["pools"][0]["promise"];
    assert_eq!(
        (&promise["kept"], &promise["per_hour"], &promise["lease_s"]),
        (&json!(false), &json!(60.0), &json!(899))
    );
    assert!(promise["numbers_needed"].as_u64().unwrap() > 2 && promise["promised"]["empty"].as_f64().unwrap() > 0.5);
    assert_eq!(numbers["pools"][0]["quarantine_s"], promise["quarantine_s"]);
    let held: Vec<_> = numbers["numbers"].as_array().unwrap().iter().filter(|n| n.get("intent").is_some()).collect();
    assert_eq!((held.len(), &held[0]["intent"], &held[0]["number"]), (1, &made["id"], &made["number"]));
    let part = body(server.get("/v1/numbers?offset=1&limit=5").await).await;
    assert_eq!(part["numbers"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn those_who_watch_need_no_key() {
    let server = Server::start().await;
    let open = |path: &str| server.client.get(format!("http://{}{path}", server.address)).send();
    assert_eq!(open("/healthz").await.unwrap().status(), 200);
    assert_eq!(
        body(open("/readyz").await.unwrap()).await,
        json!({"status": "ready", "calls": 3, "waiting": 1, "policy": "000000000000"})
    );
    let metrics = open("/metrics").await.unwrap();
    assert!(metrics.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let text = metrics.text().await.unwrap();
    assert!(text.contains("\nthroughline_pool_kept{pool=\"main\"} 0\n"));
    assert!(
        text.contains("\nthroughline_calls 3\n") && text.contains("throughline_trunk_reachable{trunk=\"carrier\"} 1")
    );
}

#[tokio::test]
async fn without_a_store_the_answer_is_to_try_again() {
    let server = Server::start().await;
    server.store.gone.store(true, Ordering::Relaxed);
    let response = server.register(&intent()).await;
    assert!(response.headers().contains_key("retry-after"));
    problem(response, 503, "store-unavailable").await;
    let told = problem(server.get("/readyz").await, 503, "not-ready").await;
    assert_eq!(told["faults"][0]["field"], "store");
    assert_eq!(server.get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn without_an_engine_the_answer_is_to_try_again() {
    let server = Server::start().await;
    server.engine.gone.store(true, Ordering::Relaxed);
    for path in ["/v1/calls", "/v1/agents", "/v1/queues", "/v1/trunks"] {
        problem(server.get(path).await, 503, "engine-unavailable").await;
    }
    problem(server.get("/readyz").await, 503, "not-ready").await;
    assert_eq!(server.get("/metrics").await.status(), 200);
}

#[tokio::test]
async fn the_description_and_the_addresses_are_the_same() {
    let server = Server::start().await;
    let document = body(server.get("/openapi.json").await).await;
    let paths = document["paths"].as_object().unwrap();
    let tables = [super::table(), super::open_table()].concat();
    let mut known: Vec<&str> = tables.iter().map(|(path, _)| *path).chain(["/v1/desktop", "/sip"]).collect();
    known.sort_unstable();
    assert_eq!(paths.keys().map(String::as_str).collect::<Vec<_>>(), known);
    for (path, methods) in paths {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let described = methods.get(method.as_str().to_lowercase()).is_some();
            let path = path.replace("{id}", "nonsense");
            let status = server.request(method.clone(), &path, "none").send().await.unwrap().status();
            assert_eq!(status != 405, described, "{method} {path} answers {status}");
        }
    }
}

impl Server {
    async fn get_owned(&self, path: String) -> Response {
        self.get(&path).await
    }
}
