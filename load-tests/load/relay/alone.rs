//! Our relay alone: the media workers with calls between two telephones each, told what a server would tell them.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use throughline::base::{CallId, LegId};
use throughline::io::media::MediaPool;
use throughline::media::{MediaCommand, MediaEvent, Source};
use throughline::sdp::Negotiated;

use super::sealed;
use crate::workers;

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
    /// The first phone of each call speaks SRTP.
    #[arg(long)]
    srtp: bool,
}

pub fn serve(flags: &Flags) {
    let (failures, failed) = mpsc::channel();
    let told = move |event| {
        if let MediaEvent::Failed { leg, cause } = event {
            let _ = failures.send((leg, cause));
        }
    };
    let pool = workers::start(Duration::from_secs(30), None, told);
    for call in 0..flags.calls {
        for side in 0..2 {
            set_up(&pool, flags, call, side);
        }
    }
    if let Ok((leg, cause)) = failed.recv_timeout(Duration::from_millis(500)) {
        panic!("{leg:?} could not be opened: {cause:?}");
    }
    workers::stay(pool);
}

fn set_up(pool: &MediaPool, flags: &Flags, call: u64, side: u64) {
    let (leg, group) = (LegId(call * 2 + side), CallId(call));
    let port = flags.first_port + (call * 4 + side * 2) as u16;
    let srtp = (flags.srtp && side == 0).then(sealed::keys);
    let session = Box::new(Negotiated { srtp, ..workers::session(flags.phones[side as usize]) });
    pool.send(MediaCommand::Open { leg, group, port, family: throughline::base::Family::V4 });
    pool.send(MediaCommand::Remote { leg, session });
    pool.send(MediaCommand::Source { leg, source: Source::Leg(LegId(call * 2 + 1 - side)) });
}
