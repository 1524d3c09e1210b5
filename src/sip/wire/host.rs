//! Hosts and ports, as URIs and Via carry them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::lex;
use crate::base::Plain;

/// A name or an address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Host<'a> {
    /// As written; compared without regard to case.
    Name(&'a [u8]),
    Address(IpAddr),
}

impl<'a> Host<'a> {
    /// The address, unless it is a name.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Host::Name(_) => None,
            Host::Address(address) => Some(*address),
        }
    }

    pub fn same_as(&self, other: &Host<'_>) -> bool {
        match (self, other) {
            (Host::Name(one), Host::Name(two)) => one.eq_ignore_ascii_case(two),
            (Host::Address(one), Host::Address(two)) => one == two,
            (Host::Name(_), Host::Address(_)) | (Host::Address(_), Host::Name(_)) => false,
        }
    }

    /// A name, an IPv4 address, or an IPv6 address with or without brackets.
    pub fn read(text: &'a [u8]) -> Option<Host<'a>> {
        match text.first()? {
            b'[' => v6(text.strip_prefix(b"[")?.strip_suffix(b"]")?).map(|v6| Host::Address(v6.into())),
            b'0'..=b'9' => v4(text).map(|v4| Host::Address(v4.into())).or_else(|| Host::read_name(text)),
            _ => Host::read_name(text),
        }
    }

    fn read_name(text: &'a [u8]) -> Option<Host<'a>> {
        if text.iter().all(|b| lex::is_host_byte(*b)) {
            return Some(Host::Name(text));
        }
        v6(text).map(|v6| Host::Address(v6.into()))
    }

    /// `host`, `host:port`, `[v6]:port`; white space around the colon, as Via has it, does no harm.
    pub(super) fn read_with_port(text: &'a [u8]) -> Option<(Host<'a>, Option<u16>)> {
        match v4_begins(text) {
            Some((v4, [])) => return Some((Host::Address(v4.into()), None)),
            Some((v4, [b':', port @ ..])) if port.first().is_some_and(u8::is_ascii_digit) => {
                return Some((
                    Host::Address(v4.into()),
                    Some(u16::try_from(lex::number(port.trim_ascii_end())?).ok()?),
                ));
            }
            Some(_) | None => {}
        }
        let end = match text.first()? {
            b'[' => memchr::memchr(b']', text)? + 1,
            _ => text.iter().position(|b| *b == b':').unwrap_or(text.len()),
        };
        let (host, rest) = text.split_at_checked(end)?;
        let host = Host::read(host.trim_ascii_end())?;
        let rest = rest.trim_ascii();
        if rest.is_empty() {
            return Some((host, None));
        }
        let port = lex::number(rest.strip_prefix(b":")?.trim_ascii())?;
        Some((host, Some(u16::try_from(port).ok()?)))
    }
}

/// Four numbers with dots; leading zeros, which some read as octal, are none.
fn v4(text: &[u8]) -> Option<Ipv4Addr> {
    v4_begins(text).filter(|(_, rest)| rest.is_empty()).map(|(v4, _)| v4)
}

/// The address at the beginning of `text`, and what follows its last digit.
fn v4_begins(text: &[u8]) -> Option<(Ipv4Addr, &[u8])> {
    let (first, rest) = octet(text)?;
    let (second, rest) = octet(rest.strip_prefix(b".")?)?;
    let (third, rest) = octet(rest.strip_prefix(b".")?)?;
    let (fourth, rest) = octet(rest.strip_prefix(b".")?)?;
    Some((Ipv4Addr::new(first, second, third, fourth), rest))
}

/// One to three digits, at most 255, without leading zeros.
fn octet(text: &[u8]) -> Option<(u8, &[u8])> {
    let digit = |byte: &u8| Some(byte.wrapping_sub(b'0')).filter(|digit| *digit < 10);
    let (first, mut rest) = text.split_first()?;
    let mut value = u16::from(digit(first)?);
    while let Some((next, after)) = rest.split_first()
        && let Some(next) = digit(next)
    {
        value = value * 10 + u16::from(next);
        if !(10..=255).contains(&value) || *first == b'0' {
            return None;
        }
        rest = after;
    }
    Some((u8::try_from(value).ok()?, rest))
}

/// The grammar of RFC 3261 let `2001:db8:::192.0.2.1` be written; RFC 5118 section 4.10 asks to read it as it was meant.
fn v6(text: &[u8]) -> Option<Ipv6Addr> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok().or_else(|| text.contains(":::").then(|| text.replacen(":::", "::", 1).parse().ok())?)
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => write!(f, "{}", name.escape_ascii()),
            Host::Address(address @ IpAddr::V4(_)) => fmt::Display::fmt(&Plain(*address), f),
            Host::Address(IpAddr::V6(v6)) => write!(f, "[{v6}]"),
        }
    }
}

impl fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<host>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Option<u16>)> {
        Host::read_with_port(text.as_bytes()).map(|(host, port)| (host.to_string(), port))
    }

    #[test]
    fn names_and_addresses_with_and_without_port() {
        assert_eq!(read("example.com"), Some(("example.com".to_owned(), None)));
        assert_eq!(read("192.0.2.1 : 5062"), Some(("192.0.2.1".to_owned(), Some(5062))));
        assert_eq!(read("[2001:DB8::10]:5070"), Some(("[2001:db8::10]".to_owned(), Some(5070))));
        assert_eq!(read("[2001:db8:::192.0.2.1]"), read("[2001:db8::192.0.2.1]"));
    }

    #[test]
    fn four_numbers_are_an_address_and_nothing_else_is() {
        for text in ["0.0.0.0", "255.255.255.255", "192.0.2.1"] {
            assert_eq!(v4(text.as_bytes()), text.parse().ok(), "{text}");
        }
        for text in
            ["1.2.3", "1.2.3.4.5", "1..2.3", ".1.2.3", "1.2.3.", "256.1.1.1", "01.2.3.4", "1.2.3.4a", "9999.1.1.1", ""]
        {
            assert_eq!(v4(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", "2001:db8::10", "[2001:db8::10", "a b", "example.com:", "example.com:65536", "[::1]x", "a@b"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
