//! The HTTP API of a running server, made anew for each configuration from the parts that outlive them.

use std::sync::{Arc, Mutex};

use crate::base::rng::Rng;
use crate::config::{ApiKey, Plan};
use crate::io::clock::Clock;
use crate::io::desktop::DeskLines;
use crate::io::door::ReloadDoor;
use crate::io::history::History;
use crate::io::live::LivePages;
use crate::io::reactor::Door;
use crate::io::sip::websocket::WebDoor;
use crate::io::store::Store;
use crate::io::telemetry::Telemetry;
use crate::io::troubles::Troubles;
use crate::io::web::{self, Boards, Origins, Pace, SipWeb, Waits, Web};

/// What every configuration's API works with.
#[derive(Clone)]
pub struct WebParts {
    pub door: Door,
    pub store: Store,
    pub history: History,
    pub sip_door: WebDoor,
    pub lines: Arc<DeskLines>,
    pub pages: Arc<LivePages>,
    pub waits: Arc<Waits>,
    pub boards: Arc<Boards>,
    pub pace: Arc<Pace>,
    pub telemetry: Telemetry,
    pub troubles: Arc<Troubles>,
    pub clock: Clock,
}

impl WebParts {
    /// The API as this plan has it. `rng` draws the ids of intents.
    pub fn router(&self, plan: &Plan, reload: Arc<dyn ReloadDoor>, rng: Rng) -> axum::Router {
        let (shell, calls) = (&plan.shell, &plan.settings.calls);
        web::router(Arc::new(Web {
            door: Arc::new(self.door.clone()),
            store: Arc::new(self.store.clone()),
            lines: Arc::clone(&self.lines),
            history: self.history.clone(),
            waits: Arc::clone(&self.waits),
            boards: Arc::clone(&self.boards),
            pages: Arc::clone(&self.pages),
            sip: SipWeb {
                door: self.sip_door.clone(),
                engine: Arc::new(self.door.clone()),
                clock: self.clock,
                token_keys: calls.token_keys.clone(),
                passes: plan.settings.desks.phones.keys.clone(),
                origins: Origins::new(shell.origins.clone()),
                troubles: Arc::clone(&self.troubles),
            },
            telemetry: self.telemetry.clone(),
            reload,
            recordings: shell.recordings.as_ref().map(|recordings| recordings.folder.clone()),
            clock: self.clock,
            keys: shell.api_keys.iter().map(api_key).collect(),
            token_keys: calls.token_keys.clone(),
            priors: calls.priors,
            callback: calls.callback.clone(),
            routes: web::Routes::of(calls),
            region: shell.intents.region,
            default_ttl: shell.intents.ttl,
            lives: shell.intents.lives,
            pool: shell.intents.pool.clone(),
            pools: plan.settings.pools.clone(),
            pace: Arc::clone(&self.pace),
            doubts: web::doubts(),
            rng: Mutex::new(rng),
        }))
    }
}

fn api_key(key: &ApiKey) -> web::ApiKey {
    web::ApiKey {
        id: key.id.clone(),
        hash: key.hash,
        write: key.write,
        read: key.read,
        recordings: key.recordings,
        reload: key.reload,
    }
}
