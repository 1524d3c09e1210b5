//! `throughline demo`: everything on one machine, on real sockets, with actors instead of people.

mod agents;
mod carrier;
mod config;
mod crowd;
mod line;
mod paper;
mod shop;
mod site;
mod sound;
mod story;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::app::desk::{self, AutoPlan};
use crate::app::server::{self, Server, StartError};
use crate::base::Level;
use crate::base::rng::Rng;
use crate::calls::facts::FallbackCause;
use crate::config::{self as server_config, Fault};
use crate::io::telemetry::Counter;

use agents::{Manner, Stage};
use carrier::Carrier;
use config::DemoConfig;
use line::Line;
use paper::Paper;
use shop::Ground;
use site::{Site, SiteError};
use story::Cast;

/// The flags of `throughline demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct DemoArgs {
    /// How many calls follow the story.
    #[arg(long, default_value_t = 1000)]
    pub calls: u64,
    /// How many of them begin each second.
    #[arg(long, default_value_t = 100)]
    pub rate: u64,
    /// Open the pages at once, without the story and the calls.
    #[arg(long, conflicts_with = "once")]
    pub pages: bool,
    /// End after the calls instead of running until Ctrl-C.
    #[arg(long)]
    pub once: bool,
    /// The port of the HTTP API; 0 for a free one.
    #[arg(long, default_value_t = 8080)]
    pub http_port: u16,
    /// The port of the shop's own site; 0 for a free one.
    #[arg(long, default_value_t = 8081)]
    pub shop_port: u16,
    /// The port of SIP over UDP; 0 for a free one.
    #[arg(long, default_value_t = 5060)]
    pub sip_port: u16,
    /// The address for sound. Firefox takes none of the loopback: for calls in it, name one of this machine's others.
    #[arg(long, default_value = "127.0.0.1")]
    pub media_address: IpAddr,
}

/// What went otherwise than the demo promises.
#[derive(Debug)]
pub enum DemoError {
    Files(io::Error),
    Config(Vec<Fault>),
    Start(Vec<StartError>),
    Socket(io::Error),
    /// The port of the shop cannot be had.
    Shop {
        port: u16,
        fault: io::Error,
    },
    Site(SiteError),
    /// The registration brought no number.
    NoNumber,
    /// No pop came to the desk.
    NoPop,
    /// The agent's phone did not ring.
    NoRing,
    /// The phone rang before the pop was on the screen.
    Order,
    NotAnswered(String),
    /// The tone that was sent is not the tone that arrived.
    NoSound,
    /// A phone of the demo has ended.
    Gone,
    /// Calls that were neither answered nor refused.
    Lost(u64),
}

/// Runs the demo to its end.
pub async fn run(args: DemoArgs) -> Result<(), DemoError> {
    let mut paper = Paper::new();
    let folder = Folder::make().map_err(DemoError::Files)?;
    let (phones, phone_events) = Line::open("phones", Rng::from_number(1)).await.map_err(DemoError::Socket)?;
    let (ivr, ivr_events) = Line::open("ivr", Rng::from_number(2)).await.map_err(DemoError::Socket)?;
    let (telephone, telephone_events) =
        Line::open("telephone", Rng::from_number(4)).await.map_err(DemoError::Socket)?;
    let port = if args.once { 0 } else { args.shop_port };
    let ground = Ground::bind(port).map_err(|fault| DemoError::Shop { port, fault })?;
    let origins = ground.origins();
    let ends = (phones.address, ivr.address, telephone.address);
    let config = DemoConfig::new(&args, &folder.0, ends, &origins).map_err(DemoError::Files)?;
    let server = start(&config).await?;
    let (phone_stage, ivr_stage) = (Stage::default(), Stage::default());
    let phone = Manner { rings_for: Duration::from_millis(20), tone_hz: story::AGENT_HZ };
    let customer = Manner { rings_for: Duration::from_secs(2), tone_hz: story::CALLER_HZ };
    let robot = Manner { rings_for: Duration::ZERO, tone_hz: story::IVR_HZ };
    tokio::spawn(agents::serve(phones, phone_events, phone, phone_stage.clone()));
    tokio::spawn(agents::serve(ivr, ivr_events, robot, ivr_stage.clone()));
    // Rings for callbacks only, and has sound though nobody watches it.
    let telephone_stage = Stage::default();
    drop(telephone_stage.watch());
    tokio::spawn(agents::serve(telephone, telephone_events, customer, telephone_stage));
    let (trunk, trunk_events) = Line::open("carrier", Rng::from_number(3)).await.map_err(DemoError::Socket)?;
    let sip = server.sip.first().copied().ok_or(DemoError::Gone)?;
    let carrier = Carrier::new(trunk, trunk_events, sip);
    let base = format!("http://{}", server.http);
    let site = Site::new(&base, &config.api_key);
    ground.open(server.http, &config.api_key, carrier.clone()).map_err(DemoError::Socket)?;
    introduce(&paper, &server, &folder);
    let links = links(&base, &origins[0], &config);
    if !args.once && !args.pages {
        paper.plain(&links);
    }
    let anna = log_in_one(&server, &config);
    let mut cast =
        Cast { site: site.clone(), carrier: carrier.clone(), phones: phone_stage.clone(), ivr: ivr_stage, anna };
    wait_for_available(&site, 1).await?;
    if !args.pages {
        cast.perform(&mut paper).await?;
        phone_stage.leave();
        crowd(&args, &mut paper, &server, &config, &site, &carrier).await?;
    }
    if !args.once {
        // Whoever calls from the shop hears the simulated agents; nobody watches them.
        drop(phone_stage.watch());
        paper.plain(&by_hand(&base, &config));
        paper.plain(&links);
        wait_for_ctrl_c().await.map_err(DemoError::Files)?;
    }
    server.stop().await.map_err(DemoError::Files)
}

