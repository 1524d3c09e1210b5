//! Who plays when. All whose next packet is due at the same instant lie together: players begin on a grid, so that there are a few such
//! instants, and a packet for one of ten thousand callers who wait costs no search among them.

use std::collections::BTreeMap;

use crate::base::{LegId, Mono};

/// The legs by the moment of their next packet. A leg that has thought better of it is passed over when its moment comes: the moment that it
/// keeps itself is the one that counts.
#[derive(Default)]
pub(super) struct Players {
    legs_by_time: BTreeMap<Mono, Vec<LegId>>,
    /// Lists to be filled again.
    spare: Vec<Vec<LegId>>,
}

impl Players {
    pub fn add(&mut self, leg: LegId, at: Mono) {
        let spare = &mut self.spare;
        self.legs_by_time.entry(at).or_insert_with(|| spare.pop().unwrap_or_default()).push(leg);
    }

    pub fn next(&self) -> Option<Mono> {
        self.legs_by_time.first_key_value().map(|(at, _)| *at)
    }

    /// All of the earliest moment that is not after `now`; the list comes back by `done`.
    pub fn take_due(&mut self, now: Mono) -> Option<(Mono, Vec<LegId>)> {
        let first = self.legs_by_time.first_entry().filter(|first| *first.key() <= now)?;
        Some(first.remove_entry())
    }

    pub fn done(&mut self, mut legs: Vec<LegId>) {
        legs.clear();
        self.spare.push(legs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_one_moment_come_together_and_in_order() {
        let mut players = Players::default();
        for (leg, at) in [(1, 20), (2, 5), (3, 20), (4, 25)] {
            players.add(LegId(leg), Mono(at));
        }
        assert_eq!(players.next(), Some(Mono(5)));
        assert_eq!(players.take_due(Mono(4)), None);
        for (at, legs) in [(5, vec![2]), (20, vec![1, 3])] {
            let (due, found) = players.take_due(Mono(24)).unwrap();
            assert_eq!((due, found.iter().map(|leg| leg.0).collect::<Vec<_>>()), (Mono(at), legs));
            players.done(found);
        }
        assert_eq!((players.take_due(Mono(24)), players.next()), (None, Some(Mono(25))));
    }
}
