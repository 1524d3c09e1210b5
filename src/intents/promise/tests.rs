//! The formulas against design.md's figures, sums worked out the long way, and each other.

use super::*;

fn traffic(per_hour: f64, dials: f64) -> Traffic {
    Traffic { per_hour, dials, mean_delay: Duration::from_secs(300), mean_call: Duration::ZERO }
}

fn promise(wrong_context: f64, empty: f64) -> Promise {
    Promise { wrong_context, empty, late: 0.05, traffic: traffic(200.0, 0.7) }
}

const LEASE: Duration = Duration::from_secs(900);

#[test]
fn erlang_b_is_that_of_the_tables() {
    // Of the usual tables: 20 servers at 12.03 Erlang lose 1 %, 100 at 84.06 Erlang.
    assert!((erlang_b(20, 12.03) - 0.01).abs() < 1e-4);
    assert!((erlang_b(100, 84.06) - 0.01).abs() < 1e-4);
    assert_eq!(erlang_b(0, 5.0), 1.0);
    assert_eq!(erlang_b(5, 0.0), 0.0);
}

#[test]
fn a_number_is_taken_as_long_as_the_design_says() {
    // p·m·(1 − e^(−T/m)) + (1 − p)·T = 0.7·285.06 + 0.3·900 s, 200 an hour.
    let chances = chances(160, &traffic(200.0, 0.7), Bounds::only(LEASE), Duration::ZERO);
    assert!((chances.load - 200.0 / 3600.0 * (0.7 * 285.064 + 270.0)).abs() < 0.001, "{chances:?}");
    assert!((chances.late - (-3f64).exp()).abs() < 1e-12);
}

/// By numerical integration of the survival of D + C.
#[test]
fn a_call_lengthens_the_lease() {
    for call_s in [30.0, 300.0, 900.0] {
        let traffic = Traffic { mean_call: Duration::from_secs_f64(call_s), ..traffic(3600.0, 1.0) };
        let step = 0.01;
        let survives = |t: f64| {
            let (a, b) = (1.0 / 300.0, 1.0 / call_s);
            if call_s == 300.0 {
                (1.0 + a * t) * (-a * t).exp()
            } else {
                (b * (-a * t).exp() - a * (-b * t).exp()) / (b - a)
            }
        };
        let expected: f64 = (0..90_000).map(|n| survives((f64::from(n) + 0.5) * step) * step).sum();
        let load = chances(1, &traffic, Bounds::only(LEASE), Duration::ZERO).load;
        assert!((load / expected - 1.0).abs() < 1e-4, "{call_s}: {load} for {expected}");
    }
}

/// φ by its sum over k, against the two Erlang formulas, also where those vanish.
#[test]
fn the_closed_form_is_the_sum() {
    for (numbers, per_hour, quarantine_s) in
        [(1, 40.0, 0), (20, 100.0, 60), (40, 200.0, 0), (160, 200.0, 300), (900, 200.0, 0)]
    {
        let found = chances(numbers, &traffic(per_hour, 0.7), Bounds::only(LEASE), Duration::from_secs(quarantine_s));
        let (rate, dial_rate) = (per_hour / 3600.0, 1.0 / 300.0);
        let each: f64 = rate / (rate + dial_rate);
        let (mut sum, mut all, mut weight) = (0.0, 0.0, 1.0);
        for k in 0..numbers {
            if k > 0 {
                weight *= found.load / k as f64;
            }
            all += weight;
            sum += weight * each.powi((numbers - k) as i32);
        }
        let again = (-dial_rate * quarantine_s as f64).exp() * sum / all;
        let late = (-3f64).exp();
        let open = 0.7 * (1.0 + late * late) / 2.0 + 0.3 * late;
        let expected = late * again * (1.0 - open) / (1.0 - again * open);
        // Without calls the lease is as long as the intent is open.
        assert!((found.wrong_context / expected - 1.0).abs() < 1e-6, "{numbers}: {found:?} for {expected}");
    }
}

