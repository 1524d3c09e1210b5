//! Who may import whom, by the top folders of src/.

use super::source::{Fault, Source, is_word, line_of, places_of};

const GROUND: &[&str] = &["base"];
const PARTS: &[&str] = &["base", "sdp", "sip", "intents", "access", "routing", "desktop", "media", "cluster"];
const CORE: &[&str] = &["base", "sdp", "sip", "intents", "access", "routing", "desktop", "media", "cluster", "calls"];
const SHELL: &[&str] =
    &["base", "sdp", "sip", "intents", "access", "routing", "desktop", "media", "cluster", "calls", "engine"];
const ALL: &[&str] = &[
    "base", "sdp", "sip", "intents", "access", "routing", "desktop", "media", "cluster", "calls", "engine", "config",
    "sim", "io",
];

/// Each top folder or file of src/, and the others that it may name.
pub const FOLDERS: [(&str, &[&str]); 16] = [
    ("base", &[]),
    ("sdp", GROUND),
    ("sip", GROUND),
    ("intents", GROUND),
    ("access", GROUND),
    ("routing", GROUND),
    ("desktop", GROUND),
    ("media", &["base", "sdp"]),
    ("calls", PARTS),
    ("engine", CORE),
    ("config", SHELL),
    ("sim", SHELL),
    ("io", SHELL),
    ("app", ALL),
    ("cli", &["app"]),
    ("main", &["app", "cli"]),
];

pub fn faults(source: &Source) -> Vec<Fault> {
    let path = module_path(&source.path);
    let Some(own) = path.first() else { return Vec::new() };
    let Some((_, allowed)) = FOLDERS.iter().find(|(folder, _)| folder == own) else {
        return vec![
            source.fault(1, format!("{own} has no arrows: add it to design, ARCHITECTURE.md and tests/tidy/arrows.rs")),
        ];
    };
    let names = named_from_the_top(&source.product, &path);
    let wrong = names.into_iter().filter(|(_, name)| name != own && !allowed.contains(&name.as_str()));
    wrong.map(|(at, name)| source.fault(line_of(&source.product, at), format!("{own} may not name {name}"))).collect()
}

/// `src/calls/matching.rs` is `[calls, matching]`, `src/calls/mod.rs` is `[calls]`, `src/lib.rs` is empty.
fn module_path(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let parts = inner.split('/').map(str::to_owned);
    parts.filter(|part| part != "mod" && part != "lib").collect()
}

/// Every first name below the crate's top that a path in `code` leads to, with its place.
fn named_from_the_top(code: &str, path: &[String]) -> Vec<(usize, String)> {
    let to_the_top = "super::".repeat(path.len());
    let mut names = Vec::new();
    for top in ["crate::", "throughline::", to_the_top.as_str()] {
        for at in places_of(code, top) {
            let after = at + top.len();
            if !code[..at].ends_with("::") && !code[after..].starts_with("super::") {
                names.extend(first_names(&code[after..]).into_iter().map(|name| (at, name)));
            }
        }
    }
    names
}

/// `base::E164` leads to `base`; `{base::E164, sip}` to both; `*` to itself.
fn first_names(after: &str) -> Vec<String> {
    let Some(list) = after.strip_prefix('{') else {
        return vec![after.chars().take_while(|c| is_word(*c) || *c == '*').collect()];
    };
    let mut depth = 0;
    let mut names = vec![String::new()];
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            _ if depth == 0 => names.iter_mut().last().into_iter().for_each(|name| name.push(c)),
            _ => {}
        }
    }
    let first = |name: &String| name.trim().split("::").next().unwrap_or_default().trim().to_owned();
    names.iter().map(first).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
fn whats(path: &str, text: &str) -> Vec<String> {
    faults(&Source::new(path, text)).into_iter().map(|fault| fault.what).collect()
}

#[test]
fn a_wrong_arrow_is_found() {
    for (path, text, what) in [
        ("src/sip/endpoint.rs", "use crate::routing::Agent;", "sip may not name routing"),
        ("src/sip/endpoint.rs", "use super::super::calls::Call;", "sip may not name calls"),
        ("src/sip/mod.rs", "use super::calls::Call;", "sip may not name calls"),
        ("src/sip/wire/uri.rs", "use super::super::super::access;", "sip may not name access"),
        ("src/base/time.rs", "fn a() { crate::sip::b(); }", "base may not name sip"),
        ("src/routing/decide.rs", "use crate::{base::{AgentId, Now}, desktop::Pop};", "routing may not name desktop"),
        ("src/calls/mod.rs", "use crate::*;", "calls may not name *"),
        ("src/engine/mod.rs", "use crate::io::clock;", "engine may not name io"),
        ("src/main.rs", "use throughline::engine::Engine;", "main may not name engine"),
    ] {
        assert_eq!(whats(path, text), vec![what], "{path}: {text}");
    }
    assert!(whats("src/elsewhere.rs", "")[0].contains("has no arrows"));
}

#[test]
fn the_right_arrows_pass() {
    for (path, text) in [
        (
            "src/sip/endpoint.rs",
            "use crate::base::{AgentId, Now};\nuse super::wire::Message;\nuse super::super::base::Now;",
        ),
        ("src/calls/matching.rs", "use crate::{base::Now, intents, sip::api::SipEvent};"),
        ("src/media/plan.rs", "use crate::sdp::Session;"),
        ("src/lib.rs", "pub mod access;"),
        ("src/routing/a.rs", "#[cfg(test)]\nmod tests { use crate::sim::World; }"),
    ] {
        assert_eq!(whats(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}
