//! `throughline simulate`: worlds in virtual time, by seed, and what must not have been in them.

mod pools;
mod queues;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::sim::{self, Counts, FaultLevel, Kinds, More, Report, Scenario};

/// The flags of `throughline simulate`.
#[derive(Clone, Debug, clap::Args)]
pub struct SimulateArgs {
    /// The seed of the (first) world: the same number is the same world
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Calls in each world
    #[arg(long, default_value_t = 100)]
    calls: u32,
    /// Agents in each world
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=900))]
    agents: u32,
    /// How much goes wrong: none, some or many
    #[arg(long, default_value = "some", value_parser = read_level)]
    faults: FaultLevel,
    /// Which kinds of fault there are, with commas between them; all when it is not given
    #[arg(long, value_name = "KINDS", value_parser = read_kinds, long_help = kinds_help())]
    only: Option<Kinds>,
    /// What people do more often than usual, or for longer: nothing, talk, callbacks or transfers
    #[arg(long, default_value = "nothing", value_parser = read_more)]
    more: More,
    /// How many worlds, with this seed and the following ones; or from where to where, as 1..2000
    #[arg(long, default_value = "1", value_name = "COUNT|FROM..TO", value_parser = read_seeds)]
    seeds: Seeds,
    /// How many worlds run at a time
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=64))]
    jobs: u64,
    /// Plays queues instead: waiting times beside those of Erlang, expected waits beside what came of them
    #[arg(long, conflicts_with = "pools")]
    queues: bool,
    /// Plays pools of numbers instead: what is promised of them beside what is measured
    #[arg(long)]
    pools: bool,
    /// With --pools: a configuration, whose pools are played; without it some built-in loads
    #[arg(long, value_name = "FILE", requires = "pools")]
    config: Option<PathBuf>,
}

/// Of many worlds, how often is said how far it is.
const TOLD_EVERY: u64 = 500;

/// What `--seeds` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seeds {
    Count(u64),
    /// Both ends are among them.
    Range(u64, u64),
}

fn read_level(text: &str) -> Result<FaultLevel, String> {
    FaultLevel::parse(text).ok_or_else(|| "one of none, some, many".to_owned())
}

fn read_more(text: &str) -> Result<More, String> {
    More::parse(text).ok_or_else(|| "one of nothing, talk, callbacks, transfers".to_owned())
}

fn read_kinds(text: &str) -> Result<Kinds, String> {
    Kinds::parse(text).map_err(|name| format!("{name} is none of {}", Kinds::names()))
}

fn kinds_help() -> String {
    format!("Which kinds of fault there are, with commas between them; all when it is not given:\n{}", Kinds::names())
}

fn read_seeds(text: &str) -> Result<Seeds, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|_| "a number, or two as in 1..2000".to_owned());
    match text.split_once("..") {
        None => Ok(Seeds::Count(number(text)?)),
        Some((from, to)) => Ok(Seeds::Range(number(from)?, number(to.trim_start_matches('='))?)),
    }
}

impl SimulateArgs {
    /// The first seed, and how many.
    fn worlds(&self) -> (u64, u64) {
        match self.seeds {
            Seeds::Count(count) => (self.seed, count),
            Seeds::Range(from, to) => (from, (to + 1).saturating_sub(from)),
        }
    }

    fn scenario(&self, seed: u64) -> Scenario {
        let kinds = self.only.unwrap_or(Kinds::ALL);
        Scenario { seed, calls: self.calls, agents: self.agents, faults: self.faults, kinds, more: self.more }
    }
}

/// Runs the worlds and prints what came of them; 1 when something was that must not be.
pub fn run(args: &SimulateArgs) -> ExitCode {
    if args.queues {
        return queues::run(args.seed);
    }
    if args.pools {
        return pools::run(args.seed, args.config.as_deref());
    }
    let began = Instant::now();
    let mut sum = Sum::default();
    let mut bad = None;
    each_in_order(args, |report| {
        if !report.violations.is_empty() {
            bad = Some(report);
            return false;
        }
        sum.add(&report);
        if sum.worlds.is_multiple_of(TOLD_EVERY) {
            eprintln!("{} of {} worlds, {:.0} s", sum.worlds, args.worlds().1, began.elapsed().as_secs_f64());
        }
        true
    });
    match bad {
        Some(report) => {
            print_violations(args, &report);
            println!("the {} worlds before it, from seed {} on, had nothing wrong", sum.worlds, args.worlds().0);
            ExitCode::FAILURE
        }
        None => {
            sum.print(args, began.elapsed());
            ExitCode::SUCCESS
        }
    }
}

