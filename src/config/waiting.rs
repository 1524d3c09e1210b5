//! What the callers of a queue hear while they wait: `music` and `messages` of `[[queues]]`.

use std::sync::Arc;
use std::time::Duration;

use crate::calls::settings::{Messages, QueueSound, WaitingSound};
use crate::media::command::WavId;

use super::fault::Faults;
use super::tree::Section;
use super::wavs::Wavs;

const FIRST_AFTER: Duration = Duration::from_secs(20);
const EVERY: Duration = Duration::from_secs(45);

pub(super) fn read(queue: &mut Section<'_>, wavs: &mut Wavs, faults: &mut Faults<'_>) -> QueueSound {
    let music = queue.texts("music", faults);
    QueueSound {
        music: wavs.joined(&music, faults).map(WaitingSound::Wav),
        messages: messages(queue, wavs, faults).map(Arc::new),
    }
}

fn messages(queue: &mut Section<'_>, wavs: &mut Wavs, faults: &mut Faults<'_>) -> Option<Messages> {
    let mut section = queue.section("messages", faults);
    let is_given = section.is_given();
    let files: Vec<WavId> = section.texts("files", faults).iter().filter_map(|text| wavs.file(text, faults)).collect();
    let messages = Messages {
        first_after: section.seconds("first_after_s", FIRST_AFTER, 0..=3600, faults),
        every: section.seconds("every_s", EVERY, 5..=3600, faults),
        files,
    };
    if is_given && messages.files.is_empty() {
        let remedy = "name the files: files = [\"sorry.wav\"]";
        faults.add(&section.place, "says nothing", remedy);
    }
    section.finish(faults);
    is_given.then_some(messages)
}
