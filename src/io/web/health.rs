//! For those who watch the process: is it alive, can it take calls, what does it count. No key is needed.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::calls::settings::PoolPlan;
use crate::engine::question::{Answer, Counts, Question, TrunkView};
use crate::intents::{StoreReply, StoreRequest};
use crate::io::telemetry::{Gauges, PoolGauge};
use crate::sip::api::GatewayView;

use super::Web;
use super::problem::{Kind, Problem, ProblemBody};

#[derive(Serialize, ToSchema)]
pub(super) struct HealthAnswer {
    /// Always `ok`.
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ReadyAnswer {
    /// Always `ready`; otherwise the answer is a problem.
    status: &'static str,
    calls: usize,
    waiting: usize,
    /// The version of the access policy that holds.
    policy: String,
}

/// A store that takes longer is of no use to a call.
const STORE_WITHIN: Duration = Duration::from_secs(1);
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "watching", responses((status = 200, description = "Alive", body = HealthAnswer)))]
pub(super) async fn alive() -> Json<HealthAnswer> {
    Json(HealthAnswer { status: "ok" })
}

/// The engine and the store of intents answer.
#[utoipa::path(
    get, path = "/readyz", tag = "watching",
    responses(
        (status = 200, description = "Ready", body = ReadyAnswer),
        (status = 503, description = "Not ready, and why", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn ready(State(web): State<Arc<Web>>) -> Result<Json<ReadyAnswer>, Problem> {
    let (store, engine) = tokio::join!(store_fault(&web), counts(&web));
    let mut problem = Problem::new(Kind::NotReady, "calls go to their fallback, or are not taken");
    if let Some(what) = store {
        problem = problem.with("store", what, "see that the store runs and can be reached; /metrics counts the misses");
    }
    match engine {
        Some(counts) if counts.is_draining => {
            Err(problem.with("engine", "draining", "send calls elsewhere: the process will end"))
        }
        Some(counts) if problem.faults.is_empty() => {
            let policy = web.routes.policy.version().to_string();
            Ok(Json(ReadyAnswer { status: "ready", calls: counts.calls, waiting: counts.waiting, policy }))
        }
        Some(_) => Err(problem),
        None => Err(problem.with("engine", "does not answer", "see the log; the process may be stopping")),
    }
}

async fn store_fault(web: &Web) -> Option<String> {
    let request = StoreRequest::Ping { now: web.clock.wall() };
    match tokio::time::timeout(STORE_WITHIN, web.store.ask(request)).await {
        Ok(Ok(StoreReply::Pong)) => None,
        Ok(Ok(_)) => Some("answers something else".to_owned()),
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("does not answer within a second".to_owned()),
    }
}

async fn counts(web: &Web) -> Option<Counts> {
    match web.door.ask(Question::Health).await {
        Some(Answer::Health(counts)) => Some(counts),
        _ => None,
    }
}

/// Counters and histograms in the Prometheus text format.
#[utoipa::path(
    get, path = "/metrics", tag = "watching",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain")),
)]
pub(super) async fn metrics(State(web): State<Arc<Web>>) -> Response {
    let counts = counts(&web).await.unwrap_or_default();
    let trunks = match web.door.ask(Question::Trunks).await {
        Some(Answer::Trunks(trunks)) => trunks,
        _ => Vec::new(),
    };
    let registered = trunks.iter().filter_map(|t| Some((t.trunk.to_string(), t.registration?.registered))).collect();
    let gateway = |trunk: &TrunkView, one: &GatewayView| (trunk.trunk.to_string(), one.uri.clone(), one.state);
    let gateways = trunks.iter().flat_map(|t| t.gateways.iter().map(move |one| gateway(t, one))).collect();
    let trunks = trunks.into_iter().filter_map(|trunk| Some((trunk.trunk.to_string(), trunk.reachable?)));
    let gauges = Gauges {
        calls: counts.calls,
        waiting: counts.waiting,
        grants: counts.grants,
        desks: web.lines.len(),
        trunks: trunks.collect(),
        registered,
        gateways,
        pools: web.pools.iter().filter_map(|pool| pool_gauge(&web, pool)).collect(),
        policy: web.routes.policy.version().to_string(),
        shadow: web.routes.shadow.as_ref().map(|shadow| shadow.version().to_string()),
    };
    ([(header::CONTENT_TYPE, METRICS_TYPE)], web.telemetry.prometheus(&gauges)).into_response()
}

fn pool_gauge(web: &Web, pool: &PoolPlan) -> Option<PoolGauge> {
    let promise = web.pace.promise(pool)?;
    Some(PoolGauge {
        pool: pool.pool.to_string(),
        numbers: pool.numbers.len(),
        needed: promise.derived.needed,
        is_kept: promise.derived.is_kept(&promise.promise),
        per_hour: promise.promise.traffic.per_hour,
    })
}
