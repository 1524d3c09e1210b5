//! The index of all domains that a policy names: it finds one among a million as fast as among ten.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::base::TierId;

use super::packed_names::{Counting, Hashed, PackedNames, Packing, hash};
use super::rule_set::{RuleIx, RuleSet};

/// What a name means to the policy, one meaning at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mark {
    Rule(RuleIx),
    Tier(TierId),
    FreeMail,
}

/// A name of which something is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'n> {
    /// In lower case.
    pub name: &'n [u8],
    /// All below it is meant, not itself.
    pub below: bool,
    pub mark: &'n Mark,
}

/// All that the index knows about a caller's domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DomainFound<'a> {
    pub rules: RuleSet,
    pub tier: Option<&'a TierId>,
    pub free_mail: bool,
    /// Something in the configuration names it, or it is free mail.
    pub known: bool,
}

/// A host as it is looked up.
#[derive(Clone, Debug)]
pub(super) struct Host<'h> {
    pub name: Cow<'h, str>,
    hash: u64,
}

/// What one name means. Names with the same meaning share it.
#[derive(Clone, Debug, Default)]
struct Marks {
    rules: RuleSet,
    tier: Option<TierId>,
    free_mail: bool,
}

/// Every domain that the policy names. A look-up costs one probe for the host, and one for each suffix of it among the names that mean
/// all below them. It is made in two steps, `ahead` and `find`, with other work between them, so that nobody waits for the memory.
#[derive(Clone, Debug, Default)]
pub(super) struct DomainIndex {
    exact: PackedNames,
    below: PackedNames,
    marks: Vec<Marks>,
    /// Of the names that mean all below them: the fewest labels, and the most.
    labels: (usize, usize),
    torn: Torn,
}

/// A pattern that was given one tier and later another, which stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoTiers {
    pub domain: String,
    pub first: TierId,
    pub then: TierId,
}

/// The first of those patterns, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Torn {
    pub named: Vec<TwoTiers>,
    pub count: usize,
}

/// What the names mean, as far as they have been put in.
#[derive(Debug, Default)]
struct Meanings {
    marks: Vec<Marks>,
    after: HashMap<(Option<u32>, Mark), u32>,
    torn: Torn,
}

/// More say no more.
const TORN_NAMED_MAX: usize = 10;

