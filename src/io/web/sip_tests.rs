//! SIP websockets from the upgrade to the inputs of the engine, with raw peers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::base::limits::{SIP_CONNECTIONS_PER_BROWSER_MAX, SIP_MESSAGE_MAX, SIP_WEBSOCKET_MESSAGES_AT_ONCE};
use crate::base::{AgentId, IntentId, Wall};
use crate::calls::pages::PageInput;
use crate::desktop::pass::{Pass, PassKeys};
use crate::desktop::{DesktopInput, SessionId};
use crate::engine::Input;
use crate::engine::question::{Answer, Question};
use crate::intents::TokenKeys;
use crate::intents::token::TokenKey;
use crate::io::clock::Clock;
use crate::io::door::{Asked, EngineDoor};
use crate::io::sip::websocket::{self, WebSockets};
use crate::io::sip::{Connections, StreamSetup};
use crate::io::telemetry::{self, Counter, Telemetry};
use crate::io::troubles::{Trouble, Troubles};
use crate::sip::api::{Browser, FlowId, StreamEvent, Transmit};

use super::server::serve;
use super::sip::router;
use super::{Origins, SipWeb};

/// A test that waits longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(20);
const WEB: FlowId = FlowId(2);
const INTENT: IntentId = IntentId(77);
const LATER: Wall = Wall(4_000_000_000_000);

/// The HTTP server with its websockets, and what the engine would hear of them.
struct Server {
    url: String,
    inputs: mpsc::UnboundedReceiver<Input>,
    transmits: mpsc::UnboundedSender<Transmit>,
    engine: Arc<Engine>,
    telemetry: Telemetry,
}

/// Knows only whether a call of `INTENT` is in progress.
#[derive(Default)]
struct Engine(AtomicBool);

impl EngineDoor for Engine {
    fn desktop(&self, _: DesktopInput) {}

    fn page(&self, _: PageInput) {}

    fn is_behind(&self) -> bool {
        false
    }

    fn ask(&self, question: Question) -> Asked<'_> {
        assert_eq!(question, Question::InCall { intent: INTENT });
        Box::pin(std::future::ready(Some(Answer::InCall(self.0.load(Ordering::Relaxed)))))
    }
}

fn tokens() -> TokenKeys {
    TokenKeys::new(&[TokenKey { id: 1, secret: vec![7; 32] }]).unwrap()
}

fn passes() -> PassKeys {
    PassKeys::new(vec![(1, vec![7; 32])])
}

fn caller(expires: Wall) -> String {
    format!("?token={}", tokens().sign(INTENT, expires).text())
}

fn agent(expires: Wall) -> String {
    let pass = Pass { agent: AgentId::new("anna"), session: SessionId(1), expires };
    format!("?token={}", passes().sign(&pass).unwrap().as_str())
}

impl Server {
    async fn start() -> Server {
        Server::with_idle(Duration::from_secs(600)).await
    }

    async fn with_idle(idle: Duration) -> Server {
        let (door, websockets) = websocket::door(WEB);
        let clock = Clock::start();
        let origins = Origins::new(vec!["https://shop.example.com".to_owned()]);
        let engine = Arc::new(Engine::default());
        let known = Arc::clone(&engine) as Arc<dyn EngineDoor>;
        let (_, telemetry) = telemetry::start(None, clock.wall()).unwrap();
        let troubles = Arc::new(Troubles::new(Some(telemetry.clone())));
        let sip = SipWeb { door, engine: known, clock, token_keys: tokens(), passes: passes(), origins, troubles };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/sip", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, router(sip), std::future::pending()));
        let (inputs, transmits) = run(websockets, idle, clock);
        Server { url, inputs, transmits, engine, telemetry }
    }

    /// What the engine hears next.
    async fn hear(&mut self) -> Input {
        tokio::time::timeout(PATIENCE, self.inputs.recv()).await.expect("in time").expect("an input")
    }

    /// How often this trouble was noted.
    fn noted(&self, trouble: Trouble) -> u64 {
        self.telemetry.count(&Counter::Trouble(trouble))
    }

    async fn opened(&mut self) -> (FlowId, Option<Browser>) {
        match self.hear().await {
            Input::Stream { flow, event: StreamEvent::Opened { peer, names, browser } } => {
                assert!(peer.ip().is_loopback() && names.is_empty());
                (flow, browser)
            }
            other => panic!("{other:?}"),
        }
    }

