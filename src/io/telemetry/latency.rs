//! The percentiles of each stage.

use hdrhistogram::Histogram;

use crate::base::Stage;

use super::tally::{Tally, Times};

/// The times of one stage since the start, in microseconds; all zero while it has none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageTimes {
    pub stage: Stage,
    pub count: u64,
    pub p50_us: f64,
    pub p90_us: f64,
    pub p99_us: f64,
    pub p999_us: f64,
    pub max_us: f64,
}

/// What had been measured at the last look.
#[derive(Default)]
pub struct Earlier(Option<Tally>);

impl Earlier {
    /// The times of each stage since the last look; at the first one, since the start.
    pub(super) fn rows_since(&mut self, total: Tally) -> Vec<StageTimes> {
        let rows = match &self.0 {
            Some(before) => {
                total.times().iter().zip(before.times()).map(|(now, before)| row(&now.without(before))).collect()
            }
            None => rows(&total),
        };
        self.0 = Some(total);
        rows
    }
}

pub(super) fn rows(tally: &Tally) -> Vec<StageTimes> {
    tally.times().iter().map(row).collect()
}

fn row(times: &Times) -> StageTimes {
    let histogram = &times.histogram;
    StageTimes {
        stage: times.stage,
        count: histogram.len(),
        p50_us: at(histogram, 0.5),
        p90_us: at(histogram, 0.9),
        p99_us: at(histogram, 0.99),
        p999_us: at(histogram, 0.999),
        max_us: us(if histogram.is_empty() { 0 } else { histogram.max() }),
    }
}

fn at(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    us(histogram.value_at_quantile(quantile))
}

fn us(ns: u64) -> f64 {
    ns as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::io::telemetry::Counters;

    #[test]
    fn a_look_tells_of_what_came_since_the_last_one() {
        let mut tally = Tally::new(Counters::default()).unwrap();
        let mut earlier = Earlier::default();
        let answer = |rows: Vec<StageTimes>| {
            let row = rows.into_iter().find(|row| row.stage == Stage::InviteToAnswer).unwrap();
            (row.count, row.p50_us.round() as u64 / 1000)
        };
        tally.record(Stage::InviteToAnswer, Duration::from_millis(900));
        assert_eq!(answer(earlier.rows_since(tally.clone())), (1, 900));
        for _ in 0..3 {
            tally.record(Stage::InviteToAnswer, Duration::from_millis(20));
        }
        assert_eq!(answer(earlier.rows_since(tally.clone())), (3, 20));
        assert_eq!(answer(earlier.rows_since(tally)), (0, 0));
    }

    #[test]
    fn percentiles_are_those_of_the_times() {
        let mut tally = Tally::new(Counters::default()).unwrap();
        for ms in 1..=1000 {
            tally.record(Stage::InviteToAnswer, Duration::from_millis(ms));
        }
        let rows = rows(&tally);
        let answer = rows.iter().find(|row| row.stage == Stage::InviteToAnswer).unwrap();
        let expected = [500_000.0, 900_000.0, 990_000.0, 999_000.0, 1_000_000.0];
        let found = [answer.p50_us, answer.p90_us, answer.p99_us, answer.p999_us, answer.max_us];
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() <= expected / 500.0, "{found} for {expected}");
        }
        assert_eq!(answer.count, 1000);
        let matched = rows.iter().find(|row| row.stage == Stage::InviteToMatch).unwrap();
        assert_eq!((matched.count, matched.p50_us, matched.max_us), (0, 0.0, 0.0));
    }
}
