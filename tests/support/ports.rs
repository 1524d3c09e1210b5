//! Ports of the loopback address that nobody has.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

/// Free for UDP, and for TCP with the port after it (where a phone expects TLS), and given to nobody else in this process. Not of the
/// range from which the system takes ports for connections: one of those would have it before the program that is told of it starts.
pub fn udp() -> SocketAddr {
    udp_at("127.0.0.1")
}

/// The same on another address of loopback: trunks are told apart by theirs.
pub fn udp_at(host: &str) -> SocketAddr {
    free(host.parse().expect("an address"))
}

/// The same, for a program that speaks TCP alone.
pub fn tcp() -> SocketAddr {
    free(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

const FIRST: u16 = 2_100;
const ROOM: u16 = 7_800;

fn free(host: IpAddr) -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let spread = (std::process::id() % 75) as u16 * 104;
    for _ in 0..ROOM / 2 {
        let nth = spread.wrapping_add(NEXT.fetch_add(2, Ordering::Relaxed) % ROOM) % ROOM;
        let at = SocketAddr::new(host, FIRST + nth);
        if is_free(at) {
            return at;
        }
    }
    panic!("no free port at {host}");
}

fn is_free(at: SocketAddr) -> bool {
    let secure = SocketAddr::new(at.ip(), at.port() + 1);
    UdpSocket::bind(at).is_ok() && TcpListener::bind(at).is_ok() && TcpListener::bind(secure).is_ok()
}

/// Whether somebody has bound this UDP or TCP port; looks it up, without binding it meanwhile.
pub fn is_taken(is_udp: bool, at: SocketAddr) -> bool {
    let (protocol, family) = (if is_udp { "udp" } else { "tcp" }, if at.is_ipv4() { "" } else { "6" });
    let table = std::fs::read_to_string(format!("/proc/net/{protocol}{family}")).unwrap_or_default();
    let port = format!(":{:04X}", at.port());
    table.lines().filter_map(|line| line.split_whitespace().nth(1)).any(|local| local.ends_with(&port))
}

/// `count` UDP ports in a row, the first of them even, for RTP and RTCP; below the range that the system gives out by itself. Few come
/// from the top, so that programs that have them leave room in a row for a server that wants nearly all.
pub fn udp_range(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let (lowest, room) = if count <= FEW { (29_500, 2_500) } else { (10_000, 19_500) };
    let step = count + count % 2;
    let last = u16::saturating_sub(room, step);
    let spread = (std::process::id() % 40) as u16 * 500;
    let mut nth = (spread.wrapping_add(NEXT.fetch_add(step, Ordering::Relaxed)) % (last + 1)) & !1;
    for _ in 0..room {
        let first = lowest + nth;
        match (first..first + count).rev().find(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, *port)).is_err()) {
            None => return first,
            Some(taken) => nth = (taken - lowest + 2) & !1,
        }
        if nth > last {
            nth = 0;
        }
    }
    panic!("no {count} free ports in a row");
}

const FEW: u16 = 16;
