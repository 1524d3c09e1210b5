//! A peer's session description, reduced to what a telephone call needs.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use memchr::memchr_iter;

use super::attributes::travels;
use super::codec::words;
use super::lines::{Attribute, Lines, Media};
use super::webrtc::{self, WebRtc};
use super::{Codec, Crypto, Direction, SdpError, SrtpUse};
use crate::base::Pii;
use crate::base::limits;

/// A description with one audio stream that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The version in `o=`; a description that says it again has not changed (RFC 3264 section 8).
    pub version: u64,
    pub audio: Audio,
    pub(super) shape: Shape,
}

/// The audio stream, from the side of the peer that described it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audio {
    /// Where the peer wants sound; the address is unspecified (0.0.0.0) for a hold in the old style.
    pub rtp: Pii<SocketAddr>,
    pub rtcp: Pii<SocketAddr>,
    /// The peer could take RTCP on the RTP port (RFC 5761); plain legs of ours do not use it.
    pub rtcp_mux: bool,
    /// In the peer's order of preference, telephone-event and comfort noise among them.
    pub codecs: Vec<Codec>,
    pub ptime_ms: Option<u32>,
    pub maxptime_ms: Option<u32>,
    /// A peer without an address does not listen, whatever its attribute says.
    pub direction: Direction,
    /// Described as RTP/SAVP: encrypted, or not at all.
    pub is_savp: bool,
    /// The peer's keys in its order of preference; none where we leave SRTP alone.
    pub crypto: Vec<Crypto>,
    /// There when the peer is a browser.
    pub webrtc: Option<Box<WebRtc>>,
    pub(super) kept: Vec<(String, Option<String>)>,
}

/// The streams around the audio one, which stay refused but keep their places (RFC 3264 section 6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    pub before: Vec<RefusedLine>,
    pub after: Vec<RefusedLine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RefusedLine {
    pub media: String,
    pub proto: String,
    pub fmt: String,
    pub mid: Option<String>,
}

pub(super) const PLAIN_RTP: &str = "RTP/AVP";
pub(super) const SECURE_RTP: &str = "RTP/SAVP";

impl Session {
    /// Reads a description; takes the first audio stream over RTP whose port is not 0.
    pub fn parse(body: &[u8]) -> Result<Session, SdpError> {
        Session::parse_for(body, SrtpUse::default())
    }

    /// Reads a description for a leg on which this is done about SRTP.
    pub fn parse_for(body: &[u8], srtp: SrtpUse) -> Result<Session, SdpError> {
        check_size(body)?;
        // Nearly all are whole, and looking for what is not takes its time.
        let text = std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::from);
        let raw = Lines::read(&text)?;
        let usable = raw.medias.iter().enumerate().find_map(|(place, media)| Some((place, usable(media, srtp)?)));
        let (place, codecs) = usable.ok_or_else(|| why_unusable(&raw.medias))?;
        let media = raw.medias.get(place).ok_or(SdpError::NoAudio)?;
        let audio = read_audio(&raw, media, codecs, srtp)?;
        let (before, after) = raw.medias.split_at(place);
        let shape = Shape { before: refused(before), after: refused(after.get(1..).unwrap_or_default()) };
        Ok(Session { version: raw.version, audio, shape })
    }
}

impl Audio {
    /// The peer asks for silence or offers music: it does not want to hear us.
    pub fn is_hold(&self) -> bool {
        !self.direction.listens()
    }

    /// The format with this number.
    pub fn codec(&self, payload_type: u8) -> Option<&Codec> {
        self.codecs.iter().find(|codec| codec.payload_type == payload_type)
    }
}

