//! One desk's websocket: frames in, frames out, until either side has had enough.

use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket};

use crate::base::limits::{DESK_MESSAGES_AT_ONCE, DESK_MESSAGES_PER_S};
use crate::desktop::{CloseCode, DesktopInput};

use super::client_frames;
use super::lines::{DeskLines, LineEnd, Outgoing};
use super::server_frames;
use crate::io::door::EngineDoor;

/// A frame that does not leave within this time is for nobody.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// Why a connection ends.
enum End {
    /// The peer or the network closed, or we have said why we do.
    Closed,
    /// We close, and say why.
    Refused(CloseCode, &'static str),
}

/// Serves one connection to its end.
pub(super) async fn serve(mut socket: WebSocket, lines: &DeskLines, door: &dyn EngineDoor) {
    let mut line = lines.open();
    let conn = line.conn;
    door.desktop(DesktopInput::Opened { conn });
    if let End::Refused(code, reason) = exchange(&mut socket, &mut line, door).await {
        close(&mut socket, code, reason).await;
    }
    lines.forget(conn);
    door.desktop(DesktopInput::Closed { conn });
}

async fn exchange(socket: &mut WebSocket, line: &mut LineEnd, door: &dyn EngineDoor) -> End {
    let mut allowance = Allowance::new(Instant::now());
    loop {
        let end = tokio::select! {
            () = line.cut.notified() => Some(End::Closed),
            outgoing = line.queue.recv() => deliver(socket, outgoing).await,
            incoming = socket.recv() => match incoming {
                Some(Ok(message)) if allowance.take(Instant::now()) => receive(line, door, message),
                Some(Ok(_)) => Some(End::Refused(CloseCode::TooFast, "too many messages")),
                Some(Err(fault)) => Some(broken(&fault)),
                None => Some(End::Closed),
            },
        };
        if let Some(end) = end {
            return end;
        }
    }
}

fn receive(line: &LineEnd, door: &dyn EngineDoor, message: Message) -> Option<End> {
    let conn = line.conn;
    let input = match message {
        Message::Text(text) => match client_frames::read(&text) {
            Ok(message) => DesktopInput::Message { conn, message },
            Err(why) => DesktopInput::BadMessage { conn, why },
        },
        Message::Binary(_) => DesktopInput::BadMessage { conn, why: "binary: send JSON as text".to_owned() },
        // The answer to a ping is sent below us.
        Message::Ping(_) | Message::Pong(_) => DesktopInput::Alive { conn },
        Message::Close(_) => return Some(End::Closed),
    };
    door.desktop(input);
    None
}

async fn deliver(socket: &mut WebSocket, outgoing: Option<Outgoing>) -> Option<End> {
    let message = match outgoing {
        Some(Outgoing::Message { seq, message }) => Message::Text(server_frames::write(seq, message).into()),
        Some(Outgoing::Ping) => Message::Ping(Vec::new().into()),
        Some(Outgoing::Close { code, reason }) => return Some(End::Refused(code, reason)),
        None => return Some(End::Closed),
    };
    match tokio::time::timeout(WRITE_WITHIN, socket.send(message)).await {
        Ok(Ok(())) => None,
        Ok(Err(_)) | Err(_) => Some(End::Closed),
    }
}

/// A message that is too long is told so; anything else that breaks a websocket leaves nobody to tell.
fn broken(fault: &axum::Error) -> End {
    if fault.to_string().contains("too long") {
        return End::Refused(CloseCode::TooBig, "the message is too long");
    }
    End::Closed
}

async fn close(socket: &mut WebSocket, code: CloseCode, reason: &'static str) {
    let frame = CloseFrame { code: code.number(), reason: reason.into() };
    // The peer may be gone, and then there is nothing to say.
    let _ = tokio::time::timeout(WRITE_WITHIN, socket.send(Message::Close(Some(frame)))).await;
}

/// How many messages a desk may still send at this moment.
struct Allowance {
    left: f64,
    since: Instant,
}

impl Allowance {
    fn new(now: Instant) -> Allowance {
        Allowance { left: f64::from(DESK_MESSAGES_AT_ONCE), since: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let earned = now.duration_since(self.since).as_secs_f64() * f64::from(DESK_MESSAGES_PER_S);
        self.left = (self.left + earned).min(f64::from(DESK_MESSAGES_AT_ONCE));
        self.since = now;
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_may_send_so_many_and_then_so_fast() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        let burst = (0..2 * DESK_MESSAGES_AT_ONCE).filter(|_| allowance.take(start)).count();
        assert_eq!(burst, DESK_MESSAGES_AT_ONCE as usize);
        let later = start + Duration::from_secs(1);
        let steady = (0..2 * DESK_MESSAGES_AT_ONCE).filter(|_| allowance.take(later)).count();
        assert_eq!(steady, DESK_MESSAGES_PER_S as usize);
    }
}
