//! How many calls a second each side carries at most: the rate rises until calls fail.

use std::time::Duration;

use crate::calls::Side;
use crate::measure::Plan;
use crate::ours::{self, Ours};
use crate::table::{Table, or_dash, whole};
use crate::theirs::Theirs;

#[derive(clap::Args)]
pub struct Flags {
    /// The first rate.
    #[arg(long, default_value_t = 600)]
    from: usize,
    /// The last one.
    #[arg(long, default_value_t = 6000)]
    to: usize,
    /// For how long each rate is held.
    #[arg(long, default_value_t = 4)]
    seconds: usize,
    /// From the answer to the end of each call.
    #[arg(long, default_value_t = 100)]
    hold_ms: u64,
    /// Kamailio keeps dialogs too.
    #[arg(long)]
    dialogs: bool,
    /// Measure one side only.
    #[arg(long)]
    only: Option<Side>,
    #[command(flatten)]
    ours: ours::Flags,
}

/// One rate of one side.
struct Step {
    good: usize,
    failed: usize,
    /// How long the calls took altogether, against how long they should have.
    held: bool,
    cpu_us: f64,
    p99: Option<String>,
}

/// Each rate is so much higher than the one before, in percent; after a failure, half way back once.
const RISE: usize = 125;
/// More calls than these would need more numbers and callers than there are.
const CALLS_MAX: usize = 20_000;

impl Flags {
    /// For the run that makes every table.
    pub fn for_all() -> Flags {
        Flags {
            from: 750,
            to: 6000,
            seconds: 4,
            hold_ms: 100,
            dialogs: false,
            only: None,
            ours: ours::Flags { register_rate: 4000, ..ours::Flags::with_agents(1000) },
        }
    }
}

pub fn run(flags: &Flags) -> Table {
    let titles = ["side", "calls/s", "good", "failed", "all held", "CPU us/call", "180 p99 ms"];
    let mut table = Table::new("most", &titles);
    if flags.only != Some(Side::Throughline) {
        let mut theirs = Theirs::start(flags.dialogs);
        climb("Kamailio", flags, &mut table, |plan| {
            let row = theirs.round(plan);
            let held = row.counted.failed == 0;
            Step {
                good: row.counted.good,
                failed: row.counted.failed,
                held,
                cpu_us: row.cpu_us(),
                p99: row.rang_ms(0.99),
            }
        });
    }
    if flags.only != Some(Side::Kamailio) {
        let mut ours = Ours::start(&flags.ours, CALLS_MAX / 4, "");
        climb("Throughline", flags, &mut table, |plan| {
            let told = ours.round(plan);
            let row = &told.row;
            let held = told.all_routed();
            Step {
                good: row.counted.good,
                failed: row.counted.failed,
                held,
                cpu_us: row.cpu_us(),
                p99: row.rang_ms(0.99),
            }
        });
    }
    table
}

fn climb(side: &str, flags: &Flags, table: &mut Table, mut round: impl FnMut(&Plan) -> Step) {
    let mut try_rate = |rate: usize| {
        let mut plan = Plan::new(rate, flags.seconds, Duration::from_millis(flags.hold_ms));
        plan.count = plan.count.min(CALLS_MAX);
        let step = round(&plan);
        let held = if step.held { "yes" } else { "no" };
        let cells = [side.to_owned(), rate.to_string(), step.good.to_string(), step.failed.to_string()];
        table.push([&cells[..], &[held.to_owned(), whole(step.cpu_us), or_dash(step.p99)]].concat());
        step.held
    };
    let mut best = 0;
    let mut rate = flags.from;
    while rate <= flags.to && try_rate(rate) {
        best = rate;
        rate = rate * RISE / 100;
    }
    if best > 0 && rate <= flags.to {
        try_rate((best + rate) / 2);
    }
}
