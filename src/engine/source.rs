//! What a configuration was read from: its text and the files that it names. With the seed and the inputs it is what a replay needs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::base::limits::JOURNAL_FILE_MAX;

use super::settings::Settings;

/// The bytes of a file, or why there are none.
pub type FileRead = Result<Arc<[u8]>, String>;

/// The text of a configuration file, and the files that it names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ConfigSource {
    pub text: Arc<str>,
    /// Where relative names begin.
    pub folder: String,
    /// By the names that the text gives them.
    pub files: BTreeMap<String, SourceFile>,
}

/// A file that a configuration names, and by what it is known again.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// `None`: it has been read, and is too long to be kept.
    pub bytes: Option<Arc<[u8]>>,
    pub sha256: [u8; 32],
}

/// Another configuration for a running engine.
#[derive(Clone)]
pub struct Configured {
    pub settings: Settings,
    pub source: ConfigSource,
}

impl ConfigSource {
    /// A text that names no files.
    pub fn of_text(text: &str) -> ConfigSource {
        ConfigSource { text: Arc::from(text), ..ConfigSource::default() }
    }

    /// The file of this name, as it was read.
    pub fn file(&self, name: &str) -> FileRead {
        let file = self.files.get(name).ok_or_else(|| "it was not read with the configuration".to_owned())?;
        file.bytes.clone().ok_or_else(|| "it was too long to be kept".to_owned())
    }
}

impl SourceFile {
    pub fn new(bytes: Arc<[u8]>) -> SourceFile {
        SourceFile { sha256: Sha256::digest(&bytes).into(), bytes: Some(bytes) }
    }

    /// Lets go of what the journal would not hold either, once everything has been read.
    pub fn without_text_if_long(self) -> SourceFile {
        SourceFile { bytes: self.bytes.filter(|bytes| bytes.len() <= JOURNAL_FILE_MAX), ..self }
    }
}

/// There are secrets in the text and people's companies in the files.
impl fmt::Debug for ConfigSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigSource").field("bytes", &self.text.len()).field("files", &self.files.len()).finish()
    }
}

impl fmt::Debug for Configured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Configured").field(&self.source).finish()
    }
}
