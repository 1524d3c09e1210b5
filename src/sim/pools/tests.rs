//! Promised and measured, for each load, with the seed that is written here.

use super::*;

const EFFORT: PoolEffort = PoolEffort { seed: 20, runs: 12, intents: 2_000 };

#[test]
fn what_is_promised_is_within_the_interval_of_what_is_measured() {
    for case in cases() {
        let report = play(&case, EFFORT);
        let told = (case.name.as_str(), report.promised);
        assert!(report.wrong_context.holds(report.promised.wrong_context), "{told:?} {:?}", report.wrong_context);
        assert!(report.empty.holds(report.promised.empty), "{told:?} {:?}", report.empty);
        assert!(report.late.holds(report.promised.late), "{told:?} {:?}", report.late);
    }
}

#[test]
fn the_intervals_are_narrow_enough_to_tell_something() {
    let measured: Vec<_> = cases().iter().map(|case| play(case, EFFORT)).collect();
    let often = |measured: &Measured| measured.times >= 50;
    assert!(measured.iter().filter(|report| often(&report.wrong_context)).count() >= 5, "{measured:#?}");
    assert!(measured.iter().filter(|report| often(&report.empty)).count() >= 2, "{measured:#?}");
    // The formula for the most recently freed number, or one without the quarantine, would not be in them.
    let both = measured.iter().find(|report| report.case.name == "quarantine alone").expect("a case");
    let without = promise::chances(both.case.numbers, &both.case.traffic, both.case.lives, Duration::ZERO);
    assert!(!both.wrong_context.holds(without.wrong_context), "{both:?} {without:?}");
}

#[test]
fn what_is_promised_holds_whatever_lives_sites_ask_for() {
    for case in cases().into_iter().filter(|case| ["both", "overrun"].contains(&case.name.as_str())) {
        let lives = Bounds { shortest: case.lives.shortest / 3, longest: case.lives.longest * 2 };
        let report = play(&PoolCase { lives, ..case }, EFFORT);
        assert!(report.wrong_context.is_within(report.promised.wrong_context), "{report:?}");
        assert!(report.empty.is_within(report.promised.empty), "{report:?}");
        assert!(report.late.is_within(report.promised.late), "{report:?}");
    }
}

#[test]
fn a_seed_is_one_report() {
    let effort = PoolEffort { seed: 3, runs: 2, intents: 200 };
    let case = &cases()[0];
    assert_eq!(play(case, effort), play(case, effort));
    assert_ne!(play(case, effort).late, play(case, PoolEffort { seed: 4, ..effort }).late);
}
