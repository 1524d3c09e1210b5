//! The side of the engine's thread: records without locks, hands over once a second.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::time::Duration;

use crate::base::{Mono, Now, Stage, Wall};
use crate::calls::facts::Fact;

use super::counters::Counter;
use super::fact_log;
use super::tally::Tally;

/// Records what the engine says. It belongs to the engine's thread.
pub struct Recorder {
    interval: Tally,
    since: Wall,
    handed: SyncSender<Handed>,
    empty: Receiver<Tally>,
    store_times: Receiver<Duration>,
    store_timer: StoreTimer,
}

/// One interval on its way to the keeper.
pub(super) struct Handed {
    pub(super) tally: Tally,
    pub(super) from: Wall,
    pub(super) to: Wall,
}

/// Says how long the store took, from wherever that is known.
#[derive(Clone)]
pub struct StoreTimer(pub(super) SyncSender<Duration>);

impl StoreTimer {
    /// When too many times wait to be recorded, this one is forgotten.
    pub fn took(&self, span: Duration) {
        let _ = self.0.try_send(span);
    }
}

impl Recorder {
    pub(super) fn new(
        interval: Tally,
        handed: SyncSender<Handed>,
        empty: Receiver<Tally>,
        store: (StoreTimer, Receiver<Duration>),
        since: Wall,
    ) -> Recorder {
        let (store_timer, store_times) = store;
        Recorder { interval, since, handed, empty, store_times, store_timer }
    }

    /// Counts, times and logs a fact; `now` says the moment at which it came out of the engine, and is asked where that matters.
    pub fn record(&mut self, fact: Fact, now: impl FnOnce() -> Mono) {
        match &fact {
            Fact::Stage { stage, since, .. } => self.interval.record(*stage, now().since(*since)),
            Fact::Timed { stage, took } => self.interval.record(*stage, *took),
            Fact::Waited { queue, waited, predicted, .. } => self.interval.waits.note(queue, *waited, *predicted),
            other => {
                if let Fact::CallEnded(record) = other {
                    self.interval.services.note(record);
                }
                self.interval.counters.note(other);
            }
        }
        fact_log::write(&fact);
    }

    /// For those who ask the store.
    pub fn store_timer(&self) -> StoreTimer {
        self.store_timer.clone()
    }

    pub fn datagrams_not_sent(&mut self, count: usize) {
        if count > 0 {
            self.interval.counters.add(Counter::DatagramNotSent, count as u64);
        }
    }

    /// Hands over what was recorded since the last time. While the keeper is busy it stays here, and nothing is lost.
    pub fn tick(&mut self, now: Now) {
        while let Ok(took) = self.store_times.try_recv() {
            self.interval.record(Stage::StoreRoundTrip, took);
        }
        let Ok(empty) = self.empty.try_recv() else { return };
        let tally = std::mem::replace(&mut self.interval, empty);
        match self.handed.try_send(Handed { tally, from: self.since, to: now.wall }) {
            Ok(()) => self.since = now.wall,
            // There are as many places as tallies, so only an ended keeper does not take it.
            Err(TrySendError::Full(back) | TrySendError::Disconnected(back)) => self.interval = back.tally,
        }
    }
}
