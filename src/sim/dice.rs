//! Draws that every part of the world needs.

use std::time::Duration;

use crate::base::rng::Rng;

/// Evenly between two times in milliseconds.
pub(super) fn between_ms(rng: &mut Rng, least: u64, most: u64) -> Duration {
    Duration::from_micros(least * 1_000 + rng.below((most.saturating_sub(least)) * 1_000 + 1))
}

/// Around a mean, as waiting times of independent events are; at most ten times the mean.
pub(super) fn about(rng: &mut Rng, mean: Duration) -> Duration {
    let drawn = -(1.0 - rng.unit()).ln();
    mean.mul_f64(drawn.min(10.0))
}

/// One of several.
pub(super) fn pick<T: Copy>(rng: &mut Rng, choices: &[T]) -> Option<T> {
    choices.get(usize::try_from(rng.below(choices.len() as u64)).unwrap_or(0)).copied()
}
