//! The company's web site: registers intents as its customers ask for them, and knows how each of them will call.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::base::rng::Rng;
use crate::base::{E164, IntentId, Pii, PoolId, Wall};
use crate::intents::pin::Pin;
use crate::intents::requests::{LeasePlan, StoreReply, StoreRequest};
use crate::intents::token::TokenKeys;
use crate::intents::{Article, Customer, Intent, IntentState, Reason, Subject, SubjectKind, Urgency};

use super::door::Wish;
use super::store::FlakyStore;
use super::town;
use super::{dice, promise};

/// How somebody will call.
#[derive(Clone, Debug)]
pub struct Visit {
    pub dialled: E164,
    /// `None` withholds the number.
    pub caller: Option<E164>,
    pub user_to_user: Option<Bytes>,
    /// What the page shows beside the number.
    pub code: Option<Pin>,
    /// The intent whose page is open before them.
    pub page: Option<IntentId>,
}

pub struct Site {
    rng: Rng,
    keys: TokenKeys,
    registered: u32,
}

const LIFE: Duration = Duration::from_secs(900);

impl Site {
    pub fn new(keys: TokenKeys, rng: Rng) -> Site {
        Site { rng, keys, registered: 0 }
    }

    /// Opens the pool of numbers.
    pub fn seed(store: &mut FlakyStore, now: Wall) {
        let pool = town::pool();
        store.apply(StoreRequest::Seed { pool: pool.pool, numbers: pool.numbers, now });
    }

    /// The next person who is going to call: one in eight never was on the page.
    pub fn next_visit(&mut self, store: &mut FlakyStore, now: Wall) -> Option<Visit> {
        self.registered += 1;
        if self.rng.chance(0.125) {
            return self.stranger();
        }
        let intent = self.register(store, now)?;
        let own = intent.customer.phones.first().cloned();
        let dialled = intent.number.as_ref().map(|leased| leased.number.clone()).or_else(town::public_number)?;
        let by_token = self.keys.sign(intent.id, intent.expires);
        let code = intent.number.as_ref().and_then(|leased| leased.pin);
        let visit = Visit { dialled, caller: own, user_to_user: None, code, page: Some(intent.id) };
        Some(match self.rng.below(4) {
            0 => visit,
            1 => Visit { caller: None, ..visit },
            2 => Visit { user_to_user: Some(Bytes::copy_from_slice(by_token.as_bytes())), ..visit },
            _ => Visit { dialled: town::public_number()?, ..visit },
        })
    }

    fn stranger(&mut self) -> Option<Visit> {
        let caller = town::number(2, self.registered);
        let forged = self.rng.chance(0.3).then(|| Bytes::from_static(&[1; 37]));
        Some(Visit { dialled: town::public_number()?, caller, user_to_user: forged, code: None, page: None })
    }

    /// What this customer would ask for; `None` where the access rules offer no callback.
    pub fn wish(&mut self, intent: &Intent, now: Wall) -> Option<Wish> {
        let (queue, priority) = town::callback_queue(intent)?;
        let own = intent.customer.phones.first().cloned()?;
        // The first numbers of the strangers' block are not called.
        let (block, first) = if self.rng.chance(0.3) { (2, 0) } else { (1, 9_000) };
        let others = town::number(block, first + self.rng.below(90) as u32);
        let number = if self.rng.chance(0.1) { others? } else { own };
        let zone = match self.rng.below(8) {
            0 => None,
            1 => Some("Mars/Olympus_Mons"),
            _ => dice::pick(&mut self.rng, &promise::ZONES).map(|(zone, _)| zone),
        };
        let not_before = self.rng.chance(0.1).then(|| now + dice::between_ms(&mut self.rng, 1_000, 120_000));
        Some(Wish { number, zone: zone.map(str::to_owned), not_before, queue, priority })
    }

    /// Two codes, of which one is free most of the time.
    fn pins(&mut self) -> Vec<Pin> {
        (0..2).map(|_| Pin::draw(town::PIN_DIGITS, self.rng.u64())).collect()
    }

    /// One in ten finds no number of their own.
    fn pool_for(&mut self, pool: PoolId) -> PoolId {
        if self.rng.chance(0.1) { PoolId::new("exhausted") } else { pool }
    }

    fn register(&mut self, store: &mut FlakyStore, now: Wall) -> Option<Intent> {
        let plan = town::pool();
        let (pool, pins) = (self.pool_for(plan.pool), self.pins());
        let lease = LeasePlan { pool, quarantine: plan.quarantine, shared: plan.shared, pins };
        let intent = Box::new(self.intent(now));
        let request = StoreRequest::Register { intent, lease: Some(lease), idempotency: None, now };
        match store.apply(request) {
            StoreReply::Registered(intent) => Some(*intent),
            _ => None,
        }
    }

    /// One customer in ten comes again: the store then knows whom they spoke with.
    pub(super) fn intent(&mut self, now: Wall) -> Intent {
        let nth = self.registered;
        let customer = if self.rng.chance(0.1) { self.rng.below(u64::from(nth)) as u32 } else { nth };
        let domain = match self.rng.below(12) {
            0 => town::REFUSED_DOMAIN,
            1 => town::SELF_SERVICE_DOMAIN,
            _ => "customer.example",
        };
        let category = if self.rng.chance(0.15) { town::URGENT } else { "delivery" };
        Intent {
            id: IntentId(self.rng.u128()),
            customer: Customer {
                id: format!("customer-{customer}"),
                name: Pii::new(secret("name", nth)),
                email: Pii::new(format!("{}@{domain}", secret("email", nth))),
                phones: town::number(1, customer).into_iter().collect(),
                tier: None,
                past: Default::default(),
            },
            subject: Some(Subject {
                kind: SubjectKind::Order,
                id: format!("order-{nth}"),
                title: secret("subject", nth),
            }),
            reason: Reason { category: category.to_owned(), sub_category: None },
            articles: vec![Article { id: "a-1".to_owned(), title: "Where is my parcel?".to_owned() }],
            words: Pii::new(secret("words", nth)),
            language: "en".to_owned(),
            urgency: Urgency::Normal,
            value: None,
            attributes: BTreeMap::from([("cart".to_owned(), Pii::new(secret("cart", nth)))]),
            created: now,
            expires: now + LIFE,
            number: None,
            state: IntentState::Open,
            preferred_agent: None,
            callback: None,
            recording_consent: nth.is_multiple_of(2),
            version: 1,
        }
    }
}

/// A value that can be found again in any text, with whose it is.
pub(super) fn secret(kind: &str, nth: u32) -> String {
    format!("{kind}#{nth};")
}
