//! A Redis server of the test's own, empty, without persistence.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use super::folder::Folder;
use super::process::{PATIENCE, Process};
use super::{ports, process};

pub struct RedisServer {
    folder: Folder,
    at: SocketAddr,
    process: Process,
}

impl RedisServer {
    /// Starts one on a free port and waits until it answers; without redis-server the test fails and says so.
    pub fn start() -> RedisServer {
        let folder = Folder::new("redis");
        let at = ports::tcp();
        let process = spawn(&folder, at);
        RedisServer { folder, at, process }
    }

    pub fn url(&self) -> String {
        format!("redis://{}/0", self.at)
    }

    /// SIGKILL: what it held is lost.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Empty again, on the same port.
    pub fn restart(&mut self) {
        self.process = spawn(&self.folder, self.at);
    }

    /// User and system time so far.
    pub fn cpu(&self) -> Duration {
        self.process.cpu()
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub fn freeze(&self) {
        self.process.freeze();
    }

    pub fn thaw(&self) {
        self.process.thaw();
    }

    /// Every key and its life in ms; -1: it has no end.
    pub fn lives_by_key(&self) -> Vec<(String, i64)> {
        let mut connection = self.connect();
        let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).expect("the keys");
        let life = |key: String| {
            let left: i64 = redis::cmd("PTTL").arg(&key).query(&mut connection).expect("its life");
            (key, left)
        };
        keys.into_iter().map(life).collect()
    }

    /// How many scripts it has been asked for.
    pub fn scripts_run(&self) -> u64 {
        let info: String = redis::cmd("INFO").arg("commandstats").query(&mut self.connect()).expect("statistics");
        let calls = |line: &str| line.split("calls=").nth(1)?.split(',').next()?.parse::<u64>().ok();
        info.lines().filter(|line| line.starts_with("cmdstat_evalsha")).filter_map(calls).sum()
    }

    /// One command, for a test that spoils something.
    pub fn command(&self, words: &[&str]) {
        let mut command = redis::cmd(words[0]);
        words[1..].iter().for_each(|word| {
            command.arg(*word);
        });
        command.query::<redis::Value>(&mut self.connect()).expect("Redis does it");
    }

    fn connect(&self) -> redis::Connection {
        redis::Client::open(self.url()).and_then(|client| client.get_connection()).expect("a connection")
    }
}

fn spawn(folder: &Folder, at: SocketAddr) -> Process {
    let found = Command::new("redis-server").arg("--version").output();
    assert!(found.is_ok(), "redis-server is missing: install the Debian package redis-server (tests/run does so)");
    let mut command = Command::new("redis-server");
    command.args([
        "--bind",
        "127.0.0.1",
        "--port",
        &at.port().to_string(),
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
    ]);
    command.arg(folder.path());
    let mut server = Process::start("redis-server", folder, &mut command);
    process::eventually("Redis answers", PATIENCE, || {
        assert!(server.is_alive(), "redis-server has ended:\n{}", server.printed());
        let client = redis::Client::open(format!("redis://{at}/0")).ok()?;
        redis::cmd("PING").query::<String>(&mut client.get_connection().ok()?).ok()
    });
    server
}
