//! Messages: the bytes as they came, and where in them each header field stands.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;

use super::error::ParseError;
use super::fields::{Field, Fields};
use super::kept::{Kept, KeptUri};
use super::lex;
use super::method::Method;
use super::name::HeaderName;
use super::parse;
use super::salvage::{self, Salvaged};
use super::uri::Uri;

/// A request or an answer, whole and checked.
#[derive(Clone, Debug)]
pub enum Message {
    Request(Request),
    Response(Response),
}

/// A request that has all that RFC 3261 section 8.1.1 demands (Max-Forwards may be missing, as before RFC 3261).
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) uri: KeptUri,
    pub(super) headers: Headers,
}

/// An answer that has all that a transaction needs to take it.
#[derive(Clone)]
pub struct Response {
    pub(super) status: u16,
    pub(super) reason: Span,
    pub(super) headers: Headers,
}

/// The header fields and the body; what requests and answers have in common.
#[derive(Clone)]
pub struct Headers {
    pub(super) raw: Bytes,
    pub(super) fields: Fields,
    pub(super) cseq: CSeq,
    pub(super) body: Span,
    /// Missing in what was not let through.
    pub(super) kept: Option<Kept>,
}

/// The number and method of CSeq.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    pub number: u32,
    pub method: Method,
}

/// A piece of a message; 16 bits reach to `SIP_MESSAGE_MAX`.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    start: u16,
    end: u16,
}

impl Span {
    /// Both offsets are at most `SIP_MESSAGE_MAX`; the parser has seen to it before it makes any.
    pub fn new(start: usize, end: usize) -> Span {
        let narrow = |offset: usize| u16::try_from(offset).unwrap_or(u16::MAX);
        Span { start: narrow(start), end: narrow(end) }
    }

    /// Where `part` stands in `raw`, from which it borrows; an empty one stands nowhere.
    pub fn within(raw: &[u8], part: &[u8]) -> Span {
        let start = part.as_ptr().addr().wrapping_sub(raw.as_ptr().addr());
        if part.is_empty() || start >= raw.len() { Span::default() } else { Span::new(start, start + part.len()) }
    }

    /// Grows to `end`; an empty span begins anew at `start`.
    pub fn extend_to(&mut self, start: usize, end: usize) {
        let from = if self.start == self.end { Span::new(start, end) } else { *self };
        *self = Span { start: from.start, end: Span::new(start, end).end };
    }

    /// Its first `length` bytes, at most all of it.
    pub fn first(self, length: usize) -> Span {
        Span { start: self.start, end: self.end.min(Span::new(0, usize::from(self.start).saturating_add(length)).end) }
    }

    pub fn of(self, raw: &[u8]) -> &[u8] {
        raw.get(usize::from(self.start)..usize::from(self.end)).unwrap_or_default()
    }
}

impl Message {
    /// Reads one datagram. Without Content-Length the body is the rest; what follows the body is ignored.
    pub fn parse(bytes: Bytes) -> Result<Message, ParseError> {
        parse::message(bytes)
    }

    /// What of a refused request can still be answered; `None` for answers and for requests without Via, From, To, Call-ID or CSeq.
    pub fn salvage(bytes: &Bytes) -> Option<Salvaged> {
        salvage::request(bytes)
    }

    pub fn headers(&self) -> &Headers {
        match self {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        }
    }
}

impl Request {
    /// `Message::parse`, for bytes that are known to be a request; an answer is `ParseError::StartLine`.
    pub fn parse(bytes: Bytes) -> Result<Request, ParseError> {
        match Message::parse(bytes)? {
            Message::Request(request) => Ok(request),
            Message::Response(_) => Err(ParseError::StartLine),
        }
    }

    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The Request-URI in its parts; `uri().raw()` is as it stood.
    pub fn uri(&self) -> Uri<'_> {
        self.uri.of(&self.headers.raw)
    }
}

