//! Pools of numbers in virtual time: the leases that the server makes, with customers who dial in time, late or not, against what
//! `intents::promise` promises. Nothing of its formulas is used here.

mod measure;
mod run;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::base::rng::Rng;
use crate::intents::promise::{self, Bounds, Chances, Traffic};

pub use measure::Measured;

/// A pool under a load.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolCase {
    pub name: String,
    pub numbers: usize,
    pub traffic: Traffic,
    /// What sites ask for: each life between these as often as any other.
    pub lives: Bounds,
    pub quarantine: Duration,
}

/// What was promised and what came of it, side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolReport {
    pub case: PoolCase,
    pub promised: Chances,
    pub wrong_context: Measured,
    pub empty: Measured,
    pub late: Measured,
}

/// How much of it is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolEffort {
    pub seed: u64,
    /// Runs that know nothing of each other: their spread gives the interval.
    pub runs: u32,
    /// Intents counted in each, after as many as it takes to fill the pool.
    pub intents: u32,
}

/// Plays a case. The same seed gives the same report.
pub fn play(case: &PoolCase, effort: PoolEffort) -> PoolReport {
    let mut rng = Rng::from_number(effort.seed);
    let runs: Vec<_> = (0..effort.runs).map(|_| run::run(case, effort.intents, rng.split())).collect();
    PoolReport {
        case: case.clone(),
        promised: promise::chances(case.numbers, &case.traffic, case.lives, case.quarantine),
        wrong_context: Measured::of(runs.iter().map(|run| (run.wrong, run.dialled))),
        empty: Measured::of(runs.iter().map(|run| (run.without_number, run.intents))),
        late: Measured::of(runs.iter().map(|run| (run.late, run.dialled))),
    }
}

/// Loads from a small line to a busy one, from numbers in plenty to far too few.
pub fn cases() -> Vec<PoolCase> {
    let case = |name: &str, numbers, per_hour, dials, (delay_s, call_s), (lease_s, rest_s)| PoolCase {
        name: name.to_owned(),
        numbers,
        traffic: Traffic {
            per_hour,
            dials,
            mean_delay: Duration::from_secs(delay_s),
            mean_call: Duration::from_secs(call_s),
        },
        lives: Bounds::only(Duration::from_secs(lease_s)),
        quarantine: Duration::from_secs(rest_s),
    };
    vec![
        case("small line", 8, 20.0, 0.7, (300, 240), (900, 0)),
        case("quarantine alone", 30, 200.0, 0.7, (300, 0), (900, 300)),
        case("order alone", 60, 200.0, 0.7, (300, 300), (900, 0)),
        case("both", 70, 200.0, 0.7, (300, 300), (900, 300)),
        case("short leases", 40, 400.0, 0.9, (240, 180), (240, 60)),
        case("slow dialers", 150, 300.0, 0.5, (900, 300), (1800, 120)),
        case("overrun", 20, 400.0, 0.7, (300, 300), (600, 60)),
    ]
}
