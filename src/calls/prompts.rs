//! Sounds that one side of a call hears once: they are counted, so that a late word about one is told from the present one's.

use std::sync::Arc;

use crate::base::{LegId, Now};
use crate::media::command::{MediaCommand, PromptEnd, PromptId, WavId};

use super::announcing;
use super::bench::Bench;
use super::call::{Call, Side};
use super::comfort::{self, Told};
use super::pin;
use super::promising;
use super::recording;
use super::sound::Sound;

/// What a call has been played, and is being played.
#[derive(Clone, Debug, Default)]
pub struct Prompts {
    given: u32,
    /// One for each leg at most; one that a change of the source has cut stays until the next.
    playing: Vec<Playing>,
    /// What a waiting caller has heard of the queue.
    pub(super) told: Told,
    /// Tones are listened for.
    pub(super) listens: bool,
}

#[derive(Clone, Debug)]
struct Playing {
    leg: LegId,
    prompt: PromptId,
    purpose: Purpose,
}

/// Why something is played: who goes on when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The message of a queue.
    Comfort,
    /// That the call is recorded.
    Notice,
    /// That a supervisor is there.
    Beep,
    /// The code from the page is asked for.
    Question,
    /// The caller is told why they are refused.
    Refusal,
    /// They are asked whether they want to be called back.
    Invitation,
    /// They are told that they will be.
    Promised,
}

/// A prompt to be.
pub struct Prompt {
    pub items: Arc<[WavId]>,
    pub purpose: Purpose,
    /// The first key of whoever hears it ends it.
    pub until_key: bool,
}

/// Plays these to one side, in place of what it hears; any later change of what that side hears ends it at once. False when there is
/// nobody to hear it, or nothing.
pub fn play(call: &mut Call, side: Side, prompt: Prompt, bench: &mut Bench) -> bool {
    let Some(leg) = call.sound.leg(side).filter(|_| !prompt.items.is_empty()) else { return false };
    let prompts = &mut call.prompts;
    prompts.given += 1;
    let id = PromptId(prompts.given);
    prompts.playing.retain(|playing| playing.leg != leg);
    prompts.playing.push(Playing { leg, prompt: id, purpose: prompt.purpose });
    bench.media(MediaCommand::Play { leg, prompt: id, items: prompt.items, until_key: prompt.until_key });
    true
}

impl Prompts {
    /// Nothing will be said of what was played to that side, whose leg was not there, nor of tones that it was to listen for.
    pub fn are_lost(&mut self, side: Side, sound: &Sound) {
        let leg = sound.leg(side);
        self.playing.retain(|playing| Some(playing.leg) != leg);
        self.listens &= side == Side::Far;
    }
}

/// A prompt is over by itself or by a key; one that we have ended is not spoken of again.
pub fn over(call: &mut Call, leg: LegId, prompt: PromptId, end: PromptEnd, bench: &mut Bench, now: Now) {
    let playing = &mut call.prompts.playing;
    let Some(nth) = playing.iter().position(|playing| playing.leg == leg && playing.prompt == prompt) else { return };
    match playing.swap_remove(nth).purpose {
        Purpose::Comfort => comfort::said(call, bench, now),
        Purpose::Beep => {}
        Purpose::Notice => recording::noticed(call, leg, bench, now),
        Purpose::Question => pin::asked(call, end, bench),
        Purpose::Refusal => announcing::over(call, bench, now),
        Purpose::Invitation => promising::asked(call, bench),
        Purpose::Promised => promising::heard(call, bench, now),
    }
}
