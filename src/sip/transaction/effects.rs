//! What a transaction machine wants done: values, so that the machines touch nothing.

use std::time::Duration;

use super::timer::{Timer, Times};

/// What goes on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Send {
    #[default]
    Nothing,
    /// The message that the transaction keeps: its request, or its last response.
    Kept,
    /// The ACK of a refusal (RFC 3261 section 17.1.1.3).
    Ack,
}

/// What the transaction's user hears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tell {
    #[default]
    Nothing,
    /// The message that was the input.
    Message,
    /// Timer B, F or H: nobody is there.
    TimedOut,
    /// The message could not be sent.
    TransportFailed,
}

/// Everything that follows from one input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    pub send: Send,
    pub tell: Tell,
    pub stop: &'static [Timer],
    pub set: [Option<(Timer, Duration)>; 2],
    /// The transaction is over and leaves the table.
    pub over: bool,
}

impl Effects {
    pub fn none() -> Effects {
        Effects::default()
    }

    pub fn send(mut self, what: Send) -> Effects {
        self.send = what;
        self
    }

    pub fn tell(mut self, what: Tell) -> Effects {
        self.tell = what;
        self
    }

    pub fn stop(mut self, timers: &'static [Timer]) -> Effects {
        self.stop = timers;
        self
    }

    /// At most two; no state of the four machines starts more at once.
    pub fn set(mut self, timer: Timer, after: Duration) -> Effects {
        let free = if self.set[0].is_none() { 0 } else { 1 };
        self.set[free] = Some((timer, after));
        self
    }

    /// Sends again when `timer` (A, E or G) fires; not over a reliable transport.
    pub fn again(self, timer: Timer, after: Duration, times: &Times) -> Effects {
        if times.reliable { self } else { self.set(timer, after) }
    }

    /// Absorbs what comes again until `timer` (D, I, J or K) fires; over a reliable transport that is zero, and all is over.
    pub fn absorb(self, timer: Timer, times: &Times) -> Effects {
        if times.reliable { self.over() } else { self.set(timer, timer.first(times)) }
    }

    pub fn over(mut self) -> Effects {
        self.over = true;
        self
    }
}
