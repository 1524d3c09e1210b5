//! One payload format of an audio stream, and the names of the static payload types.

use std::borrow::Cow;

/// A payload format as `a=rtpmap` and `a=fmtp` describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec {
    /// The number in the RTP header, 0 to 127.
    pub payload_type: u8,
    /// The encoding name as it stood; compared without regard to case.
    pub name: Words,
    /// The RTP clock in Hz (8000 for G.722 too, RFC 3551 section 4.5.2).
    pub clock: u32,
    pub channels: u8,
    pub fmtp: Option<Words>,
}

/// What a peer has written: a call keeps a dozen codecs, and nearly all of them are described in the same few words, which are ours then.
pub type Words = Cow<'static, str>;

const G711_CLOCK: u32 = 8000;

/// The audio part of RFC 3551 table 4: payload type, name, clock, channels.
const STATIC: [(u8, &str, u32, u8); 18] = [
    (0, "PCMU", 8000, 1),
    (3, "GSM", 8000, 1),
    (4, "G723", 8000, 1),
    (5, "DVI4", 8000, 1),
    (6, "DVI4", 16000, 1),
    (7, "LPC", 8000, 1),
    (8, "PCMA", 8000, 1),
    (9, "G722", 8000, 1),
    (10, "L16", 44100, 2),
    (11, "L16", 44100, 1),
    (12, "QCELP", 8000, 1),
    (13, "CN", 8000, 1),
    (14, "MPA", 90000, 1),
    (15, "G728", 8000, 1),
    (16, "DVI4", 11025, 1),
    (17, "DVI4", 22050, 1),
    (18, "G729", 8000, 1),
    (19, "CN", 8000, 1),
];

/// Besides those of `STATIC`.
const USUAL: [&str; 4] = ["telephone-event", "opus", "0-15", "0-16"];

/// The words of a peer, without a copy where they are usual.
pub(super) fn words(text: &str) -> Words {
    let known = STATIC.iter().map(|known| known.1).chain(USUAL).find(|known| *known == text);
    known.map_or_else(|| Cow::Owned(text.to_owned()), Cow::Borrowed)
}

impl Codec {
    pub fn new(payload_type: u8, name: &str, clock: u32) -> Codec {
        Codec { payload_type, name: words(name), clock, channels: 1, fmtp: None }
    }

    /// G.711 mu-law.
    pub fn pcmu() -> Codec {
        Codec::new(0, "PCMU", 8000)
    }

    /// G.711 A-law.
    pub fn pcma() -> Codec {
        Codec::new(8, "PCMA", 8000)
    }

    /// What a number means that stands without an `a=rtpmap`; `None` for a dynamic one.
    pub fn of_static_payload_type(payload_type: u8) -> Option<Codec> {
        let (_, name, clock, channels) = STATIC.iter().find(|known| known.0 == payload_type)?;
        Some(Codec { channels: *channels, ..Codec::new(payload_type, name, *clock) })
    }

    /// The same encoding, whatever its number and parameters.
    pub fn same_encoding(&self, other: &Codec) -> bool {
        self.name.eq_ignore_ascii_case(&other.name) && self.clock == other.clock && self.channels == other.channels
    }

    /// Keys pressed, not sound (RFC 4733).
    pub fn is_telephone_event(&self) -> bool {
        self.name.eq_ignore_ascii_case("telephone-event")
    }

    /// Comfort noise (RFC 3389): goes with a codec, is none.
    pub fn is_comfort_noise(&self) -> bool {
        self.name.eq_ignore_ascii_case("CN")
    }

    /// Known to every telephone and every browser, so that nothing between them has to be converted.
    pub fn is_of_telephones(&self) -> bool {
        let is_g711 = [Codec::pcmu(), Codec::pcma()].iter().any(|g711| g711.same_encoding(self));
        is_g711 || self.clock == G711_CLOCK && (self.is_telephone_event() || self.is_comfort_noise())
    }

    /// Known to every browser (RFC 7874 section 3), or to most.
    pub fn is_of_browsers(&self) -> bool {
        let is_named = |name: &str| self.name.eq_ignore_ascii_case(name);
        self.is_of_telephones() || is_named("opus") || is_named("G722") || self.is_telephone_event()
    }

    /// A codec that people can talk with.
    pub fn is_sound(&self) -> bool {
        !self.is_telephone_event() && !self.is_comfort_noise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_numbers_have_their_names() {
        let names: Vec<_> = [0, 3, 8, 9, 18].into_iter().filter_map(Codec::of_static_payload_type).collect();
        let names: Vec<&str> = names.iter().map(|codec| &*codec.name).collect();
        assert_eq!(names, ["PCMU", "GSM", "PCMA", "G722", "G729"]);
        assert_eq!(Codec::of_static_payload_type(96), None);
    }

    #[test]
    fn browsers_know_more_than_telephones() {
        let known = |codec: Codec| (codec.is_of_telephones(), codec.is_of_browsers());
        let event = |clock| Codec::new(101, "telephone-event", clock);
        for codec in [Codec::pcmu(), Codec::pcma(), Codec::new(13, "CN", 8000), event(8000)] {
            assert_eq!(known(codec), (true, true));
        }
        for codec in
            [Codec { channels: 2, ..Codec::new(111, "opus", 48000) }, Codec::new(9, "G722", 8000), event(48000)]
        {
            assert_eq!(known(codec), (false, true));
        }
        for codec in [Codec::new(63, "red", 48000), Codec::new(18, "G729", 8000), Codec::new(0, "PCMU", 16000)] {
            assert_eq!(known(codec), (false, false));
        }
    }

    #[test]
    fn an_encoding_is_compared_without_case_and_number() {
        let lower = Codec::new(110, "pcmu", 8000);
        assert!(lower.same_encoding(&Codec::pcmu()));
        assert!(!lower.same_encoding(&Codec::new(110, "PCMU", 16000)));
    }
}
