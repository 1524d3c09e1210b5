//! `throughline simulate`: worlds in virtual time, by seed, and what must not have been in them.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::sim::{self, Counts, FaultLevel, Report, Scenario};

/// The flags of `throughline simulate`.
#[derive(Clone, Debug, clap::Args)]
pub struct SimulateArgs {
    /// The seed of the (first) world: the same number is the same world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Calls in each world.
    #[arg(long, default_value_t = 100)]
    calls: u32,
    /// Agents in each world.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=900))]
    agents: u32,
    /// How much goes wrong: none, some or many.
    #[arg(long, default_value = "some", value_parser = read_level)]
    faults: FaultLevel,
    /// How many worlds, with this seed and the following ones.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
}

fn read_level(text: &str) -> Result<FaultLevel, String> {
    FaultLevel::parse(text).ok_or_else(|| "one of none, some, many".to_owned())
}

/// Runs the worlds and prints what came of them; 1 when something was that must not be.
pub fn run(args: &SimulateArgs) -> ExitCode {
    let began = Instant::now();
    let mut sum = Sum::default();
    for seed in (args.seed..).take(usize::try_from(args.seeds).unwrap_or(usize::MAX)) {
        let scenario = Scenario { seed, calls: args.calls, agents: args.agents, faults: args.faults };
        let report = sim::run(scenario);
        sum.add(&report);
        if !report.violations.is_empty() {
            print_violations(&report);
            return ExitCode::FAILURE;
        }
    }
    sum.print(args, began.elapsed());
    ExitCode::SUCCESS
}

#[derive(Default)]
struct Sum {
    counts: Counts,
    worlds: u64,
    inputs: u64,
    outputs: u64,
    lasted: Duration,
    digest: u64,
}

impl Sum {
    fn add(&mut self, report: &Report) {
        self.counts.add(&report.counts);
        self.worlds += 1;
        self.inputs += report.inputs;
        self.outputs += report.outputs;
        self.lasted += report.lasted;
        self.digest = self.digest.rotate_left(1) ^ report.digest;
    }

    fn print(&self, args: &SimulateArgs, took: Duration) {
        println!("worlds    {} from seed {}, faults: {}", self.worlds, args.seed, args.faults.as_str());
        print!("{}", self.counts);
        println!("inputs    {}, outputs {}, digest {:016x}", self.inputs, self.outputs, self.digest);
        let per_s = self.counts.admitted as f64 / took.as_secs_f64().max(1e-9);
        println!(
            "time      {:.0} s in the worlds, {:.2} s here, {per_s:.0} calls a second",
            self.lasted.as_secs_f64(),
            took.as_secs_f64(),
        );
        println!("nothing that must not be");
    }
}

fn print_violations(report: &Report) {
    let scenario = report.scenario;
    println!("VIOLATED");
    for violation in &report.violations {
        println!("  {violation}");
    }
    println!(
        "again with: throughline simulate --seed {} --calls {} --agents {} --faults {}",
        scenario.seed,
        scenario.calls,
        scenario.agents,
        scenario.faults.as_str()
    );
}
