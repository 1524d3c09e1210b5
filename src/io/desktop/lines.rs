//! The open websockets, by number: where the engine's messages for them go.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, watch};

use crate::base::id_map::IdMap;
use crate::base::limits::DESK_QUEUE_MAX;
use crate::desktop::{CloseCode, ConnId, DesktopOutput, ErrorCode, ServerMessage};
use crate::io::troubles::{Trouble, Troubles};

/// Every open line. Sending never waits.
pub struct DeskLines {
    home: Handle,
    troubles: Arc<Troubles>,
    next: AtomicU64,
    line_by_conn: Mutex<IdMap<ConnId, Line>>,
    /// Each line holds a receiver until it is over.
    open: watch::Sender<()>,
}

struct Line {
    queue: mpsc::Sender<Outgoing>,
    cut: Arc<Notify>,
}

/// What waits for a websocket. Small: a queue has room for many from the beginning, and there are thousands of desks.
pub(super) enum Outgoing {
    Message { seq: Option<u64>, message: Box<ServerMessage> },
    Ping,
    Close { code: CloseCode, reason: &'static str },
}

/// The other end of a line.
pub(super) struct LineEnd {
    pub(super) conn: ConnId,
    pub(super) queue: mpsc::Receiver<Outgoing>,
    /// Told when the desk is too slow.
    pub(super) cut: Arc<Notify>,
    _open: watch::Receiver<()>,
}

impl DeskLines {
    /// `home`: where the connections are served. `troubles`: where logins that are wrong are written down.
    pub fn new(home: Handle, troubles: Arc<Troubles>) -> DeskLines {
        let (next, line_by_conn) = (AtomicU64::new(0), Mutex::default());
        DeskLines { home, troubles, next, line_by_conn, open: watch::Sender::new(()) }
    }

    pub(super) fn home(&self) -> &Handle {
        &self.home
    }

    pub(super) fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// Waits until no connection is left; after `close_all`.
    pub async fn closed(&self) {
        self.open.closed().await;
    }

    /// Puts a message on its way. A desk whose queue is full is cut off; it may reconnect and resume.
    pub fn send(&self, output: DesktopOutput) {
        match output {
            DesktopOutput::Send { conn, seq, message } => {
                if matches!(message, ServerMessage::Error { code: ErrorCode::Unauthorized, .. }) {
                    self.troubles.note(Trouble::WrongToken, None);
                }
                self.put(conn, Outgoing::Message { seq, message: Box::new(message) })
            }
            DesktopOutput::Ping { conn } => self.put(conn, Outgoing::Ping),
            DesktopOutput::Close { conn, code, reason } => {
                self.put(conn, Outgoing::Close { code, reason });
                self.lines().remove(&conn);
            }
        }
    }

    /// Asks every desk to come back later, before the process ends.
    pub fn close_all(&self) {
        for (_, line) in self.lines().drain() {
            let _ = line.queue.try_send(Outgoing::Close { code: CloseCode::GoingAway, reason: "the server restarts" });
        }
    }

    /// Drops every connection without a word.
    #[cfg(test)]
    pub(super) fn cut_all(&self) {
        for (_, line) in self.lines().drain() {
            line.cut.notify_one();
        }
    }

    /// Lines that are open.
    pub fn len(&self) -> usize {
        self.lines().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn open(&self) -> LineEnd {
        let conn = ConnId(self.next.fetch_add(1, Ordering::Relaxed));
        let (sender, queue) = mpsc::channel(DESK_QUEUE_MAX);
        let cut = Arc::new(Notify::new());
        self.lines().insert(conn, Line { queue: sender, cut: Arc::clone(&cut) });
        LineEnd { conn, queue, cut, _open: self.open.subscribe() }
    }

    pub(super) fn forget(&self, conn: ConnId) {
        self.lines().remove(&conn);
    }

    fn put(&self, conn: ConnId, outgoing: Outgoing) {
        let mut lines = self.lines();
        let Some(line) = lines.get(&conn) else { return };
        if line.queue.try_send(outgoing).is_err() {
            line.cut.notify_one();
            lines.remove(&conn);
        }
    }

    fn lines(&self) -> MutexGuard<'_, IdMap<ConnId, Line>> {
        self.line_by_conn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_desk_that_is_too_slow_is_cut_off() {
        let lines = DeskLines::new(Handle::current(), Arc::new(Troubles::new(None)));
        let end = lines.open();
        for _ in 0..=DESK_QUEUE_MAX {
            lines.send(DesktopOutput::Ping { conn: end.conn });
        }
        end.cut.notified().await;
        assert!(lines.is_empty());
    }

    #[tokio::test]
    async fn a_line_that_is_gone_is_no_fault() {
        let lines = DeskLines::new(Handle::current(), Arc::new(Troubles::new(None)));
        lines.send(DesktopOutput::Ping { conn: ConnId(9) });
        assert!(lines.is_empty());
    }
}
