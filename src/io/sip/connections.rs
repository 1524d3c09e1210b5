//! All SIP connections, accepted and made, as the reactor owns them; a task each does the reading and writing.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr, TcpListener as StdTcpListener};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::made::{self, Aim};
use super::tcp::{self, Line};
use super::tls::Tls;
use super::udp::Received;
use super::websocket::{self, Upgraded, WebSockets};
use crate::base::{AgentId, IntentId, Now, limits};
use crate::engine::Input;
use crate::io::clock::Clock;
use crate::sip::api::{Browser, FlowId, StreamEvent, Transmit, Transport};

/// A socket that listens for connections.
pub struct Listener {
    pub flow: FlowId,
    pub transport: Transport,
    pub socket: StdTcpListener,
}

/// What the connections need besides their listeners.
pub struct StreamSetup {
    pub listeners: Vec<Listener>,
    /// Those that come through the HTTP server.
    pub websockets: WebSockets,
    /// There when a listener is for TLS.
    pub tls: Option<Arc<Tls>>,
    /// A connection over which nothing came for so long is closed.
    pub idle: Duration,
    /// Where the tasks run; not the reactor's own.
    pub runtime: Handle,
}

/// What a task tells the reactor. The queue is bounded: a task whose peer sends faster than we work waits, and so does the peer.
pub enum Event {
    Accepted {
        listener: FlowId,
        stream: TcpStream,
        peer: SocketAddr,
    },
    /// The HTTP server has taken a websocket.
    Upgraded(Box<Upgraded>),
    /// It can be used; `names` of the certificate that was verified.
    Opened {
        flow: FlowId,
        names: Vec<String>,
        browser: Option<Browser>,
    },
    Message(Received),
    Closed {
        flow: FlowId,
    },
}

/// What every task shares.
#[derive(Clone)]
pub struct Shared {
    pub events: mpsc::Sender<Event>,
    pub clock: Clock,
    pub idle: Duration,
    pub tls: Option<Arc<Tls>>,
}

/// The connections by their flows.
pub struct Connections {
    shared: Shared,
    events: mpsc::Receiver<Event>,
    runtime: Handle,
    listeners: Vec<(FlowId, Transport, SocketAddr)>,
    /// That of the HTTP server.
    web: FlowId,
    serial: u64,
    known_by_flow: HashMap<FlowId, Known>,
    /// Those that we made, by where they lead; they serve all that goes there (RFC 3261 section 18.1.1).
    made: HashMap<(FlowId, SocketAddr), FlowId>,
    held_by: HashMap<Holder, usize>,
    /// An event that `ready` has found.
    first: Option<Event>,
    /// Inputs that did not come from a task.
    inputs: VecDeque<Input>,
    /// `SIP_CONNECTIONS_MAX`, but for tests.
    pub(super) most: usize,
}

/// Among whose connections one is counted that a peer made. Many browsers may be behind one address, but not many of one person.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Holder {
    Address(IpAddr),
    Caller(IntentId),
    Agent(AgentId),
}

/// One connection.
struct Known {
    peer: SocketAddr,
    /// None for one that we made.
    holder: Option<Holder>,
    /// The flow that was asked to make it; its listener for one that a peer made.
    maker: FlowId,
    queue: mpsc::Sender<Bytes>,
    /// Its task ends when this is dropped.
    hold: Option<oneshot::Sender<()>>,
    is_open: bool,
}

/// Events that wait for the reactor.
const EVENTS: usize = 1024;
/// Events taken before the sockets and outputs are looked at again.
const EVENTS_PER_TURN: usize = 64;
/// When no more connections can be accepted for now, as for want of descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

impl Connections {
    /// Begins to accept. Call it on any runtime; the tasks run on that of the setup.
    pub fn start(setup: StreamSetup, clock: Clock) -> std::io::Result<Connections> {
        let (sender, events) = mpsc::channel(EVENTS);
        let shared = Shared { events: sender, clock, idle: setup.idle, tls: setup.tls };
        if let Some(tls) = &shared.tls {
            setup.runtime.spawn(super::tls::watch(Arc::clone(tls)));
        }
        let WebSockets { flow: web, arrivals } = setup.websockets;
        setup.runtime.spawn(welcome(arrivals, shared.events.clone()));
        let mut listeners = Vec::new();
        for listener in setup.listeners {
            listeners.push((listener.flow, listener.transport, listener.socket.local_addr()?));
            let _inside = setup.runtime.enter();
            let socket = tokio::net::TcpListener::from_std(listener.socket)?;
            setup.runtime.spawn(accept(socket, listener.flow, shared.events.clone()));
        }
        Ok(Connections {
            shared,
            events,
            runtime: setup.runtime,
            listeners,
            web,
            serial: 0,
            known_by_flow: HashMap::new(),
            made: HashMap::new(),
            held_by: HashMap::new(),
            first: None,
            inputs: VecDeque::new(),
            most: limits::SIP_CONNECTIONS_MAX,
        })
    }

