//! The messages that we begin: requests inside dialogs, INVITE, OPTIONS, and the bodies of our answers.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::challenged::Answer;
use super::core::{Core, Own, Way};
use super::invite_client::Goal;
use super::names::Tag;
use super::session_timer;
use crate::base::Plain;
use crate::sip::api::{Carried, Dial, EnrolPlan, HeaderField, Reason, Reliable, Transport, UserToUsers};
use crate::sip::claims::{Asserted, Hearer};
use crate::sip::dialog::Dialog;
use crate::sip::transaction::{Branch, ServerKey, key::KeyParts};
use crate::sip::wire::{HeaderName, Headers, Method, NameAddr, Request, Uri, Writer, reason_phrase};

pub const SDP: &str = "application/sdp";
/// What we take inside dialogs and from trunks.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER";
/// Reliable provisional answers (RFC 3262).
pub const RELIABLE: &str = "100rel";
/// Session timers (RFC 4028).
pub const TIMER: &str = "timer";
/// What a peer may require of us; a REFER without subscription (RFC 4488) and a dialog in the place of another (RFC 3891) too.
pub const EXTENSIONS: [&str; 4] = [RELIABLE, TIMER, "norefersub", "replaces"];
/// Flows that the phone opens (RFC 5626), and proxies on the way to it (RFC 3327).
pub const OUTBOUND: &str = "outbound";
pub const PATH: &str = "path";
/// What a phone may require of a registrar besides.
pub const REGISTERING: [&str; 2] = [PATH, OUTBOUND];
const MAX_FORWARDS: u8 = 70;

/// The server transaction that `request` belongs to, or that its ACK or CANCEL is about when `method` is INVITE.
pub fn key_of(request: &Request, method: &Method) -> ServerKey {
    let via = request.via_top();
    ServerKey::new(&KeyParts {
        branch: via.branch,
        sent_by: via.sent_by,
        method: method.as_bytes(),
        call_id: request.call_id(),
        from_tag: request.from_tag(),
        cseq: request.cseq().number,
    })
}

/// Where the answers to `request` go, which came by `way`.
pub fn way_back(request: &Headers, way: Way) -> Way {
    let via = request.via_top();
    (way.0, if way.0.is_stream() { via.listening_address(way.1) } else { via.reply_address(way.1) })
}

/// The beginning of an answer.
pub fn reply(request: &Headers, status: u16, way: Way, tag: Tag) -> Writer {
    Writer::reply(request, status, reason_phrase(status), way.1, &tag.to_string())
}

/// The 100 that leaves at once; its To has no tag of ours yet.
pub fn trying(request: &Headers, way: Way) -> Bytes {
    Writer::reply(request, 100, reason_phrase(100), way.1, "").finish()
}

/// The beginning of an answer that opens or keeps a dialog (RFC 3261 section 12.1.1).
pub fn reply_with_contact(core: &Core, request: &Request, status: u16, way: Way, tag: Tag) -> Writer {
    let mut writer = reply(request, status, way, tag);
    let contact = Contact { own: core.own(way.0), is_secure: asks_for_sips(request) };
    writer.copy_all(HeaderName::RECORD_ROUTE, request).push(HeaderName::CONTACT, contact);
    if status >= 200 {
        writer.push(HeaderName::ALLOW, ALLOW);
    }
    writer
}

/// The beginning of a request inside `dialog`.
pub fn within(core: &Core, dialog: &Dialog, method: &Method, cseq: u32, branch: Branch, way: Way) -> Writer {
    let path = dialog.path();
    let mut writer = Writer::request(method, path.uri);
    push_via(&mut writer, core.own(way.0), branch);
    for route in path.routes {
        writer.push_bytes(HeaderName::ROUTE, route);
    }
    if let Some(last) = path.last {
        writer.push_bytes(HeaderName::ROUTE, &[b"<", last, b">"].concat());
    }
    writer
        .push(HeaderName::MAX_FORWARDS, MAX_FORWARDS)
        .push_bytes(HeaderName::FROM, &dialog.local)
        .push_bytes(HeaderName::TO, &dialog.remote)
        .push_bytes(HeaderName::CALL_ID, &dialog.call_id)
        .push(HeaderName::CSEQ, format_args!("{cseq} {method}"));
    if matches!(method, Method::Invite | Method::Update) {
        writer
            .push(HeaderName::CONTACT, contact_in(core, dialog, way))
            .push(HeaderName::ALLOW, ALLOW)
            .push(HeaderName::SUPPORTED, TIMER);
    }
    writer
}

