//! The rules as they are written, one after the other and condition by condition: what the tables are held against.

use super::facts::{Channel, Facts, QueueLoad};
use super::rule::{CaseState, Condition, Conditions, DomainCondition, LoadCondition, MinValue, ReasonPicked};
use super::rule_set::RuleIx;
use super::seen::Seen;

impl Seen<'_> {
    /// The first condition that does not hold.
    pub(super) fn first_failed(&self, when: &Conditions, ix: RuleIx) -> Option<Condition> {
        Condition::ALL.into_iter().find(|condition| !self.holds(*condition, when, ix))
    }

    fn holds(&self, condition: Condition, when: &Conditions, ix: RuleIx) -> bool {
        let facts = self.facts;
        match condition {
            Condition::Level => when.min_level.is_none_or(|level| facts.level >= level),
            Condition::Urgency => when.min_urgency.is_none_or(|least| facts.urgency >= Some(least)),
            Condition::Value => when.min_value.as_ref().is_none_or(|least| least.is_met(facts.value)),
            Condition::Trunk => is_any(&when.trunks, Some(facts.trunk)),
            Condition::Dialled => is_any(&when.dialled, facts.dialled),
            Condition::Channel => is_any::<Channel>(&when.channels, Some(&facts.channel)),
            Condition::Case => when.cases.is_empty() || when.cases.iter().any(|state| state.is_of(facts)),
            Condition::Repeat => when.repeat_within.is_none_or(|span| is_within(span, facts)),
            Condition::MinArticles => when.min_articles.is_none_or(|least| facts.articles.len() >= usize::from(least)),
            Condition::Article => {
                when.articles.is_empty()
                    || facts.articles.iter().any(|read| when.articles.iter().any(|one| one == read))
            }
            Condition::Load => when.loads.iter().all(|asked| asked.is_met(facts.loads)),
            Condition::Tier => is_any(&when.tiers, facts.tier.or(self.domain().tier)),
            Condition::Domain => when.domain.as_ref().is_none_or(|asked| self.domain_holds(asked, ix)),
            Condition::Reason => when.reasons.is_empty() || when.reasons.iter().any(|reason| reason.is_picked(facts)),
            Condition::Hours => when.hours.as_ref().is_none_or(|hours| hours.contains(facts.wall)),
            Condition::Keyword => when.keywords.is_empty() || self.spoken().contains(ix),
        }
    }

    fn domain_holds(&self, asked: &DomainCondition, ix: RuleIx) -> bool {
        let domain = self.domain();
        domain.rules.contains(ix)
            || (asked.free_mail && domain.free_mail)
            || (asked.unknown && !domain.known)
            || (asked.look_alike && self.looks_like().is_some())
    }
}

fn is_any<T: PartialEq>(asked: &[T], given: Option<&T>) -> bool {
    asked.is_empty() || given.is_some_and(|given| asked.contains(given))
}

fn is_within(span: std::time::Duration, facts: &Facts<'_>) -> bool {
    facts.last_contact.is_some_and(|last| facts.wall.since(last) <= span)
}

impl MinValue {
    fn is_met(&self, value: Option<(i64, &str)>) -> bool {
        value.is_some_and(|(units, currency)| currency == self.currency && units >= self.minor_units)
    }
}

impl ReasonPicked {
    fn is_picked(&self, facts: &Facts<'_>) -> bool {
        let is = |asked: &str, given: Option<&str>| given.is_some_and(|given| given.eq_ignore_ascii_case(asked));
        let sub = self.sub_category.as_deref();
        is(&self.category, facts.category) && sub.is_none_or(|sub| is(sub, facts.sub_category))
    }
}

impl CaseState {
    fn is_of(self, facts: &Facts<'_>) -> bool {
        let has_open = facts.open_cases.is_some_and(|open| open > 0);
        match self {
            CaseState::Open => has_open,
            CaseState::Ongoing => facts.about_case,
            CaseState::None => !has_open && !facts.about_case,
        }
    }
}

impl LoadCondition {
    /// What is not known is neither much nor little.
    fn is_met(&self, loads: &[QueueLoad]) -> bool {
        let Some(load) = loads.iter().find(|load| load.queue == self.queue) else { return false };
        is_between(load.free, self.min_free, self.max_free)
            && is_between(load.waiting, self.min_waiting, self.max_waiting)
            && match load.expected_wait {
                Some(wait) => is_between(wait, self.min_wait, self.max_wait),
                None => self.min_wait.is_none() && self.max_wait.is_none(),
            }
    }
}

fn is_between<T: PartialOrd>(given: T, least: Option<T>, most: Option<T>) -> bool {
    least.is_none_or(|least| given >= least) && most.is_none_or(|most| given <= most)
}
