//! Sound files from the disk.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::base::limits;
use crate::media::{Clip, WavError};

/// Why a sound file cannot be used.
#[derive(Debug)]
pub enum FileError {
    Unreadable(io::Error),
    Wav(WavError),
}

/// The longest sound in octets, and as much again for what a WAV file carries besides.
const FILE_MAX: u64 = limits::WAV_LENGTH_MAX_S as u64 * 16_000 * 2;

/// Reads a WAV file: 8000 Hz, one channel, 16-bit integers.
pub fn read_clip(path: &Path) -> Result<Clip, FileError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(FileError::Unreadable)?;
    file.take(FILE_MAX).read_to_end(&mut bytes).map_err(FileError::Unreadable)?;
    Clip::from_wav(&bytes).map_err(FileError::Wav)
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Unreadable(_) => f.write_str("the file cannot be read"),
            FileError::Wav(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FileError::Unreadable(error) => Some(error),
            FileError::Wav(_) => None,
        }
    }
}
