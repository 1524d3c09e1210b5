//! `[supervision]`: whether those who talk know of a supervisor. `[recording]`: where calls are recorded, whose callers know of it, and how long the files are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use crate::base::{AgentId, QueueId};
use crate::calls::recording::{Notice, RecordingPlan};
use crate::calls::supervising::SupervisionPlan;

use super::fault::{Faults, Place};
use super::plan::RecordingShell;
use super::tree::Section;
use super::wavs::{Wavs, is_wav};

/// A rule that asks for recording, and where it says so.
pub(super) struct RecordedRule {
    pub name: String,
    pub place: Place,
    /// Of a rule of the shadow policy, which records nothing: its place in that file.
    pub in_shadow: Option<String>,
}

const FOLDER: &str = "write the folder for the files: folder = \"/var/lib/throughline/recordings\"";
const NOTICE: &str = "write the path of a .wav file that is played before they talk, or \"on-page\": only calls are recorded whose customer has agreed on the site";
/// Long enough to read a card's number out twice.
const PAUSE: Duration = Duration::from_secs(120);
const LONGEST_S: u64 = 2 * 3600;
/// What a WAV file can hold at this rate is some 37 hours.
const LONGEST_MAX_S: i64 = 24 * 3600;
const KEPT_DAYS: u64 = 90;
const DAY_S: u64 = 24 * 3600;

pub(super) fn read(
    top: &mut Section<'_>,
    rules: Vec<RecordedRule>,
    wavs: &mut Wavs,
    faults: &mut Faults<'_>,
) -> Option<(RecordingPlan, RecordingShell)> {
    let mut section = top.section("recording", faults);
    if !section.is_given() {
        let remedy = "add [recording] with folder and notice, or leave record out";
        for RecordedRule { place, in_shadow, .. } in &rules {
            let at = in_shadow.as_deref().unwrap_or_default();
            faults.add(place, format!("{at}asks for recordings, which have no place"), remedy);
        }
        return None;
    }
    let folder = section.required("folder", FOLDER, faults).and_then(|item| item.text(faults));
    let notice = section.required("notice", NOTICE, faults).and_then(|item| item.text(faults));
    let notice = notice.and_then(|text| match text.value {
        "on-page" => Some(Notice::OnPage),
        path if is_wav(path) => wavs.file(&text, faults).map(Notice::Spoken),
        other => {
            faults.add(&text.place, format!("{other:?} is no notice"), NOTICE);
            None
        }
    });
    let pause = section.seconds("pause_s", PAUSE, 5..=3_600, faults);
    let longest = section.seconds("longest_s", Duration::from_secs(LONGEST_S), 10..=LONGEST_MAX_S, faults);
    let days = section.number("keep_days", KEPT_DAYS, 1..=3_650, faults);
    section.finish(faults);
    let rules = rules.into_iter().filter(|rule| rule.in_shadow.is_none()).map(|rule| rule.name);
    let rules: BTreeSet<String> = rules.collect();
    let shell =
        RecordingShell { folder: PathBuf::from(folder?.value), longest, keep: Duration::from_secs(days * DAY_S) };
    Some((RecordingPlan { rules, notice: notice?, pause }, shell))
}

pub(super) fn supervision(
    top: &mut Section<'_>,
    queues_by_agent: BTreeMap<AgentId, BTreeSet<QueueId>>,
    faults: &mut Faults<'_>,
) -> SupervisionPlan {
    let mut section = top.section("supervision", faults);
    let tell = section.text("tell", faults).and_then(|text| text.word(&[("tone", true), ("none", false)], faults));
    section.finish(faults);
    SupervisionPlan { queues_by_agent, tell: tell.unwrap_or(true) }
}
