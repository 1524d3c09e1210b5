//! Domains: how one is written, and which patterns may stand in a rule.

use std::borrow::Cow;
use std::fmt;

use super::domain_index::{Mark, Named};

/// `example.com`: this host and no other. `*.example.com`: every host below it, not itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainPattern {
    pub(super) name: Box<str>,
    pub(super) below: bool,
}

/// Why a text is not a pattern for domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadPattern {
    /// Not labels of letters, digits and hyphens with dots between them.
    Unreadable,
    /// Letters beyond ASCII; the domain system knows them as `xn--` labels.
    NotAscii,
    /// Everybody can register below this (<https://publicsuffix.org>), so it says nothing about who they are.
    PublicSuffix,
    /// Given as a public suffix, and is none.
    NotPublicSuffix,
}

const NAME_MAX: usize = 253;
const LABEL_MAX: usize = 63;

impl DomainPattern {
    /// Reads `example.com` or `*.example.com`, in any case; refuses `*.co.uk` and its like.
    pub fn parse(text: &str) -> Result<DomainPattern, BadPattern> {
        let (name, below) = read_pattern(text)?;
        Ok(DomainPattern { name: name.to_ascii_lowercase().into_boxed_str(), below })
    }

    /// Reads a public suffix, `edu` or `*.gov.uk`, whose whole population is meant: an admin says so in so many words.
    pub fn public_suffix(text: &str) -> Result<DomainPattern, BadPattern> {
        let text = text.trim();
        let name = readable(text.strip_prefix("*.").unwrap_or(text))?;
        if !is_public_suffix(&name) {
            return Err(BadPattern::NotPublicSuffix);
        }
        Ok(DomainPattern { name, below: true })
    }

    /// The domain and all below it, as two patterns.
    pub(super) fn with_all_below(name: &str) -> Option<[DomainPattern; 2]> {
        let name = readable(name).ok()?;
        Some([DomainPattern { name: name.clone(), below: false }, DomainPattern { name, below: true }])
    }

    /// For the index.
    pub(super) fn named<'n>(&'n self, mark: &'n Mark) -> Named<'n> {
        Named { name: self.name.as_bytes(), below: self.below, mark }
    }
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.below { "*." } else { "" }, self.name)
    }
}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadPattern::Unreadable => "not a domain",
            BadPattern::NotAscii => "not a domain as the network writes it: use its xn-- form",
            BadPattern::PublicSuffix => "a public suffix: anybody can register below it",
            BadPattern::NotPublicSuffix => "not a public suffix, which is written as a domain: *.example.com",
        })
    }
}

impl std::error::Error for BadPattern {}

/// The name of a pattern as it is written, and whether all below it is meant.
pub(super) fn read_pattern(text: &str) -> Result<(&str, bool), BadPattern> {
    let (name, below) = match text.trim().strip_prefix("*.") {
        Some(rest) => (rest, true),
        None => (text.trim(), false),
    };
    let name = written(name)?;
    if below && is_public_suffix(&name.to_ascii_lowercase()) {
        return Err(BadPattern::PublicSuffix);
    }
    Ok((name, below))
}

/// The host of an e-mail address, a `sip:` or web URI, or a bare host; lower case, without port, `None` for addresses of machines.
pub fn host_of(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    // Most are bare hosts.
    if let Some(spelling) = name(text) {
        return Some(lower(text, spelling));
    }
    let text = if text.contains(':') { without_scheme(text) } else { text };
    let end = text.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#' | b';' | b'>'));
    let authority = text.get(..end.unwrap_or(text.len()))?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host).trim().trim_end_matches('.');
    if host.is_ascii() {
        return name(host).map(|spelling| lower(host, spelling));
    }
    readable(&idna::domain_to_ascii(host).ok()?).map(|name| Cow::Owned(name.into_string())).ok()
}

/// Without a copy where it is so already.
fn lower(name: &str, spelling: Spelling) -> Cow<'_, str> {
    match spelling {
        Spelling::Lower => Cow::Borrowed(name),
        Spelling::Mixed => Cow::Owned(name.to_ascii_lowercase()),
    }
}

fn without_scheme(text: &str) -> &str {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    text.strip_prefix("sips:").or_else(|| text.strip_prefix("sip:")).unwrap_or(text)
}

/// The part of a host that somebody registered: `example.co.uk` of `mail.example.co.uk`.
pub fn registrable(host: &str) -> Option<&str> {
    psl::domain_str(host)
}

/// Only what the list names: an unknown top level, `*.corp`, is somebody's own.
fn is_public_suffix(name: &str) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix.as_bytes().len() == name.len())
}

