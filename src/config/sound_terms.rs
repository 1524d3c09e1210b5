//! `codecs`, `srtp`: how a trunk or a phone wants its sound.

use crate::calls::terms::SoundTerms;
use crate::sdp::{CodecList, CodecName, SrtpUse};

use super::fault::Faults;
use super::tree::{Section, Text};

pub(super) fn read(section: &mut Section<'_>, faults: &mut Faults<'_>) -> SoundTerms {
    SoundTerms { codecs: codecs(section, faults), srtp: srtp(section, faults), webrtc: false }
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
