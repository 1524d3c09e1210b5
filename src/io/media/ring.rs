//! Sends of many sockets in one system call, by io_uring of Linux 6.1 and later (io_uring_setup(2), io_uring_enter(2)).

use std::io;
use std::os::fd::RawFd;
use std::ptr;

use io_uring::squeue::{self, Flags};
use io_uring::{IoUring, opcode, types};
use socket2::SockAddr;

/// A queue of orders that this thread and the kernel share. Each batch is carried out within the call that hands it over, so nothing is
/// under way between two calls.
pub struct Ring {
    queue: IoUring,
    /// Places for sockets that the queue knows by a number of its own.
    places: u32,
}

/// A socket, and its number in the ring where it has one: the kernel need not look for it among all descriptors then, nor count who uses it.
#[derive(Clone, Copy, Debug)]
pub struct Outlet {
    pub socket: RawFd,
    pub place: Option<u32>,
}

/// One datagram, whose octets and address live through the call.
pub struct Letter<'a> {
    pub by: Outlet,
    /// `None`: to whom the socket is connected.
    pub to: Option<&'a SockAddr>,
    pub bytes: &'a [u8],
}

/// Orders that one call takes.
pub const LETTERS_MAX: usize = 32;
/// Sockets that a ring knows by numbers; beyond them they have none. The kernel takes eight octets for each.
const PLACES: u32 = 1 << 14;
/// No socket.
const NOBODY: RawFd = -1;

impl Ring {
    /// For the calling thread alone. Fails where the kernel is older, and where it, or whoever guards it, forbids such queues.
    pub fn new() -> io::Result<Ring> {
        let queue = IoUring::builder()
            .setup_submit_all()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .build(LETTERS_MAX as u32)?;
        // Not more than there may be descriptors.
        let places = std::iter::successors(Some(PLACES), |places| Some(places / 2)).take_while(|places| *places > 0);
        let places = places.into_iter().find(|places| queue.submitter().register_files_sparse(*places).is_ok());
        Ok(Ring { queue, places: places.unwrap_or(0) })
    }

    /// From now on the socket may be sent by under this number, until it is forgotten: so long it stays open. False when there is no such place.
    pub fn know(&mut self, place: u32, socket: RawFd) -> bool {
        place < self.places && self.queue.submitter().register_files_update(place, &[socket]).is_ok()
    }

    pub fn forget(&mut self, place: u32) {
        // What is not there need not be forgotten.
        let _ = self.queue.submitter().register_files_update(place, &[NOBODY]);
    }

    /// Sends the letters, `LETTERS_MAX` at most. What the kernel will not take is lost; an error says that the queue is of no use any
    /// more, and how many it had taken.
    pub fn send<'a>(&mut self, letters: impl Iterator<Item = Letter<'a>>) -> Result<(), usize> {
        let mut count = 0;
        let mut orders = self.queue.submission();
        for letter in letters.take(LETTERS_MAX) {
            count += 1;
            // SAFETY: the kernel reads octets and address within the call below, as the order says not to wait.
            if unsafe { orders.push(&order(&letter)) }.is_err() {
                break;
            }
        }
        drop(orders);
        let taken = self.queue.submit().unwrap_or(0);
        // Only a failure is told, and nobody asks which of them failed.
        self.queue.completion().for_each(drop);
        if taken == count { Ok(()) } else { Err(taken) }
    }
}

impl Drop for Ring {
    /// At once, and not when the kernel gets round to it: the ports of these sockets are free afterwards.
    fn drop(&mut self) {
        let _ = self.queue.submitter().unregister_files();
    }
}

fn order(letter: &Letter<'_>) -> squeue::Entry {
    let (to, to_length) = letter.to.map_or((ptr::null(), 0), |to| (to.as_ptr().cast(), to.len()));
    let (octets, length) = (letter.bytes.as_ptr(), letter.bytes.len() as u32);
    let send = match letter.by.place {
        Some(place) => opcode::Send::new(types::Fixed(place), octets, length),
        None => opcode::Send::new(types::Fd(letter.by.socket), octets, length),
    };
    send.flags(libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
        .dest_addr(to)
        .dest_addr_len(to_length)
        .build()
        .flags(Flags::SKIP_SUCCESS)
}
