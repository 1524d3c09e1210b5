//! What a configuration file comes to: the engine's settings, and what the shell around it needs.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::phone::Region;
use crate::base::{Addresses, Pii, PoolId};
use crate::engine::Settings;
use crate::intents::promise::Bounds;
use crate::sip::api::{FlowId, Transport};

use super::fault::Fault;
use super::sip::web_flow;

/// A whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Plan {
    pub settings: Settings,
    pub shell: Shell,
    /// What is not wrong, and probably not meant either.
    pub warnings: Vec<Fault>,
}

/// What the engine does not know: sockets, files, keys of the HTTP API.
#[derive(Clone, Debug)]
pub struct Shell {
    /// Where SIP is received, in the order of `FlowId`.
    pub sip: Vec<SipBind>,
    /// How long calls in progress may go on after the process was told to end.
    pub drain: Duration,
    /// Name servers for SIP hosts; the system's when empty.
    pub name_servers: Vec<SocketAddr>,
    /// There when one of them is for TLS.
    pub tls: Option<TlsPlan>,
    /// A SIP connection over which nothing came for so long is closed; longer than any registration lives.
    pub sip_idle: Duration,
    pub http: SocketAddr,
    /// There when HTTP is spoken over TLS.
    pub http_tls: Option<HttpTlsPlan>,
    /// Web sites other than our own whose pages may connect, as browsers write them: `https://shop.example.com`.
    pub origins: Vec<String>,
    pub media: MediaShell,
    pub recordings: Option<RecordingShell>,
    pub store: StorePlan,
    pub history: HistoryPlan,
    pub notify: Vec<NotifyPlan>,
    pub api_keys: Vec<ApiKey>,
    pub intents: IntentDefaults,
    /// Every input of the engine, for `throughline replay`; holds personal data.
    pub journal: Option<PathBuf>,
    /// Stage times in the HdrHistogram log format.
    pub interval_log: Option<PathBuf>,
    pub log: LogPlan,
}

/// Who is told what became of calls, by webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyPlan {
    pub name: String,
    /// `http:` or `https:`.
    pub url: String,
    /// The key of the signature.
    pub secret: Pii<Vec<u8>>,
    /// For one try.
    pub timeout: Duration,
    /// From the first try to the second; each further pause is twice as long.
    pub retry: Duration,
    /// After so many the event is given up.
    pub tries: u32,
    /// The authorities of the certificate behind `https:`, in PEM.
    pub ca: PathBuf,
    /// Where the configuration names it, counted from 1.
    pub line: usize,
}

/// A socket that SIP is received on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SipBind {
    pub transport: Transport,
    pub address: SocketAddr,
}

/// The files of `[http] tls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpTlsPlan {
    pub certificate: FileAt,
    pub key: FileAt,
}

/// The files of `[sip.tls]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsPlan {
    pub certificate: FileAt,
    pub key: FileAt,
    pub client_ca: Option<FileAt>,
    pub server_ca: FileAt,
}

/// A file, and where the configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAt {
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    pub key: &'static str,
}

/// A sound file, and where the configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WavAt {
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    pub key: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaShell {
    /// The addresses that RTP sockets are bound to.
    pub bind: Addresses,
    /// Threads; 0 for one less than the machine has cores, at least 1.
    pub workers: usize,
    /// A leg that should send and does not for so long ends its call.
    pub silence_timeout: Duration,
    /// The first of the ports that browsers share; `None` for free ones of `ports`.
    pub webrtc_port: Option<u16>,
    pub ports: RangeInclusive<u16>,
    /// By `WavId`: the files of each sound, which are played one after the other.
    pub wavs: Vec<Vec<WavAt>>,
}

/// Where calls are recorded, and how long recordings are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingShell {
    pub folder: PathBuf,
    /// One recording ends after this; its call goes on.
    pub longest: Duration,
    pub keep: Duration,
}

/// Where intents are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorePlan {
    /// One file of this process.
    Embedded { path: PathBuf },
    /// `redis://host:port/db`, and the line that says so, counted from 1.
    Redis { url: String, line: usize },
}

/// Where cases are kept, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPlan {
    pub file: PathBuf,
    pub age: Duration,
}

/// A key of the HTTP API. The key itself is not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Who has it, for the log.
    pub id: String,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// May register, read, change and withdraw intents.
    pub write: bool,
    /// May look at calls, agents, queues, trunks and latency, and ask for a match.
    pub read: bool,
    /// May hear recordings, and delete them.
    pub recordings: bool,
    /// May have the configuration read again.
    pub reload: bool,
}

/// What a registration means that leaves something out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentDefaults {
    pub ttl: Duration,
    /// The file says it; otherwise the promise of the pool may.
    pub is_ttl_given: bool,
    /// What the file allows a site to ask for.
    pub of_sites: Option<Bounds>,
    /// What an intent may live, whatever its site asks for.
    pub lives: Bounds,
    /// The pool that numbers are leased from.
    pub pool: Option<PoolId>,
    /// Of customers' telephone numbers without a country code.
    pub region: Option<Region>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlan {
    pub json: bool,
    /// As `tracing-subscriber` reads it: `info`, `throughline=debug`.
    pub filter: String,
    /// Where the configuration says it, counted from 1.
    pub filter_line: usize,
}

impl Shell {
    /// The flow of websockets that come through the HTTP server.
    pub fn web_flow(&self) -> FlowId {
        web_flow(self.sip.len())
    }
}

impl std::fmt::Display for SipBind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.transport.param(), self.address)
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("write", &self.write)
            .field("read", &self.read)
            .field("reload", &self.reload)
            .finish()
    }
}
