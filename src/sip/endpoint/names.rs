//! Tags that name the session they belong to, and Call-IDs, so that a request inside a dialog is found without a search.

use std::fmt;

use crate::base::rng::Rng;
use crate::sip::transaction::key::read_pair;

/// One INVITE of a peer or of ours and everything that came of it, numbered from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// Our tag in a dialog: the session, and a number that nobody can guess.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    pub session: SessionId,
    pub nonce: u64,
}

impl Tag {
    /// Reads a tag of ours back; `None` for anybody else's.
    pub fn read(text: &[u8]) -> Option<Tag> {
        let (session, nonce) = read_pair(std::str::from_utf8(text).ok()?)?;
        Some(Tag { session: SessionId(session), nonce })
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:016x}", self.session.0, self.nonce)
    }
}

/// A fresh Call-ID; it holds no address of ours.
pub fn call_id(rng: &mut Rng) -> String {
    format!("{:032x}", rng.u128())
}

/// A first CSeq: low enough never to reach 2**31 (RFC 3261 section 8.1.1.5).
pub fn first_cseq(rng: &mut Rng) -> u32 {
    1 + u32::try_from(rng.below(1 << 15)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_reads_back_and_others_do_not() {
        let tag = Tag { session: SessionId(0xbeef), nonce: 1 };
        assert_eq!(Tag::read(tag.to_string().as_bytes()), Some(tag));
        for text in ["", ".", "1.", "as83kd9bs", "1.x", "1.00000000000000000000001", "beef.1", "0beef.0000000000000001"]
        {
            assert_eq!(Tag::read(text.as_bytes()), None, "{text}");
        }
    }
}
