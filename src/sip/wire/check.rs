//! What RFC 3261 demands of a message before anybody acts on it (sections 7, 8.1.1, 8.2, 16.3, 18.3).

use super::address::NameAddr;
use super::error::ParseError;
use super::kept::{Kept, KeptAddress, KeptVia};
use super::lex;
use super::message::{CSeq, Headers};
use super::method::Method;
use super::name::{HeaderName, Known};
use super::uri::Uri;
use super::via::Via;

/// Of requests and answers alike; fills in CSeq, keeps what it has read, and cuts the body.
pub(super) fn headers(headers: &mut Headers) -> Result<(), ParseError> {
    headers.cseq = cseq(headers)?;
    let raw = &headers.raw;
    let via = read_with(headers, Known::Via, |value| Via::read(lex::split_list(value).0))?;
    let from = read_with(headers, Known::From, NameAddr::read)?;
    let to = read_with(headers, Known::To, NameAddr::read)?;
    read_with(headers, Known::CallId, |id| (!id.is_empty() && !lex::has_blank(id)).then_some(()))?;
    headers.kept = Some(Kept {
        via: KeptVia::keep(&via, raw),
        from: KeptAddress::keep(&from, raw),
        to: KeptAddress::keep(&to, raw),
        contact: None,
    });
    cut_body(headers)
}

/// Of requests only.
pub(super) fn request(method: &Method, headers: &mut Headers) -> Result<(), ParseError> {
    if headers.cseq.method != *method {
        return Err(ParseError::CSeqMethod);
    }
    if headers.header(HeaderName::MAX_FORWARDS).is_some() && headers.max_forwards().is_none() {
        return Err(ParseError::Malformed(Known::MaxForwards));
    }
    let mut first = None;
    for value in headers.list(HeaderName::CONTACT).filter(|value| *value != b"*") {
        let contact = NameAddr::read(value).ok_or(ParseError::Malformed(Known::Contact))?;
        first = first.or_else(|| Some(KeptAddress::keep(&contact, &headers.raw)));
    }
    if let Some(kept) = &mut headers.kept {
        kept.contact = first;
    }
    Ok(())
}

/// Header fields in the Request-URI are forbidden (RFC 3261 table 1).
pub(super) fn request_uri(text: &[u8]) -> Result<Uri<'_>, ParseError> {
    let uri = Uri::read(text).ok_or(ParseError::RequestUri)?;
    if uri.headers.is_empty() { Ok(uri) } else { Err(ParseError::RequestUri) }
}

fn read_with<'a, T>(headers: &'a Headers, known: Known, read: impl Fn(&'a [u8]) -> Option<T>) -> Result<T, ParseError> {
    let value = headers.header(HeaderName::Known(known)).ok_or(ParseError::Missing(known))?;
    read(value).ok_or(ParseError::Malformed(known))
}

pub(super) fn cseq(headers: &Headers) -> Result<CSeq, ParseError> {
    let value = headers.header(HeaderName::CSEQ).ok_or(ParseError::Missing(Known::CSeq))?;
    cseq_parts(headers, value).ok_or(ParseError::Malformed(Known::CSeq))
}

fn cseq_parts(headers: &Headers, value: &[u8]) -> Option<CSeq> {
    let (number, method) = value.split_at_checked(value.iter().position(|b| lex::is_blank(*b))?)?;
    let method = method.trim_ascii();
    let number = lex::number(number)?;
    lex::is_token(method).then(|| CSeq { number, method: Method::within(&headers.raw, method) })
}

/// RFC 3261 section 18.3: more octets are ignored, fewer are a fault.
fn cut_body(headers: &mut Headers) -> Result<(), ParseError> {
    let Some(value) = headers.header(HeaderName::CONTENT_LENGTH) else {
        return Ok(());
    };
    let length = lex::clamped(value).ok_or(ParseError::Malformed(Known::ContentLength))?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > headers.body().len() {
        return Err(ParseError::BodyCutOff);
    }
    headers.body = headers.body.first(length);
    Ok(())
}
