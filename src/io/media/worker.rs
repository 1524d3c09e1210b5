//! One media thread: waits, reads a packet, lets the relay rewrite it, sends it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use super::epoll::{Alarm, Epoll, Waker};
use super::handshakes::Order;
use super::pace::Gatherer;
use super::recorder::Tapes;
use super::shared::Shared;
use super::sockets::Sockets;
use super::{Directory, OnEvent};
use crate::base::rng::Rng;
use crate::base::{Addresses, Family, LegId, Mono, limits};
use crate::io::batch::Inbox;
use crate::io::slices::take_short_slices;
use crate::media::{Channel, EXPECTED_MAX, FailCause, HandshakeNews, MediaCommand, MediaEvent, Relay, Sounds};

/// What a worker needs to know at its start.
pub struct Setup {
    pub bind: Addresses,
    pub silence_timeout: Duration,
    pub sounds: Arc<Sounds>,
    pub on_event: OnEvent,
    pub directory: Directory,
    pub shared: Shared,
    /// The worker's number, and where its orders go.
    pub handshakes: (usize, SyncSender<Order>),
    /// Where recordings go.
    pub tapes: Option<Tapes>,
}

/// The other end of a worker's commands.
pub struct Mailbox {
    letters: Sender<Letter>,
    waiting: Arc<AtomicUsize>,
    waker: Waker,
    on_event: OnEvent,
    directory: Directory,
}

enum Letter {
    Command(MediaCommand),
    News(LegId, HandshakeNews),
    Sounds(Arc<Sounds>),
    Stop,
}

pub struct Worker {
    epoll: Epoll,
    alarm: Alarm,
    letters: Receiver<Letter>,
    waiting: Arc<AtomicUsize>,
    sockets: Sockets,
    inbox: Inbox,
    handshakes: (usize, SyncSender<Order>),
    tapes: Option<Tapes>,
    relay: Relay,
    bind: Addresses,
    on_event: OnEvent,
    directory: Directory,
    began: Instant,
    gatherer: Gatherer,
    /// Datagrams of this round.
    taken: usize,
    /// Of this round. The clock is read when a round begins and when it ends, not for each packet.
    now: Mono,
    /// The largest datagram that is relayed; what is longer arrives cut and is of no use to a telephone anyway.
    buffer: [u8; DATAGRAM],
}

const DATAGRAM: usize = 4096;
/// Beside sockets, whose numbers begin at 0.
const WAKER: u64 = u64::MAX;
const ALARM: u64 = u64::MAX - 1;
/// One for each family of addresses.
const SHARED: [u64; 2] = [u64::MAX - 2, u64::MAX - 3];

impl Mailbox {
    /// Leaves a command for when the worker wakes. Refuses what would open a leg when the worker is behind; everything else belongs to legs that are bounded already.
    pub fn put(&self, command: MediaCommand) {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        if let MediaCommand::Open { leg, .. } | MediaCommand::OpenShared { leg, .. } = command
            && waiting >= limits::MEDIA_COMMANDS_MAX
        {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.directory.forget(leg);
            return (self.on_event)(MediaEvent::Failed { leg, cause: FailCause::Overload });
        }
        self.post(Letter::Command(command));
    }

    /// From the thread of the handshakes.
    pub fn tell(&self, leg: LegId, news: HandshakeNews) {
        self.post(Letter::News(leg, news));
        self.wake();
    }

    /// Other sounds in place of those before.
    pub fn change_sounds(&self, sounds: Arc<Sounds>) {
        self.post(Letter::Sounds(sounds));
        self.wake();
    }

    pub fn try_clone(&self) -> io::Result<Mailbox> {
        Ok(Mailbox {
            letters: self.letters.clone(),
            waiting: Arc::clone(&self.waiting),
            waker: self.waker.try_clone()?,
            on_event: Arc::clone(&self.on_event),
            directory: self.directory.clone(),
        })
    }

    pub fn stop(&self) {
        self.post(Letter::Stop);
        self.wake();
    }

    /// A worker that is gone reads no letters; its thread's end has been seen or will be.
    fn post(&self, letter: Letter) {
        let _ = self.letters.send(letter);
    }

    /// After one letter or several.
    pub fn wake(&self) {
        self.waker.wake();
    }
}

impl Worker {
    pub fn new(setup: Setup) -> io::Result<(Worker, Mailbox)> {
        let (sender, letters) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let (epoll, waker, alarm) = (Epoll::new()?, Waker::new()?, Alarm::new()?);
        epoll.add_waker(&waker, WAKER)?;
        epoll.add(alarm.fd(), ALARM)?;
        for (fd, number) in setup.shared.fds().zip(SHARED) {
            epoll.add(fd, number)?;
        }
        let watcher = epoll.watcher()?;
        let mailbox = Mailbox {
            letters: sender,
            waiting: Arc::clone(&waiting),
            waker,
            on_event: Arc::clone(&setup.on_event),
            directory: setup.directory.clone(),
        };
        let worker = Worker {
            epoll,
            alarm,
            letters,
            waiting,
            sockets: Sockets::new(setup.shared, watcher),
            inbox: Shared::inbox(),
            handshakes: setup.handshakes,
            tapes: setup.tapes,
            relay: Relay::new(setup.sounds, setup.silence_timeout, Rng::from_seed(seed()?)),
            bind: setup.bind,
            on_event: setup.on_event,
            directory: setup.directory,
            began: Instant::now(),
            gatherer: Gatherer::default(),
            taken: 0,
            now: Mono::ZERO,
            buffer: [0; DATAGRAM],
        };
        Ok((worker, mailbox))
    }

