//! The parts of a running server, started in the order in which they need each other, stopped in the other order.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::watch;

use crate::base::phone::Region;
use crate::base::rng::Rng;
use crate::base::{CallId, Now, limits};
use crate::config::{HistoryPlan, Plan, RecordingShell, Shell, SipBind, StorePlan};
use crate::engine::question::{Answer, Question};
use crate::engine::{ConfigSource, Engine, Input};
use crate::io::clock::Clock;
use crate::io::desktop::DeskLines;
use crate::io::history::{History, HistoryError, Kept};
use crate::io::journal::{Journal, JournalHeader};
use crate::io::live::LivePages;
use crate::io::media::{FileError, MediaConfig, MediaPool, RecordingFiles, prepare_folder};
use crate::io::names::Names;
use crate::io::notify::{Notifier, NotifyFault};
use crate::io::reactor::{self, Door, Wiring};
use crate::io::sip::tls::{Tls, TlsFault, watch};
use crate::io::sip::websocket;
use crate::io::sip::{Listener, StreamSetup};
use crate::io::slices::take_short_slices;
use crate::io::store::{OpenError, RedisSetup, Store};
use crate::io::telemetry::logging::LogFilter;
use crate::io::telemetry::{self, Telemetry, TelemetryError};
use crate::io::troubles::Troubles;
use crate::io::web::{self, Served};
use crate::media::Clip;
use crate::sip::api::{FlowId, Transport};

use super::numbers::Numbers;
use super::reload::{self, Reloader, Stage};
use super::warnings::warn;
use super::web::WebParts;
use super::{notices, sounds, tls};

/// A server that answers.
pub struct Server {
    pub http: SocketAddr,
    pub sip: Vec<SocketAddr>,
    pub telemetry: Telemetry,
    door: Door,
    pages: Arc<LivePages>,
    stop: watch::Sender<bool>,
    engine: JoinHandle<io::Result<()>>,
    reloader: Arc<Reloader>,
    notifier: Notifier,
}

/// Why a server did not start. Each says what to do.
#[derive(Debug)]
pub enum StartError {
    /// An address of the configuration cannot be bound.
    Bind {
        what: &'static str,
        address: SocketAddr,
        fault: io::Error,
    },
    Store(OpenError),
    History(HistoryError),
    Telemetry(TelemetryError),
    Journal {
        path: PathBuf,
        fault: io::Error,
    },
    /// The folder of the recordings.
    Recordings {
        path: PathBuf,
        fault: io::Error,
    },
    Wav {
        path: PathBuf,
        fault: FileError,
    },
    Media(io::Error),
    Tls(TlsFault),
    Notify(NotifyFault),
    /// Threads or random numbers could not be had.
    Machine(io::Error),
}

/// The sockets of a plan, bound. They are taken first, so that what is in use is said before anything starts.
pub struct Sockets {
    sip: Vec<SocketAddr>,
    udp: Vec<(FlowId, UdpSocket)>,
    listeners: Vec<Listener>,
    http: TcpListener,
}

/// Binds every address of the plan; all that fail are named.
pub fn bind(shell: &Shell) -> Result<Sockets, Vec<StartError>> {
    let mut faults = Vec::new();
    let (mut sip, mut datagrams, mut listeners) = (Vec::new(), Vec::new(), Vec::new());
    for (flow, bind) in (0..).map(FlowId).zip(&shell.sip) {
        let (transport, alone) = (bind.transport, shares_its_port(bind, &shell.sip));
        let bound = match transport {
            Transport::Udp => udp(bind.address, alone).and_then(|socket| {
                sip.push(socket.local_addr()?);
                datagrams.push((flow, socket));
                Ok(())
            }),
            Transport::Tcp | Transport::Tls => listener(bind.address, alone).and_then(|socket| {
                sip.push(socket.local_addr()?);
                listeners.push(Listener { flow, transport, socket });
                Ok(())
            }),
            // The HTTP server's.
            Transport::Ws | Transport::Wss => Ok(()),
        };
        if let Err(fault) = bound {
            faults.push(StartError::Bind { what: "sip", address: bind.address, fault });
        }
    }
    let http = tcp(shell.http).map_err(|fault| StartError::Bind { what: "http", address: shell.http, fault });
    match http {
        Ok(http) if faults.is_empty() => Ok(Sockets { sip, udp: datagrams, listeners, http }),
        Ok(_) => Err(faults),
        Err(fault) => {
            faults.push(fault);
            Err(faults)
        }
    }
}

