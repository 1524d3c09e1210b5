//! The other side of the comparison: Kamailio as a stateful proxy in front of the same phones.

use std::net::SocketAddr;

use crate::measure::{Plan, Row, measured};
use crate::numbers;
use crate::support::folder::Folder;
use crate::support::process::Process;
use crate::support::sipp::{self, Carrier, Dialled, Sipp};
use crate::support::{kamailio, ports};

pub struct Theirs {
    server: Process,
    at: SocketAddr,
    _phones: Sipp,
    folder: Folder,
}

/// Callers that take turns.
const CALLERS: usize = 100;

impl Theirs {
    /// `dialogs`: it also keeps the dialogs, as for billing.
    pub fn start(dialogs: bool) -> Theirs {
        let folder = Folder::new("load-kamailio");
        let (at, phones) = (ports::udp(), ports::udp());
        let server = kamailio::proxy(&folder, at, phones, dialogs);
        let phones = sipp::phones("phones", &folder, "phone.xml", phones);
        Theirs { server, at, _phones: phones, folder }
    }

    pub fn round(&mut self, plan: &Plan) -> Row {
        let calls = callers();
        let run = self.carrier(&calls, plan);
        measured(&self.folder, &mut self.server, &run)
    }

    /// Calls that begin and stay.
    pub fn hold(&self, name: &str, plan: &Plan) -> Sipp {
        sipp::carrier(name, &self.folder, &self.carrier(&callers(), plan))
    }

    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    fn carrier<'a>(&self, calls: &'a [Dialled], plan: &Plan) -> Carrier<'a> {
        Carrier {
            scenario: "carrier.xml",
            from: ports::udp(),
            to: self.at,
            calls,
            count: plan.count,
            per_second: plan.rate,
            hold: plan.hold,
        }
    }
}

fn callers() -> Vec<Dialled> {
    (0..CALLERS).map(|nth| Dialled::new("+15550100", &numbers::caller(nth))).collect()
}
