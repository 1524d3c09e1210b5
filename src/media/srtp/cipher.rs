//! The three suites: session keys of one direction and one of its two channels, and what they do to a packet.

use aes::Aes128Enc;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use ctr::Ctr128BE;
use ctr::cipher::{InnerIvInit, StreamCipher};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::kdf::{Label, derive};
use crate::base::prefetch;
use crate::sdp::{MasterKey, Suite};

/// Sound or reports: each has keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Rtp,
    Rtcp,
}

/// The keys of one direction and one channel.
#[derive(Clone)]
pub enum Cipher {
    Counter(Box<Counter>),
    Gcm(Box<Gcm>),
}

/// AES in counter mode with HMAC-SHA1 (RFC 3711 sections 4.1.1 and 4.2.1).
#[derive(Clone)]
pub struct Counter {
    /// Both ways only encrypt, so the other half of a key is never made.
    cipher: Aes128Enc,
    salt: [u8; 14],
    tag_key: Hmac<Sha1>,
    tag_length: usize,
}

/// AES in Galois/counter mode (RFC 7714).
#[derive(Clone)]
pub struct Gcm {
    cipher: Aes128Gcm,
    salt: [u8; 12],
}

/// Which packet of which stream: the SSRC, and the index of 48 bits (RTP) or 31 bits (RTCP).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub ssrc: u32,
    pub index: u64,
}

/// The longest tag.
pub const TAG_MAX: usize = 16;
const GCM_TAG: usize = 16;
/// The eight octets of RTCP that stay clear, and the word at its end.
const REPORT_HEAD: usize = 12;

impl Cipher {
    pub fn new(suite: Suite, key: &MasterKey, kind: Kind) -> Cipher {
        let (secret, salt) = (key.secret(), key.salt());
        let [cipher, tag, salting] = match kind {
            Kind::Rtp => [Label::RtpCipher, Label::RtpTag, Label::RtpSalt],
            Kind::Rtcp => [Label::RtcpCipher, Label::RtcpTag, Label::RtcpSalt],
        };
        let session: [u8; 16] = derive(secret, salt, cipher);
        let tag_length = match (suite, kind) {
            (Suite::Gcm128, _) => {
                return Cipher::Gcm(Box::new(Gcm::with(&session, derive(secret, salt, salting))));
            }
            (Suite::AesCm32, Kind::Rtp) => 4,
            // RFC 4568 section 6.2.2: the short tag is for sound alone.
            (Suite::AesCm32, Kind::Rtcp) | (Suite::AesCm80, _) => 10,
        };
        Cipher::Counter(Box::new(Counter {
            cipher: Aes128Enc::new(&session.into()),
            salt: derive(secret, salt, salting),
            tag_key: hmac_of(&derive::<20>(secret, salt, tag)),
            tag_length,
        }))
    }

    pub fn soon(&self) {
        match self {
            Cipher::Counter(counter) => prefetch::whole(&**counter),
            Cipher::Gcm(gcm) => prefetch::whole(&**gcm),
        }
    }

    pub fn tag_length(&self) -> usize {
        match self {
            Cipher::Counter(counter) => counter.tag_length,
            Cipher::Gcm(_) => GCM_TAG,
        }
    }

    /// Seals `text` in place. `clear` is what stands before it, `after` (cycle or RTCP index) is covered by the tag.
    pub fn seal(&self, place: Place, clear: &[u8], text: &mut [u8], after: &[u8; 4], kind: Kind) -> [u8; TAG_MAX] {
        match self {
            Cipher::Counter(counter) => {
                counter.apply(place, text);
                counter.tag(clear, text, after)
            }
            Cipher::Gcm(gcm) => gcm.seal(place, clear, text, after, kind),
        }
    }

