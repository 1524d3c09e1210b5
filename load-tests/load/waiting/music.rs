//! Our side: the media workers with a leg for each caller, who has said something once and hears the waiting tone.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use throughline::base::{CallId, Family, LegId};
use throughline::io::media::MediaPool;
use throughline::media::{MediaCommand, MediaEvent, Source, ToneKind};

use super::sink::Sink;
use super::{Cost, Plan, threads};
use crate::workers;

/// Callers who begin at once; a worker takes so many commands without a pause.
const AT_ONCE: usize = 250;
const PATIENCE: Duration = Duration::from_secs(20);
/// From where the server's ports are usually taken, up to where the system gives out its own.
const PORTS: std::ops::Range<u16> = 10_000..32_766;

pub fn cost(plan: &Plan) -> Cost {
    let (events, told) = mpsc::channel();
    let pool = workers::start_many(plan.threads, Duration::ZERO, None, move |event| drop(events.send(event)));
    let sink = Sink::new();
    let callers: Vec<(LegId, u16)> = (0u64..).map(LegId).zip(free_pairs(plan.callers)).collect();
    for some in callers.chunks(AT_ONCE) {
        begin(&pool, &sink, &told, some);
    }
    thread::sleep(Duration::from_secs(1));
    let (before, sent) = (threads::cpu("media-"), sink.thrown_away());
    thread::sleep(plan.measured);
    Cost::new(sink.thrown_away() - sent, threads::cpu("media-") - before)
}

/// Until all of them have been heard: from then on the leg knows whom it sends to.
fn begin(pool: &MediaPool, sink: &Sink, told: &Receiver<MediaEvent>, callers: &[(LegId, u16)]) {
    for (leg, port) in callers {
        let session = Box::new(workers::session(sink.address()));
        pool.put(MediaCommand::Open { leg: *leg, group: CallId(leg.0), port: *port, family: Family::V4 });
        pool.put(MediaCommand::Remote { leg: *leg, session });
        pool.put(MediaCommand::Source { leg: *leg, source: Source::Tone(ToneKind::Waiting) });
    }
    pool.wake();
    let mut silent: BTreeSet<(LegId, u16)> = callers.iter().copied().collect();
    let begun = Instant::now();
    while !silent.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "{} of {} callers are not heard", silent.len(), callers.len());
        silent.iter().for_each(|(_, port)| sink.say(SocketAddr::from((Ipv4Addr::LOCALHOST, *port))));
        thread::sleep(Duration::from_millis(20));
        told.try_iter().for_each(|event| note(&event, &mut silent));
    }
}

fn note(event: &MediaEvent, silent: &mut BTreeSet<(LegId, u16)>) {
    match event {
        MediaEvent::Latched { leg } => silent.retain(|(other, _)| other != leg),
        MediaEvent::Failed { leg, cause } => {
            panic!("{leg:?} could not be opened: {cause:?}; are there descriptors for two sockets each?")
        }
        _ => {}
    }
}

/// Even ports that are free with the one after; they need not lie in a row.
fn free_pairs(count: usize) -> Vec<u16> {
    let is_free = |port: u16| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let pairs: Vec<u16> = PORTS.step_by(2).filter(|port| is_free(*port) && is_free(port + 1)).take(count).collect();
    assert_eq!(pairs.len(), count, "so many pairs of free ports in {PORTS:?}");
    pairs
}
