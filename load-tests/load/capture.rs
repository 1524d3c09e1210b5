//! From INVITE to 180 at the carrier, by the kernel's own time stamps: what passes the carrier's port on loopback is read along.
//!
//! sipp's response times step in 4 ms. Reading along needs the right to open packet sockets; without it there are no times.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;

/// Reads along until it is asked for the times.
pub struct Capture {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Times>,
}

/// One value for each call that rang.
pub struct Times {
    took: Histogram<u64>,
    /// The same, each with its beginning.
    each: Vec<(SystemTime, Duration)>,
}

struct Seen {
    invited: HashMap<Vec<u8>, u64>,
    times: Times,
    carrier: u16,
}

/// As much of a packet as holds the Call-ID.
const SNAP: usize = 1500;
const BUFFER: libc::c_int = 32 << 20;
const LONGEST_NS: u64 = 60_000_000_000;
const LOOK_UP_EVERY_US: i64 = 100_000;

impl Capture {
    /// `None` where the system does not allow it.
    pub fn start(carrier: u16) -> Option<Capture> {
        let socket = socket(carrier).inspect_err(|fault| println!("no times from INVITE to 180: {fault}")).ok()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::spawn(move || read_along(&socket, carrier, &stopped));
        Some(Capture { stop, thread })
    }

    pub fn finish(self) -> Times {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the thread that reads along")
    }
}

impl Times {
    pub fn ms(&self, quantile: f64) -> f64 {
        self.took.value_at_quantile(quantile) as f64 / 1e6
    }

    pub fn count(&self) -> u64 {
        self.took.len()
    }

    /// The longest of those that were on their way at a moment of one of these spans (`true`), or of the others.
    pub fn longest(&self, spans: &[Range<SystemTime>], within: bool) -> Option<Duration> {
        let meets = |(began, took): &(SystemTime, Duration)| {
            spans.iter().any(|span| *began < span.end && *began + *took > span.start) == within
        };
        self.each.iter().filter(|call| meets(call)).map(|(_, took)| *took).max()
    }

    fn add(&mut self, began: u64, at: u64) {
        let took = at.saturating_sub(began);
        self.took.saturating_record(took);
        self.each.push((UNIX_EPOCH + Duration::from_nanos(began), Duration::from_nanos(took)));
    }
}

impl Seen {
    /// An IPv4 packet of UDP, from its first octet.
    fn take(&mut self, packet: &[u8], at: u64) {
        let Some(header) = packet.first().map(|first| usize::from(first & 0x0f) * 4) else { return };
        let Some((ports, payload)) = packet.get(header..).and_then(|udp| udp.split_at_checked(8)) else { return };
        let from_carrier = u16::from_be_bytes([ports[0], ports[1]]) == self.carrier;
        let Some(call) = call_id(payload) else { return };
        if from_carrier && payload.starts_with(b"INVITE ") {
            self.invited.entry(call.to_vec()).or_insert(at);
        } else if !from_carrier && payload.starts_with(b"SIP/2.0 180 ") {
            let began = self.invited.remove(call);
            began.into_iter().for_each(|began| self.times.add(began, at));
        }
    }
}

fn read_along(socket: &OwnedFd, carrier: u16, stop: &AtomicBool) -> Times {
    let histogram = Histogram::new_with_max(LONGEST_NS, 3).expect("a minute, three digits");
    let times = Times { took: histogram, each: Vec::new() };
    let mut seen = Seen { invited: HashMap::new(), times, carrier };
    let mut buffer = [0; SNAP];
    while !stop.load(Ordering::Relaxed) {
        if let Some((length, at)) = receive(socket, &mut buffer) {
            seen.take(&buffer[..length], at);
        }
    }
    seen.times
}

fn call_id(message: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"\r\nCall-ID: ";
    let at = memchr::memmem::find(message, NAME)? + NAME.len();
    let end = memchr::memchr(b'\r', &message[at..])?;
    message.get(at..at + end)
}

