//! The SIP user agent of the whole node: datagrams and commands in, datagrams and events out.

use std::net::SocketAddr;

use bytes::Bytes;

use super::api::{EndpointSetup, FlowId, SipCommand, SipEvent, Transmit};
use crate::base::rng::Rng;
use crate::base::{Mono, Now};

/// What the endpoint wants done; drain it to empty after each input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointOutput {
    Transmit(Transmit),
    Event(SipEvent),
}

/// All transactions, dialogs and registrations of this node.
pub struct Endpoint {
    _setup: EndpointSetup,
    _rng: Rng,
}

impl Endpoint {
    pub fn new(setup: EndpointSetup, rng: Rng) -> Endpoint {
        Endpoint { _setup: setup, _rng: rng }
    }

    /// One datagram as it came from `from` on `flow`.
    pub fn handle_datagram(&mut self, _flow: FlowId, _from: SocketAddr, _bytes: Bytes, _now: Now) {}

    pub fn handle_command(&mut self, _command: SipCommand, _now: Now) {}

    /// Call it when `poll_timeout` has come, or later.
    pub fn handle_timeout(&mut self, _now: Now) {}

    pub fn poll_output(&mut self) -> Option<EndpointOutput> {
        None
    }

    /// The next deadline and why.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        None
    }

    /// No call, no transaction: what must be true when all has been quiet for 64*T1. Registrations do not count.
    pub fn is_empty(&self) -> bool {
        true
    }
}
