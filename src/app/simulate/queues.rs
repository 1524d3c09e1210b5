//! `throughline simulate --queues`: waiting times beside those of queueing theory, and expected waits beside what came of them.

use std::process::ExitCode;

use crate::sim::queues::{cases, day};

const CALLS: usize = 400_000;
const DAYS: u64 = 5;

/// 1 when a number of theory is outside the interval of what was measured.
pub(super) fn run(seed: u64) -> ExitCode {
    println!(
        "{CALLS} calls for each case, of 180 s in the mean, seed {seed}; theory, measured, and the interval that holds 99 of 100 times"
    );
    let mut agree = true;
    for case in cases::CASES {
        let outcome = cases::play(case, CALLS, seed);
        print!("{outcome}");
        agree &= outcome.compared.iter().all(|one| one.simulated.holds(one.theory));
    }
    for seed in seed..seed + DAYS {
        print!("\nA day with a lunch peak, seed {seed}: {}", day::play(seed));
    }
    if agree { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
