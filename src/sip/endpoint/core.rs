//! What every act of the endpoint needs: setup, chance, deadlines, transactions, and the way out.

use std::collections::{BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::EndpointOutput;
use super::deadlines::Deadline;
use super::forgetting::Forgetting;
use super::identify::Networks;
use super::incoming;
use super::large::Large;
use super::leads::{self, NameOwner};
use super::names::{SessionId, Tag};
use super::streams::Streams;
use crate::base::limits::SIP_SERVER_INVITES_MAX;
use crate::base::rng::Rng;
use crate::base::timers::Timers;
use crate::base::{LegId, Mono, TrunkId};
use crate::sip::api::{Carried, EndpointSetup, FlowId, LocalFlow, SessionTimes, SipEvent, Target, Transmit, Transport};
use crate::sip::login::NonceUse;
use crate::sip::resolve::Resolver;
use crate::sip::transaction::{
    Branch, Effects, Send, ServerKey, Tell, Timer, Times, Transactions, TxId, client, server,
};
use crate::sip::wire::Headers;

/// A socket, listener or connection of ours and an address of theirs.
pub type Way = (FlowId, SocketAddr);

/// Whose a client transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientOwner {
    Invite(SessionId),
    Reinvite(SessionId),
    Update(SessionId),
    Prack(SessionId),
    Info(SessionId),
    Bye(SessionId),
    /// How a REFER of the peer goes.
    Notify(SessionId),
    /// It holds no session: all depends on the INVITE.
    Cancel,
    /// OPTIONS to the trunk at this place of the setup.
    KeepAlive(usize),
    /// REGISTER to the trunk at this place of the setup.
    Enrol(usize),
    /// OPTIONS to a gateway: the trunk's place in the setup, and the gateway's in the trunk.
    Gateway(usize, usize),
}

/// What stands for us in Via and Contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    pub transport: Transport,
    pub address: SocketAddr,
}

/// Of a setup without flows.
const NOWHERE: Own =
    Own { transport: Transport::Udp, address: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 5060) };

/// The tag that answers to a server transaction carry.
pub type ServerOwner = Tag;

/// The part of the endpoint that knows no call.
pub struct Core {
    pub setup: EndpointSetup,
    pub networks: Networks,
    pub streams: Streams,
    pub large: Large,
    /// Over UDP.
    pub times: Times,
    pub rng: Rng,
    pub timers: Timers<Deadline>,
    pub forgetting: Forgetting,
    pub transactions: Transactions<ClientOwner, ServerOwner>,
    pub out: VecDeque<EndpointOutput>,
    /// Sessions whose client transactions have closed since the last look.
    pub released: Vec<SessionId>,
    /// Sessions that came to their end since the last look.
    pub ended: Vec<SessionId>,
    /// Legs that the calls know no more.
    pub detached: Vec<LegId>,
    /// BYEs of ours that nobody has answered.
    pub farewells: BTreeSet<TxId>,
    /// `SIP_SERVER_INVITES_MAX`, but for tests.
    pub invites_max: usize,
    /// Host names that are looked up, and for whom.
    pub resolver: Resolver<NameOwner>,
    /// Sessions whose way to the peer may lead over a host name.
    pub led: Vec<SessionId>,
    /// Of each trunk, in the order of the setup.
    pub nonces: Vec<NonceUse>,
    /// For digests that only we can make.
    secret: u64,
}

impl ClientOwner {
    pub fn session(self) -> Option<SessionId> {
        match self {
            ClientOwner::Invite(session) | ClientOwner::Reinvite(session) => Some(session),
            ClientOwner::Bye(session) | ClientOwner::Notify(session) => Some(session),
            ClientOwner::Update(session) | ClientOwner::Prack(session) | ClientOwner::Info(session) => Some(session),
            ClientOwner::Cancel | ClientOwner::KeepAlive(_) | ClientOwner::Enrol(_) | ClientOwner::Gateway(_, _) => {
                None
            }
        }
    }
}

impl Core {
    pub fn new(setup: EndpointSetup, mut rng: Rng) -> Core {
        // A time of zero would fire for ever.
        let [t1, t2, t4] = [setup.t1, setup.t2, setup.t4].map(|time| time.max(Duration::from_millis(1)));
        let times = Times { t1, t2, t4, reliable: false };
        let mut timers = Timers::default();
        for (place, _) in setup.trunks.iter().enumerate().filter(|(_, trunk)| trunk.keep_alive.is_some()) {
            timers.set(Deadline::KeepAlive(place), Mono::ZERO);
        }
        for (place, _) in setup.trunks.iter().enumerate().filter(|(_, trunk)| trunk.enrol.is_some()) {
            timers.set(Deadline::Enrol(place), Mono::ZERO);
        }
        for (trunk, gateway) in leads::asked_gateways(&setup) {
            timers.set(Deadline::Gateway(trunk, gateway), Mono::ZERO);
        }
        Core {
            networks: Networks::new(&setup.trunks),
            streams: Streams::default(),
            large: Large::default(),
            resolver: leads::resolver(&setup, rng.split()),
            led: Vec::new(),
            nonces: setup.trunks.iter().map(|_| NonceUse::default()).collect(),
            setup,
            times,
            timers,
            forgetting: Forgetting::default(),
            transactions: Transactions::default(),
            out: VecDeque::new(),
            released: Vec::new(),
            ended: Vec::new(),
            detached: Vec::new(),
            farewells: BTreeSet::new(),
            invites_max: SIP_SERVER_INVITES_MAX,
            secret: rng.u64(),
            rng,
        }
    }

