//! RAck (RFC 3262 section 7.2): which reliable provisional answer a PRACK is about.

use super::lex;

/// `776656 1 INVITE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RAck<'a> {
    pub rseq: u32,
    pub cseq: u32,
    pub method: &'a [u8],
}

impl<'a> RAck<'a> {
    /// `None` when it is not two numbers and a method.
    pub fn read(value: &'a [u8]) -> Option<RAck<'a>> {
        let mut words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let (rseq, cseq, method) = (lex::number(words.next()?)?, lex::number(words.next()?)?, words.next()?);
        (words.next().is_none() && lex::is_token(method)).then_some(RAck { rseq, cseq, method })
    }
}

/// RSeq (RFC 3262 section 7.1): 1 to 2**32 - 1.
pub fn read_rseq(value: &[u8]) -> Option<u32> {
    lex::number(value.trim_ascii()).filter(|rseq| *rseq > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rack_is_two_numbers_and_a_method() {
        let rack = RAck::read(b" 776656\t1  INVITE ").unwrap();
        assert_eq!((rack.rseq, rack.cseq, rack.method), (776_656, 1, &b"INVITE"[..]));
        for text in ["", "1", "1 2", "x 2 INVITE", "1 2 INVITE 3", "4294967296 1 INVITE", "1 -2 INVITE"] {
            assert_eq!(RAck::read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn an_rseq_is_a_number_above_zero() {
        assert_eq!(
            [&b"1"[..], b" 988789 ", b"0", b"x", b"4294967296"].map(read_rseq),
            [Some(1), Some(988_789), None, None, None]
        );
    }
}
