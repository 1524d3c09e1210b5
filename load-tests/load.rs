//! Load: the same calls through Kamailio as a plain proxy and through Throughline, and what each cost.

#[path = "load/measure.rs"]
mod measure;
#[path = "load/numbers.rs"]
mod numbers;
#[path = "load/ours.rs"]
mod ours;
#[path = "load/warm.rs"]
mod warm;

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use measure::{Plan, Row};
use ours::{Ours, Told};

#[derive(Parser)]
struct Flags {
    /// New calls a second.
    #[arg(long, default_value_t = 200)]
    rate: usize,
    /// For how long new calls begin.
    #[arg(long, default_value_t = 10)]
    seconds: usize,
    /// From the answer to the end of each call.
    #[arg(long, default_value_t = 100)]
    hold_ms: u64,
    /// How often each side is measured, in turn.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Agents at auto desks; enough that no call waits for one.
    #[arg(long, default_value_t = 200)]
    agents: usize,
    /// How long an auto desk writes after each call.
    #[arg(long, default_value_t = 50)]
    wrap_up_ms: u64,
    /// Keep intents in the server's own file, not in a Redis.
    #[arg(long)]
    embedded: bool,
    /// Intents registered a second, before the calls.
    #[arg(long, default_value_t = 1000)]
    register_rate: usize,
    /// The server; without it the one that stands beside this program.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Measure one side only.
    #[arg(long)]
    only: Option<Side>,
    /// Let the cores fall asleep between packets, as an idle machine does; the waking is charged to whoever is measured.
    #[arg(long)]
    cold: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Side {
    Kamailio,
    Throughline,
}

fn main() {
    let flags = Flags::parse();
    let plan = Plan { rate: flags.rate, count: flags.rate * flags.seconds, hold: Duration::from_millis(flags.hold_ms) };
    let ours = Ours {
        program: flags.program.clone().unwrap_or_else(beside_this_program),
        agents: flags.agents,
        wrap_up_ms: flags.wrap_up_ms,
        redis: !flags.embedded,
        register_rate: flags.register_rate,
    };
    let _warm = (!flags.cold).then(warm::Loops::start);
    println!("{} calls at {} a second, each held for {} ms", plan.count, plan.rate, flags.hold_ms);
    for _ in 0..flags.rounds {
        let theirs = (flags.only != Some(Side::Throughline)).then(|| measure::kamailio(&plan));
        let ours = (flags.only != Some(Side::Kamailio)).then(|| ours::measure(&ours, &plan));
        report(theirs.as_ref(), ours.as_ref());
    }
}

/// The example lies in `examples/`, one below the server.
fn beside_this_program() -> PathBuf {
    let here = std::env::current_exe().expect("this program has a path");
    here.ancestors().nth(2).expect("a folder above examples").join("throughline")
}

fn report(theirs: Option<&Row>, ours: Option<&Told>) {
    println!("\n{}", Row::TITLES);
    theirs.inspect(|row| println!("{row}"));
    let Some(told) = ours else { return };
    println!("{}", told.row);
    if let Some(row) = theirs {
        println!("ratio        {:>30.2}", told.row.cpu_per_call_us() / row.cpu_per_call_us().max(1.0));
    }
    let calls = told.row.counted.good.max(1);
    told.redis_cpu.inspect(|cpu| println!("Redis beside it {:>27.0}", cpu.as_micros() as f64 / calls as f64));
    println!(
        "server memory {} KiB; last calls by level {:?}, fallen back {:?}",
        told.memory_kib, told.levels, told.fallbacks
    );
    println!("\n{:<24} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9}", "stage, us", "count", "p50", "p90", "p99", "p99.9", "max");
    for stage in told.latency["stages"].as_array().into_iter().flatten() {
        let number = |name: &str| stage[name].as_f64().unwrap_or(0.0);
        let name = stage["stage"].as_str().unwrap_or_default();
        let [p50, p90, p99, p999, max] = ["p50", "p90", "p99", "p99.9", "max"].map(number);
        println!("{name:<24} {:>8} {p50:>9.0} {p90:>9.0} {p99:>9.0} {p999:>9.0} {max:>9.0}", number("count"));
    }
}
