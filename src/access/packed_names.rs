//! A table from names to numbers that does not change once it is filled. A name stands with few others in the place that its hash says, which
//! is two lines of the processor's cache side by side, so that who looks for a name waits for the memory once, whether it is there or not.
//! What finds no room goes to one of the next places. Names are counted first and put in afterwards.

use std::collections::HashMap;

use crate::base::prefetch::prefetch;

/// Some names, and a number for each.
#[derive(Clone, Debug, Default)]
pub(super) struct PackedNames {
    places: Vec<Place>,
    /// What found no room in any of its places, and those whose number has none.
    crowded_out: HashMap<Box<[u8]>, u32>,
}

/// Two lines of the processor's cache.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(128))]
struct Place {
    /// Of each name, or `FAR`.
    numbers: [u16; NAMES],
    /// Of each name in its order, a byte of its hash; `NO_TAG` behind the last one.
    tags: [u8; NAMES],
    /// Of each name, in bytes.
    lengths: [u8; NAMES],
    /// Of each name that has gone on from here to the next place, a bit: who has none of these looks no further.
    passed: u8,
    /// The names, one behind the other.
    letters: [u8; LETTERS],
}

/// A name as it is looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hashed<'n> {
    name: &'n [u8],
    hash: u64,
}

/// Names are counted: each as often as it will be put in.
#[derive(Debug, Default)]
pub(super) struct Counting {
    names: usize,
    letters: usize,
}

/// Names are put in.
#[derive(Debug)]
pub(super) struct Packing(PackedNames);

const NAMES: usize = 5;
/// Bytes of a place before its letters.
const LETTERS_BEFORE: usize = 4 * NAMES + 1;
/// The number stands with those that are crowded out.
const FAR: u16 = u16::MAX;
const LETTERS: usize = 128 - LETTERS_BEFORE;
const NO_TAG: u8 = 0;
/// So much of a place is taken on average, of a hundred: of its letters, or of its names if they are short.
const LETTERS_TAKEN: usize = 55;
const NAMES_TAKEN: usize = 60;
/// A name stands in the place that its hash says, or in one of the next, so many in all; of long names one or two in a hundred in none.
const NEXT: usize = 8;
/// The second line of a place.
const LINE: usize = 64;

impl<'n> Hashed<'n> {
    pub(super) fn of(name: &'n [u8]) -> Hashed<'n> {
        Hashed::with(name, hash(name))
    }

    /// With the hash that `of` has worked out before.
    pub(super) fn with(name: &'n [u8], hash: u64) -> Hashed<'n> {
        Hashed { name, hash }
    }

    /// Its place among so many; by the upper bits of the hash.
    fn place(self, places: usize) -> usize {
        ((u128::from(self.hash) * places as u128) >> 64) as usize
    }

    /// By the lowest.
    fn tag(self) -> u8 {
        (self.hash as u8).max(NO_TAG + 1)
    }

    /// By those above them.
    fn bit(self) -> u8 {
        1 << (self.hash >> 8 & 7)
    }
}

impl Counting {
    pub(super) fn count(&mut self, name: &[u8]) {
        self.names += 1;
        self.letters += name.len();
    }

    pub(super) fn packing(self) -> Packing {
        let by_letters = (self.letters * 100).div_ceil(LETTERS * LETTERS_TAKEN);
        let by_names = (self.names * 100).div_ceil(NAMES * NAMES_TAKEN);
        let places = vec![Place::default(); by_letters.max(by_names)];
        Packing(PackedNames { places, crowded_out: HashMap::new() })
    }
}

impl Packing {
    /// `number`: from the one that the name has had so far.
    pub(super) fn put(&mut self, name: &[u8], number: impl FnOnce(Option<u32>) -> u32) {
        let hashed = Hashed::of(name);
        let new = number(self.0.get(hashed));
        let near = u16::try_from(new).unwrap_or(FAR);
        let PackedNames { places, crowded_out } = &mut self.0;
        let first = hashed.place(places.len());
        let known = nearby(places.len(), first).find_map(|at| Some((at, places.get(at)?.find(hashed)?)));
        let is_near = match known {
            Some((at, nth)) => {
                places[at].numbers[nth] = near;
                true
            }
            None => {
                !crowded_out.contains_key(name) && nearby(places.len(), first).any(|at| places[at].put(hashed, near))
            }
        };
        if !is_near || near == FAR {
            crowded_out.insert(name.into(), new);
        }
    }

    pub(super) fn finish(self) -> PackedNames {
        self.0
    }
}

/// The places in which a name may stand.
fn nearby(places: usize, first: usize) -> impl Iterator<Item = usize> {
    (0..NEXT.min(places)).map(move |next| (first + next) % places)
}

impl PackedNames {
    /// Has the place of the name come nearer.
    pub(super) fn ahead(&self, name: Hashed<'_>) {
        if let Some(place) = self.places.get(name.place(self.places.len())) {
            prefetch(std::slice::from_ref(place), 0);
            prefetch(&place.letters, LINE - LETTERS_BEFORE);
        }
    }

    pub(super) fn get(&self, name: Hashed<'_>) -> Option<u32> {
        let first = name.place(self.places.len());
        for at in nearby(self.places.len(), first) {
            let place = self.places.get(at)?;
            match place.find(name).and_then(|nth| place.numbers.get(nth)) {
                Some(&FAR) => break,
                Some(number) => return Some(u32::from(*number)),
                None => {}
            }
            if place.passed & name.bit() == 0 {
                return None;
            }
        }
        self.crowded_out.get(name.name).copied()
    }

    /// All that it holds.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<Place>()
    }
}

impl Default for Place {
    fn default() -> Place {
        let (tags, lengths, numbers) = ([NO_TAG; NAMES], [0; NAMES], [0; NAMES]);
        Place { tags, lengths, numbers, passed: 0, letters: [0; LETTERS] }
    }
}

impl Place {
    /// Which of its names it is.
    fn find(&self, name: Hashed<'_>) -> Option<usize> {
        let (tag, Ok(length)) = (name.tag(), u8::try_from(name.name.len())) else { return None };
        let fits = self.tags.iter().zip(&self.lengths).map(|(one, its)| (*one == tag) & (*its == length));
        let mut found = fits.zip(0..).fold(0u32, |found, (fits, nth)| found | u32::from(fits) << nth);
        while found != 0 {
            let nth = found.trailing_zeros() as usize;
            let begin = self.begin(nth);
            if self.letters.get(begin..begin + name.name.len()) == Some(name.name) {
                return Some(nth);
            }
            found &= found - 1;
        }
        None
    }

