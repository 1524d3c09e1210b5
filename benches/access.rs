//! What an access decision costs among ten domains and among a million, with 200 rules that use every kind of condition.

use criterion::{Criterion, criterion_group, criterion_main};
use throughline::access::{
    Answer, CaseState, Channel, Conditions, DomainCondition, DomainPattern, Facts, Keyword, LoadCondition, Policy,
    PolicySetup, QueueLoad, ReasonPicked, Rule,
};
use throughline::base::{Level, QueueId, TierId, TrunkId, Wall};

const RULES: usize = 200;
const PROTECTED: usize = 1_000;
const WORDS: &str =
    "My parcel was to come on Monday. It is Thursday now, nobody answers my messages, and I need it this week.";

fn domain(n: usize) -> String {
    format!("company{n}.example.com")
}

fn pattern(text: &str) -> DomainPattern {
    DomainPattern::parse(text).expect("a domain")
}

/// Rules on everything in turn; none of them matches the callers below but the last.
fn rule(n: usize) -> Rule {
    let mut when = Conditions::default();
    match n % 8 {
        0 => when.tiers = vec![TierId::new("no such tier")],
        1 => {
            let patterns = vec![pattern(&format!("*.rule{n}.example.net"))];
            when.domain = Some(DomainCondition { patterns, ..DomainCondition::default() });
        }
        2 => when.reasons = vec![ReasonPicked { category: format!("category {n}"), sub_category: None }],
        3 => {
            let texts = [format!("phrase number {n}"), format!("begin{n}*"), "lawyer".to_owned()];
            when.keywords = texts.iter().map(|text| Keyword::parse(text).expect("a keyword")).collect();
        }
        4 => (when.articles, when.min_articles) = (vec![format!("a-{n}")], Some(1)),
        5 => {
            let load = LoadCondition { max_free: Some(0), min_waiting: Some(n), ..LoadCondition::of(help()) };
            when.loads = vec![load];
        }
        6 => when.domain = Some(DomainCondition { look_alike: true, ..DomainCondition::default() }),
        _ => (when.channels, when.cases) = (vec![Channel::Callback], vec![CaseState::Open]),
    }
    if n + 1 == RULES {
        when = Conditions { min_level: Some(Level::Likely), ..Conditions::default() };
    }
    Rule::new(&format!("rule {n}"), when, Answer::SelfService)
}

fn help() -> QueueId {
    QueueId::new("help")
}

fn policy(domains: usize) -> Policy {
    let gold = TierId::new("gold");
    let tiers = (0..domains).map(|n| (pattern(&domain(n)), gold.clone())).collect();
    let protected = Some((0..PROTECTED).map(|n| pattern(&format!("protected{n}.example"))).collect());
    let rules = (0..RULES).map(rule).collect();
    Policy::new(PolicySetup { tiers, protected, ..PolicySetup::of(rules, Answer::SelfService) }).expect("few enough")
}

/// Callers of domains spread over the whole table, so that the memory behind it counts; and strangers, whose domains are held
/// against the protected ones besides.
fn decide(criterion: &mut Criterion) {
    let loads = [QueueLoad { queue: help(), free: 3, waiting: 0, expected_wait: None }];
    for (name, domains) in [("ten", 10), ("a million", 1_000_000)] {
        let policy = policy(domains);
        let trunk = TrunkId::new("pbx");
        let known: Vec<String> = (0..4096).map(|n| domain(n * 7919 % domains)).collect();
        let strangers: Vec<String> = (0..4096).map(|n| format!("mail.stranger{n}.example")).collect();
        for (who, callers) in [("", known), (", strangers", strangers)] {
            let mut next = callers.iter().cycle();
            criterion.bench_function(&format!("access, 200 rules, {name} domains{who}"), |bench| {
                bench.iter(|| {
                    let facts = Facts {
                        domain: next.next().map(String::as_str),
                        level: Level::Likely,
                        category: Some("billing"),
                        words: Some(WORDS),
                        articles: vec!["b-1", "b-2"],
                        loads: &loads,
                        ..Facts::of_nobody(&trunk, Wall(1_700_000_000_000))
                    };
                    policy.decide(&facts)
                });
            });
        }
    }
}

criterion_group!(benches, decide);
criterion_main!(benches);
