//! Throughline itself, as an admin starts it: a configuration file and `throughline serve`, with desks beside it.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::folder::Folder;
use super::http::{self, Response};
use super::ports;
use super::process::{PATIENCE, Process, eventually};

/// Where the carrier calls from; a trunk is known by its address, so that it has one of its own on loopback.
pub const CARRIER: &str = "127.0.0.2";
/// An address that no trunk has.
pub const STRANGER: &str = "127.0.0.66";
const KEY: &str = "key-of-the-tests";

/// Where an agent's phone is.
#[derive(Clone)]
pub enum Phone {
    Static(SocketAddr),
    /// A whole SIP URI.
    Uri(String),
    /// Registers with this password, as the agent's name.
    Password(String),
    /// The same, with encrypted sound or none.
    Encrypted(String),
    /// In the page of the agent's desk.
    Browser,
}

/// What the server is configured with.
pub struct Setup {
    pub agents: Vec<(String, Phone)>,
    /// Where calls go that have no match.
    pub ivr: SocketAddr,
    /// The address of a Redis; `None` is a file in the folder.
    pub redis: Option<String>,
    /// Ranges such as `+12015550100..+12015550149`.
    pub numbers: Vec<String>,
    pub quarantine_s: u64,
    /// The desk's time to write after a call, at most.
    pub wrap_up_s: u64,
    /// UDP ports for sound; four for each call.
    pub rtp_ports: u16,
    /// Where calls go that have no match, in place of the IVR.
    pub fallback: Option<String>,
    /// Further lines of `[sip]`.
    pub sip: String,
    /// Further lines of the trunk, such as its mode.
    pub trunk: String,
    /// How long calls in progress may go on after SIGTERM.
    pub drain_s: u32,
    /// Further lines of `[media]`, `[[pools]]` or `[routing]`, each with its section.
    pub inside: Vec<(&'static str, String)>,
    /// Further sockets for SIP, such as `tcp:127.0.0.1:5070`.
    pub binds: Vec<String>,
    /// Where the carrier calls from.
    pub carrier: String,
    /// The address for sound, or one of each family with a comma between them.
    pub media: String,
    /// The lines of `[deadlines]`. A machine that is busy with other tests takes its time to match.
    pub deadlines: String,
    /// Agents who supervise the queue.
    pub supervisors: Vec<String>,
    /// Lines at the end of the file, such as rules of access.
    pub more: String,
}

pub struct Server {
    pub sip: SocketAddr,
    pub http: SocketAddr,
    process: Process,
    program: PathBuf,
    configuration: PathBuf,
    tokens: PathBuf,
}

impl Setup {
    pub fn new(agents: Vec<(String, Phone)>, ivr: SocketAddr) -> Setup {
        Setup {
            agents,
            ivr,
            redis: None,
            numbers: vec!["+12015550100..+12015550149".to_owned()],
            quarantine_s: 0,
            wrap_up_s: 1,
            rtp_ports: 200,
            fallback: None,
            sip: String::new(),
            trunk: String::new(),
            drain_s: 0,
            inside: Vec::new(),
            binds: Vec::new(),
            carrier: CARRIER.to_owned(),
            media: "127.0.0.1".to_owned(),
            deadlines: "match_ms = 2000\n".to_owned(),
            supervisors: Vec::new(),
            more: String::new(),
        }
    }

