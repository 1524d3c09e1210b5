//! The pop: what an agent sees of a call, and what stays locked below its level.

use std::borrow::Cow;
use std::time::Duration;

use crate::base::{CallId, Fence, Level, Pii, QueueId};

/// Words of ours; what they are about may have given some.
pub type Words = Cow<'static, str>;

/// The whole context of one offer, as the calls know it. Only its `shown` form leaves this folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pop {
    pub call: CallId,
    pub fence: Fence,
    pub level: Level,
    /// The evidence, in words for the agent; no personal values in it.
    pub why: Vec<Words>,
    /// How many other intents fit nearly as well.
    pub rivals: u8,
    pub fields: Vec<Field>,
    pub queue: QueueId,
    /// How long the caller has waited so far.
    pub waited: Duration,
    /// What the agent should do next; empty when nothing special.
    pub next_step: Words,
}

/// One line of the pop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The stable name, such as `customer_name`.
    pub key: Words,
    /// The name that the agent reads.
    pub label: Words,
    pub value: Pii<String>,
    /// The lowest level at which the value may be shown.
    pub lowest: Level,
    /// The question whose answer unlocks the value.
    pub unlock: Words,
}

/// A pop that holds nothing above its own level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownPop {
    pub call: CallId,
    pub fence: Fence,
    pub level: Level,
    pub why: Vec<Words>,
    pub rivals: u8,
    pub fields: Vec<ShownField>,
    pub queue: QueueId,
    pub waited: Duration,
    pub next_step: Words,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownField {
    pub key: Words,
    pub label: Words,
    pub value: ShownValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShownValue {
    Open(Pii<String>),
    /// The value is not here; `unlock` is the question to ask, `needs` the level that opens it.
    Locked {
        needs: Level,
        unlock: Words,
    },
}

impl Pop {
    /// Leaves every value behind that is above the level of this pop.
    pub fn shown(self) -> ShownPop {
        let level = self.level;
        ShownPop {
            call: self.call,
            fence: self.fence,
            level,
            why: self.why,
            rivals: self.rivals,
            fields: self.fields.into_iter().map(|field| field.shown(level)).collect(),
            queue: self.queue,
            waited: self.waited,
            next_step: self.next_step,
        }
    }
}

impl Field {
    fn shown(self, level: Level) -> ShownField {
        let value = if self.lowest <= level {
            ShownValue::Open(self.value)
        } else {
            ShownValue::Locked { needs: self.lowest, unlock: self.unlock }
        };
        ShownField { key: self.key, label: self.label, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pop(level: Level) -> Pop {
        let field = |lowest: Level| Field {
            key: format!("field_{lowest}").into(),
            label: "Field".into(),
            value: Pii::new(format!("secret of {lowest}")),
            lowest,
            unlock: format!("question of {lowest}").into(),
        };
        Pop {
            call: CallId(1),
            fence: Fence(1),
            level,
            why: vec![],
            rivals: 0,
            fields: Level::ALL.into_iter().map(field).collect(),
            queue: QueueId::new("help"),
            waited: Duration::ZERO,
            next_step: Words::default(),
        }
    }

    #[test]
    fn each_level_shows_what_it_may_and_the_question_for_the_rest() {
        for level in Level::ALL {
            let shown = pop(level).shown();
            for (field, lowest) in shown.fields.iter().zip(Level::ALL) {
                let expected = if lowest <= level {
                    ShownValue::Open(Pii::new(format!("secret of {lowest}")))
                } else {
                    ShownValue::Locked { needs: lowest, unlock: format!("question of {lowest}").into() }
                };
                assert_eq!(field.value, expected, "{lowest} at {level}");
            }
        }
    }
}
