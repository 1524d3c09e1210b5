//! Domains that look like one that is known: an edit away, or written with letters that the eye takes for others.
//!
//! Among a million domains of customers nearly every short name is an edit away from another one, so this holds against a list of
//! protected domains, which is bounded. It is an index of what remains of each name when one letter is taken out (Mor and Fraenkel
//! 1982): a look-up costs one probe for each letter, however long the list is.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::domains::registrable;
use super::fold::folded;

/// The protected domains.
#[derive(Clone, Debug, Default)]
pub(super) struct LookAlikes {
    protected: Vec<Protected>,
    /// Places in the list, by the hash of a skeleton, and of each that is left without one letter.
    places_by_hash: HashMap<u64, Vec<u32>, BuildHasherDefault<AsItIs>>,
    /// A bit for each of those hashes, so that most others are never looked up.
    marked: Vec<u64>,
}

/// Bits for each hash that is in the index: one in so many others is looked up in vain.
const BITS_EACH: usize = 16;

#[derive(Clone, Debug)]
struct Protected {
    name: Box<str>,
    skeleton: Vec<char>,
}

/// A shorter name has too many neighbours to be taken for another; confusable letters count in any.
const EDITED_LABEL_MIN: usize = 5;

impl LookAlikes {
    /// `names`: domains that somebody registered, in any order.
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n str>) -> LookAlikes {
        let mut all = LookAlikes::default();
        for (name, place) in names.zip(0..) {
            let skeleton = skeleton(name);
            for hash in neighbourhood(&skeleton) {
                all.places_by_hash.entry(hash).or_default().push(place);
            }
            all.protected.push(Protected { name: name.into(), skeleton });
        }
        let bits = (all.places_by_hash.len() * BITS_EACH).next_power_of_two().max(64);
        all.marked = vec![0; bits / 64];
        for hash in all.protected.iter().flat_map(|protected| neighbourhood(&protected.skeleton)) {
            let (word, bit) = mark_of(hash, all.marked.len());
            all.marked[word] |= bit;
        }
        all
    }

    /// The protected domain that this one, a host, looks like without being it or below it.
    pub(super) fn find(&self, host: &str) -> Option<&str> {
        let name = registrable(host)?;
        let skeleton = skeleton(name);
        let candidates = neighbourhood(&skeleton).filter_map(|hash| self.places(hash)).flatten();
        let mut looks_like = None;
        for candidate in candidates.filter_map(|place| self.protected.get(*place as usize)) {
            if *candidate.name == *name {
                return None;
            }
            if looks_like.is_none() && is_alike(&skeleton, &candidate.skeleton) {
                looks_like = Some(&*candidate.name);
            }
        }
        looks_like
    }

    fn places(&self, hash: u64) -> Option<&Vec<u32>> {
        let (word, bit) = mark_of(hash, self.marked.len());
        self.marked.get(word).filter(|marks| *marks & bit != 0).and_then(|_| self.places_by_hash.get(&hash))
    }
}

/// The word among so many, a power of two, and the bit in it.
fn mark_of(hash: u64, words: usize) -> (usize, u64) {
    ((hash >> 6) as usize & words.wrapping_sub(1), 1 << (hash & 63))
}

fn is_alike(one: &[char], other: &[char]) -> bool {
    one == other || (first_label(other) >= EDITED_LABEL_MIN && is_one_edit(one, other))
}

fn first_label(skeleton: &[char]) -> usize {
    skeleton.iter().position(|letter| *letter == '.').unwrap_or(skeleton.len())
}

