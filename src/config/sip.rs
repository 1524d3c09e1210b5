//! `[sip]`: where we are reached.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::base::Family;
use crate::sip::api::{FlowId, LocalFlow, SessionTimes, Transport};
use crate::sip::auth::Algorithm;
use crate::sip::wire::Uri;

use super::fault::Faults;
use super::plan::{FileAt, SipBind, TlsPlan};
use super::tree::{Section, Text};
use super::values::socket;

/// The sockets and what is said about them.
pub(super) struct SipPart {
    pub bind: Vec<SipBind>,
    pub tls: Option<TlsPlan>,
    pub tcp_above: usize,
    pub flows: Vec<LocalFlow>,
    pub realm: String,
    pub digests: Vec<Algorithm>,
    pub session_times: SessionTimes,
    pub registration_min: Duration,
    pub registration_max: Duration,
    pub drain: Duration,
    pub name_servers: Vec<SocketAddr>,
}

/// Less than the ten seconds that a container has by default before it is killed.
const DRAIN: Duration = Duration::from_secs(8);
const FLOWS_MAX: usize = 16;
/// RFC 3261 section 18.1.1.
const TCP_ABOVE: usize = 1300;

pub(super) fn read(top: &mut Section<'_>, faults: &mut Faults<'_>) -> SipPart {
    let mut section = top.section("sip", faults);
    let (bind, given) = binds(&mut section, faults);
    let flows = flows(&mut section, &bind, given, faults);
    let realm = section.text("realm", faults);
    let digests = digests(&mut section, faults);
    let tcp_above = match section.number("tcp_above", TCP_ABOVE, 0..=65_535, faults) {
        0 => usize::MAX,
        bytes => bytes,
    };
    let speaks_tls = bind.iter().any(|(bind, _)| bind.transport == Transport::Tls);
    let tls = tls(&mut section, speaks_tls, faults);
    let min = section.seconds("registration_min_s", Duration::from_secs(60), 1..=86_400, faults);
    let max = section.seconds("registration_max_s", Duration::from_secs(3600), 1..=604_800, faults);
    let drain = section.seconds("drain_s", DRAIN, 0..=86_400, faults);
    if min > max {
        let place = section.place.key("registration_min_s", section.place.offset);
        faults.add(&place, "is more than registration_max_s", "make it the smaller of the two");
    }
    let name_servers = section.texts("name_servers", faults);
    let session_times = session_times(&mut section, SessionTimes::default(), faults);
    let part = SipPart {
        name_servers: name_servers.iter().filter_map(|text| name_server(text, faults)).collect(),
        bind: bind.into_iter().map(|(bind, _)| bind).collect(),
        tls,
        tcp_above,
        flows,
        realm: realm.and_then(|text| checked_realm(&text, faults)).unwrap_or_else(|| "throughline".to_owned()),
        digests,
        session_times,
        registration_min: min,
        registration_max: max,
        drain,
    };
    section.finish(faults);
    part
}

impl SipPart {
    /// The flow of a section that may name one of our sockets under `bind`; the first without it.
    pub(super) fn flow(&self, section: &mut Section<'_>, faults: &mut Faults<'_>) -> FlowId {
        let Some(text) = section.text("bind", faults) else { return FlowId(0) };
        let Some(wanted) = bind_of(&text, faults) else { return FlowId(0) };
        let place = self.bind.iter().position(|bind| *bind == wanted);
        if place.is_none() {
            let known: Vec<_> = self.bind.iter().map(SipBind::to_string).collect();
            let remedy = format!("write one of those under [sip] bind: {}", known.join(", "));
            faults.add(&text.place, format!("{wanted} is not one of our sockets"), remedy);
        }
        FlowId(place.unwrap_or(0) as u64)
    }

    /// Says so when a URI asks for a transport that we have no socket for.
    pub(super) fn check_transport(&self, text: &Text<'_>, faults: &mut Faults<'_>) {
        let example = text.value.replace("{dialled}", "0");
        let Some(wanted) = Uri::read(example.as_bytes()).and_then(|uri| uri.transport()) else { return };
        if wanted.is_websocket() {
            let remedy = "leave the transport out: browsers open websockets, we do not";
            return faults.add(&text.place, format!("{:?} asks for a websocket", text.value), remedy);
        }
        if !self.bind.is_empty() && !self.bind.iter().any(|bind| bind.transport == wanted) {
            let remedy = format!("add \"{}:ADDRESS:PORT\" to [sip] bind, or leave the transport out", wanted.param());
            faults.add(&text.place, format!("{:?} asks for a transport that we do not have", text.value), remedy);
        }
    }

