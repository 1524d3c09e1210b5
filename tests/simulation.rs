//! Simulated worlds: some hundred seeds, each run twice with equal outputs, and nothing that must not be.

use std::ops::Range;

use throughline::sim::{Counts, FaultLevel, Kinds, More, Scenario, run};

/// Runs a world twice and checks it; says what was wrong with it.
fn faults_of(scenario: Scenario) -> Vec<String> {
    let report = run(scenario);
    let mut lines: Vec<String> = report.violations.iter().map(ToString::to_string).collect();
    if run(scenario) != report {
        lines.push(format!("seed {}: not the same world the second time", scenario.seed));
    }
    if !lines.is_empty() {
        lines.insert(0, format!("{scenario:?}"));
    }
    lines
}

/// Small worlds of several sizes.
fn check_all(faults: FaultLevel, seeds: Range<u64>) {
    let scenario = |seed| Scenario {
        seed,
        calls: 5 + (seed % 9) as u32,
        agents: 1 + (seed % 4) as u32,
        faults,
        kinds: Kinds::ALL,
        more: More::Nothing,
    };
    let wrong: Vec<String> = seeds.flat_map(|seed| faults_of(scenario(seed))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_breaks_in_a_good_world() {
    check_all(FaultLevel::None, 0..40);
}

#[test]
fn nothing_breaks_where_some_things_fail() {
    check_all(FaultLevel::Some, 1_000..1_060);
}

#[test]
fn nothing_breaks_where_many_things_fail() {
    check_all(FaultLevel::Many, 2_000..2_060);
}

/// Worlds in which something was wrong once: seed, calls, agents.
const ONCE_WRONG: [(u64, u32, u32); 5] = [(1315, 20, 4), (4, 25, 4), (9, 25, 4), (34, 60, 5), (43, 60, 5)];

#[test]
fn what_was_wrong_once_stays_right() {
    for (seed, calls, agents) in ONCE_WRONG {
        let kinds = Kinds::ALL;
        for level in FaultLevel::ALL {
            let faults = faults_of(Scenario { seed, calls, agents, faults: level, kinds, more: More::Nothing });
            assert!(faults.is_empty(), "{}", faults.join("\n"));
        }
    }
}

/// A few worlds together: what is rare need not happen in each.
#[test]
fn good_worlds_use_every_way_that_a_call_can_go() {
    let reports: Vec<_> = (1..=4)
        .map(|seed| {
            run(Scenario {
                seed,
                calls: 200,
                agents: 6,
                faults: FaultLevel::None,
                kinds: Kinds::ALL,
                more: More::Nothing,
            })
        })
        .collect();
    for report in &reports {
        let counts = &report.counts;
        assert_eq!(report.violations, []);
        assert!(counts.admitted > 100 + counts.callbacks, "{counts}");
        assert!(
            counts.by_outcome.len() >= 5 && counts.by_level.len() == 4 && counts.by_fallback.len() >= 2,
            "{counts}"
        );
    }
    let counts = || reports.iter().map(|report| &report.counts);
    let callbacks = [
        "promised",
        "refused",
        "taken back",
        "dialled",
        "in vain",
        "talked",
        "unreached",
        "withdrawn",
        "replaced",
        "rang in",
    ];
    for what in callbacks {
        assert!(counts().any(|counts| counts.by_callback.contains_key(what)), "no callback was {what}");
    }
    let events = [
        "reload",
        "overflow",
        "listen",
        "whisper",
        "barge",
        "take-over",
        "asking: both talk",
        "asking: all talk",
        "confirmed",
        "recording",
        "recording: paused",
        "recording: withheld",
        "key",
        "key while offered",
        "passed on",
        "passed on: in vain",
        "passed on: joined",
        "browser: calls",
        "browser: registered",
        "browser: loaded anew amid a call",
        "browser: closed amid a call",
    ];
    for event in events {
        assert!(counts().any(|counts| counts.by_event.contains_key(event)), "{event} never happened");
    }
    for habit in ["PRACK", "REFER", "REFER with Replaces", "INFO", "late offer", "session timer"] {
        assert!(counts().any(|counts| counts.by_habit.contains_key(habit)), "nobody had the habit {habit}");
    }
    let (passed, in_vain) = (passed_on(counts()), not_passed_on(counts()));
    assert!(passed > in_vain, "{passed} calls were passed on, {in_vain} were not");
    assert!(counts().any(|counts| counts.by_evidence.contains_key("pin")), "nobody was known by their code");
}

fn passed_on<'a>(counts: impl Iterator<Item = &'a Counts>) -> u64 {
    counts.map(|counts| counts.passed_on).sum()
}

fn not_passed_on<'a>(counts: impl Iterator<Item = &'a Counts>) -> u64 {
    counts.flat_map(|counts| counts.not_passed_on.values()).sum()
}

#[test]
fn another_seed_is_another_world() {
    let digest = |seed| {
        run(Scenario { seed, calls: 10, agents: 2, faults: FaultLevel::Some, kinds: Kinds::ALL, more: More::Nothing })
            .digest
    };
    assert_ne!(digest(1), digest(2));
}

/// With one kind alone the world is another than the calm one of its seed, and nothing else excuses what would be wrong in it.
#[test]
fn each_kind_of_fault_alone_happens_and_breaks_nothing() {
    for name in Kinds::names().split(',') {
        let kinds = Kinds::parse(name).expect("one of the names");
        let world = |seed, faults| run(Scenario { seed, calls: 40, agents: 3, faults, kinds, more: More::Nothing });
        let happens = (1..=8).any(|seed| {
            let report = world(seed, FaultLevel::Many);
            assert_eq!(report.violations, [], "{name}");
            report.digest != world(seed, FaultLevel::None).digest
        });
        assert!(happens, "{name} makes no difference");
    }
}
