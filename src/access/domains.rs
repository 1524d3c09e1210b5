//! Domains: how one is written, which patterns may stand in a rule, and the index that finds a million as fast as ten.

use std::collections::HashMap;
use std::fmt;

use crate::base::TierId;

/// `example.com`: this host and no other. `*.example.com`: every host below it, not itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainPattern {
    name: Box<str>,
    below: bool,
}

/// Why a text is not a pattern for domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadPattern {
    /// Not labels of letters, digits and hyphens with dots between them.
    Unreadable,
    /// Letters beyond ASCII; the domain system knows them as `xn--` labels.
    NotAscii,
    /// Everybody can register below this (<https://publicsuffix.org>), so it says nothing about who they are.
    PublicSuffix,
    /// Given as a public suffix, and is none.
    NotPublicSuffix,
}

const NAME_MAX: usize = 253;
const LABEL_MAX: usize = 63;

impl DomainPattern {
    /// Reads `example.com` or `*.example.com`, in any case; refuses `*.co.uk` and its like.
    pub fn parse(text: &str) -> Result<DomainPattern, BadPattern> {
        let (name, below) = match text.trim().strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (text.trim(), false),
        };
        let name = readable(name)?;
        if below && is_public_suffix(&name) {
            return Err(BadPattern::PublicSuffix);
        }
        Ok(DomainPattern { name, below })
    }

    /// Reads a public suffix, `edu` or `*.gov.uk`, whose whole population is meant: an admin says so in so many words.
    pub fn public_suffix(text: &str) -> Result<DomainPattern, BadPattern> {
        let text = text.trim();
        let name = readable(text.strip_prefix("*.").unwrap_or(text))?;
        if !is_public_suffix(&name) {
            return Err(BadPattern::NotPublicSuffix);
        }
        Ok(DomainPattern { name, below: true })
    }

    /// The domain and all below it, as two patterns.
    pub(super) fn with_all_below(name: &str) -> Option<[DomainPattern; 2]> {
        let name = readable(name).ok()?;
        Some([DomainPattern { name: name.clone(), below: false }, DomainPattern { name, below: true }])
    }
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.below { "*." } else { "" }, self.name)
    }
}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadPattern::Unreadable => "not a domain: write it like example.com or *.example.com",
            BadPattern::NotAscii => "not a domain as the network writes it: use its xn-- form",
            BadPattern::PublicSuffix => "a public suffix: anybody can register below it",
            BadPattern::NotPublicSuffix => "not a public suffix: write it under domains, as *.example.com",
        })
    }
}

impl std::error::Error for BadPattern {}

/// The host of an e-mail address, a `sip:` or web URI, or a bare host; lower case, without port, `None` for addresses of machines.
pub fn host_of(text: &str) -> Option<Box<str>> {
    let text = text.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.strip_prefix("sips:").or_else(|| text.strip_prefix("sip:")).unwrap_or(text);
    let authority = text.split(['/', '?', '#', ';', '>']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    readable(host).ok()
}

/// The part of a host that somebody registered: `example.co.uk` of `mail.example.co.uk`.
pub fn registrable(host: &str) -> Option<&str> {
    psl::domain_str(host)
}

/// Only what the list names: an unknown top level, `*.corp`, is somebody's own.
fn is_public_suffix(name: &str) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix.as_bytes().len() == name.len())
}

fn readable(text: &str) -> Result<Box<str>, BadPattern> {
    let text = text.trim().trim_end_matches('.');
    if !text.is_ascii() {
        return Err(BadPattern::NotAscii);
    }
    let last_is_number = text.rsplit('.').next().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
    if text.len() > NAME_MAX || last_is_number || !text.split('.').all(is_label) {
        return Err(BadPattern::Unreadable);
    }
    Ok(text.to_ascii_lowercase().into_boxed_str())
}

fn is_label(label: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !label.is_empty() && label.len() <= LABEL_MAX && label.bytes().all(inner) && !label.starts_with('-')
}

/// A rule's place in the policy.
pub(super) type RuleIx = u16;
/// The most rules that a set can hold.
pub(super) const RULES_MAX: usize = RULE_WORDS * 64;
const RULE_WORDS: usize = 16;

/// A set of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RuleSet([u64; RULE_WORDS]);