#[test]
fn the_order_matters_more_than_the_quarantine_while_numbers_are_plenty() {
    let of = |numbers, quarantine_s| {
        chances(numbers, &traffic(200.0, 0.7), Bounds::only(LEASE), Duration::from_secs(quarantine_s))
    };
    let (none, some) = (of(160, 0).wrong_context, of(160, 600).wrong_context);
    assert!(some <= none && some > 0.99 * none, "{none} {some}");
    let (none, some) = (of(30, 0).wrong_context, of(30, 600).wrong_context);
    assert!(some < none / 3.0, "{none} {some}");
    // Whatever the load, who is late by the quarantine and more is all that is left.
    assert!(of(1, 900).wrong_context < (-6f64).exp());
}

#[test]
fn both_promises_are_kept_with_the_numbers_that_it_asks_for_and_not_with_one_less() {
    for accepted in [promise(1e-3, 1e-2), promise(1e-5, 1e-3), promise(1e-2, 1e-4)] {
        let needed = derive(&accepted, 1, Lives::default()).needed.expect("a pool that is large enough");
        let (kept, broken) =
            (derive(&accepted, needed, Lives::default()), derive(&accepted, needed - 1, Lives::default()));
        assert!(kept.is_kept(&accepted), "{kept:?}");
        assert!(!broken.is_kept(&accepted), "{broken:?}");
        assert_eq!(kept.needed, Some(needed));
        // What the small one gives up is numbers for all, never whose context a caller gets.
        assert!(broken.chances.wrong_context <= accepted.wrong_context && broken.chances.empty > accepted.empty);
    }
}

#[test]
fn the_lease_is_as_long_as_late_callers_ask_unless_it_is_given() {
    let derived = derive(&promise(1e-3, 1e-2), 60, Lives::default());
    assert_eq!(derived.lease, Duration::from_secs(899));
    assert!(derived.chances.late <= 0.05);
    assert_eq!(derive(&promise(1e-3, 1e-2), 60, usual(600)).lease, Duration::from_secs(600));
    let patient = Promise {
        late: 1e-9,
        traffic: Traffic { mean_delay: Duration::from_secs(86_400), ..traffic(1.0, 1.0) },
        ..promise(0.1, 0.1)
    };
    assert_eq!(derive(&patient, 60, Lives::default()).lease, INTENT_TTL_MAX);
}

/// As long as the admin says.
fn usual(seconds: u64) -> Lives {
    Lives { usual: Some(Duration::from_secs(seconds)), of_sites: None }
}

#[test]
fn whatever_a_site_asks_for_within_its_bounds_is_no_worse_than_promised() {
    let secs = Duration::from_secs;
    let of = |shortest, longest| {
        let lives = Bounds { shortest: secs(shortest), longest: secs(longest) };
        chances(60, &traffic(200.0, 0.7), lives, secs(300))
    };
    let worst = of(200, 2_000);
    for life in [200, 400, 900, 1_500, 2_000] {
        let one = of(life, life);
        assert!(one.wrong_context <= worst.wrong_context && one.empty <= worst.empty, "{life} s: {one:?} {worst:?}");
        assert!(one.late <= worst.late && one.load <= worst.load, "{life} s: {one:?} {worst:?}");
    }
    let chosen = Lives { usual: None, of_sites: Some(Bounds { shortest: secs(60), longest: secs(600) }) };
    assert_eq!(
        derive(&promise(1e-3, 1e-2), 60, chosen).lease,
        secs(600),
        "899 s, and no longer than a site may ask for"
    );
}

#[test]
fn what_no_pool_can_do_is_said() {
    let flood = Promise { traffic: traffic(1e6, 0.7), ..promise(1e-3, 1e-2) };
    let derived = derive(&flood, 50, Lives::default());
    assert_eq!((derived.needed, derived.is_kept(&flood)), (None, false));
    assert!(derived.pin_digits > derive(&promise(1e-3, 1e-2), 60, Lives::default()).pin_digits);
    let idle = Promise { traffic: traffic(0.0, 0.7), ..promise(1e-3, 1e-2) };
    assert_eq!(derive(&idle, 1, Lives::default()).needed, Some(1));
}
