//! The least that each rule asks of a number: those that ask for more than there is are found by one search.

use super::rule_set::{RuleIx, RuleSet};

/// The rules by the least that they ask for. For the most that a rule takes, `T` is a `Reverse`.
#[derive(Clone, Debug)]
pub(super) struct Bounds<T> {
    /// Rising, none twice.
    least: Vec<T>,
    /// Beside each, the rules that ask for so much and more.
    asking: Vec<RuleSet>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Bounds<T> {
        Bounds { least: Vec::new(), asking: Vec::new() }
    }
}

impl<T: Ord> Bounds<T> {
    /// A rule may be there more than once: then it asks for all of it.
    pub(super) fn add(&mut self, rule: RuleIx, least: Option<T>) {
        let Some(least) = least else { return };
        let place = self.least.binary_search(&least).unwrap_or_else(|place| {
            let more = self.asking.get(place).copied().unwrap_or_default();
            self.asking.insert(place, more);
            self.least.insert(place, least);
            place
        });
        self.asking.iter_mut().take(place + 1).for_each(|asking| asking.insert(rule));
    }

    /// The rules that ask for more; all of them when nothing is known.
    pub(super) fn unmet(&self, given: Option<T>) -> Option<&RuleSet> {
        let met = given.map_or(0, |given| self.least.partition_point(|least| *least <= given));
        self.asking.get(met)
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use proptest::prelude::*;

    use super::*;

    fn all<T: Ord + Copy>(rules: &[T], given: Option<T>) -> Vec<RuleIx> {
        let mut bounds = Bounds::default();
        rules.iter().zip(0..).for_each(|(least, rule)| bounds.add(rule, Some(*least)));
        bounds.unmet(given).map(|unmet| unmet.iter().collect()).unwrap_or_default()
    }

    proptest! {
        #[test]
        fn whoever_asks_for_more_is_unmet(rules in prop::collection::vec(0u8..20, 0..30), given in 0u8..20) {
            let expected = |is_unmet: &dyn Fn(u8) -> bool| {
                let of = rules.iter().zip(0..).filter(|(bound, _)| is_unmet(**bound));
                of.map(|(_, rule)| rule).collect::<Vec<RuleIx>>()
            };
            prop_assert_eq!(all(&rules, Some(given)), expected(&|least| least > given));
            prop_assert_eq!(all(&rules, None), expected(&|_| true));
            let most: Vec<Reverse<u8>> = rules.iter().map(|most| Reverse(*most)).collect();
            prop_assert_eq!(all(&most, Some(Reverse(given))), expected(&|most| most < given));
        }
    }
}
