//! Configurations in the journal, with the files that they name: small ones whole, large ones by what they must be.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::base::hex::to_hex;
use crate::base::limits::JOURNAL_FILE_MAX;
use crate::engine::{ConfigSource, SourceFile};

use super::JournalError;

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceRecord {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    config: String,
    #[serde(default)]
    folder: String,
    #[serde(default)]
    files: Vec<FileRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum FileRecord {
    Whole {
        name: String,
        bytes: String,
    },
    /// It must be there, with this SHA-256, when the journal is replayed.
    Named {
        name: String,
        sha256: String,
    },
}

impl SourceRecord {
    pub fn of(source: &ConfigSource) -> SourceRecord {
        SourceRecord::files_of(source).with_text(source.text.to_string())
    }

    /// Of the header, which has the text already.
    pub fn files_of(source: &ConfigSource) -> SourceRecord {
        let files = source.files.iter().map(|(name, file)| FileRecord::of(name, file)).collect();
        SourceRecord { config: String::new(), folder: source.folder.clone(), files }
    }

    pub fn with_text(self, config: String) -> SourceRecord {
        SourceRecord { config, ..self }
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn read(self) -> Result<ConfigSource, JournalError> {
        let folder = self.folder;
        let files = self.files.into_iter().map(|file| file.read(&folder)).collect::<Result<_, _>>()?;
        Ok(ConfigSource { text: Arc::from(self.config), folder, files })
    }
}

impl FileRecord {
    fn of(name: &str, file: &SourceFile) -> FileRecord {
        let name = name.to_owned();
        match file.bytes.as_ref().filter(|bytes| bytes.len() <= JOURNAL_FILE_MAX) {
            Some(bytes) => FileRecord::Whole { name, bytes: STANDARD_NO_PAD.encode(bytes) },
            None => FileRecord::Named { name, sha256: to_hex(&file.sha256) },
        }
    }

    fn read(self, folder: &str) -> Result<(String, SourceFile), JournalError> {
        match self {
            FileRecord::Whole { name, bytes } => match STANDARD_NO_PAD.decode(bytes) {
                Ok(bytes) => Ok((name, SourceFile::new(bytes.into()))),
                Err(_) => Err(JournalError::File { path: name }),
            },
            FileRecord::Named { name, sha256 } => {
                let path = Path::new(folder).join(&name);
                let file = SourceFile::new(std::fs::read(&path).unwrap_or_default().into());
                if to_hex(&file.sha256) != sha256 {
                    return Err(JournalError::File { path: path.display().to_string() });
                }
                Ok((name, file))
            }
        }
    }
}
