//! All transactions of the node, by our branch and by the peer's key.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;

use bytes::Bytes;

use super::client::{self, Client};
use super::effects::Effects;
use super::invite_client::InviteClient;
use super::invite_server::InviteServer;
use super::key::{Branch, ServerKey, TxId};
use super::server::{self, Server};
use super::timer::{Timer, Times};
use crate::base::id_map::IdMap;
use crate::sip::api::FlowId;

/// `C` and `S` say whose a client or a server transaction is.
pub struct Transactions<C, S> {
    serial: u64,
    clients: IdMap<TxId, ClientTransaction<C>>,
    servers: IdMap<TxId, ServerTransaction<S>>,
    server_by_key: HashMap<ServerKey, TxId>,
    /// Client transactions over connections, by where they were sent: they end with the connection.
    streamed: BTreeSet<(FlowId, SocketAddr, TxId)>,
    invite_servers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientMachine {
    Invite(InviteClient),
    Other(Client),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerMachine {
    Invite(InviteServer),
    Other(Server),
}

/// A request of ours.
pub struct ClientTransaction<C> {
    machine: ClientMachine,
    nonce: u64,
    /// Empty once a 2xx has come.
    pub request: Bytes,
    /// The ACK of its refusal, once there is one.
    pub ack: Option<Bytes>,
    pub flow: FlowId,
    pub to: SocketAddr,
    pub owner: C,
    /// How often this request was sent before, each time with an answer to another challenge.
    pub challenged: u8,
}

/// A request of a peer.
pub struct ServerTransaction<S> {
    machine: ServerMachine,
    key: ServerKey,
    /// The last response; absent before the first, and after a 2xx to INVITE.
    pub response: Option<Bytes>,
    pub flow: FlowId,
    pub to: SocketAddr,
    pub owner: S,
}

impl<C, S> Default for Transactions<C, S> {
    fn default() -> Self {
        Transactions {
            serial: 0,
            clients: IdMap::default(),
            servers: IdMap::default(),
            server_by_key: HashMap::new(),
            streamed: BTreeSet::new(),
            invite_servers: 0,
        }
    }
}

impl<C> ClientTransaction<C> {
    /// The branch of its request, given its own id.
    pub fn branch(&self, id: TxId) -> Branch {
        Branch { id, nonce: self.nonce }
    }

    pub fn is_invite(&self) -> bool {
        matches!(self.machine, ClientMachine::Invite(_))
    }
}

impl<S> ServerTransaction<S> {
    pub fn is_invite(&self) -> bool {
        matches!(self.machine, ServerMachine::Invite(_))
    }

    /// An INVITE without a final answer of ours.
    pub fn is_open_invite(&self) -> bool {
        matches!(self.machine, ServerMachine::Invite(machine) if machine.is_open())
    }

    /// An INVITE that got a 2xx.
    pub fn is_accepted(&self) -> bool {
        self.machine == ServerMachine::Invite(InviteServer::Accepted)
    }
}

impl<C, S> Transactions<C, S> {
    /// The branch that the next request must carry; `nonce` is fresh chance.
    pub fn next_branch(&mut self, nonce: u64) -> Branch {
        Branch { id: self.next_id(), nonce }
    }

    /// Opens the transaction of `request`, which carries `branch`; the effects send it.
    pub fn open_client(
        &mut self,
        branch: Branch,
        invite: bool,
        request: Bytes,
        way: (FlowId, SocketAddr),
        owner: C,
        times: &Times,
    ) -> Effects {
        let (machine, effects) = start_client(invite, times);
        let (flow, to) = way;
        if times.reliable {
            self.streamed.insert((flow, to, branch.id));
        }
        let opened =
            ClientTransaction { machine, nonce: branch.nonce, request, ack: None, flow, to, owner, challenged: 0 };
        self.clients.insert(branch.id, opened);
        effects
    }

    /// Opens the transaction of a request that came.
    pub fn open_server(&mut self, key: ServerKey, invite: bool, way: (FlowId, SocketAddr), owner: S) -> TxId {
        let id = self.next_id();
        let machine =
            if invite { ServerMachine::Invite(InviteServer::Proceeding) } else { ServerMachine::Other(Server::Trying) };
        self.invite_servers += usize::from(invite);
        self.server_by_key.insert(key.clone(), id);
        let (flow, to) = way;
        self.servers.insert(id, ServerTransaction { machine, key, response: None, flow, to, owner });
        id
    }

    /// The client transaction that a response with this branch answers.
    pub fn client_of(&self, branch: Branch) -> Option<&ClientTransaction<C>> {
        self.clients.get(&branch.id).filter(|client| client.nonce == branch.nonce)
    }

    pub fn server_of(&self, key: &ServerKey) -> Option<TxId> {
        self.server_by_key.get(key).copied()
    }

    pub fn client(&self, id: TxId) -> Option<&ClientTransaction<C>> {
        self.clients.get(&id)
    }

    pub fn client_mut(&mut self, id: TxId) -> Option<&mut ClientTransaction<C>> {
        self.clients.get_mut(&id)
    }

    pub fn server(&self, id: TxId) -> Option<&ServerTransaction<S>> {
        self.servers.get(&id)
    }

    pub fn server_mut(&mut self, id: TxId) -> Option<&mut ServerTransaction<S>> {
        self.servers.get_mut(&id)
    }

    /// Moves a client machine; nothing for one that is gone.
    pub fn step_client(&mut self, id: TxId, input: client::Input, times: &Times) -> Effects {
        let Some(client) = self.clients.get_mut(&id) else { return Effects::none() };
        let (machine, effects) = match client.machine {
            ClientMachine::Invite(machine) => {
                let (next, effects) = machine.handle(input, times);
                (ClientMachine::Invite(next), effects)
            }
            ClientMachine::Other(machine) => {
                let (next, effects) = machine.handle(input, times);
                (ClientMachine::Other(next), effects)
            }
        };
        client.machine = machine;
        if input == client::Input::Success {
            // It is not sent again, nor cancelled, nor asked again with something else in it; the transaction itself lasts for half a minute.
            client.request = Bytes::new();
        }
        effects
    }

    /// Moves a server machine; nothing for one that is gone.
    pub fn step_server(&mut self, id: TxId, input: server::Input, times: &Times) -> Effects {
        let Some(server) = self.servers.get_mut(&id) else { return Effects::none() };
        let (machine, effects) = match server.machine {
            ServerMachine::Invite(machine) => {
                let (next, effects) = machine.handle(input, times);
                (ServerMachine::Invite(next), effects)
            }
            ServerMachine::Other(machine) => {
                let (next, effects) = machine.handle(input, times);
                (ServerMachine::Other(next), effects)
            }
        };
        server.machine = machine;
        effects
    }

    /// A timer of transaction `id` fired; which of the two tables it is in follows from the timer's letter.
    pub fn fire(&mut self, id: TxId, timer: Timer, times: &Times) -> Effects {
        match timer {
            Timer::A | Timer::B | Timer::D | Timer::E | Timer::F | Timer::K | Timer::M => {
                self.step_client(id, client::Input::Fired(timer), times)
            }
            Timer::G | Timer::H | Timer::I | Timer::J | Timer::L => {
                self.step_server(id, server::Input::Fired(timer), times)
            }
        }
    }

    /// Forgets a transaction that is over, and says whose it was.
    pub fn close_client(&mut self, id: TxId) -> Option<C> {
        let client = self.clients.remove(&id)?;
        self.streamed.remove(&(client.flow, client.to, id));
        Some(client.owner)
    }

    /// Client transactions that were sent on `flow`, a connection or a listener; with `to`, only those that went there.
    pub fn clients_on(&self, flow: FlowId, to: Option<SocketAddr>) -> Vec<TxId> {
        let of_flow = self.streamed.range(least(flow)..least(FlowId(flow.0 + 1)));
        of_flow.filter(|(_, sent_to, _)| to.is_none_or(|to| to == *sent_to)).map(|(_, _, id)| *id).collect()
    }

    /// Client transactions that went to `to` over whatever connection `listener` has to it, by whatever name.
    pub fn clients_towards(&self, listener: FlowId, to: SocketAddr) -> Vec<TxId> {
        let named = self.streamed.range(least(listener.towards(0))..);
        let named = named.filter(|(flow, sent_to, _)| flow.listener() == listener && to == *sent_to);
        self.clients_on(listener, Some(to)).into_iter().chain(named.map(|(_, _, id)| *id)).collect()
    }

    /// Forgets a transaction that is over, and says whose it was.
    pub fn close_server(&mut self, id: TxId) -> Option<S> {
        let server = self.servers.remove(&id)?;
        self.server_by_key.remove(&server.key);
        self.invite_servers -= usize::from(server.is_invite());
        Some(server.owner)
    }

    /// INVITEs of peers, answered or not, that are still remembered.
    pub fn invite_servers(&self) -> usize {
        self.invite_servers
    }

    /// Client and server transactions.
    pub fn len(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn next_id(&mut self) -> TxId {
        self.serial += 1;
        TxId(self.serial)
    }
}

/// Before everything of `flow`.
fn least(flow: FlowId) -> (FlowId, SocketAddr, TxId) {
    (flow, SocketAddr::from(([0, 0, 0, 0], 0)), TxId(0))
}

fn start_client(invite: bool, times: &Times) -> (ClientMachine, Effects) {
    if invite {
        let (machine, effects) = InviteClient::start(times);
        return (ClientMachine::Invite(machine), effects);
    }
    let (machine, effects) = Client::start(times);
    (ClientMachine::Other(machine), effects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_has_been_answered_well_is_not_kept_although_its_transaction_is() {
        let (times, way) = (Times::default(), (FlowId(0), SocketAddr::from(([192, 0, 2, 1], 5060))));
        for (input, kept) in [(client::Input::Provisional, 6), (client::Input::Refusal, 6), (client::Input::Success, 0)]
        {
            let mut transactions = Transactions::<(), ()>::default();
            let branch = transactions.next_branch(7);
            transactions.open_client(branch, true, Bytes::from_static(b"INVITE"), way, (), &times);
            transactions.step_client(branch.id, input, &times);
            assert_eq!(transactions.client(branch.id).map(|client| client.request.len()), Some(kept), "{input:?}");
        }
    }
}
