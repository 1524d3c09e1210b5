//! Which rules a caller meets, found by what the caller has: a table for each kind of condition gives the rules that fail by it, all
//! at once. So a decision costs some look-ups for each kind, however many rules there are, and the first rule that is left decides.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use crate::base::{E164, Level, TierId, TrunkId};

use super::bounds::Bounds;
use super::facts::{Channel, Facts};
use super::open_hours::OpenHours;
use super::queue_loads::QueueLoads;
use super::reasons::Reasons;
use super::rule::{CaseState, Condition, Conditions, DomainCondition};
use super::rule_set::{RuleIx, RuleSet};
use super::seen::Seen;

/// What the rules of a policy ask for, by kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    all: RuleSet,
    /// Who asks for each kind, by its place in `Condition::ALL`.
    asking: [RuleSet; Condition::ALL.len()],
    /// The kinds that rules ask for and that cost little: first those that have nothing to do with the domain.
    cheap: Vec<Condition>,
    level: Bounds<Level>,
    urgency: Bounds<u8>,
    /// By currency.
    value: Vec<(Box<str>, ValueTable)>,
    min_articles: Bounds<usize>,
    repeat: Bounds<Reverse<Duration>>,
    /// Who fails by each.
    channel: [RuleSet; Channel::ALL.len()],
    /// Who fails when nothing, a case, an open one, or both are there.
    case: [RuleSet; 4],
    trunk: HashMap<TrunkId, RuleSet>,
    dialled: HashMap<E164, RuleSet>,
    tier: HashMap<TierId, RuleSet>,
    article: HashMap<Box<str>, RuleSet>,
    load: QueueLoads,
    free_mail: RuleSet,
    unknown: RuleSet,
    look_alike: RuleSet,
    reason: Reasons,
    hours: OpenHours,
}

#[derive(Clone, Debug, Default)]
struct ValueTable {
    asking: RuleSet,
    least: Bounds<i64>,
}

/// What costs more than a look-up is asked only for the first rule that is left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Costly {
    LookAlike,
    Hours,
    Keyword,
}

const COSTLY: [Costly; 3] = [Costly::LookAlike, Costly::Hours, Costly::Keyword];

