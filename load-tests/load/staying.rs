//! Calls that stay while the usual ones come and go: callers who wait for an agent, and conversations.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::descriptors;
use crate::hold::all_held;
use crate::measure::Plan;
use crate::ours::{Flags as Setting, Ours};
use crate::support::desk::Desk;
use crate::support::server;
use crate::support::sipp::Sipp;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In a queue whose only agent is on a break.
    Waiting,
    /// Each with an agent.
    Held,
}

/// So many of them, with all that they need.
pub struct Staying {
    kind: Kind,
    count: usize,
    _carrier: Option<Sipp>,
    _expert: Option<OnBreak>,
}

/// The desk of an agent who is logged in and takes no calls, until this is dropped.
struct OnBreak {
    is_over: Arc<AtomicBool>,
    desk: Option<JoinHandle<()>>,
}

/// How fast they begin, and for how long they stay at most.
const FILL: usize = 250;
const LONG: Duration = Duration::from_secs(600);
/// For the server to have all of them where they belong.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// What the server opens beside calls and desks: listeners, the store, the API.
const SPARE_DESCRIPTORS: usize = 300;
/// RTP and RTCP of both legs.
const SOCKETS_A_CALL: usize = 4;
const EXPERT: &str = "expert";
const BILLING: &str = "billing";

impl Kind {
    /// As many of `asked` as there are descriptors for beside the `usual` calls and agents; says so where they are fewer.
    pub fn allowed(self, asked: usize, usual: &Plan, agents: usize) -> usize {
        let allowed = descriptors::allowed();
        let beside = SPARE_DESCRIPTORS + agents + SOCKETS_A_CALL * usual.at_once();
        let count = asked.min(allowed.saturating_sub(beside) / self.descriptors());
        if count < asked {
            let wanted = beside + asked * self.descriptors();
            let doing = self.as_str();
            println!("{asked} calls {doing} want {wanted} descriptors, {allowed} are allowed: {count} instead");
        }
        count
    }

    /// Our side with `agents` for the usual calls, and as many calls of this kind in it.
    pub fn begin(self, count: usize, usual: &Plan, agents: usize) -> (Ours, Staying) {
        let more = if self == Kind::Held { count } else { 0 };
        let setting = Setting { is_patient: true, ..Setting::with_agents(agents + more) };
        let mut side = Ours::start(&setting, usual.at_once() + count, &self.configuration());
        let expert = (self == Kind::Waiting).then(|| OnBreak::sit(&side));
        let plan = Plan { rate: FILL, count, hold: LONG };
        let carrier = (count > 0).then(|| side.hold("stay", self.reason(), &plan));
        carrier.iter().for_each(|carrier| all_held(carrier, &plan));
        let staying = Staying { kind: self, count, _carrier: carrier, _expert: expert };
        staying.check(&side);
        (side, staying)
    }

    /// What they are doing.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Waiting => "waiting",
            Kind::Held => "held",
        }
    }

    /// Of the server, for each of them: the sockets for sound, and where there is an agent, that of the desk.
    fn descriptors(self) -> usize {
        match self {
            Kind::Waiting => SOCKETS_A_CALL / 2,
            Kind::Held => SOCKETS_A_CALL + 1,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Kind::Waiting => BILLING,
            Kind::Held => "delivery",
        }
    }

    /// Callers about billing wait for the one who knows about it; all others are for anybody.
    fn configuration(self) -> String {
        if self == Kind::Held {
            return String::new();
        }
        format!(
            r#"
[[queues]]
name = "{BILLING}"
requires = {{ english = 10 }}
max_waiting = 20000
[[agents]]
name = "{EXPERT}"
skills = {{ english = 10 }}
token_sha256 = "{}"
phone = {{ contact = "sip:{EXPERT}@127.0.0.1:9" }}
[[access.rules]]
name = "billing"
when = {{ reason = ["{BILLING}"] }}
answer = "queue"
queue = "{BILLING}"
ceiling_s = 3600
then = "self-service"
[[access.rules]]
name = "recognised"
when = {{ min_level = "V1" }}
answer = "human"
"#,
            server::token_sha256(EXPERT)
        )
    }

    fn counted(self, side: &Ours) -> usize {
        match self {
            Kind::Waiting => side.waiting(BILLING),
            Kind::Held => side.agents_in("on-call"),
        }
    }
}

impl Staying {
    /// The server must have all of them where they belong; calls of another kind would measure something else.
    pub fn check(&self, side: &Ours) {
        let (kind, count, began) = (self.kind, self.count, Instant::now());
        let doing = kind.as_str();
        let mut found = kind.counted(side);
        while found != count && began.elapsed() < PATIENCE {
            thread::sleep(LOOK_AGAIN);
            found = kind.counted(side);
        }
        let (fallbacks, ended) = (side.fallbacks(), side.outcomes());
        assert_eq!(
            found, count,
            "calls {doing}, and how many should be; gone to the fallback: {fallbacks:?}, ended: {ended:?}"
        );
    }
}

impl OnBreak {
    fn sit(side: &Ours) -> OnBreak {
        let mut desk = Desk::open(side.http(), EXPERT, &server::token(EXPERT));
        desk.say(&json!({"type": "set_state", "state": "break", "reason": "tea"}));
        desk.wait_for("a break", |message| message["type"] == "state_changed" && message["state"] == "break");
        let is_over = Arc::new(AtomicBool::new(false));
        let watched = Arc::clone(&is_over);
        let desk = thread::spawn(move || desk.linger(&watched));
        OnBreak { is_over, desk: Some(desk) }
    }
}

impl Drop for OnBreak {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.desk.take().into_iter().for_each(|desk| drop(desk.join()));
    }
}
