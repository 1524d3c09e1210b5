//! What a new request of a trunk must fulfil before it makes a call (RFC 3261 sections 8.2.2 and 8.2.3, 16.3).

use super::compose::{ALLOW, EXTENSIONS, REGISTERING, SDP};
use super::core::Core;
use crate::sip::wire::{HeaderName, Request, Scheme, Writer};

/// A refusal with the header field that says what would be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 483: Max-Forwards is spent.
    TooManyHops,
    /// 416: neither sip, sips nor tel.
    Scheme,
    /// 420: extensions that we do not have.
    Extensions(Vec<u8>),
    /// 421: an extension that the trunk must have and the request lacks.
    ExtensionRequired(&'static str),
    /// 422: a session may not be so short (RFC 4028 section 8.1); with what it may be, in seconds.
    IntervalTooSmall(u32),
    /// 415: a body that is no session description.
    MediaType,
    /// 406: our answer could not be read.
    Accept,
    /// 405.
    Method,
    /// 481: it would take the place of another dialog.
    Replaces,
}

impl Fault {
    pub fn status(&self) -> u16 {
        match self {
            Fault::TooManyHops => 483,
            Fault::Scheme => 416,
            Fault::Extensions(_) => 420,
            Fault::ExtensionRequired(_) => 421,
            Fault::IntervalTooSmall(_) => 422,
            Fault::MediaType => 415,
            Fault::Accept => 406,
            Fault::Method => 405,
            Fault::Replaces => 481,
        }
    }

    pub fn explain(&self, writer: &mut Writer) {
        match self {
            Fault::TooManyHops | Fault::Scheme | Fault::Replaces => {}
            Fault::Extensions(names) => {
                writer.push_bytes(HeaderName::UNSUPPORTED, names);
            }
            Fault::ExtensionRequired(name) => {
                writer.push(HeaderName::REQUIRE, name);
            }
            Fault::IntervalTooSmall(least) => {
                writer.push(HeaderName::MIN_SE, least);
            }
            Fault::MediaType | Fault::Accept => {
                writer.push(HeaderName::ACCEPT, SDP);
            }
            Fault::Method => {
                writer.push(HeaderName::ALLOW, ALLOW);
            }
        }
    }
}

/// Of any request that opens something new.
pub fn outside(request: &Request) -> Result<(), Fault> {
    if request.max_forwards() == Some(0) {
        return Err(Fault::TooManyHops);
    }
    if request.uri().scheme == Scheme::Other {
        return Err(Fault::Scheme);
    }
    extensions(request)
}

/// Whether we have all that the peer requires.
pub fn extensions(request: &Request) -> Result<(), Fault> {
    let known =
        |name: &&[u8]| EXTENSIONS.iter().chain(&REGISTERING).any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    let required = request.list(HeaderName::REQUIRE).filter(|name| !known(name));
    let names: Vec<&[u8]> = required.chain(request.list(HeaderName::PROXY_REQUIRE)).collect();
    if names.is_empty() { Ok(()) } else { Err(Fault::Extensions(names.join(&b", "[..]))) }
}

/// Only an agent's phone takes a call over by an INVITE: for anybody else there is none that matches (RFC 3891 section 3).
pub fn no_replaces(request: &Request) -> Result<(), Fault> {
    if request.header(HeaderName::REPLACES).is_some() { Err(Fault::Replaces) } else { Ok(()) }
}

/// The body is a session description or there is none, and so may the answer's be.
pub fn session_body(request: &Request) -> Result<(), Fault> {
    let encoded = request
        .header(HeaderName::CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity"));
    if !request.body().is_empty() && (!request.content_type_is(SDP) || encoded) {
        return Err(Fault::MediaType);
    }
    if takes_sdp(request) { Ok(()) } else { Err(Fault::Accept) }
}

/// No Accept at all means that session descriptions are taken (RFC 3261 section 20.1).
fn takes_sdp(request: &Request) -> bool {
    let mut ranges = request.list(HeaderName::ACCEPT).peekable();
    ranges.peek().is_none() || ranges.any(is_sdp_range)
}

fn is_sdp_range(range: &[u8]) -> bool {
    let range = range.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    [SDP, "application/*", "*/*"].iter().any(|known| range.eq_ignore_ascii_case(known.as_bytes()))
}

/// The digest by which merged copies of one INVITE are known (RFC 3261 section 8.2.2.2).
pub fn merge_digest(core: &Core, request: &Request) -> u64 {
    core.digest(&[request.from_tag(), request.call_id(), &request.cseq().number.to_be_bytes()])
}
