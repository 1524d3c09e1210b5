//! Ports of the loopback address that nobody has.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

/// Free for UDP at the moment of asking.
pub fn udp() -> SocketAddr {
    udp_at("127.0.0.1")
}

/// The same on another address of loopback: trunks are told apart by theirs.
pub fn udp_at(host: &str) -> SocketAddr {
    let host: IpAddr = host.parse().expect("an address");
    UdpSocket::bind((host, 0)).and_then(|socket| socket.local_addr()).expect("a free port")
}

/// Free for TCP at the moment of asking.
pub fn tcp() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr()).expect("a free port")
}

/// Whether somebody has bound this UDP or TCP port; looks it up, without binding it meanwhile.
pub fn is_taken(is_udp: bool, at: SocketAddr) -> bool {
    let (protocol, family) = (if is_udp { "udp" } else { "tcp" }, if at.is_ipv4() { "" } else { "6" });
    let table = std::fs::read_to_string(format!("/proc/net/{protocol}{family}")).unwrap_or_default();
    let port = format!(":{:04X}", at.port());
    table.lines().filter_map(|line| line.split_whitespace().nth(1)).any(|local| local.ends_with(&port))
}

/// `count` UDP ports in a row, the first of them even, for RTP and RTCP; below the range that the system gives out by itself.
pub fn udp_range(count: u16) -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let room = 22_000u16.saturating_sub(count).max(2);
    let spread = (std::process::id() % 40) as u16 * 500;
    for _ in 0..200 {
        let nth = spread.wrapping_add(NEXT.fetch_add(count + count % 2, Ordering::Relaxed)) % room;
        let first = 10_000 + (nth & !1);
        if (first..first + count).all(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()) {
            return first;
        }
    }
    panic!("no {count} free ports in a row");
}
