//! Why a session description cannot be used, and what SIP says about it.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SdpError {
    /// Not a session description.
    Malformed(String),
    /// More than the limits allow of what is named.
    TooMuch(&'static str),
    /// No audio stream over RTP that is not switched off.
    NoAudio,
    /// The audio stream has no IP address to send to.
    NoAddress,
    /// The leg must be encrypted and the peer does not do it, or not in a way that we do.
    NotEncrypted,
    /// No codec that both sides have.
    NoCommonCodec,
}

impl SdpError {
    /// The SIP status that a request with this body deserves (RFC 3261 sections 21.4.1 and 21.4.26).
    pub fn status(&self) -> u16 {
        match self {
            SdpError::Malformed(_) => 400,
            SdpError::TooMuch(_) | SdpError::NoAudio | SdpError::NoAddress => 488,
            SdpError::NotEncrypted | SdpError::NoCommonCodec => 488,
        }
    }
}

impl fmt::Display for SdpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SdpError::Malformed(why) => write!(f, "malformed session description: {why}"),
            SdpError::TooMuch(what) => write!(f, "session description has too many {what}"),
            SdpError::NoAudio => f.write_str("no audio stream over RTP/AVP"),
            SdpError::NoAddress => f.write_str("audio stream without an IP address"),
            SdpError::NotEncrypted => f.write_str("no SRTP with keys in the description"),
            SdpError::NoCommonCodec => f.write_str("no codec in common"),
        }
    }
}

impl std::error::Error for SdpError {}
