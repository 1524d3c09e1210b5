//! `GET /v1/match`: whose call would this be? For a dial plan that asks; it claims nothing.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::base::{E164, IntentId, Wall};
use crate::intents::requests::Candidate;
use crate::intents::{Evidence, Matched, Observed, StoreReply, StoreRequest, weigh};

use super::Web;
use super::intent_bodies::{ReasonBody, SubjectBody};
use super::intents::unexpected;
use super::keys::Reader;
use super::problem::{Kind, Problem, ProblemBody};
use super::time::rfc3339;

/// What the dial plan knows of the call; at least one of the first three.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MatchQuery {
    /// The number that was dialled.
    dialled: Option<String>,
    /// The number that the caller shows; one that is withheld or no number counts as not shown.
    caller: Option<String>,
    /// The token from `User-to-User`, as text (`tok_...`).
    token: Option<String>,
    /// The network vouches for the caller's number.
    #[serde(default)]
    asserted: bool,
}

/// The answer of a look-up.
#[derive(Serialize, ToSchema)]
pub(super) struct MatchAnswer {
    /// `V0` unmatched, `V1` likely, `V2` strong, `V3` proven.
    level: &'static str,
    /// The probability of the intent, 0 to 1.
    share: f64,
    /// Absent at V0.
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<MatchedIntent>,
    /// What speaks for it and against it, strongest first.
    evidence: Vec<EvidenceBody>,
    /// Other intents that are nearly as probable.
    rivals: Vec<String>,
}

/// What a dial plan needs to route; nothing that tells who the customer is.
#[derive(Serialize, ToSchema)]
pub(super) struct MatchedIntent {
    id: String,
    reason: ReasonBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectBody>,
    language: String,
    urgency: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_agent: Option<String>,
    expires_at: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct EvidenceBody {
    kind: &'static str,
    text: &'static str,
}

/// Whose call this would be, and why.
#[utoipa::path(
    get, path = "/v1/match", tag = "calls", params(MatchQuery),
    responses(
        (status = 200, description = "The best match, or V0", body = MatchAnswer),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn look_up(State(web): State<Arc<Web>>, _: Reader, uri: Uri) -> Result<Json<MatchAnswer>, Problem> {
    let observed = observed(&web, query(&uri)?, web.clock.wall())?;
    let request = StoreRequest::Find {
        dialled: observed.dialled.clone(),
        caller: observed.caller.clone(),
        token: observed.token,
        claim: None,
        now: observed.now,
    };
    match web.ask_store(request).await? {
        StoreReply::Found { candidates } => {
            let matched = weigh(&observed, &candidates, &web.priors);
            Ok(Json(answer(&matched, &candidates)))
        }
        other => Err(unexpected(&other)),
    }
}

fn query(uri: &Uri) -> Result<MatchQuery, Problem> {
    let query = Query::<MatchQuery>::try_from_uri(uri);
    let Query(query) = query.map_err(|_| {
        let problem =
            Problem::new(Kind::InvalidRequest, "the query has an unknown name or a value that cannot be read");
        problem.with("query", "is not one of this address", "give dialled, caller, token, asserted=true")
    })?;
    if query.dialled.is_none() && query.caller.is_none() && query.token.is_none() {
        let problem = Problem::new(Kind::InvalidRequest, "there is nothing to look up");
        return Err(problem.with("dialled", "is missing", "give dialled, caller or token"));
    }
    Ok(query)
}

fn observed(web: &Web, query: MatchQuery, now: Wall) -> Result<Observed, Problem> {
    let dialled = query.dialled.map(|text| E164::parse(&plus(&text), web.region)).transpose().map_err(|why| {
        let problem = Problem::new(Kind::InvalidRequest, "the dialled number cannot be read");
        problem.with("dialled", why.to_string(), "write it with + (%2B in an address) and the country code")
    })?;
    let caller = query.caller.and_then(|text| E164::parse(&plus(&text), web.region).ok());
    let token = query.token.map(|text| token(web, &text, now)).transpose()?;
    Ok(Observed { dialled, caller, asserted: query.asserted, token, now })
}

/// A `+` that was not escaped in the address arrives as a blank.
fn plus(text: &str) -> String {
    text.strip_prefix(' ').map_or_else(|| text.to_owned(), |digits| format!("+{digits}"))
}

fn token(web: &Web, text: &str, now: Wall) -> Result<IntentId, Problem> {
    let claims = web.token_keys.verify_text(text, now).map_err(|why| {
        let problem = Problem::new(Kind::InvalidRequest, "the token proves nothing");
        problem.with("token", why.to_string(), "leave it out, and look up by the numbers")
    })?;
    Ok(claims.intent)
}

fn answer(matched: &Matched, candidates: &[Candidate]) -> MatchAnswer {
    let id = |index: &usize| candidates.get(*index).map(|candidate| candidate.intent.id.to_string());
    MatchAnswer {
        level: matched.level.as_str(),
        share: matched.share,
        intent: matched.winner.and_then(|winner| candidates.get(winner)).map(matched_intent),
        evidence: matched.evidence.iter().map(evidence).collect(),
        rivals: matched.rivals.iter().filter_map(id).collect(),
    }
}

fn matched_intent(candidate: &Candidate) -> MatchedIntent {
    let intent = &candidate.intent;
    MatchedIntent {
        id: intent.id.to_string(),
        reason: ReasonBody::of(intent),
        subject: SubjectBody::of(intent),
        language: intent.language.clone(),
        urgency: intent.urgency.as_str(),
        tier: intent.customer.tier.as_ref().map(ToString::to_string),
        preferred_agent: intent.preferred_agent.as_ref().map(ToString::to_string),
        last_agent: candidate.last_agent.as_ref().map(ToString::to_string),
        expires_at: rfc3339(intent.expires),
    }
}

fn evidence(evidence: &Evidence) -> EvidenceBody {
    EvidenceBody { kind: evidence.as_str(), text: evidence.text() }
}
