//! The promise of a pool in the file: what follows from it, and what is wrong with it.

use std::time::Duration;

use super::tests::{check, plan, small};

const POOL: &str = "numbers = [\"+12015550100..+12015550109\"]";
const PROMISE: &str = "promise = { wrong_context = 0.001, empty = 0.01, per_hour = 8, mean_call_s = 240 }";

fn with(more: &str) -> String {
    small().replace(POOL, &format!("{POOL}\n{more}"))
}

#[test]
fn codes_are_as_long_as_the_promise_takes_them_to_be() {
    let trunk = "pin = true\nfallback = { sip = \"sip:ivr@192.0.2.20\" }";
    let digits = |pin: &str| {
        let text = small().replacen("fallback = { status = 503 }", trunk, 1);
        let promise =
            "shared = \"+12015550199\"\npromise = { wrong_context = 1e-6, empty = 0.4, per_hour = 2000 }\n[routing]";
        let text = text.replacen("[routing]", promise, 1).replacen("[[pools]]", &format!("{pin}\n[[pools]]"), 1);
        let settings = plan(&text).settings;
        let derived = settings.pools[0].promise.as_ref().unwrap().derived.pin_digits;
        (settings.calls.pin.unwrap().digits, derived)
    };
    let (taken, derived) = digits("[pin]\nquestion = \"code.wav\"");
    assert!(derived > 6, "{derived}");
    assert_eq!(u32::from(taken), derived.min(8));
    assert_eq!(digits("[pin]\nquestion = \"code.wav\"\ndigits = 5").0, 5, "what the file says holds");
}

#[test]
fn lease_and_quarantine_follow_from_the_promise() {
    let plan_of_promise = plan(&with(PROMISE));
    let pool = &plan_of_promise.settings.pools[0];
    let promise = pool.promise.expect("a promise");
    assert_eq!(pool.quarantine, promise.derived.quarantine);
    assert_eq!(plan_of_promise.shell.intents.ttl, Duration::from_secs(899), "300 s · ln 20");
    assert_eq!(
        (promise.derived.is_kept(&promise.promise), promise.derived.needed.is_some_and(|n| n > 1)),
        (true, true)
    );
    let warnings = pool.warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("no shared number"), "{warnings:?}");

    let given = plan(&(with(PROMISE) + "[intents]\nttl_s = 600\n"));
    assert_eq!(given.shell.intents.ttl, Duration::from_secs(600));
    assert_eq!(given.settings.pools[0].promise.expect("a promise").derived.lease, Duration::from_secs(600));

    let ends = |plan: &crate::config::Plan| {
        [plan.shell.intents.lives.shortest, plan.shell.intents.lives.longest].map(|life| life.as_secs())
    };
    assert_eq!((ends(&plan_of_promise), ends(&given)), ([899; 2], [600; 2]), "a site asks for another in vain");
    let chosen = plan(&(with(PROMISE) + "[intents]\nsite_ttl_s = { min = 300, max = 1800 }\n"));
    assert_eq!((ends(&chosen), chosen.shell.intents.ttl), ([300, 1800], Duration::from_secs(899)));
    let derived = chosen.settings.pools[0].promise.expect("a promise").derived;
    assert!(derived.needed > promise.derived.needed && derived.chances.late > promise.derived.chances.late);

    let without = plan(&small());
    assert_eq!(ends(&without), [30, 86_400]);
    assert_eq!(
        (without.shell.intents.ttl, without.settings.pools[0].quarantine),
        (Duration::from_secs(900), Duration::from_secs(900))
    );
}

#[test]
fn what_a_site_may_ask_for_must_make_sense() {
    let lives = "[intents]\nregion = \"US\"\n";
    let text = small() + lives;
    let faults = |more: &str| {
        let text = text.replacen(lives, &format!("{lives}{more}\n"), 1);
        crate::config::read(&text).expect_err("a fault").iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert!(faults("site_ttl_s = { min = 600, max = 60 }").contains("its min is above its max"));
    assert!(faults("site_ttl_s = { min = 10 }").contains("10 is out of range"));
    assert!(faults("ttl_s = 60\nsite_ttl_s = { min = 300 }").contains("60 is not within site_ttl_s, 300 to 86400"));
}

#[test]
fn a_pool_that_is_too_small_is_no_fault_but_is_said() {
    let busy = plan(&with(&PROMISE.replace("per_hour = 8", "per_hour = 2_000, measured_over_h = 24")));
    let pool = &busy.settings.pools[0];
    assert_eq!(pool.promise.expect("a promise").window, Some(Duration::from_secs(24 * 3600)));
    assert!(pool.warnings()[0].contains("its 10 numbers are too few"), "{:?}", pool.warnings());
}

#[test]
fn faults_of_a_promise_are_named() {
    let to = |promise: &str| format!("{POOL}\n{promise}");
    let both = to(&format!("quarantine_s = 5\n{PROMISE}"));
    check(POOL, &both, "quarantine_s", "pools[0].quarantine_s", "follows from the promise");
    for (wrong, key, what) in [
        ("wrong_context = 2.5, empty = 0.01, per_hour = 20", "wrong_context", "2.5 is out of range"),
        ("wrong_context = \"few\", empty = 0.01, per_hour = 20", "wrong_context", "write a number, like 0.01"),
        ("wrong_context = 0.001, empty = 0, per_hour = 20", "empty", "0 is out of range"),
        ("wrong_context = 0.001, per_hour = 20", "empty", "is missing"),
        ("wrong_context = 0.001, empty = 0.01", "per_hour", "is missing"),
        ("wrong_context = 0.001, empty = 0.01, per_hour = 0", "per_hour", "0 is out of range"),
        ("wrong_context = 0.001, empty = 0.01, per_hour = 9, dails = 0.5", "dails", "did you mean"),
    ] {
        let line = format!("promise = {{ {wrong} }}");
        check(POOL, &to(&line), "promise", &format!("pools[0].promise.{key}"), what);
    }
}
