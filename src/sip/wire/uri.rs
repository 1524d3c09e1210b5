//! URIs: `sip`, `sips` and `tel` in their parts, every other scheme opaque. What is passed on is `raw`, never put together anew.

use std::borrow::Cow;
use std::fmt;

use memchr::memchr;

use super::host::Host;
use super::lex;
use super::params::Params;
use crate::base::limits::SIP_URI_MAX;
use crate::sip::api::Transport;

/// What stands before the first colon, in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Sip,
    Sips,
    Tel,
    Other,
}

/// A URI that borrows its text.
#[derive(Clone, Copy)]
pub struct Uri<'a> {
    pub scheme: Scheme,
    /// As written, escapes in place. For `tel` the number; for an opaque URI all that follows the colon.
    pub user: Option<&'a [u8]>,
    pub password: Option<&'a [u8]>,
    /// `None` for anything but `sip` and `sips`.
    pub host: Option<Host<'a>>,
    pub port: Option<u16>,
    pub params: Params<'a>,
    /// What follows the question mark, as written; empty when there is none.
    pub headers: &'a [u8],
    pub(super) raw: &'a [u8],
}

impl<'a> Uri<'a> {
    /// `None` when it is no URI, or longer than `SIP_URI_MAX`.
    pub fn read(raw: &'a [u8]) -> Option<Uri<'a>> {
        if raw.len() > SIP_URI_MAX {
            return None;
        }
        let uri = Uri { raw, ..EMPTY };
        // Most are such.
        if let Some((_, rest)) = raw.split_at_checked(4).filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"sip:")) {
            return uri.with_sip_parts(Scheme::Sip, rest);
        }
        let (scheme, rest) = lex::cut(raw, raw.iter().position(|b| *b == b':')?);
        match scheme {
            s if s.eq_ignore_ascii_case(b"sips") => uri.with_sip_parts(Scheme::Sips, rest),
            s if s.eq_ignore_ascii_case(b"tel") => uri.with_number(rest),
            s => uri.with_opaque(s, rest),
        }
    }

    /// As written.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    pub fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user part with its escapes resolved.
    pub fn user_decoded(&self) -> Cow<'a, [u8]> {
        lex::percent_decoded(self.user.unwrap_or_default())
    }

    /// The user part as people mean it: without its parameters (`+15550100;npdi`), escapes resolved, readable.
    pub fn user_text(&self) -> String {
        let user = self.user.unwrap_or_default();
        let end = memchr(b';', user).unwrap_or(user.len());
        String::from_utf8_lossy(&lex::percent_decoded(user.get(..end).unwrap_or(user))).into_owned()
    }

    /// Of the `transport` parameter: whether it is there and that one.
    pub fn transport_is(&self, transport: &str) -> bool {
        self.params.value("transport").is_some_and(|t| t.eq_ignore_ascii_case(transport.as_bytes()))
    }

    /// The transport that the URI asks for (RFC 3261 section 26.2.2, RFC 3263 section 4.1); `None` when it leaves it open, or asks for
    /// one that we do not have.
    pub fn transport(&self) -> Option<Transport> {
        let known = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws];
        match self.scheme {
            Scheme::Sips => Some(Transport::Tls),
            Scheme::Sip => known.into_iter().find(|transport| self.transport_is(transport.param())),
            Scheme::Tel | Scheme::Other => None,
        }
    }

    /// userinfo, host, port, parameters, headers (RFC 3261 section 19.1.1). The first `@` ends the userinfo.
    fn with_sip_parts(mut self, scheme: Scheme, rest: &'a [u8]) -> Option<Uri<'a>> {
        self.scheme = scheme;
        let marks = Marks::find(rest)?;
        let mut host_at = 0;
        if let Some(at) = marks.at {
            let (user, password) = rest.get(..at)?.split_at_checked(marks.colon.unwrap_or(at))?;
            (self.user, self.password) = (Some(user).filter(|user| !user.is_empty()), password.get(1..));
            self.user?;
            host_at = at + 1;
        }
        let headers_at = marks.question.unwrap_or(rest.len());
        let params_at = marks.semicolon.unwrap_or(headers_at).min(headers_at);
        self.params = Params::new(rest.get(params_at..headers_at)?);
        self.headers = rest.get(headers_at + 1..).unwrap_or_default();
        let (host, port) = Host::read_with_port(rest.get(host_at..params_at)?)?;
        (self.host, self.port) = (Some(host), port);
        Some(self)
    }

    /// RFC 3966: a number, then parameters.
    fn with_number(self, rest: &'a [u8]) -> Option<Uri<'a>> {
        let (number, params) = split_at(rest, b';');
        let known = !number.is_empty() && number.iter().all(|b| is_phone_byte(*b));
        let known = known && params.iter().all(|b| may_stand_in_uri(*b));
        known.then_some(Uri { scheme: Scheme::Tel, user: Some(number), params: Params::new(params), ..self })
    }

    fn with_opaque(self, scheme: &[u8], rest: &'a [u8]) -> Option<Uri<'a>> {
        let good = is_scheme(scheme) && rest.iter().all(|b| may_stand_in_uri(*b));
        good.then_some(Uri { user: Some(rest), ..self })
    }
}

const EMPTY: Uri<'static> = Uri {
    scheme: Scheme::Other,
    user: None,
    password: None,
    host: None,
    port: None,
    params: Params::NONE,
    headers: &[],
    raw: &[],
};

impl Default for Uri<'_> {
    fn default() -> Self {
        EMPTY
    }
}

/// Before the separator, and from it on.
fn split_at(text: &[u8], separator: u8) -> (&[u8], &[u8]) {
    text.split_at_checked(memchr(separator, text).unwrap_or(text.len())).unwrap_or((text, &[]))
}

