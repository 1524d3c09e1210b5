//! The policy: ordered rules over an index of domains, and what each rule says about a caller.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::limits::{ACCESS_RULES_MAX, PROTECTED_DOMAINS_MAX};
use crate::base::{QueueId, SkillId, TierId, Wall};

use super::answer::{Answer, Decision};
use super::domain_index::{DomainIndex, Host, Mark, Named, Torn};
use super::domain_list::DomainList;
use super::domains::{DomainPattern, host_of, registrable};
use super::facts::Facts;
use super::free_mail::FREE_MAIL;
use super::keywords::{Keywords, KeywordsBuilder};
use super::look_alike::LookAlikes;
use super::reason::ReasonText;
use super::rule::{Conditions, DomainCondition, Rule};
use super::seen::Seen;
use super::tables::Tables;
use super::tried::{RuleTried, list};
use super::version::PolicyVersion;

/// All that a policy is made of.
#[derive(Clone, Debug)]
pub struct PolicySetup {
    /// In the order in which they are tried.
    pub rules: Vec<Rule>,
    /// The answer when no rule matches.
    pub default: Answer,
    pub default_words: Option<String>,
    /// As of a rule.
    pub default_skills: Vec<(SkillId, u8)>,
    pub default_notify: Option<Arc<str>>,
    /// The account class of each domain; a caller whose tier the site gave is not looked up.
    pub tiers: Vec<(DomainPattern, TierId)>,
    /// More of them, by the thousand.
    pub lists: Vec<DomainList>,
    /// Free-mail domains besides the well-known ones; each stands for itself and all below it.
    pub free_mail: Vec<String>,
    /// Domains that others may look like; without it those of the tiers and of the rules.
    pub protected: Option<Vec<DomainPattern>>,
}

/// More than a policy can hold of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMany {
    Rules,
    Keywords,
    /// Domains that others may look like.
    Protected,
}

/// The compiled rules. A decision costs the same among a million domains as among ten.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(super) rules: Arc<[CompiledRule]>,
    pub(super) tables: Tables,
    pub(super) indexes: Indexes,
    queues_asked: Vec<QueueId>,
    asks_for_past: bool,
    pub(super) default: Decision,
    version: PolicyVersion,
}

/// What is looked up once for all rules.
#[derive(Clone, Debug)]
pub(super) struct Indexes {
    pub domains: DomainIndex,
    pub keywords: Option<Keywords>,
    pub look_alikes: LookAlikes,
}

#[derive(Clone, Debug)]
pub(super) struct CompiledRule {
    pub(super) when: Conditions,
    /// The domains that it asks for, in words: they themselves are in the index.
    pub(super) domains: Box<str>,
    pub(super) decision: Decision,
}

const DEFAULT_RULE: &str = "default";

impl PolicySetup {
    /// Rules alone: no tiers, and the well-known free-mail domains.
    pub fn of(rules: Vec<Rule>, default: Answer) -> PolicySetup {
        PolicySetup {
            rules,
            default,
            default_words: None,
            default_skills: Vec::new(),
            default_notify: None,
            tiers: Vec::new(),
            lists: Vec::new(),
            free_mail: Vec::new(),
            protected: None,
        }
    }
}

impl Policy {
    pub fn new(setup: PolicySetup) -> Result<Policy, TooMany> {
        if setup.rules.len() > ACCESS_RULES_MAX {
            return Err(TooMany::Rules);
        }
        let look_alikes = look_alikes(&setup)?;
        let queues_asked = queues_asked(&setup.rules);
        let past = |rule: &Rule| !rule.when.cases.is_empty() || rule.when.repeat_within.is_some();
        let asks_for_past = setup.rules.iter().any(past);
        let domains = domains(&setup);
        let mut keywords = KeywordsBuilder::default();
        let mut rules = Vec::with_capacity(setup.rules.len());
        for (rule, ix) in setup.rules.into_iter().zip(0..) {
            rule.when.keywords.iter().for_each(|keyword| keywords.add(keyword, ix));
            rules.push(compile(rule));
        }
        let keywords = keywords.build().map_err(|_| TooMany::Keywords)?;
        let tables = Tables::of(rules.iter().map(|rule| &rule.when));
        let default = decision(&Rule {
            words: setup.default_words,
            skills: setup.default_skills,
            notify: setup.default_notify,
            ..Rule::new(DEFAULT_RULE, Conditions::default(), setup.default)
        });
        let indexes = Indexes { domains, keywords, look_alikes };
        Ok(Policy {
            rules: rules.into(),
            tables,
            indexes,
            queues_asked,
            asks_for_past,
            default,
            version: PolicyVersion::default(),
        })
    }

