//! The one port of a worker that all its browsers share, in each family of addresses: datagrams come and go several to a system call.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use bytes::BytesMut;

use super::sockets::bind_udp;
use crate::base::{Addresses, Family};
use crate::io::batch::{BATCH_MAX, Inbox, Outbox};

/// The port, and what is about to leave through it.
pub struct Shared {
    /// One for each family, all of the same port.
    doors: Vec<Door>,
    /// Where the packets of one round lie.
    arena: BytesMut,
}

struct Door {
    family: Family,
    socket: UdpSocket,
    outbox: Outbox,
}

/// Half a second of sound of a hundred browsers.
const BUFFER: usize = 4 << 20;
/// The largest datagram that is taken; a browser's stay below 1,500 octets.
const DATAGRAM: usize = 2048;
const ARENA: usize = 64 * 1024;
/// A port that is free in one family may be taken in the other.
const TRIES: usize = 16;

impl Shared {
    /// On the given port, or with `None` on one that the system chooses.
    pub fn bind(addresses: &Addresses, port: Option<u16>) -> io::Result<Shared> {
        let mut bound = Shared::bind_all(addresses, port);
        for _ in 1..if port.is_none() { TRIES } else { 1 } {
            if bound.is_ok() {
                break;
            }
            bound = Shared::bind_all(addresses, port);
        }
        bound
    }

    fn bind_all(addresses: &Addresses, port: Option<u16>) -> io::Result<Shared> {
        let (mut doors, mut port) = (Vec::new(), port.unwrap_or(0));
        for address in addresses.all() {
            let socket = bind_udp(SocketAddr::new(address, port), BUFFER)?;
            port = socket.local_addr()?.port();
            doors.push(Door { family: Family::of(address), socket, outbox: Outbox::default() });
        }
        Ok(Shared { doors, arena: BytesMut::with_capacity(ARENA) })
    }

    /// Places for what comes.
    pub fn inbox() -> Inbox {
        Inbox::new(BATCH_MAX, DATAGRAM)
    }

    pub fn port(&self) -> io::Result<u16> {
        self.doors.first().map_or(Ok(0), |door| Ok(door.socket.local_addr()?.port()))
    }

    /// The sockets, the same each time.
    pub fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.doors.iter().map(|door| door.socket.as_fd())
    }

    /// The socket by which something goes there; `None` for a family that has none.
    pub fn fd_towards(&self, to: SocketAddr) -> Option<BorrowedFd<'_>> {
        let family = Family::of(to.ip());
        self.doors.iter().find(|door| door.family == family).map(|door| door.socket.as_fd())
    }

    /// It leaves at the end of the round, or before when many wait.
    pub fn send(&mut self, to: SocketAddr, packet: &[u8]) {
        let family = Family::of(to.ip());
        let Some(door) = self.doors.iter_mut().find(|door| door.family == family) else { return };
        self.arena.extend_from_slice(packet);
        door.outbox.push(to, self.arena.split().freeze());
        if door.outbox.len() >= BATCH_MAX {
            self.flush();
        }
    }

    /// What the kernel will not take is lost, as any packet may be.
    pub fn flush(&mut self) {
        for door in &mut self.doors {
            if door.outbox.len() > 0 {
                door.outbox.flush(door.socket.as_fd());
                self.arena.reserve(ARENA);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_has_a_socket_and_both_the_same_port() {
        let addresses = Addresses::new([127, 0, 0, 1].into(), Some(std::net::Ipv6Addr::LOCALHOST.into()));
        let mut shared = Shared::bind(&addresses, None).unwrap();
        let port = shared.port().unwrap();
        assert!(Shared::bind(&addresses, Some(port)).is_err(), "it is taken");
        for (peer, host) in [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1")] {
            let peer = UdpSocket::bind(peer).unwrap();
            peer.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
            shared.send(peer.local_addr().unwrap(), b"hello");
            shared.flush();
            let mut buffer = [0; 16];
            let (length, from) = peer.recv_from(&mut buffer).unwrap();
            assert_eq!((&buffer[..length], from), (&b"hello"[..], SocketAddr::new(host.parse().unwrap(), port)));
        }
    }
}
