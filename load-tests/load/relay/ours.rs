//! Our relay as a child of its own, pinned as rtpengine is.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use super::{Calls, Plan, Running, pinned, sealed};
use crate::support::folder::Folder;
use crate::support::ports;
use crate::support::process::Process;
use crate::workers;

pub fn start(plan: &Plan) -> Running {
    let folder = Folder::new("load-relay");
    let first = ports::udp_range((plan.calls * 4) as u16);
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(["relay-alone", "--calls", &plan.calls.to_string(), "--first-port", &first.to_string()]);
    command.args(["--phones", &format!("{},{}", plan.phones[0], plan.phones[1])]);
    if plan.srtp {
        command.arg("--srtp");
    }
    pinned::child(&mut command, pinned::cores() - 1);
    let mut process = Process::start("relay", &folder, &mut command);
    process.wait_for(workers::READY, Duration::from_secs(20));
    let at = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    let to = (0..plan.calls as u16).map(|nth| [at(first + nth * 4), at(first + nth * 4 + 2)]).collect();
    let keys = if plan.srtp { vec![sealed::of_our_phone(); plan.calls] } else { Vec::new() };
    Running { process, _folder: folder, calls: Calls { to, keys } }
}