    async fn closed(&mut self) -> FlowId {
        match self.hear().await {
            Input::Stream { flow, event: StreamEvent::Closed } => flow,
            other => panic!("{other:?}"),
        }
    }
}

/// The part of the reactor that drives the connections.
fn run(
    websockets: WebSockets,
    idle: Duration,
    clock: Clock,
) -> (mpsc::UnboundedReceiver<Input>, mpsc::UnboundedSender<Transmit>) {
    let setup = StreamSetup { listeners: Vec::new(), websockets, tls: None, idle, runtime: Handle::current() };
    let mut connections = Connections::start(setup, clock).unwrap();
    let (sender, inputs) = mpsc::unbounded_channel();
    let (transmits, mut to_send) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut turn = Vec::new();
        loop {
            tokio::select! {
                () = connections.ready() => {}
                Some(transmit) = to_send.recv() => drop(connections.send(transmit)),
            }
            connections.take(&mut turn);
            let more = std::iter::from_fn(|| connections.poll_input());
            for input in turn.drain(..).map(|(input, _)| input).chain(more.collect::<Vec<_>>()) {
                if sender.send(input).is_err() {
                    return;
                }
            }
        }
    });
    (inputs, transmits)
}

/// A peer's end.
struct Phone(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Phone {
    /// The status of the refusal otherwise.
    async fn open(server: &Server, query: &str, subprotocol: Option<&str>, origin: Option<&str>) -> Result<Phone, u16> {
        let mut request = format!("{}{query}", server.url).into_client_request().unwrap();
        for (name, value) in [("sec-websocket-protocol", subprotocol), ("origin", origin)] {
            if let Some(value) = value {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, response)) => {
                assert_eq!(response.headers()["sec-websocket-protocol"], "sip");
                Ok(Phone(socket))
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn of(server: &Server, query: &str) -> Phone {
        Phone::open(server, query, Some("sip"), None).await.unwrap_or_else(|status| panic!("{status}"))
    }

    async fn say(&mut self, message: Message) {
        // A connection that is being closed may take no more.
        let _ = self.0.send(message).await;
    }

    /// The next frame, or `close` and its code.
    async fn hear(&mut self) -> String {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("in time") {
                Some(Ok(Message::Text(text))) => return format!("text {text}"),
                Some(Ok(Message::Binary(bytes))) => return format!("binary {}", bytes.len()),
                Some(Ok(Message::Close(Some(frame)))) => return format!("close {}", u16::from(frame.code)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return "gone".to_owned(),
            }
        }
    }
}

#[tokio::test]
async fn a_token_says_whose_browser_it_is() {
    let mut server = Server::start().await;
    let caller_of = Browser::Caller { intent: INTENT };
    let agent_of = Browser::Agent { agent: AgentId::new("anna") };
    for (query, expect) in [(String::new(), None), (caller(LATER), Some(caller_of)), (agent(LATER), Some(agent_of))] {
        let phone = Phone::of(&server, &query).await;
        let (flow, browser) = server.opened().await;
        assert_eq!((flow.listener(), flow.is_stream(), browser), (WEB, true, expect));
        drop(phone);
        assert_eq!(server.closed().await, flow);
    }
}

#[tokio::test]
async fn what_may_not_connect_is_told_why() {
    let server = Server::start().await;
    let (sip, none) = (Some("sip"), None);
    let other = format!(
        "?token={}",
        TokenKeys::new(&[TokenKey { id: 1, secret: vec![8; 32] }]).unwrap().sign(INTENT, LATER).text()
    );
    let forged = agent(LATER).replace("dsk_", "tok_");
    for (query, subprotocol, origin, status) in [
        (caller(Wall(1_000)), sip, none, 401),
        (agent(Wall(1_000)), sip, none, 401),
        (other, sip, none, 401),
        (forged, sip, none, 401),
        ("?token=nonsense".to_owned(), sip, none, 401),
        ("?token=a&token=b".to_owned(), sip, none, 400),
        (String::new(), none, none, 400),
        (String::new(), Some("mqtt"), none, 400),
        (caller(LATER), sip, Some("https://evil.example.com"), 403),
    ] {
        let refused = Phone::open(&server, &query, subprotocol, origin).await.err();
        assert_eq!(refused, Some(status), "{query} {subprotocol:?} {origin:?}");
    }
    let noted = [Trouble::ExpiredToken, Trouble::WrongToken, Trouble::ForeignOrigin].map(|cause| server.noted(cause));
    assert_eq!(noted, [2, 3, 1]);
    let known = Phone::open(&server, &caller(LATER), Some("mqtt, sip"), Some("https://shop.example.com")).await;
    assert!(known.is_ok());
}

#[tokio::test]
async fn a_page_comes_back_to_its_call_after_the_time_of_its_token() {
    let mut server = Server::start().await;
    let late = caller(Wall(1_000));
    assert_eq!(Phone::open(&server, &late, Some("sip"), None).await.err(), Some(401));
    server.engine.0.store(true, Ordering::Relaxed);
    let _phone = Phone::of(&server, &late).await;
    assert_eq!(server.opened().await.1, Some(Browser::Caller { intent: INTENT }));
    // A pass of a desk has no call.
    assert_eq!(Phone::open(&server, &agent(Wall(1_000)), Some("sip"), None).await.err(), Some(401));
}

#[tokio::test]
async fn frames_of_both_kinds_are_messages_and_go_back_as_what_they_are() {
    let mut server = Server::start().await;
    let mut phone = Phone::of(&server, "").await;
    let (flow, _) = server.opened().await;
    for message in [Message::text("OPTIONS one"), Message::binary(&b"OPTIONS \xff"[..])] {
        let sent: Bytes = message.clone().into_data();
        phone.say(message).await;
        let Input::Datagram { flow: of, from, bytes } = server.hear().await else { panic!("no message") };
        assert_eq!((of, &bytes), (flow, &sent));
        server.transmits.send(Transmit { flow, to: from, domain: None, bytes }).unwrap();
    }
    assert_eq!((phone.hear().await, phone.hear().await), ("text OPTIONS one".to_owned(), "binary 9".to_owned()));
    phone.say(Message::text("\r\n\r\n")).await;
    assert_eq!(phone.hear().await, "text \r\n");
}

#[tokio::test]
async fn a_flood_and_a_message_that_is_too_long_end_the_connection_with_a_reason() {
    let mut server = Server::start().await;
    let mut phone = Phone::of(&server, &caller(LATER)).await;
    let (flow, _) = server.opened().await;
    for _ in 0..=SIP_WEBSOCKET_MESSAGES_AT_ONCE + 50 {
        phone.say(Message::text("\r\n")).await;
    }
    assert_eq!((phone.hear().await.as_str(), server.closed().await), ("close 1008", flow));
    assert_eq!(server.noted(Trouble::TooManyMessages), 1);
    let mut phone = Phone::of(&server, "").await;
    let (flow, _) = server.opened().await;
    phone.say(Message::binary(vec![b'x'; SIP_MESSAGE_MAX + 1])).await;
    assert_eq!((phone.hear().await.as_str(), server.closed().await), ("close 1009", flow));
}

#[tokio::test]
async fn a_browser_has_so_many_connections_and_no_more() {
    let mut server = Server::start().await;
    let mut phones = Vec::new();
    for _ in 0..SIP_CONNECTIONS_PER_BROWSER_MAX {
        phones.push(Phone::of(&server, &agent(LATER)).await);
        server.opened().await;
    }
    let mut further = Phone::of(&server, &agent(LATER)).await;
    assert_eq!(further.hear().await, "close 1013");
    assert_eq!(server.noted(Trouble::TooManyConnections), 1);
    // Others are not touched.
    let _other = Phone::of(&server, &caller(LATER)).await;
    server.opened().await;
    phones.pop();
    server.closed().await;
    let _again = Phone::of(&server, &agent(LATER)).await;
    server.opened().await;
}

#[tokio::test]
async fn a_browser_that_says_nothing_for_long_is_closed() {
    let mut server = Server::with_idle(Duration::from_millis(50)).await;
    let mut phone = Phone::of(&server, &agent(LATER)).await;
    let (flow, _) = server.opened().await;
    assert_eq!((phone.hear().await.as_str(), server.closed().await), ("close 1008", flow));
}

#[tokio::test]
async fn what_is_for_a_connection_that_has_ended_is_known_to_be_lost() {
    let mut server = Server::start().await;
    let phone = Phone::of(&server, "").await;
    let (flow, _) = server.opened().await;
    drop(phone);
    server.closed().await;
    let to = "192.0.2.7:50000".parse().unwrap();
    server.transmits.send(Transmit { flow, to, domain: None, bytes: Bytes::from_static(b"BYE") }).unwrap();
    match server.hear().await {
        Input::Stream { flow, event } => assert_eq!((flow, event), (WEB, StreamEvent::Unreachable { peer: to })),
        other => panic!("{other:?}"),
    }
}
