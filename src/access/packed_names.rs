//! A table from names to numbers that does not change once it is filled. Names whose hashes are near stand together, and a short line for
//! each such group says where it begins and a byte of each name's hash: whoever is not in the table costs that line alone, and whoever is
//! costs their names besides. Names are counted first and put in afterwards, so that they stand in memory once while it is filled.

use std::collections::HashMap;

use crate::base::prefetch::prefetch;

/// Some names, and a number for each.
#[derive(Clone, Debug, Default)]
pub(super) struct PackedNames {
    groups: Vec<Group>,
    /// Entry behind entry: the length of the name, the number in four bytes, the name.
    entries: Vec<u8>,
    /// What found no place in its group.
    crowded_out: HashMap<Box<[u8]>, u32>,
}

/// Four of them to a line of the processor's cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(16))]
struct Group {
    /// Where its entries begin; while names are counted, the bytes that they take.
    start: u32,
    /// Of each name in its order; `NO_TAG` behind the last one.
    tags: [u8; TAGS],
}

/// A name as it is looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hashed<'n> {
    name: &'n [u8],
    hash: u64,
}

/// Names are counted: each as often as it will be put in.
#[derive(Debug)]
pub(super) struct Counting(Vec<Group>);

/// Names are put in.
#[derive(Debug)]
pub(super) struct Packing(PackedNames);

/// Where a name may go.
enum Room {
    /// It is there already, with this number.
    Has {
        at: usize,
        number: u32,
    },
    Free {
        at: usize,
        nth: usize,
    },
    None,
}

/// Names in a group, on average.
const GROUP: usize = 4;
/// Of four on average, one group in some thousands has more than twelve.
const TAGS: usize = 12;
const NO_TAG: u8 = 0;
const HEAD: usize = 5;

