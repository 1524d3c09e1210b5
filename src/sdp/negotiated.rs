//! What an offer and its answer together allow.

use std::net::SocketAddr;

use super::{Audio, Codec, Direction, SdpError, SrtpKeys, WebRtcSession};
use crate::base::Pii;

/// One leg's stream as both sides have agreed to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Where the peer said it wants sound and reports; behind NAT they come from elsewhere.
    pub rtp: Pii<SocketAddr>,
    pub rtcp: Pii<SocketAddr>,
    /// All formats in common, in the answer's order; never empty of sound.
    pub formats: Vec<Format>,
    /// What one packet carries, as the peer asked; 20 when it did not say.
    pub ptime_ms: u32,
    /// Ours: `SendOnly` means that the peer listens only.
    pub direction: Direction,
    /// The keys of both sides when the stream is encrypted.
    pub srtp: Option<SrtpKeys>,
    /// There when the peer is a browser: its keys come from the handshake.
    pub webrtc: Option<Box<WebRtcSession>>,
}

/// A payload format with the number that each direction uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// With the peer's parameters; its `payload_type` is `to_peer`.
    pub codec: Codec,
    /// The number in packets that we send: the peer's description has it.
    pub to_peer: u8,
    /// The number in packets that we get: ours has it.
    pub from_peer: u8,
}

const PTIME_MS: u32 = 20;

impl Negotiated {
    /// The codec that comes first; `None` never happens for a value that this folder made.
    pub fn codec(&self) -> Option<&Format> {
        self.formats.iter().find(|format| format.codec.is_sound())
    }

    /// telephone-event of the codec's clock, else any.
    pub fn telephone_event(&self) -> Option<&Format> {
        let clock = self.codec().map_or(0, |format| format.codec.clock);
        let mut events = self.formats.iter().filter(|format| format.codec.is_telephone_event());
        let any = events.clone().next();
        events.find(|format| format.codec.clock == clock).or(any)
    }

    /// The stream of a leg that has said `ours` (formats and direction) and heard `theirs`; `formats` is in the answer's order.
    pub(super) fn of(formats: Vec<Format>, ours: Direction, theirs: &Audio) -> Result<Negotiated, SdpError> {
        if !formats.iter().any(|format| format.codec.is_sound()) {
            return Err(SdpError::NoCommonCodec);
        }
        Ok(Negotiated {
            rtp: theirs.rtp.clone(),
            rtcp: theirs.rtcp.clone(),
            formats,
            ptime_ms: theirs.ptime_ms.unwrap_or(PTIME_MS),
            direction: ours.and(theirs.direction.mirrored()),
            srtp: None,
            webrtc: None,
        })
    }
}

/// Pairs each format of an answer with the one of the offer that it answers: the same encoding, by number first.
pub(super) fn pair<'a>(offered: &'a [Codec], answered: &'a [Codec]) -> Vec<(&'a Codec, &'a Codec)> {
    let mut pairs: Vec<(&Codec, &Codec)> = Vec::new();
    for answer in answered {
        let same = || offered.iter().filter(|offer| offer.same_encoding(answer));
        let by_number = same().find(|offer| offer.payload_type == answer.payload_type);
        let Some(offer) = by_number.or_else(|| same().next()) else { continue };
        if !pairs.iter().any(|(taken, _)| taken.payload_type == offer.payload_type) {
            pairs.push((offer, answer));
        }
    }
    pairs
}

impl Format {
    pub(super) fn new(theirs: &Codec, ours: &Codec) -> Format {
        Format { codec: theirs.clone(), to_peer: theirs.payload_type, from_peer: ours.payload_type }
    }
}
