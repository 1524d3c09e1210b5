//! `POST /v1/trouble`: a page tells what goes wrong in its browser, which nobody else can know.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Web;
use super::body::JsonBody;
use super::keys;
use super::problem::{Kind, Problem, ProblemBody};
use super::sip::browser_of;
use crate::io::troubles::{Told, Trouble};

/// What goes wrong.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TroubleRequest {
    code: Told,
}

/// It is written to the log and counted, with the intent or the agent; nothing comes of it otherwise.
#[utoipa::path(
    post, path = "/v1/trouble", tag = "pages", request_body = TroubleRequest,
    responses(
        (status = 204, description = "Noted"),
        (status = 401, description = "Neither an intent's token nor a desk's", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("token" = [])),
)]
pub(super) async fn tell(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    body: JsonBody<TroubleRequest>,
) -> Result<StatusCode, Problem> {
    let token = keys::bearer_of(&headers).ok_or_else(|| {
        Problem::new(Kind::Unauthorized, "send the token of the intent, or that of the desk's telephone")
    })?;
    let browser = browser_of(&web.sip, token, web.clock.wall()).await?;
    web.sip.troubles.note(Trouble::Told(body.value.code), Some(&browser));
    Ok(StatusCode::NO_CONTENT)
}
