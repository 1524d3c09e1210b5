//! Where a URI leads: to an address at once, or over a name that is looked up while everything else goes on (RFC 3263).

use std::net::SocketAddr;

use super::compose;
use super::core::{ClientOwner, Core, Way};
use super::deadlines::Deadline;
use super::names::{self, SessionId};
use super::{Endpoint, EndpointOutput};
use crate::base::Mono;
use crate::base::rng::Rng;
use crate::sip::api::{EndpointSetup, FlowId, LocalFlow, Transport};
use crate::sip::dialog::Dialog;
use crate::sip::resolve::{Destination, Host, Led, Place, Resolver};
use crate::sip::wire::Uri;

/// For whom a name is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameOwner {
    /// A call that we dial.
    Hunt(SessionId),
    /// The next hop inside a dialog.
    Dialog(SessionId),
    /// OPTIONS to the trunk at this place of the setup.
    KeepAlive(usize),
    /// REGISTER to the trunk at this place of the setup.
    Enrol(usize),
    /// OPTIONS to a gateway of a trunk.
    Gateway(usize, usize),
}

/// Where a URI leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead {
    Here(Way),
    /// Its host is a name.
    Ask(Destination),
    /// It is no SIP URI, or of a transport that we do not have.
    Nowhere,
}

/// One that knows the transports of our flows.
pub fn resolver(setup: &EndpointSetup, rng: Rng) -> Resolver<NameOwner> {
    let has = |transport: &Transport| setup.flows.iter().any(|local| local.transport == *transport);
    let ours = [Transport::Udp, Transport::Tcp, Transport::Tls].into_iter().filter(has).collect();
    Resolver::new(ours, rng)
}

/// The places of the gateways that are asked how they are.
pub fn asked_gateways(setup: &EndpointSetup) -> Vec<(usize, usize)> {
    let places = |(trunk, peer): (usize, &crate::sip::api::TrunkPeer)| {
        let asked = peer.gateways.iter().enumerate().filter(|(_, gateway)| gateway.every.is_some());
        asked.map(|(gateway, _)| (trunk, gateway)).collect::<Vec<_>>()
    };
    setup.trunks.iter().enumerate().flat_map(places).collect()
}

impl Core {
    /// Where `uri` leads when `flow` is preferred and `via`, if given, stands for its address.
    pub fn lead(&self, uri: &str, via: Option<SocketAddr>, flow: FlowId) -> Lead {
        let to = Uri::read(uri.as_bytes()).and_then(|uri| Destination::of(&uri));
        match (via, to) {
            (_, None) => Lead::Nowhere,
            (Some(via), Some(to)) => {
                let transport = to.transport.unwrap_or(self.own(flow).transport);
                self.here(Place { transport, address: via }, flow)
            }
            (None, Some(to)) => self.lead_to(to, flow),
        }
    }

    fn lead_to(&self, mut to: Destination, flow: FlowId) -> Lead {
        // The flow that an admin chose says the transport where the URI does not.
        let own = self.own(flow).transport;
        to.transport = to.transport.or(own.is_reliable().then_some(own));
        match (to.place(), &to.host) {
            (Some(place), _) => self.here(place, flow),
            (None, Host::Name(_)) => Lead::Ask(to),
            (None, Host::Address(_)) => Lead::Nowhere,
        }
    }

    /// A flow of the other family may still be bound to an address that reaches it; one of another transport never does.
    fn here(&self, place: Place, flow: FlowId) -> Lead {
        let is_of_transport = self.own(flow).transport == place.transport;
        let way = self.way_to(place, flow).or(is_of_transport.then_some((flow, place.address)));
        way.map_or(Lead::Nowhere, Lead::Here)
    }

    /// The way to `place`, over the preferred flow if it is of that transport; `None` without a flow for it.
    pub fn way_to(&self, place: Place, preferred: FlowId) -> Option<Way> {
        let fits = |local: &&LocalFlow| {
            local.transport == place.transport && local.advertised.is_ipv4() == place.address.is_ipv4()
        };
        let all = || self.setup.flows.iter().filter(fits);
        let flow = all().find(|local| local.flow == preferred.listener()).or(all().next())?;
        Some((flow.flow, place.address))
    }

