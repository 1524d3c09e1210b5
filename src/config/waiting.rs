//! What the callers of a queue hear while they wait: `music` and `messages` of `[[queues]]`.

use std::sync::Arc;
use std::time::Duration;

use crate::calls::settings::{Messages, QueueSound, Spoken, WaitingSound};
use crate::media::command::WavId;
use crate::media::spoken::Language;

use super::fault::Faults;
use super::prompts;
use super::tree::Section;
use super::wavs::Wavs;

const FIRST_AFTER: Duration = Duration::from_secs(20);
const EVERY: Duration = Duration::from_secs(45);

pub(super) fn read(queue: &mut Section<'_>, spoken: &Spoken, wavs: &mut Wavs, faults: &mut Faults<'_>) -> QueueSound {
    let music = queue.texts("music", faults);
    QueueSound {
        music: wavs.joined(&music, faults).map(WaitingSound::Wav),
        messages: messages(queue, spoken, wavs, faults).map(Arc::new),
    }
}

fn messages(queue: &mut Section<'_>, spoken: &Spoken, wavs: &mut Wavs, faults: &mut Faults<'_>) -> Option<Messages> {
    let mut section = queue.section("messages", faults);
    let is_given = section.is_given();
    let files: Vec<WavId> = section.texts("files", faults).iter().filter_map(|text| wavs.file(text, faults)).collect();
    let messages = Messages {
        first_after: section.seconds("first_after_s", FIRST_AFTER, 0..=3600, faults),
        every: section.seconds("every_s", EVERY, 5..=3600, faults),
        files,
        place: section.flag("place", false, faults),
        wait: section.flag("wait", false, faults),
        language: language(&mut section, spoken, faults),
    };
    let speaks = messages.place || messages.wait;
    if speaks && spoken.parts_by_language.is_empty() {
        let remedy = "say under [prompts] where the recorded parts are, or leave place and wait out";
        faults.add(&section.place, "has nothing to speak with", remedy);
    }
    if is_given && messages.files.is_empty() && !speaks {
        let remedy = "name the files: files = [\"sorry.wav\"], or write place = true or wait = true";
        faults.add(&section.place, "says nothing", remedy);
    }
    section.finish(faults);
    is_given.then_some(messages)
}

/// `language`: one of those that can be spoken.
pub(super) fn language(section: &mut Section<'_>, spoken: &Spoken, faults: &mut Faults<'_>) -> Option<Language> {
    let text = section.text("language", faults)?;
    let language = prompts::language(&text, faults)?;
    if !spoken.has(language) {
        let remedy = "add it to languages under [prompts], and its parts to the folder";
        faults.add(&text.place, format!("{:?} has no recorded parts", text.value), remedy);
    }
    Some(language)
}