fn readable(text: &str) -> Result<Box<str>, BadPattern> {
    written(text).map(|name| name.to_ascii_lowercase().into_boxed_str())
}

/// Without what stands around it.
fn written(text: &str) -> Result<&str, BadPattern> {
    let text = text.trim().trim_end_matches('.');
    if !text.is_ascii() {
        return Err(BadPattern::NotAscii);
    }
    name(text).map(|_| text).ok_or(BadPattern::Unreadable)
}

/// How the letters of a name are written.
#[derive(Clone, Copy)]
enum Spelling {
    Lower,
    Mixed,
}

/// Labels with dots between them, of which the last is no number. Without a branch for each letter: names differ, and a processor that
/// guesses wrong at some of their letters loses more than the rest of a look-up takes.
fn name(text: &str) -> Option<Spelling> {
    let (mut label, mut is_bad, mut is_number, mut kinds) = (0, false, true, 0);
    for byte in text.bytes() {
        let kind = KINDS[usize::from(byte)];
        let is_dot = kind == DOT;
        is_bad |= (kind == 0) | ((label == 0) & (kind & (DOT | HYPHEN) != 0)) | (label > LABEL_MAX);
        is_number = (is_number | is_dot) & (kind & (DOT | DIGIT) != 0);
        label = if is_dot { 0 } else { label + 1 };
        kinds |= kind;
    }
    let is_name = text.len() <= NAME_MAX && !is_bad && (1..=LABEL_MAX).contains(&label) && !is_number;
    is_name.then_some(if kinds & UPPER == 0 { Spelling::Lower } else { Spelling::Mixed })
}

const DOT: u8 = 1;
const HYPHEN: u8 = 2;
const DIGIT: u8 = 4;
const LETTER: u8 = 8;
const UPPER: u8 = 16;
/// What each byte is in a name; 0: it stands in none.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        kinds[byte] = match byte as u8 {
            b'.' => DOT,
            b'-' => HYPHEN,
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'_' => LETTER,
            b'A'..=b'Z' => LETTER | UPPER,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Result<String, BadPattern> {
        DomainPattern::parse(text).map(|p| p.to_string())
    }

    #[test]
    fn patterns_are_read_in_one_form() {
        assert_eq!(pattern("Example.COM").as_deref(), Ok("example.com"));
        assert_eq!(pattern(" *.Example.co.uk. ").as_deref(), Ok("*.example.co.uk"));
        assert_eq!(pattern("xn--bcher-kva.example").as_deref(), Ok("xn--bcher-kva.example"));
    }

    #[test]
    fn a_suffix_that_anybody_can_register_below_is_refused_unless_said_so() {
        for text in ["*.co.uk", "*.com", "*.github.io"] {
            assert_eq!(pattern(text), Err(BadPattern::PublicSuffix), "{text}");
        }
        assert_eq!(DomainPattern::public_suffix("gov.uk").map(|p| p.to_string()).as_deref(), Ok("*.gov.uk"));
        assert_eq!(DomainPattern::public_suffix("*.edu").map(|p| p.to_string()).as_deref(), Ok("*.edu"));
        assert_eq!(DomainPattern::public_suffix("example.com"), Err(BadPattern::NotPublicSuffix));
    }

    #[test]
    fn nonsense_is_no_pattern() {
        for text in [
            "",
            "*",
            "*.",
            "a..com",
            "ex ample.com",
            "-a.com",
            "192.0.2.1",
            "a.*.com",
            "a.-b.com",
            ".com",
            "a.7",
            &"a".repeat(64),
            &"a.".repeat(128),
        ] {
            assert_eq!(pattern(text), Err(BadPattern::Unreadable), "{text}");
        }
        assert_eq!(pattern("bücher.example"), Err(BadPattern::NotAscii));
    }

    #[test]
    fn a_host_is_found_in_every_form_of_address() {
        for text in [
            "ann@Shop.Example.com",
            "shop.example.com.",
            "https://shop.example.com:8443/help?x=1",
            "sip:ann@shop.example.com;user=phone",
            "sips:shop.example.com:5061",
            "ann@ｓｈｏｐ.example.com",
        ] {
            assert_eq!(host_of(text).as_deref(), Some("shop.example.com"), "{text}");
        }
        for text in ["192.0.2.7", "sip:ann@[2001:db8::1]:5060", "", "@", "ann@", "http://"] {
            assert_eq!(host_of(text), None, "{text}");
        }
        assert_eq!(registrable("mail.example.co.uk"), Some("example.co.uk"));
    }
}
