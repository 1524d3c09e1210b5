//! What a rule answers.

use std::sync::Arc;
use std::time::Duration;

use crate::base::{QueueId, SkillId};

use super::reason::ReasonText;

/// Where the caller goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A human as soon as one is free. Without a queue, the default queue of the configuration.
    Human { queue: Option<QueueId>, priority: i32 },
    /// A human if one is free within `ceiling`, else what `then` says.
    Queue { queue: QueueId, priority: i32, ceiling: Duration, then: After },
    /// We call the customer when it is their turn in the queue; without one, in the default queue.
    Callback { queue: Option<QueueId>, priority: i32 },
    /// The trunk's fallback: the IVR.
    SelfService,
    /// A final SIP answer of 400 to 699; `announcement` is what the caller may be told in words.
    Refuse { status: u16, announcement: Option<Arc<str>> },
}

impl Answer {
    /// At once, or after a queue.
    pub fn calls_back(&self) -> bool {
        match self {
            Answer::Callback { .. } => true,
            Answer::Queue { then, .. } => then.calls_back(),
            Answer::Human { .. } | Answer::SelfService | Answer::Refuse { .. } => false,
        }
    }
}

impl After {
    fn calls_back(&self) -> bool {
        match self {
            After::Callback => true,
            After::Queue(next) => next.then.calls_back(),
            After::SelfService | After::Refuse { .. } => false,
        }
    }
}

/// What follows a queue whose ceiling has been reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// The trunk's fallback: the IVR.
    SelfService,
    /// A final SIP answer of 400 to 699; the announcement is heard before it.
    Refuse { status: u16, announcement: Option<Arc<str>> },
    /// As the answer.
    Callback,
    /// The call goes on in another queue, with the time that it has waited.
    Queue(Arc<Overflow>),
}

/// A queue that takes the calls that another one could not serve in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overflow {
    pub queue: QueueId,
    /// `None`: as long as it takes.
    pub ceiling: Option<Duration>,
    pub then: After,
}

/// The policy's answer, the rule that gave it, and why in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub answer: Answer,
    /// The rule's name; `default` when none matched.
    pub rule: Arc<str>,
    pub reason: ReasonText,
    /// Skills that the agent must have besides what the queue asks for, and the lowest level of each.
    pub skills: Arc<[(SkillId, u8)]>,
    /// Who is told what became of the call, by the name in the configuration.
    pub notify: Option<Arc<str>>,
}
