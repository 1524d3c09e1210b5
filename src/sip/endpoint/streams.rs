//! Connections: whose they are, and what ends with them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;

use super::Endpoint;
use super::core::Way;
use super::domains::Domains;
use super::elsewhere::Lost;
use super::names::SessionId;
use crate::base::Mono;
use crate::sip::api::{Browser, FlowId, TrunkPeer};
use crate::sip::transaction::{Tell, TxId, client};
use crate::sip::wire::Request;

/// The connections that are open; the shell bounds how many.
#[derive(Default)]
pub struct Streams {
    /// Whom we connect to by name.
    pub domains: Domains,
    stream_by_flow: BTreeMap<FlowId, Stream>,
    /// Connections of peers that may be used to reach them, by the listener and the address that they stand for (RFC 5923).
    alias_by_way: HashMap<Way, FlowId>,
}

/// One connection.
struct Stream {
    peer: SocketAddr,
    /// Whom its certificate names.
    names: Box<[String]>,
    /// The place in the setup of the trunk that is one of those.
    trunk: Option<usize>,
    /// The places in the setup of the phones that have registered over it.
    phones: BTreeSet<usize>,
    /// The address that it stands for.
    alias: Option<SocketAddr>,
    /// Only the peer opens such ones, and whatever addresses the peer names, it is reached over this.
    is_websocket: bool,
    browser: Option<Browser>,
    /// Those of a websocket, whose peers are reached by nothing else.
    sessions: BTreeSet<SessionId>,
}

impl Streams {
    pub fn trunk_of(&self, flow: FlowId) -> Option<usize> {
        self.stream_by_flow.get(&flow)?.trunk
    }

    /// The trunk has another place in the setup, or none.
    pub fn move_trunk(&mut self, from: usize, to: Option<usize>) {
        for stream in self.stream_by_flow.values_mut().filter(|stream| stream.trunk == Some(from)) {
            stream.trunk = to;
        }
    }

    /// Whose browser is at the other end.
    pub fn browser_of(&self, flow: FlowId) -> Option<&Browser> {
        self.stream_by_flow.get(&flow)?.browser.as_ref()
    }

    /// The session depends on `flow`; that flow, if it is a websocket.
    pub fn note_session(&mut self, flow: FlowId, session: SessionId) -> Option<FlowId> {
        let stream = self.stream_by_flow.get_mut(&flow).filter(|stream| stream.is_websocket)?;
        stream.sessions.insert(session);
        Some(flow)
    }

    pub fn forget_session(&mut self, flow: FlowId, session: SessionId) {
        if let Some(stream) = self.stream_by_flow.get_mut(&flow) {
            stream.sessions.remove(&session);
        }
    }

    pub fn sessions_of(&self, flow: FlowId) -> impl Iterator<Item = SessionId> {
        self.stream_by_flow.get(&flow).into_iter().flat_map(|stream| stream.sessions.iter().copied())
    }

    /// A phone has registered over `flow`.
    pub fn note_phone(&mut self, flow: FlowId, phone: usize) {
        if let Some(stream) = self.stream_by_flow.get_mut(&flow) {
            stream.phones.insert(phone);
        }
    }

    /// A trunk that has proved its name lets us use its connection instead of one of our own. Nobody else can: it would hear what is
    /// meant for another program on that address.
    pub fn note_alias(&mut self, (flow, from): Way, request: &Request) {
        let Some(stream) = self.stream_by_flow.get_mut(&flow).filter(|stream| stream.trunk.is_some()) else { return };
        let via = request.via_top();
        if stream.alias.is_none() && via.params.has("alias") {
            let address = via.listening_address(from);
            stream.alias = Some(address);
            self.alias_by_way.insert((flow.listener(), address), flow);
        }
    }

