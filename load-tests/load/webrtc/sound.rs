//! The sound of all calls: one thread that never sleeps sends each packet at its time, and reads what comes back.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use throughline::media::rtp::{HEADER, Header};

use super::browsers::Browser;
use crate::relay::pinned;

/// What came of it.
pub struct Heard {
    pub sent: u64,
    pub received: u64,
    /// Packets that came within the measured time, and the relay's CPU in it.
    pub counted: u64,
    pub cpu: Duration,
    pub measured: Duration,
    /// From a browser's send, sealing left out, to the telephone's read.
    pub delay_ns: Histogram<u64>,
}

/// All telephones, who share a socket.
pub struct Phones(pub UdpSocket);

/// The descriptors that can be read.
struct Ready {
    epoll: libc::c_int,
    events: Vec<libc::epoll_event>,
}

const PAYLOAD: usize = 160;
const WARM_UP: Duration = Duration::from_secs(2);
const FRAME: Duration = Duration::from_millis(20);
const LONGEST_NS: u64 = 60_000_000_000;
const DRAIN: Duration = Duration::from_millis(300);
const PHONES: u64 = u64::MAX;

impl Phones {
    pub fn new() -> Phones {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket for the phones");
        socket.set_nonblocking(true).expect("a socket that does not block");
        let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(16 << 20);
        Phones(socket)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("an address")
    }
}

/// Both sides of each call talk; `phone_legs` is where the telephones send to, `cpu` is asked at both ends of the measured time.
pub fn talk(
    browsers: &mut [Browser],
    phones: &Phones,
    phone_legs: &[SocketAddr],
    measured: Duration,
    cpu: impl Fn() -> Duration,
) -> Heard {
    let _pinned = pinned::this_thread(0);
    let mut ready = Ready::new(browsers, phones);
    let mut heard = Heard::new(measured);
    let calls = browsers.len().max(1);
    let step = FRAME / (2 * calls) as u32;
    let mut headers: Vec<Header> = (0..2 * calls as u32).map(header).collect();
    let began = Instant::now();
    let (mut due, mut next, mut before) = (Duration::ZERO, 0, None);
    while due < WARM_UP + measured {
        let now = began.elapsed();
        if before.is_none() && now >= WARM_UP {
            before = Some(cpu());
        }
        if now >= due {
            let (call, is_browser) = (next % calls, next < calls);
            let packet = stamped(&mut headers[next], began);
            let is_sent = match is_browser {
                true => browsers[call].say(&packet),
                false => phones.0.send_to(&packet, phone_legs[call]).is_ok(),
            };
            heard.sent += u64::from(is_sent);
            next = (next + 1) % (2 * calls);
            due += step;
        }
        ready.read(browsers, phones, began, WARM_UP, &mut heard);
    }
    heard.cpu = cpu().saturating_sub(before.unwrap_or_default());
    let ended = Instant::now();
    while ended.elapsed() < DRAIN {
        ready.read(browsers, phones, began, Duration::MAX, &mut heard);
    }
    heard
}

fn header(nth: u32) -> Header {
    Header { marker: false, payload_type: 0, sequence: 0, timestamp: 0, ssrc: nth + 1 }
}

fn stamped(header: &mut Header, began: Instant) -> [u8; HEADER + PAYLOAD] {
    let mut packet = [0xff; HEADER + PAYLOAD];
    header.sequence = header.sequence.wrapping_add(1);
    header.timestamp = header.timestamp.wrapping_add(PAYLOAD as u32);
    if let Some((head, body)) = packet.split_first_chunk_mut() {
        header.write(head);
        body[..8].copy_from_slice(&(began.elapsed().as_nanos() as u64).to_be_bytes());
    }
    packet
}

impl Browser {
    fn say(&mut self, packet: &[u8]) -> bool {
        let sealed = self.shield.as_mut().and_then(|shield| shield.seal_rtp(packet));
        sealed.is_some_and(|sealed| self.socket.send(sealed).is_ok())
    }
}

impl Ready {
    fn new(browsers: &[Browser], phones: &Phones) -> Ready {
        // SAFETY: no pointers; the descriptor lives as long as the process, which ends after the run.
        let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        let sockets = browsers.iter().map(|browser| &browser.socket).chain([&phones.0]);
        let numbers = (0..browsers.len() as u64).chain([PHONES]);
        for (socket, number) in sockets.zip(numbers) {
            let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: number };
            // SAFETY: `event` lives through the call, both descriptors are open.
            let done = unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, socket.as_raw_fd(), &mut event) };
            assert_eq!(done, 0, "a socket that can be waited for");
        }
        Ready { epoll, events: vec![libc::epoll_event { events: 0, u64: 0 }; 64] }
    }

    /// What is there now, without waiting.
    fn read(&mut self, browsers: &[Browser], phones: &Phones, began: Instant, from: Duration, heard: &mut Heard) {
        let room = self.events.len() as libc::c_int;
        // SAFETY: the kernel writes at most `room` events.
        let count = unsafe { libc::epoll_wait(self.epoll, self.events.as_mut_ptr(), room, 0) };
        let mut buffer = [0; 2048];
        for event in self.events.iter().take(usize::try_from(count).unwrap_or(0)) {
            let number = event.u64;
            let socket = if number == PHONES { &phones.0 } else { &browsers[number as usize].socket };
            while let Ok(length) = socket.recv(&mut buffer) {
                let is_sound = length > HEADER && (128..=191).contains(&buffer[0]) && buffer[1] & 0x7f == 0;
                if is_sound {
                    heard.note(number == PHONES, &buffer[..length], began.elapsed(), from);
                }
            }
        }
    }
}

impl Heard {
    fn new(measured: Duration) -> Heard {
        let delay_ns = Histogram::new_with_max(LONGEST_NS, 3).expect("a minute, three digits");
        Heard { sent: 0, received: 0, counted: 0, cpu: Duration::ZERO, measured, delay_ns }
    }

    fn note(&mut self, is_phone: bool, packet: &[u8], now: Duration, from: Duration) {
        self.received += 1;
        if now < from {
            return;
        }
        self.counted += 1;
        let stamp = packet.get(HEADER..HEADER + 8).and_then(|stamp| stamp.try_into().ok()).map(u64::from_be_bytes);
        if let Some(stamp) = stamp.filter(|_| is_phone) {
            self.delay_ns.saturating_record((now.as_nanos() as u64).saturating_sub(stamp));
        }
    }

    pub fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.counted.max(1) as f64
    }

    /// The share of a core.
    pub fn core_percent(&self) -> f64 {
        self.cpu.as_secs_f64() * 100.0 / self.measured.as_secs_f64()
    }

    pub fn lost_percent(&self) -> f64 {
        self.sent.saturating_sub(self.received) as f64 * 100.0 / self.sent.max(1) as f64
    }

    pub fn delay_us(&self, quantile: f64) -> f64 {
        self.delay_ns.value_at_quantile(quantile) as f64 / 1000.0
    }
}
