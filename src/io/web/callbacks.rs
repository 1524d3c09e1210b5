//! `POST /v1/intents/{id}/callback`: the customer is to be called instead of waiting. `DELETE`: they are not.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Answer as AccessAnswer, Decision, QueueLoad};
use crate::base::{E164, IntentId, Level, QueueId, Wall};
use crate::calls::CalledBack;
use crate::calls::recalling::plan::{CallbackPlan, NoCallback};
use crate::engine::question::{Answer, Question};
use crate::intents::{Callback, CallbackEnd, CallbackState, Intent, Miss, StoreReply, StoreRequest};

use super::Web;
use super::bearer::Bearer;
use super::body::JsonBody;
use super::intents::{gone, intent_id, unexpected};
use super::keeping::Doubt;
use super::problem::{Kind, Problem, ProblemBody};
use super::time::rfc3339;

/// Where and when the customer wants to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CallbackRequest {
    /// The customer's first number when it is not given.
    #[serde(default)]
    #[schema(example = "+12015550123")]
    number: Option<String>,
    /// Not before this moment (RFC 3339).
    #[serde(default)]
    #[schema(example = "2026-11-26T14:00:00Z")]
    not_before: Option<String>,
    /// Where the customer is, as `Intl.DateTimeFormat().resolvedOptions().timeZone` says; nobody is called at night there. Without it
    /// the number says what time it is, and where it may be two, both count.
    #[serde(default)]
    #[schema(example = "Europe/Berlin")]
    zone: Option<String>,
}

/// What was promised.
#[derive(Serialize, ToSchema)]
pub(super) struct CallbackAnswer {
    number: String,
    /// 1 is the next; `null` outside the hours in which the customer may be called, or while no agent is there.
    position: Option<usize>,
    expected_wait_s: Option<u64>,
    /// The promise ends then.
    until: String,
    /// The intent's token, which lives as long as the intent does now.
    token: String,
}

/// A callback as the intent shows it.
#[derive(Serialize, ToSchema)]
pub(super) struct CallbackBody {
    /// `waiting`, `calling`, `reached`, `missed` or `taken_back`.
    state: &'static str,
    number: String,
    /// The customer's place: who has waited from then on.
    since: String,
    /// How often the number was dialled.
    tries: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
}

impl CallbackBody {
    pub(super) fn of(callback: &Callback) -> CallbackBody {
        CallbackBody {
            state: callback.state.as_str(),
            number: callback.number.as_str().to_owned(),
            since: rfc3339(callback.since),
            tries: callback.tries,
            not_before: callback.not_before.map(rfc3339),
        }
    }
}

/// The customer is called when it is their turn. Asked for again it takes the place of the first, whose place in the queue it keeps.
#[utoipa::path(
    post, path = "/v1/intents/{id}/callback", tag = "pages", request_body = CallbackRequest,
    params(("id" = String, Path, description = "As registering answered.")),
    responses(
        (status = 200, description = "Promised", body = CallbackAnswer),
        (status = 403, description = "This number is not called back, or the access rules do not let the customer through", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The customer talks to us, or is being called", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "This number, customer or intent was promised enough", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = []), ("token" = [])),
)]
pub(super) async fn call_back(
    State(web): State<Arc<Web>>,
    bearer: Bearer,
    Path(id): Path<String>,
    body: JsonBody<CallbackRequest>,
) -> Result<Json<CallbackAnswer>, Problem> {
    let id = intent_id(&id)?;
    bearer.may_use(id)?;
    let plan = web.callback.clone().ok_or_else(|| refused("there are no callbacks here: see [callback]"))?;
    let (intent, now) = (web.intent(id).await?, web.clock.wall());
    let before = Before::of(&intent);
    let callback = web.wish(&plan, (&intent, &web.loads().await), body.value, now)?;
    let until = callback.not_before.unwrap_or(now).max(now) + plan.kept;
    let (callback, most) = (Box::new(callback), plan.most);
    let request = StoreRequest::Promise { intent: id, callback, by: None, most, until, now };
    web.promise(id, request, before).await
}

