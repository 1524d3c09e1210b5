//! The whole server with browsers that speak raw SIP over websocket: a customer's page and an agent's desk.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::key::sha256;
use super::server::{self, Server};
use crate::config;
use crate::sip::wire::{HeaderName, Message, Request, Response, Writer};

/// A test that waits longer than this has failed; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
const REALM: &str = "voice.example.com";
const CALLER: &str = "sip:page@a1b2.invalid;transport=ws";

struct Site {
    server: Server,
    client: reqwest::Client,
    folder: std::path::PathBuf,
}

impl Site {
    /// With one agent, `anna`, whose phone is her desk's page.
    async fn start(name: &str) -> Site {
        Site::with(name, "").await
    }

    /// With these lines more in `[http]`.
    async fn with(name: &str, http: &str) -> Site {
        let folder = std::env::temp_dir().join(format!("throughline-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let port = free_port();
        // Apart from other servers on this machine, and from our own port.
        let ranges = std::iter::repeat_with(|| free_port().min(65_000) & !1).map(|first| (first, first + 39));
        let (first, last) = ranges.into_iter().find(|(first, last)| !(*first..=*last).contains(&port)).unwrap();
        let (folder_text, key, token) = (folder.display(), sha256("key"), sha256("token of anna"));
        let text = format!(
            r#"
[sip]
bind = ["127.0.0.1:{port}"]
realm = "{REALM}"
[http]
bind = "127.0.0.1:0"
{http}
[media]
bind = "127.0.0.1"
ports = "{first}-{last}"
[store]
embedded = "{folder_text}/intents.db"
[history]
file = "{folder_text}/history.db"
[[token_keys]]
id = 1
secret = "{key}"
[[api_keys]]
id = "site"
sha256 = "{key}"
scopes = ["register", "read"]
[[trunks]]
name = "pbx"
networks = ["192.0.2.20"]
fallback = {{ status = 503 }}
[routing]
skills = ["english"]
[[queues]]
name = "help"
requires = {{ english = 3 }}
[[agents]]
name = "anna"
skills = {{ english = 9 }}
token_sha256 = "{token}"
phone = {{ browser = true }}
[deadlines]
match_ms = 5000
pop_ms = 10000
"#
        );
        let plan = config::read(&text).unwrap_or_else(|faults| panic!("{faults:?}"));
        let sockets = server::bind(&plan.shell).unwrap_or_else(|_| panic!("no sockets"));
        let server = server::start(plan, sockets, server::Origin::of_text(&text))
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        Site { server, client: reqwest::Client::new(), folder }
    }

    async fn ask(&self, path: &str) -> Value {
        let url = format!("http://{}{path}", self.server.http);
        self.client.get(url).bearer_auth("key").send().await.unwrap().json().await.unwrap()
    }

    /// The token of a new intent.
    async fn register(&self) -> String {
        let body = json!({
            "customer": {"id": "c-1", "name": "Avery Example", "email": "avery@shop.example.com", "phones": []},
            "reason": {"category": "delivery"},
        });
        let url = format!("http://{}/v1/intents", self.server.http);
        let answer: Value =
            self.client.post(url).bearer_auth("key").json(&body).send().await.unwrap().json().await.unwrap();
        answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    async fn phone(&self, token: &str) -> Peer {
        Peer::open(&format!("ws://{}/sip?token={token}", self.server.http), Some("sip")).await
    }

    async fn stop(self) {
        self.server.stop().await.unwrap();
        let _ = std::fs::remove_dir_all(self.folder);
    }
}

fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One end of a websocket.
struct Peer<S = MaybeTlsStream<TcpStream>>(WebSocketStream<S>);

impl Peer {
    async fn open(url: &str, subprotocol: Option<&'static str>) -> Peer {
        let mut request = url.into_client_request().unwrap();
        if let Some(name) = subprotocol {
            request.headers_mut().insert("sec-websocket-protocol", name.parse().unwrap());
        }
        Peer(tokio_tungstenite::connect_async(request).await.unwrap().0)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    async fn say(&mut self, text: impl Into<String>) {
        self.0.send(Frame::text(text.into())).await.unwrap();
    }

    async fn text(&mut self) -> String {
        loop {
            match self.0.next().await {
                Some(Ok(Frame::Text(text))) => return text.to_string(),
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message of the desk of this type.
    async fn desk(&mut self, kind: &str) -> Value {
        let found = self.first(|text| {
            let message: Value = serde_json::from_str(text).unwrap();
            (message["type"] == kind).then_some(message)
        });
        in_time(kind, found).await
    }

    /// The first text of which `take` makes something.
    async fn first<T>(&mut self, mut take: impl FnMut(&str) -> Option<T>) -> T {
        loop {
            if let Some(found) = take(&self.text().await) {
                return found;
            }
        }
    }

    /// The next request of this method.
    async fn request(&mut self, method: &str) -> Request {
        let found = self.first(|text| match Message::parse(Bytes::copy_from_slice(text.as_bytes())) {
            Ok(Message::Request(request)) => Some(request).filter(|request| request.method().to_string() == method),
            Ok(Message::Response(_)) | Err(_) => None,
        });
        in_time(method, found).await
    }

    /// The next answer to a request of this method that is not provisional.
    async fn answer(&mut self, method: &str) -> Response {
        let is_it = |response: &Response| response.status() >= 200 && response.cseq().method.to_string() == method;
        let found = self.first(|text| match Message::parse(Bytes::copy_from_slice(text.as_bytes())) {
            Ok(Message::Response(response)) => Some(response).filter(is_it),
            Ok(Message::Request(_)) | Err(_) => None,
        });
        in_time(method, found).await
    }

    async fn reply(&mut self, request: &Request, status: u16, contact: &str, body: &str) {
        let source = "127.0.0.1:9".parse().unwrap();
        let mut writer = Writer::reply(request, status, "Whatever", source, "peer");
        writer.push(HeaderName::CONTACT, format_args!("<{contact}>"));
        let bytes = writer.finish_with("application/sdp", body.as_bytes());
        self.say(String::from_utf8(bytes.to_vec()).unwrap()).await;
    }
}

async fn in_time<T>(what: &str, found: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("no {what} in time"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A request of a page; `to`: with the tag, once there is one.
fn asks(method: &str, uri: &str, (from, to): (&str, &str), cseq: u32, more: &str, body: &str) -> String {
    static BRANCHES: AtomicU32 = AtomicU32::new(0);
    let branch = BRANCHES.fetch_add(1, Ordering::Relaxed);
    let kind = if body.is_empty() || more.contains("Content-Type:") { "" } else { "Content-Type: application/sdp\r\n" };
    let contact = if more.contains("Contact:") { String::new() } else { format!("Contact: <{CALLER}>\r\n") };
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/WS a1b2.invalid;branch=z9hG4bK{from}{branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:{from}@{REALM}>;tag=t{from}\r\nTo: {to}\r\nCall-ID: call-{from}\r\nCSeq: {cseq} {method}\r\n{contact}\
         {kind}{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn described(direction: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40998 RTP/AVP 0 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
    )
}

/// What a browser would answer: the same, and it begins the handshake.
fn as_answer(offer: &Request) -> String {
    let offer = text(offer.body());
    assert!(offer.contains("UDP/TLS/RTP/SAVPF") && offer.contains("a=fingerprint:sha-256"), "{offer}");
    offer.replace("a=setup:actpass", "a=setup:active").replace("a=sendonly", "a=recvonly")
}

/// The desk is open, `available`, and its phone registered from this contact.
async fn log_in(site: &Site, contact: &str) -> (Peer, Peer) {
    let mut desk = Peer::open(&format!("ws://{}/v1/desktop", site.server.http), None).await;
    desk.say(r#"{"type":"hello","agent":"anna","token":"token of anna"}"#).await;
    let welcome = desk.desk("welcome").await;
    assert_eq!(welcome["phone"]["uri"], format!("sip:anna@{REALM}"));
    let phone = register(site, &welcome["phone"], contact).await;
    desk.say(r#"{"type":"set_state","state":"available"}"#).await;
    (desk, phone)
}

async fn register(site: &Site, told: &Value, contact: &str) -> Peer {
    let mut phone = site.phone(told["token"].as_str().unwrap()).await;
    let contact = format!("Contact: <{contact}>;expires=300\r\n");
    let to = format!("<sip:anna@{REALM}>");
    phone.say(asks("REGISTER", &format!("sip:{REALM}"), ("anna", &to), 1, &contact, "")).await;
    assert_eq!(phone.answer("REGISTER").await.status(), 200);
    phone
}

/// The desk draws the pop; the phone hears the INVITE.
async fn offered(desk: &mut Peer, phone: &mut Peer) -> Request {
    let pop = desk.desk("pop").await;
    let (call, fence) = (pop["call"].as_str().unwrap(), &pop["fence"]);
    assert_eq!(pop["level"], "V3");
    desk.say(format!(r#"{{"type":"pop_drawn","call":"{call}","fence":{fence}}}"#)).await;
    phone.request("INVITE").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_talks_to_a_desk_whose_page_is_loaded_anew() {
    let site = Site::start("ws-call").await;
    let (first, second) = ("sip:p1@x1.invalid;transport=ws", "sip:p2@x2.invalid;transport=ws");
    let (mut desk, mut phone) = log_in(&site, first).await;
    let mut page = site.phone(&site.register().await).await;
    let (to, uri) = (format!("<sip:call@{REALM}>"), format!("sip:call@{REALM}"));
    page.say(asks("INVITE", &uri, ("page", &to), 1, "", &described("sendrecv"))).await;
    let invite = offered(&mut desk, &mut phone).await;
    phone.reply(&invite, 200, first, &as_answer(&invite)).await;
    phone.request("ACK").await;
    let answer = page.answer("INVITE").await;
    assert_eq!(answer.status(), 200, "{}", text(answer.body()));
    assert!(text(answer.body()).contains("RTP/AVP 0"), "{}", text(answer.body()));
    let to = text(answer.header(HeaderName::TO).unwrap());
    page.say(asks("ACK", &uri, ("page", &to), 1, "", "")).await;

    // Keys, hold and resume pass through to the agent, and the answers back.
    let press = "Content-Type: application/dtmf-relay\r\n";
    page.say(asks("INFO", &uri, ("page", &to), 2, press, "Signal=5\r\nDuration=160\r\n")).await;
    assert_eq!(page.answer("INFO").await.status(), 200);
    for (cseq, direction) in [(3, "sendonly"), (4, "sendrecv")] {
        page.say(asks("INVITE", &uri, ("page", &to), cseq, "", &described(direction))).await;
        let again = phone.request("INVITE").await;
        phone.reply(&again, 200, first, &as_answer(&again)).await;
        phone.request("ACK").await;
        assert_eq!(page.answer("INVITE").await.status(), 200);
        page.say(asks("ACK", &uri, ("page", &to), cseq, "", "")).await;
    }
    let calls = site.ask("/v1/calls").await;
    assert_eq!((&calls["calls"][0]["trunk"], &calls["calls"][0]["level"]), (&"(web)".into(), &"V3".into()), "{calls}");

    // The agent's page is loaded anew, and gets the call back; the customer's page hears nothing of it.
    desk.say(r#"{"type":"phone_token"}"#).await;
    let told = desk.desk("phone").await;
    drop(phone);
    let mut phone = register(&site, &told, second).await;
    let invite = phone.request("INVITE").await;
    assert!(text(invite.header(HeaderName::REPLACES).unwrap_or_default()).contains(";to-tag=peer;from-tag="));
    phone.reply(&invite, 200, second, &as_answer(&invite)).await;
    phone.request("ACK").await;
    page.say(asks("BYE", &uri, ("page", &to), 5, "", "")).await;
    assert_eq!(page.answer("BYE").await.status(), 200);
    let bye = phone.request("BYE").await;
    phone.reply(&bye, 200, second, "").await;
    desk.desk("wrap_up_due").await;
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_gives_up_or_goes_away_leaves_the_desk_free() {
    let site = Site::start("ws-cancel").await;
    let contact = "sip:p1@x1.invalid;transport=ws";
    let (mut desk, mut phone) = log_in(&site, contact).await;
    let (to, uri) = (format!("<sip:call@{REALM}>"), format!("sip:call@{REALM}"));
    let mut page = site.phone(&site.register().await).await;
    let invite = asks("INVITE", &uri, ("page", &to), 1, "", &described("sendrecv"));
    page.say(invite.clone()).await;
    let rung = offered(&mut desk, &mut phone).await;
    phone.reply(&rung, 180, contact, "").await;
    let branch = invite.lines().find(|line| line.starts_with("Via:")).unwrap();
    let cancel = asks("CANCEL", &uri, ("page", &to), 1, "", "");
    let cancel = cancel.lines().map(|line| if line.starts_with("Via:") { branch } else { line });
    page.say(cancel.collect::<Vec<_>>().join("\r\n") + "\r\n\r\n").await;
    assert_eq!(page.answer("CANCEL").await.status(), 200);
    assert_eq!(page.answer("INVITE").await.status(), 487);
    phone.request("CANCEL").await;
    desk.desk("pop_withdrawn").await;

    // The websocket goes while the next call is being offered.
    let mut page = site.phone(&site.register().await).await;
    page.say(asks("INVITE", &uri, ("page2", &to), 1, "", &described("sendrecv"))).await;
    desk.desk("pop").await;
    drop(page);
    desk.desk("pop_withdrawn").await;

    // Nobody calls with another's token, and no stranger calls at all.
    let mut stranger = Peer::open(&format!("ws://{}/sip", site.server.http), Some("sip")).await;
    stranger.say(asks("INVITE", &uri, ("x", &to), 1, "", &described("sendrecv"))).await;
    assert_eq!(stranger.answer("INVITE").await.status(), 403);
    site.stop().await;
}

/// The connection of a client that trusts this certificate alone.
async fn tls_to(
    at: std::net::SocketAddr,
    trusted: &rcgen::Certificate,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(at).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// A websocket of a client that trusts this certificate alone.
async fn over_tls(
    at: std::net::SocketAddr,
    path: &str,
    subprotocol: Option<&'static str>,
    trusted: &rcgen::Certificate,
) -> Peer<tokio_rustls::client::TlsStream<TcpStream>> {
    let stream = tls_to(at, trusted).await.unwrap();
    let mut request = format!("wss://localhost{path}").into_client_request().unwrap();
    if let Some(name) = subprotocol {
        request.headers_mut().insert("sec-websocket-protocol", name.parse().unwrap());
    }
    Peer(tokio_tungstenite::client_async(request, stream).await.unwrap().0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn desk_and_phone_go_over_tls_where_there_is_a_certificate() {
    let folder = std::env::temp_dir().join(format!("throughline-wss-keys-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let new_files = || {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(folder.join("web.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.join("web.key"), made.signing_key.serialize_pem()).unwrap();
        made
    };
    let made = new_files();
    let at = folder.display();
    let site = Site::with("wss", &format!("tls = {{ certificate = \"{at}/web.pem\", key = \"{at}/web.key\" }}")).await;
    let mut desk = over_tls(site.server.http, "/v1/desktop", None, &made.cert).await;
    desk.say(r#"{"type":"hello","agent":"anna","token":"token of anna"}"#).await;
    let welcome = desk.desk("welcome").await;
    let path = format!("/sip?token={}", welcome["phone"]["token"].as_str().unwrap());
    let mut phone = over_tls(site.server.http, &path, Some("sip"), &made.cert).await;
    let contact = "Contact: <sip:p1@x1.invalid;transport=ws>;expires=300\r\n";
    let to = format!("<sip:anna@{REALM}>");
    phone.say(asks("REGISTER", &format!("sip:{REALM}"), ("anna", &to), 1, contact, "")).await;
    assert_eq!(phone.answer("REGISTER").await.status(), 200);

    // Another certificate, without a restart: who connects sees it, and who is connected stays.
    let newer = new_files();
    let taken = async {
        while tls_to(site.server.http, &newer.cert).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    in_time("new certificate", taken).await;
    assert!(tls_to(site.server.http, &made.cert).await.is_err(), "the old one is not shown any more");
    desk.say(r#"{"type":"ping"}"#).await;
    desk.desk("pong").await;
    phone.say(asks("REGISTER", &format!("sip:{REALM}"), ("anna", &to), 2, contact, "")).await;
    assert_eq!(phone.answer("REGISTER").await.status(), 200);
    site.stop().await;
    let _ = std::fs::remove_dir_all(folder);
}
