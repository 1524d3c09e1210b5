//! Cases: what a customer can follow after a call, what they wrote, and what they say of it afterwards.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::base::limits::{
    CASES_OF_CUSTOMER_MAX, FEEDBACK_COMMENT_MAX, INTENT_WORDS_MAX, MESSAGES_OF_INTENT_MAX, SITE_ID_MAX,
};
use crate::base::{CaseId, Pii};
use crate::io::history::{Case, Feedback, NoAnswer, Opened, Origin};

use super::Web;
use super::bearer::Bearer;
use super::body::JsonBody;
use super::case_bodies::{CaseBody, CasesAnswer};
use super::intents::intent_id;
use super::problem::{Kind, Problem, ProblemBody};

/// What a customer writes instead of a call.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageRequest {
    /// In the customer's own words.
    text: String,
}

/// What a customer says of a case.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedbackRequest {
    helpful: bool,
    #[serde(default)]
    comment: String,
}

/// A customer's cases, the newest first. A page may ask with the token of one of this customer's intents.
#[utoipa::path(
    get, path = "/v1/customers/{id}/cases", tag = "cases",
    params(("id" = String, Path, description = "The site's own identity of the customer.")),
    responses(
        (status = 200, description = "The cases", body = CasesAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = []), ("token" = [])),
)]
pub(super) async fn of_customer(
    State(web): State<Arc<Web>>,
    bearer: Bearer,
    Path(customer): Path<String>,
) -> Result<Json<CasesAnswer>, Problem> {
    may_see(&web, &bearer, &customer).await?;
    if customer.len() > SITE_ID_MAX {
        return Err(Problem::new(Kind::NotFound, "this is not the id of a customer: it is too long"));
    }
    let cases = web.history.of_customer(&customer, CASES_OF_CUSTOMER_MAX).await.map_err(no_history)?;
    Ok(Json(CasesAnswer { cases: cases.into_iter().map(CaseBody::of).collect() }))
}

/// The customer says whether it helped; said again, it takes the place of what was said before.
#[utoipa::path(
    post, path = "/v1/cases/{id}/feedback", tag = "cases", request_body = FeedbackRequest,
    params(("id" = String, Path, description = "The id of the case.")),
    responses(
        (status = 200, description = "The case with it", body = CaseBody),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = []), ("token" = [])),
)]
pub(super) async fn feedback(
    State(web): State<Arc<Web>>,
    bearer: Bearer,
    Path(id): Path<String>,
    body: JsonBody<FeedbackRequest>,
) -> Result<Json<CaseBody>, Problem> {
    let id: CaseId = id.parse().map_err(|_| no_case())?;
    let FeedbackRequest { helpful, comment } = body.value;
    if comment.chars().count() > FEEDBACK_COMMENT_MAX {
        let problem = Problem::new(Kind::InvalidBody, "1 fault: mend it and send it again");
        let what = format!("is longer than {FEEDBACK_COMMENT_MAX} characters");
        return Err(problem.with("comment", what, "say it in fewer words"));
    }
    let case = web.history.get(id).await.map_err(no_history)?.ok_or_else(no_case)?;
    may_write(&web, &bearer, case.customer.expose()).await?;
    let feedback = Feedback { helpful, comment: Pii::new(comment), at: web.clock.wall() };
    let case = web.history.feedback(id, feedback).await.map_err(no_history)?.ok_or_else(no_case)?;
    Ok(Json(CaseBody::of(case)))
}

/// The customer writes instead of calling: a case is opened. The same text again is the same case.
#[utoipa::path(
    post, path = "/v1/intents/{id}/message", tag = "cases", request_body = MessageRequest,
    params(("id" = String, Path, description = "As registering answered.")),
    responses(
        (status = 201, description = "The case", body = CaseBody),
        (status = 200, description = "It was sent before; the case", body = CaseBody),
        (status = 429, description = "Too many messages about one intent", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = []), ("token" = [])),
)]
pub(super) async fn message(
    State(web): State<Arc<Web>>,
    bearer: Bearer,
    Path(id): Path<String>,
    body: JsonBody<MessageRequest>,
) -> Result<Response, Problem> {
    let id = intent_id(&id)?;
    bearer.may_use(id)?;
    let text = checked(body.value.text)?;
    let intent = web.intent(id).await?;
    let case = Case::of_message(&intent, text, web.clock.wall());
    let before = web.history.of_intent(id).await.map_err(no_history)?;
    if let Some(same) = before.iter().find(|before| before.id == case.id) {
        return Ok(Json(CaseBody::of(same.clone())).into_response());
    }
    let messages = before.iter().filter(|before| matches!(before.origin, Origin::Message { .. })).count();
    if messages >= MESSAGES_OF_INTENT_MAX {
        return Err(Problem::new(Kind::TooManyMessages, "wait for our answer, or register another contact"));
    }
    let status = match web.history.add(case.clone()).await.map_err(no_history)? {
        Opened::New => StatusCode::CREATED,
        Opened::Again => StatusCode::OK,
    };
    Ok((status, Json(CaseBody::of(case))).into_response())
}

fn checked(text: String) -> Result<String, Problem> {
    let text = text.trim().to_owned();
    let what = match text.chars().count() {
        0 => "is empty".to_owned(),
        count if count > INTENT_WORDS_MAX => format!("is longer than {INTENT_WORDS_MAX} characters"),
        _ => return Ok(text),
    };
    let problem = Problem::new(Kind::InvalidBody, "1 fault: mend it and send it again");
    Err(problem.with("text", what, "write what it is about, on a page at most"))
}

async fn may_see(web: &Web, bearer: &Bearer, customer: &str) -> Result<(), Problem> {
    match bearer {
        Bearer::Page(intent) => is_the_customer(web, *intent, customer).await,
        Bearer::Site(_) => Ok(()),
    }
}

async fn may_write(web: &Web, bearer: &Bearer, customer: &str) -> Result<(), Problem> {
    match bearer {
        Bearer::Page(intent) => is_the_customer(web, *intent, customer).await,
        Bearer::Site(key) if key.write => Ok(()),
        Bearer::Site(_) => Err(Problem::new(Kind::Forbidden, "this key may look only: use one with write = true")),
    }
}

async fn is_the_customer(web: &Web, intent: crate::base::IntentId, customer: &str) -> Result<(), Problem> {
    if web.intent(intent).await?.customer.id == customer {
        return Ok(());
    }
    Err(Problem::new(Kind::Forbidden, "this token is another customer's: use one of an intent of this customer"))
}

fn no_case() -> Problem {
    Problem::new(Kind::NotFound, "there is no such case, or it was long ago")
}

pub(super) fn no_history(why: NoAnswer) -> Problem {
    Problem::new(Kind::HistoryUnavailable, format!("{why}: try again"))
}
