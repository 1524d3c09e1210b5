//! What is said of a rule that was tried: which condition failed, what it asked for, and what it got. Nothing personal beyond the
//! customer's domain is in it.

use std::sync::Arc;

use crate::base::Level;

use super::domain_index::DomainFound;
use super::domains::host_of;
use super::facts::Facts;
use super::rule::{Condition, Conditions, ReasonPicked};

/// A rule that was tried, and the first of its conditions that did not hold; `None` when it matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTried {
    pub rule: Arc<str>,
    pub failed: Option<Failure>,
}

/// A condition that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub condition: Condition,
    /// What the rule asks for.
    pub asked: String,
    /// The input that decided.
    pub given: String,
}

const NONE: &str = "none";
const URGENCIES: [&str; 4] = ["low", "normal", "elevated", "high"];

/// `domains`: the rule's domains in words, which are not in its conditions any more.
pub(super) fn failure(
    condition: Condition,
    (when, domains): (&Conditions, &str),
    facts: &Facts<'_>,
    domain: &DomainFound<'_>,
) -> Failure {
    let asked = match condition {
        Condition::Domain => domains.to_owned(),
        other => asked(other, when),
    };
    Failure { condition, asked, given: given(condition, when, facts, domain) }
}

fn asked(condition: Condition, when: &Conditions) -> String {
    match condition {
        Condition::Level => or_more(when.min_level.map_or(NONE, Level::as_str)),
        Condition::Urgency => or_more(when.min_urgency.map_or(NONE, urgency)),
        Condition::Value => {
            let least = when.min_value.as_ref();
            or_more(&least.map_or(NONE.to_owned(), |least| money(least.minor_units, &least.currency)))
        }
        Condition::Trunk => list(when.trunks.iter().map(|trunk| trunk.as_str())),
        Condition::Dialled => list(when.dialled.iter().map(|number| number.as_str())),
        Condition::Tier => list(when.tiers.iter().map(|tier| tier.as_str())),
        Condition::Domain => String::new(),
        Condition::Reason => list(when.reasons.iter().map(picked)),
        Condition::Hours => when.hours.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

fn given(condition: Condition, when: &Conditions, facts: &Facts<'_>, domain: &DomainFound<'_>) -> String {
    match condition {
        Condition::Level => facts.level.as_str().to_owned(),
        Condition::Urgency => facts.urgency.map_or(NONE, urgency).to_owned(),
        Condition::Value => facts.value.map_or(NONE.to_owned(), |(units, currency)| money(units, currency)),
        Condition::Trunk => facts.trunk.to_string(),
        Condition::Dialled => facts.dialled.map_or("no number", |_| "another number").to_owned(),
        Condition::Tier => facts.tier.or(domain.tier).map_or(NONE.to_owned(), ToString::to_string),
        Condition::Domain => seen_domain(facts, domain),
        Condition::Reason => facts.category.map_or(NONE.to_owned(), |category| reason(category, facts.sub_category)),
        Condition::Hours => when.hours.as_ref().map(|hours| hours.local(facts.wall)).unwrap_or_default(),
    }
}

fn seen_domain(facts: &Facts<'_>, domain: &DomainFound<'_>) -> String {
    let Some(host) = facts.domain.and_then(host_of) else { return NONE.to_owned() };
    let class = match (domain.free_mail, domain.known) {
        (true, _) => " (free mail)",
        (false, false) => " (unknown)",
        (false, true) => "",
    };
    format!("{host}{class}")
}

fn or_more(least: &str) -> String {
    format!("{least} or more")
}

fn urgency(rank: u8) -> &'static str {
    URGENCIES.get(usize::from(rank)).copied().unwrap_or("high")
}

fn money(minor_units: i64, currency: &str) -> String {
    format!("{minor_units} {currency} in minor units")
}

fn picked(asked: &ReasonPicked) -> String {
    reason(&asked.category, asked.sub_category.as_deref())
}

fn reason(category: &str, sub_category: Option<&str>) -> String {
    sub_category.map_or(category.to_owned(), |sub| format!("{category}/{sub}"))
}

/// The first few, and how many more.
pub(super) fn list<T: AsRef<str>>(all: impl ExactSizeIterator<Item = T>) -> String {
    let beyond = all.len().saturating_sub(LISTED_MAX);
    let first: Vec<String> = all.take(LISTED_MAX).map(|one| one.as_ref().to_owned()).collect();
    let more = if beyond > 0 { format!(" and {beyond} more") } else { String::new() };
    first.join(", ") + &more
}

const LISTED_MAX: usize = 8;
