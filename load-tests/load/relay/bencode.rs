//! Bencoding, as far as rtpengine's ng protocol needs it: text, lists and dictionaries.

use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(i64),
    List(Vec<Value>),
    Dictionary(BTreeMap<String, Value>),
}

impl Value {
    pub fn dictionary(entries: &[(&str, Value)]) -> Value {
        Value::Dictionary(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    pub fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        let Value::Dictionary(entries) = self else { return None };
        match entries.get(key)? {
            Value::Text(text) => Some(text),
            Value::Number(_) | Value::List(_) | Value::Dictionary(_) => None,
        }
    }

    pub fn write(&self) -> String {
        let text = |text: &str| format!("{}:{text}", text.len());
        match self {
            Value::Text(value) => text(value),
            Value::Number(number) => format!("i{number}e"),
            Value::List(values) => format!("l{}e", values.iter().map(Value::write).collect::<String>()),
            Value::Dictionary(entries) => {
                let entry = |(key, value): (&String, &Value)| text(key) + &value.write();
                format!("d{}e", entries.iter().map(entry).collect::<String>())
            }
        }
    }

    pub fn read(text: &str) -> Option<Value> {
        let (value, rest) = value(text)?;
        rest.is_empty().then_some(value)
    }
}

/// A value and what comes after it.
fn value(text: &str) -> Option<(Value, &str)> {
    match text.as_bytes().first()? {
        b'i' => {
            let (number, rest) = text[1..].split_once('e')?;
            Some((Value::Number(number.parse().ok()?), rest))
        }
        b'l' => {
            let (mut rest, mut values) = (&text[1..], Vec::new());
            while !rest.starts_with('e') {
                let (next, after) = value(rest)?;
                values.push(next);
                rest = after;
            }
            Some((Value::List(values), &rest[1..]))
        }
        b'd' => {
            let (mut rest, mut entries) = (&text[1..], BTreeMap::new());
            while !rest.starts_with('e') {
                let (key, after) = string(rest)?;
                let (next, after) = value(after)?;
                entries.insert(key.to_owned(), next);
                rest = after;
            }
            Some((Value::Dictionary(entries), &rest[1..]))
        }
        _ => string(text).map(|(text, rest)| (Value::text(text), rest)),
    }
}

fn string(text: &str) -> Option<(&str, &str)> {
    let (length, rest) = text.split_once(':')?;
    rest.split_at_checked(length.parse().ok()?)
}
