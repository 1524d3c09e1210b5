//! SIP over UDP: the sockets, what they hold, and what leaves through them.

use std::io;
use std::net::{SocketAddr, UdpSocket as StdUdpSocket};
use std::task::Poll;

use bytes::Bytes;
use tokio::net::UdpSocket;

use crate::base::{Now, limits};
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
    sockets: Vec<(FlowId, UdpSocket)>,
    buffer: Box<[u8]>,
}

/// Datagrams taken from one socket in one turn, so that a flood does not starve the rest.
const DATAGRAMS_PER_TURN: usize = 64;

impl UdpSockets {
    /// Call it on the runtime that reads them.
    pub fn new(sockets: Vec<(FlowId, StdUdpSocket)>) -> io::Result<UdpSockets> {
        let sockets = sockets.into_iter().map(|(flow, socket)| Ok((flow, UdpSocket::from_std(socket)?)));
        Ok(UdpSockets { sockets: sockets.collect::<io::Result<_>>()?, buffer: vec![0; limits::SIP_MESSAGE_MAX].into() })
    }

    /// Ready when any socket is; never without one.
    pub async fn readable(&self) {
        std::future::poll_fn(|context| {
            let ready = self.sockets.iter().any(|(_, socket)| socket.poll_recv_ready(context).is_ready());
            if ready { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Takes what the sockets hold; false when more may be there.
    pub fn receive(&mut self, clock: &Clock, turn: &mut Vec<Received>) -> bool {
        let mut is_drained = true;
        for place in 0..self.sockets.len() {
            let most = turn.len() + DATAGRAMS_PER_TURN;
            while turn.len() < most {
                let Some((flow, from, bytes)) = self.read(place) else { break };
                turn.push(Received { flow, from, bytes, now: clock.now() });
            }
            is_drained &= turn.len() < most;
        }
        is_drained
    }

    /// A message keeps its own bytes only: it may be held as long as its call lasts.
    fn read(&mut self, place: usize) -> Option<(FlowId, SocketAddr, Bytes)> {
        let (flow, socket) = self.sockets.get(place)?;
        match socket.try_recv_from(&mut self.buffer) {
            Ok((length, from)) => Some((*flow, from, Bytes::copy_from_slice(self.buffer.get(..length)?))),
            // An ICMP error of an earlier packet, or nothing there.
            Err(_) => None,
        }
    }

    /// `None` for a flow that is no socket's; false for a datagram that cannot leave. It is lost, as on any network: the transaction
    /// sends it again.
    pub fn send(&self, transmit: &Transmit) -> Option<bool> {
        let (_, socket) = self.sockets.iter().find(|(flow, _)| *flow == transmit.flow)?;
        Some(socket.try_send_to(&transmit.bytes, transmit.to).is_ok())
    }
}
