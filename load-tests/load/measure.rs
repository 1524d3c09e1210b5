//! One side of the comparison at work, and what it cost.

use std::fmt;
use std::time::Duration;

use crate::numbers;
use crate::support::folder::Folder;
use crate::support::process::Process;
use crate::support::sipp::{self, Carrier, Counted, Dialled};
use crate::support::{kamailio, ports};

/// The calls of one round.
pub struct Plan {
    pub rate: usize,
    pub count: usize,
    pub hold: Duration,
}

/// What one round of one side came to.
pub struct Row {
    side: &'static str,
    pub counted: Counted,
    /// User and system time of the server and its children during the round.
    cpu: Duration,
}

impl Row {
    pub fn cpu_per_call_us(&self) -> f64 {
        let calls = (self.counted.good + self.counted.failed).max(1);
        self.cpu.as_micros() as f64 / calls as f64
    }

    pub const TITLES: &'static str = "side           good   failed   CPU us/call";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<12} {:>6} {:>8} {:>13.0}",
            self.side,
            self.counted.good,
            self.counted.failed,
            self.cpu_per_call_us()
        )
    }
}

/// The round through Kamailio as a stateful proxy.
pub fn kamailio(plan: &Plan) -> Row {
    let folder = Folder::new("load-kamailio");
    let (proxy, phones) = (ports::udp(), ports::udp());
    let mut server = kamailio::proxy(&folder, proxy, phones);
    let _phones = sipp::phones("phones", &folder, "phone.xml", phones);
    let calls: Vec<Dialled> = (0..100).map(|nth| Dialled::new("+15550100", &numbers::caller(nth))).collect();
    let run = Carrier {
        scenario: "carrier.xml",
        from: ports::udp(),
        to: proxy,
        calls: &calls,
        count: plan.count,
        per_second: plan.rate,
        hold: plan.hold,
    };
    measured("Kamailio", &folder, &mut server, &run)
}

pub fn measured(side: &'static str, folder: &Folder, server: &mut Process, run: &Carrier) -> Row {
    let before = server.cpu();
    let mut carrier = sipp::carrier("carrier", folder, run);
    let planned = Duration::from_secs((run.count / run.per_second.max(1)) as u64);
    let counted = carrier.finish(planned * 2 + run.hold + Duration::from_secs(60));
    Row { side, counted, cpu: server.cpu().saturating_sub(before) }
}
