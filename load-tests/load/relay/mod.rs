//! Our relay beside rtpengine: the same sound of the same calls through each in turn, on a core of its own.

pub mod alone;
mod bencode;
mod generator;
mod ours;
pub mod pinned;
pub mod rtpengine;
mod sealed;

use std::net::SocketAddr;
use std::time::Duration;

use throughline::sdp::SrtpKeys;

use crate::support::folder::Folder;
use crate::support::process::Process;
use crate::table::{Table, one_decimal, three_decimals};
use crate::warm;
use generator::{Heard, Load, Phones};

/// What is to be measured.
#[derive(clap::Args)]
pub struct Flags {
    /// Packets a second that each relay gets; a call has 100.
    #[arg(long, value_delimiter = ',', default_value = "10000,20000,40000")]
    packets: Vec<usize>,
    /// How long each rate is measured.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// How often each relay is measured at each rate, in turn; the table has the median by CPU.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Measure one relay only.
    #[arg(long)]
    only: Option<Side>,
    /// Let the relay's core fall asleep between packets.
    #[arg(long)]
    cold: bool,
    /// The first phone of each call speaks SRTP, with keys in the description.
    #[arg(long)]
    srtp: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Side {
    Rtpengine,
    Throughline,
}

/// A relay with its calls set up.
pub struct Running {
    process: Process,
    _folder: Folder,
    calls: Calls,
}

/// As the phones know them.
pub struct Calls {
    /// Where the two phones of each call send to.
    to: Vec<[SocketAddr; 2]>,
    /// Those of the first phone of each call; none in plain calls.
    keys: Vec<SrtpKeys>,
}

/// Where the phones are and how many calls they have.
pub struct Plan {
    phones: [SocketAddr; 2],
    calls: usize,
    srtp: bool,
}

/// The relay has the last core for itself, the phones the first; a machine with one core has them share it.
const WARM_UP: Duration = Duration::from_secs(4);
const PACKETS_A_CALL: usize = 100;

impl Flags {
    /// For the run that makes every table.
    pub fn for_all(srtp: bool) -> Flags {
        Flags { packets: vec![10_000, 20_000, 40_000], seconds: 10, rounds: 1, only: None, cold: false, srtp }
    }
}

pub fn run(flags: &Flags) -> Table {
    let _warm = (!flags.cold).then(warm::Loops::start);
    let mut table = Table::new(
        if flags.srtp { "relay-srtp" } else { "relay" },
        &[
            "relay",
            "packets/s",
            "CPU us/packet",
            "lost %",
            "delay p50 us",
            "delay p99 us",
            "sent late p99 us",
            "CPU ratio",
        ],
    );
    for packets in &flags.packets {
        let mut theirs = Vec::new();
        let mut ours = Vec::new();
        for _ in 0..flags.rounds.max(1) {
            if flags.only != Some(Side::Throughline) {
                theirs.push(measured(Side::Rtpengine, *packets, flags));
            }
            if flags.only != Some(Side::Rtpengine) {
                ours.push(measured(Side::Throughline, *packets, flags));
            }
        }
        let (theirs, ours) = (median(theirs), median(ours));
        let ratio = theirs.as_ref().zip(ours.as_ref()).map(|(theirs, ours)| ours.cpu_us() / theirs.cpu_us());
        theirs.inspect(|heard| table.push(row("rtpengine", *packets, heard, None)));
        ours.inspect(|heard| table.push(row("Throughline", *packets, heard, ratio)));
    }
    table
}

fn measured(side: Side, packets: usize, flags: &Flags) -> Heard {
    let mut phones = Phones::new();
    let plan = Plan { phones: phones.addresses(), calls: (packets / PACKETS_A_CALL).max(1), srtp: flags.srtp };
    let relay = match side {
        Side::Rtpengine => rtpengine::start(&plan),
        Side::Throughline => ours::start(&plan),
    };
    let load = Load { per_second: packets, warm_up: WARM_UP, measured: Duration::from_secs(flags.seconds) };
    phones.talk(&relay.calls, &load, || relay.process.cpu())
}

fn median(mut rounds: Vec<Heard>) -> Option<Heard> {
    rounds.sort_by(|a, b| a.cpu_us().total_cmp(&b.cpu_us()));
    let middle = rounds.len() / 2;
    rounds.into_iter().nth(middle)
}

fn row(side: &str, packets: usize, heard: &Heard, ratio: Option<f64>) -> Vec<String> {
    vec![
        side.to_owned(),
        packets.to_string(),
        format!("{:.2}", heard.cpu_us()),
        three_decimals(heard.lost_percent()),
        one_decimal(heard.delay_us(0.5)),
        one_decimal(heard.delay_us(0.99)),
        one_decimal(heard.late_us(0.99)),
        ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
    ]
}
