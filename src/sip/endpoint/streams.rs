//! Connections: whose they are, and what ends with them.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;

use super::Endpoint;
use crate::base::Mono;
use crate::sip::api::FlowId;
use crate::sip::transaction::{Tell, TxId, client};

/// The connections that are open; the shell bounds how many.
#[derive(Default)]
pub struct Streams {
    stream_by_flow: HashMap<FlowId, Stream>,
}

/// One connection.
struct Stream {
    peer: SocketAddr,
    /// The place in the setup of the trunk that its certificate names.
    trunk: Option<usize>,
    /// The places in the setup of the phones that have registered over it.
    phones: BTreeSet<usize>,
}

impl Streams {
    pub fn trunk_of(&self, flow: FlowId) -> Option<usize> {
        self.stream_by_flow.get(&flow)?.trunk
    }

    /// A phone has registered over `flow`.
    pub fn note_phone(&mut self, flow: FlowId, phone: usize) {
        if let Some(stream) = self.stream_by_flow.get_mut(&flow) {
            stream.phones.insert(phone);
        }
    }

    pub fn len(&self) -> usize {
        self.stream_by_flow.len()
    }
}

impl Endpoint {
    pub(super) fn stream_opened(&mut self, flow: FlowId, peer: SocketAddr, _names: &[String], now: Mono) {
        let stream = Stream { peer: canonical(peer), trunk: None, phones: BTreeSet::new() };
        self.core.streams.stream_by_flow.insert(flow, stream);
        self.enrol_over(canonical(peer), false, now);
    }

    /// What we asked over it gets no answer, and the phones that registered over it are out of reach.
    pub(super) fn stream_closed(&mut self, flow: FlowId, now: Mono) {
        let Some(stream) = self.core.streams.stream_by_flow.remove(&flow) else { return };
        for phone in stream.phones {
            self.phone_cut_off(phone, flow);
        }
        let mut lost = self.core.transactions.clients_on(flow, None);
        lost.extend(self.core.transactions.clients_on(flow.listener(), Some(stream.peer)));
        self.fail(lost, now);
        self.enrol_over(stream.peer, true, now);
    }

    /// No connection to `peer` could be made.
    pub(super) fn unreachable(&mut self, listener: FlowId, peer: SocketAddr, now: Mono) {
        let peer = canonical(peer);
        // A connection that has ended is replaced by a new one to the same address, which is this one.
        let lost = self.core.transactions.clients_on(listener.listener(), Some(peer));
        self.fail(lost, now);
    }

    fn fail(&mut self, lost: Vec<TxId>, now: Mono) {
        for id in lost {
            let Some(owner) = self.core.transactions.client(id).map(|client| client.owner) else { continue };
            if self.core.step_client(id, client::Input::TransportFailed, now) == Tell::TransportFailed {
                self.unanswered(owner, id, 503, now);
            }
        }
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
