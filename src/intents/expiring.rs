//! A map whose entries end: each has the moment from which it is no longer seen, and a later one at which it may go.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use crate::base::Wall;
use crate::base::limits::CLOCK_SKEW_MAX;

/// At most `max` entries; beyond it the one that ends first goes.
#[derive(Clone, Debug)]
pub(super) struct Expiring<K, V> {
    entries: HashMap<K, (Wall, V)>,
    by_end: BTreeSet<(Wall, K)>,
    max: usize,
}

impl<K: Ord + Hash + Clone, V> Expiring<K, V> {
    pub fn new(max: usize) -> Expiring<K, V> {
        Expiring { entries: HashMap::new(), by_end: BTreeSet::new(), max }
    }

    /// Sets an entry that is seen until `end`; answers the key that had to go for it.
    pub fn insert(&mut self, key: K, end: Wall, value: V) -> Option<K> {
        self.remove(&key);
        let displaced = if self.entries.len() >= self.max { self.remove_first() } else { None };
        self.by_end.insert((end, key.clone()));
        self.entries.insert(key, (end, value));
        displaced
    }

    /// The entry, unless it has ended.
    pub fn get(&self, key: &K, now: Wall) -> Option<&V> {
        self.entries.get(key).filter(|(end, _)| *end > now).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, key: &K, now: Wall) -> Option<&mut V> {
        self.entries.get_mut(key).filter(|(end, _)| *end > now).map(|(_, value)| value)
    }

    /// The entry and its end, whether it has come or not.
    pub fn entry(&self, key: &K) -> Option<(Wall, &V)> {
        self.entries.get(key).map(|(end, value)| (*end, value))
    }

    /// Moves the end, only ever to later.
    pub fn prolong(&mut self, key: &K, end: Wall) {
        let Some((old, _)) = self.entries.get_mut(key) else { return };
        if *old < end {
            self.by_end.remove(&(*old, key.clone()));
            self.by_end.insert((end, key.clone()));
            *old = end;
        }
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        let (end, value) = self.entries.remove(key)?;
        self.by_end.remove(&(end, key.clone()));
        Some(value)
    }

    /// Takes one entry that ended so long ago that nobody's clock can be before its end.
    pub fn pop_outdated(&mut self, now: Wall) -> Option<(K, V)> {
        let (end, key) = self.by_end.first()?;
        if *end + CLOCK_SKEW_MAX > now {
            return None;
        }
        let key = key.clone();
        self.remove(&key).map(|value| (key, value))
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    fn remove_first(&mut self) -> Option<K> {
        let (_, key) = self.by_end.pop_first()?;
        self.entries.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_seen_until_its_end_and_goes_later() {
        let mut map = Expiring::new(9);
        map.insert("a", Wall(10), 1);
        assert_eq!((map.get(&"a", Wall(9)), map.get(&"a", Wall(10))), (Some(&1), None));
        assert_eq!(map.pop_outdated(Wall(10)), None);
        assert_eq!(map.pop_outdated(Wall(10) + CLOCK_SKEW_MAX), Some(("a", 1)));
        assert_eq!(map.len(), 0);
    }

    #[test]
    fn the_first_to_end_makes_room() {
        let mut map = Expiring::new(2);
        map.insert("a", Wall(30), ());
        map.insert("b", Wall(20), ());
        assert_eq!(map.insert("a", Wall(10), ()), None);
        assert_eq!(map.insert("c", Wall(5), ()), Some("a"));
        map.prolong(&"c", Wall(50));
        assert_eq!(map.insert("d", Wall(60), ()), Some("b"));
    }
}