    /// Ready when there is something to take.
    pub async fn ready(&mut self) {
        if self.first.is_none() {
            // It never closes: we hold a sender ourselves.
            self.first = self.events.recv().await;
        }
    }

    /// The inputs of what the tasks have to tell; false when more may be there.
    pub fn take(&mut self, turn: &mut Vec<(Input, Now)>) -> bool {
        for _ in 0..EVENTS_PER_TURN {
            let Some(event) = self.first.take().or_else(|| self.events.try_recv().ok()) else { return true };
            turn.extend(self.input_of(event));
        }
        false
    }

    /// What became of connections that could not even be tried.
    pub fn poll_input(&mut self) -> Option<Input> {
        self.inputs.pop_front()
    }

    fn input_of(&mut self, event: Event) -> Option<(Input, Now)> {
        let now = self.shared.clock.now();
        match event {
            Event::Accepted { listener, stream, peer } => {
                self.accepted(listener, stream, peer);
                None
            }
            Event::Upgraded(upgraded) => {
                self.upgraded(*upgraded);
                None
            }
            Event::Opened { flow, names, browser } => {
                let known = self.known_by_flow.get_mut(&flow)?;
                known.is_open = true;
                let event = StreamEvent::Opened { peer: known.peer, names, browser };
                Some((Input::Stream { flow, event }, now))
            }
            Event::Message(Received { flow, from, bytes, now }) => Some((Input::Datagram { flow, from, bytes }, now)),
            Event::Closed { flow } => self.closed(flow).map(|input| (input, now)),
        }
    }

    fn accepted(&mut self, listener: FlowId, stream: TcpStream, peer: SocketAddr) {
        let holder = Holder::Address(peer.ip());
        if !self.has_room(&holder) {
            return;
        }
        let Some(transport) = self.transport_of(listener) else { return };
        let line = self.open(listener, peer, Some(holder));
        self.runtime.spawn(tcp::accepted(stream, transport, line, self.shared.clone()));
    }

    fn upgraded(&mut self, upgraded: Upgraded) {
        let peer = upgraded.peer;
        let holder = Holder::of(peer, upgraded.browser.as_ref());
        if !self.has_room(&holder) {
            self.runtime.spawn(websocket::turn_away(upgraded));
            return;
        }
        let line = self.open(self.web, peer, Some(holder));
        self.runtime.spawn(websocket::serve(upgraded, line, self.shared.clone()));
    }

    fn has_room(&self, holder: &Holder) -> bool {
        let held = self.held_by.get(holder).copied().unwrap_or(0);
        let full = self.known_by_flow.len() >= self.most;
        let has_room = !full && held < holder.most();
        if !has_room {
            tracing::debug!(full, "a SIP connection is refused: too many are open");
        }
        has_room
    }

    fn closed(&mut self, flow: FlowId) -> Option<Input> {
        let known = self.known_by_flow.remove(&flow)?;
        match &known.holder {
            None => self.forget_made(flow, (known.maker, known.peer)),
            Some(holder) => self.release(holder),
        }
        if known.is_open {
            return Some(Input::Stream { flow, event: StreamEvent::Closed });
        }
        let event = StreamEvent::Unreachable { peer: known.peer };
        known.holder.is_none().then_some(Input::Stream { flow: known.maker, event })
    }

    fn release(&mut self, holder: &Holder) {
        let Some(held) = self.held_by.get_mut(holder) else { return };
        *held = held.saturating_sub(1);
        if *held == 0 {
            self.held_by.remove(holder);
        }
    }

