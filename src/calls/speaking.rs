//! What is said to a caller: files that the configuration names, or recorded parts in the caller's language.

use std::sync::Arc;

use crate::media::command::WavId;
use crate::media::spoken::Language;

use super::bench::Bench;
use super::call::Call;

/// The customer's own language if there are recordings of it, else that of the queue, else that of the trunk, else the first of the
/// configuration.
pub fn language(call: &Call, bench: &Bench) -> Language {
    let media = &bench.settings.media;
    let of_intent = call.recognised.intent.as_ref().and_then(|intent| Language::of_tag(&intent.language));
    let sound = call.queued.as_ref().and_then(|queued| media.queues.get(&queued.queue));
    let of_queue = sound.and_then(|sound| sound.messages.as_ref()?.language);
    let known = [of_intent, of_queue, call.trunk.language].into_iter().flatten();
    known.into_iter().find(|language| media.spoken.has(*language)).unwrap_or(media.spoken.usual)
}

/// The files, or where there are none these parts.
pub fn said(
    files: &Arc<[WavId]>,
    parts: impl FnOnce(Language) -> Vec<String>,
    call: &Call,
    bench: &Bench,
) -> Arc<[WavId]> {
    if !files.is_empty() {
        return Arc::clone(files);
    }
    let language = language(call, bench);
    parts(language).iter().filter_map(|part| bench.settings.media.spoken.part(language, part)).collect()
}
