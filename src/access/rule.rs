//! A rule: conditions that must all hold, and the answer when they do.

use std::sync::Arc;

use crate::base::{E164, Level, SkillId, TierId, TrunkId};

use super::answer::Answer;
use super::domains::DomainPattern;
use super::hours::Hours;

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
    Trunk,
    Dialled,
    Tier,
    Domain,
    Reason,
    Hours,
}

impl Rule {
    /// A rule that says no more than its answer.
    pub fn new(name: &str, when: Conditions, answer: Answer) -> Rule {
        Rule { name: name.to_owned(), when, answer, words: None, skills: Vec::new(), notify: None }
    }
}

impl Condition {
    pub const ALL: [Condition; 9] = [
        Condition::Level,
        Condition::Urgency,
        Condition::Value,
        Condition::Trunk,
        Condition::Dialled,
        Condition::Tier,
        Condition::Domain,
        Condition::Reason,
        Condition::Hours,
    ];

    /// The key of the condition in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Condition::Level => "min_level",
            Condition::Urgency => "min_urgency",
            Condition::Value => "min_value",
            Condition::Trunk => "trunk",
            Condition::Dialled => "number",
            Condition::Tier => "tier",
            Condition::Domain => "domain",
            Condition::Reason => "reason",
            Condition::Hours => "hours",
        }
    }
}