/// Counted before anything is allocated for it.
fn check_size(body: &[u8]) -> Result<(), SdpError> {
    if body.len() > limits::SDP_BYTES_MAX {
        return Err(SdpError::TooMuch("bytes"));
    }
    let ends = || memchr_iter(b'\n', body);
    if ends().count() >= limits::SDP_LINES_MAX {
        return Err(SdpError::TooMuch("lines"));
    }
    let is_stream = |begin: &usize| body.get(*begin..).is_some_and(|line| line.starts_with(b"m="));
    let begins = std::iter::once(0).chain(ends().map(|end| end + 1));
    if begins.filter(is_stream).count() > limits::SDP_STREAMS_MAX {
        return Err(SdpError::TooMuch("streams"));
    }
    Ok(())
}

/// The codecs of a stream that can be used.
fn usable(media: &Media<'_>, srtp: SrtpUse) -> Option<Vec<Codec>> {
    sound(media).filter(|_| webrtc::is_dtls(media) || may_be(media, srtp))
}

/// As far as keys in the description go.
fn may_be(media: &Media<'_>, srtp: SrtpUse) -> bool {
    match (is_secure(media), srtp) {
        (true, SrtpUse::Off) => false,
        (true, SrtpUse::Accept | SrtpUse::Offer | SrtpUse::Require) => !read_crypto(media, srtp).is_empty(),
        (false, SrtpUse::Require) => !read_crypto(media, srtp).is_empty(),
        (false, SrtpUse::Off | SrtpUse::Accept | SrtpUse::Offer) => true,
    }
}

/// The codecs of a stream of sound over RTP, encrypted or not.
fn sound(media: &Media<'_>) -> Option<Vec<Codec>> {
    let is_rtp = media.proto.eq_ignore_ascii_case(PLAIN_RTP) || is_secure(media) || webrtc::is_dtls(media);
    let is_sound = media.media.eq_ignore_ascii_case("audio") && media.port != 0 && is_rtp;
    is_sound.then(|| read_codecs(media)).filter(|codecs| codecs.iter().any(Codec::is_sound))
}

fn is_secure(media: &Media<'_>) -> bool {
    media.proto.eq_ignore_ascii_case(SECURE_RTP)
}

