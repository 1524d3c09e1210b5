//! The requests that a phone writes.

use bytes::Bytes;

use crate::base::hex::to_hex;
use crate::base::rng::Rng;
use crate::sip::wire::{HeaderName, Method, Refresher, Request, Response, SessionExpires, Writer};

use super::api::{PhoneDial, PhoneSetup};
use super::call::Call;
use super::proving::RELIABLE;
use super::refreshing::{SESSION_SECONDS, TIMER};

const SDP: &str = "application/sdp";
const KEYS: &str = "application/dtmf-relay";

/// A random word of 16 letters, for tags and branches.
pub(super) fn word(rng: &mut Rng) -> String {
    format!("{:016x}", rng.u64())
}

/// The opening INVITE; it has the CSeq of the call.
pub(super) fn invite(setup: &PhoneSetup, call: &Call, dial: &PhoneDial, branch: &str, offer: &[u8]) -> Bytes {
    let mut writer = begin(setup, call, &Method::Invite, dial.uri.as_bytes(), branch, call.cseq);
    contact(&mut writer, setup);
    if let Some(asserted) = &dial.asserted {
        let identity = format!("<sip:{}@{}>", asserted.expose(), setup.address);
        writer.push(HeaderName::P_ASSERTED_IDENTITY, identity);
    }
    if let Some(data) = &dial.user_to_user {
        writer.push(HeaderName::USER_TO_USER, format!("{};encoding=hex", to_hex(data)));
    }
    supported(&mut writer, call);
    session_expires(&mut writer, call);
    writer.finish_with(SDP, offer)
}

/// Within the early dialog of `call`.
pub(super) fn prack(setup: &PhoneSetup, call: &Call, branch: &str, rack: &str, answer: &[u8]) -> Bytes {
    let mut writer = begin(setup, call, &Method::Prack, &call.target, branch, call.cseq);
    for route in &call.routes {
        writer.push_bytes(HeaderName::ROUTE, route);
    }
    writer.push(HeaderName::RACK, rack);
    writer.finish_with(SDP, answer)
}

/// REFER to whoever is to have the other side instead of us, and in whose name (RFC 3515, RFC 3892); `asked`: our own call with them,
/// whose place is to be taken (RFC 5589 section 7.3).
pub(super) fn refer(setup: &PhoneSetup, call: &Call, branch: &str, to: &str, asked: Option<&Call>) -> Bytes {
    let mut writer = begin(setup, call, &Method::Refer, &call.target, branch, call.cseq);
    for route in &call.routes {
        writer.push_bytes(HeaderName::ROUTE, route);
    }
    contact(&mut writer, setup);
    let replaces = asked.map(|asked| format!("?Replaces={}", escaped(&replaces(asked)))).unwrap_or_default();
    writer.push(HeaderName::REFER_TO, format!("<{to}{replaces}>"));
    writer.push(HeaderName::REFERRED_BY, format!("<sip:{}@{}>", setup.user, setup.address));
    writer.finish()
}

/// INFO with a key (RFC 6086).
pub(super) fn key(setup: &PhoneSetup, call: &Call, branch: &str, key: char) -> Bytes {
    let mut writer = begin(setup, call, &Method::Info, &call.target, branch, call.cseq);
    for route in &call.routes {
        writer.push_bytes(HeaderName::ROUTE, route);
    }
    writer.finish_with(KEYS, format!("Signal={key}\r\nDuration=160\r\n").as_bytes())
}

/// The dialog as its other side has to find it (RFC 3891 section 6.1).
fn replaces(call: &Call) -> String {
    let text = String::from_utf8_lossy;
    let remote = call.remote_tag.as_deref().map(text).unwrap_or_default();
    format!("{};to-tag={remote};from-tag={}", text(&call.call_id), call.local_tag)
}

/// As a header field of a URI has it (RFC 3261 section 19.1.1).
fn escaped(value: &str) -> String {
    let sign = |sign: char| match sign {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' => sign.to_string(),
        _ => format!("%{:02X}", u32::from(sign)),
    };
    value.chars().map(sign).collect()
}