impl DomainIndex {
    /// `names` gives every name with what it means, one meaning after the other and each time the same; it is asked twice, so that
    /// the names stand nowhere else meanwhile. Of two tiers for one pattern the later stands.
    pub(super) fn of(names: impl Fn(&mut dyn FnMut(Named<'_>))) -> DomainIndex {
        let (mut counting, mut labels) = ([Counting::default(), Counting::default()], (usize::MAX, 0));
        names(&mut |named| {
            counting[usize::from(named.below)].count(named.name);
            if named.below {
                let count = 1 + named.name.iter().filter(|byte| **byte == b'.').count();
                labels = (labels.0.min(count), labels.1.max(count));
            }
        });
        let mut packing = counting.map(Counting::packing);
        let mut meanings = Meanings::default();
        names(&mut |named| packing[usize::from(named.below)].put(named.name, |old| meanings.after(old, named)));
        let [exact, below] = packing.map(Packing::finish);
        DomainIndex { exact, below, marks: meanings.marks, labels, torn: meanings.torn }
    }

    /// The patterns with two tiers.
    pub(super) fn torn(&self) -> &Torn {
        &self.torn
    }

    /// Begins to look up a host.
    pub(super) fn ahead(&self, host: &Host<'_>) {
        self.exact.ahead(host.hashed());
        self.suffixes(host).for_each(|suffix| self.below.ahead(suffix));
    }

    /// The nearest name decides the tier; rules and classes add up.
    pub(super) fn find(&self, host: &Host<'_>) -> DomainFound<'_> {
        let mut found = DomainFound::default();
        let suffixes = self.suffixes(host).filter_map(|suffix| self.below.get(suffix));
        let meanings = suffixes.chain(self.exact.get(host.hashed()));
        meanings.filter_map(|place| self.marks.get(place as usize)).for_each(|marks| found.add(marks));
        found
    }

    /// What stands behind the dots of `host` and has as many labels as the names that mean all below them; the shortest first.
    fn suffixes<'h>(&self, host: &'h Host<'_>) -> impl Iterator<Item = Hashed<'h>> + use<'h> {
        let (fewest, most) = self.labels;
        let name = host.name.as_bytes();
        let dots = memchr::memrchr_iter(b'.', name).take(most).skip(fewest.saturating_sub(1));
        dots.filter_map(|dot| name.get(dot + 1..)).map(Hashed::of)
    }
}

impl<'h> Host<'h> {
    /// As `host_of` gives it.
    pub(super) fn new(name: Cow<'h, str>) -> Host<'h> {
        Host { hash: hash(name.as_bytes()), name }
    }

    fn hashed(&self) -> Hashed<'_> {
        Hashed::with(self.name.as_bytes(), self.hash)
    }
}

impl Meanings {
    /// What a name means that meant `old` and means this too.
    fn after(&mut self, old: Option<u32>, Named { name, below, mark }: Named<'_>) -> u32 {
        let marks = &mut self.marks;
        let first = old.and_then(|old| marks.get(old as usize)?.tier.as_ref());
        if let (Some(first), Mark::Tier(then)) = (first, mark)
            && first != then
        {
            self.torn.add(name, below, first, then);
        }
        *self.after.entry((old, mark.clone())).or_insert_with(|| {
            let mut both = old.and_then(|old| marks.get(old as usize)).cloned().unwrap_or_default();
            both.add(mark.clone());
            marks.push(both);
            (marks.len() - 1) as u32
        })
    }
}

impl Torn {
    fn add(&mut self, name: &[u8], below: bool, first: &TierId, then: &TierId) {
        self.count += 1;
        if self.named.len() < TORN_NAMED_MAX {
            let domain = format!("{}{}", if below { "*." } else { "" }, String::from_utf8_lossy(name));
            self.named.push(TwoTiers { domain, first: first.clone(), then: then.clone() });
        }
    }
}

impl Marks {
    fn add(&mut self, mark: Mark) {
        match mark {
            Mark::Rule(rule) => self.rules.insert(rule),
            Mark::Tier(tier) => self.tier = Some(tier),
            Mark::FreeMail => self.free_mail = true,
        }
    }
}

impl<'a> DomainFound<'a> {
    /// Of a nearer name than those before.
    fn add(&mut self, marks: &'a Marks) {
        self.rules.add(&marks.rules);
        self.tier = marks.tier.as_ref().or(self.tier);
        self.free_mail |= marks.free_mail;
        self.known = true;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::access::domain_list::DomainList;
    use crate::access::domains::DomainPattern;

    fn index(marks: &[(&str, Mark)]) -> DomainIndex {
        let pattern = |text: &str| DomainPattern::parse(text).expect(text);
        let marks: Vec<_> = marks.iter().map(|(text, mark)| (pattern(text), mark)).collect();
        DomainIndex::of(|put| marks.iter().for_each(|(pattern, mark)| put(pattern.named(mark))))
    }

    #[test]
    fn exact_is_exact_and_a_suffix_is_all_below() {
        let index = index(&[("example.com", Mark::Rule(1)), ("*.example.com", Mark::Rule(2))]);
        let rules = |host: &str| {
            let found = index.find(&Host::new(host.into()));
            found.rules.iter().collect::<Vec<RuleIx>>()
        };
        assert_eq!(rules("example.com"), [1]);
        assert_eq!(rules("a.example.com"), [2]);
        assert_eq!(rules("a.b.c.example.com"), [2]);
        assert!(rules("badexample.com").is_empty());
        assert!(rules("com").is_empty());
    }

    #[test]
    fn the_nearest_name_decides_the_tier() {
        let (gold, iron) = (TierId::new("gold"), TierId::new("iron"));
        let index = index(&[
            ("*.example.com", Mark::Tier(iron.clone())),
            ("*.eu.example.com", Mark::Tier(gold.clone())),
            ("shop.eu.example.com", Mark::Tier(iron.clone())),
        ]);
        assert_eq!(index.find(&Host::new("a.example.com".into())).tier, Some(&iron));
        assert_eq!(index.find(&Host::new("a.eu.example.com".into())).tier, Some(&gold));
        assert_eq!(index.find(&Host::new("shop.eu.example.com".into())).tier, Some(&iron));
        assert_eq!(index.find(&Host::new("example.com".into())).tier, None);
    }

    #[test]
    fn names_with_one_meaning_share_it() {
        let gold = Mark::Tier(TierId::new("gold"));
        let names: Vec<String> = (0..1000).map(|n| format!("company{n}.example.com")).collect();
        let named = |name: &String| (name.clone(), gold.clone());
        let marks: Vec<_> = names.iter().map(named).collect();
        let marks: Vec<_> = marks.iter().map(|(name, mark)| (name.as_str(), mark.clone())).collect();
        assert_eq!(index(&marks).marks.len(), 1);
    }

    #[test]
    fn a_list_gives_its_tiers_beside_what_is_known() {
        let text = b"A.example.com,gold\n*.Example.com,iron\nb.example.com,gold\nb.example.com,iron\n";
        let list = DomainList::read(text.as_slice().into(), &["gold", "iron"]).expect("a list");
        let (pattern, mark) = (DomainPattern::parse("a.example.com").expect("a pattern"), Mark::Rule(3));
        let index = DomainIndex::of(|put| {
            put(pattern.named(&mark));
            list.each(put);
        });
        let tier = |host: &str| index.find(&Host::new(host.into())).tier.map(TierId::as_str);
        assert_eq!((tier("a.example.com"), tier("c.example.com")), (Some("gold"), Some("iron")));
        assert_eq!((tier("b.example.com"), tier("example.com")), (Some("iron"), None));
        assert!(index.find(&Host::new("a.example.com".into())).rules.contains(3));
    }

    /// The names one by one, as they are written.
    fn plainly<'m>(marks: &'m [(&str, Mark)], host: &str) -> DomainFound<'m> {
        let is_meant = |pattern: &str| match pattern.strip_prefix("*.") {
            Some(above) => host.strip_suffix(above).is_some_and(|rest| rest.ends_with('.')),
            None => host == pattern,
        };
        let mut meant: Vec<&(&str, Mark)> = marks.iter().filter(|(pattern, _)| is_meant(pattern)).collect();
        let mut found = DomainFound { known: !meant.is_empty(), ..DomainFound::default() };
        // The nearest pattern first, of one pattern the latest; the host itself is nearer than all above it.
        meant.reverse();
        meant.sort_by_key(|(pattern, _)| std::cmp::Reverse((!pattern.starts_with('*'), pattern.len())));
        for (_, mark) in meant {
            match mark {
                Mark::Rule(rule) => found.rules.insert(*rule),
                Mark::Tier(tier) => found.tier = found.tier.or(Some(tier)),
                Mark::FreeMail => found.free_mail = true,
            }
        }
        found
    }

    fn mark() -> impl Strategy<Value = Mark> {
        prop_oneof![
            (0..4u16).prop_map(Mark::Rule),
            prop::sample::select(vec!["gold", "iron"]).prop_map(|tier| Mark::Tier(TierId::new(tier))),
            Just(Mark::FreeMail),
        ]
    }

    proptest! {
        #[test]
        fn it_finds_what_the_patterns_say_one_by_one(
            marks in prop::collection::vec(("(\\*\\.)?([ab]\\.){0,3}(a|b|example)", mark()), 0..40),
            hosts in prop::collection::vec("([abc]\\.){0,4}(a|b|example)", 1..20),
        ) {
            let is_pattern = |text: &str| DomainPattern::parse(text).is_ok();
            let marks: Vec<_> = marks.iter().map(|(text, mark)| (text.as_str(), mark.clone())).collect();
            let marks: Vec<_> = marks.into_iter().filter(|(text, _)| is_pattern(text)).collect();
            let index = index(&marks);
            for host in &hosts {
                let name = Host::new(host.into());
                index.ahead(&name);
                prop_assert_eq!(index.find(&name), plainly(&marks, host));
            }
        }
    }
}
