//! `promise` of a pool: what the admin accepts and expects, from which the lease time and the quarantine follow.

use std::time::Duration;

use crate::base::limits::POOL_RATE_MAX;
use crate::calls::settings::{PoolPlan, PoolPromise};
use crate::intents::promise::{Lives, Promise, Traffic, derive};

use super::fault::Faults;
use super::plan::IntentDefaults;
use super::tree::Section;

/// What the file says; what follows from it needs the rest of the file.
pub(super) struct Stated {
    promise: Promise,
    window: Option<Duration>,
}

const ACCEPTED: &str = "write the part that you accept, like wrong_context = 0.001, empty = 0.01";
const RATE: &str = "write how many intents ask for a number in the busiest hour, like per_hour = 200";
/// No promise can be kept without any chance at all, nor is one asked for that is always kept.
const CHANCES: std::ops::RangeInclusive<f64> = 1e-9..=0.5;
const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn read(pool: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<Stated> {
    let mut section = pool.section("promise", faults);
    if !section.is_given() {
        return None;
    }
    let mut accepted = |key, section: &mut Section<'_>| {
        section.required(key, ACCEPTED, faults).and_then(|item| item.fraction(CHANCES, faults))
    };
    let (wrong_context, empty) = (accepted("wrong_context", &mut section), accepted("empty", &mut section));
    let rate = section.required("per_hour", RATE, faults);
    let rate: Option<u32> = rate.and_then(|item| item.number(1..=i64::from(POOL_RATE_MAX), faults));
    let late = section.item("late").and_then(|item| item.fraction(CHANCES, faults));
    let dials = section.item("dials").and_then(|item| item.fraction(0.0..=1.0, faults));
    let mean_delay = section.seconds("mean_delay_s", Duration::from_secs(300), 1..=86_400, faults);
    let mean_call = section.seconds("mean_call_s", Duration::from_secs(300), 0..=14_400, faults);
    let window = section.item("measured_over_h").and_then(|item| item.number::<u32>(1..=168, faults));
    section.finish(faults);
    let traffic = Traffic { per_hour: f64::from(rate?), dials: dials.unwrap_or(0.7), mean_delay, mean_call };
    let promise = Promise { wrong_context: wrong_context?, empty: empty?, late: late.unwrap_or(0.05), traffic };
    Some(Stated { promise, window: window.map(|hours| HOUR * hours) })
}

impl Stated {
    /// Before the life of an intent is known.
    pub(super) fn of(self, numbers: usize) -> PoolPromise {
        let Stated { promise, window } = self;
        PoolPromise { promise, window, lives: Lives::default(), derived: derive(&promise, numbers, Lives::default()) }
    }
}

/// The life of an intent, where the file says it, holds for all pools; else the pool of the intents says how long one lives. A site
/// may ask for another only as far as the file allows, where there is a promise that it would break.
pub(super) fn settle(pools: &mut [PoolPlan], intents: &mut IntentDefaults) {
    let usual = intents.is_ttl_given.then_some(intents.ttl);
    let lives = Lives { usual, of_sites: intents.of_sites };
    for pool in pools {
        let numbers = pool.numbers.len();
        let Some(promise) = &mut pool.promise else { continue };
        promise.lives = lives;
        promise.derived = derive(&promise.promise, numbers, lives);
        pool.quarantine = promise.derived.quarantine;
        if intents.pool.as_ref() == Some(&pool.pool) {
            (intents.ttl, intents.lives) = (promise.derived.lease, promise.derived.lives);
        }
    }
}
