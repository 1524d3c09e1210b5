//! `[access] shadow`: a second file whose `[access]` part is asked about every call too, and never obeyed.

use toml::de::DeTable;

use crate::access::Policy;

use super::access::{self, Known};
use super::fault::{Fault, Faults, Place};
use super::read::ReadFile;
use super::recording::RecordedRule;
use super::tree::{Section, Text};

/// The policy of the file that is named. Its queues, trunks and skills are those of the main file; what else stands in it is not
/// looked at, so that it may be a whole configuration. Its faults are those of the main file, each with its line in the other.
pub(super) fn read(
    access: &mut Section<'_>,
    known: &Known<'_, '_>,
    recorded: &mut Vec<RecordedRule>,
    files: &mut ReadFile<'_>,
    faults: &mut Faults<'_>,
) -> Option<Policy> {
    let name = access.text("shadow", faults)?;
    let bytes = files(name.value).map_err(|why| {
        faults.add(&name.place, format!("{:?}: {why}", name.value), "is the path right?");
    });
    let bytes = bytes.ok()?;
    let Ok(text) = std::str::from_utf8(&bytes) else {
        faults.add(
            &name.place,
            format!("{:?} is no text in UTF-8", name.value),
            "write it as the main file is written",
        );
        return None;
    };
    let (mut own, mut rules) = (Faults::of(text), Vec::new());
    let policy = policy(text, known, &mut rules, files, &mut own);
    let is_good = own.is_empty();
    recorded.extend(rules.into_iter().map(|rule| {
        let in_shadow = Some(place(&name, own.line(&rule.place), &rule.place.key));
        RecordedRule { place: name.place.clone(), in_shadow, ..rule }
    }));
    pass_on(own, &name, faults);
    policy.filter(|_| is_good)
}

fn policy(
    text: &str,
    known: &Known<'_, '_>,
    recorded: &mut Vec<RecordedRule>,
    files: &mut ReadFile<'_>,
    faults: &mut Faults<'_>,
) -> Option<Policy> {
    let (tree, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        let place = Place { offset: error.span().map_or(0, |span| span.start), key: String::new() };
        faults.add(&place, format!("not TOML: {}", error.message().trim()), "mend the line; see https://toml.io");
    }
    if !syntax.is_empty() {
        return None;
    }
    let mut section = Section::top(tree.get_ref()).section("access", faults);
    if !section.is_given() {
        faults.add(&Place::top(), "has no [access]", "write the rules that may come next under [access]");
        return None;
    }
    if let Some(item) = section.item("shadow") {
        faults.add(&item.place, "a shadow has no shadow", "leave it out");
    }
    // Who is told is for the policy to say that holds.
    access::policy(section, known, (recorded, &mut Vec::new()), files, faults)
}

/// What is said of the policy that holds is said of its shadow too.
fn pass_on(own: Faults<'_>, name: &Text<'_>, faults: &mut Faults<'_>) {
    let (wrong, warnings) = own.into_both();
    let said = |fault: &Fault| match &fault.file {
        Some(file) => format!("{:?}: {}: {file}, line {}: {}", name.value, fault.key, fault.line, fault.what),
        None => format!("{}{}", place(name, fault.line, &fault.key), fault.what),
    };
    wrong.into_iter().for_each(|fault| faults.add(&name.place, said(&fault), fault.remedy));
    warnings.into_iter().for_each(|warning| faults.warn(&name.place, said(&warning), warning.remedy));
}

/// A spot in the file of the shadow, in words.
fn place(name: &Text<'_>, line: usize, key: &str) -> String {
    let dot = if key.is_empty() { "" } else { ": " };
    format!("{:?}, line {line}: {key}{dot}", name.value)
}
