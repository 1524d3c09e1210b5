//! The numbers of a pool go to Redis a few at a time: while it runs a script of ten thousand, calls wait.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{MutexGuard, PoisonError};

use redis::FromRedisValue;

use super::{Redis, ask};
use crate::base::limits::POOL_NUMBERS_AT_ONCE;
use crate::base::{E164, PoolId, Wall};
use crate::intents::{StoreError, StoreReply, StoreRequest};

impl Redis {
    /// What the pool has besides leaves it. Whoever leases meanwhile meets some of the new numbers, or some of the old ones still.
    pub(super) async fn seed(&self, pool: PoolId, numbers: Vec<E164>, now: Wall) -> Result<StoreReply, StoreError> {
        self.seeds().insert(pool.clone(), numbers.clone());
        self.add(&pool, &numbers, Wall(0), now).await?;
        let kept: BTreeSet<&str> = numbers.iter().map(E164::as_str).collect();
        let (gone, kept): (Vec<String>, Vec<String>) =
            self.numbers_of(&pool).await?.into_iter().partition(|number| !kept.contains(number.as_str()));
        let key = self.pool_key(&pool);
        for some in gone.chunks(POOL_NUMBERS_AT_ONCE) {
            self.plain::<()>(redis::cmd("ZREM").arg(&key).arg(some)).await?;
        }
        Ok(StoreReply::Seeded { numbers: kept.len() })
    }

    /// Redis does not know the pool of this registration. Who had its numbers is lost, so all of them rest first.
    pub(super) async fn seed_again(&self, request: &StoreRequest) -> Result<(), StoreError> {
        let StoreRequest::Register { lease: Some(plan), now, .. } = request else { return Ok(()) };
        let numbers = self.seeds().get(&plan.pool).cloned().unwrap_or_default();
        if numbers.is_empty() {
            return Ok(());
        }
        tracing::warn!(pool = %plan.pool, numbers = numbers.len(), "Redis has lost a pool of numbers; it is put back and rests first");
        self.add(&plan.pool, &numbers, *now + plan.quarantine, *now).await
    }

    async fn add(&self, pool: &PoolId, numbers: &[E164], free_from: Wall, now: Wall) -> Result<(), StoreError> {
        for some in numbers.chunks(POOL_NUMBERS_AT_ONCE) {
            let arguments = ask::seed(pool, some, free_from, now);
            self.run(Some(&self.shared.scripts.seed), &arguments).await?;
        }
        Ok(())
    }

    /// Each once; those that were there throughout are all among them.
    async fn numbers_of(&self, pool: &PoolId) -> Result<BTreeSet<String>, StoreError> {
        let (key, mut numbers, mut cursor) = (self.pool_key(pool), BTreeSet::new(), 0u64);
        loop {
            let scan = redis::cmd("ZSCAN").arg(&key).arg(cursor).arg("COUNT").arg(POOL_NUMBERS_AT_ONCE).clone();
            let (next, page): (u64, BTreeMap<String, f64>) = self.plain(&scan).await?;
            numbers.extend(page.into_keys());
            if next == 0 {
                return Ok(numbers);
            }
            cursor = next;
        }
    }

    /// A command that is no script.
    async fn plain<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, StoreError> {
        self.told(command.query_async(&mut self.connection.clone()).await)
    }

    fn pool_key(&self, pool: &PoolId) -> String {
        format!("{}:pool:{pool}", self.shared.tag)
    }

    fn seeds(&self) -> MutexGuard<'_, BTreeMap<PoolId, Vec<E164>>> {
        self.shared.seeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
