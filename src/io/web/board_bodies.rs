//! The JSON of what the engine shows: calls, agents, queues, trunks, latency.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::{AgentId, CallId, Mono};
use crate::calls::explained::OfferSeen;
use crate::calls::facts::{CallRecord, PassedOn};
use crate::calls::recording::RecordingNote;
use crate::calls::supervising::Supervised;
use crate::engine::question::{CallView, TrunkView};
use crate::io::telemetry::{IN_TIME, Service, StageTimes, WaitErrors, WaitScore};
use crate::media::command::LegStats;
use crate::routing::{AgentState, AgentView, QueueView, Why};
use crate::sip::api::{EnrolView, GatewayView};

use super::time::rfc3339;

#[derive(Serialize, ToSchema)]
pub(super) struct CallsAnswer {
    /// Those in progress first, then those that have ended, the latest first.
    pub(super) calls: Vec<CallBody>,
}

/// A call, and why it went where it did.
#[derive(Serialize, ToSchema)]
pub(super) struct CallBody {
    id: String,
    /// `(phones)` for a call that an agent made.
    trunk: String,
    /// `matching`, `waiting`, `offered`, `ringing`, `talking`, `diverting`, `diverted` or `ended`.
    phase: &'static str,
    caller: String,
    dialled: String,
    /// Whose number was dialled before the call was diverted to us (Diversion or History-Info).
    #[serde(skip_serializing_if = "Option::is_none")]
    diverted_from: Option<String>,
    began_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    lasted_ms: u64,
    talked_ms: u64,
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<String>,
    /// The probability of the match, 0 to 1.
    share: f64,
    evidence: Vec<&'static str>,
    /// The access rule that fired, and its reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The version of the policy that decided; `/v1/calls/{id}/explain` says how.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    passed_over: Vec<PassedOverBody>,
    /// Attempts to pass the call on, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    passed_on: Vec<PassedOnBody>,
    /// Why the call fell back.
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_by: Option<&'static str>,
    /// Of a callback: how often the number was dialled.
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_tries: Option<u8>,
    /// The SIP status of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    stages: Vec<StageBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_sound: Option<SoundBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    far_sound: Option<SoundBody>,
    /// Supervisors who were with it, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    supervised: Vec<SupervisedBody>,
    /// There where the rule asks for a recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    recording: Option<RecordingBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wrap_up: Option<WrapUpBody>,
}

