//! The loop around the engine: take an input, stamp it, journal it, hand it over, start every output, sleep until the next
//! deadline. It owns the SIP sockets (`io/sip`) and runs on a thread of its own.

use std::collections::HashMap;
use std::io;
use std::net::UdpSocket as StdUdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::base::{Mono, Now, limits};
use crate::calls::api::AskId;
use crate::desktop::DesktopInput;
use crate::engine::question::{Answer, Question, QuestionId};
use crate::engine::{Engine, Input, Output};
use crate::intents::requests::StoreRequest;
use crate::sip::api::{FlowId, Transmit};

use super::clock::Clock;
use super::desktop::DeskLines;
use super::door::{Asked, EngineDoor};
use super::journal::Journal;
use super::media::MediaPool;
use super::sip::{Received, UdpSockets};
use super::store::Store;
use super::telemetry::Recorder;

/// What the loop works with.
pub struct Wiring {
    pub engine: Engine,
    pub clock: Clock,
    pub sockets: Vec<(FlowId, StdUdpSocket)>,
    pub store: Store,
    pub media: MediaPool,
    pub lines: Arc<DeskLines>,
    pub recorder: Recorder,
    pub journal: Option<Journal>,
}

/// What comes to the loop from the rest of the shell.
enum Arrival {
    Input(Input),
    Ask { question: Question, reply: oneshot::Sender<Answer> },
    Stop,
}

/// The rest of the shell's way to the loop. The queue needs no bound of its own: what puts into it is bounded, namely desks by
/// their message rate, questions by `QUESTIONS_MAX`, answers of the store and of the media by what was asked of them.
#[derive(Clone)]
pub struct Door {
    arrivals: mpsc::UnboundedSender<Arrival>,
    asking: Arc<AtomicU64>,
}

/// The other end of the door, for `run`.
pub struct DoorEnd {
    arrivals: mpsc::UnboundedReceiver<Arrival>,
}

/// A door and its other end.
pub fn door() -> (Door, DoorEnd) {
    let (sender, arrivals) = mpsc::unbounded_channel();
    (Door { arrivals: sender, asking: Arc::new(AtomicU64::new(0)) }, DoorEnd { arrivals })
}

impl Door {
    /// For the media workers.
    pub fn input(&self, input: Input) {
        // The loop is gone only when the process ends.
        let _ = self.arrivals.send(Arrival::Input(input));
    }

    /// Ends the loop after what has arrived before.
    pub fn stop(&self) {
        let _ = self.arrivals.send(Arrival::Stop);
    }

    /// Asks the engine; `None` when it is overloaded or gone.
    pub async fn ask(&self, question: Question) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        if self.asking.fetch_add(1, Ordering::Relaxed) >= limits::QUESTIONS_MAX {
            self.asking.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let _ = self.arrivals.send(Arrival::Ask { question, reply });
        let answer = tokio::time::timeout(ANSWER_WITHIN, answer).await;
        self.asking.fetch_sub(1, Ordering::Relaxed);
        answer.ok()?.ok()
    }
}

const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// How long a carrier may take to forget us when the process ends; the next tick comes in time to see it.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);
/// How often the histograms are handed on.
const TICK: Duration = Duration::from_secs(1);

/// Runs until `Door::stop`. Call it on a current-thread runtime of its own.
pub async fn run(wiring: Wiring, door: Door, mut end: DoorEnd) -> io::Result<()> {
    let mut reactor = Reactor::new(wiring, door)?;
    let (mut turn, mut leave_by) = (Vec::new(), None);
    reactor.drain();
    loop {
        let wake = reactor.wake();
        tokio::select! {
            biased;
            arrival = end.arrivals.recv() => match arrival {
                Some(Arrival::Stop) | None => {
                    reactor.handle(Input::Leave);
                    leave_by = Some(reactor.clock.mono() + LEAVE_WITHIN);
                }
                Some(arrival) => reactor.arrive(arrival),
            },
            () = reactor.udp.readable() => reactor.receive(&mut turn),
            () = tokio::time::sleep_until(wake.into()) => reactor.wake_up(),
        }
        if leave_by.is_some_and(|by| !reactor.engine.is_leaving() || reactor.clock.mono() >= by) {
            break;
        }
    }
    reactor.stop();
    Ok(())
}