/// The first of each sign that parts a SIP URI; those before the first `@` are the userinfo's and count no more.
#[derive(Default)]
struct Marks {
    at: Option<usize>,
    /// The first; where there is an `@`, that of the userinfo.
    colon: Option<usize>,
    semicolon: Option<usize>,
    question: Option<usize>,
}

impl Marks {
    /// In one pass; `None` when there is a byte that no URI may hold.
    fn find(text: &[u8]) -> Option<Marks> {
        let mut marks = Marks::default();
        let (words, rest) = text.as_chunks::<8>();
        for (nth, word) in words.iter().enumerate() {
            let mut suspects = suspects(*word);
            while suspects != 0 {
                let place = 8 * nth + (suspects.trailing_zeros() / 8) as usize;
                marks.take(place, *text.get(place)?)?;
                suspects &= suspects - 1;
            }
        }
        for (place, byte) in rest.iter().enumerate().filter(|(_, byte)| IS_MARK[usize::from(**byte)]) {
            marks.take(8 * words.len() + place, *byte)?;
        }
        Some(marks)
    }

    fn take(&mut self, place: usize, byte: u8) -> Option<()> {
        match byte {
            b'@' if self.at.is_none() => *self = Marks { at: Some(place), colon: self.colon, ..Marks::default() },
            // A port's.
            b':' if self.at.is_some() => {}
            b':' => self.colon = self.colon.or(Some(place)),
            b';' => self.semicolon = self.semicolon.or(Some(place)),
            b'?' => self.question = self.question.or(Some(place)),
            plain => return may_stand_in_uri(plain).then_some(()),
        }
        Some(())
    }
}

/// The highest bit of each of eight bytes that `take` has to look at: all that `IS_MARK` names, and a few others.
fn suspects(word: [u8; 8]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    let word = u64::from_le_bytes(word);
    let low = word & !HIGH;
    let at_least = |byte: u8| low + (0x80 - u64::from(byte)) * ONES;
    let is_mark = at_least(b':') & !at_least(b'@' + 1);
    (is_mark | !at_least(b'"' + 1) | at_least(0x7f)) & HIGH & !word
}

/// The bytes that a reader has to look at: marks, and what may not stand there.
const IS_MARK: [bool; 256] = mark_table();

const fn mark_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8, b'@' | b':' | b';' | b'?') || !may_stand_in_uri(byte as u8);
        byte += 1;
    }
    table
}

/// Blanks, controls and the delimiters of header values never stand in a URI. Bytes above 127 should not, and pass.
const fn may_stand_in_uri(byte: u8) -> bool {
    byte > b' ' && !matches!(byte, b'<' | b'>' | b'"' | 0x7f)
}

fn is_scheme(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphabetic)
        && text.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn is_phone_byte(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b'+' | b'*' | b'#' | b'-' | b'.' | b'(' | b')' | b'p' | b'w')
}

impl fmt::Debug for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{:?} uri>", self.scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri<'_> {
        Uri::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_sip_uri_comes_apart() {
        let uri = uri("sips:alice:secret@[2001:db8::1]:5070;Transport=tcp;lr?subject=x&priority=urgent");
        assert_eq!((uri.scheme, uri.port), (Scheme::Sips, Some(5070)));
        assert_eq!((uri.user, uri.password), (Some(&b"alice"[..]), Some(&b"secret"[..])));
        assert_eq!(uri.host.unwrap().to_string(), "[2001:db8::1]");
        assert!(uri.transport_is("TCP") && uri.params.has("lr"));
        assert_eq!(uri.headers, b"subject=x&priority=urgent");
    }

    #[test]
    fn the_user_part_may_hold_what_looks_like_parameters() {
        let uri = uri("sip:user;par=u%40example.net@example.com");
        assert_eq!(uri.user, Some(&b"user;par=u%40example.net"[..]));
        assert_eq!(&*uri.user_decoded(), b"user;par=u@example.net");
        assert_eq!(uri.user_text(), "user");
        assert!(!uri.params.has("par"));
    }

    #[test]
    fn eight_bytes_at_once_are_seen_as_one_by_one() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                let mut word = *b"aZ09~-.z";
                word[place] = byte;
                let seen = suspects(word) >> (8 * place + 7) & 1 == 1;
                assert!(seen || !IS_MARK[usize::from(byte)], "{byte} at {place}");
                assert_eq!(suspects(word) & !(0x80 << (8 * place)), 0, "{byte} at {place}");
            }
        }
        let uri = uri("sip:a;b?c:d@example.com:5070;x=1?y");
        assert_eq!((uri.user, uri.password, uri.port), (Some(&b"a;b?c"[..]), Some(&b"d"[..]), Some(5070)));
        assert_eq!((uri.params.raw(), uri.headers), (&b";x=1"[..], &b"y"[..]));
    }

    #[test]
    fn telephone_numbers_and_unknown_schemes() {
        let tel = uri("tel:+1-555-0100;phone-context=example.com");
        assert_eq!((tel.scheme, tel.user, tel.host), (Scheme::Tel, Some(&b"+1-555-0100"[..]), None));
        let other = uri("nobodyKnowsThisScheme:totallyopaquecontent");
        assert_eq!((other.scheme, other.user), (Scheme::Other, Some(&b"totallyopaquecontent"[..])));
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for text in [
            "",
            "sip",
            "sip:",
            "sip:@example.com",
            "sip:a@b@c",
            "sip:a b@example.com",
            "sip:2001:db8::10",
            ":x",
            "tel:",
        ] {
            assert!(Uri::read(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Uri::read(format!("sip:{}@example.com", "a".repeat(SIP_URI_MAX)).as_bytes()).is_none());
    }
}