/// 180 whose PRACK is waited for.
pub(super) fn reliable_ringing(setup: &PhoneSetup, call: &Call, request: &Request, rseq: u32) -> Bytes {
    let phrase = crate::sip::wire::reason_phrase(180);
    let mut writer = Writer::reply(request, 180, phrase, call.source, &call.local_tag);
    writer.copy_all(HeaderName::RECORD_ROUTE, request);
    contact(&mut writer, setup);
    writer.push(HeaderName::REQUIRE, RELIABLE).push(HeaderName::RSEQ, rseq);
    writer.finish()
}

/// A request within the dialog.
pub(super) fn within(setup: &PhoneSetup, call: &Call, method: &Method, cseq: u32, branch: &str, body: &[u8]) -> Bytes {
    let mut writer = begin(setup, call, method, &call.target, branch, cseq);
    for route in &call.routes {
        writer.push_bytes(HeaderName::ROUTE, route);
    }
    contact(&mut writer, setup);
    if *method == Method::Invite {
        supported(&mut writer, call);
        session_expires(&mut writer, call);
    }
    writer.finish_with(SDP, body)
}

/// CANCEL and the ACK of a refusal stay in the INVITE's transaction; both are written from the bytes that left.
pub(super) fn cancel(invite: &Request) -> Bytes {
    Writer::cancel(invite).finish()
}

pub(super) fn ack_refusal(invite: &Request, refusal: &Response) -> Bytes {
    Writer::ack(invite, refusal).finish()
}

/// An answer to `request`, with a body or without.
pub(super) fn answer(setup: &PhoneSetup, call: &Call, request: &Request, status: u16, body: &[u8]) -> Bytes {
    let phrase = crate::sip::wire::reason_phrase(status);
    let tag = if status == 100 { "" } else { call.local_tag.as_str() };
    let mut writer = Writer::reply(request, status, phrase, call.source, tag);
    if status > 100 && status < 300 {
        writer.copy_all(HeaderName::RECORD_ROUTE, request);
        contact(&mut writer, setup);
    }
    if (200..300).contains(&status) && *request.method() == Method::Invite {
        accepted_timer(&mut writer, call);
    }
    writer.finish_with(SDP, body)
}

/// Who refreshes, as seen from the request that is answered (RFC 4028 section 9).
fn accepted_timer(writer: &mut Writer, call: &Call) {
    let Some(agreed) = call.timer else { return };
    let refresher = Some(if agreed.ours { Refresher::Uas } else { Refresher::Uac });
    writer.push(HeaderName::SESSION_EXPIRES, SessionExpires { seconds: agreed.seconds, refresher });
    writer.push(HeaderName::REQUIRE, TIMER);
}

fn supported(writer: &mut Writer, call: &Call) {
    let known = [(call.customs.reliable, RELIABLE), (call.customs.session_timer, TIMER)];
    let words: Vec<&str> = known.iter().filter(|(is_known, _)| *is_known).map(|(_, word)| *word).collect();
    if !words.is_empty() {
        writer.push(HeaderName::SUPPORTED, words.join(", "));
    }
}

/// In every request that may refresh: without it the session has no timer any more.
fn session_expires(writer: &mut Writer, call: &Call) {
    if !call.customs.session_timer {
        return;
    }
    let refresher = call.timer.map(|agreed| if agreed.ours { Refresher::Uac } else { Refresher::Uas });
    let seconds = call.timer.map_or(SESSION_SECONDS, |agreed| agreed.seconds);
    writer.push(HeaderName::SESSION_EXPIRES, SessionExpires { seconds, refresher });
}

fn begin(setup: &PhoneSetup, call: &Call, method: &Method, uri: &[u8], branch: &str, cseq: u32) -> Writer {
    let transport = if setup.browser { "WS" } else { "UDP" };
    let mut writer = Writer::request(method, uri);
    writer
        .push(HeaderName::VIA, format!("SIP/2.0/{transport} {};rport;branch={branch}", setup.address))
        .push(HeaderName::MAX_FORWARDS, 70)
        .push(HeaderName::FROM, &call.local)
        .push(HeaderName::TO, &call.remote)
        .push_bytes(HeaderName::CALL_ID, &call.call_id)
        .push(HeaderName::CSEQ, format!("{cseq} {method}"));
    writer
}

fn contact(writer: &mut Writer, setup: &PhoneSetup) {
    let transport = if setup.browser { ";transport=ws" } else { "" };
    writer.push(HeaderName::CONTACT, format!("<sip:{}@{}{transport}>", setup.user, setup.address));
}
