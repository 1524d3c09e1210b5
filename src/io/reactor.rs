//! The loop around the engine: take an input, stamp it, journal it, hand it over, start every output, sleep until the next
//! deadline. It owns the SIP sockets (`io/sip`) and runs on a thread of its own.

use std::collections::HashMap;
use std::io;
use std::net::UdpSocket as StdUdpSocket;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Sleep;

use crate::base::{Mono, Now, limits};
use crate::calls::facts::Fact;
use crate::calls::pages::PageInput;
use crate::desktop::DesktopInput;
use crate::engine::question::{Answer, Question, QuestionId};
use crate::engine::{Engine, Input, Notice, Output};
use crate::sip;
use crate::sip::api::{FlowId, Transmit};
use crate::sip::resolve::QuestionNumber;

use super::asking::{Answered, Asking, StoreAsk};
use super::clock::Clock;
use super::desktop::DeskLines;
use super::door::{Asked, EngineDoor};
use super::history::History;
use super::journal::Journal;
use super::live::LivePages;
use super::load::LoadMeter;
use super::media::MediaPool;
use super::names::Names;
use super::notify::Notifier;
use super::sip::{Connections, Received, StreamSetup, UdpSockets};
use super::store::Store;
use super::telemetry::Recorder;

/// What the loop works with.
pub struct Wiring {
    pub engine: Engine,
    pub clock: Clock,
    pub sockets: Vec<(FlowId, StdUdpSocket)>,
    pub streams: StreamSetup,
    pub store: Store,
    pub names: Names,
    pub media: MediaPool,
    pub lines: Arc<DeskLines>,
    pub pages: Arc<LivePages>,
    pub history: History,
    pub notifier: Notifier,
    pub recorder: Recorder,
    pub journal: Option<Journal>,
}

/// What comes to the loop from the rest of the shell.
enum Arrival {
    Input(Input),
    Ask { question: Question, reply: oneshot::Sender<Answer> },
    Stop,
}

/// The rest of the shell's way to the loop. What waits in its queue is bounded by what puts into it: desks wait while it is
/// long (`is_behind`), questions by `QUESTIONS_MAX`, answers of the store by `STORE_WAITING_MAX`, those of the media by the open
/// legs, pages by `LIVE_STREAMS_MAX`, notices by one for each change.
#[derive(Clone)]
pub struct Door {
    arrivals: mpsc::UnboundedSender<Arrival>,
    waiting: Arc<AtomicUsize>,
    asking: Arc<AtomicU64>,
}

/// The other end of the door, for `run`.
pub struct DoorEnd {
    arrivals: mpsc::UnboundedReceiver<Arrival>,
}

/// A door and its other end.
pub fn door() -> (Door, DoorEnd) {
    let (sender, arrivals) = mpsc::unbounded_channel();
    let door = Door { arrivals: sender, waiting: Arc::default(), asking: Arc::default() };
    (door, DoorEnd { arrivals })
}

impl Door {
    /// For the media workers.
    pub fn input(&self, input: Input) {
        self.put(Arrival::Input(input));
    }

    fn put(&self, arrival: Arrival) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // The loop is gone only when the process ends.
        let _ = self.arrivals.send(arrival);
    }

    /// Ends the loop after what has arrived before.
    pub fn stop(&self) {
        self.put(Arrival::Stop);
    }

    /// New calls are to be put off; those in progress go on.
    pub fn drain(&self) {
        self.input(Input::Notice(Notice::Draining));
    }

    /// Asks the engine; `None` when it is overloaded or gone.
    pub async fn ask(&self, question: Question) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        if self.asking.fetch_add(1, Ordering::Relaxed) >= limits::QUESTIONS_MAX {
            self.asking.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        self.put(Arrival::Ask { question, reply });
        let answer = tokio::time::timeout(ANSWER_WITHIN, answer).await;
        self.asking.fetch_sub(1, Ordering::Relaxed);
        answer.ok()?.ok()
    }
}

const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// How long a carrier may take to forget us, and others to answer our BYE, when the process ends; the next tick comes in time to see it.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);
/// Arrivals handled in one turn, likewise.
const ARRIVALS_PER_TURN: usize = 256;
/// How long desks may take to hear that the server ends.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// How long the media's workers may have what can wait before they are woken for that alone.
const MEDIA_WITHIN: Duration = Duration::from_millis(4);
/// The alarm in a busy time; what calls set anew all the time is not due earlier.
const BUSY_WITHIN: Duration = Duration::from_millis(4);
/// So many inputs without an alarm between them make a busy time.
const BUSY_INPUTS: u32 = 32;
/// How often the histograms are handed on.
const TICK: Duration = Duration::from_secs(1);

