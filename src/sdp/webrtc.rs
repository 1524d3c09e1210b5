//! What a browser's stream says besides its sound: ICE (RFC 8839), DTLS (RFC 8122, 8842), BUNDLE (RFC 9143).

use std::fmt;

use super::SdpError;
use super::lines::{Attribute, Lines, Media};
use crate::base::limits;

/// The names and passwords of ICE of one side (RFC 8839 section 5.4). Not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct IceCredentials {
    pub ufrag: String,
    pub pwd: String,
}

/// SHA-256 of a certificate (RFC 8122 section 5).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// Who begins the handshake (RFC 4145 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    ActPass,
    Active,
    Passive,
}

/// A peer's stream that travels over ICE and DTLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebRtc {
    pub ice: IceCredentials,
    pub fingerprint: Fingerprint,
    pub setup: Setup,
    pub(super) mid: Option<String>,
    pub(super) is_bundled: bool,
}

/// RFC 8839 section 5.4.
const UFRAG_MIN: usize = 4;
const PWD_MIN: usize = 22;
const ICE_MAX: usize = 256;
/// RFC 8839 calls for no more than a name; ours and those of browsers are shorter.
const MID_MAX: usize = 64;
pub(super) const BROWSER_RTP: &str = "UDP/TLS/RTP/SAVPF";
/// RFC 5764 section 8 has it without feedback; some gateways say so.
const BROWSER_RTP_WITHOUT_FEEDBACK: &str = "UDP/TLS/RTP/SAVP";

/// Sound over DTLS.
pub(super) fn is_dtls(media: &Media<'_>) -> bool {
    [BROWSER_RTP, BROWSER_RTP_WITHOUT_FEEDBACK].iter().any(|proto| media.proto.eq_ignore_ascii_case(proto))
}

/// The stream's own attributes, and for what it does not say the session's.
pub(super) fn read(session: &Lines<'_>, media: &Media<'_>) -> Result<WebRtc, SdpError> {
    let both = [&media.attributes, &session.attributes];
    let value = |name: &str| both.iter().find_map(|attributes| value_of(attributes, name));
    if !media.attributes.iter().any(|attribute| attribute.name == "rtcp-mux") {
        return Err(SdpError::NoRtcpMux);
    }
    let fingerprint = fingerprint_in(&media.attributes).or_else(|| fingerprint_in(&session.attributes));
    let mid = mid_of(media);
    Ok(WebRtc {
        ice: credentials(value("ice-ufrag"), value("ice-pwd"))?,
        fingerprint: fingerprint.unwrap_or(Err(SdpError::NoFingerprint))?,
        setup: value("setup").map_or(Ok(Setup::Active), Setup::read)?,
        is_bundled: mid.as_ref().is_some_and(|mid| is_bundled(session, mid)),
        mid,
    })
}

/// The name of a stream within its session, where it has one.
pub(super) fn mid_of(media: &Media<'_>) -> Option<String> {
    let is_token = |mid: &&str| !mid.is_empty() && mid.len() <= MID_MAX && mid.bytes().all(|b| b.is_ascii_graphic());
    value_of(&media.attributes, "mid").map(str::trim).filter(is_token).map(str::to_owned)
}

fn is_bundled(session: &Lines<'_>, mid: &str) -> bool {
    let groups = session.attributes.iter().filter(|attribute| attribute.name == "group");
    groups.filter_map(|group| group.value?.strip_prefix("BUNDLE ")).any(|mids| {
        let mut mids = mids.split_ascii_whitespace().take(limits::SDP_STREAMS_MAX);
        mids.any(|bundled| bundled == mid)
    })
}

fn credentials(ufrag: Option<&str>, pwd: Option<&str>) -> Result<IceCredentials, SdpError> {
    let is_ice = |text: &&str, least: usize| {
        let is_ice_char = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/' || b == b'-' || b == b'_';
        (least..=ICE_MAX).contains(&text.len()) && text.bytes().all(is_ice_char)
    };
    let ufrag = ufrag.map(str::trim).filter(|text| is_ice(text, UFRAG_MIN)).ok_or(SdpError::NoIce)?;
    let pwd = pwd.map(str::trim).filter(|text| is_ice(text, PWD_MIN)).ok_or(SdpError::NoIce)?;
    Ok(IceCredentials { ufrag: ufrag.to_owned(), pwd: pwd.to_owned() })
}

/// Among several the first in SHA-256; `None` when there is none of any kind.
fn fingerprint_in(attributes: &[Attribute<'_>]) -> Option<Result<Fingerprint, SdpError>> {
    let values = || attributes.iter().filter(|a| a.name == "fingerprint").filter_map(|a| a.value);
    values().next()?;
    let strong = values().find_map(|value| Fingerprint::read(value.trim()));
    Some(strong.ok_or(SdpError::WeakFingerprint))
}

fn value_of<'a>(attributes: &[Attribute<'a>], name: &str) -> Option<&'a str> {
    attributes.iter().find(|attribute| attribute.name == name)?.value
}

impl Fingerprint {
    /// `sha-256 AB:CD:…`.
    fn read(value: &str) -> Option<Fingerprint> {
        let (hash, octets) = value.split_once([' ', '\t'])?;
        let mut fingerprint = [0; 32];
        let mut read = octets.trim().split(':');
        for octet in &mut fingerprint {
            let text = read.next().filter(|text| text.len() == 2)?;
            *octet = u8::from_str_radix(text, 16).ok()?;
        }
        (hash.eq_ignore_ascii_case("sha-256") && read.next().is_none()).then_some(Fingerprint(fingerprint))
    }

    pub(super) fn write(&self) -> String {
        let octets: Vec<String> = self.0.iter().map(|octet| format!("{octet:02X}")).collect();
        format!("sha-256 {}", octets.join(":"))
    }
}

impl Setup {
    fn read(value: &str) -> Result<Setup, SdpError> {
        let all = [Setup::ActPass, Setup::Active, Setup::Passive];
        let is_said = |setup: &Setup| setup.as_str().eq_ignore_ascii_case(value.trim());
        all.into_iter().find(is_said).ok_or(SdpError::NoHandshake)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Setup::ActPass => "actpass",
            Setup::Active => "active",
            Setup::Passive => "passive",
        }
    }
}

impl fmt::Debug for IceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<credentials>")
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}