    /// With the version that the configuration has computed.
    pub fn with_version(self, version: PolicyVersion) -> Policy {
        Policy { version, ..self }
    }

    pub fn version(&self) -> PolicyVersion {
        self.version
    }

    /// The answer of the first rule whose conditions all hold.
    pub fn decide(&self, facts: &Facts<'_>) -> Decision {
        let seen = Seen::new(facts, &self.indexes);
        let rule = self.tables.first(&seen).and_then(|first| self.rules.get(usize::from(first)));
        rule.map_or(&self.default, |rule| &rule.decision).clone()
    }

    /// Each rule that `decide` would try, in its order, up to the one that matches.
    pub fn explain(&self, facts: &Facts<'_>) -> Vec<RuleTried> {
        self.decide_with_trace(facts).1.tried()
    }

    /// The patterns that tiers and lists name for two tiers; the later stands.
    pub fn torn(&self) -> &Torn {
        self.indexes.domains.torn()
    }

    /// The account class of a domain, address or URI, if the configuration gives it one.
    pub fn tier_of(&self, domain: &str) -> Option<TierId> {
        self.indexes.domains.find(&Host::new(host_of(domain)?)).tier.cloned()
    }

    /// Some rule's callers may come to be called back.
    pub fn calls_back(&self) -> bool {
        let decisions = self.rules.iter().map(|rule| &rule.decision).chain([&self.default]);
        decisions.into_iter().any(|decision| decision.answer.calls_back())
    }

    /// Some rule asks for cases or earlier contacts.
    pub fn asks_for_past(&self) -> bool {
        self.asks_for_past
    }

    /// The rules whose hours will not be open any more.
    pub fn over(&self, wall: Wall) -> impl Iterator<Item = &str> {
        let is_over = move |rule: &&CompiledRule| rule.when.hours.as_ref().is_some_and(|hours| hours.is_over(wall));
        self.rules.iter().filter(is_over).map(|rule| &*rule.decision.rule)
    }

    /// The queues whose load rules ask for.
    pub fn queues_asked(&self) -> &[QueueId] {
        &self.queues_asked
    }
}

fn queues_asked(rules: &[Rule]) -> Vec<QueueId> {
    let asked = rules.iter().flat_map(|rule| &rule.when.loads).map(|load| load.queue.clone());
    asked.collect::<BTreeSet<QueueId>>().into_iter().collect()
}

/// Empty when no rule asks.
fn look_alikes(setup: &PolicySetup) -> Result<LookAlikes, TooMany> {
    let of_rules = || setup.rules.iter().filter_map(|rule| rule.when.domain.as_ref());
    if !of_rules().any(|domain| domain.look_alike) {
        return Ok(LookAlikes::default());
    }
    let known = || setup.tiers.iter().map(|(pattern, _)| pattern).chain(of_rules().flat_map(|domain| &domain.patterns));
    let patterns: Vec<&DomainPattern> = match &setup.protected {
        Some(protected) => protected.iter().take(PROTECTED_DOMAINS_MAX + 1).collect(),
        // A name and all below it are two patterns.
        None => known().take(2 * PROTECTED_DOMAINS_MAX + 1).collect(),
    };
    let names: BTreeSet<&str> = patterns.into_iter().filter_map(|pattern| registrable(&pattern.name)).collect();
    if names.len() > PROTECTED_DOMAINS_MAX {
        return Err(TooMany::Protected);
    }
    Ok(LookAlikes::of(names.into_iter()))
}