impl Response {
    /// `Message::parse`, for bytes that are known to be an answer; a request is `ParseError::StartLine`.
    pub fn parse(bytes: Bytes) -> Result<Response, ParseError> {
        match Message::parse(bytes)? {
            Message::Response(response) => Ok(response),
            Message::Request(_) => Err(ParseError::StartLine),
        }
    }

    /// 100 to 699.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase, as it stood; may be empty.
    pub fn reason_phrase(&self) -> &[u8] {
        self.reason.of(&self.headers.raw)
    }
}

impl Headers {
    /// The value of the first field of that name, without the blanks around it. Folded lines have become one.
    pub fn header(&self, name: HeaderName<'_>) -> Option<&[u8]> {
        match name {
            HeaderName::Known(known) => self.fields.first(known).map(|field| field.value.of(&self.raw)),
            HeaderName::Other(_) => self.headers(name).next(),
        }
    }

    /// The values of all fields of that name, one for each line, in their order.
    pub fn headers<'a, 'n>(&'a self, name: HeaderName<'n>) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        let wanted = match name {
            HeaderName::Known(_) => name,
            HeaderName::Other(text) => HeaderName::read(text),
        };
        let name = move |field: &&Field| match (wanted, field.known) {
            (HeaderName::Known(wanted), known) => known == Some(wanted),
            (HeaderName::Other(wanted), None) => field.name.of(&self.raw).eq_ignore_ascii_case(wanted),
            (HeaderName::Other(_), Some(_)) => false,
        };
        let (from, to) = match wanted {
            HeaderName::Known(known) => self.fields.range_of(known),
            HeaderName::Other(_) => (0, self.fields.len()),
        };
        self.fields.between(from, to).filter(name).map(|field| field.value.of(&self.raw))
    }

    /// The elements of a comma list, over all fields of that name; empty ones are left out.
    pub fn list<'a, 'n>(&'a self, name: HeaderName<'n>) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.headers(name).flat_map(elements)
    }

    /// All fields in their order, with their names (a compact one is given in full).
    pub fn all(&self) -> impl Iterator<Item = (HeaderName<'_>, &[u8])> {
        self.fields.iter().map(|field| (self.name_of(field), field.value.of(&self.raw)))
    }

    /// Whether a comma list holds a token, in any case: `has_token(HeaderName::SUPPORTED, "100rel")`.
    pub fn has_token(&self, name: HeaderName<'_>, token: &str) -> bool {
        self.list(name).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
    }

    pub fn body(&self) -> &[u8] {
        self.body.of(&self.raw)
    }

    /// The body without a copy; it keeps the whole message alive.
    pub fn body_bytes(&self) -> Bytes {
        self.share(self.body())
    }

    /// A part of this message, such as a value that a reader gave, as `Bytes` that keep the whole message alive. A part of
    /// something else is copied.
    pub fn share(&self, part: &[u8]) -> Bytes {
        let whole = self.raw.as_ptr_range();
        let own = part.as_ptr_range();
        if part.is_empty() || own.start < whole.start || own.end > whole.end {
            return Bytes::copy_from_slice(part);
        }
        self.raw.slice_ref(part)
    }

    /// The message as it came, but for folds, which have become blanks.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    fn name_of(&self, field: &Field) -> HeaderName<'_> {
        field.known.map_or_else(|| HeaderName::Other(field.name.of(&self.raw)), HeaderName::Known)
    }
}

/// The elements of one value.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = value;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (one, after) = lex::split_list(rest);
            rest = after;
            let one = one.trim_ascii();
            if !one.is_empty() {
                return Some(one);
            }
        }
        None
    })
}

impl Deref for Request {
    type Target = Headers;

    fn deref(&self) -> &Headers {
        &self.headers
    }
}

impl Deref for Response {
    type Target = Headers;

    fn deref(&self) -> &Headers {
        &self.headers
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("cseq", &self.headers.cseq)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} header fields>", self.fields.len())
    }
}
