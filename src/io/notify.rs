//! Who is told what became of a call: a signed webhook, sent again until it is taken.
//!
//! Each target has a task and a bounded queue of its own, so that one that hangs holds up nobody else and never a call. What is sent is
//! signed as Standard Webhooks say (<https://www.standardwebhooks.com>): `webhook-id`, `webhook-timestamp`, and `webhook-signature`, which
//! is `v1,` and the HMAC-SHA256 of `id.timestamp.body` in Base64. The same event has the same id however often it comes. What waits is in
//! the history's file too, from which the next process goes on.

mod client;
mod event;
mod sender;
mod signature;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::base::limits::NOTICES_WAITING_MAX;
use crate::base::{Pii, Wall};
use crate::calls::facts::CallRecord;
use crate::io::history::{History, Notice};
use crate::io::telemetry::{Counter, Telemetry};

use client::Client;
use event::Event;
use sender::Sender;

/// One target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyTarget {
    pub name: String,
    /// `http:` or `https:`.
    pub url: String,
    /// The key of the signature.
    pub secret: Pii<Vec<u8>>,
    /// For one try, from the connection to the status.
    pub timeout: Duration,
    /// From the first try to the second; each further pause is twice as long, up to an hour.
    pub retry: Duration,
    /// After so many the event is given up.
    pub tries: u32,
    /// The authorities of the certificate behind `https:`, in PEM.
    pub ca: PathBuf,
}

/// The way to the targets.
#[derive(Clone)]
pub struct Notifier(Arc<Inner>);

struct Inner {
    targets: ArcSwap<BTreeMap<String, Way>>,
    tasks: Mutex<JoinSet<()>>,
    /// True when the process ends.
    ending: watch::Sender<bool>,
    runtime: Handle,
    telemetry: Telemetry,
    /// Where notices are kept until they are taken.
    history: History,
}

/// The queue of one target, and what it was made from.
#[derive(Clone)]
struct Way {
    target: NotifyTarget,
    waiting: mpsc::Sender<Event>,
}

/// What is left when the process ends is tried for so long.
const LAST_TRIES: Duration = Duration::from_secs(5);

/// Why a target cannot be reached at all.
#[derive(Debug)]
pub struct NotifyFault {
    /// The target's name.
    pub name: String,
    pub what: String,
}

impl Notifier {
    /// Must be called within a runtime, which the tasks then belong to.
    pub fn start(targets: &[NotifyTarget], telemetry: &Telemetry, history: History) -> Result<Notifier, NotifyFault> {
        let notifier = Notifier(Arc::new(Inner {
            targets: ArcSwap::default(),
            tasks: Mutex::default(),
            ending: watch::Sender::new(false),
            runtime: Handle::current(),
            telemetry: telemetry.clone(),
            history,
        }));
        notifier.change(targets)?;
        Ok(notifier)
    }

    /// Goes on with what the process before has left behind.
    pub async fn resume(&self, now: Wall) {
        let Ok(kept) = self.0.history.notices(now).await else {
            return tracing::error!("notices of before wait for the next start: the history does not answer");
        };
        let mut left: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        for Notice { target, id, body, at: _ } in kept {
            left.entry(target).or_default().push(Event { id, body, tries: 0 });
        }
        let targets = self.0.targets.load();
        for (name, events) in left {
            tracing::info!(webhook = name, notices = events.len(), "notices of before are sent now");
            match targets.get(&name) {
                Some(way) => drop(self.lock().spawn_on(pass_on(way.waiting.clone(), events), &self.0.runtime)),
                None => events.iter().for_each(|event| self.drop_nameless(&name, event)),
            }
        }
    }

    fn drop_nameless(&self, name: &str, event: &Event) {
        tracing::error!(webhook = name, event = event.id, "a notice is lost: its target is no more");
        self.0.telemetry.note(Counter::NoticeLost(name.to_owned()));
        self.0.history.told(name, &event.id);
    }

    /// Other targets from now on; all or none. One that is as it was goes on; one that is changed or gone finishes what it has as it was.
    pub fn change(&self, targets: &[NotifyTarget]) -> Result<(), NotifyFault> {
        let before = self.0.targets.load();
        let way = |target: &NotifyTarget| match before.get(&target.name) {
            Some(way) if way.target == *target => Ok((target.name.clone(), way.clone())),
            Some(_) | None => self.open(target).map(|way| (target.name.clone(), way)),
        };
        let ways = targets.iter().map(way).collect::<Result<BTreeMap<_, _>, _>>()?;
        self.0.targets.store(Arc::new(ways));
        Ok(())
    }

    fn open(&self, target: &NotifyTarget) -> Result<Way, NotifyFault> {
        let (waiting, events) = mpsc::channel(NOTICES_WAITING_MAX);
        let sender = Sender::new(target, Client::open(target)?, (self.0.telemetry.clone(), self.0.history.clone()));
        self.lock().spawn_on(sender.run(events, self.0.ending.subscribe()), &self.0.runtime);
        Ok(Way { target: target.clone(), waiting })
    }

    /// A call is over. Does not wait: a call whose notice finds no place is named in the log.
    pub fn note(&self, record: &CallRecord) {
        let Some(name) = record.notify.as_deref() else { return };
        let targets = self.0.targets.load();
        let Some(way) = targets.get(name) else { return };
        let Ok(place) = way.waiting.try_reserve() else {
            tracing::error!(webhook = name, call = %record.call, "a notice is lost: too many wait for this target");
            return self.0.telemetry.note(Counter::NoticeLost(name.to_owned()));
        };
        let event = Event::of(record);
        let (target, at) = (name.to_owned(), record.ended.unwrap_or(record.began));
        // Before it is sent: what is taken is forgotten in the same order.
        self.0.history.keep(Notice { target, id: event.id.clone(), body: event.body.clone(), at });
        place.send(event);
    }

    /// The process ends: what is left is tried once more, for a bounded time.
    pub async fn end(&self) {
        self.0.ending.send_replace(true);
        let mut tasks = std::mem::take(&mut *self.lock());
        let ended = async { while tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_TRIES, ended).await;
        self.0.history.written().await;
    }

    fn lock(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As fast as the target's queue takes them.
async fn pass_on(waiting: mpsc::Sender<Event>, events: Vec<Event>) {
    for event in events {
        // The process ends: they stay where they are.
        if waiting.send(event).await.is_err() {
            return;
        }
    }
}

/// What is wrong with each target.
pub fn faults(plans: &[NotifyTarget]) -> Vec<NotifyFault> {
    plans.iter().filter_map(|plan| Client::open(plan).err()).collect()
}

impl fmt::Display for NotifyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "access.notify.{}: {}", self.name, self.what)
    }
}

impl std::error::Error for NotifyFault {}
