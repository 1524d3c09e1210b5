//! Messages that follow from other messages: answers, the ACK of a refusal, CANCEL.

use std::net::SocketAddr;

use super::lex;
use super::message::{Headers, Request, Response};
use super::method::Method;
use super::name::HeaderName;
use super::via::{Rport, Via};
use super::write::{Writer, put_display};
use crate::base::Plain;

const MAX_FORWARDS: u8 = 70;

impl Writer {
    /// An answer to `request`, which came from `source` (RFC 3261 section 8.2.6.2, RFC 3581 section 4): Via, From, To, Call-ID
    /// and CSeq as they stood, `received` and `rport` on the topmost Via, `to_tag` where To has none and it is not empty,
    /// Timestamp on 100. Answers that open a dialog also want `copy_all(HeaderName::RECORD_ROUTE, request)`.
    pub fn reply(request: &Headers, status: u16, phrase: &str, source: SocketAddr, to_tag: &str) -> Writer {
        let mut writer = Writer::response(status, phrase);
        let mut vias = request.headers(HeaderName::VIA);
        let topmost = vias.next().unwrap_or_default();
        writer.field(HeaderName::VIA, |out| put_stamped(out, topmost, source));
        for value in vias {
            writer.push_bytes(HeaderName::VIA, value);
        }
        writer.copy_first(HeaderName::FROM, request);
        writer.field(HeaderName::TO, |out| put_tagged(out, request, to_tag));
        writer.copy_first(HeaderName::CALL_ID, request).copy_first(HeaderName::CSEQ, request);
        if status == 100 {
            writer.copy_all(HeaderName::TIMESTAMP, request);
        }
        writer
    }

    /// The ACK of a refusal (300 to 699) of `invite`, for the same transaction (RFC 3261 section 17.1.1.3).
    pub fn ack(invite: &Request, refusal: &Response) -> Writer {
        let to = refusal.header(HeaderName::TO).unwrap_or_default();
        beside(invite, &Method::Ack, to)
    }

    /// The CANCEL of `invite` (RFC 3261 section 9.1).
    pub fn cancel(invite: &Request) -> Writer {
        let to = invite.header(HeaderName::TO).unwrap_or_default();
        beside(invite, &Method::Cancel, to)
    }

    fn copy_first(&mut self, name: HeaderName<'_>, from: &Headers) -> &mut Writer {
        self.push_bytes(name, from.header(name).unwrap_or_default())
    }
}

/// A request that belongs to the transaction of `invite`: its URI, topmost Via, From, Call-ID, number and Route.
fn beside(invite: &Request, method: &Method, to: &[u8]) -> Writer {
    let mut writer = Writer::request(method, invite.uri().raw());
    writer
        .push_bytes(HeaderName::VIA, invite.list(HeaderName::VIA).next().unwrap_or_default())
        .copy_first(HeaderName::FROM, invite)
        .push_bytes(HeaderName::TO, to)
        .copy_first(HeaderName::CALL_ID, invite)
        .push(HeaderName::CSEQ, format_args!("{} {method}", invite.cseq().number))
        .copy_all(HeaderName::ROUTE, invite)
        .push(HeaderName::MAX_FORWARDS, MAX_FORWARDS);
    writer
}

/// The first Via line with its first value stamped; as it stood when it cannot be read or needs no stamp.
pub(super) fn put_stamped(out: &mut Vec<u8>, line: &[u8], source: SocketAddr) {
    let (first, others) = lex::split_list(line);
    match Via::read(first) {
        Some(via) if needs_stamp(&via, source) => put_via(out, &via, source),
        _ => return out.extend_from_slice(line),
    }
    if !others.is_empty() {
        out.extend_from_slice(b",");
        out.extend_from_slice(others);
    }
}

/// RFC 3261 section 18.2.1; a `received` that the client wrote itself counts for nothing.
fn needs_stamp(via: &Via<'_>, source: SocketAddr) -> bool {
    via.host.address() != Some(source.ip().to_canonical()) || via.rport != Rport::Absent || via.received.is_some()
}

fn put_via(out: &mut Vec<u8>, via: &Via<'_>, source: SocketAddr) {
    let before_params = via.raw.len() - via.params.raw().len();
    out.extend_from_slice(via.raw.get(..before_params).unwrap_or_default());
    for param in via.params.iter().filter(|param| !param.is("received")) {
        out.push(b';');
        out.extend_from_slice(param.name);
        if param.is("rport") {
            put_display(out, format_args!("={}", source.port()));
        } else if !param.value.is_empty() {
            out.push(b'=');
            out.extend_from_slice(param.value);
        }
    }
    put_display(out, format_args!(";received={}", Plain(source.ip().to_canonical())));
}

