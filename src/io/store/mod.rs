//! The store of intents: one handle over the embedded store and Redis, which answer the same requests alike.

mod embedded;
mod redis;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::timeout;

use crate::intents::{StoreError, StoreReply, StoreRequest};

pub use redis::{Cut, FORGOTTEN_AFTER, Line, LineReply, RedisSetup};

/// A store; clones share it. The embedded one ends, everything written, when the last clone is dropped.
#[derive(Clone)]
pub struct Store {
    kind: Kind,
    timeout: Duration,
}

#[derive(Clone)]
enum Kind {
    Embedded(embedded::Embedded),
    Redis(redis::Redis),
}

/// Why a store could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The file cannot be opened, or another process has it open.
    File { path: PathBuf, source: rusqlite::Error },
    /// The file was written by a later version of this program.
    TooNew { path: PathBuf, version: i64 },
    /// The address is not one of Redis.
    Address { source: ::redis::RedisError },
    /// No thread could be started.
    Thread { source: std::io::Error },
}

/// What is wrong with the address of a Redis, which is not repeated: it may hold a password.
pub fn address_fault(url: &str) -> Option<String> {
    redis::address_fault(url)
}

impl Store {
    /// The embedded store in the file at `path` (beside it SQLite keeps `-wal`). What it has acknowledged survives the end of the process.
    pub fn embedded(path: PathBuf, intents_max: usize, timeout: Duration) -> Result<Store, OpenError> {
        let kind = Kind::Embedded(embedded::Embedded::open(path, intents_max)?);
        Ok(Store { kind, timeout })
    }

    /// The embedded store without a file: gone with the process.
    pub fn in_memory(intents_max: usize, timeout: Duration) -> Result<Store, OpenError> {
        Store::embedded(PathBuf::from(":memory:"), intents_max, timeout)
    }

    /// Redis. Does not wait for a connection: until there is one, requests fail as `Unavailable` or `Timeout`. Needs a tokio runtime.
    pub fn redis(setup: RedisSetup, intents_max: usize, timeout: Duration) -> Result<Store, OpenError> {
        let kind = Kind::Redis(redis::Redis::open(setup, intents_max)?);
        Ok(Store { kind, timeout })
    }

    /// The same store over a connection of its own, served by the runtime that this is called on: its answers wake no other thread.
    pub fn apart(&self) -> Result<Store, OpenError> {
        let kind = match &self.kind {
            Kind::Embedded(embedded) => Kind::Embedded(embedded.clone()),
            Kind::Redis(redis) => Kind::Redis(redis.apart()?),
        };
        Ok(Store { kind, timeout: self.timeout })
    }

    /// A connection that its owner serves by itself; where the store is in this process there is none.
    pub fn line(&self) -> Option<Line> {
        match &self.kind {
            Kind::Embedded(_) => None,
            Kind::Redis(redis) => Some(redis.line()),
        }
    }

    /// Asks, and waits for the store's own timeout at most.
    pub async fn ask(&self, request: StoreRequest) -> Result<StoreReply, StoreError> {
        self.ask_within(request, self.timeout).await
    }

    /// Asks, and waits so long at most. After `Timeout` the request may be carried out nevertheless, or later.
    pub async fn ask_within(&self, request: StoreRequest, limit: Duration) -> Result<StoreReply, StoreError> {
        let answer = async {
            match &self.kind {
                Kind::Embedded(embedded) => embedded.ask(request).await,
                Kind::Redis(redis) => redis.ask(request).await,
            }
        };
        timeout(limit, answer).await.unwrap_or(Err(StoreError::Timeout))
    }

    /// The word for it in logs and `/readyz`.
    pub fn kind(&self) -> &'static str {
        match &self.kind {
            Kind::Embedded(_) => "embedded",
            Kind::Redis(_) => "redis",
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::File { path, .. } => write!(
                f,
                "the store {} cannot be opened; is the folder there and writable, and no other process using it?",
                path.display()
            ),
            OpenError::TooNew { path, version } => write!(
                f,
                "the store {} has version {version}, which this program does not know; use the newer program or another file",
                path.display()
            ),
            OpenError::Address { .. } => {
                f.write_str("the address of Redis cannot be read; write it as redis://host:6379/0")
            }
            OpenError::Thread { .. } => f.write_str("no thread for the store could be started"),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            OpenError::File { source, .. } => Some(source),
            OpenError::Address { source } => Some(source),
            OpenError::Thread { source } => Some(source),
            OpenError::TooNew { .. } => None,
        }
    }
}
