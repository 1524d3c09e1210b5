//! A promise is seen to its end, whatever becomes of those who asked for it: a page that is closed takes its request with it, and a store
//! whose answer was lost may have promised all the same.

use std::sync::Arc;
use std::time::Duration;

use crate::base::limits::DOUBTFUL_PROMISES_MAX;
use crate::base::{IntentId, Wall};
use crate::intents::{CallbackEnd, CallbackState, Intent, StoreReply, StoreRequest};

use super::Web;
use super::callbacks::Before;

/// How often the store is asked what it has done: for some ten minutes in all. What is not known by then is found at the next start.
const TRIES_MAX: u32 = 16;
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Promises of which it is not known whether the store has them.
pub type Doubts = Arc<tokio::sync::Semaphore>;

/// As many as may be at once.
pub fn doubts() -> Doubts {
    Arc::new(tokio::sync::Semaphore::new(DOUBTFUL_PROMISES_MAX))
}

/// What is to be done about one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// If it was promised, the callback begins: the customer has asked for it.
    Promised,
    /// The promise cannot be kept, and is to be taken back.
    TakenBack,
}

impl Web {
    /// Asks the store until it has answered; nobody waits for that.
    pub(super) fn settle(self: &Arc<Self>, intent: IntentId, doubt: Doubt) {
        let Ok(permit) = Arc::clone(&self.doubts).try_acquire_owned() else { return };
        let web = Arc::clone(self);
        tokio::spawn(async move {
            let stored = web.ask_until_answered(|now| doubt.request(intent, now)).await;
            drop(permit);
            if let (Doubt::Promised, Some(StoreReply::Got(intent))) = (doubt, stored)
                && is_waiting(&intent)
            {
                // What the engine cannot keep is taken back.
                let _ = web.begin(intent, Before::Nothing).await;
            }
        });
    }

    async fn ask_until_answered(&self, request: impl Fn(Wall) -> StoreRequest) -> Option<StoreReply> {
        for nth in 0..TRIES_MAX {
            tokio::time::sleep(PAUSE.saturating_mul(1 << nth).min(PAUSE_MAX)).await;
            if let Ok(reply) = self.ask_store(request(self.clock.wall())).await {
                return Some(reply);
            }
        }
        None
    }
}

impl Doubt {
    fn request(self, intent: IntentId, now: Wall) -> StoreRequest {
        match self {
            Doubt::Promised => StoreRequest::Get { intent, now },
            Doubt::TakenBack => StoreRequest::Unpromise { intent, call: None, end: CallbackEnd::TakenBack, now },
        }
    }
}

fn is_waiting(intent: &Intent) -> bool {
    intent.callback.as_ref().is_some_and(|callback| callback.state == CallbackState::Waiting)
}
