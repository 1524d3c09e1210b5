//! `[media]`: where sound is received, and what a waiting caller hears.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::base::{Addresses, Family};
use crate::calls::settings::{MediaPlan, Spoken, WaitingSound, WebRtcPlan};
use crate::media::command::ToneKind;
use crate::sdp::Fingerprint;
use crate::sip::api::Transport;

use super::fault::Faults;
use super::plan::MediaShell;
use super::sip::SipPart;
use super::tree::{Section, Text};
use super::values::address;
use super::wavs::{Wavs, is_wav};

pub(super) struct MediaPart {
    pub plan: MediaPlan,
    pub shell: MediaShell,
}

/// A relayed call has two legs, each with a port for RTP and one for RTCP.
const PORTS_OF_A_CALL: u16 = 4;
const PORTS: (u16, u16) = (20_000, 29_999);

/// `wavs` of the shell come when all sections have been read.
pub(super) fn read(top: &mut Section<'_>, sip: &SipPart, wavs: &mut Wavs, faults: &mut Faults<'_>) -> MediaPart {
    let mut section = top.section("media", faults);
    let (bind, advertised) = addresses(&mut section, sip, faults);
    let (first_port, last_port) = ports(&mut section, sip, faults);
    let webrtc_port = webrtc_port(&mut section, sip, faults);
    let waiting = waiting(&mut section, wavs, faults);
    let part = MediaPart {
        shell: MediaShell {
            bind,
            workers: section.number("workers", 0, 0..=256, faults),
            silence_timeout: section.seconds("silence_s", Duration::from_secs(30), 1..=3600, faults),
            webrtc_port,
            ports: first_port..=last_port,
            wavs: Vec::new(),
        },
        plan: MediaPlan {
            advertised,
            first_port,
            last_port,
            waiting,
            queues: BTreeMap::new(),
            spoken: Spoken::default(),
            announcements: BTreeMap::new(),
            ringback: ringback(&mut section, faults),
            // What the workers have really bound, and their certificate, is known when they have started.
            webrtc: WebRtcPlan { ports: vec![webrtc_port.unwrap_or(last_port)], fingerprint: Fingerprint([0; 32]) },
        },
    };
    if advertised.first().is_unspecified() && sip.first_advertised().is_some_and(|known| !known.is_unspecified()) {
        let remedy = "write the address that peers send sound to: advertised = \"192.0.2.1\"";
        faults.add(&section.place.key("advertised", section.place.offset), "says no address", remedy);
    }
    section.finish(faults);
    part
}

/// Where sound is received, and what peers are told of it: one address of each family at most. What is not said is as for SIP.
fn addresses(section: &mut Section<'_>, sip: &SipPart, faults: &mut Faults<'_>) -> (Addresses, Addresses) {
    let place = section.item("bind").map(|item| item.place);
    let bind = one_of_each(section, "bind", faults);
    let said = one_of_each(section, "advertised", faults);
    let is_bound =
        |address: &IpAddr| bind.is_none_or(|bind| bind.all().any(|one| Family::of(one) == Family::of(*address)));
    let advertised = said.unwrap_or_else(|| {
        let known: Vec<IpAddr> = sip.advertised_of_each().into_iter().filter(is_bound).collect();
        let first = known.first().copied().or(sip.first_advertised()).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Addresses::new(first, known.get(1).copied())
    });
    if let Some((place, lacking)) = place.zip(advertised.all().find(|address| !is_bound(address))) {
        let remedy = format!("add {} to it, or leave bind out", any_address(lacking));
        faults.add(&place, format!("has no address at which {lacking} is received"), remedy);
    }
    let any = Addresses::new(any_address(advertised.first()), advertised.all().nth(1).map(any_address));
    (bind.unwrap_or(any), advertised)
}

