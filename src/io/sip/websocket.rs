//! One SIP websocket (RFC 7118): each frame is one message, until either side has had enough.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded as Http;
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Result, Utf8Bytes};

use super::connections::{Event, Shared};
use super::tcp::Line;
use super::udp::Received;
use crate::base::limits;
use crate::io::allowance::Allowance;
use crate::io::troubles::{Trouble, Troubles};
use crate::sip::api::{Browser, FlowId};

type Socket = WebSocketStream<TokioIo<Http>>;

/// A websocket that the HTTP server has taken.
pub struct Upgraded {
    pub(super) socket: Socket,
    pub(super) peer: SocketAddr,
    /// Whose token it was opened with.
    pub(super) browser: Option<Browser>,
    pub(super) troubles: Arc<Troubles>,
}

/// What `Connections` need of the HTTP server.
pub struct WebSockets {
    /// Stands for the HTTP server's socket.
    pub flow: FlowId,
    pub(super) arrivals: mpsc::Receiver<Upgraded>,
}

/// The HTTP server's way to `Connections`.
#[derive(Clone)]
pub struct WebDoor(mpsc::Sender<Upgraded>);

/// A door and its other end. `flow`: of the HTTP server's socket.
pub fn door(flow: FlowId) -> (WebDoor, WebSockets) {
    let (sender, arrivals) = mpsc::channel(ARRIVALS);
    (WebDoor(sender), WebSockets { flow, arrivals })
}

impl WebDoor {
    /// Hands over a connection that has become a websocket with the subprotocol `sip`.
    pub async fn take(&self, upgraded: Http, peer: SocketAddr, browser: Option<Browser>, troubles: Arc<Troubles>) {
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config())).await;
        // At the end of the process there is nobody to take it.
        let _ = self.0.send(Upgraded { socket, peer, browser, troubles }).await;
    }
}

/// Websockets that wait for `Connections`.
const ARRIVALS: usize = 64;
/// A browser's phone is quiet most of the time, and there are many: small buffers.
const BUFFER_BYTES: usize = 4096;
const TOO_MANY: &str = "too many messages";
/// The answer to a keep-alive (RFC 5626 section 3.5.1).
const PONG: &str = "\r\n";

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(limits::SIP_MESSAGE_MAX))
        .max_frame_size(Some(limits::SIP_MESSAGE_MAX))
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(16 * limits::SIP_MESSAGE_MAX)
}

/// Why a connection ends.
enum End {
    /// The peer or the network closed.
    Closed,
    /// We close, and say why.
    Refused(CloseCode, &'static str),
}

/// One that is too many.
pub async fn turn_away(upgraded: Upgraded) {
    let Upgraded { mut socket, browser, troubles, .. } = upgraded;
    troubles.note(Trouble::TooManyConnections, browser.as_ref());
    close(&mut socket, CloseCode::Again, "too many connections: close another first").await;
}

/// Serves one connection to its end.
pub async fn serve(upgraded: Upgraded, line: Line, shared: Shared) {
    let Upgraded { mut socket, browser, troubles, .. } = upgraded;
    let flow = line.flow;
    let first = if browser.is_none() { limits::SIP_FIRST_BYTE_WITHIN } else { shared.idle };
    if shared.events.send(Event::Opened { flow, names: Vec::new(), browser: browser.clone() }).await.is_ok() {
        let times = Times::from(Instant::now(), first);
        if let End::Refused(code, why) = exchange(&mut socket, line, times, &shared).await {
            tracing::debug!(why, "a SIP websocket is closed");
            if why == TOO_MANY {
                troubles.note(Trouble::TooManyMessages, browser.as_ref());
            }
            close(&mut socket, code, why).await;
        }
    }
    let _ = shared.events.send(Event::Closed { flow }).await;
}

/// When something is to be done although nothing came.
struct Times {
    /// The next message is due.
    message_by: Instant,
    heard: Instant,
    ping_at: Instant,
}

impl Times {
    fn from(now: Instant, first: std::time::Duration) -> Times {
        Times { message_by: now + first, heard: now, ping_at: now + limits::SIP_WEBSOCKET_PING_EVERY }
    }

