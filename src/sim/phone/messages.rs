//! The requests that a phone writes.

use bytes::Bytes;

use crate::base::hex::to_hex;
use crate::base::rng::Rng;
use crate::sip::wire::{HeaderName, Method, Request, Response, Writer};

use super::api::{PhoneDial, PhoneSetup};
use super::call::Call;

const SDP: &str = "application/sdp";

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
    writer.finish_with(SDP, offer)
}

/// A request within the dialog.
pub(super) fn within(setup: &PhoneSetup, call: &Call, method: &Method, cseq: u32, branch: &str, body: &[u8]) -> Bytes {
    let mut writer = begin(setup, call, method, &call.target, branch, cseq);
    for route in &call.routes {
        writer.push_bytes(HeaderName::ROUTE, route);
    }
    contact(&mut writer, setup);
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
    writer.finish_with(SDP, body)
}

fn begin(setup: &PhoneSetup, call: &Call, method: &Method, uri: &[u8], branch: &str, cseq: u32) -> Writer {
    let mut writer = Writer::request(method, uri);
    writer
        .push(HeaderName::VIA, format!("SIP/2.0/UDP {};rport;branch={branch}", setup.address))
        .push(HeaderName::MAX_FORWARDS, 70)
        .push(HeaderName::FROM, &call.local)
        .push(HeaderName::TO, &call.remote)
        .push_bytes(HeaderName::CALL_ID, &call.call_id)
        .push(HeaderName::CSEQ, format!("{cseq} {method}"));
    writer
}

fn contact(writer: &mut Writer, setup: &PhoneSetup) {
    writer.push(HeaderName::CONTACT, format!("<sip:{}@{}>", setup.user, setup.address));
}
