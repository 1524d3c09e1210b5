//! What an access decision costs among ten domains and among a million, with 200 rules.

use criterion::{Criterion, criterion_group, criterion_main};
use throughline::access::{
    Answer, Conditions, DomainCondition, DomainPattern, Facts, Policy, PolicySetup, ReasonPicked, Rule,
};
use throughline::base::{Level, TierId, TrunkId, Wall};

const RULES: usize = 200;

fn domain(n: usize) -> String {
    format!("company{n}.example.com")
}

fn pattern(text: &str) -> DomainPattern {
    DomainPattern::parse(text).expect("a domain")
}

/// Rules on tiers, domains and reasons in turn; none of them matches the callers below but the last.
fn rule(n: usize) -> Rule {
    let mut when = Conditions::default();
    match n % 3 {
        0 => when.tiers = vec![TierId::new("no such tier")],
        1 => {
            let patterns = vec![pattern(&format!("*.rule{n}.example.net"))];
            when.domain = Some(DomainCondition { patterns, ..DomainCondition::default() });
        }
        _ => when.reasons = vec![ReasonPicked { category: format!("category {n}"), sub_category: None }],
    }
    if n + 1 == RULES {
        when = Conditions { tiers: vec![TierId::new("gold")], ..Conditions::default() };
    }
    Rule::new(&format!("rule {n}"), when, Answer::SelfService)
}

fn policy(domains: usize) -> Policy {
    let gold = TierId::new("gold");
    let tiers = (0..domains).map(|n| (pattern(&domain(n)), gold.clone())).collect();
    let setup = PolicySetup { tiers, ..PolicySetup::of((0..RULES).map(rule).collect(), Answer::SelfService) };
    Policy::new(setup).expect("few enough rules")
}

/// Callers of domains spread over the whole table, so that the memory behind it counts.
fn decide(criterion: &mut Criterion) {
    for (name, domains) in [("ten", 10), ("a million", 1_000_000)] {
        let policy = policy(domains);
        let trunk = TrunkId::new("pbx");
        let callers: Vec<String> = (0..4096).map(|n| domain(n * 7919 % domains)).collect();
        let mut next = callers.iter().cycle();
        criterion.bench_function(&format!("access, 200 rules, {name} domains"), |bench| {
            bench.iter(|| {
                let facts = Facts {
                    domain: next.next().map(String::as_str),
                    level: Level::Likely,
                    category: Some("billing"),
                    ..Facts::of_nobody(&trunk, Wall(1_700_000_000_000))
                };
                policy.decide(&facts)
            });
        });
    }
}

criterion_group!(benches, decide);
criterion_main!(benches);
