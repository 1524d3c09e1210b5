//! The JSON of intents: what a site sends, and what it gets.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::base::{Pii, Wall};
use crate::intents::draft::{CustomerDraft, MoneyDraft, ReasonDraft, SubjectDraft};
use crate::intents::{Article, Draft, Intent, IntentState, PatchDraft, Pin, TokenKeys};

use super::callbacks::CallbackBody;
use super::channels::ChannelBody;
use super::time::rfc3339;

/// A contact intent to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IntentRequest {
    customer: CustomerBody,
    #[serde(default)]
    subject: Option<SubjectBody>,
    reason: ReasonBody,
    /// What the customer has read already.
    #[serde(default)]
    articles: Vec<ArticleBody>,
    /// The customer's own words.
    #[serde(default)]
    words: String,
    /// BCP 47; `en` when not given.
    #[serde(default)]
    #[schema(example = "en-GB")]
    language: String,
    /// `low`, `normal`, `elevated` or `high`.
    #[serde(default)]
    urgency: Option<String>,
    #[serde(default)]
    value: Option<MoneyBody>,
    /// Whatever else the agent should see.
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    /// How long the intent lives, in seconds: as far as `site_ttl_s`, or a promise of the pool, allows; `expires_at` says what came of it.
    #[serde(default)]
    ttl_s: Option<u64>,
    /// The agent whom the site asks for.
    #[serde(default)]
    preferred_agent: Option<String>,
    /// The customer has agreed on your page that the call is recorded; without it none is where `notice = "on-page"`.
    #[serde(default)]
    recording_consent: bool,
}

