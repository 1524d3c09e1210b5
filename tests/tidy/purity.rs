//! What the pure part of src/ must not touch: clocks, sockets, files, environment, threads, chance, async.

use super::source::{Fault, Source, is_word, line_of, places_of};

/// Where the world may enter.
const DOORS: [&str; 5] = ["src/io/", "src/app/", "src/app.rs", "src/main.rs", "src/cli.rs"];

/// What must not be named, and what takes its place.
const FORBIDDEN: [(&str, &str); 38] = [
    ("UdpSocket", "a socket"),
    ("TcpStream", "a socket"),
    ("TcpListener", "a socket"),
    ("ToSocketAddrs", "a look-up"),
    ("std::fs", "a file"),
    ("std::env", "the environment"),
    ("std::thread", "a thread"),
    ("std::process", "a process"),
    ("std::os", "the operating system"),
    ("Instant", "a clock; time comes in as Now"),
    ("SystemTime", "a clock; time comes in as Now"),
    ("Timestamp::now", "a clock; time comes in as Now"),
    ("Zoned::now", "a clock; time comes in as Now"),
    ("TimeZone::system", "the environment"),
    ("Mutex", "a lock; one owner and &mut"),
    ("RwLock", "a lock; one owner and &mut"),
    ("static mut", "a global"),
    ("thread_local", "a global"),
    ("async", "async"),
    (".await", "async"),
    ("tokio", "async"),
    ("futures_util", "async"),
    ("axum", "a server"),
    ("reqwest", "a client"),
    ("redis::", "a client"),
    ("rusqlite", "a file"),
    ("socket2", "a socket"),
    ("libc", "the operating system"),
    ("getrandom", "chance; it comes in as Rng"),
    ("thread_rng", "chance; it comes in as Rng"),
    ("OsRng", "chance; it comes in as Rng"),
    ("RandomState", "chance; it comes in as Rng"),
    ("println!", "printing; emit a fact"),
    ("print!", "printing; emit a fact"),
    ("eprintln!", "printing; emit a fact"),
    ("eprint!", "printing; emit a fact"),
    ("tracing", "a log; emit a fact"),
    ("include_bytes!", "a file"),
];

/// Only where a raw form is read may serde stand.
const SERDE: [(&str, &str); 3] =
    [("serde", "a record in a domain type"), ("serde_json", "a record in a domain type"), ("toml", "a file's form")];
const SERDE_ALLOWED: [&str; 1] = ["src/config/"];

/// What must not be named in the unit tests of the pure part either.
const FORBIDDEN_IN_TESTS: [(&str, &str); 4] = [
    ("sleep", "waiting; tests have virtual time"),
    ("Instant", "a clock; tests have virtual time"),
    ("SystemTime", "a clock; tests have virtual time"),
    ("UdpSocket", "a socket; tests with peers stand in tests/"),
];

pub fn faults(source: &Source) -> Vec<Fault> {
    if source.is_below(&DOORS) {
        return Vec::new();
    }
    let mut faults = named(source, &source.product, &FORBIDDEN);
    if !source.is_below(&SERDE_ALLOWED) {
        faults.extend(named(source, &source.product, &SERDE));
    }
    faults.extend(named(source, &tests_of(source), &FORBIDDEN_IN_TESTS));
    faults.extend(iterated_hash_maps(source));
    faults
}

fn named(source: &Source, code: &str, table: &[(&str, &str)]) -> Vec<Fault> {
    let code = without_brace_paths(code);
    let mut faults = Vec::new();
    for (word, what) in table {
        for at in places_of(&code, word) {
            faults.push(source.fault(line_of(&code, at), format!("not pure: {word} is {what}")));
        }
    }
    faults
}

/// `code` without `product`: what stands in tests.
fn tests_of(source: &Source) -> String {
    let pairs = source.code.bytes().zip(source.product.bytes());
    pairs.map(|(code, product)| if product == code && code != b'\n' { ' ' } else { char::from(code) }).collect()
}

/// `use std::{fs, net}` with the first part written again before each name, so that `std::fs` is found; lines are kept.
fn without_brace_paths(code: &str) -> String {
    let mut out = code.to_owned();
    for root in ["fs", "env", "thread", "process", "os"] {
        for at in places_of(code, "use std::{") {
            let end = code[at..].find(';').map_or(code.len(), |length| at + length);
            if !places_of(&code[at + "use std::{".len()..end], root).is_empty() {
                out.push_str(&"\n".repeat(line_of(code, at).saturating_sub(out.matches('\n').count() + 1)));
                out.push_str(&format!(" std::{root} "));
            }
        }
    }
    out
}