struct Reactor {
    engine: Engine,
    clock: Clock,
    udp: UdpSockets,
    store: Store,
    media: MediaPool,
    lines: Arc<DeskLines>,
    recorder: Recorder,
    journal: Option<Journal>,
    door: Door,
    questions: HashMap<QuestionId, oneshot::Sender<Answer>>,
    questioned: u64,
    next_tick: Mono,
}

impl Reactor {
    fn new(wiring: Wiring, door: Door) -> io::Result<Reactor> {
        Ok(Reactor {
            engine: wiring.engine,
            clock: wiring.clock,
            udp: UdpSockets::new(wiring.sockets)?,
            store: wiring.store,
            media: wiring.media,
            lines: wiring.lines,
            recorder: wiring.recorder,
            journal: wiring.journal,
            door,
            questions: HashMap::new(),
            questioned: 0,
            next_tick: wiring.clock.mono() + TICK,
        })
    }

    /// When to wake at the latest.
    fn wake(&self) -> std::time::Instant {
        let deadline = self.engine.poll_timeout().map_or(self.next_tick, |(at, _)| at.min(self.next_tick));
        self.clock.instant(deadline)
    }

    fn wake_up(&mut self) {
        let now = self.clock.now();
        if self.engine.poll_timeout().is_some_and(|(at, _)| at <= now.mono) {
            self.journal_timeout(now);
            self.engine.handle_timeout(now);
            self.drain();
        }
        if self.next_tick <= now.mono {
            self.next_tick = now.mono + TICK;
            self.recorder.tick(now);
            if let Some(journal) = &mut self.journal {
                journal.flush();
            }
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Input(input) => self.handle(input),
            Arrival::Ask { question, reply } => {
                self.questioned += 1;
                let id = QuestionId(self.questioned);
                self.questions.insert(id, reply);
                self.handle(Input::Ask { id, question });
            }
            Arrival::Stop => {}
        }
    }

    fn handle(&mut self, input: Input) {
        let now = self.clock.now();
        self.handle_at(input, now);
    }

    fn handle_at(&mut self, input: Input, now: Now) {
        if let Some(journal) = &mut self.journal {
            journal.input(&input, now);
        }
        self.engine.handle(input, now);
        self.drain();
    }

    fn journal_timeout(&mut self, now: Now) {
        if let Some(journal) = &mut self.journal {
            journal.timeout(now);
        }
    }

    fn receive(&mut self, turn: &mut Vec<Received>) {
        self.udp.receive(&self.clock, turn);
        for Received { flow, from, bytes, now } in turn.drain(..) {
            self.handle_at(Input::Datagram { flow, from, bytes }, now);
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            if let Some(journal) = &mut self.journal {
                journal.outputs(&output);
            }
            self.start(output);
        }
    }

    fn start(&mut self, output: Output) {
        match output {
            Output::Transmit(transmit) => self.transmit(transmit),
            Output::Store { ask, request, patience } => self.ask_store(ask, request, patience),
            Output::Media(command) => self.media.send(command),
            Output::Desktop(output) => self.lines.send(output),
            Output::Answer { id, answer } => {
                if let Some(reply) = self.questions.remove(&id) {
                    let _ = reply.send(answer);
                }
            }
            Output::Fact(fact) => self.recorder.record(fact, self.clock.now()),
        }
    }

    fn transmit(&mut self, transmit: Transmit) {
        if !self.udp.send(&transmit) {
            self.recorder.datagram_not_sent();
        }
    }

    fn ask_store(&mut self, ask: AskId, request: Box<StoreRequest>, patience: Duration) {
        let (store, door, clock) = (self.store.clone(), self.door.clone(), self.clock);
        let timer = self.recorder.store_timer();
        tokio::spawn(async move {
            let asked = clock.mono();
            let result = store.ask_within(*request, patience).await;
            timer.took(clock.mono().since(asked));
            door.input(Input::Store { ask, result });
        });
    }

    fn stop(mut self) {
        self.lines.close_all();
        self.media.stop();
        self.recorder.tick(self.clock.now());
        if let Some(journal) = &mut self.journal {
            journal.flush();
        }
    }
}

impl EngineDoor for Door {
    fn desktop(&self, input: DesktopInput) {
        self.input(Input::Desktop(input));
    }

    fn ask(&self, question: Question) -> Asked<'_> {
        Box::pin(Door::ask(self, question))
    }
}
