//! `GET /v1/numbers`: the telephone numbers that are leased out, and to whom.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::Uri;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::base::{E164, Wall};
use crate::calls::settings::{PoolPlan, PoolPromise};
use crate::intents::promise::Chances;
use crate::intents::{StoreReply, StoreRequest};

use super::Web;
use super::intents::unexpected;
use super::keys::Reader;
use super::problem::{Kind, Problem, ProblemBody};
use super::time::rfc3339;

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NumbersQuery {
    /// Begins after so many numbers, all pools counted together; 0 when not given.
    #[serde(default)]
    offset: usize,
    /// At most so many, 1 to 1000; 200 when not given.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct NumbersAnswer {
    /// All numbers of all pools.
    total: usize,
    pools: Vec<PoolBody>,
    numbers: Vec<NumberBody>,
}

#[derive(Serialize, ToSchema)]
struct PoolBody {
    pool: String,
    numbers: usize,
    /// The number that is given when all are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared: Option<String>,
    quarantine_s: u64,
    /// Absent when nothing is promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    promise: Option<PromiseBody>,
}

/// What is accepted of a pool, and what it keeps. Chances are parts, 0 to 1.
#[derive(Serialize, ToSchema)]
struct PromiseBody {
    /// Both chances are as small as accepted.
    kept: bool,
    /// Numbers with which they would be; absent when it is more than a pool may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers_needed: Option<usize>,
    accepted: ChancesBody,
    promised: ChancesBody,
    /// Intents an hour that this is reckoned with, and those of the busiest hour that was measured, once one is over.
    per_hour: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    measured_per_hour: Option<f64>,
    /// Numbers taken on average if there were enough (Erlang).
    load: f64,
    /// What follows: how long an intent has its number, and at least and at most if its site asks for another time; how long that rests afterwards, how many intents are on the shared one at once
    /// (there are hardly ever more), and the digits of a PIN on it.
    lease_s: u64,
    shortest_lease_s: u64,
    longest_lease_s: u64,
    quarantine_s: u64,
    overflow: usize,
    pin_digits: u32,
}

#[derive(Serialize, ToSchema)]
struct ChancesBody {
    /// Who dials a number of their own is taken for another.
    wrong_context: f64,
    /// No number is free for an intent.
    empty: f64,
    /// A customer dials after the lease.
    late: f64,
}

/// A number, and the intent that has it.
#[derive(Serialize, ToSchema)]
struct NumberBody {
    pool: String,
    number: String,
    /// Absent while the number is free or rests.
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

const NUMBERS: usize = 200;
const NUMBERS_MAX: usize = 1_000;
/// Questions to the store under way at once.
const AT_ONCE: usize = 16;

/// The pools, and a part of their numbers.
#[utoipa::path(
    get, path = "/v1/numbers", tag = "board", params(NumbersQuery),
    responses(
        (status = 200, description = "Pools and numbers", body = NumbersAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn numbers(State(web): State<Arc<Web>>, _: Reader, uri: Uri) -> Result<Json<NumbersAnswer>, Problem> {
    let (offset, limit) = part(&uri)?;
    let now = web.clock.wall();
    let every = web.pools.iter().flat_map(|pool| pool.numbers.iter().map(move |number| (pool, number)));
    let asked: Vec<_> = every.skip(offset).take(limit).map(|(pool, number)| one(&web, pool, number, now)).collect();
    let numbers = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    let total = web.pools.iter().map(|pool| pool.numbers.len()).sum();
    Ok(Json(NumbersAnswer { total, pools: web.pools.iter().map(|pool| pool_body(&web, pool)).collect(), numbers }))
}

fn part(uri: &Uri) -> Result<(usize, usize), Problem> {
    let query = Query::<NumbersQuery>::try_from_uri(uri).ok();
    let part = query.map(|Query(query)| (query.offset, query.limit.unwrap_or(NUMBERS)));
    part.filter(|(_, limit)| (1..=NUMBERS_MAX).contains(limit)).ok_or_else(|| {
        let problem = Problem::new(Kind::InvalidRequest, "the query cannot be read");
        problem.with("limit", format!("is not a number from 1 to {NUMBERS_MAX}"), "give offset=0 and limit=200")
    })
}

async fn one(web: &Web, pool: &PoolPlan, number: &E164, now: Wall) -> Result<NumberBody, Problem> {
    let request = StoreRequest::Find { dialled: Some(number.clone()), caller: None, token: None, claim: None, now };
    let candidates = match web.ask_store(request).await? {
        StoreReply::Found { candidates } => candidates,
        other => return Err(unexpected(&other)),
    };
    let holder = candidates.iter().map(|candidate| &candidate.intent);
    let holder = holder.into_iter().find(|intent| intent.exclusive_number() == Some(number));
    Ok(NumberBody {
        pool: pool.pool.to_string(),
        number: number.as_str().to_owned(),
        intent: holder.map(|intent| intent.id.to_string()),
        until: holder.map(|intent| rfc3339(intent.expires)),
    })
}

fn pool_body(web: &Web, pool: &PoolPlan) -> PoolBody {
    let promise = web.pace.promise(pool);
    let quarantine = promise.map_or(pool.quarantine, |promise| promise.derived.quarantine);
    PoolBody {
        pool: pool.pool.to_string(),
        numbers: pool.numbers.len(),
        shared: pool.shared.as_ref().map(|number| number.as_str().to_owned()),
        quarantine_s: quarantine.as_secs(),
        promise: promise.map(|promise| PromiseBody::of(&promise, web.pace.per_hour(pool))),
    }
}

impl PromiseBody {
    fn of(of: &PoolPromise, measured_per_hour: Option<f64>) -> PromiseBody {
        let PoolPromise { promise, derived, .. } = of;
        let Chances { wrong_context, empty, late, load } = derived.chances;
        PromiseBody {
            kept: derived.is_kept(promise),
            numbers_needed: derived.needed,
            accepted: ChancesBody { wrong_context: promise.wrong_context, empty: promise.empty, late: promise.late },
            promised: ChancesBody { wrong_context, empty, late },
            per_hour: promise.traffic.per_hour,
            measured_per_hour,
            load,
            lease_s: derived.lease.as_secs(),
            shortest_lease_s: derived.lives.shortest.as_secs(),
            longest_lease_s: derived.lives.longest.as_secs(),
            quarantine_s: derived.quarantine.as_secs(),
            overflow: derived.overflow,
            pin_digits: derived.pin_digits,
        }
    }
}
