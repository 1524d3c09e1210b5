//! The pools of telephone numbers: what each has, what is promised of it, and what an admin must be told.

use std::time::Duration;

use crate::base::{E164, PoolId};
use crate::intents::promise::{Derived, Lives, Promise, Traffic, derive};

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
    /// As far as the admin has said it.
    pub lives: Lives,
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
        PoolPromise { promise, derived: derive(&promise, numbers, self.lives), ..*self }
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
                 {} of the callers are taken for another (accepted: {}){}; {enough}",
                percent(derived.chances.empty),
                percent(promise.empty),
                percent(derived.chances.wrong_context),
                percent(promise.wrong_context),
                self.reckoned_with(),
            )
        });
        let late = (derived.chances.late > promise.late * 1.001).then(|| {
            format!(
                "pool {name:?}: {} of the callers dial after their {} s (accepted: {}); {}",
                percent(derived.chances.late),
                derived.lives.shortest.as_secs(),
                percent(promise.late),
                self.longer(),
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

impl PoolPromise {
    /// Lives of which a site may choose.
    fn reckoned_with(&self) -> String {
        let lives = self.derived.lives;
        let (shortest, longest) = (lives.shortest.as_secs(), lives.longest.as_secs());
        match lives.is_one() {
            true => String::new(),
            false => format!(", if sites ask for lives from {shortest} to {longest} s, as site_ttl_s lets them"),
        }
    }

    fn longer(&self) -> &'static str {
        match self.lives.of_sites {
            Some(_) => "let site_ttl_s begin later, or leave it out",
            None => "leave ttl_s out, or make it longer",
        }
    }
}

fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent == 0.0 || percent >= 0.01 { format!("{percent:.2} %") } else { format!("{percent:.1e} %") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intents::promise::Bounds;

    fn plan(numbers: u32, shared: bool, late: f64) -> PoolPlan {
        let traffic = Traffic {
            per_hour: 200.0,
            dials: 0.7,
            mean_delay: Duration::from_secs(300),
            mean_call: Duration::from_secs(300),
        };
        let promise = Promise { wrong_context: 1e-3, empty: 0.01, late, traffic };
        let lives = Lives { usual: Some(Duration::from_secs(900)), of_sites: None };
        let numbers: Vec<E164> =
            (0..numbers).filter_map(|n| E164::parse(&format!("+1201555{n:04}"), None).ok()).collect();
        let derived = derive(&promise, numbers.len(), lives);
        PoolPlan {
            pool: PoolId::new("help"),
            shared: shared.then(|| E164::parse("+12015550199", None).unwrap()),
            quarantine: derived.quarantine,
            promise: Some(PoolPromise { promise, window: None, lives, derived }),
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
    fn lives_that_sites_may_ask_for_are_reckoned_with_at_their_worst() {
        let fixed = plan(49, true, 0.05).promise.unwrap();
        let secs = Duration::from_secs;
        let with = |shortest, longest| {
            let of_sites = Some(Bounds { shortest: secs(shortest), longest: secs(longest) });
            let promise = PoolPromise { lives: Lives { of_sites, ..fixed.lives }, ..fixed };
            promise.at_rate(200.0, 49)
        };
        let (longer, shorter) = (with(900, 3600), with(300, 900));
        assert_eq!((longer.derived.lease, shorter.derived.lease), (secs(900), secs(900)));
        assert!(
            longer.derived.needed > fixed.derived.needed && longer.derived.chances.late == fixed.derived.chances.late
        );
        assert!(shorter.derived.chances.late > 0.3 && shorter.derived.quarantine > fixed.derived.quarantine);
        let told = PoolPlan { promise: Some(with(300, 3600)), ..plan(49, true, 0.05) }.warnings();
        assert!(
            told[0].contains("lives from 300 to 3600 s") && told[1].contains("let site_ttl_s begin later"),
            "{told:?}"
        );
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
