//! The embedded store: the reference model in memory, on a thread of its own, and what it changes in a SQLite file.
//!
//! All requests that are waiting share one transaction (group commit); they are answered after it, so that nothing is revealed
//! that a crash could take back. Requests that change nothing are answered at once, from what has been committed.

mod file;

use std::path::PathBuf;
use std::thread;

use tokio::sync::{mpsc, oneshot};
use tracing::{error, warn};

use super::OpenError;
use crate::base::limits::STORE_WAITING_MAX;
use crate::intents::{Model, StoreError, StoreReply, StoreRequest};
use file::File;

type Answer = oneshot::Sender<Result<StoreReply, StoreError>>;

/// The way to the thread; it ends when the last of these is dropped.
#[derive(Clone)]
pub struct Embedded {
    waiting: mpsc::Sender<(StoreRequest, Answer)>,
}

/// Requests that are taken at once; of more, the first write would wait for the last read.
const BATCH_MAX: usize = 512;

impl Embedded {
    pub fn open(path: PathBuf, intents_max: usize) -> Result<Embedded, OpenError> {
        let mut model = Model::new(intents_max);
        let file = File::open(path, &mut model)?;
        let (waiting, requests) = mpsc::channel(STORE_WAITING_MAX);
        let worker = Worker { model, file, requests };
        thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || worker.run())
            .map_err(|source| OpenError::Thread { source })?;
        Ok(Embedded { waiting })
    }

    pub async fn ask(&self, request: StoreRequest) -> Result<StoreReply, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.waiting.try_send((request, answer)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => StoreError::Unavailable,
        })?;
        answered.await.unwrap_or(Err(StoreError::Unavailable))
    }
}

struct Worker {
    model: Model,
    file: File,
    requests: mpsc::Receiver<(StoreRequest, Answer)>,
}

impl Worker {
    fn run(mut self) {
        while let Some(first) = self.requests.blocking_recv() {
            let writes = self.answer_reads(first);
            if !writes.is_empty() {
                self.answer_writes(writes);
            }
        }
    }

    /// Takes what waits, answers those that change nothing, and hands back the others in their order.
    fn answer_reads(&mut self, first: (StoreRequest, Answer)) -> Vec<(StoreRequest, Answer)> {
        let mut writes = Vec::new();
        let mut next = Some(first);
        let mut taken = 0;
        while let Some((request, answer)) = next {
            if request.is_read() {
                // Who asked may have stopped waiting.
                let _ = answer.send(Ok(self.model.apply(request)));
            } else {
                writes.push((request, answer));
            }
            taken += 1;
            next = if taken < BATCH_MAX { self.requests.try_recv().ok() } else { None };
        }
        writes
    }

    fn answer_writes(&mut self, writes: Vec<(StoreRequest, Answer)>) {
        let mut answers = Vec::with_capacity(writes.len());
        for (request, answer) in writes {
            answers.push((self.model.apply(request), answer));
        }
        let written = self.commit();
        for (reply, answer) in answers {
            let _ = answer.send(written.map(|()| reply));
        }
    }

    /// A failure leaves the changes to the next commit: the memory is ahead of the file, and who asked hears so.
    fn commit(&mut self) -> Result<(), StoreError> {
        let changes = self.model.take_changes();
        if let Err(failure) = self.file.write(&self.model, &changes) {
            error!(error = %failure, rows = changes.len(), "the store's file cannot be written");
            self.model.still_changed(changes);
            return Err(StoreError::Unavailable);
        }
        Ok(())
    }
}

/// Says once how many rows were left out.
fn warn_of_unreadable(table: &'static str, count: usize) {
    if count > 0 {
        warn!(table, count, "rows of the store's file cannot be read and are left out");
    }
}