    pub fn toml(&self, sip: SocketAddr, http: SocketAddr) -> String {
        let (first, last) = (ports::udp_range(self.rtp_ports), self.rtp_ports - 1);
        let carrier = &self.carrier;
        let media: Vec<&str> = self.media.split(',').collect();
        let media = format!("{media:?}");
        let binds: Vec<String> = std::iter::once(sip.to_string()).chain(self.binds.iter().cloned()).collect();
        let ivr = format!("{{ sip = \"sip:{{dialled}}@{}\" }}", self.ivr);
        let fallback = self.fallback.as_ref().unwrap_or(&ivr);
        let store =
            self.redis.as_ref().map_or("embedded = \"throughline.db\"".to_owned(), |url| format!("redis = {url:?}"));
        let mut text = format!(
            "[sip]\nbind = {binds:?}\nrealm = \"voice.example.com\"\ndrain_s = {}\n{}\
             [media]\nbind = {media}\nadvertised = {media}\nports = \"{first}-{}\"\n{}\
             [http]\nbind = \"{http}\"\n\
             [[api_keys]]\nid = \"tests\"\nsha256 = \"{}\"\nscopes = [\"register\", \"read\", \"recordings\", \"reload\"]\n\
             [[token_keys]]\nid = 1\nsecret = \"{}\"\n\
             [store]\n{store}\n\
             [intents]\nregion = \"US\"\n\
             [[pools]]\nname = \"pool\"\nnumbers = {:?}\nquarantine_s = {}\n{}\
             [[trunks]]\nname = \"carrier\"\nnetworks = [\"{carrier}\"]\ntrusted = true\nregion = \"US\"\n\
             fallback = {fallback}\n{}\n\
             [routing]\nskills = [\"english\"]\ndefault_queue = \"help\"\n{}\
             [[queues]]\nname = \"help\"\nrequires = {{ english = 3 }}\nwrap_up_s = {}\n",
            self.drain_s,
            self.sip,
            first + last,
            self.inside("media"),
            sha256(KEY),
            "5a".repeat(32),
            self.numbers,
            self.quarantine_s,
            self.inside("pools"),
            self.trunk,
            self.inside("routing"),
            self.wrap_up_s,
        );
        for (name, phone) in &self.agents {
            let phone = match phone {
                Phone::Static(at) => format!("{{ contact = \"sip:{name}@{at}\" }}"),
                Phone::Browser => "{ browser = true }".to_owned(),
                Phone::Uri(uri) => format!("{{ contact = {uri:?} }}"),
                Phone::Encrypted(password) => {
                    format!("{{ user = \"{name}\", password = \"{password}\", srtp = \"require\" }}")
                }
                Phone::Password(password) => format!("{{ user = \"{name}\", password = \"{password}\" }}"),
            };
            let _ = write!(
                text,
                "[[agents]]\nname = \"{name}\"\nskills = {{ english = 9 }}\ntoken_sha256 = \"{}\"\nphone = {phone}\n",
                token_sha256(name)
            );
            if self.supervisors.contains(name) {
                text += "supervises = [\"help\"]\n";
            }
        }
        text + "[deadlines]\n" + &self.deadlines + &self.more
    }

    fn inside(&self, section: &str) -> String {
        let lines = self.inside.iter().filter(|(name, _)| *name == section);
        lines.map(|(_, line)| format!("{line}\n")).collect()
    }
}

impl Server {
    /// Writes the configuration, starts `program` with it and waits until it can take calls.
    pub fn start(program: &Path, folder: &Folder, setup: &Setup) -> Server {
        Server::start_at(program, folder, setup, ports::udp())
    }

    /// The same at an address that others have been told already.
    pub fn start_at(program: &Path, folder: &Folder, setup: &Setup, sip: SocketAddr) -> Server {
        let http = ports::tcp();
        let configuration = folder.write("throughline.toml", setup.toml(sip, http));
        let tokens: String = setup.agents.iter().map(|(name, _)| format!("{name} {}\n", token(name))).collect();
        let tokens = folder.write("tokens", tokens);
        let process = serve(program, folder, &configuration);
        let mut server = Server { sip, http, process, program: program.to_owned(), configuration, tokens };
        server.wait_until_ready();
        server
    }

    /// Starts it again after it was killed or stopped, on the same addresses.
    pub fn start_again(&mut self, folder: &Folder) {
        self.process = serve(&self.program, folder, &self.configuration);
        self.wait_until_ready();
    }

    /// Desks that work by themselves for the first `count` agents; waits until all are available.
    pub fn desks(&self, folder: &Folder, count: usize, wrap_up_ms: u64) -> Process {
        self.sit(folder, &self.tokens, count, wrap_up_ms)
    }

    /// The desk of the agent in this place, after the others: who has been idle longer is offered calls first.
    pub fn later_desk(&self, folder: &Folder, place: usize, wrap_up_ms: u64) -> Process {
        let tokens = std::fs::read_to_string(&self.tokens).expect("the tokens");
        let own = folder.write(&format!("token-{place}"), tokens.lines().nth(place).expect("a token of this agent"));
        self.sit(folder, &own, 1, wrap_up_ms)
    }