    fn next(&self) -> Instant {
        self.message_by.min(self.ping_at).min(self.heard + limits::SIP_WEBSOCKET_SILENT_MAX)
    }
}

async fn exchange(socket: &mut Socket, line: Line, mut times: Times, shared: &Shared) -> End {
    let Line { flow, peer, queue: _own, mut to_write, mut until } = line;
    let (at_once, per_s) = (limits::SIP_WEBSOCKET_MESSAGES_AT_ONCE, limits::SIP_WEBSOCKET_MESSAGES_PER_S);
    let mut allowance = Allowance::new(at_once, per_s, std::time::Instant::now());
    loop {
        let end = tokio::select! {
            _ = &mut until => Some(End::Refused(CloseCode::Away, "the server lets go of this connection")),
            Some(bytes) = to_write.recv() => deliver(socket, bytes, &mut to_write).await,
            incoming = socket.next() => match incoming {
                Some(Ok(message)) if allowance.take(std::time::Instant::now()) => {
                    times.heard = Instant::now();
                    receive(socket, message, (flow, peer), &mut times, shared).await
                }
                Some(Ok(_)) => Some(End::Refused(CloseCode::Policy, TOO_MANY)),
                Some(Err(fault)) => Some(broken(&fault)),
                None => Some(End::Closed),
            },
            () = sleep_until(times.next()) => on_time(socket, &mut times).await,
        };
        if let Some(end) = end {
            return end;
        }
    }
}

async fn receive(
    socket: &mut Socket,
    message: Message,
    (flow, from): (FlowId, SocketAddr),
    times: &mut Times,
    shared: &Shared,
) -> Option<End> {
    let bytes: Bytes = match message {
        Message::Text(text) => text.into(),
        Message::Binary(bytes) => bytes,
        // The answer to a ping is sent below us.
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return None,
        Message::Close(_) => return Some(End::Closed),
    };
    times.message_by = Instant::now() + shared.idle;
    if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
        let is_ping = bytes.starts_with(b"\r\n\r\n");
        return if is_ping && !in_time(socket.send(Message::text(PONG))).await { Some(End::Closed) } else { None };
    }
    let received = Received { flow, from, bytes, now: shared.clock.now() };
    let taken = shared.events.send(Event::Message(received)).await;
    taken.err().map(|_| End::Closed)
}

/// Sends what waits, each message in a frame of its own, all of them with one flush.
async fn deliver(socket: &mut Socket, first: Bytes, queue: &mut mpsc::Receiver<Bytes>) -> Option<End> {
    let mut next = Some(first);
    while let Some(bytes) = next {
        if !in_time(socket.feed(framed(bytes))).await {
            return Some(End::Closed);
        }
        next = queue.try_recv().ok();
    }
    if in_time(socket.flush()).await { None } else { Some(End::Closed) }
}

/// As text where it is text, since some peers read nothing else.
fn framed(bytes: Bytes) -> Message {
    match Utf8Bytes::try_from(bytes.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(bytes),
    }
}

async fn on_time(socket: &mut Socket, times: &mut Times) -> Option<End> {
    let now = Instant::now();
    if now >= times.message_by {
        return Some(End::Refused(CloseCode::Policy, "no message came"));
    }
    if now >= times.heard + limits::SIP_WEBSOCKET_SILENT_MAX {
        return Some(End::Closed);
    }
    if now < times.ping_at {
        return None;
    }
    times.ping_at = now + limits::SIP_WEBSOCKET_PING_EVERY;
    if in_time(socket.send(Message::Ping(Bytes::new()))).await { None } else { Some(End::Closed) }
}

async fn in_time(write: impl Future<Output = Result<()>>) -> bool {
    matches!(timeout(limits::SIP_WRITE_WITHIN, write).await, Ok(Ok(())))
}

/// What the peer can mend it is told; anything else that breaks a websocket leaves nobody to tell.
fn broken(fault: &Error) -> End {
    match fault {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            End::Refused(CloseCode::Size, "the message is too long")
        }
        Error::Utf8(_) => End::Refused(CloseCode::Invalid, "a text frame is not UTF-8: send it as binary"),
        _ => End::Closed,
    }
}

async fn close(socket: &mut Socket, code: CloseCode, why: &'static str) {
    // The peer may be gone, and then there is nothing to say.
    let _ = in_time(socket.send(Message::Close(Some(CloseFrame { code, reason: why.into() })))).await;
}
