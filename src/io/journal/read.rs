//! Reading a journal: the header, then one entry after another.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Lines};
use std::path::Path;

use crate::base::Now;
use crate::engine::{ConfigSource, Input};

use super::JournalHeader;
use super::line::{BadPart, HeaderRecord, InputRecord, LineRecord, VERSION, VersionRecord, now};

/// One line of a journal.
#[derive(Clone, Debug)]
pub enum Entry {
    Input(Box<Input>, Now),
    Timeout(Now),
    /// Another configuration.
    Configured(Box<ConfigSource>, Now),
    /// After all entries before this one the engine had put out so many outputs, with this digest.
    Proof {
        digest: u64,
        outputs: u64,
    },
}

/// Why a journal cannot be read.
#[derive(Debug)]
pub enum JournalError {
    Io(io::Error),
    /// There is no first line, or it is no header.
    NoHeader,
    /// It was written in the form of this version, which is not ours.
    Version(u32),
    /// The line, counted from 1, and what of it cannot be read.
    BadLine {
        line: u64,
        part: &'static str,
    },
    /// A file that the configuration names is too large to stand in the journal, and is not what it was.
    File {
        path: String,
    },
}

/// The entries of one journal. A last line that was cut off by a crash ends it.
pub struct JournalReader {
    lines: Lines<BufReader<File>>,
    line: u64,
}

/// Opens a journal and reads its header.
pub fn read_journal(path: &Path) -> Result<(JournalHeader, JournalReader), JournalError> {
    let mut lines = BufReader::new(File::open(path).map_err(JournalError::Io)?).lines();
    let first = lines.next().ok_or(JournalError::NoHeader)?.map_err(JournalError::Io)?;
    let VersionRecord { journal } = serde_json::from_str(&first).map_err(|_| JournalError::NoHeader)?;
    if journal != VERSION {
        return Err(JournalError::Version(journal));
    }
    let record: HeaderRecord = serde_json::from_str(&first).map_err(|_| JournalError::NoHeader)?;
    let header = record.read()?;
    Ok((header, JournalReader { lines, line: 1 }))
}

impl Iterator for JournalReader {
    type Item = Result<Entry, JournalError>;

    fn next(&mut self) -> Option<Result<Entry, JournalError>> {
        let text = match self.lines.next()? {
            Ok(text) => text,
            Err(error) => return Some(Err(JournalError::Io(error))),
        };
        self.line += 1;
        match serde_json::from_str::<LineRecord>(&text) {
            Ok(record) => Some(self.entry(record)),
            Err(fault) if fault.is_eof() && self.lines.next().is_none() => None,
            Err(_) => Some(Err(JournalError::BadLine { line: self.line, part: "whole" })),
        }
    }
}

impl JournalReader {
    /// The line that was read last, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    fn entry(&self, record: LineRecord) -> Result<Entry, JournalError> {
        let bad = |BadPart(part)| JournalError::BadLine { line: self.line, part };
        match record {
            LineRecord::Input { m, w, input: InputRecord::Configured(source) } => {
                Ok(Entry::Configured(Box::new(source.read()?), now(m, w)))
            }
            LineRecord::Input { m, w, input } => match input.read().map_err(bad)? {
                Some(input) => Ok(Entry::Input(Box::new(input), now(m, w))),
                None => Ok(Entry::Timeout(now(m, w))),
            },
            LineRecord::Proof { digest, outputs } => {
                let digest = u64::from_str_radix(&digest, 16).map_err(|_| bad(BadPart("digest")))?;
                Ok(Entry::Proof { digest, outputs })
            }
        }
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalError::Io(_) => f.write_str("the journal cannot be read"),
            JournalError::NoHeader => f.write_str("this is no journal: its first line is no header"),
            JournalError::Version(other) => write!(
                f,
                "this journal is of version {other}, and this program reads version {VERSION}: replay it with the program that wrote it"
            ),
            JournalError::File { path } => write!(
                f,
                "the journal rests on the file {path}, which is not what it was when the journal was written: put that one back to replay it"
            ),
            JournalError::BadLine { line, part } => write!(f, "line {line} of the journal: {part} cannot be read"),
        }
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            JournalError::Io(error) => Some(error),
            JournalError::NoHeader
            | JournalError::Version(_)
            | JournalError::File { .. }
            | JournalError::BadLine { .. } => None,
        }
    }
}
