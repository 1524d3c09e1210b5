//! `GET /v1/calls/{id}/explain`: why a call went where it went, as it was decided at the time.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{ConditionTried, RuleTried};
use crate::base::{CallId, Level};
use crate::calls::explained::{CandidateSeen, DecisionSeen, MatchSeen, OfferSeen, QueueSeen};
use crate::calls::facts::CallRecord;
use crate::engine::question::{Answer, CallView, Question};
use crate::intents::Evidence;

use super::Web;
use super::board_bodies::{PassedOverBody, passed_over};
use super::keys::Reader;
use super::lookup::Routes;
use super::lookup_bodies::{AccessBody, EvidenceBody, evidence};
use super::problem::{Kind, Problem, ProblemBody};

/// Why a call went where it went. Times are from the first byte of the INVITE.
#[derive(Serialize, ToSchema)]
pub(super) struct ExplainAnswer {
    call: String,
    phase: &'static str,
    /// The version of the policy that decided: twelve hex digits that follow from its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(rename = "match")]
    matched: MatchBody,
    /// Usually one; another when the page has confirmed the caller.
    decisions: Vec<DecisionBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<QueueSeenBody>,
    /// Agents who were offered the call, and those who were passed over for them.
    offers: Vec<OfferBody>,
    /// Who had it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// Why the call went on to the fallback.
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_by: Option<&'static str>,
    /// The SIP status of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    stages: Vec<StageTook>,
}

/// Whose call it was taken for.
#[derive(Serialize, ToSchema)]
struct MatchBody {
    level: &'static str,
    /// In words.
    why: String,
    share: f64,
    evidence: Vec<EvidenceBody>,
    /// What came into question, in the order in which it was found.
    candidates: Vec<CandidateBody>,
    /// What failed, when the match came to nothing for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    missed: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct CandidateBody {
    intent: String,
    /// Its part of all weights, 0 to 1; the rest belongs to a call that has nothing to do with any of them.
    share: f64,
    /// `number`, `caller`, `token` and `pin`.
    found_by: Vec<&'static str>,
    /// `winner`, `rival` (nearly as probable, shown beside the winner) or `other`.
    is: &'static str,
}

/// An answer of the access rules, and every rule that was tried for it.
#[derive(Serialize, ToSchema)]
struct DecisionBody {
    us: f64,
    policy: String,
    access: AccessBody,
    tried: Vec<TriedBody>,
}

/// A rule that was tried; the last one decided.
#[derive(Serialize, ToSchema)]
pub(super) struct TriedBody {
    rule: String,
    /// The first condition that did not hold; absent for the rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<ConditionBody>,
    /// All that the rule that decided asks for; absent when it asks for nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    met: Vec<ConditionBody>,
}

/// A condition, and what it was held against.
#[derive(Serialize, ToSchema)]
struct ConditionBody {
    /// As the configuration names it.
    condition: &'static str,
    asked: String,
    given: String,
}

#[derive(Serialize, ToSchema)]
struct QueueSeenBody {
    us: f64,
    queue: String,
    priority: i32,
    /// As first told; absent when an agent was free at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_wait_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_position: Option<usize>,
}

#[derive(Serialize, ToSchema)]
struct OfferBody {
    us: f64,
    agent: String,
    /// Why it came to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<&'static str>,
    passed_over: Vec<PassedOverBody>,
}

/// A stage: when it was over, and how long after the one before.
#[derive(Serialize, ToSchema)]
struct StageTook {
    stage: &'static str,
    us: f64,
    took_us: f64,
}

