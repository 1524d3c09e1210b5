//! What players play: tones and sound files, encoded once and shared by every leg.

use std::fmt;
use std::sync::Arc;

use super::command::{Source, ToneKind, WavId};
use super::g711::{CLOCK, FRAME, Law};
use super::tone;
use crate::base::limits;

/// A sound that repeats, as whole packets of 20 ms in both laws.
#[derive(Clone, PartialEq, Eq)]
pub struct Clip {
    mu: Arc<[u8]>,
    a: Arc<[u8]>,
}

/// As a recorder's tone is (ITU-T E.180 supplement 2 has several of this pitch), short and soft.
const BEEP_HZ: f64 = 1400.0;
const BEEP_AMPLITUDE: i16 = 2500;
const BEEP_SAMPLES: u64 = 2400;

/// All sounds of a pool.
#[derive(Clone, Debug)]
pub struct Sounds {
    ringback_us: Clip,
    ringback_europe: Clip,
    waiting: Clip,
    beep: Clip,
    wavs: Vec<Clip>,
}

/// Why a sound file cannot be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WavError {
    /// Not a WAV file, or a damaged one.
    Unreadable(String),
    /// Only 8000 Hz, one channel, 16-bit integers are played; what it has instead.
    Format {
        rate: u32,
        channels: u16,
        bits: u16,
    },
    Empty,
    /// Longer than the limit.
    TooLong,
}

impl Clip {
    /// The last packet is filled up with silence; no samples make one packet of it.
    pub fn from_samples(samples: &[i16]) -> Clip {
        let mut whole = samples.to_vec();
        whole.resize(samples.len().max(1).next_multiple_of(FRAME), 0);
        Clip { mu: Law::Mu.encode(&whole).into(), a: Law::A.encode(&whole).into() }
    }

    /// Reads a WAV file's bytes.
    pub fn from_wav(bytes: &[u8]) -> Result<Clip, WavError> {
        let mut reader = hound::WavReader::new(bytes).map_err(|e| WavError::Unreadable(e.to_string()))?;
        let spec = reader.spec();
        let is_plain =
            spec.channels == 1 && spec.bits_per_sample == 16 && spec.sample_format == hound::SampleFormat::Int;
        if spec.sample_rate != CLOCK || !is_plain {
            let (rate, channels, bits) = (spec.sample_rate, spec.channels, spec.bits_per_sample);
            return Err(WavError::Format { rate, channels, bits });
        }
        if reader.duration() > limits::WAV_LENGTH_MAX_S * CLOCK {
            return Err(WavError::TooLong);
        }
        let samples: Result<Vec<i16>, _> = reader.samples::<i16>().collect();
        match samples {
            Ok(samples) if samples.is_empty() => Err(WavError::Empty),
            Ok(samples) => Ok(Clip::from_samples(&samples)),
            Err(e) => Err(WavError::Unreadable(e.to_string())),
        }
    }

    /// Several sounds in a row as one; `None` of none.
    pub fn joined(clips: &[Clip]) -> Option<Clip> {
        if let [only] = clips {
            return Some(only.clone());
        }
        let all = |law: fn(&Clip) -> &Arc<[u8]>| clips.iter().flat_map(|clip| law(clip).iter().copied()).collect();
        (!clips.is_empty()).then(|| Clip { mu: all(|clip| &clip.mu), a: all(|clip| &clip.a) })
    }

    /// The packet at this place; after the last one comes the first again.
    pub fn frame(&self, law: Law, place: usize) -> &[u8] {
        let octets = match law {
            Law::Mu => &self.mu,
            Law::A => &self.a,
        };
        let start = (place % self.frames()) * FRAME;
        octets.get(start..start + FRAME).unwrap_or_default()
    }

    /// Packets until it repeats, at least 1.
    pub fn frames(&self) -> usize {
        (self.mu.len() / FRAME).max(1)
    }
}

