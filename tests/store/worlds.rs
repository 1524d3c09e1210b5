//! The three stores behind one word: ask.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use throughline::calls::api::AskId;
use throughline::intents::{Model, StoreError, StoreReply, StoreRequest};
use throughline::io::asking::{Answered, Asking, StoreAnswer, StoreAsk};
use throughline::io::clock::Clock;
use throughline::io::store::{RedisSetup, Store};
use throughline::io::telemetry::{self, StoreTimer};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::folder::Folder;
use crate::support::redis::RedisServer;

pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A store under test. Requests go to it one after the other.
pub enum World {
    Model(Box<Model>),
    Embedded { store: Option<Store>, folder: Folder, intents_max: usize },
    Redis(Box<Asker>),
}

impl World {
    pub fn model(intents_max: usize) -> World {
        World::Model(Box::new(Model::new(intents_max)))
    }

    pub fn embedded(intents_max: usize) -> World {
        let folder = Folder::new("store");
        let store = Some(open(&folder, intents_max));
        World::Embedded { store, folder, intents_max }
    }

    /// Keys of its own, so that worlds share a server; asked as the engine asks. Needs a runtime around it.
    pub fn redis(server: &RedisServer, prefix: &str, intents_max: usize) -> World {
        World::Redis(Box::new(Asker::new(redis_store(server, prefix, intents_max))))
    }

    pub fn ask(&mut self, runtime: &Runtime, request: StoreRequest) -> StoreReply {
        match self {
            World::Model(model) => model.apply(request),
            World::Embedded { store, .. } => {
                runtime.block_on(store.as_ref().expect("it is open").ask(request)).expect("an answer of the file")
            }
            World::Redis(asker) => runtime.block_on(asker.ask(request, PATIENCE)).1.expect("an answer of Redis"),
        }
    }

    /// Closes and opens a store that has a file; nothing for the others.
    pub fn reopen(&mut self) {
        if let World::Embedded { store, folder, intents_max } = self {
            *store = None;
            *store = Some(open(folder, *intents_max));
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            World::Model(_) => "model",
            World::Embedded { .. } => "embedded",
            World::Redis(_) => "redis",
        }
    }
}

fn open(folder: &Folder, intents_max: usize) -> Store {
    Store::embedded(folder.path().join("intents.db"), intents_max, PATIENCE).expect("the file opens")
}

pub fn redis_store(server: &RedisServer, prefix: &str, intents_max: usize) -> Store {
    let setup = RedisSetup { url: server.url(), prefix: prefix.to_owned() };
    Store::redis(setup, intents_max, PATIENCE).expect("an address of Redis")
}

/// Which way an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Line,
    Task,
}

/// Asks as the engine's thread does.
pub struct Asker {
    asking: Asking,
    clock: Clock,
    by_task: UnboundedReceiver<StoreAnswer>,
    asked: u64,
}

impl Asker {
    /// Needs a runtime around it.
    pub fn new(store: Store) -> Asker {
        let (sender, by_task) = unbounded_channel();
        let answered: Answered = Arc::new(move |ask, result| drop(sender.send((ask, result))));
        let clock = Clock::start();
        Asker { asking: Asking::new(store, clock, timer(), answered), clock, by_task, asked: 0 }
    }

    /// The answer, which must be to this question.
    pub async fn ask(&mut self, request: StoreRequest, patience: Duration) -> (Way, Result<StoreReply, StoreError>) {
        self.put(request, patience);
        self.answer_to_the_last().await
    }

    /// The question alone.
    pub fn put(&mut self, request: StoreRequest, patience: Duration) {
        self.asked += 1;
        let asked = StoreAsk { ask: AskId(self.asked), request: Box::new(request), patience };
        self.asking.ask(asked, self.clock.mono());
        // An end waits for another question, and here is none.
        self.asking.ask_along(self.clock.mono());
    }

    /// So much later.
    pub fn pass(&mut self, span: Duration) {
        self.asking.handle_timeout(self.clock.mono() + span);
    }

    pub async fn answer_to_the_last(&mut self) -> (Way, Result<StoreReply, StoreError>) {
        let (way, (answered, result)) = self.answer().await;
        assert_eq!(answered, AskId(self.asked));
        (way, result)
    }

    async fn answer(&mut self) -> (Way, StoreAnswer) {
        loop {
            if let Some(answer) = self.asking.poll_answer() {
                return (Way::Line, answer);
            }
            let wake = self.asking.poll_timeout().map(|at| self.clock.instant(at));
            let wake = wake.unwrap_or_else(|| std::time::Instant::now() + PATIENCE);
            tokio::select! {
                () = self.asking.ready() => {}
                () = tokio::time::sleep_until(wake.into()) => {}
                Some(answer) = self.by_task.recv() => return (Way::Task, answer),
            }
            self.asking.receive(self.clock.mono());
            self.asking.handle_timeout(self.clock.mono());
        }
    }
}

/// Nobody looks at the times.
fn timer() -> StoreTimer {
    static TIMER: OnceLock<StoreTimer> = OnceLock::new();
    let start = || telemetry::start(None, throughline::base::Wall(1)).expect("a thread").0.store_timer();
    TIMER.get_or_init(start).clone()
}
