//! Records: the serialised form of intents, for stores, the journal and the API; versioned, and apart from the domain types.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::base::{AgentId, CallId, E164, Level, Pii, PoolId, QueueId, TierId, Wall};
use crate::intents::promise::Bounds;
use crate::intents::{
    Article, Callback, CallbackState, Currency, Customer, Intent, IntentState, LeasedNumber, Miss, Money, Past, Patch,
    Pin, Reason, Subject, SubjectKind, Urgency,
};

/// The version that is written. A reader takes this one only; a new version comes with a way up from the old.
pub const RECORD_VERSION: u32 = 1;

/// An intent; times in milliseconds since 1970.
#[derive(Clone, Serialize, Deserialize)]
pub struct IntentRecord {
    pub v: u32,
    pub id: String,
    pub customer: CustomerRecord,
    pub subject: Option<SubjectRecord>,
    pub reason: ReasonRecord,
    pub articles: Vec<ArticleRecord>,
    pub words: String,
    pub language: String,
    pub urgency: String,
    pub value: Option<MoneyRecord>,
    pub attributes: BTreeMap<String, String>,
    pub created: u64,
    pub expires: u64,
    pub number: Option<NumberRecord>,
    pub state: StateRecord,
    pub preferred_agent: Option<String>,
    /// Absent in records of before there were callbacks.
    #[serde(default)]
    pub callback: Option<CallbackRecord>,
    /// A record that does not say so was written when nobody was asked.
    #[serde(default)]
    pub recording_consent: bool,
    pub version: u32,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct CallbackRecord {
    pub number: String,
    pub zone: Option<String>,
    pub not_before: Option<u64>,
    pub promised: u64,
    pub since: u64,
    pub level: String,
    pub queue: String,
    pub priority: i32,
    /// Promises of before do not say.
    #[serde(default)]
    pub rule: Option<String>,
    pub tries: u8,
    pub tried: Option<u64>,
    /// Those of before do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<String>,
    pub state: CallbackStateRecord,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum CallbackStateRecord {
    Waiting,
    Calling { call: String },
    Reached,
    Missed,
    TakenBack,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct CustomerRecord {
    pub id: String,
    pub name: String,
    pub email: String,
    pub phones: Vec<String>,
    pub tier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_cases: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_contact: Option<u64>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct SubjectRecord {
    pub kind: String,
    pub id: String,
    pub title: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct ReasonRecord {
    pub category: String,
    pub sub_category: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct ArticleRecord {
    pub id: String,
    pub title: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct MoneyRecord {
    pub minor_units: i64,
    pub currency: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct NumberRecord {
    pub number: String,
    pub shared: bool,
    pub pool: String,
    pub quarantine_ms: u64,
    /// Absent in records of before there were codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum StateRecord {
    Open,
    Claimed { call: String, until: u64 },
    Used,
    Withdrawn,
}

/// A change; a field that is not there is left as it is, `"subject": null` takes the subject away.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PatchRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonRecord>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "there_or_null")]
    pub subject: Option<Option<SubjectRecord>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub articles: Option<Vec<ArticleRecord>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// The shortest and the longest.
    pub lives_ms: [u64; 2],
}

/// A record does not say what a record of its kind must; names the field, never its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRecord {
    pub field: &'static str,
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the record's field {} cannot be read", self.field)
    }
}

impl std::error::Error for BadRecord {}

fn there_or_null<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Option<SubjectRecord>>, D::Error> {
    Option::deserialize(input).map(Some)
}

impl From<&Intent> for IntentRecord {
    fn from(intent: &Intent) -> IntentRecord {
        IntentRecord {
            v: RECORD_VERSION,
            id: intent.id.to_string(),
            customer: CustomerRecord::from(&intent.customer),
            subject: intent.subject.as_ref().map(SubjectRecord::from),
            reason: ReasonRecord::from(&intent.reason),
            articles: intent.articles.iter().map(ArticleRecord::from).collect(),
            words: intent.words.expose().clone(),
            language: intent.language.clone(),
            urgency: intent.urgency.as_str().to_owned(),
            value: intent.value.as_ref().map(MoneyRecord::from),
            attributes: exposed(&intent.attributes),
            created: intent.created.0,
            expires: intent.expires.0,
            number: intent.number.as_ref().map(NumberRecord::from),
            state: StateRecord::from(intent.state),
            preferred_agent: intent.preferred_agent.as_ref().map(|agent| agent.as_str().to_owned()),
            callback: intent.callback.as_deref().map(CallbackRecord::from),
            recording_consent: intent.recording_consent,
            version: intent.version,
        }
    }
}

impl TryFrom<IntentRecord> for Intent {
    type Error = BadRecord;

    fn try_from(record: IntentRecord) -> Result<Intent, BadRecord> {
        if record.v != RECORD_VERSION {
            return Err(BadRecord { field: "v" });
        }
        Ok(Intent {
            id: record.id.parse().map_err(|_| BadRecord { field: "id" })?,
            customer: record.customer.try_into()?,
            subject: record.subject.map(Subject::try_from).transpose()?,
            reason: record.reason.into(),
            articles: record.articles.into_iter().map(Article::from).collect(),
            words: Pii::new(record.words),
            language: record.language,
            urgency: Urgency::parse(&record.urgency).ok_or(BadRecord { field: "urgency" })?,
            value: record.value.map(Money::try_from).transpose()?,
            attributes: private(record.attributes),
            created: Wall(record.created),
            expires: Wall(record.expires),
            number: record.number.map(LeasedNumber::try_from).transpose()?,
            state: record.state.try_into()?,
            preferred_agent: record.preferred_agent.map(|agent| AgentId::new(&agent)),
            callback: record.callback.map(Callback::try_from).transpose()?.map(Box::new),
            recording_consent: record.recording_consent,
            version: record.version,
        })
    }
}

impl From<&Patch> for PatchRecord {
    fn from(patch: &Patch) -> PatchRecord {
        PatchRecord {
            reason: patch.reason.as_ref().map(ReasonRecord::from),
            subject: patch.subject.as_ref().map(|subject| subject.as_ref().map(SubjectRecord::from)),
            articles: patch.articles.as_ref().map(|articles| articles.iter().map(ArticleRecord::from).collect()),
            words: patch.words.as_ref().map(|words| words.expose().clone()),
            urgency: patch.urgency.map(|urgency| urgency.as_str().to_owned()),
            attributes: patch.attributes.as_ref().map(exposed),
            ttl_ms: patch.ttl.map(millis),
            lives_ms: [patch.lives.shortest, patch.lives.longest].map(millis),
        }
    }
}

impl TryFrom<PatchRecord> for Patch {
    type Error = BadRecord;

    fn try_from(record: PatchRecord) -> Result<Patch, BadRecord> {
        let urgency = record.urgency.map(|text| Urgency::parse(&text).ok_or(BadRecord { field: "urgency" }));
        let [shortest, longest] = record.lives_ms;
        Ok(Patch {
            reason: record.reason.map(Reason::from),
            subject: record.subject.map(|subject| subject.map(Subject::try_from).transpose()).transpose()?,
            articles: record.articles.map(|articles| articles.into_iter().map(Article::from).collect()),
            words: record.words.map(Pii::new),
            urgency: urgency.transpose()?,
            attributes: record.attributes.map(private),
            ttl: record.ttl_ms.map(Duration::from_millis),
            lives: Bounds { shortest: Duration::from_millis(shortest), longest: Duration::from_millis(longest) },
        })
    }
}

impl From<&Customer> for CustomerRecord {
    fn from(customer: &Customer) -> CustomerRecord {
        CustomerRecord {
            id: customer.id.clone(),
            name: customer.name.expose().clone(),
            email: customer.email.expose().clone(),
            phones: customer.phones.iter().map(|phone| phone.as_str().to_owned()).collect(),
            tier: customer.tier.as_ref().map(|tier| tier.as_str().to_owned()),
            open_cases: customer.past.open_cases,
            last_contact: customer.past.last_contact.map(|at| at.0),
        }
    }
}

impl TryFrom<CustomerRecord> for Customer {
    type Error = BadRecord;

    fn try_from(record: CustomerRecord) -> Result<Customer, BadRecord> {
        let phones = record.phones.iter().map(|phone| number(phone, "customer.phones")).collect::<Result<_, _>>()?;
        Ok(Customer {
            id: record.id,
            name: Pii::new(record.name),
            email: Pii::new(record.email),
            phones,
            tier: record.tier.map(|tier| TierId::new(&tier)),
            past: Past { open_cases: record.open_cases, last_contact: record.last_contact.map(Wall) },
        })
    }
}

impl From<&Subject> for SubjectRecord {
    fn from(subject: &Subject) -> SubjectRecord {
        SubjectRecord { kind: subject.kind.as_str().to_owned(), id: subject.id.clone(), title: subject.title.clone() }
    }
}

impl TryFrom<SubjectRecord> for Subject {
    type Error = BadRecord;

    fn try_from(record: SubjectRecord) -> Result<Subject, BadRecord> {
        let kind = SubjectKind::parse(&record.kind).ok_or(BadRecord { field: "subject.kind" })?;
        Ok(Subject { kind, id: record.id, title: record.title })
    }
}

impl From<&Reason> for ReasonRecord {
    fn from(reason: &Reason) -> ReasonRecord {
        ReasonRecord { category: reason.category.clone(), sub_category: reason.sub_category.clone() }
    }
}

impl From<ReasonRecord> for Reason {
    fn from(record: ReasonRecord) -> Reason {
        Reason { category: record.category, sub_category: record.sub_category }
    }
}

impl From<&Article> for ArticleRecord {
    fn from(article: &Article) -> ArticleRecord {
        ArticleRecord { id: article.id.clone(), title: article.title.clone() }
    }
}

impl From<ArticleRecord> for Article {
    fn from(record: ArticleRecord) -> Article {
        Article { id: record.id, title: record.title }
    }
}

impl From<&Money> for MoneyRecord {
    fn from(money: &Money) -> MoneyRecord {
        MoneyRecord { minor_units: money.minor_units, currency: money.currency.as_str().to_owned() }
    }
}

impl TryFrom<MoneyRecord> for Money {
    type Error = BadRecord;

    fn try_from(record: MoneyRecord) -> Result<Money, BadRecord> {
        let currency = Currency::parse(&record.currency).ok_or(BadRecord { field: "value.currency" })?;
        Ok(Money { minor_units: record.minor_units, currency })
    }
}

impl From<&LeasedNumber> for NumberRecord {
    fn from(leased: &LeasedNumber) -> NumberRecord {
        NumberRecord {
            number: leased.number.as_str().to_owned(),
            shared: leased.shared,
            pool: leased.pool.as_str().to_owned(),
            quarantine_ms: millis(leased.quarantine),
            pin: leased.pin.map(Pin::expose),
        }
    }
}

impl TryFrom<NumberRecord> for LeasedNumber {
    type Error = BadRecord;

    fn try_from(record: NumberRecord) -> Result<LeasedNumber, BadRecord> {
        Ok(LeasedNumber {
            number: number(&record.number, "number.number")?,
            shared: record.shared,
            pool: PoolId::new(&record.pool),
            quarantine: Duration::from_millis(record.quarantine_ms),
            pin: record.pin.map(|text| Pin::parse(&text).ok_or(BadRecord { field: "number.pin" })).transpose()?,
        })
    }
}

fn miss(text: &str) -> Result<Miss, BadRecord> {
    Miss::ALL.into_iter().find(|miss| miss.as_str() == text).ok_or(BadRecord { field: "callback.missed" })
}

impl From<&Callback> for CallbackRecord {
    fn from(callback: &Callback) -> CallbackRecord {
        CallbackRecord {
            number: callback.number.as_str().to_owned(),
            zone: callback.zone.clone(),
            not_before: callback.not_before.map(|at| at.0),
            promised: callback.promised.0,
            since: callback.since.0,
            level: callback.level.as_str().to_owned(),
            queue: callback.queue.as_str().to_owned(),
            priority: callback.priority,
            rule: callback.rule.clone(),
            tries: callback.tries,
            tried: callback.tried.map(|at| at.0),
            missed: Some(callback.missed.as_str().to_owned()),
            state: match callback.state {
                CallbackState::Waiting => CallbackStateRecord::Waiting,
                CallbackState::Calling { call } => CallbackStateRecord::Calling { call: call.to_string() },
                CallbackState::Reached => CallbackStateRecord::Reached,
                CallbackState::Missed => CallbackStateRecord::Missed,
                CallbackState::TakenBack => CallbackStateRecord::TakenBack,
            },
        }
    }
}

impl TryFrom<CallbackRecord> for Callback {
    type Error = BadRecord;

    fn try_from(record: CallbackRecord) -> Result<Callback, BadRecord> {
        let level = Level::ALL.into_iter().find(|level| level.as_str() == record.level);
        Ok(Callback {
            number: number(&record.number, "callback.number")?,
            zone: record.zone,
            not_before: record.not_before.map(Wall),
            promised: Wall(record.promised),
            since: Wall(record.since),
            level: level.ok_or(BadRecord { field: "callback.level" })?,
            queue: QueueId::new(&record.queue),
            priority: record.priority,
            rule: record.rule,
            tries: record.tries,
            tried: record.tried.map(Wall),
            missed: record.missed.map_or(Ok(Miss::default()), |text| miss(&text))?,
            state: match record.state {
                CallbackStateRecord::Waiting => CallbackState::Waiting,
                CallbackStateRecord::Calling { call } => {
                    CallbackState::Calling { call: call.parse().map_err(|_| BadRecord { field: "callback.call" })? }
                }
                CallbackStateRecord::Reached => CallbackState::Reached,
                CallbackStateRecord::Missed => CallbackState::Missed,
                CallbackStateRecord::TakenBack => CallbackState::TakenBack,
            },
        })
    }
}

impl From<IntentState> for StateRecord {
    fn from(state: IntentState) -> StateRecord {
        match state {
            IntentState::Open => StateRecord::Open,
            IntentState::Claimed { call, until } => StateRecord::Claimed { call: call.to_string(), until: until.0 },
            IntentState::Used => StateRecord::Used,
            IntentState::Withdrawn => StateRecord::Withdrawn,
        }
    }
}

impl TryFrom<StateRecord> for IntentState {
    type Error = BadRecord;

    fn try_from(record: StateRecord) -> Result<IntentState, BadRecord> {
        Ok(match record {
            StateRecord::Open => IntentState::Open,
            StateRecord::Used => IntentState::Used,
            StateRecord::Withdrawn => IntentState::Withdrawn,
            StateRecord::Claimed { call, until } => {
                let call: CallId = call.parse().map_err(|_| BadRecord { field: "state.call" })?;
                IntentState::Claimed { call, until: Wall(until) }
            }
        })
    }
}

/// Records hold E.164 only, which needs no region to read.
pub(crate) fn number(text: &str, field: &'static str) -> Result<E164, BadRecord> {
    E164::parse(text, None).map_err(|_| BadRecord { field })
}

fn exposed(attributes: &BTreeMap<String, Pii<String>>) -> BTreeMap<String, String> {
    attributes.iter().map(|(name, value)| (name.clone(), value.expose().clone())).collect()
}

fn private(attributes: BTreeMap<String, String>) -> BTreeMap<String, Pii<String>> {
    attributes.into_iter().map(|(name, value)| (name, Pii::new(value))).collect()
}

pub(crate) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::IntentId;

    fn full() -> Intent {
        Intent {
            id: IntentId(7),
            customer: Customer {
                id: "c-1".into(),
                name: Pii::new("Ann Example".into()),
                email: Pii::new("ann@example.com".into()),
                phones: vec![E164::parse("+12015550123", None).unwrap()],
                tier: Some(TierId::new("gold")),
                past: Default::default(),
            },
            subject: Some(Subject { kind: SubjectKind::Order, id: "o-1".into(), title: "A \"lamp\"".into() }),
            reason: Reason { category: "delivery".into(), sub_category: Some("late".into()) },
            articles: vec![Article { id: "a-1".into(), title: "Where is my lamp?".into() }],
            words: Pii::new("Wo bleibt sie?\n".into()),
            language: "de".into(),
            urgency: Urgency::High,
            value: Some(Money { minor_units: 1999, currency: Currency::parse("EUR").unwrap() }),
            attributes: BTreeMap::from([("cart".into(), Pii::new("7".into()))]),
            created: Wall(1_800_000_000_000),
            expires: Wall(1_800_000_900_000),
            number: Some(LeasedNumber {
                number: E164::parse("+12015550199", None).unwrap(),
                shared: false,
                pool: PoolId::new("main"),
                quarantine: Duration::from_secs(600),
                pin: Pin::parse("0815"),
            }),
            state: IntentState::Claimed { call: CallId(5), until: Wall(1_800_000_100_000) },
            preferred_agent: Some(AgentId::new("bo")),
            callback: Some(Box::new(Callback {
                number: E164::parse("+12015550123", None).unwrap(),
                zone: Some("Europe/Berlin".into()),
                not_before: Some(Wall(1_800_000_200_000)),
                promised: Wall(1_800_000_010_000),
                since: Wall(1_800_000_000_000),
                level: Level::Strong,
                queue: QueueId::new("help"),
                priority: -3,
                rule: Some("gold".into()),
                tries: 1,
                tried: None,
                missed: Miss::NotReached,
                state: CallbackState::Calling { call: CallId(5) },
            })),
            recording_consent: true,
            version: 3,
        }
    }

    #[test]
    fn an_intent_reads_back_what_it_wrote() {
        let text = serde_json::to_string(&IntentRecord::from(&full())).unwrap();
        let record: IntentRecord = serde_json::from_str(&text).unwrap();
        assert_eq!(Intent::try_from(record), Ok(full()));
    }

    #[test]
    fn another_version_is_refused() {
        let mut record = IntentRecord::from(&full());
        record.v = 2;
        assert_eq!(Intent::try_from(record), Err(BadRecord { field: "v" }));
    }

    #[test]
    fn a_patch_tells_absent_from_null() {
        for subject in [None, Some(None), Some(full().subject)] {
            let patch = Patch { subject, words: Some(Pii::new("x".into())), ..Patch::default() };
            let text = serde_json::to_string(&PatchRecord::from(&patch)).unwrap();
            let record: PatchRecord = serde_json::from_str(&text).unwrap();
            assert_eq!(Patch::try_from(record), Ok(patch), "{text}");
        }
    }
}