/// What all INVITEs of one `Dial` have in common.
pub struct Invitation<'a> {
    pub dial: &'a Dial,
    /// Our From, tag included.
    pub from: &'a [u8],
    pub call_id: &'a str,
    pub cseq: u32,
}

/// The INVITE to `goal`.
pub fn invite(core: &Core, invitation: &Invitation<'_>, goal: &Goal, branch: Branch) -> Bytes {
    let Goal { uri, way, routes, .. } = goal;
    let (uri, way) = (&uri[..], *way);
    let own = core.own(way.0);
    let mut writer = Writer::request(&Method::Invite, uri);
    push_via(&mut writer, own, branch);
    for route in routes {
        writer.push_bytes(HeaderName::ROUTE, route);
    }
    writer
        .push(HeaderName::MAX_FORWARDS, MAX_FORWARDS)
        .push_bytes(HeaderName::FROM, invitation.from)
        .push_bytes(HeaderName::TO, &[b"<", uri, b">"].concat())
        .push(HeaderName::CALL_ID, invitation.call_id)
        .push(HeaderName::CSEQ, format_args!("{} INVITE", invitation.cseq))
        .push(HeaderName::CONTACT, Contact { own, is_secure: is_sips(uri) })
        .push(HeaderName::ALLOW, ALLOW);
    // Without an offer of ours the answer would belong into the PRACK.
    let reliable = if invitation.dial.offer.is_empty() { Reliable::Off } else { invitation.dial.reliable };
    match reliable {
        Reliable::Off => writer.push(HeaderName::SUPPORTED, TIMER),
        Reliable::Supported => writer.push(HeaderName::SUPPORTED, EXTENSIONS.join(", ")),
        Reliable::Required => writer.push(HeaderName::REQUIRE, RELIABLE).push(HeaderName::SUPPORTED, TIMER),
    };
    let trunk = core.trunk_dialled(invitation.dial.trunk.as_ref(), Some(way.1));
    session_timer::push_asked(&mut writer, core.session_times(trunk));
    push_asserted(&mut writer, core, invitation.dial, way);
    push_user_to_users(&mut writer, &invitation.dial.user_to_users);
    push_headers(&mut writer, &invitation.dial.headers);
    writer.finish_with(SDP, &invitation.dial.offer)
}

/// The From of a dialled leg.
pub fn from_of(dial: &Dial, own: SocketAddr, tag: Tag) -> Bytes {
    let mut from = String::new();
    let display = dial.from_display.expose();
    if !display.is_empty() {
        from.push('"');
        display.chars().filter(|c| !c.is_control()).for_each(|c| {
            if matches!(c, '"' | '\\') {
                from.push('\\');
            }
            from.push(c);
        });
        from.push_str("\" ");
    }
    // Writing to a String does not fail.
    let _ = write!(from, "<sip:{}{}>;tag={tag}", User(dial.from_user.expose()), Plain(own));
    Bytes::from(from)
}

/// `request` once more, with a number and a branch of its own and with these answers to challenges.
pub fn again(core: &Core, request: &Request, cseq: u32, (branch, way): (Branch, Way), answers: &[Answer]) -> Bytes {
    let mut writer = Writer::request(request.method(), request.uri().raw());
    push_via(&mut writer, core.own(way.0), branch);
    for (name, value) in request.all() {
        let made_anew = [HeaderName::VIA, HeaderName::CONTENT_TYPE, HeaderName::CONTENT_LENGTH].contains(&name);
        if name == HeaderName::CSEQ {
            writer.push(name, format_args!("{cseq} {}", request.method()));
        } else if !made_anew && !answers.iter().any(|answer| answer.replaces(name, value)) {
            writer.push_bytes(name, value);
        }
    }
    for answer in answers {
        writer.push(answer.name, &answer.value);
    }
    let content_type = request.content_type().map(String::from_utf8_lossy).unwrap_or_default();
    writer.finish_with(&content_type, request.body())
}

