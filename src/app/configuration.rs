//! The configuration file and the files that it names: read from the disk and checked whole.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::base::limits::CONFIG_FILE_MAX;
use crate::config::{self, Fault, Plan, WavAt};
use crate::engine::{ConfigSource, FileRead, SourceFile};

/// Why there is no plan.
pub enum NoPlan {
    /// The file itself cannot be read.
    Unreadable(std::io::Error),
    Faults(Vec<Fault>),
}

/// Reads and checks everything; takes as long as the largest file takes. `earlier`: the sounds of the configuration before, in a running
/// process.
pub fn read(file: &Path, earlier: &[Vec<WavAt>]) -> Result<(Plan, ConfigSource), NoPlan> {
    let text = std::fs::read_to_string(file).map_err(NoPlan::Unreadable)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut files = BTreeMap::new();
    let mut read = |name: &str| -> FileRead {
        let file = SourceFile::new(read_file(&folder.join(name))?);
        let bytes = Arc::clone(&file.bytes);
        files.insert(name.to_owned(), file);
        Ok(bytes)
    };
    let plan = config::read_with(&text, &mut read, earlier).map_err(NoPlan::Faults)?;
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()).display().to_string();
    Ok((plan, ConfigSource { text: Arc::from(text), folder, files }))
}

fn read_file(path: &Path) -> FileRead {
    let refused = |error: std::io::Error| format!("it cannot be read ({error})");
    let file = std::fs::File::open(path).map_err(refused)?;
    let mut bytes = Vec::new();
    file.take(CONFIG_FILE_MAX + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > CONFIG_FILE_MAX {
        return Err(format!("it is longer than {} MiB", CONFIG_FILE_MAX >> 20));
    }
    Ok(bytes.into())
}
