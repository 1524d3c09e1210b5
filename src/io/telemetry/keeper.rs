//! The keeper's side: adds the intervals up, writes the interval log, answers what the API asks.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::base::{QueueId, Wall};

use super::counters::{Counter, Counters};
use super::interval_log;
use super::latency::{self, Earlier, StageTimes};
use super::prometheus::{self, Gauges};
use super::recorder::{Handed, Recorder, StoreTimer};
use super::service::Service;
use super::tally::Tally;
use super::wait_scores::WaitScore;

/// Tallies under way: one with the engine, one with the keeper.
const TALLIES: usize = 2;
/// Store times that wait for the next second.
const STORE_TIMES_MAX: usize = 65_536;

/// All that has been measured since the start.
#[derive(Clone)]
pub struct Telemetry {
    total: Arc<Mutex<Tally>>,
    keeper: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// Why there is no telemetry.
#[derive(Debug)]
pub enum TelemetryError {
    /// The interval log cannot be opened.
    Log { path: PathBuf, fault: io::Error },
    /// No thread for the keeper.
    Thread(io::Error),
    /// The histograms do not take their bounds; ours to mend.
    Bounds,
}

/// Starts the keeper's thread, which ends with the recorder. `log`: where the intervals are written, HdrHistogram's log format.
pub fn start(log: Option<&Path>, now: Wall) -> Result<(Recorder, Telemetry), TelemetryError> {
    let log = log.map(open_log).transpose()?;
    let (recorder, keeper) = pair(now)?;
    let total = Arc::clone(&keeper.total);
    let thread = spawn(keeper, log, now)?;
    Ok((recorder, Telemetry { total, keeper: Arc::new(Mutex::new(Some(thread))) }))
}

fn pair(now: Wall) -> Result<(Recorder, Keeper), TelemetryError> {
    let tally = |counters| Tally::new(counters).ok_or(TelemetryError::Bounds);
    let total = Arc::new(Mutex::new(tally(Counters::known())?));
    let (handed, intervals) = sync_channel(TALLIES);
    let (empties, empty) = channel();
    // The first empty one is there from the start: the receiver is held two lines below.
    let _ = empties.send(tally(Counters::default())?);
    let (timer, store_times) = sync_channel(STORE_TIMES_MAX);
    let store = (StoreTimer(timer), store_times);
    let recorder = Recorder::new(tally(Counters::default())?, handed, empty, store, now);
    Ok((recorder, Keeper { total, intervals, empties }))
}

fn open_log(path: &Path) -> Result<std::fs::File, TelemetryError> {
    let file = std::fs::File::options().create(true).append(true).open(path);
    file.map_err(|fault| TelemetryError::Log { path: path.to_owned(), fault })
}

fn spawn(keeper: Keeper, log: Option<std::fs::File>, now: Wall) -> Result<JoinHandle<()>, TelemetryError> {
    let thread = std::thread::Builder::new().name("telemetry".to_owned());
    let run = move || match log {
        Some(mut file) => keeper.keep_with_log(&mut file, now),
        None => keeper.keep(|_| {}),
    };
    thread.spawn(run).map_err(TelemetryError::Thread)
}

struct Keeper {
    total: Arc<Mutex<Tally>>,
    intervals: Receiver<Handed>,
    empties: Sender<Tally>,
}

impl Keeper {
    fn keep_with_log(self, file: &mut std::fs::File, began: Wall) {
        let write = |log: &mut interval_log::Log<'_>| self.keep(|handed| log.write(handed));
        if let Err(fault) = interval_log::begin(file, began, write) {
            tracing::warn!(%fault, "the interval log cannot be written");
        }
    }

    fn keep(self, mut each: impl FnMut(&Handed)) {
        while let Ok(mut handed) = self.intervals.recv() {
            each(&handed);
            lock(&self.total).take_from(&mut handed.tally);
            let _ = self.empties.send(handed.tally);
        }
    }
}

impl Telemetry {
    /// The times of each stage since the start, in the order of a call.
    pub fn latency(&self) -> Vec<StageTimes> {
        latency::rows(&self.lock())
    }

    /// The times of each stage since the last look.
    pub fn latency_since(&self, earlier: &mut Earlier) -> Vec<StageTimes> {
        let total = self.lock().clone();
        earlier.rows_since(total)
    }

    /// How often something has happened since the start.
    pub fn count(&self, counter: &Counter) -> u64 {
        self.lock().counters.get(counter)
    }

    /// How well the expected waits of a queue were; `None` while no call of it has had to wait.
    pub fn wait_score(&self, queue: &QueueId) -> Option<WaitScore> {
        self.lock().waits.get(queue).cloned()
    }

    /// How soon callers of a queue reached a person in the hour before `now`.
    pub fn service(&self, queue: &QueueId, now: Wall) -> Service {
        self.lock().services.of(queue, now)
    }

