//! The same calls through Kamailio and through Throughline at equal rates, and what each cost.

use std::time::Duration;

use crate::measure::{Plan, Row};
use crate::ours::{self, Ours, Told};
use crate::table::{Table, or_dash, whole};
use crate::theirs::Theirs;
use crate::warm;

#[derive(clap::Args)]
pub struct Flags {
    /// New calls a second; several rates with commas.
    #[arg(long, value_delimiter = ',', default_value = "200")]
    rate: Vec<usize>,
    /// For how long new calls begin.
    #[arg(long, default_value_t = 10)]
    seconds: usize,
    /// From the answer to the end of each call.
    #[arg(long, default_value_t = 100)]
    hold_ms: u64,
    /// How often each side is measured, in turn.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Kamailio keeps dialogs too.
    #[arg(long)]
    dialogs: bool,
    /// Measure one side only.
    #[arg(long)]
    only: Option<Side>,
    /// Let the cores fall asleep between packets, as an idle machine does; the waking is charged to whoever is measured.
    #[arg(long)]
    cold: bool,
    #[command(flatten)]
    ours: ours::Flags,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Side {
    Kamailio,
    Throughline,
}

impl Flags {
    /// For the run that makes every table.
    pub fn for_all() -> Flags {
        Flags {
            rate: vec![50, 500],
            seconds: 10,
            hold_ms: 100,
            rounds: 1,
            dialogs: false,
            only: None,
            cold: false,
            ours: ours::Flags::with_agents(400),
        }
    }
}

/// The table of both sides, and the one of our stages.
pub fn run(flags: &Flags) -> Vec<Table> {
    let _warm = (!flags.cold).then(warm::Loops::start);
    let mut calls = Table::new("calls", &TITLES);
    let mut stages = Table::new("stages", &["calls/s", "stage", "count", "p50 ms", "p99 ms", "p99.9 ms", "max ms"]);
    let mut told = Vec::new();
    for rate in &flags.rate {
        let plan = Plan::new(*rate, flags.seconds, Duration::from_millis(flags.hold_ms));
        for _ in 0..flags.rounds.max(1) {
            let theirs = (flags.only != Some(Side::Throughline)).then(|| Theirs::start(flags.dialogs).round(&plan));
            theirs.iter().for_each(|row| calls.push(their_row(&plan, row, flags.dialogs)));
            if flags.only != Some(Side::Kamailio) {
                let ours = Ours::start(&flags.ours, plan.at_once(), "").round(&plan);
                calls.push(our_row(&plan, &ours, theirs.as_ref()));
                told.push((*rate, ours));
            }
        }
    }
    told.iter().for_each(|(rate, told)| stage_rows(*rate, told, &mut stages));
    told.iter()
        .for_each(|(rate, told)| println!("{rate}/s: levels {:?}, fallen back {:?}", told.levels, told.fallbacks));
    vec![calls, stages]
}

const TITLES: [&str; 12] = [
    "calls/s",
    "side",
    "good",
    "failed",
    "CPU us/call",
    "Redis us/call",
    "CPU ratio",
    "180 p50 ms",
    "180 p99 ms",
    "180 p99.9 ms",
    "registered/s",
    "register CPU us",
];

fn their_row(plan: &Plan, row: &Row, dialogs: bool) -> Vec<String> {
    let name = if dialogs { "Kamailio + dialogs" } else { "Kamailio" };
    let mut cells = vec![plan.rate.to_string(), name.to_owned()];
    cells.extend([row.counted.good.to_string(), row.counted.failed.to_string(), whole(row.cpu_us())]);
    cells.extend(["-".to_owned(), "-".to_owned()]);
    cells.extend([0.5, 0.99, 0.999].map(|quantile| or_dash(row.rang_ms(quantile))));
    cells.extend(["-".to_owned(), "-".to_owned()]);
    cells
}

fn our_row(plan: &Plan, told: &Told, theirs: Option<&Row>) -> Vec<String> {
    let row = &told.row;
    let ratio = theirs.map(|theirs| format!("{:.2}", row.cpu_us() / theirs.cpu_us().max(1.0)));
    let mut cells = vec![plan.rate.to_string(), "Throughline".to_owned()];
    cells.extend([row.counted.good.to_string(), row.counted.failed.to_string(), whole(row.cpu_us())]);
    cells.extend([or_dash(told.redis_us()), or_dash(ratio)]);
    cells.extend([0.5, 0.99, 0.999].map(|quantile| or_dash(row.rang_ms(quantile))));
    cells.extend([whole(told.registered.per_second()), whole(told.registered.cpu_us())]);
    cells
}

fn stage_rows(rate: usize, told: &Told, table: &mut Table) {
    for stage in told.latency["stages"].as_array().into_iter().flatten() {
        let ms = |name: &str| format!("{:.2}", stage[name].as_f64().unwrap_or(0.0) / 1000.0);
        let count = stage["count"].as_u64().unwrap_or(0);
        let name = stage["stage"].as_str().unwrap_or_default().replace('_', " ");
        let [p50, p99, p999, max] = ["p50", "p99", "p99.9", "max"].map(ms);
        table.push(vec![rate.to_string(), name, count.to_string(), p50, p99, p999, max]);
    }
}