impl<'n> Hashed<'n> {
    pub(super) fn of(name: &'n [u8]) -> Hashed<'n> {
        Hashed::with(name, hash(name))
    }

    /// With the hash that `of` has worked out before.
    pub(super) fn with(name: &'n [u8], hash: u64) -> Hashed<'n> {
        Hashed { name, hash }
    }

    /// Its group among so many; by the upper bits of the hash.
    fn group(self, groups: usize) -> usize {
        ((u128::from(self.hash) * groups as u128) >> 64) as usize
    }

    /// By the lowest.
    fn tag(self) -> u8 {
        (self.hash as u8).max(NO_TAG + 1)
    }
}

impl Counting {
    /// `names`: how often `count` will be called.
    pub(super) fn of(names: usize) -> Counting {
        Counting(vec![Group::default(); names.div_ceil(GROUP)])
    }

    pub(super) fn count(&mut self, name: &[u8]) {
        let group = Hashed::of(name).group(self.0.len());
        let bytes = (HEAD + name.len()) as u32;
        self.0.get_mut(group).into_iter().for_each(|group| group.start = group.start.saturating_add(bytes));
    }

    pub(super) fn packing(self) -> Packing {
        let mut groups = self.0;
        let mut end = 0u32;
        for group in &mut groups {
            let bytes = std::mem::replace(&mut group.start, end);
            end = end.saturating_add(bytes);
        }
        Packing(PackedNames { groups, entries: vec![0; end as usize], crowded_out: HashMap::new() })
    }
}

impl Packing {
    /// `number`: from the one that the name has had so far. A name of more than 255 bytes is left out, and whatever comes after four
    /// gigabytes of names.
    pub(super) fn put(&mut self, name: &[u8], number: impl FnOnce(Option<u32>) -> u32) {
        let PackedNames { groups, entries, crowded_out } = &mut self.0;
        let hashed = Hashed::of(name);
        let place = hashed.group(groups.len());
        let Some(group) = groups.get_mut(place) else { return };
        match group.room(entries, name) {
            Room::Has { at, number: old } => {
                let new = number(Some(old)).to_le_bytes();
                entries.get_mut(at + 1..at + HEAD).into_iter().for_each(|bytes| bytes.copy_from_slice(&new));
            }
            Room::Free { at, nth } => {
                if write(entries.get_mut(at..).unwrap_or_default(), name, number(None)).is_some() {
                    group.tags[nth] = hashed.tag();
                }
            }
            Room::None => {
                let old = crowded_out.get(name).copied();
                crowded_out.insert(name.into(), number(old));
            }
        }
    }

    /// Without the room that names took which came more than once.
    pub(super) fn finish(self) -> PackedNames {
        let PackedNames { mut groups, mut entries, crowded_out } = self.0;
        let mut end = 0;
        for group in &mut groups {
            let from = group.start as usize;
            let count = group.tags.iter().take_while(|tag| **tag != NO_TAG).count();
            let to = (0..count).try_fold(from, |at, _| entry(&entries, at).map(|(.., end)| end)).unwrap_or(from);
            if end < from {
                entries.copy_within(from..to, end);
                group.start = end as u32;
            }
            end += to - from;
        }
        entries.truncate(end);
        entries.shrink_to_fit();
        PackedNames { groups, entries, crowded_out }
    }
}

impl PackedNames {
    /// Has the line of the name's group come nearer.
    pub(super) fn ahead(&self, name: Hashed<'_>) {
        prefetch(&self.groups, name.group(self.groups.len()));
    }

    /// Has the names of the group come nearer, if the name may be one of them.
    pub(super) fn nearer(&self, name: Hashed<'_>) {
        let group = self.groups.get(name.group(self.groups.len()));
        if let Some(group) = group.filter(|group| group.may_have(name)) {
            (0..LINES).for_each(|line| prefetch(&self.entries, group.start as usize + line * LINE));
        }
    }

    pub(super) fn get(&self, name: Hashed<'_>) -> Option<u32> {
        let group = self.groups.get(name.group(self.groups.len()))?;
        if group.may_have(name) { self.read(group, name) } else { None }
    }

    fn read(&self, group: &Group, name: Hashed<'_>) -> Option<u32> {
        let mut at = group.start as usize;
        for tag in group.tags.iter().take_while(|tag| **tag != NO_TAG) {
            let (known, number, end) = entry(&self.entries, at)?;
            if *tag == name.tag() && known == name.name {
                return Some(number);
            }
            at = end;
        }
        self.crowded_out.get(name.name).copied()
    }

    /// All that it holds.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Group>() + self.entries.capacity()
    }
}

impl Group {
    /// Where the name stands, or else where there is room for it.
    fn room(&self, entries: &[u8], name: &[u8]) -> Room {
        let mut at = self.start as usize;
        for (nth, tag) in self.tags.iter().enumerate() {
            if *tag == NO_TAG {
                return Room::Free { at, nth };
            }
            match entry(entries, at) {
                Some((known, number, _)) if known == name => return Room::Has { at, number },
                Some((.., end)) => at = end,
                None => break,
            }
        }
        Room::None
    }

    fn may_have(&self, name: Hashed<'_>) -> bool {
        let tag = name.tag();
        let is_there = self.tags.iter().fold(false, |is_there, one| is_there | (*one == tag));
        is_there || self.tags[TAGS - 1] != NO_TAG
    }
}

/// `None`: it does not fit.
fn write(room: &mut [u8], name: &[u8], number: u32) -> Option<()> {
    let (head, rest) = room.split_at_mut_checked(HEAD)?;
    let rest = rest.get_mut(..name.len())?;
    let [a, b, c, d] = number.to_le_bytes();
    head.copy_from_slice(&[u8::try_from(name.len()).ok()?, a, b, c, d]);
    rest.copy_from_slice(name);
    Some(())
}

/// The name that stands there, its number, and where it ends.
fn entry(entries: &[u8], at: usize) -> Option<(&[u8], u32, usize)> {
    let [length, a, b, c, d, rest @ ..] = entries.get(at..)? else { return None };
    let length = usize::from(*length);
    Some((rest.get(..length)?, u32::from_le_bytes([*a, *b, *c, *d]), at + HEAD + length))
}

/// Bytes of a line of the cache, and how many of them four names take at most as a rule.
const LINE: usize = 64;
const LINES: usize = 3;

/// Eight letters at a time, by a multiplication whose halves are laid upon each other. Without a key: only the admin puts names in.
pub(super) fn hash(name: &[u8]) -> u64 {
    let length = name.len() as u64;
    let (words, _) = name.as_chunks::<8>();
    let hash = words.iter().fold(length, |hash, word| mixed(hash ^ u64::from_le_bytes(*word)));
    // The last eight letters, some of them for the second time, are quicker to have than those that are left.
    let last = match name.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => name.iter().fold(0, |rest, letter| rest << 8 | u64::from(*letter)),
    };
    mixed(hash ^ last)
}

