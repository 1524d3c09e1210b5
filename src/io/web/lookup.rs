//! `GET /v1/match`: whose call would this be, and where should it go? For a dial plan that asks; it claims nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::{Channel, Decision, Policy, PolicyVersion, QueueLoad};
use crate::base::{AgentId, E164, IntentId, Level, QueueId, TrunkId, Wall};
use crate::calls::browsing;
use crate::calls::policy_facts::{self, Seen};
use crate::calls::settings::{CallSettings, PhonePlan};
use crate::intents::intent::Intent;
use crate::intents::{Observed, StoreReply, StoreRequest, weigh};
use crate::sip::api::Target;

use super::Web;
use super::intents::unexpected;
use super::keys::Reader;
use super::lookup_bodies::MatchAnswer;
use super::lookup_text;
use super::problem::{Kind, Problem, ProblemBody};

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
    /// The trunk that the call came over, as the configuration names it, for rules that look at it.
    trunk: Option<String>,
    /// `json`, `text` (a line KEY=value for each), or `form` (KEY=value&KEY=value, escaped); else as `Accept` says, or `json`.
    format: Option<String>,
}

/// Where calls go.
pub struct Routes {
    pub policy: Arc<Policy>,
    /// Asked only to be explained.
    pub shadow: Option<Arc<Policy>>,
    pub default_queue: Option<QueueId>,
    /// The trunk of calls from customers' browsers, where there may be any.
    pub browser_trunk: Option<TrunkId>,
    /// A trunk over which the leased numbers are dialled.
    pub trunk: Option<TrunkId>,
    /// The SIP URI at which each agent's phone is reached from a PBX.
    pub contact_by_agent: BTreeMap<AgentId, String>,
    /// How long a code is, where callers are asked for one.
    pub pin_digits: Option<u8>,
    /// An answer that takes longer is of no use to a dial plan.
    pub within: Duration,
}

impl Routes {
    pub fn shadow_version(&self) -> Option<PolicyVersion> {
        self.shadow.as_ref().map(|shadow| shadow.version())
    }

    pub fn of(calls: &CallSettings) -> Routes {
        let contact = |phone: &PhonePlan| match &phone.target {
            Target::Uri { uri, .. } => Some(phone.extension.clone().unwrap_or_else(|| uri.clone())),
            Target::Trunk { .. } | Target::Registered(_) => phone.extension.clone(),
        };
        let contacts = calls.phones.iter().filter_map(|(agent, phone)| Some((agent.clone(), contact(phone)?)));
        Routes {
            policy: calls.policy.clone(),
            shadow: calls.shadow.clone(),
            default_queue: calls.default_queue.clone(),
            browser_trunk: calls.trunks.keys().find(|trunk| trunk.as_str() == browsing::TRUNK).cloned(),
            trunk: calls.trunks.keys().find(|trunk| trunk.as_str() != browsing::TRUNK).cloned(),
            contact_by_agent: contacts.collect(),
            pin_digits: calls.pin.as_ref().map(|plan| plan.digits),
            within: calls.deadlines.matching,
        }
    }

    /// What they say of a customer who is to be called back through `trunk`.
    pub(super) fn decide_callback(
        &self,
        intent: &Intent,
        trunk: &TrunkId,
        loads: &[QueueLoad],
        wall: Wall,
    ) -> Decision {
        let (level, channel) = (Level::Strong, Channel::Callback);
        let seen = Seen { level, dialled: None, trunk, channel, loads, wall };
        self.policy.decide(&policy_facts::facts(Some(intent), &seen))
    }

    /// What the access rules say of a caller; the same that they say of a call.
    pub(super) fn decide(
        &self,
        (level, intent): (Level, Option<&Intent>),
        observed: &Observed,
        trunk: &TrunkId,
        loads: &[QueueLoad],
    ) -> Decision {
        let channel = if Some(trunk) == self.browser_trunk.as_ref() { Channel::Browser } else { Channel::Phone };
        let seen = Seen { level, dialled: observed.dialled.as_ref(), trunk, channel, loads, wall: observed.now };
        self.policy.decide(&policy_facts::facts(intent, &seen))
    }
}

/// Whose call this would be, why, and where it should go. Nothing is claimed by asking.
#[utoipa::path(
    get, path = "/v1/match", tag = "calls", params(MatchQuery),
    responses(
        (status = 200, description = "The best match, or V0", content(
            (MatchAnswer = "application/json"), (String = "text/plain"), (String = "application/x-www-form-urlencoded"),
        )),
        (status = 504, description = "Not within the match deadline", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ), security(("key" = [])),
)]
pub(super) async fn look_up(
    State(web): State<Arc<Web>>,
    _: Reader,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = query(&uri)?;
    let form = form(query.format.as_deref(), &headers)?;
    let trunk = TrunkId::new(query.trunk.as_deref().unwrap_or_default());
    let observed = observed(&web, query, web.clock.wall())?;
    let request = StoreRequest::Find {
        dialled: observed.dialled.clone(),
        caller: observed.caller.clone(),
        token: observed.token,
        claim: None,
        now: observed.now,
    };
    match web.ask_store_soon(request).await? {
        StoreReply::Found { candidates } => {
            let matched = weigh(&observed, &candidates, &web.priors);
            let winner = matched.winner.and_then(|winner| candidates.get(winner));
            let level = winner.map_or(Level::Unmatched, |_| matched.level);
            let asks = !web.routes.policy.queues_asked().is_empty();
            let loads = if asks { web.loads().await } else { Vec::new() };
            let known = (level, winner.map(|winner| &winner.intent));
            let decision = web.routes.decide(known, &observed, &trunk, &loads);
            Ok(written(MatchAnswer::of(&matched, &candidates, &decision, &web.routes), form))
        }
        other => Err(unexpected(&other)),
    }
}

fn written(answer: MatchAnswer, form: Form) -> Response {
    match form {
        Form::Json => Json(answer).into_response(),
        Form::Text => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], lookup_text::lines(&answer)).into_response(),
        Form::Escaped => {
            ([(CONTENT_TYPE, "application/x-www-form-urlencoded")], lookup_text::escaped(&answer)).into_response()
        }
    }
}

#[derive(Clone, Copy)]
enum Form {
    Json,
    Text,
    Escaped,
}

fn form(asked: Option<&str>, headers: &HeaderMap) -> Result<Form, Problem> {
    let accepts = |kind: &str| {
        headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.starts_with(kind))
    };
    match asked {
        Some("json") => Ok(Form::Json),
        Some("text") => Ok(Form::Text),
        Some("form") => Ok(Form::Escaped),
        Some(_) => {
            let problem = Problem::new(Kind::InvalidRequest, "there is no such form of the answer");
            Err(problem.with("format", "is not known", "give json, text or form, or leave it out"))
        }
        None if accepts("text/plain") => Ok(Form::Text),
        None if accepts("application/x-www-form-urlencoded") => Ok(Form::Escaped),
        None => Ok(Form::Json),
    }
}

fn query(uri: &Uri) -> Result<MatchQuery, Problem> {
    let query = Query::<MatchQuery>::try_from_uri(uri);
    let Query(query) = query.map_err(|_| {
        let problem =
            Problem::new(Kind::InvalidRequest, "the query has an unknown name or a value that cannot be read");
        problem.with("query", "is not one of this address", "give dialled, caller, token, asserted=true, trunk, format")
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
    Ok(Observed { dialled, caller, asserted: query.asserted, token, pin: None, now })
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
