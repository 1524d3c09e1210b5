//! A folder that is gone after the test, unless the test failed: then it stays, to be read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Of each log of a test that failed.
const LAST_BYTES: usize = 4_000;

pub struct Folder(PathBuf);

impl Folder {
    /// In the system's place for such; `name` is there for whoever reads it after a failure.
    pub fn new(name: &str) -> Folder {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let nth = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("throughline-{name}-{}-{nth}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and answers where it is.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder for the file");
        fs::write(&path, content).expect("a file for the test");
        path
    }

    /// A file of the project with each `@KEY@` replaced, written as `name`.
    pub fn fill(&self, name: &str, template: &str, values: &[(&str, &str)]) -> PathBuf {
        let text = fs::read_to_string(project(template)).expect("a file of the project");
        let fill = |text: String, (key, value): &(&str, &str)| text.replace(&format!("@{key}@"), value);
        self.write(name, values.iter().fold(text, fill))
    }
}

impl Folder {
    /// What the processes said last: the folder itself is out of reach where the tests run on somebody else's machine.
    fn print_the_logs(&self) {
        let files = fs::read_dir(&self.0).into_iter().flatten().flatten().map(|file| file.path());
        for log in files.filter(|file| file.extension().is_some_and(|kind| kind == "log")) {
            let said = fs::read(&log).unwrap_or_default();
            let end = String::from_utf8_lossy(&said[said.len().saturating_sub(LAST_BYTES)..]);
            eprintln!("--- the end of {}:\n{end}", log.display());
        }
    }
}

/// A path below the root of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("kept for reading: {}", self.0.display());
            self.print_the_logs();
        } else {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
