//! The head of a recording's file: RIFF WAVE, PCM, two channels, 8000 Hz, 16 bits.

use std::time::Duration;

use crate::media::g711::CLOCK;

/// Octets before the samples.
pub const HEADER: usize = 44;
const CHANNELS: u16 = 2;
const FRAME_OCTETS: u16 = 4;

/// The head of a file with so many octets of samples.
pub fn header(octets: u32) -> [u8; HEADER] {
    let mut head = [0; HEADER];
    let mut put = |at: usize, bytes: &[u8]| head[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"RIFF");
    put(4, &octets.saturating_add(HEADER as u32 - 8).to_le_bytes());
    put(8, b"WAVEfmt ");
    put(16, &16u32.to_le_bytes());
    put(20, &1u16.to_le_bytes());
    put(22, &CHANNELS.to_le_bytes());
    put(24, &CLOCK.to_le_bytes());
    put(28, &(CLOCK * u32::from(FRAME_OCTETS)).to_le_bytes());
    put(32, &FRAME_OCTETS.to_le_bytes());
    put(34, &16u16.to_le_bytes());
    put(36, b"data");
    put(40, &octets.to_le_bytes());
    head
}

/// How long so many octets of samples sound.
pub fn sound_length(octets: u32) -> Duration {
    Duration::from_millis(u64::from(octets) * 1000 / u64::from(CLOCK * u32::from(FRAME_OCTETS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_reader_reads_it() {
        let mut file = header(8).to_vec();
        [1i16, -2, 3, -4].iter().for_each(|sample| file.extend(sample.to_le_bytes()));
        let mut reader = hound::WavReader::new(file.as_slice()).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 8_000, 16));
        let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
        assert_eq!(samples, [1, -2, 3, -4]);
        assert_eq!(sound_length(64_000), Duration::from_secs(2));
    }
}
