//! Leases of telephone numbers: the number that has been free longest goes first, and each rests after its lease.
//!
//! A number has one date: the moment from which it may be leased. While it is leased that is the end of its quarantine after the
//! end of the lease, so nothing has to happen when a lease runs out. Why this order matters: design.md section 4.

use std::collections::{BTreeMap, BTreeSet};

use super::intent::LeasedNumber;
use crate::base::{E164, IntentId, PoolId, Wall};

/// The numbers of all pools, and whose each is.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    pools: BTreeMap<PoolId, Pool>,
    holder_by_number: BTreeMap<E164, IntentId>,
}

#[derive(Clone, Debug, Default)]
struct Pool {
    by_date: BTreeSet<(Wall, E164)>,
    free_from_by_number: BTreeMap<E164, Wall>,
}

impl Numbers {
    /// Makes `numbers` the pool; answers those that came or went. Leases of numbers that went live on.
    pub fn seed(&mut self, pool: &PoolId, numbers: &[E164]) -> Vec<E164> {
        let pool = self.pools.entry(pool.clone()).or_default();
        let wanted: BTreeSet<&E164> = numbers.iter().collect();
        let gone: Vec<E164> =
            pool.free_from_by_number.keys().filter(|known| !wanted.contains(known)).cloned().collect();
        let come: Vec<E164> =
            wanted.into_iter().filter(|number| !pool.free_from_by_number.contains_key(number)).cloned().collect();
        gone.iter().for_each(|number| pool.remove(number));
        come.iter().for_each(|number| pool.set(number, Wall(0)));
        gone.into_iter().chain(come).collect()
    }

    /// How many numbers the pool has.
    pub fn size(&self, pool: &PoolId) -> usize {
        self.pools.get(pool).map_or(0, |pool| pool.by_date.len())
    }

    /// Gives the number that was freed first to `intent`; it may be given again from `free_from` on. `None`: all are taken or rest.
    pub fn lease(&mut self, pool: &PoolId, intent: IntentId, free_from: Wall, now: Wall) -> Option<E164> {
        let pool = self.pools.get_mut(pool)?;
        let (date, number) = pool.by_date.first()?;
        if *date > now {
            return None;
        }
        let number = number.clone();
        pool.set(&number, free_from);
        self.holder_by_number.insert(number.clone(), intent);
        Some(number)
    }

    /// Ends the lease at `now`: the quarantine begins, unless it has begun already. Only its holder can end it, and once.
    pub fn release(&mut self, leased: &LeasedNumber, intent: IntentId, now: Wall) -> bool {
        if leased.shared || self.holder(&leased.number) != Some(intent) {
            return false;
        }
        self.holder_by_number.remove(&leased.number);
        let Some(pool) = self.pools.get_mut(&leased.pool) else { return false };
        let Some(date) = pool.free_from_by_number.get(&leased.number).copied() else { return false };
        pool.set(&leased.number, date.min(now + leased.quarantine));
        true
    }

    /// Moves the end of the lease to `until`.
    pub fn prolong(&mut self, leased: &LeasedNumber, intent: IntentId, until: Wall) -> bool {
        if leased.shared || self.holder(&leased.number) != Some(intent) {
            return false;
        }
        let Some(pool) = self.pools.get_mut(&leased.pool) else { return false };
        let known = pool.free_from_by_number.contains_key(&leased.number);
        if known {
            pool.set(&leased.number, until + leased.quarantine);
        }
        known
    }

    /// The intent that has had this number last and did not give it back.
    pub fn holder(&self, number: &E164) -> Option<IntentId> {
        self.holder_by_number.get(number).copied()
    }

    /// From when on the number may be leased; `None` when it is not of this pool.
    pub fn free_from(&self, pool: &PoolId, number: &E164) -> Option<Wall> {
        self.pools.get(pool)?.free_from_by_number.get(number).copied()
    }

