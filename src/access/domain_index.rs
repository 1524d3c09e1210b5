//! The index of all domains that a policy names: it finds one among a million as fast as among ten.

use std::collections::HashMap;

use crate::base::TierId;

use super::domain_list::DomainList;
use super::domains::DomainPattern;
use super::name_table::NameTable;
use super::packed_names::PackedNames;
use super::rule_set::{RuleIx, RuleSet};

/// What a name means to the policy, one meaning at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mark {
    Rule(RuleIx),
    Tier(TierId),
    FreeMail,
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

/// What one name means. Names with the same meaning share it.
#[derive(Clone, Debug, Default)]
struct Marks {
    rules: RuleSet,
    tier: Option<TierId>,
    free_mail: bool,
}

/// Every domain that the policy names. A look-up costs one probe for the host, and one for each suffix of it among the names that mean
/// all below them.
#[derive(Clone, Debug)]
pub(super) struct DomainIndex {
    exact: PackedNames,
    below: PackedNames,
    marks: Vec<Marks>,
    deepest_suffix: usize,
}

/// Fills a `DomainIndex`.
#[derive(Debug)]
pub(super) struct DomainIndexBuilder {
    exact: NameTable,
    below: NameTable,
    marks: Vec<Marks>,
    marks_after: HashMap<(u32, Mark), u32>,
    deepest_suffix: usize,
}

const NO_MARKS: u32 = 0;
/// Bytes for the names of rules that come after a list: without them its memory would be doubled for a few.
const SPARE: usize = 1 << 16;

impl DomainIndexBuilder {
    pub(super) fn new() -> DomainIndexBuilder {
        DomainIndexBuilder {
            exact: NameTable::default(),
            below: NameTable::default(),
            marks: vec![Marks::default()],
            marks_after: HashMap::new(),
            deepest_suffix: 0,
        }
    }

    /// Adds a meaning to a name. Of two tiers for one pattern the later stands.
    pub(super) fn add(&mut self, pattern: &DomainPattern, mark: &Mark) {
        self.add_name(&pattern.name, pattern.below, mark);
    }

    /// Gives each domain of a list its tier.
    pub(super) fn add_list(&mut self, list: &DomainList) {
        for (table, is_below) in [(&mut self.exact, false), (&mut self.below, true)] {
            let names = list.entries().filter(|(_, below, _)| *below == is_below).map(|(name, ..)| name.len());
            let (count, bytes) = names.fold((0, 0), |(count, bytes), name| (count + 1, bytes + name));
            table.reserve(count, bytes + SPARE);
        }
        let mut last: Option<Mark> = None;
        for (name, below, tier) in list.entries() {
            let mark = last.take().filter(|mark| matches!(mark, Mark::Tier(same) if same == tier));
            let mark = mark.unwrap_or_else(|| Mark::Tier(tier.clone()));
            self.add_name(name, below, &mark);
            last = Some(mark);
        }
    }

    fn add_name(&mut self, name: &str, below: bool, mark: &Mark) {
        if below {
            self.deepest_suffix = self.deepest_suffix.max(name.split('.').count());
        }
        let table = if below { &mut self.below } else { &mut self.exact };
        let old = table.get(name).unwrap_or(NO_MARKS);
        let marks = &mut self.marks;
        let new = *self.marks_after.entry((old, mark.clone())).or_insert_with(|| {
            let mut both = marks.get(old as usize).cloned().unwrap_or_default();
            both.add(mark.clone());
            marks.push(both);
            (marks.len() - 1) as u32
        });
        table.insert(name, new);
    }

    pub(super) fn build(self) -> DomainIndex {
        let DomainIndexBuilder { exact, below, marks, marks_after: _, deepest_suffix } = self;
        DomainIndex { exact: exact.pack(), below: below.pack(), marks, deepest_suffix }
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
    fn add(&mut self, marks: &'a Marks) {
        self.rules.add(&marks.rules);
        self.tier = self.tier.or(marks.tier.as_ref());
        self.free_mail |= marks.free_mail;
        self.known = true;
    }
}

impl DomainIndex {
    /// `host` as `host_of` gives it. The nearest name decides the tier; rules and classes add up.
    pub(super) fn find(&self, host: &str) -> DomainFound<'_> {
        let mut found = DomainFound::default();
        let itself = self.exact.get(host);
        let suffixes = suffixes(host, self.deepest_suffix).filter_map(|suffix| self.below.get(suffix));
        let meanings = itself.into_iter().chain(suffixes).filter_map(|place| self.marks.get(place as usize));
        meanings.for_each(|marks| found.add(marks));
        found
    }
}

/// What stands behind each dot of `host` and has at most `deepest` labels; the longest first.
fn suffixes(host: &str, deepest: usize) -> impl Iterator<Item = &str> {
    let dots = host.bytes().filter(|b| *b == b'.').count();
    let tails = host.match_indices('.').map(|(at, _)| &host[at + 1..]);
    tails.skip(dots.saturating_sub(deepest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(marks: &[(&str, Mark)]) -> DomainIndex {
        let mut builder = DomainIndexBuilder::new();
        for (text, mark) in marks {
            builder.add(&DomainPattern::parse(text).expect(text), mark);
        }
        builder.build()
    }

    #[test]
    fn exact_is_exact_and_a_suffix_is_all_below() {
        let index = index(&[("example.com", Mark::Rule(1)), ("*.example.com", Mark::Rule(2))]);
        let rules = |host: &str| {
            let found = index.find(host);
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
        assert_eq!(index.find("a.example.com").tier, Some(&iron));
        assert_eq!(index.find("a.eu.example.com").tier, Some(&gold));
        assert_eq!(index.find("shop.eu.example.com").tier, Some(&iron));
        assert_eq!(index.find("example.com").tier, None);
    }

    #[test]
    fn names_with_one_meaning_share_it() {
        let mut builder = DomainIndexBuilder::new();
        for n in 0..1000 {
            let pattern = DomainPattern::parse(&format!("company{n}.example.com")).expect("a pattern");
            builder.add(&pattern, &Mark::Tier(TierId::new("gold")));
        }
        assert_eq!(builder.build().marks.len(), 2);
    }

    #[test]
    fn a_list_gives_its_tiers_beside_what_is_known() {
        let list = DomainList::read(b"a.example.com,gold\n*.example.com,iron\nb.example.com,iron\n", &["gold", "iron"]);
        let mut builder = DomainIndexBuilder::new();
        builder.add(&DomainPattern::parse("a.example.com").expect("a pattern"), &Mark::Rule(3));
        builder.add_list(&list.expect("a list"));
        let index = builder.build();
        let tier = |host: &str| index.find(host).tier.map(TierId::as_str);
        assert_eq!((tier("a.example.com"), tier("c.example.com")), (Some("gold"), Some("iron")));
        assert_eq!((tier("b.example.com"), tier("example.com")), (Some("iron"), None));
        assert!(index.find("a.example.com").rules.contains(3));
    }
}
