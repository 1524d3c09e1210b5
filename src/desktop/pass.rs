//! The pass of an agent's phone in the browser: for a few minutes it opens a websocket on which that phone needs no password.
//!
//! Layout: key id (1), expiry in seconds since 1970 (4), desk session (16), the agent's name, HMAC-SHA256 of the rest cut to 16 bytes
//! (RFC 2104 section 5).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::base::limits::SITE_ID_MAX;
use crate::base::{AgentId, Wall};

use super::message::SessionId;

/// The signing keys, by their ids: the first signs, all verify. Without any there are no passes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PassKeys(Vec<(u8, Vec<u8>)>);

/// What a pass says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    pub agent: AgentId,
    pub session: SessionId,
    /// In whole seconds.
    pub expires: Wall,
}

/// A pass as it travels, `dsk_...`; it does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct PassText(String);

/// Why a pass opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassError {
    /// Not a pass of ours, or not as we have signed it.
    Forged,
    /// It was good once.
    Expired,
}

/// How a pass begins.
pub const PREFIX: &str = "dsk_";
/// Keeps a signature of ours for another purpose, under the same secret, from being taken for a pass.
const PURPOSE: &[u8] = b"throughline desk phone pass 1\0";
const TAG_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + 4 + 16;

impl PassKeys {
    pub fn new(keys: Vec<(u8, Vec<u8>)>) -> PassKeys {
        PassKeys(keys)
    }

    /// `None` without a key, or for a name that is too long.
    pub fn sign(&self, pass: &Pass) -> Option<PassText> {
        let (id, secret) = self.0.first()?;
        let name = pass.agent.as_str().as_bytes();
        let seconds = u32::try_from(pass.expires.0.div_ceil(1000)).unwrap_or(u32::MAX);
        let mut bytes = vec![*id];
        bytes.extend(seconds.to_be_bytes());
        bytes.extend(pass.session.0.to_be_bytes());
        bytes.extend(name);
        let tag = keyed(secret)?.chain_update(&bytes).finalize().into_bytes();
        bytes.extend(&tag[..TAG_BYTES]);
        (name.len() <= SITE_ID_MAX).then(|| PassText(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The signature is compared in constant time, and before anything it covers is believed.
    pub fn verify(&self, text: &str, now: Wall) -> Result<Pass, PassError> {
        let encoded = text.strip_prefix(PREFIX).filter(|text| text.len() <= 2 * (HEAD_BYTES + SITE_ID_MAX + TAG_BYTES));
        let bytes = encoded.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(PassError::Forged)?;
        let signed = bytes.len().checked_sub(TAG_BYTES).and_then(|length| bytes.split_at_checked(length));
        let (signed, tag) = signed.ok_or(PassError::Forged)?;
        let key = self.0.iter().find(|(id, _)| Some(id) == signed.first());
        let mac = key.and_then(|(_, secret)| keyed(secret)).ok_or(PassError::Forged)?;
        mac.chain_update(signed).verify_truncated_left(tag).map_err(|_| PassError::Forged)?;
        let pass = read(signed).ok_or(PassError::Forged)?;
        if pass.expires <= now { Err(PassError::Expired) } else { Ok(pass) }
    }
}

fn keyed(secret: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::<Sha256>::new_from_slice(secret).ok().map(|mac| mac.chain_update(PURPOSE))
}

fn read(signed: &[u8]) -> Option<Pass> {
    let (head, name) = signed.split_at_checked(HEAD_BYTES)?;
    let seconds = u32::from_be_bytes(head.get(1..5)?.try_into().ok()?);
    let session = u128::from_be_bytes(head.get(5..)?.try_into().ok()?);
    Some(Pass {
        agent: AgentId::new(std::str::from_utf8(name).ok()?),
        session: SessionId(session),
        expires: Wall(u64::from(seconds) * 1000),
    })
}

impl PassText {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PassText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<pass>")
    }
}

impl fmt::Debug for PassKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

impl fmt::Display for PassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PassError::Forged => "not a pass of a desk",
            PassError::Expired => "the pass has expired: ask the desk for another",
        })
    }
}

impl std::error::Error for PassError {}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Wall = Wall(1_900_000_000_000);
    const NOW: Wall = Wall(1_800_000_000_000);

    fn keys(ids: &[u8]) -> PassKeys {
        PassKeys::new(ids.iter().map(|id| (*id, vec![*id; 32])).collect())
    }

    fn pass() -> Pass {
        Pass { agent: AgentId::new("anna"), session: SessionId(9), expires: LATER }
    }

    #[test]
    fn a_pass_says_what_was_signed_until_it_expires() {
        let text = keys(&[1]).sign(&pass()).unwrap();
        assert_eq!(keys(&[2, 1]).verify(text.as_str(), NOW), Ok(pass()));
        assert_eq!(keys(&[1]).verify(text.as_str(), LATER), Err(PassError::Expired));
        assert_eq!(keys(&[2]).verify(text.as_str(), NOW), Err(PassError::Forged));
        assert!(keys(&[]).sign(&pass()).is_none());
    }

    #[test]
    fn every_changed_bit_is_noticed_and_nonsense_is_refused() {
        let text = keys(&[1]).sign(&pass()).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(text.as_str().strip_prefix(PREFIX).unwrap()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(changed));
            assert_eq!(keys(&[1]).verify(&text, NOW), Err(PassError::Forged), "bit {bit}");
        }
        for text in ["", "dsk_", "dsk_!!", "tok_AAAA", &format!("dsk_{}", "A".repeat(9000))] {
            assert_eq!(keys(&[1]).verify(text, NOW), Err(PassError::Forged));
        }
    }

    #[test]
    fn a_pass_does_not_print_itself() {
        assert_eq!(format!("{:?}", keys(&[1]).sign(&pass())), "Some(<pass>)");
    }
}
