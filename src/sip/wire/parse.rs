//! From bytes to a message: the start line, the table of header fields, the body. Nothing is copied unless a line is folded.

use bytes::{Bytes, BytesMut};
use memchr::{memchr, memchr_iter, memchr2, memmem};

use super::check;
use super::error::ParseError;
use super::fields::{Field, Fields};
use super::kept::KeptUri;
use super::lex;
use super::message::{CSeq, Headers, Message, Request, Response, Span};
use super::method::Method;
use super::name::{HeaderName, Known};
use crate::base::limits::{SIP_FOLDS_MAX, SIP_HEADERS_MAX, SIP_MESSAGE_MAX, SIP_PARTS_MAX, SIP_URI_MAX};

const VERSION: &[u8] = b"SIP/2.0";

/// The first line of a message, in its parts.
enum StartLine {
    Request { method: Span, uri: KeptUri },
    Response { status: u16, reason: Span },
}

pub(super) fn message(bytes: Bytes) -> Result<Message, ParseError> {
    if bytes.len() > SIP_MESSAGE_MAX {
        return Err(ParseError::TooLong);
    }
    let begin = bytes.iter().position(|b| !matches!(b, b'\r' | b'\n')).ok_or(ParseError::Empty)?;
    let (line, fields_at) = line(&bytes, begin).ok_or(ParseError::NotSip)?;
    let start = start_line(&bytes, line)?;
    let table = Table::read(&bytes, fields_at)?;
    check_parts(bytes.get(fields_at..table.body_at).unwrap_or_default())?;
    let raw = if table.folds > 0 { unfolded(bytes, table.body_at) } else { bytes };
    finish(start, raw, table)
}

fn finish(start: StartLine, raw: Bytes, table: Table) -> Result<Message, ParseError> {
    let body = Span::new(table.body_at, raw.len());
    let cseq = CSeq { number: 0, method: Method::Ack };
    let mut headers = Headers { raw, fields: table.fields, cseq, body, kept: None };
    check::headers(&mut headers)?;
    match start {
        StartLine::Request { method, uri } => {
            let method = Method::within(&headers.raw, method.of(&headers.raw));
            check::request(&method, &mut headers)?;
            Ok(Message::Request(Request { method, uri, headers }))
        }
        StartLine::Response { status, reason } => Ok(Message::Response(Response { status, reason, headers })),
    }
}

/// The line that begins at `start`, without its end, and where the next one begins. CR and LF stand only together.
fn line(bytes: &[u8], start: usize) -> Option<((usize, usize), usize)> {
    let end = start + memchr2(b'\r', b'\n', bytes.get(start..)?)?;
    bytes.get(end..)?.starts_with(b"\r\n").then_some(((start, end), end + 2))
}

fn start_line(bytes: &[u8], (start, end): (usize, usize)) -> Result<StartLine, ParseError> {
    let line = bytes.get(start..end).unwrap_or_default();
    if line.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case(b"SIP/")) {
        return status_line(line, start);
    }
    let mut words = line.splitn(3, |b| *b == b' ');
    let (method, uri, version) = (words.next(), words.next(), words.next());
    let (Some(method), Some(uri), Some(version)) = (method, uri, version) else {
        return Err(not_a_request(line));
    };
    if !lex::is_token(method) {
        return Err(not_a_request(line));
    }
    check_version(version).map_err(|fault| if uri.is_empty() { not_a_request(line) } else { fault })?;
    if uri.len() > SIP_URI_MAX {
        return Err(ParseError::UriTooLong);
    }
    let uri = KeptUri::keep(&check::request_uri(uri)?, bytes);
    Ok(StartLine::Request { method: Span::new(start, start + method.len()), uri })
}

/// RFC 3261 section 7.2. Between the code and the phrase stands a blank, which some leave out with the phrase.
fn status_line(line: &[u8], start: usize) -> Result<StartLine, ParseError> {
    let (version, rest) = lex::cut(line, VERSION.len());
    check_version(version)?;
    let (code, reason) = lex::cut(rest, 3);
    let status = lex::number(code).and_then(|code| u16::try_from(code).ok()).ok_or(ParseError::StartLine)?;
    let blank = rest.get(3).is_none_or(|b| *b == b' ');
    if !(100..700).contains(&status) || code.len() != 3 || !blank || line.get(VERSION.len()) != Some(&b' ') {
        return Err(ParseError::StartLine);
    }
    let end = start + line.len();
    Ok(StartLine::Response { status, reason: Span::new(end - reason.len(), end) })
}

fn check_version(text: &[u8]) -> Result<(), ParseError> {
    if text.eq_ignore_ascii_case(VERSION) {
        return Ok(());
    }
    let number = text.get(..4).filter(|begin| begin.eq_ignore_ascii_case(b"SIP/")).and_then(|_| text.get(4..));
    let is_version = number.is_some_and(|n| n.contains(&b'.') && n.iter().all(|b| b.is_ascii_digit() || *b == b'.'));
    Err(if is_version { ParseError::Version } else { ParseError::StartLine })
}

