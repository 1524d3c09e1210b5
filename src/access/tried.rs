//! What is said of a rule that was tried: which condition failed, what it asked for, and what it got. Nothing personal beyond the
//! customer's domain is in it.

use std::sync::Arc;

use std::time::Duration;

use crate::base::Level;

use super::domains::host_of;
use super::facts::{Facts, QueueLoad};
use super::rule::{Condition, Conditions, LoadCondition, ReasonPicked};
use super::seen::Seen;

/// A rule that was tried, and the first of its conditions that did not hold; or, when it decided, all that it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTried {
    pub rule: Arc<str>,
    pub failed: Option<ConditionTried>,
    pub met: Vec<ConditionTried>,
}

/// A condition, and what it was held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionTried {
    pub condition: Condition,
    /// What the rule asks for.
    pub asked: String,
    /// The input that decided.
    pub given: String,
}

const NONE: &str = "none";
const URGENCIES: [&str; 4] = ["low", "normal", "elevated", "high"];

/// What the rule asks for; `domains`: its domains in words, which are not in its conditions any more.
pub(super) fn asked(condition: Condition, (when, domains): (&Conditions, &str)) -> String {
    match condition {
        Condition::Level => or_more(when.min_level.map_or(NONE, Level::as_str)),
        Condition::Urgency => or_more(when.min_urgency.map_or(NONE, urgency)),
        Condition::Value => {
            let least = when.min_value.as_ref();
            or_more(&least.map_or(NONE.to_owned(), |least| money(least.minor_units, &least.currency)))
        }
        Condition::Channel => list(when.channels.iter().map(|channel| channel.as_str())),
        Condition::Case => list(when.cases.iter().map(|state| state.as_str())),
        Condition::Repeat => when.repeat_within.map_or(NONE.to_owned(), |span| format!("within {}", days(span))),
        Condition::MinArticles => or_more(&when.min_articles.unwrap_or_default().to_string()),
        Condition::Article => list(when.articles.iter()),
        Condition::Load => list(when.loads.iter().map(bounds)),
        Condition::Keyword => list(when.keywords.iter().map(ToString::to_string)),
        Condition::Trunk => list(when.trunks.iter().map(|trunk| trunk.as_str())),
        Condition::Dialled => list(when.dialled.iter().map(|number| number.as_str())),
        Condition::Tier => list(when.tiers.iter().map(|tier| tier.as_str())),
        Condition::Domain => domains.to_owned(),
        Condition::Reason => list(when.reasons.iter().map(picked)),
        Condition::Hours => when.hours.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

/// The input that decided, of a condition that holds.
pub(super) fn met(condition: Condition, when: &Conditions, seen: &Seen<'_>) -> String {
    match condition {
        Condition::Keyword => seen.said(&when.keywords).unwrap_or("one of them").to_owned(),
        Condition::Dialled => "this number".to_owned(),
        Condition::Domain => {
            let like = seen.looks_like().filter(|_| when.domain.as_ref().is_some_and(|domain| domain.look_alike));
            seen_domain(seen) + &like.map(|like| format!(", which looks like {like}")).unwrap_or_default()
        }
        Condition::Level
        | Condition::Urgency
        | Condition::Value
        | Condition::Channel
        | Condition::Case
        | Condition::Repeat
        | Condition::MinArticles
        | Condition::Article
        | Condition::Load
        | Condition::Trunk
        | Condition::Tier
        | Condition::Reason
        | Condition::Hours => given(condition, when, seen),
    }
}

/// The input that decided, of a condition that does not hold.
pub(super) fn given(condition: Condition, when: &Conditions, seen: &Seen<'_>) -> String {
    let facts = seen.facts;
    match condition {
        Condition::Level => facts.level.as_str().to_owned(),
        Condition::Urgency => facts.urgency.map_or(NONE, urgency).to_owned(),
        Condition::Value => facts.value.map_or(NONE.to_owned(), |(units, currency)| money(units, currency)),
        Condition::Channel => facts.channel.as_str().to_owned(),
        Condition::Case => cases(facts),
        Condition::Repeat => {
            facts.last_contact.map_or(NONE.to_owned(), |last| format!("{} ago", days(facts.wall.since(last))))
        }
        Condition::MinArticles => facts.articles.len().to_string(),
        Condition::Article => list_or_none(facts.articles.iter()),
        Condition::Load => list(when.loads.iter().map(|asked| load(asked, facts.loads))),
        Condition::Keyword => facts.words.map_or("no words", |_| "other words").to_owned(),
        Condition::Trunk => facts.trunk.to_string(),
        Condition::Dialled => facts.dialled.map_or("no number", |_| "another number").to_owned(),
        Condition::Tier => facts.tier.or(seen.domain().tier).map_or(NONE.to_owned(), ToString::to_string),
        Condition::Domain => seen_domain(seen),
        Condition::Reason => facts.category.map_or(NONE.to_owned(), |category| reason(category, facts.sub_category)),
        Condition::Hours => when.hours.as_ref().map(|hours| hours.local(facts.wall)).unwrap_or_default(),
    }
}

fn seen_domain(seen: &Seen<'_>) -> String {
    let Some(host) = seen.facts.domain.and_then(host_of) else { return NONE.to_owned() };
    let class = match (seen.domain().free_mail, seen.domain().known) {
        (true, _) => " (free mail)",
        (false, false) => " (unknown)",
        (false, true) => "",
    };
    format!("{host}{class}")
}

fn cases(facts: &Facts<'_>) -> String {
    let open = facts.open_cases.map_or("not known".to_owned(), |open| open.to_string());
    format!("about {}, open {open}", if facts.about_case { "a case" } else { "none" })
}

fn bounds(asked: &LoadCondition) -> String {
    let number = |one: Option<usize>| one.map(|one| one.to_string());
    let wait = |one: Option<Duration>| one.map(|one| format!("{} s", one.as_secs()));
    let asked_of = [
        ("free at least", number(asked.min_free)),
        ("free at most", number(asked.max_free)),
        ("waiting at least", number(asked.min_waiting)),
        ("waiting at most", number(asked.max_waiting)),
        ("wait at least", wait(asked.min_wait)),
        ("wait at most", wait(asked.max_wait)),
    ];
    let given = asked_of.into_iter().filter_map(|(what, bound)| bound.map(|bound| format!("{what} {bound}")));
    format!("{}: {}", asked.queue, given.collect::<Vec<_>>().join(" and "))
}

fn load(asked: &LoadCondition, loads: &[QueueLoad]) -> String {
    let Some(load) = loads.iter().find(|load| load.queue == asked.queue) else {
        return format!("{}: not known", asked.queue);
    };
    let wait = load.expected_wait.map_or("not known".to_owned(), |wait| format!("{} s", wait.as_secs()));
    format!("{}: free {}, waiting {}, wait {wait}", load.queue, load.free, load.waiting)
}

fn days(span: Duration) -> String {
    format!("{} days", span.as_secs() / 86_400)
}

fn list_or_none<T: AsRef<str>>(all: impl ExactSizeIterator<Item = T>) -> String {
    if all.len() == 0 { NONE.to_owned() } else { list(all) }
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