    /// Opens `text` in place if `tag` fits; else it may be anything.
    pub fn open(&self, place: Place, clear: &[u8], text: &mut [u8], after: &[u8; 4], tag: &[u8], kind: Kind) -> bool {
        match self {
            Cipher::Counter(counter) => {
                let expected = counter.tag(clear, text, after);
                let fits = expected.get(..tag.len()).is_some_and(|expected| expected.ct_eq(tag).into());
                if fits {
                    counter.apply(place, text);
                }
                fits
            }
            Cipher::Gcm(gcm) => gcm.open(place, clear, text, after, tag, kind),
        }
    }
}

impl Counter {
    fn apply(&self, place: Place, text: &mut [u8]) {
        let mut block = [0; 16];
        block[..14].copy_from_slice(&self.salt);
        xor(&mut block[4..8], &place.ssrc.to_be_bytes());
        xor(&mut block[8..14], &place.index.to_be_bytes()[2..]);
        let core = ctr::CtrCore::inner_iv_init(&self.cipher, &block.into());
        let mut stream = Ctr128BE::<&Aes128Enc>::from_core(core);
        stream.apply_keystream(text);
    }

    fn tag(&self, clear: &[u8], text: &[u8], after: &[u8; 4]) -> [u8; TAG_MAX] {
        let mut mac = self.tag_key.clone();
        for part in [clear, text, after] {
            mac.update(part);
        }
        let whole = mac.finalize().into_bytes();
        let mut tag = [0; TAG_MAX];
        tag.iter_mut().zip(whole).for_each(|(octet, of_whole)| *octet = of_whole);
        tag
    }
}

impl Gcm {
    pub(super) fn with(key: &[u8; 16], salt: [u8; 12]) -> Gcm {
        Gcm { cipher: Aes128Gcm::new(key.into()), salt }
    }

    fn seal(&self, place: Place, clear: &[u8], text: &mut [u8], after: &[u8; 4], kind: Kind) -> [u8; TAG_MAX] {
        let mut report_head = [0; REPORT_HEAD];
        let covered = covered(clear, after, kind, &mut report_head);
        // Only a text of 64 GB would be refused.
        let tag = self.cipher.encrypt_inout_detached(&self.nonce(place, kind), covered, text.into());
        tag.map(Into::into).unwrap_or_default()
    }

    fn open(&self, place: Place, clear: &[u8], text: &mut [u8], after: &[u8; 4], tag: &[u8], kind: Kind) -> bool {
        let Ok(tag) = <[u8; GCM_TAG]>::try_from(tag) else { return false };
        let mut report_head = [0; REPORT_HEAD];
        let covered = covered(clear, after, kind, &mut report_head);
        self.cipher.decrypt_inout_detached(&self.nonce(place, kind), covered, text.into(), &tag.into()).is_ok()
    }

    /// RFC 7714 sections 8.1 and 9.1.
    fn nonce(&self, place: Place, kind: Kind) -> Nonce<U12> {
        let mut nonce = self.salt;
        xor(&mut nonce[2..6], &place.ssrc.to_be_bytes());
        match kind {
            Kind::Rtp => xor(&mut nonce[6..12], &place.index.to_be_bytes()[2..]),
            Kind::Rtcp => xor(&mut nonce[8..12], &(place.index as u32).to_be_bytes()),
        }
        nonce.into()
    }
}

/// What the tag of GCM covers besides the text: the header, and in RTCP the word that ends the packet.
fn covered<'a>(clear: &'a [u8], after: &[u8; 4], kind: Kind, report_head: &'a mut [u8; REPORT_HEAD]) -> &'a [u8] {
    match kind {
        Kind::Rtp => clear,
        Kind::Rtcp => {
            report_head.iter_mut().zip(clear.iter().chain(after)).for_each(|(octet, from)| *octet = *from);
            report_head
        }
    }
}

fn xor(into: &mut [u8], other: &[u8]) {
    into.iter_mut().zip(other).for_each(|(octet, other)| *octet ^= other);
}

/// `None` never: HMAC takes keys of every length.
fn hmac_of(key: &[u8]) -> Hmac<Sha1> {
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}
