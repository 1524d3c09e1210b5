//! A chance that was measured in several runs, and the interval in which it lies.

/// A part of many, with the interval that holds the truth in 99 of 100 simulations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub part: f64,
    pub low: f64,
    pub high: f64,
    /// How often it happened, of how many.
    pub times: u64,
    pub of: u64,
}

/// Of the normal distribution, both sides together 1 %.
const QUANTILE: f64 = 2.5758;

impl Measured {
    /// Of runs with `(times, of)`. The interval is Student's over the runs, which also holds where one event brings others, and
    /// never narrower than Wilson's (1927) for events that know nothing of each other, which also holds for none at all.
    pub(super) fn of(runs: impl Iterator<Item = (u64, u64)>) -> Measured {
        let runs: Vec<(u64, u64)> = runs.collect();
        let (times, of) = runs.iter().fold((0, 0), |(times, of), run| (times + run.0, of + run.1));
        let part = times as f64 / of.max(1) as f64;
        let wilson = wilson(part, of.max(1) as f64);
        let half = student(&runs, part);
        Measured {
            part,
            low: (part - half).min(wilson.0).max(0.0),
            high: (part + half).max(wilson.1).min(1.0),
            times,
            of,
        }
    }

    pub fn holds(&self, chance: f64) -> bool {
        (self.low..=self.high).contains(&chance)
    }

    /// It may be as small as this, or is smaller.
    pub fn is_within(&self, most: f64) -> bool {
        self.low <= most
    }
}

fn wilson(part: f64, of: f64) -> (f64, f64) {
    let square = QUANTILE * QUANTILE;
    let middle = (part + square / (2.0 * of)) / (1.0 + square / of);
    let half = QUANTILE / (1.0 + square / of) * (part * (1.0 - part) / of + square / (4.0 * of * of)).sqrt();
    (middle - half, middle + half)
}

/// Half of the interval; 0 for a single run, of which there is no spread.
fn student(runs: &[(u64, u64)], mean: f64) -> f64 {
    let count = runs.len() as f64;
    let parts = runs.iter().map(|(times, of)| *times as f64 / (*of).max(1) as f64);
    let squares: f64 = parts.map(|part| (part - mean).powi(2)).sum();
    if runs.len() < 2 { 0.0 } else { quantile(runs.len() - 1) * (squares / (count - 1.0) / count).sqrt() }
}

/// Student's distribution at 0.995, by its expansion around the normal one (Abramowitz and Stegun 26.7.5); from 4 degrees on right to
/// 3 %, and never too small by more.
fn quantile(degrees: usize) -> f64 {
    let (x, n) = (QUANTILE, degrees as f64);
    let first = (x.powi(3) + x) / 4.0;
    let second = (5.0 * x.powi(5) + 16.0 * x.powi(3) + 3.0 * x) / 96.0;
    let third = (3.0 * x.powi(7) + 19.0 * x.powi(5) + 17.0 * x.powi(3) - 15.0 * x) / 384.0;
    x + first / n + second / n.powi(2) + third / n.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_is_that_of_the_tables() {
        for (degrees, expected) in [(5, 4.032), (11, 3.106), (19, 2.861), (100, 2.626)] {
            assert!((quantile(degrees) / expected - 1.0).abs() < 0.02, "{degrees}: {}", quantile(degrees));
        }
    }

    #[test]
    fn an_interval_is_there_also_for_what_never_happened() {
        let never = Measured::of([(0, 500), (0, 500)].into_iter());
        assert_eq!((never.part, never.low), (0.0, 0.0));
        assert!(never.high > 0.003 && never.high < 0.01, "{never:?}");
        let some = Measured::of([(40, 500), (60, 500)].into_iter());
        assert!(some.holds(0.1) && some.low < 0.08 && some.high > 0.12, "{some:?}");
    }
}