/// An IPv6 socket would take the IPv4 addresses of the port too, which another of ours is for.
fn shares_its_port(bind: &SipBind, all: &[SipBind]) -> bool {
    let is_its_twin = |other: &SipBind| {
        other.transport.is_reliable() == bind.transport.is_reliable()
            && other.address.port() == bind.address.port()
            && other.address.is_ipv4()
    };
    bind.address.is_ipv6() && all.iter().any(is_its_twin)
}

fn udp(address: SocketAddr, only_v6: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    if only_v6 {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.set_nonblocking(true)?;
    // A burst of INVITEs waits in the kernel rather than being dropped; the kernel gives what it may.
    let _ = socket.set_recv_buffer_size(SIP_BUFFER);
    Ok(socket.into())
}

fn listener(address: SocketAddr, only_v6: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if only_v6 {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(LISTEN_BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The longest that anybody waits for the store; calls wait less.
const STORE_WITHIN: Duration = Duration::from_secs(2);
/// While calls go on before the end. The last answer of the last call may have to be sent again: this is as long as that takes.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Of so many looks the log says one: what an admin waits for is minutes.
const LOOKS_SAID: u32 = 20;
/// Stands before every key of ours, so that Redis may serve others too.
const REDIS_PREFIX: &str = "throughline";
/// Phones that all connect at once when we start again.
const LISTEN_BACKLOG: i32 = 1024;
/// Room for some thousand messages.
const SIP_BUFFER: usize = 4 << 20;

/// Of the engine's thread, until that has taken it.
struct EngineRuntime {
    runtime: Option<Runtime>,
    handle: Handle,
}

/// Where a plan comes from.
pub struct Origin {
    /// Goes into the journal's header, so that a replay needs no other file.
    pub source: ConfigSource,
    /// The file that a reload reads again.
    pub file: Option<PathBuf>,
    /// The log that a reload may change.
    pub log: Option<LogFilter>,
}

impl Origin {
    /// Of a text that is no file: nothing can be read again.
    pub fn of_text(text: &str) -> Origin {
        Origin { source: ConfigSource::of_text(text), file: None, log: None }
    }
}

/// What decides who gets through, and what is asked about it besides.
fn name_policies(plan: &Plan) {
    tracing::info!(policy = %plan.settings.calls.policy.version(), "access rules");
    if let Some(shadow) = &plan.settings.calls.shadow {
        tracing::info!(policy = %shadow.version(), "shadow policy: asked about every call, and never obeyed");
    }
}

/// Starts everything.
pub async fn start(mut plan: Plan, sockets: Sockets, origin: Origin) -> Result<Server, StartError> {
    let Origin { source, file, log } = origin;
    let clock = Clock::start();
    let now = clock.now();
    warm_up(&plan);
    warn(&plan);
    name_policies(&plan);
    let store = open_store(&plan.shell.store)?;
    let numbers = Numbers::new(store.clone(), clock);
    numbers.offer(&plan.settings.pools).await;
    let (recorder, telemetry) =
        telemetry::start(plan.shell.interval_log.as_deref(), now.wall).map_err(StartError::Telemetry)?;
    let (door, end) = reactor::door();
    let read = sounds::read(&plan.shell.media.wavs, &[]);
    let clips = read.map_err(|(at, fault)| StartError::Wav { path: at.path, fault })?;
    let media = start_media(&plan.shell, clips.clone(), door.clone())?;
    let stage =
        Stage { door: media.sounds_door().map_err(StartError::Media)?, files: plan.shell.media.wavs.clone(), clips };
    let webrtc = media.webrtc().clone();
    plan.settings.calls.media.webrtc = webrtc.clone();
    let seed = random_seed()?;
    let mut rng = Rng::from_seed(random_seed()?);
    let boot = CallId::boot_at(now.wall);
    let journal = open_journal(&plan, seed, boot, &source)?;
    let (sip, http) = (sockets.sip, sockets.http.local_addr().map_err(StartError::Machine)?);
    let runtime = engine_runtime()?;
    let troubles = Arc::new(Troubles::new(Some(telemetry.clone())));
    let lines = Arc::new(DeskLines::new(runtime.handle.clone(), Arc::clone(&troubles)));
    let (sip_door, websockets) = websocket::door(plan.shell.web_flow());
    let pages = Arc::new(LivePages::default());
    tokio::spawn(beat(Arc::clone(&pages)));
    let history = open_history(&plan.shell.history, now)?;
    let web = WebParts {
        door: door.clone(),
        store: store.clone(),
        history: history.clone(),
        sip_door,
        lines: Arc::clone(&lines),
        pages: Arc::clone(&pages),
        waits: Arc::default(),
        boards: Arc::default(),
        pace: Arc::default(),
        telemetry: telemetry.clone(),
        troubles,
        clock,
    };
    let (sip_tls, http_tls) = tls::open(&plan).map_err(StartError::Tls)?;
    let notifier = start_notices(&plan, &telemetry, &history, now).await?;
    let tls = (sip_tls.clone(), http_tls.clone());
    let parts = reload::Parts { web, numbers, tls, notifier: notifier.clone(), log, webrtc };
    let reloader = Reloader::new(file, parts, (&plan, source, stage), rng.split());
    let streams = StreamSetup {
        listeners: sockets.listeners,
        websockets,
        tls: sip_tls,
        idle: plan.shell.sip_idle,
        runtime: Handle::current(),
    };
    let engine = Engine::new(plan.settings, seed, boot);
    let names = Names::new(&plan.shell.name_servers);
    let wiring = Wiring {
        engine,
        clock,
        sockets: sockets.udp,
        streams,
        store,
        names,
        media,
        lines,
        pages: Arc::clone(&pages),
        history,
        notifier: notifier.clone(),
        recorder,
        journal,
    };
    let engine = spawn_engine(runtime, wiring, door.clone(), end)?;
    let stop = serve_http(sockets.http, http_tls, reloader.served())?;
    Ok(Server { http, sip, telemetry, door, pages, stop, engine, reloader, notifier })
}

impl Server {
    /// Ends the server: the doors first, then the engine with its desks and its sound.
    pub async fn stop(self) -> io::Result<()> {
        self.pages.close_all();
        let _ = self.stop.send(true);
        self.door.stop();
        let ended = tokio::task::spawn_blocking(|| self.engine.join()).await.map_err(io::Error::other)?;
        let ended = ended.unwrap_or_else(|_| Err(io::Error::other("the engine's thread panicked")));
        self.notifier.end().await;
        // The last interval: the recorder has gone with the engine.
        let telemetry = self.telemetry;
        tokio::task::spawn_blocking(move || telemetry.join()).await.map_err(io::Error::other)?;
        ended
    }

    /// Reads the configuration again, beside everything else; what comes of it is in the log.
    pub fn reload(&self) {
        drop(tokio::spawn(Arc::clone(&self.reloader).run_and_log()));
    }

    /// Puts new calls off from now on, and waits until those in progress have ended, as long as the configuration says at most.
    pub async fn drain(&self) {
        self.door.drain();
        let ended = async {
            let mut calls = self.calls().await;
            for look in 0_u32.. {
                if calls == 0 {
                    return;
                }
                if look % LOOKS_SAID == 0 {
                    tracing::info!(calls, "new calls are put off, those in progress go on");
                }
                tokio::time::sleep(LOOK_EVERY).await;
                calls = self.calls().await;
            }
        };
        // Beyond the limit they are cut off.
        let _ = tokio::time::timeout(self.reloader.drain(), ended).await;
    }

    /// In progress; none when the engine does not say.
    async fn calls(&self) -> usize {
        match self.door.ask(Question::Health).await {
            Some(Answer::Health(counts)) => counts.calls,
            _ => 0,
        }
    }

    /// The engine's thread has ended by itself, which it never should.
    pub fn has_ended(&self) -> bool {
        self.engine.is_finished()
    }
}

/// The first number of a region is read slowly; that is not to be the first caller's.
pub fn warm_up(plan: &Plan) {
    let of_trunks = plan.settings.calls.trunks.values().filter_map(|trunk| trunk.region);
    of_trunks.chain(plan.shell.intents.region).for_each(Region::warm_up);
}

fn open_store(plan: &StorePlan) -> Result<Store, StartError> {
    let opened = match plan {
        StorePlan::Embedded { path } => Store::embedded(path.clone(), limits::INTENTS_MAX, STORE_WITHIN),
        StorePlan::Redis { url, .. } => Store::redis(
            RedisSetup { url: url.clone(), prefix: REDIS_PREFIX.to_owned() },
            limits::INTENTS_MAX,
            STORE_WITHIN,
        ),
    };
    opened.map_err(StartError::Store)
}

/// Goes on with what was left to tell.
async fn start_notices(
    plan: &Plan,
    telemetry: &Telemetry,
    history: &History,
    now: Now,
) -> Result<Notifier, StartError> {
    let started = Notifier::start(&notices::targets(plan), telemetry, history.clone());
    let notifier = started.map_err(StartError::Notify)?;
    notifier.resume(now.wall).await;
    Ok(notifier)
}

fn open_history(plan: &HistoryPlan, now: Now) -> Result<History, StartError> {
    let kept = Kept { file: plan.file.clone(), age: plan.age, most: limits::CASES_MAX };
    History::open(kept, now.wall).map_err(StartError::History)
}

fn start_media(shell: &Shell, wavs: Vec<Clip>, door: Door) -> Result<MediaPool, StartError> {
    let recordings = shell.recordings.clone();
    let recordings =
        recordings.map(|RecordingShell { folder, longest, keep }| RecordingFiles { folder, longest, keep });
    if let Some(RecordingFiles { folder, .. }) = &recordings {
        prepare_folder(folder).map_err(|fault| StartError::Recordings { path: folder.clone(), fault })?;
    }
    let shell = &shell.media;
    let config = MediaConfig {
        workers: shell.workers,
        bind: shell.bind,
        silence_timeout: shell.silence_timeout,
        webrtc_port: shell.webrtc_port,
        ports: shell.ports.clone(),
        wavs,
        recordings,
    };
    MediaPool::start(config, move |event| door.input(Input::Media(event))).map_err(StartError::Media)
}

fn open_journal(plan: &Plan, seed: [u8; 32], boot: u32, source: &ConfigSource) -> Result<Option<Journal>, StartError> {
    let Some(path) = &plan.shell.journal else { return Ok(None) };
    let webrtc = plan.settings.calls.media.webrtc.clone();
    let header = JournalHeader { seed, boot, config: source.clone(), webrtc };
    let journal = Journal::create(path, &header).map(Some);
    journal.map_err(|fault| StartError::Journal { path: path.clone(), fault })
}

/// Until the process ends.
async fn beat(pages: Arc<LivePages>) {
    let mut beats = tokio::time::interval(limits::LIVE_BEAT);
    loop {
        beats.tick().await;
        pages.beat();
    }
}

pub fn random_seed() -> Result<[u8; 32], StartError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| StartError::Machine(io::Error::other(error)))?;
    Ok(seed)
}

/// The engine has a runtime of its own, with the desks' connections and one to the store: no other thread is woken between a
/// datagram and its answer.
fn engine_runtime() -> Result<EngineRuntime, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .map(|runtime| EngineRuntime { handle: runtime.handle().clone(), runtime: Some(runtime) })
        .map_err(StartError::Machine)
}

impl EngineRuntime {
    /// What it is for, on its own thread.
    fn run<T: Send + 'static>(mut self, work: impl Future<Output = io::Result<T>> + Send + 'static) -> io::Result<T> {
        let Some(runtime) = self.runtime.take() else { return Err(io::Error::other("the engine has no runtime")) };
        // A task among the others: what wakes it on its own thread costs no look at the sockets.
        let running = runtime.spawn(work);
        runtime.block_on(running).unwrap_or_else(|fault| Err(io::Error::other(fault)))
    }
}

