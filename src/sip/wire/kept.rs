//! What the parser has read to see whether it is right, kept as places in the message, so that no reader reads it again.

use std::net::IpAddr;

use super::address::NameAddr;
use super::host::Host;
use super::message::Span;
use super::params::Params;
use super::uri::{Scheme, Uri};
use super::via::{Rport, Transport, Via};

/// Of each message that was let through.
#[derive(Clone)]
pub(super) struct Kept {
    pub via: KeptVia,
    pub from: KeptAddress,
    pub to: KeptAddress,
    /// The first one of a request, unless it is the star.
    pub contact: Option<KeptAddress>,
}

/// A `NameAddr` of this message.
#[derive(Clone, Copy)]
pub(super) struct KeptAddress {
    display: Span,
    uri: KeptUri,
    tag: Span,
    params: Span,
    raw: Span,
}

/// A `Uri` of this message.
#[derive(Clone, Copy)]
pub(super) struct KeptUri {
    scheme: Scheme,
    user: Option<Span>,
    password: Option<Span>,
    host: Option<KeptHost>,
    port: Option<u16>,
    params: Span,
    headers: Span,
    raw: Span,
}

#[derive(Clone, Copy)]
enum KeptHost {
    Name(Span),
    Address(IpAddr),
}

/// A `Via` of this message.
#[derive(Clone, Copy)]
pub(super) struct KeptVia {
    transport: KeptTransport,
    host: KeptHost,
    port: Option<u16>,
    sent_by: Span,
    branch: Span,
    rport: Rport,
    received: Option<IpAddr>,
    params: Span,
    raw: Span,
}

#[derive(Clone, Copy)]
enum KeptTransport {
    Known(Transport<'static>),
    Other(Span),
}

impl KeptAddress {
    /// `address` borrows from `raw`.
    pub fn keep(address: &NameAddr<'_>, raw: &[u8]) -> KeptAddress {
        let span = |part| Span::within(raw, part);
        KeptAddress {
            display: span(address.display),
            uri: KeptUri::keep(&address.uri, raw),
            tag: span(address.tag),
            params: span(address.params.raw()),
            raw: span(address.raw),
        }
    }

    pub fn of<'a>(&self, raw: &'a [u8]) -> NameAddr<'a> {
        NameAddr {
            display: self.display.of(raw),
            uri: self.uri.of(raw),
            tag: self.tag.of(raw),
            params: Params::new(self.params.of(raw)),
            raw: self.raw.of(raw),
        }
    }

    pub fn tag<'a>(&self, raw: &'a [u8]) -> &'a [u8] {
        self.tag.of(raw)
    }
}

impl KeptUri {
    /// `uri` borrows from `raw`.
    pub fn keep(uri: &Uri<'_>, raw: &[u8]) -> KeptUri {
        let span = |part| Span::within(raw, part);
        KeptUri {
            scheme: uri.scheme,
            user: uri.user.map(span),
            password: uri.password.map(span),
            host: uri.host.map(|host| KeptHost::keep(host, raw)),
            port: uri.port,
            params: span(uri.params.raw()),
            headers: span(uri.headers),
            raw: span(uri.raw()),
        }
    }

    pub fn of<'a>(&self, raw: &'a [u8]) -> Uri<'a> {
        Uri {
            scheme: self.scheme,
            user: self.user.map(|user| user.of(raw)),
            password: self.password.map(|password| password.of(raw)),
            host: self.host.map(|host| host.of(raw)),
            port: self.port,
            params: Params::new(self.params.of(raw)),
            headers: self.headers.of(raw),
            raw: self.raw.of(raw),
        }
    }
}

impl KeptHost {
    fn keep(host: Host<'_>, raw: &[u8]) -> KeptHost {
        match host {
            Host::Name(name) => KeptHost::Name(Span::within(raw, name)),
            Host::Address(address) => KeptHost::Address(address),
        }
    }

    fn of(self, raw: &[u8]) -> Host<'_> {
        match self {
            KeptHost::Name(name) => Host::Name(name.of(raw)),
            KeptHost::Address(address) => Host::Address(address),
        }
    }
}

impl KeptVia {
    /// `via` borrows from `raw`.
    pub fn keep(via: &Via<'_>, raw: &[u8]) -> KeptVia {
        let span = |part| Span::within(raw, part);
        let transport = match via.transport {
            Transport::Udp => KeptTransport::Known(Transport::Udp),
            Transport::Tcp => KeptTransport::Known(Transport::Tcp),
            Transport::Tls => KeptTransport::Known(Transport::Tls),
            Transport::Ws => KeptTransport::Known(Transport::Ws),
            Transport::Wss => KeptTransport::Known(Transport::Wss),
            Transport::Other(text) => KeptTransport::Other(span(text)),
        };
        KeptVia {
            transport,
            host: KeptHost::keep(via.host, raw),
            port: via.port,
            sent_by: span(via.sent_by),
            branch: span(via.branch),
            rport: via.rport,
            received: via.received,
            params: span(via.params.raw()),
            raw: span(via.raw),
        }
    }

    pub fn of<'a>(&self, raw: &'a [u8]) -> Via<'a> {
        let transport = match self.transport {
            KeptTransport::Known(known) => known,
            KeptTransport::Other(text) => Transport::Other(text.of(raw)),
        };
        Via {
            transport,
            host: self.host.of(raw),
            port: self.port,
            sent_by: self.sent_by.of(raw),
            branch: self.branch.of(raw),
            rport: self.rport,
            received: self.received,
            params: Params::new(self.params.of(raw)),
            raw: self.raw.of(raw),
        }
    }
}
