//! A pop as it is written to a desk: straight from what the desks share, which is the largest message that each call has.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::desktop::{ShownField, ShownPop, ShownValue, Words};

/// What `PopFrame` reads back.
pub struct PopText(pub Arc<ShownPop>);

#[derive(Serialize)]
struct Text<'a> {
    call: String,
    fence: u64,
    level: &'static str,
    why: &'a [Words],
    rivals: u8,
    #[serde(serialize_with = "write_fields")]
    fields: &'a [ShownField],
    queue: &'a str,
    waited_ms: u64,
    next_step: &'a str,
}

/// Either `value`, or `locked` with the level it needs and the question that unlocks it.
#[derive(Serialize)]
struct FieldText<'a> {
    key: &'a str,
    label: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    locked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unlock: Option<&'a str>,
}

impl Serialize for PopText {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let pop = &self.0;
        let text = Text {
            call: pop.call.to_string(),
            fence: pop.fence.0,
            level: pop.level.as_str(),
            why: &pop.why,
            rivals: pop.rivals,
            fields: &pop.fields,
            queue: pop.queue.as_str(),
            waited_ms: u64::try_from(pop.waited.as_millis()).unwrap_or(u64::MAX),
            next_step: &pop.next_step,
        };
        text.serialize(out)
    }
}

fn write_fields<S: Serializer>(fields: &[ShownField], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(fields.iter().map(field))
}

fn field(field: &ShownField) -> FieldText<'_> {
    let (key, label) = (field.key.as_ref(), field.label.as_ref());
    match &field.value {
        ShownValue::Open(value) => {
            FieldText { key, label, value: Some(value.expose()), locked: false, needs: None, unlock: None }
        }
        ShownValue::Locked { needs, unlock } => {
            FieldText { key, label, value: None, locked: true, needs: Some(needs.as_str()), unlock: Some(unlock) }
        }
    }
}
