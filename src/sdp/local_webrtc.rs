//! Our side of a browser's leg: we are ICE-lite, with an address of each family, and let the browser begin the handshake where it will.

use std::net::IpAddr;

use super::webrtc::{Fingerprint, IceCredentials, Setup, WebRtc};
use crate::base::rng::Rng;

/// Names, passwords and streams of ours on one leg. They serve this leg alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalWebRtc {
    seed: Secret,
    /// How often the peer has begun ICE anew.
    restarts: u32,
    ice: IceCredentials,
    fingerprint: Fingerprint,
    stream: OurStream,
    /// Where we listen besides, on the same port.
    also: Option<IpAddr>,
    theirs: Option<WebRtc>,
    begins: bool,
    mid: String,
}

/// How our sound is named on a browser's leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurStream {
    pub ssrc: u32,
    pub cname: String,
}

/// What both sides of a browser's leg have agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebRtcSession {
    pub ours: IceCredentials,
    pub theirs: IceCredentials,
    /// Of the certificate that the peer must show.
    pub fingerprint: Fingerprint,
    /// We begin the handshake.
    pub begins: bool,
}

/// What stands in one description of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    ice: IceCredentials,
    fingerprint: Fingerprint,
    stream: OurStream,
    also: Option<IpAddr>,
    setup: Setup,
    pub mid: String,
    pub is_bundled: bool,
}

/// Not printed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Secret([u8; 32]);

/// 48 bits: nobody meets another leg's name by chance. A password has 192, more than the 128 of RFC 8445 section 5.3.
const UFRAG: usize = 8;
const PWD: usize = 32;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// In an offer of ours, which has one stream.
const MID: &str = "0";
/// A host's address of the first component (RFC 8445 section 5.1.2.1).
const PRIORITY: u32 = 2_130_706_431;
/// One less of the local preference, which no two addresses of a host share.
const LESS_LOCAL: u32 = 1 << 8;

impl LocalWebRtc {
    /// `fingerprint` is of our certificate; `seed` is drawn at random, once for each leg.
    pub fn new(fingerprint: Fingerprint, seed: [u8; 32]) -> LocalWebRtc {
        let mut rng = Rng::from_seed(seed);
        let stream = OurStream { ssrc: rng.u64() as u32, cname: format!("{:016x}", rng.u64()) };
        let ice = credentials(&mut rng);
        LocalWebRtc {
            seed: Secret(seed),
            restarts: 0,
            ice,
            fingerprint,
            stream,
            also: None,
            theirs: None,
            begins: false,
            mid: MID.to_owned(),
        }
    }

    /// We listen at this address too, of the other family, on the same port.
    pub fn also_at(self, also: Option<IpAddr>) -> LocalWebRtc {
        LocalWebRtc { also, ..self }
    }

    pub fn ice(&self) -> &IceCredentials {
        &self.ice
    }

    pub fn stream(&self) -> &OurStream {
        &self.stream
    }

    pub(super) fn offer(&self) -> Said {
        let is_bundled = self.theirs.as_ref().is_none_or(|theirs| theirs.is_bundled);
        self.say(Setup::ActPass, is_bundled)
    }

    pub(super) fn answer(&mut self, offer: &WebRtc) -> (Said, WebRtcSession) {
        let before = self.theirs.replace(offer.clone());
        if before.as_ref().is_some_and(|before| before.ice != offer.ice) {
            self.restart();
        }
        self.begins = match offer.setup {
            // RFC 8842 section 5.4: who has begun the handshake goes on with that part while the certificate stays.
            Setup::ActPass => self.begins && before.is_some_and(|before| before.fingerprint == offer.fingerprint),
            Setup::Active => false,
            Setup::Passive => true,
        };
        self.mid = offer.mid.clone().unwrap_or_default();
        let setup = if self.begins { Setup::Active } else { Setup::Passive };
        (self.say(setup, offer.is_bundled), self.settled(offer))
    }

    pub(super) fn answered(&mut self, answer: &WebRtc) -> WebRtcSession {
        self.begins = answer.setup == Setup::Passive;
        self.theirs = Some(answer.clone());
        self.settled(answer)
    }

    fn settled(&self, theirs: &WebRtc) -> WebRtcSession {
        WebRtcSession {
            ours: self.ice.clone(),
            theirs: theirs.ice.clone(),
            fingerprint: theirs.fingerprint,
            begins: self.begins,
        }
    }

    /// RFC 8445 section 9: new credentials of theirs are answered with new ones of ours.
    fn restart(&mut self) {
        self.restarts += 1;
        let mut seed = self.seed.0;
        seed.iter_mut().zip(self.restarts.to_be_bytes()).for_each(|(octet, count)| *octet ^= count);
        self.ice = credentials(&mut Rng::from_seed(seed));
    }

    fn say(&self, setup: Setup, is_bundled: bool) -> Said {
        Said {
            ice: self.ice.clone(),
            fingerprint: self.fingerprint,
            stream: self.stream.clone(),
            also: self.also,
            setup,
            is_bundled: is_bundled && !self.mid.is_empty(),
            mid: self.mid.clone(),
        }
    }
}

impl Said {
    /// The attributes of the stream, with where we listen.
    pub fn attributes(&self, address: IpAddr, port: u16) -> Vec<(&'static str, Option<String>)> {
        let stream = &self.stream;
        let candidates = [Some(address), self.also].into_iter().flatten().zip(0..).map(|(address, nth)| {
            let priority = PRIORITY - nth * LESS_LOCAL;
            ("candidate", Some(format!("{} 1 udp {priority} {address} {port} typ host", nth + 1)))
        });
        let mid = (!self.mid.is_empty()).then(|| ("mid", Some(self.mid.clone())));
        let before = [
            ("rtcp-mux", None),
            ("ice-ufrag", Some(self.ice.ufrag.clone())),
            ("ice-pwd", Some(self.ice.pwd.clone())),
            ("fingerprint", Some(self.fingerprint.write())),
            ("setup", Some(self.setup.as_str().to_owned())),
        ];
        let rest = [
            ("end-of-candidates", None),
            ("msid", Some(format!("{} sound", stream.cname))),
            ("ssrc", Some(format!("{} cname:{}", stream.ssrc, stream.cname))),
        ];
        mid.into_iter().chain(before).chain(candidates).chain(rest).collect()
    }
}

fn credentials(rng: &mut Rng) -> IceCredentials {
    let mut text = |length: usize| {
        let mut octets = vec![0; length];
        rng.fill(&mut octets);
        octets.iter().map(|octet| char::from(ALPHABET[usize::from(octet & 63)])).collect()
    };
    IceCredentials { ufrag: text(UFRAG), pwd: text(PWD) }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<secret>")
    }
}