    fn sit(&self, folder: &Folder, tokens: &Path, count: usize, wrap_up_ms: u64) -> Process {
        let mut command = Command::new(&self.program);
        command.args(["desk", "--auto", "--url", &format!("ws://{}/v1/desktop", self.http), "--token-file"]);
        command.arg(tokens).args(["--agents", &count.to_string(), "--wrap-up-ms", &wrap_up_ms.to_string()]);
        let before = self.agents_in("available");
        let mut desks = Process::start("desks", folder, &mut command);
        let patience = Duration::from_secs(30) + Duration::from_millis(5) * count as u32;
        eventually("desks that are available", patience, || {
            assert!(desks.is_alive(), "the desks ended:\n{}", desks.printed());
            (self.agents_in("available") >= before + count).then_some(())
        });
        desks
    }

    /// Registers what a customer wants to call about; `phone` is where they call from.
    pub fn register(&self, phone: &str) -> Value {
        let response = self.ask("POST", "/v1/intents", &intent(phone));
        assert_eq!(response.status, 201, "{}", response.body);
        response.json()
    }

    pub fn intent(&self, id: &str) -> Value {
        self.ask("GET", &format!("/v1/intents/{id}"), &Value::Null).json()
    }

    /// The calls, those in progress first, then the latest first.
    pub fn calls(&self) -> Vec<Value> {
        let answer = self.ask("GET", "/v1/calls?limit=1000", &Value::Null).json();
        answer["calls"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until `count` calls have ended, and answers all.
    pub fn ended_calls(&self, count: usize, limit: Duration) -> Vec<Value> {
        eventually("calls that have ended", limit, || {
            let calls = self.calls();
            (calls.iter().filter(|call| call["phase"] == "ended").count() >= count).then_some(calls)
        })
    }

    pub fn agents_in(&self, state: &str) -> usize {
        let answer = self.ask("GET", "/v1/agents", &Value::Null).json();
        let agents = answer["agents"].as_array().cloned().unwrap_or_default();
        agents.iter().filter(|agent| agent["state"] == state).count()
    }

    /// Calls that wait in this queue.
    pub fn waiting(&self, queue: &str) -> usize {
        let answer = self.ask("GET", "/v1/queues", &Value::Null).json();
        let queues = answer["queues"].as_array().cloned().unwrap_or_default();
        let found = queues.iter().find(|found| found["queue"] == queue);
        found.and_then(|queue| queue["waiting"].as_u64()).unwrap_or(0) as usize
    }

    pub fn latency(&self) -> Value {
        self.ask("GET", "/v1/latency", &Value::Null).json()
    }

    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Response {
        http::request(self.http, KEY, method, path, body).unwrap_or_else(|fault| panic!("{method} {path}: {fault}"))
    }

    /// The configuration file with this text in place of that; the file as it was before.
    pub fn rewrite(&self, from: &str, to: &str) -> String {
        let before = std::fs::read_to_string(&self.configuration).expect("the configuration");
        assert!(before.contains(from), "{from:?} is not in\n{before}");
        std::fs::write(&self.configuration, before.replacen(from, to, 1)).expect("the configuration");
        before
    }

    /// Puts a text back that `rewrite` gave.
    pub fn restore(&self, text: &str) {
        std::fs::write(&self.configuration, text).expect("the configuration");
    }

    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    fn wait_until_ready(&mut self) {
        let (process, at) = (&mut self.process, self.http);
        eventually("a server that is ready", PATIENCE, || {
            assert!(process.is_alive(), "the server ended:\n{}", process.printed());
            let ready = http::request(at, KEY, "GET", "/readyz", &Value::Null);
            ready.ok().filter(|response| response.status == 200)
        });
    }
}

/// What a site sends for a customer who calls from `phone`.
pub fn intent(phone: &str) -> Value {
    json!({
        "customer": {"id": format!("c-{phone}"), "name": "Avery Example", "email": "avery@shop.example.com", "phones": [phone]},
        "subject": {"kind": "order", "id": "1234", "title": "A red bicycle"},
        "reason": {"category": "delivery"},
        "words": "It has not come yet",
        "ttl_s": 600
    })
}

/// The key of the HTTP API.
pub fn key() -> &'static str {
    KEY
}

fn serve(program: &Path, folder: &Folder, configuration: &Path) -> Process {
    Process::start("throughline", folder, Command::new(program).arg("serve").arg(configuration))
}

/// With which this agent's desk logs in.
pub fn token(agent: &str) -> String {
    format!("token-of-{agent}-for-tests")
}

/// What the configuration keeps of it.
pub fn token_sha256(agent: &str) -> String {
    sha256(&token(agent))
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
