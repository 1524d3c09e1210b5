//! SIP over UDP: the sockets, what they hold, and what leaves through them.

use std::io;
use std::net::{SocketAddr, UdpSocket as StdUdpSocket};
use std::os::fd::AsFd;
use std::task::Poll;

use bytes::Bytes;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::base::{Now, limits};
use crate::io::batch::{Inbox, Outbox};
use crate::io::clock::Clock;
use crate::sip::api::{FlowId, Transmit};

/// One message that came, stamped as it was read.
pub struct Received {
    pub flow: FlowId,
    pub from: SocketAddr,
    pub bytes: Bytes,
    pub now: Now,
}

/// The sockets with their flows.
pub struct UdpSockets {
    lines: Vec<Line>,
    inbox: Inbox,
}

/// A socket, and what is about to leave through it. It is watched for what comes only: the kernel says after each datagram that
/// there is room for another, and would wake us for that.
struct Line {
    flow: FlowId,
    socket: AsyncFd<StdUdpSocket>,
    outbox: Outbox,
}

/// Datagrams taken from one socket in one turn, so that a flood does not starve the rest, and in one call.
const DATAGRAMS_PER_TURN: usize = 64;
const DATAGRAMS_PER_CALL: usize = 16;
/// So many wait at most for the end of the turn.
const LETTERS_MAX: usize = 16;

impl UdpSockets {
    /// Call it on the runtime that reads them.
    pub fn new(sockets: Vec<(FlowId, StdUdpSocket)>) -> io::Result<UdpSockets> {
        let line = |(flow, socket)| {
            // SAFETY: the socket is in there as long as it is watched, and its descriptor is its own.
            let socket = unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) }?;
            Ok(Line { flow, socket, outbox: Outbox::default() })
        };
        let lines = sockets.into_iter().map(line).collect::<io::Result<_>>()?;
        Ok(UdpSockets { lines, inbox: Inbox::new(DATAGRAMS_PER_CALL, limits::SIP_MESSAGE_MAX) })
    }

    /// Ready when any socket is; never without one.
    pub async fn readable(&self) {
        std::future::poll_fn(|context| {
            let ready = self.lines.iter().any(|line| line.socket.poll_read_ready(context).is_ready());
            if ready { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Takes what the sockets hold; false when more may be there.
    pub fn receive(&mut self, clock: &Clock, turn: &mut Vec<Received>) -> bool {
        let mut is_drained = true;
        for line in &self.lines {
            let most = turn.len() + DATAGRAMS_PER_TURN;
            while turn.len() < most && line.read(&mut self.inbox, clock, turn) {}
            is_drained &= turn.len() < most;
        }
        is_drained
    }

    /// The datagram leaves at the end of the turn, or before when many wait. `None` for a flow that is no socket's; else how many
    /// could not leave now.
    pub fn send(&mut self, transmit: &Transmit) -> Option<usize> {
        let line = self.lines.iter_mut().find(|line| line.flow == transmit.flow)?;
        line.outbox.push(transmit.to, transmit.bytes.clone());
        Some(if line.outbox.len() < LETTERS_MAX { 0 } else { line.flush() })
    }

    /// Ends the turn; how many could not leave. They are lost, as on any network: their transactions send them again.
    pub fn flush(&mut self) -> usize {
        self.lines.iter_mut().map(Line::flush).sum()
    }
}

impl Line {
    /// False when nothing more is there. A message keeps its own bytes only: it may be held as long as its call lasts.
    fn read(&self, inbox: &mut Inbox, clock: &Clock, turn: &mut Vec<Received>) -> bool {
        let asked = inbox.asks_for();
        let taken = self.socket.try_io(Interest::READABLE, |socket| {
            let count = inbox.receive(socket.as_fd())?;
            let now = clock.now();
            let datagrams = (0..count).filter_map(|nth| inbox.get(nth));
            turn.extend(datagrams.map(|(from, bytes)| Received {
                flow: self.flow,
                from,
                bytes: Bytes::copy_from_slice(bytes),
                now,
            }));
            // A call that found places to spare says that the socket is empty, which spares the call that finds nothing.
            if count == asked { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
        });
        // An error may be that of an earlier packet (ICMP): more may be there, and the socket says so again.
        taken.is_ok()
    }

    fn flush(&mut self) -> usize {
        if self.outbox.len() == 0 { 0 } else { self.outbox.flush(self.socket.get_ref().as_fd()) }
    }
}
