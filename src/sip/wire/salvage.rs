//! What can still be answered of a request that was refused.

use std::ops::Deref;

use bytes::Bytes;
use memchr::memchr;

use super::check;
use super::fields::{Field, Fields};
use super::lex;
use super::message::{CSeq, Headers, Span};
use super::method::Method;
use super::name::{HeaderName, Known};
use super::parse;
use crate::base::limits::{SIP_HEADERS_MAX, SIP_MESSAGE_MAX};

/// Enough of a broken request to answer it with `Writer::reply`. Readers may find empty values where the request has faults.
#[derive(Clone, Debug)]
pub struct Salvaged {
    method: Method,
    headers: Headers,
}

impl Salvaged {
    /// Never answer ACK.
    pub fn method(&self) -> &Method {
        &self.method
    }
}

impl Deref for Salvaged {
    type Target = Headers;

    fn deref(&self) -> &Headers {
        &self.headers
    }
}

/// The header fields that an answer repeats (RFC 3261 section 8.2.6.2).
const NEEDED: [Known; 5] = [Known::Via, Known::From, Known::To, Known::CallId, Known::CSeq];

pub(super) fn request(bytes: &Bytes) -> Option<Salvaged> {
    let raw = parse::unfolded(bytes.slice(..bytes.len().min(SIP_MESSAGE_MAX)), SIP_MESSAGE_MAX);
    let begin = raw.iter().position(|b| !matches!(b, b'\r' | b'\n'))?;
    let end = begin + memchr(b'\n', raw.get(begin..)?)?;
    let method = method(&raw, raw.get(begin..end)?)?;
    let fields = fields(&raw, end + 1);
    let cseq = CSeq { number: 0, method: method.clone() };
    let mut headers = Headers { raw, fields, cseq, body: Span::default(), kept: None };
    if !NEEDED.iter().all(|known| headers.header(HeaderName::Known(*known)).is_some()) {
        return None;
    }
    headers.cseq = check::cseq(&headers).unwrap_or(CSeq { number: 0, method: method.clone() });
    Some(Salvaged { method, headers })
}

/// The first word, unless the line is a status line.
fn method(raw: &Bytes, line: &[u8]) -> Option<Method> {
    let word = line.split(|b| lex::is_blank(*b)).next()?;
    lex::is_token(word).then(|| Method::within(raw, word))
}

/// The lines that are header fields, the first of each name that stands once; other lines are passed over.
fn fields(raw: &[u8], mut at: usize) -> Fields {
    let mut fields = Fields::default();
    while fields.len() < SIP_HEADERS_MAX {
        let Some(rest) = raw.get(at..) else { break };
        let Some(length) = memchr(b'\n', rest) else { break };
        let text = rest.get(..length).unwrap_or_default();
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.is_empty() {
            break;
        }
        if let Some(field) = parse::field(text, at).filter(|_| memchr(b'\r', text).is_none()) {
            push(&mut fields, field);
        }
        at += length + 1;
    }
    fields
}

fn push(fields: &mut Fields, field: Field) {
    let again = |known: Known| known.is_single() && fields.has(known);
    if !field.known.is_some_and(again) {
        fields.push(field);
    }
}
