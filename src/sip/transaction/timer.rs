//! Every transaction timer by the letter that RFC 3261 table 4 and RFC 6026 section 8.4 give it.

use std::time::Duration;

/// A timer of one transaction. Timer C belongs to proxies, of which we are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// INVITE is sent again.
    A,
    /// INVITE never answered.
    B,
    /// Refusals that come again are acknowledged until then.
    D,
    /// Another request is sent again.
    E,
    /// Another request never answered.
    F,
    /// A refusal of an INVITE is sent again.
    G,
    /// The ACK of a refusal never came.
    H,
    /// ACKs that come again are absorbed until then.
    I,
    /// Requests that come again are answered until then.
    J,
    /// Answers that come again are absorbed until then.
    K,
    /// INVITEs that come again after our 2xx are absorbed until then.
    L,
    /// 2xx that come again, or of other forks, are passed up until then.
    M,
}

/// What all timers are made of (RFC 3261 table 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    pub t1: Duration,
    pub t2: Duration,
    pub t4: Duration,
    /// Over TCP and TLS nothing is sent again, and nothing that came again is waited for.
    pub reliable: bool,
}

impl Times {
    /// 64*T1: how long anything may stay unanswered.
    pub fn patience(&self) -> Duration {
        self.t1 * 64
    }

    /// Twice `last`, at most T2: the pace of what is sent again.
    pub fn slower(&self, last: Duration) -> Duration {
        (last * 2).min(self.t2)
    }
}

impl Default for Times {
    fn default() -> Times {
        Times {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            reliable: false,
        }
    }
}

impl Timer {
    /// Its first value; A, E and G grow from there.
    pub fn first(self, times: &Times) -> Duration {
        match self {
            Timer::A | Timer::E | Timer::G => times.t1,
            Timer::B | Timer::F | Timer::H => times.patience(),
            Timer::D | Timer::J | Timer::L | Timer::M => times.patience(),
            Timer::I | Timer::K => times.t4,
        }
    }

    /// Why the endpoint wakes for it.
    pub fn reason(self) -> &'static str {
        match self {
            Timer::A => "timer A: INVITE again",
            Timer::B => "timer B: INVITE unanswered",
            Timer::D => "timer D: refusals absorbed",
            Timer::E => "timer E: request again",
            Timer::F => "timer F: request unanswered",
            Timer::G => "timer G: refusal again",
            Timer::H => "timer H: refusal unacknowledged",
            Timer::I => "timer I: ACKs absorbed",
            Timer::J => "timer J: requests absorbed",
            Timer::K => "timer K: answers absorbed",
            Timer::L => "timer L: INVITEs absorbed",
            Timer::M => "timer M: forks awaited",
        }
    }
}
