//! Session keys from the master key and salt (RFC 3711 section 4.3; for GCM RFC 7714 section 11). The key derivation rate is 0.

use aes::Aes128Enc;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};

/// What a session key is for (RFC 3711 section 4.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    RtpCipher = 0,
    RtpTag = 1,
    RtpSalt = 2,
    RtcpCipher = 3,
    RtcpTag = 4,
    RtcpSalt = 5,
}

/// Where the label lies in the 112 bits that it is added to.
const LABEL_AT: usize = 7;

/// `N` octets of key for one purpose. `salt` has 14 octets at most; a shorter one is followed by zeros.
pub fn derive<const N: usize>(key: &[u8; 16], salt: &[u8], label: Label) -> [u8; N] {
    let mut block = [0; 16];
    block.iter_mut().zip(salt.iter().take(14)).for_each(|(octet, salt)| *octet = *salt);
    block[LABEL_AT] ^= label as u8;
    let mut derived = [0; N];
    Ctr128BE::<Aes128Enc>::new(key.into(), &block.into()).apply_keystream(&mut derived);
    derived
}
