//! The tree checks itself: purity, who may import whom, lengths, and what must not stand in a file.

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/lengths.rs"]
mod lengths;
#[path = "tidy/purity.rs"]
mod purity;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/words.rs"]
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use source::{Fault, Source};

/// The folders that are not ours or are made by a build.
const NOT_OURS: [&str; 4] = [".git", "target", "node_modules", "proptest-regressions"];

#[test]
fn src_is_pure() {
    none(each_source("src", purity::faults));
}

#[test]
fn src_imports_along_the_arrows() {
    none(each_source("src", arrows::faults));
}

#[test]
fn files_and_functions_of_src_stay_short() {
    none(each_source("src", lengths::faults));
    none(lengths::stale_exceptions(&sources("src")));
}

#[test]
fn rust_files_say_what_they_are_and_leave_nothing_open() {
    for folder in ["src", "tests", "benches", "load-tests"] {
        none(each_source(folder, words::faults_of_rust));
    }
}

#[test]
fn src_does_not_panic_on_what_comes_from_outside() {
    none(each_source("src", words::panics));
}

#[test]
fn the_tree_names_no_machine_and_no_real_number() {
    let faults = texts("").into_iter().flat_map(|(path, text)| words::faults_of_text(&path, &text));
    none(faults.collect());
}

#[test]
fn the_map_of_the_code_names_every_folder() {
    let map = fs::read_to_string(root().join("src/ARCHITECTURE.md")).unwrap_or_default();
    let is_there =
        |name: &&str| root().join(format!("src/{name}")).exists() || root().join(format!("src/{name}.rs")).exists();
    let rooms = arrows::FOLDERS.iter().map(|(room, _)| *room).filter(is_there);
    let missing: Vec<&str> = rooms.filter(|room| !map.contains(room)).collect();
    assert!(missing.is_empty(), "src/ARCHITECTURE.md does not name {missing:?}");
}

fn none(faults: Vec<Fault>) {
    let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), lines.join("\n"));
}

fn each_source(folder: &str, rule: fn(&Source) -> Vec<Fault>) -> Vec<Fault> {
    sources(folder).iter().flat_map(rule).collect()
}

fn sources(folder: &str) -> Vec<Source> {
    let rust = texts(folder).into_iter().filter(|(path, _)| path.ends_with(".rs"));
    let mut sources: Vec<Source> = rust.map(|(path, text)| Source::new(&path, &text)).collect();
    source::set_test_files_apart(&mut sources);
    sources
}

/// Every text file below `folder`, as the path from the root and its content, sorted by path.
fn texts(folder: &str) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    collect(&root().join(folder), &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let text = String::from_utf8(fs::read(&path).ok()?).ok()?;
        Some((path.strip_prefix(root()).ok()?.to_str()?.to_owned(), text))
    };
    paths.into_iter().filter_map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let ours = !NOT_OURS.iter().any(|name| entry.file_name() == *name);
        if path.is_dir() && ours {
            collect(&path, paths);
        } else if path.is_file() && ours {
            paths.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
