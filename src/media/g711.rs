//! G.711: 16-bit samples to one octet and back, by mu-law and A-law (ITU-T G.711, 8000 Hz).

use crate::sdp::Codec;

/// Which of the two laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Law {
    Mu,
    A,
}

/// Samples, ticks of the RTP clock and octets in a packet of 20 ms alike.
pub const FRAME: usize = 160;
pub const CLOCK: u32 = 8000;

const MU_BIAS: i32 = 0x84;
const MU_CLIP: i32 = 32_635;
const A_TOGGLE: u8 = 0x55;

static MU_DECODED: [i16; 256] = decoded(Law::Mu);
static A_DECODED: [i16; 256] = decoded(Law::A);

impl Law {
    /// The law of a negotiated codec; `None` for what we cannot make sound in.
    pub fn of(codec: &Codec) -> Option<Law> {
        let is_named = |name: &str| codec.name.eq_ignore_ascii_case(name);
        if codec.clock != CLOCK || codec.channels != 1 {
            return None;
        }
        if is_named("PCMU") { Some(Law::Mu) } else { is_named("PCMA").then_some(Law::A) }
    }

    pub fn encode(self, samples: &[i16]) -> Vec<u8> {
        match self {
            Law::Mu => samples.iter().copied().map(encode_mu).collect(),
            Law::A => samples.iter().copied().map(encode_a).collect(),
        }
    }

    pub fn decode(self, octets: &[u8]) -> Vec<i16> {
        let table = match self {
            Law::Mu => &MU_DECODED,
            Law::A => &A_DECODED,
        };
        octets.iter().map(|octet| table[usize::from(*octet)]).collect()
    }
}

fn encode_mu(sample: i16) -> u8 {
    let sign: u8 = if sample < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(sample).abs().min(MU_CLIP) + MU_BIAS;
    let exponent = 24 - magnitude.leading_zeros();
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | (exponent << 4) as u8 | mantissa as u8)
}

fn encode_a(sample: i16) -> u8 {
    let sign: u8 = if sample < 0 { 0 } else { 0x80 };
    let magnitude = if sample < 0 { -(i32::from(sample) + 1) } else { i32::from(sample) } >> 4;
    // Below 32 the steps are even; above, each doubling is a segment.
    let octet = if magnitude < 32 {
        magnitude
    } else {
        let exponent = 28 - magnitude.leading_zeros() as i32;
        (exponent << 4) | ((magnitude >> (exponent - 1)) & 0x0f)
    };
    (octet as u8 | sign) ^ A_TOGGLE
}

const fn decoded(law: Law) -> [i16; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = match law {
            Law::Mu => decode_mu(octet as u8),
            Law::A => decode_a(octet as u8),
        };
        octet += 1;
    }
    table
}

const fn decode_mu(octet: u8) -> i16 {
    let bits = !octet as i32;
    let magnitude = ((((bits & 0x0f) << 3) + MU_BIAS) << ((bits & 0x70) >> 4)) - MU_BIAS;
    (if bits & 0x80 != 0 { -magnitude } else { magnitude }) as i16
}

const fn decode_a(octet: u8) -> i16 {
    let bits = (octet ^ A_TOGGLE) as i32;
    let exponent = (bits & 0x70) >> 4;
    let mantissa = ((bits & 0x0f) << 4) + 8;
    let magnitude = if exponent == 0 { mantissa } else { (mantissa + 0x100) << (exponent - 1) };
    (if bits & 0x80 != 0 { magnitude } else { -magnitude }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_octets() {
        assert_eq!(Law::Mu.encode(&[0, -1, 32_767, -32_768, 1000]), [0xff, 0x7f, 0x80, 0x00, 0xce]);
        assert_eq!(Law::A.encode(&[0, -1, 32_767, -32_768, 1000]), [0xd5, 0x55, 0xaa, 0x2a, 0xfa]);
        assert_eq!(Law::Mu.decode(&[0xff, 0x80, 0x00]), [0, 32_124, -32_124]);
        assert_eq!(Law::A.decode(&[0xd5, 0xaa, 0x2a]), [8, 32_256, -32_256]);
    }

    #[test]
    fn every_octet_survives_both_ways() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(Law::A.encode(&Law::A.decode(&all)), all);
        // mu-law has two zeros; the negative one comes back as the positive one.
        let mut expected = all.clone();
        expected[0x7f] = 0xff;
        assert_eq!(Law::Mu.encode(&Law::Mu.decode(&all)), expected);
    }

    #[test]
    fn the_error_stays_within_a_step() {
        for sample in (i16::MIN..=i16::MAX).step_by(7) {
            for law in [Law::Mu, Law::A] {
                let back = law.decode(&law.encode(&[sample]))[0];
                let error = (i32::from(back) - i32::from(sample)).abs();
                assert!(error <= 16 + i32::from(sample).abs() / 30, "{law:?} {sample} {back}");
            }
        }
    }
}