    /// The flow for a message to `to`: a connection that leads there as long as it is open, or else its listener, which makes one.
    pub fn usable(&self, flow: FlowId, to: SocketAddr) -> FlowId {
        if !flow.is_stream() {
            return self.alias(flow, to).unwrap_or(flow);
        }
        if self.leads(flow, to) { flow } else { self.usable(flow.listener(), to) }
    }

    /// The connection is open, and `to` is at its other end.
    pub fn leads(&self, flow: FlowId, to: SocketAddr) -> bool {
        self.stream_by_flow.get(&flow).is_some_and(|stream| stream.is_websocket || stream.peer.ip() == to.ip())
    }

    /// A connection of the peer's; one that has not proved the name that we look for is of no use.
    fn alias(&self, flow: FlowId, to: SocketAddr) -> Option<FlowId> {
        let alias = self.alias_by_way.get(&(flow.listener(), to))?;
        let stream = self.stream_by_flow.get(alias)?;
        let domain = self.domains.name(flow);
        let is_meant =
            flow.name().is_none() || stream.names.iter().any(|name| domain.is_some_and(|domain| **domain == **name));
        is_meant.then_some(*alias)
    }

    pub fn len(&self) -> usize {
        self.stream_by_flow.len()
    }
}

impl Endpoint {
    pub(super) fn stream_opened(
        &mut self,
        flow: FlowId,
        peer: SocketAddr,
        names: &[String],
        browser: Option<Browser>,
        now: Mono,
    ) {
        let is_named = |trunk: &TrunkPeer| trunk.tls_name.as_ref().is_some_and(|name| names.contains(name));
        let trunk = self.core.setup.trunks.iter().position(is_named);
        let is_websocket = self.core.own(flow).transport.is_websocket();
        let (peer, phones) = (canonical(peer), BTreeSet::new());
        let (names, sessions) = (names.into(), BTreeSet::new());
        let stream = Stream { peer, names, trunk, phones, alias: None, is_websocket, browser, sessions };
        self.core.streams.stream_by_flow.insert(flow, stream);
        if !is_websocket {
            self.enrol_over(peer, false, now);
        }
    }

    /// What we asked over it gets no answer, and the phones that registered over it are out of reach.
    pub(super) fn stream_closed(&mut self, flow: FlowId, now: Mono) {
        let Some(stream) = self.core.streams.stream_by_flow.remove(&flow) else { return };
        for phone in stream.phones {
            self.phone_cut_off(phone, flow);
        }
        let mut lost = self.core.transactions.clients_on(flow, None);
        for address in [Some(stream.peer), stream.alias].into_iter().flatten() {
            lost.extend(self.core.transactions.clients_towards(flow.listener(), address));
        }
        if let Some(address) = stream.alias {
            self.core.streams.alias_by_way.remove(&(flow.listener(), address));
        }
        // First that the browser is away: whoever asks it something can be told so.
        for session in stream.sessions {
            self.websocket_lost(session, stream.browser.clone(), now);
        }
        self.fail(lost, Lost::Closed, now);
        if !stream.is_websocket {
            self.enrol_over(stream.peer, true, now);
        }
    }

    /// No connection to `peer` could be made.
    pub(super) fn unreachable(&mut self, listener: FlowId, peer: SocketAddr, now: Mono) {
        let peer = canonical(peer);
        let mut lost = self.core.transactions.clients_on(listener.maker(), Some(peer));
        lost.retain(|id| !self.core.fall_back_to_udp(*id, peer, now));
        self.fail(lost, Lost::Unreachable, now);
    }

    pub(super) fn fail(&mut self, lost: Vec<TxId>, how: Lost, now: Mono) {
        for id in lost {
            let Some(owner) = self.core.transactions.client(id).map(|client| client.owner) else { continue };
            let goes_on = self.ask_elsewhere(id, how, now);
            let tell = self.core.step_client(id, client::Input::TransportFailed, now);
            if tell == Tell::TransportFailed && !goes_on {
                self.unanswered(owner, id, 503, now);
            }
        }
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
