//! The store in Redis: each request is one script, so that it is atomic and one round trip.
//!
//! Everything lies under one hash tag, the prefix in braces, so that a cluster keeps it on one node:
//!
//! | key after `{prefix}:` | type | holds | lives |
//! |---|---|---|---|
//! | `intent:<id>` | hash | the record: what scripts look into, a field each (`scripts::OWN`), and in `packed` the rest, each field as JSON | 15 min after expiry, claim or end |
//! | `intents` | sorted set | id of every record, by `keep` | as the last of them |
//! | `caller:<E.164>` | sorted set | ids of the live intents of that caller, by expiry, 32 at most | as the last of them |
//! | `pool:<name>` | sorted set | each number of the pool, by the moment from which it may be leased | 30 days after its last use |
//! | `number:<E.164>` | string | id of the intent that has the number | until the lease expires |
//! | `key:<SHA-256>` | hash | `body`, `intent`, `until` of an idempotency key | its TTL |
//! | `callbacks` | sorted set | ids of the intents whose customer is to be called, by `keep` | as the last of them |
//! | `promised:n:<E.164>`, `promised:c:<customer>` | sorted set | ids of the intents that were promised a call there, by the end of the day that counts | as the last of them |
//! | `pin:<E.164>:<code>` | string | id of the intent that has the code on this shared number | until it expires |
//! | `guesses:<E.164>` | hash | `since`, `wrong`, `last`, `barred`: wrong codes on a shared number | until they count no more |
//! | `agent:<customer>` | hash | `agent`, `until`: whom the customer spoke with last | 30 days |
//!
//! Every life is 10 min longer in Redis than it counts, since the askers' clocks decide and they may differ. No key is without one.
//! When Redis has lost its data, the numbers are put back by the next registration, and all of them rest for a quarantine first.

mod answer;
mod ask;
mod line;
mod packed;
mod pools;
mod resp;
mod scripts;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{Client, Cmd, ErrorKind, IntoConnectionInfo, RedisError, Script, ServerErrorKind, Value};
use tokio::sync::Semaphore;

use super::OpenError;
use crate::base::limits::STORE_WAITING_MAX;
use crate::base::{E164, PoolId};
use crate::intents::{StoreError, StoreReply, StoreRequest};
pub use line::{Cut, Line, LineReply};
use scripts::Scripts;

/// Where Redis is and whose keys are ours.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisSetup {
    /// `redis://[user:password@]host:port/database`; may hold a password, hence never printed.
    pub url: String,
    /// Stands in braces before every key; letters, digits and dashes.
    pub prefix: String,
}

/// A connection that comes back by itself; clones share it.
#[derive(Clone)]
pub struct Redis {
    connection: ConnectionManager,
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    scripts: Scripts,
    tag: String,
    intents_max: usize,
    waiting: Semaphore,
    /// The pools as they were seeded last, for when Redis has lost them.
    seeds: Mutex<BTreeMap<PoolId, Vec<E164>>>,
    trouble: Trouble,
}

/// What Redis wants of the admin in place of an answer: in the log once, until it answers again.
#[derive(Default)]
struct Trouble {
    is_there: AtomicBool,
    said: Mutex<&'static str>,
}

/// How long an attempt to connect may take. The next request makes the next attempt, without a pause: a refusal costs nothing,
/// and whoever asks would rather hear at once that there is no store.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A request whose asker gave up long ago; its place in the connection's queue is freed.
pub const FORGOTTEN_AFTER: Duration = Duration::from_secs(5);
/// After so long without an acknowledgement from the other side a connection is dead, whatever TCP still hopes.
const SILENT_CONNECTION: Duration = Duration::from_secs(3);

impl Redis {
    pub fn open(setup: RedisSetup, intents_max: usize) -> Result<Redis, OpenError> {
        let client = client(&setup.url).map_err(|source| OpenError::Address { source })?;
        let connection = connection(&client)?;
        let shared = Shared {
            client,
            scripts: Scripts::new(),
            tag: format!("{{{}}}", setup.prefix),
            intents_max,
            waiting: Semaphore::new(STORE_WAITING_MAX),
            seeds: Mutex::new(BTreeMap::new()),
            trouble: Trouble::default(),
        };
        Ok(Redis { connection, shared: Arc::new(shared) })
    }

    /// The same over another connection, for the runtime that this is called on.
    pub fn apart(&self) -> Result<Redis, OpenError> {
        Ok(Redis { connection: connection(&self.shared.client)?, shared: Arc::clone(&self.shared) })
    }

    /// A further connection, for who reads and writes it by itself.
    pub fn line(&self) -> Line {
        Line::new(Arc::clone(&self.shared))
    }

    pub async fn ask(&self, request: StoreRequest) -> Result<StoreReply, StoreError> {
        let _place = self.shared.waiting.try_acquire().map_err(|_| StoreError::Overloaded)?;
        if let StoreRequest::Seed { pool, numbers, now } = request {
            return self.seed(pool, numbers, now).await;
        }
        let now = request.now();
        let value = self.invoke(&request, false).await?;
        if !answer::is_unseeded(&value) {
            return answer::read(value, now);
        }
        self.seed_again(&request).await?;
        answer::read(self.invoke(&request, true).await?, now)
    }

