//! Via (RFC 3261 section 20.42, RFC 3581): how a request came, and where its answers go.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::host::Host;
use super::lex;
use super::params::{Param, Params};

const SIP_PORT: u16 = 5060;
const SIPS_PORT: u16 = 5061;

/// A transport by its name in Via; an open set.
#[derive(Clone, Copy, Debug)]
pub enum Transport<'a> {
    Udp,
    Tcp,
    Tls,
    Ws,
    Wss,
    Other(&'a [u8]),
}

/// The `rport` parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rport {
    #[default]
    Absent,
    /// The client asks for its source port.
    Asked,
    /// The server has filled it in.
    Filled(u16),
}

/// One Via value.
#[derive(Clone, Copy)]
pub struct Via<'a> {
    pub transport: Transport<'a>,
    pub host: Host<'a>,
    pub port: Option<u16>,
    /// Host and port as written, the part that tells transactions apart.
    pub sent_by: &'a [u8],
    /// Empty when there is none.
    pub branch: &'a [u8],
    pub rport: Rport,
    pub received: Option<IpAddr>,
    pub params: Params<'a>,
    /// The whole value, as written.
    pub raw: &'a [u8],
}

/// What every branch since RFC 3261 begins with.
pub const MAGIC_COOKIE: &[u8] = b"z9hG4bK";

impl<'a> Via<'a> {
    /// Reads one value, without the comma; `None` when it does not follow the grammar.
    pub fn read(value: &'a [u8]) -> Option<Via<'a>> {
        let raw = value.trim_ascii();
        let (protocol, rest) = word(raw, b'/')?;
        let (version, rest) = word(rest, b'/')?;
        if !protocol.eq_ignore_ascii_case(b"SIP") || version != b"2.0" {
            return None;
        }
        let rest = rest.trim_ascii_start();
        let (transport, rest) = rest.split_at_checked(rest.iter().position(|b| lex::is_blank(*b))?)?;
        let (sent_by, params) = rest.split_at_checked(memchr::memchr(b';', rest).unwrap_or(rest.len()))?;
        let sent_by = sent_by.trim_ascii();
        let (host, port) = Host::read_with_port(sent_by)?;
        let transport = Transport::read(transport)?;
        // What we add to an unclosed quote would be read as a part of it.
        if !lex::is_closed(params) {
            return None;
        }
        let via = Via { transport, host, port, sent_by, params: Params::new(params), raw, ..Via::EMPTY };
        via.params.iter().try_fold(via, Via::with)
    }

    /// Where the answer goes over UDP, to a request that came from `source` (RFC 3261 section 18.2.2, RFC 3581 section 4).
    pub fn reply_address(&self, source: SocketAddr) -> SocketAddr {
        match self.rport {
            Rport::Absent => self.listening_address(source),
            Rport::Asked | Rport::Filled(_) => source,
        }
    }

    /// Where the answer goes to a request that came from `source` over a connection that has ended (RFC 3261 section 18.2.2).
    pub fn listening_address(&self, source: SocketAddr) -> SocketAddr {
        SocketAddr::new(source.ip(), self.port.unwrap_or(self.default_port()))
    }

    /// The branch is one that RFC 3261 lets a transaction be found by.
    pub fn has_unique_branch(&self) -> bool {
        self.branch.len() > MAGIC_COOKIE.len() && self.branch.starts_with(MAGIC_COOKIE)
    }

    fn default_port(&self) -> u16 {
        match self.transport {
            Transport::Tls | Transport::Wss => SIPS_PORT,
            Transport::Udp | Transport::Tcp | Transport::Ws | Transport::Other(_) => SIP_PORT,
        }
    }

    fn with(mut self, param: Param<'a>) -> Option<Via<'a>> {
        if !param.is_well_formed() {
            return None;
        }
        match param.name.len() {
            6 if param.is("branch") => self.branch = param.value,
            5 if param.is("rport") => self.rport = Rport::read(param.value)?,
            8 if param.is("received") => self.received = Host::read(param.value)?.address(),
            _ => {}
        }
        Some(self)
    }

    const EMPTY: Via<'static> = Via {
        transport: Transport::Other(b""),
        host: Host::Name(b""),
        port: None,
        sent_by: b"",
        branch: b"",
        rport: Rport::Absent,
        received: None,
        params: Params::NONE,
        raw: b"",
    };
}

/// A token, then white space if any, then `end`; and what follows.
fn word(text: &[u8], end: u8) -> Option<(&[u8], &[u8])> {
    let (word, rest) = lex::cut(text, memchr::memchr(end, text)?);
    Some((word.trim_ascii(), rest))
}

impl<'a> Transport<'a> {
    fn read(text: &'a [u8]) -> Option<Transport<'a>> {
        let known = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
        let found = known.into_iter().find(|t| t.as_bytes().eq_ignore_ascii_case(text));
        found.or_else(|| lex::is_token(text).then_some(Transport::Other(text)))
    }

    pub fn as_bytes(&self) -> &'a [u8] {
        match self {
            Transport::Udp => b"UDP",
            Transport::Tcp => b"TCP",
            Transport::Tls => b"TLS",
            Transport::Ws => b"WS",
            Transport::Wss => b"WSS",
            Transport::Other(text) => text,
        }
    }
}

impl PartialEq for Transport<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes().eq_ignore_ascii_case(other.as_bytes())
    }
}