async fn start(config: &DemoConfig) -> Result<Server, DemoError> {
    let plan = server_config::read(&config.text).map_err(DemoError::Config)?;
    let sockets = server::bind(&plan.shell).map_err(DemoError::Start)?;
    server::start(plan, sockets, server::Origin::of_text(&config.text))
        .await
        .map_err(|error| DemoError::Start(vec![error]))
}

fn introduce(paper: &Paper, server: &Server, folder: &Folder) {
    paper.plain("Throughline demo: a site, a carrier, an IVR, agents with desks and phones, all on this machine.");
    paper.line("server", &format!("HTTP http://{}, SIP over UDP {:?}", server.http, server.sip));
    paper.line("files", &format!("{} (removed at the end)", folder.0.display()));
}

/// Anna's desk, whose messages the story shows.
fn log_in_one(
    server: &Server,
    config: &DemoConfig,
) -> mpsc::UnboundedReceiver<crate::io::desktop::server_frames::ServerBody> {
    let (watch, heard) = mpsc::unbounded_channel();
    let (url, login) = (desk_url(server), config.login(config::ANNA));
    tokio::spawn(async move { desk::run_watched(&url, login, plan(), watch).await });
    heard
}

fn desk_url(server: &Server) -> String {
    format!("ws://{}/v1/desktop", server.http)
}

fn plan() -> AutoPlan {
    AutoPlan { wrap_up_after: Duration::from_millis(20) }
}

