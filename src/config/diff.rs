//! What has changed between two configurations, and whether all of it can be changed while the process runs.

use std::collections::BTreeMap;
use std::fmt;

use crate::engine::ConfigSource;

use super::fault::Fault;
use super::outline::{Part, outline};

/// A part of the configuration that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// `agents.ann`, `http.origins`, or the name of a file.
    pub key: String,
    pub how: How,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    Added,
    Changed,
    Removed,
}

/// Sections that a running process takes whole. Whatever is in none of these lists needs a restart: sockets are bound, files opened and
/// threads started once.
const SECTIONS: &[&str] = &[
    "access",
    "agents",
    "api_keys",
    "callback",
    "deadlines",
    "dial",
    "intents",
    "pin",
    "pools",
    "prompts",
    "queues",
    "routing",
    "supervision",
    "token_keys",
    "trunks",
    "web",
];
/// Single keys of the others.
const KEYS: &[&str] = &[
    "http.origins",
    "log.filter",
    "media.music",
    "media.ringback",
    "media.waiting",
    "recording.notice",
    "recording.pause_s",
    "sip.digest",
    "sip.drain_s",
    "sip.registration_min_s",
    "sip.session_expires_s",
    "sip.min_se_s",
    "sip.tcp_above",
];
/// Other files may be named, but what they are for is there from the start or not at all.
const IN_BOTH: &[&str] = &["http.tls", "sip.tls"];
const RESTART: &str = "restart the process for it, or leave it as it was";

/// What is not as before, by key; or a fault for each part that only a restart can change.
pub fn diff(old: &ConfigSource, new: &ConfigSource) -> Result<Vec<Change>, Vec<Fault>> {
    let (before, after) = (outline(&old.text), outline(&new.text));
    let mut changes = changes(&before, &after);
    let faults: Vec<Fault> =
        changes.iter().filter(|change| !is_live(change)).map(|change| fault(change, &after)).collect();
    changes.extend(changed_files(old, new));
    if faults.is_empty() { Ok(changes) } else { Err(faults) }
}

fn changes(before: &BTreeMap<String, Part>, after: &BTreeMap<String, Part>) -> Vec<Change> {
    let how = |key: &String| match (before.get(key), after.get(key)) {
        (Some(old), Some(new)) => (old.print != new.print).then_some(How::Changed),
        (None, Some(_)) => Some(How::Added),
        (Some(_), None) => Some(How::Removed),
        (None, None) => None,
    };
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().filter_map(|key| Some(Change { key: key.clone(), how: how(key)? })).collect()
}

fn changed_files(old: &ConfigSource, new: &ConfigSource) -> Vec<Change> {
    let is_other = |name: &str| old.files.get(name).is_some_and(|file| file.sha256 != new.files[name].sha256);
    let names = new.files.keys().filter(|name| is_other(name));
    names.map(|name| Change { key: name.clone(), how: How::Changed }).collect()
}

fn is_live(change: &Change) -> bool {
    let section = change.key.split('.').next().unwrap_or_default();
    let has = |list: &[&str]| list.contains(&change.key.as_str());
    SECTIONS.contains(&section) || has(KEYS) || (change.how == How::Changed && has(IN_BOTH))
}

fn fault(change: &Change, after: &BTreeMap<String, Part>) -> Fault {
    // What was taken out stands nowhere.
    let (line, column) = after.get(&change.key).map_or((1, 1), |part| (part.line, part.column));
    let what = format!("was {}, which a running process cannot take", change.how);
    Fault { file: None, line, column, key: change.key.clone(), what, remedy: RESTART.to_owned() }
}

impl How {
    pub fn as_str(self) -> &'static str {
        match self {
            How::Added => "added",
            How::Changed => "changed",
            How::Removed => "removed",
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = r#"
[sip]
bind = ["192.0.2.10:5060"]
[http]
bind = "127.0.0.1:8080"
[[agents]]
name = "ann"
skills = { english = 9 }
[[agents]]
name = "bea"
[access]
free_mail = ["mail.example"]
"#;

    /// A slip in one of the lists would make a restart of what needs none.
    #[test]
    fn the_lists_name_what_there_is() {
        let example = include_str!("../../sip-configs/throughline.example.toml");
        let has = |begins: &str| {
            let mut lines = example.lines().map(|line| line.trim_start_matches("# "));
            lines.any(|line| line.starts_with(begins))
        };
        for section in SECTIONS {
            assert!(has(&format!("[{section}]")) || has(&format!("[[{section}]]")), "{section}");
        }
        for key in KEYS.iter().chain(IN_BOTH) {
            let (section, name) = key.split_once('.').expect("a key of a section");
            assert!(has(&format!("{name} = ")) || has(&format!("[{section}.{name}]")), "{key}");
        }
    }

    #[test]
    fn music_prompts_codes_and_digests_are_taken_as_they_are() {
        for (from, to, change) in [
            ("[http]", "[media]\nmusic = [\"a.wav\"]\n[http]", "media.music added"),
            ("[http]", "[prompts]\nfolder = \"p\"\n[http]", "prompts.folder added"),
            ("[http]", "[pin]\ntries = 2\n[http]", "pin.tries added"),
            ("[http]", "digest = [\"SHA-256\"]\n[http]", "sip.digest added"),
        ] {
            assert_eq!(check(from, to), Ok(vec![change.to_owned()]));
        }
    }

    fn check(from: &str, to: &str) -> Result<Vec<String>, Vec<String>> {
        let text = BEFORE.replacen(from, to, 1);
        assert!(from.is_empty() || text != BEFORE);
        let found = diff(&ConfigSource::of_text(BEFORE), &ConfigSource::of_text(&text));
        found
            .map(|changes| changes.iter().map(|change| format!("{} {}", change.key, change.how)).collect())
            .map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_is_written_otherwise_and_says_the_same_is_no_change() {
        assert_eq!(check("skills = { english = 9 }", "skills={english=9} # fluent"), Ok(vec![]));
        assert_eq!(check("[http]\nbind", "\n\n[http]\nbind"), Ok(vec![]));
    }

    #[test]
    fn each_change_is_named() {
        assert_eq!(check("english = 9", "english = 8"), Ok(vec!["agents.ann changed".to_owned()]));
        let renamed = vec!["agents.bea removed".to_owned(), "agents.cyd added".to_owned()];
        assert_eq!(check("\"bea\"", "\"cyd\""), Ok(renamed));
        assert_eq!(check("free_mail = [\"mail.example\"]", ""), Ok(vec!["access.free_mail removed".to_owned()]));
        assert_eq!(check("8080\"\n", "8080\"\norigins = []\n"), Ok(vec!["http.origins added".to_owned()]));
        let target = "[access.notify.team]\nurl = \"https://crm.example.com\"\n[access]";
        assert_eq!(check("[access]", target), Ok(vec!["access.notify added".to_owned()]));
    }

    #[test]
    fn what_needs_a_restart_is_a_fault_on_its_line() {
        let faults = check("8080", "8081").unwrap_err();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with("line 5, column 1: http.bind: was changed"), "{faults:?}");
        assert!(faults[0].contains("restart"), "{faults:?}");
        let faults = check("8080\"\n", "8080\"\ntls = { certificate = \"a.pem\", key = \"a.key\" }\n").unwrap_err();
        assert!(faults[0].contains("http.tls: was added"), "{faults:?}");
        assert_eq!(check("[http]", "[store]\nembedded = \"a.db\"\n[http]").unwrap_err().len(), 1);
    }
}
