//! The policy: ordered rules over an index of domains, and what each rule says about a caller.

use std::sync::Arc;

use crate::base::TierId;
use crate::base::limits::ACCESS_RULES_MAX;

use super::answer::{Answer, Decision};
use super::domain_index::{DomainFound, DomainIndex, DomainIndexBuilder, Mark, RuleIx};
use super::domains::{DomainPattern, host_of};
use super::facts::Facts;
use super::free_mail::FREE_MAIL;
use super::reason::ReasonText;
use super::rule::{Condition, Conditions, DomainCondition, MinValue, ReasonPicked, Rule};
use super::tried::{RuleTried, failure, list};

/// All that a policy is made of.
#[derive(Clone, Debug)]
pub struct PolicySetup {
    /// In the order in which they are tried.
    pub rules: Vec<Rule>,
    /// The answer when no rule matches.
    pub default: Answer,
    pub default_words: Option<String>,
    /// The account class of each domain; a caller whose tier the site gave is not looked up.
    pub tiers: Vec<(DomainPattern, TierId)>,
    /// Free-mail domains besides the well-known ones; each stands for itself and all below it.
    pub free_mail: Vec<String>,
}

/// More rules than a policy can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyRules {
    pub most: usize,
}

/// The compiled rules. A decision costs the same among a million domains as among ten.
#[derive(Clone, Debug)]
pub struct Policy {
    rules: Vec<CompiledRule>,
    domains: DomainIndex,
    default: Decision,
}

#[derive(Clone, Debug)]
struct CompiledRule {
    when: Conditions,
    /// The domains that it asks for, in words: they themselves are in the index.
    domains: Box<str>,
    decision: Decision,
}

const DEFAULT_RULE: &str = "default";

impl PolicySetup {
    /// Rules alone: no tiers, and the well-known free-mail domains.
    pub fn of(rules: Vec<Rule>, default: Answer) -> PolicySetup {
        PolicySetup { rules, default, default_words: None, tiers: Vec::new(), free_mail: Vec::new() }
    }
}

impl Policy {
    pub fn new(setup: PolicySetup) -> Result<Policy, TooManyRules> {
        if setup.rules.len() > ACCESS_RULES_MAX {
            return Err(TooManyRules { most: ACCESS_RULES_MAX });
        }
        let mut domains = DomainIndexBuilder::new();
        index_free_mail(&mut domains, &setup.free_mail);
        for (pattern, tier) in setup.tiers {
            domains.add(pattern, Mark::Tier(tier));
        }
        let mut rules = Vec::with_capacity(setup.rules.len());
        for (rule, ix) in setup.rules.into_iter().zip(0..) {
            rules.push(compile(rule, ix, &mut domains));
        }
        let default =
            Rule { words: setup.default_words, ..Rule::new(DEFAULT_RULE, Conditions::default(), setup.default) };
        let default = decision(&default);
        Ok(Policy { rules, domains: domains.build(), default })
    }

    /// The answer of the first rule whose conditions all hold.
    pub fn decide(&self, facts: &Facts<'_>) -> Decision {
        let domain = self.find_domain(facts);
        let matching = |(rule, ix): &(&CompiledRule, RuleIx)| first_failed(&rule.when, *ix, facts, &domain).is_none();
        let rule = self.rules.iter().zip(0..).find(matching);
        rule.map_or(&self.default, |(rule, _)| &rule.decision).clone()
    }

    /// Each rule that `decide` would try, in its order, up to the one that matches.
    pub fn explain(&self, facts: &Facts<'_>) -> Vec<RuleTried> {
        let domain = self.find_domain(facts);
        let mut tried = Vec::new();
        for (rule, ix) in self.rules.iter().zip(0..) {
            let failed = first_failed(&rule.when, ix, facts, &domain);
            let why = failed.map(|condition| failure(condition, (&rule.when, &rule.domains), facts, &domain));
            tried.push(RuleTried { rule: rule.decision.rule.clone(), failed: why });
            if failed.is_none() {
                return tried;
            }
        }
        tried.push(RuleTried { rule: self.default.rule.clone(), failed: None });
        tried
    }

    /// The account class of a domain, address or URI, if the configuration gives it one.
    pub fn tier_of(&self, domain: &str) -> Option<TierId> {
        self.domains.find(&host_of(domain)?).tier.cloned()
    }

