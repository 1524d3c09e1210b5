//! The thread that has the file. What cannot be written, because the disk is full, say, is kept and tried again: an agent has written it, and
//! their desk has said that it is there.

use std::collections::VecDeque;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::sync::mpsc::error::TryRecvError;

use crate::base::limits::HISTORY_WAITING_MAX;

use super::file::File;
use super::{Answer, Request, Write};

pub(super) struct Worker {
    pub(super) file: File,
    requests: Receiver<Request>,
    /// What is yet to be written, in its order.
    pub(super) left: VecDeque<Write>,
}

/// A transaction costs more than what is written in it: cases of calls wait so long for others.
const GATHERED_FOR: Duration = Duration::from_millis(100);
/// So many are written at once.
const GATHERED_MAX: usize = 256;
/// Between two tries while nothing else is to be written, in pauses of `GATHERED_FOR`.
const TRIED_AGAIN_AFTER: u32 = 50;

impl Worker {
    pub(super) fn new(file: File, requests: Receiver<Request>) -> Worker {
        Worker { file, requests, left: VecDeque::new() }
    }

    pub(super) fn run(mut self) {
        while let Some(request) = self.next() {
            self.serve(request);
        }
        self.write_left();
        self.left.iter().for_each(lost);
    }

    /// `None`: nobody asks any more.
    fn next(&mut self) -> Option<Request> {
        while !self.left.is_empty() {
            for _ in 0..TRIED_AGAIN_AFTER {
                match self.requests.try_recv() {
                    Ok(request) => return Some(request),
                    Err(TryRecvError::Disconnected) => return None,
                    Err(TryRecvError::Empty) => thread::sleep(GATHERED_FOR),
                }
            }
            self.write_left();
        }
        self.requests.blocking_recv()
    }

    /// Writes one thing with those that come soon after it; whoever asks something is served after them.
    fn gather(&mut self, first: Write) {
        thread::sleep(GATHERED_FOR);
        let mut writes = vec![first];
        let mut asked = None;
        while writes.len() < GATHERED_MAX && asked.is_none() {
            match self.requests.try_recv() {
                Ok(Request::Write(write)) => add(&mut writes, write),
                Ok(request) => asked = Some(request),
                Err(_) => break,
            }
        }
        self.leave(writes);
        self.write_left();
        if let Some(request) = asked {
            self.serve(request);
        }
    }

    /// Behind what is there already.
    fn leave(&mut self, writes: Vec<Write>) {
        for write in writes {
            if self.left.len() < HISTORY_WAITING_MAX {
                self.left.push_back(write);
            } else {
                lost(&write);
            }
        }
    }

    fn write_left(&mut self) {
        while !self.left.is_empty() {
            let count = self.left.len().min(GATHERED_MAX);
            let some = self.left.make_contiguous().get(..count).unwrap_or_default();
            if self.file.write_all(some).is_ok() {
                self.left.drain(..count);
            } else if !self.write_first() {
                return;
            }
        }
    }

    /// One that cannot be written takes no other with it. False: none can be now.
    fn write_first(&mut self) -> bool {
        let Some(first) = self.left.front() else { return false };
        match self.file.put(first) {
            Ok(()) => {}
            Err(fault) if is_of_the_file(&fault) => {
                let waiting = self.left.len();
                tracing::error!(%fault, waiting, "the history's file cannot be written: it is tried again; see to its disk");
                return false;
            }
            Err(fault) => {
                tracing::error!(%fault, "the history's file does not take this");
                lost(first);
            }
        }
        self.left.pop_front();
        true
    }

    pub(super) fn serve(&mut self, request: Request) {
        let file = &mut self.file;
        match request {
            Request::Write(write) => self.gather(write),
            Request::Open { case, answer } => reply(answer, file.add(&case)),
            Request::OfCustomer { customer, limit, answer } => reply(answer, file.of_customer(&customer, limit)),
            Request::OfIntent { intent, answer } => reply(answer, file.of_intent(intent)),
            Request::Get { case, answer } => reply(answer, file.get(case)),
            Request::Notices { now, answer } => reply(answer, file.notices(now)),
            Request::Feedback { case, feedback, answer } => reply(answer, file.feedback(case, feedback)),
        }
    }
}

/// Another write would come to nothing, too.
fn is_of_the_file(fault: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
    match fault.sqlite_error_code() {
        Some(ConstraintViolation | TooBig | TypeMismatch) | None => false,
        Some(_) => true,
    }
}

fn lost(write: &Write) {
    match write {
        Write::Case(case) => tracing::error!(case = %case.id, "a case is lost"),
        Write::Notice(notice) => tracing::error!(event = notice.id, "a notice is not kept"),
        Write::Told { id, .. } => tracing::error!(event = id, "a notice will be sent again"),
    }
}

/// A notice that is taken at once is never written: most are.
fn add(writes: &mut Vec<Write>, write: Write) {
    let written = match &write {
        Write::Told { target, id } => writes.iter().position(|write| is_of(write, target, id)),
        Write::Case(_) | Write::Notice(_) => None,
    };
    match written {
        Some(written) => drop(writes.remove(written)),
        None => writes.push(write),
    }
}

fn is_of(write: &Write, of: &str, event: &str) -> bool {
    match write {
        Write::Notice(notice) => notice.target == of && notice.id == event,
        Write::Case(_) | Write::Told { .. } => false,
    }
}

fn reply<T>(answer: Answer<T>, result: rusqlite::Result<T>) {
    if let Err(fault) = &result {
        tracing::error!(%fault, "the history's file cannot be used");
    }
    // Who asked may have stopped waiting.
    let _ = answer.send(result);
}