    /// False when it cannot leave; what was asked for ends then.
    pub fn send(&mut self, transmit: Transmit) -> bool {
        let Transmit { flow, to, domain, bytes } = transmit;
        let usable = |flow: &FlowId| self.known_by_flow.get(flow).is_some_and(|known| known.hold.is_some());
        let flow = Some(flow).filter(usable).or_else(|| self.way_to(flow.maker(), to, domain));
        let Some(known) = flow.and_then(|flow| self.known_by_flow.get_mut(&flow)) else { return false };
        let sent = known.queue.try_send(bytes).is_ok();
        if !sent {
            // The peer does not read, or is gone: the task ends, and says so.
            known.hold = None;
            let way = (known.maker, known.peer);
            flow.into_iter().for_each(|flow| self.forget_made(flow, way));
        }
        sent
    }

    /// The connection to `to` that we have made, or one that we make now.
    fn way_to(&mut self, maker: FlowId, to: SocketAddr, domain: Option<Arc<str>>) -> Option<FlowId> {
        if let Some(flow) = self.made.get(&(maker, to)) {
            return Some(*flow);
        }
        let has_room = self.known_by_flow.len() < self.most;
        let Some(aim) = self.aim(maker, domain).filter(|_| has_room) else {
            self.inputs.push_back(Input::Stream { flow: maker, event: StreamEvent::Unreachable { peer: to } });
            return None;
        };
        let line = self.open(maker, to, None);
        let flow = line.flow;
        self.made.insert((maker, to), flow);
        self.runtime.spawn(made::serve(aim, line, self.shared.clone()));
        Some(flow)
    }

    /// What is made for `maker`. A websocket is for the peer to open, and who was named must be known.
    fn aim(&self, maker: FlowId, domain: Option<Arc<str>>) -> Option<Aim> {
        let (_, transport, local) = self.listeners.iter().find(|(flow, _, _)| *flow == maker.listener())?;
        let is_known = maker.name().is_none() || domain.is_some();
        is_known.then_some(Aim { transport: *transport, local: local.ip(), domain })
    }

    /// `holder`: none for a connection that we make.
    fn open(&mut self, maker: FlowId, peer: SocketAddr, holder: Option<Holder>) -> Line {
        self.serial += 1;
        let flow = FlowId::stream(self.serial, maker);
        let (queue, to_write) = mpsc::channel(limits::SIP_CONNECTION_QUEUE_MAX);
        let (hold, until) = oneshot::channel();
        if let Some(holder) = holder.clone() {
            *self.held_by.entry(holder).or_default() += 1;
        }
        let known = Known { peer, holder, maker, queue: queue.clone(), hold: Some(hold), is_open: false };
        self.known_by_flow.insert(flow, known);
        Line { flow, peer, queue, to_write, until }
    }

    /// What goes there next makes a new connection.
    fn forget_made(&mut self, flow: FlowId, way: (FlowId, SocketAddr)) {
        if self.made.get(&way) == Some(&flow) {
            self.made.remove(&way);
        }
    }

    fn transport_of(&self, listener: FlowId) -> Option<Transport> {
        self.listeners.iter().find(|(flow, _, _)| *flow == listener).map(|(_, transport, _)| *transport)
    }
}

impl Holder {
    fn of(peer: SocketAddr, browser: Option<&Browser>) -> Holder {
        match browser {
            None => Holder::Address(peer.ip()),
            Some(Browser::Caller { intent }) => Holder::Caller(*intent),
            Some(Browser::Agent { agent }) => Holder::Agent(agent.clone()),
        }
    }

    fn most(&self) -> usize {
        match self {
            Holder::Address(_) => limits::SIP_CONNECTIONS_PER_ADDRESS_MAX,
            Holder::Caller(_) | Holder::Agent(_) => limits::SIP_CONNECTIONS_PER_BROWSER_MAX,
        }
    }
}

/// Hands on what the HTTP server has taken, for as long as it runs.
async fn welcome(mut arrivals: mpsc::Receiver<Upgraded>, events: mpsc::Sender<Event>) {
    while let Some(upgraded) = arrivals.recv().await {
        if events.send(Event::Upgraded(Box::new(upgraded))).await.is_err() {
            return;
        }
    }
}

async fn accept(socket: tokio::net::TcpListener, listener: FlowId, events: mpsc::Sender<Event>) {
    loop {
        match socket.accept().await {
            Ok((stream, peer)) => {
                let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                if events.send(Event::Accepted { listener, stream, peer }).await.is_err() {
                    return;
                }
            }
            Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
        }
    }
}
