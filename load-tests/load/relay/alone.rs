//! The server's media workers without the server: told what calls would tell them, until the process is ended.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::time::Duration;

use throughline::base::{CallId, LegId, Pii};
use throughline::io::media::{MediaConfig, MediaPool};
use throughline::media::{MediaCommand, MediaEvent, Source};
use throughline::sdp::{Codec, Direction, Format, Negotiated};

#[derive(clap::Args)]
pub struct Flags {
    #[arg(long)]
    calls: u64,
    /// Each call has four ports from here.
    #[arg(long)]
    first_port: u16,
    /// Where the two phones of all calls are.
    #[arg(long, value_delimiter = ',')]
    phones: Vec<SocketAddr>,
}

pub const READY: &str = "the calls are set up";
/// Nobody measures for longer; a process that was forgotten ends.
const LONGEST: Duration = Duration::from_secs(600);

pub fn serve(flags: &Flags) {
    let (failures, failed) = mpsc::channel();
    let config = MediaConfig {
        workers: 1,
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        silence_timeout: Duration::from_secs(30),
        webrtc_port: None,
        ports: 0..=0,
        wavs: Vec::new(),
    };
    let told = move |event| {
        if let MediaEvent::Failed { leg, cause } = event {
            let _ = failures.send((leg, cause));
        }
    };
    let pool = MediaPool::start(config, told).expect("media workers");
    for call in 0..flags.calls {
        for side in 0..2 {
            set_up(&pool, flags, call, side);
        }
    }
    if let Ok((leg, cause)) = failed.recv_timeout(Duration::from_millis(500)) {
        panic!("{leg:?} could not be opened: {cause:?}");
    }
    println!("{READY}");
    std::thread::sleep(LONGEST);
}

fn set_up(pool: &MediaPool, flags: &Flags, call: u64, side: u64) {
    let (leg, group) = (LegId(call * 2 + side), CallId(call));
    let port = flags.first_port + (call * 4 + side * 2) as u16;
    pool.send(MediaCommand::Open { leg, group, port });
    pool.send(MediaCommand::Remote { leg, session: session(flags.phones[side as usize]) });
    pool.send(MediaCommand::Source { leg, source: Source::Leg(LegId(call * 2 + 1 - side)) });
}

fn session(phone: SocketAddr) -> Box<Negotiated> {
    let format = |codec: Codec| Format { to_peer: codec.payload_type, from_peer: codec.payload_type, codec };
    Box::new(Negotiated {
        rtp: Pii::new(phone),
        rtcp: Pii::new(SocketAddr::new(phone.ip(), 9)),
        formats: vec![format(Codec::pcmu()), format(Codec::new(101, "telephone-event", 8000))],
        ptime_ms: 20,
        direction: Direction::SendRecv,
        srtp: None,
        webrtc: None,
    })
}
