//! The three stores behind one word: ask.

use std::time::Duration;

use throughline::intents::{Model, StoreReply, StoreRequest};
use throughline::io::store::{RedisSetup, Store};
use tokio::runtime::Runtime;

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
    Redis(Store),
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

    /// Keys of its own, so that worlds share a server. Needs a runtime around it.
    pub fn redis(server: &RedisServer, prefix: &str, intents_max: usize) -> World {
        World::Redis(redis_store(server, prefix, intents_max))
    }

    pub fn ask(&mut self, runtime: &Runtime, request: StoreRequest) -> StoreReply {
        match self {
            World::Model(model) => model.apply(request),
            World::Embedded { store, .. } => {
                runtime.block_on(store.as_ref().expect("it is open").ask(request)).expect("an answer of the file")
            }
            World::Redis(store) => runtime.block_on(store.ask(request)).expect("an answer of Redis"),
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
