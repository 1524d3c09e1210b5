//! The media workers: threads that own the sockets and the legs, and do what `MediaCommand` says.

mod bundle;
mod epoll;
mod files;
mod handshakes;
mod looks;
mod pace;
mod recorder;
mod ring;
mod shared;
mod sockets;
mod worker;

use std::cell::Cell;
use std::io;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::base::id_map::IdMap;
use crate::base::{Addresses, CallId, LegId};
use crate::calls::settings::WebRtcPlan;
use crate::media::{Clip, MediaCommand, MediaEvent, Sounds};
pub use files::{FileError, read_clip};
use handshakes::Identity;
use recorder::TapeDoor;
pub use recorder::{RecordingFiles, path_of, prepare_folder};
use shared::Shared;
use worker::{Mailbox, Worker};

/// How the workers are set up.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Threads; 0 for one less than the machine has cores, at least 1.
    pub workers: usize,
    /// The addresses that RTP sockets are bound to.
    pub bind: Addresses,
    /// `MediaEvent::Silent` after this long without a packet that should come; zero for never.
    pub silence_timeout: Duration,
    /// The port that browsers share, of the first worker; each further worker has the next one. With `None` each takes a free one
    /// from the end of `ports`.
    pub webrtc_port: Option<u16>,
    pub ports: RangeInclusive<u16>,
    /// The sounds of the files, in the order of their `WavId`.
    pub wavs: Vec<Clip>,
    /// Where calls are recorded; `None`: nowhere.
    pub recordings: Option<RecordingFiles>,
}

/// The running workers. Dropping it stops them.
pub struct MediaPool {
    mailboxes: Vec<Mailbox>,
    /// What each has that it has not been woken for.
    unread: Vec<Cell<Unread>>,
    threads: Vec<JoinHandle<()>>,
    directory: Directory,
    webrtc: WebRtcPlan,
}

/// The letters of a worker that it has not been woken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Unread {
    #[default]
    None,
    /// They may wait for others: a wake-up costs more than what most of them ask for.
    CanWait,
    Urgent,
}

/// The way of other sounds to the workers.
pub struct SoundsDoor(Vec<Mailbox>);

impl SoundsDoor {
    /// Commands that come later find these.
    pub fn change(&self, sounds: Sounds) {
        let sounds = Arc::new(sounds);
        for mailbox in &self.0 {
            mailbox.change_sounds(Arc::clone(&sounds));
        }
    }
}

/// Which worker has a leg. Locked once for each command and for each end of a leg, never for a packet.
#[derive(Clone, Default)]
pub(crate) struct Directory(Arc<Mutex<IdMap<LegId, usize>>>);

/// Called on the worker threads.
pub(crate) type OnEvent = Arc<dyn Fn(MediaEvent) + Send + Sync>;

impl MediaPool {
    /// Starts the threads. `on_event` is called on them and must not block.
    pub fn start(config: MediaConfig, on_event: impl Fn(MediaEvent) + Send + Sync + 'static) -> io::Result<MediaPool> {
        let sounds = Arc::new(Sounds::new(config.wavs.clone()));
        let on_event: OnEvent = Arc::new(on_event);
        let identity = Identity::new()?;
        let (orders, of_workers) = handshakes::orders();
        let recorder =
            config.recordings.clone().map(|files| recorder::spawn(files, Arc::clone(&on_event))).transpose()?;
        let (tapes, writer) = recorder.unzip();
        let mut pool = MediaPool {
            mailboxes: Vec::new(),
            unread: Vec::new(),
            threads: Vec::new(),
            directory: Directory::default(),
            webrtc: WebRtcPlan { ports: Vec::new(), fingerprint: identity.fingerprint },
        };
        for n in 0..workers(config.workers) {
            let shared = bind_shared(&config, n)?;
            pool.webrtc.ports.push(shared.port()?);
            let setup = worker::Setup {
                bind: config.bind,
                silence_timeout: config.silence_timeout,
                sounds: Arc::clone(&sounds),
                on_event: Arc::clone(&on_event),
                directory: pool.directory.clone(),
                shared,
                handshakes: (n, orders.clone()),
                tapes: tapes.as_ref().map(TapeDoor::tapes),
            };
            let (worker, mailbox) = Worker::new(setup)?;
            pool.threads.push(thread::Builder::new().name(format!("media-{n}")).spawn(move || worker.run())?);
            pool.mailboxes.push(mailbox);
            pool.unread.push(Cell::default());
        }
        let mailboxes = pool.mailboxes.iter().map(Mailbox::try_clone).collect::<io::Result<_>>()?;
        pool.threads.push(handshakes::spawn(identity, of_workers, mailboxes)?);
        pool.threads.extend(writer);
        Ok(pool)
    }

