//! What a waiting caller is told from time to time, between the music. It never lies over an agent who answers: whatever changes what the
//! caller hears ends a message at once.

use std::sync::Arc;

use crate::base::Now;
use crate::media::command::WavId;
use crate::media::spoken::{self, Language, Wait};

use super::bench::{Bench, Deadline};
use super::call::{Call, Phase, Queued, Side};
use super::keys;
use super::promising;
use super::prompts::{self, Prompt, Purpose};
use super::settings::Messages;
use super::speaking;

/// What a caller has been told so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    messages: usize,
    place: Option<usize>,
    wait: Option<Wait>,
}

/// The caller begins to hear the waiting sound, or hears it again.
pub fn wait(call: &Call, bench: &mut Bench, now: Now) {
    let of_queue = messages(call, bench).map(|messages| (messages.first_after, messages.every));
    let Some((first_after, every)) = of_queue.or_else(|| promising::pauses(call, bench)) else { return };
    let pause = if call.prompts.told.messages == 0 { first_after } else { every };
    bench.set_deadline(call, Deadline::Message, now.mono + pause);
}

/// It is time for the next message. While an agent is being rung it is put off: the caller is about to be served.
pub fn due(call: &mut Call, bench: &mut Bench, now: Now) {
    match call.phase {
        Phase::Waiting => tell(call, bench, now),
        Phase::Offered(_) | Phase::Ringing(..) => wait(call, bench, now),
        Phase::Matching(_)
        | Phase::Talking(..)
        | Phase::HandedOver(_)
        | Phase::Passing
        | Phase::Promised
        | Phase::Recalling(..)
        | Phase::Passed(_)
        | Phase::Diverting(_)
        | Phase::Diverted(_)
        | Phase::Over => {}
    }
}

/// The message has been heard; the music goes on by itself.
pub fn said(call: &Call, bench: &mut Bench, now: Now) {
    if matches!(call.phase, Phase::Waiting | Phase::Offered(_) | Phase::Ringing(..)) {
        wait(call, bench, now);
    }
}

fn tell(call: &mut Call, bench: &mut Bench, now: Now) {
    let Some(queued) = call.queued.clone() else { return };
    let mut items = Vec::new();
    if let Some(messages) = messages(call, bench) {
        items.extend(file(&messages, call.prompts.told));
        let language = speaking::language(call, bench);
        for part in words(&messages, &queued, language, &mut call.prompts.told) {
            items.extend(bench.settings.media.spoken.part(language, &part));
        }
    }
    let question = promising::question_in_queue(call, bench);
    keys::listen(call, !question.is_empty(), bench);
    items.extend_from_slice(&question);
    call.prompts.told.messages += 1;
    let prompt = Prompt { items: items.into(), purpose: Purpose::Comfort, until_key: false };
    if !prompts::play(call, Side::Caller, prompt, bench) {
        wait(call, bench, now);
    }
}

/// The files go round, one with each message.
fn file(messages: &Messages, told: Told) -> Option<WavId> {
    let nth = told.messages.checked_rem(messages.files.len())?;
    messages.files.get(nth).copied()
}

/// What is known of the queue, as far as it is no worse than what the caller has heard already: bad news that they can do nothing about
/// is left out, and what is not known is not said.
fn words(messages: &Messages, queued: &Queued, language: Language, told: &mut Told) -> Vec<String> {
    let mut said = Vec::new();
    let place = queued.position.filter(|place| messages.place && told.place.is_none_or(|before| *place <= before));
    if let Some((place, parts)) = place.and_then(|place| Some((place, spoken::place(language, place)?))) {
        told.place = Some(place);
        said.extend(parts);
    }
    let wait = queued.expected_wait.map(Wait::of).filter(|_| messages.wait);
    if let Some(wait) = wait.filter(|wait| told.wait.is_none_or(|before| *wait <= before)) {
        told.wait = Some(wait);
        said.extend(spoken::wait(language, wait));
    }
    said
}

fn messages(call: &Call, bench: &Bench) -> Option<Arc<Messages>> {
    let queue = &call.queued.as_ref()?.queue;
    bench.settings.media.queues.get(queue)?.messages.clone().filter(|_| call.is_answered())
}
