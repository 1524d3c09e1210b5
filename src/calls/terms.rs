//! What a trunk or a phone has been promised: how numbers are written, which codecs, how many calls, which header fields.

use crate::base::Family;
use crate::base::numbering::{NumbersIn, NumbersOut};
use crate::sdp::{Codec, CodecList, SdpError, Session, SrtpUse};

use super::caps::Caps;
use super::header_rules::HeaderRules;

/// Of one trunk. The default leaves everything as it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrunkTerms {
    pub numbers_in: NumbersIn,
    pub numbers_out: NumbersOut,
    pub caps: Caps,
    pub sound: SoundTerms,
    pub headers: HeaderRules,
}

/// Of one trunk or phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoundTerms {
    pub codecs: CodecList,
    pub srtp: SrtpUse,
    /// The peer is a browser: what we offer it is an offer of WebRTC.
    pub webrtc: bool,
    /// Only what can be recorded and mixed, where the peer has it: G.711.
    pub plain: bool,
    /// Of the addresses that it sends sound to; `None` where nothing says.
    pub family: Option<Family>,
    /// Keys stand in descriptions only where nobody reads them on the way.
    pub keys_need_tls: bool,
}

impl SoundTerms {
    /// What holds for a leg whose signalling goes over TLS, or does not.
    pub fn over(&self, is_tls: bool) -> Result<SoundTerms, SdpError> {
        match (self.keys_need_tls && !is_tls, self.srtp) {
            (true, SrtpUse::Require) => Err(SdpError::NotEncrypted),
            (true, SrtpUse::Off | SrtpUse::Accept | SrtpUse::Offer) => {
                Ok(SoundTerms { srtp: SrtpUse::Off, ..self.clone() })
            }
            (false, _) => Ok(self.clone()),
        }
    }

    /// An offer of this peer, as far as it may be used. A browser whose codecs nobody here takes hears so before anybody is disturbed.
    pub fn read_offer(&self, body: &[u8]) -> Result<Session, SdpError> {
        let offer = self.codecs.narrow(&Session::parse_for(body, self.srtp)?)?;
        let is_known = |codec: &Codec| codec.is_sound() && codec.is_of_browsers();
        if offer.audio.webrtc.is_none() || offer.audio.codecs.iter().any(is_known) {
            Ok(offer)
        } else {
            Err(SdpError::NoCommonCodec)
        }
    }

    /// An answer of this peer; its order is its choice.
    pub fn read_answer(&self, body: &[u8]) -> Result<Session, SdpError> {
        Session::parse_for(body, self.srtp)
    }
}
