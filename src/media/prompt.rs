//! Sounds played once, one after the other: where they have got to.

use std::sync::Arc;

use super::command::{PromptId, WavId};
use super::sounds::{Clip, Sounds};

/// What a leg's peer hears in place of its source.
#[derive(Clone, Debug)]
pub(super) struct Prompt {
    pub id: PromptId,
    /// The peer's first key ends it.
    pub until_key: bool,
    items: Arc<[WavId]>,
    nth: usize,
    place: usize,
}

impl Prompt {
    pub fn new(id: PromptId, items: Arc<[WavId]>, until_key: bool) -> Prompt {
        Prompt { id, until_key, items, nth: 0, place: 0 }
    }

    /// Goes on behind a sound that has been played, or is not there; false when nothing is left.
    pub fn settle(&mut self, sounds: &Sounds) -> bool {
        while let Some(item) = self.items.get(self.nth) {
            if sounds.wav(*item).is_some_and(|clip| self.place < clip.frames()) {
                return true;
            }
            self.nth += 1;
            self.place = 0;
        }
        false
    }

    /// The sound and the place in it of the next packet.
    pub fn frame<'s>(&self, sounds: &'s Sounds) -> Option<(&'s Clip, usize)> {
        Some((sounds.wav(*self.items.get(self.nth)?)?, self.place))
    }

    /// That packet's time is over.
    pub fn step(&mut self) {
        self.place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sound_is_played_once_and_missing_ones_are_passed_over() {
        let clip = |frames: usize| Clip::from_samples(&vec![frames as i16; 160 * frames]);
        let sounds = Sounds::new(vec![clip(2), clip(1)]);
        let items = [WavId(1), WavId(9), WavId(0)];
        let mut prompt = Prompt::new(PromptId(1), items.into(), false);
        let mut played = Vec::new();
        while prompt.settle(&sounds) {
            let (clip, place) = prompt.frame(&sounds).unwrap();
            played.push((clip.frames(), place));
            prompt.step();
        }
        assert_eq!(played, [(1, 0), (2, 0), (2, 1)]);
        assert!(prompt.frame(&sounds).is_none());
    }

    #[test]
    fn nothing_to_play_is_over_at_once() {
        assert!(!Prompt::new(PromptId(1), [].into(), false).settle(&Sounds::new(Vec::new())));
    }
}
