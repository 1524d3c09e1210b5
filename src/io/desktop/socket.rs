//! One desk's websocket: frames in, frames out, until either side has had enough.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, Result};

use crate::base::limits::{DESK_MESSAGES_AT_ONCE, DESK_MESSAGES_PER_S};
use crate::desktop::{CloseCode, DesktopInput};

use super::client_frames;
use super::frames;
use super::lines::{DeskLines, LineEnd, Outgoing};
use super::server_frames;
use crate::io::allowance::Allowance;
use crate::io::door::EngineDoor;
use crate::io::troubles::Trouble;

/// Whatever the websocket goes over.
pub(super) trait Line: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Line for S {}

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
pub(super) async fn serve<S: Line>(mut socket: WebSocketStream<S>, lines: &DeskLines, door: &dyn EngineDoor) {
    let mut line = lines.open();
    let conn = line.conn;
    door.desktop(DesktopInput::Opened { conn });
    if let End::Refused(code, reason) = exchange(&mut socket, &mut line, door).await {
        if code == CloseCode::TooFast {
            lines.troubles().note(Trouble::TooManyMessages, None);
        }
        close(&mut socket, code, reason).await;
    }
    lines.forget(conn);
    door.desktop(DesktopInput::Closed { conn });
}

async fn exchange<S: Line>(socket: &mut WebSocketStream<S>, line: &mut LineEnd, door: &dyn EngineDoor) -> End {
    let mut allowance = Allowance::new(DESK_MESSAGES_AT_ONCE, DESK_MESSAGES_PER_S, Instant::now());
    loop {
        let end = tokio::select! {
            () = line.cut.notified() => Some(End::Closed),
            outgoing = line.queue.recv() => deliver(socket, outgoing, line).await,
            incoming = socket.next() => match incoming {
                Some(Ok(message)) if allowance.take(Instant::now()) => receive(line, door, message),
                Some(Ok(_)) => Some(End::Refused(CloseCode::TooFast, "too many messages")),
                Some(Err(fault)) => Some(broken(&fault)),
                None => Some(End::Closed),
            },
        };
        if let Some(end) = end {
            return end;
        }
        // The engine runs on this thread, and has its turn now.
        while door.is_behind() {
            tokio::task::yield_now().await;
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
        // A part of a message, which is never given out.
        Message::Frame(_) => return None,
    };
    door.desktop(input);
    None
}

/// Sends what waits, all of it with one write.
async fn deliver<S: Line>(socket: &mut WebSocketStream<S>, first: Option<Outgoing>, line: &mut LineEnd) -> Option<End> {
    let (mut out, mut next) = (Vec::new(), first);
    let end = loop {
        match next {
            Some(Outgoing::Message { seq, message }) => frames::text(&mut out, &server_frames::write(seq, *message)),
            Some(Outgoing::Ping) => frames::ping(&mut out),
            Some(Outgoing::Close { code, reason }) => break Some(End::Refused(code, reason)),
            None => break Some(End::Closed),
        }
        match line.queue.try_recv() {
            Ok(more) => next = Some(more),
            Err(_) => break None,
        }
    };
    let is_written = in_time(async {
        // The answer to a ping may be half written.
        socket.flush().await?;
        socket.get_mut().write_all(&out).await?;
        Ok(socket.get_mut().flush().await?)
    });
    if is_written.await { end } else { Some(End::Closed) }
}

async fn in_time(write: impl Future<Output = Result<()>>) -> bool {
    matches!(tokio::time::timeout(WRITE_WITHIN, write).await, Ok(Ok(())))
}

/// A message that is too long is told so; anything else that breaks a websocket leaves nobody to tell.
fn broken(fault: &Error) -> End {
    if matches!(fault, Error::Capacity(CapacityError::MessageTooLong { .. })) {
        return End::Refused(CloseCode::TooBig, "the message is too long");
    }
    End::Closed
}

async fn close<S: Line>(socket: &mut WebSocketStream<S>, code: CloseCode, reason: &'static str) {
    let frame = CloseFrame { code: code.number().into(), reason: reason.into() };
    // The peer may be gone, and then there is nothing to say.
    let _ = in_time(socket.send(Message::Close(Some(frame)))).await;
}