/// Runs until `Door::stop`, as a task of a current-thread runtime of its own.
pub async fn run(wiring: Wiring, door: Door, mut end: DoorEnd) -> io::Result<()> {
    let mut reactor = Reactor::new(wiring, door)?;
    let mut arrivals = Vec::with_capacity(ARRIVALS_PER_TURN);
    let mut datagrams = Vec::new();
    let mut events = Vec::new();
    reactor.asking.meet_the_store();
    reactor.drain();
    let mut alarm = pin!(tokio::time::sleep_until(reactor.wake().into()));
    while !reactor.has_left() {
        reactor.end_turn();
        reactor.set(alarm.as_mut());
        tokio::select! {
            biased;
            count = end.arrivals.recv_many(&mut arrivals, ARRIVALS_PER_TURN) => {
                reactor.door.waiting.fetch_sub(count, Ordering::Relaxed);
            }
            () = reactor.asking.ready() => {}
            () = reactor.connections.ready() => {}
            () = reactor.udp.readable() => {}
            () = alarm.as_mut() => {}
        }
        // Whatever has woken the loop, one turn serves all that is there; callers wait for what the store says.
        reactor.take_answers();
        arrivals.drain(..).for_each(|arrival| reactor.arrive(arrival));
        let is_drained = reactor.receive(&mut datagrams) & reactor.take_events(&mut events);
        let now = reactor.wake_up();
        reactor.look_at_load(is_drained && end.arrivals.len() < ARRIVALS_PER_TURN, now);
    }
    reactor.end_turn();
    let lines = Arc::clone(&reactor.lines);
    let history = reactor.history.clone();
    reactor.stop();
    history.written().await;
    let _ = tokio::time::timeout(CLOSE_WITHIN, lines.closed()).await;
    Ok(())
}

struct Reactor {
    engine: Engine,
    clock: Clock,
    udp: UdpSockets,
    connections: Connections,
    asking: Asking,
    names: Names,
    media: MediaPool,
    /// When its workers are woken at the latest.
    media_by: Option<Mono>,
    lines: Arc<DeskLines>,
    pages: Arc<LivePages>,
    history: History,
    notifier: Notifier,
    recorder: Recorder,
    journal: Option<Journal>,
    door: Door,
    questions: HashMap<QuestionId, oneshot::Sender<Answer>>,
    questioned: u64,
    next_tick: Mono,
    /// Inputs since the alarm rang.
    since_alarm: u32,
    load: LoadMeter,
    leave_by: Option<Mono>,
}

impl Reactor {
    fn new(wiring: Wiring, door: Door) -> io::Result<Reactor> {
        let store = wiring.store.apart().map_err(io::Error::other)?;
        let for_answers = door.clone();
        let answered: Answered = Arc::new(move |ask, result| for_answers.input(Input::Store { ask, result }));
        Ok(Reactor {
            engine: wiring.engine,
            clock: wiring.clock,
            udp: UdpSockets::new(wiring.sockets)?,
            connections: Connections::start(wiring.streams, wiring.clock)?,
            asking: Asking::new(store, wiring.clock, wiring.recorder.store_timer(), answered),
            names: wiring.names,
            media: wiring.media,
            media_by: None,
            lines: wiring.lines,
            pages: wiring.pages,
            history: wiring.history,
            notifier: wiring.notifier,
            recorder: wiring.recorder,
            journal: wiring.journal,
            door,
            questions: HashMap::new(),
            questioned: 0,
            next_tick: wiring.clock.mono() + TICK,
            since_alarm: 0,
            load: LoadMeter::default(),
            leave_by: None,
        })
    }

    /// When to wake at the latest.
    fn wake(&self) -> std::time::Instant {
        let engine = self.engine.poll_timeout().map(|(at, _)| at);
        let others = self.asking.poll_timeout().into_iter().chain(self.media_by);
        let deadline = engine.into_iter().chain(others).fold(self.next_tick, Mono::min);
        self.clock.instant(deadline)
    }

    /// For what is due next. In a busy time the alarm is near, and each turn puts it off: one that is set to an earlier time costs the
    /// runtime two system calls, and each call has some, one that is put off costs none.
    fn set(&mut self, alarm: Pin<&mut Sleep>) {
        if alarm.is_elapsed() {
            self.since_alarm = 0;
        }
        let near = || self.clock.instant(self.clock.mono() + BUSY_WITHIN);
        let near = (self.since_alarm >= BUSY_INPUTS).then(near);
        alarm.reset(near.into_iter().fold(self.wake(), std::time::Instant::min).into());
    }

    /// Serves what is due; answers what time it is.
    fn wake_up(&mut self) -> Mono {
        let now = self.clock.mono();
        if self.engine.poll_timeout().is_some_and(|(at, _)| at <= now) {
            let now = Now::new(now, self.clock.wall());
            self.journal_timeout(now);
            self.engine.handle_timeout(now);
            self.drain();
        }
        self.asking.handle_timeout(now);
        self.handle_answers();
        if self.media_by.is_some_and(|by| by <= now) {
            self.media.wake();
            self.media_by = None;
        }
        if self.next_tick <= now {
            self.tick(now);
        }
        now
    }

