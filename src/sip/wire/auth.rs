//! Credentials and challenges (RFC 7616, RFC 3261 section 22): a scheme and a comma list of parameters.

use std::borrow::Cow;
use std::fmt;

use super::lex;

/// The value of Authorization, WWW-Authenticate, or their Proxy forms.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// As written; compare without regard to case.
    pub scheme: &'a [u8],
    params: &'a [u8],
}

impl<'a> Credentials<'a> {
    /// `None` when there is not even a scheme.
    pub fn read(value: &'a [u8]) -> Option<Credentials<'a>> {
        let value = value.trim_ascii();
        let end = value.iter().position(|b| lex::is_blank(*b)).unwrap_or(value.len());
        let (scheme, params) = value.split_at_checked(end)?;
        lex::is_token(scheme).then_some(Credentials { scheme, params })
    }

    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case(b"Digest")
    }

    /// The parameter of that name in any case, quotes and backslashes resolved. Two of one name are none at all: nobody
    /// can say which of them the peer meant.
    pub fn get(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        let mut found = self.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes()));
        let (_, value) = found.next()?;
        found.next().is_none().then(|| lex::unquote(value))
    }

    /// Names and values as written, quotes included.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut rest = self.params;
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let (one, after) = split_params(rest);
                rest = after;
                if let Some(equals) = memchr::memchr(b'=', one) {
                    let (name, value) = lex::cut(one, equals);
                    return Some((name.trim_ascii(), value.trim_ascii()));
                }
            }
            None
        })
    }
}

/// Like a list of values, but here an angle bracket is nothing special.
fn split_params(text: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr2(b',', b'"', rest)) {
        at += found;
        match text.get(at..).and_then(|rest| if rest.starts_with(b"\"") { lex::quoted_len(rest) } else { Some(0) }) {
            Some(0) => return lex::cut(text, at),
            Some(quoted) => at += quoted,
            None => break,
        }
    }
    (text, &[])
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<credentials>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_parameters_in_any_dress() {
        let value =
            br#"DIGEST  Username = "a, \"b\"" ,realm="example.com",NC=00000001, qop=auth,uri="sip:<x>@example.com""#;
        let credentials = Credentials::read(value).unwrap();
        assert!(credentials.is_digest());
        assert_eq!(credentials.get("username").as_deref(), Some(&br#"a, "b""#[..]));
        assert_eq!(credentials.get("nc").as_deref(), Some(&b"00000001"[..]));
        assert_eq!(credentials.get("uri").as_deref(), Some(&b"sip:<x>@example.com"[..]));
        assert_eq!(credentials.get("nonce"), None);
    }

    #[test]
    fn a_parameter_given_twice_is_none() {
        let credentials = Credentials::read(b"Digest nonce=\"a\", nonce=\"b\"").unwrap();
        assert_eq!(credentials.get("nonce"), None);
    }

    #[test]
    fn unknown_schemes_and_broken_quotes_do_no_harm() {
        let other = Credentials::read(b"NoOneKnowsThisScheme opaque-data=here").unwrap();
        assert!(!other.is_digest());
        assert_eq!(Credentials::read(b"Digest a=\"b, c=d").unwrap().get("c"), None);
        assert!(Credentials::read(b"  ").is_none());
    }
}
