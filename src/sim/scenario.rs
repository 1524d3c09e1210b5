//! What kind of world: its seed, its size, and how much goes wrong in it.

use std::time::Duration;

/// One world. Two runs of the same scenario are equal, output by output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    pub seed: u64,
    pub calls: u32,
    pub agents: u32,
    pub faults: FaultLevel,
}

/// How much goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultLevel {
    /// Nothing breaks; people still hang up, are busy or let it ring.
    None,
    Some,
    Many,
}

/// Probabilities, each of one event: a datagram, a question, a leg, a pop, a minute at a desk, a call at a phone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    pub datagram_lost: f64,
    pub datagram_twice: f64,
    /// Comes up to 2 s late, so that others overtake it.
    pub datagram_late: f64,
    pub store_late: f64,
    pub store_never: f64,
    pub store_twice: f64,
    pub store_error: f64,
    pub media_failed: f64,
    pub media_silent: f64,
    pub pop_late: f64,
    pub pop_never: f64,
    /// The connection is cut.
    pub desk_cut: f64,
    /// The phone disappears in the middle of whatever it does.
    pub phone_vanishes: f64,
}

impl FaultLevel {
    pub const ALL: [FaultLevel; 3] = [FaultLevel::None, FaultLevel::Some, FaultLevel::Many];

    pub fn as_str(self) -> &'static str {
        match self {
            FaultLevel::None => "none",
            FaultLevel::Some => "some",
            FaultLevel::Many => "many",
        }
    }

    pub fn parse(text: &str) -> Option<FaultLevel> {
        FaultLevel::ALL.into_iter().find(|level| level.as_str() == text)
    }

    pub fn rates(self) -> Rates {
        match self {
            FaultLevel::None => A_LITTLE.times(0.0),
            FaultLevel::Some => A_LITTLE,
            FaultLevel::Many => A_LITTLE.times(5.0),
        }
    }
}

/// The rates of `Some`.
const A_LITTLE: Rates = Rates {
    datagram_lost: 0.02,
    datagram_twice: 0.01,
    datagram_late: 0.01,
    store_late: 0.02,
    store_never: 0.01,
    store_twice: 0.02,
    store_error: 0.02,
    media_failed: 0.005,
    media_silent: 0.005,
    pop_late: 0.05,
    pop_never: 0.02,
    desk_cut: 0.05,
    phone_vanishes: 0.01,
};

impl Rates {
    fn times(self, factor: f64) -> Rates {
        Rates {
            datagram_lost: self.datagram_lost * factor,
            datagram_twice: self.datagram_twice * factor,
            datagram_late: self.datagram_late * factor,
            store_late: self.store_late * factor,
            store_never: self.store_never * factor,
            store_twice: self.store_twice * factor,
            store_error: self.store_error * factor,
            media_failed: self.media_failed * factor,
            media_silent: self.media_silent * factor,
            pop_late: self.pop_late * factor,
            pop_never: self.pop_never * factor,
            desk_cut: self.desk_cut * factor,
            phone_vanishes: self.phone_vanishes * factor,
        }
    }
}

/// How long an agent and a caller talk, on average; half of all calls reach an agent, and they come so fast that some
/// must wait.
pub(super) const TALK: Duration = Duration::from_secs(20);

impl Scenario {
    /// The mean time between two calls.
    pub(super) fn between_calls(&self) -> Duration {
        let served = TALK.as_secs_f64() / f64::from(self.agents.max(1));
        Duration::from_secs_f64(served / 2.0)
    }
}