/// What a REGISTER says.
pub struct Register<'a> {
    pub plan: &'a EnrolPlan,
    pub call_id: &'a str,
    pub tag: u64,
    pub cseq: u32,
    /// Zero takes the registration back.
    pub life: Duration,
}

/// Our REGISTER to a carrier (RFC 3261 section 10.2).
pub fn register(core: &Core, register: &Register<'_>, branch: Branch, way: Way) -> Bytes {
    let own = core.own(way.0);
    let (plan, seconds) = (register.plan, register.life.as_secs());
    let domain = Uri::read(plan.server.as_bytes()).and_then(|uri| uri.host).map(|host| host.to_string());
    let record = format!("<sip:{}{}>", User(&plan.user), domain.unwrap_or_default());
    let mut writer = Writer::request(&Method::Register, plan.server.as_bytes());
    push_via(&mut writer, own, branch);
    writer
        .push(HeaderName::MAX_FORWARDS, MAX_FORWARDS)
        .push(HeaderName::FROM, format_args!("{record};tag={:016x}", register.tag))
        .push(HeaderName::TO, &record)
        .push(HeaderName::CALL_ID, register.call_id)
        .push(HeaderName::CSEQ, format_args!("{} REGISTER", register.cseq))
        .push(HeaderName::CONTACT, format_args!("<{}>;expires={seconds}", UserAt(&plan.contact_user, own)))
        .push(HeaderName::EXPIRES, seconds);
    writer.finish()
}

/// An OPTIONS to a trunk or gateway.
pub fn options(core: &Core, uri: &str, (branch, way): (Branch, Way), call_id: &str, tag: u64) -> Bytes {
    let own = core.own(way.0);
    let mut writer = Writer::request(&Method::Options, uri.as_bytes());
    push_via(&mut writer, own, branch);
    writer
        .push(HeaderName::MAX_FORWARDS, MAX_FORWARDS)
        .push(HeaderName::FROM, format_args!("<sip:{}>;tag={tag:016x}", own.address))
        .push(HeaderName::TO, format_args!("<{uri}>"))
        .push(HeaderName::CALL_ID, call_id)
        .push(HeaderName::CSEQ, "1 OPTIONS")
        .push(HeaderName::CONTACT, Contact { own, is_secure: is_sips(uri.as_bytes()) })
        .push(HeaderName::ACCEPT, SDP);
    writer.finish()
}

/// Adds `Reason` when there is one.
pub fn push_reason(writer: &mut Writer, reason: Option<&Reason>) {
    if let Some(reason) = reason {
        let text: String = reason.text.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).collect();
        writer.push(HeaderName::REASON, format_args!("{};cause={};text=\"{text}\"", reason.protocol, reason.cause));
    }
}

/// What a 488 should say (RFC 3261 sections 20.43 and 21.4.26).
pub fn push_warning(writer: &mut Writer, core: &Core, status: u16, way: Way) {
    if status == 488 {
        let own = core.own(way.0).address;
        writer.push(HeaderName::WARNING, format_args!("305 {own} \"Incompatible media format\""));
    }
}

/// The first Reason of `message` whose protocol we know.
pub fn reason_of(message: &Headers) -> Option<Reason> {
    message.reasons().find_map(|value| {
        let protocol = ["SIP", "Q.850"].into_iter().find(|known| value.is(known))?;
        let written = value.text();
        let plain = written.iter().filter(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'));
        let text = plain.take(REASON_TEXT_MAX).map(|byte| char::from(*byte)).collect();
        Some(Reason { protocol, cause: value.cause?, text })
    })
}

/// A text that somebody reads in a log; a longer one is cut.
const REASON_TEXT_MAX: usize = 128;

/// What an answer or BYE carries besides.
pub fn push_carried(writer: &mut Writer, carried: Option<&Carried>) {
    let Some(carried) = carried else { return };
    push_user_to_users(writer, &carried.user_to_users);
    push_headers(writer, &carried.headers);
}

/// Where the peer reaches us; requests that refresh the target bring theirs along.
pub fn push_contact(writer: &mut Writer, core: &Core, dialog: &Dialog, way: Way) {
    writer.push(HeaderName::CONTACT, contact_in(core, dialog, way));
}

/// A peer at a SIPS URI must reach us by one (RFC 3261 section 8.1.1.8).
/// As a value of its own.
pub fn contact_within(core: &Core, dialog: &Dialog, way: Way) -> String {
    contact_in(core, dialog, way).to_string()
}

fn contact_in(core: &Core, dialog: &Dialog, way: Way) -> Contact {
    let first = dialog.routes.first().and_then(|route| NameAddr::read(route)).map(|route| route.uri.raw());
    Contact { own: core.own(way.0), is_secure: is_sips(first.unwrap_or_default()) || is_sips(&dialog.target) }
}

/// Whether the Contact of our answer must be a SIPS URI (RFC 3261 section 12.1.1).
fn asks_for_sips(request: &Request) -> bool {
    let route = request.record_routes().next().map(|route| route.uri.raw());
    let contact = || request.contact().map(|contact| contact.uri.raw());
    is_sips(request.uri().raw()) || is_sips(route.or_else(contact).unwrap_or_default())
}

fn is_sips(uri: &[u8]) -> bool {
    uri.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"sips:"))
}

