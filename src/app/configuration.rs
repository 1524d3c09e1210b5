//! The configuration file and the files that it names: read from the disk and checked whole.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::base::limits::CONFIG_FILE_MAX;
use crate::config::{self, Fault, Plan, WavAt};
use crate::engine::{ConfigSource, FileRead, SourceFile};

use super::files;

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
        let bytes = read_file(&folder.join(name))?;
        files.insert(name.to_owned(), SourceFile::new(Arc::clone(&bytes)));
        Ok(bytes)
    };
    let plan = match config::read_whole(&text, &mut read, earlier) {
        (Some(plan), faults) if faults.is_empty() => plan,
        // Who mends these would find the others only then.
        (plan, mut faults) => {
            faults.extend(plan.iter().flat_map(files::faults_of));
            return Err(NoPlan::Faults(faults));
        }
    };
    let files = files.into_iter().map(|(name, file)| (name, file.without_text_if_long())).collect();
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()).display().to_string();
    Ok((plan, ConfigSource { text: Arc::from(text), folder, files }))
}

fn read_file(path: &Path) -> FileRead {
    let refused = |error: std::io::Error| format!("it cannot be read ({error})");
    let mut file = std::fs::File::open(path).map_err(refused)?;
    let length = file.metadata().map_err(refused)?.len().min(CONFIG_FILE_MAX);
    // Where it will stay, since a copy of it would be as long.
    let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, length as usize).collect();
    let read = Arc::get_mut(&mut bytes).map_or(Ok(0), |bytes| fill(&mut file, bytes)).map_err(refused)?;
    let mut more = Vec::new();
    file.take(CONFIG_FILE_MAX + 1 - length).read_to_end(&mut more).map_err(refused)?;
    if length + more.len() as u64 > CONFIG_FILE_MAX {
        return Err(format!("it is longer than {} MiB", CONFIG_FILE_MAX >> 20));
    }
    let is_as_it_said = bytes.len() == read && more.is_empty();
    Ok(if is_as_it_said { bytes } else { bytes.iter().take(read).copied().chain(more).collect() })
}

/// How many bytes there were.
fn fill(file: &mut impl Read, bytes: &mut [u8]) -> std::io::Result<usize> {
    let mut read = 0;
    while read < bytes.len() {
        match file.read(&mut bytes[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}