    /// Our flows, and that of the HTTP server's websockets after them.
    pub(super) fn flows_with(&self, http: SocketAddr, over_tls: bool) -> Vec<LocalFlow> {
        let ip = self.first_advertised().filter(|_| http.ip().is_unspecified()).unwrap_or(http.ip());
        let advertised = SocketAddr::new(ip, http.port());
        let transport = if over_tls { Transport::Wss } else { Transport::Ws };
        let web = LocalFlow { flow: web_flow(self.bind.len()), transport, advertised };
        self.flows.iter().cloned().chain([web]).collect()
    }

    pub(super) fn transport(&self, flow: FlowId) -> Option<Transport> {
        self.flows.iter().find(|local| local.flow == flow).map(|local| local.transport)
    }

    /// Of the addresses that peers know us by, the first of each family.
    pub(super) fn advertised_of_each(&self) -> Vec<IpAddr> {
        let mut known: Vec<IpAddr> = Vec::new();
        for address in self.flows.iter().map(|flow| flow.advertised.ip()).filter(|ip| !ip.is_unspecified()) {
            if !known.iter().any(|one| Family::of(*one) == Family::of(address)) {
                known.push(address);
            }
        }
        known
    }

    /// Of the address that peers know that socket by.
    pub(super) fn family(&self, flow: FlowId) -> Option<Family> {
        self.flows.iter().find(|local| local.flow == flow).map(|local| Family::of(local.advertised.ip()))
    }

    /// The address that peers know us by, for what follows from it.
    pub(super) fn first_advertised(&self) -> Option<IpAddr> {
        self.flows.first().map(|flow| flow.advertised.ip())
    }
}

/// The flow of the HTTP server beside so many sockets.
pub fn web_flow(sockets: usize) -> FlowId {
    FlowId(sockets as u64)
}

