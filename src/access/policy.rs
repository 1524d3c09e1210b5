//! The policy: ordered rules over an index of domains, and what each rule says about a caller.

use std::sync::Arc;

use crate::base::TierId;

use super::answer::{Answer, Decision};
use super::domains::{DomainFound, DomainIndex, DomainIndexBuilder, DomainPattern, Mark, RULES_MAX, RuleIx, host_of};
use super::facts::Facts;
use super::free_mail::FREE_MAIL;
use super::reason::ReasonText;
use super::rule::{Condition, Conditions, DomainCondition, ReasonPicked, Rule};

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
    decision: Decision,
}

/// A rule that was tried, and the first of its conditions that did not hold; `None` when it matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTried {
    pub rule: Arc<str>,
    pub failed: Option<Condition>,
}

const DEFAULT_RULE: &str = "default";

impl Policy {
    pub fn new(setup: PolicySetup) -> Result<Policy, TooManyRules> {
        if setup.rules.len() > RULES_MAX {
            return Err(TooManyRules { most: RULES_MAX });
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
        let default = decision(DEFAULT_RULE, setup.default, setup.default_words.as_deref());
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
            tried.push(RuleTried { rule: rule.decision.rule.clone(), failed });
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
    if let Some(domain) = &mut rule.when.domain {
        for pattern in std::mem::take(&mut domain.patterns) {
            domains.add(pattern, Mark::Rule(ix));
        }
    }
    CompiledRule { when: rule.when, decision: decision(&rule.name, rule.answer, rule.words.as_deref()) }
}

fn decision(rule: &str, answer: Answer, words: Option<&str>) -> Decision {
    let rule = Arc::from(rule);
    let reason = ReasonText::new(&rule, &answer, words);
    Decision { answer, rule, reason }
}

fn first_failed(when: &Conditions, ix: RuleIx, facts: &Facts<'_>, domain: &DomainFound<'_>) -> Option<Condition> {
    let tier = facts.tier.or(domain.tier);
    let holds = [
        (Condition::Level, when.min_level.is_none_or(|level| facts.level >= level)),
        (Condition::Trunk, is_any(&when.trunks, Some(facts.trunk))),
        (Condition::Dialled, is_any(&when.dialled, facts.dialled)),
        (Condition::Tier, is_any(&when.tiers, tier)),
        (Condition::Domain, when.domain.as_ref().is_none_or(|asked| domain_holds(asked, ix, domain))),
        (Condition::Reason, when.reasons.is_empty() || when.reasons.iter().any(|reason| reason.is_picked(facts))),
    ];
    let failed = holds.into_iter().find(|(_, holds)| !holds).map(|(condition, _)| condition);
    // Last, since it asks a calendar.
    failed.or_else(|| when.hours.as_ref().is_some_and(|hours| !hours.contains(facts.wall)).then_some(Condition::Hours))
}

fn is_any<T: PartialEq>(asked: &[T], given: Option<&T>) -> bool {
    asked.is_empty() || given.is_some_and(|given| asked.contains(given))
}

fn domain_holds(asked: &DomainCondition, ix: RuleIx, domain: &DomainFound<'_>) -> bool {
    domain.rules.contains(ix) || (asked.free_mail && domain.free_mail) || (asked.unknown && !domain.known)
}

impl ReasonPicked {
    fn is_picked(&self, facts: &Facts<'_>) -> bool {
        let is = |asked: &str, given: Option<&str>| given.is_some_and(|given| given.eq_ignore_ascii_case(asked));
        let sub = self.sub_category.as_deref();
        is(&self.category, facts.category) && sub.is_none_or(|sub| is(sub, facts.sub_category))
    }
}
