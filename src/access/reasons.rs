//! The rules by the reason that they ask for; ASCII case is no difference.

use std::cmp::Ordering;

use super::facts::Facts;
use super::rule::ReasonPicked;
use super::rule_set::{RuleIx, RuleSet};

/// The categories, in the order of their letters.
#[derive(Clone, Debug, Default)]
pub(super) struct Reasons(Vec<Category>);

#[derive(Clone, Debug)]
struct Category {
    name: Box<str>,
    /// Who asks for no more than the category.
    whole: RuleSet,
    /// In the order of their letters.
    parts: Vec<(Box<str>, RuleSet)>,
}

impl Reasons {
    pub(super) fn add(&mut self, asked: &ReasonPicked, rule: RuleIx) {
        let found = self.0.binary_search_by(|category| in_order(&category.name, &asked.category));
        let place = found.unwrap_or_else(|place| {
            let name = asked.category.as_str().into();
            self.0.insert(place, Category { name, whole: RuleSet::default(), parts: Vec::new() });
            place
        });
        self.0.get_mut(place).into_iter().for_each(|category| category.add(asked.sub_category.as_deref(), rule));
    }

    /// The rules that ask for what was picked.
    pub(super) fn met(&self, facts: &Facts<'_>) -> RuleSet {
        let place = facts.category.map(|picked| self.0.binary_search_by(|known| in_order(&known.name, picked)));
        let Some(category) = place.and_then(Result::ok).and_then(|place| self.0.get(place)) else {
            return RuleSet::default();
        };
        let mut met = category.whole;
        facts.sub_category.and_then(|sub| category.part(sub)).into_iter().for_each(|rules| met.add(rules));
        met
    }
}

impl Category {
    fn add(&mut self, sub: Option<&str>, rule: RuleIx) {
        let Some(sub) = sub else { return self.whole.insert(rule) };
        let found = self.parts.binary_search_by(|(name, _)| in_order(name, sub));
        let place = found.unwrap_or_else(|place| {
            self.parts.insert(place, (sub.into(), RuleSet::default()));
            place
        });
        self.parts.get_mut(place).into_iter().for_each(|(_, rules)| rules.insert(rule));
    }

    fn part(&self, sub: &str) -> Option<&RuleSet> {
        let place = self.parts.binary_search_by(|(name, _)| in_order(name, sub)).ok()?;
        self.parts.get(place).map(|(_, rules)| rules)
    }
}

fn in_order(one: &str, other: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    one.bytes().map(lower).cmp(other.bytes().map(lower))
}