/// All that the setup names.
fn domains(setup: &PolicySetup) -> DomainIndex {
    let more = setup.free_mail.iter().map(String::as_str);
    let free_mail: Vec<DomainPattern> =
        FREE_MAIL.iter().copied().chain(more).filter_map(DomainPattern::with_all_below).flatten().collect();
    DomainIndex::of(|put| {
        free_mail.iter().for_each(|pattern| put(pattern.named(&Mark::FreeMail)));
        tiers(&setup.tiers, put);
        setup.lists.iter().for_each(|list| list.each(put));
        for (rule, ix) in setup.rules.iter().zip(0..) {
            let patterns = rule.when.domain.iter().flat_map(|domain| &domain.patterns);
            patterns.for_each(|pattern| put(pattern.named(&Mark::Rule(ix))));
        }
    })
}

fn tiers(tiers: &[(DomainPattern, TierId)], put: &mut dyn FnMut(Named<'_>)) {
    // Those of a tier stand together.
    for of_tier in tiers.chunk_by(|(_, one), (_, next)| one == next) {
        let mark = of_tier.first().map(|(_, tier)| Mark::Tier(tier.clone()));
        let named = of_tier.iter().zip(mark.iter().cycle());
        named.for_each(|((pattern, _), mark)| put(pattern.named(mark)));
    }
}

/// Without the rule's domains: the index answers for them.
fn compile(mut rule: Rule) -> CompiledRule {
    let named = rule.when.domain.as_ref().map(in_words).unwrap_or_default();
    rule.when.domain.iter_mut().for_each(|domain| domain.patterns = Vec::new());
    let decision = decision(&rule);
    CompiledRule { when: rule.when, domains: named, decision }
}

fn in_words(asked: &DomainCondition) -> Box<str> {
    let classes = [(asked.free_mail, "free-mail"), (asked.unknown, "unknown"), (asked.look_alike, "look-alike")];
    let classes = classes.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, class)| class.to_owned());
    let all: Vec<String> = classes.chain(asked.patterns.iter().map(ToString::to_string)).collect();
    list(all.iter()).into_boxed_str()
}

