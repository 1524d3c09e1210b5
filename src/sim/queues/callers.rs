//! Draws of the callers' side: when they come, how long they talk, how long they wait.

use std::time::Duration;

use crate::base::rng::Rng;

/// A time with an exponential distribution.
pub(super) fn exponential(rng: &mut Rng, mean: f64) -> Duration {
    seconds(-(1.0 - rng.unit()).ln() * mean)
}

/// A time with a log-normal distribution, as calls have it (Brown and others, "Statistical analysis of a telephone call center",
/// 2005); `spread` is the standard deviation over the mean.
pub(super) fn log_normal(rng: &mut Rng, mean: f64, spread: f64) -> Duration {
    let sigma2 = (1.0 + spread * spread).ln();
    seconds((mean.ln() - sigma2 / 2.0 + sigma2.sqrt() * normal(rng)).exp())
}

/// Box and Muller.
fn normal(rng: &mut Rng) -> f64 {
    let (one, other) = (1.0 - rng.unit(), rng.unit());
    (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos()
}

pub(super) fn seconds(s: f64) -> Duration {
    Duration::from_secs_f64(s.clamp(0.0, 86_400.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_have_the_mean_and_spread_that_they_say() {
        let mut rng = Rng::from_number(1);
        let drawn: Vec<f64> = (0..20_000).map(|_| log_normal(&mut rng, 240.0, 0.8).as_secs_f64()).collect();
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        let spread = (drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / drawn.len() as f64).sqrt() / mean;
        assert!((235.0..245.0).contains(&mean) && (0.75..0.85).contains(&spread), "{mean} {spread}");
        let drawn: f64 = (0..20_000).map(|_| exponential(&mut rng, 180.0).as_secs_f64()).sum();
        assert!((175.0..185.0).contains(&(drawn / 20_000.0)));
    }
}
