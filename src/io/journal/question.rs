//! Questions of the HTTP API in the journal.

use serde::{Deserialize, Serialize};

use crate::engine::question::Question;
use crate::intents::Intent;
use crate::io::records::IntentRecord;

use super::line::BadPart;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum QuestionRecord {
    Calls { limit: u64 },
    Call { call: String },
    Agents,
    Queues,
    Trunks,
    Phases,
    Shadow { limit: u64 },
    Confirm { intent: String },
    InCall { intent: String },
    CallBack { intent: Box<IntentRecord> },
    TakeBack { intent: String },
    Health,
}

impl From<&Question> for QuestionRecord {
    fn from(question: &Question) -> QuestionRecord {
        match question {
            Question::Calls { limit } => QuestionRecord::Calls { limit: *limit as u64 },
            Question::Call { call } => QuestionRecord::Call { call: call.to_string() },
            Question::Agents => QuestionRecord::Agents,
            Question::Queues => QuestionRecord::Queues,
            Question::Trunks => QuestionRecord::Trunks,
            Question::Phases => QuestionRecord::Phases,
            Question::Shadow { limit } => QuestionRecord::Shadow { limit: *limit as u64 },
            Question::Confirm { intent } => QuestionRecord::Confirm { intent: intent.to_string() },
            Question::InCall { intent } => QuestionRecord::InCall { intent: intent.to_string() },
            Question::CallBack { intent } => {
                QuestionRecord::CallBack { intent: Box::new(IntentRecord::from(&**intent)) }
            }
            Question::TakeBack { intent } => QuestionRecord::TakeBack { intent: intent.to_string() },
            Question::Health => QuestionRecord::Health,
        }
    }
}

impl QuestionRecord {
    pub fn read(self) -> Result<Question, BadPart> {
        Ok(match self {
            QuestionRecord::Calls { limit } => Question::Calls { limit: usize::try_from(limit).unwrap_or(usize::MAX) },
            QuestionRecord::Call { call } => Question::Call { call: call.parse().map_err(|_| BadPart("call"))? },
            QuestionRecord::Agents => Question::Agents,
            QuestionRecord::Queues => Question::Queues,
            QuestionRecord::Trunks => Question::Trunks,
            QuestionRecord::Phases => Question::Phases,
            QuestionRecord::Shadow { limit } => {
                Question::Shadow { limit: usize::try_from(limit).unwrap_or(usize::MAX) }
            }
            QuestionRecord::Confirm { intent } => {
                Question::Confirm { intent: intent.parse().map_err(|_| BadPart("intent"))? }
            }
            QuestionRecord::InCall { intent } => {
                Question::InCall { intent: intent.parse().map_err(|_| BadPart("intent"))? }
            }
            QuestionRecord::CallBack { intent } => {
                let intent = Intent::try_from(*intent).map_err(|bad| BadPart(bad.field))?;
                Question::CallBack { intent: Box::new(intent) }
            }
            QuestionRecord::TakeBack { intent } => {
                Question::TakeBack { intent: intent.parse().map_err(|_| BadPart("intent"))? }
            }
            QuestionRecord::Health => Question::Health,
        })
    }
}
