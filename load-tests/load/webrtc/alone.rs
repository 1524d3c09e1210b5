//! The server's media workers with calls between a browser and a telephone each, in a process of their own.

use std::net::SocketAddr;
use std::time::Duration;

use throughline::base::{CallId, LegId};
use throughline::io::media::MediaPool;
use throughline::media::{MediaCommand, MediaEvent, OurSide, Source};
use throughline::sdp::{Fingerprint, IceCredentials, LocalWebRtc, Negotiated, WebRtcSession};

use crate::workers;

#[derive(clap::Args)]
pub struct Flags {
    #[arg(long)]
    calls: u64,
    /// Each call has a pair of ports for its telephone from here.
    #[arg(long)]
    first_port: u16,
    /// The port that all browsers share.
    #[arg(long)]
    webrtc_port: u16,
    /// Where the telephones of all calls are.
    #[arg(long)]
    phone: SocketAddr,
    /// Of the certificate of all browsers, in hex.
    #[arg(long)]
    fingerprint: String,
}

pub const STARTED: &str = "the workers are there";
/// For whoever looks at the memory before the first call.
const PAUSE: Duration = Duration::from_secs(1);

pub fn serve(flags: &Flags) {
    let told = |event| match event {
        MediaEvent::Failed { leg, cause } => eprintln!("{leg:?} could not be opened: {cause:?}"),
        MediaEvent::Lost { leg, cause } => eprintln!("{leg:?} is lost: {cause:?}"),
        _ => {}
    };
    let pool = workers::start(Duration::from_secs(60), Some(flags.webrtc_port), told);
    println!("{STARTED}");
    std::thread::sleep(PAUSE);
    let theirs = Fingerprint(read_hex(&flags.fingerprint));
    for call in 0..flags.calls {
        set_up(&pool, flags, call, theirs);
    }
    workers::stay(pool);
}

/// Our names and passwords of the `nth` call, and the browser's: both processes know them.
pub fn credentials(nth: u64) -> (IceCredentials, IceCredentials) {
    let theirs = IceCredentials { ufrag: format!("browser{nth}"), pwd: "a-password-of-22-letters".to_owned() };
    (ours(nth, Fingerprint([0; 32])).ice().clone(), theirs)
}

fn ours(nth: u64, fingerprint: Fingerprint) -> LocalWebRtc {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&nth.to_be_bytes());
    LocalWebRtc::new(fingerprint, seed)
}

fn set_up(pool: &MediaPool, flags: &Flags, call: u64, fingerprint: Fingerprint) {
    let (browser, phone, group) = (LegId(call * 2), LegId(call * 2 + 1), CallId(call));
    let local = ours(call, pool.webrtc().fingerprint);
    let (ours, theirs) = credentials(call);
    let stream = local.stream();
    let side = OurSide { ice: ours.clone(), ssrc: stream.ssrc, cname: stream.cname.clone() };
    pool.send(MediaCommand::OpenShared { leg: browser, group, ours: Box::new(side) });
    let webrtc = WebRtcSession { ours, theirs, fingerprint, begins: false };
    let described = Negotiated { webrtc: Some(Box::new(webrtc)), ..workers::session(flags.phone) };
    pool.send(MediaCommand::Remote { leg: browser, session: Box::new(described) });
    let port = flags.first_port + (call * 2) as u16;
    pool.send(MediaCommand::Open { leg: phone, group, port, family: throughline::base::Family::V4 });
    pool.send(MediaCommand::Remote { leg: phone, session: Box::new(workers::session(flags.phone)) });
    pool.send(MediaCommand::Source { leg: browser, source: Source::Leg(phone) });
    pool.send(MediaCommand::Source { leg: phone, source: Source::Leg(browser) });
}

fn read_hex(text: &str) -> [u8; 32] {
    std::array::from_fn(|nth| u8::from_str_radix(&text[nth * 2..nth * 2 + 2], 16).expect("two digits of hex"))
}
