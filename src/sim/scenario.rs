//! What kind of world: its seed, its size, and how much goes wrong in it.

use std::time::Duration;

use super::manners::{Manners, More};

/// One world. Two runs of the same scenario are equal, output by output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    pub seed: u64,
    pub calls: u32,
    pub agents: u32,
    pub faults: FaultLevel,
    /// Which kinds of fault there are at all.
    pub kinds: Kinds,
    pub more: More,
}

/// How much goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultLevel {
    /// Nothing breaks; people still hang up, are busy or let it ring.
    None,
    Some,
    Many,
}

/// Probabilities, each of one event: a datagram, a question, a leg, a pop, a minute at a desk, a call or message at a phone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    pub datagram_lost: f64,
    pub datagram_twice: f64,
    /// Comes up to 2 s late, so that others overtake it.
    pub datagram_late: f64,
    /// A carrier cannot be reached for a while; one chance for each call.
    pub trunk_away: f64,
    pub store_late: f64,
    pub store_never: f64,
    pub store_twice: f64,
    pub store_error: f64,
    /// From this question on the store says nothing for a while, or says it late.
    pub store_away: f64,
    pub media_failed: f64,
    pub media_silent: f64,
    pub pop_late: f64,
    pub pop_never: f64,
    pub pop_twice: f64,
    /// The connection is cut.
    pub desk_cut: f64,
    /// The phone disappears in the middle of whatever it does.
    pub phone_vanishes: f64,
    /// The phone is taken off while the CANCEL is on its way: 200 to both.
    pub cancel_answered: f64,
    /// The phone does not hear a 200 before it comes again.
    pub ack_late: f64,
    /// Both sides hang up at once.
    pub bye_crossed: f64,
    /// Both sides change the session at once.
    pub change_crossed: f64,
}

/// A kind of fault: its name on the command line, and its rate.
struct Kind {
    name: &'static str,
    rate: fn(&mut Rates) -> &mut f64,
}

const KINDS: [Kind; 20] = [
    Kind { name: "datagram-lost", rate: |rates| &mut rates.datagram_lost },
    Kind { name: "datagram-twice", rate: |rates| &mut rates.datagram_twice },
    Kind { name: "datagram-late", rate: |rates| &mut rates.datagram_late },
    Kind { name: "trunk-away", rate: |rates| &mut rates.trunk_away },
    Kind { name: "store-late", rate: |rates| &mut rates.store_late },
    Kind { name: "store-never", rate: |rates| &mut rates.store_never },
    Kind { name: "store-twice", rate: |rates| &mut rates.store_twice },
    Kind { name: "store-error", rate: |rates| &mut rates.store_error },
    Kind { name: "store-away", rate: |rates| &mut rates.store_away },
    Kind { name: "media-failed", rate: |rates| &mut rates.media_failed },
    Kind { name: "media-silent", rate: |rates| &mut rates.media_silent },
    Kind { name: "pop-late", rate: |rates| &mut rates.pop_late },
    Kind { name: "pop-never", rate: |rates| &mut rates.pop_never },
    Kind { name: "pop-twice", rate: |rates| &mut rates.pop_twice },
    Kind { name: "desk-cut", rate: |rates| &mut rates.desk_cut },
    Kind { name: "phone-vanishes", rate: |rates| &mut rates.phone_vanishes },
    Kind { name: "cancel-answered", rate: |rates| &mut rates.cancel_answered },
    Kind { name: "ack-late", rate: |rates| &mut rates.ack_late },
    Kind { name: "bye-crossed", rate: |rates| &mut rates.bye_crossed },
    Kind { name: "change-crossed", rate: |rates| &mut rates.change_crossed },
];

/// A choice of kinds, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u32);

impl Kinds {
    pub const ALL: Kinds = Kinds(u32::MAX);

    /// Names with commas between them; `Err` is the name that there is not.
    pub fn parse(text: &str) -> Result<Kinds, String> {
        let bit = |name: &str| {
            let place = KINDS.iter().position(|kind| kind.name == name);
            place.map(|place| 1u32 << place).ok_or_else(|| name.to_owned())
        };
        text.split(',').map(bit).try_fold(Kinds(0), |kinds, bit| Ok(Kinds(kinds.0 | bit?)))
    }

    /// All that there are, with commas between them.
    pub fn names() -> String {
        KINDS.map(|kind| kind.name).join(",")
    }

    fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }
}

impl std::fmt::Display for Kinds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let chosen: Vec<&str> =
            KINDS.iter().enumerate().filter(|(place, _)| self.has(*place)).map(|(_, kind)| kind.name).collect();
        f.write_str(&chosen.join(","))
    }
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
        let factor = match self {
            FaultLevel::None => 0.0,
            FaultLevel::Some => 1.0,
            FaultLevel::Many => 5.0,
        };
        A_LITTLE.times(|_| factor)
    }
}

/// The rates of `Some`.
const A_LITTLE: Rates = Rates {
    datagram_lost: 0.02,
    datagram_twice: 0.01,
    datagram_late: 0.01,
    trunk_away: 0.01,
    store_late: 0.02,
    store_never: 0.01,
    store_twice: 0.02,
    store_error: 0.02,
    store_away: 0.001,
    media_failed: 0.005,
    media_silent: 0.005,
    pop_late: 0.05,
    pop_never: 0.02,
    pop_twice: 0.05,
    desk_cut: 0.05,
    phone_vanishes: 0.01,
    cancel_answered: 0.1,
    ack_late: 0.05,
    bye_crossed: 0.05,
    change_crossed: 0.1,
};

impl Rates {
    fn times(mut self, factor: impl Fn(usize) -> f64) -> Rates {
        for (place, kind) in KINDS.iter().enumerate() {
            *(kind.rate)(&mut self) *= factor(place);
        }
        self
    }

    /// Nothing breaks.
    pub fn is_calm(mut self) -> bool {
        KINDS.iter().all(|kind| *(kind.rate)(&mut self) == 0.0)
    }

    /// No packet is ever missed: whoever asks hears something.
    pub fn is_heard(&self) -> bool {
        self.datagram_lost == 0.0 && self.phone_vanishes == 0.0 && self.trunk_away == 0.0
    }
}

impl Scenario {
    pub(super) fn rates(&self) -> Rates {
        self.faults.rates().times(|place| if self.kinds.has(place) { 1.0 } else { 0.0 })
    }

    pub(super) fn manners(&self) -> Manners {
        self.more.manners()
    }

    /// The mean time between two calls.
    pub(super) fn between_calls(&self) -> Duration {
        let served = self.manners().talk.as_secs_f64() / f64::from(self.agents.max(1));
        Duration::from_secs_f64(served / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_chosen_by_name() {
        let kinds = Kinds::parse("ack-late,store-never").unwrap();
        assert_eq!(kinds.to_string(), "store-never,ack-late");
        assert_eq!(Kinds::parse("ack-late,rain"), Err("rain".to_owned()));
        assert_eq!(Kinds::parse(&Kinds::names()).unwrap().to_string(), Kinds::ALL.to_string());
        let rates =
            Scenario { seed: 1, calls: 1, agents: 1, faults: FaultLevel::Many, kinds, more: More::Nothing }.rates();
        assert!(rates.ack_late > 0.0 && rates.store_never > 0.0 && rates.store_late == 0.0 && rates.is_heard());
        assert!(!rates.is_calm() && FaultLevel::None.rates().is_calm());
    }
}