    /// The ways to where a name has led, the best first. Over TLS the peer must be who was named.
    pub fn ways(&mut self, led: &Led, preferred: FlowId) -> Vec<Way> {
        let found: Vec<Way> = led.places.iter().filter_map(|place| self.way_to(*place, preferred)).collect();
        let named = |(flow, to): Way| match &led.to.host {
            Host::Name(name) if self.own(flow).transport == Transport::Tls => {
                (flow.towards(self.streams.domains.number(name)), to)
            }
            Host::Name(_) | Host::Address(_) => (flow, to),
        };
        found.into_iter().map(named).collect()
    }

    pub fn send_options(&mut self, uri: &str, way: Way, owner: ClientOwner, now: Mono) {
        let branch = self.next_branch();
        let (call_id, tag) = (names::call_id(&mut self.rng), self.rng.u64());
        let options = compose::options(self, uri, (branch, way), &call_id, tag);
        self.request(branch, options, way, owner, now);
    }

    /// Hands on the questions for name servers, and sets the time at which they are given up.
    fn ask_names(&mut self) {
        while let Some((number, question)) = self.resolver.pop_question() {
            self.out.push_back(EndpointOutput::Resolve(number, question));
        }
        match self.resolver.poll_timeout() {
            Some(at) => self.timers.set(Deadline::Names, at),
            None => self.timers.cancel(&Deadline::Names),
        }
    }
}

impl Endpoint {
    /// Does what waited for names that have been found, or not.
    pub(super) fn follow_names(&mut self, now: Mono) {
        for id in std::mem::take(&mut self.core.led) {
            self.look_for_peer(id, now);
        }
        while let Some((owner, led)) = self.core.resolver.pop_found() {
            match owner {
                NameOwner::Hunt(session) => self.hunt_found(session, &led, now),
                NameOwner::Dialog(session) => self.peer_found(session, &led),
                NameOwner::KeepAlive(trunk) => self.keep_alive_found(trunk, &led, now),
                NameOwner::Enrol(trunk) => self.enrol_found(trunk, &led, now),
                NameOwner::Gateway(trunk, gateway) => self.gateway_found(trunk, gateway, &led, now),
            }
        }
        self.core.ask_names();
    }

    /// The next hop of a dialog may be a name; until it is found, requests go where the peer's came from.
    fn look_for_peer(&mut self, id: SessionId, now: Mono) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let core = &mut self.core;
        for (flow, dialog) in session.dialogs_mut().filter(|(_, dialog)| !dialog.is_found()) {
            let Some(to) = dialog.next_uri().and_then(|uri| Destination::of(&uri)) else { continue };
            match to.place() {
                Some(place) => core.follow_sips(dialog, (&to, place), flow),
                None => core.resolver.look_up(NameOwner::Dialog(id), to, now),
            }
        }
    }

    fn peer_found(&mut self, id: SessionId, led: &Led) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        for (flow, dialog) in session.dialogs_mut() {
            let Some(uri) = dialog.next_uri() else { continue };
            if Destination::of(&uri).as_ref() == Some(&led.to) {
                let uri = uri.raw().to_vec().into();
                dialog.found_at(uri, self.core.ways_alike(led, flow));
            }
        }
    }
}

impl Core {
    /// A SIPS URI leads over TLS where we have it, whatever the peer's requests came over.
    fn follow_sips(&self, dialog: &mut Dialog, (to, place): (&Destination, Place), flow: FlowId) {
        let is_elsewhere = to.secure && self.own(flow).transport != place.transport;
        let way = self.way_to(place, flow).filter(|_| is_elsewhere);
        if let (Some(way), Some(uri)) = (way, dialog.next_uri().map(|uri| uri.raw().to_vec())) {
            dialog.found_at(uri.into(), [way]);
        }
    }

    /// As `ways`, but those of the transport of `flow` first: a connection that the peer made is the way to it while it lasts.
    fn ways_alike(&mut self, led: &Led, flow: FlowId) -> Vec<Way> {
        let mut ways = self.ways(led, flow);
        let transport = self.own(flow).transport;
        ways.sort_by_key(|way| self.own(way.0).transport != transport);
        ways
    }
}
