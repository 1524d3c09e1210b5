//! `throughline simulate --pools`: what a pool of numbers promises, beside what is measured of it.

use std::path::Path;
use std::process::ExitCode;

use crate::app::check;
use crate::calls::settings::PoolPlan;
use crate::intents::promise::Bounds;
use crate::sim::pools::{self, Measured, PoolCase, PoolEffort, PoolReport};

const RUNS: u32 = 20;
const INTENTS: u32 = 20_000;

/// The pools of a configuration, or else the built-in loads; 1 when a promise is outside the interval of what was measured.
pub(super) fn run(seed: u64, config: Option<&Path>) -> ExitCode {
    let cases = match config {
        None => pools::cases(),
        Some(file) => match check::read(file) {
            Some((plan, _)) => plan.settings.pools.iter().filter_map(case).collect(),
            None => return ExitCode::from(check::WRONG),
        },
    };
    if cases.is_empty() {
        eprintln!(
            "no pool of this configuration has a promise; write one as sip-configs/throughline.example.toml shows"
        );
        return ExitCode::from(check::WRONG);
    }
    println!("{RUNS} runs of {INTENTS} intents, seed {seed}; parts with the interval that holds 99 of 100 times");
    let agree: Vec<bool> =
        cases.iter().map(|case| print(&pools::play(case, PoolEffort { seed, runs: RUNS, intents: INTENTS }))).collect();
    if agree.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn case(pool: &PoolPlan) -> Option<PoolCase> {
    let promise = pool.promise.as_ref()?;
    Some(PoolCase {
        name: pool.pool.to_string(),
        numbers: pool.numbers.len(),
        traffic: promise.promise.traffic,
        lives: promise.derived.lives,
        quarantine: promise.derived.quarantine,
    })
}

/// Whether all that was promised is in the intervals.
fn print(report: &PoolReport) -> bool {
    let PoolCase { name, numbers, traffic, lives, quarantine } = &report.case;
    println!(
        "\n{name}: {numbers} numbers, {} intents an hour, {:.0} % dial after {} s, calls of {} s; lease {}, quarantine {} s",
        traffic.per_hour,
        traffic.dials * 100.0,
        traffic.mean_delay.as_secs(),
        traffic.mean_call.as_secs(),
        lease(*lives),
        quarantine.as_secs(),
    );
    let promised = &report.promised;
    let rows = [
        ("wrong context", promised.wrong_context, &report.wrong_context),
        ("no number free", promised.empty, &report.empty),
        ("dialled late", promised.late, &report.late),
    ];
    let is_exact = lives.is_one();
    rows.into_iter().fold(true, |agree, (what, promised, measured)| row(what, promised, measured, is_exact) && agree)
}

/// Where sites choose, what is promised is the most that can come of it.
fn lease(lives: Bounds) -> String {
    let (shortest, longest) = (lives.shortest.as_secs(), lives.longest.as_secs());
    if lives.is_one() { format!("{shortest} s") } else { format!("{shortest} to {longest} s, as sites ask (at most)") }
}

fn row(what: &str, promised: f64, measured: &Measured, is_exact: bool) -> bool {
    let holds = if is_exact { measured.holds(promised) } else { measured.is_within(promised) };
    let Measured { part, low, high, times, of } = measured;
    let verdict = if holds { "" } else { "  OUTSIDE" };
    println!(
        "  {what:<15} promised {promised:.3e}   measured {part:.3e}  [{low:.3e}, {high:.3e}]  {times} of {of}{verdict}"
    );
    holds
}
