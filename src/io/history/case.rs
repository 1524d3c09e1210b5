//! A case: what a customer can follow after a call or a message.

use sha2::{Digest, Sha256};

use crate::base::{AgentId, CallId, CaseId, IntentId, Pii, Wall};
use crate::calls::facts::CaseNote;
use crate::desktop::ArticleFailed;
use crate::intents::{Intent, Reason, Subject};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub id: CaseId,
    pub intent: IntentId,
    /// The site's own identity of the customer.
    pub customer: Pii<String>,
    pub subject: Option<Subject>,
    pub reason: Reason,
    pub origin: Origin,
    pub opened: Wall,
    pub feedback: Option<Feedback>,
}

/// What it came of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An agent talked to the customer, and wrote this.
    Call { call: CallId, agent: AgentId, outcome: String, summary: Pii<String>, article_failed: Option<ArticleFailed> },
    /// The customer wrote this.
    Message { text: Pii<String> },
}

/// What the customer says of it afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    pub helpful: bool,
    pub comment: Pii<String>,
    pub at: Wall,
}

impl Case {
    pub fn of_call(note: &CaseNote) -> Case {
        let wrap_up = note.wrap_up.clone();
        Case {
            id: note.case,
            intent: note.intent,
            customer: note.about.customer.clone(),
            subject: note.about.subject.clone(),
            reason: note.about.reason.clone(),
            origin: Origin::Call {
                call: wrap_up.call,
                agent: note.agent.clone(),
                outcome: wrap_up.outcome,
                summary: wrap_up.summary,
                article_failed: wrap_up.article_failed,
            },
            opened: note.at,
            feedback: None,
        }
    }

    /// The same words about the same intent are the same case, however often they are sent.
    pub fn of_message(intent: &Intent, text: String, now: Wall) -> Case {
        Case {
            id: id_of_message(intent.id, &text),
            intent: intent.id,
            customer: Pii::new(intent.customer.id.clone()),
            subject: intent.subject.clone(),
            reason: intent.reason.clone(),
            origin: Origin::Message { text: Pii::new(text) },
            opened: now,
            feedback: None,
        }
    }
}

/// Cases of calls have small numbers; half of all numbers are for messages.
fn id_of_message(intent: IntentId, text: &str) -> CaseId {
    let hash = Sha256::new().chain_update(intent.0.to_be_bytes()).chain_update(text).finalize();
    let number = hash.iter().take(16).fold(0, |number: u128, byte| (number << 8) | u128::from(*byte));
    CaseId(number | 1 << 127)
}
