//! Where all packets go: one socket that nobody reads. It is full at once, and the kernel throws away and counts what comes after.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use super::PACKET;

pub struct Sink(UdpSocket);

/// Places in what SO_MEMINFO tells, and the one of what was thrown away (linux/sock_diag.h).
const PLACES: usize = 9;
const DROPS: usize = 8;

impl Sink {
    pub fn new() -> Sink {
        let sink = Sink(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket"));
        let filler = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        while sink.thrown_away() == 0 {
            filler.send_to(&PACKET, sink.address()).expect("a packet that is sent");
        }
        sink
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("an address")
    }

    /// As if a caller said something, from where it is described.
    pub fn say(&self, to: SocketAddr) {
        let _ = self.0.send_to(&PACKET, to);
    }

    /// Since the beginning; wraps after 4 billion.
    pub fn thrown_away(&self) -> u64 {
        let mut told = [0u32; PLACES];
        let mut length = size_of_val(&told) as libc::socklen_t;
        // SAFETY: the kernel writes at most `length` octets into `told`.
        let done = unsafe {
            let place = told.as_mut_ptr().cast();
            libc::getsockopt(self.0.as_raw_fd(), libc::SOL_SOCKET, SO_MEMINFO, place, &mut length)
        };
        assert_eq!(done, 0, "a kernel that counts what a socket throws away");
        u64::from(told[DROPS])
    }
}

const SO_MEMINFO: libc::c_int = 55;
