//! The signed token of an intent: 37 bytes that prove that we showed a page to whoever brings them.
//!
//! Layout: key id (1), intent id (16), expiry in seconds since 1970 (4), HMAC-SHA256 of the rest cut to 16 bytes (RFC 2104
//! section 5). In hex it is 74 characters, which fits a `User-to-User` field (RFC 7433: at most 128 octets).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::base::hex::to_hex;
use crate::base::{IntentId, Wall};

/// A signing key; the id tells old and new ones apart while they are exchanged.
#[derive(Clone)]
pub struct TokenKey {
    pub id: u8,
    /// At least `SECRET_MIN` bytes, known to nobody else.
    pub secret: Vec<u8>,
}

/// The keys in use: the first signs, all verify.
#[derive(Clone)]
pub struct TokenKeys {
    keys: Vec<(u8, Hmac<Sha256>)>,
}

/// A token in its binary form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token([u8; TOKEN_BYTES]);

/// What a token that was verified says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    pub intent: IntentId,
    /// In whole seconds.
    pub expires: Wall,
}

/// Why a token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Not a token of ours.
    Malformed,
    /// Signed with a key that is not in use.
    UnknownKey,
    /// The signature is not that of the content.
    Forged,
    /// It was good once.
    Expired,
}

/// Why keys are not fit for use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadTokenKeys {
    None,
    /// The secret of this key is shorter than `SECRET_MIN`.
    Short(u8),
    /// Two keys have this id.
    Twice(u8),
}

/// The length of the binary form.
pub const TOKEN_BYTES: usize = SIGNED_BYTES + TAG_BYTES;
/// Half the output of SHA-256, the least that RFC 2104 advises for a secret.
pub const SECRET_MIN: usize = 16;
const SIGNED_BYTES: usize = 1 + 16 + 4;
const TAG_BYTES: usize = 16;
const TEXT_PREFIX: &str = "tok_";
/// Keeps a signature of ours for another purpose, under the same secret, from being taken for a token.
const PURPOSE: &[u8] = b"throughline intent token 1\0";

impl TokenKeys {
    pub fn new(keys: &[TokenKey]) -> Result<TokenKeys, BadTokenKeys> {
        if keys.is_empty() {
            return Err(BadTokenKeys::None);
        }
        let mut ready: Vec<(u8, Hmac<Sha256>)> = Vec::with_capacity(keys.len());
        for key in keys {
            if ready.iter().any(|(id, _)| *id == key.id) {
                return Err(BadTokenKeys::Twice(key.id));
            }
            ready.push((key.id, keyed(key)?));
        }
        Ok(TokenKeys { keys: ready })
    }

    /// A token for `intent` that is good until `expires`, rounded up to whole seconds.
    pub fn sign(&self, intent: IntentId, expires: Wall) -> Token {
        let mut token = [0; TOKEN_BYTES];
        let (signed, tag) = token.split_at_mut(SIGNED_BYTES);
        // `new` lets no empty list through.
        let Some((id, mac)) = self.keys.first() else { return Token(token) };
        let seconds = u32::try_from(expires.0.div_ceil(1000)).unwrap_or(u32::MAX);
        signed[0] = *id;
        signed[1..17].copy_from_slice(&intent.0.to_be_bytes());
        signed[17..].copy_from_slice(&seconds.to_be_bytes());
        let full = mac.clone().chain_update(&*signed).finalize().into_bytes();
        tag.copy_from_slice(&full[..TAG_BYTES]);
        Token(token)
    }

    /// Reads a binary token; the signature is compared in constant time, and before anything it covers is believed.
    pub fn verify(&self, token: &[u8], now: Wall) -> Result<TokenClaims, TokenError> {
        let token: &[u8; TOKEN_BYTES] = token.try_into().map_err(|_| TokenError::Malformed)?;
        let (signed, tag) = token.split_at(SIGNED_BYTES);
        let (_, mac) = self.keys.iter().find(|(id, _)| *id == signed[0]).ok_or(TokenError::UnknownKey)?;
        mac.clone().chain_update(signed).verify_truncated_left(tag).map_err(|_| TokenError::Forged)?;
        let claims = read(signed).ok_or(TokenError::Malformed)?;
        if claims.expires <= now { Err(TokenError::Expired) } else { Ok(claims) }
    }

    /// Reads the text form of one that was good once, whatever the time.
    pub fn verify_lapsed(&self, text: &str) -> Result<TokenClaims, TokenError> {
        self.verify_text(text, Wall(0))
    }

    /// Reads the text form.
    pub fn verify_text(&self, text: &str, now: Wall) -> Result<TokenClaims, TokenError> {
        let encoded = text.strip_prefix(TEXT_PREFIX).ok_or(TokenError::Malformed)?;
        let mut token = [0; TOKEN_BYTES + 2];
        let length = URL_SAFE_NO_PAD.decode_slice(encoded, &mut token).map_err(|_| TokenError::Malformed)?;
        self.verify(&token[..length], now)
    }
}

