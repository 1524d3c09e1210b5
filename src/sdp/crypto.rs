//! `a=crypto` (RFC 4568): keys for SRTP inside a description.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A crypto suite that we know (RFC 4568 section 6.2, RFC 7714 section 14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// AES-128 in counter mode, tags of 80 bits.
    AesCm80,
    /// The same with tags of 32 bits for sound.
    AesCm32,
    /// AES-128 in Galois/counter mode.
    Gcm128,
}

/// A master key and its salt. Not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey {
    secret: [u8; 16],
    /// 14 octets, or 12 and two unused zeros for GCM.
    salt: [u8; 14],
    salt_length: u8,
}

/// One `a=crypto` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crypto {
    pub tag: u32,
    pub suite: Suite,
    pub key: MasterKey,
}

/// What we do about SRTP on one leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SrtpUse {
    /// Nothing: a stream that must be encrypted is refused.
    Off,
    /// We encrypt when the peer asks for it.
    #[default]
    Accept,
    /// We ask for it, and go on without when the peer does not know it (RTP/AVP with keys).
    Offer,
    /// Without it there is no call (RTP/SAVP).
    Require,
}

/// What both sides of one leg have agreed on: what we send is sealed with ours, what comes with theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SrtpKeys {
    pub suite: Suite,
    pub ours: MasterKey,
    pub theirs: MasterKey,
}

/// RFC 4568 section 9.2: at most nine digits.
const TAG_DIGITS: usize = 9;
/// The least number of packets for which a key must hold; a call of four hours has 720,000.
const LIFETIME_MIN: u128 = 1 << 20;
/// A secret and a salt of the longest kind.
pub const KEY_OCTETS: usize = 30;

impl Suite {
    /// In the order in which we offer them: what every telephone knows comes first.
    pub const ALL: [Suite; 3] = [Suite::AesCm80, Suite::Gcm128, Suite::AesCm32];

    pub fn name(self) -> &'static str {
        match self {
            Suite::AesCm80 => "AES_CM_128_HMAC_SHA1_80",
            Suite::AesCm32 => "AES_CM_128_HMAC_SHA1_32",
            Suite::Gcm128 => "AEAD_AES_128_GCM",
        }
    }

    fn read(text: &str) -> Option<Suite> {
        Suite::ALL.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(text))
    }

    /// In octets.
    pub fn salt_length(self) -> usize {
        match self {
            Suite::AesCm80 | Suite::AesCm32 => 14,
            Suite::Gcm128 => 12,
        }
    }
}

impl MasterKey {
    /// From random octets, of which GCM leaves the last two.
    pub fn new(suite: Suite, octets: &[u8; KEY_OCTETS]) -> MasterKey {
        let mut key = MasterKey { secret: [0; 16], salt: [0; 14], salt_length: suite.salt_length() as u8 };
        let (secret, salt) = octets.split_at(16);
        key.secret.copy_from_slice(secret);
        let length = suite.salt_length();
        key.salt.iter_mut().zip(salt).take(length).for_each(|(octet, random)| *octet = *random);
        key
    }

    pub fn secret(&self) -> &[u8; 16] {
        &self.secret
    }

    pub fn salt(&self) -> &[u8] {
        self.salt.get(..usize::from(self.salt_length)).unwrap_or(&self.salt)
    }

    fn read(suite: Suite, base64: &str) -> Option<MasterKey> {
        let octets = STANDARD.decode(base64).ok().filter(|octets| octets.len() == 16 + suite.salt_length())?;
        let mut whole = [0; KEY_OCTETS];
        whole.iter_mut().zip(octets).for_each(|(octet, read)| *octet = read);
        Some(MasterKey::new(suite, &whole))
    }
}

