//! The HTTP API: intents, look-ups, what goes on, the pages, and the desks' websocket, all on one port.

mod access_explain;
mod bearer;
mod board;
mod board_bodies;
mod board_live;
mod body;
mod callbacks;
mod case_bodies;
mod cases;
mod channels;
mod cross;
mod events;
mod explain;
mod health;
mod intent_bodies;
mod intents;
mod keeping;
mod keys;
pub(super) mod leaving;
mod live;
mod lookup;
mod lookup_bodies;
mod lookup_text;
mod made_up;
mod numbers;
mod openapi;
mod origin;
mod pace;
pub mod pages;
pub mod problem;
mod recordings;
mod reload;
mod server;
#[cfg(test)]
mod server_tests;
mod sip;
#[cfg(test)]
mod sip_tests;
mod time;
mod trouble;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::routing::{self, MethodRouter};
use axum::{Router, middleware};

use crate::base::phone::Region;
use crate::base::rng::Rng;
use crate::base::{IntentId, PoolId};
use crate::calls::recalling::plan::CallbackPlan;
use crate::calls::settings::PoolPlan;
use crate::intents::matching::Priors;
use crate::intents::promise::Bounds;
use crate::intents::{StoreError, StoreReply, StoreRequest, TokenKeys};

use super::clock::Clock;
use super::desktop::{self, DeskLines};
use super::door::{EngineDoor, ReloadDoor, StoreDoor};
use super::history::History;
use super::live::LivePages;
use super::telemetry::Telemetry;
use problem::{Kind, Problem};

pub use board_live::Boards;
pub use channels::Waits;
pub use keeping::{Doubts, doubts};
pub use keys::ApiKey;
pub use lookup::Routes;
pub use origin::Origins;
pub use pace::Pace;
pub use server::{Served, serve, serve_over};
pub use sip::SipWeb;

/// What the API works with.
pub struct Web {
    pub door: Arc<dyn EngineDoor>,
    pub store: Arc<dyn StoreDoor>,
    pub lines: Arc<DeskLines>,
    /// The cases.
    pub history: History,
    pub waits: Arc<Waits>,
    pub boards: Arc<Boards>,
    /// Customers' pages that are open.
    pub pages: Arc<LivePages>,
    pub sip: SipWeb,
    pub telemetry: Telemetry,
    /// The folder of the calls' recordings.
    pub recordings: Option<PathBuf>,
    /// Reads the configuration again.
    pub reload: Arc<dyn ReloadDoor>,
    pub clock: Clock,
    pub keys: Vec<ApiKey>,
    pub token_keys: TokenKeys,
    pub priors: Priors,
    /// What may be called back; `None`: nothing.
    pub callback: Option<Arc<CallbackPlan>>,
    /// Where calls go, for dial plans that ask.
    pub routes: Routes,
    /// Of numbers without a country code.
    pub region: Option<Region>,
    /// The life of an intent that does not say.
    pub default_ttl: Duration,
    /// What comes of the life that a site asks for.
    pub lives: Bounds,
    /// The pool that numbers are leased from; one of `pools`.
    pub pool: Option<PoolId>,
    pub pools: Vec<PoolPlan>,
    /// How fast their numbers are asked for.
    pub pace: Arc<Pace>,
    /// Promises of callbacks that the store may have.
    pub doubts: Doubts,
    /// Draws the ids of intents; seeded with secret bytes.
    pub rng: Mutex<Rng>,
}

/// An answer that takes longer is of no use to a page.
const STORE_WITHIN: Duration = Duration::from_secs(2);

/// Every address of the server.
pub fn router(web: Arc<Web>) -> Router {
    let desks = desktop::router(Arc::clone(&web.lines), Arc::clone(&web.door));
    let phones = sip::router(web.sip.clone());
    let across = |methods: MethodRouter<Arc<Web>>| {
        methods.options(cross::preflight).layer(middleware::from_fn_with_state(Arc::clone(&web), cross::check))
    };
    let open = open_table().into_iter().chain(pages::open_table()).map(|(path, methods)| (path, across(methods)));
    let all = table().into_iter().chain(pages::table()).chain(open);
    let router = all.fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    router
        .with_state(web)
        .merge(desks)
        .merge(phones)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .fallback(problem::not_found)
}

/// What pages of other sites may ask.
fn open_table() -> Vec<(&'static str, MethodRouter<Arc<Web>>)> {
    let intent = routing::get(intents::read).patch(intents::change).delete(intents::withdraw);
    vec![
        ("/v1/intents/{id}", intent),
        ("/v1/intents/{id}/live", routing::get(live::live)),
        ("/v1/intents/{id}/confirm", routing::post(live::confirm)),
        ("/v1/intents/{id}/callback", routing::post(callbacks::call_back).delete(callbacks::take_back)),
        ("/v1/intents/{id}/message", routing::post(cases::message)),
        ("/v1/trouble", routing::post(trouble::tell)),
        ("/v1/customers/{id}/cases", routing::get(cases::of_customer)),
        ("/v1/cases/{id}/feedback", routing::post(cases::feedback)),
    ]
}

fn table() -> Vec<(&'static str, MethodRouter<Arc<Web>>)> {
    vec![
        ("/v1/intents", routing::post(intents::register)),
        ("/v1/match", routing::get(lookup::look_up)),
        ("/v1/calls", routing::get(board::calls)),
        ("/v1/calls/{id}", routing::get(board::call)),
        ("/v1/calls/{id}/recording", routing::get(recordings::recording).delete(recordings::delete_recording)),
        ("/v1/calls/{id}/explain", routing::get(explain::explain)),
        ("/v1/access/explain", routing::post(access_explain::explain)),
        ("/v1/access/shadow", routing::get(access_explain::shadow)),
        ("/v1/agents", routing::get(board::agents)),
        ("/v1/queues", routing::get(board::queues)),
        ("/v1/trunks", routing::get(board::trunks)),
        ("/v1/numbers", routing::get(numbers::numbers)),
        ("/v1/board/live", routing::get(board_live::live)),
        ("/v1/latency", routing::get(board::latency)),
        ("/v1/reload", routing::post(reload::reload)),
        ("/metrics", routing::get(health::metrics)),
        ("/healthz", routing::get(health::alive)),
        ("/readyz", routing::get(health::ready)),
        ("/openapi.json", routing::get(openapi::openapi)),
    ]
}

impl Web {
    /// A dial plan cannot wait longer than the calls do.
    async fn ask_store_soon(&self, request: StoreRequest) -> Result<StoreReply, Problem> {
        let answer = tokio::time::timeout(self.routes.within, self.store.ask(request)).await;
        match answer {
            Err(_) | Ok(Err(StoreError::Timeout)) => {
                Err(Problem::new(Kind::StoreLate, "let the call go on as if nobody knew the caller"))
            }
            Ok(answer) => Ok(answer?),
        }
    }

    async fn ask_store(&self, request: StoreRequest) -> Result<StoreReply, Problem> {
        let answer = tokio::time::timeout(STORE_WITHIN, self.store.ask(request)).await;
        Ok(answer.unwrap_or(Err(StoreError::Timeout))?)
    }

    fn draw(&self) -> u64 {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).u64()
    }

    fn draw_intent_id(&self) -> IntentId {
        IntentId(self.rng.lock().unwrap_or_else(PoisonError::into_inner).u128())
    }
}
