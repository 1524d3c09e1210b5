//! Desks on a real websocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::base::limits::{DESK_MESSAGE_MAX, DESK_MESSAGES_AT_ONCE};
use crate::base::{AgentId, CallId};
use crate::desktop::{CallPhase, DeskCommand, DeskEvent};

use super::loopback::{Loopback, offer};

/// A test that waits longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(10);
const HELLO: &str = r#"{"type":"hello","agent":"anna","token":"token of anna"}"#;
const CALL: CallId = CallId(7);

struct Desk(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Desk {
    async fn open(server: &Loopback) -> Desk {
        Desk(tokio_tungstenite::connect_async(server.url()).await.expect("connected").0)
    }

    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("sent");
    }

    /// The next text, or `close` and its code.
    async fn hear(&mut self) -> String {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("in time") {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(Message::Close(Some(frame)))) => return format!("close {}", u16::from(frame.code)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return "gone".to_owned(),
            }
        }
    }
}

/// The session in a welcome.
fn session(welcome: &str) -> String {
    let welcome: serde_json::Value = serde_json::from_str(welcome).expect("JSON");
    welcome["session"].as_str().expect("a session").to_owned()
}

#[tokio::test]
async fn a_pop_goes_out_and_its_acknowledgement_comes_back() {
    let mut server = Loopback::start().await;
    let mut desk = Desk::open(&server).await;
    desk.say(HELLO).await;
    assert!(desk.hear().await.starts_with(r#"{"type":"welcome","agent":"anna""#));
    assert_eq!(server.event().await, DeskEvent::LoggedIn { agent: AgentId::new("anna") });
    server.door.command(offer("anna", CALL));
    let pop = desk.hear().await;
    assert!(pop.starts_with(r#"{"seq":1,"type":"pop""#) && !pop.contains("A-1001"), "{pop}");
    desk.say(&format!(r#"{{"type":"pop_drawn","call":"{CALL}","fence":1}}"#)).await;
    assert!(matches!(server.event().await, DeskEvent::PopAcknowledged { call: CALL, .. }));
}

#[tokio::test]
async fn a_cut_connection_resumes_where_it_was() {
    let mut server = Loopback::start().await;
    let mut desk = Desk::open(&server).await;
    desk.say(HELLO).await;
    let session = session(&desk.hear().await);
    server.door.command(offer("anna", CALL));
    desk.hear().await;
    drop(desk);
    assert!(matches!(server.event().await, DeskEvent::LoggedIn { .. }));
    assert!(matches!(server.event().await, DeskEvent::ConnectionLost { .. }));
    let talking = DeskCommand::CallPhase { agent: AgentId::new("anna"), call: CALL, phase: CallPhase::Talking };
    server.door.command(talking);
    let mut desk = Desk::open(&server).await;
    let resume = format!(r#""resume":{{"session":"{session}","last_seen":1}}}}"#);
    desk.say(&HELLO.replace('}', &format!(",{resume}"))).await;
    assert!(desk.hear().await.contains(r#""resumed":true"#));
    assert_eq!(desk.hear().await, format!(r#"{{"seq":2,"type":"call_state","call":"{CALL}","phase":"talking"}}"#));
}

#[tokio::test]
async fn a_newer_login_displaces_the_older() {
    let server = Loopback::start().await;
    let (mut older, mut newer) = (Desk::open(&server).await, Desk::open(&server).await);
    older.say(HELLO).await;
    older.hear().await;
    newer.say(HELLO).await;
    assert_eq!(older.hear().await, r#"{"type":"displaced"}"#);
    assert_eq!(older.hear().await, "close 4001");
    assert!(newer.hear().await.contains("welcome"));
}

#[tokio::test]
async fn nonsense_is_answered_and_the_connection_stays() {
    let server = Loopback::start().await;
    let mut desk = Desk::open(&server).await;
    for text in ["not JSON", r#"{"type":"ping","more":1}"#] {
        desk.say(text).await;
        assert!(desk.hear().await.contains(r#""code":"unreadable""#), "{text}");
    }
    desk.0.send(Message::binary(vec![0, 1])).await.expect("sent");
    assert!(desk.hear().await.contains(r#""code":"unreadable""#));
    desk.say(r#"{"type":"ping"}"#).await;
    assert_eq!(desk.hear().await, r#"{"type":"pong"}"#);
}

#[tokio::test]
async fn wrong_tokens_close_the_connection() {
    let server = Loopback::start().await;
    let mut desk = Desk::open(&server).await;
    for _ in 0..3 {
        desk.say(r#"{"type":"hello","agent":"anna","token":"guess"}"#).await;
        assert!(desk.hear().await.contains(r#""code":"unauthorized""#));
    }
    assert_eq!(desk.hear().await, "close 4003");
}

#[tokio::test]
async fn a_message_that_is_too_long_closes_the_connection() {
    let server = Loopback::start().await;
    let mut desk = Desk::open(&server).await;
    desk.say(&"x".repeat(DESK_MESSAGE_MAX + 1)).await;
    assert_eq!(desk.hear().await, "close 1009");
}

#[tokio::test]
async fn a_flood_closes_the_connection() {
    let server = Loopback::start().await;
    let mut desk = Desk::open(&server).await;
    for _ in 0..DESK_MESSAGES_AT_ONCE + 200 {
        if desk.0.feed(Message::text(r#"{"type":"ping"}"#)).await.is_err() {
            break;
        }
    }
    let _ = desk.0.flush().await;
    let mut last = desk.hear().await;
    while last.contains("pong") {
        last = desk.hear().await;
    }
    assert!(last == "close 4029" || last == "gone", "{last}");
}
