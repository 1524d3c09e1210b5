//! The ways from the doors of the shell (web, websocket) to the engine and to the store.

use std::future::Future;
use std::pin::Pin;

use crate::calls::pages::PageInput;
use crate::desktop::DesktopInput;
use crate::engine::question::{Answer, Question};
use crate::intents::{StoreError, StoreReply, StoreRequest};

use super::store::Store;

/// What comes back for a question: `None` when the engine is overloaded or gone.
pub type Asked<'a> = Pin<Box<dyn Future<Output = Option<Answer>> + Send + 'a>>;

/// What the doors need of the engine's loop.
pub trait EngineDoor: Send + Sync {
    /// Puts what a websocket brought into the engine's queue; does not wait.
    fn desktop(&self, input: DesktopInput);

    /// Puts what became of a customer's page into the engine's queue; does not wait.
    fn page(&self, input: PageInput);

    /// More waits for the engine than should: who can wait, does.
    fn is_behind(&self) -> bool;

    /// Asks the engine, and waits for a bounded time.
    fn ask(&self, question: Question) -> Asked<'_>;
}

/// What comes back when the configuration is to be read again.
pub type Reloading<'a> = Pin<Box<dyn Future<Output = Result<Reloaded, NotReloaded>> + Send + 'a>>;

/// Who reads the configuration again.
pub trait ReloadDoor: Send + Sync {
    /// Reads and checks it whole; with `apply` all that has changed holds from then on.
    fn reload(&self, apply: bool) -> Reloading<'_>;
}

/// What has changed: each part of the configuration, and `added`, `changed` or `removed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    pub changes: Vec<(String, &'static str)>,
    pub is_applied: bool,
}

/// Why everything stays as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotReloaded {
    /// The file, or one that it names, is wrong.
    Faults(Vec<ConfigFault>),
    /// It is good, and a running process cannot take it.
    NeedsRestart(Vec<ConfigFault>),
    /// Another is under way.
    Busy,
    /// This process has no configuration file.
    NoFile,
    /// The engine did not say that it has taken it.
    NoEngine,
}

/// A fault of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// Where, as far as it has a place.
    pub key: String,
    /// The file, and the line counted from 1.
    pub file: String,
    pub line: usize,
    pub what: String,
    pub remedy: String,
}

/// What comes back from the store.
pub type Stored<'a> = Pin<Box<dyn Future<Output = Result<StoreReply, StoreError>> + Send + 'a>>;

/// What the doors need of a store of intents.
pub trait StoreDoor: Send + Sync {
    fn ask(&self, request: StoreRequest) -> Stored<'_>;
}

impl StoreDoor for Store {
    fn ask(&self, request: StoreRequest) -> Stored<'_> {
        Box::pin(Store::ask(self, request))
    }
}
