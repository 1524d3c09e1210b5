//! A child process that is watched through what it prints, and gone when the test is.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::folder::Folder;

const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How long anything may take that is waited for. The condition ends the wait; this is for what never comes, on a machine that has much else to do.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How long a process that nobody needs any more may take to end by itself.
const GOODBYE: Duration = Duration::from_secs(5);

pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` in `folder`, in a process group of its own, with all that it prints in `folder/name.log`.
    pub fn start(name: &str, folder: &Folder, command: &mut Command) -> Process {
        let log = folder.path().join(format!("{name}.log"));
        let printed = fs::File::options().create(true).append(true).open(&log).expect("a log");
        let errors = printed.try_clone().expect("a second handle of the log");
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(printed).stderr(errors).process_group(0);
        // SAFETY: prctl is async-signal-safe and touches nothing of this process.
        unsafe { command.pre_exec(die_with_the_parent) };
        let child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        Process { name: name.to_owned(), child, log }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All that it has printed.
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it has printed `text`; fails with all that it printed when it ends before, or takes longer than `limit`.
    pub fn wait_for(&mut self, text: &str, limit: Duration) {
        let begun = Instant::now();
        while !self.printed().contains(text) {
            let alive = self.is_alive();
            let late = begun.elapsed() > limit;
            assert!(alive && !late, "{} never printed {text:?} (alive: {alive}):\n{}", self.name, self.printed());
            sleep(LOOK_AGAIN);
        }
    }

    /// Waits for its end.
    pub fn finish(&mut self, limit: Duration) -> ExitStatus {
        let ended = self.ended_within(limit);
        ended.unwrap_or_else(|| panic!("{} did not end within {limit:?}:\n{}", self.name, self.printed()))
    }

    /// Asks it to end (SIGTERM) and waits for that.
    pub fn stop(&mut self) -> ExitStatus {
        self.ask_to_end();
        self.finish(PATIENCE)
    }

    /// SIGTERM.
    pub fn ask_to_end(&self) {
        self.signal(libc::SIGTERM);
    }

    /// SIGKILL to it alone, and waits until it is gone.
    pub fn kill(&mut self) {
        self.signal(libc::SIGKILL);
        let _ = self.child.wait();
    }

    /// SIGSTOP: it stands still, its sockets stay.
    pub fn freeze(&self) {
        self.signal(libc::SIGSTOP);
    }

    pub fn thaw(&self) {
        self.signal(libc::SIGCONT);
    }

    /// User and system time of it and of its children that live.
    pub fn cpu(&self) -> Duration {
        cpu_of_tree(self.pid())
    }

    /// Waits for its end, so long at most.
    pub fn ended_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            sleep(LOOK_AGAIN);
        }
        None
    }

    fn signal(&self, signal: libc::c_int) {
        // SAFETY: the child has not been waited for unless it ended, and then nobody else has its number in a test's time.
        unsafe { libc::kill(self.pid() as libc::pid_t, signal) };
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_alive() {
            self.thaw();
            self.signal(libc::SIGTERM);
            let _ = self.ended_within(GOODBYE);
        }
        // SAFETY: the group is the child's own; what is left of it are its children.
        unsafe { libc::kill(-(self.pid() as libc::pid_t), libc::SIGKILL) };
        let _ = self.child.wait();
    }
}

fn die_with_the_parent() -> io::Result<()> {
    // SAFETY: plain system call with constant arguments.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Waits until `seen` answers, asking every few milliseconds; fails with `what` after `limit`.
pub fn eventually<T>(what: &str, limit: Duration, mut seen: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = seen() {
            return value;
        }
        assert!(begun.elapsed() < limit, "not within {limit:?}: {what}");
        sleep(LOOK_AGAIN);
    }
}

fn cpu_of_tree(pid: u32) -> Duration {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let of_children = children.split_whitespace().filter_map(|child| child.parse().ok()).map(cpu_of_tree);
    of_children.sum::<Duration>() + cpu_of(pid)
}

/// Fields 14 and 15 of /proc/PID/stat, in ticks of a hundredth of a second.
fn cpu_of(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}