    /// Every length is looked at: to stop at one is to guess which.
    fn begin(&self, nth: usize) -> usize {
        let before = self.lengths.iter().zip(0..).map(|(length, n)| if n < nth { usize::from(*length) } else { 0 });
        before.sum()
    }

    /// False when there is no room, and that the name goes on is remembered.
    fn put(&mut self, name: Hashed<'_>, number: u16) -> bool {
        let nth = self.tags.iter().take_while(|tag| **tag != NO_TAG).count();
        let begin = self.begin(nth);
        let room = self.letters.get_mut(begin..begin + name.name.len());
        let (Some(room), Ok(length)) = (room.filter(|_| nth < NAMES), u8::try_from(name.name.len())) else {
            self.passed |= name.bit();
            return false;
        };
        room.copy_from_slice(name.name);
        (self.tags[nth], self.lengths[nth], self.numbers[nth]) = (name.tag(), length, number);
        true
    }
}

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
        let mut counting = Counting::default();
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
        fn it_is_a_map(entries in prop::collection::vec(("[a-c.]{0,4}", prop_oneof![0u32..50, 65_530u32..65_540]), 0..300), asked in "[a-d.]{0,4}") {
            let entries = entries.iter().map(|(name, number)| (name.as_str(), *number));
            let model: HashMap<&str, u32> = entries.clone().collect();
            let packed = packed(entries);
            for name in model.keys().chain([&asked.as_str()]) {
                prop_assert_eq!(find(&packed, name), model.get(name).copied());
                packed.ahead(Hashed::of(name.as_bytes()));
            }
        }

        #[test]
        fn a_number_follows_from_the_one_before(names in prop::collection::vec("[ab]{0,3}", 0..60)) {
            let mut counting = Counting::default();
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
    fn many_domains_take_less_than_56_bytes_each() {
        let names: Vec<String> = (0..100_000).map(|n| format!("company{n:06}.example.com")).collect();
        let packed = packed(names.iter().map(String::as_str).zip(0..));
        assert!(packed.bytes() / names.len() < 56, "{} bytes", packed.bytes() / names.len());
        assert_eq!(find(&packed, "company099999.example.com"), Some(99_999));
        assert_eq!(find(&PackedNames::default(), "example.com"), None);
    }

    #[test]
    fn names_that_come_twice_have_the_number_that_came_last() {
        let names: Vec<String> = (0..1000).map(|n| format!("{n}.example.com")).collect();
        let twice = packed(names.iter().chain(&names).map(String::as_str).zip(0..));
        assert_eq!(find(&twice, "7.example.com"), Some(1007));
    }

    #[test]
    fn few_find_no_room_whatever_the_names_are_like() {
        for form in ["company{}.example.com", "{}", "a.rather.long.name.of.{}.example.org"] {
            let names: Vec<String> = (0..50_000).map(|n| form.replace("{}", &n.to_string())).collect();
            let packed = packed(names.iter().map(String::as_str).zip(0..));
            assert!(packed.crowded_out.len() < 50_000 / 50, "{form}: {}", packed.crowded_out.len());
            for (name, number) in names.iter().zip(0..) {
                assert_eq!(find(&packed, name), Some(number));
            }
        }
    }

    /// Nor is anybody looked for in many places.
    #[test]
    fn most_are_where_their_hash_says() {
        let names: Vec<String> = (0..50_000).map(|n| format!("company{n}.example.com")).collect();
        let packed = packed(names.iter().map(String::as_str).zip(0..));
        let is_there = |name: &&String| {
            let name = Hashed::of(name.as_bytes());
            packed.places[name.place(packed.places.len())].find(name).is_some()
        };
        let there = names.iter().filter(is_there).count();
        assert!(there > 50_000 * 85 / 100, "{there} of 50,000");
        let strangers: Vec<String> = (0..50_000).map(|n| format!("stranger{n}.example.org")).collect();
        let goes_on = |name: &&String| {
            let name = Hashed::of(name.as_bytes());
            packed.places[name.place(packed.places.len())].passed & name.bit() != 0
        };
        let further = strangers.iter().filter(goes_on).count();
        assert!(further < 50_000 * 6 / 100, "{further} of 50,000 strangers are looked for further on");
    }

    #[test]
    fn a_name_that_is_too_long_for_a_place_is_found_too() {
        let (long, longer) = ("a".repeat(LETTERS + 1), "b".repeat(300));
        let packed = packed([(long.as_str(), 1), (longer.as_str(), 2), ("short", 3), (long.as_str(), 4)].into_iter());
        assert_eq!([long.as_str(), &longer, "short"].map(|name| find(&packed, name)), [Some(4), Some(2), Some(3)]);
        assert_eq!(find(&packed, &"c".repeat(300)), None);
    }
}
