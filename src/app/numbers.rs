//! Tells the store which numbers there are, and again until it has heard.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::calls::settings::PoolPlan;
use crate::intents::requests::{StoreError, StoreRequest};
use crate::io::clock::Clock;
use crate::io::store::Store;

/// The pools of the present configuration, on their way to the store.
pub struct Numbers {
    store: Store,
    clock: Clock,
    pools: Mutex<Vec<PoolPlan>>,
    is_trying: AtomicBool,
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
        let mut present = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let names: BTreeSet<_> = pools.iter().map(|pool| &pool.pool).collect();
        present.retain(|pool| !names.contains(&pool.pool));
        present.iter_mut().for_each(|pool| pool.numbers.clear());
        present.extend_from_slice(pools);
    }

    async fn seed(&self) -> Result<(), StoreError> {
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for PoolPlan { pool, numbers, .. } in pools {
            self.store.ask(StoreRequest::Seed { pool, numbers, now: self.clock.now().wall }).await?;
        }
        Ok(())
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
