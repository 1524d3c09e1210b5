//! Whether two URIs mean the same (RFC 3261 section 19.1.4, RFC 3966 section 4). The relation is not transitive, hence no `Eq`.

use super::lex::hex;
use super::params::{Param, Params};
use super::uri::{Scheme, Uri};

/// Parameters or headers beyond this many are not compared one by one; such URIs are the same only when written the same.
const COMPARED_MAX: usize = 32;

impl Uri<'_> {
    /// Equivalent by the rules of its scheme; opaque URIs byte for byte.
    pub fn same_as(&self, other: &Uri<'_>) -> bool {
        if self.raw() == other.raw() {
            return true;
        }
        match (self.scheme, other.scheme) {
            (Scheme::Sip, Scheme::Sip) | (Scheme::Sips, Scheme::Sips) => same_sip(self, other),
            (Scheme::Tel, Scheme::Tel) => same_tel(self, other),
            _ => false,
        }
    }
}

fn same_sip(one: &Uri<'_>, two: &Uri<'_>) -> bool {
    same_userinfo(one.user, two.user)
        && same_userinfo(one.password, two.password)
        && one.port == two.port
        && one.host.zip(two.host).is_some_and(|(a, b)| a.same_as(&b))
        && same_params(one.params, two.params)
        && same_headers(one.headers, two.headers)
}

fn same_userinfo(one: Option<&[u8]>, two: Option<&[u8]>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => characters(one).eq(characters(two)),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Each character, and whether it is an escaped one that its escape sets apart (`%40` is not `@`, `%61` is `a`).
fn characters(text: &[u8]) -> impl Iterator<Item = (u8, bool)> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (byte, after) = rest.split_first()?;
        let escaped = after.get(..2).filter(|_| *byte == b'%').and_then(hex).and_then(|pair| pair.first().copied());
        rest = if escaped.is_some() { after.get(2..)? } else { after };
        Some(escaped.map_or((*byte, false), |plain| (plain, is_reserved(plain))))
    })
}

fn is_reserved(byte: u8) -> bool {
    matches!(byte, b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b',')
}

/// These count even when only one of the URIs has them; all others only when both do.
fn always_counts(param: &Param<'_>) -> bool {
    ["user", "ttl", "method", "maddr", "transport"].iter().any(|name| param.is(name))
}

fn same_params(one: Params<'_>, two: Params<'_>) -> bool {
    few(one) && few(two) && covers(one, two) && covers(two, one)
}

fn few(params: Params<'_>) -> bool {
    params.iter().nth(COMPARED_MAX).is_none()
}

fn covers(one: Params<'_>, two: Params<'_>) -> bool {
    one.iter().all(|param| match two.iter().find(|other| other.name.eq_ignore_ascii_case(param.name)) {
        Some(other) => same_text(param.value, other.value),
        None => !always_counts(&param),
    })
}

fn same_text(one: &[u8], two: &[u8]) -> bool {
    let lower = |(byte, reserved): (u8, bool)| (byte.to_ascii_lowercase(), reserved);
    characters(one).map(lower).eq(characters(two).map(lower))
}

/// The same headers in any order.
fn same_headers(one: &[u8], two: &[u8]) -> bool {
    let count = |text: &[u8]| text.split(|b| *b == b'&').take(COMPARED_MAX + 1).count();
    count(one) == count(two) && count(one) <= COMPARED_MAX && holds_all(one, two) && holds_all(two, one)
}

fn holds_all(one: &[u8], two: &[u8]) -> bool {
    one.split(|b| *b == b'&').all(|header| two.split(|b| *b == b'&').any(|other| same_text(header, other)))
}

fn same_tel(one: &Uri<'_>, two: &Uri<'_>) -> bool {
    few(one.params)
        && few(two.params)
        && number(one).eq(number(two))
        && holds_every_param(one.params, two.params)
        && holds_every_param(two.params, one.params)
}

/// Without the signs that only make it readable.
fn number<'a>(uri: &Uri<'a>) -> impl Iterator<Item = u8> + use<'a> {
    let digits = uri.user.unwrap_or_default().iter();
    digits.filter(|b| !matches!(b, b'-' | b'.' | b'(' | b')')).map(u8::to_ascii_lowercase)
}

fn holds_every_param(one: Params<'_>, two: Params<'_>) -> bool {
    one.iter().all(|param| {
        two.iter().any(|other| other.name.eq_ignore_ascii_case(param.name) && same_text(param.value, other.value))
    })
}

#[cfg(test)]
mod tests {
    use super::super::uri::Uri;

    fn same(one: &str, two: &str) -> bool {
        let (one, two) = (Uri::read(one.as_bytes()).unwrap(), Uri::read(two.as_bytes()).unwrap());
        assert_eq!(one.same_as(&two), two.same_as(&one), "not symmetric");
        one.same_as(&two)
    }

    #[test]
    fn these_mean_the_same() {
        for (one, two) in [
            ("sip:%61lice@example.com;transport=TCP", "sip:alice@ExAmPle.CoM;Transport=tcp"),
            ("sip:carol@example.com", "sip:carol@example.com;newparam=5"),
            ("sip:carol@example.com", "sip:carol@example.com;security=on"),
            (
                "sip:x@example.com;method=REGISTER?to=sip:y%40example.com",
                "sip:x@example.com;method=REGISTER?to=sip:y%40example.com",
            ),
            ("sip:a@example.com?subject=p&priority=u", "sip:a@example.com?priority=u&subject=p"),
            ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0::1]"),
            ("tel:+1-555-0100;ext=2", "TEL:+1.555.0100;EXT=2"),
        ] {
            assert!(same(one, two), "{one} {two}");
        }
    }

    #[test]
    fn these_do_not() {
        for (one, two) in [
            ("SIP:ALICE@example.com", "sip:alice@example.com"),
            ("sip:bob@example.com", "sip:bob@example.com:5060"),
            ("sip:bob@example.com", "sip:bob@example.com;transport=udp"),
            ("sip:carol@example.com;newparam=5", "sip:carol@example.com;newparam=6"),
            ("sip:carol@example.com", "sip:carol@example.com?Subject=next%20meeting"),
            ("sip:bob@example.com", "sip:bob@192.0.2.4"),
            ("sip:a%40b@example.com", "sip:a%41b@example.com"),
            ("sip:a@example.com", "sips:a@example.com"),
            ("sip:a@example.com", "sip:example.com"),
            ("tel:+15550100", "tel:+15550101"),
        ] {
            assert!(!same(one, two), "{one} {two}");
        }
    }
}
