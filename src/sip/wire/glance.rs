//! A glance at a request: the few lines that an answer needs, found without reading the rest.

use std::net::SocketAddr;

use super::address::tag;
use super::lex;
use super::name::HeaderName;
use super::reply::put_stamped;
use super::via::Via;
use super::write::Writer;

/// A request that would open something: it is no ACK, CANCEL, BYE or PRACK, and its To has no tag.
pub struct Opening<'a> {
    pub method: &'a [u8],
    pub via: Via<'a>,
    pub call_id: &'a [u8],
    pub from_tag: &'a [u8],
    pub cseq: u32,
    lines: Lines<'a>,
}

/// The values that an answer copies, as they stood; folds are still in them.
#[derive(Default)]
struct Lines<'a> {
    vias: Vec<&'a [u8]>,
    from: Option<&'a [u8]>,
    to: Option<&'a [u8]>,
    call_id: Option<&'a [u8]>,
    cseq: Option<&'a [u8]>,
}

/// What never opens anything (RFC 3261 section 12.2, RFC 3262): it is about something that is there.
const INSIDE: [&[u8]; 4] = [b"ACK", b"CANCEL", b"BYE", b"PRACK"];

impl<'a> Opening<'a> {
    /// `None` for everything else, and for what lacks a line that an answer needs.
    pub fn read(datagram: &'a [u8]) -> Option<Opening<'a>> {
        let method = method(datagram)?;
        let lines = Lines::read(datagram);
        let (from, to) = (lines.from?, lines.to?);
        if !tag(to).is_empty() {
            return None;
        }
        let cseq = lines.cseq?.split(|byte| lex::is_blank(*byte)).next()?;
        let (first, _) = lex::split_list(lines.vias.first()?);
        Some(Opening {
            method,
            via: Via::read(first)?,
            call_id: lines.call_id?,
            from_tag: tag(from),
            cseq: lex::number(cseq)?,
            lines,
        })
    }

    pub fn is_invite(&self) -> bool {
        self.method == b"INVITE"
    }

    pub fn is_register(&self) -> bool {
        self.method == b"REGISTER"
    }

    /// The beginning of an answer, as `Writer::reply` makes it of a request that was read.
    pub fn reply(&self, status: u16, phrase: &str, source: SocketAddr, to_tag: &str) -> Writer {
        let mut writer = Writer::response(status, phrase);
        let (first, others) =
            self.lines.vias.split_first().map_or((&[][..], &[][..]), |(first, others)| (*first, others));
        writer.field(HeaderName::VIA, |out| put_stamped(out, first, source));
        for value in others {
            writer.push_bytes(HeaderName::VIA, value);
        }
        writer
            .push_bytes(HeaderName::FROM, self.lines.from.unwrap_or_default())
            .field(HeaderName::TO, |out| {
                out.extend_from_slice(self.lines.to.unwrap_or_default());
                out.extend_from_slice(b";tag=");
                out.extend_from_slice(to_tag.as_bytes());
            })
            .push_bytes(HeaderName::CALL_ID, self.call_id)
            .push_bytes(HeaderName::CSEQ, self.lines.cseq.unwrap_or_default());
        writer
    }
}

/// Of a request that may open something.
fn method(datagram: &[u8]) -> Option<&[u8]> {
    let (method, rest) = lex::cut(datagram, memchr::memchr(b' ', datagram.get(..METHOD_MAX.min(datagram.len()))?)?);
    let is_request = lex::is_token(method) && !INSIDE.contains(&method) && !rest.is_empty();
    is_request.then_some(method)
}

/// No method that is known is longer; an answer begins with `SIP/2.0`, which is no token.
const METHOD_MAX: usize = 32;

impl<'a> Lines<'a> {
    fn read(datagram: &'a [u8]) -> Lines<'a> {
        let mut lines = Lines::default();
        let mut rest = after_line(datagram);
        while let Some(length) = field_len(rest) {
            let (field, more) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            if let Some(colon) = memchr::memchr(b':', field) {
                let (name, value) = lex::cut(field, colon);
                lines.take(name.trim_ascii_end(), value.trim_ascii());
            }
            rest = more;
        }
        lines
    }

    fn take(&mut self, name: &[u8], value: &'a [u8]) {
        let is = |long: &str, short: &str| {
            name.eq_ignore_ascii_case(long.as_bytes()) || name.eq_ignore_ascii_case(short.as_bytes())
        };
        match name.len() {
            1 | 3 if is("Via", "v") => self.vias.push(value),
            1 | 4 if is("From", "f") => drop(self.from.get_or_insert(value)),
            1 | 2 if is("To", "t") => drop(self.to.get_or_insert(value)),
            1 | 7 if is("Call-ID", "i") => drop(self.call_id.get_or_insert(value)),
            4 if is("CSeq", "CSeq") => drop(self.cseq.get_or_insert(value)),
            _ => {}
        }
    }
}

fn after_line(text: &[u8]) -> &[u8] {
    memchr::memchr(b'\n', text).and_then(|end| text.get(end + 1..)).unwrap_or_default()
}

/// How long the field at the beginning of `text` is, its folds and line ends counted; `None` at the empty line and at the end.
fn field_len(text: &[u8]) -> Option<usize> {
    if matches!(text.first(), None | Some(b'\r' | b'\n')) {
        return None;
    }
    let mut end = 0;
    loop {
        end += memchr::memchr(b'\n', text.get(end..)?).map_or(text.len() - end, |at| at + 1);
        if !text.get(end).is_some_and(|next| lex::is_blank(*next)) {
            return Some(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::sip::wire::Request;

    const SOURCE: &str = "192.0.2.7:5070";

    fn request(start: &str, to: &str) -> String {
        format!(
            "{start} sip:+15550100@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP pbx.example.com:5062;rport;branch=z9hG4bKa, SIP/2.0/UDP b\r\n\
             v: SIP/2.0/UDP c.example.com\r\nf: \"A; tag=no\" <sip:a@example.com;tag=no>\r\n ;tag = f1\r\nSubject: To: no\r\n\
             TO :{to}\r\nCall-Id: c@example.com\r\ncseq: 7 {start}\r\nContent-Length: 0\r\n\r\nTo: <sip:body>;tag=1"
        )
    }

    #[test]
    fn it_sees_what_opens_something() {
        let text = request("INVITE", "<sip:b@example.com;tag=no>;x=\";tag=no\"");
        let opening = Opening::read(text.as_bytes()).expect("it opens a call");
        assert!(opening.is_invite() && !opening.is_register());
        assert_eq!((opening.via.branch, opening.from_tag, opening.cseq), (&b"z9hG4bKa"[..], &b"f1"[..], 7));
        assert!(Opening::read(request("REGISTER", "sip:b@example.com").as_bytes()).is_some_and(|it| it.is_register()));
    }

    #[test]
    fn it_does_not_see_what_belongs_to_something() {
        for to in
            ["<sip:b@example.com>;tag=1", "sip:b@example.com ; x ; TAG=1", "\"B\" <sip:b@example.com>\r\n\t;tag=1"]
        {
            assert!(Opening::read(request("INVITE", to).as_bytes()).is_none(), "{to}");
        }
        for method in ["ACK", "BYE", "CANCEL", "PRACK"] {
            assert!(Opening::read(request(method, "<sip:b@example.com>").as_bytes()).is_none(), "{method}");
        }
        for text in
            ["", "\r\n\r\n", "SIP/2.0 200 OK\r\nTo: a\r\n\r\n", "INVITE", "INVITE sip:a SIP/2.0\r\n\r\n", "\0\0 \0"]
        {
            assert!(Opening::read(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn its_answer_is_the_one_of_a_request_that_was_read() {
        let text = request("INVITE", "<sip:b@example.com>").replace("\r\n ;tag = f1", ";tag=f1");
        let source = SOURCE.parse().expect("an address");
        let read = Request::parse(Bytes::from(text.clone())).expect("a request");
        let opening = Opening::read(text.as_bytes()).expect("it opens a call");
        let answer = opening.reply(503, "Service Unavailable", source, "0.1").finish();
        assert_eq!(answer, Writer::reply(&read, 503, "Service Unavailable", source, "0.1").finish());
    }
}
