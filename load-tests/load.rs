//! Load: the same calls through Kamailio and through Throughline, the same sound through rtpengine and our relay, and what each cost.

#[path = "load/calls.rs"]
mod calls;
#[path = "load/capture.rs"]
mod capture;
#[path = "load/descriptors.rs"]
mod descriptors;
#[path = "load/grow.rs"]
mod grow;
#[path = "load/hold.rs"]
mod hold;
#[path = "load/machine.rs"]
mod machine;
#[path = "load/measure.rs"]
mod measure;
#[path = "load/memory.rs"]
mod memory;
#[path = "load/most.rs"]
mod most;
#[path = "load/numbers.rs"]
mod numbers;
#[path = "load/ours.rs"]
mod ours;
#[path = "load/pages.rs"]
mod pages;
#[path = "load/registering.rs"]
mod registering;
#[path = "load/relay/mod.rs"]
mod relay;
#[path = "load/reload.rs"]
mod reload;
#[path = "load/staying.rs"]
mod staying;
#[path = "load/table.rs"]
mod table;
#[path = "load/theirs.rs"]
mod theirs;
#[path = "load/waiting/mod.rs"]
mod waiting;
#[path = "load/warm.rs"]
mod warm;
#[path = "load/webrtc/mod.rs"]
mod webrtc;
#[path = "load/workers.rs"]
mod workers;

#[path = "../tests/support/mod.rs"]
mod support;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Parser, Subcommand};

use table::Table;

/// Measures Throughline beside Kamailio and rtpengine on this machine. Loopback only; each run ends by itself.
#[derive(Parser)]
struct Flags {
    #[command(subcommand)]
    what: What,
    /// Where the tables are written as CSV; without it they are only printed.
    #[arg(long, global = true)]
    results: Option<PathBuf>,
}

#[derive(Subcommand)]
enum What {
    /// Whole calls at given rates: failures, CPU a call, times from INVITE to 180, our stages.
    Calls(calls::Flags),
    /// The rate at which calls begin to fail.
    Most(most::Flags),
    /// Memory for each held call.
    Hold(hold::Flags),
    /// The relay beside rtpengine: CPU a packet, loss, added delay.
    Relay(relay::Flags),
    /// Browsers that talk with telephones, beside rtpengine: CPU a packet, loss, time to connect, memory.
    Webrtc(webrtc::Flags),
    /// Memory of customers' pages and agents' desks that are connected.
    Pages(pages::Flags),
    /// Callers who wait with music: CPU a packet, beside sending alone.
    Waiting(waiting::Flags),
    /// How the figures grow with the rate, live intents, agents, waiting and held calls.
    Grow(grow::Flags),
    /// Loading a million domains, and what a reload costs the calls.
    Reload(reload::Flags),
    /// All of these with the values of RESULTS.md, in some twenty minutes.
    All,
    /// Our relay in a process of its own, as `relay` starts it.
    #[command(hide = true)]
    RelayAlone(relay::alone::Flags),
    /// Our media worker with browsers in a process of its own, as `webrtc` starts it.
    #[command(hide = true)]
    WebRtcAlone(webrtc::alone::Flags),
}

fn main() {
    let flags = Flags::parse();
    let write = |table: &Table| flags.results.iter().for_each(|folder: &PathBuf| table.write(folder));
    match &flags.what {
        What::Calls(flags) => calls::run(flags).iter().for_each(write),
        What::Most(flags) => write(&most::run(flags)),
        What::Hold(flags) => write(&hold::run(flags)),
        What::Relay(flags) => write(&relay::run(flags)),
        What::Pages(flags) => write(&pages::run(flags)),
        What::Waiting(flags) => write(&waiting::run(flags)),
        What::Grow(flags) => grow::run(flags, write),
        What::Reload(flags) => reload::run(flags).iter().for_each(write),
        What::All => all(write),
        What::Webrtc(flags) => write(&webrtc::run(flags)),
        What::WebRtcAlone(flags) => webrtc::alone::serve(flags),
        What::RelayAlone(flags) => relay::alone::serve(flags),
    }
}

/// A part that fails does not take the others with it.
fn all(write: impl Fn(&Table)) {
    part("machine", || write(&machine::table()));
    part("relay", || write(&relay::run(&relay::Flags::for_all(false))));
    part("relay with SRTP", || write(&relay::run(&relay::Flags::for_all(true))));
    part("webrtc", || write(&webrtc::run(&webrtc::Flags::for_all())));
    part("waiting", || write(&waiting::run(&waiting::Flags::for_all())));
    part("calls", || calls::run(&calls::Flags::for_all()).iter().for_each(&write));
    part("hold", || write(&hold::run(&hold::Flags::for_all())));
    part("pages", || write(&pages::run(&pages::Flags::for_all())));
    part("reload", || reload::run(&reload::Flags::for_all()).iter().for_each(&write));
    part("most", || write(&most::run(&most::Flags::for_all())));
    for flags in grow::Flags::for_all() {
        part("grow", || grow::run(&flags, &write));
    }
}

fn part(name: &str, run: impl FnOnce()) {
    let began = Instant::now();
    let ended = std::panic::catch_unwind(AssertUnwindSafe(run));
    let how = if ended.is_ok() { "done" } else { "FAILED" };
    println!("\n{name}: {how} after {} s", began.elapsed().as_secs());
}
