//! `GET /v1/intents/{id}/live`: the customer's page hears how its call stands. `POST …/confirm`: it says "that is me calling now".

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::{CaseId, IntentId, Wall};
use crate::calls::Confirmed;
use crate::calls::pages::{PageState, Standing};
use crate::engine::question::{Answer, Question};
use crate::intents::{CallbackState, Intent, IntentState, StoreReply, StoreRequest};
use crate::io::history::Origin;
use crate::io::live::{Heard, LiveStream, News, NoStream};

use super::Web;
use super::bearer::Bearer;
use super::events;
use super::intents::{gone, intent_id, unexpected};
use super::problem::{Kind, Problem, ProblemBody};

/// The data of an event `state`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StateBody {
    /// `registered`, `calling` (a call that brings the token has begun), `recognised`, `confirm` (is it you who calls now?), `waiting`,
    /// `agent_reading`, `ringing`, `connected`, `held`, `ended` or `expired`. Of a callback: `callback_waiting` (with `position` while it is in
    /// the queue), `agent_reading`, `calling_you`, then as above; `callback_missed` when nobody was there.
    state: &'static str,
    /// While it waits: 1 is the next to be offered to an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_wait_s: Option<u64>,
    /// Who reads, rings or talks.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// `V0` to `V3`, once a call is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    /// With `ended`: whether an agent and the customer have talked. If not, the number is still good.
    #[serde(skip_serializing_if = "Option::is_none")]
    talked: Option<bool>,
    /// What the agent wrote, when it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
}

/// What a confirmation came to.
#[derive(Serialize, ToSchema)]
pub(super) struct ConfirmAnswer {
    /// `confirmed`: the match is proven, and the agent sees what was locked. `claiming`: the call had been taken for another
    /// intent's, and is being moved; the live state says when it is.
    result: &'static str,
    call: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
}

/// A call that is there when the intent expires goes on; the page looks again after this.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// How long the engine may take to say whether there is a call of an intent that has expired.
const FIRST_WORD_WITHIN: Duration = Duration::from_secs(5);

/// How the call of the intent stands: one event `state` at once, and one with each change. `EventSource` may say the token in the address.
#[utoipa::path(
    get, path = "/v1/intents/{id}/live", tag = "pages",
    params(
        ("id" = String, Path, description = "As registering answered."),
        ("token" = Option<String>, Query, description = "The intent's token, where no Authorization can be sent."),
    ),
    responses(
        (status = 200, description = "Events `state`, each with this as its data", body = StateBody, content_type = "text/event-stream"),
        (status = 429, description = "The intent has too many pages open", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = []), ("token" = [])),
)]
pub(super) async fn live(
    State(web): State<Arc<Web>>,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = intent_id(&id)?;
    bearer.may_use(id)?;
    let intent = web.intent(id).await?;
    let stream = web.pages.open(id, &web.door).map_err(no_stream)?;
    let case = web.case_of(&intent).await;
    let (expires, state, callback) = (intent.expires, intent.state, callback_of(&intent));
    let page = Box::new(Page {
        web,
        stream,
        intent: id,
        expires,
        state,
        callback,
        case,
        last: None,
        is_told: false,
        is_over: false,
    });
    Ok(events::answer(stream::unfold(page, |mut page| async move {
        let event = page.next().await?;
        Some((event, page))
    })))
}

/// The customer confirms on the signed-in page that it is they who call now: the match is proven.
#[utoipa::path(
    post, path = "/v1/intents/{id}/confirm", tag = "pages",
    params(("id" = String, Path, description = "As registering answered.")),
    responses(
        (status = 200, description = "The match is proven", body = ConfirmAnswer),
        (status = 202, description = "The call had been taken for another's, and is being moved", body = ConfirmAnswer),
        (status = 409, description = "No call that may be this intent's is in progress", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = []), ("token" = [])),
)]
pub(super) async fn confirm(
    State(web): State<Arc<Web>>,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let intent = intent_id(&id)?;
    bearer.may_use(intent)?;
    let body = |result, call: crate::base::CallId, level| Json(ConfirmAnswer { result, call: call.to_string(), level });
    match web.door.ask(Question::Confirm { intent }).await {
        Some(Answer::Confirmed(Confirmed::Raised { call, level })) => {
            Ok(body("confirmed", call, Some(level.as_str())).into_response())
        }
        Some(Answer::Confirmed(Confirmed::Claiming { call })) => {
            Ok((StatusCode::ACCEPTED, body("claiming", call, None)).into_response())
        }
        Some(Answer::Confirmed(Confirmed::NoCall)) => {
            Err(Problem::new(Kind::NoCall, "dial the number of the intent first, and confirm while the call is there"))
        }
        _ => Err(Problem::engine()),
    }
}

fn no_stream(why: NoStream) -> Problem {
    match why {
        NoStream::OfIntent => Problem::new(Kind::TooManyStreams, "close the other tabs that show this contact"),
        NoStream::OfServer => Problem::new(Kind::StreamsFull, "too many pages are open: try again, or look with GET"),
        NoStream::Stopping => Problem::new(Kind::NotReady, "the server is stopping: connect again"),
    }
}

