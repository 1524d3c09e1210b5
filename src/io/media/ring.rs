//! Sends of many sockets in one system call: io_uring of Linux 6.1 and later, as far as that takes. Written after io_uring(7),
//! io_uring_setup(2) and io_uring_enter(2).

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use socket2::SockAddr;

/// A queue of orders that this thread and the kernel share. Each batch is carried out within the call that hands it over, so nothing is
/// under way between two calls.
pub struct Ring {
    /// Closed before the maps go.
    fd: OwnedFd,
    orders: Map,
    submissions: Map,
    completions: Map,
    offsets: Parameters,
}

/// One datagram, whose octets and address live through the call.
pub struct Letter<'a> {
    pub socket: RawFd,
    /// `None`: to whom the socket is connected.
    pub to: Option<&'a SockAddr>,
    pub bytes: &'a [u8],
}

/// Memory that the kernel shares.
struct Map {
    at: *mut u8,
    length: usize,
}

/// `struct io_uring_params`.
#[repr(C)]
#[derive(Default)]
struct Parameters {
    submissions: u32,
    completions: u32,
    flags: u32,
    thread: [u32; 2],
    features: u32,
    queue: u32,
    unused: [u32; 3],
    of_submissions: Offsets,
    of_completions: Offsets,
}

/// `struct io_sqring_offsets` and `struct io_cqring_offsets`: where in the map these words lie. The sixth and seventh mean different
/// things in the two.
#[repr(C)]
#[derive(Default)]
struct Offsets {
    head: u32,
    tail: u32,
    mask: u32,
    entries: u32,
    fifth: u32,
    sixth: u32,
    seventh: u32,
    unused: u32,
    address: u64,
}

/// `struct io_uring_sqe` of a send.
#[repr(C)]
#[derive(Clone, Copy)]
struct Order {
    opcode: u8,
    flags: u8,
    priority: u16,
    fd: i32,
    to: u64,
    bytes: u64,
    length: u32,
    message_flags: u32,
    user: u64,
    buffer: u16,
    personality: u16,
    to_length: u16,
    unused: [u16; 9],
}

/// Orders that one call takes.
pub const LETTERS_MAX: usize = 32;
const SEND: u8 = 26;
/// Only a failure is told.
const SKIP_SUCCESS: u8 = 1 << 6;
/// All orders of a batch are taken, also after one that is wrong; one thread alone gives them; what is left to do is done in its calls.
const SETUP: u32 = 1 << 7 | 1 << 12 | 1 << 13;
const GET_EVENTS: u32 = 1;
const MAP_SUBMISSIONS: libc::off_t = 0;
const MAP_COMPLETIONS: libc::off_t = 0x800_0000;
const MAP_ORDERS: libc::off_t = 0x1000_0000;
/// Octets of `struct io_uring_cqe`.
const COMPLETION: usize = 16;

impl Ring {
    /// For the calling thread alone. Fails where the kernel is older, and where it, or whoever guards it, forbids such queues.
    pub fn new() -> io::Result<Ring> {
        let mut offsets = Parameters { flags: SETUP, ..Parameters::default() };
        // SAFETY: the parameters live through the call; the descriptor is fresh, checked, and owned once.
        let fd = unsafe {
            let fd = libc::syscall(libc::SYS_io_uring_setup, LETTERS_MAX as u32, &raw mut offsets);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(fd as RawFd)
        };
        let (sent, told) = (&offsets.of_submissions, &offsets.of_completions);
        let submissions = sent.seventh as usize + offsets.submissions as usize * size_of::<u32>();
        let completions = told.sixth as usize + offsets.completions as usize * COMPLETION;
        let orders = offsets.submissions as usize * size_of::<Order>();
        let ring = Ring {
            orders: Map::new(&fd, MAP_ORDERS, orders)?,
            submissions: Map::new(&fd, MAP_SUBMISSIONS, submissions)?,
            completions: Map::new(&fd, MAP_COMPLETIONS, completions)?,
            fd,
            offsets,
        };
        ring.number_the_places();
        Ok(ring)
    }

