//! Sends of many sockets in one system call, by io_uring of Linux 6.1 and later (io_uring_setup(2), io_uring_enter(2)).

use std::io;
use std::os::fd::RawFd;
use std::ptr;

use io_uring::squeue::{self, Flags};
use io_uring::{IoUring, opcode, types};
use socket2::SockAddr;

/// A queue of orders that this thread and the kernel share. Each batch is carried out within the call that hands it over, so nothing is
/// under way between two calls.
pub struct Ring(IoUring);

/// One datagram, whose octets and address live through the call.
pub struct Letter<'a> {
    pub socket: RawFd,
    /// `None`: to whom the socket is connected.
    pub to: Option<&'a SockAddr>,
    pub bytes: &'a [u8],
}

/// Orders that one call takes.
pub const LETTERS_MAX: usize = 32;

impl Ring {
    /// For the calling thread alone. Fails where the kernel is older, and where it, or whoever guards it, forbids such queues.
    pub fn new() -> io::Result<Ring> {
        IoUring::builder()
            .setup_submit_all()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .build(LETTERS_MAX as u32)
            .map(Ring)
    }

    /// Sends the letters, `LETTERS_MAX` at most. What the kernel will not take is lost; an error says that the queue is of no use any
    /// more, and how many it had taken.
    pub fn send<'a>(&mut self, letters: impl Iterator<Item = Letter<'a>>) -> Result<(), usize> {
        let mut count = 0;
        let mut orders = self.0.submission();
        for letter in letters.take(LETTERS_MAX) {
            count += 1;
            // SAFETY: the kernel reads octets and address within the call below, as the order says not to wait.
            if unsafe { orders.push(&order(&letter)) }.is_err() {
                break;
            }
        }
        drop(orders);
        let taken = self.0.submit().unwrap_or(0);
        // Only a failure is told, and nobody asks which of them failed.
        self.0.completion().for_each(drop);
        if taken == count { Ok(()) } else { Err(taken) }
    }
}

fn order(letter: &Letter<'_>) -> squeue::Entry {
    let (to, to_length) = letter.to.map_or((ptr::null(), 0), |to| (to.as_ptr().cast(), to.len()));
    opcode::Send::new(types::Fd(letter.socket), letter.bytes.as_ptr(), letter.bytes.len() as u32)
        .flags(libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
        .dest_addr(to)
        .dest_addr_len(to_length)
        .build()
        .flags(Flags::SKIP_SUCCESS)
}
