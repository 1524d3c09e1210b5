//! What was sent to a desk and has not been acknowledged.

use std::collections::VecDeque;

use crate::base::limits::DESK_UNACKNOWLEDGED_MAX;

use super::message::ServerMessage;

/// The numbered messages of one session, from 1, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct SentLog {
    last: u64,
    waiting: VecDeque<(u64, ServerMessage)>,
}

/// The desk has stopped to acknowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl SentLog {
    /// Keeps the message and says its number.
    pub(super) fn push(&mut self, message: ServerMessage) -> Result<u64, Full> {
        if self.waiting.len() >= DESK_UNACKNOWLEDGED_MAX {
            return Err(Full);
        }
        self.last += 1;
        self.waiting.push_back((self.last, message));
        Ok(self.last)
    }

    /// Forgets everything up to `seq`; a number that was never sent forgets no more than was.
    pub(super) fn acknowledge(&mut self, seq: u64) {
        while self.waiting.front().is_some_and(|(number, _)| *number <= seq) {
            self.waiting.pop_front();
        }
    }

    /// What is still waiting, the oldest first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &(u64, ServerMessage)> {
        self.waiting.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_covers_all_before_it() {
        let mut log = SentLog::default();
        for expected in 1..=3 {
            assert_eq!(log.push(ServerMessage::Pong), Ok(expected));
        }
        log.acknowledge(2);
        log.acknowledge(1);
        assert_eq!(log.waiting().map(|(seq, _)| *seq).collect::<Vec<_>>(), [3]);
        log.acknowledge(u64::MAX);
        assert_eq!(log.push(ServerMessage::Pong), Ok(4));
    }

    #[test]
    fn a_desk_that_never_acknowledges_fills_it() {
        let mut log = SentLog::default();
        let pushed = (0..2 * DESK_UNACKNOWLEDGED_MAX).filter(|_| log.push(ServerMessage::Pong).is_ok()).count();
        assert_eq!(pushed, DESK_UNACKNOWLEDGED_MAX);
    }
}
