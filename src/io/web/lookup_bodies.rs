//! The answer of a look-up: whose call it would be, why, and where it should go.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{After, Answer, Decision};
use crate::base::hex::to_hex;
use crate::intents::requests::Candidate;
use crate::intents::{Evidence, Matched};
use crate::sip::wire::Uri;

use super::intent_bodies::{ReasonBody, SubjectBody};
use super::lookup::Routes;
use super::time::rfc3339;

/// The answer of a look-up.
#[derive(Serialize, ToSchema)]
pub(super) struct MatchAnswer {
    /// `V0` unmatched, `V1` likely, `V2` strong, `V3` proven.
    pub(super) level: &'static str,
    /// The probability of the intent, 0 to 1.
    share: f64,
    /// What the access rules say.
    pub(super) access: AccessBody,
    /// Absent at V0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) intent: Option<MatchedIntent>,
    /// What speaks for it and against it, strongest first.
    evidence: Vec<EvidenceBody>,
    /// Other intents that are nearly as probable.
    rivals: Vec<String>,
}

/// Where the call should go, and which rule says so.
#[derive(Serialize, ToSchema)]
pub(super) struct AccessBody {
    /// `human`, `queue`, `callback`, `self-service` or `refuse`.
    pub(super) answer: &'static str,
    pub(super) rule: String,
    /// In words.
    pub(super) reason: String,
    /// For `human`, `queue` and `callback`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) priority: Option<i32>,
    /// For `queue`: how long at most, in seconds, and what follows: `self-service`, `callback`, `queue` (another one) or `refuse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ceiling_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) then: Option<&'static str>,
    /// For `refuse`, also after a queue: the SIP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// For `refuse`: what the caller may be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) announcement: Option<String>,
    /// What the agent must know besides what the queue requires, and the lowest level of each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    skills: BTreeMap<String, u8>,
    /// Who is told what became of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    notify: Option<String>,
}

/// What a dial plan needs to route; nothing that tells who the customer is.
#[derive(Serialize, ToSchema)]
pub(super) struct MatchedIntent {
    pub(super) id: String,
    pub(super) reason: ReasonBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectBody>,
    pub(super) language: String,
    pub(super) urgency: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) preferred_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_agent: Option<String>,
    /// The preferred agent's phone, else the last one's: its number or name on the PBX, and the whole URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extension: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contact: Option<String>,
    /// For the header field User-to-User: the id of the intent (RFC 7433). It proves nothing by itself.
    pub(super) user_to_user: String,
    expires_at: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct EvidenceBody {
    kind: &'static str,
    text: &'static str,
}

impl MatchAnswer {
    pub(super) fn of(matched: &Matched, candidates: &[Candidate], decision: &Decision, routes: &Routes) -> MatchAnswer {
        let id = |index: &usize| candidates.get(*index).map(|candidate| candidate.intent.id.to_string());
        let winner = matched.winner.and_then(|winner| candidates.get(winner));
        MatchAnswer {
            level: matched.level.as_str(),
            share: matched.share,
            access: AccessBody::of(decision, routes),
            intent: winner.map(|winner| MatchedIntent::of(winner, routes)),
            evidence: matched.evidence.iter().map(evidence).collect(),
            rivals: matched.rivals.iter().filter_map(id).collect(),
        }
    }
}

impl AccessBody {
    pub(super) fn of(decision: &Decision, routes: &Routes) -> AccessBody {
        let plain = AccessBody {
            answer: "self-service",
            rule: decision.rule.to_string(),
            reason: decision.reason.text().to_owned(),
            queue: None,
            priority: None,
            ceiling_s: None,
            then: None,
            status: None,
            announcement: None,
            skills: decision.skills.iter().map(|(skill, level)| (skill.to_string(), *level)).collect(),
            notify: decision.notify.as_deref().map(str::to_owned),
        };
        match &decision.answer {
            Answer::Human { queue, priority } => {
                let queue = queue.as_ref().or(routes.default_queue.as_ref()).map(ToString::to_string);
                AccessBody { answer: "human", queue, priority: Some(*priority), ..plain }
            }
            Answer::Queue { queue, priority, ceiling, then } => {
                let (then, status) = after(then);
                AccessBody {
                    answer: "queue",
                    queue: Some(queue.to_string()),
                    priority: Some(*priority),
                    ceiling_s: Some(ceiling.as_secs()),
                    then: Some(then),
                    status,
                    ..plain
                }
            }
            Answer::Callback { queue, priority } => {
                let queue = queue.as_ref().or(routes.default_queue.as_ref()).map(ToString::to_string);
                AccessBody { answer: "callback", queue, priority: Some(*priority), ..plain }
            }
            Answer::SelfService => plain,
            Answer::Refuse { status, announcement } => {
                let announcement = announcement.as_ref().map(ToString::to_string);
                AccessBody { answer: "refuse", status: Some(*status), announcement, ..plain }
            }
        }
    }
}

fn after(then: &After) -> (&'static str, Option<u16>) {
    match then {
        After::SelfService => ("self-service", None),
        After::Callback => ("callback", None),
        After::Refuse { status, .. } => ("refuse", Some(*status)),
        After::Queue(_) => ("queue", None),
    }
}

impl MatchedIntent {
    fn of(candidate: &Candidate, routes: &Routes) -> MatchedIntent {
        let intent = &candidate.intent;
        let agent = intent.preferred_agent.as_ref().or(candidate.last_agent.as_ref());
        let contact = agent.and_then(|agent| routes.contact_by_agent.get(agent));
        let id = intent.id.to_string();
        MatchedIntent {
            user_to_user: format!("{};encoding=hex", to_hex(id.as_bytes())),
            id,
            reason: ReasonBody::of(intent),
            subject: SubjectBody::of(intent),
            language: intent.language.clone(),
            urgency: intent.urgency.as_str(),
            tier: intent.customer.tier.as_ref().map(ToString::to_string),
            preferred_agent: intent.preferred_agent.as_ref().map(ToString::to_string),
            last_agent: candidate.last_agent.as_ref().map(ToString::to_string),
            extension: contact.and_then(|contact| Some(Uri::read(contact.as_bytes())?.user_text())),
            contact: contact.cloned(),
            expires_at: rfc3339(intent.expires),
        }
    }
}

pub(super) fn evidence(evidence: &Evidence) -> EvidenceBody {
    EvidenceBody { kind: evidence.as_str(), text: evidence.text() }
}