    pub fn send(&mut self, (flow, to): Way, bytes: Bytes) {
        let flow = self.streams.usable(flow, to);
        let domain = self.streams.domains.name(flow).cloned();
        self.out.push_back(EndpointOutput::Transmit(Transmit { flow, to, domain, bytes }));
    }

    pub fn tell(&mut self, event: SipEvent) {
        self.out.push_back(EndpointOutput::Event(event));
    }

    /// Tells what `message` carries, before the event that it is.
    pub fn tell_carried(&mut self, leg: LegId, message: &Headers, names: &[Arc<str>]) {
        let (user_to_users, headers) = (incoming::user_to_users(message), incoming::copied(message, names));
        let carried = Carried { user_to_users, headers };
        if !carried.is_empty() {
            self.tell(SipEvent::Carried { leg, carried: Box::new(carried) });
        }
    }

    /// What stands for us in Via and Contact on `flow`; a connection has it from its listener.
    pub fn own(&self, flow: FlowId) -> Own {
        let listener = flow.listener();
        let own = self.setup.flows.iter().find(|local| local.flow == listener).or(self.setup.flows.first());
        own.map_or(NOWHERE, |LocalFlow { transport, advertised, .. }| Own {
            transport: *transport,
            address: *advertised,
        })
    }

    pub fn is_websocket(&self, flow: FlowId) -> bool {
        self.own(flow).transport.is_websocket()
    }

    /// The timers of a transaction on `flow`.
    pub fn times_on(&self, flow: FlowId) -> Times {
        Times { reliable: self.own(flow).transport.is_reliable(), ..self.times }
    }

    /// The place in the setup of the trunk that messages of `way` come from.
    pub fn trunk_of(&self, (flow, from): Way) -> Option<usize> {
        // A page may be opened behind any address.
        if self.is_websocket(flow) {
            return None;
        }
        self.streams.trunk_of(flow).or_else(|| self.networks.trunk_of(from.ip()))
    }

    /// The place in the setup of the trunk of that name, or else of the one whose network holds the address.
    pub fn trunk_dialled(&self, named: Option<&TrunkId>, at: Option<SocketAddr>) -> Option<usize> {
        let named = named.and_then(|name| self.setup.trunks.iter().position(|peer| peer.trunk == *name));
        named.or_else(|| self.networks.trunk_of(at?.ip()))
    }

    /// The session timers of a trunk, by its place in the setup, or of everybody else.
    pub fn session_times(&self, trunk: Option<usize>) -> SessionTimes {
        let own = trunk.and_then(|place| self.setup.trunks.get(place)?.session_times);
        own.unwrap_or(self.setup.session_times)
    }

    /// Whether a trunk that is trusted is rung: by its gateways, or at an address of its networks.
    pub fn trusts(&self, target: &Target, at: SocketAddr) -> bool {
        let place = match target {
            Target::Trunk { trunk, .. } => self.trunk_dialled(Some(trunk), None),
            Target::Uri { .. } | Target::Registered(_) => self.networks.trunk_of(at.ip()),
        };
        place.and_then(|place| self.setup.trunks.get(place)).is_some_and(|peer| peer.trusted)
    }

    pub fn next_branch(&mut self) -> Branch {
        let nonce = self.rng.u64();
        self.transactions.next_branch(nonce)
    }

    /// Sends `request`, which carries `branch`, and watches over it.
    pub fn request(&mut self, branch: Branch, request: Bytes, way: Way, owner: ClientOwner, now: Mono) -> TxId {
        let invite = matches!(owner, ClientOwner::Invite(_) | ClientOwner::Reinvite(_));
        let way = (self.streams.usable(way.0, way.1), way.1);
        let (request, way) = self.fit(branch.id, request, way, now);
        let times = self.times_on(way.0);
        let effects = self.transactions.open_client(branch, invite, request, way, owner, &times);
        self.apply_client(branch.id, effects, now);
        branch.id
    }

    /// Opens the transaction of a request that came; `way` is where its answers go.
    pub fn accept(&mut self, key: ServerKey, invite: bool, way: Way, owner: ServerOwner) -> TxId {
        self.transactions.open_server(key, invite, way, owner)
    }

    /// Sends the response `bytes` through its transaction, which keeps it.
    pub fn respond(&mut self, id: TxId, status: u16, bytes: Bytes, now: Mono) {
        if let Some(server) = self.transactions.server_mut(id) {
            server.response = Some(bytes);
        }
        self.step_server(id, server::Input::of_status(status), now);
        let accepted = self.transactions.server_mut(id).filter(|server| server.is_accepted());
        if let Some(server) = accepted {
            server.response = None;
        }
    }

