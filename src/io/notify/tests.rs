//! Against a listener that verifies what it gets, as a target would.

use std::path::Path;
use std::slice::from_ref;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::*;
use crate::base::{AgentId, CallId, IntentId, Level, QueueId, TrunkId, Wall};
use crate::calls::facts::{About, Outcome};
use crate::intents::Reason;
use crate::io::history::Kept;
use crate::io::telemetry;

const SECRET: &[u8] = b"a secret of some twenty-four bytes";

/// What a target has got: how often, and the last body of an event that it could verify.
#[derive(Default)]
struct Got {
    refusals_left: u32,
    ids: Vec<String>,
    taken: Vec<serde_json::Value>,
}

type Target = Arc<Mutex<Got>>;

async fn take(State(target): State<Target>, headers: HeaderMap, body: String) -> StatusCode {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (id, time, signature) = (text("webhook-id"), text("webhook-timestamp"), text("webhook-signature"));
    let mut got = target.lock().unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    let given = STANDARD.decode(signature.strip_prefix("v1,").unwrap_or_default()).unwrap_or_default();
    if mac.verify_slice(&given).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    got.ids.push(id);
    if got.refusals_left > 0 {
        got.refusals_left -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    got.taken.push(serde_json::from_str(&body).unwrap());
    StatusCode::NO_CONTENT
}

async fn target(refusals: u32) -> (Target, String) {
    let target = Arc::new(Mutex::new(Got { refusals_left: refusals, ..Got::default() }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/calls?team=gold", listener.local_addr().unwrap());
    let router = Router::new().route("/calls", post(take)).with_state(target.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (target, url)
}

fn plan(url: &str) -> NotifyTarget {
    NotifyTarget {
        name: "gold-team".to_owned(),
        url: url.to_owned(),
        secret: Pii::new(SECRET.to_vec()),
        timeout: Duration::from_secs(5),
        retry: Duration::from_millis(10),
        tries: 5,
        ca: PathBuf::from("/nowhere"),
    }
}

fn history() -> History {
    history_at(Path::new(":memory:"))
}

fn history_at(file: &Path) -> History {
    let kept = Kept { file: file.to_owned(), age: Duration::from_secs(3600), most: 10 };
    History::open(kept, Wall(1_800_000_000_000)).unwrap()
}

fn record() -> CallRecord {
    CallRecord {
        notify: Some("gold-team".into()),
        ended: Some(Wall(1_800_000_090_000)),
        intent: Some(IntentId(5)),
        level: Level::Strong,
        rule: Some("gold customers first".to_owned()),
        queue: Some(QueueId::new("help")),
        agent: Some(AgentId::new("anna")),
        outcome: Some(Outcome::Talked),
        talked: Duration::from_secs(60),
        about: Some(Box::new(About {
            customer: Pii::new("c-1001".to_owned()),
            subject: None,
            reason: Reason { category: "delivery".to_owned(), sub_category: None },
        })),
        caller: Pii::new("+12015550177".to_owned()),
        ..CallRecord::begun(CallId(7), TrunkId::new("carrier"), Wall(1_800_000_000_000))
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}");
}

#[tokio::test]
async fn a_notice_is_signed_and_sent_until_it_is_taken() {
    let (target, url) = target(2).await;
    let (_recorder, telemetry) = telemetry::start(None, Wall(0)).unwrap();
    let notifier = Notifier::start(&[plan(&url)], &telemetry, history()).unwrap();
    notifier.note(&record());
    notifier.note(&CallRecord { notify: None, ..record() });
    notifier.note(&CallRecord { notify: Some("nobody".into()), ..record() });
    until("it is taken", || !target.lock().unwrap().taken.is_empty()).await;
    until("it is counted", || telemetry.count(&Counter::Notified("gold-team".to_owned())) == 1).await;
    let got = target.lock().unwrap();
    assert_eq!(got.ids, [format!("evt_{}", CallId(7)), format!("evt_{}", CallId(7)), format!("evt_{}", CallId(7))]);
    let event = &got.taken[0];
    assert_eq!(event["type"], "call.ended");
    let data = &event["data"];
    assert_eq!((&data["served"], &data["customer"], &data["level"]), (&true.into(), &"c-1001".into(), &"V2".into()));
    assert_eq!((&data["rule"], &data["agent"]), (&"gold customers first".into(), &"anna".into()));
    assert_eq!((&data["waited_s"], &data["talked_s"]), (&90.0.into(), &60.0.into()));
    assert!(!event.to_string().contains("+12015550177"), "no number of the caller's: {event}");
    assert_eq!(telemetry.count(&Counter::NoticeFailed("gold-team".to_owned())), 2);
}

#[tokio::test]
async fn a_notice_that_nobody_takes_is_given_up_and_counted() {
    let (_recorder, telemetry) = telemetry::start(None, Wall(0)).unwrap();
    let (target, url) = target(u32::MAX).await;
    let notifier = Notifier::start(&[NotifyTarget { tries: 3, ..plan(&url) }], &telemetry, history()).unwrap();
    notifier.note(&record());
    until("it is lost", || telemetry.count(&Counter::NoticeLost("gold-team".to_owned())) == 1).await;
    assert_eq!(target.lock().unwrap().ids.len(), 3);
    assert_eq!(telemetry.count(&Counter::Notified("gold-team".to_owned())), 0);
}

#[tokio::test]
async fn what_waits_is_tried_once_more_at_the_end() {
    let (_recorder, telemetry) = telemetry::start(None, Wall(0)).unwrap();
    let (target, url) = target(1).await;
    let notifier =
        Notifier::start(&[NotifyTarget { retry: Duration::from_secs(900), ..plan(&url) }], &telemetry, history())
            .unwrap();
    notifier.note(&record());
    until("it is refused", || telemetry.count(&Counter::NoticeFailed("gold-team".to_owned())) == 1).await;
    notifier.end().await;
    assert_eq!(target.lock().unwrap().taken.len(), 1);
}

/// Each notifier is left as a process that is killed leaves it.
#[tokio::test]
async fn the_next_process_goes_on_with_what_was_not_taken() {
    let file = std::env::temp_dir().join(format!("throughline-notices-{}.db", std::process::id()));
    let (_recorder, telemetry) = telemetry::start(None, Wall(0)).unwrap();
    let (target, url) = target(1).await;
    let slow = NotifyTarget { retry: Duration::from_secs(900), ..plan(&url) };
    let failed = || telemetry.count(&Counter::NoticeFailed("gold-team".to_owned()));
    {
        let history = history_at(&file);
        let notifier = Notifier::start(from_ref(&slow), &telemetry, history.clone()).unwrap();
        notifier.note(&record());
        until("it is refused", || failed() == 1).await;
        history.written().await;
    }
    let now = Wall(1_800_000_100_000);
    let history = history_at(&file);
    let notifier = Notifier::start(from_ref(&slow), &telemetry, history.clone()).unwrap();
    notifier.resume(now).await;
    until("it is taken", || target.lock().unwrap().taken.len() == 1).await;
    notifier.end().await;
    assert_eq!(target.lock().unwrap().ids, vec![format!("evt_{}", CallId(7)); 2]);
    assert_eq!(history.notices(now).await, Ok(vec![]));
    history.keep(Notice { target: "nobody".to_owned(), id: "evt_1".to_owned(), body: "{}".to_owned(), at: now });
    let notifier = Notifier::start(&[slow], &telemetry, history.clone()).unwrap();
    notifier.resume(now).await;
    assert_eq!(history.notices(now).await, Ok(vec![]), "nobody is there to be told");
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
    }
}

#[tokio::test]
async fn another_target_takes_what_comes_from_then_on() {
    let (_recorder, telemetry) = telemetry::start(None, Wall(0)).unwrap();
    let ((first, url), (second, other)) = (target(1).await, target(0).await);
    let notifier = Notifier::start(&[plan(&url)], &telemetry, history()).unwrap();
    notifier.note(&record());
    notifier.change(&[plan(&other)]).unwrap();
    notifier.note(&record());
    until("both have theirs", || !first.lock().unwrap().taken.is_empty() && !second.lock().unwrap().taken.is_empty())
        .await;
    assert!(notifier.change(&[plan("https://example.com/x")]).is_err(), "its authorities are not there");
    notifier.note(&record());
    until("the old one stays", || second.lock().unwrap().taken.len() == 2).await;
}

#[test]
fn what_cannot_be_a_target_says_so() {
    for (url, what) in
        [("https://example.com/x", "/nowhere cannot be read"), ("http:///x", "is no address"), ("/x", "names no host")]
    {
        let found = faults(&[plan(url)]);
        assert!(found.iter().any(|fault| fault.to_string().contains(what)), "{url}: {found:?}");
    }
}
