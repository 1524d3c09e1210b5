//! A desk that a test sits at itself, over the real websocket.

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, connect};

use super::process::PATIENCE;

/// An agent who is logged in.
pub struct Desk {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
}

/// Between two looks at the clock.
const LOOK: Duration = Duration::from_millis(100);

impl Desk {
    pub fn open(at: SocketAddr, agent: &str, token: &str) -> Desk {
        let (mut socket, _) = connect(format!("ws://{at}/v1/desktop")).expect("a websocket");
        if let MaybeTlsStream::Plain(stream) = socket.get_mut() {
            stream.set_read_timeout(Some(LOOK)).expect("a timeout");
        }
        let mut desk = Desk { socket };
        desk.say(&json!({"type": "hello", "agent": agent, "token": token}));
        desk.wait_for("a welcome", |message| message["type"] == "welcome");
        desk
    }

    pub fn say(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).expect("a message that leaves");
    }

    /// What a supervisor sees.
    pub fn calls(&mut self) -> Value {
        self.say(&json!({"type": "watch_calls"}));
        self.wait_for("the calls", |message| message["type"] == "calls")
    }

    /// The first message from now on that is one; those before it are acknowledged and gone.
    pub fn wait_for(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(message) = self.read().filter(&is_it) {
                return message;
            }
        }
        panic!("no {what} in time");
    }

    /// Stays logged in until it is over, and does nothing.
    pub fn linger(&mut self, is_over: &AtomicBool) {
        while !is_over.load(Ordering::Relaxed) {
            self.read();
        }
    }

    fn read(&mut self) -> Option<Value> {
        let text = match self.socket.read() {
            Ok(Message::Text(text)) => text,
            Ok(_) => return None,
            Err(Error::Io(_)) => return None,
            Err(error) => panic!("the desk was closed: {error}"),
        };
        let message: Value = serde_json::from_str(text.as_str()).expect("JSON");
        if message["seq"].is_u64() {
            self.say(&json!({"type": "ack", "seq": message["seq"]}));
        }
        Some(message)
    }
}
