//! Session descriptions (RFC 8866) and offer/answer (RFC 3264) for one audio stream, as values.

mod attributes;
mod codec;
mod crypto;
mod direction;
mod error;
mod lines;
mod local_webrtc;
mod negotiated;
mod ours;
mod select;
mod session;
mod srtp;
#[cfg(test)]
mod tests;
mod webrtc;
#[cfg(test)]
mod webrtc_tests;
mod write;

pub use codec::{Codec, Words};
pub use crypto::{Crypto, KEY_OCTETS, MasterKey, SrtpKeys, SrtpUse, Suite};
pub use direction::Direction;
pub use error::SdpError;
pub use local_webrtc::{LocalWebRtc, OurStream, WebRtcSession};
pub use negotiated::{Format, Negotiated};
pub use ours::{Agreed, LocalMedia};
pub use select::{CodecList, CodecName};
pub use session::{Audio, Session};
pub use webrtc::{Fingerprint, IceCredentials, Setup, WebRtc};
