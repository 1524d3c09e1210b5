//! The tables against the rules tried one after the other, over policies and callers drawn at random from few values, so that much
//! meets and much just fails.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use crate::base::{E164, Level, QueueId, TierId, TrunkId, Wall};

use super::seen::Seen;
use super::{
    Answer, CaseState, Channel, Conditions, DomainCondition, DomainPattern, Facts, Holidays, Hours, Keyword,
    LoadCondition, MinValue, Policy, PolicySetup, QueueLoad, ReasonPicked, Rule, never_reached, never_reached_together,
};

const DAY: Duration = Duration::from_secs(86_400);
/// 2027-01-15T08:00Z, a Friday.
const NOW_MS: u64 = 1_800_000_000_000;
const DOMAINS: [&str; 6] =
    ["shop.example.com", "example.com", "gold.example", "g0ld.example", "gmail.com", "nobody.example.org"];
const WORDS: [&str; 4] = ["cancel my order", "where is it?", "Kündigung", "a late order, to be cancelled"];

fn some<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> impl Strategy<Value = Vec<T>> + use<T> {
    let values = values.to_vec();
    prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(prop::sample::select(values), 1..3)]
}

fn maybe<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> impl Strategy<Value = Option<T>> + use<T> {
    let values = values.to_vec();
    prop_oneof![2 => Just(None), 1 => prop::sample::select(values).prop_map(Some)]
}

fn domain() -> impl Strategy<Value = Option<DomainCondition>> {
    let patterns = some(&["example.com", "*.example.com", "gold.example", "*.example.org"]);
    let condition = (patterns, any::<[bool; 3]>()).prop_map(|(patterns, [free_mail, unknown, look_alike])| {
        let patterns = patterns.iter().map(|text| DomainPattern::parse(text).expect("a pattern")).collect();
        Some(DomainCondition { patterns, free_mail, unknown, look_alike })
    });
    prop_oneof![2 => Just(None), 1 => condition]
}

fn hours() -> impl Strategy<Value = Option<Hours>> {
    let windows = prop::sample::select(vec!["fri 08:00-09:00", "mon-thu 00:00-24:00", "thu 22:00-08:01"]);
    let zone = prop::sample::select(vec!["UTC", "Europe/Berlin"]);
    let days = prop::sample::select(vec![0, 1, 2]);
    let hours = (zone, windows, days).prop_map(|(zone, window, days)| {
        let hours = Hours::parse(zone, &[window.to_owned()]).expect("hours");
        let mut holidays = Holidays::default();
        holidays.add("2027-01-15");
        Some(match days {
            1 => hours.except("free", Arc::new(holidays)),
            2 => hours.only("free", Arc::new(holidays)),
            _ => hours,
        })
    });
    prop_oneof![3 => Just(None), 1 => hours]
}

fn loads() -> impl Strategy<Value = Vec<LoadCondition>> {
    let queue = prop::sample::select(vec!["help", "sales", "nobody's"]);
    let bounds = (maybe(&[0, 1, 2]), maybe(&[0, 1, 2]), maybe(&[0, 1, 2]), maybe(&[0, 1, 2]));
    let waits = (maybe(&[0, 1, 2]), maybe(&[0, 1, 2]));
    let load = (queue, bounds, waits).prop_map(|(queue, (min_free, max_free, min_waiting, max_waiting), waits)| {
        let (min_wait, max_wait) = (waits.0.map(Duration::from_secs), waits.1.map(Duration::from_secs));
        LoadCondition { queue: QueueId::new(queue), min_free, max_free, min_waiting, max_waiting, min_wait, max_wait }
    });
    prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(load, 1..3)]
}

fn reasons() -> impl Strategy<Value = Vec<ReasonPicked>> {
    let picked = [("billing", None), ("Billing", Some("refund")), ("delivery", Some("LATE")), ("", None)];
    let picked = picked
        .map(|(category, sub)| ReasonPicked { category: category.to_owned(), sub_category: sub.map(str::to_owned) });
    some(&picked)
}