/// The sockets that can be bound, and how many were written.
fn binds<'a>(section: &mut Section<'a>, faults: &mut Faults<'_>) -> (Vec<(SipBind, Text<'a>)>, usize) {
    let Some(item) = section.required("bind", "add [sip] with bind = [\"192.0.2.1:5060\"]", faults) else {
        return (Vec::new(), 0);
    };
    let mut binds: Vec<(SipBind, Text<'a>)> = Vec::new();
    let texts = item.texts(faults);
    let given = texts.len();
    for text in texts {
        let Some(bind) = bind_of(&text, faults) else { continue };
        let address = bind.address;
        if address.port() == 0 {
            faults.add(&text.place, format!("{address} has no port"), "choose one, as 5060: peers must know it");
            continue;
        }
        if binds.iter().any(|(other, _)| share_a_port(*other, bind)) {
            faults.add(&text.place, format!("{address} is bound already"), "choose another port, or leave it out");
            continue;
        }
        binds.push((bind, text));
    }
    if binds.len() > FLOWS_MAX {
        faults.add(&item.place, "has too many sockets", format!("write at most {FLOWS_MAX}"));
    }
    (binds, given)
}

/// `udp:`, `tcp:` or `tls:` and an address; UDP without.
fn bind_of(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<SipBind> {
    let known = [Transport::Udp, Transport::Tcp, Transport::Tls];
    let read = |transport: Transport| Some((transport, text.value.strip_prefix(transport.param())?.strip_prefix(':')?));
    let (transport, rest) = known.into_iter().find_map(read).unwrap_or((Transport::Udp, text.value));
    let address = socket(&Text { value: rest, place: text.place.clone() }, faults)?;
    Some(SipBind { transport, address })
}

/// TLS goes over TCP, and the ports of UDP are others.
fn share_a_port(one: SipBind, other: SipBind) -> bool {
    one.transport.is_reliable() == other.transport.is_reliable() && collide(one.address, other.address)
}

/// Two sockets of the same port, where one may stand for every address of the machine. Port 0 is any that is free.
pub(super) fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let same_ip = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && same_ip && one.is_ipv4() == other.is_ipv4()
}

fn flows(
    section: &mut Section<'_>,
    binds: &[(SipBind, Text<'_>)],
    given: usize,
    faults: &mut Faults<'_>,
) -> Vec<LocalFlow> {
    let advertised = section.texts("advertised", faults);
    if !advertised.is_empty() && advertised.len() != given {
        let place = section.place.key("advertised", advertised[0].place.offset);
        faults.add(&place, "has not as many entries as bind", "write one for each socket, in the same order");
    }
    let flow = |(n, (SipBind { transport, address: bind }, text)): (usize, &(SipBind, Text<'_>))| {
        let said = advertised.get(n).and_then(|text| socket(text, faults));
        if said.unwrap_or(*bind).ip().is_unspecified() {
            let remedy = "write the address that peers reach us at: advertised = [\"192.0.2.1:5060\"]";
            faults.add(&text.place, format!("{bind} says no address to answer to"), remedy);
        }
        LocalFlow { flow: FlowId(n as u64), transport: *transport, advertised: said.unwrap_or(*bind) }
    };
    binds.iter().enumerate().map(flow).collect()
}

/// The files, which the shell reads.
fn tls(section: &mut Section<'_>, speaks_tls: bool, faults: &mut Faults<'_>) -> Option<TlsPlan> {
    let mut tls = section.section("tls", faults);
    if !speaks_tls && !tls.is_given() {
        return None;
    }
    if !speaks_tls {
        let remedy = "add \"tls:ADDRESS:5061\" to bind, or leave this out";
        faults.add(&tls.place, "is there, and no socket for TLS", remedy);
    }
    let mut needed = |key, remedy, faults: &mut Faults<'_>| {
        let text = tls.required(key, remedy, faults).and_then(|item| item.text(faults));
        text.map(|text| file_at(&text, key, faults))
    };
    let certificate = needed("certificate", "write the path of our certificate in PEM", faults);
    let key = needed("key", "write the path of its private key in PEM", faults);
    let mut optional = |key, faults: &mut Faults<'_>| tls.text(key, faults).map(|text| file_at(&text, key, faults));
    let (client_ca, server_ca) = (optional("client_ca", faults), optional("server_ca", faults));
    let place = tls.place.clone();
    tls.finish(faults);
    let line = faults.line(&place);
    let server_ca = server_ca.unwrap_or_else(|| FileAt { path: SYSTEM_CA.into(), line, key: "server_ca" });
    Some(TlsPlan { certificate: certificate?, key: key?, client_ca, server_ca })
}

/// Where Debian keeps the authorities that everybody trusts.
const SYSTEM_CA: &str = "/etc/ssl/certs/ca-certificates.crt";

pub(super) fn file_at(text: &Text<'_>, key: &'static str, faults: &Faults<'_>) -> FileAt {
    FileAt { path: text.value.into(), line: faults.line(&text.place), key }
}

/// How long a session lives without a refresh (RFC 4028), and the least that a peer may ask for; `usual` when nothing is written.
pub(super) fn session_times(section: &mut Section<'_>, usual: SessionTimes, faults: &mut Faults<'_>) -> SessionTimes {
    let is_given = section.item("session_expires_s").is_some() | section.item("min_se_s").is_some();
    let expires = section.seconds("session_expires_s", usual.expires, 0..=86_400, faults);
    let min = section.seconds("min_se_s", usual.min, 1..=86_400, faults);
    if is_given && !expires.is_zero() && expires < min {
        let place = section.place.key("session_expires_s", section.place.offset);
        faults.add(&place, "is less than min_se_s", "make it the larger of the two, or 0 to leave it to the peers");
    }
    SessionTimes { expires, min }
}

/// MD5 alone unless told: phones that do not know SHA-256 may give up on both when they see it.
fn digests(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Vec<Algorithm> {
    let mut digests = Vec::new();
    for text in section.texts("digest", faults) {
        match [Algorithm::Sha256, Algorithm::Md5].into_iter().find(|known| known.name() == text.value) {
            Some(known) if !digests.contains(&known) => digests.push(known),
            Some(_) => faults.add(&text.place, format!("{} is there twice", text.value), "write it once"),
            None => {
                let remedy = "write \"MD5\", \"SHA-256\" or both, the preferred one first";
                faults.add(&text.place, format!("{:?} is no digest algorithm", text.value), remedy);
            }
        }
    }
    if digests.is_empty() { vec![Algorithm::Md5] } else { digests }
}

/// With a port or without.
fn name_server(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<SocketAddr> {
    match text.value.parse::<IpAddr>() {
        Ok(address) => Some(SocketAddr::new(address, DNS_PORT)),
        Err(_) => text.parse(str::parse, "write an address, like \"192.0.2.53\" or \"192.0.2.53:53\"", faults),
    }
}

const DNS_PORT: u16 = 53;

fn checked_realm(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._@".contains(&b);
    if text.value.is_empty() || !text.value.bytes().all(is_plain) {
        faults.add(&text.place, format!("{:?} is no realm", text.value), "write a domain, like \"voice.example.com\"");
        return None;
    }
    Some(text.value.to_owned())
}