fn mixed(word: u64) -> u64 {
    const ODD: u128 = 0x9e37_79b9_7f4a_7c15;
    let product = u128::from(word ^ 0xd6e8_feb8_6659_fd93) * ODD;
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed<'n>(names: impl Iterator<Item = (&'n str, u32)> + Clone) -> PackedNames {
        let mut counting = Counting::of(names.clone().count());
        names.clone().for_each(|(name, _)| counting.count(name.as_bytes()));
        let mut packing = counting.packing();
        names.for_each(|(name, number)| packing.put(name.as_bytes(), |_| number));
        packing.finish()
    }

    fn find(packed: &PackedNames, name: &str) -> Option<u32> {
        packed.get(Hashed::of(name.as_bytes()))
    }

    proptest! {
        #[test]
        fn it_is_a_map(entries in prop::collection::vec(("[a-c.]{0,4}", 0u32..50), 0..300), asked in "[a-d.]{0,4}") {
            let entries = entries.iter().map(|(name, number)| (name.as_str(), *number));
            let model: HashMap<&str, u32> = entries.clone().collect();
            let packed = packed(entries);
            for name in model.keys().chain([&asked.as_str()]) {
                prop_assert_eq!(find(&packed, name), model.get(name).copied());
                packed.ahead(Hashed::of(name.as_bytes()));
                packed.nearer(Hashed::of(name.as_bytes()));
            }
        }

        #[test]
        fn a_number_follows_from_the_one_before(names in prop::collection::vec("[ab]{0,3}", 0..60)) {
            let mut counting = Counting::of(names.len());
            names.iter().for_each(|name| counting.count(name.as_bytes()));
            let mut packing = counting.packing();
            names.iter().for_each(|name| packing.put(name.as_bytes(), |old| old.unwrap_or(0) + 1));
            let packed = packing.finish();
            for name in &names {
                let times = names.iter().filter(|other| *other == name).count();
                prop_assert_eq!(find(&packed, name), Some(times as u32));
            }
        }
    }

    #[test]
    fn many_domains_take_less_than_36_bytes_each() {
        let names: Vec<String> = (0..100_000).map(|n| format!("company{n:06}.example.com")).collect();
        let packed = packed(names.iter().map(String::as_str).zip(0..));
        assert!(packed.bytes() / names.len() < 36, "{} bytes", packed.bytes() / names.len());
        assert_eq!(find(&packed, "company099999.example.com"), Some(99_999));
        assert_eq!(find(&PackedNames::default(), "example.com"), None);
    }

    #[test]
    fn names_that_come_twice_take_their_room_once() {
        let names: Vec<String> = (0..1000).map(|n| format!("{n}.example.com")).collect();
        let once = packed(names.iter().map(String::as_str).zip(0..));
        let twice = packed(names.iter().chain(&names).map(String::as_str).zip(0..));
        assert_eq!(once.entries.len(), twice.entries.len());
        assert_eq!(find(&twice, "7.example.com"), Some(1007));
    }

    #[test]
    fn few_find_no_place_in_their_group_whatever_the_names_are_like() {
        for form in ["company{}.example.com", "{}", "a.rather.long.name.of.{}.example.org"] {
            let names: Vec<String> = (0..50_000).map(|n| form.replace("{}", &n.to_string())).collect();
            let packed = packed(names.iter().map(String::as_str).zip(0..));
            assert!(packed.crowded_out.len() < 50, "{form}: {}", packed.crowded_out.len());
            for (name, number) in names.iter().zip(0..) {
                assert_eq!(find(&packed, name), Some(number));
            }
        }
    }

    #[test]
    fn a_stranger_is_seldom_looked_for_among_the_names() {
        let names: Vec<String> = (0..50_000).map(|n| format!("company{n}.example.com")).collect();
        let packed = packed(names.iter().map(String::as_str).zip(0..));
        let strangers = (0..50_000).map(|n| format!("stranger{n}.example.net"));
        let in_vain = strangers.filter(|name| {
            let name = Hashed::of(name.as_bytes());
            packed.groups[name.group(packed.groups.len())].may_have(name)
        });
        let in_vain = in_vain.count();
        assert!(in_vain < 50_000 / 25, "{in_vain} of 50,000");
    }
}
