//! A SIP user agent that says no more than these tests need, over UDP or a websocket; its sound is somebody else's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::{SinkExt, StreamExt};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::browser::PATIENCE;

/// One user agent with at most one dialog.
pub struct Ua {
    out: UnboundedSender<String>,
    messages: UnboundedReceiver<String>,
    via: String,
    contact: String,
    dialog: Dialog,
}

/// What the requests of a dialog begin with.
#[derive(Clone, Default)]
struct Dialog {
    target: String,
    from: String,
    to: String,
    call_id: String,
    cseq: u32,
}

static NEXT: AtomicU32 = AtomicU32::new(1);

fn unique(what: &str) -> String {
    format!("{what}{}x{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Ua {
    /// Bound to `at`, for one that talks with `to`.
    pub async fn udp(at: SocketAddr, to: SocketAddr) -> Ua {
        let socket = Arc::new(UdpSocket::bind(at).await.expect("a socket"));
        let at = socket.local_addr().expect("an address");
        let (out, mut letters) = unbounded_channel::<String>();
        let (sender, messages) = unbounded_channel();
        let sending = Arc::clone(&socket);
        tokio::spawn(async move {
            while let Some(letter) = letters.recv().await {
                let _ = sending.send_to(letter.as_bytes(), to).await;
            }
        });
        tokio::spawn(async move {
            let mut buffer = vec![0; 65_536];
            while let Ok((length, _)) = socket.recv_from(&mut buffer).await {
                let _ = sender.send(String::from_utf8_lossy(&buffer[..length]).into_owned());
            }
        });
        Ua::new(out, messages, format!("SIP/2.0/UDP {at}"), format!("sip:ua@{at}"))
    }

    /// Over a websocket at `/sip` with this token.
    pub async fn websocket(http: SocketAddr, token: &str) -> Ua {
        let mut request = format!("ws://{http}/sip?token={token}").into_client_request().expect("a request");
        request.headers_mut().insert("Sec-WebSocket-Protocol", "sip".parse().expect("a value"));
        let (socket, _) = tokio_tungstenite::connect_async(request).await.expect("a websocket");
        let (mut sink, mut stream) = socket.split();
        let (out, mut letters) = unbounded_channel::<String>();
        let (sender, messages) = unbounded_channel();
        tokio::spawn(async move {
            while let Some(letter) = letters.recv().await {
                let _ = sink.send(Message::Text(letter.into())).await;
            }
        });
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                if let Ok(text) = message.into_text() {
                    let _ = sender.send(text.to_string());
                }
            }
        });
        let host = format!("{}.invalid", unique("h"));
        Ua::new(out, messages, format!("SIP/2.0/WS {host}"), format!("sip:ua@{host};transport=ws"))
    }

    fn new(out: UnboundedSender<String>, messages: UnboundedReceiver<String>, via: String, contact: String) -> Ua {
        Ua { out, messages, via, contact, dialog: Dialog::default() }
    }

    pub async fn register(&mut self, user: &str, realm: &str) {
        let address = format!("<sip:{user}@{realm}>");
        self.dialog = Dialog {
            target: format!("sip:{realm}"),
            from: format!("{address};tag={}", unique("t")),
            to: address,
            call_id: unique("c"),
            cseq: 0,
        };
        let (status, _) = self.ask("REGISTER", "Expires: 600\r\n", "").await;
        assert_eq!(status, 200, "REGISTER");
        self.dialog = Dialog::default();
    }

    /// Calls, and acknowledges; the status and the body of the answer.
    pub async fn invite(&mut self, target: &str, from: &str, offer: &str) -> (u16, String) {
        self.dialog = Dialog {
            target: target.to_owned(),
            from: format!("<{from}>;tag={}", unique("t")),
            to: format!("<{target}>"),
            call_id: unique("c"),
            cseq: 0,
        };
        self.ask("INVITE", "", offer).await
    }

    /// Within the dialog.
    pub async fn reinvite(&mut self, offer: &str) -> String {
        let (status, body) = self.ask("INVITE", "", offer).await;
        assert_eq!(status, 200, "re-INVITE");
        body
    }

    /// Asks the other side to talk with somebody else.
    pub async fn refer(&mut self, to: &str) {
        let (status, _) = self.ask("REFER", &format!("Refer-To: <{to}>\r\n"), "").await;
        assert_eq!(status, 202, "REFER");
    }

    pub async fn bye(&mut self) {
        assert_eq!(self.ask("BYE", "", "").await.0, 200, "BYE");
    }

    /// Waits for a call and returns its offer; `answer` is still to come.
    pub async fn invited(&mut self) -> Invited {
        let invite = self.request("INVITE").await;
        let tag = unique("t");
        self.dialog = Dialog {
            target: field(&invite, "Contact").trim_start_matches('<').split('>').next().unwrap_or_default().to_owned(),
            from: format!("{};tag={tag}", field(&invite, "To")),
            to: field(&invite, "From").to_owned(),
            call_id: field(&invite, "Call-ID").to_owned(),
            cseq: 0,
        };
        self.respond(&invite, "180 Ringing", &tag, "");
        Invited { invite, tag }
    }

    /// Answers with this description, and waits for the ACK.
    pub async fn answer(&mut self, invited: &Invited, answer: &str) {
        self.respond(&invited.invite, "200 OK", &invited.tag, answer);
        self.request("ACK").await;
    }

    /// Waits for a re-INVITE and returns its offer; it is answered with `answer_again`.
    pub async fn reinvited(&mut self) -> Invited {
        Invited { invite: self.request("INVITE").await, tag: String::new() }
    }

    /// Until the other side hangs up; what its BYE says.
    pub async fn hung_up(&mut self) -> String {
        let bye = self.request("BYE").await;
        self.respond(&bye, "200 OK", "", "");
        bye
    }

    async fn ask(&mut self, method: &str, fields: &str, body: &str) -> (u16, String) {
        self.dialog.cseq += 1;
        let cseq = format!("{} {method}", self.dialog.cseq);
        self.send(method, &cseq, fields, body);
        loop {
            let message = self.next(&format!("an answer to {method}")).await;
            let Some(line) = message.strip_prefix("SIP/2.0 ") else {
                self.refuse_unless_ack(&message);
                continue;
            };
            let status: u16 = line.get(..3).and_then(|code| code.parse().ok()).expect("a status");
            if field(&message, "CSeq") != cseq || status < 200 {
                continue;
            }
            if method == "INVITE" {
                self.acknowledge(&message, status);
            }
            return (status, body_of(&message).to_owned());
        }
    }

    fn acknowledge(&mut self, answer: &str, status: u16) {
        self.dialog.to = field(answer, "To").to_owned();
        if status < 300 {
            let contact = field(answer, "Contact").trim_start_matches('<').split('>').next().unwrap_or_default();
            self.dialog.target = contact.to_owned();
        }
        let cseq = format!("{} ACK", self.dialog.cseq);
        if status < 300 {
            self.send("ACK", &cseq, "", "");
        }
    }

    fn send(&self, method: &str, cseq: &str, fields: &str, body: &str) {
        let Dialog { target, from, to, call_id, .. } = &self.dialog;
        let (via, contact, branch) = (&self.via, &self.contact, unique("z9hG4bK"));
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let message = format!(
            "{method} {target} SIP/2.0\r\nVia: {via};branch={branch};rport\r\nMax-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq}\r\nContact: <{contact}>\r\n{fields}{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.out.send(message).expect("a line");
    }

    fn respond(&self, request: &str, status: &str, tag: &str, body: &str) {
        let vias = request.lines().filter(|line| line.starts_with("Via: "));
        let vias: String = vias.map(|via| format!("{via}\r\n")).collect();
        let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let message = format!(
            "SIP/2.0 {status}\r\n{vias}From: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: <{}>\r\n{kind}\
             Content-Length: {}\r\n\r\n{body}",
            field(request, "From"),
            field(request, "To"),
            field(request, "Call-ID"),
            field(request, "CSeq"),
            self.contact,
            body.len()
        );
        self.out.send(message).expect("a line");
    }

    /// The next request of this method; a copy of one that was answered is passed over.
    async fn request(&mut self, method: &str) -> String {
        loop {
            let message = self.next(method).await;
            if message.starts_with(&format!("{method} ")) {
                return message;
            }
            self.refuse_unless_ack(&message);
        }
    }

    /// What nobody waits for.
    fn refuse_unless_ack(&self, message: &str) {
        if !message.starts_with("SIP/2.0") && !message.starts_with("ACK") && !message.starts_with("INVITE") {
            self.respond(message, "200 OK", "", "");
        }
    }

    async fn next(&mut self, what: &str) -> String {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.messages.recv()).await;
            let message = message.unwrap_or_else(|_| panic!("{what} did not come")).expect("a line");
            if message.trim().is_empty() {
                continue;
            }
            return message;
        }
    }
}

/// A call that has come.
pub struct Invited {
    invite: String,
    tag: String,
}

impl Invited {
    pub fn offer(&self) -> &str {
        body_of(&self.invite)
    }
}

fn field<'m>(message: &'m str, name: &str) -> &'m str {
    let head = message.split("\r\n\r\n").next().unwrap_or_default();
    let value = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.unwrap_or_else(|| panic!("no {name} in {message}")).trim()
}

fn body_of(message: &str) -> &str {
    message.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}
