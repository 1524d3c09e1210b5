//! An ordered map that also knows how many stand before a key, in pieces small enough to move.

/// The entries of one piece at most; two neighbours with half of it together become one.
const PIECE_MAX: usize = 64;

/// Looking up, inserting and removing cost a search and the move of one piece; counting costs a step for each piece before.
#[derive(Clone, Debug)]
pub(super) struct Sorted<K, V> {
    /// None is empty.
    pieces: Vec<Vec<(K, V)>>,
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Sorted { pieces: Vec::new() }
    }
}

impl<K: Ord, V> Sorted<K, V> {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn first(&self) -> Option<&V> {
        self.pieces.first()?.first().map(|(_, value)| value)
    }

    /// In the order of the keys.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.pieces.iter().flatten().map(|(_, value)| value)
    }

    /// In place of the value that the key had.
    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.pieces.is_empty() {
            self.pieces.push(Vec::with_capacity(PIECE_MAX));
        }
        let nth = self.piece_of(&key).min(self.pieces.len() - 1);
        let piece = &mut self.pieces[nth];
        match piece.binary_search_by(|(k, _)| k.cmp(&key)) {
            Ok(at) => piece[at].1 = value,
            Err(at) => piece.insert(at, (key, value)),
        }
        if self.pieces[nth].len() >= PIECE_MAX {
            self.split(nth);
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let nth = self.piece_of(key);
        let piece = self.pieces.get_mut(nth)?;
        let at = piece.binary_search_by(|(k, _)| k.cmp(key)).ok()?;
        let (_, value) = piece.remove(at);
        self.tidy(nth);
        Some(value)
    }

    pub(super) fn count_before(&self, key: &K) -> usize {
        let nth = self.piece_of(key);
        let before: usize = self.pieces[..nth].iter().map(Vec::len).sum();
        before + self.pieces.get(nth).map_or(0, |piece| piece.partition_point(|(k, _)| k < key))
    }

    /// The first piece that does not end before the key.
    fn piece_of(&self, key: &K) -> usize {
        self.pieces.partition_point(|piece| piece.last().is_some_and(|(last, _)| last < key))
    }

    fn split(&mut self, nth: usize) {
        let tail = self.pieces[nth].split_off(PIECE_MAX / 2);
        let mut next = Vec::with_capacity(PIECE_MAX);
        next.extend(tail);
        self.pieces.insert(nth + 1, next);
    }

    fn tidy(&mut self, nth: usize) {
        if self.pieces[nth].is_empty() {
            self.pieces.remove(nth);
        } else if self.pieces.get(nth + 1).is_some_and(|next| self.pieces[nth].len() + next.len() <= PIECE_MAX / 2) {
            let next = self.pieces.remove(nth + 1);
            self.pieces[nth].extend(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map_that_can_count(steps in prop::collection::vec((0u8..3, 0u16..400), 0..1500)) {
            let (mut sorted, mut model) = (Sorted::default(), BTreeMap::new());
            for (kind, key) in steps {
                if kind == 0 {
                    prop_assert_eq!(sorted.remove(&key), model.remove(&key));
                } else {
                    sorted.insert(key, kind);
                    model.insert(key, kind);
                }
                prop_assert_eq!(sorted.count_before(&key), model.range(..key).count());
            }
            prop_assert!(sorted.values().eq(model.values()));
            prop_assert!(sorted.pieces.iter().all(|piece| !piece.is_empty() && piece.len() < PIECE_MAX));
            for key in 0..400 {
                sorted.remove(&key);
            }
            prop_assert!(sorted.is_empty());
        }
    }
}
