//! What is kept after calls and messages: the cases that customers can follow, and notices that somebody has yet to take. A file of its
//! own, on a thread of its own.

mod case;
mod file;
mod notice;
mod past;
mod record;
#[cfg(test)]
mod tests;
mod worker;

use std::fmt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::base::limits::HISTORY_WAITING_MAX;
use crate::base::{CaseId, IntentId, Wall};
use crate::calls::facts::CaseNote;
use crate::intents::Past;

pub use case::{Case, Feedback, Origin};
pub use notice::Notice;

use file::File;
use worker::Worker;

/// The way to the thread; it ends when the last of these is dropped.
#[derive(Clone)]
pub struct History {
    waiting: mpsc::Sender<Request>,
}

/// Where it is kept, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub file: PathBuf,
    /// A case that was opened so long ago is forgotten.
    pub age: Duration,
    /// Beyond it the oldest is forgotten.
    pub most: usize,
}

/// Why it cannot be opened.
#[derive(Debug)]
pub enum HistoryError {
    File { path: PathBuf, source: rusqlite::Error },
    TooNew { path: PathBuf, version: i64 },
    Thread { source: std::io::Error },
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Too much waits for the file.
    Overloaded,
    /// The file cannot be read or written, or the thread is gone.
    Unavailable,
    Late,
}

enum Request {
    Write(Write),
    Open { case: Box<Case>, answer: Answer<Opened> },
    OfCustomer { customer: String, limit: usize, answer: Answer<Vec<Case>> },
    OfIntent { intent: IntentId, answer: Answer<Vec<Case>> },
    Feedback { case: CaseId, feedback: Feedback, answer: Answer<Option<Case>> },
    Get { case: CaseId, answer: Answer<Option<Case>> },
    Notices { now: Wall, answer: Answer<Vec<Notice>> },
}

/// What is written while nobody waits for it.
enum Write {
    /// Of a call.
    Case(Box<Case>),
    Notice(Box<Notice>),
    /// A notice is taken, or given up.
    Told {
        target: String,
        id: String,
    },
}

type Answer<T> = oneshot::Sender<rusqlite::Result<T>>;

/// What became of a case that was to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    New,
    /// It was there already; it is as it was.
    Again,
}

/// A page that waits longer asks again.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Cases of a customer that are looked at for their past, the newest.
const PAST_LOOKED_AT: usize = 50;

impl History {
    /// Opens or creates the file; `now` decides what is too old.
    pub fn open(kept: Kept, now: Wall) -> Result<History, HistoryError> {
        let file = File::open(kept, now)?;
        let (waiting, requests) = mpsc::channel(HISTORY_WAITING_MAX);
        let worker = Worker::new(file, requests);
        let thread = thread::Builder::new().name("history".to_owned());
        thread.spawn(move || worker.run()).map_err(|source| HistoryError::Thread { source })?;
        Ok(History { waiting })
    }

    /// An agent has written what came of a call. Does not wait: a call is worth more than its case.
    pub fn note(&self, note: &CaseNote) {
        if !self.write(Write::Case(Box::new(Case::of_call(note)))) {
            tracing::error!(case = %note.case, "a case is lost: too much waits for the history");
        }
    }

    /// A notice is on its way. Does not wait either.
    pub fn keep(&self, notice: Notice) {
        let id = notice.id.clone();
        if !self.write(Write::Notice(Box::new(notice))) {
            tracing::warn!(event = id, "a notice is not kept: too much waits for the history");
        }
    }

    /// A notice has come to its end.
    pub fn told(&self, target: &str, id: &str) {
        if !self.write(Write::Told { target: target.to_owned(), id: id.to_owned() }) {
            tracing::warn!(event = id, "a notice will be sent again: too much waits for the history");
        }
    }

    /// Those that were on their way when the process before ended, the oldest first.
    pub async fn notices(&self, now: Wall) -> Result<Vec<Notice>, NoAnswer> {
        self.ask(|answer| Request::Notices { now, answer }).await
    }

    fn write(&self, write: Write) -> bool {
        self.waiting.try_send(Request::Write(write)).is_ok()
    }

    pub async fn add(&self, case: Case) -> Result<Opened, NoAnswer> {
        self.ask(|answer| Request::Open { case: Box::new(case), answer }).await
    }

    /// The newest first.
    pub async fn of_customer(&self, customer: &str, limit: usize) -> Result<Vec<Case>, NoAnswer> {
        let customer = customer.to_owned();
        self.ask(|answer| Request::OfCustomer { customer, limit, answer }).await
    }

    /// What the cases say of the customer's past.
    pub async fn past(&self, customer: &str) -> Result<Past, NoAnswer> {
        Ok(past::of(&self.of_customer(customer, PAST_LOOKED_AT).await?))
    }

    /// The newest first.
    pub async fn of_intent(&self, intent: IntentId) -> Result<Vec<Case>, NoAnswer> {
        self.ask(|answer| Request::OfIntent { intent, answer }).await
    }

    pub async fn get(&self, case: CaseId) -> Result<Option<Case>, NoAnswer> {
        self.ask(|answer| Request::Get { case, answer }).await
    }

    /// Waits until all that was noted before is in the file, for a bounded time.
    pub async fn written(&self) {
        // Requests are served in their order; there is no such case.
        let _ = self.get(CaseId(0)).await;
    }

    /// In place of what the customer said before; `None`: there is no such case.
    pub async fn feedback(&self, case: CaseId, feedback: Feedback) -> Result<Option<Case>, NoAnswer> {
        self.ask(|answer| Request::Feedback { case, feedback, answer }).await
    }

    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, NoAnswer> {
        let (answer, answered) = oneshot::channel();
        self.waiting.try_send(request(answer)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => NoAnswer::Overloaded,
            mpsc::error::TrySendError::Closed(_) => NoAnswer::Unavailable,
        })?;
        let answered = tokio::time::timeout(ANSWER_WITHIN, answered).await.map_err(|_| NoAnswer::Late)?;
        answered.map_err(|_| NoAnswer::Unavailable)?.map_err(|_| NoAnswer::Unavailable)
    }
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HistoryError::File { path, .. } => {
                write!(f, "the history {} cannot be opened; is the folder there and writable?", path.display())
            }
            HistoryError::TooNew { path, version } => write!(
                f,
                "the history {} has version {version}, which this program does not know; use the newer program or another file",
                path.display()
            ),
            HistoryError::Thread { .. } => f.write_str("no thread for the history could be started"),
        }
    }
}

impl std::error::Error for HistoryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            HistoryError::File { source, .. } => Some(source),
            HistoryError::Thread { source } => Some(source),
            HistoryError::TooNew { .. } => None,
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoAnswer::Overloaded => "too many requests wait for the history",
            NoAnswer::Unavailable => "the history cannot be read or written",
            NoAnswer::Late => "the history did not answer in time",
        })
    }
}
