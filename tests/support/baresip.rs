//! baresip as an agent's phone that registers with a password, and as a caller; both record what they hear.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use super::folder::Folder;
use super::process::{PATIENCE, Process};

pub struct Baresip {
    process: Process,
    sounds: PathBuf,
}

/// Whom it registers as, and where.
pub struct Account<'a> {
    pub user: &'a str,
    pub password: &'a str,
    pub server: SocketAddr,
}

/// A phone at `at` that answers by itself; waits until it has registered.
pub fn agent(folder: &Folder, at: SocketAddr, account: &Account) -> Baresip {
    agent_over("", folder, at, account)
}

/// The same over TCP or TLS: `transport` is that of the URIs, like `;transport=tcp`.
pub fn agent_over(transport: &str, folder: &Folder, at: SocketAddr, account: &Account) -> Baresip {
    registered(start(account.user, folder, at, account, (60, transport, ""), &[]))
}

/// The same, of one that takes encrypted sound alone.
pub fn secure_agent(folder: &Folder, at: SocketAddr, account: &Account) -> Baresip {
    registered(start(account.user, folder, at, account, (60, "", ";mediaenc=srtp-mand"), &[]))
}

fn registered(mut phone: Baresip) -> Baresip {
    phone.process.wait_for("200 OK", PATIENCE);
    phone
}

/// The same without waiting: for one whom the server ought to refuse.
pub fn stranger(folder: &Folder, at: SocketAddr, account: &Account) -> Baresip {
    start(account.user, folder, at, account, (60, "", ""), &[])
}

/// A caller at `at` who does not register, dials `number` at once and hangs up when the process stops.
pub fn caller(folder: &Folder, at: SocketAddr, account: &Account, number: &str) -> Baresip {
    let dial = format!("/dial sip:{number}@{}", account.server);
    start(account.user, folder, at, account, (0, "", ""), &["-e", &dial])
}

/// The same, whose keys are what comes to its console, a UDP port.
pub fn caller_with_console(
    folder: &Folder,
    at: SocketAddr,
    account: &Account,
    number: &str,
    console: SocketAddr,
) -> Baresip {
    let dial = format!("/dial sip:{number}@{}", account.server);
    let lines = format!("module cons.so\ncons_listen {console}\n");
    start_with(account.user, folder, at, account, (0, "", ""), &["-e", &dial], &lines)
}

impl Baresip {
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The recording of what it heard in its latest call, once there is one: 8000 samples a second.
    pub fn heard(&self) -> Option<Vec<i16>> {
        let mut recordings: Vec<PathBuf> =
            fs::read_dir(&self.sounds).ok()?.flatten().map(|entry| entry.path()).collect();
        recordings.retain(|path| path.to_string_lossy().ends_with("-dec.wav"));
        recordings.sort();
        super::sound::read_wav(recordings.last()?)
    }
}

fn start(
    name: &str,
    folder: &Folder,
    at: SocketAddr,
    account: &Account,
    (registration_s, transport, more_of_account): (u32, &str, &str),
    more: &[&str],
) -> Baresip {
    start_with(name, folder, at, account, (registration_s, transport, more_of_account), more, "")
}

fn start_with(
    name: &str,
    folder: &Folder,
    at: SocketAddr,
    account: &Account,
    (registration_s, transport, more_of_account): (u32, &str, &str),
    more: &[&str],
    configuration: &str,
) -> Baresip {
    let home = folder.path().join(format!("phone-{name}"));
    let sounds = home.join("sounds");
    fs::create_dir_all(&sounds).expect("a folder for the sounds");
    let (host, port) = (at.ip().to_string(), at.port().to_string());
    let sound = sounds.to_string_lossy();
    let below = |file: &str| format!("phone-{name}/{file}");
    let values = [("HOST", host.as_str()), ("PORT", &port), ("SOUND", &sound)];
    folder.fill(&below("config"), "sip-configs/baresip/config", &values);
    let written = fs::read_to_string(home.join("config")).expect("its configuration");
    folder.write(&below("config"), written + configuration);
    let (server, interval) = (account.server.to_string(), registration_s.to_string());
    let values = [
        ("USER", account.user),
        ("REALM", &server),
        ("SERVER", &server),
        ("PASSWORD", account.password),
        ("REGINT", &interval),
        ("TRANSPORT", transport),
        ("MORE", more_of_account),
    ];
    folder.fill(&below("accounts"), "sip-configs/baresip/accounts", &values);
    folder.write(&below("contacts"), "");
    let mut command = Command::new("baresip");
    command.env("HOME", &home).arg("-f").arg(&home).arg("-v").args(more);
    Baresip { process: Process::start(&format!("baresip-{name}"), folder, &mut command), sounds }
}
