//! sipp as a carrier's trunk and as phones, with the scenarios of `load-tests/`.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::folder::{Folder, project};
use super::ports;
use super::process::{PATIENCE, Process, eventually};

/// It binds the port it is given for sound, and the next even one for pictures.
const SOUND_PORTS: u16 = 4;
/// It refuses to start when the system allows fewer descriptors than this.
const SOCKETS_MAX: &str = "1000";

/// One call of an injection file.
#[derive(Clone)]
pub struct Dialled {
    pub called: String,
    pub caller: String,
    /// A whole header line, such as User-to-User; `None` writes one that says nothing.
    pub header: Option<String>,
}

/// How sipp as a carrier runs.
pub struct Carrier<'a> {
    /// A file of `load-tests/`, such as `carrier.xml`.
    pub scenario: &'a str,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub calls: &'a [Dialled],
    /// How many calls, going round `calls`.
    pub count: usize,
    pub per_second: usize,
    pub hold: Duration,
}

/// A running sipp.
pub struct Sipp {
    process: Process,
    statistics: PathBuf,
    errors: PathBuf,
    messages: PathBuf,
}

/// What sipp counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    pub good: usize,
    pub failed: usize,
}

impl Dialled {
    pub fn new(called: &str, caller: &str) -> Dialled {
        Dialled { called: called.to_owned(), caller: caller.to_owned(), header: None }
    }
}

/// Starts a carrier; it ends by itself after its calls.
pub fn carrier(name: &str, folder: &Folder, run: &Carrier) -> Sipp {
    carrier_over("u1", name, folder, run)
}

/// The same in a transport mode of sipp: `u1`, `t1`, `tn`.
pub fn carrier_over(mode: &str, name: &str, folder: &Folder, run: &Carrier) -> Sipp {
    folder.write("tone.ul", super::sound::mu_law_tone(440, 1));
    let injected = folder.write(&format!("{name}.csv"), injection(run.calls));
    let mut command = command(run.scenario, run.from);
    command.args(["-t", mode, "-max_socket", SOCKETS_MAX]).arg("-inf").arg(injected).args([
        "-m",
        &run.count.to_string(),
        "-r",
        &run.per_second.to_string(),
    ]);
    command.args(["-l", &run.count.to_string(), "-d", &run.hold.as_millis().to_string()]);
    command.args(["-mp", &ports::udp_range(SOUND_PORTS).to_string()]);
    start(name, folder, command.arg(run.to.to_string()))
}

/// Starts phones that answer every call on one port, until they are dropped.
pub fn phones(name: &str, folder: &Folder, scenario: &str, at: SocketAddr) -> Sipp {
    phones_over("u1", name, folder, scenario, at)
}

/// The same in a transport mode of sipp.
pub fn phones_over(mode: &str, name: &str, folder: &Folder, scenario: &str, at: SocketAddr) -> Sipp {
    let mut command = command(scenario, at);
    command.args(["-t", mode]);
    let mut phones = start(name, folder, command.args(["-mp", &ports::udp_range(SOUND_PORTS).to_string()]));
    eventually("phones that listen", PATIENCE, || {
        assert!(phones.process.is_alive(), "{name} ended: {}{}", phones.process.printed(), phones.errors());
        ports::is_taken(mode.starts_with('u'), at).then_some(())
    });
    phones
}

impl Sipp {
    /// Waits until all its calls have ended, and answers how.
    pub fn finish(&mut self, limit: Duration) -> Counted {
        self.process.finish(limit);
        self.counted()
    }

    /// As `finish`, but calls that are not over by then count as failed: what carries too many calls may never end them.
    pub fn finish_or_fail(&mut self, limit: Duration) -> Counted {
        if self.process.ended_within(limit).is_some() {
            return self.counted();
        }
        self.process.kill();
        let counted = self.counted();
        Counted { failed: counted.failed + self.in_progress(), ..counted }
    }

    /// What it has counted up to the last second, or to its end.
    pub fn counted(&self) -> Counted {
        Counted { good: self.latest("SuccessfulCall(C)"), failed: self.latest("FailedCall(C)") }
    }

    /// Calls in progress, as of the last second.
    pub fn in_progress(&self) -> usize {
        self.latest("CurrentCall")
    }

    /// The last value of a column of its statistics.
    fn latest(&self, name: &str) -> usize {
        let text = fs::read_to_string(&self.statistics).unwrap_or_default();
        let column = || {
            let at = text.lines().next()?.split(';').position(|title| title == name)?;
            text.lines().last()?.split(';').nth(at)?.parse().ok()
        };
        column().unwrap_or(0)
    }

    /// Why calls failed, in sipp's words.
    pub fn errors(&self) -> String {
        fs::read_to_string(&self.errors).unwrap_or_default()
    }

    /// Every message sent and received.
    pub fn messages(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.messages).unwrap_or_default()).into_owned()
    }

    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

fn command(scenario: &str, at: SocketAddr) -> Command {
    let mut command = Command::new("sipp");
    command.arg("-sf").arg(project("load-tests").join(scenario)).arg("-nostdin");
    command.args(["-i", &at.ip().to_string(), "-p", &at.port().to_string(), "-trace_stat", "-fd", "1", "-trace_err"]);
    command
}

fn start(name: &str, folder: &Folder, command: &mut Command) -> Sipp {
    let file = |end: &str| folder.path().join(format!("{name}.{end}"));
    let (statistics, errors, messages) = (file("statistics.csv"), file("errors"), file("messages"));
    command.arg("-stf").arg(&statistics).arg("-error_file").arg(&errors);
    if std::env::var_os("THROUGHLINE_SIPP_MESSAGES").is_some() {
        command.arg("-trace_msg").arg("-message_file").arg(&messages);
    }
    Sipp { process: Process::start(name, folder, command), statistics, errors, messages }
}

fn injection(calls: &[Dialled]) -> String {
    let line = |call: &Dialled| {
        let header = call.header.as_deref().unwrap_or("X-Load: plain");
        format!("{};{};{header}\n", call.called, call.caller)
    };
    std::iter::once("SEQUENTIAL\n".to_owned()).chain(calls.iter().map(line)).collect()
}
