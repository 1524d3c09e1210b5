//! What a held call costs in memory, on each side.

use std::thread;
use std::time::Duration;

use crate::calls::Side;
use crate::measure::Plan;
use crate::memory;
use crate::ours::{self, Ours};
use crate::support::process::eventually;
use crate::support::sipp::Sipp;
use crate::table::{Table, one_decimal, whole};
use crate::theirs::Theirs;

#[derive(clap::Args)]
pub struct Flags {
    /// Calls held in the end; measured at half of them and at all.
    #[arg(long, default_value_t = 2000)]
    calls: usize,
    /// How many begin in a second.
    #[arg(long, default_value_t = 200)]
    rate: usize,
    /// How long after the last answer it is measured: what transactions keep for 32 s is over after 34.
    #[arg(long, default_value_t = 0)]
    later_s: u64,
    /// Kamailio keeps dialogs too.
    #[arg(long)]
    dialogs: bool,
    /// Measure one side only.
    #[arg(long)]
    only: Option<Side>,
}

/// Longer than the measuring takes; whoever measures ends them.
const LONG: Duration = Duration::from_secs(600);
/// As many calls come and go before, and so long passes after them: what a call's beginning costs for the 32 s of its transactions
/// is then there already, and is not counted as the cost of holding it. A proxy forgets within 5 s.
const SHORT: Duration = Duration::from_millis(50);
const OVER: Duration = Duration::from_secs(34);
const OVER_PROXY: Duration = Duration::from_secs(7);

impl Flags {
    /// For the run that makes every table.
    pub fn for_all() -> Flags {
        Flags { calls: 2000, rate: 250, later_s: 0, dialogs: false, only: None }
    }
}

pub fn run(flags: &Flags) -> Table {
    let mut table =
        Table::new("hold", &["side", "calls held", "memory KiB", "KiB/call since none", "KiB/call of the second half"]);
    let half = Plan { rate: flags.rate, count: flags.calls / 2, hold: LONG };
    let first = Plan { rate: flags.rate, count: flags.calls, hold: SHORT };
    let later = Duration::from_secs(flags.later_s);
    if flags.only != Some(Side::Throughline) {
        for dialogs in if flags.dialogs { vec![true] } else { vec![false, true] } {
            let mut theirs = Theirs::start(dialogs);
            theirs.round(&first);
            thread::sleep(OVER_PROXY);
            let pid = theirs.pid();
            let name = if dialogs { "Kamailio + dialogs" } else { "Kamailio" };
            measured(name, (&half, later), &mut table, || memory::kib(pid), |nth| theirs.hold(nth, &half));
        }
    }
    if flags.only != Some(Side::Kamailio) {
        let mut ours = Ours::start(&ours::Flags::with_agents(flags.calls + 50), flags.calls + 200, "");
        ours.round(&first);
        thread::sleep(OVER);
        let pid = ours.pid();
        measured(
            "Throughline",
            (&half, later),
            &mut table,
            || memory::kib(pid),
            |nth| ours.hold(nth, "delivery", &half),
        );
    }
    table
}

fn measured(
    side: &str,
    (half, later): (&Plan, Duration),
    table: &mut Table,
    kib: impl Fn() -> u64,
    mut hold: impl FnMut(&str) -> Sipp,
) {
    let before = kib();
    let mut halves = Vec::new();
    let mut last = before;
    for nth in ["first", "second"] {
        let carrier = hold(nth);
        all_held(&carrier, half);
        thread::sleep(later);
        halves.push(carrier);
        let (now, calls) = (kib(), half.count * halves.len());
        let each = |from: u64, calls: usize| one_decimal(now.saturating_sub(from) as f64 / calls.max(1) as f64);
        let of_half = if nth == "second" { each(last, half.count) } else { "-".to_owned() };
        table.push(vec![side.to_owned(), whole(calls as f64), now.to_string(), each(before, calls), of_half]);
        last = now;
    }
}

/// Waits until all have been answered; a call that ends early is a fault of the measurement.
pub fn all_held(carrier: &Sipp, plan: &Plan) {
    let planned = Duration::from_secs((plan.count / plan.rate.max(1)) as u64);
    thread::sleep(planned + Duration::from_secs(1));
    eventually("calls that are held", Duration::from_secs(30), || {
        (carrier.in_progress() == plan.count && carrier.counted().good == 0).then_some(())
    });
    thread::sleep(Duration::from_secs(1));
}
