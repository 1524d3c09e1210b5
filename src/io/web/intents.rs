//! Registering, reading, changing and withdrawing intents.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::base::limits::{INTENT_KEPT_AFTER, PINS_DRAWN};
use crate::base::{IntentId, Wall};
use crate::calls::settings::PoolPlan;
use crate::intents::draft::DraftRules;
use crate::intents::{Fault, Idempotency, Intent, LeasePlan, Past, Pin, StoreReply, StoreRequest};

use super::Web;
use super::bearer::Bearer;
use super::body::JsonBody;
use super::intent_bodies::{IntentAnswer, IntentChange, IntentRequest};
use super::keys::Writer;
use super::problem::{FaultBody, Kind, Problem, ProblemBody};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest `Idempotency-Key`, in bytes; a UUID has 36.
const KEY_MAX: usize = 255;
/// A registration does not wait longer for what was before.
const HISTORY_WITHIN: Duration = Duration::from_millis(100);

/// Registers a contact intent and gives it a number to dial.
#[utoipa::path(
    post, path = "/v1/intents", tag = "intents", request_body = IntentRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same body registers once.")),
    responses(
        (status = 201, description = "Registered", body = IntentAnswer),
        (status = 200, description = "Registered before under this key; Idempotency-Replayed: true", body = IntentAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn register(
    State(web): State<Arc<Web>>,
    writer: Writer,
    headers: HeaderMap,
    body: JsonBody<IntentRequest>,
) -> Result<Response, Problem> {
    let now = web.clock.wall();
    let rules = DraftRules { region: web.region, default_ttl: web.default_ttl, lives: web.lives };
    let mut intent = body.value.draft().check(web.draw_intent_id(), &rules, now).map_err(faulty)?;
    intent.customer.past = web.past(&intent).await;
    let idempotency = idempotency(&headers, &writer, &body.bytes, &intent, now)?;
    let request = StoreRequest::Register { intent: Box::new(intent), lease: web.lease(), idempotency, now };
    match web.ask_store(request).await? {
        StoreReply::Registered(intent) => {
            web.note_pace(now);
            Ok(registered(&web, *intent, StatusCode::CREATED, now).await)
        }
        StoreReply::Replayed(intent) => {
            let mut response = registered(&web, *intent, StatusCode::OK, now).await;
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(response)
        }
        StoreReply::KeyReused => Err(Problem::new(
            Kind::KeyReused,
            "this key came with another body before: draw a new key for a new intent",
        )),
        StoreReply::Full => Err(Problem::new(Kind::IntentsFull, "too many intents are waiting for their calls")),
        other => Err(unexpected(&other)),
    }
}

/// The intent as it stands, also for some minutes after it has ended.
#[utoipa::path(
    get, path = "/v1/intents/{id}", tag = "intents", params(("id" = String, Path, description = "As registering answered.")),
    responses(
        (status = 200, description = "The intent", body = IntentAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = []), ("token" = [])),
)]
pub(super) async fn read(
    State(web): State<Arc<Web>>,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<Json<IntentAnswer>, Problem> {
    let id = intent_id(&id)?;
    bearer.may_use(id)?;
    let intent = web.intent(id).await?;
    Ok(Json(web.answer(intent, web.clock.wall()).await))
}

/// Changes what is named, and leaves the rest.
#[utoipa::path(
    patch, path = "/v1/intents/{id}", tag = "intents", params(("id" = String, Path, description = "As registering answered.")),
    request_body = IntentChange,
    responses(
        (status = 200, description = "The intent after the change", body = IntentAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn change(
    State(web): State<Arc<Web>>,
    _: Writer,
    Path(id): Path<String>,
    body: JsonBody<IntentChange>,
) -> Result<Json<IntentAnswer>, Problem> {
    let (intent, now) = (intent_id(&id)?, web.clock.wall());
    let patch = Box::new(body.value.draft().check(web.lives).map_err(faulty)?);
    match web.ask_store(StoreRequest::Amend { intent, patch, now }).await? {
        StoreReply::Amended(intent) => Ok(Json(web.answer(*intent, now).await)),
        StoreReply::Gone => Err(gone()),
        other => Err(unexpected(&other)),
    }
}

/// Takes the intent back and frees its number; a call that has it goes on.
#[utoipa::path(
    delete, path = "/v1/intents/{id}", tag = "intents", params(("id" = String, Path, description = "As registering answered.")),
    responses(
        (status = 204, description = "Withdrawn"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn withdraw(
    State(web): State<Arc<Web>>,
    _: Writer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let now = web.clock.wall();
    match web.ask_store(StoreRequest::Withdraw { intent: intent_id(&id)?, now }).await? {
        StoreReply::Withdrawn => Ok(StatusCode::NO_CONTENT),
        StoreReply::Gone => Err(gone()),
        other => Err(unexpected(&other)),
    }
}

async fn registered(web: &Web, intent: Intent, status: StatusCode, now: Wall) -> Response {
    let place = format!("/v1/intents/{}", intent.id);
    let answer = Json(web.answer(intent, now).await);
    (status, [(header::LOCATION, place)], answer).into_response()
}

/// The key is remembered for as long as the intent can be read.
fn idempotency(
    headers: &HeaderMap,
    writer: &Writer,
    body: &[u8],
    intent: &Intent,
    now: Wall,
) -> Result<Option<Idempotency>, Problem> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    if key.is_empty() || key.len() > KEY_MAX {
        let what = format!("is empty or longer than {KEY_MAX} bytes");
        let problem = Problem::new(Kind::InvalidRequest, "the idempotency key cannot be used");
        return Err(problem.with("Idempotency-Key", what, "send a UUID, a new one for each intent"));
    }
    let mut hash = Sha256::new();
    hash.update(writer.key.as_bytes());
    hash.update([0]);
    hash.update(key.as_bytes());
    let ttl = intent.expires.since(now) + INTENT_KEPT_AFTER;
    Ok(Some(Idempotency { key: hash.finalize().into(), body: Sha256::digest(body).into(), ttl }))
}

pub(super) fn intent_id(text: &str) -> Result<IntentId, Problem> {
    text.parse().map_err(|_| Problem::new(Kind::NotFound, "this is not the id of an intent: it begins with int_"))
}

pub(super) fn gone() -> Problem {
    Problem::new(Kind::NotFound, "there is no such intent, or it has ended")
}

fn faulty(faults: Vec<Fault>) -> Problem {
    let count = faults.len();
    let mut problem = Problem::new(Kind::InvalidBody, format!("{count} faults: mend them all and send it again"));
    if count == 1 {
        problem.detail = "1 fault: mend it and send it again".to_owned();
    }
    problem.faults = faults.into_iter().map(fault).collect();
    problem
}

fn fault(fault: Fault) -> FaultBody {
    FaultBody { field: fault.field, what: fault.problem, remedy: fault.remedy.to_owned() }
}

/// The store answered another question; its fault or ours, not the client's.
pub(super) fn unexpected(reply: &StoreReply) -> Problem {
    tracing::error!(answer = std::any::type_name_of_val(reply), "the store answered what was not asked");
    Problem::new(Kind::StoreUnavailable, "the store of intents gave an answer that does not fit")
}

impl Web {
    async fn answer(&self, intent: Intent, now: Wall) -> IntentAnswer {
        let channels = self.channels(&intent).await;
        IntentAnswer::of(intent, channels, &self.token_keys, now)
    }

    /// What the site says of the customer's past, and what our history knows besides, if rules ask for it. A registration is worth
    /// more than that.
    async fn past(&self, intent: &Intent) -> Past {
        let said = intent.customer.past;
        if !self.routes.policy.asks_for_past() {
            return said;
        }
        let known = tokio::time::timeout(HISTORY_WITHIN, self.history.past(&intent.customer.id)).await;
        known.ok().and_then(Result::ok).map_or(said, |known| said.or_more(known))
    }

    /// How a new intent gets its number.
    fn lease(&self) -> Option<LeasePlan> {
        let pool = self.leased_from()?;
        let quarantine = self.pace.promise(pool).map_or(pool.quarantine, |promise| promise.derived.quarantine);
        Some(LeasePlan { pool: pool.pool.clone(), quarantine, shared: pool.shared.clone(), pins: self.draw_pins() })
    }

    /// Where callers are asked for one.
    fn draw_pins(&self) -> Vec<Pin> {
        let Some(digits) = self.routes.pin_digits else { return Vec::new() };
        (0..PINS_DRAWN).map(|_| Pin::draw(digits, self.draw())).collect()
    }

    fn leased_from(&self) -> Option<&PoolPlan> {
        self.pools.iter().find(|pool| Some(&pool.pool) == self.pool.as_ref())
    }

    fn note_pace(&self, now: Wall) {
        if let Some(pool) = self.leased_from() {
            self.pace.registered(pool, now);
        }
    }
}