/// A start that is given up lets go of it among other tasks, where a runtime must not wait for its own.
impl Drop for EngineRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn spawn_engine(
    runtime: EngineRuntime,
    wiring: Wiring,
    door: Door,
    end: reactor::DoorEnd,
) -> Result<JoinHandle<io::Result<()>>, StartError> {
    let run = move || {
        take_short_slices();
        runtime.run(reactor::run(wiring, door, end))
    };
    std::thread::Builder::new().name("engine".to_owned()).spawn(run).map_err(StartError::Machine)
}

fn serve_http(listener: TcpListener, tls: Option<Arc<Tls>>, web: Served) -> Result<watch::Sender<bool>, StartError> {
    let listener = tokio::net::TcpListener::from_std(listener).map_err(StartError::Machine)?;
    let (stop, mut stopped) = watch::channel(false);
    let until = async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    if let Some(tls) = &tls {
        tokio::spawn(watch(Arc::clone(tls)));
    }
    tokio::spawn(web::serve_over(tls, listener, web, until));
    Ok(stop)
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Bind { what, address, fault } if fault.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "{what}: {address} is in use; end the other process or choose another port")
            }
            StartError::Bind { what, address, fault } => {
                write!(f, "{what}: {address} cannot be bound ({fault}); choose an address of this machine")
            }
            StartError::History(_) => f.write_str("the history of cases could not be opened"),
            StartError::Store(_) => f.write_str("the store of intents could not be opened"),
            StartError::Telemetry(_) => f.write_str("the telemetry could not be started"),
            StartError::Journal { path, .. } => write!(f, "the journal {} cannot be written", path.display()),
            StartError::Recordings { path, .. } => {
                write!(
                    f,
                    "the folder for recordings {} takes no files; change its owner or [recording] folder",
                    path.display()
                )
            }
            StartError::Wav { path, .. } => write!(f, "the sound file {} is of no use", path.display()),
            StartError::Tls(fault) => write!(f, "{fault}"),
            StartError::Notify(fault) => write!(f, "{fault}"),
            StartError::Media(_) => f.write_str("the media workers could not be started"),
            StartError::Machine(_) => f.write_str("the operating system refused a thread, a socket or random numbers"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StartError::Bind { fault, .. }
            | StartError::Journal { fault, .. }
            | StartError::Media(fault)
            | StartError::Machine(fault) => Some(fault),
            StartError::Store(error) => Some(error),
            StartError::History(error) => Some(error),
            StartError::Telemetry(error) => Some(error),
            StartError::Recordings { fault, .. } => Some(fault),
            StartError::Wav { fault, .. } => Some(fault),
            StartError::Tls(_) | StartError::Notify(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    /// The engine's runtime is let go of on another's threads then, which must not end in a panic in place of the reason.
    #[tokio::test]
    async fn a_start_that_is_given_up_says_why() {
        let text = include_str!("../../tests/support/smallest.toml");
        let mut plan = config::read(text).unwrap_or_else(|faults| panic!("{faults:?}"));
        plan.shell.sip[0].address = SocketAddr::from(([127, 0, 0, 1], 0));
        plan.shell.http = SocketAddr::from(([127, 0, 0, 1], 0));
        plan.shell.store = StorePlan::Embedded { path: ":memory:".into() };
        plan.shell.history.file = "/nowhere/of/ours/history.db".into();
        let sockets = bind(&plan.shell).unwrap_or_else(|faults| panic!("{faults:?}"));
        let refused = start(plan, sockets, Origin::of_text(text)).await.err();
        assert!(matches!(refused, Some(StartError::History(_))), "{refused:?}");
    }
}
