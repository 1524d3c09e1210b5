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
    /// A browser's stream without `a=ice-ufrag` and `a=ice-pwd` of the right form.
    NoIce,
    /// A browser's stream without `a=fingerprint`.
    NoFingerprint,
    /// A fingerprint, but none in SHA-256.
    WeakFingerprint,
    /// A browser's stream that wants RTCP on a port of its own.
    NoRtcpMux,
    /// An `a=setup` with which nobody begins the handshake.
    NoHandshake,
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
            SdpError::NoIce | SdpError::NoFingerprint | SdpError::WeakFingerprint => 488,
            SdpError::NoRtcpMux | SdpError::NoHandshake => 488,
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
            SdpError::NoIce => f.write_str("no ICE credentials in the description"),
            SdpError::NoFingerprint => f.write_str("no certificate fingerprint in the description"),
            SdpError::WeakFingerprint => f.write_str("no certificate fingerprint in SHA-256"),
            SdpError::NoRtcpMux => f.write_str("no rtcp-mux in the description"),
            SdpError::NoHandshake => f.write_str("nobody begins the DTLS handshake"),
            SdpError::NoCommonCodec => f.write_str("no codec in common"),
        }
    }
}

impl std::error::Error for SdpError {}
