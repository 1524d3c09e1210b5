//! Looks at sockets that nobody waits for: the kernel is asked about many of them at once, and what has come is taken from those that have some.

use std::net::SocketAddr;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::base::LegId;
use crate::io::batch::Inbox;

/// Who is asked about: their sockets stay open until the look.
pub struct Looks {
    asked: Vec<libc::pollfd>,
    /// Whose they are.
    legs: Vec<LegId>,
    inbox: Inbox,
    found: Found,
}

/// What looks of this round have found.
#[derive(Default)]
pub struct Found {
    datagrams: Vec<(LegId, SocketAddr, Range<usize>)>,
    bytes: Vec<u8>,
}

/// Sockets of one question.
const ASKED_MAX: usize = 32;
/// Datagrams of one look: three times what comes in between. More are there at the next one, or are too many.
const LOOKED_MAX: usize = 32;
/// The largest that is of use to anybody.
const LOOKED_DATAGRAM: usize = 2048;
/// Octets of one round's looks. What is left over is there at the next ones.
const FOUND_MAX: usize = 1 << 20;

impl Looks {
    pub fn new() -> Looks {
        Looks {
            asked: Vec::with_capacity(ASKED_MAX),
            legs: Vec::with_capacity(ASKED_MAX),
            inbox: Inbox::new(LOOKED_MAX, LOOKED_DATAGRAM),
            found: Found::default(),
        }
    }

    /// Soon: at the latest when so many are asked about, or somebody asks for what was found.
    pub fn ask(&mut self, leg: LegId, socket: BorrowedFd<'_>) {
        self.asked.push(libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 });
        self.legs.push(leg);
        if self.asked.len() >= ASKED_MAX {
            self.look();
        }
    }

    /// Whoever has neither sound nor an error waiting costs no call of their own.
    pub fn look(&mut self) {
        if self.asked.is_empty() {
            return;
        }
        // SAFETY: the kernel writes within the list, with its true length; it does not wait.
        let count = unsafe { libc::poll(self.asked.as_mut_ptr(), self.asked.len() as libc::nfds_t, 0) };
        for nth in 0..if count > 0 { self.asked.len() } else { 0 } {
            let (Some(asked), Some(leg)) = (self.asked.get(nth), self.legs.get(nth)) else { break };
            if asked.revents != 0 {
                // SAFETY: whoever asks keeps the socket open until the look.
                let socket = unsafe { BorrowedFd::borrow_raw(asked.fd) };
                self.take(*leg, socket);
            }
        }
        self.asked.clear();
        self.legs.clear();
    }

    /// What has come to this socket.
    pub fn take(&mut self, leg: LegId, socket: BorrowedFd<'_>) {
        if self.found.bytes.len() >= FOUND_MAX {
            return;
        }
        for nth in 0..self.inbox.receive(socket).unwrap_or(0) {
            self.inbox.get(nth).into_iter().for_each(|(from, datagram)| self.found.push(leg, from, datagram));
        }
    }

    /// To be given back when it has been read; `None` when there is nothing.
    pub fn found(&mut self) -> Option<Found> {
        self.look();
        (!self.found.datagrams.is_empty()).then(|| std::mem::take(&mut self.found))
    }

    pub fn give_back(&mut self, mut found: Found) {
        if self.found.datagrams.is_empty() {
            found.datagrams.clear();
            found.bytes.clear();
            self.found = found;
        }
    }
}

impl Found {
    fn push(&mut self, leg: LegId, from: SocketAddr, datagram: &[u8]) {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(datagram);
        self.datagrams.push((leg, from, begin..self.bytes.len()));
    }

    /// In the order in which they came to each leg.
    pub fn each(&mut self, mut read: impl FnMut(LegId, SocketAddr, &mut [u8])) {
        for (leg, from, place) in &self.datagrams {
            self.bytes.get_mut(place.clone()).into_iter().for_each(|datagram| read(*leg, *from, datagram));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    use super::*;

    fn socket() -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        socket
    }

    /// Which legs, and what, of all that was found.
    fn read(looks: &mut Looks) -> Vec<(u64, Vec<u8>)> {
        let mut seen = Vec::new();
        let Some(mut found) = looks.found() else { return seen };
        found.each(|leg, _, datagram| seen.push((leg.0, datagram.to_vec())));
        looks.give_back(found);
        seen
    }

    #[test]
    fn those_who_have_something_are_read_and_the_others_are_not_asked_again() {
        let sockets: Vec<UdpSocket> = (0..100).map(|_| socket()).collect();
        let mut looks = Looks::new();
        for nth in [3, 40, 99] {
            let at = sockets[nth].local_addr().unwrap();
            let sender = socket();
            (0..2).for_each(|turn| assert_eq!(sender.send_to(&[nth as u8, turn], at).unwrap(), 2));
            sockets[nth].peek(&mut [0; 2]).unwrap();
        }
        (0u64..).zip(&sockets).for_each(|(leg, socket)| looks.ask(LegId(leg), socket.as_fd()));
        let expected = [3, 40, 99].map(|nth| [0, 1].map(|turn| (nth, vec![nth as u8, turn])));
        assert_eq!(read(&mut looks), expected.concat());
        assert!(looks.asked.is_empty() && read(&mut looks).is_empty());
    }

    #[test]
    fn a_socket_that_is_at_hand_is_read_without_a_question() {
        let (ours, mut looks) = (socket(), Looks::new());
        socket().send_to(b"key", ours.local_addr().unwrap()).unwrap();
        ours.peek(&mut [0; 3]).unwrap();
        looks.take(LegId(7), ours.as_fd());
        assert_eq!(read(&mut looks), [(7, b"key".to_vec())]);
    }
}
