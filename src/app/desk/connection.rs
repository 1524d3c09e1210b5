//! The connection of a desk: says hello, acknowledges what was handled, comes back after a loss and resumes.

use std::fmt;
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::io::desktop::client_frames::{ClientFrame, ResumeFrame};
use crate::io::desktop::server_frames::{ServerBody, ServerFrame};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The server pings after 20 s; when that long has passed in silence, the network has taken the connection away.
const SILENT_MAX: Duration = Duration::from_secs(60);

/// An acknowledgement covers all before it, so it may wait for others, or go with what is said meanwhile.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_millis(250);
/// So many are acknowledged at once.
const UNACKNOWLEDGED_MAX: u64 = 32;

/// Who logs in. It has no `Debug`, since it holds a token.
#[derive(Clone)]
pub struct Login {
    pub agent: String,
    pub token: String,
}

/// How a desk ends for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// The agent quit.
    Quit,
    /// The agent has logged in elsewhere.
    Displaced,
    /// The server does not take the login.
    Unauthorized,
}

/// What a desk does next.
pub(super) enum Act {
    Say(ClientFrame),
    /// Not now: a person needs time to write.
    SayLater(Duration, ClientFrame),
    Quit,
}

/// Whoever sits at the desk.
pub(super) trait Sitter: Send {
    /// The connection is up (`true`) or lost.
    fn connected(&mut self, up: bool);
    /// Once for each message, a numbered one never twice.
    fn heard(&mut self, body: ServerBody) -> Vec<Act>;
}

/// What is kept across connections.
pub(super) struct Connection {
    url: String,
    login: Login,
    session: Option<String>,
    last_seen: u64,
    acknowledged: u64,
    acknowledge_at: Option<Instant>,
    later: Vec<(Instant, ClientFrame)>,
    /// A wrap-up that the server has not confirmed; it is said again after a reconnect.
    unconfirmed: Option<ClientFrame>,
}

/// Why one connection ended.
enum Lost {
    Network,
    ForGood(Parting),
}

impl Connection {
    pub(super) fn new(url: &str, login: Login) -> Connection {
        Connection {
            url: url.to_owned(),
            login,
            session: None,
            last_seen: 0,
            acknowledged: 0,
            acknowledge_at: None,
            later: Vec::new(),
            unconfirmed: None,
        }
    }

