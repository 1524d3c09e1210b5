//! From a SIP URI to addresses (RFC 3263), without I/O: what is asked of a name server and what it said are values.

mod cache;
mod chain;
mod order;
mod resolver;

#[cfg(test)]
mod tests;

pub use order::by_weight;
pub use resolver::Resolver;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::api::Transport;
use super::wire::{Scheme, Uri};

/// The number of a question; its answer carries the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionNumber(pub u64);

/// What a name server is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    pub kind: Kind,
    /// In lower case, without a dot at its end.
    pub name: String,
}

/// Which records are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Naptr,
    Srv,
    /// A and AAAA.
    Address,
}

/// One record, with what RFC 3263 needs of it. Names as in `Question`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    Naptr { order: u16, preference: u16, flags: String, service: String, replacement: String },
    Srv { priority: u16, weight: u16, port: u16, target: String },
    Address(IpAddr),
}

/// What a name server said; without records: that there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub records: Vec<Record>,
    /// For how long that holds.
    pub life: Duration,
}

/// No name server said anything, or none of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// Where a request shall go, as its URI says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// A name in lower case without a dot at its end, or an address.
    pub host: Host,
    pub port: Option<u16>,
    /// `sips`: TLS and nothing else.
    pub secure: bool,
    pub transport: Option<Transport>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    Name(String),
    Address(IpAddr),
}

/// An address to which requests can be sent, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub transport: Transport,
    pub address: SocketAddr,
}

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Led {
    /// What was looked up.
    pub to: Destination,
    /// The best first.
    pub places: Vec<Place>,
}

/// RFC 1035 section 2.3.4.
const NAME_MAX: usize = 253;

impl Destination {
    /// `None` for what is no SIP URI, for a transport that we do not have, and for a name that cannot be one. `maddr` stands in
    /// for the host (RFC 3263 section 4).
    pub fn of(uri: &Uri<'_>) -> Option<Destination> {
        let transport = match uri.params.value("transport") {
            Some(text) => Some(Transport::read(text).filter(|transport| !transport.is_websocket())?),
            None => None,
        };
        let host = match uri.params.value("maddr") {
            Some(text) => host_of(std::str::from_utf8(text).ok()?)?,
            None => {
                let host = uri.host?;
                host.address().map(Host::Address).or_else(|| host_of(&host.to_string()))?
            }
        };
        let secure = uri.scheme == Scheme::Sips;
        uri.is_sip().then_some(Destination { host, port: uri.port, secure, transport })
    }

    fn led(&self, places: Vec<Place>) -> Led {
        Led { to: self.clone(), places }
    }

    /// Where it is when nobody needs to be asked (RFC 3263 section 4.2): the host is an address.
    pub fn place(&self) -> Option<Place> {
        let Host::Address(address) = self.host else { return None };
        let transport = self.fixed_transport().unwrap_or(if self.secure { Transport::Tls } else { Transport::Udp });
        let port = self.port.unwrap_or(default_port(transport));
        Some(Place { transport, address: SocketAddr::new(address, port) })
    }

    /// The transport when no name server has a say in it (RFC 3263 section 4.1).
    fn fixed_transport(&self) -> Option<Transport> {
        match (self.secure, self.transport, self.port) {
            (true, Some(_), _) | (true, None, Some(_)) => Some(Transport::Tls),
            (false, Some(transport), _) => Some(transport),
            (false, None, Some(_)) => Some(Transport::Udp),
            (_, None, None) => None,
        }
    }
}

/// RFC 3261 section 19.1.2.
pub fn default_port(transport: Transport) -> u16 {
    match transport {
        Transport::Udp | Transport::Tcp => 5060,
        Transport::Tls => 5061,
        // RFC 7118 section 10.3: those of HTTP.
        Transport::Ws => 80,
        Transport::Wss => 443,
    }
}

fn host_of(text: &str) -> Option<Host> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse() {
        return Some(Host::Address(address));
    }
    name_of(text).map(Host::Name)
}

/// The host of a SIP URI where it is an address.
pub fn host_address(uri: &str) -> Option<IpAddr> {
    match Destination::of(&Uri::read(uri.as_bytes())?)?.host {
        Host::Address(address) => Some(address),
        Host::Name(_) => None,
    }
}

/// The host of a SIP URI where it is a name, as it stands in questions.
pub fn host_name(uri: &str) -> Option<String> {
    match Destination::of(&Uri::read(uri.as_bytes())?)?.host {
        Host::Name(name) => Some(name),
        Host::Address(_) => None,
    }
}

/// A name as it stands in questions; `None` for the root, which means "not here" (RFC 2782), and for what is too long.
pub fn name_of(text: &str) -> Option<String> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let is_name = (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
    is_name.then_some(name)
}
