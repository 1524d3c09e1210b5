//! What stands in a configuration, part by part, so that two of them can be compared: each named entry of a list, and each key of a
//! section, with what it comes to and its line.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Place, line_and_column};

/// One part: what it says, whatever its layout, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub print: u64,
    pub line: usize,
    pub column: usize,
}

/// The parts by their names: `http.bind`, `agents.ann`; empty when the text is no TOML.
pub(super) fn outline(text: &str) -> BTreeMap<String, Part> {
    let mut parts = BTreeMap::new();
    let Ok(tree) = DeTable::parse(text) else { return parts };
    for (section, value) in tree.get_ref() {
        let name = section.get_ref();
        match value.get_ref() {
            DeValue::Table(table) => {
                for (key, value) in table {
                    parts.insert(format!("{name}.{}", key.get_ref()), part(text, key.span().start, value.get_ref()));
                }
            }
            DeValue::Array(array) if array.iter().any(|entry| name_of(entry).is_some()) => {
                for entry in array {
                    let at = if entry.span().is_empty() { section.span().start } else { entry.span().start };
                    let place = Place::top().key(name, 0).key(&name_of(entry).unwrap_or_default(), 0);
                    parts.insert(place.key, part(text, at, entry.get_ref()));
                }
            }
            other => drop(parts.insert(name.to_string(), part(text, section.span().start, other))),
        }
    }
    parts
}

/// What its owner calls an entry of a list.
fn name_of(entry: &Spanned<DeValue<'_>>) -> Option<String> {
    let table = entry.get_ref().as_table()?;
    let value = |key: &str| table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value.get_ref());
    match value("name").or_else(|| value("id"))? {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

fn part(text: &str, at: usize, value: &DeValue<'_>) -> Part {
    let mut hasher = DefaultHasher::new();
    add(value, &mut hasher);
    let (line, column) = line_and_column(text, at);
    Part { print: hasher.finish(), line, column }
}

fn add(value: &DeValue<'_>, hasher: &mut DefaultHasher) {
    value.type_str().hash(hasher);
    match value {
        DeValue::String(text) => text.hash(hasher),
        DeValue::Integer(number) => (number.as_str(), number.radix()).hash(hasher),
        DeValue::Float(number) => number.as_str().hash(hasher),
        DeValue::Boolean(flag) => flag.hash(hasher),
        DeValue::Datetime(time) => time.to_string().hash(hasher),
        DeValue::Array(array) => {
            array.len().hash(hasher);
            array.iter().for_each(|value| add(value.get_ref(), hasher));
        }
        DeValue::Table(table) => {
            table.len().hash(hasher);
            for (key, value) in table {
                key.get_ref().hash(hasher);
                add(value.get_ref(), hasher);
            }
        }
    }
}
