//! One SIP connection: it is opened, its bytes become messages, what is queued is written, and it ends.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::connections::{Event, Shared};
use super::udp::Received;
use crate::base::limits;
use crate::sip::api::{FlowId, Transport};
use crate::sip::framing::{Broken, Frame, Framer, PONG};

/// What a connection's task has of it.
pub struct Line {
    pub flow: FlowId,
    pub peer: SocketAddr,
    /// For the answers to keep-alives.
    pub queue: mpsc::Sender<Bytes>,
    pub to_write: mpsc::Receiver<Bytes>,
    /// Ends the task.
    pub until: oneshot::Receiver<()>,
}

const READ_AT_ONCE: usize = 4096;
const WRITES_AT_ONCE: usize = 64;
/// A last answer may take so long to be read by the peer before the connection is torn down.
const LINGER: Duration = Duration::from_secs(1);

/// A connection that a peer made.
pub async fn accepted(stream: TcpStream, transport: Transport, line: Line, shared: Shared) {
    let flow = line.flow;
    match (transport, shared.tls.clone()) {
        (Transport::Tls, Some(tls)) => {
            if let Ok(Ok((stream, names))) = timeout(limits::SIP_HANDSHAKE_WITHIN, tls.accept(stream)).await {
                serve(stream, names, line, &shared).await;
            }
        }
        (Transport::Tcp, _) => serve(stream, Vec::new(), line, &shared).await,
        (Transport::Udp | Transport::Ws | Transport::Wss, _) | (Transport::Tls, None) => {}
    }
    let _ = shared.events.send(Event::Closed { flow }).await;
}

/// Until either side ends it.
pub(super) async fn serve<S: AsyncRead + AsyncWrite>(stream: S, names: Vec<String>, line: Line, shared: &Shared) {
    let Line { flow, peer, queue, mut to_write, until } = line;
    if shared.events.send(Event::Opened { flow, names, browser: None }).await.is_err() {
        return;
    }
    let (mut reading, mut writing) = tokio::io::split(stream);
    let broken = tokio::select! {
        broken = read(&mut reading, (flow, peer), &queue, shared) => broken,
        () = write(&mut writing, &mut to_write) => None,
        _ = until => None,
    };
    let Some(answer) = broken.and_then(|broken| broken.answer(peer)) else { return };
    let last = async {
        writing.write_all(&answer).await?;
        writing.shutdown().await?;
        // Bytes that nobody has read would make the system cut the connection before the answer arrives.
        let mut rest = [0; READ_AT_ONCE];
        while reading.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = timeout(LINGER, last).await;
}

/// Hands on what comes, each message within its time, until the end; what broke the stream, if that is why.
async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    (flow, from): (FlowId, SocketAddr),
    queue: &mpsc::Sender<Bytes>,
    shared: &Shared,
) -> Option<Broken> {
    let mut framer = Framer::default();
    let mut until = Instant::now() + limits::SIP_FIRST_BYTE_WITHIN;
    loop {
        let was_amid = framer.is_amid();
        framer.buffer().reserve(READ_AT_ONCE);
        if timeout_at(until, stream.read_buf(framer.buffer())).await.ok()?.ok()? == 0 {
            return None;
        }
        let now = shared.clock.now();
        let mut got = false;
        loop {
            match framer.poll() {
                Ok(Some(Frame::Message(bytes))) => {
                    shared.events.send(Event::Message(Received { flow, from, bytes, now })).await.ok()?;
                }
                // A peer that pings and does not read is cut off.
                Ok(Some(Frame::Ping)) => queue.try_send(Bytes::from_static(PONG)).ok()?,
                Ok(None) => break,
                Err(broken) => return Some(broken),
            }
            got = true;
        }
        // The time of a message begins with its first byte, and no further byte prolongs it.
        match (framer.is_amid(), was_amid && !got) {
            (true, true) => {}
            (true, false) => until = Instant::now() + limits::SIP_MESSAGE_WITHIN,
            (false, _) => until = Instant::now() + shared.idle,
        }
    }
}

/// Writes what is queued, as much at once as there is.
async fn write(stream: &mut (impl AsyncWrite + Unpin), queue: &mut mpsc::Receiver<Bytes>) {
    let (mut batch, mut out) = (Vec::new(), BytesMut::new());
    while queue.recv_many(&mut batch, WRITES_AT_ONCE).await > 0 {
        batch.drain(..).for_each(|bytes| out.extend_from_slice(&bytes));
        let written = async {
            stream.write_all(&out).await?;
            stream.flush().await
        };
        if !matches!(timeout(limits::SIP_WRITE_WITHIN, written).await, Ok(Ok(()))) {
            return;
        }
        out.clear();
    }
}
