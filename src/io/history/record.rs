//! The serialised form of a case; versioned, and apart from the type that is worked with.

use serde::{Deserialize, Serialize};

use crate::base::{AgentId, Pii, Wall};
use crate::desktop::ArticleFailed;
use crate::intents::Subject;
use crate::io::records::{BadRecord, ReasonRecord, SubjectRecord};

use super::case::{Case, Feedback, Origin};

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
pub(super) struct CaseRecord {
    v: u32,
    id: String,
    intent: String,
    customer: String,
    subject: Option<SubjectRecord>,
    reason: ReasonRecord,
    origin: OriginRecord,
    opened: u64,
    feedback: Option<FeedbackRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OriginRecord {
    /// `failed`: the article and why.
    Call {
        call: String,
        agent: String,
        outcome: String,
        summary: String,
        failed: Option<(String, String)>,
    },
    Message {
        text: String,
    },
}

#[derive(Serialize, Deserialize)]
struct FeedbackRecord {
    helpful: bool,
    comment: String,
    at: u64,
}

impl From<&Case> for CaseRecord {
    fn from(case: &Case) -> CaseRecord {
        CaseRecord {
            v: VERSION,
            id: case.id.to_string(),
            intent: case.intent.to_string(),
            customer: case.customer.expose().clone(),
            subject: case.subject.as_ref().map(SubjectRecord::from),
            reason: ReasonRecord::from(&case.reason),
            origin: OriginRecord::from(&case.origin),
            opened: case.opened.0,
            feedback: case.feedback.as_ref().map(|feedback| FeedbackRecord {
                helpful: feedback.helpful,
                comment: feedback.comment.expose().clone(),
                at: feedback.at.0,
            }),
        }
    }
}

impl From<&Origin> for OriginRecord {
    fn from(origin: &Origin) -> OriginRecord {
        match origin {
            Origin::Call { call, agent, outcome, summary, article_failed } => OriginRecord::Call {
                call: call.to_string(),
                agent: agent.to_string(),
                outcome: outcome.clone(),
                summary: summary.expose().clone(),
                failed: article_failed.as_ref().map(|failed| (failed.article.clone(), failed.why.expose().clone())),
            },
            Origin::Message { text } => OriginRecord::Message { text: text.expose().clone() },
        }
    }
}

impl TryFrom<CaseRecord> for Case {
    type Error = BadRecord;

    fn try_from(record: CaseRecord) -> Result<Case, BadRecord> {
        if record.v != VERSION {
            return Err(BadRecord { field: "v" });
        }
        Ok(Case {
            id: record.id.parse().map_err(|_| BadRecord { field: "id" })?,
            intent: record.intent.parse().map_err(|_| BadRecord { field: "intent" })?,
            customer: Pii::new(record.customer),
            subject: record.subject.map(Subject::try_from).transpose()?,
            reason: record.reason.into(),
            origin: record.origin.read()?,
            opened: Wall(record.opened),
            feedback: record.feedback.map(|feedback| Feedback {
                helpful: feedback.helpful,
                comment: Pii::new(feedback.comment),
                at: Wall(feedback.at),
            }),
        })
    }
}

impl OriginRecord {
    fn read(self) -> Result<Origin, BadRecord> {
        Ok(match self {
            OriginRecord::Call { call, agent, outcome, summary, failed } => Origin::Call {
                call: call.parse().map_err(|_| BadRecord { field: "call" })?,
                agent: AgentId::new(&agent),
                outcome,
                summary: Pii::new(summary),
                article_failed: failed.map(|(article, why)| ArticleFailed { article, why: Pii::new(why) }),
            },
            OriginRecord::Message { text } => Origin::Message { text: Pii::new(text) },
        })
    }
}
