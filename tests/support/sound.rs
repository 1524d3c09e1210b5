//! Tones: made for a caller to say, found in what a phone has recorded.

use std::f64::consts::TAU;
use std::path::Path;

const RATE: f64 = 8000.0;

/// `seconds` of a sine of `hertz` at half of full scale, as G.711 mu-law; whole cycles, so that it loops without a click.
pub fn mu_law_tone(hertz: u32, seconds: u32) -> Vec<u8> {
    let sample = |n: u32| (TAU * f64::from(hertz) * f64::from(n) / RATE).sin() * 16_000.0;
    (0..seconds * 8000).map(|n| mu_law(sample(n) as i32)).collect()
}

/// ITU-T G.711 table 2a: sign, the place of the highest bit, four bits after it, all inverted.
pub fn mu_law(sample: i32) -> u8 {
    let magnitude = sample.abs().min(32_635) + 132;
    let exponent = (31 - magnitude.leading_zeros()).saturating_sub(7);
    let mantissa = (magnitude >> (exponent + 3)) & 15;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(sign | (exponent << 4) as u8 | mantissa as u8)
}

/// The share of the sound's power that is at `hertz` (Goertzel), from 0 to 1; silence has none.
pub fn share_of_tone(samples: &[i16], hertz: u32) -> f64 {
    let power: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    let step = 2.0 * (TAU * f64::from(hertz) / RATE).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in samples {
        (one, two) = (f64::from(*sample) + step * one - two, one);
    }
    let at_tone = one * one + two * two - step * one * two;
    if power < 1.0 { 0.0 } else { at_tone * 2.0 / (power * samples.len() as f64) }
}

/// The part in each stretch of a tenth of a second that is at `hertz`, silence left out: its mean, and how many seconds sounded.
pub fn tone_heard(samples: &[i16], hertz: u32) -> (f64, f64) {
    let sounding = |stretch: &&[i16]| stretch.iter().any(|sample| sample.unsigned_abs() > 500);
    let stretches: Vec<f64> = samples.chunks_exact(800).filter(sounding).map(|s| share_of_tone(s, hertz)).collect();
    let count = stretches.len() as f64;
    (stretches.iter().sum::<f64>() / count.max(1.0), count / 10.0)
}

/// A WAV of one channel, 16 bits, 8000 samples a second: `seconds` of a sine of `hertz`.
pub fn write_wav(path: &Path, hertz: u32, seconds: u32) {
    let format = hound::WavSpec {
        channels: 1,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, format).expect("a sound file");
    for n in 0..seconds * format.sample_rate {
        let sample = (TAU * f64::from(hertz) * f64::from(n) / RATE).sin() * 9000.0;
        file.write_sample(sample as i16).expect("room for the sound");
    }
    file.finalize().expect("a whole sound file");
}

/// The samples of a WAV of one channel and 16 bits; `None` while it is not whole.
pub fn read_wav(path: &Path) -> Option<Vec<i16>> {
    hound::WavReader::open(path).ok()?.samples::<i16>().collect::<Result<_, _>>().ok()
}

#[test]
fn a_tone_is_told_from_another_and_from_silence() {
    let tone: Vec<i16> = (0..8000).map(|n| ((TAU * 440.0 * f64::from(n) / RATE).sin() * 9000.0) as i16).collect();
    assert!(share_of_tone(&tone, 440) > 0.95 && share_of_tone(&tone, 660) < 0.05);
    assert_eq!(share_of_tone(&[0; 8000], 440), 0.0);
    assert_eq!((mu_law(0), mu_law(-32_768), mu_law(32_767)), (0xff, 0x00, 0x80));
}
