//! The phones of all calls: one thread that never sleeps sends each packet at its time and stamps it, and reads what comes back.

use std::mem::{MaybeUninit, zeroed};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use throughline::media::rtp::{HEADER, Header};

use super::{Calls, pinned, sealed};

/// The two phones that every call has; each talks with all relay ports from one socket.
pub struct Phones {
    sockets: [UdpSocket; 2],
    buffers: Vec<[u8; PACKET]>,
}

pub struct Load {
    pub per_second: usize,
    /// Before anything is counted; relays learn addresses in it.
    pub warm_up: Duration,
    pub measured: Duration,
}

/// What came of it.
pub struct Heard {
    sent: u64,
    received: u64,
    /// Packets that came within the measured time, and the relay's CPU in it.
    counted: u64,
    cpu: Duration,
    delay_ns: Histogram<u64>,
    late_ns: Histogram<u64>,
}

/// What one call to the kernel brought: octets, and the port that they came from.
type Came = [(usize, u16); AT_ONCE];

struct Stream {
    socket: usize,
    call: usize,
    to: SocketAddr,
    header: Header,
}

/// G.711, 20 ms.
const PAYLOAD: usize = 160;
const PACKET: usize = 256;
const AT_ONCE: usize = 32;
/// What a stalled reader can make up for.
const BUFFER: usize = 16 << 20;
const DRAIN: Duration = Duration::from_millis(500);
const LONGEST_NS: u64 = 60_000_000_000;

impl Phones {
    pub fn new() -> Phones {
        let socket = || {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket for the phones");
            socket.set_nonblocking(true).expect("a socket that does not block");
            grow_buffer(&socket);
            socket
        };
        Phones { sockets: [socket(), socket()], buffers: vec![[0; PACKET]; AT_ONCE] }
    }

    pub fn addresses(&self) -> [SocketAddr; 2] {
        [0, 1].map(|nth| self.sockets[nth].local_addr().expect("an address"))
    }

    /// Both phones of each call talk; `cpu` is asked at both ends of the measured time.
    pub fn talk(&mut self, calls: &Calls, load: &Load, cpu: impl Fn() -> Duration) -> Heard {
        let _pinned = pinned::this_thread(0);
        let mut sealed = sealed::Phones::new(&calls.to, &calls.keys);
        let calls = &calls.to;
        let mut streams = streams(calls);
        let mut heard = Heard::new();
        let step = Duration::from_nanos(1_000_000_000 / load.per_second.max(1) as u64);
        let began = Instant::now();
        let (from, until) = (load.warm_up, load.warm_up + load.measured);
        let mut cpu_before = None;
        let mut due = Duration::ZERO;
        let mut next = 0;
        while due < until {
            let now = began.elapsed();
            if cpu_before.is_none() && now >= from {
                cpu_before = Some(cpu());
            }
            if now >= due {
                heard.late_ns.saturating_record((now - due).as_nanos() as u64);
                self.send(&mut streams[next], &mut sealed, began, &mut heard);
                next = (next + 1) % calls.len().max(1).saturating_mul(2);
                due += step;
            }
            self.read(&mut sealed, began, from, &mut heard);
        }
        heard.cpu = cpu().saturating_sub(cpu_before.unwrap_or_default());
        let ended = began.elapsed();
        while began.elapsed() < ended + DRAIN {
            self.read(&mut sealed, began, Duration::MAX, &mut heard);
        }
        heard
    }

    fn send(&self, stream: &mut Stream, sealed: &mut sealed::Phones, began: Instant, heard: &mut Heard) {
        let mut packet = [0xff; HEADER + PAYLOAD];
        stream.header.sequence = stream.header.sequence.wrapping_add(1);
        stream.header.timestamp = stream.header.timestamp.wrapping_add(PAYLOAD as u32);
        if let Some((head, body)) = packet.split_first_chunk_mut() {
            stream.header.write(head);
            body[..8].copy_from_slice(&(began.elapsed().as_nanos() as u64).to_be_bytes());
        }
        let packet = if stream.socket == 0 { sealed.seal(stream.call, &packet) } else { &packet };
        if self.sockets[stream.socket].send_to(packet, stream.to).is_ok() {
            heard.sent += 1;
        }
    }

