//! Names with addresses: From, To, Contact, Route, P-Asserted-Identity and their like (RFC 3261 section 20.10).

use std::borrow::Cow;
use std::fmt;

use memchr::memchr;

use super::lex;
use super::params::Params;
use super::uri::Uri;

/// `"Display" <uri>;params`, or a bare URI with the parameters of the header.
#[derive(Clone, Copy, Default)]
pub struct NameAddr<'a> {
    /// As written, without quotes, backslashes in place; empty when there is none.
    pub display: &'a [u8],
    pub uri: Uri<'a>,
    /// Empty when there is none.
    pub tag: &'a [u8],
    /// Those of the header, not those of the URI.
    pub params: Params<'a>,
    /// The whole value, as written.
    pub raw: &'a [u8],
}

impl<'a> NameAddr<'a> {
    /// Reads one value, without the comma; `None` when it does not follow the grammar. Empty parameters do no harm.
    pub fn read(value: &'a [u8]) -> Option<NameAddr<'a>> {
        let raw = value.trim_ascii();
        let (display, uri, params) = match raw.first()? {
            b'"' => quoted_form(raw)?,
            _ => unquoted_form(raw)?,
        };
        let mut tag: &[u8] = &[];
        for param in params.iter().filter(|param| !param.name.is_empty()) {
            if !param.is_well_formed() {
                return None;
            }
            if tag.is_empty() && param.is("tag") {
                tag = param.value;
            }
        }
        Some(NameAddr { display, uri: Uri::read(uri)?, tag, params, raw })
    }

    /// The display name as people read it.
    pub fn display_text(&self) -> String {
        let plain = match memchr(b'\\', self.display) {
            Some(_) => Cow::Owned(lex::unescape(self.display)),
            None => Cow::Borrowed(self.display),
        };
        String::from_utf8_lossy(&plain).into_owned()
    }
}

/// The tag of a From or To that can be read, without reading all of it; empty when there is none.
pub(super) fn tag(value: &[u8]) -> &[u8] {
    let mut rest = value;
    while let Some(semicolon) = lex::find_outside(rest, b';') {
        (_, rest) = lex::cut(rest, semicolon);
        let param = rest.get(..lex::find_outside(rest, b';').unwrap_or(rest.len())).unwrap_or_default();
        let (name, value) = lex::cut(param, memchr::memchr(b'=', param).unwrap_or(param.len()));
        let value = value.trim_ascii();
        if name.trim_ascii().eq_ignore_ascii_case(b"tag") && !value.is_empty() {
            return value;
        }
    }
    &[]
}

type Parts<'a> = (&'a [u8], &'a [u8], Params<'a>);

fn quoted_form(raw: &[u8]) -> Option<Parts<'_>> {
    let (quoted, rest) = raw.split_at_checked(lex::quoted_len(raw)?)?;
    in_brackets(lex::inside_quotes(quoted), rest.trim_ascii_start().strip_prefix(b"<")?)
}

/// An unquoted name before `<`, or no brackets at all. A bracket behind a semicolon belongs to a parameter.
fn unquoted_form(raw: &[u8]) -> Option<Parts<'_>> {
    let bracket = memchr(b'<', raw).map(|at| lex::cut(raw, at));
    match bracket.filter(|(before, _)| memchr(b';', before).is_none()) {
        Some((display, after)) => may_be_display(display).then(|| in_brackets(display.trim_ascii(), after))?,
        None => bare(raw),
    }
}

/// RFC 3261 wants tokens here; what peers really send is let through unless it makes the value ambiguous.
fn may_be_display(text: &[u8]) -> bool {
    !text.iter().any(|b| matches!(b, b',' | b'"' | b'>'))
}

/// `after` begins behind the opening bracket.
fn in_brackets<'a>(display: &'a [u8], after: &'a [u8]) -> Option<Parts<'a>> {
    let (uri, rest) = lex::cut(after, memchr(b'>', after)?);
    let rest = rest.trim_ascii_start();
    (rest.is_empty() || rest.starts_with(b";")).then_some((display, uri, Params::new(rest)))
}

/// All parameters are the header's; a URI with a comma or question mark must stand in brackets (RFC 3261 section 20.10).
fn bare(raw: &[u8]) -> Option<Parts<'_>> {
    let (uri, params) = raw.split_at_checked(memchr(b';', raw).unwrap_or(raw.len()))?;
    let uri = uri.trim_ascii_end();
    let clear = memchr::memchr2(b',', b'?', uri).is_none();
    clear.then_some((&[], uri, Params::new(params)))
}

impl fmt::Debug for NameAddr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<name and address>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String, String)> {
        let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        NameAddr::read(text.as_bytes()).map(|n| (n.display_text(), text_of(n.uri.raw()), text_of(n.tag)))
    }

    #[test]
    fn the_tag_alone_is_the_tag_of_the_whole() {
        for text in [
            "sip:a@example.com",
            "sip:a@example.com;tag=1",
            "<sip:a@example.com;tag=no>;x=1;TAG = 2 ;tag=3",
            "\"A; tag=no, <b>\" <sip:a@example.com?x=1;tag=no>;tag=4",
            "A B <sip:a@example.com>;;x=\";tag=no\";tag=5",
            "sip:a@example.com;x=<y;tag=no>;tag=6",
            "<sip:a@example.com>;tag=",
            "<sip:a@example.com>;tag=;tag=7",
        ] {
            let whole = NameAddr::read(text.as_bytes()).map(|read| read.tag);
            assert_eq!(whole, Some(tag(text.as_bytes())), "{text}");
        }
    }

    fn parts(display: &str, uri: &str, tag: &str) -> Option<(String, String, String)> {
        Some((display.to_owned(), uri.to_owned(), tag.to_owned()))
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(
            read(r#""J Rosen \\\""       <sip:j@example.com>  ;  Tag = 98asjd8"#),
            parts(r#"J Rosen \""#, "sip:j@example.com", "98asjd8")
        );
        assert_eq!(read("caller<sip:caller@example.com>;tag=323"), parts("caller", "sip:caller@example.com", "323"));
        assert_eq!(read("sip:j@example.com;tag=1;x=\"<y>\""), parts("", "sip:j@example.com", "1"));
        assert_eq!(read("<sip:j@example.com;tag=uri>"), parts("", "sip:j@example.com;tag=uri", ""));
        assert_eq!(read("<tel:+15550100>;;;"), parts("", "tel:+15550100", ""));
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        for text in [
            "",
            "\"Mr. J. User <sip:j.user@example.com>",
            "Bell, Alexander <sip:a@example.com>;tag=43",
            "\"W, T\" < sip:t@example.com >",
            "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
            "<sip:a@example.com",
            "<sip:a@example.com> x",
            "<sip:a@example.com>;tag=\"x",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