    /// Where browsers are received, and by which certificate they know us.
    pub fn webrtc(&self) -> &WebRtcPlan {
        &self.webrtc
    }

    /// For other sounds while it runs.
    pub fn sounds_door(&self) -> io::Result<SoundsDoor> {
        Ok(SoundsDoor(self.mailboxes.iter().map(Mailbox::try_clone).collect::<io::Result<_>>()?))
    }

    /// Hands a command to the worker of its group at once; never blocks. An `Open` beyond the limits answers with `Failed`.
    pub fn send(&self, command: MediaCommand) {
        self.put(command);
        self.wake();
    }

    /// The same for several: they are done after `wake`.
    pub fn put(&self, command: MediaCommand) {
        let worker = match &command {
            MediaCommand::Open { leg, group, .. } | MediaCommand::OpenShared { leg, group, .. } => {
                self.directory.put(*leg, self.worker_of(*group))
            }
            MediaCommand::Remote { leg, .. } | MediaCommand::Source { leg, .. } => self.directory.find(*leg),
            MediaCommand::Play { leg, .. } | MediaCommand::Listen { leg, .. } => self.directory.find(*leg),
            MediaCommand::Key { leg, .. } | MediaCommand::Close { leg } => self.directory.find(*leg),
            MediaCommand::Record { leg, .. } | MediaCommand::EndRecording { leg, .. } => self.directory.find(*leg),
        };
        if let (Some(mailbox), Some(unread)) = (self.mailboxes.get(worker), self.unread.get(worker)) {
            let urgency = if command.can_wait() { Unread::CanWait } else { Unread::Urgent };
            mailbox.put(command);
            unread.set(unread.get().max(urgency));
        }
    }

    /// Wakes each worker that has something to do, once.
    pub fn wake(&self) {
        self.wake_for(Unread::CanWait);
    }

    /// The same for those whose letters are urgent. Answers whether others have some still.
    pub fn wake_urgent(&self) -> bool {
        self.wake_for(Unread::Urgent);
        self.unread.iter().any(|unread| unread.get() != Unread::None)
    }

    fn wake_for(&self, urgency: Unread) {
        for (unread, mailbox) in self.unread.iter().zip(&self.mailboxes) {
            if unread.get() >= urgency {
                unread.set(Unread::None);
                mailbox.wake();
            }
        }
    }

    /// Closes all legs, says so, and waits for the threads to end.
    pub fn stop(mut self) {
        self.end();
    }

    fn worker_of(&self, group: CallId) -> usize {
        (group.0 % self.mailboxes.len().max(1) as u64) as usize
    }

    fn end(&mut self) {
        self.mailboxes.iter().for_each(Mailbox::stop);
        for thread in self.threads.drain(..) {
            // A worker that panicked has said so on standard error; there is nothing left to save.
            let _ = thread.join();
        }
    }
}

impl Drop for MediaPool {
    fn drop(&mut self) {
        self.end();
    }
}

impl Directory {
    /// The worker of a leg that is to be opened: the one that has it already, else `worker`.
    fn put(&self, leg: LegId, worker: usize) -> usize {
        *self.map().entry(leg).or_insert(worker)
    }

    /// The first worker answers for legs that nobody has.
    fn find(&self, leg: LegId) -> usize {
        self.map().get(&leg).copied().unwrap_or(0)
    }

    pub(crate) fn forget(&self, leg: LegId) {
        self.map().remove(&leg);
    }

    fn map(&self) -> std::sync::MutexGuard<'_, IdMap<LegId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From the end of the range, where plain legs come last; any port when the range has no room to spare.
fn bind_shared(config: &MediaConfig, n: usize) -> io::Result<Shared> {
    if let Some(first) = config.webrtc_port {
        return Shared::bind(&config.bind, first.checked_add(n as u16));
    }
    let spare = config.ports.clone().skip(PORTS_OF_A_CALL).rev();
    let bound = spare.filter_map(|port| Shared::bind(&config.bind, Some(port)).ok()).next();
    bound.map_or_else(|| Shared::bind(&config.bind, None), Ok)
}

/// A call of two telephones has as many.
const PORTS_OF_A_CALL: usize = 4;

fn workers(configured: usize) -> usize {
    let cores = || thread::available_parallelism().map_or(1, |cores| cores.get());
    if configured > 0 { configured } else { (cores() - 1).max(1) }
}
