//! The owner of the desktop sessions.

use std::collections::VecDeque;

use crate::base::rng::Rng;
use crate::base::{Mono, Now};

use super::api::{DeskCommand, DesksSetup, DesktopInput, Output};

/// Every desktop session of this node.
pub struct Desks {
    setup: DesksSetup,
    rng: Rng,
    outputs: VecDeque<Output>,
}

impl Desks {
    /// `rng` draws the session ids, which a desk must not be able to guess.
    pub fn new(setup: DesksSetup, rng: Rng) -> Desks {
        Desks { setup, rng, outputs: VecDeque::new() }
    }

    /// Takes what a websocket brings.
    pub fn handle(&mut self, input: DesktopInput, now: Now) {
        let _ = (input, now, &self.setup, &self.rng);
    }

    /// Takes what the calls want shown.
    pub fn command(&mut self, command: DeskCommand, now: Now) {
        let _ = (command, now);
    }

    pub fn handle_timeout(&mut self, now: Now) {
        let _ = now;
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        None
    }
}
