//! The pools of telephone numbers: what each has, what is promised of it, and what an admin must be told.

use std::time::Duration;

use crate::base::{E164, PoolId};
use crate::intents::promise::{Derived, Promise, Traffic, derive};

/// Telephone numbers that are leased to intents.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolPlan {
    pub pool: PoolId,
    pub numbers: Vec<E164>,
    /// Handed out when no other number is free.
    pub shared: Option<E164>,
    /// How long a freed number rests before it is leased again.
    pub quarantine: Duration,
    /// What the admin accepts; the quarantine follows from it.
    pub promise: Option<PoolPromise>,
}

/// The promise of a pool, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoolPromise {
    pub promise: Promise,
    /// The rate is measured: the busiest hour of the last so long takes the place of the expected one.
    pub window: Option<Duration>,
    /// The life of an intent where the admin has set it.
    pub lease: Option<Duration>,
    pub derived: Derived,
}

impl PoolPlan {
    /// What an admin must be told of the pool; nothing when all that was promised is kept.
    pub fn warnings(&self) -> Vec<String> {
        self.promise.as_ref().map(|promise| promise.warnings(self)).unwrap_or_default()
    }
}

impl PoolPromise {
    /// With another rate, for a pool of so many numbers.
    pub fn at_rate(&self, per_hour: f64, numbers: usize) -> PoolPromise {
        let promise = Promise { traffic: Traffic { per_hour, ..self.promise.traffic }, ..self.promise };
        PoolPromise { promise, derived: derive(&promise, numbers, self.lease), ..*self }
    }

    fn warnings(&self, pool: &PoolPlan) -> Vec<String> {
        let (promise, derived) = (&self.promise, &self.derived);
        let name = pool.pool.as_str();
        let numbers = pool.numbers.len();
        let enough = derived.needed.map_or("more than a pool may have would be needed".to_owned(), |needed| {
            format!("{needed} would be enough")
        });
        let short = (!derived.is_kept(promise)).then(|| {
            format!(
                "pool {name:?}: its {numbers} numbers are too few: none is free for {} of the intents (accepted: {}), \
                 {} of the callers are taken for another (accepted: {}); {enough}",
                percent(derived.chances.empty),
                percent(promise.empty),
                percent(derived.chances.wrong_context),
                percent(promise.wrong_context),
            )
        });
        let late = (derived.chances.late > promise.late * 1.001).then(|| {
            format!(
                "pool {name:?}: {} of the callers dial after their {} s (accepted: {}); leave ttl_s out, or make it longer",
                percent(derived.chances.late),
                derived.lease.as_secs(),
                percent(promise.late),
            )
        });
        let nothing = pool.shared.is_none().then(|| {
            let empty = percent(derived.chances.empty);
            format!(
                "pool {name:?}: there is no shared number for the {empty} of the intents that find none; add shared"
            )
        });
        [short, late, nothing].into_iter().flatten().collect()
    }
}

fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent == 0.0 || percent >= 0.01 { format!("{percent:.2} %") } else { format!("{percent:.1e} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(numbers: u32, shared: bool, late: f64) -> PoolPlan {
        let traffic = Traffic {
            per_hour: 200.0,
            dials: 0.7,
            mean_delay: Duration::from_secs(300),
            mean_call: Duration::from_secs(300),
        };
        let promise = Promise { wrong_context: 1e-3, empty: 0.01, late, traffic };
        let lease = Some(Duration::from_secs(900));
        let numbers: Vec<E164> =
            (0..numbers).filter_map(|n| E164::parse(&format!("+1201555{n:04}"), None).ok()).collect();
        let derived = derive(&promise, numbers.len(), lease);
        PoolPlan {
            pool: PoolId::new("help"),
            shared: shared.then(|| E164::parse("+12015550199", None).unwrap()),
            quarantine: derived.quarantine,
            promise: Some(PoolPromise { promise, window: None, lease, derived }),
            numbers,
        }
    }

    #[test]
    fn a_pool_that_is_too_small_says_how_many_numbers_it_takes() {
        let small = plan(30, true, 0.05);
        let needed = small.promise.unwrap().derived.needed.unwrap();
        let told = small.warnings();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains("its 30 numbers are too few") && told[0].contains(&format!("{needed} would be enough"))
        );
        assert_eq!(plan(needed as u32, true, 0.05).warnings(), Vec::<String>::new());
    }

    #[test]
    fn short_lives_and_a_missing_shared_number_are_said() {
        let told = plan(150, false, 0.01).warnings();
        assert!(told.len() == 2 && told[0].contains("4.98 %") && told[1].contains("no shared number"), "{told:?}");
    }

    #[test]
    fn a_higher_rate_asks_for_more() {
        let (plan, numbers) = (plan(80, true, 0.05), 80);
        let busier = plan.promise.unwrap().at_rate(400.0, numbers);
        assert!(
            !busier.derived.is_kept(&busier.promise) && busier.derived.needed > plan.promise.unwrap().derived.needed
        );
    }
}
