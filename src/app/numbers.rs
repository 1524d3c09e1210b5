//! Tells the store which numbers there are, and again until it has heard.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::{E164, PoolId};
use crate::calls::settings::PoolPlan;
use crate::intents::requests::{StoreError, StoreRequest};
use crate::io::clock::Clock;
use crate::io::store::Store;

/// The pools of the present configuration, on their way to the store.
pub struct Numbers {
    store: Store,
    clock: Clock,
    pools: Mutex<Vec<Offered>>,
    is_trying: AtomicBool,
}

struct Offered {
    pool: PoolId,
    numbers: Vec<E164>,
    /// The store has them; what a reload leaves as it was is not said again.
    is_known: bool,
}

const AGAIN: Duration = Duration::from_secs(1);

impl Numbers {
    pub fn new(store: Store, clock: Clock) -> Arc<Numbers> {
        Arc::new(Numbers { store, clock, pools: Mutex::default(), is_trying: AtomicBool::new(false) })
    }

    /// Those that there are from now on. When the store does not answer it is asked again until it does; it remembers them itself from then
    /// on.
    pub async fn offer(self: &Arc<Numbers>, pools: &[PoolPlan]) {
        self.replace(pools);
        let Err(error) = self.seed().await else { return };
        tracing::warn!(store = self.store.kind(), %error, "calls go to the fallback until the store is back");
        if !self.is_trying.swap(true, Ordering::Relaxed) {
            tokio::spawn(Arc::clone(self).keep_trying());
        }
    }

    /// A pool that is not among them any more has no numbers.
    fn replace(&self, pools: &[PoolPlan]) {
        let mut present = self.pools();
        let left = |before: &&mut Offered| pools.iter().all(|plan| plan.pool != before.pool);
        present.iter_mut().filter(left).for_each(|before| before.take(&[]));
        for plan in pools {
            match present.iter_mut().find(|before| before.pool == plan.pool) {
                Some(before) => before.take(&plan.numbers),
                None => present.push(Offered::new(plan)),
            }
        }
    }

    async fn seed(&self) -> Result<(), StoreError> {
        while let Some((pool, numbers)) = self.first_unknown() {
            let now = self.clock.now().wall;
            self.store.ask(StoreRequest::Seed { pool: pool.clone(), numbers: numbers.clone(), now }).await?;
            let mut present = self.pools();
            let same = present.iter_mut().find(|offered| offered.pool == pool && offered.numbers == numbers);
            same.into_iter().for_each(|offered| offered.is_known = true);
        }
        Ok(())
    }

    fn first_unknown(&self) -> Option<(PoolId, Vec<E164>)> {
        let present = self.pools();
        let unknown = present.iter().find(|offered| !offered.is_known)?;
        Some((unknown.pool.clone(), unknown.numbers.clone()))
    }

    fn pools(&self) -> MutexGuard<'_, Vec<Offered>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn keep_trying(self: Arc<Numbers>) {
        loop {
            tokio::time::sleep(AGAIN).await;
            if self.seed().await.is_ok() {
                self.is_trying.store(false, Ordering::Relaxed);
                tracing::info!(store = self.store.kind(), "the store is there");
                return;
            }
        }
    }
}

impl Offered {
    fn new(plan: &PoolPlan) -> Offered {
        Offered { pool: plan.pool.clone(), numbers: plan.numbers.clone(), is_known: false }
    }

    fn take(&mut self, numbers: &[E164]) {
        self.is_known &= self.numbers == numbers;
        self.numbers = numbers.to_vec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(pool: &str, last: u32) -> PoolPlan {
        let numbers = (0..last).filter_map(|nth| E164::parse(&format!("+1201555{nth:04}"), None).ok()).collect();
        let (pool, shared, quarantine, promise) = (PoolId::new(pool), None, Duration::ZERO, None);
        PoolPlan { pool, numbers, shared, quarantine, promise }
    }

    fn numbers() -> Arc<Numbers> {
        let store = Store::in_memory(100, Duration::from_secs(60)).expect("a store");
        Numbers::new(store, Clock::start())
    }

    /// What is to be said, as the pool and how many numbers it has.
    fn unknown(numbers: &Numbers) -> Option<(String, usize)> {
        numbers.first_unknown().map(|(pool, numbers)| (pool.to_string(), numbers.len()))
    }

    #[tokio::test]
    async fn what_the_store_knows_is_not_said_again() {
        let numbers = numbers();
        numbers.offer(&[plan("de", 3), plan("es", 2)]).await;
        assert_eq!(unknown(&numbers), None);
        numbers.replace(&[plan("es", 2), plan("de", 3)]);
        assert_eq!(unknown(&numbers), None);
        numbers.replace(&[plan("de", 3), plan("es", 4)]);
        assert_eq!(unknown(&numbers), Some(("es".to_owned(), 4)));
        numbers.replace(&[plan("es", 2)]);
        assert_eq!(unknown(&numbers), Some(("de".to_owned(), 0)));
        numbers.seed().await.expect("the store is there");
        assert_eq!(unknown(&numbers), None);
        numbers.offer(&[plan("de", 3), plan("es", 2)]).await;
        assert_eq!(unknown(&numbers), None);
    }
}
