//! Our side of one leg's session: each offer and answer that we give, with a version that rises when it changes.

use std::net::IpAddr;

use bytes::Bytes;

use super::local_webrtc::{LocalWebRtc, Said};
use super::negotiated::pair;
use super::session::Shape;
use super::srtp::{LocalSrtp, Protection};
use super::write::{write, write_origin};
use super::{Audio, Codec, Direction, Format, Negotiated, SdpError, Session, SrtpKeys, SrtpUse, WebRtcSession};

/// What we have said on one leg, and where we listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalMedia {
    /// The address that peers are told.
    pub address: IpAddr,
    /// The RTP port; RTCP is the next one.
    pub port: u16,
    pub(super) session_id: u64,
    pub(super) version: u64,
    said: Option<(Description, Bytes)>,
    srtp: LocalSrtp,
    webrtc: Option<Box<LocalWebRtc>>,
    /// Keys travel elsewhere (in INFO): telephone-event is neither offered nor accepted.
    pub without_keys: bool,
}

/// An answer of ours and what it settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    pub body: Bytes,
    pub negotiated: Negotiated,
}

/// The content of one description of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Description {
    /// Where we listen.
    pub port: u16,
    pub codecs: Vec<Codec>,
    pub direction: Direction,
    pub ptime_ms: Option<u32>,
    pub maxptime_ms: Option<u32>,
    pub kept: Vec<(String, Option<String>)>,
    pub shape: Shape,
    pub protection: Protection,
    /// Boxed: telephones have none.
    pub webrtc: Option<Box<Said>>,
}

/// The keys of a stream whose description has them, or the session of one whose keys come later.
type Protected = (Option<SrtpKeys>, Option<Box<WebRtcSession>>);

/// The number and the keys of telephone-event when we offer first.
const EVENT_PAYLOAD_TYPE: u8 = 101;
const EVENT_KEYS: &str = "0-15";
/// `o=` numbers are kept to 63 bits: some peers read them as signed.
const SIGNED_MAX: u64 = i64::MAX as u64;

impl LocalMedia {
    /// `session_id` is drawn at random, once for each leg.
    pub fn new(address: IpAddr, port: u16, session_id: u64) -> LocalMedia {
        let session_id = session_id & SIGNED_MAX;
        LocalMedia {
            address,
            port,
            session_id,
            version: 0,
            said: None,
            srtp: LocalSrtp::default(),
            webrtc: None,
            without_keys: false,
        }
    }

    /// What is done about SRTP on this leg; `draw` gives random octets for our keys.
    pub fn with_srtp(self, srtp: SrtpUse, draw: impl FnMut(&mut [u8])) -> LocalMedia {
        LocalMedia { srtp: LocalSrtp::new(srtp, draw), ..self }
    }

    /// The peer is a browser.
    pub fn with_webrtc(self, webrtc: LocalWebRtc) -> LocalMedia {
        LocalMedia { webrtc: Some(Box::new(webrtc)), ..self }
    }

    /// What we say to a browser, when the peer is one.
    pub fn webrtc(&self) -> Option<&LocalWebRtc> {
        self.webrtc.as_deref()
    }

    /// Goes on where `before` ends, with a port and keys of its own: the peer sees one session.
    pub fn continuing(self, before: &LocalMedia) -> LocalMedia {
        let LocalMedia { session_id, version, said, .. } = before.clone();
        LocalMedia { session_id, version, said, ..self }
    }

    /// The same session at another port; the peer hears of it from the next description.
    pub fn move_to(&mut self, port: u16) {
        self.port = port;
    }

    /// Somebody else's description as the next one of this session: with its sound and address, and our origin (RFC 3264 section 8).
    pub fn pass(&mut self, description: &[u8]) -> Bytes {
        self.version += 1;
        let mut out = Vec::with_capacity(description.len() + 16);
        for line in description.split_inclusive(|octet| *octet == b'\n') {
            match line.starts_with(b"o=") {
                true => write_origin(&mut out, self),
                false => out.extend_from_slice(line),
            }
        }
        Bytes::from(out)
    }

    /// Answers an offer ourselves: its first codec that `accept` has, and telephone-event of the same clock.
    pub fn answer_alone(&mut self, offer: &Session, accept: &[Codec]) -> Result<Agreed, SdpError> {
        let audio = &offer.audio;
        let is_accepted = |codec: &&Codec| accept.iter().any(|accepted| accepted.same_encoding(codec));
        let sound = audio.codecs.iter().find(is_accepted).ok_or(SdpError::NoCommonCodec)?;
        let events = audio.codecs.iter().find(|codec| codec.is_telephone_event() && codec.clock == sound.clock);
        let codecs: Vec<Codec> = std::iter::once(sound).chain(events).cloned().map(with_event_keys).collect();
        let answer = Description {
            codecs,
            direction: audio.direction.mirrored(),
            ptime_ms: audio.ptime_ms,
            shape: offer.shape.clone(),
            ..Description::default()
        };
        self.agree(answer, audio)
    }

    /// Offers this leg what another leg's peer described: the same formats, numbers, parameters and direction, our address.
    pub fn relay_offer(&mut self, remote: &Session) -> Bytes {
        let audio = &remote.audio;
        self.say(Description {
            codecs: audio.codecs.clone(),
            direction: audio.direction,
            ptime_ms: audio.ptime_ms,
            maxptime_ms: audio.maxptime_ms,
            kept: audio.kept.clone(),
            ..self.offer()
        })
    }