/// What the store had of a callback before it was asked for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    /// A promise, which holds whatever becomes of this one.
    Promised,
}

impl Before {
    pub(super) fn of(intent: &Intent) -> Before {
        let is_waiting = intent.callback.as_ref().is_some_and(|callback| callback.state == CallbackState::Waiting);
        if is_waiting { Before::Promised } else { Before::Nothing }
    }
}

/// The customer does not want to be called any more.
#[utoipa::path(
    delete, path = "/v1/intents/{id}/callback", tag = "pages",
    params(("id" = String, Path, description = "As registering answered.")),
    responses(
        (status = 204, description = "Taken back, or over anyway"),
        (status = 409, description = "The customer's telephone rings, or they talk to us", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = []), ("token" = [])),
)]
pub(super) async fn take_back(
    State(web): State<Arc<Web>>,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let intent = intent_id(&id)?;
    bearer.may_use(intent)?;
    let (now, end) = (web.clock.wall(), CallbackEnd::TakenBack);
    match web.ask_store(StoreRequest::Unpromise { intent, call: None, end, now }).await? {
        StoreReply::Promised(_) => {
            // What the store has taken back cannot be begun, whether the engine hears of it or not.
            web.door.ask(Question::TakeBack { intent }).await;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        StoreReply::Taken { .. } => Err(being_called()),
        StoreReply::Gone => Err(Problem::new(Kind::NotFound, "no callback was promised for this intent")),
        other => Err(unexpected(&other)),
    }
}

fn refused(detail: &str) -> Problem {
    Problem::new(Kind::CallbackRefused, detail)
}

fn being_called() -> Problem {
    Problem::new(Kind::BeingCalled, "the customer's telephone rings, or they talk to us")
}

impl Web {
    /// What the customer wants, as far as it may be.
    fn wish(
        &self,
        plan: &CallbackPlan,
        (intent, loads): (&Intent, &[QueueLoad]),
        asked: CallbackRequest,
        now: Wall,
    ) -> Result<Callback, Problem> {
        let number = self.number_of(intent, asked.number.as_deref())?;
        plan.check(&number, asked.zone.as_deref()).map_err(not_called)?;
        let decision = self.routes.decide_callback(intent, &plan.trunk, loads, now);
        let (queue, priority) = self.queue_of(&decision).ok_or_else(|| refused("the access rules do not offer it"))?;
        Ok(Callback {
            number,
            zone: asked.zone,
            not_before: asked.not_before.map(|text| moment(&text, now + plan.kept)).transpose()?,
            promised: now,
            since: now,
            level: Level::Strong,
            queue,
            priority,
            rule: Some(decision.rule.to_string()),
            tries: 0,
            tried: None,
            missed: Miss::default(),
            state: CallbackState::Waiting,
        })
    }

    fn number_of(&self, intent: &Intent, asked: Option<&str>) -> Result<E164, Problem> {
        let Some(text) = asked else {
            let known = intent.customer.phones.first().cloned();
            return known.ok_or_else(|| fault("number", "is not known", "write the number that is to be called"));
        };
        E164::parse(text, self.region).map_err(|why| fault("number", &why.to_string(), "write it like +12015550123"))
    }

    /// The rules let the customer through to this queue.
    pub(super) fn queue_of_callback(
        &self,
        plan: &CallbackPlan,
        intent: &Intent,
        loads: &[QueueLoad],
        now: Wall,
    ) -> Option<(QueueId, i32)> {
        self.queue_of(&self.routes.decide_callback(intent, &plan.trunk, loads, now))
    }

    fn queue_of(&self, decision: &Decision) -> Option<(QueueId, i32)> {
        match &decision.answer {
            AccessAnswer::Human { queue, priority } | AccessAnswer::Callback { queue, priority } => {
                Some((queue.clone().or_else(|| self.routes.default_queue.clone())?, *priority))
            }
            AccessAnswer::Queue { queue, priority, .. } => Some((queue.clone(), *priority)),
            AccessAnswer::SelfService | AccessAnswer::Refuse { .. } => None,
        }
    }

    /// To its end, also for a page that is closed meanwhile.
    pub(super) async fn promise(
        self: &Arc<Self>,
        id: IntentId,
        request: StoreRequest,
        before: Before,
    ) -> Result<Json<CallbackAnswer>, Problem> {
        let web = Arc::clone(self);
        let promised = tokio::spawn(async move { web.promise_alone(id, request, before).await });
        promised.await.unwrap_or_else(|_| Err(Problem::engine()))
    }

    /// The store promises first, then the engine gives it its place.
    async fn promise_alone(
        self: &Arc<Self>,
        id: IntentId,
        request: StoreRequest,
        before: Before,
    ) -> Result<Json<CallbackAnswer>, Problem> {
        let reply = self.ask_store(request).await.inspect_err(|_| self.settle(id, Doubt::Promised))?;
        match reply {
            StoreReply::Promised(intent) => self.begin(intent, before).await,
            StoreReply::TooMany => Err(Problem::new(Kind::TooManyCallbacks, "call us, or write to us")),
            StoreReply::Taken { .. } => Err(being_called()),
            StoreReply::Gone => Err(gone()),
            other => Err(unexpected(&other)),
        }
    }

    /// The promise is kept: the engine gives it its place. What cannot be is taken back, unless there was one before.
    pub(super) async fn begin(
        self: &Arc<Self>,
        intent: Box<Intent>,
        before: Before,
    ) -> Result<Json<CallbackAnswer>, Problem> {
        let (id, token) = (intent.id, self.token_keys.sign(intent.id, intent.expires).text());
        let number = intent.callback.as_ref().map(|callback| callback.number.as_str().to_owned()).unwrap_or_default();
        let until = rfc3339(intent.expires);
        let refusal = match self.door.ask(Question::CallBack { intent }).await {
            Some(Answer::CalledBack(CalledBack::Waiting { position, expected_wait, .. })) => {
                let expected_wait_s = expected_wait.map(|wait| wait.as_secs_f64().ceil() as u64);
                return Ok(Json(CallbackAnswer { number, position, expected_wait_s, until, token }));
            }
            Some(Answer::CalledBack(CalledBack::Talking)) => being_called(),
            Some(Answer::CalledBack(CalledBack::Full)) => {
                Problem::new(Kind::CallbacksFull, "too many customers wait to be called")
            }
            Some(Answer::CalledBack(CalledBack::Off)) => refused("there are no callbacks here: see [callback]"),
            _ => Problem::engine(),
        };
        if before == Before::Promised {
            return Err(refusal);
        }
        let (end, now) = (CallbackEnd::TakenBack, self.clock.wall());
        let unpromise = StoreRequest::Unpromise { intent: id, call: None, end, now };
        self.ask_store(unpromise).await.inspect_err(|_| self.settle(id, Doubt::TakenBack))?;
        Err(refusal)
    }
}

fn not_called(why: NoCallback) -> Problem {
    match why {
        NoCallback::NotAllowed => refused(why.as_str()),
        NoCallback::UnknownZone => fault("zone", why.as_str(), "write it like Europe/Berlin"),
        NoCallback::NoZone => fault("zone", why.as_str(), "write where the customer is, like Europe/Berlin"),
    }
}

fn moment(text: &str, latest: Wall) -> Result<Wall, Problem> {
    let read = text.parse::<Timestamp>().ok().and_then(|time| u64::try_from(time.as_millisecond()).ok()).map(Wall);
    let remedy = "write a moment that is not too far away, like 2026-11-26T14:00:00Z";
    read.filter(|at| *at <= latest).ok_or_else(|| fault("not_before", "cannot be used", remedy))
}

fn fault(field: &str, what: &str, remedy: &str) -> Problem {
    Problem::new(Kind::InvalidBody, "1 fault: mend it and send it again").with(field, what, remedy)
}
