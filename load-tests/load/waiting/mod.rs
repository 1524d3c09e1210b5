//! Callers who wait with music: what a packet costs the media workers, beside threads that send the same packets and do nothing else.

mod bare;
mod music;
mod sink;
mod threads;

use std::time::Duration;

use crate::descriptors;
use crate::relay::pinned;
use crate::table::{Table, three_decimals, two_decimals};
use crate::warm;

#[derive(clap::Args)]
pub struct Flags {
    /// How many callers wait at once; each has two ports of its own.
    #[arg(long, value_delimiter = ',', default_values_t = CALLERS)]
    callers: Vec<usize>,
    /// For how long each is measured: short, so that whatever else the machine does meets all of them.
    #[arg(long, default_value_t = 1)]
    seconds: u64,
    /// How often each is measured, in turn; the table has the medians.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

/// The callers of one row, spread over so many threads, of ours and of the others alike.
#[derive(Clone, Copy)]
struct Plan {
    callers: usize,
    threads: usize,
    measured: Duration,
}

/// What it came to.
#[derive(Clone, Copy)]
struct Cost {
    packets: u64,
    /// Of CPU, a packet.
    us: f64,
}

const CALLERS: [usize; 4] = [500, 2_000, 5_000, 10_000];
/// What one thread can send for, with something to spare.
const CALLERS_A_THREAD: usize = 4_000;
/// RTP of 20 ms in G.711, each packet of the same octets: PCMU.
const PACKET: [u8; 172] = [0x80; 172];
const PACE: Duration = Duration::from_millis(20);
const SPARE_DESCRIPTORS: usize = 100;

impl Flags {
    pub fn for_all() -> Flags {
        Flags { callers: CALLERS.to_vec(), seconds: 4, rounds: 1 }
    }
}

pub fn run(flags: &Flags) -> Table {
    let most = callers_allowed();
    let _warm = warm::Loops::start();
    let titles = [
        "waiting",
        "threads",
        "packets/s",
        "of them sent",
        "CPU us a packet",
        "same times us",
        "flat out us",
        "to same times",
        "to flat out",
    ];
    let mut table = Table::new("waiting", &titles);
    for asked in &flags.callers {
        let callers = &most.min(*asked);
        let threads = callers.div_ceil(CALLERS_A_THREAD).min(pinned::cores());
        table.push(row(
            &Plan { callers: *callers, threads, measured: Duration::from_secs(flags.seconds) },
            flags.rounds,
        ));
    }
    table
}

fn row(plan: &Plan, rounds: usize) -> Vec<String> {
    let measure: [fn(&Plan) -> Cost; 3] = [music::cost, bare::cost_in_time, bare::cost_flat_out];
    let mut costs = measure.map(|_| Vec::new());
    for _ in 0..rounds.max(1) {
        costs.iter_mut().zip(measure).for_each(|(costs, measure)| costs.push(measure(plan)));
    }
    let [ours, in_time, flat_out] = costs.map(median);
    let mut row = vec![plan.callers.to_string(), plan.threads.to_string(), plan.per_second().to_string()];
    row.push(three_decimals(ours.packets as f64 / plan.packets() as f64));
    row.extend([ours.us, in_time.us, flat_out.us, ours.us / in_time.us, ours.us / flat_out.us].map(two_decimals));
    row
}

fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by(|one, other| one.us.total_cmp(&other.us));
    costs[costs.len() / 2]
}

impl Plan {
    fn per_second(&self) -> u64 {
        (self.callers as f64 / PACE.as_secs_f64()) as u64
    }

    /// In the measured time.
    fn packets(&self) -> u64 {
        (self.per_second() as f64 * self.measured.as_secs_f64()) as u64
    }
}

impl Cost {
    fn new(packets: u64, cpu: Duration) -> Cost {
        Cost { packets, us: cpu.as_secs_f64() * 1e6 / packets.max(1) as f64 }
    }
}

/// As many as there may be descriptors for: two each, and some for all else.
fn callers_allowed() -> usize {
    descriptors::allowed().saturating_sub(SPARE_DESCRIPTORS) / 2
}