    /// Answers this leg's offer with what another leg's peer answered, under the numbers of the offer.
    pub fn relay_answer(&mut self, offer: &Session, remote_answer: &Session) -> Result<Agreed, SdpError> {
        let theirs = &remote_answer.audio;
        let renumber =
            |(offered, answered): (&Codec, &Codec)| Codec { payload_type: offered.payload_type, ..answered.clone() };
        let codecs: Vec<Codec> = pair(&offer.audio.codecs, &theirs.codecs).into_iter().map(renumber).collect();
        let answer = Description {
            codecs,
            // RFC 3264 section 6.1: an answer takes nothing that the offer did not give.
            direction: theirs.direction.and(offer.audio.direction.mirrored()),
            ptime_ms: theirs.ptime_ms,
            maxptime_ms: theirs.maxptime_ms,
            kept: theirs.kept.clone(),
            shape: offer.shape.clone(),
            ..Description::default()
        };
        self.agree(answer, &offer.audio)
    }

    /// Offers this leg exactly what another leg has settled already, with the numbers that its peer sends.
    pub fn offer_from_negotiated(&mut self, settled: &Negotiated) -> Bytes {
        let codec = |format: &Format| Codec { payload_type: format.from_peer, ..format.codec.clone() };
        self.say(Description {
            codecs: settled.formats.iter().map(codec).collect(),
            ptime_ms: Some(settled.ptime_ms),
            ..self.offer()
        })
    }

    /// Offers these codecs and telephone-event, for a peer that asked us to offer first.
    pub fn offer_alone(&mut self, codecs: &[Codec]) -> Bytes {
        let events = Codec::new(EVENT_PAYLOAD_TYPE, "telephone-event", 8000);
        let codecs = codecs.iter().cloned().chain([events]).map(with_event_keys).collect();
        self.say(Description { codecs, ..self.offer() })
    }

    /// What our last offer and this answer settle.
    pub fn answered(&mut self, answer: &Session) -> Result<Negotiated, SdpError> {
        let (offer, _) = self.said.as_ref().ok_or(SdpError::NoCommonCodec)?;
        let theirs = &answer.audio;
        let formats = pair(&offer.codecs, &theirs.codecs);
        let formats = formats.into_iter().map(|(ours, theirs)| Format::new(theirs, ours)).collect();
        let settled = Negotiated::of(formats, offer.direction, theirs)?;
        let srtp = self.srtp.answered(&offer.protection, theirs)?;
        let webrtc = match (&mut self.webrtc, &theirs.webrtc) {
            (Some(ours), Some(theirs)) => Some(Box::new(ours.answered(theirs))),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(SdpError::NotEncrypted),
        };
        Ok(Negotiated { srtp, webrtc, ..settled })
    }

    /// Our last description, for a peer that asks again.
    pub fn said(&self) -> Option<&Bytes> {
        self.said.as_ref().map(|(_, body)| body)
    }

    /// Holds what `before` said again, after the peer has refused what was said since; the version does not go back.
    pub fn take_back(&mut self, before: &LocalMedia) {
        self.said = before.said.clone();
        self.srtp = before.srtp.clone();
        self.webrtc = before.webrtc.clone();
    }

    /// What `before` said as a new offer, after the peer has accepted what was said since.
    pub fn say_again(&mut self, before: &LocalMedia) -> Option<Bytes> {
        let (description, _) = before.said.clone()?;
        Some(self.say(description))
    }

    fn agree(&mut self, answer: Description, theirs: &Audio) -> Result<Agreed, SdpError> {
        let mut answer = self.allowed(answer);
        let formats = pair(&theirs.codecs, &answer.codecs);
        let formats = formats.into_iter().map(|(theirs, ours)| Format::new(theirs, ours)).collect();
        let settled = Negotiated::of(formats, answer.direction, theirs)?;
        let (srtp, webrtc) = self.protect(&mut answer, theirs)?;
        let negotiated = Negotiated { srtp, webrtc, ..settled };
        Ok(Agreed { body: self.say(answer), negotiated })
    }

    /// Says in our answer how the stream is encrypted.
    fn protect(&mut self, answer: &mut Description, theirs: &Audio) -> Result<Protected, SdpError> {
        let (protection, srtp) = self.srtp.answer(theirs)?;
        answer.protection = protection;
        match (&mut self.webrtc, &theirs.webrtc) {
            (Some(ours), Some(theirs)) => {
                let (said, session) = ours.answer(theirs);
                answer.webrtc = Some(Box::new(said));
                Ok((srtp, Some(Box::new(session))))
            }
            (None, None) => Ok((srtp, None)),
            (Some(_), None) | (None, Some(_)) => Err(SdpError::NotEncrypted),
        }
    }

    /// What each offer of ours has, whatever its sound.
    fn offer(&self) -> Description {
        let webrtc = self.webrtc.as_ref().map(|webrtc| Box::new(webrtc.offer()));
        Description { shape: self.shape(), protection: self.srtp.offer(), webrtc, ..Description::default() }
    }

    /// RFC 3264 section 8: the version rises by one with each change, and only then.
    fn say(&mut self, description: Description) -> Bytes {
        let description = Description { port: self.port, ..self.allowed(description) };
        if let Some((last, body)) = &self.said
            && *last == description
        {
            return body.clone();
        }
        self.version += 1;
        let body = write(self, &description);
        self.said = Some((description, body.clone()));
        body
    }

    fn allowed(&self, mut description: Description) -> Description {
        if self.without_keys {
            description.codecs.retain(|codec| !codec.is_telephone_event());
        }
        description
    }

    /// A stream that was once refused on this leg stays in its place (RFC 3264 section 8).
    fn shape(&self) -> Shape {
        self.said.as_ref().map(|(last, _)| last.shape.clone()).unwrap_or_default()
    }
}

fn with_event_keys(codec: Codec) -> Codec {
    if codec.is_telephone_event() && codec.fmtp.is_none() {
        return Codec { fmtp: Some(EVENT_KEYS.into()), ..codec };
    }
    codec
}
