//! What customers' pages and agents' desks cost in memory while they are connected and nothing happens.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::descriptors;
use crate::memory;
use crate::numbers;
use crate::ours;
use crate::support::folder::Folder;
use crate::support::ports;
use crate::support::server::{Phone, Server, Setup};
use crate::table::{Table, one_decimal, whole};

#[derive(clap::Args)]
pub struct Flags {
    /// Pages, each with the live state of an intent of its own.
    #[arg(long, default_value_t = 2000)]
    pages: usize,
    /// Desks, each logged in and available.
    #[arg(long, default_value_t = 2000)]
    desks: usize,
    /// The server; without it the one that stands beside this program.
    #[arg(long)]
    program: Option<PathBuf>,
}

/// After the last has connected: what was needed for connecting only is given back by then.
const SETTLED: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(30);

impl Flags {
    /// For the run that makes every table.
    pub fn for_all() -> Flags {
        Flags { pages: 2000, desks: 2000, program: None }
    }
}

pub fn run(flags: &Flags) -> Table {
    descriptors::allowed();
    let mut table =
        Table::new("pages", &["connected", "count", "memory KiB", "KiB more", "KiB each", "seconds to connect"]);
    let folder = Folder::new("load-pages");
    let phones_at = ports::udp();
    let agents = (0..flags.desks).map(|nth| (format!("agent{nth}"), Phone::Static(phones_at)));
    let pool = numbers::pool(flags.pages.max(1));
    let setup = Setup { numbers: pool, ..Setup::new(agents.collect(), ports::udp()) };
    let mut server = Server::start(&served(flags), &folder, &setup);
    let pid = server.process().pid();
    let intents: Vec<Value> = (0..flags.pages).map(|nth| server.register(&numbers::caller(nth))).collect();
    thread::sleep(SETTLED);
    let none = memory::kib(pid);
    table.push(row("nothing", 0, none, none, Duration::ZERO));
    let begun = Instant::now();
    let pages: Vec<TcpStream> = intents.iter().map(|intent| page(server.http, intent)).collect();
    let took = begun.elapsed();
    thread::sleep(SETTLED);
    let with_pages = memory::kib(pid);
    table.push(row("pages", pages.len(), with_pages, none, took));
    let begun = Instant::now();
    let _desks = server.desks(&folder, flags.desks, 50);
    let took = begun.elapsed();
    thread::sleep(SETTLED);
    let with_both = memory::kib(pid);
    table.push(row("and desks", flags.desks, with_both, with_pages, took));
    table.push(row("together", flags.pages + flags.desks, with_both, none, Duration::ZERO));
    assert!(pages.iter().all(is_open), "a page was cut off");
    table
}

/// The server that the other parts measure.
fn served(flags: &Flags) -> PathBuf {
    ours::Flags { program: flags.program.clone(), ..ours::Flags::default() }.program()
}

fn row(what: &str, count: usize, kib: u64, before: u64, took: Duration) -> Vec<String> {
    let more = kib.saturating_sub(before);
    let each = one_decimal(more as f64 / count.max(1) as f64);
    vec![what.to_owned(), whole(count as f64), kib.to_string(), more.to_string(), each, one_decimal(took.as_secs_f64())]
}

/// Opens the live state of an intent, and waits for its first event.
fn page(at: SocketAddr, intent: &Value) -> TcpStream {
    let word = |field: &str| intent[field].as_str().expect("a word").to_owned();
    let (id, token) = (word("id"), word("token"));
    let mut stream = TcpStream::connect(at).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    write!(stream, "GET /v1/intents/{id}/live?token={token} HTTP/1.1\r\nHost: {at}\r\n\r\n").expect("a request");
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut line = String::new();
    while !line.starts_with("data: ") {
        line.clear();
        assert!(reader.read_line(&mut line).expect("an event in time") > 0, "the page was refused");
    }
    stream
}

/// Nothing to read is a connection that stands; an end is not.
fn is_open(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("no waiting");
    !matches!(stream.peek(&mut [0]), Ok(0))
}
