//! Two voices as one: what each of them said a moment ago, decoded, added and encoded anew, a packet of 20 ms at a time.

use std::collections::VecDeque;

use super::g711::{FRAME, Law};
use super::rtp::Header;
use crate::base::LegId;

/// What one leg's peer hears of two others.
#[derive(Clone, Debug)]
pub(super) struct Mixer {
    voices: [(LegId, Voice); 2],
}

/// A short store that evens out the jitter of one speaker.
#[derive(Clone, Debug, Default)]
struct Voice {
    samples: VecDeque<i16>,
    /// The SSRC, and the timestamp that follows what is stored; `None` when the next packet begins anew.
    next: Option<(u32, u32)>,
    /// It has begun to be heard, and is until it runs dry.
    sounds: bool,
}

/// Stored before a voice is heard: what arrives up to so much late is heard without a gap.
const STORED_FIRST: usize = 2 * FRAME;
/// Beyond it the oldest is left out, so that nobody is heard late: clocks drift, and packets come in bursts.
const STORED_MAX: usize = 6 * FRAME;
/// A gap that is filled with silence rather than begun anew.
const GAP_MAX: i32 = 4 * FRAME as i32;

impl Mixer {
    pub fn new(one: LegId, other: LegId) -> Mixer {
        Mixer { voices: [(one, Voice::default()), (other, Voice::default())] }
    }

    /// A packet of one of the two; others are nobody's.
    pub fn hear(&mut self, speaker: LegId, law: Law, header: &Header, octets: &[u8]) {
        if let Some((_, voice)) = self.voices.iter_mut().find(|(leg, _)| *leg == speaker) {
            voice.put(header, &law.decode(octets));
        }
    }

    /// The next packet.
    pub fn mix(&mut self, law: Law) -> Vec<u8> {
        let [one, other] = self.voices.each_mut().map(|(_, voice)| voice.take());
        let both: Vec<i16> = one.iter().zip(&other).map(|(one, other)| one.saturating_add(*other)).collect();
        law.encode(&both)
    }
}

impl Voice {
    fn put(&mut self, header: &Header, samples: &[i16]) {
        let gap = self
            .next
            .filter(|(ssrc, _)| *ssrc == header.ssrc)
            .map(|(_, next)| header.timestamp.wrapping_sub(next) as i32);
        match gap {
            // Too late, or twice: its time is over.
            Some(late) if (-GAP_MAX..0).contains(&late) => return,
            Some(gap) if (1..=GAP_MAX).contains(&gap) && self.sounds => {
                self.samples.extend(std::iter::repeat_n(0, gap as usize));
            }
            Some(_) | None => {}
        }
        self.samples.extend(samples);
        self.next = Some((header.ssrc, header.timestamp.wrapping_add(samples.len() as u32)));
        let surplus = self.samples.len().saturating_sub(STORED_MAX);
        self.samples.drain(..surplus);
    }

    fn take(&mut self) -> [i16; FRAME] {
        self.sounds |= self.samples.len() >= STORED_FIRST;
        let mut frame = [0; FRAME];
        if self.sounds {
            let count = self.samples.len().min(FRAME);
            frame.iter_mut().zip(self.samples.drain(..count)).for_each(|(place, sample)| *place = sample);
            self.sounds = count == FRAME;
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: LegId = LegId(1);
    const B: LegId = LegId(2);

    fn header(timestamp: u32) -> Header {
        Header { marker: false, payload_type: 0, sequence: 0, timestamp, ssrc: 9 }
    }

    fn say(mixer: &mut Mixer, leg: LegId, timestamp: u32, sample: i16) {
        mixer.hear(leg, Law::Mu, &header(timestamp), &Law::Mu.encode(&[sample; FRAME]));
    }

    fn first(mixer: &mut Mixer) -> i16 {
        Law::Mu.decode(&mixer.mix(Law::Mu))[0]
    }

    fn near(heard: i16, expect: i16) {
        assert!(
            (i32::from(heard) - i32::from(expect)).abs() <= 40 + i32::from(expect).abs() / 20,
            "{heard} for {expect}"
        );
    }

    #[test]
    fn two_voices_add_up_and_do_not_wrap() {
        let mut mixer = Mixer::new(A, B);
        for (timestamp, a, b) in [(0, 1000, 500), (160, 1000, 500), (320, 30_000, 30_000), (480, -30_000, -30_000)] {
            say(&mut mixer, A, timestamp, a);
            say(&mut mixer, B, timestamp, b);
            say(&mut mixer, LegId(3), timestamp, 9_000);
        }
        for expect in [1500, 1500, 32_124, -32_124] {
            near(first(&mut mixer), expect);
        }
        assert_eq!(first(&mut mixer), 0, "nothing more was said");
    }

    #[test]
    fn a_voice_begins_when_enough_is_stored_and_again_after_it_ran_dry() {
        let mut mixer = Mixer::new(A, B);
        say(&mut mixer, A, 0, 1000);
        assert_eq!(first(&mut mixer), 0, "one packet could be early");
        say(&mut mixer, A, 160, 1000);
        near(first(&mut mixer), 1000);
        near(first(&mut mixer), 1000);
        assert_eq!(first(&mut mixer), 0);
        say(&mut mixer, A, 320, 1000);
        assert_eq!(first(&mut mixer), 0);
        say(&mut mixer, A, 480, 1000);
        near(first(&mut mixer), 1000);
    }

    #[test]
    fn what_is_lost_is_silence_and_what_is_late_is_left_out() {
        let mut mixer = Mixer::new(A, B);
        for timestamp in [0, 160] {
            say(&mut mixer, A, timestamp, 1000);
        }
        near(first(&mut mixer), 1000);
        say(&mut mixer, A, 480, 2000);
        say(&mut mixer, A, 320, 3000);
        near(first(&mut mixer), 1000);
        assert_eq!(first(&mut mixer), 0);
        near(first(&mut mixer), 2000);
    }

    #[test]
    fn a_burst_makes_nobody_late() {
        let mut mixer = Mixer::new(A, B);
        (0..50).for_each(|n| say(&mut mixer, A, n * 160, 1000));
        let heard = (0..50).take_while(|_| first(&mut mixer) != 0).count();
        assert_eq!(heard, STORED_MAX / FRAME);
    }
}
