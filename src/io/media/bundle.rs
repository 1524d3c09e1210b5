//! Datagrams of many sockets on their way: those of one round leave in one system call where the kernel has one for it.

use std::net::SocketAddr;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use socket2::SockAddr;

use super::ring::{LETTERS_MAX, Letter, Ring};

/// Without a ring each datagram leaves at once.
#[derive(Default)]
pub struct Bundle {
    ring: Option<Ring>,
    waiting: Vec<Waiting>,
    /// The octets of those that wait.
    bytes: Vec<u8>,
}

/// The socket is open until the bundle is flushed: whoever closes it, or ties it to another peer, flushes first.
struct Waiting {
    socket: RawFd,
    to: Option<SockAddr>,
    place: Range<usize>,
}

impl Bundle {
    /// For the calling thread. Where the kernel has no such queue, or none for us, all is as without.
    pub fn with_ring() -> Bundle {
        Bundle { ring: Ring::new().ok(), ..Bundle::default() }
    }

    /// Whether what is pushed leaves with other things.
    pub fn gathers(&self) -> bool {
        self.ring.is_some()
    }

    /// `to` is `None` for the peer that the socket is connected to. What the kernel will not take is lost, as any packet may be.
    pub fn push(&mut self, socket: BorrowedFd<'_>, to: Option<SocketAddr>, packet: &[u8]) {
        let (socket, to) = (socket.as_raw_fd(), to.map(SockAddr::from));
        if self.ring.is_none() {
            return send(&Letter { socket, to: to.as_ref(), bytes: packet });
        }
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(packet);
        self.waiting.push(Waiting { socket, to, place: begin..self.bytes.len() });
        if self.waiting.len() >= LETTERS_MAX {
            self.flush();
        }
    }

    /// All that wait leave. A single one is not worth a queue.
    pub fn flush(&mut self) {
        let letters = self.waiting.iter().map(|waiting| Letter {
            socket: waiting.socket,
            to: waiting.to.as_ref(),
            bytes: self.bytes.get(waiting.place.clone()).unwrap_or_default(),
        });
        match &mut self.ring {
            Some(ring) if letters.len() > 1 => {
                if let Err(taken) = ring.send(letters.clone()) {
                    self.ring = None;
                    letters.skip(taken).for_each(|letter| send(&letter));
                }
            }
            Some(_) | None => letters.for_each(|letter| send(&letter)),
        }
        self.waiting.clear();
        self.bytes.clear();
    }
}

fn send(letter: &Letter<'_>) {
    let (to, to_length) = letter.to.map_or((std::ptr::null(), 0), |to| (to.as_ptr().cast(), to.len()));
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: octets and address live through the call, with their true lengths; the descriptor is open, or the call fails.
    unsafe { libc::sendto(letter.socket, letter.bytes.as_ptr().cast(), letter.bytes.len(), flags, to, to_length) };
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    use super::*;

    fn socket() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    /// The second is `Bundle::default` again where the kernel has no ring.
    fn bundles() -> [Bundle; 2] {
        [Bundle::default(), Bundle::with_ring()]
    }

    fn next(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0; 2048];
        let (length, from) = socket.recv_from(&mut buffer).unwrap();
        (buffer[..length].to_vec(), from)
    }

    #[test]
    fn each_leaves_by_its_socket_in_order_and_once() {
        for mut bundle in bundles() {
            let ((one, one_at), (other, other_at), (peer, peer_at)) = (socket(), socket(), socket());
            other.connect(peer_at).unwrap();
            for turn in 0..100u8 {
                bundle.push(one.as_fd(), Some(peer_at), &[turn; 172]);
                bundle.push(other.as_fd(), None, &[turn; 3]);
                if turn % 7 == 0 {
                    bundle.flush();
                    bundle.flush();
                }
            }
            bundle.flush();
            for turn in 0..100u8 {
                assert_eq!(next(&peer), (vec![turn; 172], one_at));
                assert_eq!(next(&peer), (vec![turn; 3], other_at));
            }
            peer.set_nonblocking(true).unwrap();
            assert!(peer.recv(&mut [0]).is_err(), "nothing was sent twice");
        }
    }

    #[test]
    fn one_that_cannot_leave_holds_up_none_and_comes_never() {
        for mut bundle in bundles() {
            let ((one, _), (tied, _), (peer, peer_at)) = (socket(), socket(), socket());
            for turn in 0..50u8 {
                bundle.push(one.as_fd(), Some("[::1]:9".parse().unwrap()), b"of another family");
                bundle.push(tied.as_fd(), None, b"to nobody");
                bundle.push(one.as_fd(), Some(peer_at), &vec![0; 70_000]);
                bundle.push(one.as_fd(), Some(peer_at), &[turn]);
            }
            bundle.flush();
            tied.connect(peer_at).unwrap();
            bundle.push(tied.as_fd(), None, b"last");
            bundle.flush();
            (0..50u8).for_each(|turn| assert_eq!(next(&peer).0, [turn]));
            assert_eq!(next(&peer).0, b"last", "what failed is not tried again");
        }
    }
}
