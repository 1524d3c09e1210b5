//! Histograms and counters over some stretch of time.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::base::Stage;

use super::counters::Counters;
use super::service::Services;
use super::wait_scores::WaitScores;

/// One minute, in nanoseconds; a longer stage counts as this long.
const LONGEST_NS: u64 = 60_000_000_000;
/// Three significant figures: a value is off by at most a thousandth.
const FIGURES: u8 = 3;

/// What was recorded.
#[derive(Clone)]
pub(super) struct Tally {
    times: Vec<Times>,
    pub(super) counters: Counters,
    pub(super) waits: WaitScores,
    pub(super) services: Services,
}

/// The times of one stage, in nanoseconds.
#[derive(Clone)]
pub(super) struct Times {
    pub(super) stage: Stage,
    pub(super) histogram: Histogram<u64>,
    pub(super) sum_ns: u128,
}

impl Tally {
    /// `None` never: the bounds are constants that the histogram takes.
    pub(super) fn new(counters: Counters) -> Option<Tally> {
        let times = Stage::ALL.into_iter().map(Times::new).collect::<Option<Vec<_>>>()?;
        Some(Tally { times, counters, waits: WaitScores::default(), services: Services::default() })
    }

    pub(super) fn record(&mut self, stage: Stage, took: Duration) {
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).clamp(1, LONGEST_NS);
        if let Some(times) = self.times.iter_mut().find(|times| times.stage == stage) {
            times.histogram.saturating_record(ns);
            times.sum_ns += u128::from(ns);
        }
    }

    pub(super) fn times(&self) -> &[Times] {
        &self.times
    }

    /// Adds all of `other`, which is empty afterwards.
    pub(super) fn take_from(&mut self, other: &mut Tally) {
        for (sum, part) in self.times.iter_mut().zip(&mut other.times) {
            if !part.histogram.is_empty() {
                // The bounds are the same, so the sum holds what the part held.
                let _ = sum.histogram.add(&part.histogram);
                sum.sum_ns += part.sum_ns;
                part.histogram.reset();
                part.sum_ns = 0;
            }
        }
        self.counters.take_from(&mut other.counters);
        self.waits.take_from(&mut other.waits);
        self.services.take_from(&mut other.services);
    }
}

impl Times {
    /// What came after `before`, which is a part of this.
    pub(super) fn without(&self, before: &Times) -> Times {
        let mut since = self.clone();
        // The bounds are the same, and each count is at least as large.
        let _ = since.histogram.subtract(&before.histogram);
        since.sum_ns -= before.sum_ns.min(since.sum_ns);
        since
    }

    fn new(stage: Stage) -> Option<Times> {
        let histogram = Histogram::new_with_bounds(1, LONGEST_NS, FIGURES).ok()?;
        Some(Times { stage, histogram, sum_ns: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::telemetry::Counter;

    #[test]
    fn parts_add_up_and_are_empty_afterwards() {
        let (mut sum, mut part) = (Tally::new(Counters::known()).unwrap(), Tally::new(Counters::default()).unwrap());
        part.record(Stage::InviteToMatch, Duration::from_millis(2));
        part.record(Stage::InviteToMatch, Duration::from_secs(3600));
        part.counters.add(Counter::Granted, 2);
        sum.take_from(&mut part);
        sum.take_from(&mut part);
        let times = sum.times().iter().find(|times| times.stage == Stage::InviteToMatch).unwrap();
        assert_eq!(times.histogram.len(), 2);
        assert_eq!(times.sum_ns, 2_000_000 + u128::from(LONGEST_NS));
        assert_eq!(sum.counters.get(&Counter::Granted), 2);
    }
}