/// Why the call went where it went: what was known, every rule that was tried, who was passed over, and when.
#[utoipa::path(
    get, path = "/v1/calls/{id}/explain", tag = "calls", params(("id" = String, Path, description = "The id of the call.")),
    responses(
        (status = 200, description = "The reasons", body = ExplainAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn explain(
    State(web): State<Arc<Web>>,
    _: Reader,
    Path(id): Path<String>,
) -> Result<Json<ExplainAnswer>, Problem> {
    let call: CallId = id.parse().map_err(|_| Problem::new(Kind::NotFound, "this is not the id of a call"))?;
    match web.door.ask(Question::Call { call }).await {
        Some(Answer::Call(Some(call))) => Ok(Json(ExplainAnswer::of(&call, &web.routes))),
        Some(Answer::Call(None)) => Err(Problem::new(Kind::NotFound, "there is no such call, or it was long ago")),
        _ => Err(Problem::engine()),
    }
}

impl ExplainAnswer {
    fn of(view: &CallView, routes: &Routes) -> ExplainAnswer {
        let record = &view.record;
        let explained = &record.explained;
        ExplainAnswer {
            call: record.call.to_string(),
            phase: view.phase,
            policy: record.policy().map(|version| version.to_string()),
            matched: MatchBody::of(record),
            decisions: explained.decisions.iter().map(|decision| decision_body(decision, routes)).collect(),
            queue: explained.queue.as_ref().map(queue_body),
            offers: explained.offers.iter().map(offer_body).collect(),
            agent: record.agent.as_ref().map(ToString::to_string),
            fallback: record.fallback.map(|cause| cause.as_str()),
            outcome: record.outcome.map(|outcome| outcome.as_str()),
            ended_by: record.ended_by.map(|by| by.as_str()),
            status: record.status,
            stages: stages(record),
        }
    }
}

impl MatchBody {
    fn of(record: &CallRecord) -> MatchBody {
        let candidates = record.explained.matched.iter().flat_map(|matched| &matched.candidates);
        MatchBody {
            level: record.level.as_str(),
            why: why(record),
            share: record.share,
            evidence: record.evidence.iter().map(evidence).collect(),
            candidates: candidates.map(candidate_body).collect(),
            missed: record.explained.missed.map(|cause| cause.as_str()),
        }
    }
}

fn why(record: &CallRecord) -> String {
    if record.evidence.contains(&Evidence::PageConfirmed) {
        return "the signed-in page said that it is they who call".to_owned();
    }
    match &record.explained.matched {
        _ if record.explained.missed.is_some() => "the match came to nothing, for something failed".to_owned(),
        None => "nobody has been looked for".to_owned(),
        Some(seen) if seen.candidates.is_empty() => {
            "no open intent belongs to the number, the caller or a token".to_owned()
        }
        Some(seen) if seen.is_lost => "the intent that fits best was another call's, or had ended".to_owned(),
        Some(seen) => weighed(seen),
    }
}

fn weighed(seen: &MatchSeen) -> String {
    let percent = seen.share * 100.0;
    let (earned, allowed) = (seen.earned.as_str(), seen.allowed.as_str());
    let bound = match seen.earned.min(seen.allowed) {
        Level::Unmatched if seen.earned == Level::Unmatched => "a stray call is as probable",
        Level::Unmatched => "nothing ties the call to it",
        Level::Likely | Level::Strong | Level::Proven if seen.earned < seen.allowed => {
            "another explanation is not ruled out"
        }
        Level::Likely | Level::Strong | Level::Proven => "no more than the kinds of evidence allow",
    };
    format!("{percent:.1} % of the weight earn {earned}, the kinds of evidence allow {allowed}: {bound}")
}

fn candidate_body(seen: &CandidateSeen) -> CandidateBody {
    let by = seen.found_by;
    let found = [(by.leased_number, "number"), (by.caller_id, "caller"), (by.token, "token"), (by.pin, "pin")];
    CandidateBody {
        intent: seen.intent.to_string(),
        share: seen.share,
        found_by: found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect(),
        is: match (seen.is_winner, seen.is_rival) {
            (true, _) => "winner",
            (false, true) => "rival",
            (false, false) => "other",
        },
    }
}

fn decision_body(seen: &DecisionSeen, routes: &Routes) -> DecisionBody {
    DecisionBody {
        us: us(seen.at),
        policy: seen.trace.version().to_string(),
        access: AccessBody::of(&seen.decision, routes),
        tried: tried(seen.trace.tried()),
    }
}

pub(super) fn tried(all: Vec<RuleTried>) -> Vec<TriedBody> {
    let body = |tried: RuleTried| TriedBody {
        rule: tried.rule.to_string(),
        failed: tried.failed.map(condition),
        met: tried.met.into_iter().map(condition).collect(),
    };
    all.into_iter().map(body).collect()
}

fn condition(tried: ConditionTried) -> ConditionBody {
    ConditionBody { condition: tried.condition.as_str(), asked: tried.asked, given: tried.given }
}

fn queue_body(seen: &QueueSeen) -> QueueSeenBody {
    QueueSeenBody {
        us: us(seen.at),
        queue: seen.queue.to_string(),
        priority: seen.priority,
        position: seen.position,
        expected_wait_s: seen.expected_wait.map(|wait| wait.as_secs_f64().ceil() as u64),
        last_position: seen.last_position,
    }
}

fn offer_body(seen: &OfferSeen) -> OfferBody {
    OfferBody {
        us: us(seen.at),
        agent: seen.agent.to_string(),
        failed: seen.failed.map(|why| why.as_str()),
        passed_over: passed_over(seen),
    }
}

fn stages(record: &CallRecord) -> Vec<StageTook> {
    let mut before = Duration::ZERO;
    let each = record.stages.iter().map(|(stage, at)| {
        let took = at.saturating_sub(before);
        before = *at;
        StageTook { stage: stage.as_str(), us: us(*at), took_us: us(took) }
    });
    each.collect()
}

fn us(span: Duration) -> f64 {
    span.as_nanos() as f64 / 1000.0
}
