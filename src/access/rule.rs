//! A rule: conditions that must all hold, and the answer when they do.

use std::sync::Arc;
use std::time::Duration;

use crate::base::{E164, Level, QueueId, SkillId, TierId, TrunkId};

use super::answer::Answer;
use super::domains::DomainPattern;
use super::facts::Channel;
use super::hours::Hours;
use super::keywords::Keyword;

/// One rule of the policy, as the configuration gives it.
#[derive(Clone, Debug)]
pub struct Rule {
    pub name: String,
    pub when: Conditions,
    pub answer: Answer,
    /// The reason in the admin's words; without it the answer speaks for itself.
    pub words: Option<String>,
    /// As `Decision::skills`.
    pub skills: Vec<(SkillId, u8)>,
    pub notify: Option<Arc<str>>,
}

/// What must hold for a rule to match: everything that is given. An empty list and `None` mean "not asked".
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    pub domain: Option<DomainCondition>,
    /// Any of these.
    pub tiers: Vec<TierId>,
    pub min_level: Option<Level>,
    /// Any of these.
    pub reasons: Vec<ReasonPicked>,
    /// As `Facts::urgency` counts.
    pub min_urgency: Option<u8>,
    /// In this currency; a value in another one is not as much.
    pub min_value: Option<MinValue>,
    pub hours: Option<Hours>,
    /// Any of these.
    pub dialled: Vec<E164>,
    /// Any of these.
    pub trunks: Vec<TrunkId>,
    /// Any of these.
    pub channels: Vec<Channel>,
    /// Any of these in the customer's own words.
    pub keywords: Vec<Keyword>,
    /// Any of these has been read, by their ids.
    pub articles: Vec<String>,
    /// So many articles have been read.
    pub min_articles: Option<u8>,
    /// Any of these.
    pub cases: Vec<CaseState>,
    /// The customer was in contact at most so long ago.
    pub repeat_within: Option<Duration>,
    /// All of these.
    pub loads: Vec<LoadCondition>,
}

/// What there is of cases of the customer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseState {
    /// One is open, whatever the contact is about.
    Open,
    /// The contact is about one.
    Ongoing,
    /// None is known.
    None,
}

/// How busy a queue must be; what is `None` is not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadCondition {
    pub queue: QueueId,
    pub min_free: Option<usize>,
    pub max_free: Option<usize>,
    pub min_waiting: Option<usize>,
    pub max_waiting: Option<usize>,
    /// Both of the expected wait; neither is met while it is not known.
    pub min_wait: Option<Duration>,
    pub max_wait: Option<Duration>,
}

/// The least that something must be worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinValue {
    pub minor_units: i64,
    /// ISO 4217.
    pub currency: String,
}

/// Any of these must fit the caller's domain.
#[derive(Clone, Debug, Default)]
pub struct DomainCondition {
    pub patterns: Vec<DomainPattern>,
    /// The domain hands out addresses to anybody.
    pub free_mail: bool,
    /// There is no domain, or nothing in the configuration names it and it is not free mail.
    pub unknown: bool,
    /// Nothing in the configuration names it, and it looks like a protected domain.
    pub look_alike: bool,
}

/// A category, and a sub-category when that is asked too. Compared without regard to ASCII case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonPicked {
    pub category: String,
    pub sub_category: Option<String>,
}

/// The kinds of conditions, in the order in which they are tried: the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    Level,
    Urgency,
    Value,
    Channel,
    Case,
    Repeat,
    MinArticles,
    Load,
    Trunk,
    Dialled,
    Tier,
    Article,
    Domain,
    Reason,
    Hours,
    Keyword,
}

impl Rule {
    /// A rule that says no more than its answer.
    pub fn new(name: &str, when: Conditions, answer: Answer) -> Rule {
        Rule { name: name.to_owned(), when, answer, words: None, skills: Vec::new(), notify: None }
    }
}

impl Conditions {
    pub(super) fn asks(&self, condition: Condition) -> bool {
        match condition {
            Condition::Level => self.min_level.is_some(),
            Condition::Urgency => self.min_urgency.is_some(),
            Condition::Value => self.min_value.is_some(),
            Condition::Channel => !self.channels.is_empty(),
            Condition::Case => !self.cases.is_empty(),
            Condition::Repeat => self.repeat_within.is_some(),
            Condition::MinArticles => self.min_articles.is_some(),
            Condition::Load => !self.loads.is_empty(),
            Condition::Trunk => !self.trunks.is_empty(),
            Condition::Dialled => !self.dialled.is_empty(),
            Condition::Tier => !self.tiers.is_empty(),
            Condition::Article => !self.articles.is_empty(),
            Condition::Domain => self.domain.is_some(),
            Condition::Reason => !self.reasons.is_empty(),
            Condition::Hours => self.hours.is_some(),
            Condition::Keyword => !self.keywords.is_empty(),
        }
    }
}

impl CaseState {
    pub const ALL: [CaseState; 3] = [CaseState::Open, CaseState::Ongoing, CaseState::None];

    /// As the configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            CaseState::Open => "open",
            CaseState::Ongoing => "ongoing",
            CaseState::None => "none",
        }
    }
}

impl LoadCondition {
    /// Asks nothing yet.
    pub fn of(queue: QueueId) -> LoadCondition {
        let (min_free, max_free, min_waiting, max_waiting) = (None, None, None, None);
        LoadCondition { queue, min_free, max_free, min_waiting, max_waiting, min_wait: None, max_wait: None }
    }
}

impl Condition {
    pub const ALL: [Condition; 16] = [
        Condition::Level,
        Condition::Urgency,
        Condition::Value,
        Condition::Channel,
        Condition::Case,
        Condition::Repeat,
        Condition::MinArticles,
        Condition::Load,
        Condition::Trunk,
        Condition::Dialled,
        Condition::Tier,
        Condition::Article,
        Condition::Domain,
        Condition::Reason,
        Condition::Hours,
        Condition::Keyword,
    ];

    /// The key of the condition in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Condition::Level => "min_level",
            Condition::Urgency => "min_urgency",
            Condition::Value => "min_value",
            Condition::Channel => "channel",
            Condition::Case => "case",
            Condition::Repeat => "repeat_within_days",
            Condition::MinArticles => "min_articles",
            Condition::Load => "load",
            Condition::Trunk => "trunk",
            Condition::Dialled => "number",
            Condition::Tier => "tier",
            Condition::Article => "article",
            Condition::Domain => "domain",
            Condition::Reason => "reason",
            Condition::Hours => "hours",
            Condition::Keyword => "keywords",
        }
    }
}
