//! Our side of the comparison: a Redis, the server, desks, phones, intents, and then the same calls.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::measure::{Plan, Row, measured};
use crate::numbers;
use crate::registering::{self, Registered};
use crate::support::folder::Folder;
use crate::support::ports;
use crate::support::process::Process;
use crate::support::redis::RedisServer;
use crate::support::server::{self, Phone, Server, Setup};
use crate::support::sipp::{self, Carrier, Dialled, Sipp};

/// How our side is set up.
#[derive(Clone, clap::Args)]
pub struct Flags {
    /// The server; without it the one that stands beside this program.
    #[arg(long)]
    pub program: Option<PathBuf>,
    /// Agents at auto desks; enough that no call waits for one.
    #[arg(long, default_value_t = 200)]
    pub agents: usize,
    /// How long an auto desk writes after each call.
    #[arg(long, default_value_t = 50)]
    pub wrap_up_ms: u64,
    /// Keep intents in the server's own file, not in a Redis.
    #[arg(long)]
    pub embedded: bool,
    /// Intents registered a second, before the calls.
    #[arg(long, default_value_t = 1000)]
    pub register_rate: usize,
    /// A match that comes late counts: calls that are to stay must be there, whatever the machine does besides.
    #[arg(skip)]
    pub is_patient: bool,
}

/// The running side.
pub struct Ours {
    flags: Flags,
    server: Server,
    _desks: Process,
    _phones: Sipp,
    _ivr: Sipp,
    pub redis: Option<RedisServer>,
    folder: Folder,
    callers: usize,
}

/// What one round came to, beside its row.
pub struct Told {
    pub row: Row,
    pub registered: Registered,
    pub redis_cpu: Option<Duration>,
    /// From `/v1/latency`, since the start.
    pub latency: Value,
    /// Of the last thousand calls: how many at each level, and how many for each cause of a fallback.
    pub levels: BTreeMap<String, usize>,
    pub fallbacks: BTreeMap<String, usize>,
}

/// The most that one configuration may have in a pool.
const POOL_MAX: usize = 10_000;
/// Whose calls have no number of their own any more call this one, and are known by caller ID.
const SHARED: &str = "+16005550100";
const PORTS_MAX: usize = 19_000;

impl Default for Flags {
    fn default() -> Flags {
        Flags { program: None, agents: 200, wrap_up_ms: 50, embedded: false, register_rate: 2000, is_patient: false }
    }
}

impl Flags {
    pub fn with_agents(agents: usize) -> Flags {
        Flags { agents, ..Flags::default() }
    }

    /// The example lies in `examples/`, one below the server.
    pub fn program(&self) -> PathBuf {
        let here = std::env::current_exe().expect("this program has a path");
        let beside = || here.ancestors().nth(2).expect("a folder above examples").join("throughline");
        self.program.clone().unwrap_or_else(beside)
    }
}

impl Ours {
    /// `at_once`: calls that there may be at once; `more`: lines at the end of the configuration.
    pub fn start(flags: &Flags, at_once: usize, more: &str) -> Ours {
        let redis = (!flags.embedded).then(RedisServer::start);
        Ours::beside(redis, flags, at_once, more)
    }

    /// With a Redis that was filled before.
    pub fn beside(redis: Option<RedisServer>, flags: &Flags, at_once: usize, more: &str) -> Ours {
        let folder = Folder::new("load-ours");
        let (phones_at, ivr_at) = (ports::udp(), ports::udp());
        let phones = sipp::phones("phones", &folder, "phone.xml", phones_at);
        let ivr = sipp::phones("ivr", &folder, "phone.xml", ivr_at);
        let agents = (0..flags.agents).map(|nth| (format!("agent{nth}"), Phone::Static(phones_at)));
        let setup = Setup {
            redis: redis.as_ref().map(RedisServer::url),
            numbers: numbers::pool(POOL_MAX),
            rtp_ports: (at_once * 4).min(PORTS_MAX) as u16,
            inside: vec![
                // The carrier's scenario has no sound, and its calls shall stay.
                ("media", "silence_s = 3600".to_owned()),
                ("pools", format!("shared = {SHARED:?}")),
                ("routing", "deserted_after_s = 3600".to_owned()),
            ],
            deadlines: if flags.is_patient { "match_ms = 2000\n".to_owned() } else { String::new() },
            more: more.to_owned(),
            ..Setup::new(agents.collect(), ivr_at)
        };
        let server = Server::start(&flags.program(), &folder, &setup);
        let desks = server.desks(&folder, flags.agents, flags.wrap_up_ms);
        Ours { flags: flags.clone(), server, _desks: desks, _phones: phones, _ivr: ivr, redis, folder, callers: 0 }
    }

