//! The contact intent: who wants to call, about what, and how to recognise the call.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::callback::Callback;
use super::pin::Pin;
use super::promise::Bounds;
use crate::base::{AgentId, CallId, E164, IntentId, Pii, PoolId, TierId, Wall};

/// A registered intent. Its texts and counts are within `base::limits`; `draft` has seen to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub id: IntentId,
    pub customer: Customer,
    pub subject: Option<Subject>,
    pub reason: Reason,
    /// What the customer has read already, in the order of reading.
    pub articles: Vec<Article>,
    /// The customer's own words; may be empty.
    pub words: Pii<String>,
    /// A language tag (BCP 47) in which the customer wants to speak, as `en-GB`.
    pub language: String,
    pub urgency: Urgency,
    /// What the subject is worth.
    pub value: Option<Money>,
    /// Whatever else the site wants the agent to see, by name.
    pub attributes: BTreeMap<String, Pii<String>>,
    pub created: Wall,
    /// From this moment on no call is matched to it.
    pub expires: Wall,
    /// The number that the page shows; given by the store when it is registered.
    pub number: Option<LeasedNumber>,
    pub state: IntentState,
    /// The agent whom the site asks for, such as the case's owner.
    pub preferred_agent: Option<AgentId>,
    /// The customer is to be called, or was.
    pub callback: Option<Box<Callback>>,
    /// The customer has agreed on the site that the call is recorded.
    pub recording_consent: bool,
    /// Counts from 1; each amendment adds one.
    pub version: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The site's own identity of the customer.
    pub id: String,
    pub name: Pii<String>,
    pub email: Pii<String>,
    /// Where the customer may call from.
    pub phones: Vec<E164>,
    pub tier: Option<TierId>,
    pub past: Past,
}

/// What was between the customer and us before, as far as it is known when the intent is registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// `None`: nobody has said.
    pub open_cases: Option<u32>,
    /// The last contact of any kind.
    pub last_contact: Option<Wall>,
}

/// The "My Stuff" item that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub kind: SubjectKind,
    pub id: String,
    pub title: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    Order,
    Case,
    Quote,
    Other,
}

/// The category that the customer picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub category: String,
    pub sub_category: Option<String>,
}

/// A help article that was offered and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    pub id: String,
    pub title: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    Low,
    #[default]
    Normal,
    Elevated,
    High,
}

/// An amount in the currency's minor unit: cents, pence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    pub minor_units: i64,
    pub currency: Currency,
}

/// Three capital letters (ISO 4217).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The number that was given to an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedNumber {
    pub number: E164,
    /// Many intents have it: the pool was empty. Then it proves nothing.
    pub shared: bool,
    pub pool: PoolId,
    /// How long the number rests once the lease has ended.
    pub quarantine: Duration,
    /// Says whose call it is where the number does not; only beside a shared one.
    pub pin: Option<Pin>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentState {
    /// Waits for its call.
    Open,
    /// A call has it until then; later it counts as `Open` again.
    Claimed { call: CallId, until: Wall },
    /// Its call has been answered by an agent.
    Used,
    /// The customer or the site took it back.
    Withdrawn,
}

impl IntentState {
    pub fn is_claimed_by(self, call: CallId) -> bool {
        matches!(self, IntentState::Claimed { call: by, .. } if by == call)
    }
}

/// What may be changed after registering; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    pub reason: Option<Reason>,
    /// `Some(None)` takes the subject away.
    pub subject: Option<Option<Subject>>,
    pub articles: Option<Vec<Article>>,
    pub words: Option<Pii<String>>,
    pub urgency: Option<Urgency>,
    /// Replaces all of them.
    pub attributes: Option<BTreeMap<String, Pii<String>>>,
    /// A new life from now on, as far as `lives` allow from the registration.
    pub ttl: Option<Duration>,
    pub lives: Bounds,
}

impl Intent {
    /// Of a caller of whom nothing is known but the number: what they are called back for.
    pub fn of_caller(
        id: IntentId,
        number: E164,
        (category, language): (&str, &str),
        now: Wall,
        expires: Wall,
    ) -> Intent {
        let nobody = Pii::<String>::default;
        Intent {
            id,
            customer: Customer {
                id: id.to_string(),
                name: nobody(),
                email: nobody(),
                phones: vec![number],
                tier: None,
                past: Past::default(),
            },
            subject: None,
            reason: Reason { category: category.to_owned(), sub_category: None },
            articles: Vec::new(),
            words: nobody(),
            language: language.to_owned(),
            urgency: Urgency::Normal,
            value: None,
            attributes: BTreeMap::new(),
            created: now,
            expires,
            number: None,
            state: IntentState::Open,
            preferred_agent: None,
            callback: None,
            recording_consent: false,
            version: 1,
        }
    }

    /// A call may still be matched to it.
    pub fn is_live(&self, now: Wall) -> bool {
        let waiting = matches!(self.state, IntentState::Open | IntentState::Claimed { .. });
        waiting && self.expires > now
    }

    /// The same intent as people should see it at `now`: a claim that has run out is none.
    pub fn settled(mut self, now: Wall) -> Intent {
        if matches!(self.state, IntentState::Claimed { until, .. } if until <= now) {
            self.state = IntentState::Open;
        }
        self
    }

    /// The number that belongs to this intent alone.
    pub fn exclusive_number(&self) -> Option<&E164> {
        self.number.as_ref().filter(|leased| !leased.shared).map(|leased| &leased.number)
    }

    /// Carries out `patch` and counts the version up.
    pub fn amend(&mut self, patch: Patch, now: Wall) {
        if let Some(ttl) = patch.ttl {
            let (first, last) = (self.created + patch.lives.shortest, self.created + patch.lives.longest);
            self.expires = (now + ttl).max(first).min(last);
        }
        replace(&mut self.reason, patch.reason);
        replace(&mut self.subject, patch.subject);
        replace(&mut self.articles, patch.articles);
        replace(&mut self.words, patch.words);
        replace(&mut self.urgency, patch.urgency);
        replace(&mut self.attributes, patch.attributes);
        self.version = self.version.saturating_add(1);
    }
}

impl Past {
    /// Of two who know something, whoever knows more: the later contact, the greater number.
    pub fn or_more(self, other: Past) -> Past {
        let (open_cases, last_contact) =
            (self.open_cases.max(other.open_cases), self.last_contact.max(other.last_contact));
        Past { open_cases, last_contact }
    }
}

fn replace<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

impl SubjectKind {
    pub const ALL: [SubjectKind; 4] = [SubjectKind::Order, SubjectKind::Case, SubjectKind::Quote, SubjectKind::Other];

    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            SubjectKind::Order => "order",
            SubjectKind::Case => "case",
            SubjectKind::Quote => "quote",
            SubjectKind::Other => "other",
        }
    }

    pub fn parse(text: &str) -> Option<SubjectKind> {
        SubjectKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Urgency {
    pub const ALL: [Urgency; 4] = [Urgency::Low, Urgency::Normal, Urgency::Elevated, Urgency::High];

    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Urgency::Low => "low",
            Urgency::Normal => "normal",
            Urgency::Elevated => "elevated",
            Urgency::High => "high",
        }
    }

    /// 0 for low to 3 for high.
    pub fn rank(self) -> u8 {
        self as u8
    }

    pub fn parse(text: &str) -> Option<Urgency> {
        Urgency::ALL.into_iter().find(|urgency| urgency.as_str() == text)
    }
}

impl Currency {
    pub fn parse(text: &str) -> Option<Currency> {
        let letters: [u8; 3] = text.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Currency(letters))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
