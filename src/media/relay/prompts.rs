//! Prompts: what is heard once, in place of a leg's source.

use super::Relay;
use crate::base::{LegId, Mono};
use crate::media::command::{MediaEvent, PromptEnd};
use crate::media::leg::Heard;
use crate::media::prompt::Prompt;

impl Relay {
    /// In place of what is being played; a tone or file goes on from here when the prompt is over.
    pub(super) fn begin_prompt(&mut self, id: LegId, prompt: Prompt, now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        leg.outgoing.cut();
        leg.prompt = Some(Box::new(prompt));
        self.set_player(id, now);
    }

    /// A command has ended it.
    pub(super) fn cut_prompt(&mut self, id: LegId) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        if leg.prompt.take().is_some() {
            leg.outgoing.cut();
        }
    }

    /// Says so when all of it has been played.
    pub(super) fn settle_prompt(&mut self, id: LegId) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        if leg.prompt.as_mut().is_some_and(|prompt| !prompt.settle(&self.sounds)) {
            self.end_prompt(id, PromptEnd::Finished);
        }
    }

    /// A key that goes down is heard at once, not when it is let go.
    pub(super) fn end_prompt_by_key(&mut self, id: LegId, heard: &Heard) {
        let Some(leg) = self.leg_by_id.get(&id) else { return };
        let is_pressed = heard.sort.is_key && leg.keys.is_held() || !heard.presses.is_empty();
        if is_pressed {
            self.key_is_down(id);
        }
    }

    /// A prompt that a key may end is over.
    pub(super) fn key_is_down(&mut self, id: LegId) {
        let Some(leg) = self.leg_by_id.get(&id) else { return };
        if leg.prompt.as_ref().is_some_and(|prompt| prompt.until_key) {
            self.end_prompt(id, PromptEnd::Key);
        }
    }

    fn end_prompt(&mut self, id: LegId, end: PromptEnd) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let Some(prompt) = leg.prompt.take() else { return };
        if self.sounds.clip(leg.source).is_none() && leg.mixer.is_none() {
            leg.outgoing.cut();
            leg.player.set_for = None;
        }
        self.events.push_back(MediaEvent::Played { leg: id, prompt: prompt.id, end });
    }
}
