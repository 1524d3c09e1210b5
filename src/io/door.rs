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
