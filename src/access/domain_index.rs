//! The index of all domains that a policy names: it finds one among a million as fast as among ten.

use std::collections::HashMap;

use crate::base::TierId;
use crate::base::limits::ACCESS_RULES_MAX;

use super::domain_list::DomainList;
use super::domains::DomainPattern;
use super::name_table::NameTable;

/// A rule's place in the policy.
pub(super) type RuleIx = u16;
const RULE_WORDS: usize = ACCESS_RULES_MAX.div_ceil(64);

/// A set of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RuleSet([u64; RULE_WORDS]);

impl RuleSet {
    pub(super) fn insert(&mut self, rule: RuleIx) {
        if let Some(word) = self.0.get_mut(usize::from(rule) / 64) {
            *word |= 1 << (rule % 64);
        }
    }

    pub(super) fn contains(&self, rule: RuleIx) -> bool {
        self.0.get(usize::from(rule) / 64).is_some_and(|word| word & (1 << (rule % 64)) != 0)
    }
}

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

/// The meanings of one name: of the name itself, and of all below it. Names with the same meanings share one.
#[derive(Clone, Debug, Default)]
struct Meaning {
    itself: Marks,
    below: Marks,
}

#[derive(Clone, Debug, Default)]
struct Marks {
    rules: Vec<RuleIx>,
    tier: Option<TierId>,
    free_mail: bool,
}

/// Every domain that the policy names. A look-up costs one probe for each label of the host, up to the deepest suffix.
#[derive(Clone, Debug)]
pub(super) struct DomainIndex {
    meaning_by_name: NameTable,
    meanings: Vec<Meaning>,
    deepest_suffix: usize,
}

/// Fills a `DomainIndex`.
#[derive(Debug)]
pub(super) struct DomainIndexBuilder {
    index: DomainIndex,
    next_meaning: HashMap<(u32, bool, Mark), u32>,
}

const NO_MEANING: u32 = 0;
/// Bytes for the names of rules that come after a list: without them its memory would be doubled for a few.
const SPARE: usize = 1 << 16;

impl DomainIndexBuilder {
    pub(super) fn new() -> DomainIndexBuilder {
        let index = DomainIndex {
            meaning_by_name: NameTable::default(),
            meanings: vec![Meaning::default()],
            deepest_suffix: 0,
        };
        DomainIndexBuilder { index, next_meaning: HashMap::new() }
    }

    /// Adds a meaning to a name. Of two tiers for one pattern the later stands.
    pub(super) fn add(&mut self, pattern: &DomainPattern, mark: &Mark) {
        self.add_name(&pattern.name, pattern.below, mark);
    }

    /// Gives each domain of a list its tier.
    pub(super) fn add_list(&mut self, list: &DomainList) {
        self.index.meaning_by_name.reserve(list.len(), list.bytes() + SPARE);
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
            self.index.deepest_suffix = self.index.deepest_suffix.max(name.split('.').count());
        }
        let old = self.index.meaning_by_name.get(name).unwrap_or(NO_MEANING);
        let new = self.meaning_after(old, below, mark);
        self.index.meaning_by_name.insert(name, new);
    }

    pub(super) fn build(mut self) -> DomainIndex {
        self.index.meaning_by_name.shrink();
        self.index
    }

    fn meaning_after(&mut self, old: u32, below: bool, mark: &Mark) -> u32 {
        let meanings = &mut self.index.meanings;
        *self.next_meaning.entry((old, below, mark.clone())).or_insert_with(|| {
            let mut meaning = meanings.get(old as usize).cloned().unwrap_or_default();
            let marks = if below { &mut meaning.below } else { &mut meaning.itself };
            marks.add(mark.clone());
            meanings.push(meaning);
            (meanings.len() - 1) as u32
        })
    }
}

impl Marks {
    fn add(&mut self, mark: Mark) {
        match mark {
            Mark::Rule(rule) => self.rules.push(rule),
            Mark::Tier(tier) => self.tier = Some(tier),
            Mark::FreeMail => self.free_mail = true,
        }
    }

    fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.tier.is_none() && !self.free_mail
    }
}

impl<'a> DomainFound<'a> {
    fn add(&mut self, marks: &'a Marks) {
        marks.rules.iter().for_each(|rule| self.rules.insert(*rule));
        self.tier = self.tier.or(marks.tier.as_ref());
        self.free_mail |= marks.free_mail;
        self.known |= !marks.is_empty();
    }
}

impl DomainIndex {
    /// `host` as `host_of` gives it. The nearest name decides the tier; rules and classes add up.
    pub(super) fn find(&self, host: &str) -> DomainFound<'_> {
        let mut found = DomainFound::default();
        if let Some(meaning) = self.meaning(host) {
            found.add(&meaning.itself);
        }
        for suffix in suffixes(host, self.deepest_suffix) {
            if let Some(meaning) = self.meaning(suffix) {
                found.add(&meaning.below);
            }
        }
        found
    }

    fn meaning(&self, name: &str) -> Option<&Meaning> {
        self.meanings.get(self.meaning_by_name.get(name)? as usize)
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
            (0..ACCESS_RULES_MAX as RuleIx).filter(|rule| found.rules.contains(*rule)).collect::<Vec<_>>()
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
        assert_eq!(builder.build().meanings.len(), 2);
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