fn number(last: u8) -> E164 {
    E164::parse(&format!("+1555010{last}"), None).expect("a number")
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let worth = [(100, "EUR"), (200, "EUR"), (100, "USD")];
    let worth = worth.map(|(minor_units, currency)| MinValue { minor_units, currency: currency.to_owned() });
    let numbers =
        (maybe(&Level::ALL), maybe(&[0u8, 2, 3]), maybe(&worth), maybe(&[0u8, 1, 2, 5]), maybe(&[0u32, 1, 7]));
    let names = (
        some(&["gold", "iron"].map(TierId::new)),
        some(&["pbx", "carrier"].map(TrunkId::new)),
        some(&[number(1), number(2)]),
        some(&Channel::ALL),
        some(&CaseState::ALL),
        some(&["a-1", "a-2", "a-3"].map(str::to_owned)),
        some(&["cancel*", "order", "kündigung"]),
    );
    (numbers, names, domain(), hours(), loads(), reasons()).prop_map(
        |(numbers, names, domain, hours, loads, reasons)| {
            let (min_level, min_urgency, min_value, min_articles, repeat) = numbers;
            let (tiers, trunks, dialled, channels, cases, articles, keywords) = names;
            let keywords = keywords.iter().map(|text| Keyword::parse(text).expect("a keyword")).collect();
            let repeat_within = repeat.map(|days| DAY * days);
            let of_caller =
                Conditions { domain, hours, loads, reasons, tiers, trunks, dialled, channels, ..Conditions::default() };
            Conditions {
                min_level,
                min_urgency,
                min_value,
                min_articles,
                repeat_within,
                cases,
                articles,
                keywords,
                ..of_caller
            }
        },
    )
}