impl Tables {
    pub(super) fn of<'r>(rules: impl Iterator<Item = &'r Conditions>) -> Tables {
        let mut tables = Tables::default();
        for (when, rule) in rules.zip(0..) {
            tables.all.insert(rule);
            for (condition, asking) in Condition::ALL.into_iter().zip(&mut tables.asking) {
                if when.asks(condition) {
                    asking.insert(rule);
                }
            }
            tables.add_bounds(when, rule);
            tables.add_names(when, rule);
            when.loads.iter().for_each(|load| tables.load.add(load, rule));
            when.reasons.iter().for_each(|reason| tables.reason.add(reason, rule));
            when.hours.iter().for_each(|hours| tables.hours.add(hours, rule));
            when.domain.iter().for_each(|domain| tables.add_classes(domain, rule));
        }
        let is_cheap = |condition: &Condition| !matches!(condition, Condition::Hours | Condition::Keyword);
        tables.cheap = Condition::ALL.into_iter().filter(is_cheap).filter(|one| tables.is_asked(*one)).collect();
        tables.cheap.sort_by_key(|one| matches!(one, Condition::Domain | Condition::Tier));
        tables
    }

    fn add_bounds(&mut self, when: &Conditions, rule: RuleIx) {
        self.level.add(rule, when.min_level);
        self.urgency.add(rule, when.min_urgency);
        self.min_articles.add(rule, when.min_articles.map(usize::from));
        self.repeat.add(rule, when.repeat_within.map(Reverse));
        let Some(least) = &when.min_value else { return };
        let known = self.value.iter().position(|(currency, _)| **currency == *least.currency);
        let place = known.unwrap_or_else(|| {
            self.value.push((least.currency.as_str().into(), ValueTable::default()));
            self.value.len() - 1
        });
        if let Some((_, table)) = self.value.get_mut(place) {
            table.asking.insert(rule);
            table.least.add(rule, Some(least.minor_units));
        }
    }

    fn add_names(&mut self, when: &Conditions, rule: RuleIx) {
        add_each(&mut self.trunk, &when.trunks, rule);
        add_each(&mut self.dialled, &when.dialled, rule);
        add_each(&mut self.tier, &when.tiers, rule);
        for article in &when.articles {
            self.article.entry(article.as_str().into()).or_default().insert(rule);
        }
        for (channel, failing) in Channel::ALL.iter().zip(&mut self.channel) {
            if !when.channels.is_empty() && !when.channels.contains(channel) {
                failing.insert(rule);
            }
        }
        for (given, failing) in (0..).zip(&mut self.case) {
            if !when.cases.is_empty() && !when.cases.iter().any(|state| is_of(*state, given)) {
                failing.insert(rule);
            }
        }
    }

    fn add_classes(&mut self, domain: &DomainCondition, rule: RuleIx) {
        let classes = [
            (domain.free_mail, &mut self.free_mail),
            (domain.unknown, &mut self.unknown),
            (domain.look_alike, &mut self.look_alike),
        ];
        classes.into_iter().filter(|(is_asked, _)| *is_asked).for_each(|(_, set)| set.insert(rule));
    }

    /// The first rule whose conditions all hold.
    pub(super) fn first(&self, seen: &Seen<'_>) -> Option<RuleIx> {
        let mut left = self.all;
        self.sift_cheap(seen, &mut left);
        let mut done = [false; COSTLY.len()];
        loop {
            let first = left.first()?;
            let open = COSTLY.into_iter().zip(&mut done).find(|(one, done)| !**done && self.asks(*one, seen, first));
            let Some((costly, is_done)) = open else { return Some(first) };
            *is_done = true;
            self.sift_costly(costly, seen, &mut left);
        }
    }

    fn sift_cheap(&self, seen: &Seen<'_>, left: &mut RuleSet) {
        for condition in &self.cheap {
            match condition {
                Condition::Domain => self.sift_domains(seen, left),
                other => self.sift(*other, seen, left),
            }
        }
    }

    /// Takes out the rules that ask for this kind and fail by it. What costs more is asked only when rules are left that ask for it.
    pub(super) fn sift(&self, condition: Condition, seen: &Seen<'_>, left: &mut RuleSet) {
        let facts = seen.facts;
        let asking = self.asking(condition);
        let unmet = match condition {
            Condition::Level => self.level.unmet(Some(facts.level)),
            Condition::Urgency => self.urgency.unmet(facts.urgency),
            Condition::MinArticles => self.min_articles.unmet(Some(facts.articles.len())),
            Condition::Repeat => self.repeat.unmet(facts.last_contact.map(|last| Reverse(facts.wall.since(last)))),
            Condition::Channel => self.channel.get(facts.channel as usize),
            Condition::Case => self.case.get(case_given(facts)),
            Condition::Value => return self.sift_values(facts, left),
            Condition::Trunk => return take_out_others(left, asking, self.trunk.get(facts.trunk)),
            Condition::Dialled => {
                return take_out_others(left, asking, facts.dialled.and_then(|number| self.dialled.get(number)));
            }
            Condition::Tier => {
                let tier = facts.tier.or(seen.domain().tier);
                return take_out_others(left, asking, tier.and_then(|tier| self.tier.get(tier)));
            }
            Condition::Article => {
                let mut met = RuleSet::default();
                facts.articles.iter().filter_map(|read| self.article.get(*read)).for_each(|rules| met.add(rules));
                return left.take_out_unmet(asking, &met);
            }
            Condition::Reason => return left.take_out_unmet(asking, &self.reason.met(facts)),
            Condition::Load => return self.load.sift(facts.loads, left),
            Condition::Domain => {
                self.sift_domains(seen, left);
                return self.sift_costly(Costly::LookAlike, seen, left);
            }
            Condition::Hours => return self.sift_costly(Costly::Hours, seen, left),
            Condition::Keyword => return self.sift_costly(Costly::Keyword, seen, left),
        };
        unmet.into_iter().for_each(|unmet| left.take_out(unmet));
    }

    fn sift_values(&self, facts: &Facts<'_>, left: &mut RuleSet) {
        let of_currency = |(_, currency): (i64, &str)| self.value.iter().find(|(known, _)| **known == *currency);
        let table = facts.value.and_then(of_currency).map(|(_, table)| table);
        take_out_others(left, self.asking(Condition::Value), table.map(|table| &table.asking));
        let unmet = table.zip(facts.value).and_then(|(table, (units, _))| table.least.unmet(Some(units)));
        unmet.into_iter().for_each(|unmet| left.take_out(unmet));
    }

    /// But for those that look-alikes may meet.
    fn sift_domains(&self, seen: &Seen<'_>, left: &mut RuleSet) {
        let mut met = self.met_by_name(seen);
        met.add(&self.look_alike);
        left.take_out_unmet(self.asking(Condition::Domain), &met);
    }

    fn met_by_name(&self, seen: &Seen<'_>) -> RuleSet {
        let mut met = seen.domain().rules;
        if seen.domain().free_mail {
            met.add(&self.free_mail);
        }
        if !seen.domain().known {
            met.add(&self.unknown);
        }
        met
    }

    fn asks(&self, costly: Costly, seen: &Seen<'_>, rule: RuleIx) -> bool {
        match costly {
            Costly::LookAlike => self.look_alike.contains(rule) && !self.met_by_name(seen).contains(rule),
            Costly::Hours => self.asking(Condition::Hours).contains(rule),
            Costly::Keyword => self.asking(Condition::Keyword).contains(rule),
        }
    }

    fn sift_costly(&self, costly: Costly, seen: &Seen<'_>, left: &mut RuleSet) {
        match costly {
            Costly::LookAlike => {
                let mut asking = left.shared(&self.look_alike);
                asking.take_out(&self.met_by_name(seen));
                if !asking.is_empty() && seen.looks_like().is_none() {
                    left.take_out(&asking);
                }
            }
            Costly::Hours => self.hours.sift(seen.facts.wall, left),
            Costly::Keyword if left.shared(self.asking(Condition::Keyword)).is_empty() => {}
            Costly::Keyword => left.take_out_unmet(self.asking(Condition::Keyword), seen.spoken()),
        }
    }

    fn asking(&self, condition: Condition) -> &RuleSet {
        &self.asking[condition as usize]
    }

    fn is_asked(&self, condition: Condition) -> bool {
        !self.asking(condition).is_empty()
    }
}

fn add_each<K: Clone + Eq + Hash>(table: &mut HashMap<K, RuleSet>, names: &[K], rule: RuleIx) {
    for name in names {
        table.entry(name.clone()).or_default().insert(rule);
    }
}

/// `met`: those that ask for what is there.
fn take_out_others(left: &mut RuleSet, asking: &RuleSet, met: Option<&RuleSet>) {
    match met {
        Some(met) => left.take_out_unmet(asking, met),
        None => left.take_out(asking),
    }
}

const ABOUT_CASE: usize = 1;
const HAS_OPEN: usize = 2;

fn case_given(facts: &Facts<'_>) -> usize {
    let has_open = facts.open_cases.is_some_and(|open| open > 0);
    (if facts.about_case { ABOUT_CASE } else { 0 }) | (if has_open { HAS_OPEN } else { 0 })
}

pub(super) fn is_of(state: CaseState, given: usize) -> bool {
    match state {
        CaseState::Open => given & HAS_OPEN != 0,
        CaseState::Ongoing => given & ABOUT_CASE != 0,
        CaseState::None => given == 0,
    }
}
