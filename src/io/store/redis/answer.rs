//! What a script answers, read: a word, and what belongs to it.

use std::borrow::Cow;

use redis::{FromRedisValue, Value, from_redis_value};

use super::ask::SCRIPTS_OWN;
use super::packed::{self, Fields};
use crate::base::limits::CALLBACKS_MAX;
use crate::base::{AgentId, Wall};
use crate::intents::{Candidate, FoundBy, Intent, StoreError, StoreReply};
use crate::io::records::IntentRecord;

/// What a record in JSON is longer than the same packed.
const LONGER: usize = 256;

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
    let mut settled = || -> Result<Box<Intent>, StoreError> { Ok(Box::new(next_intent(&mut parts)?.settled(now))) };
    Ok(match word.as_str() {
        "registered" => StoreReply::Registered(settled()?),
        "replayed" => StoreReply::Replayed(settled()?),
        "got" => StoreReply::Got(settled()?),
        "amended" => StoreReply::Amended(settled()?),
        "claimed" => StoreReply::Claimed(Box::new(next_intent(&mut parts)?)),
        "seeded" => StoreReply::Seeded { numbers: take(&mut parts)? },
        "taken" => StoreReply::Taken { by: parse(&take::<String>(&mut parts)?)? },
        "found" => StoreReply::Found { candidates: parts.map(|part| candidate(part, now)).collect::<Result<_, _>>()? },
        "key_reused" => StoreReply::KeyReused,
        "full" => StoreReply::Full,
        "withdrawn" => StoreReply::Withdrawn,
        "promised" => StoreReply::Promised(settled()?),
        "too_many" => StoreReply::TooMany,
        "promises" => StoreReply::Promises(promises(parts, now)?),
        "finished" => StoreReply::Finished,
        "barred" => StoreReply::Barred { until: Wall(parse(&take::<String>(&mut parts)?)?) },
        "gone" => StoreReply::Gone,
        _ => return Err(StoreError::Corrupt),
    })
}

/// Those with the oldest place first.
fn promises(parts: impl Iterator<Item = Value>, now: Wall) -> Result<Vec<Intent>, StoreError> {
    let read = |part: Value| intent(&part).map(|intent| intent.settled(now));
    let mut intents: Vec<Intent> = parts.map(read).collect::<Result<_, _>>()?;
    intents.sort_by_key(|intent| (intent.callback.as_ref().map(|callback| callback.since), intent.id));
    intents.truncate(CALLBACKS_MAX);
    Ok(intents)
}

fn take<T: FromRedisValue>(parts: &mut impl Iterator<Item = Value>) -> Result<T, StoreError> {
    let part = parts.next().ok_or(StoreError::Corrupt)?;
    from_redis_value(part).map_err(|_| StoreError::Corrupt)
}

fn parse<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt)
}

fn candidate(value: Value, now: Wall) -> Result<Candidate, StoreError> {
    let Value::Array(parts) = value else { return Err(StoreError::Corrupt) };
    let mut parts = parts.into_iter();
    let (by, agent): (String, String) = (take(&mut parts)?, take(&mut parts)?);
    let found_by = FoundBy {
        leased_number: by.contains('n'),
        caller_id: by.contains('c'),
        token: by.contains('t'),
        pin: by.contains('p'),
    };
    let last_agent = (!agent.is_empty()).then(|| AgentId::new(&agent));
    Ok(Candidate { intent: next_intent(&mut parts)?.settled(now), found_by, last_agent })
}

fn next_intent(parts: &mut impl Iterator<Item = Value>) -> Result<Intent, StoreError> {
    intent(&parts.next().ok_or(StoreError::Corrupt)?)
}

/// The record from its fields, read as one JSON text: fields of the record as they are, the scripts' own in the shape that a
/// record has.
fn intent(value: &Value) -> Result<Intent, StoreError> {
    let Value::BulkString(packed) = value else { return Err(StoreError::Corrupt) };
    let fields = packed::fields(packed).ok_or(StoreError::Corrupt)?;
    let mut text = String::with_capacity(packed.len() + LONGER);
    for (name, value) in &fields {
        let own = own_field(name, value, &fields)?;
        let value = own.as_deref().unwrap_or(value);
        if !value.is_empty() {
            text.push_str(if text.is_empty() { "{\"" } else { ",\"" });
            text.push_str(name);
            text.push_str("\":");
            text.push_str(value);
        }
    }
    text.push('}');
    let record: IntentRecord = serde_json::from_str(&text).map_err(|_| StoreError::Corrupt)?;
    record.try_into().map_err(|_| StoreError::Corrupt)
}

/// What stands in the record for a field that is the scripts' own, nothing for one that is theirs alone; `None` for all others.
fn own_field<'a>(name: &str, text: &'a str, fields: &Fields<'a>) -> Result<Option<Cow<'a, str>>, StoreError> {
    let other = |name: &str| fields.iter().find(|(other, _)| *other == name).map_or("", |(_, text)| text);
    Ok(Some(match name {
        "state" if text == "claimed" => {
            let until = parse::<u64>(other("until"))?;
            Cow::from(format!(r#"{{"is":{},"call":{},"until":{until}}}"#, quoted(text)?, quoted(other("call"))?))
        }
        "state" => format!(r#"{{"is":{}}}"#, quoted(text)?).into(),
        "number" if text.is_empty() => "null".into(),
        "number" => {
            let (shared, quarantine) = (other("shared") == "1", parse::<u64>(other("quarantine"))?);
            let pin = if other("pin").is_empty() { Cow::from("null") } else { quoted(other("pin"))?.into() };
            let (number, pool) = (quoted(text)?, quoted(other("pool"))?);
            let rest = format_args!(r#""pool":{pool},"quarantine_ms":{quarantine},"pin":{pin}"#);
            format!(r#"{{"number":{number},"shared":{shared},{rest}}}"#).into()
        }
        _ if SCRIPTS_OWN.contains(&name) => parse::<u64>(text)?.to_string().into(),
        "call" | "until" | "shared" | "pool" | "pin" | "quarantine" | "keep" | "phones" | "customer_id" => "".into(),
        _ => return Ok(None),
    }))
}

fn quoted(text: &str) -> Result<String, StoreError> {
    serde_json::to_string(text).map_err(|_| StoreError::Corrupt)
}