fn put_tagged(out: &mut Vec<u8>, request: &Headers, tag: &str) {
    out.extend_from_slice(request.header(HeaderName::TO).unwrap_or_default());
    if !tag.is_empty() && request.to_tag().is_empty() {
        out.extend_from_slice(b";tag=");
        out.extend_from_slice(tag.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const INVITE: &[u8] = b"INVITE sip:ivr@example.com SIP/2.0\r\n\
        Via: SIP/2.0/UDP 10.0.0.1:5062;rport;branch=z9hG4bKabc , SIP/2.0/TCP b.example.com;branch=z9hG4bK2\r\n\
        v: SIP/2.0/UDP c.example.com\r\n\
        Max-Forwards: 70\r\n\
        Route: <sip:p.example.com;lr>\r\n\
        f: <sip:+15550100@example.com>;tag=a1\r\n\
        To: <sip:ivr@example.com>\r\n\
        Call-ID: c1\r\n\
        CSeq: 0007 INVITE\r\n\
        Record-Route: <sip:r.example.com;lr>\r\n\
        Timestamp: 54\r\n\
        \r\n";

    fn invite() -> Request {
        Request::parse(Bytes::from_static(INVITE)).unwrap()
    }

    fn text(writer: Writer) -> String {
        String::from_utf8(writer.finish().to_vec()).unwrap()
    }

    #[test]
    fn an_answer_repeats_what_it_must() {
        let source = "192.0.2.7:40000".parse().unwrap();
        let mut ringing = Writer::reply(&invite(), 180, "Ringing", source, "b2");
        ringing.copy_all(HeaderName::RECORD_ROUTE, &invite());
        assert_eq!(
            text(ringing),
            "SIP/2.0 180 Ringing\r\n\
             Via: SIP/2.0/UDP 10.0.0.1:5062;rport=40000;branch=z9hG4bKabc;received=192.0.2.7, SIP/2.0/TCP b.example.com;branch=z9hG4bK2\r\n\
             Via: SIP/2.0/UDP c.example.com\r\n\
             From: <sip:+15550100@example.com>;tag=a1\r\n\
             To: <sip:ivr@example.com>;tag=b2\r\n\
             Call-ID: c1\r\n\
             CSeq: 0007 INVITE\r\n\
             Record-Route: <sip:r.example.com;lr>\r\n\
             Content-Length: 0\r\n\r\n"
        );
        let trying = text(Writer::reply(&invite(), 100, "Trying", source, ""));
        assert!(trying.contains("\r\nTo: <sip:ivr@example.com>\r\n") && trying.contains("\r\nTimestamp: 54\r\n"));
    }

    #[test]
    fn ack_and_cancel_follow_the_invite() {
        let refusal = text(Writer::reply(&invite(), 486, "Busy Here", "192.0.2.7:40000".parse().unwrap(), "b2"));
        let refusal = Response::parse(Bytes::from(refusal)).unwrap();
        let expected = |method: &str, to: &str| {
            format!(
                "{method} sip:ivr@example.com SIP/2.0\r\n\
                 Via: SIP/2.0/UDP 10.0.0.1:5062;rport;branch=z9hG4bKabc\r\n\
                 From: <sip:+15550100@example.com>;tag=a1\r\n\
                 To: {to}\r\n\
                 Call-ID: c1\r\n\
                 CSeq: 7 {method}\r\n\
                 Route: <sip:p.example.com;lr>\r\n\
                 Max-Forwards: 70\r\n\
                 Content-Length: 0\r\n\r\n"
            )
        };
        assert_eq!(text(Writer::ack(&invite(), &refusal)), expected("ACK", "<sip:ivr@example.com>;tag=b2"));
        assert_eq!(text(Writer::cancel(&invite())), expected("CANCEL", "<sip:ivr@example.com>"));
    }

    #[test]
    fn a_received_that_the_client_wrote_is_replaced() {
        let via = b"SIP/2.0/UDP 192.0.2.7;received=203.0.113.9;branch=z9hG4bK1";
        let mut out = Vec::new();
        put_stamped(&mut out, via, "192.0.2.7:5060".parse().unwrap());
        assert_eq!(&out[..], b"SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1;received=192.0.2.7");
    }
}
