//! Our side of the comparison: a Redis, the server, desks, phones, intents, and then the same calls.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::measure::{Plan, Row, measured};
use crate::numbers;
use crate::support::folder::Folder;
use crate::support::ports;
use crate::support::redis::RedisServer;
use crate::support::server::{self, Phone, Server, Setup};
use crate::support::sipp::{self, Carrier, Dialled};

/// Where our side differs from one run to another.
pub struct Ours {
    pub program: PathBuf,
    pub agents: usize,
    pub wrap_up_ms: u64,
    pub redis: bool,
    /// Intents registered a second, before the calls.
    pub register_rate: usize,
}

/// What our round came to, beside its row.
pub struct Told {
    pub row: Row,
    pub redis_cpu: Option<Duration>,
    /// From `/v1/latency`.
    pub latency: Value,
    /// Of the last thousand calls: how many at each level, and how many for each cause of a fallback.
    pub levels: BTreeMap<String, usize>,
    pub fallbacks: BTreeMap<String, usize>,
    /// Resident memory of the server at the end, in KiB.
    pub memory_kib: u64,
}

/// The whole routed call: lease and caller ID matched, access, skills, pop sent and acknowledged, ring, answer, end.
pub fn measure(ours: &Ours, plan: &Plan) -> Told {
    let folder = Folder::new("load-ours");
    let redis = ours.redis.then(RedisServer::start);
    let phones_at = ports::udp();
    let _phones = sipp::phones("phones", &folder, "phone.xml", phones_at);
    let ivr_at = ports::udp();
    let _ivr = sipp::phones("ivr", &folder, "phone.xml", ivr_at);
    let setup = setup(ours, plan, redis.as_ref(), phones_at, ivr_at);
    let mut server = Server::start(&ours.program, &folder, &setup);
    let calls = register(&server, plan.count, ours.register_rate);
    let _desks = server.desks(&folder, ours.agents, ours.wrap_up_ms);
    let redis_before = redis.as_ref().map(|redis| redis.cpu());
    let run = Carrier {
        scenario: "carrier.xml",
        from: ports::udp_at(server::CARRIER),
        to: server.sip,
        calls: &calls,
        count: plan.count,
        per_second: plan.rate,
        hold: plan.hold,
    };
    let row = measured("Throughline", &folder, server.process(), &run);
    let redis_cpu = redis.as_ref().zip(redis_before).map(|(redis, before)| redis.cpu().saturating_sub(before));
    let ended = server.calls();
    let memory_kib = memory_kib(server.process().pid());
    let (levels, fallbacks) = (counted(&ended, "level"), counted(&ended, "fallback"));
    Told { row, redis_cpu, latency: server.latency(), levels, fallbacks, memory_kib }
}

fn setup(
    ours: &Ours,
    plan: &Plan,
    redis: Option<&RedisServer>,
    phones: std::net::SocketAddr,
    ivr: std::net::SocketAddr,
) -> Setup {
    let agents = (0..ours.agents).map(|nth| (format!("agent{nth}"), Phone::Static(phones)));
    let held = plan.rate * (plan.hold.as_millis() as usize + 500) / 1000 + 50;
    Setup {
        redis: redis.map(RedisServer::url),
        numbers: numbers::pool(plan.count),
        rtp_ports: (held * 4).min(19_000) as u16,
        ..Setup::new(agents.collect(), ivr)
    }
}

/// Registers one intent for each call, each of another caller, several at once, at most `rate` a second.
fn register(server: &Server, count: usize, rate: usize) -> Vec<Dialled> {
    const AT_ONCE: usize = 8;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = Arc::new(reqwest::Client::new());
    let url = Arc::new(format!("http://{}/v1/intents", server.http));
    let begun = Instant::now();
    runtime.block_on(async {
        let mut calls = Vec::with_capacity(count);
        while calls.len() < count {
            let due = Duration::from_secs_f64(calls.len() as f64 / rate.max(1) as f64);
            tokio::time::sleep_until((begun + due).into()).await;
            let batch = (calls.len()..count.min(calls.len() + AT_ONCE)).map(numbers::caller);
            let asked: Vec<_> = batch.map(|caller| tokio::spawn(one(client.clone(), url.clone(), caller))).collect();
            for answer in asked {
                calls.push(answer.await.expect("a registration"));
            }
        }
        calls
    })
}

async fn one(client: Arc<reqwest::Client>, url: Arc<String>, caller: String) -> Dialled {
    let body = server::intent(&caller).to_string();
    let request =
        client.post(url.as_str()).bearer_auth(server::key()).header("content-type", "application/json").body(body);
    let response = request.send().await.expect("an answer");
    let (status, text) = (response.status(), response.text().await.expect("a body"));
    assert_eq!(status.as_u16(), 201, "{text}");
    let intent: Value = serde_json::from_str(&text).expect("JSON");
    Dialled::new(intent["number"].as_str().expect("a number"), &caller)
}

fn counted(calls: &[Value], field: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for word in calls.iter().filter_map(|call| call[field].as_str()) {
        *counts.entry(word.to_owned()).or_insert(0) += 1;
    }
    counts
}

fn memory_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
