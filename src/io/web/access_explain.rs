//! `POST /v1/access/explain`: what the access rules would say of a made-up caller, and why; and `GET /v1/access/shadow`: where the
//! rules that may come next would have said something else.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::access::{PolicyVersion, ReasonCode};
use crate::calls::shadowing::Difference;
use crate::engine::question::{Answer, Question};
use crate::io::telemetry::{Counter, Telemetry};

use super::Web;
use super::body::JsonBody;
use super::explain::{TriedBody, tried};
use super::keys::Reader;
use super::lookup::Routes;
use super::lookup_bodies::AccessBody;
use super::made_up::{MadeUp, MadeUpBody};
use super::problem::{Kind, Problem, ProblemBody};
use super::time::rfc3339;

/// What the rules say of the caller.
#[derive(Serialize, ToSchema)]
pub(super) struct AccessExplained {
    /// The version of the policy that was asked.
    policy: String,
    access: AccessBody,
    /// Every rule in its order, up to the one that decided.
    tried: Vec<TriedBody>,
    /// What the shadow policy says, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<ShadowExplained>,
}

#[derive(Serialize, ToSchema)]
struct ShadowExplained {
    policy: String,
    access: AccessBody,
    tried: Vec<TriedBody>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ShadowQuery {
    /// At most so many differences, 1 to 1000; 50 when not given.
    limit: Option<usize>,
}

/// The shadow policy beside the one that holds.
#[derive(Serialize, ToSchema)]
pub(super) struct ShadowAnswer {
    /// The version of the policy that holds, and of its shadow; that one is absent when there is none.
    policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<String>,
    /// Decisions since this shadow policy is there, by both answers.
    counts: Vec<ShadowCount>,
    /// Calls to which the answers differ, the latest first; the oldest are forgotten.
    differences: Vec<DifferenceBody>,
}

/// So many decisions gave this answer, and would have given that one. A call is decided again when its level has risen.
#[derive(Serialize, ToSchema)]
pub(super) struct ShadowCount {
    live: &'static str,
    shadow: &'static str,
    /// Something else would have been done: also where the answers are of one kind, and queue, priority, skills or notice are others.
    differs: bool,
    count: u64,
}

#[derive(Serialize, ToSchema)]
struct DifferenceBody {
    call: String,
    at: String,
    live: AccessBody,
    shadow: AccessBody,
    /// The version of the shadow policy.
    shadow_policy: String,
}

const LIMIT: usize = 50;
const LIMIT_MAX: usize = 1_000;

/// What the access rules would say of a caller of whom this is known. Nothing happens by asking.
#[utoipa::path(
    post, path = "/v1/access/explain", tag = "access", operation_id = "explain_access", request_body = MadeUpBody,
    responses(
        (status = 200, description = "The answer, and every rule that was tried", body = AccessExplained),
        (status = 400, description = "Every field that is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn explain(
    State(web): State<Arc<Web>>,
    _: Reader,
    body: JsonBody<Value>,
) -> Result<Json<AccessExplained>, Problem> {
    let caller = MadeUp::read(&body.value, web.region, web.clock.wall())?;
    let (routes, facts) = (&web.routes, caller.facts());
    let (decision, trace) = routes.policy.decide_with_trace(&facts);
    let shadow = routes.shadow.as_ref().map(|shadow| {
        let (decision, trace) = shadow.decide_with_trace(&facts);
        ShadowExplained {
            policy: shadow.version().to_string(),
            access: AccessBody::of(&decision, routes),
            tried: tried(trace.tried()),
        }
    });
    Ok(Json(AccessExplained {
        policy: routes.policy.version().to_string(),
        access: AccessBody::of(&decision, routes),
        tried: tried(trace.tried()),
        shadow,
    }))
}

/// What the shadow policy would have said of the calls there were.
#[utoipa::path(
    get, path = "/v1/access/shadow", tag = "access", operation_id = "shadow", params(ShadowQuery),
    responses(
        (status = 200, description = "Counts and differences", body = ShadowAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn shadow(State(web): State<Arc<Web>>, _: Reader, uri: Uri) -> Result<Json<ShadowAnswer>, Problem> {
    let limit = limit(&uri)?;
    let Some(Answer::Shadow(differences)) = web.door.ask(Question::Shadow { limit }).await else {
        return Err(Problem::engine());
    };
    let routes = &web.routes;
    Ok(Json(ShadowAnswer {
        policy: routes.policy.version().to_string(),
        shadow: routes.shadow_version().map(|version| version.to_string()),
        counts: counts(&web.telemetry, routes.shadow_version()),
        differences: differences.iter().map(|difference| difference_body(difference, routes)).collect(),
    }))
}

/// The answers that there have been, by what the shadow policy would have said; those of another shadow, which was there before a reload,
/// are not among them.
pub(super) fn counts(telemetry: &Telemetry, version: Option<PolicyVersion>) -> Vec<ShadowCount> {
    let Some(version) = version else { return Vec::new() };
    let pairs = ReasonCode::ALL.into_iter().flat_map(|live| ReasonCode::ALL.map(|shadow| (live, shadow)));
    let each = pairs.flat_map(|(live, shadow)| [false, true].map(|differs| (live, shadow, differs)));
    let count = |(live, shadow, differs): (ReasonCode, ReasonCode, bool)| ShadowCount {
        live: live.as_str(),
        shadow: shadow.as_str(),
        differs,
        count: telemetry.count(&Counter::Shadowed(version, live, shadow, differs)),
    };
    each.map(count).filter(|count| count.count > 0).collect()
}

fn difference_body(difference: &Difference, routes: &Routes) -> DifferenceBody {
    DifferenceBody {
        call: difference.call.to_string(),
        at: rfc3339(difference.at),
        live: AccessBody::of(&difference.live, routes),
        shadow: AccessBody::of(&difference.shadow, routes),
        shadow_policy: difference.shadow_version.to_string(),
    }
}

fn limit(uri: &Uri) -> Result<usize, Problem> {
    let limit = Query::<ShadowQuery>::try_from_uri(uri).ok().map(|Query(query)| query.limit.unwrap_or(LIMIT));
    limit.filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
        let problem = Problem::new(Kind::InvalidRequest, "the query cannot be read");
        problem.with("limit", format!("is not a number from 1 to {LIMIT_MAX}"), "give limit=50, or leave it out")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CallId, Mono, Now, Wall};
    use crate::calls::facts::Fact;
    use crate::io::telemetry;

    #[test]
    fn the_decisions_of_one_shadow_policy_are_not_those_of_the_next() {
        let (mut recorder, telemetry) = telemetry::start(None, Wall(0)).unwrap();
        let [old, new] = [1, 2].map(|byte| PolicyVersion::of_digest([byte; 32]));
        let (human, refused) = (ReasonCode::Human, ReasonCode::Refused);
        let now = Now::new(Mono(0), Wall(0));
        for (version, shadow) in [(old, human), (old, refused), (old, refused), (new, human)] {
            let differs = shadow != human;
            recorder.record(Fact::Shadowed { call: CallId(1), version, live: human, shadow, differs }, || now.mono);
        }
        // While the keeper is busy the recorder keeps it.
        while counts(&telemetry, Some(new)).is_empty() {
            recorder.tick(now);
            std::thread::yield_now();
        }
        let counted = |version| -> Vec<(&str, &str, bool, u64)> {
            let counts = counts(&telemetry, version);
            counts.iter().map(|one| (one.live, one.shadow, one.differs, one.count)).collect()
        };
        assert_eq!(counted(Some(old)), [("human", "human", false, 1), ("human", "refused", true, 2)]);
        assert_eq!(counted(Some(new)), [("human", "human", false, 1)]);
        assert_eq!(counted(None), []);
    }
}
