//! What a list of a million domains costs to load, and what a reload costs the calls: the times from INVITE to 180 while a thousand
//! calls are held, without reloads and with one after the other.

use std::fmt::Write;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use crate::hold::all_held;
use crate::measure::Plan;
use crate::ours::{self, Ours, Told};
use crate::support::folder::Folder;
use crate::support::server::{Phone, Setup};
use crate::support::{http, ports, server};
use crate::table::{Table, one_decimal, or_dash, three_decimals};

#[derive(clap::Args)]
pub struct Flags {
    /// Domains in the list.
    #[arg(long, default_value_t = 1_000_000)]
    domains: usize,
    /// Calls that are held meanwhile.
    #[arg(long, default_value_t = 1000)]
    held: usize,
    /// New calls a second while it is measured, and for how long.
    #[arg(long, default_value_t = 50)]
    rate: usize,
    #[arg(long, default_value_t = 20)]
    seconds: usize,
    /// The server; without it the one that stands beside this program.
    #[arg(long)]
    program: Option<std::path::PathBuf>,
}

const HELD_RATE: usize = 200;
/// Longer than everything takes; the held calls end with the server.
const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(100);
/// From the end of one reload to the next.
const PAUSE: Duration = Duration::from_secs(1);

impl Flags {
    /// For the run that makes every table.
    pub fn for_all() -> Flags {
        Flags { domains: 1_000_000, held: 1000, rate: 50, seconds: 20, program: None }
    }
}

pub fn run(flags: &Flags) -> Vec<Table> {
    let folder = Folder::new("load-reload");
    let ours = ours::Flags { program: flags.program.clone(), ..ours::Flags::with_agents(flags.held + 200) };
    let loading = loading(flags, &ours, &folder);
    let list = folder.write("domains.csv", domains(flags.domains));
    let others = [1, 0].map(|more| folder.write(&format!("domains-{more}.csv"), domains(flags.domains + more)));
    let mut ours = Ours::start(&ours, flags.held + 400, &access(&list));
    let plan = Plan { rate: HELD_RATE, count: flags.held, hold: LONG };
    let held = ours.hold("held", "delivery", &plan);
    all_held(&held, &plan);
    let mut table = Table::new("reload", &TITLES);
    let plan = Plan::new(flags.rate, flags.seconds, SHORT);
    table.push(row(&plan, &ours.round(&plan), &[]));
    let http = ours.http();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let reloads = scope.spawn(|| reload_until(&is_over, http, (&list, &others)));
        let told = ours.round(&plan);
        is_over.store(true, Ordering::Relaxed);
        table.push(row(&plan, &told, &reloads.join().expect("the thread that reloads")));
    });
    vec![loading, table]
}

const TITLES: [&str; 8] = [
    "reloads",
    "calls/s",
    "failed",
    "180 p50 ms",
    "180 p99 ms",
    "180 max ms otherwise",
    "180 max ms in a reload",
    "longest reload ms",
];

fn row(plan: &Plan, told: &Told, reloads: &[Range<SystemTime>]) -> Vec<String> {
    let mut cells = vec![reloads.len().to_string(), plan.rate.to_string(), told.row.counted.failed.to_string()];
    cells.extend([0.5, 0.99].map(|quantile| or_dash(told.row.rang_ms(quantile))));
    let longest = |within| told.row.rang.as_ref().and_then(|rang| rang.longest(reloads, within));
    let ms = |took: Duration| format!("{:.2}", took.as_secs_f64() * 1000.0);
    cells.extend([false, true].map(|within| or_dash(longest(within).map(ms))));
    let took = reloads.iter().filter_map(|reload| reload.end.duration_since(reload.start).ok()).max();
    cells.push(or_dash(took.map(|took| took.as_millis())));
    cells
}

/// Each time with the other list of the two, which is put in the place of the first; each from the request to its answer.
fn reload_until(
    is_over: &AtomicBool,
    http: std::net::SocketAddr,
    (list, others): (&Path, &[PathBuf; 2]),
) -> Vec<Range<SystemTime>> {
    let mut took = Vec::new();
    let beside = list.with_extension("new");
    for other in others.iter().cycle() {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        fs::hard_link(other, &beside).and_then(|()| fs::rename(&beside, list)).expect("the list");
        let began = SystemTime::now();
        let answer = http::request(http, server::key(), "POST", "/v1/reload", &Value::Null).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.body);
        took.push(began..SystemTime::now());
        thread::sleep(PAUSE);
    }
    took
}

/// `throughline check` with ten domains and with all: what the others add.
fn loading(flags: &Flags, ours: &ours::Flags, folder: &Folder) -> Table {
    let mut table = Table::new("loading", &["domains", "seconds", "memory at most MiB"]);
    for count in [10, flags.domains] {
        let list = folder.write("domains.csv", domains(count));
        let setup = Setup {
            more: access(&list),
            ..Setup::new(vec![("agent0".to_owned(), Phone::Static(ports::udp()))], ports::udp())
        };
        let text = setup.toml(ports::udp(), ports::tcp());
        let file = folder.write("check.toml", text);
        let began = Instant::now();
        let mut command = Command::new(ours.program());
        let child = command.arg("check").arg(&file).current_dir(folder.path()).stdout(Stdio::null()).spawn();
        let kib = wait_for(child.expect("the server's program").id());
        let seconds = began.elapsed().as_secs_f64();
        table.push(vec![count.to_string(), three_decimals(seconds), one_decimal(kib as f64 / 1024.0)]);
    }
    table
}

/// Its largest memory, in KiB; it must have ended well.
fn wait_for(pid: u32) -> i64 {
    let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
    // SAFETY: both live through the call, which fills them in; an all-zero usage is valid.
    let (ended, usage) = unsafe {
        let ended = libc::wait4(pid as libc::pid_t, &mut status, 0, usage.as_mut_ptr());
        (ended, usage.assume_init())
    };
    assert!(ended as u32 == pid && status == 0, "check ended with {status}");
    usage.ru_maxrss
}

fn access(list: &Path) -> String {
    format!(
        "[access]\ndomains_csv = {list:?}\n[[access.tiers]]\nname = \"gold\"\n[[access.tiers]]\nname = \"iron\"\n\
         [[access.rules]]\nname = \"tiers\"\nwhen = {{ tier = [\"gold\", \"iron\"] }}\nanswer = \"human\"\n\
         [[access.rules]]\nname = \"all\"\nanswer = \"human\"\n"
    )
}

fn domains(count: usize) -> String {
    let mut text = "domain,tier\n".to_owned();
    for n in 0..count {
        let _ = writeln!(text, "company{n}.example.com,{}", if n % 10 == 0 { "gold" } else { "iron" });
    }
    text
}
