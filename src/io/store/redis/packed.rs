//! A record as the scripts pack it with `cmsgpack`: a list of MessagePack that holds texts, of which the last is packed itself: a map
//! whose names and values are texts.

/// The names and values of a record, in no order.
pub type Fields<'a> = Vec<(&'a str, &'a str)>;

/// Beyond what a record has. A longer one grows.
const FIELDS_USUAL: usize = 24;

/// `None`: it is no list of just so many, or more follows it.
pub fn list<const COUNT: usize>(packed: &[u8]) -> Option<[&[u8]; COUNT]> {
    let mut rest = packed;
    let count = match number(&mut rest, 1)? {
        head @ 0x90..=0x9f => head & 0x0f,
        0xdc => number(&mut rest, 2)?,
        _ => return None,
    };
    let mut texts: [&[u8]; COUNT] = [&[]; COUNT];
    for text in &mut texts {
        *text = octets(&mut rest)?;
    }
    (count == COUNT && rest.is_empty()).then_some(texts)
}

/// `None`: it is no such map, or more follows it.
pub fn fields(packed: &[u8]) -> Option<Fields<'_>> {
    let mut rest = packed;
    let count = count(&mut rest)?;
    let mut fields = Vec::with_capacity(count.min(FIELDS_USUAL));
    for _ in 0..count {
        fields.push((text(&mut rest)?, text(&mut rest)?));
    }
    rest.is_empty().then_some(fields)
}

/// The formats `fixmap`, `map 16` and `map 32`.
fn count(rest: &mut &[u8]) -> Option<usize> {
    match number(rest, 1)? {
        head @ 0x80..=0x8f => Some(head & 0x0f),
        0xde => number(rest, 2),
        0xdf => number(rest, 4),
        _ => None,
    }
}

/// The formats `fixstr`, `str 8`, `str 16` and `str 32`.
fn octets<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = match number(rest, 1)? {
        head @ 0xa0..=0xbf => head & 0x1f,
        0xd9 => number(rest, 1)?,
        0xda => number(rest, 2)?,
        0xdb => number(rest, 4)?,
        _ => return None,
    };
    take(rest, length)
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    std::str::from_utf8(octets(rest)?).ok()
}

fn number(rest: &mut &[u8], octets: usize) -> Option<usize> {
    Some(take(rest, octets)?.iter().fold(0, |number, octet| number << 8 | usize::from(*octet)))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_are_read() {
        let lengths = [0, 31, 32, 255, 256, 65_535, 65_536];
        let texts = lengths.map(|length| "x".repeat(length));
        let heads: [&[u8]; 7] =
            [b"\xa0", b"\xbf", b"\xd9\x20", b"\xd9\xff", b"\xda\x01\x00", b"\xda\xff\xff", b"\xdb\x00\x01\x00\x00"];
        for (text, head) in texts.iter().zip(heads) {
            let packed = [b"\x81\xa1a", head, text.as_bytes()].concat();
            assert_eq!(fields(&packed), Some(vec![("a", text.as_str())]));
        }
    }

    #[test]
    fn maps_of_every_size_are_read() {
        for (head, count) in [(&b"\x80"[..], 0), (b"\x8f", 15), (b"\xde\x00\x10", 16), (b"\xdf\x00\x00\x00\x02", 2)] {
            let packed = [head, &b"\xa1n\xa1v".repeat(count)].concat();
            assert_eq!(fields(&packed), Some(vec![("n", "v"); count]));
        }
    }

    #[test]
    fn a_list_has_just_as_many_as_are_expected() {
        assert_eq!(list(b"\x92\xa1a\xa2\xff\xfe"), Some([&b"a"[..], b"\xff\xfe"]));
        assert_eq!(list(&[&b"\xdc\x00\x10"[..], &b"\xa1a".repeat(16)].concat()), Some([&b"a"[..]; 16]));
        for wrong in [
            &b"\x91\xa1a"[..],
            b"\x93\xa1a\xa1b\xa1c",
            b"\x92\xa1a\xa1b\xa1c",
            b"\x92\xa1a\x05",
            b"\x82\xa1a\xa1b",
            b"",
        ] {
            assert_eq!(list::<2>(wrong), None, "{}", wrong.escape_ascii());
        }
    }

    #[test]
    fn what_is_cut_or_of_another_kind_is_refused() {
        let whole = b"\x81\xa1n\xa2vv";
        assert!((0..whole.len()).all(|length| fields(&whole[..length]).is_none()));
        for wrong in
            [&b"\x91\xa1n"[..], b"\x81\xa1n\x05", b"\x81\xa1n\xa1\xff", b"\x81\xa1n\xa1vv", b"\xdf\xff\xff\xff\xff"]
        {
            assert_eq!(fields(wrong), None);
        }
    }
}
