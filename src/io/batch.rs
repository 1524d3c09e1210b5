//! Several datagrams in one system call, each way: recvmmsg and sendmmsg of Linux.

use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use bytes::Bytes;
use socket2::{SockAddr, SockAddrStorage};

/// Places for datagrams that come in one call.
pub struct Inbox {
    bytes: Box<[u8]>,
    /// Octets of one place; what is longer arrives cut.
    length: usize,
    senders: Vec<libc::sockaddr_storage>,
    arrived: Vec<Arrived>,
    /// How many are asked for: some more than came last time, since each place that is offered costs, filled or not.
    asked: usize,
}

/// What the kernel said of one place.
#[derive(Clone, Copy)]
struct Arrived {
    length: usize,
    sender_length: libc::socklen_t,
}

/// Datagrams that leave in one call.
#[derive(Default)]
pub struct Outbox {
    letters: Vec<(SockAddr, Bytes)>,
}

/// No call takes more at once.
pub const BATCH_MAX: usize = 64;
/// What is asked for where little comes.
const ASKED_MIN: usize = 8;

/// What a call points the kernel to. Only the entries that the call says are written, and read.
struct Frame {
    pieces: [MaybeUninit<libc::iovec>; BATCH_MAX],
    headers: [MaybeUninit<libc::mmsghdr>; BATCH_MAX],
}

impl Inbox {
    /// `places` datagrams (at most `BATCH_MAX`) of `length` octets.
    pub fn new(places: usize, length: usize) -> Inbox {
        let places = places.clamp(1, BATCH_MAX);
        Inbox {
            bytes: vec![0; places * length].into(),
            length,
            senders: vec![nowhere(); places],
            arrived: Vec::with_capacity(places),
            asked: ASKED_MIN.min(places),
        }
    }

    /// How many the next call asks for.
    pub fn asks_for(&self) -> usize {
        self.asked
    }

    /// Takes what the socket holds and says how many; fewer than asked for when it holds no more now. Does not wait.
    pub fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.arrived.clear();
        let mut frame = Frame::new();
        let places = self.bytes.chunks_exact_mut(self.length).zip(&mut self.senders);
        for (nth, (place, sender)) in places.take(self.asked).enumerate() {
            let piece = libc::iovec { iov_base: place.as_mut_ptr().cast(), iov_len: place.len() };
            frame.point(nth, piece, (ptr::from_mut(sender).cast(), size_of::<libc::sockaddr_storage>() as _));
        }
        let (most, flags) = (self.asked as libc::c_uint, libc::MSG_DONTWAIT as _);
        let headers = frame.headers.as_mut_ptr().cast();
        // SAFETY: the first `most` headers point to places and senders that live through the call, with their true sizes.
        let count = unsafe { libc::recvmmsg(socket.as_raw_fd(), headers, most, flags, ptr::null_mut()) };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        self.arrived.extend(frame.headers.iter().take(count).map(|header| {
            // SAFETY: no more have arrived than were asked for, and those headers are written.
            let header = unsafe { header.assume_init_ref() };
            Arrived { length: header.msg_len as usize, sender_length: header.msg_hdr.msg_namelen }
        }));
        self.asked = (2 * count).clamp(ASKED_MIN, BATCH_MAX).min(self.senders.len());
        Ok(count)
    }

    /// As `get`, for who works on the datagram where it lies.
    pub fn get_mut(&mut self, nth: usize) -> Option<(SocketAddr, &mut [u8])> {
        let (sender, length) = self.get(nth).map(|(sender, bytes)| (sender, bytes.len()))?;
        let place = self.bytes.chunks_exact_mut(self.length).nth(nth)?;
        Some((sender, place.get_mut(..length)?))
    }

    /// The `nth` datagram of the last call; `None` where there is none, or it came from no IP address.
    pub fn get(&self, nth: usize) -> Option<(SocketAddr, &[u8])> {
        let arrived = self.arrived.get(nth)?;
        let place = self.bytes.chunks_exact(self.length).nth(nth)?;
        let mut storage = SockAddrStorage::zeroed();
        // SAFETY: the storage is of this type; the kernel wrote this address, and its length.
        let sender = unsafe {
            *storage.view_as() = *self.senders.get(nth)?;
            SockAddr::new(storage, arrived.sender_length)
        };
        let sender = sender.as_socket()?;
        Some((sender, place.get(..arrived.length)?))
    }
}

impl Outbox {
    pub fn push(&mut self, to: SocketAddr, bytes: Bytes) {
        self.letters.push((to.into(), bytes));
    }

    pub fn len(&self) -> usize {
        self.letters.len()
    }

    /// Sends all, and says how many the kernel would not take: they are lost, as on any network.
    pub fn flush(&mut self, socket: BorrowedFd<'_>) -> usize {
        let mut lost = 0;
        let mut begin = 0;
        while let Some(waiting) = self.letters.get(begin..).filter(|waiting| !waiting.is_empty()) {
            // The first of those that are left is the one that fails.
            let sent = send(socket, waiting).unwrap_or(0);
            lost += usize::from(sent == 0);
            begin += sent.max(1);
        }
        self.letters.clear();
        lost
    }
}

