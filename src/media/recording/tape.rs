//! The samples of a recording on their way to the file: a short window, in which late packets still find their place.

use std::collections::VecDeque;

use super::Track;

/// One instant: the caller's sample, and the other side's.
pub type Frame = [i16; 2];

/// What has been heard and is not written yet.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// Frames that have been given out.
    written: u32,
    /// Those that follow; beyond them is silence.
    window: VecDeque<Frame>,
    /// Everything before this is to be given out.
    due: u32,
}

/// Half a second: a packet that is later than this is lost for the recording too.
const WINDOW: u32 = 4_000;
/// Frames given out at once.
const PIECE: u32 = 8_000;

impl Tape {
    /// Makes room for sound up to `end`; then `poll` is to be emptied before the sound is put.
    pub fn advance(&mut self, end: u32) {
        self.due = self.due.max(end.saturating_sub(WINDOW));
    }

    /// What was due before stays silent.
    pub fn put(&mut self, track: Track, at: u32, samples: &[i16]) {
        let skipped = self.written.saturating_sub(at);
        let start = at.max(self.written) - self.written;
        for (sample, place) in samples.iter().skip(skipped as usize).zip(start as usize..) {
            if self.window.len() <= place {
                self.window.resize(place + 1, [0; 2]);
            }
            if let Some(frame) = self.window.get_mut(place) {
                frame[track as usize] = *sample;
            }
        }
    }

    /// Where the sound that has come ends.
    pub fn newest(&self) -> u32 {
        self.written.saturating_add(self.window.len() as u32)
    }

    /// The recording ends here; what is longer is cut.
    pub fn end(&mut self, length: u32) {
        self.due = length.max(self.written);
    }

    /// The next piece for the file, a second at most; `None` when nothing is due.
    pub fn poll(&mut self) -> Option<Vec<Frame>> {
        let count = self.due.saturating_sub(self.written).min(PIECE);
        if count == 0 {
            return None;
        }
        self.written += count;
        Some((0..count).map(|_| self.window.pop_front().unwrap_or_default()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(tape: &mut Tape) -> Vec<Frame> {
        std::iter::from_fn(|| tape.poll()).flatten().collect()
    }

    fn put(tape: &mut Tape, track: Track, at: u32, samples: &[i16]) -> Vec<Frame> {
        tape.advance(at + samples.len() as u32);
        let out = all(tape);
        tape.put(track, at, samples);
        out
    }

    #[test]
    fn two_tracks_lie_beside_each_other_and_gaps_are_silence() {
        let mut tape = Tape::default();
        assert!(put(&mut tape, Track::Caller, 1, &[5, 6]).is_empty());
        assert!(put(&mut tape, Track::Far, 2, &[7, 8]).is_empty());
        tape.end(6);
        assert_eq!(all(&mut tape), [[0, 0], [5, 0], [6, 7], [0, 8], [0, 0], [0, 0]]);
        assert_eq!(tape.poll(), None);
    }

    #[test]
    fn late_sound_finds_its_place_within_the_window() {
        let mut tape = Tape::default();
        put(&mut tape, Track::Caller, 160, &[2; 160]);
        put(&mut tape, Track::Caller, 0, &[1; 160]);
        let out = put(&mut tape, Track::Caller, 5_000, &[3; 160]);
        assert_eq!((out.len(), out[0], out[159], out[160], out[320]), (1_160, [1, 0], [1, 0], [2, 0], [0, 0]));
        put(&mut tape, Track::Far, 1_100, &[9; 160]);
        tape.end(1_300);
        let rest = all(&mut tape);
        assert_eq!((rest.len(), rest[0], rest[99], rest[100]), (140, [0, 9], [0, 9], [0, 0]), "what was written stays");
    }

    #[test]
    fn an_hour_of_silence_takes_no_memory() {
        let mut tape = Tape::default();
        put(&mut tape, Track::Caller, 0, &[1; 160]);
        tape.advance(3600 * 8_000);
        let mut frames = 0;
        while let Some(piece) = tape.poll() {
            assert!(piece.len() <= PIECE as usize && tape.window.len() <= 160);
            frames += piece.len() as u32;
        }
        assert_eq!(frames, 3600 * 8_000 - WINDOW);
    }
}
