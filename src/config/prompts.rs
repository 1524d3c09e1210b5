//! `[prompts]`: the folder of recorded parts from which places and waits are spoken.

use std::collections::BTreeMap;
use std::path::Path;

use crate::calls::settings::Spoken;
use crate::media::command::WavId;
use crate::media::spoken::Language;

use super::fault::{Faults, did_you_mean};
use super::tree::{Section, Text};
use super::wavs::Wavs;

pub(super) fn read(top: &mut Section<'_>, wavs: &mut Wavs, faults: &mut Faults<'_>) -> Spoken {
    let mut section = top.section("prompts", faults);
    if !section.is_given() {
        return Spoken::default();
    }
    let remedy = "name the folder that holds en/, es/: folder = \"/etc/throughline/prompts\"";
    let folder = section.required("folder", remedy, faults).and_then(|item| item.text(faults));
    let named = section.texts("languages", faults);
    if named.is_empty() {
        let remedy = "name them, the usual one first: languages = [\"en\", \"es\"]";
        faults.add(&section.place.key("languages", section.place.offset), "names none", remedy);
    }
    let languages: Vec<Language> = named.iter().filter_map(|text| language(text, faults)).collect();
    section.finish(faults);
    let parts = |language: &Language| Some((*language, parts(*language, folder.as_ref()?, wavs, faults)));
    let parts_by_language: BTreeMap<_, _> = languages.iter().filter_map(parts).collect();
    Spoken { parts_by_language, usual: languages.first().copied().unwrap_or(Language::English) }
}

/// A language that we have the words of.
pub(super) fn language(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<Language> {
    let found = Language::ALL.into_iter().find(|language| language.tag() == text.value);
    if found.is_none() {
        let what = format!("{:?} is no language that can be spoken here", text.value);
        faults.add(&text.place, what, did_you_mean(text.value, &Language::ALL.map(Language::tag)));
    }
    found
}

fn parts(language: Language, folder: &Text<'_>, wavs: &mut Wavs, faults: &Faults<'_>) -> Vec<WavId> {
    let folder_of = Path::new(folder.value).join(language.tag());
    let part = |name: &str| wavs.part(folder_of.join(format!("{name}.wav")), folder, faults);
    language.parts().filter_map(part).collect()
}
