//! Writing messages into one buffer. No value can end its line: line breaks are refused or become blanks.

use std::fmt::{self, Display};
use std::io::Write as _;

use bytes::Bytes;
use memchr::{memchr, memchr2};

use super::lex;
use super::message::Headers;
use super::method::Method;
use super::name::HeaderName;

/// A request or answer that is being written: start line, then header fields, then `finish`.
#[derive(Clone)]
pub struct Writer {
    out: Vec<u8>,
}

/// A value with CR or LF, or a name that is no token: it could smuggle in a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineBreak;

/// Room for most messages, a border controller's INVITE with its description among them; larger ones grow once, and what is kept of
/// smaller ones is no larger than they are.
const USUAL_SIZE: usize = 1536;
const LENGTH_ROOM: usize = 64;

impl Writer {
    /// A request line. Bytes that no URI may hold are percent-escaped, all others stand as given.
    pub fn request(method: &Method, uri: &[u8]) -> Writer {
        let mut writer = Writer { out: Vec::with_capacity(USUAL_SIZE) };
        writer.line(|out| {
            out.extend_from_slice(method.as_bytes());
            out.push(b' ');
            put_uri(out, uri);
            out.extend_from_slice(b" SIP/2.0");
        });
        writer
    }

    /// A status line.
    pub fn response(status: u16, phrase: &str) -> Writer {
        let mut writer = Writer { out: Vec::with_capacity(USUAL_SIZE) };
        writer.line(|out| {
            out.extend_from_slice(b"SIP/2.0 ");
            put_number(out, usize::from(status));
            out.push(b' ');
            out.extend_from_slice(phrase.as_bytes());
        });
        writer
    }

    /// Adds a field with a value from outside; refuses one that could break out of its line, and then adds nothing.
    pub fn push_header(&mut self, name: HeaderName<'_>, value: &[u8]) -> Result<(), LineBreak> {
        if memchr2(b'\r', b'\n', value).is_some() || memchr(0, value).is_some() || !lex::is_token(name.as_bytes()) {
            return Err(LineBreak);
        }
        self.push_bytes(name, value);
        Ok(())
    }

    /// Adds a field with a value of our own making; a line break in it becomes a blank.
    pub fn push(&mut self, name: HeaderName<'_>, value: impl Display) -> &mut Writer {
        self.field(name, |out| put_display(out, value))
    }

    /// Adds a field with a value that was read from a message; a line break in it becomes a blank.
    pub fn push_bytes(&mut self, name: HeaderName<'_>, value: &[u8]) -> &mut Writer {
        self.field(name, |out| out.extend_from_slice(value))
    }

    /// Copies every field of that name, as it stood and in order.
    pub fn copy_all(&mut self, name: HeaderName<'_>, from: &Headers) -> &mut Writer {
        for value in from.headers(name) {
            self.push_bytes(name, value);
        }
        self
    }

    /// Ends the message without a body.
    pub fn finish(mut self) -> Bytes {
        self.out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
        self.fitted()
    }

    /// Ends the message with a body; `Content-Type` and `Content-Length` are added.
    pub fn finish_with(mut self, content_type: &str, body: &[u8]) -> Bytes {
        if body.is_empty() {
            return self.finish();
        }
        self.out.reserve(content_type.len() + body.len() + LENGTH_ROOM);
        self.push_bytes(HeaderName::CONTENT_TYPE, content_type.as_bytes());
        self.field(HeaderName::CONTENT_LENGTH, |out| put_number(out, body.len()));
        self.out.extend_from_slice(b"\r\n");
        self.out.extend_from_slice(body);
        self.fitted()
    }

    fn fitted(mut self) -> Bytes {
        self.out.shrink_to_fit();
        Bytes::from(self.out)
    }

    pub(super) fn field(&mut self, name: HeaderName<'_>, value: impl FnOnce(&mut Vec<u8>)) -> &mut Writer {
        self.line(|out| {
            name.put(out);
            value(out);
        });
        self
    }

    fn line(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.out.len();
        write(&mut self.out);
        let line = self.out.get_mut(start..).unwrap_or_default();
        while let Some(broken) = memchr2(b'\r', b'\n', line).and_then(|at| line.get_mut(at)) {
            *broken = b' ';
        }
        self.out.extend_from_slice(b"\r\n");
    }
}

/// Writing to memory does not fail; a `Display` that does leaves its value cut.
pub(super) fn put_display(out: &mut Vec<u8>, value: impl Display) {
    let _ = write!(out, "{value}");
}

/// As `put_display`, without the machinery of formats.
pub(super) fn put_number(out: &mut Vec<u8>, number: usize) {
    let mut digits = [b'0'; 20];
    let (mut rest, mut first) = (number, digits.len() - 1);
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
        first = place;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(first..).unwrap_or_default());
}

fn put_uri(out: &mut Vec<u8>, uri: &[u8]) {
    // Without a way out of the loop, many bytes are looked at together.
    if !uri.iter().fold(false, |bad, b| bad | (*b <= b' ') | (*b == 0x7f)) {
        return out.extend_from_slice(uri);
    }
    for byte in uri {
        match byte {
            0..=b' ' | 0x7f => put_display(out, format_args!("%{byte:02X}")),
            plain => out.push(*plain),
        }
    }
}

impl Display for LineBreak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header value holds a line break")
    }
}

impl std::error::Error for LineBreak {}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes of a message>", self.out.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &Bytes) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_message_in_one_piece() {
        let mut writer = Writer::request(&Method::Options, b"sip:example.com");
        writer.push(HeaderName::MAX_FORWARDS, 70);
        assert_eq!(
            text(&writer.clone().finish()),
            "OPTIONS sip:example.com SIP/2.0\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(
            text(&writer.finish_with("text/plain", b"hello")),
            "OPTIONS sip:example.com SIP/2.0\r\nMax-Forwards: 70\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
        );
    }

    #[test]
    fn numbers_are_as_formats_write_them() {
        for number in [0, 7, 10, 99, 100, 229, 65_535, usize::MAX] {
            let mut out = Vec::new();
            put_number(&mut out, number);
            assert_eq!(out, number.to_string().into_bytes());
        }
    }

    #[test]
    fn nothing_breaks_out_of_its_line() {
        let mut writer = Writer::request(&Method::Invite, b"sip:a\r\nX: y@example.com");
        assert_eq!(writer.push_header(HeaderName::SUBJECT, b"a\nVia: b"), Err(LineBreak));
        assert_eq!(writer.push_header(HeaderName::Other(b"X: y"), b"z"), Err(LineBreak));
        writer.push(HeaderName::SUBJECT, "a\r\n\r\nb").push_bytes(HeaderName::Other(b"X-A"), b"c\rd");
        assert_eq!(writer.push_header(HeaderName::Other(b"X-B"), b"e"), Ok(()));
        assert_eq!(
            text(&writer.finish()),
            "INVITE sip:a%0D%0AX:%20y@example.com SIP/2.0\r\nSubject: a    b\r\nX-A: c d\r\nX-B: e\r\nContent-Length: 0\r\n\r\n"
        );
    }
}
