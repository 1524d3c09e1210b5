//! `GET /v1/board/live`: what goes on, once a second, worked out once for all who watch and not at all while nobody does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use utoipa::ToSchema;

use crate::base::Level;
use crate::base::limits::{BOARD_CALLS_MAX, BOARD_STREAMS_MAX};
use crate::calls::facts::FallbackCause;
use crate::engine::question::{Answer, CallView, Question};
use crate::io::telemetry::{Counter, Earlier};

use super::Web;
use super::access_explain::{self, ShadowCount};
use super::board;
use super::board_bodies::{AgentBody, LatencyAnswer, QueueBody, TrunkBody};
use super::events;
use super::keys::Reader;
use super::problem::{Kind, Problem, ProblemBody};
use super::time::rfc3339;

/// The data of an event `board`.
#[derive(Serialize, ToSchema)]
pub(super) struct BoardBody {
    at: String,
    /// How many calls in progress are in each phase.
    phases: BTreeMap<&'static str, usize>,
    /// The newest of them.
    calls: Vec<CallRow>,
    queues: Vec<QueueBody>,
    agents: Vec<AgentBody>,
    trunks: Vec<TrunkBody>,
    /// Since the start of the process.
    latency: LatencyAnswer,
    /// Since the event before; in the first one, since the start of the process.
    recent: LatencyAnswer,
    /// Calls by the level of their match, since the start of the process.
    levels: BTreeMap<&'static str, u64>,
    /// Calls that went on to the fallback, by cause, since the start of the process.
    fallbacks: BTreeMap<&'static str, u64>,
    /// The version of the access policy that holds, and of its shadow where there is one.
    policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow_policy: Option<String>,
    /// Decisions by their answer and by that of the shadow policy, since that one is there.
    shadow: Vec<ShadowCount>,
    /// Customers' pages that are open.
    pages: usize,
}

/// A call in progress.
#[derive(Serialize, ToSchema)]
struct CallRow {
    id: String,
    phase: &'static str,
    level: &'static str,
    trunk: String,
    /// Empty when it is withheld.
    caller: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    lasted_ms: u64,
}

/// Who watches, and what they were last shown.
pub struct Boards {
    /// Empty: the server stops.
    shown: watch::Sender<Bytes>,
    is_drawn: Mutex<bool>,
    places: Arc<Semaphore>,
}

/// One board's end.
struct Board {
    shown: watch::Receiver<Bytes>,
    _place: OwnedSemaphorePermit,
}

const EVERY: Duration = Duration::from_secs(1);

impl Default for Boards {
    fn default() -> Boards {
        let places = Arc::new(Semaphore::new(BOARD_STREAMS_MAX));
        Boards { shown: watch::Sender::new(Bytes::new()), is_drawn: Mutex::new(false), places }
    }
}

/// An event `board` every second. A board that reads slowly misses some.
#[utoipa::path(
    get, path = "/v1/board/live", tag = "board", operation_id = "board_live",
    responses(
        (status = 200, description = "Events `board`, each with this as its data", body = BoardBody, content_type = "text/event-stream"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn live(State(web): State<Arc<Web>>, _: Reader) -> Result<Response, Problem> {
    let place = Arc::clone(&web.boards.places).try_acquire_owned();
    let place =
        place.map_err(|_| Problem::new(Kind::StreamsFull, "too many boards are open: close one, or try again"))?;
    let shown = web.boards.shown.subscribe();
    draw_while_watched(&web);
    Ok(events::answer(stream::unfold(Board { shown, _place: place }, |mut board| async move {
        board.shown.changed().await.ok()?;
        let event = board.shown.borrow_and_update().clone();
        (!event.is_empty()).then_some((event, board))
    })))
}

fn draw_while_watched(web: &Arc<Web>) {
    let mut is_drawn = web.boards.is_drawn.lock().unwrap_or_else(PoisonError::into_inner);
    if !std::mem::replace(&mut *is_drawn, true) {
        tokio::spawn(draw(Arc::clone(web)));
    }
}

async fn draw(web: Arc<Web>) {
    let (mut tick, mut earlier) = (tokio::time::interval(EVERY), Earlier::default());
    loop {
        tick.tick().await;
        if web.boards.is_left_alone() {
            return;
        }
        if web.pages.is_closed() {
            web.boards.shown.send_replace(Bytes::new());
            return;
        }
        // Without the engine there is nothing to show; the connection is seen to live.
        let event = snapshot(&web, &mut earlier).await.map_or(events::BEAT, |body| events::event("board", &body));
        web.boards.shown.send_replace(event);
    }
}

impl Boards {
    /// Nobody watches any more: whoever comes next has it drawn again.
    fn is_left_alone(&self) -> bool {
        let mut is_drawn = self.is_drawn.lock().unwrap_or_else(PoisonError::into_inner);
        *is_drawn = self.shown.receiver_count() > 0;
        !*is_drawn
    }
}

async fn snapshot(web: &Web, earlier: &mut Earlier) -> Option<BoardBody> {
    let now = web.clock.now();
    let Some(Answer::Phases(phases)) = web.door.ask(Question::Phases).await else { return None };
    let Some(Answer::Calls(calls)) = web.door.ask(Question::Calls { limit: BOARD_CALLS_MAX }).await else {
        return None;
    };
    let Some(Answer::Queues(queues)) = web.door.ask(Question::Queues).await else { return None };
    let Some(Answer::Agents(agents)) = web.door.ask(Question::Agents).await else { return None };
    let Some(Answer::Trunks(trunks)) = web.door.ask(Question::Trunks).await else { return None };
    let count = |counter| web.telemetry.count(&counter);
    Some(BoardBody {
        at: rfc3339(now.wall),
        phases,
        calls: calls.into_iter().filter(|call| call.phase != "ended").map(CallRow::of).collect(),
        queues: board::queue_bodies(web, queues),
        agents: agents.into_iter().map(|agent| AgentBody::of(agent, now.mono)).collect(),
        trunks: trunks.into_iter().map(|trunk| TrunkBody::of(trunk, now.mono)).collect(),
        latency: LatencyAnswer::of(&web.telemetry.latency()),
        recent: LatencyAnswer::of(&web.telemetry.latency_since(earlier)),
        levels: Level::ALL.into_iter().map(|level| (level.as_str(), count(Counter::Matched(level)))).collect(),
        fallbacks: FallbackCause::ALL.iter().map(|cause| (cause.as_str(), count(Counter::FellBack(*cause)))).collect(),
        policy: web.routes.policy.version().to_string(),
        shadow_policy: web.routes.shadow_version().map(|version| version.to_string()),
        shadow: access_explain::counts(&web.telemetry, web.routes.shadow_version()),
        pages: web.pages.count(),
    })
}

impl CallRow {
    fn of(view: CallView) -> CallRow {
        let record = view.record;
        CallRow {
            id: record.call.to_string(),
            phase: view.phase,
            level: record.level.as_str(),
            trunk: record.trunk.to_string(),
            caller: record.caller.into_inner(),
            queue: record.queue.map(|queue| queue.to_string()),
            agent: record.agent.map(|agent| agent.to_string()),
            lasted_ms: u64::try_from(view.lasted.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