/// A change of an intent: what is not named stays (RFC 7396).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IntentChange {
    #[serde(default)]
    reason: Option<ReasonBody>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<SubjectBody>)]
    subject: Option<Option<SubjectBody>>,
    #[serde(default)]
    articles: Option<Vec<ArticleBody>>,
    #[serde(default)]
    words: Option<String>,
    #[serde(default)]
    urgency: Option<String>,
    /// Replaces all of them.
    #[serde(default)]
    attributes: Option<BTreeMap<String, String>>,
    /// A new life from now on, in seconds, as far as `site_ttl_s`, or a promise of the pool, allows from the registration.
    #[serde(default)]
    ttl_s: Option<u64>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomerBody {
    /// The site's own identity of the customer.
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    /// Where the customer may call from.
    #[serde(default)]
    #[schema(example = json!(["+12015550123"]))]
    phones: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tier: Option<String>,
    /// Cases of the customer that are open, for access rules; our own history may know of more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open_cases: Option<u32>,
    /// When the customer was last in contact with you about anything, by any channel (RFC 3339); our own history may know of a later time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-01-31T08:15:30Z")]
    last_contact_at: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubjectBody {
    /// `order`, `case`, `quote` or `other`.
    pub(super) kind: String,
    pub(super) id: String,
    #[serde(default)]
    pub(super) title: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonBody {
    pub(super) category: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sub_category: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ArticleBody {
    id: String,
    #[serde(default)]
    title: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoneyBody {
    /// Cents, pence.
    minor_units: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: String,
}

/// An intent as it stands.
#[derive(Serialize, ToSchema)]
pub(super) struct IntentAnswer {
    #[schema(example = "int_00000000000000000000000000")]
    id: String,
    /// `open`, `claimed` (a call has it), `used`, `withdrawn` or `expired`.
    state: &'static str,
    /// The number to dial; absent when no pool is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "+12015550123")]
    number: Option<String>,
    /// The number as a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "tel:+12015550123")]
    tel: Option<String>,
    /// The pool was empty: others have this number too, and dialling it proves nothing.
    shared: bool,
    /// To be entered on the telephone when a voice asks for it: which of those who have the shared number calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "271828")]
    pin: Option<String>,
    /// Proves the intent in `User-to-User`; it expires with the intent.
    token: String,
    /// The same for a SIP header field: `User-to-User: <this>;encoding=hex`.
    user_to_user: String,
    created_at: String,
    expires_at: String,
    /// Counts the changes, from 1.
    version: u32,
    customer: CustomerBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectBody>,
    reason: ReasonBody,
    articles: Vec<ArticleBody>,
    words: String,
    language: String,
    urgency: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<MoneyBody>,
    attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_agent: Option<String>,
    recording_consent: bool,
    /// What was promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    callback: Option<CallbackBody>,
    /// How the customer may reach us about it, the best first.
    channels: Vec<ChannelBody>,
}

/// Tells `null` from absent.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(json: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(json).map(Some)
}

impl IntentRequest {
    pub(super) fn draft(self) -> Draft {
        Draft {
            customer: self.customer.draft(),
            subject: self.subject.map(SubjectBody::draft),
            reason: self.reason.draft(),
            articles: articles(self.articles),
            words: Pii::new(self.words),
            language: self.language,
            urgency: self.urgency,
            value: self.value.map(|value| MoneyDraft { minor_units: value.minor_units, currency: value.currency }),
            attributes: attributes(self.attributes),
            ttl_s: self.ttl_s,
            preferred_agent: self.preferred_agent,
            recording_consent: self.recording_consent,
        }
    }
}

impl IntentChange {
    pub(super) fn draft(self) -> PatchDraft {
        PatchDraft {
            reason: self.reason.map(ReasonBody::draft),
            subject: self.subject.map(|subject| subject.map(SubjectBody::draft)),
            articles: self.articles.map(articles),
            words: self.words.map(Pii::new),
            urgency: self.urgency,
            attributes: self.attributes.map(attributes),
            ttl_s: self.ttl_s,
        }
    }
}

impl CustomerBody {
    fn draft(self) -> CustomerDraft {
        CustomerDraft {
            id: self.id,
            name: Pii::new(self.name),
            email: Pii::new(self.email),
            phones: self.phones.into_iter().map(Pii::new).collect(),
            tier: self.tier,
            open_cases: self.open_cases,
            last_contact_at: self.last_contact_at,
        }
    }
}

impl SubjectBody {
    fn draft(self) -> SubjectDraft {
        SubjectDraft { kind: self.kind, id: self.id, title: self.title }
    }

    pub(super) fn of(intent: &Intent) -> Option<SubjectBody> {
        intent.subject.as_ref().map(|subject| SubjectBody {
            kind: subject.kind.as_str().to_owned(),
            id: subject.id.clone(),
            title: subject.title.clone(),
        })
    }
}

impl ReasonBody {
    pub(super) fn category(&self) -> &str {
        &self.category
    }

    pub(super) fn sub_category(&self) -> Option<&str> {
        self.sub_category.as_deref()
    }

    fn draft(self) -> ReasonDraft {
        ReasonDraft { category: self.category, sub_category: self.sub_category }
    }

    pub(super) fn of(intent: &Intent) -> ReasonBody {
        ReasonBody { category: intent.reason.category.clone(), sub_category: intent.reason.sub_category.clone() }
    }
}

fn articles(articles: Vec<ArticleBody>) -> Vec<Article> {
    articles.into_iter().map(|article| Article { id: article.id, title: article.title }).collect()
}

fn attributes(attributes: BTreeMap<String, String>) -> BTreeMap<String, Pii<String>> {
    attributes.into_iter().map(|(name, value)| (name, Pii::new(value))).collect()
}

impl IntentAnswer {
    pub(super) fn of(intent: Intent, channels: Vec<ChannelBody>, keys: &TokenKeys, now: Wall) -> IntentAnswer {
        let intent = intent.settled(now);
        let token = keys.sign(intent.id, intent.expires);
        let number = intent.number.as_ref().map(|leased| leased.number.as_str().to_owned());
        IntentAnswer {
            id: intent.id.to_string(),
            state: state(&intent, now),
            tel: number.as_ref().map(|number| format!("tel:{number}")),
            number,
            shared: intent.number.as_ref().is_some_and(|leased| leased.shared),
            pin: intent.number.as_ref().and_then(|leased| leased.pin).map(Pin::expose),
            token: token.text(),
            user_to_user: token.hex(),
            created_at: rfc3339(intent.created),
            expires_at: rfc3339(intent.expires),
            version: intent.version,
            subject: SubjectBody::of(&intent),
            reason: ReasonBody::of(&intent),
            urgency: intent.urgency.as_str(),
            value: intent.value.map(|value| MoneyBody {
                minor_units: value.minor_units,
                currency: value.currency.as_str().to_owned(),
            }),
            articles: intent.articles.into_iter().map(|a| ArticleBody { id: a.id, title: a.title }).collect(),
            words: intent.words.into_inner(),
            language: intent.language,
            attributes: intent.attributes.into_iter().map(|(name, value)| (name, value.into_inner())).collect(),
            recording_consent: intent.recording_consent,
            preferred_agent: intent.preferred_agent.map(|agent| agent.to_string()),
            callback: intent.callback.as_deref().map(CallbackBody::of),
            channels,
            customer: CustomerBody {
                id: intent.customer.id,
                name: intent.customer.name.into_inner(),
                email: intent.customer.email.into_inner(),
                phones: intent.customer.phones.iter().map(|phone| phone.as_str().to_owned()).collect(),
                tier: intent.customer.tier.map(|tier| tier.to_string()),
                open_cases: intent.customer.past.open_cases,
                last_contact_at: intent.customer.past.last_contact.map(rfc3339),
            },
        }
    }
}

fn state(intent: &Intent, now: Wall) -> &'static str {
    match intent.state {
        IntentState::Open if intent.expires <= now => "expired",
        IntentState::Open => "open",
        IntentState::Claimed { .. } => "claimed",
        IntentState::Used => "used",
        IntentState::Withdrawn => "withdrawn",
    }
}