fn decision(rule: &Rule) -> Decision {
    let name = Arc::from(rule.name.as_str());
    let reason = ReasonText::new(&name, &rule.answer, rule.words.as_deref());
    let (answer, skills, notify) = (rule.answer.clone(), rule.skills.clone().into(), rule.notify.clone());
    Decision { answer, rule: name, reason, skills, notify }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::access::facts::{Channel, QueueLoad};
    use crate::access::hours::Hours;
    use crate::access::keywords::Keyword;
    use crate::access::rule::{CaseState, Condition, LoadCondition, MinValue, ReasonPicked};
    use crate::access::tried::ConditionTried;
    use crate::base::{E164, Level, TrunkId};

    fn patterns(texts: &[&str]) -> Vec<DomainPattern> {
        texts.iter().map(|text| DomainPattern::parse(text).expect(text)).collect()
    }

    fn domains(texts: &[&str]) -> Option<DomainCondition> {
        Some(DomainCondition { patterns: patterns(texts), ..DomainCondition::default() })
    }

    fn human(priority: i32) -> Answer {
        Answer::Human { queue: None, priority }
    }

    fn rule(name: &str, when: Conditions) -> Rule {
        Rule::new(name, when, human(0))
    }

    fn policy(rules: Vec<Rule>) -> Policy {
        let tiers = patterns(&["gold.example", "*.gold.example"]).into_iter().map(|p| (p, TierId::new("gold")));
        Policy::new(PolicySetup {
            tiers: tiers.collect(),
            free_mail: vec!["mail.example".to_owned()],
            ..PolicySetup::of(rules, Answer::SelfService)
        })
        .expect("few rules")
    }

    struct Caller {
        domain: &'static str,
        tier: Option<TierId>,
        level: Level,
        reason: (&'static str, &'static str),
        urgency: Option<u8>,
        dialled: Option<E164>,
        trunk: TrunkId,
        loads: Vec<QueueLoad>,
        wall: Wall,
    }

    const MINUTE: Duration = Duration::from_secs(60);

    fn help() -> QueueId {
        QueueId::new("help")
    }

    fn caller() -> Caller {
        Caller {
            domain: "ann@shop.example.com",
            tier: None,
            level: Level::Strong,
            reason: ("billing", "refund"),
            urgency: Some(2),
            dialled: E164::parse("+15550100", None).ok(),
            trunk: TrunkId::new("pbx"),
            loads: vec![QueueLoad { queue: help(), free: 1, waiting: 7, expected_wait: Some(MINUTE) }],
            wall: Wall(0),
        }
    }

    impl Caller {
        fn facts(&self) -> Facts<'_> {
            Facts {
                domain: Some(self.domain).filter(|d| !d.is_empty()),
                tier: self.tier.as_ref(),
                level: self.level,
                category: Some(self.reason.0),
                sub_category: Some(self.reason.1),
                urgency: self.urgency,
                value: Some((12_900, "EUR")),
                dialled: self.dialled.as_ref(),
                words: Some("Please cancel my order, it is late."),
                articles: vec!["a-1", "a-2"],
                about_case: true,
                open_cases: Some(0),
                last_contact: Some(Wall(0)),
                channel: Channel::Browser,
                loads: &self.loads,
                ..Facts::of_nobody(&self.trunk, self.wall)
            }
        }
    }

    /// The rule `asked` decides for the caller, or fails by that condition.
    fn check(when: Conditions, caller: &Caller, expect: Option<Condition>) {
        let policy = policy(vec![rule("asked", when)]);
        let tried = policy.explain(&caller.facts());
        assert_eq!(&*tried[0].rule, "asked");
        assert_eq!(tried[0].failed.as_ref().map(|failed| failed.condition), expect);
        let decided = policy.decide(&caller.facts());
        assert_eq!(&*decided.rule, if expect.is_none() { "asked" } else { "default" });
    }

    #[test]
    fn a_rule_without_conditions_matches_everybody() {
        check(Conditions::default(), &caller(), None);
    }

    #[test]
    fn each_condition_is_asked() {
        let no = |condition| Some(condition);
        let when = Conditions::default;
        let reason = |category: &str, sub: Option<&str>| ReasonPicked {
            category: category.to_owned(),
            sub_category: sub.map(str::to_owned),
        };
        let hours = |windows: &str| Hours::parse("UTC", &[windows.to_owned()]).ok();
        let worth = |minor_units, currency: &str| Some(MinValue { minor_units, currency: currency.to_owned() });
        let number = |text| E164::parse(text, None).into_iter().collect::<Vec<_>>();
        // 1970-01-01T00:00Z was a Thursday.
        for (asked, expect) in [
            (Conditions { min_level: Some(Level::Strong), ..when() }, None),
            (Conditions { min_level: Some(Level::Proven), ..when() }, no(Condition::Level)),
            (Conditions { min_urgency: Some(2), ..when() }, None),
            (Conditions { min_urgency: Some(3), ..when() }, no(Condition::Urgency)),
            (Conditions { min_value: worth(12_900, "EUR"), ..when() }, None),
            (Conditions { min_value: worth(12_901, "EUR"), ..when() }, no(Condition::Value)),
            (Conditions { min_value: worth(1, "USD"), ..when() }, no(Condition::Value)),
            (Conditions { trunks: vec![TrunkId::new("other"), TrunkId::new("pbx")], ..when() }, None),
            (Conditions { trunks: vec![TrunkId::new("other")], ..when() }, no(Condition::Trunk)),
            (Conditions { dialled: number("+15550100"), ..when() }, None),
            (Conditions { dialled: number("+15550101"), ..when() }, no(Condition::Dialled)),
            (Conditions { tiers: vec![TierId::new("gold")], ..when() }, no(Condition::Tier)),
            (Conditions { domain: domains(&["shop.example.com"]), ..when() }, None),
            (Conditions { domain: domains(&["example.com"]), ..when() }, no(Condition::Domain)),
            (Conditions { domain: domains(&["other.example", "*.example.com"]), ..when() }, None),
            (Conditions { domain: domains(&[]), ..when() }, no(Condition::Domain)),
            (Conditions { reasons: vec![reason("Billing", None)], ..when() }, None),
            (Conditions { reasons: vec![reason("billing", Some("refund"))], ..when() }, None),
            (Conditions { reasons: vec![reason("billing", Some("card"))], ..when() }, no(Condition::Reason)),
            (Conditions { reasons: vec![reason("delivery", None)], ..when() }, no(Condition::Reason)),
            (Conditions { hours: hours("thu 00:00-01:00"), ..when() }, None),
            (Conditions { hours: hours("fri 00:00-01:00"), ..when() }, no(Condition::Hours)),
        ] {
            check(asked, &caller(), expect);
        }
    }

    #[test]
    fn what_the_customer_wrote_read_and_did_before_is_asked() {
        let no = |condition| Some(condition);
        let when = Conditions::default;
        let keywords = |texts: &[&str]| texts.iter().filter_map(|text| Keyword::parse(text).ok()).collect::<Vec<_>>();
        let articles = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        for (asked, expect) in [
            (Conditions { keywords: keywords(&["refund", "CANCEL my order"]), ..when() }, None),
            (Conditions { keywords: keywords(&["refund"]), ..when() }, no(Condition::Keyword)),
            (Conditions { articles: articles(&["a-9", "a-2"]), ..when() }, None),
            (Conditions { articles: articles(&["a-9"]), ..when() }, no(Condition::Article)),
            (Conditions { min_articles: Some(2), ..when() }, None),
            (Conditions { min_articles: Some(3), ..when() }, no(Condition::MinArticles)),
            (Conditions { cases: vec![CaseState::Open, CaseState::Ongoing], ..when() }, None),
            (Conditions { cases: vec![CaseState::Open], ..when() }, no(Condition::Case)),
            (Conditions { cases: vec![CaseState::None], ..when() }, no(Condition::Case)),
            (Conditions { channels: vec![Channel::Browser, Channel::Callback], ..when() }, None),
            (Conditions { channels: vec![Channel::Phone], ..when() }, no(Condition::Channel)),
        ] {
            check(asked, &caller(), expect);
        }
    }

    #[test]
    fn a_repeat_is_counted_from_the_last_contact() {
        let within = |span| Conditions { repeat_within: Some(span), ..Conditions::default() };
        let later = Caller { wall: Wall(60_000), ..caller() };
        check(within(MINUTE), &later, None);
        check(within(MINUTE / 2), &later, Some(Condition::Repeat));
    }

    #[test]
    fn load_is_asked_of_one_queue_and_what_is_not_known_is_neither_much_nor_little() {
        let asked = || LoadCondition::of(help());
        let check = |load: LoadCondition, caller: &Caller, holds: bool| {
            let when = Conditions { loads: vec![load], ..Conditions::default() };
            check(when, caller, (!holds).then_some(Condition::Load));
        };
        for (load, holds) in [
            (LoadCondition { min_free: Some(1), max_free: Some(1), ..asked() }, true),
            (LoadCondition { min_free: Some(2), ..asked() }, false),
            (LoadCondition { max_free: Some(0), ..asked() }, false),
            (LoadCondition { min_waiting: Some(7), max_waiting: Some(7), ..asked() }, true),
            (LoadCondition { min_waiting: Some(8), ..asked() }, false),
            (LoadCondition { max_wait: Some(MINUTE), min_wait: Some(MINUTE), ..asked() }, true),
            (LoadCondition { max_wait: Some(MINUTE / 2), ..asked() }, false),
            (LoadCondition { max_free: Some(9), ..LoadCondition::of(QueueId::new("other")) }, false),
        ] {
            check(load, &caller(), holds);
        }
        let mut unknown = caller();
        unknown.loads[0].expected_wait = None;
        check(LoadCondition { max_wait: Some(MINUTE), ..asked() }, &unknown, false);
        check(LoadCondition { max_waiting: Some(7), ..asked() }, &unknown, true);
    }

    #[test]
    fn a_rule_names_the_queues_whose_load_it_asks_for_once() {
        let when = Conditions { loads: vec![LoadCondition::of(help()); 2], ..Conditions::default() };
        assert_eq!(policy(vec![rule("busy", when)]).queues_asked(), [help()]);
        assert!(policy(Vec::new()).queues_asked().is_empty());
    }

    #[test]
    fn a_look_alike_is_of_a_domain_that_is_protected_or_known() {
        let asked = DomainCondition { look_alike: true, ..DomainCondition::default() };
        let when = Conditions { domain: Some(asked), ..Conditions::default() };
        check(when.clone(), &Caller { domain: "ann@g0ld.example", ..caller() }, None);
        check(when.clone(), &Caller { domain: "shop.gold.example", ..caller() }, Some(Condition::Domain));
        check(when.clone(), &Caller { domain: "gmail.com", ..caller() }, Some(Condition::Domain));
        check(when.clone(), &Caller { domain: "", ..caller() }, Some(Condition::Domain));
        let alone = |protected: usize| {
            let names = (0..protected).map(|n| format!("company{n}.example"));
            let patterns = names.filter_map(|name| DomainPattern::parse(&name).ok()).collect();
            let setup = PolicySetup::of(vec![rule("alike", when.clone())], Answer::SelfService);
            Policy::new(PolicySetup { protected: Some(patterns), ..setup })
        };
        let facts = |domain| Caller { domain, ..caller() };
        let decided = |domain| alone(100).expect("few").decide(&facts(domain).facts()).rule.to_string();
        assert_eq!((decided("conpany7.example"), decided("g0ld.example")), ("alike".into(), "default".into()));
        assert_eq!(alone(PROTECTED_DOMAINS_MAX + 1).err(), Some(TooMany::Protected));
    }

    #[test]
    fn a_failure_says_what_was_asked_and_given_and_no_word_of_the_customers() {
        let busy = LoadCondition { max_waiting: Some(3), ..LoadCondition::of(help()) };
        let keywords = vec![Keyword::parse("refund").expect("a keyword")];
        let spoken = Conditions { keywords, ..Conditions::default() };
        let policy = policy(vec![
            rule("load", Conditions { loads: vec![busy], ..Conditions::default() }),
            rule("words", spoken),
            rule("far", Conditions { domain: domains(&["other.example"]), ..Conditions::default() }),
        ]);
        let tried = policy.explain(&caller().facts());
        let said: Vec<_> = tried.iter().filter_map(|tried| tried.failed.as_ref()).collect();
        let said: Vec<_> = said.iter().map(|failed| (failed.asked.as_str(), failed.given.as_str())).collect();
        assert_eq!(
            said,
            [
                ("help: waiting at most 3", "help: free 1, waiting 7, wait 60 s"),
                ("refund", "other words"),
                ("other.example", "shop.example.com (unknown)"),
            ]
        );
    }

    #[test]
    fn the_rule_that_decides_says_what_it_was_given() {
        let keywords = vec![Keyword::parse("refund").expect("a keyword"), Keyword::parse("cancel*").expect("one")];
        let alike = DomainCondition { look_alike: true, ..DomainCondition::default() };
        let when =
            Conditions { min_level: Some(Level::Likely), domain: Some(alike), keywords, ..Conditions::default() };
        let tried = policy(vec![rule("r", when)]).explain(&Caller { domain: "ann@g0ld.example", ..caller() }.facts());
        let met: Vec<_> = tried[0].met.iter().map(|one| (one.condition.as_str(), &*one.asked, &*one.given)).collect();
        assert_eq!(
            met,
            [
                ("min_level", "V1 or more", "V2"),
                ("domain", "look-alike", "g0ld.example (unknown), which looks like gold.example"),
                ("keywords", "refund, cancel*", "cancel*"),
            ]
        );
    }

    #[test]
    fn a_call_without_an_intent_is_not_urgent() {
        let urgent = Conditions { min_urgency: Some(0), ..Conditions::default() };
        check(urgent, &Caller { urgency: None, ..caller() }, Some(Condition::Urgency));
    }

    #[test]
    fn all_conditions_must_hold() {
        let when = Conditions {
            domain: domains(&["shop.example.com"]),
            min_level: Some(Level::Likely),
            trunks: vec![TrunkId::new("other")],
            ..Conditions::default()
        };
        check(when, &caller(), Some(Condition::Trunk));
    }

    #[test]
    fn the_tier_is_given_or_comes_from_the_domain() {
        let gold = || Conditions { tiers: vec![TierId::new("gold")], ..Conditions::default() };
        check(gold(), &Caller { domain: "gold.example", ..caller() }, None);
        check(gold(), &Caller { domain: "ann@eu.GOLD.example", ..caller() }, None);
        check(gold(), &Caller { tier: Some(TierId::new("gold")), ..caller() }, None);
        let given_otherwise = Caller { domain: "gold.example", tier: Some(TierId::new("iron")), ..caller() };
        check(gold(), &given_otherwise, Some(Condition::Tier));
    }

    #[test]
    fn free_mail_and_unknown_are_classes() {
        let class = |free_mail, unknown| Conditions {
            domain: Some(DomainCondition { free_mail, unknown, ..DomainCondition::default() }),
            ..Conditions::default()
        };
        for (domain, free_mail, unknown) in [
            ("ann@gmail.com", true, false),
            ("ann@mail.gmx.net", true, false),
            ("ann@MAIL.example", true, false),
            ("gold.example", false, false),
            ("nobody-named-me.example", false, true),
            ("192.0.2.9", false, true),
            ("", false, true),
        ] {
            let caller = Caller { domain, ..caller() };
            check(class(true, false), &caller, (!free_mail).then_some(Condition::Domain));
            check(class(false, true), &caller, (!unknown).then_some(Condition::Domain));
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let mut second = rule("second", Conditions::default());
        second.answer = Answer::Human { queue: Some(QueueId::new("sales")), priority: 7 };
        second.words = Some("sales first".to_owned());
        let first = rule("first", Conditions { min_level: Some(Level::Proven), ..Conditions::default() });
        let third = rule("third", Conditions::default());
        let policy = policy(vec![first, second, third]);
        let decided = policy.decide(&caller().facts());
        assert_eq!(&*decided.rule, "second");
        assert_eq!(decided.answer, Answer::Human { queue: Some(QueueId::new("sales")), priority: 7 });
        assert_eq!(decided.reason.to_string(), "access rule \"second\": sales first");
        let tried = policy.explain(&caller().facts());
        let level = ConditionTried { condition: Condition::Level, asked: "V3 or more".into(), given: "V2".into() };
        let expected = [("first", Some(level)), ("second", None)];
        assert_eq!(tried, expected.map(|(rule, failed)| RuleTried { rule: Arc::from(rule), failed, met: Vec::new() }));
    }

    #[test]
    fn a_domain_of_many_rules_matches_each_of_them() {
        let rules = (0..200).map(|n| {
            let mut when = Conditions { domain: domains(&["*.example.com"]), ..Conditions::default() };
            when.min_level = (n < 199).then_some(Level::Proven);
            rule(&format!("r{n}"), when)
        });
        assert_eq!(&*policy(rules.collect()).decide(&caller().facts()).rule, "r199");
    }

    #[test]
    fn too_many_rules_are_refused() {
        let rules = vec![rule("r", Conditions::default()); ACCESS_RULES_MAX + 1];
        assert_eq!(Policy::new(PolicySetup::of(rules, human(0))).err(), Some(TooMany::Rules));
    }
}