fn why_unusable(medias: &[Media<'_>]) -> SdpError {
    if medias.iter().any(|media| sound(media).is_some()) { SdpError::NotEncrypted } else { SdpError::NoAudio }
}

/// The keys that we can work with; a peer that offers many means that we choose.
fn read_crypto(media: &Media<'_>, srtp: SrtpUse) -> Vec<Crypto> {
    if srtp == SrtpUse::Off {
        return Vec::new();
    }
    values_of(media, "crypto").take(limits::SDP_CRYPTO_MAX).filter_map(Crypto::read).collect()
}

fn refused(medias: &[Media<'_>]) -> Vec<RefusedLine> {
    let line = |m: &Media<'_>| RefusedLine {
        media: m.media.to_owned(),
        proto: m.proto.to_owned(),
        fmt: m.fmt.to_owned(),
        mid: webrtc::mid_of(m),
    };
    medias.iter().map(line).collect()
}

fn read_audio(raw: &Lines<'_>, media: &Media<'_>, codecs: Vec<Codec>, srtp: SrtpUse) -> Result<Audio, SdpError> {
    let connection = media.connection.or(raw.connection).ok_or(SdpError::NoAddress)?;
    let address = connection.address().ok_or(SdpError::NoAddress)?;
    if address.is_multicast() {
        return Err(SdpError::NoAddress);
    }
    let webrtc = webrtc::is_dtls(media).then(|| webrtc::read(raw, media)).transpose()?.map(Box::new);
    // A browser that has found no address yet is no hold.
    let hears = Direction::new(true, webrtc.is_some() || !address.is_unspecified());
    Ok(Audio {
        rtp: Pii::new(SocketAddr::new(address, media.port)),
        rtcp: Pii::new(rtcp_address(media, address)),
        rtcp_mux: value_of(media, "rtcp-mux").is_some(),
        codecs,
        ptime_ms: number_of(media, "ptime"),
        maxptime_ms: number_of(media, "maxptime"),
        direction: direction_of(&media.attributes).or(direction_of(&raw.attributes)).unwrap_or_default().and(hears),
        is_savp: is_secure(media),
        crypto: read_crypto(media, srtp),
        webrtc,
        kept: kept_attributes(media),
    })
}

/// `a=rtcp:53020 IN IP4 198.51.100.7` (RFC 3605), else the next port.
fn rtcp_address(media: &Media<'_>, address: IpAddr) -> SocketAddr {
    let next = SocketAddr::new(address, media.port.saturating_add(1));
    let Some(Some(text)) = value_of(media, "rtcp") else { return next };
    let mut words = text.split_ascii_whitespace();
    let Some(port) = words.next().and_then(|word| word.parse().ok()) else { return next };
    let elsewhere = words.nth(2).and_then(|word| word.parse().ok());
    SocketAddr::new(elsewhere.unwrap_or(address), port)
}

fn read_codecs(media: &Media<'_>) -> Vec<Codec> {
    let mut codecs: Vec<Codec> = Vec::new();
    for word in media.fmt.split_ascii_whitespace() {
        let Some(payload_type) = word.parse().ok().filter(|number| *number < 128) else { continue };
        if codecs.iter().any(|codec| codec.payload_type == payload_type) {
            continue;
        }
        codecs.extend(read_codec(media, payload_type));
    }
    codecs
}

/// A dynamic number that nothing explains is passed over.
fn read_codec(media: &Media<'_>, payload_type: u8) -> Option<Codec> {
    let mapped = values_of(media, "rtpmap").find_map(|value| parameter_of(value, payload_type));
    let codec = match mapped {
        Some(encoding) => read_rtpmap(payload_type, encoding),
        None => Codec::of_static_payload_type(payload_type),
    }?;
    let fmtp = values_of(media, "fmtp").find_map(|value| parameter_of(value, payload_type));
    Some(Codec { fmtp: fmtp.map(words), ..codec })
}

/// `opus/48000/2`.
fn read_rtpmap(payload_type: u8, encoding: &str) -> Option<Codec> {
    let mut parts = encoding.trim().split('/');
    let name = parts.next().filter(|name| !name.is_empty())?;
    let clock = parts.next()?.parse().ok().filter(|clock| *clock > 0)?;
    let channels = parts.next().map_or(Some(1), |text| text.parse().ok())?;
    Some(Codec { channels, ..Codec::new(payload_type, name, clock) })
}

/// What follows the number in `101 0-15`, when the number is this one.
fn parameter_of(value: &str, payload_type: u8) -> Option<&str> {
    let (number, rest) = value.trim_start().split_once([' ', '\t'])?;
    (number.parse() == Ok(payload_type)).then(|| rest.trim())
}

fn kept_attributes(media: &Media<'_>) -> Vec<(String, Option<String>)> {
    let known = media.attributes.iter().filter(|attribute| travels(attribute.name));
    known.take(limits::SDP_KEPT_ATTRIBUTES_MAX).map(|a| (a.name.to_owned(), a.value.map(str::to_owned))).collect()
}

fn direction_of(attributes: &[Attribute<'_>]) -> Option<Direction> {
    attributes.iter().find_map(|attribute| Direction::parse(attribute.name))
}

fn number_of(media: &Media<'_>, name: &str) -> Option<u32> {
    value_of(media, name)??.trim().parse().ok().filter(|number| (1..=limits::SDP_PTIME_MAX_MS).contains(number))
}

fn value_of<'a>(media: &Media<'a>, name: &str) -> Option<Option<&'a str>> {
    media.attributes.iter().find(|a| a.name == name).map(|a| a.value)
}

fn values_of<'a>(media: &Media<'a>, name: &'static str) -> impl Iterator<Item = &'a str> {
    media.attributes.iter().filter(move |a| a.name == name).filter_map(|a| a.value)
}
