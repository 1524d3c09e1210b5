//! Calls between browsers and telephones through our media worker and through rtpengine in turn, each on a core of its own.

pub mod alone;
mod browsers;
mod sound;

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use throughline::sdp::IceCredentials;

use crate::memory;
use crate::relay::rtpengine::{self, Rtpengine};
use crate::relay::{Side, pinned};
use crate::support::folder::Folder;
use crate::support::ports;
use crate::support::process::Process;
use crate::table::{Table, one_decimal, three_decimals};
use crate::warm;
use crate::workers;
use browsers::{Browser, Identity};
use sound::{Heard, Phones};

/// What is to be measured.
#[derive(clap::Args)]
pub struct Flags {
    /// Calls at once; each has 100 packets a second.
    #[arg(long, value_delimiter = ',', default_value = "100,500")]
    calls: Vec<usize>,
    /// How long each is measured.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// The cipher of the sound.
    #[arg(long, value_enum, default_value_t = Cipher::Cm)]
    cipher: Cipher,
    /// Measure one relay only.
    #[arg(long)]
    only: Option<Side>,
    /// Let the relay's core fall asleep between packets.
    #[arg(long)]
    cold: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Cipher {
    /// AES in counter mode with HMAC-SHA1, which every peer has.
    Cm,
    /// AES-GCM.
    Gcm,
}

/// A relay with its calls set up, but for the handshakes.
struct Running {
    process: Process,
    _folder: Folder,
    /// Before the first call.
    kib: u64,
    phone_legs: Vec<SocketAddr>,
    browser_legs: Vec<SocketAddr>,
    checks: bool,
}

struct Measured {
    heard: Heard,
    connected_ms: Vec<f64>,
    kib_a_call: f64,
}

impl Flags {
    /// For the run that makes every table.
    pub fn for_all() -> Flags {
        Flags { calls: vec![100, 500], seconds: 10, cipher: Cipher::Cm, only: None, cold: false }
    }
}

pub fn run(flags: &Flags) -> Table {
    let _warm = (!flags.cold).then(warm::Loops::start);
    let titles = [
        "relay",
        "calls",
        "CPU us/packet",
        "core %",
        "lost %",
        "delay p50 us",
        "delay p99 us",
        "connected p50 ms",
        "connected p99 ms",
        "KiB/call",
        "CPU ratio",
    ];
    let mut table = Table::new("webrtc", &titles);
    for calls in &flags.calls {
        let measured = |side| (flags.only.is_none_or(|only| only == side)).then(|| measured(side, *calls, flags));
        let (theirs, ours) = (measured(Side::Rtpengine), measured(Side::Throughline));
        let ratio =
            theirs.as_ref().zip(ours.as_ref()).map(|(theirs, ours)| ours.heard.cpu_us() / theirs.heard.cpu_us());
        theirs.iter().for_each(|measured| table.push(row("rtpengine", *calls, measured, None)));
        ours.iter().for_each(|measured| table.push(row("Throughline", *calls, measured, ratio)));
    }
    table
}

fn measured(side: Side, calls: usize, flags: &Flags) -> Measured {
    let identity = Identity::new(match flags.cipher {
        Cipher::Cm => SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        Cipher::Gcm => SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
    });
    let phones = Phones::new();
    let mut browsers: Vec<Browser> = (0..calls).map(|_| Browser::new()).collect();
    let running = match side {
        Side::Rtpengine => theirs(&identity, &browsers, &phones),
        Side::Throughline => ours(&identity, calls, &phones),
    };
    let mut connected_ms = Vec::new();
    for (nth, browser) in browsers.iter_mut().enumerate() {
        browser.relay = running.browser_legs[nth];
        let credentials: Option<(IceCredentials, IceCredentials)> =
            running.checks.then(|| alone::credentials(nth as u64));
        connected_ms.push(browser.connect(&identity, credentials.as_ref()).as_secs_f64() * 1000.0);
    }
    connected_ms.sort_by(f64::total_cmp);
    let seconds = Duration::from_secs(flags.seconds);
    let process = &running.process;
    let heard = sound::talk(&mut browsers, &phones, &running.phone_legs, seconds, || process.cpu());
    let grown = memory::kib(process.pid()).saturating_sub(running.kib);
    Measured { heard, connected_ms, kib_a_call: grown as f64 / calls.max(1) as f64 }
}

fn ours(identity: &Identity, calls: usize, phones: &Phones) -> Running {
    let folder = Folder::new("load-webrtc");
    let (first, shared) = (ports::udp_range((calls * 2) as u16), ports::udp());
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    let fingerprint: String = identity.fingerprint.0.iter().map(|octet| format!("{octet:02x}")).collect();
    command.args(["web-rtc-alone", "--calls", &calls.to_string(), "--first-port", &first.to_string()]);
    command.args(["--webrtc-port", &shared.port().to_string(), "--phone", &phones.address().to_string()]);
    command.args(["--fingerprint", &fingerprint]);
    pinned::child(&mut command, pinned::cores() - 1);
    let mut process = Process::start("webrtc", &folder, &mut command);
    process.wait_for(alone::STARTED, Duration::from_secs(20));
    let kib = memory::kib(process.pid());
    process.wait_for(workers::READY, Duration::from_secs(20));
    let phone_legs = (0..calls as u16).map(|nth| SocketAddr::from(([127, 0, 0, 1], first + 2 * nth))).collect();
    Running { process, _folder: folder, kib, phone_legs, browser_legs: vec![shared; calls], checks: true }
}

/// Without ICE, which costs a packet nothing: rtpengine would send checks of its own.
fn theirs(identity: &Identity, browsers: &[Browser], phones: &Phones) -> Running {
    let mut rtpengine = Rtpengine::start(browsers.len());
    let kib = memory::kib(rtpengine.process.pid());
    let fingerprint = identity.text();
    let legs = browsers.iter().enumerate().map(|(nth, browser)| {
        let offer = rtpengine::browser(browser.address(), &fingerprint);
        rtpengine.browser_call(nth, offer, phones.address())
    });
    let (browser_legs, phone_legs) = legs.unzip();
    let (process, folder) = rtpengine.into_process();
    Running { process, _folder: folder, kib, phone_legs, browser_legs, checks: false }
}

fn row(side: &str, calls: usize, measured: &Measured, ratio: Option<f64>) -> Vec<String> {
    let heard = &measured.heard;
    let connected = |quantile: f64| {
        let nth = (measured.connected_ms.len() as f64 * quantile) as usize;
        measured.connected_ms.get(nth).copied().unwrap_or_default()
    };
    vec![
        side.to_owned(),
        calls.to_string(),
        format!("{:.2}", heard.cpu_us()),
        one_decimal(heard.core_percent()),
        three_decimals(heard.lost_percent()),
        one_decimal(heard.delay_us(0.5)),
        one_decimal(heard.delay_us(0.99)),
        one_decimal(connected(0.5)),
        one_decimal(connected(0.99)),
        one_decimal(measured.kib_a_call),
        ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
    ]
}
