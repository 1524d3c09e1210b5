//! The router: four verbs around the owners of agents, waiting calls and deadlines.

use std::collections::VecDeque;

use crate::base::{Mono, Now};

use super::messages::{Input, Output};
use super::setup::Setup;
use super::views::{AgentView, QueueView, RouterCounts};

/// The sole owner of agents, queues, waiting calls and grants.
#[derive(Debug)]
pub struct Router {
    setup: Setup,
    outputs: VecDeque<Output>,
}

impl Router {
    pub fn new(setup: Setup) -> Router {
        Router { setup, outputs: VecDeque::new() }
    }

    pub fn handle(&mut self, input: Input, now: Now) {
        let _ = (input, now, &self.setup);
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

    /// Every agent, by name.
    pub fn agents(&self) -> Vec<AgentView> {
        Vec::new()
    }

    /// Every queue, by name.
    pub fn queues(&self, now: Now) -> Vec<QueueView> {
        let _ = now;
        Vec::new()
    }

    pub fn counts(&self) -> RouterCounts {
        RouterCounts::default()
    }
}
