//! `codecs`, `srtp`: how a trunk or a phone wants its sound.

use crate::calls::terms::SoundTerms;
use crate::sdp::{CodecList, CodecName, SrtpUse};

use super::fault::Faults;
use super::tree::{Section, Text};

pub(super) fn read(section: &mut Section<'_>, faults: &mut Faults<'_>) -> SoundTerms {
    SoundTerms { codecs: codecs(section, faults), srtp: srtp(section, faults), ..SoundTerms::default() }
}

/// The same for a trunk, of which more is known: whether what goes to it goes over TLS.
pub(super) fn of_trunk(section: &mut Section<'_>, over_tls: OverTls, faults: &mut Faults<'_>) -> SoundTerms {
    let place = section.item("srtp_needs_tls").map(|item| item.place);
    let keys_need_tls = section.flag("srtp_needs_tls", false, faults);
    let terms = SoundTerms { keys_need_tls, ..read(section, faults) };
    let asks = matches!(terms.srtp, SrtpUse::Offer | SrtpUse::Require);
    if let Some(place) = place.filter(|_| keys_need_tls) {
        match over_tls {
            OverTls { to_us: false, .. } => {
                faults.add(
                    &place,
                    "can never be: no socket of ours speaks TLS",
                    "add \"tls:ADDRESS:5061\" to [sip] bind",
                );
            }
            OverTls { to_it: false, .. } if asks => {
                let remedy = "write its fallback and gateways with sips: or ;transport=tls, or srtp = \"accept\"";
                faults.add(&place, "and keys are offered to it over a transport that others can read", remedy);
            }
            OverTls { .. } => {}
        }
    }
    terms
}

/// What of a trunk's signalling can go over TLS.
#[derive(Clone, Copy)]
pub(super) struct OverTls {
    /// We listen for it.
    pub to_us: bool,
    /// All that we send to it as to a fallback or gateway does.
    pub to_it: bool,
}

fn srtp(section: &mut Section<'_>, faults: &mut Faults<'_>) -> SrtpUse {
    let words =
        [("off", SrtpUse::Off), ("accept", SrtpUse::Accept), ("offer", SrtpUse::Offer), ("require", SrtpUse::Require)];
    section.text("srtp", faults).and_then(|text| text.word(&words, faults)).unwrap_or_default()
}

fn codecs(section: &mut Section<'_>, faults: &mut Faults<'_>) -> CodecList {
    let Some(item) = section.item("codecs") else { return CodecList::default() };
    let mut names: Vec<CodecName> = Vec::new();
    for text in item.texts(faults) {
        match codec(&text, faults) {
            Some(name) if names.contains(&name) => {
                faults.add(&text.place, format!("{:?} is there twice", text.value), "write it once");
            }
            Some(name) => names.push(name),
            None => {}
        }
    }
    if !names.iter().any(is_sound) {
        faults.add(&item.place, "has nothing to talk with", "write codecs = [\"PCMA\", \"PCMU\", \"telephone-event\"]");
    }
    CodecList(names)
}

fn is_sound(name: &CodecName) -> bool {
    !["telephone-event", "CN"].iter().any(|other| other.eq_ignore_ascii_case(&name.name))
}

/// `PCMA`, `telephone-event/48000`.
fn codec(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<CodecName> {
    let (name, clock) = text.value.split_once('/').map_or((text.value, None), |(name, clock)| (name, Some(clock)));
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b));
    let clock = clock.map_or(Some(None), |clock| clock.parse().ok().map(Some));
    match clock.filter(|_| is_name) {
        Some(clock) => Some(CodecName { name: name.to_owned(), clock }),
        None => {
            let remedy = "write the encoding's name as in a=rtpmap, like \"PCMA\" or \"telephone-event/8000\"";
            faults.add(&text.place, format!("{:?} is no codec", text.value), remedy);
            None
        }
    }
}
