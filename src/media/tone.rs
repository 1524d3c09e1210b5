//! Tones: made from sines, and found again in what arrives (Goertzel).

use std::f64::consts::TAU;
use std::ops::Range;

use super::command::ToneKind;

const RATE: f64 = 8000.0;
const MS: usize = 8;
/// Each burst rises and falls over this time; a hard edge clicks.
const EDGE: usize = 5 * MS;

/// One stretch of a tone: silence when it has no frequencies.
struct Piece {
    frequencies_hz: &'static [f64],
    samples: usize,
    amplitude: f64,
}

const RINGBACK_AMPLITUDE: f64 = 3500.0;
const WAITING_AMPLITUDE: f64 = 1800.0;

const RINGBACK_US: [Piece; 2] = [burst(&[440.0, 480.0], 2000, RINGBACK_AMPLITUDE), pause(4000)];
const RINGBACK_EUROPE: [Piece; 2] = [burst(&[425.0], 1000, RINGBACK_AMPLITUDE), pause(4000)];
const WAITING: [Piece; 4] =
    [burst(&[523.0], 180, WAITING_AMPLITUDE), pause(40), burst(&[659.0], 180, WAITING_AMPLITUDE), pause(4600)];

impl ToneKind {
    pub const ALL: [ToneKind; 3] = [ToneKind::RingbackUs, ToneKind::RingbackEurope, ToneKind::Waiting];

    /// One whole period at 8000 Hz.
    pub fn samples(self) -> Vec<i16> {
        let pieces: &[Piece] = match self {
            ToneKind::RingbackUs => &RINGBACK_US,
            ToneKind::RingbackEurope => &RINGBACK_EUROPE,
            ToneKind::Waiting => &WAITING,
        };
        pieces.iter().flat_map(Piece::samples).collect()
    }

    /// The frequencies to listen for, in Hz.
    pub fn frequencies_hz(self) -> &'static [f64] {
        match self {
            ToneKind::RingbackUs => &[440.0, 480.0],
            ToneKind::RingbackEurope => &[425.0],
            ToneKind::Waiting => &[523.0, 659.0],
        }
    }
}

/// A sine of the given peak at 8000 Hz; `samples` counts from its beginning, so that frames join without a click.
pub fn sine(frequency_hz: f64, amplitude: i16, samples: Range<u64>) -> Vec<i16> {
    let at = |n: u64| (TAU * frequency_hz * n as f64 / RATE).sin() * f64::from(amplitude);
    samples.map(|n| at(n).round() as i16).collect()
}

/// The share of the sound's power that lies at one frequency: 1 for that sine alone, near 0 for silence, speech or another
/// tone. Resolves about 8000 / `samples.len()` Hz.
pub fn share(samples: &[i16], frequency_hz: f64) -> f64 {
    let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    let silence = samples.len() as f64 * 64.0;
    if energy <= silence {
        return 0.0;
    }
    (2.0 * goertzel(samples, frequency_hz) / (energy * samples.len() as f64)).min(1.0)
}

/// Whether a sine of this frequency is most of what is heard.
pub fn is_heard(samples: &[i16], frequency_hz: f64) -> bool {
    share(samples, frequency_hz) > 0.5
}

/// The squared magnitude of one frequency.
pub(super) fn goertzel(samples: &[i16], frequency_hz: f64) -> f64 {
    let turn = 2.0 * (TAU * frequency_hz / RATE).cos();
    let step = |(last, before): (f64, f64), sample: &i16| (f64::from(*sample) + turn * last - before, last);
    let (last, before) = samples.iter().fold((0.0, 0.0), step);
    last * last + before * before - turn * last * before
}

const fn burst(frequencies_hz: &'static [f64], ms: usize, amplitude: f64) -> Piece {
    Piece { frequencies_hz, samples: ms * MS, amplitude }
}

const fn pause(ms: usize) -> Piece {
    burst(&[], ms, 0.0)
}

impl Piece {
    fn samples(&self) -> impl Iterator<Item = i16> {
        (0..self.samples).map(|n| (self.sum(n) * self.envelope(n)).round() as i16)
    }

    fn sum(&self, n: usize) -> f64 {
        let wave = |hz: &f64| (TAU * hz * n as f64 / RATE).sin() * self.amplitude;
        self.frequencies_hz.iter().map(wave).sum()
    }

    fn envelope(&self, n: usize) -> f64 {
        let from_edge = n.min(self.samples - n);
        (from_edge as f64 / EDGE as f64).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::g711::{FRAME, Law};
    use super::*;

    #[test]
    fn a_tone_is_found_at_its_frequency_only() {
        let heard = Law::Mu.decode(&Law::Mu.encode(&sine(1000.0, 8000, 0..1600)));
        assert!(share(&heard, 1000.0) > 0.98);
        assert!(share(&heard, 1100.0) < 0.01 && share(&heard, 425.0) < 0.01);
        assert!(!is_heard(&[0; 1600], 1000.0));
        assert!(!is_heard(&[], 1000.0));
    }

    #[test]
    fn every_tone_is_whole_frames_with_its_frequencies() {
        for kind in ToneKind::ALL {
            let samples = kind.samples();
            assert_eq!(samples.len() % FRAME, 0, "{kind:?}");
            let burst = &samples[..160 * MS];
            assert!(share(burst, kind.frequencies_hz()[0]) > 0.3, "{kind:?}");
        }
    }

    #[test]
    fn cadences_are_those_of_their_region() {
        let us = ToneKind::RingbackUs.samples();
        assert_eq!(us.len(), 6000 * MS);
        assert!(us[2000 * MS..].iter().all(|sample| *sample == 0));
        assert!(us[1000 * MS..2000 * MS].iter().any(|sample| *sample > 5000));
    }
}