fn one_of_each(section: &mut Section<'_>, key: &'static str, faults: &mut Faults<'_>) -> Option<Addresses> {
    let texts = section.texts(key, faults);
    let mut known: Vec<IpAddr> = Vec::new();
    for text in &texts {
        let Some(address) = address(text, faults) else { continue };
        if known.iter().any(|one| Family::of(*one) == Family::of(address)) {
            let remedy = format!("write one of each at most: {key} = [\"192.0.2.1\", \"2001:db8::1\"]");
            faults.add(&text.place, format!("{address} is a second address of its family"), remedy);
        } else {
            known.push(address);
        }
    }
    Some(Addresses::new(*known.first()?, known.get(1).copied()))
}

fn any_address(like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

fn ports(section: &mut Section<'_>, sip: &SipPart, faults: &mut Faults<'_>) -> (u16, u16) {
    let Some(text) = section.text("ports", faults) else { return PORTS };
    let range = text
        .value
        .split_once('-')
        .and_then(|(first, last)| Some((first.trim().parse::<u16>().ok()?, last.trim().parse::<u16>().ok()?)));
    let Some((first, last)) = range.filter(|(first, last)| first <= last && *first >= 1024) else {
        let remedy = "write the first and the last port, from 1024 on, like ports = \"20000-29999\"";
        faults.add(&text.place, format!("{:?} is no range of ports", text.value), remedy);
        return PORTS;
    };
    check_room(&text, first, last, faults);
    let is_udp = |bind: &&super::plan::SipBind| bind.transport == Transport::Udp;
    let ports = sip.bind.iter().filter(is_udp).map(|bind| bind.address.port());
    for port in ports.filter(|port| (first..=last).contains(port)) {
        let remedy = "move one of them: SIP and sound cannot share a port";
        faults.add(&text.place, format!("holds the SIP port {port}"), remedy);
    }
    (first, last)
}

/// 0 is as if it were not there.
fn webrtc_port(section: &mut Section<'_>, sip: &SipPart, faults: &mut Faults<'_>) -> Option<u16> {
    let item = section.item("webrtc_port")?;
    let port = item.number(0..=65_535, faults).filter(|port| *port != 0)?;
    if sip.bind.iter().any(|bind| bind.transport == Transport::Udp && bind.address.port() == port) {
        let remedy = "choose another one, or 0 for one of the range that ports names";
        faults.add(&item.place, format!("{port} is a SIP port"), remedy);
    }
    Some(port)
}

/// RTP takes an even port and the odd one after it.
fn check_room(text: &Text<'_>, first: u16, last: u16, faults: &mut Faults<'_>) {
    let first_even = u32::from(first) + u32::from(first % 2);
    let whole = (u32::from(last) + 1).saturating_sub(first_even) / 2 * 2;
    if whole < u32::from(PORTS_OF_A_CALL) {
        let remedy = format!("a call takes {PORTS_OF_A_CALL}, beginning with an even one; write a wider range");
        faults.add(&text.place, format!("{:?} has no room for a call", text.value), remedy);
    }
}

/// `music` names files that are played one after the other; `waiting` is the word for the tone, or for one file.
fn waiting(section: &mut Section<'_>, wavs: &mut Wavs, faults: &mut Faults<'_>) -> WaitingSound {
    let music = section.texts("music", faults);
    let waiting = section.text("waiting", faults);
    if let (Some(text), false) = (&waiting, music.is_empty()) {
        faults.add(&text.place, "is there beside music", "write one of the two");
    }
    let music = wavs.joined(&music, faults);
    let one = waiting.and_then(|text| match text.value {
        "tone" => None,
        path if is_wav(path) => wavs.file(&text, faults),
        other => {
            faults.add(&text.place, format!("{other:?} is no sound"), "write \"tone\", or the path of a .wav file");
            None
        }
    });
    music.or(one).map_or(WaitingSound::Tone, WaitingSound::Wav)
}

fn ringback(section: &mut Section<'_>, faults: &mut Faults<'_>) -> ToneKind {
    let words = [("us", ToneKind::RingbackUs), ("europe", ToneKind::RingbackEurope)];
    let text = section.text("ringback", faults);
    text.and_then(|text| text.word(&words, faults)).unwrap_or(ToneKind::RingbackUs)
}