    fn find_domain(&self, facts: &Facts<'_>) -> DomainFound<'_> {
        facts.domain.and_then(host_of).map(|host| self.domains.find(&host)).unwrap_or_default()
    }
}

fn index_free_mail(domains: &mut DomainIndexBuilder, more: &[String]) {
    let names = FREE_MAIL.iter().copied().chain(more.iter().map(String::as_str));
    for pattern in names.filter_map(DomainPattern::with_all_below).flatten() {
        domains.add(pattern, Mark::FreeMail);
    }
}

/// Moves the rule's domains into the index, which then answers for them.
fn compile(mut rule: Rule, ix: RuleIx, domains: &mut DomainIndexBuilder) -> CompiledRule {
    let named = rule.when.domain.as_ref().map(in_words).unwrap_or_default();
    if let Some(domain) = &mut rule.when.domain {
        for pattern in std::mem::take(&mut domain.patterns) {
            domains.add(pattern, Mark::Rule(ix));
        }
    }
    let decision = decision(&rule);
    CompiledRule { when: rule.when, domains: named, decision }
}

fn in_words(asked: &DomainCondition) -> Box<str> {
    let classes = [(asked.free_mail, "free-mail"), (asked.unknown, "unknown")];
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

fn first_failed(when: &Conditions, ix: RuleIx, facts: &Facts<'_>, domain: &DomainFound<'_>) -> Option<Condition> {
    Condition::ALL.into_iter().find(|condition| !holds(*condition, when, ix, facts, domain))
}

fn holds(condition: Condition, when: &Conditions, ix: RuleIx, facts: &Facts<'_>, domain: &DomainFound<'_>) -> bool {
    match condition {
        Condition::Level => when.min_level.is_none_or(|level| facts.level >= level),
        Condition::Urgency => when.min_urgency.is_none_or(|least| facts.urgency >= Some(least)),
        Condition::Value => when.min_value.as_ref().is_none_or(|least| least.is_met(facts.value)),
        Condition::Trunk => is_any(&when.trunks, Some(facts.trunk)),
        Condition::Dialled => is_any(&when.dialled, facts.dialled),
        Condition::Tier => is_any(&when.tiers, facts.tier.or(domain.tier)),
        Condition::Domain => when.domain.as_ref().is_none_or(|asked| domain_holds(asked, ix, domain)),
        Condition::Reason => when.reasons.is_empty() || when.reasons.iter().any(|reason| reason.is_picked(facts)),
        Condition::Hours => when.hours.as_ref().is_none_or(|hours| hours.contains(facts.wall)),
    }
}

fn is_any<T: PartialEq>(asked: &[T], given: Option<&T>) -> bool {
    asked.is_empty() || given.is_some_and(|given| asked.contains(given))
}

fn domain_holds(asked: &DomainCondition, ix: RuleIx, domain: &DomainFound<'_>) -> bool {
    domain.rules.contains(ix) || (asked.free_mail && domain.free_mail) || (asked.unknown && !domain.known)
}

impl MinValue {
    fn is_met(&self, value: Option<(i64, &str)>) -> bool {
        value.is_some_and(|(units, currency)| currency == self.currency && units >= self.minor_units)
    }
}

impl ReasonPicked {
    fn is_picked(&self, facts: &Facts<'_>) -> bool {
        let is = |asked: &str, given: Option<&str>| given.is_some_and(|given| given.eq_ignore_ascii_case(asked));
        let sub = self.sub_category.as_deref();
        is(&self.category, facts.category) && sub.is_none_or(|sub| is(sub, facts.sub_category))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::hours::Hours;
    use crate::access::tried::Failure;
    use crate::base::{E164, Level, QueueId, TrunkId, Wall};

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
            rules,
            default: Answer::SelfService,
            default_words: None,
            tiers: tiers.collect(),
            free_mail: vec!["mail.example".to_owned()],
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
        wall: Wall,
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
            domain: Some(DomainCondition { patterns: Vec::new(), free_mail, unknown }),
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
        let level = Failure { condition: Condition::Level, asked: "V3 or more".into(), given: "V2".into() };
        let expected = [("first", Some(level)), ("second", None)];
        assert_eq!(tried, expected.map(|(rule, failed)| RuleTried { rule: Arc::from(rule), failed }));
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
        assert_eq!(Policy::new(PolicySetup::of(rules, human(0))).err(), Some(TooManyRules { most: ACCESS_RULES_MAX }));
    }
}
