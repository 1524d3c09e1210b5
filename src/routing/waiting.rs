//! Waiting calls in the order in which they are served, without sorting again as they age.
//!
//! A call's effective priority is its own plus `ageing_per_s` points a second, up to a cap. While no call has reached the
//! cap, all grow alike, so that `priority - ageing * enqueued` orders them for good; those at the cap do not grow at all.
//! Two ordered sets are therefore enough, and calls pass from one to the other in the order in which they came.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::base::{CallId, Mono};

use super::setup::QueueSetup;
use super::sorted::Sorted;

/// How the calls of one queue age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ageing {
    pub per_s: u32,
    pub cap: u32,
}

/// What fixes a call's place for as long as it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WaitKey {
    pub priority: i32,
    /// Since when it waits; earlier than it came in for a call that has come back to its place.
    pub enqueued: Mono,
    /// Counts the calls as they come in.
    pub serial: u64,
}

/// The order in which calls began to wait; of equals the one that came in first.
pub(super) type Seat = (Mono, u64);

/// The order of service at one moment: the smaller is served first, across queues. Of equals whoever has waited longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    effective: Reverse<i128>,
    seat: Seat,
}

/// Points are counted in thousand millionths, so that a nanosecond of waiting is a whole number of them.
const PARTS: i128 = 1_000_000_000;

impl Rank {
    /// As if the call had so many points more.
    pub(super) fn raised(self, points: i32) -> Rank {
        let Reverse(effective) = self.effective;
        Rank { effective: Reverse(effective + i128::from(points) * PARTS), ..self }
    }
}

impl WaitKey {
    pub(super) fn seat(self) -> Seat {
        (self.enqueued, self.serial)
    }
}

impl Ageing {
    pub(super) fn of(queue: &QueueSetup) -> Ageing {
        Ageing { per_s: queue.ageing_per_s, cap: queue.ageing_cap }
    }

    pub(super) fn rank(self, key: WaitKey, now: Mono) -> Rank {
        let waited = i128::from(now.0.saturating_sub(key.enqueued.0));
        let gained = (waited * i128::from(self.per_s)).min(self.cap_parts());
        Rank { effective: Reverse(i128::from(key.priority) * PARTS + gained), seat: key.seat() }
    }

    fn is_capped(self, key: WaitKey, now: Mono) -> bool {
        self.per_s > 0 && i128::from(now.0.saturating_sub(key.enqueued.0)) * i128::from(self.per_s) >= self.cap_parts()
    }

    /// Not after the time at which the call reaches the cap.
    fn capped_from(self, key: WaitKey) -> Mono {
        let waits = u64::from(self.cap).saturating_mul(PARTS as u64).checked_div(u64::from(self.per_s));
        Mono(waits.map_or(u64::MAX, |waits| key.enqueued.0.saturating_add(waits)))
    }

    /// Greater for those served earlier, at any time before the cap.
    fn timeless(self, key: WaitKey) -> i128 {
        i128::from(key.priority) * PARTS - i128::from(key.enqueued.0) * i128::from(self.per_s)
    }

    fn cap_parts(self) -> i128 {
        i128::from(self.cap) * PARTS
    }
}

/// The waiting calls that need the same skills.
#[derive(Clone, Debug)]
pub(super) struct WaitingCalls {
    ageing: Ageing,
    /// By what they would have at time zero.
    growing: Sorted<(Reverse<i128>, Seat), (WaitKey, CallId)>,
    growing_by_seat: BTreeMap<Seat, WaitKey>,
    /// None of them reaches the cap before.
    next_cap: Mono,
    /// By what they have for good.
    capped: Sorted<(Reverse<i128>, Seat), (WaitKey, CallId)>,
}

impl WaitingCalls {
    pub(super) fn new(ageing: Ageing) -> WaitingCalls {
        WaitingCalls {
            ageing,
            growing: Sorted::default(),
            growing_by_seat: BTreeMap::new(),
            next_cap: Mono(u64::MAX),
            capped: Sorted::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.growing.is_empty() && self.capped.is_empty()
    }

    pub(super) fn insert(&mut self, key: WaitKey, call: CallId) {
        self.growing.insert(self.growing_place(key), (key, call));
        self.growing_by_seat.insert(key.seat(), key);
        self.next_cap = self.next_cap.min(self.ageing.capped_from(key));
    }

    pub(super) fn remove(&mut self, key: WaitKey) {
        if self.growing_by_seat.remove(&key.seat()).is_some() {
            self.growing.remove(&self.growing_place(key));
        } else {
            self.capped.remove(&self.capped_place(key));
        }
    }

    /// Moves the calls that have reached the cap; to be called before `in_order` and `ahead_of` at the same `now`.
    pub(super) fn settle(&mut self, now: Mono) {
        if now < self.next_cap {
            return;
        }
        self.next_cap = Mono(u64::MAX);
        while let Some((_, key)) = self.growing_by_seat.first_key_value() {
            let key = *key;
            if !self.ageing.is_capped(key, now) {
                self.next_cap = self.ageing.capped_from(key);
                return;
            }
            self.growing_by_seat.remove(&key.seat());
            if let Some(entry) = self.growing.remove(&self.growing_place(key)) {
                self.capped.insert(self.capped_place(key), entry);
            }
        }
    }

    /// The one that is served first.
    pub(super) fn first(&self, now: Mono) -> Option<(Rank, CallId)> {
        let ranked = |(key, call): &(WaitKey, CallId)| (self.ageing.rank(*key, now), *call);
        let firsts = [self.growing.first(), self.capped.first()];
        firsts.into_iter().flatten().map(ranked).min()
    }

    /// The calls with their ranks, the first to be served first.
    pub(super) fn in_order(&self, now: Mono) -> impl Iterator<Item = (Rank, CallId)> + '_ {
        let ranked = move |(key, call): &(WaitKey, CallId)| (self.ageing.rank(*key, now), *call);
        let mut growing = self.growing.values().map(ranked).peekable();
        let mut capped = self.capped.values().map(ranked).peekable();
        std::iter::from_fn(move || match (growing.peek(), capped.peek()) {
            (Some((one, _)), Some((other, _))) if other < one => capped.next(),
            (Some(_), _) => growing.next(),
            (None, _) => capped.next(),
        })
    }

