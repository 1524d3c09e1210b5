//! The announcements of refusals that are sound files: `announcement` of the access rules, of the default and of queues.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::media::command::WavId;

use super::fault::Faults;
use super::tree::Section;
use super::wavs::{Wavs, is_wav};

/// Reads the keys once more, of which `access` has said all that is wrong; those that are words stay words.
pub(super) fn read(top: &mut Section<'_>, wavs: &mut Wavs, faults: &mut Faults<'_>) -> BTreeMap<Arc<str>, WavId> {
    let mut said = faults.scratch();
    let mut access = top.section("access", &mut said);
    let mut sections = access.sections("rules", &mut said);
    sections.push(access.section("default", &mut said));
    sections.extend(top.sections("queues", &mut said));
    let texts = sections.iter_mut().filter_map(|section| section.text("announcement", &mut said));
    let files: Vec<_> = texts.filter(|text| is_wav(text.value)).collect();
    files.iter().filter_map(|text| Some((Arc::from(text.value), wavs.file(text, faults)?))).collect()
}