    /// Counts what happens elsewhere than in the engine.
    pub fn note(&self, counter: Counter) {
        self.lock().counters.add(counter, 1);
    }

    /// A copy of all counters.
    pub fn counters(&self) -> Counters {
        self.lock().counters.clone()
    }

    /// The text of `/metrics`.
    pub fn prometheus(&self, gauges: &Gauges) -> String {
        let total = self.lock().clone();
        prometheus::text(&total, gauges)
    }

    /// Waits, after the recorder is gone, until all that it handed over is counted and written.
    pub fn join(&self) {
        let thread = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A keeper that has failed has nothing left to write.
            let _ = thread.join();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        lock(&self.total)
    }
}

fn lock(total: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    total.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Display for TelemetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TelemetryError::Log { path, .. } => write!(f, "the interval log {} cannot be opened", path.display()),
            TelemetryError::Thread(_) => f.write_str("no thread for the telemetry"),
            TelemetryError::Bounds => f.write_str("the histograms do not take their bounds"),
        }
    }
}

impl std::error::Error for TelemetryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            TelemetryError::Log { fault, .. } | TelemetryError::Thread(fault) => Some(fault),
            TelemetryError::Bounds => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};
    use std::time::Duration;

    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;
    use crate::base::{CallId, Mono, Now, Stage};
    use crate::calls::facts::Fact;

    const BEGAN: Wall = Wall(1_800_000_000_000);

    fn at(ms: u64) -> Now {
        Now::new(Mono(ms * 1_000_000), Wall(BEGAN.0 + ms))
    }

    #[test]
    fn what_is_recorded_is_handed_over_once() {
        let (mut recorder, keeper) = pair(BEGAN).unwrap();
        let total = Arc::clone(&keeper.total);
        let since = at(10).mono;
        recorder.record(Fact::Stage { call: CallId(1), stage: Stage::InviteToMatch, since }, || at(12).mono);
        recorder.store_timer().took(Duration::from_micros(80));
        recorder.datagrams_not_sent(1);
        recorder.tick(at(1000));
        recorder.record(Fact::Stage { call: CallId(2), stage: Stage::InviteToMatch, since }, || at(12).mono);
        recorder.tick(at(2000));
        drop(recorder);
        keeper.keep(|_| {});
        let rows = latency::rows(&lock(&total));
        let of = |stage| rows.iter().find(|row| row.stage == stage).unwrap();
        let (matched, store) = (of(Stage::InviteToMatch), of(Stage::StoreRoundTrip));
        assert_eq!((matched.count, store.count), (1, 1), "the second interval had no empty tally and stays");
        assert!((matched.max_us - 2000.0).abs() < 2.0 && (store.max_us - 80.0).abs() < 0.1);
        assert_eq!(lock(&total).counters.get(&Counter::DatagramNotSent), 1);
    }

    #[test]
    fn a_keeper_on_its_thread_gives_the_tallies_back() {
        let (mut recorder, telemetry) = start(None, BEGAN).unwrap();
        for second in 1..=50 {
            recorder.datagrams_not_sent(1);
            recorder.tick(at(second * 1000));
        }
        // The last tick finds no empty tally while the keeper is busy; one more of the keeper's turns always comes.
        while telemetry.count(&Counter::DatagramNotSent) < 50 {
            recorder.tick(at(60_000));
            std::thread::yield_now();
        }
        drop(recorder);
        telemetry.join();
        assert_eq!(telemetry.count(&Counter::DatagramNotSent), 50);
    }

    #[test]
    fn the_interval_log_reads_back() {
        let (mut recorder, keeper) = pair(BEGAN).unwrap();
        recorder.record(Fact::Timed { stage: Stage::InviteToAnswer, took: Duration::from_millis(5) }, || at(900).mono);
        recorder.tick(at(1000));
        drop(recorder);
        let path = std::env::temp_dir().join(format!("throughline-interval-log-{}", std::process::id()));
        let mut file = std::fs::File::options().create(true).truncate(true).read(true).write(true).open(&path).unwrap();
        keeper.keep_with_log(&mut file, BEGAN);
        let mut text = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut text).unwrap();
        std::fs::remove_file(&path).unwrap();
        let entries: Vec<_> = IntervalLogIterator::new(&text).map(|entry| entry.expect("readable")).collect();
        let intervals = entries.iter().filter_map(|entry| match entry {
            LogEntry::Interval(interval) => Some(interval),
            _ => None,
        });
        let [interval] = intervals.collect::<Vec<_>>()[..] else { panic!("one interval") };
        assert_eq!(interval.tag().map(|tag| tag.as_str()), Some("invite_to_answer"));
        assert_eq!((interval.start_timestamp(), interval.duration()), (Duration::ZERO, Duration::from_secs(1)));
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, interval.encoded_histogram());
        let read: Histogram<u64> = Deserializer::new().deserialize(&mut &bytes.unwrap()[..]).unwrap();
        assert!(read.equivalent(read.max(), 5_000_000));
    }
}
