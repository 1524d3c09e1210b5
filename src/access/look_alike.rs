//! Domains that look like one that is known: an edit away, or written with letters that the eye takes for others.
//!
//! Among a million domains of customers nearly every short name is an edit away from another one, so this holds against a list of
//! protected domains, which is bounded. It is an index of what remains of each name when one letter is taken out (Mor and Fraenkel
//! 1982): a look-up costs one probe for each letter, however long the list is.

use std::collections::HashMap;

use super::domains::{host_of, registrable};
use super::fold::folded;

/// The protected domains.
#[derive(Clone, Debug, Default)]
pub(super) struct LookAlikes {
    protected: Vec<Protected>,
    /// Places in the list, by the hash of a skeleton, and of each that is left without one letter.
    places_by_hash: HashMap<u64, Vec<u32>>,
}

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
        all
    }

    /// The protected domain that this one, an address or URI, looks like without being it or below it.
    pub(super) fn find(&self, domain: &str) -> Option<&str> {
        let host = host_of(domain)?;
        let name = registrable(&host)?;
        let skeleton = skeleton(name);
        let candidates = neighbourhood(&skeleton).filter_map(|hash| self.places_by_hash.get(&hash)).flatten();
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
    let unicode = if name.contains("xn--") { idna::domain_to_unicode(name).0 } else { name.to_owned() };
    let plain: String = folded(&unicode).chars().map(seen_as).collect();
    let joined =
        if plain.contains("rn") || plain.contains("vv") { plain.replace("rn", "m").replace("vv", "w") } else { plain };
    joined.chars().collect()
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

/// Hashes of the whole and of all that is left without one letter.
fn neighbourhood(skeleton: &[char]) -> impl Iterator<Item = u64> + '_ {
    let without = |gap: usize| hash(skeleton.iter().enumerate().filter(move |(at, _)| *at != gap).map(|(_, c)| *c));
    // Of two equal letters in a row one is as good as the other.
    let gaps = (0..skeleton.len()).filter(|at| *at == 0 || skeleton.get(at - 1) != skeleton.get(*at));
    std::iter::once(hash(skeleton.iter().copied())).chain(gaps.map(without))
}

/// FNV-1a; what falls together is told apart by `is_alike`.
fn hash(letters: impl Iterator<Item = char>) -> u64 {
    letters
        .fold(0xcbf2_9ce4_8422_2325, |hash, letter| (hash ^ u64::from(u32::from(letter))).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks_like(domain: &str) -> Option<String> {
        let protected = ["contoso.example", "example.com", "abc.example", "north.co.uk"];
        LookAlikes::of(protected.into_iter()).find(domain).map(str::to_owned)
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
    fn a_name_of_every_length_is_answered() {
        for length in 1..=63 {
            let _ = looks_like(&format!("{}.example", "a".repeat(length)));
        }
    }
}
