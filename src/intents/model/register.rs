//! Registering: idempotency, the limit, the lease; and clearing away what is out of date.

use super::{Change, KeyRow, Model, forget_callers};
use crate::base::limits::{CLOCK_SKEW_MAX, INTENT_KEPT_AFTER, REAPED_AT_ONCE};
use crate::base::{E164, IntentId, PoolId, Wall};
use crate::intents::intent::{Intent, LeasedNumber};
use crate::intents::requests::{Idempotency, LeasePlan, StoreReply};

impl Model {
    pub(super) fn seed(&mut self, pool: PoolId, numbers: &[E164]) -> StoreReply {
        for number in self.numbers.seed(&pool, numbers) {
            self.changes.insert(Change::Number(pool.clone(), number));
        }
        StoreReply::Seeded { numbers: self.numbers.size(&pool) }
    }

    pub(super) fn register(
        &mut self,
        mut intent: Intent,
        lease: Option<LeasePlan>,
        idempotency: Option<Idempotency>,
        now: Wall,
    ) -> StoreReply {
        self.reap(now);
        if let Some(reply) = self.registered_before(intent.id, idempotency.as_ref(), now) {
            return reply;
        }
        if self.intents.len() >= self.intents_max {
            return StoreReply::Full;
        }
        self.drop_intent(intent.id);
        intent.number = lease.and_then(|plan| self.lease(&intent, plan, now));
        self.keep(&intent, now);
        if let Some(idempotency) = idempotency {
            self.remember_key(&idempotency, intent.id, now);
        }
        StoreReply::Registered(Box::new(intent))
    }

    fn registered_before(&self, id: IntentId, idempotency: Option<&Idempotency>, now: Wall) -> Option<StoreReply> {
        let replay = |id: &IntentId| {
            let intent = self.intents.get(id, now)?;
            Some(StoreReply::Replayed(Box::new(intent.clone().settled(now))))
        };
        let Some(asked) = idempotency else { return replay(&id) };
        match self.keys.get(&asked.key, now) {
            Some(known) if known.body != asked.body => Some(StoreReply::KeyReused),
            Some(known) => replay(&known.intent).or_else(|| replay(&id)),
            None => replay(&id),
        }
    }

    fn lease(&mut self, intent: &Intent, plan: LeasePlan, now: Wall) -> Option<LeasedNumber> {
        let free_from = intent.expires + plan.quarantine;
        let exclusive = self.numbers.lease(&plan.pool, intent.id, free_from, now);
        if let Some(number) = &exclusive {
            self.changes.insert(Change::Number(plan.pool.clone(), number.clone()));
        }
        let shared = exclusive.is_none();
        let number = exclusive.or(plan.shared)?;
        let free = self.free_pin(&number, &plan.pins, now).filter(|_| shared);
        Some(LeasedNumber { number, shared, pool: plan.pool, quarantine: plan.quarantine, pin: free })
    }

    fn keep(&mut self, intent: &Intent, now: Wall) {
        for phone in &intent.customer.phones {
            if let Some(known) = self.intents_by_caller.get_mut(phone) {
                known.retain(|(expires, _)| *expires + CLOCK_SKEW_MAX > now);
            }
        }
        self.index_callers(intent);
        self.pins.index(intent);
        self.intents.insert(intent.id, intent.expires + INTENT_KEPT_AFTER, intent.clone());
        self.changes.insert(Change::Intent(intent.id));
    }

    fn remember_key(&mut self, asked: &Idempotency, intent: IntentId, now: Wall) {
        let row = KeyRow { body: asked.body, intent };
        let displaced = self.keys.insert(asked.key, now + asked.ttl, row);
        self.changes.extend(displaced.map(Change::Key));
        self.changes.insert(Change::Key(asked.key));
    }

    /// Clears away a bounded number of records that ended long ago.
    fn reap(&mut self, now: Wall) {
        for _ in 0..REAPED_AT_ONCE {
            let Some((id, intent)) = self.intents.pop_outdated(now) else { break };
            self.forget(id, &intent);
        }
        for _ in 0..REAPED_AT_ONCE {
            let Some((key, _)) = self.keys.pop_outdated(now) else { break };
            self.changes.insert(Change::Key(key));
        }
        for _ in 0..REAPED_AT_ONCE {
            let Some((customer, _)) = self.last_agent_by_customer.pop_outdated(now) else { break };
            self.changes.insert(Change::LastAgent(customer));
        }
        for _ in 0..REAPED_AT_ONCE {
            let Some((number, _)) = self.pins.guesses.pop_outdated(now) else { break };
            self.changes.insert(Change::Guesses(number));
        }
    }

    /// Removes what is left of an ended intent that had the same id.
    fn drop_intent(&mut self, id: IntentId) {
        if let Some(intent) = self.intents.remove(&id) {
            self.forget(id, &intent);
        }
    }

    fn forget(&mut self, id: IntentId, intent: &Intent) {
        self.promises.forget(intent);
        forget_callers(&mut self.intents_by_caller, intent);
        self.pins.forget(intent);
        if let Some(leased) = &intent.number {
            self.numbers.forget_holder(&leased.number, id);
        }
        self.changes.insert(Change::Intent(id));
    }
}