fn keyed(key: &TokenKey) -> Result<Hmac<Sha256>, BadTokenKeys> {
    if key.secret.len() < SECRET_MIN {
        return Err(BadTokenKeys::Short(key.id));
    }
    let mac = Hmac::<Sha256>::new_from_slice(&key.secret).map_err(|_| BadTokenKeys::Short(key.id))?;
    Ok(mac.chain_update(PURPOSE))
}

fn read(signed: &[u8]) -> Option<TokenClaims> {
    let intent = u128::from_be_bytes(signed.get(1..17)?.try_into().ok()?);
    let seconds = u32::from_be_bytes(signed.get(17..SIGNED_BYTES)?.try_into().ok()?);
    Some(TokenClaims { intent: IntentId(intent), expires: Wall(u64::from(seconds) * 1000) })
}

impl Token {
    /// The content of `User-to-User`, before it is written in hex.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The form for HTTP: `tok_` and 50 characters that need no escaping in a URL.
    pub fn text(&self) -> String {
        format!("{TEXT_PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// The form for `User-to-User: ...;encoding=hex`.
    pub fn hex(&self) -> String {
        to_hex(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<token>")
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TokenError::Malformed => "not a token of an intent",
            TokenError::UnknownKey => "the token was signed with a key that is not in use",
            TokenError::Forged => "the token's signature is wrong",
            TokenError::Expired => "the token has expired",
        })
    }
}

impl std::error::Error for TokenError {}

impl fmt::Display for BadTokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadTokenKeys::None => f.write_str("no key to sign tokens with: give at least one"),
            BadTokenKeys::Short(id) => {
                write!(f, "the secret of token key {id} is too short: {SECRET_MIN} bytes or more")
            }
            BadTokenKeys::Twice(id) => write!(f, "two token keys have the id {id}: give each its own"),
        }
    }
}

impl std::error::Error for BadTokenKeys {}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Wall = Wall(1_900_000_000_000);
    const NOW: Wall = Wall(1_800_000_000_000);

    fn key(id: u8) -> TokenKey {
        TokenKey { id, secret: vec![id; 32] }
    }

    fn keys(ids: &[u8]) -> TokenKeys {
        TokenKeys::new(&ids.iter().map(|id| key(*id)).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_token_says_what_was_signed_in_every_form() {
        let token = keys(&[1]).sign(IntentId(77), LATER);
        let claims = Ok(TokenClaims { intent: IntentId(77), expires: LATER });
        assert_eq!(keys(&[1]).verify(token.as_bytes(), NOW), claims);
        assert_eq!(keys(&[1]).verify_text(&token.text(), NOW), claims);
        assert_eq!((token.hex().len(), token.text().len()), (74, 54));
        assert!(token.hex().len() <= 128);
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let keys = keys(&[1]);
        let token = keys.sign(IntentId(77), LATER);
        for bit in 0..TOKEN_BYTES * 8 {
            let mut bytes = *token.as_bytes().first_chunk::<TOKEN_BYTES>().unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(keys.verify(&bytes, NOW).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn errors_tell_apart() {
        let token = keys(&[1]).sign(IntentId(77), LATER);
        assert_eq!(keys(&[1]).verify(token.as_bytes(), LATER), Err(TokenError::Expired));
        assert_eq!(keys(&[2]).verify(token.as_bytes(), NOW), Err(TokenError::UnknownKey));
        assert_eq!(keys(&[1]).verify(&token.as_bytes()[1..], NOW), Err(TokenError::Malformed));
        let other = TokenKeys::new(&[TokenKey { id: 1, secret: vec![9; 32] }]).unwrap();
        assert_eq!(other.verify(token.as_bytes(), NOW), Err(TokenError::Forged));
        for text in ["", "tok_", "tok_!!", &"x".repeat(9000), &format!("tok_{}", "A".repeat(9000))] {
            assert_eq!(keys(&[1]).verify_text(text, NOW), Err(TokenError::Malformed));
        }
    }

    #[test]
    fn after_a_rotation_old_tokens_are_good_and_new_ones_have_the_new_key() {
        let old = keys(&[1]).sign(IntentId(5), LATER);
        let both = keys(&[2, 1]);
        assert!(both.verify(old.as_bytes(), NOW).is_ok());
        assert_eq!(both.sign(IntentId(5), LATER).as_bytes()[0], 2);
    }

    #[test]
    fn weak_keys_are_refused() {
        assert_eq!(TokenKeys::new(&[]).unwrap_err(), BadTokenKeys::None);
        assert_eq!(TokenKeys::new(&[key(1), key(1)]).unwrap_err(), BadTokenKeys::Twice(1));
        assert_eq!(TokenKeys::new(&[TokenKey { id: 3, secret: vec![0; 15] }]).unwrap_err(), BadTokenKeys::Short(3));
    }
}
