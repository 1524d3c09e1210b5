//! The context of a call as the agent will see it, each field with the lowest level at which it may be shown.

use crate::base::{Level, Now, Pii, QueueId};
use crate::desktop::{Field, Pop};
use crate::intents::intent::{Intent, Money};

use super::call::{Call, Grant};
use super::so_far;

/// Questions that an agent asks to find out what a locked field would say.
const ASK_NAME: &str = "May I have your full name, please?";
const ASK_SUBJECT: &str = "Which order or case is it about?";
const ASK_EMAIL: &str = "Which e-mail address do you use with us?";
const ASK_PAGE: &str = "Are you still signed in on our page? Please confirm the call there.";

/// By this field a desk knows a callback.
const CALLBACK: &str = "callback";

/// Draws the pop of this offer; what is above the call's level is locked by the desktop.
pub fn draw(call: &Call, grant: &Grant, now: Now) -> Pop {
    let intent = call.recognised.intent.as_deref();
    Pop {
        call: call.id,
        fence: grant.fence,
        level: call.record.level,
        why: call.record.evidence.iter().map(|evidence| evidence.text().into()).collect(),
        rivals: call.recognised.rivals,
        fields: called_back(call, now)
            .into_iter()
            .chain(intent.map_or_else(|| unknown_caller(call), |intent| fields(intent, now)))
            .chain(let_through(call))
            .collect(),
        queue: call.queued.as_ref().map_or_else(|| QueueId::new(""), |queued| queued.queue.clone()),
        waited: call.queued.as_ref().map(|queued| now.mono.since(queued.since)).unwrap_or_default(),
        next_step: next_step(call).into(),
    }
}

fn next_step(call: &Call) -> &'static str {
    if call.recall.is_some() {
        return "Answer your phone: then we call the customer. If a machine or somebody else answers, say \"not reached\".";
    }
    match (call.record.level, call.recognised.rivals) {
        (Level::Unmatched, _) => "We do not know this caller: ask who is calling and about what.",
        (_, 1..) => "Other customers fit nearly as well: ask who is calling before you say anything about the case.",
        (Level::Likely, 0) => {
            "The caller is likely, not certain: ask the question beside a locked field to open the case."
        }
        (Level::Strong | Level::Proven, 0) => "",
    }
}

/// Of a callback, for the agent who is to be connected with this number.
fn called_back(call: &Call, now: Now) -> Vec<Field> {
    let Some(recall) = &call.recall else { return Vec::new() };
    let number = recall.callback.number.as_str().to_owned();
    let so_far = so_far::callback(&recall.callback, now.wall);
    vec![
        field(CALLBACK, "You are calling back", number, Level::Unmatched, ""),
        field("callback_so_far", "So far", so_far, Level::Unmatched, ""),
    ]
}

/// Why the rules have let this caller come to a person.
fn let_through(call: &Call) -> Option<Field> {
    let reason = call.record.reason.clone().filter(|reason| !reason.is_empty())?;
    Some(field("access", "Let through because", reason, Level::Unmatched, ""))
}

fn unknown_caller(call: &Call) -> Vec<Field> {
    let number = call.record.caller.expose().clone();
    let shown = if number.is_empty() { "withheld".to_owned() } else { number };
    vec![field("caller_number", "Calls from", shown, Level::Unmatched, "")]
}

/// Locked the deeper the more a stranger could do with it.
fn fields(intent: &Intent, now: Now) -> Vec<Field> {
    let mut fields = vec![
        field("reason", "Reason", reason(intent), Level::Likely, ""),
        field("urgency", "Urgency", intent.urgency.as_str().to_owned(), Level::Likely, ""),
        field("language", "Language", intent.language.clone(), Level::Likely, ""),
        field("customer_name", "Customer", intent.customer.name.expose().clone(), Level::Strong, ASK_NAME),
    ];
    if let Some(tier) = &intent.customer.tier {
        fields.push(field("tier", "Tier", tier.to_string(), Level::Likely, ""));
    }
    if let Some(subject) = &intent.subject {
        let text = format!("{} {}: {}", subject.kind.as_str(), subject.id, subject.title);
        fields.push(field("subject", "About", text, Level::Strong, ASK_SUBJECT));
    }
    if !intent.articles.is_empty() {
        let titles: Vec<&str> = intent.articles.iter().map(|article| article.title.as_str()).collect();
        fields.push(field("articles", "Has read", titles.join("; "), Level::Likely, ""));
    }
    if !intent.words.expose().is_empty() {
        fields.push(field("words", "In their words", intent.words.expose().clone(), Level::Strong, ASK_SUBJECT));
    }
    let past = so_far::past(&intent.customer.past, now.wall);
    if !past.is_empty() {
        fields.push(field("past", "Before this", past, Level::Strong, ASK_SUBJECT));
    }
    fields.push(field("email", "E-mail", intent.customer.email.expose().clone(), Level::Strong, ASK_EMAIL));
    if let Some(value) = &intent.value {
        fields.push(field("value", "Value", money(value), Level::Strong, ASK_SUBJECT));
    }
    fields.push(field("customer_id", "Customer number", intent.customer.id.clone(), Level::Strong, ASK_NAME));
    fields.extend(intent.attributes.iter().map(attribute));
    fields
}

fn field(key: &'static str, label: &'static str, value: String, lowest: Level, unlock: &'static str) -> Field {
    Field { key: key.into(), label: label.into(), value: Pii::new(value), lowest, unlock: unlock.into() }
}

/// The company's own, under the name that it has there.
fn attribute((key, value): (&String, &Pii<String>)) -> Field {
    let (key, value) = (key.clone(), value.expose().clone());
    Field {
        label: key.clone().into(),
        key: key.into(),
        value: Pii::new(value),
        lowest: Level::Proven,
        unlock: ASK_PAGE.into(),
    }
}

fn reason(intent: &Intent) -> String {
    match &intent.reason.sub_category {
        Some(sub) => format!("{} / {sub}", intent.reason.category),
        None => intent.reason.category.clone(),
    }
}

fn money(value: &Money) -> String {
    let sign = if value.minor_units < 0 { "-" } else { "" };
    let minor = value.minor_units.unsigned_abs();
    format!("{sign}{}.{:02} {}", minor / 100, minor % 100, value.currency.as_str())
}