    fn tick(&mut self, now: Mono) {
        self.next_tick = now + TICK;
        self.recorder.tick(Now::new(now, self.clock.wall()));
        if let Some(journal) = &mut self.journal {
            journal.flush();
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
            Arrival::Stop => self.leave(),
        }
    }

    fn leave(&mut self) {
        self.leave_by = Some(self.clock.mono() + LEAVE_WITHIN);
        self.handle(Input::Leave);
        self.asking.ask_along(self.clock.mono());
    }

    /// The end has come, and whoever had to hear of it has, or will not.
    fn has_left(&self) -> bool {
        self.leave_by.is_some_and(|by| !self.engine.is_leaving() || self.clock.mono() >= by)
    }

    /// Tells the engine when the loop begins to fall behind, and when it has caught up.
    fn look_at_load(&mut self, has_caught_up: bool, now: Mono) {
        if let Some(notice) = self.load.turn(has_caught_up, now) {
            tracing::warn!(notice = notice.as_str(), "new calls are put off, or taken again");
            self.handle(Input::Notice(notice));
        }
    }

    fn handle(&mut self, input: Input) {
        let now = self.clock.now();
        self.handle_at(input, now);
    }

    fn handle_at(&mut self, input: Input, now: Now) {
        self.since_alarm = self.since_alarm.saturating_add(1);
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

    /// What the connections' tasks have to tell; false when more may be there.
    fn take_events(&mut self, events: &mut Vec<(Input, Now)>) -> bool {
        let is_drained = self.connections.take(events);
        for (input, now) in events.drain(..) {
            self.handle_at(input, now);
        }
        is_drained
    }

    /// Takes what the sockets hold; false when more may be there.
    fn receive(&mut self, turn: &mut Vec<Received>) -> bool {
        let is_drained = self.udp.receive(&self.clock, turn);
        for Received { flow, from, bytes, now } in turn.drain(..) {
            self.handle_at(Input::Datagram { flow, from, bytes }, now);
        }
        is_drained
    }

    /// What the store has answered over the line.
    fn take_answers(&mut self) {
        self.asking.receive(self.clock.mono());
        self.handle_answers();
    }

    fn handle_answers(&mut self) {
        while let Some((ask, result)) = self.asking.poll_answer() {
            self.handle(Input::Store { ask, result });
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            if let Some(journal) = &mut self.journal {
                journal.outputs(&output);
            }
            self.start(output);
        }
        if let Some(input) = self.connections.poll_input() {
            self.handle(input);
        }
    }

    fn start(&mut self, output: Output) {
        match output {
            Output::Transmit(transmit) => self.transmit(transmit),
            Output::Resolve { number, question } => self.ask_names(number, question),
            Output::Store { ask, request, patience } => self.ask_store(StoreAsk { ask, request, patience }),
            Output::Media(command) => self.media.put(command),
            Output::Desktop(output) => self.lines.send(output),
            Output::Answer { id, answer } => {
                if let Some(reply) = self.questions.remove(&id) {
                    let _ = reply.send(answer);
                }
            }
            Output::Page { intent, standing } => self.pages.tell(intent, standing),
            Output::Fact(fact) => {
                if let Fact::CaseOpened(note) = &fact {
                    self.history.note(note);
                }
                if let Fact::CallEnded(record) = &fact {
                    self.notifier.note(record);
                }
                let clock = self.clock;
                self.recorder.record(fact, || clock.mono());
            }
        }
    }

    fn transmit(&mut self, transmit: Transmit) {
        let lost = self.udp.send(&transmit);
        let lost = lost.unwrap_or_else(|| usize::from(!self.connections.send(transmit)));
        self.recorder.datagrams_not_sent(lost);
    }

    /// What was gathered in this turn leaves.
    fn end_turn(&mut self) {
        if self.media.wake_urgent() {
            self.media_by = self.media_by.or_else(|| Some(self.clock.mono() + MEDIA_WITHIN));
        } else {
            self.media_by = None;
        }
        let lost = self.udp.flush();
        self.recorder.datagrams_not_sent(lost);
    }

    fn ask_names(&self, number: QuestionNumber, question: sip::resolve::Question) {
        let (names, door) = (self.names.clone(), self.door.clone());
        tokio::spawn(async move {
            let result = names.ask(&question).await;
            door.input(Input::Resolved { number, result });
        });
    }

    /// While the process ends nothing waits.
    fn ask_store(&mut self, asked: StoreAsk) {
        let now = self.clock.mono();
        self.asking.ask(asked, now);
        if self.leave_by.is_some() {
            self.asking.ask_along(now);
        }
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

    fn page(&self, input: PageInput) {
        self.input(Input::Page(input));
    }

    fn is_behind(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > limits::ARRIVALS_MAX
    }

    fn ask(&self, question: Question) -> Asked<'_> {
        Box::pin(Door::ask(self, question))
    }
}