/// Those of a rule each one time in two, so that some rules match.
fn sparse() -> impl Strategy<Value = Conditions> {
    (conditions(), any::<[bool; 4]>()).prop_map(|(when, [names, numbers, contact, domain])| {
        let mut when = when;
        if names {
            (when.tiers, when.trunks, when.dialled, when.channels) = (vec![], vec![], vec![], vec![]);
        }
        if numbers {
            (when.min_level, when.min_urgency, when.min_value, when.min_articles) = (None, None, None, None);
        }
        if contact {
            (when.cases, when.articles, when.keywords, when.reasons) = (vec![], vec![], vec![], vec![]);
        }
        if domain {
            (when.domain, when.hours, when.repeat_within) = (None, None, None);
        }
        when
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    prop::collection::vec(sparse(), 0..70).prop_map(|rules| {
        let rules = rules.into_iter().enumerate().map(|(n, when)| Rule::new(&n.to_string(), when, Answer::SelfService));
        let setup = PolicySetup::of(rules.collect(), Answer::SelfService);
        let gold = DomainPattern::parse("gold.example").expect("a pattern");
        Policy::new(PolicySetup { tiers: vec![(gold, TierId::new("gold"))], ..setup }).expect("few rules")
    })
}

#[derive(Clone, Debug)]
struct Caller {
    domain: Option<&'static str>,
    tier: Option<TierId>,
    level: Level,
    reason: (Option<&'static str>, Option<&'static str>),
    words: Option<&'static str>,
    articles: Vec<&'static str>,
    urgency: Option<u8>,
    value: Option<(i64, &'static str)>,
    case: (bool, Option<u32>),
    last_contact: Option<Wall>,
    dialled: Option<E164>,
    trunk: TrunkId,
    channel: Channel,
    loads: Vec<QueueLoad>,
    wall: Wall,
}

fn caller() -> impl Strategy<Value = Caller> {
    let load = (maybe(&[0u64, 1, 2]), 0..3usize, 0..3usize).prop_map(|(wait, free, waiting)| {
        let expected_wait = wait.map(Duration::from_secs);
        QueueLoad { queue: QueueId::new("help"), free, waiting, expected_wait }
    });
    let who =
        (maybe(&DOMAINS), maybe(&["gold", "iron", "tin"].map(TierId::new)), prop::sample::select(Level::ALL.to_vec()));
    let what = (
        (maybe(&["BILLING", "delivery", "", "other"]), maybe(&["refund", "late"])),
        maybe(&WORDS),
        some(&["a-1", "a-3", "b-1"]),
        maybe(&[0u8, 1, 2, 3]),
        maybe(&[(99, "EUR"), (200, "EUR"), (150, "USD"), (500, "CHF")]),
    );
    let before = (any::<bool>(), maybe(&[0u32, 2]), maybe(&[0u64, 1, 5, 30]));
    let days = prop::sample::select(vec![0u64, 1]);
    let way = (
        maybe(&[number(1), number(3)]),
        prop::sample::select(["pbx", "other"].map(TrunkId::new).to_vec()),
        prop::sample::select(Channel::ALL.to_vec()),
        prop::collection::vec(load, 0..2),
        (days, 0..3_600_000u64),
    );
    (who, what, before, way).prop_map(|(who, what, (about_case, open, last), way)| {
        let wall = Wall(NOW_MS + way.4.0 * 86_400_000 + way.4.1);
        Caller {
            domain: who.0,
            tier: who.1,
            level: who.2,
            reason: what.0,
            words: what.1,
            articles: what.2,
            urgency: what.3,
            value: what.4,
            case: (about_case, open),
            last_contact: last.map(|days| Wall(wall.0 - days * 86_400_000)),
            dialled: way.0,
            trunk: way.1,
            channel: way.2,
            loads: way.3,
            wall,
        }
    })
}

impl Caller {
    fn facts(&self) -> Facts<'_> {
        Facts {
            domain: self.domain,
            tier: self.tier.as_ref(),
            level: self.level,
            category: self.reason.0,
            sub_category: self.reason.1,
            words: self.words,
            articles: self.articles.clone(),
            urgency: self.urgency,
            value: self.value,
            about_case: self.case.0,
            open_cases: self.case.1,
            last_contact: self.last_contact,
            dialled: self.dialled.as_ref(),
            channel: self.channel,
            loads: &self.loads,
            ..Facts::of_nobody(&self.trunk, self.wall)
        }
    }
}

/// Few things to ask for, of which a few rules together take all.
fn narrow() -> impl Strategy<Value = Conditions> {
    let names = (some(&["gold", "iron"].map(TierId::new)), some(&Channel::ALL), some(&CaseState::ALL));
    (names, maybe(&[Level::Likely, Level::Strong]), domain(), hours(), any::<[bool; 2]>()).prop_map(
        |((tiers, channels, cases), min_level, domain, hours, [has_domain, has_hours])| {
            let (domain, hours) = (domain.filter(|_| has_domain), hours.filter(|_| has_hours));
            Conditions { tiers, channels, cases, min_level, domain, hours, ..Conditions::default() }
        },
    )
}

proptest! {
    #[test]
    fn what_is_said_never_to_be_reached_never_is(
        rules in prop::collection::vec(prop_oneof![3 => narrow(), 1 => sparse()], 0..30),
        callers in prop::collection::vec(caller(), 1..12),
    ) {
        let named = |(n, when): (usize, &Conditions)| Rule::new(&n.to_string(), when.clone(), Answer::SelfService);
        let rules: Vec<Rule> = rules.iter().enumerate().map(named).collect();
        let never: Vec<String> = never_reached_together(&rules).iter().map(|one| one.rule.to_string()).collect();
        let alone: Vec<String> = never_reached(&rules).iter().map(|one| one.rule.to_string()).collect();
        prop_assert!(alone.iter().all(|one| never.contains(one)), "{alone:?} {never:?}");
        let policy = Policy::new(PolicySetup::of(rules, Answer::SelfService)).expect("few rules");
        for caller in &callers {
            let rule = policy.decide(&caller.facts()).rule.to_string();
            prop_assert!(!never.contains(&rule), "{rule} {caller:?}");
        }
    }

    #[test]
    fn the_tables_say_what_the_rules_say_one_after_the_other(policy in policy(), callers in prop::collection::vec(caller(), 1..8)) {
        for caller in &callers {
            let facts = caller.facts();
            let seen = Seen::new(&facts, &policy.indexes);
            let tried = policy.rules.iter().zip(0..).map(|(rule, ix)| seen.first_failed(&rule.when, ix));
            let failed: Vec<_> = tried.map_while(|failed| failed).collect();
            let rule = policy.rules.get(failed.len()).map_or("default".into(), |rule| rule.decision.rule.to_string());
            prop_assert_eq!(&*policy.decide(&facts).rule, &rule);
            let (decision, trace) = policy.decide_with_trace(&facts);
            prop_assert_eq!(&*decision.rule, &rule);
            let told = trace.tried();
            let named: Vec<_> = told.iter().filter_map(|tried| tried.failed.as_ref()).map(|failed| failed.condition).collect();
            prop_assert_eq!(named, failed);
            for (tried, (rule, ix)) in told.iter().zip(policy.rules.iter().zip(0..)) {
                let condition = seen.first_failed(&rule.when, ix);
                let given = condition.map(|condition| super::tried::given(condition, &rule.when, &seen));
                prop_assert_eq!(tried.failed.as_ref().map(|failed| &failed.given), given.as_ref());
            }
        }
    }
}
