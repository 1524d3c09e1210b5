//! The reference model: a store of intents in memory, pure. Each other store does what this one does.

mod calls;
mod pins;
mod promises;
mod register;
mod rows;

pub use rows::{Change, KeyRow, Row};

use std::collections::{BTreeSet, HashMap};

use super::expiring::Expiring;
use super::intent::{Intent, IntentState, Patch};
use super::numbers::Numbers;
use super::requests::{StoreReply, StoreRequest};
use crate::base::limits::{IDEMPOTENCY_KEYS_MAX, INTENT_KEPT_AFTER, INTENTS_PER_CALLER_MAX, LAST_AGENTS_MAX};
use crate::base::{AgentId, E164, IntentId, Wall};

/// All intents, numbers, idempotency keys and last agents.
#[derive(Clone, Debug)]
pub struct Model {
    intents_max: usize,
    intents: Expiring<IntentId, Intent>,
    /// The live intents of each caller's number, the first to expire first.
    intents_by_caller: HashMap<E164, BTreeSet<(Wall, IntentId)>>,
    numbers: Numbers,
    keys: Expiring<[u8; 32], KeyRow>,
    last_agent_by_customer: Expiring<String, AgentId>,
    promises: promises::Promises,
    pins: pins::Pins,
    changes: BTreeSet<Change>,
}

impl Model {
    /// Holds up to `intents_max` intents, ended ones that are still kept among them.
    pub fn new(intents_max: usize) -> Model {
        Model {
            intents_max,
            // `register` answers `Full` before the map would displace anything.
            intents: Expiring::new(usize::MAX),
            intents_by_caller: HashMap::new(),
            numbers: Numbers::default(),
            keys: Expiring::new(IDEMPOTENCY_KEYS_MAX),
            last_agent_by_customer: Expiring::new(LAST_AGENTS_MAX),
            promises: promises::Promises::default(),
            pins: pins::Pins::default(),
            changes: BTreeSet::new(),
        }
    }

    /// Carries out one request.
    pub fn apply(&mut self, request: StoreRequest) -> StoreReply {
        match request {
            StoreRequest::Seed { pool, numbers, now: _ } => self.seed(pool, &numbers),
            StoreRequest::Register { intent, lease, idempotency, now } => {
                self.register(*intent, lease, idempotency, now)
            }
            StoreRequest::Get { intent, now } => self.get(intent, now),
            StoreRequest::Amend { intent, patch, now } => self.amend(intent, *patch, now),
            StoreRequest::Withdraw { intent, now } => self.withdraw(intent, now),
            StoreRequest::Find { dialled, caller, token, claim, now } => self.find(dialled, caller, token, claim, now),
            StoreRequest::Claim { intent, call, until, now } => self.claim(intent, call, until, now),
            StoreRequest::Finish { intent, call, agent, used, missed, now } => {
                self.finish(intent, call, agent, (used, missed), now)
            }
            StoreRequest::Promise { intent, callback, by, most, until, now } => {
                self.promise(intent, (*callback, by), most, until, now)
            }
            StoreRequest::Recall { intent, call, dialled, until, now } => {
                self.recall(intent, call, dialled, until, now)
            }
            StoreRequest::Unrecall { intent, call, dialled, tried, now } => {
                self.unrecall(intent, call, (dialled, tried), now)
            }
            StoreRequest::Unpromise { intent, call, end, now } => self.unpromise(intent, call, end, now),
            StoreRequest::Promises { now } => self.promises(now),
            StoreRequest::TryPin { number, pin, tried, guard, claim, now } => {
                self.try_pin(pins::Entered { number, pin, tried, guard }, claim, now)
            }
            StoreRequest::Ping { now: _ } => StoreReply::Pong,
        }
    }

    fn get(&self, id: IntentId, now: Wall) -> StoreReply {
        match self.intents.get(&id, now) {
            Some(intent) => StoreReply::Got(Box::new(intent.clone().settled(now))),
            None => StoreReply::Gone,
        }
    }

    fn amend(&mut self, id: IntentId, patch: Patch, now: Wall) -> StoreReply {
        let Some(intent) = self.intents.get_mut(&id, now).filter(|intent| intent.is_live(now)) else {
            return StoreReply::Gone;
        };
        let old_expiry = intent.expires;
        intent.amend(patch, now);
        let amended = intent.clone();
        self.keep_until(id, amended.expires + INTENT_KEPT_AFTER);
        if amended.expires != old_expiry {
            self.move_expiry(&amended, old_expiry);
        }
        StoreReply::Amended(Box::new(amended.settled(now)))
    }

    fn move_expiry(&mut self, intent: &Intent, old_expiry: Wall) {
        self.move_callers(intent, old_expiry);
        if let Some(leased) = &intent.number
            && self.numbers.prolong(leased, intent.id, intent.expires)
        {
            self.changes.insert(Change::Number(leased.pool.clone(), leased.number.clone()));
        }
    }

    fn move_callers(&mut self, intent: &Intent, old_expiry: Wall) {
        for phone in &intent.customer.phones {
            if let Some(known) = self.intents_by_caller.get_mut(phone)
                && known.remove(&(old_expiry, intent.id))
            {
                known.insert((intent.expires, intent.id));
            }
        }
    }

    fn withdraw(&mut self, id: IntentId, now: Wall) -> StoreReply {
        let Some(intent) = self.intents.get_mut(&id, now) else { return StoreReply::Gone };
        if intent.state == IntentState::Withdrawn {
            return StoreReply::Withdrawn;
        }
        if !intent.is_live(now) {
            return StoreReply::Gone;
        }
        intent.state = IntentState::Withdrawn;
        promises::withdraw(intent);
        self.conclude(id, now);
        StoreReply::Withdrawn
    }

    /// No call can be matched to the intent any more: its number rests, its callers forget it.
    fn conclude(&mut self, id: IntentId, now: Wall) {
        self.keep_until(id, now + INTENT_KEPT_AFTER);
        let Some((_, intent)) = self.intents.entry(&id) else { return };
        forget_callers(&mut self.intents_by_caller, intent);
        self.pins.forget(intent);
        if let Some(leased) = &intent.number
            && self.numbers.release(leased, id, now)
        {
            self.changes.insert(Change::Number(leased.pool.clone(), leased.number.clone()));
        }
    }

    /// The record has changed, and stays at least until then.
    fn keep_until(&mut self, id: IntentId, end: Wall) {
        self.intents.prolong(&id, end);
        self.changes.insert(Change::Intent(id));
    }

    fn index_callers(&mut self, intent: &Intent) {
        for phone in &intent.customer.phones {
            let known = self.intents_by_caller.entry(phone.clone()).or_default();
            known.insert((intent.expires, intent.id));
            while known.len() > INTENTS_PER_CALLER_MAX {
                known.pop_first();
            }
        }
    }
}

fn forget_callers(intents_by_caller: &mut HashMap<E164, BTreeSet<(Wall, IntentId)>>, intent: &Intent) {
    for phone in &intent.customer.phones {
        let Some(known) = intents_by_caller.get_mut(phone) else { continue };
        known.remove(&(intent.expires, intent.id));
        if known.is_empty() {
            intents_by_caller.remove(phone);
        }
    }
}
