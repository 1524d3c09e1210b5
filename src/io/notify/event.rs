//! The event: what became of one call, with no name, number or address of a person in it.

use serde::Serialize;

use crate::base::{Stage, Wall};
use crate::calls::facts::{CallRecord, Outcome};

/// An event on its way.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// The same however often it is sent.
    pub id: String,
    pub body: String,
    /// Tries so far.
    pub tries: u32,
}

/// Times as RFC 3339 writes them, spans in seconds.
#[derive(Serialize)]
struct Body<'r> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// When the call was over.
    timestamp: String,
    data: Data<'r>,
}

#[derive(Serialize)]
struct Data<'r> {
    call: String,
    intent: Option<String>,
    /// The site's own identity of the customer.
    customer: Option<&'r str>,
    level: &'static str,
    rule: Option<&'r str>,
    queue: Option<&'r str>,
    agent: Option<&'r str>,
    /// The customer and an agent talked.
    served: bool,
    outcome: Option<&'static str>,
    /// Why the call went on to the fallback, if it did.
    fallback: Option<&'static str>,
    began_at: String,
    /// Until an agent answered, or else until the end.
    waited_s: f64,
    talked_s: f64,
}

impl Event {
    pub(super) fn of(record: &CallRecord) -> Event {
        let ended = record.ended.unwrap_or(record.began);
        let data = Data {
            call: record.call.to_string(),
            intent: record.intent.map(|intent| intent.to_string()),
            customer: record.about.as_ref().map(|about| about.customer.expose().as_str()),
            level: record.level.as_str(),
            rule: record.rule.as_deref(),
            queue: record.queue.as_ref().map(|queue| queue.as_str()),
            agent: record.agent.as_ref().map(|agent| agent.as_str()),
            served: record.outcome == Some(Outcome::Talked),
            outcome: record.outcome.map(Outcome::as_str),
            fallback: record.fallback.map(|cause| cause.as_str()),
            began_at: rfc3339(record.began),
            waited_s: waited_s(record, ended),
            talked_s: record.talked.as_secs_f64(),
        };
        let body = Body { kind: "call.ended", timestamp: rfc3339(ended), data };
        // Texts and numbers always become JSON.
        let body = serde_json::to_string(&body).unwrap_or_default();
        Event { id: format!("evt_{}", record.call), body, tries: 0 }
    }
}

fn waited_s(record: &CallRecord, ended: Wall) -> f64 {
    let answered = record.stages.iter().find(|(stage, _)| *stage == Stage::InviteToAnswer);
    answered.map_or(ended.since(record.began), |(_, took)| *took).as_secs_f64()
}

fn rfc3339(at: Wall) -> String {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX).to_string()
}
