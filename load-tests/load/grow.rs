//! How the figures grow: with the rate, live intents, agents, waiting and held calls. One table each, for the plots.

use std::time::Duration;

use crate::measure::Plan;
use crate::memory;
use crate::ours::{Flags as Setting, Ours, Told};
use crate::registering;
use crate::staying::Kind;
use crate::support::redis::RedisServer;
use crate::table::{Table, one_decimal, or_dash, whole};
use crate::theirs::Theirs;
use crate::warm;

#[derive(clap::Args)]
pub struct Flags {
    /// With what; all of them when not said.
    #[arg(long, value_delimiter = ',')]
    with: Vec<What>,
    /// For how long new calls begin at each point.
    #[arg(long, default_value_t = 5)]
    seconds: usize,
    /// Leave out the points beyond.
    #[arg(long, default_value_t = usize::MAX)]
    up_to: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    Rate,
    Intents,
    Agents,
    Waiting,
    Held,
}

const ALL: [What; 5] = [What::Rate, What::Intents, What::Agents, What::Waiting, What::Held];
const HOLD: Duration = Duration::from_millis(100);
const RATES: [usize; 5] = [100, 200, 500, 1_000, 1_500];
/// The last is all that one server takes, less room for the calls of the measurement.
const INTENTS: [usize; 4] = [1_000, 10_000, 100_000, 985_000];
const AGENTS: [usize; 4] = [10, 100, 1_000, 10_000];
const WAITING: [usize; 4] = [0, 10, 100, 1_000];
const HELD: [usize; 4] = [0, 1_000, 2_000, 4_000];
/// Ten agents carry it.
const SLOW: usize = 40;
const USUAL: usize = 200;

impl Flags {
    /// For the run that makes every table, one table each.
    pub fn for_all() -> impl Iterator<Item = Flags> {
        ALL.into_iter().map(|what| Flags { with: vec![what], seconds: 4, up_to: usize::MAX })
    }

    fn points(&self, all: &[usize]) -> impl Iterator<Item = usize> {
        all.iter().copied().filter(|point| *point <= self.up_to)
    }
}

/// Writes each table as soon as it is whole.
pub fn run(flags: &Flags, write: impl Fn(&Table)) {
    let _warm = warm::Loops::start();
    let wanted = if flags.with.is_empty() { &ALL[..] } else { &flags.with };
    for what in wanted {
        write(&match what {
            What::Rate => with_rate(flags),
            What::Intents => with_intents(flags),
            What::Agents => with_agents(flags),
            What::Waiting => with_staying(Kind::Waiting, "grow-waiting", &WAITING, flags),
            What::Held => with_staying(Kind::Held, "grow-held", &HELD, flags),
        });
    }
}

fn with_rate(flags: &Flags) -> Table {
    let titles = [
        "calls/s",
        "Kamailio CPU us",
        "Kamailio failed",
        "Kamailio 180 p50 ms",
        "Kamailio 180 p99 ms",
        "CPU us",
        "failed",
        "180 p50 ms",
        "180 p99 ms",
        "pop p50 ms",
        "pop p99 ms",
    ];
    let mut table = Table::new("grow-rate", &titles);
    for rate in flags.points(&RATES) {
        let plan = Plan::new(rate, flags.seconds, HOLD);
        let theirs = Theirs::start(false).round(&plan);
        let told = Ours::start(&Setting::with_agents(USUAL.max(rate / 2)), plan.at_once(), "").round(&plan);
        let mut row = vec![rate.to_string(), whole(theirs.cpu_us()), theirs.counted.failed.to_string()];
        row.extend([0.5, 0.99].map(|quantile| or_dash(theirs.rang_ms(quantile))));
        row.extend(ours(&told));
        table.push(row);
    }
    table
}

fn with_intents(flags: &Flags) -> Table {
    let mut titles = vec!["intents", "loaded/s", "registered/s", "register p50 ms", "register p99 ms", "Redis MiB"];
    titles.extend(["match p50 ms", "match p99 ms", "Redis us/call"]);
    let mut table = Table::new("grow-intents", &with_ours(titles));
    for intents in flags.points(&INTENTS) {
        let redis = RedisServer::start();
        let loaded = registering::load(&redis.url(), intents);
        let plan = Plan::new(USUAL, flags.seconds, HOLD);
        let setting = Setting { register_rate: usize::MAX, ..Setting::with_agents(USUAL) };
        let mut side = Ours::beside(Some(redis), &setting, plan.at_once(), "");
        let told = side.round(&plan);
        let redis_kib = side.redis.as_ref().map_or(0, |redis| memory::kib(redis.pid()));
        let mut row = vec![intents.to_string(), whole(loaded.per_second()), whole(told.registered.per_second())];
        row.extend([told.registered.ms(0.5), told.registered.ms(0.99), whole(redis_kib as f64 / 1024.0)]);
        row.extend(["p50", "p99"].map(|value| or_dash(told.stage_ms("invite_to_match", value))));
        row.push(or_dash(told.redis_us()));
        row.extend(ours(&told));
        table.push(row);
    }
    table
}

fn with_agents(flags: &Flags) -> Table {
    let mut table = Table::new("grow-agents", &with_ours(vec!["agents", "server MiB", "grant p50 ms", "grant p99 ms"]));
    for agents in flags.points(&AGENTS) {
        let plan = Plan::new(SLOW, flags.seconds, HOLD);
        let mut side = Ours::start(&Setting::with_agents(agents), plan.at_once(), "");
        let told = side.round(&plan);
        let mut row = vec![agents.to_string(), mib(&mut side)];
        row.extend(["p50", "p99"].map(|value| or_dash(told.stage_ms("invite_to_grant", value))));
        row.extend(ours(&told));
        table.push(row);
    }
    table
}

/// The usual calls while others stay.
fn with_staying(kind: Kind, name: &'static str, counts: &[usize], flags: &Flags) -> Table {
    let mut table = Table::new(name, &with_ours(vec![kind.as_str(), "server MiB"]));
    let plan = Plan::new(USUAL, flags.seconds, HOLD);
    let mut counts: Vec<usize> = flags.points(counts).map(|count| kind.allowed(count, &plan, USUAL)).collect();
    counts.dedup();
    for count in counts {
        let (mut side, staying) = kind.begin(count, &plan, USUAL);
        let memory = mib(&mut side);
        let told = side.round(&plan);
        staying.check(&side);
        let mut row = vec![count.to_string(), memory];
        row.extend(ours(&told));
        table.push(row);
    }
    table
}

fn with_ours(mut titles: Vec<&'static str>) -> Vec<&'static str> {
    titles.extend(["CPU us", "failed", "180 p50 ms", "180 p99 ms", "pop p50 ms", "pop p99 ms"]);
    titles
}

fn ours(told: &Told) -> Vec<String> {
    let row = &told.row;
    let mut cells =
        vec![whole(row.cpu_us()), (row.counted.failed + told.fallbacks.values().sum::<usize>()).to_string()];
    cells.extend([0.5, 0.99].map(|quantile| or_dash(row.rang_ms(quantile))));
    cells.extend(["p50", "p99"].map(|value| or_dash(told.stage_ms("invite_to_pop_sent", value))));
    cells
}

fn mib(side: &mut Ours) -> String {
    one_decimal(memory::kib(side.pid()) as f64 / 1024.0)
}