/// Until so many agents are free, as the API says.
async fn wait_for_available(site: &Site, wanted: usize) -> Result<(), DemoError> {
    for _ in 0..200 {
        let agents = site.get("/v1/agents").await.map_err(DemoError::Site)?;
        let free =
            agents["agents"].as_array().into_iter().flatten().filter(|agent| agent["state"] == "available").count();
        if free >= wanted {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(DemoError::NoPop)
}

async fn crowd(
    args: &DemoArgs,
    paper: &mut Paper,
    server: &Server,
    config: &DemoConfig,
    site: &Site,
    carrier: &Carrier,
) -> Result<(), DemoError> {
    paper.chapter(&format!("{} calls, {} a second, {} agents", args.calls, args.rate, config.agents()));
    let (url, logins) = (desk_url(server), config.crowd());
    tokio::spawn(async move { desk::run_auto(&url, logins, plan(), Default::default()).await });
    wait_for_available(site, config.agents() * 9 / 10).await?;
    let tally = crowd::run(site, carrier, args.calls, args.rate, paper).await;
    // The last interval reaches the telemetry within a second.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    report(paper, server, &tally);
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let missing = args.calls - read(&tally.done).min(args.calls);
    match read(&tally.lost) + read(&tally.not_registered) + missing {
        0 => Ok(()),
        lost => Err(DemoError::Lost(lost)),
    }
}

fn report(paper: &Paper, server: &Server, tally: &crowd::Tally) {
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let (answered, refused, lost) = (read(&tally.answered), read(&tally.refused), read(&tally.lost));
    paper.line("carrier", &format!("answered {answered}, refused {refused}, lost {lost}"));
    for level in Level::ALL {
        let count = server.telemetry.count(&Counter::Matched(level));
        paper.line("matched", &format!("{:<28} {count:>9}", level.as_str()));
    }
    for cause in FallbackCause::ALL {
        let count = server.telemetry.count(&Counter::FellBack(*cause));
        paper.line("fallback", &format!("{:<28} {count:>9}", cause.as_str()));
    }
    paper.plain(&format!(
        "   {:<8} {:<28} {:>7} {:>9} {:>9} {:>9} {:>9}",
        "times", "ms", "count", "p50", "p90", "p99", "max"
    ));
    for row in server.telemetry.latency() {
        let ms = |us: f64| us / 1000.0;
        paper.plain(&format!(
            "            {:<28} {:>7} {:>9.3} {:>9.3} {:>9.3} {:>9.3}",
            row.stage.as_str(),
            row.count,
            ms(row.p50_us),
            ms(row.p90_us),
            ms(row.p99_us),
            ms(row.max_us)
        ));
    }
}

/// Where everything that a person does is done.
fn links(base: &str, shop: &str, config: &DemoConfig) -> String {
    let (dana, board) = (config::DANA, &config.board_key);
    let token = config.login(dana).token;
    format!(
        "\nIn the browser, while this runs (Ctrl-C ends it):\n\
         \x20 customer  {shop}/\n\
         \x20 desk      {base}/desk/#agent={dana}&token={token}\n\
         \x20 board     {base}/board/#key={board}\n"
    )
}

fn by_hand(base: &str, config: &DemoConfig) -> String {
    let key = &config.api_key;
    let ws = format!("{}/v1/desktop", base.replacen("http", "ws", 1));
    format!(
        "\nBy hand, while this runs (Ctrl-C ends it):\n\
         \x20 curl -s -X POST {base}/v1/intents -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\\n\
         \x20   -d '{{\"customer\":{{\"id\":\"c-1\",\"name\":\"Dora Example\",\"email\":\"dora@shop.example.com\"}},\"reason\":{{\"category\":\"delivery\"}}}}'\n\
         \x20 curl -s '{base}/v1/calls?limit=3' -H 'Authorization: Bearer {key}'\n\
         \x20 curl -s {base}/v1/latency -H 'Authorization: Bearer {key}'\n\
         \x20 curl -s {base}/metrics\n\
         \x20 {name} desk --url {ws} --agent {anna} --token {token}\n",
        name = "throughline",
        anna = config::ANNA,
        token = config.login(config::ANNA).token,
    )
}

/// Ctrl-C, or SIGTERM: either way the files are removed.
async fn wait_for_ctrl_c() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

/// The demo's files; removed at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn make() -> io::Result<Folder> {
        let folder = std::env::temp_dir().join(format!("throughline-demo-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DemoError::Files(_) => f.write_str("the demo's files"),
            DemoError::Config(faults) => {
                f.write_str("the demo's own configuration is wrong")?;
                faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
            DemoError::Start(faults) => {
                f.write_str("the server did not start")?;
                faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))?;
                f.write_str("\nTry --http-port 0 --sip-port 0 for free ports.")
            }
            DemoError::Socket(_) => f.write_str("a socket of the demo's phones"),
            DemoError::Shop { port, .. } => {
                write!(f, "port {port} for the shop cannot be had: try --shop-port 0 for a free one")
            }
            DemoError::Site(_) => f.write_str("the demo's site"),
            DemoError::NoNumber => f.write_str("the registration brought no number to dial"),
            DemoError::NoPop => f.write_str("the agent's desk did not get what it should"),
            DemoError::NoRing => f.write_str("the agent's phone did not ring"),
            DemoError::Order => f.write_str("the phone rang before the pop was on the screen"),
            DemoError::NotAnswered(what) => write!(f, "nobody answered: {what}"),
            DemoError::NoSound => f.write_str("the tone that was sent is not the tone that arrived"),
            DemoError::Gone => f.write_str("a phone of the demo has ended"),
            DemoError::Lost(calls) => write!(f, "{calls} calls were neither answered nor refused"),
        }
    }
}

impl std::error::Error for DemoError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            DemoError::Files(error) | DemoError::Socket(error) | DemoError::Shop { fault: error, .. } => Some(error),
            DemoError::Site(error) => Some(error),
            DemoError::Config(_)
            | DemoError::Start(_)
            | DemoError::NoNumber
            | DemoError::NoPop
            | DemoError::NoRing
            | DemoError::Order
            | DemoError::NotAnswered(_)
            | DemoError::NoSound
            | DemoError::Gone
            | DemoError::Lost(_) => None,
        }
    }
}