/// How many were sent: at least one, or the fault of the first.
fn send(socket: BorrowedFd<'_>, letters: &[(SockAddr, Bytes)]) -> io::Result<usize> {
    let mut frame = Frame::new();
    for (nth, (to, bytes)) in letters.iter().take(BATCH_MAX).enumerate() {
        let piece = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        frame.point(nth, piece, (to.as_ptr().cast_mut().cast(), to.len()));
    }
    let headers = frame.headers.as_mut_ptr().cast();
    let (count, flags) = (letters.len().min(BATCH_MAX) as libc::c_uint, libc::MSG_DONTWAIT as _);
    // SAFETY: the first `count` headers point to letters that live through the call; the kernel only reads them.
    let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers, count, flags) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

impl Frame {
    /// Nothing is written: five kilobytes of zeros for a packet or two would cost more than the call.
    fn new() -> Frame {
        Frame {
            pieces: [const { MaybeUninit::uninit() }; BATCH_MAX],
            headers: [const { MaybeUninit::uninit() }; BATCH_MAX],
        }
    }

    /// The `nth` header says where the octets are, and where the address is. The frame must not move afterwards.
    fn point(&mut self, nth: usize, piece: libc::iovec, (name, length): (*mut libc::c_void, libc::socklen_t)) {
        let (Some(place), Some(header)) = (self.pieces.get_mut(nth), self.headers.get_mut(nth)) else { return };
        let mut whole = empty();
        whole.msg_hdr.msg_iov = place.write(piece);
        whole.msg_hdr.msg_iovlen = 1;
        whole.msg_hdr.msg_name = name;
        whole.msg_hdr.msg_namelen = length;
        header.write(whole);
    }
}

fn nowhere() -> libc::sockaddr_storage {
    // SAFETY: all zeros is an address of no family.
    unsafe { std::mem::zeroed() }
}

fn empty() -> libc::mmsghdr {
    // SAFETY: null pointers and zero lengths are a valid header of nothing.
    unsafe { std::mem::zeroed() }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    use super::*;

    fn pair() -> (UdpSocket, UdpSocket) {
        let bind = || UdpSocket::bind("127.0.0.1:0").expect("a socket");
        (bind(), bind())
    }

    fn wait(socket: &UdpSocket) {
        socket.peek_from(&mut [0]).expect("a datagram");
    }

    #[test]
    fn what_is_sent_together_arrives_with_its_sender() {
        let (ours, theirs) = pair();
        let to = theirs.local_addr().expect("an address");
        let mut outbox = Outbox::default();
        (0..100u8).for_each(|nth| outbox.push(to, Bytes::copy_from_slice(&[nth; 3])));
        assert_eq!((outbox.flush(ours.as_fd()), outbox.len()), (0, 0));
        let mut inbox = Inbox::new(16, 64);
        let mut seen = Vec::new();
        while seen.len() < 100 {
            wait(&theirs);
            let count = inbox.receive(theirs.as_fd()).expect("datagrams");
            assert!((1..=16).contains(&count));
            for nth in 0..count {
                let (from, bytes) = inbox.get(nth).expect("one of them");
                assert_eq!(from, ours.local_addr().expect("an address"));
                seen.push(bytes.to_vec());
            }
            assert_eq!(inbox.get(count), None);
        }
        assert_eq!(seen, (0..100u8).map(|nth| vec![nth; 3]).collect::<Vec<_>>());
    }

    #[test]
    fn one_that_cannot_leave_holds_up_none() {
        let (ours, theirs) = pair();
        let to = theirs.local_addr().expect("an address");
        let mut outbox = Outbox::default();
        outbox.push(to, Bytes::from_static(b"first"));
        outbox.push("[::1]:9".parse().expect("an address"), Bytes::from_static(b"of another family"));
        outbox.push(to, vec![0; 70_000].into());
        outbox.push(to, Bytes::from_static(b"last"));
        assert_eq!(outbox.flush(ours.as_fd()), 2);
        let mut buffer = [0; 32];
        let read = |buffer: &mut [u8]| theirs.recv(buffer).expect("a datagram");
        assert_eq!((read(&mut buffer), read(&mut buffer)), (5, 4));
        assert_eq!(&buffer[..4], b"last");
    }

    #[test]
    fn nothing_there_is_said_and_a_long_one_is_cut() {
        let (ours, theirs) = pair();
        let mut inbox = Inbox::new(4, 8);
        let nothing = inbox.receive(theirs.as_fd()).expect_err("no datagram");
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        ours.send_to(&[7; 20], theirs.local_addr().expect("an address")).expect("sent");
        wait(&theirs);
        assert_eq!(inbox.receive(theirs.as_fd()).expect("a datagram"), 1);
        assert_eq!(inbox.get(0).map(|(_, bytes)| bytes.len()), Some(8));
    }
}
