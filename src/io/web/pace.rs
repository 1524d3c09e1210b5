//! How many intents ask for a number, and what a pool with a promise makes of it: the rate is that of the busiest hour.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::{PoolId, Wall};
use crate::calls::settings::{PoolPlan, PoolPromise};

/// Of all pools.
#[derive(Default)]
pub struct Pace {
    by_pool: Mutex<BTreeMap<PoolId, Counted>>,
}

/// Registrations in slots of time, the latest last.
#[derive(Debug, Default)]
struct Counted {
    slots: VecDeque<Slot>,
    /// What follows from the rate as it was when the last slot began.
    now: Option<PoolPromise>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    nth: u64,
    count: u32,
}

const SLOT_MS: u64 = 10 * 60 * 1000;
const SLOTS_AN_HOUR: u64 = 6;
/// Without a window of its own, a pool shows the busiest hour of a day.
const WINDOW: Duration = Duration::from_secs(24 * 3600);

impl Pace {
    /// An intent has got a number of this pool, or the shared one.
    pub(super) fn registered(&self, pool: &PoolPlan, now: Wall) {
        let Some(promise) = &pool.promise else { return };
        let mut by_pool = self.lock();
        let counted = by_pool.entry(pool.pool.clone()).or_default();
        if counted.add(now, promise.window.unwrap_or(WINDOW)) && promise.window.is_some() {
            let measured = counted.per_hour();
            counted.now = measured.map(|per_hour| promise.at_rate(per_hour, pool.numbers.len()));
        }
    }

    /// The busiest whole hour, once there was one.
    pub(super) fn per_hour(&self, pool: &PoolPlan) -> Option<f64> {
        self.lock().get(&pool.pool).and_then(Counted::per_hour)
    }

    /// The promise with the rate that holds now: the measured one where that is asked for and known.
    pub(super) fn promise(&self, pool: &PoolPlan) -> Option<PoolPromise> {
        let measured = self.lock().get(&pool.pool).and_then(|counted| counted.now);
        measured.or(pool.promise)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PoolId, Counted>> {
        self.by_pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// True when a slot has begun.
    fn add(&mut self, now: Wall, window: Duration) -> bool {
        let nth = now.0 / SLOT_MS;
        match self.slots.back_mut() {
            // A clock that was set back counts into the last slot.
            Some(last) if last.nth >= nth => {
                last.count = last.count.saturating_add(1);
                return false;
            }
            Some(_) | None => self.slots.push_back(Slot { nth, count: 1 }),
        }
        let oldest = nth.saturating_sub(u64::try_from(window.as_millis()).unwrap_or(u64::MAX) / SLOT_MS);
        while self.slots.front().is_some_and(|slot| slot.nth < oldest) {
            self.slots.pop_front();
        }
        true
    }

    /// The slot that is under way does not count.
    fn per_hour(&self) -> Option<f64> {
        let (first, last) = (self.slots.front()?.nth, self.slots.back()?.nth);
        if last < first + SLOTS_AN_HOUR {
            return None;
        }
        let whole = || self.slots.iter().filter(|slot| slot.nth < last);
        let hour = |end: &Slot| -> u32 {
            whole()
                .filter(|slot| slot.nth <= end.nth && slot.nth + SLOTS_AN_HOUR > end.nth)
                .map(|slot| slot.count)
                .sum()
        };
        whole().map(hour).max().map(f64::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u64) -> Wall {
        Wall(1_800_000_000_000 / SLOT_MS * SLOT_MS + minute * 60_000)
    }

    fn counted(per_slot: &[u32], window: Duration) -> Counted {
        let mut counted = Counted::default();
        for (count, nth) in per_slot.iter().zip(0..) {
            (0..*count).for_each(|_| {
                counted.add(at(nth * 10), window);
            });
        }
        counted
    }

    #[test]
    fn the_rate_is_that_of_the_busiest_hour() {
        assert_eq!(counted(&[5, 5, 5, 5, 5, 5], WINDOW).per_hour(), None, "the hour is not over");
        assert_eq!(counted(&[5, 5, 5, 5, 5, 5, 900], WINDOW).per_hour(), Some(30.0));
        assert_eq!(counted(&[1, 1, 9, 9, 9, 9, 9, 9, 1, 1], WINDOW).per_hour(), Some(54.0));
        assert_eq!(counted(&[9, 0, 0, 0, 0, 0, 0, 4, 1], WINDOW).per_hour(), Some(9.0));
    }

    #[test]
    fn what_is_before_the_window_is_forgotten() {
        let window = Duration::from_secs(7200);
        let many: Vec<u32> = [50; 6].into_iter().chain([2; 20]).collect();
        let counted = counted(&many, window);
        assert_eq!(counted.per_hour(), Some(12.0));
        assert!(counted.slots.len() <= 13);
    }
}