    /// Until it is told to stop, or the kernel will not let it wait.
    pub fn run(mut self) {
        take_short_slices();
        self.sockets.bundle();
        let mut ready = Vec::new();
        while self.alarm.set(self.relay.poll_timeout().map(|(at, _)| at), self.now).is_ok() {
            ready.clear();
            self.gatherer.pause(self.now).into_iter().for_each(thread::sleep);
            if self.epoll.wait(&mut ready).is_err() {
                break;
            }
            self.now = self.read_clock();
            self.gatherer.begin(self.now);
            let is_stopped = ready.chunks(EXPECTED_MAX).any(|some| !self.serve_all(some));
            self.gatherer.end(std::mem::take(&mut self.taken));
            self.now = self.read_clock();
            self.relay.handle_timeout(self.now, &mut self.sockets);
            self.read_found();
            self.say_events();
            self.give_orders();
            self.give_tapes();
            self.sockets.flush();
            if is_stopped {
                break;
            }
        }
        self.close_all();
    }

    /// False when it is time to stop.
    fn serve_all(&mut self, numbers: &[u64]) -> bool {
        self.relay.expect(numbers.iter().filter_map(|number| self.sockets.leg_of(*number)));
        numbers.iter().all(|number| self.serve(*number))
    }

    fn serve(&mut self, number: u64) -> bool {
        match number {
            WAKER => return self.read_letters(),
            ALARM => self.alarm.clear(),
            _ => match SHARED.iter().position(|shared| *shared == number) {
                Some(door) => self.read_shared(door),
                None => self.read_datagram(number),
            },
        }
        true
    }

    /// One datagram a round: at one packet each 20 ms a second read would find nothing, and a flood does not starve the others.
    fn read_datagram(&mut self, number: u64) {
        let Some((leg, channel, from, length)) = self.sockets.read(number, &mut self.buffer) else { return };
        self.taken += 1;
        if let Some(datagram) = self.buffer.get_mut(..length) {
            self.relay.datagram(leg, channel, from, datagram, self.now, &mut self.sockets);
        }
    }

    /// As many as one call brings; more are there in the next round.
    fn read_shared(&mut self, door: usize) {
        let fd = self.sockets.shared().and_then(|shared| shared.fds().nth(door));
        let count = fd.and_then(|fd| self.inbox.receive(fd).ok()).unwrap_or(0);
        self.taken += count;
        for nth in 0..count {
            if nth % EXPECTED_MAX == 0 {
                let some = (nth..count).take(EXPECTED_MAX);
                self.relay.expect_from(some.filter_map(|nth| Some(self.inbox.get(nth)?.0)));
            }
            if let Some((from, datagram)) = self.inbox.get_mut(nth) {
                self.relay.shared_datagram(from, datagram, self.now, &mut self.sockets);
            }
        }
    }

    /// What looks have found.
    fn read_found(&mut self) {
        let Some(mut found) = self.sockets.found() else { return };
        found.each(|leg, from, datagram| {
            self.relay.datagram(leg, Channel::Rtp, from, datagram, self.now, &mut self.sockets);
        });
        self.sockets.give_back(found);
    }

    /// Where the thread is behind, a datagram of a handshake is lost, and comes again.
    fn give_orders(&mut self) {
        while let Some(order) = self.relay.poll_order() {
            let _ = self.handshakes.1.try_send((self.handshakes.0, order));
        }
    }

    fn give_tapes(&mut self) {
        while let Some(order) = self.relay.poll_tape() {
            if let Some(tapes) = &mut self.tapes {
                tapes.give(order);
            }
        }
    }

    fn read_letters(&mut self) -> bool {
        while let Ok(letter) = self.letters.try_recv() {
            match letter {
                Letter::Command(command) => {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    self.obey(command);
                }
                Letter::News(leg, news) => self.relay.handshake(leg, news, self.now, &mut self.sockets),
                Letter::Sounds(sounds) => self.relay.change_sounds(sounds),
                Letter::Stop => return false,
            }
        }
        true
    }

    fn obey(&mut self, command: MediaCommand) {
        if let MediaCommand::Open { leg, port, family, .. } = command
            && let Err(cause) = self.open(leg, family, port)
        {
            return self.fail(leg, cause);
        }
        let closing = if let MediaCommand::Close { leg } = command { Some(leg) } else { None };
        let disturbed: Vec<LegId> = self.relay.disturbed(&command).collect();
        disturbed.into_iter().for_each(|leg| self.sockets.look_at(leg));
        self.read_found();
        self.relay.handle(command, self.now, &mut self.sockets);
        if let Some(leg) = closing {
            self.sockets.close(leg);
            self.directory.forget(leg);
        }
        self.say_events();
    }

    fn open(&mut self, leg: LegId, family: Family, port: u16) -> Result<(), FailCause> {
        self.relay.may_open(leg)?;
        let at = SocketAddr::new(self.bind.like(Some(family)), port);
        self.sockets.open(leg, at, &mut self.buffer)
    }

    /// A leg that was open twice is still open once.
    fn fail(&self, leg: LegId, cause: FailCause) {
        if cause != FailCause::Duplicate {
            self.directory.forget(leg);
        }
        (self.on_event)(MediaEvent::Failed { leg, cause });
    }

    fn say_events(&mut self) {
        while let Some(event) = self.relay.poll_output() {
            (self.on_event)(event);
        }
    }

    fn close_all(&mut self) {
        let legs: Vec<LegId> = self.sockets.legs().collect();
        let browsers: Vec<LegId> = self.relay.browsers().collect();
        legs.into_iter().chain(browsers).for_each(|leg| self.obey(MediaCommand::Close { leg }));
        self.give_tapes();
        self.sockets.flush();
    }

    fn read_clock(&self) -> Mono {
        Mono(u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

fn seed() -> io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(io::Error::other)?;
    Ok(seed)
}
