//! What a waiting caller is told from time to time, between the music. It never lies over an agent who answers: whatever changes what the
//! caller hears ends a message at once.

use std::sync::Arc;

use crate::base::Now;
use crate::media::command::WavId;

use super::bench::{Bench, Deadline};
use super::call::{Call, Phase, Side};
use super::prompts::{self, Prompt, Purpose};
use super::settings::Messages;

/// What a caller has been told so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    messages: usize,
}

/// The caller begins to hear the waiting sound, or hears it again.
pub fn wait(call: &Call, bench: &mut Bench, now: Now) {
    let Some(messages) = messages(call, bench) else { return };
    let pause = if call.prompts.told.messages == 0 { messages.first_after } else { messages.every };
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
    let Some(messages) = messages(call, bench) else { return };
    let items = next(&messages, call.prompts.told);
    call.prompts.told.messages += 1;
    let prompt = Prompt { items, purpose: Purpose::Comfort, until_key: false };
    if !prompts::play(call, Side::Caller, prompt, bench) {
        wait(call, bench, now);
    }
}

/// The files go round, one with each message.
fn next(messages: &Messages, told: Told) -> Arc<[WavId]> {
    let nth = told.messages.checked_rem(messages.files.len());
    nth.and_then(|nth| messages.files.get(nth)).copied().into_iter().collect()
}

fn messages(call: &Call, bench: &Bench) -> Option<Arc<Messages>> {
    let queue = &call.queued.as_ref()?.queue;
    bench.settings.media.queues.get(queue)?.messages.clone().filter(|_| call.is_answered())
}
