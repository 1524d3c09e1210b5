//! A table from names to numbers while it is filled, small and quick to let go of: all names in one piece of memory, their places in
//! another.

use super::packed_names::{PackedNames, hash};

/// Open addressing with linear probing; never more than three quarters full.
#[derive(Clone, Debug, Default)]
pub(super) struct NameTable {
    /// One behind the other, each after its length.
    names: Vec<u8>,
    /// A power of two of them, or none.
    slots: Vec<Slot>,
    count: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Where the name begins, and one more; 0 for an empty slot.
    at: u32,
    /// More of the hash, so that a name is rarely read in vain.
    tag: u32,
    value: u32,
}

/// Longer names are no domains.
const LENGTH_MAX: usize = 255;
const SLOTS_MIN: usize = 16;

impl NameTable {
    #[cfg(test)]
    fn len(&self) -> usize {
        self.count
    }

    /// Makes room for so many more names, of so many bytes in all.
    pub(super) fn reserve(&mut self, names: usize, bytes: usize) {
        self.names.reserve_exact(bytes + names);
        let wanted = (self.count + names).saturating_mul(4).div_ceil(3).max(SLOTS_MIN).next_power_of_two();
        if wanted > self.slots.len() {
            self.move_to(wanted);
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<u32> {
        let slot = self.slots.get(self.find(name, hash(name.as_bytes()))?)?;
        (slot.at > 0).then_some(slot.value)
    }

    /// In place of the number that the name had. A name that is too long is left out.
    pub(super) fn insert(&mut self, name: &str, value: u32) {
        if (self.count + 1) * 4 > self.slots.len() * 3 {
            self.reserve(self.count.max(SLOTS_MIN / 2), 0);
        }
        let hash = hash(name.as_bytes());
        let (Some(place), Ok(at)) = (self.find(name, hash), u32::try_from(self.names.len() + 1)) else { return };
        let Some(slot) = self.slots.get_mut(place).filter(|_| name.len() <= LENGTH_MAX) else { return };
        if slot.at > 0 {
            slot.value = value;
            return;
        }
        *slot = Slot { at, tag: tag(hash), value };
        self.names.push(name.len() as u8);
        self.names.extend_from_slice(name.as_bytes());
        self.count += 1;
    }

    /// As it is looked up from now on.
    pub(super) fn pack(&self) -> PackedNames {
        let slots = self.slots.iter().filter(|slot| slot.at > 0);
        PackedNames::of(slots.filter_map(|slot| Some((self.name_of(*slot)?, slot.value))), self.count)
    }

    /// The slot of the name, or the empty one where it would be.
    fn find(&self, name: &str, hash: u64) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = hash as usize & mask;
        loop {
            let slot = self.slots.get(place)?;
            if slot.at == 0 || (slot.tag == tag(hash) && self.name_of(*slot) == Some(name.as_bytes())) {
                return Some(place);
            }
            place = (place + 1) & mask;
        }
    }

    fn name_of(&self, slot: Slot) -> Option<&[u8]> {
        let (length, rest) = self.names.get(slot.at as usize - 1..)?.split_first()?;
        rest.get(..usize::from(*length))
    }

    fn move_to(&mut self, slots: usize) {
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); slots]);
        let mask = slots - 1;
        for slot in old.into_iter().filter(|slot| slot.at > 0) {
            let Some(name) = self.name_of(slot) else { continue };
            let mut place = hash(name) as usize & mask;
            while self.slots[place].at > 0 {
                place = (place + 1) & mask;
            }
            self.slots[place] = slot;
        }
    }
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map(entries in prop::collection::vec(("[a-c.]{0,4}", 0u32..50), 0..300), asked in "[a-d.]{0,4}") {
            let mut table = NameTable::default();
            let mut model = HashMap::new();
            for (name, value) in &entries {
                table.insert(name, *value);
                model.insert(name.as_str(), *value);
                prop_assert_eq!(table.get(name), Some(*value));
            }
            prop_assert_eq!(table.len(), model.len());
            for (name, value) in &model {
                prop_assert_eq!(table.get(name), Some(*value));
            }
            prop_assert_eq!(table.get(&asked), model.get(asked.as_str()).copied());
            let packed = table.pack();
            for name in model.keys().chain([&asked.as_str()]) {
                prop_assert_eq!(packed.get(name), table.get(name));
            }
        }
    }

    #[test]
    fn many_domains_take_less_than_36_bytes_each() {
        let names = 100_000;
        let mut table = NameTable::default();
        table.reserve(names, names * "company000000.example.com".len());
        for n in 0..names {
            table.insert(&format!("company{n:06}.example.com"), n as u32);
        }
        let packed = table.pack();
        assert!(packed.bytes() / names < 36, "{} bytes", packed.bytes() / names);
        assert_eq!(packed.get("company099999.example.com"), Some(99_999));
        assert_eq!(NameTable::default().get("example.com"), None);
        assert_eq!(NameTable::default().pack().get("example.com"), None);
    }
}