/// A packet and when the kernel saw it, in nanoseconds; `None` after a while without one.
fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> Option<(usize, u64)> {
    let mut control = [0u64; 8];
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: an all-zero message header is valid and empty.
    let mut header: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    header.msg_iov = &mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control) as _;
    // SAFETY: header, part, buffer and control live through the call.
    let length = unsafe { libc::recvmsg(socket.as_raw_fd(), &mut header, 0) };
    let length = usize::try_from(length).ok()?;
    // SAFETY: the kernel has written the control messages that it counts; the first is asked for by option and holds a timespec.
    let time = unsafe {
        let first = libc::CMSG_FIRSTHDR(&header).as_ref()?;
        (first.cmsg_type == libc::SCM_TIMESTAMPNS)
            .then(|| libc::CMSG_DATA(first).cast::<libc::timespec>().read_unaligned())?
    };
    Some((length, time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64))
}

fn socket(carrier: u16) -> io::Result<OwnedFd> {
    let protocol = (libc::ETH_P_IP as u16).to_be();
    // SAFETY: no pointers; the descriptor is checked and owned once.
    let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, i32::from(protocol)) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as above.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    attach(&socket, carrier)?;
    set(&socket, libc::SO_TIMESTAMPNS, &1i32)?;
    set(&socket, libc::SO_RCVBUFFORCE, &BUFFER)?;
    set(&socket, libc::SO_RCVTIMEO, &libc::timeval { tv_sec: 0, tv_usec: LOOK_UP_EVERY_US })?;
    bind(&socket, protocol)?;
    Ok(socket)
}

/// To the loopback interface.
fn bind(socket: &OwnedFd, protocol: u16) -> io::Result<()> {
    let index = fs::read_to_string("/sys/class/net/lo/ifindex")?;
    let index = index.trim().parse().map_err(io::Error::other)?;
    // SAFETY: an all-zero address is valid.
    let mut address: libc::sockaddr_ll = unsafe { MaybeUninit::zeroed().assume_init() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = protocol;
    address.sll_ifindex = index;
    let length = size_of_val(&address) as u32;
    // SAFETY: the address lives through the call and has that length.
    done(unsafe { libc::bind(socket.as_raw_fd(), std::ptr::from_ref(&address).cast(), length) })
}

/// Packets that come in, of UDP, from or to the port: a packet on loopback is seen going out as well.
fn attach(socket: &OwnedFd, port: u16) -> io::Result<()> {
    const LOAD_HALF: u16 = 0x48; // 16 bits at index + k
    const LOAD_OCTET: u16 = 0x30;
    const LOAD_WORD: u16 = 0x20;
    const LENGTH_TO_INDEX: u16 = 0xb1;
    const IF_EQUAL: u16 = 0x15;
    const ANSWER: u16 = 0x06;
    const KIND: u32 = (-0x1000i32 + 4) as u32; // SKF_AD_OFF + SKF_AD_PKTTYPE
    const OUTGOING: u32 = 4;
    const UDP: u32 = 17;
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut program = [
        step(LOAD_WORD, 0, 0, KIND),
        step(IF_EQUAL, 8, 0, OUTGOING),
        step(LOAD_OCTET, 0, 0, 9),
        step(IF_EQUAL, 0, 6, UDP),
        step(LENGTH_TO_INDEX, 0, 0, 0),
        step(LOAD_HALF, 0, 0, 0),
        step(IF_EQUAL, 2, 0, u32::from(port)),
        step(LOAD_HALF, 0, 0, 2),
        step(IF_EQUAL, 0, 1, u32::from(port)),
        step(ANSWER, 0, 0, SNAP as u32),
        step(ANSWER, 0, 0, 0),
    ];
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    set(socket, libc::SO_ATTACH_FILTER, &filter)
}

fn set<T>(socket: &OwnedFd, option: libc::c_int, value: &T) -> io::Result<()> {
    let length = size_of::<T>() as u32;
    // SAFETY: the value lives through the call and has that length.
    done(unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, option, std::ptr::from_ref(value).cast(), length)
    })
}

fn done(answer: libc::c_int) -> io::Result<()> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