    /// The whole routed call: lease and caller ID matched, access, skills, pop sent and acknowledged, ring, answer, end.
    pub fn round(&mut self, plan: &Plan) -> Told {
        let (calls, registered) = self.register(plan.count, "delivery");
        let redis_before = self.redis_cpu();
        let run = carrier(self.server.sip, &calls, plan);
        let row = measured(&self.folder, self.server.process(), &run);
        let redis_cpu = self.redis_cpu().zip(redis_before).map(|(after, before)| after.saturating_sub(before));
        let (levels, fallbacks) = (counted(&self.server.calls(), "level"), self.fallbacks());
        Told { row, registered, redis_cpu, latency: self.server.latency(), levels, fallbacks }
    }

    /// Calls that begin and stay; `reason` is what they are about.
    pub fn hold(&mut self, name: &str, reason: &str, plan: &Plan) -> Sipp {
        let (calls, _) = self.register(plan.count, reason);
        sipp::carrier(name, &self.folder, &carrier(self.server.sip, &calls, plan))
    }

    /// One intent for each call, each of another caller than before.
    fn register(&mut self, count: usize, reason: &str) -> (Vec<Dialled>, Registered) {
        let callers = self.callers..self.callers + count;
        self.callers += count;
        let before = self.server.process().cpu();
        let (calls, mut registered) =
            registering::register(self.server.http, callers, self.flags.register_rate, reason);
        registered.cpu = self.server.process().cpu().saturating_sub(before);
        (calls, registered)
    }

    /// Of the last thousand calls: how many went to the fallback for each cause.
    pub fn fallbacks(&self) -> BTreeMap<String, usize> {
        counted(&self.server.calls(), "fallback")
    }

    /// Of the last thousand calls: how many ended in which way.
    pub fn outcomes(&self) -> BTreeMap<String, usize> {
        counted(&self.server.calls(), "outcome")
    }

    /// Calls that wait in this queue.
    pub fn waiting(&self, queue: &str) -> usize {
        self.server.waiting(queue)
    }

    pub fn agents_in(&self, state: &str) -> usize {
        self.server.agents_in(state)
    }

    pub fn http(&self) -> SocketAddr {
        self.server.http
    }

    pub fn pid(&mut self) -> u32 {
        self.server.process().pid()
    }

    fn redis_cpu(&self) -> Option<Duration> {
        self.redis.as_ref().map(RedisServer::cpu)
    }
}

impl Told {
    /// All went to an agent, none to the fallback.
    pub fn all_routed(&self) -> bool {
        self.row.counted.failed == 0 && self.fallbacks.is_empty()
    }

    pub fn redis_us(&self) -> Option<String> {
        let calls = self.row.counted.good.max(1) as f64;
        self.redis_cpu.map(|cpu| format!("{:.0}", cpu.as_micros() as f64 / calls))
    }

    /// A value of one stage in ms, as `p99` of `match`.
    pub fn stage_ms(&self, stage: &str, value: &str) -> Option<String> {
        let stages = self.latency["stages"].as_array()?;
        let found = stages.iter().find(|row| row["stage"] == stage)?;
        found[value].as_f64().map(|us| format!("{:.2}", us / 1000.0))
    }
}

fn carrier<'a>(to: SocketAddr, calls: &'a [Dialled], plan: &Plan) -> Carrier<'a> {
    Carrier {
        scenario: "carrier.xml",
        from: ports::udp_at(server::CARRIER),
        to,
        calls,
        count: plan.count,
        per_second: plan.rate,
        hold: plan.hold,
    }
}

fn counted(calls: &[Value], field: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for word in calls.iter().filter_map(|call| call[field].as_str()) {
        *counts.entry(word.to_owned()).or_insert(0) += 1;
    }
    counts
}
