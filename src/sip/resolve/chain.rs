//! From a destination to places, by what is known already (RFC 3263 section 4); what is not known is noted, to be asked.

use std::net::SocketAddr;

use super::cache::Cache;
use super::order::by_weight;
use super::{Destination, Host, Kind, Place, Question, Record, default_port};
use crate::base::Mono;
use crate::base::limits::{RESOLVE_NAMES_MAX, RESOLVE_PLACES_MAX};
use crate::base::rng::Rng;
use crate::sip::api::Transport;

/// One walk along the chain.
pub struct Chain<'a> {
    pub cache: &'a Cache,
    /// What holds then counts, so that a walk that was begun comes to its end.
    pub since: Mono,
    pub supported: &'a [Transport],
    pub rng: Rng,
    /// Hosts of SRV records that may still be followed.
    pub names_left: usize,
    /// What must be asked before the walk can go on.
    pub missing: Vec<Question>,
}

impl Chain<'_> {
    /// All places, the best first; not complete while something is missing.
    pub fn places(&mut self, to: &Destination) -> Vec<Place> {
        let mut places = match (&to.host, to.fixed_transport(), to.port) {
            (Host::Address(_), _, _) => to.place().into_iter().collect(),
            (Host::Name(name), Some(transport), Some(port)) => self.addresses(name, port, transport),
            (Host::Name(name), Some(transport), None) => self.by_service(name, transport),
            (Host::Name(name), None, _) => self.by_name(name, to.secure),
        };
        places.truncate(RESOLVE_PLACES_MAX);
        places
    }

    /// Neither transport nor port are given: NAPTR, then SRV of each transport, then the addresses (sections 4.1 and 4.2).
    fn by_name(&mut self, name: &str, secure: bool) -> Vec<Place> {
        let Some(services) = self.services(name, secure) else { return Vec::new() };
        let found: Vec<Place> =
            services.iter().flat_map(|(transport, service)| self.service(service, *transport)).collect();
        if !found.is_empty() || !self.missing.is_empty() {
            return found;
        }
        let usual = if secure { Transport::Tls } else { Transport::Udp };
        let transport = if self.supported.contains(&usual) { usual } else { Transport::Tcp };
        self.addresses(name, default_port(transport), transport)
    }

    /// Where SRV records are looked for, in order; `None` until NAPTR is known.
    fn services(&mut self, name: &str, secure: bool) -> Option<Vec<(Transport, String)>> {
        let pointers = self.known(Kind::Naptr, name)?;
        let mut pointers: Vec<_> = pointers.into_iter().filter_map(|record| pointer(record, secure)).collect();
        pointers.retain(|(_, transport, _)| self.supported.contains(transport));
        pointers.sort_by_key(|(rank, _, _)| *rank);
        pointers.dedup_by(|one, other| one.2 == other.2);
        pointers.truncate(RESOLVE_NAMES_MAX);
        if !pointers.is_empty() {
            return Some(pointers.into_iter().map(|(_, transport, service)| (transport, service)).collect());
        }
        let transports = [Transport::Udp, Transport::Tcp, Transport::Tls].into_iter();
        let ours = transports.filter(|one| self.supported.contains(one) && (!secure || *one == Transport::Tls));
        Some(ours.map(|transport| (transport, service_name(name, transport))).collect())
    }

    /// The transport is given and the port is not: SRV, or else the addresses with the usual port.
    fn by_service(&mut self, name: &str, transport: Transport) -> Vec<Place> {
        let found = self.service(&service_name(name, transport), transport);
        if !found.is_empty() || !self.missing.is_empty() {
            return found;
        }
        self.addresses(name, default_port(transport), transport)
    }

    fn service(&mut self, service: &str, transport: Transport) -> Vec<Place> {
        let records = self.known(Kind::Srv, service).unwrap_or_default();
        let hosts = records.into_iter().filter_map(host).collect();
        let mut hosts = by_weight(hosts, |(rank, _, _)| *rank, &mut self.rng);
        hosts.truncate(self.names_left.min(RESOLVE_NAMES_MAX));
        self.names_left -= hosts.len();
        hosts.iter().flat_map(|(_, target, port)| self.addresses(target, *port, transport)).collect()
    }

    fn addresses(&mut self, name: &str, port: u16, transport: Transport) -> Vec<Place> {
        let place = |record| match record {
            Record::Address(ip) => Some(Place { transport, address: SocketAddr::new(ip, port) }),
            Record::Naptr { .. } | Record::Srv { .. } => None,
        };
        self.known(Kind::Address, name).unwrap_or_default().into_iter().filter_map(place).collect()
    }

    fn known(&mut self, kind: Kind, name: &str) -> Option<Vec<Record>> {
        let question = Question { kind, name: name.to_owned() };
        let known = self.cache.get(&question, self.since).map(<[Record]>::to_vec);
        if known.is_none() && !self.missing.contains(&question) {
            self.missing.push(question);
        }
        known
    }
}

/// The rank, the transport and the SRV name of a NAPTR record that is of use for such a URI.
fn pointer(record: Record, secure: bool) -> Option<((u16, u16), Transport, String)> {
    let Record::Naptr { order, preference, flags, service, replacement } = record else { return None };
    let transport = match service.to_ascii_uppercase().as_str() {
        "SIP+D2U" if !secure => Transport::Udp,
        "SIP+D2T" if !secure => Transport::Tcp,
        "SIPS+D2T" => Transport::Tls,
        _other => return None,
    };
    (flags.eq_ignore_ascii_case("s") && !replacement.is_empty()).then_some((
        (order, preference),
        transport,
        replacement,
    ))
}

/// Priority with weight, host and port of an SRV record; `None` for the root, which says that there is no such service.
fn host(record: Record) -> Option<((u32, u32), String, u16)> {
    let Record::Srv { priority, weight, port, target } = record else { return None };
    (!target.is_empty()).then_some(((priority.into(), weight.into()), target, port))
}

fn service_name(name: &str, transport: Transport) -> String {
    match transport {
        Transport::Udp => format!("_sip._udp.{name}"),
        Transport::Tcp => format!("_sip._tcp.{name}"),
        Transport::Tls => format!("_sips._tcp.{name}"),
        // Nobody is asked for those.
        Transport::Ws | Transport::Wss => format!("_sip._ws.{name}"),
    }
}
