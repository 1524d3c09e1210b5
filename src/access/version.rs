//! Which policy it was: a number that follows from what the admin wrote, so that the same rules have the same one everywhere.

use std::fmt;

/// The first 48 bits of a SHA-256 of the policy, which `config` computes. `Display` writes twelve hex digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyVersion(u64);

impl PolicyVersion {
    /// Of a digest of the policy's bytes.
    pub fn of_digest(digest: [u8; 32]) -> PolicyVersion {
        let six = digest.iter().take(6);
        PolicyVersion(six.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

impl fmt::Display for PolicyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_twelve_hex_digits() {
        let mut digest = [0; 32];
        digest[..7].copy_from_slice(&[0, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xff]);
        assert_eq!(PolicyVersion::of_digest(digest).to_string(), "00123456789a");
        assert_eq!(PolicyVersion::default().to_string(), "000000000000");
    }
}
