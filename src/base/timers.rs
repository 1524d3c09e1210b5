//! Deadlines of one owner: at most one for each key, the earliest first, equal ones by key.

use std::collections::BTreeSet;
use std::hash::Hash;

use super::id_map::IdMap;
use super::time::Mono;

/// `K` says whose deadline it is and why; what it holds we have numbered or named ourselves.
#[derive(Clone, Debug)]
pub struct Timers<K> {
    by_time: BTreeSet<(Mono, K)>,
    at_by_key: IdMap<K, Mono>,
}

impl<K: Ord + Hash + Clone> Default for Timers<K> {
    fn default() -> Self {
        Timers { by_time: BTreeSet::new(), at_by_key: IdMap::default() }
    }
}

impl<K: Ord + Hash + Clone> Timers<K> {
    /// Sets the deadline of `key`, in place of the one that it had.
    pub fn set(&mut self, key: K, at: Mono) {
        if let Some(old) = self.at_by_key.insert(key.clone(), at) {
            self.by_time.remove(&(old, key.clone()));
        }
        self.by_time.insert((at, key));
    }

    pub fn cancel(&mut self, key: &K) {
        if let Some(at) = self.at_by_key.remove(key) {
            self.by_time.remove(&(at, key.clone()));
        }
    }

    /// The next deadline and whose it is.
    pub fn next(&self) -> Option<(Mono, &K)> {
        self.by_time.first().map(|(at, key)| (*at, key))
    }

    /// Takes the earliest deadline that is not after `now`; call again until it answers `None`.
    pub fn pop_due(&mut self, now: Mono) -> Option<K> {
        let (at, _) = self.by_time.first()?;
        if *at > now {
            return None;
        }
        let (_, key) = self.by_time.pop_first()?;
        self.at_by_key.remove(&key);
        Some(key)
    }

    pub fn deadline(&self, key: &K) -> Option<Mono> {
        self.at_by_key.get(key).copied()
    }

    pub fn len(&self) -> usize {
        self.at_by_key.len()
    }

    pub fn is_empty(&self) -> bool {
        self.at_by_key.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_a_new_time_replaces_the_old() {
        let mut timers = Timers::default();
        timers.set("a", Mono(30));
        timers.set("b", Mono(20));
        timers.set("a", Mono(10));
        assert_eq!(timers.next(), Some((Mono(10), &"a")));
        assert_eq!(timers.pop_due(Mono(9)), None);
        assert_eq!(timers.pop_due(Mono(25)), Some("a"));
        assert_eq!(timers.pop_due(Mono(25)), Some("b"));
        assert!(timers.is_empty());
    }

    #[test]
    fn a_cancelled_deadline_does_not_come() {
        let mut timers = Timers::default();
        timers.set(1, Mono(5));
        timers.cancel(&1);
        assert_eq!(timers.pop_due(Mono::ZERO), None);
        assert_eq!((timers.len(), timers.deadline(&1)), (0, None));
    }
}
