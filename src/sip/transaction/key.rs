//! What tells transactions apart: the branch we chose, or what the peer wrote.

use std::fmt;

/// A transaction of ours, numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxId(pub u64);

/// The branch of a client transaction: it names the transaction and holds a number that nobody can guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    pub id: TxId,
    pub nonce: u64,
}

/// The magic cookie of RFC 3261 section 8.1.1.7.
pub const COOKIE: &str = "z9hG4bK";

/// A server transaction: role, branch, sent-by and method (RFC 3261 section 17.2.3), in one string of bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerKey(Box<[u8]>);

/// The parts of a request that tell its server transaction.
#[derive(Clone, Copy)]
pub struct KeyParts<'a> {
    pub branch: &'a [u8],
    /// Host and port of the topmost Via, as written.
    pub sent_by: &'a [u8],
    /// The request's method; ACK and CANCEL are looked up under `INVITE` to find what they are about.
    pub method: &'a [u8],
    pub call_id: &'a [u8],
    pub from_tag: &'a [u8],
    pub cseq: u32,
}

const CANCEL: u64 = 1 << 63;

impl Branch {
    /// The CANCEL of an INVITE carries the INVITE's branch (RFC 3261 section 9.1), but is a transaction of its own.
    pub fn of_cancel(self) -> Branch {
        Branch { id: TxId(self.id.0 | CANCEL), nonce: self.nonce }
    }

    /// Reads a branch of ours back; `None` for anybody else's.
    pub fn read(text: &[u8]) -> Option<Branch> {
        let text = std::str::from_utf8(text).ok()?.strip_prefix(COOKIE)?;
        let (id, nonce) = read_pair(text)?;
        Some(Branch { id: TxId(id), nonce })
    }
}

/// Reads `{:x}.{:016x}`, and no other way to write the same numbers.
pub fn read_pair(text: &str) -> Option<(u64, u64)> {
    let (one, two) = text.split_once('.')?;
    let lower_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !lower_hex(one) || !lower_hex(two) || two.len() != 16 || (one.starts_with('0') && one != "0") {
        return None;
    }
    Some((u64::from_str_radix(one, 16).ok()?, u64::from_str_radix(two, 16).ok()?))
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{COOKIE}{:x}.{:016x}", self.id.0, self.nonce)
    }
}

impl ServerKey {
    /// A branch without the magic cookie (RFC 2543) is not unique: Call-ID, From tag and CSeq are compared as well.
    pub fn new(parts: &KeyParts<'_>) -> ServerKey {
        let mut text = Vec::with_capacity(parts.branch.len() + parts.sent_by.len() + parts.method.len() + 2);
        text.extend_from_slice(parts.method);
        text.push(0);
        text.extend(parts.sent_by.iter().map(u8::to_ascii_lowercase));
        text.push(0);
        text.extend_from_slice(parts.branch);
        if !has_cookie(parts.branch) {
            add_2543(&mut text, parts);
        }
        ServerKey(text.into_boxed_slice())
    }
}

fn has_cookie(branch: &[u8]) -> bool {
    branch.get(..COOKIE.len()).is_some_and(|start| start.eq_ignore_ascii_case(COOKIE.as_bytes()))
}

fn add_2543(text: &mut Vec<u8>, parts: &KeyParts<'_>) {
    for part in [parts.call_id, parts.from_tag, &parts.cseq.to_be_bytes()] {
        text.push(0);
        text.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: KeyParts<'static> = KeyParts {
        branch: b"z9hG4bKabc",
        sent_by: b"192.0.2.1:5060",
        method: b"INVITE",
        call_id: b"one@example.com",
        from_tag: b"t",
        cseq: 1,
    };

    #[test]
    fn a_branch_reads_back_and_others_do_not() {
        let branch = Branch { id: TxId(0x2a), nonce: u64::MAX - 1 };
        assert_eq!(Branch::read(branch.to_string().as_bytes()), Some(branch));
        for text in [
            "",
            "z9hG4bK",
            "z9hG4bKabc",
            "z9hG4bK1.",
            "z9hG4bK.1",
            "1.1",
            "z9hG4bK02a.fffffffffffffffe",
            "z9hG4bK2A.fffffffffffffffe",
            "z9hG4bK+2a.fffffffffffffffe",
            "z9hG4bK2a.0fffffffffffffffe",
            "z9hG4bK1.00000000000000001\u{e9}",
        ] {
            assert_eq!(Branch::read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn with_the_cookie_the_call_does_not_matter() {
        let other = KeyParts { call_id: b"two@example.com", ..PARTS };
        assert!(ServerKey::new(&PARTS) == ServerKey::new(&other));
        assert!(ServerKey::new(&PARTS) != ServerKey::new(&KeyParts { method: b"BYE", ..PARTS }));
        assert!(ServerKey::new(&PARTS) != ServerKey::new(&KeyParts { sent_by: b"192.0.2.2", ..PARTS }));
    }

    #[test]
    fn without_the_cookie_it_does() {
        let old = KeyParts { branch: b"1", ..PARTS };
        assert!(ServerKey::new(&old) == ServerKey::new(&KeyParts { branch: b"1", ..PARTS }));
        assert!(ServerKey::new(&old) != ServerKey::new(&KeyParts { cseq: 2, ..old }));
        assert!(ServerKey::new(&old) != ServerKey::new(&KeyParts { call_id: b"two@example.com", ..old }));
    }
}
