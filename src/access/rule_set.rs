//! A set of rules: a bit for each.

use crate::base::limits::ACCESS_RULES_MAX;

/// A rule's place in the policy.
pub(super) type RuleIx = u16;
const WORDS: usize = ACCESS_RULES_MAX.div_ceil(64);

/// Some of the rules of a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RuleSet([u64; WORDS]);

impl RuleSet {
    /// The first `count` rules.
    pub(super) fn first_of(count: usize) -> RuleSet {
        let word = |place: usize| match count.saturating_sub(place * 64) {
            some @ 0..64 => (1 << some) - 1,
            _ => u64::MAX,
        };
        RuleSet(std::array::from_fn(word))
    }

    pub(super) fn insert(&mut self, rule: RuleIx) {
        if let Some(word) = self.0.get_mut(usize::from(rule) / 64) {
            *word |= 1 << (rule % 64);
        }
    }

    pub(super) fn contains(&self, rule: RuleIx) -> bool {
        self.0.get(usize::from(rule) / 64).is_some_and(|word| word & (1 << (rule % 64)) != 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().fold(0, |all, word| all | word) == 0
    }

    /// The earliest rule.
    pub(super) fn first(&self) -> Option<RuleIx> {
        let (place, word) = (0..).zip(self.0).find(|(_, word)| *word != 0)?;
        Some(place * 64 + word.trailing_zeros() as RuleIx)
    }

    pub(super) fn add(&mut self, other: &RuleSet) {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn take_out(&mut self, other: &RuleSet) {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= !other);
    }

    /// Takes out those of `asking` that are not among `met`.
    pub(super) fn take_out_unmet(&mut self, asking: &RuleSet, met: &RuleSet) {
        let both = asking.0.iter().zip(met.0);
        self.0.iter_mut().zip(both).for_each(|(word, (asking, met))| *word &= !asking | met);
    }

    /// Those that are in both.
    pub(super) fn shared(mut self, other: &RuleSet) -> RuleSet {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= other);
        self
    }

    /// In their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = RuleIx> {
        let of_word = |(place, mut word): (RuleIx, u64)| {
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros() as RuleIx)?;
                word &= word - 1;
                Some(place * 64 + bit)
            })
        };
        (0..).zip(self.0).flat_map(of_word)
    }
}

impl FromIterator<RuleIx> for RuleSet {
    fn from_iter<I: IntoIterator<Item = RuleIx>>(rules: I) -> RuleSet {
        let mut set = RuleSet::default();
        rules.into_iter().for_each(|rule| set.insert(rule));
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn rules() -> impl Strategy<Value = BTreeSet<RuleIx>> {
        prop::collection::btree_set(0..ACCESS_RULES_MAX as RuleIx, 0..40)
    }

    proptest! {
        #[test]
        fn it_is_a_set((a, b, c) in (rules(), rules(), rules())) {
            let set = |rules: &BTreeSet<RuleIx>| rules.iter().copied().collect::<RuleSet>();
            let rules = |set: RuleSet| set.iter().collect::<BTreeSet<RuleIx>>();
            prop_assert_eq!(rules(set(&a)), a.clone());
            prop_assert_eq!(set(&a).first(), a.first().copied());
            prop_assert_eq!(set(&a).is_empty(), a.is_empty());
            prop_assert!(a.iter().all(|rule| set(&a).contains(*rule)));
            prop_assert_eq!(rules(set(&a).shared(&set(&b))), &a & &b);
            let (mut sum, mut rest, mut unmet) = (set(&a), set(&a), set(&a));
            sum.add(&set(&b));
            rest.take_out(&set(&b));
            unmet.take_out_unmet(&set(&b), &set(&c));
            prop_assert_eq!((rules(sum), rules(rest), rules(unmet)), (&a | &b, &a - &b, &a - &(&b - &c)));
        }
    }

    #[test]
    fn the_first_of_many_are_in_it() {
        assert_eq!(RuleSet::first_of(65).iter().collect::<Vec<_>>(), (0..65).collect::<Vec<_>>());
        assert_eq!(RuleSet::first_of(ACCESS_RULES_MAX + 5).iter().count(), ACCESS_RULES_MAX);
    }
}