/// Maps whose order is not ours: looking up is fine, walking over them is not.
fn iterated_hash_maps(source: &Source) -> Vec<Fault> {
    let code = &source.product;
    let mut faults = Vec::new();
    for name in names_of_hash_maps(code) {
        for walk in
            ["iter()", "iter_mut()", "keys()", "values()", "values_mut()", "into_iter()", "drain()", "into_values()"]
        {
            faults.extend(places_of(code, &format!("{name}.{walk}")).into_iter().map(|at| (at, name.clone())));
        }
        for walk in ["in &", "in &mut ", "in &self.", "in &mut self.", "in self."] {
            let walks = places_of(code, &format!("{walk}{name}"));
            faults.extend(
                walks
                    .into_iter()
                    .filter(|at| ends_there(code, at + walk.len() + name.len()))
                    .map(|at| (at, name.clone())),
            );
        }
    }
    let what =
        |name: &str| format!("not pure: {name} is a HashMap that is walked over; its order is not ours (BTreeMap is)");
    faults.into_iter().map(|(at, name)| source.fault(line_of(code, at), what(&name))).collect()
}

fn ends_there(code: &str, at: usize) -> bool {
    code[at..].trim_start().starts_with('{')
}

/// The names before `: HashMap<`, `: HashSet<`, `= HashMap::`, `= HashSet::`.
fn names_of_hash_maps(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for kind in ["HashMap", "HashSet"] {
        for at in places_of(code, kind) {
            let before = code[..at].trim_end().trim_end_matches("std::collections::").trim_end();
            let Some(declared) = before.strip_suffix(':').or(before.strip_suffix('=')) else { continue };
            let declared = declared.trim_end();
            let start = declared.rfind(|c| !is_word(c)).map_or(0, |at| at + 1);
            names.push(declared[start..].to_owned());
        }
    }
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
fn whats(path: &str, text: &str) -> Vec<String> {
    faults(&Source::new(path, text)).iter().map(Fault::to_string).collect()
}

#[test]
fn each_impurity_is_found() {
    for (text, word) in [
        ("use std::net::UdpSocket;", "UdpSocket"),
        ("use std::fs;", "std::fs"),
        ("use std::{collections::BTreeMap, fs};", "std::fs"),
        ("fn a() { std::env::var(\"A\"); }", "std::env"),
        ("use std::time::{Duration, Instant};", "Instant"),
        ("fn a() { std::thread::spawn(|| {}); }", "std::thread"),
        ("async fn a() {}", "async"),
        ("fn a() { println!(\"x\"); }", "println!"),
        ("use tokio::sync::mpsc;", "tokio"),
        ("fn a() { getrandom::fill(&mut b); }", "getrandom"),
        ("#[derive(serde::Serialize)] struct A;", "serde"),
        ("struct A { b: HashMap<u8, u8> }\nfn a(a: &A) { for x in a.b.values() {} }", "b is a HashMap"),
        ("struct A { b: HashMap<u8, u8> }\nimpl A { fn a(&self) { for x in &self.b {} } }", "b is a HashMap"),
        ("fn a() { let seen = HashSet::new(); for s in &seen {} }", "seen is a HashMap"),
        ("#[cfg(test)]\nmod tests { fn a() { std::thread::sleep(x); } }", "sleep"),
    ] {
        let found = whats("src/calls/a.rs", text);
        assert!(found.iter().any(|what| what.contains(word)), "{text}: {found:?}");
    }
}

#[test]
fn what_is_pure_passes() {
    for text in [
        "use std::net::{IpAddr, SocketAddr};\nuse std::time::Duration;",
        "// tokio and Instant\nconst A: &str = \"tokio\";",
        "struct A { b: HashMap<u8, u8> }\nfn a(a: &A) { a.b.get(&1); a.b.retain(|_, _| true); }",
        "struct A { b: BTreeMap<u8, u8> }\nfn a(a: &A) { for x in a.b.values() {} }",
        "#[cfg(test)]\nmod tests { fn a() { println!(\"seed\"); } }",
    ] {
        assert_eq!(whats("src/calls/a.rs", text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(whats("src/io/clock.rs", "use std::time::Instant;"), Vec::<String>::new());
    assert_eq!(whats("src/config/raw.rs", "use serde::Deserialize;"), Vec::<String>::new());
}
