//! What goes on: calls, agents, queues, trunks, latency. Snapshots of what the engine holds.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::Uri;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::base::CallId;
use crate::engine::question::{Answer, Question};
use crate::routing::QueueView;

use super::Web;
use super::board_bodies::{
    AgentBody, AgentsAnswer, CallBody, CallsAnswer, LatencyAnswer, QueueBody, QueuesAnswer, TrunkBody, TrunksAnswer,
};
use super::keys::Reader;
use super::problem::{Kind, Problem, ProblemBody};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CallsQuery {
    /// At most so many, 1 to 1000; 50 when not given.
    limit: Option<usize>,
}

const CALLS: usize = 50;
const CALLS_MAX: usize = 1_000;

/// Calls in progress and those that have ended.
#[utoipa::path(
    get, path = "/v1/calls", tag = "calls", params(CallsQuery),
    responses(
        (status = 200, description = "The calls", body = CallsAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn calls(State(web): State<Arc<Web>>, _: Reader, uri: Uri) -> Result<Json<CallsAnswer>, Problem> {
    let limit = limit(&uri)?;
    match web.door.ask(Question::Calls { limit }).await {
        Some(Answer::Calls(calls)) => Ok(Json(CallsAnswer { calls: calls.into_iter().map(CallBody::of).collect() })),
        _ => Err(Problem::engine()),
    }
}

fn limit(uri: &Uri) -> Result<usize, Problem> {
    let limit = Query::<CallsQuery>::try_from_uri(uri).ok().map(|Query(query)| query.limit.unwrap_or(CALLS));
    limit.filter(|limit| (1..=CALLS_MAX).contains(limit)).ok_or_else(|| {
        let problem = Problem::new(Kind::InvalidRequest, "the query cannot be read");
        problem.with("limit", format!("is not a number from 1 to {CALLS_MAX}"), "give limit=50, or leave it out")
    })
}

/// One call, with the reasons for what became of it.
#[utoipa::path(
    get, path = "/v1/calls/{id}", tag = "calls", params(("id" = String, Path, description = "The id of the call.")),
    responses(
        (status = 200, description = "The call", body = CallBody),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn call(
    State(web): State<Arc<Web>>,
    _: Reader,
    Path(id): Path<String>,
) -> Result<Json<CallBody>, Problem> {
    let call: CallId = id.parse().map_err(|_| Problem::new(Kind::NotFound, "this is not the id of a call"))?;
    match web.door.ask(Question::Call { call }).await {
        Some(Answer::Call(Some(call))) => Ok(Json(CallBody::of(*call))),
        Some(Answer::Call(None)) => Err(Problem::new(Kind::NotFound, "there is no such call, or it was long ago")),
        _ => Err(Problem::engine()),
    }
}

/// Every agent and what they do.
#[utoipa::path(
    get, path = "/v1/agents", tag = "board",
    responses(
        (status = 200, description = "The agents", body = AgentsAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn agents(State(web): State<Arc<Web>>, _: Reader) -> Result<Json<AgentsAnswer>, Problem> {
    match web.door.ask(Question::Agents).await {
        Some(Answer::Agents(agents)) => {
            let now = web.clock.mono();
            Ok(Json(AgentsAnswer { agents: agents.into_iter().map(|agent| AgentBody::of(agent, now)).collect() }))
        }
        _ => Err(Problem::engine()),
    }
}

/// Every queue and who waits in it.
#[utoipa::path(
    get, path = "/v1/queues", tag = "board",
    responses(
        (status = 200, description = "The queues", body = QueuesAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn queues(State(web): State<Arc<Web>>, _: Reader) -> Result<Json<QueuesAnswer>, Problem> {
    match web.door.ask(Question::Queues).await {
        Some(Answer::Queues(queues)) => Ok(Json(QueuesAnswer { queues: queue_bodies(&web, queues) })),
        _ => Err(Problem::engine()),
    }
}

pub(super) fn queue_bodies(web: &Web, queues: Vec<QueueView>) -> Vec<QueueBody> {
    let body = |view: QueueView| {
        let score = web.telemetry.wait_score(&view.queue);
        let service = web.telemetry.service(&view.queue, web.clock.wall());
        QueueBody::of(view, score, service)
    };
    queues.into_iter().map(body).collect()
}

/// Every trunk, whether it answers, and its calls.
#[utoipa::path(
    get, path = "/v1/trunks", tag = "board",
    responses(
        (status = 200, description = "The trunks", body = TrunksAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn trunks(State(web): State<Arc<Web>>, _: Reader) -> Result<Json<TrunksAnswer>, Problem> {
    match web.door.ask(Question::Trunks).await {
        Some(Answer::Trunks(trunks)) => {
            let now = web.clock.mono();
            Ok(Json(TrunksAnswer { trunks: trunks.into_iter().map(|trunk| TrunkBody::of(trunk, now)).collect() }))
        }
        _ => Err(Problem::engine()),
    }
}

/// How long each stage of a call takes, since the process began.
#[utoipa::path(
    get, path = "/v1/latency", tag = "board",
    responses(
        (status = 200, description = "Percentiles of each stage", body = LatencyAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn latency(State(web): State<Arc<Web>>, _: Reader) -> Json<LatencyAnswer> {
    Json(LatencyAnswer::of(&web.telemetry.latency()))
}