    pub fn step_server(&mut self, id: TxId, input: server::Input, now: Mono) {
        let Some(flow) = self.transactions.server(id).map(|server| server.flow) else { return };
        let effects = self.transactions.step_server(id, input, &self.times_on(flow));
        self.apply_server(id, effects, now);
    }

    /// What the owner is to be told.
    pub fn step_client(&mut self, id: TxId, input: client::Input, now: Mono) -> Tell {
        let Some(flow) = self.transactions.client(id).map(|client| client.flow) else { return Tell::Nothing };
        let effects = self.transactions.step_client(id, input, &self.times_on(flow));
        self.apply_client(id, effects, now)
    }

    /// Does what a timer that fired asks for; the owner of a client transaction, and what it is to be told.
    pub fn fire(&mut self, id: TxId, timer: Timer, now: Mono) -> Option<(ClientOwner, Tell)> {
        let owner = self.transactions.client(id).map(|client| client.owner);
        // Over a reliable transport there is no timer whose firing starts another.
        let effects = self.transactions.fire(id, timer, &self.times);
        let Some(owner) = owner else {
            self.apply_server(id, effects, now);
            return None;
        };
        Some((owner, self.apply_client(id, effects, now)))
    }

    /// Ends a client transaction before its time.
    pub fn drop_client(&mut self, id: TxId) {
        for timer in [Timer::A, Timer::B, Timer::E, Timer::F] {
            self.timers.cancel(&Deadline::Transaction(id, timer));
        }
        self.close_client(id);
    }

    fn apply_client(&mut self, id: TxId, effects: Effects, now: Mono) -> Tell {
        self.set_timers(id, &effects, now);
        let sent = self.transactions.client(id).and_then(|client| {
            let bytes = match effects.send {
                Send::Nothing => None,
                Send::Kept => Some(client.request.clone()),
                Send::Ack => client.ack.clone(),
            };
            bytes.map(|bytes| ((client.flow, client.to), bytes))
        });
        if let Some((way, bytes)) = sent {
            self.send(way, bytes);
        }
        if effects.over {
            self.close_client(id);
        }
        effects.tell
    }

    fn apply_server(&mut self, id: TxId, effects: Effects, now: Mono) {
        self.set_timers(id, &effects, now);
        if effects.send == Send::Kept
            && let Some(server) = self.transactions.server(id)
            && let Some(response) = server.response.clone()
        {
            let way = (server.flow, server.to);
            self.send(way, response);
        }
        if effects.over {
            self.transactions.close_server(id);
        }
    }

    fn set_timers(&mut self, id: TxId, effects: &Effects, now: Mono) {
        for timer in effects.stop {
            self.timers.cancel(&Deadline::Transaction(id, *timer));
        }
        for (timer, after) in effects.set.iter().flatten() {
            if !self.forgetting.put(id, *timer, now + *after) {
                self.timers.set(Deadline::Transaction(id, *timer), now + *after);
            }
        }
    }

    /// Begins a client transaction again with another request on another way; false when it is gone.
    pub fn send_anew(&mut self, id: TxId, request: Bytes, way: Way, now: Mono) -> bool {
        let Some(client) = self.transactions.client(id) else { return false };
        let (branch, invite, owner) = (client.branch(id), client.is_invite(), client.owner);
        self.transactions.close_client(id);
        for timer in [Timer::A, Timer::B, Timer::E, Timer::F] {
            self.timers.cancel(&Deadline::Transaction(id, timer));
        }
        let times = self.times_on(way.0);
        let effects = self.transactions.open_client(branch, invite, request, way, owner, &times);
        self.apply_client(id, effects, now);
        true
    }

    fn close_client(&mut self, id: TxId) {
        self.large.forget(id);
        self.farewells.remove(&id);
        self.timers.cancel(&Deadline::Abandoned(id));
        let owner = self.transactions.close_client(id);
        self.released.extend(owner.and_then(ClientOwner::session));
    }

    /// Watches over the CANCEL of `invite`, which carries the same branch.
    pub fn request_cancel(&mut self, invite: TxId, cancel: Bytes, owner: ClientOwner, now: Mono) {
        let Some(client) = self.transactions.client(invite) else { return };
        let (branch, way) = (client.branch(invite).of_cancel(), (client.flow, client.to));
        self.request(branch, cancel, way, owner, now);
        self.timers.set(Deadline::Abandoned(invite), now + self.times.patience());
    }

    /// A number that the same parts always give, and that nobody else can compute.
    pub fn digest(&self, parts: &[&[u8]]) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.secret.hash(&mut hasher);
        parts.hash(&mut hasher);
        hasher.finish()
    }

    /// 0 to 10 s in whole seconds, for Retry-After (RFC 3261 section 14.2).
    pub fn retry_after(&mut self) -> Duration {
        Duration::from_secs(self.rng.below(11))
    }
}
