//! The smallest pieces of the grammar (RFC 3261 section 25.1), on bytes. Folds are blanks by the time these are asked.

use std::borrow::Cow;

use memchr::{memchr, memchr3};

const TOKEN: [bool; 256] = token_table();

const fn token_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric()
            || matches!(b, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~');
        byte += 1;
    }
    table
}

/// May stand in a `token`.
pub(super) fn is_token_byte(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

const HOST: [bool; 256] = host_table();

const fn host_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        byte += 1;
    }
    table
}

/// May stand in a host name; the underscore is no part of the grammar, and of many names.
pub(super) fn is_host_byte(byte: u8) -> bool {
    HOST[usize::from(byte)]
}

pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| is_token_byte(*b))
}

pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Without a way out of the loop, many bytes are looked at together.
pub(super) fn has_blank(text: &[u8]) -> bool {
    text.iter().fold(false, |found, byte| found | is_blank(*byte))
}

/// The text before `at` and the text after the byte at `at`; both shorter when `at` is beyond the end.
pub(super) fn cut(text: &[u8], at: usize) -> (&[u8], &[u8]) {
    (text.get(..at).unwrap_or(text), text.get(at + 1..).unwrap_or_default())
}

/// How long the quoted string at the beginning of `text` is, both quotes counted; `None` when it does not end.
pub(super) fn quoted_len(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Every quote and angle bracket that is opened is closed.
pub(super) fn is_closed(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'"', b'<', rest) {
        let from = rest.get(at..).unwrap_or_default();
        let length = if from.starts_with(b"\"") { quoted_len(from) } else { memchr(b'>', from).map(|at| at + 1) };
        let Some(length) = length else { return false };
        rest = from.get(length..).unwrap_or_default();
    }
    true
}

/// Where `wanted` stands outside quoted strings and angle brackets. What is opened and never closed hides the rest.
pub(super) fn find_outside(text: &[u8], wanted: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr3(wanted, b'"', b'<', text.get(at..)?)?;
        let rest = text.get(at..)?;
        match *rest.first()? {
            b'"' => at += quoted_len(rest)?,
            b'<' => at += memchr(b'>', rest)? + 1,
            _ => return Some(at),
        }
    }
}

/// The first element of a comma list and what follows it.
pub(super) fn split_list(text: &[u8]) -> (&[u8], &[u8]) {
    match find_outside(text, b',') {
        Some(comma) => cut(text, comma),
        None => (text, &[]),
    }
}

/// What stands between the quotes of a quoted string; the text itself when it is not quoted.
pub(super) fn inside_quotes(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")).unwrap_or(text)
}

/// A token as it stands, a quoted string without its quotes and backslashes.
pub(super) fn unquote(text: &[u8]) -> Cow<'_, [u8]> {
    let inside = inside_quotes(text);
    if inside.len() == text.len() || memchr(b'\\', inside).is_none() {
        return Cow::Borrowed(inside);
    }
    Cow::Owned(unescape(inside))
}

/// Takes the backslashes out of the inside of a quoted string.
pub(super) fn unescape(inside: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter();
    while let Some(byte) = bytes.next() {
        let byte = if *byte == b'\\' { bytes.next().unwrap_or(byte) } else { byte };
        plain.push(*byte);
    }
    plain
}

/// Digits only; `None` for none, for anything else, and beyond 32 bits.
pub(super) fn number(text: &[u8]) -> Option<u32> {
    digits(text)?.try_into().ok()
}

/// Digits only; a number beyond 32 bits is the largest of them.
pub(super) fn clamped(text: &[u8]) -> Option<u32> {
    Some(digits(text)?.try_into().unwrap_or(u32::MAX))
}

/// Saturates; 19 digits fit for sure.
fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let start = if text.len() > 19 { text.iter().position(|b| *b != b'0').unwrap_or(text.len()) } else { 0 };
    let significant = text.get(start..).unwrap_or_default();
    if significant.len() > 19 {
        return Some(u64::MAX);
    }
    Some(significant.iter().fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0')))
}

/// The value of one hexadecimal digit.
pub(super) fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// Pairs of hexadecimal digits as bytes; `None` when something else stands there.
pub(super) fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, odd) = text.as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(hex_digit(*high)? << 4 | hex_digit(*low)?)).collect()
}

/// Resolves `%41`; a percent sign without two digits stays as it is.
pub(super) fn percent_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'%', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *byte == b'%').and_then(hex).and_then(|pair| pair.first().copied());
        plain.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_inside_quotes_and_brackets_do_not_count() {
        assert_eq!(find_outside(br#""a,b" <x,y>, c"#, b','), Some(11));
        assert_eq!(find_outside(br#""a\",b, c"#, b','), None);
        assert_eq!(split_list(b"a,b"), (&b"a"[..], &b"b"[..]));
    }

    #[test]
    fn what_is_opened_must_be_closed() {
        assert_eq!([&b""[..], br#";a="b;c""#, b"<a>"].map(is_closed), [true; 3]);
        assert_eq!([&br#"z9hG4"x"#[..], b";a=<b", br#";a="b\""#].map(is_closed), [false; 3]);
    }

    #[test]
    fn quotes_and_escapes_go() {
        assert_eq!(&*unquote(br#""J \\\"""#), br#"J \""#);
        assert_eq!(&*unquote(b"plain"), b"plain");
        assert_eq!(&*percent_decoded(b"%41%zz%4"), b"A%zz%4");
    }

    #[test]
    fn numbers_are_digits_only() {
        assert_eq!(number(b"0068"), Some(68));
        assert_eq!((number(b"-1"), number(b""), number(b"4294967296")), (None, None, None));
        assert_eq!(clamped(b"99999999999999999999999999"), Some(u32::MAX));
    }
}
