//! Load: the same calls through Kamailio as a plain proxy and through Throughline, and what each cost.

#[path = "load/measure.rs"]
mod measure;
#[path = "load/numbers.rs"]
mod numbers;
#[path = "load/warm.rs"]
mod warm;

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use clap::Parser;

use measure::{Plan, Row};

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
    /// Let the cores fall asleep between packets, as an idle machine does; the waking is charged to whoever is measured.
    #[arg(long)]
    cold: bool,
}

fn main() {
    let flags = Flags::parse();
    let plan = Plan { rate: flags.rate, count: flags.rate * flags.seconds, hold: Duration::from_millis(flags.hold_ms) };
    let _warm = (!flags.cold).then(warm::Loops::start);
    println!("{} calls at {} a second, each held for {} ms", plan.count, plan.rate, flags.hold_ms);
    println!("{}", Row::TITLES);
    for _ in 0..flags.rounds {
        println!("{}", measure::kamailio(&plan));
    }
}