    /// Sends the letters, `LETTERS_MAX` at most. What the kernel will not take is lost; an error says that the queue is of no use any
    /// more, and how many it had taken.
    pub fn send<'a>(&mut self, letters: impl Iterator<Item = Letter<'a>>) -> Result<(), u32> {
        let tail = self.word(&self.submissions, self.offsets.of_submissions.tail);
        let begin = tail.load(Ordering::Relaxed);
        let mut end = begin;
        for letter in letters.take(LETTERS_MAX) {
            self.place(end & (self.offsets.submissions - 1), Order::send(&letter));
            end = end.wrapping_add(1);
        }
        tail.store(end, Ordering::Release);
        let count = end.wrapping_sub(begin);
        // SAFETY: the kernel reads the orders, and what they point to, within the call: they say not to wait.
        let taken = unsafe {
            let fd = self.fd.as_raw_fd();
            libc::syscall(libc::SYS_io_uring_enter, fd, count, 0, GET_EVENTS, ptr::null::<libc::c_void>(), 0usize)
        };
        self.forget_failures();
        match u32::try_from(taken) {
            Ok(taken) if taken == count => Ok(()),
            taken => Err(taken.unwrap_or(0)),
        }
    }

    /// Nobody asks which of them failed.
    fn forget_failures(&self) {
        let tail = self.word(&self.completions, self.offsets.of_completions.tail).load(Ordering::Acquire);
        self.word(&self.completions, self.offsets.of_completions.head).store(tail, Ordering::Release);
    }

    /// The queue of numbers of places always says the same: each place its own.
    fn number_the_places(&self) {
        for nth in 0..self.offsets.submissions {
            let at = self.offsets.of_submissions.seventh + nth * size_of::<u32>() as u32;
            self.word(&self.submissions, at).store(nth, Ordering::Relaxed);
        }
    }

    fn place(&self, nth: u32, order: Order) {
        let at = nth as usize * size_of::<Order>();
        if at + size_of::<Order>() <= self.orders.length {
            // SAFETY: the place lies within the map, which is aligned to a page; the kernel reads it only in a call of this thread.
            unsafe { self.orders.at.add(at).cast::<Order>().write(order) };
        }
    }

    fn word<'a>(&self, map: &'a Map, at: u32) -> &'a AtomicU32 {
        assert!(at as usize + size_of::<u32>() <= map.length, "the kernel's own offsets lie within its maps");
        // SAFETY: within the map, aligned as the kernel lays its words; both sides go through atomic operations.
        unsafe { &*map.at.add(at as usize).cast::<AtomicU32>() }
    }
}

impl Order {
    fn send(letter: &Letter<'_>) -> Order {
        let to = letter.to.map_or(0, |to| to.as_ptr() as u64);
        Order {
            opcode: SEND,
            flags: SKIP_SUCCESS,
            priority: 0,
            fd: letter.socket,
            to,
            bytes: letter.bytes.as_ptr() as u64,
            length: letter.bytes.len() as u32,
            message_flags: (libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) as u32,
            user: 0,
            buffer: 0,
            personality: 0,
            to_length: letter.to.map_or(0, |to| to.len() as u16),
            unused: [0; 9],
        }
    }
}

impl Map {
    fn new(fd: &OwnedFd, offset: libc::off_t, length: usize) -> io::Result<Map> {
        let (access, how) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_POPULATE);
        // SAFETY: a new map at an address of the kernel's choice.
        let at = unsafe { libc::mmap(ptr::null_mut(), length, access, how, fd.as_raw_fd(), offset) };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Map { at: at.cast(), length })
    }
}

// SAFETY: it is memory like any other. To a thread that did not make the ring the kernel says no.
unsafe impl Send for Map {}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nobody keeps a reference.
        unsafe { libc::munmap(self.at.cast(), self.length) };
    }
}