/// What a supervisor did.
#[derive(Serialize, ToSchema)]
struct SupervisedBody {
    by: String,
    /// `listen`, `whisper`, `barge` or `take-over`.
    act: &'static str,
    from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// What became of the recording of a call.
#[derive(Serialize, ToSchema)]
struct RecordingBody {
    /// Why there is none: `no-consent` or `codec`.
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    began_at: Option<String>,
    /// What was left out, for card numbers.
    paused: Vec<PausedBody>,
    /// Of the file, once it is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    length_ms: Option<u64>,
    /// Packets that were left out because the disk was slow; they are silence.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<u64>,
    /// Why it is shorter than the call: `file` (the disk is full), `too-long` or `overload`.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<&'static str>,
    /// Where the file is, until it is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

/// In milliseconds from the beginning of the recording.
#[derive(Serialize, ToSchema)]
struct PausedBody {
    from_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    until_ms: Option<u64>,
}

/// An agent who did not get the call, and why.
#[derive(Serialize, ToSchema)]
pub(super) struct PassedOverBody {
    agent: String,
    why: String,
}

/// A stage, and the time from the first byte of the INVITE to it.
#[derive(Serialize, ToSchema)]
struct PassedOnBody {
    /// The agent who passed it on; absent where a trunk did.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_agent: Option<String>,
    /// 200, or the SIP status for which it came to nothing.
    status: u16,
}

#[derive(Serialize, ToSchema)]
struct StageBody {
    stage: &'static str,
    us: f64,
}

/// What passed on one side of the call.
#[derive(Serialize, ToSchema)]
struct SoundBody {
    received: u64,
    sent: u64,
    lost: u64,
    jitter_us: u32,
    /// Datagrams from an address that is not the peer's.
    strangers: u64,
}

#[derive(Serialize, ToSchema)]
struct WrapUpBody {
    outcome: String,
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    article_failed: Option<ArticleFailedBody>,
}

#[derive(Serialize, ToSchema)]
struct ArticleFailedBody {
    article: String,
    why: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct AgentsAnswer {
    pub(super) agents: Vec<AgentBody>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct AgentBody {
    agent: String,
    /// `offline`, `available`, `paused`, `break`, `offered`, `on-call` or `wrap-up`.
    state: &'static str,
    /// Of a break or a pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    for_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct QueuesAnswer {
    pub(super) queues: Vec<QueueBody>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct QueueBody {
    queue: String,
    waiting: usize,
    oldest_wait_ms: u64,
    /// Agents free for it now, and those logged in who could serve it.
    available: usize,
    staffed: usize,
    /// Of a call that would enter now; absent when nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_wait_s: Option<u64>,
    /// How well such expectations were; absent while no call has had to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_score: Option<WaitScoreBody>,
    service: ServiceBody,
}

/// Calls of the last hour that came to the queue and are over.
#[derive(Serialize, ToSchema)]
struct ServiceBody {
    calls: u64,
    /// Those that an agent has answered within `within_s` of their beginning.
    in_time: u64,
    within_s: u64,
    /// Those whose caller gave up before.
    abandoned: u64,
}

/// Since the start of the process.
#[derive(Serialize, ToSchema)]
pub(super) struct WaitScoreBody {
    /// Calls that had to wait and were offered to an agent, and what the half of them waited at most.
    calls: u64,
    median_wait_s: f64,
    /// `position` and `last-served`; one of them is told to callers, as the configuration says.
    estimators: BTreeMap<&'static str, WaitErrorBody>,
}

/// What the expectation at the beginning was off by, in the half and in nine tenths of the calls at most.
#[derive(Serialize, ToSchema)]
struct WaitErrorBody {
    calls: u64,
    median_s: f64,
    p90_s: f64,
    /// Over the wait: 0.2 is a fifth.
    median_ratio: f64,
    p90_ratio: f64,
    /// How many calls by that share, from the least to the largest.
    spread: Vec<SpreadBody>,
}

/// Calls for which it was off by no more than this, and by more than the one before.
#[derive(Serialize, ToSchema)]
struct SpreadBody {
    /// Absent for all beyond.
    #[serde(skip_serializing_if = "Option::is_none")]
    up_to: Option<f64>,
    calls: u64,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TrunksAnswer {
    pub(super) trunks: Vec<TrunkBody>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TrunkBody {
    trunk: String,
    /// Absent for a trunk that is not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    reachable: Option<bool>,
    /// Absent when we do not register there.
    #[serde(skip_serializing_if = "Option::is_none")]
    registration: Option<RegistrationBody>,
    /// Where calls to it go, in the order of the configuration; absent when it has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gateways: Vec<GatewayBody>,
    /// Calls that came over it and are in progress.
    calls: u32,
    /// Calls of ours to it, as to its fallback.
    calls_out: u32,
    /// Calls that a cap of the configuration forbade, since the start of the process.
    refused: RefusedBody,
}

#[derive(Serialize, ToSchema)]
struct RefusedBody {
    in_calls: u64,
    in_calls_per_s: u64,
    out_calls: u64,
    out_calls_per_s: u64,
}

/// Our registration at a carrier.
#[derive(Serialize, ToSchema)]
struct RegistrationBody {
    registered: bool,
    /// How long that has been so.
    for_ms: u64,
    /// How long the carrier still keeps us.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_ms: Option<u64>,
    /// When REGISTER is sent again; absent while one is on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_in_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<FailureBody>,
}

/// One of a trunk's gateways.
#[derive(Serialize, ToSchema)]
struct GatewayBody {
    uri: String,
    priority: u16,
    weight: u16,
    /// `unknown`, `up`, `probing` or `down`.
    state: &'static str,
    /// How long it has been in that state.
    for_ms: u64,
}

/// What went wrong last.
#[derive(Serialize, ToSchema)]
struct FailureBody {
    /// The carrier's answer; 408 when there was none, 503 when nothing could be sent.
    status: u16,
    ago_ms: u64,
}

/// Times since the start of the process.
#[derive(Serialize, ToSchema)]
pub(super) struct LatencyAnswer {
    /// Always `us`: microseconds.
    unit: &'static str,
    stages: Vec<StageTimesBody>,
}

/// Percentiles are 0 while the count is.
#[derive(Serialize, ToSchema)]
struct StageTimesBody {
    stage: &'static str,
    count: u64,
    p50: f64,
    p90: f64,
    p99: f64,
    #[serde(rename = "p99.9")]
    p999: f64,
    max: f64,
}

impl CallBody {
    pub(super) fn of(view: CallView) -> CallBody {
        let CallView { record, phase, lasted } = view;
        CallBody {
            id: record.call.to_string(),
            phase,
            began_at: rfc3339(record.began),
            ended_at: record.ended.map(rfc3339),
            lasted_ms: ms(lasted),
            talked_ms: ms(record.talked),
            level: record.level.as_str(),
            intent: record.intent.map(|intent| intent.to_string()),
            share: record.share,
            policy: record.policy().map(|version| version.to_string()),
            queue: record.queue.as_ref().map(ToString::to_string),
            agent: record.agent.as_ref().map(ToString::to_string),
            passed_over: record.explained.offers.last().map(passed_over).unwrap_or_default(),
            passed_on: record.passed_on.iter().map(passed_on).collect(),
            fallback: record.fallback.map(|cause| cause.as_str()),
            outcome: record.outcome.map(|outcome| outcome.as_str()),
            ended_by: record.ended_by.map(|by| by.as_str()),
            callback_tries: record.tries,
            status: record.status,
            stages: stages(&record),
            caller_sound: record.caller_sound.as_deref().copied().map(sound),
            far_sound: record.far_sound.as_deref().copied().map(sound),
            supervised: record.supervised.iter().map(supervised).collect(),
            recording: record.recording.as_ref().map(|note| recording(record.call, note)),
            wrap_up: wrap_up(&record),
            trunk: record.trunk.to_string(),
            caller: record.caller.into_inner(),
            dialled: record.dialled.into_inner(),
            diverted_from: record.diverted_from.map(crate::base::Pii::into_inner),
            evidence: record.evidence.iter().map(|evidence| evidence.as_str()).collect(),
            rule: record.rule,
            reason: record.reason,
        }
    }
}

fn passed_on(passed: &PassedOn) -> PassedOnBody {
    let agent = |agent: &Option<AgentId>| agent.as_ref().map(|agent| agent.to_string());
    PassedOnBody {
        by: agent(&passed.by),
        to: passed.to.expose().clone(),
        to_agent: agent(&passed.to_agent),
        status: passed.status,
    }
}

pub(super) fn passed_over(offer: &OfferSeen) -> Vec<PassedOverBody> {
    offer.passed_over().map(|(agent, why)| PassedOverBody { agent: agent.to_string(), why: word(why) }).collect()
}

/// In words.
fn word(why: &Why) -> String {
    let word = match why {
        Why::Busy => "busy",
        Why::Reserved => "offered another call",
        Why::WrapUp => "in a wrap-up",
        Why::OnBreak => "on break",
        Why::Offline => "offline",
        Why::Paused => "paused after an offer that came to nothing",
        Why::NoDesk => "desk not connected",
        Why::NoPhone => "phone not connected",
        Why::Lacks(need) => return format!("lacks {} at level {}", need.skill, need.min_level),
        Why::OtherQueues => "keeps to other queues",
        Why::LaterRing => "takes such calls only when they have waited longer",
        Why::NotTheirTurn => "free, but not their turn",
        Why::Failed(failure) => return format!("had an offer of this call: {}", failure.as_str()),
    };
    word.to_owned()
}

fn stages(record: &CallRecord) -> Vec<StageBody> {
    let body = |(stage, took): &(crate::base::Stage, Duration)| StageBody { stage: stage.as_str(), us: us(*took) };
    record.stages.iter().map(body).collect()
}

fn sound(stats: LegStats) -> SoundBody {
    let LegStats { received, sent, lost, jitter_us, strangers, .. } = stats;
    SoundBody { received, sent, lost, jitter_us, strangers }
}

fn supervised(supervised: &Supervised) -> SupervisedBody {
    SupervisedBody {
        by: supervised.by.to_string(),
        act: supervised.act.as_str(),
        from: rfc3339(supervised.from),
        until: supervised.until.map(rfc3339),
    }
}

fn recording(call: CallId, note: &RecordingNote) -> RecordingBody {
    let kept = note.kept.as_ref();
    let file = kept.filter(|kept| !kept.length.is_zero()).map(|_| format!("/v1/calls/{call}/recording"));
    let paused =
        |(from, until): &(Duration, Option<Duration>)| PausedBody { from_ms: ms(*from), until_ms: until.map(ms) };
    RecordingBody {
        withheld: note.withheld.map(|why| why.as_str()),
        began_at: note.began.map(rfc3339),
        paused: note.paused.iter().map(paused).collect(),
        length_ms: kept.map(|kept| ms(kept.length)),
        dropped: kept.map(|kept| kept.dropped),
        stopped: kept.and_then(|kept| kept.stopped).map(|cause| cause.as_str()),
        file,
    }
}

fn wrap_up(record: &CallRecord) -> Option<WrapUpBody> {
    let wrap_up = record.wrap_up.as_ref()?;
    let article_failed = wrap_up
        .article_failed
        .as_ref()
        .map(|failed| ArticleFailedBody { article: failed.article.clone(), why: failed.why.expose().clone() });
    Some(WrapUpBody { outcome: wrap_up.outcome.clone(), summary: wrap_up.summary.expose().clone(), article_failed })
}

impl AgentBody {
    pub(super) fn of(view: AgentView, now: Mono) -> AgentBody {
        AgentBody {
            agent: view.agent.to_string(),
            state: view.state.as_str(),
            reason: state_reason(&view.state),
            for_ms: ms(now.since(view.since)),
            call: view.call.map(|call| call.to_string()),
        }
    }
}

fn state_reason(state: &AgentState) -> Option<String> {
    match state {
        AgentState::Break { reason } => Some(reason.clone()),
        AgentState::Paused { why, .. } => Some(why.as_str().to_owned()),
        AgentState::Offline
        | AgentState::Available
        | AgentState::Offered { .. }
        | AgentState::OnCall { .. }
        | AgentState::OnOwnCall { .. }
        | AgentState::WrapUp { .. } => None,
    }
}

impl QueueBody {
    pub(super) fn of(view: QueueView, score: Option<WaitScore>, service: Service) -> QueueBody {
        QueueBody {
            queue: view.queue.to_string(),
            waiting: view.waiting,
            oldest_wait_ms: ms(view.oldest_wait),
            available: view.available,
            staffed: view.staffed,
            expected_wait_s: view.expected_wait.map(|wait| wait.as_secs_f64().ceil() as u64),
            wait_score: score.as_ref().map(WaitScoreBody::of),
            service: ServiceBody::of(service),
        }
    }
}

impl ServiceBody {
    fn of(Service { calls, in_time, abandoned }: Service) -> ServiceBody {
        ServiceBody { calls, in_time, within_s: IN_TIME.as_secs(), abandoned }
    }
}

impl WaitScoreBody {
    fn of(score: &WaitScore) -> WaitScoreBody {
        let known = score.estimators().into_iter().filter(|(_, errors)| errors.calls() > 0);
        WaitScoreBody {
            calls: score.calls(),
            median_wait_s: score.median_wait().as_secs_f64(),
            estimators: known.map(|(name, errors)| (name, WaitErrorBody::of(errors))).collect(),
        }
    }
}

impl WaitErrorBody {
    fn of(errors: &WaitErrors) -> WaitErrorBody {
        WaitErrorBody {
            calls: errors.calls(),
            median_s: errors.off_at(0.5).as_secs_f64(),
            p90_s: errors.off_at(0.9).as_secs_f64(),
            median_ratio: errors.share_at(0.5),
            p90_ratio: errors.share_at(0.9),
            spread: errors.spread().into_iter().map(|(up_to, calls)| SpreadBody { up_to, calls }).collect(),
        }
    }
}

impl TrunkBody {
    pub(super) fn of(view: TrunkView, now: Mono) -> TrunkBody {
        let registration = view.registration.map(|registration| RegistrationBody::of(&registration, now));
        TrunkBody {
            trunk: view.trunk.to_string(),
            reachable: view.reachable,
            registration,
            gateways: view.gateways.into_iter().map(|gateway| GatewayBody::of(gateway, now)).collect(),
            calls: view.incoming.calls,
            calls_out: view.outgoing.calls,
            refused: RefusedBody {
                in_calls: view.incoming.refused_calls,
                in_calls_per_s: view.incoming.refused_rate,
                out_calls: view.outgoing.refused_calls,
                out_calls_per_s: view.outgoing.refused_rate,
            },
        }
    }
}

impl GatewayBody {
    fn of(view: GatewayView, now: Mono) -> GatewayBody {
        let GatewayView { uri, priority, weight, state, since } = view;
        GatewayBody { uri, priority, weight, state: state.as_str(), for_ms: ms(now.since(since)) }
    }
}

impl RegistrationBody {
    fn of(view: &EnrolView, now: Mono) -> RegistrationBody {
        RegistrationBody {
            registered: view.registered,
            for_ms: ms(now.since(view.since)),
            left_ms: view.until.map(|until| ms(until.since(now))),
            next_in_ms: view.next.map(|next| ms(next.since(now))),
            last_failure: view.last_failure.map(|(status, at)| FailureBody { status, ago_ms: ms(now.since(at)) }),
        }
    }
}

impl LatencyAnswer {
    pub(super) fn of(rows: &[StageTimes]) -> LatencyAnswer {
        LatencyAnswer { unit: "us", stages: rows.iter().map(stage_times).collect() }
    }
}

fn stage_times(row: &StageTimes) -> StageTimesBody {
    StageTimesBody {
        stage: row.stage.as_str(),
        count: row.count,
        p50: row.p50_us,
        p90: row.p90_us,
        p99: row.p99_us,
        p999: row.p999_us,
        max: row.max_us,
    }
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn us(span: Duration) -> f64 {
    span.as_nanos() as f64 / 1000.0
}