    /// Serves the sitter until it is over for good. `acts` are what a person types.
    pub(super) async fn run(&mut self, sitter: &mut dyn Sitter, acts: &mut mpsc::Receiver<Act>) -> Parting {
        let mut pause = FIRST_PAUSE;
        loop {
            if let Ok(Ok((socket, _))) = timeout(CONNECT_WITHIN, connect_async(self.url.as_str())).await {
                pause = FIRST_PAUSE;
                if let Lost::ForGood(parting) = self.serve(socket, sitter, acts).await {
                    return parting;
                }
            }
            sitter.connected(false);
            if let Some(parting) = wait(pause, acts).await {
                return parting;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn serve(&mut self, mut socket: Socket, sitter: &mut dyn Sitter, acts: &mut mpsc::Receiver<Act>) -> Lost {
        if feed(&mut socket, &self.hello()).await.is_err() || socket.flush().await.is_err() {
            return Lost::Network;
        }
        let mut typing = true;
        loop {
            let due = self.later.iter().map(|(at, _)| *at).chain(self.acknowledge_at).min();
            let lost = tokio::select! {
                incoming = timeout(SILENT_MAX, socket.next()) => match incoming {
                    Ok(Some(Ok(message))) => self.receive_all(&mut socket, message, sitter).await,
                    Ok(Some(Err(_)) | None) | Err(_) => Err(Lost::Network),
                },
                act = acts.recv(), if typing => match act {
                    Some(act) => self.say_typed(&mut socket, act).await,
                    None => { typing = false; Ok(()) }
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.say_due(&mut socket).await,
            };
            if let Err(lost) = lost {
                return lost;
            }
        }
    }

    fn hello(&self) -> ClientFrame {
        let resume = self.session.clone().map(|session| ResumeFrame { session, last_seen: self.last_seen });
        ClientFrame::Hello { agent: self.login.agent.clone(), token: self.login.token.clone(), resume }
    }

    /// Handles a message and those that have come with it.
    async fn receive_all(&mut self, socket: &mut Socket, first: Message, sitter: &mut dyn Sitter) -> Result<(), Lost> {
        self.receive(socket, first, sitter).await?;
        while let Some(next) = socket.next().now_or_never() {
            let Some(Ok(message)) = next else { return Err(Lost::Network) };
            self.receive(socket, message, sitter).await?;
        }
        let unacknowledged = self.last_seen.saturating_sub(self.acknowledged);
        if unacknowledged >= UNACKNOWLEDGED_MAX {
            self.acknowledge(socket).await?;
        } else if unacknowledged > 0 && self.acknowledge_at.is_none() {
            self.acknowledge_at = Some(Instant::now() + ACKNOWLEDGE_WITHIN);
        }
        socket.flush().await.map_err(|_| Lost::Network)
    }

    async fn acknowledge(&mut self, socket: &mut Socket) -> Result<(), Lost> {
        self.acknowledge_at = None;
        self.acknowledged = self.last_seen;
        feed(socket, &ClientFrame::Ack { seq: self.last_seen }).await
    }

    /// What is to be said to it waits to be flushed.
    async fn receive(&mut self, socket: &mut Socket, message: Message, sitter: &mut dyn Sitter) -> Result<(), Lost> {
        match message {
            Message::Text(text) => match serde_json::from_str::<ServerFrame>(&text) {
                Ok(frame) => self.handle(socket, frame, sitter).await,
                // A newer server may say what this desk does not know.
                Err(_) => Ok(()),
            },
            Message::Close(frame) => Err(match frame.map(|frame| u16::from(frame.code)) {
                Some(4001) => Lost::ForGood(Parting::Displaced),
                Some(4003) => Lost::ForGood(Parting::Unauthorized),
                Some(_) | None => Lost::Network,
            }),
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    async fn handle(&mut self, socket: &mut Socket, frame: ServerFrame, sitter: &mut dyn Sitter) -> Result<(), Lost> {
        if frame.seq.is_some_and(|seq| seq <= self.last_seen) {
            return Ok(());
        }
        self.note(&frame.body, sitter)?;
        let welcome = matches!(frame.body, ServerBody::Welcome { .. });
        for act in sitter.heard(frame.body) {
            self.act(socket, act).await?;
        }
        if let Some(seq) = frame.seq {
            self.last_seen = seq;
        }
        match self.unconfirmed.clone().filter(|_| welcome) {
            Some(wrap_up) => feed(socket, &wrap_up).await,
            None => Ok(()),
        }
    }

    /// Keeps what the next connection must know.
    fn note(&mut self, body: &ServerBody, sitter: &mut dyn Sitter) -> Result<(), Lost> {
        match body {
            ServerBody::Welcome { session, resumed, .. } => {
                if !resumed {
                    self.last_seen = 0;
                }
                // Whoever resumes has said what was seen.
                self.acknowledged = self.last_seen;
                self.acknowledge_at = None;
                self.session = Some(session.clone());
                sitter.connected(true);
            }
            ServerBody::WrapUpTaken { .. } => self.unconfirmed = None,
            ServerBody::Error { code, .. } => match code.as_str() {
                "unauthorized" => return Err(Lost::ForGood(Parting::Unauthorized)),
                "no_such_call" => self.unconfirmed = None,
                _ => {}
            },
            ServerBody::Displaced {} => return Err(Lost::ForGood(Parting::Displaced)),
            ServerBody::Phone(_)
            | ServerBody::Pop(_)
            | ServerBody::PopUpdated(_)
            | ServerBody::PopWithdrawn { .. }
            | ServerBody::CallState { .. }
            | ServerBody::Recording { .. }
            | ServerBody::Supervision { .. }
            | ServerBody::Consultation { .. }
            | ServerBody::Calls { .. }
            | ServerBody::Colleagues { .. }
            | ServerBody::StateChanged { .. }
            | ServerBody::WrapUpDue { .. }
            | ServerBody::Pong {} => {}
        }
        Ok(())
    }

    async fn act(&mut self, socket: &mut Socket, act: Act) -> Result<(), Lost> {
        match act {
            Act::Say(frame) => {
                if matches!(frame, ClientFrame::WrapUp { .. }) {
                    self.unconfirmed = Some(frame.clone());
                }
                feed(socket, &frame).await
            }
            Act::SayLater(after, frame) => {
                self.later.push((Instant::now() + after, frame));
                Ok(())
            }
            Act::Quit => {
                // Gone or not, the desk is left.
                let offline = ClientFrame::SetState { state: super::person::OFFLINE, reason: String::new() };
                let _ = feed(socket, &offline).await;
                let _ = socket.close(None).await;
                Err(Lost::ForGood(Parting::Quit))
            }
        }
    }

    async fn say_typed(&mut self, socket: &mut Socket, act: Act) -> Result<(), Lost> {
        self.act(socket, act).await?;
        socket.flush().await.map_err(|_| Lost::Network)
    }

    async fn say_due(&mut self, socket: &mut Socket) -> Result<(), Lost> {
        let now = Instant::now();
        let (due, later) = std::mem::take(&mut self.later).into_iter().partition(|(at, _)| *at <= now);
        self.later = later;
        let due: Vec<(Instant, ClientFrame)> = due;
        for (_, frame) in due {
            self.act(socket, Act::Say(frame)).await?;
        }
        if self.acknowledge_at.is_some_and(|at| at <= now) {
            self.acknowledge(socket).await?;
        }
        socket.flush().await.map_err(|_| Lost::Network)
    }
}

/// Waits before the next attempt; only quitting is heard meanwhile.
async fn wait(pause: Duration, acts: &mut mpsc::Receiver<Act>) -> Option<Parting> {
    let pause = sleep(pause);
    tokio::pin!(pause);
    loop {
        tokio::select! {
            () = &mut pause => return None,
            act = acts.recv(), if !acts.is_closed() => if let Some(Act::Quit) = act {
                return Some(Parting::Quit);
            },
        }
    }
}

/// Puts a frame on its way; it leaves with the next flush.
async fn feed(socket: &mut Socket, frame: &ClientFrame) -> Result<(), Lost> {
    // Strings and numbers: this cannot fail.
    let text = serde_json::to_string(frame).unwrap_or_default();
    socket.feed(Message::text(text)).await.map_err(|_| Lost::Network)
}

impl fmt::Display for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Parting::Quit => "left",
            Parting::Displaced => "the agent has logged in elsewhere; this desk is closed",
            Parting::Unauthorized => "the server refuses agent and token: ask your administrator for a token",
        })
    }
}