/// Who calls, where that may be heard (RFC 3325 sections 5 and 7).
fn push_asserted(writer: &mut Writer, core: &Core, dial: &Dial, way: Way) {
    let Some(Asserted { identity, is_withheld, hearer }) = &dial.asserted else { return };
    let may_hear = match hearer {
        Hearer::Phone => true,
        Hearer::TrustedTrunk => core.trusts(&dial.target, way.1),
    };
    if may_hear {
        writer.push_bytes(HeaderName::P_ASSERTED_IDENTITY, identity.expose().as_bytes());
        if *is_withheld {
            writer.push(HeaderName::PRIVACY, "id");
        }
    }
}

fn push_user_to_users(writer: &mut Writer, values: &UserToUsers) {
    for value in &values.0 {
        writer.push_bytes(HeaderName::USER_TO_USER, value.expose());
    }
}

fn push_headers(writer: &mut Writer, headers: &[HeaderField]) {
    for HeaderField { name, value } in headers {
        // A header that could break out of its line is left out.
        let _ = writer.push_header(HeaderName::from(&**name), value.expose());
    }
}

fn push_via(writer: &mut Writer, own: Own, branch: Branch) {
    let (transport, address) = (own.transport, Plain(own.address));
    // The peer may send its own requests over this connection (RFC 5923).
    let alias = if transport == Transport::Tls { ";alias" } else { "" };
    writer.push(HeaderName::VIA, format_args!("SIP/2.0/{} {address};rport{alias};branch={branch}", transport.token()));
}

/// A Contact of ours. UDP is what a URI without a transport means (RFC 3263 section 4.1).
struct Contact {
    own: Own,
    /// A SIPS URI, over TLS.
    is_secure: bool,
}

impl std::fmt::Display for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_secure && self.own.transport == Transport::Tls {
            return write!(f, "<sips:{}>", Plain(self.own.address));
        }
        write!(f, "<{}>", UserAt("", self.own))
    }
}

/// A SIP URI of ours with a user part, or without one when it is empty.
struct UserAt<'a>(&'a str, Own);

impl std::fmt::Display for UserAt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (user, transport, address) = (User(self.0), self.1.transport, Plain(self.1.address));
        match transport {
            Transport::Udp => write!(f, "sip:{user}{address}"),
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                write!(f, "sip:{user}{address};transport={}", transport.param())
            }
        }
    }
}

/// A user part with its `@`, escaped (RFC 3261 section 25.1); nothing for an empty one.
struct User<'a>(&'a str);

/// Unreserved, or one of the other signs of a user part.
fn may_stand(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()+&=$,".contains(&byte)
}

impl std::fmt::Display for User<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rest = self.0.as_bytes();
        while let Some(first) = rest.first() {
            let (plain, others) = rest.split_at(rest.iter().position(|byte| !may_stand(*byte)).unwrap_or(rest.len()));
            f.write_str(std::str::from_utf8(plain).unwrap_or_default())?;
            rest = others;
            if plain.is_empty() {
                write!(f, "%{first:02X}")?;
                rest = others.get(1..).unwrap_or_default();
            }
        }
        if self.0.is_empty() { Ok(()) } else { f.write_str("@") }
    }
}
