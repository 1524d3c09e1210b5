//! Refer-To and Replaces (RFC 3515, RFC 3891): who is to be called, and which dialog the new one takes the place of.

use std::borrow::Cow;

use super::address::NameAddr;
use super::lex;
use super::message::Headers;
use super::name::HeaderName;
use super::params::Params;

/// A Replaces value: a dialog as the side that gets it knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaces<'a> {
    pub call_id: &'a [u8],
    pub to_tag: &'a [u8],
    pub from_tag: &'a [u8],
    pub early_only: bool,
}

impl<'a> Replaces<'a> {
    /// `None` without Call-ID or one of the tags.
    pub fn read(value: &'a [u8]) -> Option<Replaces<'a>> {
        let (call_id, params) = value.split_at_checked(memchr::memchr(b';', value)?)?;
        let params = Params::new(params);
        let tag = |name| params.value(name).filter(|tag| !tag.is_empty());
        let call_id = call_id.trim_ascii();
        let (to_tag, from_tag) = (tag("to-tag")?, tag("from-tag")?);
        (!call_id.is_empty()).then_some(Replaces { call_id, to_tag, from_tag, early_only: params.has("early-only") })
    }
}

impl Headers {
    /// The one Refer-To; `None` when there is none, more than one, or one that cannot be read (RFC 3515 section 2.4.2).
    pub fn refer_to(&self) -> Option<NameAddr<'_>> {
        let mut values = self.headers(HeaderName::REFER_TO);
        let only = values.next().filter(|_| values.next().is_none())?;
        NameAddr::read(only)
    }
}

/// The value of a header field of a URI, unescaped (RFC 3261 section 19.1.1); `headers` is what follows the question mark.
pub fn uri_header<'a>(headers: &'a [u8], name: &str) -> Option<Cow<'a, [u8]>> {
    headers.split(|byte| *byte == b'&').find_map(|field| {
        let (key, value) = field.split_at_checked(memchr::memchr(b'=', field)?)?;
        let is_it = lex::percent_decoded(key).eq_ignore_ascii_case(name.as_bytes());
        is_it.then(|| lex::percent_decoded(value.get(1..).unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_is_named_by_call_id_and_tags() {
        let replaces = Replaces::read(b"98732@example.com ;From-Tag=r33th4x0r;to-tag=ff87ff; early-only").unwrap();
        assert_eq!(replaces.call_id, b"98732@example.com");
        assert_eq!(
            (replaces.to_tag, replaces.from_tag, replaces.early_only),
            (&b"ff87ff"[..], &b"r33th4x0r"[..], true)
        );
        for value in ["", "a", "a;to-tag=b", "a;from-tag=b", ";to-tag=a;from-tag=b", "a;to-tag=;from-tag=b"] {
            assert_eq!(Replaces::read(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn header_fields_of_a_uri_are_unescaped() {
        let headers = b"Subject=x&replaces=c%40example.com%3Bto-tag%3D1%3Bfrom-tag%3D2&Require=replaces";
        assert_eq!(uri_header(headers, "Replaces").as_deref(), Some(&b"c@example.com;to-tag=1;from-tag=2"[..]));
        assert_eq!(uri_header(headers, "Route"), None);
        assert_eq!(uri_header(b"", "Route"), None);
    }
}