fn not_a_request(line: &[u8]) -> ParseError {
    if memmem::find(line, b" SIP/").is_some() { ParseError::StartLine } else { ParseError::NotSip }
}

/// Each reader of a list or of parameters walks over its parts anew, so that their number bounds what a message costs.
fn check_parts(fields: &[u8]) -> Result<(), ParseError> {
    let count = |separator| memchr_iter(separator, fields).count();
    let few = fields.len() <= SIP_PARTS_MAX || count(b',') + count(b';') <= SIP_PARTS_MAX;
    if few { Ok(()) } else { Err(ParseError::TooManyParts) }
}

/// The header fields, as they are found.
pub(super) struct Table {
    pub fields: Fields,
    /// Where the body begins.
    pub body_at: usize,
    /// Lines that went on with the field before them.
    folds: usize,
}

impl Table {
    fn read(bytes: &[u8], mut at: usize) -> Result<Table, ParseError> {
        let mut table = Table { fields: Fields::default(), body_at: 0, folds: 0 };
        loop {
            let ((start, end), next) = line(bytes, at).ok_or(ParseError::HeaderLine)?;
            let text = bytes.get(start..end).unwrap_or_default();
            match text.first() {
                None => {
                    table.body_at = next;
                    return Ok(table);
                }
                Some(b) if lex::is_blank(*b) => table.continue_last(text, start)?,
                Some(_) => table.push(field(text, start).ok_or(ParseError::HeaderLine)?)?,
            }
            at = next;
        }
    }

    fn push(&mut self, field: Field) -> Result<(), ParseError> {
        if self.fields.len() == SIP_HEADERS_MAX {
            return Err(ParseError::TooManyHeaders);
        }
        if let Some(known) = field.known.filter(|known| known.is_single() && self.fields.has(*known)) {
            return Err(ParseError::Repeated(known));
        }
        self.fields.push(field);
        Ok(())
    }

    /// A line that begins with a blank goes on with the value before it (RFC 3261 section 7.3.1).
    fn continue_last(&mut self, text: &[u8], start: usize) -> Result<(), ParseError> {
        let last = self.fields.last_mut().ok_or(ParseError::HeaderLine)?;
        if self.folds == SIP_FOLDS_MAX {
            return Err(ParseError::TooManyHeaders);
        }
        self.folds += 1;
        let value = text.trim_ascii();
        if !value.is_empty() {
            let from = start + text.len() - text.trim_ascii_start().len();
            last.value.extend_to(from, from + value.len());
        }
        Ok(())
    }
}

/// The name and value of one line of a head, without its end; `None` for one that is no header field, or goes on with the one before.
pub fn field_of_line(line: &[u8]) -> Option<(HeaderName<'_>, &[u8])> {
    let field = field(line, 0)?;
    let name = field.known.map_or_else(|| HeaderName::Other(field.name.of(line)), HeaderName::Known);
    Some((name, field.value.of(line)))
}

/// `name: value` in `text`, which stands at `start`; blanks are allowed on both sides of the colon.
pub(super) fn field(text: &[u8], start: usize) -> Option<Field> {
    let name_len = text.iter().position(|b| !lex::is_token_byte(*b))?;
    let (name, rest) = text.split_at_checked(name_len)?;
    // As nearly all write it: one blank behind the colon, and none at the end.
    if let ([b':', b' ', first, ..], Some(last)) = (rest, rest.last())
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
        && name_len > 0
    {
        let (name_span, value) =
            (Span::new(start, start + name_len), Span::new(start + name_len + 2, start + text.len()));
        return Some(Field { known: Known::read(name), name: name_span, value });
    }
    let rest = rest.trim_ascii_start().strip_prefix(b":")?;
    let value = rest.trim_ascii_start();
    let value_at = start + text.len() - value.len();
    let value_end = value_at + value.trim_ascii_end().len();
    let (name_span, value) = (Span::new(start, start + name_len), Span::new(value_at, value_end));
    (name_len > 0).then(|| Field { known: Known::read(name), name: name_span, value })
}

/// A copy in which every fold before `end` is two blanks: the same length, so that the table stays right. Without folds it is
/// no copy.
pub(super) fn unfolded(bytes: Bytes, end: usize) -> Bytes {
    let header_part = bytes.get(..end).unwrap_or(&bytes);
    let Some(first) = next_fold(header_part, 0) else { return bytes };
    let mut copy = BytesMut::from(header_part);
    let mut fold = Some(first);
    while let Some(at) = fold {
        copy.iter_mut().skip(at).take(2).for_each(|b| *b = b' ');
        fold = next_fold(&copy, at + 2);
    }
    copy.extend_from_slice(bytes.get(end..).unwrap_or_default());
    copy.freeze()
}

/// Where the next line end stands that a blank follows.
fn next_fold(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr(b'\r', text.get(at..)?)?;
        if matches!(text.get(at..at + 3), Some([b'\r', b'\n', b' ' | b'\t'])) {
            return Some(at);
        }
        at += 1;
    }
}
