//! The committed corpus of each fuzz target, through the target: what fuzzing found once does not come back. `tests/fuzz/run` goes on.

#[path = "fuzz/targets/digest.rs"]
mod digest;
#[path = "fuzz/targets/endpoint.rs"]
mod endpoint;
#[path = "fuzz/targets/framer.rs"]
mod framer;
#[path = "fuzz/targets/message.rs"]
mod message;
#[path = "fuzz/targets/sdp.rs"]
mod sdp;

use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).expect("a corpus").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{} files in {}", files.len(), folder.display());
    for file in files {
        println!("{}", file.display());
        run(&std::fs::read(&file).expect("a file"));
    }
}

#[test]
fn messages() {
    replay("message", message::run);
}

#[test]
fn streams() {
    replay("framer", framer::run);
}

#[test]
fn descriptions() {
    replay("sdp", sdp::run);
}

#[test]
fn credentials() {
    replay("digest", digest::run);
}

#[test]
fn scripts() {
    replay("endpoint", endpoint::run);
}
