//! The order of equals by weight (RFC 2782): each is drawn with a chance that grows with its weight.

use crate::base::rng::Rng;

/// Puts `all` in order: the lowest priority first, and within one priority by chance and weight. A weight of 0 has a very small
/// chance to come before another.
pub fn by_weight<T>(all: Vec<T>, rank: impl Fn(&T) -> (u32, u32), rng: &mut Rng) -> Vec<T> {
    let mut left = all;
    left.sort_by_key(&rank);
    let mut ordered = Vec::with_capacity(left.len());
    while let Some(priority) = left.first().map(|one| rank(one).0) {
        let equals = left.iter().take_while(|one| rank(one).0 == priority).count();
        let weights: Vec<u64> = left.iter().take(equals).map(|one| u64::from(rank(one).1)).collect();
        ordered.push(left.remove(drawn(&weights, rng)));
    }
    ordered
}

/// The place of the one that is drawn: the first whose running sum reaches a number from 0 to the sum of all.
fn drawn(weights: &[u64], rng: &mut Rng) -> usize {
    let chance = rng.below(weights.iter().sum::<u64>() + 1);
    let mut sum = 0;
    let reached = weights.iter().position(|weight| {
        sum += weight;
        sum >= chance
    });
    reached.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn priorities_come_first_and_weights_are_shares() {
        let mut rng = Rng::from_number(7);
        let mut first: BTreeMap<&str, u32> = BTreeMap::new();
        for _ in 0..10_000 {
            let all = vec![("spare", 20, 100), ("small", 10, 20), ("big", 10, 60), ("middle", 10, 20)];
            let ordered = by_weight(all, |one| (one.1, one.2), &mut rng);
            assert_eq!(ordered[3].0, "spare");
            *first.entry(ordered[0].0).or_default() += 1;
        }
        assert!((5_800..6_200).contains(&first["big"]), "{first:?}");
        assert!((1_850..2_150).contains(&first["small"]) && (1_850..2_150).contains(&first["middle"]), "{first:?}");
    }

    #[test]
    fn without_weight_one_is_almost_always_last() {
        let mut rng = Rng::from_number(7);
        let none_first =
            (0..10_000).filter(|_| by_weight(vec![(1, 0), (1, 99)], |one| *one, &mut rng)[0].1 == 0).count();
        assert!((50..150).contains(&none_first), "{none_first}");
        assert_eq!(by_weight(vec![(1, 0), (1, 0)], |one| *one, &mut rng).len(), 2);
        assert!(by_weight(Vec::<(u32, u32)>::new(), |one| *one, &mut rng).is_empty());
    }
}