    async fn invoke(&self, request: &StoreRequest, seeded_again: bool) -> Result<Value, StoreError> {
        let arguments = ask::arguments(request, self.shared.intents_max, seeded_again)?;
        self.run(self.shared.scripts.of(request), &arguments).await
    }

    /// A connection that was cut while nobody asked is noticed by the first who asks: that one asks again, once. Every request may
    /// be carried out twice.
    async fn run(&self, script: Option<&Script>, arguments: &[String]) -> Result<Value, StoreError> {
        let answered = match self.attempt(script, arguments).await {
            Err(error) if error.is_connection_dropped() => self.attempt(script, arguments).await,
            answered => answered,
        };
        self.told(answered)
    }

    /// What an admin can do about a failure is in the log.
    fn told<T>(&self, answered: Result<T, RedisError>) -> Result<T, StoreError> {
        answered.inspect(|_| self.shared.trouble.is_over()).map_err(|error| {
            self.shared.trouble.say(&error);
            failure(&error)
        })
    }

    async fn attempt(&self, script: Option<&Script>, arguments: &[String]) -> Result<Value, RedisError> {
        let mut connection = self.connection.clone();
        let Some(script) = script else { return redis::cmd("PING").query_async(&mut connection).await };
        let command = self.command(script, arguments);
        match command.query_async(&mut connection).await {
            // A Redis that has started anew is told the script first.
            Err(fault) if fault.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                script.load_async(&mut connection).await?;
                command.query_async(&mut connection).await
            }
            answered => answered,
        }
    }

    /// As `Script` makes it, without copies of its own of each argument.
    fn command(&self, script: &Script, arguments: &[String]) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(script.get_hash()).arg(1).arg(&self.shared.tag).arg(arguments);
        command
    }
}

impl Trouble {
    /// Slowness is counted with the calls that it hits.
    fn say(&self, error: &RedisError) {
        let remedy = remedy(error);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if error.is_timeout() || *said == remedy {
            return;
        }
        tracing::warn!(cause = %error, remedy, "Redis does not do what it is asked");
        *said = remedy;
        self.is_there.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) {
        if self.is_there.load(Ordering::Relaxed) {
            self.is_there.store(false, Ordering::Relaxed);
            *self.said.lock().unwrap_or_else(PoisonError::into_inner) = "";
            tracing::info!("Redis does what it is asked again");
        }
    }
}

/// What the admin can do about it.
fn remedy(error: &RedisError) -> &'static str {
    if wants_a_password(error) {
        return "write user and password into [store] redis, as redis://USER:PASSWORD@HOST:6379/0";
    }
    match error.code() {
        Some("NOPERM") => "let that user run scripts on keys that begin with {throughline}:",
        Some("READONLY") => "name the Redis that takes writes",
        Some("OOM" | "MISCONF") => "give Redis memory and a disk that takes its file",
        Some("ERR") if error.detail().is_some_and(|detail| detail.contains("DB index")) => {
            "write a database that it has at the end of [store] redis"
        }
        Some(_) | None if error.is_io_error() => "see whether it runs, and whether [store] redis is its address",
        Some(_) | None => "see its log",
    }
}

impl std::fmt::Debug for RedisSetup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisSetup").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

fn client(url: &str) -> Result<Client, RedisError> {
    let tcp = TcpSettings::default().set_nodelay(true).set_user_timeout(SILENT_CONNECTION);
    Client::open(url.into_connection_info()?.set_tcp_settings(tcp))
}

/// In the words of its reader.
pub(super) fn address_fault(url: &str) -> Option<String> {
    let said = client(url).err()?.to_string();
    Some(said.split(" - ").next().unwrap_or_default().to_owned())
}

fn connection(client: &Client) -> Result<ConnectionManager, OpenError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(FORGOTTEN_AFTER))
        .set_number_of_retries(0)
        .set_pipeline_buffer_size(STORE_WAITING_MAX);
    ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(|source| OpenError::Address { source })
}

/// It does not take our name, or has no such database.
fn is_about_us(error: &RedisError) -> bool {
    wants_a_password(error) || error.detail().is_some_and(|detail| detail.contains("DB index"))
}

/// A long request of who has given none is not even read.
fn wants_a_password(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::AuthenticationFailed)
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS"))
        || error.detail().is_some_and(|detail| detail.contains("unauthenticated"))
}

fn failure(error: &RedisError) -> StoreError {
    if error.is_timeout() {
        return StoreError::Timeout;
    }
    match error.kind() {
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => StoreError::Corrupt,
        // Before it looks at anything.
        ErrorKind::Server(ServerErrorKind::ResponseError) if is_about_us(error) => StoreError::Unavailable,
        ErrorKind::Server(ServerErrorKind::ResponseError) => StoreError::Corrupt,
        _ => StoreError::Unavailable,
    }
}
