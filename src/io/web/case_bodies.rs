//! The JSON of cases.

use serde::Serialize;
use utoipa::ToSchema;

use crate::intents::{Reason, Subject};
use crate::io::history::{Case, Feedback, Origin};

use super::intent_bodies::{ReasonBody, SubjectBody};
use super::time::rfc3339;

#[derive(Serialize, ToSchema)]
pub(super) struct CasesAnswer {
    pub(super) cases: Vec<CaseBody>,
}

/// What a customer can follow.
#[derive(Serialize, ToSchema)]
pub(super) struct CaseBody {
    #[schema(example = "case_00000000000000000000000000")]
    id: String,
    /// `call` or `message`.
    origin: &'static str,
    intent: String,
    /// The site's own identity of the customer.
    customer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectBody>,
    reason: ReasonBody,
    opened_at: String,
    /// Of a call: one word of the company's own list, such as `solved`.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    /// Of a call: what the agent wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    /// Of a message: what the customer wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<FeedbackBody>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct FeedbackBody {
    helpful: bool,
    comment: String,
    at: String,
}

impl CaseBody {
    pub(super) fn of(case: Case) -> CaseBody {
        let plain = CaseBody {
            id: case.id.to_string(),
            origin: "message",
            intent: case.intent.to_string(),
            customer: case.customer.into_inner(),
            subject: case.subject.map(subject),
            reason: reason(case.reason),
            opened_at: rfc3339(case.opened),
            outcome: None,
            summary: None,
            agent: None,
            call: None,
            text: None,
            feedback: case.feedback.map(FeedbackBody::of),
        };
        match case.origin {
            Origin::Call { call, agent, outcome, summary, article_failed: _ } => CaseBody {
                origin: "call",
                call: Some(call.to_string()),
                agent: Some(agent.to_string()),
                outcome: Some(outcome),
                summary: Some(summary.into_inner()),
                ..plain
            },
            Origin::Message { text } => CaseBody { text: Some(text.into_inner()), ..plain },
        }
    }
}

impl FeedbackBody {
    fn of(feedback: Feedback) -> FeedbackBody {
        FeedbackBody { helpful: feedback.helpful, comment: feedback.comment.into_inner(), at: rfc3339(feedback.at) }
    }
}

fn subject(subject: Subject) -> SubjectBody {
    SubjectBody { kind: subject.kind.as_str().to_owned(), id: subject.id, title: subject.title }
}

fn reason(reason: Reason) -> ReasonBody {
    ReasonBody { category: reason.category, sub_category: reason.sub_category }
}
