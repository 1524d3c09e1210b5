//! Datagrams of many sockets on their way: those of one round leave in one system call where the kernel has one for it.

use std::net::SocketAddr;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};

use socket2::SockAddr;

use super::ring::{LETTERS_MAX, Letter, Outlet, Ring};

/// Without a ring each datagram leaves at once.
#[derive(Default)]
pub struct Bundle {
    ring: Option<Ring>,
    waiting: Vec<Waiting>,
    /// Where those go that have no peer of their own, and the octets of all.
    addresses: Vec<SockAddr>,
    bytes: Vec<u8>,
}

/// The socket is open until the bundle is flushed: whoever closes it, or ties it to another peer, flushes first.
struct Waiting {
    by: Outlet,
    /// Its place among the addresses.
    to: Option<u32>,
    octets: Range<u32>,
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

    /// The socket may be pushed under this number from now on, if so it says; until it is forgotten, it stays open.
    pub fn know(&mut self, place: u32, socket: BorrowedFd<'_>) -> bool {
        self.ring.as_mut().is_some_and(|ring| ring.know(place, socket.as_raw_fd()))
    }

    pub fn forget(&mut self, place: u32) {
        self.ring.iter_mut().for_each(|ring| ring.forget(place));
    }

    /// `to` is `None` for the peer that the socket is connected to. What the kernel will not take is lost, as any packet may be.
    pub fn push(&mut self, by: Outlet, to: Option<SocketAddr>, packet: &[u8]) {
        if self.ring.is_none() {
            return send(&Letter { by, to: to.map(SockAddr::from).as_ref(), bytes: packet });
        }
        let begin = self.bytes.len() as u32;
        self.bytes.extend_from_slice(packet);
        let to = to.map(|to| self.address(to));
        self.waiting.push(Waiting { by, to, octets: begin..self.bytes.len() as u32 });
        if self.waiting.len() >= LETTERS_MAX {
            self.flush();
        }
    }

    fn address(&mut self, to: SocketAddr) -> u32 {
        self.addresses.push(to.into());
        self.addresses.len() as u32 - 1
    }

    /// All that wait leave. A single one is not worth a queue.
    pub fn flush(&mut self) {
        let letters = self.waiting.iter().map(|waiting| Letter {
            by: waiting.by,
            to: waiting.to.and_then(|place| self.addresses.get(place as usize)),
            bytes: self.bytes.get(waiting.octets.start as usize..waiting.octets.end as usize).unwrap_or_default(),
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
        self.addresses.clear();
        self.bytes.clear();
    }
}

fn send(letter: &Letter<'_>) {
    let (to, to_length) = letter.to.map_or((std::ptr::null(), 0), |to| (to.as_ptr().cast(), to.len()));
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    let socket = letter.by.socket;
    // SAFETY: octets and address live through the call, with their true lengths; the descriptor is open, or the call fails.
    unsafe { libc::sendto(socket, letter.bytes.as_ptr().cast(), letter.bytes.len(), flags, to, to_length) };
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

    fn by(socket: &UdpSocket) -> Outlet {
        Outlet { socket: socket.as_raw_fd(), place: None }
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
                bundle.push(by(&one), Some(peer_at), &[turn; 172]);
                bundle.push(by(&other), None, &[turn; 3]);
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
                bundle.push(by(&one), Some("[::1]:9".parse().unwrap()), b"of another family");
                bundle.push(by(&tied), None, b"to nobody");
                bundle.push(by(&one), Some(peer_at), &vec![0; 70_000]);
                bundle.push(by(&one), Some(peer_at), &[turn]);
            }
            bundle.flush();
            tied.connect(peer_at).unwrap();
            bundle.push(by(&tied), None, b"last");
            bundle.flush();
            (0..50u8).for_each(|turn| assert_eq!(next(&peer).0, [turn]));
            assert_eq!(next(&peer).0, b"last", "what failed is not tried again");
        }
    }

    #[test]
    fn a_socket_that_is_known_leaves_by_its_number_and_its_port_is_free_when_it_is_forgotten() {
        for mut bundle in bundles() {
            let ((one, one_at), (peer, peer_at)) = (socket(), socket());
            let place = bundle.know(3, one.as_fd()).then_some(3);
            for turn in 0..70u8 {
                bundle.push(Outlet { place, ..by(&one) }, Some(peer_at), &[turn; 172]);
            }
            bundle.flush();
            (0..70u8).for_each(|turn| assert_eq!(next(&peer), (vec![turn; 172], one_at)));
            assert!(!bundle.know(u32::MAX, one.as_fd()), "there are not so many places");
            drop(one);
            place.into_iter().for_each(|place| bundle.forget(place));
            assert!(UdpSocket::bind(one_at).is_ok(), "the ring has let go of it");
        }
    }

    #[test]
    fn a_bundle_that_ends_lets_go_of_its_sockets() {
        for mut bundle in bundles() {
            let (one, at) = socket();
            bundle.know(0, one.as_fd());
            drop((one, bundle));
            assert!(UdpSocket::bind(at).is_ok());
        }
    }
}
