//! `POST /v1/reload`: the configuration file is read again, checked whole, and taken or refused as a whole.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::io::door::{ConfigFault, NotReloaded, Reloaded};

use super::Web;
use super::keys::Reloader;
use super::problem::{FaultBody, Kind, Problem, ProblemBody};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReloadQuery {
    /// Only say what would change.
    #[serde(default)]
    check: bool,
}

/// What a reload came to.
#[derive(Serialize, ToSchema)]
pub(super) struct ReloadAnswer {
    /// False when it was only checked.
    applied: bool,
    changes: Vec<ChangeBody>,
}

/// A part of the configuration that is not what it was.
#[derive(Serialize, ToSchema)]
struct ChangeBody {
    /// Its key, with the name of the entry for lists that have names; or a file that the configuration names.
    #[schema(example = "agents.ann")]
    key: String,
    /// `added`, `changed` or `removed`.
    how: &'static str,
}

/// Reads the configuration again. Calls in progress keep the rules that they began with; new ones have the new rules at once. When anything
/// is wrong with the file nothing changes, and every fault is named.
#[utoipa::path(
    post, path = "/v1/reload", tag = "watching", params(ReloadQuery),
    responses(
        (status = 200, description = "What has changed, or would", body = ReloadAnswer),
        (status = 409, description = "A part needs a restart, or another reload is under way; nothing has changed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The configuration has faults; nothing has changed", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn reload(
    State(web): State<Arc<Web>>,
    Reloader { key }: Reloader,
    uri: Uri,
) -> Result<Json<ReloadAnswer>, Problem> {
    let query = Query::<ReloadQuery>::try_from_uri(&uri).map_err(|_| {
        let problem = Problem::new(Kind::InvalidRequest, "the query cannot be read");
        problem.with("check", "is not true or false", "give check=true, or leave it out")
    })?;
    tracing::info!(key, check = query.check, "asked to read the configuration again");
    web.reload.reload(!query.check).await.map(|done| Json(ReloadAnswer::of(done))).map_err(problem)
}

impl ReloadAnswer {
    fn of(done: Reloaded) -> ReloadAnswer {
        let changes = done.changes.into_iter().map(|(key, how)| ChangeBody { key, how });
        ReloadAnswer { applied: done.is_applied, changes: changes.collect() }
    }
}

fn problem(why: NotReloaded) -> Problem {
    match why {
        NotReloaded::Faults(faults) => with_faults(Kind::ConfigFaults, "nothing has changed: mend them all", faults),
        NotReloaded::NeedsRestart(faults) => with_faults(Kind::NeedsRestart, "nothing has changed", faults),
        NotReloaded::Busy => Problem::new(Kind::ReloadBusy, "another reload is under way: try again"),
        NotReloaded::NoFile => Problem::new(Kind::NotFound, "this server was not started from a configuration file"),
        NotReloaded::NoEngine => Problem::engine(),
    }
}

fn with_faults(kind: Kind, detail: &str, faults: Vec<ConfigFault>) -> Problem {
    let body = |fault: ConfigFault| FaultBody {
        field: fault.key,
        what: format!("{}, line {}: {}", fault.file, fault.line, fault.what),
        remedy: fault.remedy,
    };
    Problem { faults: faults.into_iter().map(body).collect(), ..Problem::new(kind, detail) }
}