impl Crypto {
    /// Reads the value of one attribute. `None` for a suite that we do not know, for more than one key, for a key identifier
    /// (MKI), and for parameters that change what stands in a packet: the next line may be plainer.
    pub(super) fn read(value: &str) -> Option<Crypto> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next().filter(|tag| tag.len() <= TAG_DIGITS)?.parse().ok()?;
        let suite = Suite::read(words.next()?)?;
        let key = read_key(suite, words.next()?)?;
        words.all(may_be_ignored).then_some(Crypto { tag, suite, key })
    }

    pub(super) fn write(&self) -> String {
        let octets = [self.key.secret.as_slice(), self.key.salt()].concat();
        format!("{} {} inline:{}", self.tag, self.suite.name(), STANDARD.encode(octets))
    }
}

/// `inline:KEY|2^31`; a third part is an MKI.
fn read_key(suite: Suite, text: &str) -> Option<MasterKey> {
    let (method, inline) = text.split_once(':')?;
    if !method.eq_ignore_ascii_case("inline") || inline.contains(';') {
        return None;
    }
    let mut parts = inline.split('|');
    let key = MasterKey::read(suite, parts.next()?)?;
    let lasts = parts.next().is_none_or(|lifetime| read_lifetime(lifetime).is_some_and(|n| n >= LIFETIME_MIN));
    (lasts && parts.next().is_none()).then_some(key)
}

/// Packets, as a number or as a power of two.
fn read_lifetime(text: &str) -> Option<u128> {
    match text.strip_prefix("2^") {
        Some(power) => 1u128.checked_shl(power.parse().ok()?),
        None => text.parse().ok(),
    }
}

/// RFC 4568 section 6.3: the window's size is a hint; an unknown parameter may be passed over when it begins with a dash.
fn may_be_ignored(parameter: &str) -> bool {
    parameter.starts_with('-') || parameter.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("WSH="))
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<key>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

    fn read(value: &str) -> Option<(u32, Suite)> {
        Crypto::read(value).map(|crypto| (crypto.tag, crypto.suite))
    }

    #[test]
    fn a_line_reads_back() {
        let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}");
        assert_eq!(Crypto::read(&line).map(|crypto| crypto.write()), Some(line));
        let line = format!("7 AEAD_AES_128_GCM inline:{}", STANDARD.encode([9; 28]));
        assert_eq!(Crypto::read(&line).map(|crypto| crypto.write()), Some(line));
    }

    #[test]
    fn what_changes_nothing_in_a_packet_is_passed_over() {
        for tail in ["|2^31", "|2^20", "|1048576", "|2^48", " WSH=128", " -future=1"] {
            let line = format!("2 aes_cm_128_hmac_sha1_32 inline:{KEY}{tail}");
            assert_eq!(read(&line), Some((2, Suite::AesCm32)), "{tail}");
        }
    }

    #[test]
    fn what_we_do_not_do_is_refused() {
        for (suite, tail) in [
            ("AES_CM_128_HMAC_SHA1_80", "|2^31|1:4"),
            ("AES_CM_128_HMAC_SHA1_80", "|1:4"),
            ("AES_CM_128_HMAC_SHA1_80", "|2^10"),
            ("AES_CM_128_HMAC_SHA1_80", " UNENCRYPTED_SRTP"),
            ("AES_CM_128_HMAC_SHA1_80", " UNAUTHENTICATED_SRTP"),
            ("AES_CM_128_HMAC_SHA1_80", " KDR=1"),
            ("AES_CM_128_HMAC_SHA1_80", ";inline:x"),
            ("AES_CM_128_HMAC_SHA1_80", "AA"),
            ("AEAD_AES_128_GCM", ""),
            ("F8_128_HMAC_SHA1_80", ""),
        ] {
            assert_eq!(read(&format!("1 {suite} inline:{KEY}{tail}")), None, "{suite} {tail}");
        }
        for line in ["", "x AES_CM_128_HMAC_SHA1_80 inline:", "1", "1 AES_CM_128_HMAC_SHA1_80 clear:x"] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn keys_do_not_print_themselves() {
        let crypto = Crypto::read(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"));
        assert!(!format!("{crypto:?}").contains("d0R") && format!("{crypto:?}").contains("<key>"));
    }
}