/// One open page. There are thousands, which wait: it holds no more of the intent than it says.
struct Page {
    web: Arc<Web>,
    stream: LiveStream,
    intent: IntentId,
    expires: Wall,
    state: IntentState,
    callback: Option<CallbackState>,
    /// What came of a call that had ended before the page opened.
    case: Option<CaseId>,
    last: Heard,
    /// The engine has said how the call stands, or that there is none.
    is_told: bool,
    is_over: bool,
}

impl Page {
    /// The next event; `None` when the stream is over.
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let mut end = self.patient_until();
        loop {
            let left = end.since(self.web.clock.wall());
            match tokio::time::timeout(left, self.stream.next()).await {
                Ok(None) => return None,
                Ok(Some(News::Beat)) => return Some(events::BEAT),
                Ok(Some(News::Stands(standing))) => return Some(self.stands(standing)),
                Err(_) if self.is_in_call() => end = self.web.clock.wall() + LOOK_AGAIN,
                // It may have been given a longer life.
                Err(_) => match Box::pin(self.web.intent(self.intent)).await {
                    Ok(intent) if intent.expires > self.web.clock.wall() => {
                        (self.expires, self.state) = (intent.expires, intent.state);
                        self.callback = callback_of(&intent);
                        end = self.expires;
                    }
                    Ok(_) | Err(_) => return Some(self.expire()),
                },
            }
        }
    }

    /// A page that is loaded anew in a call that is longer than its intent must not hear that it has expired.
    fn patient_until(&self) -> Wall {
        if self.is_told { self.expires } else { self.expires.max(self.web.clock.wall() + FIRST_WORD_WITHIN) }
    }

    fn stands(&mut self, standing: Heard) -> Bytes {
        self.last = standing;
        self.is_told = true;
        let body = match &self.last {
            Some(standing) => StateBody::of(standing),
            None => {
                StateBody::without_call((&self.state, self.callback), self.expires <= self.web.clock.wall(), self.case)
            }
        };
        events::event("state", &body)
    }

    fn is_in_call(&self) -> bool {
        self.last.as_ref().is_some_and(|standing| standing.state != PageState::Ended)
    }

    fn expire(&mut self) -> Bytes {
        self.is_over = true;
        match &self.last {
            Some(standing) if standing.talked => events::event("state", &StateBody::of(standing)),
            Some(_) | None => events::event("state", &StateBody::plain("expired")),
        }
    }
}

fn callback_of(intent: &Intent) -> Option<CallbackState> {
    intent.callback.as_ref().map(|callback| callback.state)
}

impl StateBody {
    fn plain(state: &'static str) -> StateBody {
        let (position, expected_wait_s, agent) = (None, None, None);
        StateBody { state, position, expected_wait_s, agent, level: None, talked: None, case: None }
    }

    fn of(standing: &Standing) -> StateBody {
        StateBody {
            state: standing.state.as_str(),
            position: standing.position,
            expected_wait_s: standing.expected_wait.map(|wait| wait.as_secs_f64().ceil() as u64),
            agent: standing.agent.as_ref().map(ToString::to_string),
            level: (standing.state != PageState::Calling).then(|| standing.level.as_str()),
            talked: (standing.state == PageState::Ended).then_some(standing.talked),
            case: standing.case.map(|case| case.to_string()),
        }
    }

    /// No call of it is in progress here.
    fn without_call(
        (state, callback): (&IntentState, Option<CallbackState>),
        has_expired: bool,
        case: Option<CaseId>,
    ) -> StateBody {
        let case = case.map(|case| case.to_string());
        match state {
            IntentState::Open if callback == Some(CallbackState::Missed) => StateBody::plain("callback_missed"),
            IntentState::Open if callback == Some(CallbackState::Waiting) && !has_expired => {
                StateBody::plain("callback_waiting")
            }
            IntentState::Open if has_expired => StateBody::plain("expired"),
            IntentState::Open | IntentState::Claimed { .. } => StateBody::plain("registered"),
            IntentState::Used => StateBody { talked: Some(true), case, ..StateBody::plain("ended") },
            IntentState::Withdrawn => StateBody { talked: Some(false), ..StateBody::plain("ended") },
        }
    }
}

impl Web {
    /// What an agent wrote after the call of an intent that is done. A page is worth more than its case.
    async fn case_of(&self, intent: &Intent) -> Option<CaseId> {
        if intent.state != IntentState::Used {
            return None;
        }
        let cases = self.history.of_intent(intent.id).await.unwrap_or_default();
        cases.into_iter().find(|case| matches!(case.origin, Origin::Call { .. })).map(|case| case.id)
    }

    /// The intent as the store has it.
    pub(super) async fn intent(&self, intent: IntentId) -> Result<Intent, Problem> {
        match self.ask_store(StoreRequest::Get { intent, now: self.clock.wall() }).await? {
            StoreReply::Got(intent) => Ok(*intent),
            StoreReply::Gone => Err(gone()),
            other => Err(unexpected(&other)),
        }
    }
}
