//! One round of calls through one side, and what it cost.

use std::time::Duration;

use crate::capture::{Capture, Times};
use crate::support::folder::Folder;
use crate::support::process::Process;
use crate::support::sipp::{self, Carrier, Counted};

/// The calls of one round.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rate: usize,
    pub count: usize,
    pub hold: Duration,
}

/// What one round of one side came to.
pub struct Row {
    pub counted: Counted,
    /// User and system time of the server and its children during the round.
    pub cpu: Duration,
    /// From INVITE to 180 at the carrier, where that could be read along.
    pub rang: Option<Times>,
}

impl Plan {
    pub fn new(rate: usize, seconds: usize, hold: Duration) -> Plan {
        Plan { rate, count: rate * seconds, hold }
    }

    /// How many calls there are at once, with room for slow ones.
    pub fn at_once(&self) -> usize {
        self.rate * (self.hold.as_millis() as usize + 500) / 1000 + 50
    }
}

impl Row {
    pub fn cpu_us(&self) -> f64 {
        let calls = (self.counted.good + self.counted.failed).max(1);
        self.cpu.as_micros() as f64 / calls as f64
    }

    pub fn rang_ms(&self, quantile: f64) -> Option<String> {
        self.rang.as_ref().filter(|rang| rang.count() > 0).map(|rang| format!("{:.2}", rang.ms(quantile)))
    }
}

/// Calls through `server` from the first to the last.
pub fn measured(folder: &Folder, server: &mut Process, run: &Carrier) -> Row {
    let capture = Capture::start(run.from.port());
    let before = server.cpu();
    let mut carrier = sipp::carrier("carrier", folder, run);
    let planned = Duration::from_secs((run.count / run.per_second.max(1)) as u64);
    let counted = carrier.finish_or_fail(planned * 2 + run.hold + Duration::from_secs(40));
    let cpu = server.cpu().saturating_sub(before);
    Row { counted, cpu, rang: capture.map(Capture::finish) }
}
