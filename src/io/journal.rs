//! The journal: every input of the engine with its two clocks, as JSON lines, so that a run can be repeated on a desk.
//!
//! It holds what people said and their numbers: the file is readable by its owner only.

mod desktop;
mod line;
mod media;
mod names;
mod question;
mod read;
mod source;
mod store;
#[cfg(test)]
mod tests;

pub use read::{Entry, JournalError, JournalReader, read_journal};

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::base::{Now, limits};
use crate::calls::settings::WebRtcPlan;
use crate::engine::digest::OutputDigest;
use crate::engine::{ConfigSource, Input, Output};

use line::{HeaderRecord, InputRecord, LineRecord};

/// What is needed to make the same engine again.
#[derive(Clone, PartialEq, Eq)]
pub struct JournalHeader {
    /// The engine's seed.
    pub seed: [u8; 32],
    /// When the process began, in seconds since 1970.
    pub boot: u32,
    /// The configuration file, as it was read, and the files that it names.
    pub config: ConfigSource,
    /// Where browsers were received, and the certificate of that process.
    pub webrtc: WebRtcPlan,
}

/// A journal that is being written. When the disk fails or the limit is reached it says so once and writes no more: a run
/// is worth more than its journal.
pub struct Journal {
    file: Option<BufWriter<File>>,
    written: u64,
    most: u64,
    digest: OutputDigest,
    /// The digest that was written last, by its count of outputs.
    proven: u64,
}

const OWNER_ONLY: u32 = 0o600;
const BUFFER: usize = 256 * 1024;

impl Journal {
    /// Begins a new file, in place of the one that was there.
    pub fn create(path: &Path, header: &JournalHeader) -> io::Result<Journal> {
        // A file that is there keeps its mode when it is opened; a new one gets ours.
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path)?;
        let mut journal = Journal {
            file: Some(BufWriter::with_capacity(BUFFER, file)),
            written: 0,
            most: limits::JOURNAL_BYTES_MAX,
            digest: OutputDigest::default(),
            proven: 0,
        };
        journal.write(&HeaderRecord::from(header));
        Ok(journal)
    }

    /// Before the engine handles it.
    pub fn input(&mut self, input: &Input, now: Now) {
        self.write(&LineRecord::input(InputRecord::from(input), now));
    }

    /// Before the engine's `handle_timeout`.
    pub fn timeout(&mut self, now: Now) {
        self.write(&LineRecord::input(InputRecord::Timeout, now));
    }

    /// Each output, as it comes out.
    pub fn outputs(&mut self, output: &Output) {
        self.digest.add(output);
    }

    /// Writes down the digest of all outputs so far, then hands everything to the operating system.
    pub fn flush(&mut self) {
        if self.proven != self.digest.outputs() {
            self.proven = self.digest.outputs();
            self.write(&LineRecord::proof(&self.digest));
        }
        let failed = self.file.as_mut().and_then(|file| file.flush().err());
        if let Some(error) = failed {
            self.stop(&error.to_string());
        }
    }

    fn write(&mut self, line: &impl serde::Serialize) {
        let Some(file) = &mut self.file else { return };
        let Ok(mut text) = serde_json::to_vec(line) else { return };
        text.push(b'\n');
        self.written += text.len() as u64;
        let done = file.write_all(&text);
        if let Err(error) = done {
            self.stop(&error.to_string());
        } else if self.written >= self.most {
            self.stop("it has reached its limit");
        }
    }

    fn stop(&mut self, why: &str) {
        tracing::error!(why, bytes = self.written, "the journal stops here; the server goes on");
        // What is in the buffer is still written when it is dropped.
        self.file = None;
    }
}
