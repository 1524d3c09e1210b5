//! Linphone's console program as an agent's phone: it registers, answers by itself, says a tone and records what it hears.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use super::baresip::Account;
use super::folder::Folder;
use super::ports;
use super::process::{PATIENCE, Process, eventually};

pub struct Linphone {
    process: Process,
    recording: PathBuf,
    trace: PathBuf,
    commands: PathBuf,
}

/// A phone at `at` that answers by itself; waits until it has registered.
pub fn agent(folder: &Folder, at: SocketAddr, account: &Account) -> Linphone {
    agent_with_timer(1800, folder, at, account)
}

/// The same, whose own calls have a session timer of so many seconds.
pub fn agent_with_timer(expires_s: u32, folder: &Folder, at: SocketAddr, account: &Account) -> Linphone {
    let expires = expires_s.to_string();
    let (port, sound) = (at.port().to_string(), ports::udp_range(2).to_string());
    folder.fill(
        "linphonerc",
        "sip-configs/linphone/linphonerc",
        &[("PORT", port.as_str()), ("SOUND", &sound), ("EXPIRES", &expires)],
    );
    // Without a place for its call log it never opens a socket.
    fs::create_dir_all(folder.path().join(".local/share/linphone")).expect("a folder for the phone");
    let said = folder.path().join("says.wav");
    super::sound::write_wav(&said, 660, 60);
    let recording = folder.path().join("linphone-heard.wav");
    // It reads commands as long as its standard input is open.
    let commands = format!(
        "soundcard use files\nplay {}\nrecord {}\nregister sip:{user}@{host} sip:{server} {password}\n",
        said.display(),
        recording.display(),
        user = account.user,
        host = account.server.ip(),
        server = account.server,
        password = account.password,
    );
    folder.write("linphone-commands", commands);
    let mut command = Command::new("sh");
    command
        .env("HOME", folder.path())
        .args(["-c", "tail -n +1 -f linphone-commands | linphonec -c linphonerc -a -d 6 -l linphone.trace"]);
    let process = Process::start("linphone", folder, &mut command);
    eventually("a phone that has registered", PATIENCE, || {
        let trace = fs::read(folder.path().join("linphone.trace")).unwrap_or_default();
        String::from_utf8_lossy(&trace).contains("to [LinphoneRegistrationOk]").then_some(())
    });
    let (trace, commands) = (folder.path().join("linphone.trace"), folder.path().join("linphone-commands"));
    Linphone { process, recording, trace, commands }
}

impl Linphone {
    pub fn printed(&self) -> String {
        self.process.printed()
    }

    /// Types a command, such as `call sip:…`.
    pub fn command(&self, line: &str) {
        let mut file = fs::OpenOptions::new().append(true).open(&self.commands).expect("its commands");
        writeln!(file, "{line}").expect("a line");
    }

    /// Its log, in which all messages stand.
    pub fn trace(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.trace).unwrap_or_default()).into_owned()
    }

    /// What it has heard in all its calls, once there is any: 8000 samples a second. The file is open as long as the phone
    /// lives, so that its header does not say yet how long it is.
    pub fn heard(&self) -> Option<Vec<i16>> {
        const HEADER: usize = 44;
        let bytes = fs::read(&self.recording).ok()?;
        let samples = bytes.get(HEADER..)?.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
        Some(samples.collect::<Vec<_>>()).filter(|samples| samples.len() > 8000)
    }
}
