//! The server's media workers without the server, in a process of their own: what the measurements of sound share.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use throughline::base::Pii;
use throughline::io::media::{MediaConfig, MediaPool};
use throughline::media::MediaEvent;
use throughline::sdp::{Codec, Direction, Format, Negotiated};

pub const READY: &str = "the calls are set up";
/// Nobody measures for longer; a process that was forgotten ends.
const LONGEST: Duration = Duration::from_secs(600);

/// One worker on loopback.
pub fn start(
    silence: Duration,
    webrtc_port: Option<u16>,
    told: impl Fn(MediaEvent) + Send + Sync + 'static,
) -> MediaPool {
    start_many(1, silence, webrtc_port, told)
}

pub fn start_many(
    workers: usize,
    silence: Duration,
    webrtc_port: Option<u16>,
    told: impl Fn(MediaEvent) + Send + Sync + 'static,
) -> MediaPool {
    let config = MediaConfig {
        workers,
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST).into(),
        silence_timeout: silence,
        webrtc_port,
        ports: 0..=0,
        wavs: Vec::new(),
        recordings: None,
    };
    MediaPool::start(config, told).expect("media workers")
}

/// Says that the calls are there, and stays until the process is ended.
pub fn stay(_pool: MediaPool) {
    println!("{READY}");
    std::thread::sleep(LONGEST);
}

/// What a telephone at this address has agreed on: PCMU and its keys, no reports.
pub fn session(phone: SocketAddr) -> Negotiated {
    let format = |codec: Codec| Format { to_peer: codec.payload_type, from_peer: codec.payload_type, codec };
    Negotiated {
        rtp: Pii::new(phone),
        rtcp: Pii::new(SocketAddr::new(phone.ip(), 9)),
        formats: vec![format(Codec::pcmu()), format(Codec::new(101, "telephone-event", 8000))],
        ptime_ms: 20,
        direction: Direction::SendRecv,
        srtp: None,
        webrtc: None,
    }
}
