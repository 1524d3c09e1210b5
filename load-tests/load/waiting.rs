//! Callers who wait with music: what a packet costs the media worker, beside a loop that sends the same packets and does nothing else.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use throughline::base::{CallId, Family, LegId};
use throughline::media::{MediaCommand, MediaEvent, Source, ToneKind};

use crate::support::ports;
use crate::table::{Table, one_decimal, three_decimals};
use crate::workers;

#[derive(clap::Args)]
pub struct Flags {
    /// How many callers wait at once; each has two ports.
    #[arg(long, value_delimiter = ',', default_values_t = [500, 2_000, 4_000])]
    callers: Vec<u16>,
    /// For how long it is measured.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// RTP of 20 ms in G.711.
const PACKET: [u8; 172] = [0x80; 172];
const PER_SECOND: u64 = 50;

impl Flags {
    pub fn for_all() -> Flags {
        Flags { callers: vec![500, 2_000, 4_000], seconds: 5 }
    }
}

pub fn run(flags: &Flags) -> Table {
    let titles = ["waiting", "packets/s", "of them sent", "CPU us a packet", "bare us a packet", "ratio"];
    let mut table = Table::new("waiting", &titles);
    for callers in &flags.callers {
        let asked = u64::from(*callers) * PER_SECOND * flags.seconds;
        let (sent, ours) = music(*callers, flags.seconds);
        let bare = bare(*callers, asked);
        let mut row = vec![callers.to_string(), (u64::from(*callers) * PER_SECOND).to_string()];
        row.extend([three_decimals(sent as f64 / asked as f64), three_decimals(ours), three_decimals(bare)]);
        row.push(one_decimal(ours / bare));
        table.push(row);
    }
    table
}

/// Packets sent, and microseconds of CPU for each.
fn music(callers: u16, seconds: u64) -> (u64, f64) {
    let (events, closed) = mpsc::channel();
    let told = move |event| drop(events.send(event));
    let pool = workers::start(Duration::ZERO, None, told);
    let sink = sink();
    let first = ports::udp_range(callers * 2);
    let leg = |nth: u16| LegId(u64::from(nth));
    for nth in 0..callers {
        let session = Box::new(workers::session(address(&sink)));
        let (group, port) = (CallId(u64::from(nth)), first + nth * 2);
        pool.put(MediaCommand::Open { leg: leg(nth), group, port, family: Family::V4 });
        pool.put(MediaCommand::Remote { leg: leg(nth), session });
        pool.send(MediaCommand::Source { leg: leg(nth), source: Source::Tone(ToneKind::Waiting) });
    }
    std::thread::sleep(Duration::from_secs(1));
    let (began, before) = (Instant::now(), cpu_us());
    std::thread::sleep(Duration::from_secs(seconds));
    let (cpu, lasted) = (cpu_us() - before, began.elapsed());
    (0..callers).for_each(|nth| pool.send(MediaCommand::Close { leg: leg(nth) }));
    let ended = Instant::now();
    let mut sent = 0;
    for event in (0..callers).map_while(|_| next_closed(&closed)) {
        sent += event;
    }
    // What was sent before and after the measurement was sent at the same pace.
    let whole = (ended - began).as_secs_f64() + 1.0;
    let within = sent as f64 * lasted.as_secs_f64() / whole;
    (within as u64, cpu / within.max(1.0))
}

fn next_closed(events: &mpsc::Receiver<MediaEvent>) -> Option<u64> {
    loop {
        match events.recv_timeout(Duration::from_secs(10)).ok()? {
            MediaEvent::Closed { stats, .. } => return Some(stats.sent),
            MediaEvent::Failed { leg, cause } => panic!("{leg:?} could not be opened: {cause:?}"),
            _ => {}
        }
    }
}

/// Microseconds of CPU for each of so many packets, from as many connected sockets.
fn bare(callers: u16, packets: u64) -> f64 {
    let sink = sink();
    let socket = |_| {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.connect(address(&sink)).expect("a peer");
        socket
    };
    let sockets: Vec<UdpSocket> = (0..callers).map(socket).collect();
    let before = cpu_us();
    for nth in 0..packets {
        let _ = sockets[(nth % u64::from(callers)) as usize].send(&PACKET);
    }
    (cpu_us() - before) / packets as f64
}

/// Nobody reads it: what comes is thrown away by the kernel, for both alike.
fn sink() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket")
}

fn address(socket: &UdpSocket) -> SocketAddr {
    socket.local_addr().expect("an address")
}

/// Of this process so far.
fn cpu_us() -> f64 {
    // SAFETY: all zeros is a valid value, and the kernel writes into it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let us = |time: libc::timeval| time.tv_sec as f64 * 1e6 + time.tv_usec as f64;
    us(usage.ru_utime) + us(usage.ru_stime)
}
