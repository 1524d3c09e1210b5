//! No desk is sent a value above the level of its pop, or a value of another customer, or the first pop of a call that is over.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{CallId, Level};
use crate::calls::facts::Fact;
use crate::desktop::{DesktopOutput, ServerMessage, ShownPop, ShownValue};

#[derive(Default)]
pub(super) struct Pops {
    over: BTreeSet<CallId>,
    seen: BTreeSet<CallId>,
    /// The customer whose secrets have been shown for a call.
    customer_by_call: BTreeMap<CallId, u32>,
}

/// Our own opinion of what each kind of secret needs; the names are those of `site`.
const LOWEST: [(&str, Level); 5] = [
    ("name", Level::Strong),
    ("email", Level::Strong),
    ("subject", Level::Strong),
    ("words", Level::Strong),
    ("cart", Level::Proven),
];

impl Pops {
    pub fn fact(&mut self, fact: &Fact) {
        if let Fact::CallEnded(record) = fact {
            self.over.insert(record.call);
        }
    }

    pub fn output(&mut self, output: &DesktopOutput) -> Vec<String> {
        let DesktopOutput::Send { message: ServerMessage::Pop(pop), .. } = output else { return Vec::new() };
        let mut wrong = Vec::new();
        if self.seen.insert(pop.call) && self.over.contains(&pop.call) {
            wrong.push(format!("{}: its first pop comes after its end", pop.call));
        }
        let texts = texts(pop);
        for (kind, lowest) in LOWEST {
            for customer in texts.iter().flat_map(|text| secrets(text, kind)) {
                if pop.level < lowest {
                    wrong.push(format!("{}: {kind} is shown at {}", pop.call, pop.level));
                }
                if *self.customer_by_call.entry(pop.call).or_insert(customer) != customer {
                    wrong.push(format!("{}: {kind} of another customer", pop.call));
                }
            }
        }
        wrong
    }
}

/// Every text of the message.
fn texts(pop: &ShownPop) -> Vec<&str> {
    let mut texts = vec![pop.next_step.as_str(), pop.queue.as_str()];
    texts.extend(pop.why.iter().map(String::as_str));
    for field in &pop.fields {
        texts.extend([field.key.as_str(), field.label.as_str()]);
        texts.push(match &field.value {
            ShownValue::Open(value) => value.expose(),
            ShownValue::Locked { unlock, .. } => unlock,
        });
    }
    texts
}

/// The numbers of all secrets of a kind in a text.
fn secrets<'a>(text: &'a str, kind: &'a str) -> impl Iterator<Item = u32> + 'a {
    text.match_indices(kind).filter_map(move |(at, _)| {
        let rest = text.get(at + kind.len()..)?.strip_prefix('#')?;
        rest.split(';').next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::super::histories::{call, ended};
    use super::*;
    use crate::base::{Fence, Pii, QueueId};
    use crate::desktop::{ConnId, ShownField};
    use crate::sim::site::secret;

    fn pop(level: Level, values: &[String]) -> DesktopOutput {
        let field = |value: &String| ShownField {
            key: "k".to_owned(),
            label: "K".to_owned(),
            value: ShownValue::Open(Pii::new(value.clone())),
        };
        let pop = ShownPop {
            call: call(1),
            fence: Fence(1),
            level,
            why: Vec::new(),
            rivals: 0,
            fields: values.iter().map(field).collect(),
            queue: QueueId::new("help"),
            waited: Default::default(),
            next_step: String::new(),
        };
        DesktopOutput::Send { conn: ConnId(1), seq: Some(1), message: ServerMessage::Pop(Box::new(pop)) }
    }

    #[test]
    fn what_must_not_be_shown_is_found() {
        let (name, cart, other) = (secret("name", 7), secret("cart", 7), secret("email", 8));
        for (level, values, faults) in [
            (Level::Strong, vec![name.clone()], 0),
            (Level::Likely, vec![name.clone()], 1),
            (Level::Strong, vec![format!("About: {cart}")], 1),
            (Level::Proven, vec![name.clone(), cart], 0),
            (Level::Proven, vec![name, other], 1),
        ] {
            assert_eq!(Pops::default().output(&pop(level, &values)).len(), faults, "{level} {values:?}");
        }
        let mut pops = Pops::default();
        pops.fact(&ended(1));
        assert_eq!(pops.output(&pop(Level::Likely, &[])).len(), 1, "a pop of a dead call");
    }
}