/// Runs the worlds, several at a time, and hands them over by seed until `take` has had enough.
fn each_in_order(args: &SimulateArgs, mut take: impl FnMut(Report) -> bool) {
    let (first, count) = args.worlds();
    let (next, enough) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (sender, reports) = mpsc::channel();
        for _ in 0..args.jobs {
            let (sender, next, enough) = (sender.clone(), &next, &enough);
            scope.spawn(move || {
                while !enough.load(Ordering::Relaxed) {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= count || sender.send((nth, play(args, first + nth))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early: BTreeMap<u64, Report> = BTreeMap::new();
        let mut due = 0;
        for (nth, report) in reports {
            early.insert(nth, report);
            while let Some(report) = early.remove(&due) {
                due += 1;
                if !take(report) {
                    return enough.store(true, Ordering::Relaxed);
                }
            }
        }
    });
}

/// A world in which the program itself breaks is known by its seed, too.
fn play(args: &SimulateArgs, seed: u64) -> Report {
    let scenario = args.scenario(seed);
    std::panic::catch_unwind(|| sim::run(scenario)).unwrap_or_else(|panic| {
        println!("VIOLATED\n  seed {seed}: the program has panicked\n{}", again(args, scenario));
        std::panic::resume_unwind(panic)
    })
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
        println!("worlds    {} from seed {}, faults: {}", self.worlds, args.worlds().0, args.faults.as_str());
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

fn print_violations(args: &SimulateArgs, report: &Report) {
    println!("VIOLATED");
    for violation in &report.violations {
        println!("  {violation}");
    }
    println!("{}", again(args, report.scenario));
}

/// How to see this world once more.
fn again(args: &SimulateArgs, Scenario { seed, calls, agents, faults, kinds: _, more }: Scenario) -> String {
    let (faults, more) = (faults.as_str(), more.as_str());
    let only = args.only.map(|kinds| format!(" --only {kinds}")).unwrap_or_default();
    format!(
        "again with: throughline simulate --seed {seed} --calls {calls} --agents {agents} --faults {faults} --more {more}{only}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_count_or_a_range() {
        assert_eq!(read_seeds("20"), Ok(Seeds::Count(20)));
        assert_eq!(read_seeds("5..7"), Ok(Seeds::Range(5, 7)));
        assert!(read_seeds("5..").is_err() && read_seeds("many").is_err());
    }

    #[test]
    fn several_at_a_time_are_the_same_worlds_in_the_same_order() {
        let digests = |jobs| {
            let args = SimulateArgs {
                seed: 1,
                calls: 4,
                agents: 2,
                faults: FaultLevel::Some,
                only: None,
                more: More::Nothing,
                seeds: Seeds::Range(3, 8),
                jobs,
                queues: false,
                pools: false,
                config: None,
            };
            let mut digests = Vec::new();
            each_in_order(&args, |report| {
                digests.push((report.scenario.seed, report.digest));
                digests.len() < 5
            });
            digests
        };
        assert_eq!(digests(1).len(), 5);
        assert_eq!(digests(1), digests(3));
    }

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: SimulateArgs,
    }

    fn parse(line: &str) -> SimulateArgs {
        let line = line.strip_prefix("again with: throughline ").expect("a command");
        <Line as clap::Parser>::try_parse_from(line.split(' ')).expect("flags that there are").args
    }

    #[test]
    fn what_is_printed_plays_the_same_world_again() {
        for only in ["", " --only store-never,ack-late"] {
            let args = parse(&format!(
                "again with: throughline simulate --seeds 4..9 --calls 7 --agents 3 --faults many --more talk{only}"
            ));
            let scenario = args.scenario(6);
            let again = parse(&again(&args, scenario));
            assert_eq!((again.worlds(), again.scenario(6)), ((6, 1), scenario));
        }
    }
}