    /// How many are served before a call of that rank, without walking over them.
    pub(super) fn ahead_of(&self, rank: Rank, now: Mono) -> usize {
        let Reverse(effective) = rank.effective;
        let at_zero = effective - i128::from(now.0) * i128::from(self.ageing.per_s);
        self.growing.count_before(&(Reverse(at_zero), rank.seat))
            + self.capped.count_before(&(rank.effective, rank.seat))
    }

    fn growing_place(&self, key: WaitKey) -> (Reverse<i128>, Seat) {
        (Reverse(self.ageing.timeless(key)), key.seat())
    }

    fn capped_place(&self, key: WaitKey) -> (Reverse<i128>, Seat) {
        (Reverse(i128::from(key.priority) * PARTS + self.ageing.cap_parts()), key.seat())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn order(ageing: Ageing, calls: &[(i32, u64)], at_s: u64) -> Vec<u64> {
        let mut waiting = WaitingCalls::new(ageing);
        for ((priority, enqueued_s), serial) in calls.iter().zip(0..) {
            let key = WaitKey { priority: *priority, enqueued: Mono(enqueued_s * SECOND), serial };
            waiting.insert(key, CallId(serial));
        }
        waiting.settle(Mono(at_s * SECOND));
        waiting.in_order(Mono(at_s * SECOND)).map(|(_, call)| call.0).collect()
    }

    #[test]
    fn equals_are_served_as_they_came() {
        assert_eq!(order(Ageing { per_s: 1, cap: 60 }, &[(5, 0), (5, 1), (5, 1)], 10), [0, 1, 2]);
    }

    #[test]
    fn waiting_makes_up_for_priority_until_the_cap() {
        let ageing = Ageing { per_s: 1, cap: 60 };
        assert_eq!(order(ageing, &[(0, 0), (50, 40)], 41), [1, 0]);
        assert_eq!(order(ageing, &[(0, 0), (50, 60)], 61), [0, 1]);
        assert_eq!(order(ageing, &[(0, 0), (100, 900)], 901), [1, 0], "nobody gains more than the cap");
    }

    #[test]
    fn without_ageing_priority_alone_decides() {
        assert_eq!(order(Ageing { per_s: 0, cap: 60 }, &[(0, 0), (1, 900), (1, 901)], 1000), [1, 2, 0]);
    }

    proptest! {
        /// Against sorting by the definition, with the calls settled at several times on the way. Who comes back to an old place
        /// has waited longer than some who came in before.
        #[test]
        fn the_order_is_that_of_effective_priority(
            per_s in 0u32..4, cap in 0u32..40,
            calls in prop::collection::vec((-20i32..20, 0u64..60), 0..40),
            times in prop::collection::vec(60u64..200, 1..4),
        ) {
            let ageing = Ageing { per_s, cap };
            let mut waiting = WaitingCalls::new(ageing);
            let mut keys = Vec::new();
            for ((priority, enqueued_s), serial) in calls.iter().zip(0u64..) {
                let key = WaitKey { priority: *priority, enqueued: Mono(enqueued_s * SECOND), serial };
                waiting.insert(key, CallId(serial));
                keys.push(key);
            }
            let mut times = times;
            times.sort_unstable();
            for time in times {
                let now = Mono(time * SECOND);
                waiting.settle(now);
                let points = |key: &WaitKey| {
                    let waited = time - key.enqueued.0 / SECOND;
                    i64::from(key.priority) + (waited as i64 * i64::from(per_s)).min(i64::from(cap))
                };
                keys.sort_by_key(|key| (Reverse(points(key)), key.seat()));
                let expected: Vec<_> = keys.iter().map(|key| CallId(key.serial)).collect();
                let got: Vec<_> = waiting.in_order(now).map(|(_, call)| call).collect();
                prop_assert_eq!(waiting.first(now).map(|(_, call)| call), got.first().copied());
                prop_assert_eq!(got, expected);
                for (key, ahead) in keys.iter().zip(0..) {
                    prop_assert_eq!(waiting.ahead_of(ageing.rank(*key, now), now), ahead);
                }
            }
            for key in &keys {
                waiting.remove(*key);
            }
            prop_assert!(waiting.is_empty() && waiting.growing_by_seat.is_empty());
        }
    }
}