impl Eq for Transport<'_> {}

impl Rport {
    fn read(value: &[u8]) -> Option<Rport> {
        if value.is_empty() {
            return Some(Rport::Asked);
        }
        lex::number(value)?.try_into().ok().map(Rport::Filled)
    }
}

impl Default for Via<'_> {
    fn default() -> Self {
        Via::EMPTY
    }
}

impl fmt::Debug for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{:?} via>", self.transport)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_everywhere() {
        let via = Via::read(b"SIP  / 2.0  / TCP     spindle.example.com : 5070  ;  branch  =   z9hG4bK9ikj8 ").unwrap();
        assert_eq!((via.transport, via.branch, via.port), (Transport::Tcp, &b"z9hG4bK9ikj8"[..], Some(5070)));
        assert_eq!(via.host, Host::Name(b"spindle.example.com"));
    }

    #[test]
    fn received_and_rport() {
        let via =
            Via::read(b"SIP/2.0/udp [2001:db8::9]:5060;Received=[2001:db8::9:255];rport=9;branch=z9hG4bKas3").unwrap();
        assert_eq!((via.rport, via.received), (Rport::Filled(9), "2001:db8::9:255".parse().ok()));
        assert!(via.has_unique_branch());
        let bare = Via::read(b"SIP/2.0/UDP a.example.com;received=2001:db8::9;branch=z9hG4bK;rport").unwrap();
        assert_eq!((bare.rport, bare.received), (Rport::Asked, "2001:db8::9".parse().ok()));
        assert!(!bare.has_unique_branch());
    }

    #[test]
    fn answers_find_their_way() {
        let source = "192.0.2.9:40000".parse().unwrap();
        let reply = |value: &str| Via::read(value.as_bytes()).unwrap().reply_address(source).to_string();
        assert_eq!(reply("SIP/2.0/UDP 10.0.0.1:5062;rport"), "192.0.2.9:40000");
        assert_eq!(reply("SIP/2.0/UDP 10.0.0.1:5062"), "192.0.2.9:5062");
        assert_eq!(reply("SIP/2.0/UDP 10.0.0.1"), "192.0.2.9:5060");
    }

    #[test]
    fn what_is_no_via_is_refused() {
        for text in
            ["", "SIP/2.0/UDP", "SIP/2.0/UDP 192.0.2.15;;", "SIP/1.0/UDP a", "SIP/2.0/UDP a;rport=x", "SIP/2.0/UDP a b"]
        {
            assert!(Via::read(text.as_bytes()).is_none(), "{text}");
        }
    }
}