impl Sounds {
    /// Makes the tones; `wavs` are numbered by `WavId`.
    pub fn new(wavs: Vec<Clip>) -> Sounds {
        let made = |kind: ToneKind| Clip::from_samples(&kind.samples());
        Sounds {
            ringback_us: made(ToneKind::RingbackUs),
            ringback_europe: made(ToneKind::RingbackEurope),
            waiting: made(ToneKind::Waiting),
            beep: Clip::from_samples(&tone::sine(BEEP_HZ, BEEP_AMPLITUDE, 0..BEEP_SAMPLES)),
            wavs,
        }
    }

    /// What a source plays; `None` for one that is no player. A file that does not exist is the waiting tone.
    pub fn clip(&self, source: Source) -> Option<&Clip> {
        match source {
            Source::Silence | Source::Leg(_) | Source::Mix(..) => None,
            Source::Tone(ToneKind::RingbackUs) => Some(&self.ringback_us),
            Source::Tone(ToneKind::RingbackEurope) => Some(&self.ringback_europe),
            Source::Tone(ToneKind::Waiting) => Some(&self.waiting),
            Source::Wav(id) => Some(self.wav(id).unwrap_or(&self.waiting)),
        }
    }

    /// A file that exists.
    pub fn wav(&self, id: WavId) -> Option<&Clip> {
        if id == WavId::BEEP { Some(&self.beep) } else { self.wavs.get(usize::from(id.0)) }
    }
}

impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clip({} frames)", self.frames())
    }
}

impl fmt::Display for WavError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WavError::Unreadable(why) => write!(f, "not a readable WAV file: {why}"),
            WavError::Format { rate, channels, bits } => {
                write!(
                    f,
                    "{rate} Hz, {channels} channel(s), {bits} bits: 8000 Hz, 1 channel, 16-bit integers are needed"
                )
            }
            WavError::Empty => f.write_str("no sound in it"),
            WavError::TooLong => write!(f, "longer than {} s", limits::WAV_LENGTH_MAX_S),
        }
    }
}

impl std::error::Error for WavError {}

#[cfg(test)]
mod tests {
    use super::super::command::WavId;
    use super::*;

    fn wav(rate: u32, samples: &[i16]) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = std::io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_file_becomes_whole_packets_and_repeats() {
        let clip = Clip::from_wav(&wav(8000, &[1000; 161])).unwrap();
        assert_eq!(clip.frames(), 2);
        assert_eq!(clip.frame(Law::Mu, 0), [0xce; 160]);
        assert_eq!((clip.frame(Law::Mu, 1)[0], clip.frame(Law::Mu, 1)[1]), (0xce, 0xff));
        assert_eq!(clip.frame(Law::A, 2), clip.frame(Law::A, 0));
    }

    #[test]
    fn other_formats_are_refused_with_what_they_are() {
        let error = Clip::from_wav(&wav(44_100, &[0; 10])).unwrap_err();
        assert_eq!(error, WavError::Format { rate: 44_100, channels: 1, bits: 16 });
        assert!(error.to_string().contains("8000 Hz"));
        assert_eq!(Clip::from_wav(&wav(8000, &[])), Err(WavError::Empty));
        assert!(matches!(Clip::from_wav(b"RIFFnonsense"), Err(WavError::Unreadable(_))));
    }

    #[test]
    fn several_sounds_are_one_after_the_other() {
        let clip = |sample: i16, frames: usize| Clip::from_samples(&vec![sample; 160 * frames]);
        let joined = Clip::joined(&[clip(1000, 2), clip(-1000, 1)]).unwrap();
        assert_eq!(joined.frames(), 3);
        assert_eq!(joined.frame(Law::A, 1), clip(1000, 1).frame(Law::A, 0));
        assert_eq!(joined.frame(Law::Mu, 2), clip(-1000, 1).frame(Law::Mu, 0));
        assert_eq!(Clip::joined(&[]), None);
    }

    #[test]
    fn a_missing_file_still_sounds() {
        let sounds = Sounds::new(vec![Clip::from_samples(&[7; 160])]);
        assert_eq!(sounds.clip(Source::Wav(WavId(0))).map(Clip::frames), Some(1));
        assert_eq!(sounds.clip(Source::Wav(WavId(9))), sounds.clip(Source::Tone(ToneKind::Waiting)));
        assert_eq!(sounds.clip(Source::Silence), None);
    }
}