impl RuleSet {
    fn insert(&mut self, rule: RuleIx) {
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
    meaning_by_name: HashMap<Box<str>, u32>,
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

impl DomainIndexBuilder {
    pub(super) fn new() -> DomainIndexBuilder {
        let index =
            DomainIndex { meaning_by_name: HashMap::new(), meanings: vec![Meaning::default()], deepest_suffix: 0 };
        DomainIndexBuilder { index, next_meaning: HashMap::new() }
    }

    /// Adds a meaning to a name. Of two tiers for one pattern the later stands.
    pub(super) fn add(&mut self, pattern: DomainPattern, mark: Mark) {
        if pattern.below {
            self.index.deepest_suffix = self.index.deepest_suffix.max(pattern.name.split('.').count());
        }
        let old = self.index.meaning_by_name.get(&pattern.name).copied().unwrap_or(NO_MEANING);
        let new = self.meaning_after(old, pattern.below, mark);
        self.index.meaning_by_name.insert(pattern.name, new);
    }

    pub(super) fn build(mut self) -> DomainIndex {
        self.index.meaning_by_name.shrink_to_fit();
        self.index
    }

    fn meaning_after(&mut self, old: u32, below: bool, mark: Mark) -> u32 {
        let meanings = &mut self.index.meanings;
        *self.next_meaning.entry((old, below, mark.clone())).or_insert_with(|| {
            let mut meaning = meanings.get(old as usize).cloned().unwrap_or_default();
            let marks = if below { &mut meaning.below } else { &mut meaning.itself };
            marks.add(mark);
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
        self.meanings.get(*self.meaning_by_name.get(name)? as usize)
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

    fn pattern(text: &str) -> Result<String, BadPattern> {
        DomainPattern::parse(text).map(|p| p.to_string())
    }

    #[test]
    fn patterns_are_read_in_one_form() {
        assert_eq!(pattern("Example.COM").as_deref(), Ok("example.com"));
        assert_eq!(pattern(" *.Example.co.uk. ").as_deref(), Ok("*.example.co.uk"));
        assert_eq!(pattern("xn--bcher-kva.example").as_deref(), Ok("xn--bcher-kva.example"));
    }

    #[test]
    fn a_suffix_that_anybody_can_register_below_is_refused_unless_said_so() {
        for text in ["*.co.uk", "*.com", "*.github.io"] {
            assert_eq!(pattern(text), Err(BadPattern::PublicSuffix), "{text}");
        }
        assert_eq!(DomainPattern::public_suffix("gov.uk").map(|p| p.to_string()).as_deref(), Ok("*.gov.uk"));
        assert_eq!(DomainPattern::public_suffix("*.edu").map(|p| p.to_string()).as_deref(), Ok("*.edu"));
        assert_eq!(DomainPattern::public_suffix("example.com"), Err(BadPattern::NotPublicSuffix));
    }

    #[test]
    fn nonsense_is_no_pattern() {
        for text in ["", "*", "*.", "a..com", "ex ample.com", "-a.com", "192.0.2.1", "a.*.com", &"a".repeat(300)] {
            assert_eq!(pattern(text), Err(BadPattern::Unreadable), "{text}");
        }
        assert_eq!(pattern("bücher.example"), Err(BadPattern::NotAscii));
    }

    #[test]
    fn a_host_is_found_in_every_form_of_address() {
        for text in [
            "ann@Shop.Example.com",
            "shop.example.com.",
            "https://shop.example.com:8443/help?x=1",
            "sip:ann@shop.example.com;user=phone",
            "sips:shop.example.com:5061",
        ] {
            assert_eq!(host_of(text).as_deref(), Some("shop.example.com"), "{text}");
        }
        for text in ["192.0.2.7", "sip:ann@[2001:db8::1]:5060", "", "@", "ann@", "http://"] {
            assert_eq!(host_of(text), None, "{text}");
        }
        assert_eq!(registrable("mail.example.co.uk"), Some("example.co.uk"));
    }

    fn index(marks: &[(&str, Mark)]) -> DomainIndex {
        let mut builder = DomainIndexBuilder::new();
        for (text, mark) in marks {
            builder.add(DomainPattern::parse(text).expect(text), mark.clone());
        }
        builder.build()
    }

    #[test]
    fn exact_is_exact_and_a_suffix_is_all_below() {
        let index = index(&[("example.com", Mark::Rule(1)), ("*.example.com", Mark::Rule(2))]);
        let rules = |host: &str| {
            let found = index.find(host);
            (0..RULES_MAX as RuleIx).filter(|rule| found.rules.contains(*rule)).collect::<Vec<_>>()
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
            builder.add(pattern, Mark::Tier(TierId::new("gold")));
        }
        assert_eq!(builder.build().meanings.len(), 2);
    }
}
