//! What a script answers, read: a word, and what belongs to it.

use std::collections::HashMap;

use redis::{FromRedisValue, Value, from_redis_value};
use serde_json::{Map, Value as Json, json};

use super::ask::SCRIPTS_OWN;
use crate::base::{AgentId, Wall};
use crate::intents::{Candidate, FoundBy, Intent, StoreError, StoreReply};
use crate::io::records::IntentRecord;

/// The pool of a registration is not there, and nothing has been done.
pub fn is_unseeded(value: &Value) -> bool {
    matches!(value, Value::Array(parts) if parts.first().is_some_and(|word| is_text(word, "unseeded")))
}

fn is_text(value: &Value, text: &str) -> bool {
    matches!(value, Value::BulkString(bytes) if bytes == text.as_bytes())
}

/// `now`: the asker's clock; a claim that has run out is shown as none.
pub fn read(value: Value, now: Wall) -> Result<StoreReply, StoreError> {
    let parts = match value {
        Value::Array(parts) => parts,
        Value::SimpleString(word) if word == "PONG" => return Ok(StoreReply::Pong),
        _ => return Err(StoreError::Corrupt),
    };
    let mut parts = parts.into_iter();
    let word: String = take(&mut parts)?;
    let mut settled = || -> Result<Box<Intent>, StoreError> { Ok(Box::new(intent(take(&mut parts)?)?.settled(now))) };
    Ok(match word.as_str() {
        "registered" => StoreReply::Registered(settled()?),
        "replayed" => StoreReply::Replayed(settled()?),
        "got" => StoreReply::Got(settled()?),
        "amended" => StoreReply::Amended(settled()?),
        "claimed" => StoreReply::Claimed(Box::new(intent(take(&mut parts)?)?)),
        "seeded" => StoreReply::Seeded { numbers: take(&mut parts)? },
        "taken" => StoreReply::Taken { by: parse(&take::<String>(&mut parts)?)? },
        "found" => StoreReply::Found { candidates: parts.map(|part| candidate(part, now)).collect::<Result<_, _>>()? },
        "key_reused" => StoreReply::KeyReused,
        "full" => StoreReply::Full,
        "withdrawn" => StoreReply::Withdrawn,
        "finished" => StoreReply::Finished,
        "gone" => StoreReply::Gone,
        _ => return Err(StoreError::Corrupt),
    })
}

fn take<T: FromRedisValue>(parts: &mut impl Iterator<Item = Value>) -> Result<T, StoreError> {
    let part = parts.next().ok_or(StoreError::Corrupt)?;
    from_redis_value(part).map_err(|_| StoreError::Corrupt)
}

fn parse<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt)
}

fn candidate(value: Value, now: Wall) -> Result<Candidate, StoreError> {
    let (by, agent, fields): (String, String, HashMap<String, String>) =
        from_redis_value(value).map_err(|_| StoreError::Corrupt)?;
    let found_by = FoundBy { leased_number: by.contains('n'), caller_id: by.contains('c'), token: by.contains('t') };
    let last_agent = (!agent.is_empty()).then(|| AgentId::new(&agent));
    Ok(Candidate { intent: intent(fields)?.settled(now), found_by, last_agent })
}

/// The record from its hash: JSON fields as they are, the scripts' own in the shape that a record has.
fn intent(fields: HashMap<String, String>) -> Result<Intent, StoreError> {
    let mut record = Map::new();
    for (name, text) in &fields {
        if let Some(value) = own_field(name, text, &fields)? {
            record.insert(name.clone(), value);
        }
    }
    let record: IntentRecord = serde_json::from_value(Json::Object(record)).map_err(|_| StoreError::Corrupt)?;
    record.try_into().map_err(|_| StoreError::Corrupt)
}

fn own_field(name: &str, text: &str, fields: &HashMap<String, String>) -> Result<Option<Json>, StoreError> {
    let other = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    Ok(match name {
        "state" if text == "claimed" => {
            Some(json!({ "is": text, "call": other("call"), "until": parse::<u64>(other("until"))? }))
        }
        "state" => Some(json!({ "is": text })),
        "number" if text.is_empty() => Some(Json::Null),
        "number" => Some(json!({
            "number": text,
            "shared": other("shared") == "1",
            "pool": other("pool"),
            "quarantine_ms": parse::<u64>(other("quarantine"))?,
        })),
        _ if SCRIPTS_OWN.contains(&name) => Some(json!(parse::<u64>(text)?)),
        "call" | "until" | "shared" | "pool" | "quarantine" | "keep" | "phones" | "customer_id" => None,
        _ => Some(serde_json::from_str(text).map_err(|_| StoreError::Corrupt)?),
    })
}
