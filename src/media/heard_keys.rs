//! Keys as tones in the sound (ITU-T Q.23, Q.24): two sines at once, one of each group.

use super::tone::goertzel;

/// What has been heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeardKey {
    /// A key is down.
    Down,
    /// It has been let go.
    Up { digit: char, duration_ms: u32 },
}

/// Follows the sound of one peer in blocks of 12.75 ms, which two neighbours of a group are just told apart in.
#[derive(Clone, Debug, Default)]
pub(super) struct HeardKeys {
    block: Vec<i16>,
    /// What the last blocks hold, and how many of them.
    last: Option<char>,
    same: u32,
    held: Option<Held>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    digit: char,
    blocks: u32,
    /// Blocks without it since.
    missing: u32,
}

const BLOCK: usize = 102;
const LOW_HZ: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH_HZ: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const DIGITS: [[char; 4]; 4] = [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
/// A key is two blocks at least (Q.24: 40 ms must be taken), and is up when three are without it.
const DOWN: u32 = 2;
const UP: u32 = 3;
/// Of the block's power the two sines have together this, and each alone that: speech and music have more beside them.
const TOGETHER: f64 = 0.7;
const ALONE: f64 = 0.08;
/// The mean square of a sample below which nothing is a key: about -40 dBm0.
const QUIET: f64 = 30_000.0;

impl HeardKeys {
    /// Takes samples at 8000 Hz as they come.
    pub fn take(&mut self, samples: &[i16]) -> Vec<HeardKey> {
        let mut heard = Vec::new();
        for sample in samples {
            self.block.push(*sample);
            if self.block.len() == BLOCK {
                let digit = digit_of(&self.block);
                self.block.clear();
                heard.extend(self.next(digit));
            }
        }
        heard
    }

    fn next(&mut self, digit: Option<char>) -> Vec<HeardKey> {
        self.same = if digit == self.last { self.same.saturating_add(1) } else { 1 };
        self.last = digit;
        let mut heard = Vec::new();
        if let Some(held) = &mut self.held {
            if digit == Some(held.digit) {
                held.blocks += held.missing + 1;
                held.missing = 0;
                return heard;
            }
            held.missing += 1;
            if held.missing < UP && !(digit.is_some() && self.same >= DOWN) {
                return heard;
            }
            heard.push(HeardKey::Up { digit: held.digit, duration_ms: held.blocks * BLOCK as u32 / 8 });
            self.held = None;
        }
        if let Some(digit) = digit.filter(|_| self.same >= DOWN) {
            self.held = Some(Held { digit, blocks: self.same, missing: 0 });
            heard.push(HeardKey::Down);
        }
        heard
    }
}

fn digit_of(block: &[i16]) -> Option<char> {
    let energy: f64 = block.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    if energy < QUIET * BLOCK as f64 {
        return None;
    }
    let (row, low) = strongest(block, &LOW_HZ)?;
    let (column, high) = strongest(block, &HIGH_HZ)?;
    let share = |power: f64| 2.0 * power / (energy * BLOCK as f64);
    let is_key = share(low + high) > TOGETHER && share(low) > ALONE && share(high) > ALONE;
    DIGITS.get(row)?.get(column).copied().filter(|_| is_key)
}

/// The place of the strongest of a group, and its power.
fn strongest(block: &[i16], group_hz: &[f64]) -> Option<(usize, f64)> {
    let powers = group_hz.iter().map(|hz| goertzel(block, *hz)).enumerate();
    powers.max_by(|(_, one), (_, other)| one.total_cmp(other))
}

#[cfg(test)]
mod tests {
    use super::super::g711::Law;
    use super::super::tone::sine;
    use super::*;

    /// A key for so many ms, then a pause, as G.711 carries it.
    fn key(digit: char, ms: u64, low: i16, high: i16) -> Vec<i16> {
        let place = |row: &[char; 4]| row.iter().position(|known| *known == digit);
        let (row, column) = DIGITS.iter().enumerate().find_map(|(n, row)| Some((n, place(row)?))).unwrap();
        let count = ms * 8;
        let (low, high) = (sine(LOW_HZ[row], low, 0..count), sine(HIGH_HZ[column], high, 0..count));
        let mut samples: Vec<i16> = low.iter().zip(&high).map(|(a, b)| a + b).collect();
        samples.resize(samples.len() + 60 * 8, 0);
        Law::A.decode(&Law::A.encode(&samples))
    }

    fn heard(samples: &[i16], packet: usize) -> String {
        let mut keys = HeardKeys::default();
        let all: Vec<HeardKey> = samples.chunks(packet).flat_map(|samples| keys.take(samples)).collect();
        let ups: String = all
            .iter()
            .filter_map(|key| match key {
                HeardKey::Up { digit, .. } => Some(*digit),
                HeardKey::Down => None,
            })
            .collect();
        assert_eq!(all.len(), ups.len() * 2, "each goes down and up");
        ups
    }

    #[test]
    fn every_key_is_heard_once_whatever_its_length_and_packets() {
        let digits = "123A456B789C*0#D";
        for (ms, packet) in [(40, 160), (70, 80), (100, 240), (500, 160)] {
            let samples: Vec<i16> = digits.chars().flat_map(|digit| key(digit, ms, 6000, 6000)).collect();
            assert_eq!(heard(&samples, packet), digits, "{ms} ms");
        }
    }

    #[test]
    fn the_same_key_twice_is_two() {
        let samples: Vec<i16> = "1122".chars().flat_map(|digit| key(digit, 60, 3000, 5000)).collect();
        assert_eq!(heard(&samples, 160), "1122");
    }

    #[test]
    fn its_length_is_about_right() {
        let mut keys = HeardKeys::default();
        let ups = keys.take(&key('5', 100, 6000, 6000));
        let ms = ups.iter().find_map(|key| match key {
            HeardKey::Up { duration_ms, .. } => Some(*duration_ms),
            HeardKey::Down => None,
        });
        assert!((75..=115).contains(&ms.unwrap()), "{ms:?}");
    }

    #[test]
    fn single_tones_other_pairs_noise_and_whispers_are_no_keys() {
        let pair = |one: f64, other: f64| -> Vec<i16> {
            sine(one, 6000, 0..4000).iter().zip(&sine(other, 6000, 0..4000)).map(|(a, b)| a + b).collect()
        };
        let mut noise = crate::base::rng::Rng::from_number(1);
        let noise: Vec<i16> = (0..40_000).map(|_| (noise.below(12_000) as i32 - 6000) as i16).collect();
        for (what, samples) in [
            ("one of them", sine(697.0, 9000, 0..4000)),
            ("ringback", pair(440.0, 480.0)),
            ("both of one group", pair(697.0, 941.0)),
            ("noise", noise),
            ("a whisper", key('1', 500, 60, 60)),
            ("one far weaker", key('1', 500, 9000, 600)),
        ] {
            assert_eq!(heard(&samples, 160), "", "{what}");
        }
    }
}
