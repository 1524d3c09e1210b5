//! One message: it is read or refused, and what we write of it is read again, alike.

use std::net::SocketAddr;

use bytes::Bytes;
use throughline::sip::wire::{HeaderName, Headers, Message, Method, Request, Response, Writer};

/// Beyond these, written out in full, a message may pass a limit that it kept in its short form.
const BYTES_MAX: usize = 20_000;
const FIELDS_MAX: usize = 200;

pub fn run(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    match Message::parse(bytes.clone()) {
        Ok(Message::Request(request)) => {
            read_all(&request);
            write_again(&request);
            answer(&request);
        }
        Ok(Message::Response(response)) => read_all(&response),
        Err(_) => answer_broken(&bytes),
    }
}

fn source() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 9], 5060))
}

fn read_all(headers: &Headers) {
    for via in headers.vias() {
        let _ = (via.reply_address(source()), via.has_unique_branch(), via.host.to_string());
    }
    let addresses = headers.contacts().chain(headers.routes()).chain(headers.record_routes()).chain(headers.asserted());
    for address in addresses.chain([headers.from(), headers.to()]) {
        let _ = (address.display_text(), address.uri.user_text(), address.uri.host.and_then(|host| host.address()));
        let _ = (address.uri.same_as(&headers.from().uri), address.params.iter().count());
    }
    let _ = (headers.max_forwards(), headers.expires(), headers.min_expires(), headers.retry_after());
    let _ = (headers.content_type_is("application/sdp"), headers.has_contact_star(), headers.body_bytes());
    let _ = headers.reasons().map(|reason| reason.text().len()).sum::<usize>();
    let _ = headers.user_to_users().filter_map(|value| value.decoded()).map(|data| data.len()).sum::<usize>();
    for credentials in headers.authorizations().chain(headers.challenges()) {
        let _ = (credentials.is_digest(), credentials.get("nonce"), credentials.iter().count());
    }
    for (name, value) in headers.all() {
        assert!(value.len() <= headers.raw().len());
        let _ = (headers.list(name).count(), headers.has_token(name, "x"));
    }
}

fn write_again(request: &Request) {
    if request.raw().len() > BYTES_MAX || request.all().count() > FIELDS_MAX {
        return;
    }
    let mut writer = Writer::request(request.method(), request.uri().raw());
    let ends = |name: &HeaderName<'_>| [HeaderName::CONTENT_LENGTH, HeaderName::CONTENT_TYPE].contains(name);
    for (name, value) in request.all().filter(|(name, _)| !ends(name)) {
        writer.push_bytes(name, value);
    }
    let again = Request::parse(writer.finish_with("text/plain", request.body())).expect("we read what we write");
    assert_eq!(again.method(), request.method());
    assert_eq!(again.body(), request.body());
    assert_eq!(again.call_id(), request.call_id());
    assert_eq!(again.cseq(), request.cseq());
    assert_eq!(again.from().tag, request.from().tag);
    assert_eq!(again.to().tag, request.to().tag);
    assert_eq!(again.via_top().branch, request.via_top().branch);
    assert_eq!(again.vias().count(), request.vias().count());
    assert_eq!(again.contacts().count(), request.contacts().count());
}

fn answer(request: &Request) {
    if request.raw().len() > BYTES_MAX || *request.method() == Method::Ack {
        return;
    }
    let reply = Writer::reply(request, 200, "OK", source(), "t1").finish();
    let reply = Response::parse(reply).expect("we read our answers");
    assert_eq!(reply.call_id(), request.call_id());
    assert_eq!(reply.cseq(), request.cseq());
    assert_eq!(reply.via_top().branch, request.via_top().branch);
}

/// An answer repeats five fields at most, and adds a little.
fn answer_broken(bytes: &Bytes) {
    let Some(salvaged) = Message::salvage(bytes) else { return };
    read_all(&salvaged);
    let reply = Writer::reply(&salvaged, 400, "Bad Request", source(), "t1").finish();
    assert!(reply.len() <= 2 * bytes.len() + 400, "{} bytes for {}", reply.len(), bytes.len());
}
