//! Intents before their calls: over the HTTP API as a site does it, or many at once through the store's own code.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::Value;
use throughline::base::phone::Region;
use throughline::base::rng::Rng;
use throughline::base::{IntentId, Pii, Wall, limits};
use throughline::intents::draft::{CustomerDraft, Draft, DraftRules, ReasonDraft, SubjectDraft};
use throughline::intents::promise::Bounds;
use throughline::intents::{StoreReply, StoreRequest};
use throughline::io::store::{RedisSetup, Store};

use crate::numbers;
use crate::support::server;
use crate::support::sipp::Dialled;

/// How registering went.
pub struct Registered {
    pub count: usize,
    pub took: Duration,
    /// The server's, in that time.
    pub cpu: Duration,
    us: Histogram<u64>,
}

const CONNECTIONS: usize = 8;
const LONGEST_US: u64 = 60_000_000;

impl Registered {
    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.took.as_secs_f64().max(1e-9)
    }

    pub fn ms(&self, quantile: f64) -> String {
        format!("{:.2}", self.us.value_at_quantile(quantile) as f64 / 1000.0)
    }

    pub fn cpu_us(&self) -> f64 {
        self.cpu.as_micros() as f64 / self.count.max(1) as f64
    }
}

/// Registers one intent for each caller, several at once, at most `rate` a second.
pub fn register(http: SocketAddr, callers: Range<usize>, rate: usize, reason: &str) -> (Vec<Dialled>, Registered) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = Arc::new(reqwest::Client::new());
    let url = Arc::new(format!("http://{http}/v1/intents"));
    let begun = Instant::now();
    let count = callers.len();
    let mut us = Histogram::new_with_max(LONGEST_US, 3).expect("a minute, three digits");
    let calls = runtime.block_on(async {
        let mut calls = Vec::with_capacity(count);
        while calls.len() < count {
            let due = Duration::from_secs_f64(calls.len() as f64 / rate.max(1) as f64);
            tokio::time::sleep_until((begun + due).into()).await;
            let batch = calls.len()..count.min(calls.len() + CONNECTIONS);
            let one =
                |nth: usize| one(client.clone(), url.clone(), numbers::caller(callers.start + nth), reason.to_owned());
            let asked: Vec<_> = batch.map(|nth| tokio::spawn(one(nth))).collect();
            for answer in asked {
                let (call, took) = answer.await.expect("a registration");
                us.saturating_record(took.as_micros() as u64);
                calls.push(call);
            }
        }
        calls
    });
    (calls, Registered { count, took: begun.elapsed(), cpu: Duration::ZERO, us })
}

async fn one(client: Arc<reqwest::Client>, url: Arc<String>, caller: String, reason: String) -> (Dialled, Duration) {
    let mut intent = server::intent(&caller);
    intent["reason"]["category"] = Value::String(reason);
    let began = Instant::now();
    let request = client.post(url.as_str()).bearer_auth(server::key()).header("content-type", "application/json");
    let response = request.body(intent.to_string()).send().await.expect("an answer");
    let (status, text) = (response.status(), response.text().await.expect("a body"));
    assert_eq!(status.as_u16(), 201, "{text}");
    let intent: Value = serde_json::from_str(&text).expect("JSON");
    (Dialled::new(intent["number"].as_str().expect("a number"), &caller), began.elapsed())
}

/// Puts `count` intents into the Redis at `url`, as the server would, without the HTTP around it. They have no number of their own.
pub fn load(url: &str, count: usize) -> Registered {
    const WAITING: usize = 256;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut us = Histogram::new_with_max(LONGEST_US, 3).expect("a minute, three digits");
    let begun = Instant::now();
    runtime.block_on(async {
        let setup = RedisSetup { url: url.to_owned(), prefix: "throughline".to_owned() };
        let store = Store::redis(setup, limits::INTENTS_MAX, Duration::from_secs(30)).expect("a store");
        let mut rng = Rng::from_number(1);
        let mut asked = tokio::task::JoinSet::new();
        for nth in 0..count {
            if asked.len() >= WAITING {
                note(asked.join_next().await, &mut us);
            }
            let (store, request) = (store.clone(), request(nth, &mut rng));
            asked.spawn(async move {
                let began = Instant::now();
                put(&store, request).await;
                began.elapsed()
            });
        }
        while let Some(done) = asked.join_next().await {
            note(Some(done), &mut us);
        }
    });
    Registered { count, took: begun.elapsed(), cpu: Duration::ZERO, us }
}

/// A store that is slow to answer is asked again: the same registration twice is one.
async fn put(store: &Store, request: StoreRequest) {
    const ATTEMPTS: usize = 5;
    let mut last = None;
    for _ in 0..ATTEMPTS {
        match store.ask(request.clone()).await {
            Ok(StoreReply::Registered(_) | StoreReply::Replayed(_)) => return,
            refused => last = Some(refused),
        }
    }
    panic!("not registered: {last:?}");
}

fn note(done: Option<Result<Duration, tokio::task::JoinError>>, us: &mut Histogram<u64>) {
    let took = done.expect("one that was asked").expect("a registration");
    us.saturating_record(took.as_micros() as u64);
}

fn request(nth: usize, rng: &mut Rng) -> StoreRequest {
    let now = now();
    let caller = numbers::crowd(nth);
    let draft = Draft {
        customer: CustomerDraft {
            id: format!("crowd-{nth}"),
            name: Pii::new("Avery Example".to_owned()),
            email: Pii::new("avery@shop.example.com".to_owned()),
            phones: vec![Pii::new(caller)],
            ..CustomerDraft::default()
        },
        subject: Some(SubjectDraft { kind: "order".into(), id: nth.to_string(), title: "A red bicycle".into() }),
        reason: ReasonDraft { category: "delivery".into(), sub_category: None },
        words: Pii::new("It has not come yet".to_owned()),
        ttl_s: Some(3600),
        ..Draft::default()
    };
    let rules = DraftRules { region: Region::parse("US"), default_ttl: Duration::from_secs(900), lives: Bounds::ALL };
    let id = IntentId(u128::from(rng.u64()) << 64 | u128::from(rng.u64()));
    let intent = draft.check(id, &rules, now).unwrap_or_else(|faults| panic!("{faults:?}"));
    StoreRequest::Register { intent: Box::new(intent), lease: None, idempotency: None, now }
}

fn now() -> Wall {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    Wall(since.as_millis() as u64)
}
