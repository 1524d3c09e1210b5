//! What a script answers, read: a word, and what belongs to it.

use redis::{FromRedisValue, Value, from_redis_value};
use serde::Deserialize;

use super::packed::{self, Fields};
use super::scripts::OWN;
use crate::base::limits::CALLBACKS_MAX;
use crate::base::{AgentId, Wall};
use crate::intents::{Candidate, FoundBy, Intent, StoreError, StoreReply};
use crate::io::records::{IntentRecord, NumberRecord, StateRecord};

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

/// The record from its fields: each is JSON but for the scripts' own, which are plain text (the callback is both).
fn intent(value: &Value) -> Result<Intent, StoreError> {
    let Value::BulkString(packed) = value else { return Err(StoreError::Corrupt) };
    let own: [_; OWN.len()] = packed::list(packed).ok_or(StoreError::Corrupt)?;
    let fields = own.last().and_then(|rest| packed::fields(rest)).ok_or(StoreError::Corrupt)?;
    record(&Record { own, fields })?.try_into().map_err(|_| StoreError::Corrupt)
}

fn record(fields: &Record<'_>) -> Result<IntentRecord, StoreError> {
    Ok(IntentRecord {
        v: fields.json("v")?,
        id: fields.json("id")?,
        customer: fields.json("customer")?,
        subject: fields.json("subject")?,
        reason: fields.json("reason")?,
        articles: fields.json("articles")?,
        words: fields.json("words")?,
        language: fields.json("language")?,
        urgency: fields.json("urgency")?,
        value: fields.json("value")?,
        attributes: fields.json("attributes")?,
        created: parse(fields.text("created"))?,
        expires: parse(fields.text("expires"))?,
        number: number(fields)?,
        state: state(fields)?,
        preferred_agent: fields.json("preferred_agent")?,
        callback: fields.json("callback")?,
        recording_consent: fields.json::<Option<bool>>("recording_consent")?.unwrap_or_default(),
        version: parse(fields.text("version"))?,
    })
}

fn state(fields: &Record<'_>) -> Result<StateRecord, StoreError> {
    Ok(match fields.text("state") {
        "open" => StateRecord::Open,
        "claimed" => StateRecord::Claimed { call: fields.text("call").to_owned(), until: parse(fields.text("until"))? },
        "used" => StateRecord::Used,
        "withdrawn" => StateRecord::Withdrawn,
        _ => return Err(StoreError::Corrupt),
    })
}

/// `None`: it has no number of its own.
fn number(fields: &Record<'_>) -> Result<Option<NumberRecord>, StoreError> {
    let (number, pin) = (fields.text("number"), fields.text("pin"));
    if number.is_empty() {
        return Ok(None);
    }
    Ok(Some(NumberRecord {
        number: number.to_owned(),
        shared: fields.text("shared") == "1",
        pool: fields.text("pool").to_owned(),
        quarantine_ms: parse(fields.text("quarantine"))?,
        pin: (!pin.is_empty()).then(|| pin.to_owned()),
    }))
}

/// The fields of a record, and what stands in them.
struct Record<'a> {
    own: [&'a [u8]; OWN.len()],
    fields: Fields<'a>,
}

impl<'a> Record<'a> {
    /// Empty for one that is not there.
    fn text(&self, name: &str) -> &'a str {
        match OWN.iter().zip(self.own).find(|(other, _)| **other == name) {
            Some((_, text)) => std::str::from_utf8(text).unwrap_or_default(),
            None => self.fields.iter().find(|(other, _)| *other == name).map_or("", |(_, text)| text),
        }
    }

    /// One that is not there is null.
    fn json<T: Deserialize<'a>>(&self, name: &str) -> Result<T, StoreError> {
        let text = self.text(name);
        serde_json::from_str(if text.is_empty() { "null" } else { text }).map_err(|_| StoreError::Corrupt)
    }
}