/// A letter put in, taken out, changed, or exchanged with its neighbour.
fn is_one_edit(one: &[char], other: &[char]) -> bool {
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    let same = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&one[..one.len() - same], &other[..other.len() - same]) {
        ([], [_]) | ([_], []) | ([_], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

/// A name as the eye sees it: accents gone, letters of other scripts and digits as what they look like.
fn skeleton(name: &str) -> Vec<char> {
    let mut skeleton = Vec::with_capacity(name.len());
    if name.is_ascii() && !name.contains("xn--") {
        name.bytes().for_each(|letter| see(seen_as(char::from(letter.to_ascii_lowercase())), &mut skeleton));
    } else {
        folded(&idna::domain_to_unicode(name).0).chars().for_each(|letter| see(seen_as(letter), &mut skeleton));
    }
    skeleton
}

/// Two letters that look like one are one.
fn see(letter: char, skeleton: &mut Vec<char>) {
    let joined = match (skeleton.last(), letter) {
        (Some('r'), 'n') => Some('m'),
        (Some('v'), 'v') => Some('w'),
        _ => None,
    };
    match (joined, skeleton.last_mut()) {
        (Some(joined), Some(last)) => *last = joined,
        (None, _) | (_, None) => skeleton.push(letter),
    }
}

/// After the confusables of UTS 39: what stands in names of domains.
fn seen_as(letter: char) -> char {
    match letter {
        '0' | 'о' | 'ο' | 'օ' => 'o',
        '1' | 'ӏ' | 'ι' => 'l',
        '5' | 'ѕ' => 's',
        'а' | 'α' | 'ɑ' => 'a',
        'в' | 'ь' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'ε' => 'e',
        'ɡ' | 'ց' => 'g',
        'һ' | 'н' => 'h',
        'і' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'п' | 'η' | 'ո' => 'n',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'г' => 'r',
        'т' | 'τ' => 't',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        other => other,
    }
}

/// Hashes of the whole and of all that is left without one letter: of a polynomial over the letters, which is taken apart at each gap.
fn neighbourhood(skeleton: &[char]) -> impl Iterator<Item = u64> + '_ {
    let whole = skeleton.iter().fold(0, |hash, letter| with(hash, *letter));
    let power = skeleton.iter().fold(1, |power: u64, _| power.wrapping_mul(BASE));
    let (mut before, mut behind, mut power, mut last) = (0u64, whole, power, None);
    let without = skeleton.iter().filter_map(move |letter| {
        // `power`: what the letter before the gap is multiplied by, as long as the gap is not closed.
        let below = power.wrapping_mul(BASE_INVERSE);
        behind = behind.wrapping_sub(number(*letter).wrapping_mul(below));
        let hash = before.wrapping_mul(below).wrapping_add(behind);
        before = with(before, *letter);
        power = below;
        // Of two equal letters in a row one is as good as the other.
        (last.replace(*letter) != Some(*letter)).then_some(hash)
    });
    std::iter::once(whole).chain(without).map(spread)
}

fn with(hash: u64, letter: char) -> u64 {
    hash.wrapping_mul(BASE).wrapping_add(number(letter))
}

fn number(letter: char) -> u64 {
    u64::from(u32::from(letter)).wrapping_add(1)
}

/// Odd, so that there is another number that undoes it, modulo 2^64.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
const BASE_INVERSE: u64 = inverse(BASE);

/// By Newton's iteration: each step doubles the bits that are right, and three are right at the start.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut step = 0;
    while step < 5 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
        step += 1;
    }
    inverse
}

/// Every bit of the sum counts in every bit; what falls together is told apart by `is_alike`.
fn spread(hash: u64) -> u64 {
    let hash = (hash ^ hash >> 32).wrapping_mul(BASE);
    hash ^ hash >> 29
}

/// The keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0 << 8 | u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::domains::host_of;

    fn looks_like(domain: &str) -> Option<String> {
        let protected = ["contoso.example", "example.com", "abc.example", "north.co.uk"];
        LookAlikes::of(protected.into_iter()).find(&host_of(domain)?).map(str::to_owned)
    }

    #[test]
    fn one_edit_and_letters_that_look_alike_are_seen() {
        for domain in [
            "exmple.com",
            "exampple.com",
            "exanple.com",
            "exmaple.com",
            "examp1e.com",
            "ann@mail.examp1e.com",
            "exarnple.com",
            "exаmple.com",
            "xn--exmple-4nf.com",
            "éxample.com",
        ] {
            assert_eq!(looks_like(domain).as_deref(), Some("example.com"), "{domain}");
        }
        assert_eq!(looks_like("c0nt0s0.example").as_deref(), Some("contoso.example"));
        assert_eq!(looks_like("shop.n0rth.co.uk").as_deref(), Some("north.co.uk"));
    }

    #[test]
    fn the_domain_itself_and_what_is_below_it_is_no_look_alike() {
        for domain in
            ["example.com", "shop.example.com", "ann@EXAMPLE.com", "samples.com", "example.org", "", "192.0.2.1"]
        {
            assert_eq!(looks_like(domain), None, "{domain}");
        }
    }

    #[test]
    fn a_short_name_is_confused_by_the_eye_alone() {
        assert_eq!(looks_like("abd.example"), None);
        assert_eq!(looks_like("аbc.example").as_deref(), Some("abc.example"));
    }

    #[test]
    fn each_neighbour_has_the_hash_of_its_own_letters() {
        let whole = |letters: &[char]| neighbourhood(letters).next().expect("the whole");
        for name in ["", "a", "aab.example", "mississippi.example"] {
            let letters: Vec<char> = name.chars().collect();
            let gaps = (0..letters.len()).filter(|at| *at == 0 || letters[at - 1] != letters[*at]);
            let mut left = vec![whole(&letters)];
            left.extend(gaps.map(|at| whole(&[&letters[..at], &letters[at + 1..]].concat())));
            assert_eq!(neighbourhood(&letters).collect::<Vec<_>>(), left, "{name}");
        }
    }

    #[test]
    fn letters_that_look_like_one_are_joined_from_the_left() {
        let seen = |name: &str| skeleton(name).into_iter().collect::<String>();
        assert_eq!(
            (seen("rrnn"), seen("vvv"), seen("vvvv"), seen("RN")),
            ("rmn".into(), "wv".into(), "ww".into(), "m".into())
        );
    }

    #[test]
    fn a_name_of_every_length_is_answered() {
        for length in 1..=63 {
            let _ = looks_like(&format!("{}.example", "a".repeat(length)));
        }
    }
}
