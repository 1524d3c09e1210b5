//! Maps by ids that we number ourselves. Nobody outside can choose such a number, so their hash need not resist anybody.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// For `LegId`, `CallId` and the like; never for what a peer sends.
pub type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// One multiplication; the upper half is folded onto the lower, since ids may differ in their upper bits alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdHasher(u64);

/// 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming 3, section 6.4).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        let product = (self.0 ^ number).wrapping_mul(GOLDEN);
        self.0 = product ^ (product >> 32);
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    /// Which variant of an enum it is comes as one.
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    use super::{IdHasher, IdMap};
    use crate::base::{CallId, LegId};

    fn hash(leg: LegId) -> u64 {
        BuildHasherDefault::<IdHasher>::default().hash_one(leg)
    }

    /// A table takes its place from the lower bits and tells entries apart by the upper seven.
    #[test]
    fn legs_spread_over_a_table_whichever_bits_they_differ_in() {
        let inbound = (0..1024).map(LegId::inbound);
        let outbound = (0..1024).map(|serial| LegId::outbound(CallId::new(1_800_000_000, serial), 0));
        for legs in [inbound.collect::<Vec<_>>(), outbound.collect::<Vec<_>>()] {
            let places: BTreeSet<u64> = legs.iter().map(|leg| hash(*leg) % 2048).collect();
            let tags: BTreeSet<u64> = legs.iter().map(|leg| hash(*leg) >> 57).collect();
            assert!(places.len() > 600, "{} places for 1024 legs", places.len());
            assert!(tags.len() > 100, "{} tags", tags.len());
        }
    }

    #[test]
    fn what_was_put_in_is_found() {
        let map: IdMap<LegId, u64> = (0..100).map(|n| (LegId(n << 40), n)).collect();
        assert!((0..100).all(|n| map.get(&LegId(n << 40)) == Some(&n)));
    }
}