    /// Puts back what `free_from` said, when a store is read again.
    pub fn restore(&mut self, pool: &PoolId, number: &E164, free_from: Wall) {
        self.pools.entry(pool.clone()).or_default().set(number, free_from);
    }

    pub(super) fn restore_holder(&mut self, number: &E164, intent: IntentId) {
        self.holder_by_number.insert(number.clone(), intent);
    }

    pub(super) fn forget_holder(&mut self, number: &E164, intent: IntentId) {
        if self.holder(number) == Some(intent) {
            self.holder_by_number.remove(number);
        }
    }
}

impl Pool {
    fn set(&mut self, number: &E164, free_from: Wall) {
        self.remove(number);
        self.by_date.insert((free_from, number.clone()));
        self.free_from_by_number.insert(number.clone(), free_from);
    }

    fn remove(&mut self, number: &E164) {
        if let Some(date) = self.free_from_by_number.remove(number) {
            self.by_date.remove(&(date, number.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const REST: Duration = Duration::from_millis(50);

    fn number(nth: u8) -> E164 {
        E164::parse(&format!("+120155501{nth:02}"), None).unwrap()
    }

    fn main_pool() -> PoolId {
        PoolId::new("main")
    }

    fn leased(nth: u8) -> LeasedNumber {
        LeasedNumber { number: number(nth), shared: false, pool: main_pool(), quarantine: REST, pin: None }
    }

    fn pool_of(count: u8) -> Numbers {
        let mut numbers = Numbers::default();
        numbers.seed(&main_pool(), &(0..count).map(number).collect::<Vec<_>>());
        numbers
    }

    fn take(numbers: &mut Numbers, intent: u128, until: u64, now: u64) -> Option<E164> {
        numbers.lease(&main_pool(), IntentId(intent), Wall(until) + REST, Wall(now))
    }

    #[test]
    fn the_number_that_was_freed_first_goes_first() {
        let mut numbers = pool_of(3);
        for nth in 0..3 {
            assert_eq!(take(&mut numbers, nth.into(), 1000, 0), Some(number(nth)));
        }
        for (nth, at) in [(2, 10), (0, 20), (1, 30)] {
            assert!(numbers.release(&leased(nth), IntentId(nth.into()), Wall(at)));
        }
        let order: Vec<_> = (0..3).map(|_| take(&mut numbers, 9, 1000, 100).unwrap()).collect();
        assert_eq!(order, [number(2), number(0), number(1)]);
    }

    #[test]
    fn a_number_rests_after_release_and_after_expiry() {
        let mut numbers = pool_of(1);
        take(&mut numbers, 1, 100, 0);
        assert_eq!(take(&mut numbers, 2, 300, 149), None);
        assert_eq!(take(&mut numbers, 2, 300, 150), Some(number(0)));
        numbers.release(&leased(0), IntentId(2), Wall(160));
        assert_eq!(take(&mut numbers, 3, 900, 209), None);
        assert_eq!(take(&mut numbers, 3, 900, 210), Some(number(0)));
    }

    #[test]
    fn only_the_holder_can_give_back_and_only_once() {
        let mut numbers = pool_of(1);
        take(&mut numbers, 1, 100, 0);
        assert!(!numbers.release(&leased(0), IntentId(2), Wall(1)));
        assert!(numbers.release(&leased(0), IntentId(1), Wall(1)));
        assert!(!numbers.release(&leased(0), IntentId(1), Wall(40)));
        assert_eq!(numbers.free_from(&main_pool(), &number(0)), Some(Wall(51)));
    }

    #[test]
    fn a_new_seed_adds_and_removes() {
        let mut numbers = pool_of(2);
        take(&mut numbers, 1, 1000, 0);
        assert_eq!(numbers.seed(&main_pool(), &[number(1), number(2)]), [number(0), number(2)]);
        assert_eq!((numbers.size(&main_pool()), numbers.holder(&number(0))), (2, Some(IntentId(1))));
        assert!(!numbers.release(&leased(0), IntentId(1), Wall(5)), "it is no number of the pool any more");
    }
}
