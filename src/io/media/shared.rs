//! The one port of a worker that all its browsers share: datagrams come and go several to a system call.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use bytes::BytesMut;

use super::sockets::bind_udp;
use crate::io::batch::{BATCH_MAX, Inbox, Outbox};

/// The port, and what is about to leave through it.
pub struct Shared {
    socket: UdpSocket,
    outbox: Outbox,
    /// Where the packets of one round lie.
    arena: BytesMut,
}

/// Half a second of sound of a hundred browsers.
const BUFFER: usize = 4 << 20;
/// The largest datagram that is taken; a browser's stay below 1,500 octets.
const DATAGRAM: usize = 2048;
const ARENA: usize = 64 * 1024;

impl Shared {
    /// On the given port, or with `None` on one that the system chooses.
    pub fn bind(address: IpAddr, port: Option<u16>) -> io::Result<Shared> {
        let socket = bind_udp(SocketAddr::new(address, port.unwrap_or(0)), BUFFER)?;
        Ok(Shared { socket, outbox: Outbox::default(), arena: BytesMut::with_capacity(ARENA) })
    }

    /// Places for what comes.
    pub fn inbox() -> Inbox {
        Inbox::new(BATCH_MAX, DATAGRAM)
    }

    pub fn port(&self) -> io::Result<u16> {
        self.socket.local_addr().map(|address| address.port())
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// It leaves at the end of the round, or before when many wait.
    pub fn send(&mut self, to: SocketAddr, packet: &[u8]) {
        self.arena.extend_from_slice(packet);
        self.outbox.push(to, self.arena.split().freeze());
        if self.outbox.len() >= BATCH_MAX {
            self.flush();
        }
    }

    /// What the kernel will not take is lost, as any packet may be.
    pub fn flush(&mut self) {
        if self.outbox.len() > 0 {
            self.outbox.flush(self.socket.as_fd());
            self.arena.reserve(ARENA);
        }
    }
}