    fn read(&mut self, sealed: &mut sealed::Phones, began: Instant, from: Duration, heard: &mut Heard) {
        for socket in 0..self.sockets.len() {
            let came = receive(&self.sockets[socket], &mut self.buffers);
            let now = began.elapsed();
            for (nth, (length, port)) in came.into_iter().enumerate().take_while(|(_, (length, _))| *length > 0) {
                let packet = &mut self.buffers[nth][..length];
                let packet = if socket == 0 { sealed.open(port, packet) } else { Some(&*packet) };
                let stamp = packet.and_then(|packet| packet.get(HEADER..HEADER + 8)?.try_into().ok());
                let Some(stamp) = stamp.map(u64::from_be_bytes) else { continue };
                heard.received += 1;
                if now >= from {
                    heard.counted += 1;
                    heard.delay_ns.saturating_record((now.as_nanos() as u64).saturating_sub(stamp));
                }
            }
        }
    }
}

impl Heard {
    fn new() -> Heard {
        let histogram = || Histogram::new_with_max(LONGEST_NS, 3).expect("a minute, three digits");
        let (delay_ns, late_ns) = (histogram(), histogram());
        Heard { sent: 0, received: 0, counted: 0, cpu: Duration::ZERO, delay_ns, late_ns }
    }

    pub fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.counted.max(1) as f64
    }

    pub fn lost_percent(&self) -> f64 {
        self.sent.saturating_sub(self.received) as f64 * 100.0 / self.sent.max(1) as f64
    }

    /// From the phone's send to the other phone's read.
    pub fn delay_us(&self, quantile: f64) -> f64 {
        self.delay_ns.value_at_quantile(quantile) as f64 / 1000.0
    }

    /// By how much the phones themselves were behind: above some microseconds the machine was not ours alone.
    pub fn late_us(&self, quantile: f64) -> f64 {
        self.late_ns.value_at_quantile(quantile) as f64 / 1000.0
    }
}

/// The first phones of all calls, then the second ones, so that the two packets of a call are 10 ms apart.
fn streams(calls: &[[SocketAddr; 2]]) -> Vec<Stream> {
    let stream = |socket: usize, nth: usize, to: SocketAddr| {
        let ssrc = (socket * calls.len() + nth) as u32 + 1;
        let call = nth;
        Stream { socket, call, to, header: Header { marker: false, payload_type: 0, sequence: 0, timestamp: 0, ssrc } }
    };
    let side = |socket: usize| calls.iter().enumerate().map(move |(nth, to)| (socket, nth, to[socket]));
    side(0).chain(side(1)).map(|(socket, nth, to)| stream(socket, nth, to)).collect()
}

/// What was there, zeros after it.
fn receive(socket: &UdpSocket, buffers: &mut [[u8; PACKET]]) -> Came {
    let mut parts: [libc::iovec; AT_ONCE] =
        std::array::from_fn(|nth| libc::iovec { iov_base: buffers[nth].as_mut_ptr().cast(), iov_len: PACKET });
    // SAFETY: all-zero message headers are valid and say: no control data.
    let mut headers: [libc::mmsghdr; AT_ONCE] = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: all zeros is an address of no family.
    let mut senders: [libc::sockaddr_in; AT_ONCE] = unsafe { zeroed() };
    for ((header, part), sender) in headers.iter_mut().zip(&mut parts).zip(&mut senders) {
        header.msg_hdr.msg_name = std::ptr::from_mut(sender).cast();
        header.msg_hdr.msg_namelen = size_of_val(sender) as u32;
        header.msg_hdr.msg_iov = part;
        header.msg_hdr.msg_iovlen = 1;
    }
    // SAFETY: headers, parts, senders and buffers live through the call, each buffer is PACKET octets long.
    let count = unsafe {
        libc::recvmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            AT_ONCE as u32,
            libc::MSG_DONTWAIT,
            std::ptr::null_mut(),
        )
    };
    let count = usize::try_from(count).unwrap_or(0);
    let came = |nth: usize| (headers[nth].msg_len as usize, u16::from_be(senders[nth].sin_port));
    std::array::from_fn(|nth| if nth < count { came(nth) } else { (0, 0) })
}

/// More than the system's limit where we may, else as much as it gives.
fn grow_buffer(socket: &UdpSocket) {
    let size = BUFFER as libc::c_int;
    // SAFETY: the option is an integer that lives through the call.
    let answer = unsafe {
        let value = std::ptr::from_ref(&size).cast();
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, value, size_of_val(&size) as u32)
    };
    if answer != 0 {
        let _ = socket2::SockRef::from(socket).set_recv_buffer_size(BUFFER);
    }
}
