//! The expected wait against the wait that came of it, for each queue and each estimator.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::base::QueueId;
use crate::routing::Predictions;

/// The longest wait that is told apart, in milliseconds.
const LONGEST_MS: u64 = 4 * 3_600_000;
/// The largest error that is told apart, in thousandths of the wait.
const LARGEST: u64 = 100_000;
/// Shares of the wait that a histogram of errors tells apart, in thousandths.
const BOUNDS: [u64; 5] = [100, 200, 500, 1_000, 2_000];
/// Two significant figures: a value is off by at most a hundredth.
const FIGURES: u8 = 2;

/// All queues whose calls have had to wait.
#[derive(Clone, Debug, Default)]
pub(super) struct WaitScores {
    score_by_queue: BTreeMap<QueueId, WaitScore>,
}

/// The calls of one queue that had to wait and were offered to an agent.
#[derive(Clone, Debug)]
pub struct WaitScore {
    /// In milliseconds.
    waited: Distribution,
    by_position: Errors,
    by_last_served: Errors,
}

/// What an estimator was off by, above or below.
#[derive(Clone, Debug)]
pub struct Errors {
    /// In milliseconds.
    off: Distribution,
    /// In thousandths of the wait.
    share: Distribution,
}

#[derive(Clone, Debug)]
pub(super) struct Distribution {
    pub(super) histogram: Histogram<u64>,
    pub(super) sum: u64,
}

impl WaitScores {
    pub(super) fn note(&mut self, queue: &QueueId, waited: Duration, predicted: Predictions) {
        if !self.score_by_queue.contains_key(queue) {
            let Some(score) = WaitScore::new() else { return };
            self.score_by_queue.insert(queue.clone(), score);
        }
        if let Some(score) = self.score_by_queue.get_mut(queue) {
            score.note(waited, predicted);
        }
    }

    /// Adds all of `other`, which is empty afterwards.
    pub(super) fn take_from(&mut self, other: &mut WaitScores) {
        for (queue, part) in std::mem::take(&mut other.score_by_queue) {
            match self.score_by_queue.get_mut(&queue) {
                Some(sum) => sum.add(&part),
                None => {
                    self.score_by_queue.insert(queue, part);
                }
            }
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&QueueId, &WaitScore)> {
        self.score_by_queue.iter()
    }

    pub(super) fn get(&self, queue: &QueueId) -> Option<&WaitScore> {
        self.score_by_queue.get(queue)
    }
}

impl WaitScore {
    /// `None` never: the bounds are constants that the histogram takes.
    fn new() -> Option<WaitScore> {
        let waited = Distribution::new(LONGEST_MS)?;
        Some(WaitScore { waited, by_position: Errors::new()?, by_last_served: Errors::new()? })
    }

    fn note(&mut self, waited: Duration, predicted: Predictions) {
        self.waited.record(millis(waited));
        self.by_position.note(waited, predicted.by_position);
        self.by_last_served.note(waited, predicted.by_last_served);
    }

    fn add(&mut self, other: &WaitScore) {
        self.waited.add(&other.waited);
        self.by_position.add(&other.by_position);
        self.by_last_served.add(&other.by_last_served);
    }

    /// Calls that had to wait.
    pub fn calls(&self) -> u64 {
        self.waited.histogram.len()
    }

    /// What the half of them waited at most.
    pub fn median_wait(&self) -> Duration {
        Duration::from_millis(self.waited.at(0.5))
    }

    /// Each estimator by its name in the configuration.
    pub fn estimators(&self) -> [(&'static str, &Errors); 2] {
        [("position", &self.by_position), ("last-served", &self.by_last_served)]
    }

    pub(super) fn waited(&self) -> &Distribution {
        &self.waited
    }
}

impl Errors {
    fn new() -> Option<Errors> {
        Some(Errors { off: Distribution::new(LONGEST_MS)?, share: Distribution::new(LARGEST)? })
    }

    fn note(&mut self, waited: Duration, predicted: Option<Duration>) {
        let Some(predicted) = predicted else { return };
        let off = millis(predicted.abs_diff(waited));
        self.off.record(off);
        self.share.record(off.saturating_mul(1_000) / millis(waited).max(1));
    }

    fn add(&mut self, other: &Errors) {
        self.off.add(&other.off);
        self.share.add(&other.share);
    }

    /// Calls that it had said something of.
    pub fn calls(&self) -> u64 {
        self.off.histogram.len()
    }

    /// What it was off by at most in so many of the calls, as a share of the wait.
    pub fn share_at(&self, quantile: f64) -> f64 {
        self.share.at(quantile) as f64 / 1_000.0
    }

    pub fn off_at(&self, quantile: f64) -> Duration {
        Duration::from_millis(self.off.at(quantile))
    }

    /// How many calls it was off for by each share of the wait, up to the bound and beyond the one before; the last has none.
    pub fn spread(&self) -> Vec<(Option<f64>, u64)> {
        let mut counts = [0; BOUNDS.len() + 1];
        for value in self.share.histogram.iter_recorded() {
            let least = self.share.histogram.lowest_equivalent(value.value_iterated_to());
            let class = BOUNDS.iter().position(|bound| least <= *bound).unwrap_or(BOUNDS.len());
            counts[class] += value.count_at_value();
        }
        let bounds = BOUNDS.into_iter().map(|bound| Some(bound as f64 / 1_000.0)).chain([None]);
        bounds.zip(counts).collect()
    }

    pub(super) fn off(&self) -> &Distribution {
        &self.off
    }

    pub(super) fn share(&self) -> &Distribution {
        &self.share
    }
}

impl Distribution {
    fn new(largest: u64) -> Option<Distribution> {
        Some(Distribution { histogram: Histogram::new_with_bounds(1, largest, FIGURES).ok()?, sum: 0 })
    }

    fn record(&mut self, value: u64) {
        self.histogram.saturating_record(value);
        self.sum = self.sum.saturating_add(value);
    }

    fn add(&mut self, other: &Distribution) {
        // The bounds are the same, so the sum holds what the part held.
        let _ = self.histogram.add(&other.histogram);
        self.sum = self.sum.saturating_add(other.sum);
    }

    fn at(&self, quantile: f64) -> u64 {
        self.histogram.value_at_quantile(quantile)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn what_was_told_is_held_against_what_came() {
        let queue = QueueId::new("help");
        let (mut sum, mut part) = (WaitScores::default(), WaitScores::default());
        for (told, was) in [(90, 100), (120, 100), (100, 50)] {
            let predicted = Predictions { by_position: Some(secs(told)), by_last_served: None };
            part.note(&queue, secs(was), predicted);
            sum.take_from(&mut part);
        }
        assert!(part.get(&queue).is_none());
        let score = sum.get(&queue).unwrap();
        let [(_, position), (name, last)] = score.estimators();
        assert_eq!((score.calls(), position.calls(), name, last.calls()), (3, 3, "last-served", 0));
        assert_eq!((score.median_wait().as_secs(), position.off_at(0.5).as_secs()), (100, 20));
        assert!((0.19..0.21).contains(&position.share_at(0.5)), "{}", position.share_at(0.5));
        assert!((0.99..1.01).contains(&position.share_at(0.9)));
        let spread: Vec<u64> = position.spread().into_iter().map(|(_, calls)| calls).collect();
        assert_eq!(spread, [1, 1, 0, 1, 0, 0]);
        assert_eq!(last.spread().iter().map(|(_, calls)| calls).sum::<u64>(), 0);
        let mut far = WaitScores::default();
        far.note(&queue, secs(1), Predictions { by_position: Some(secs(9_000)), by_last_served: None });
        let [(_, position), _] = far.get(&queue).unwrap().estimators();
        assert_eq!(position.spread().last(), Some(&(None, 1)));
    }

    #[test]
    fn whoever_waited_no_time_at_all_divides_nothing() {
        let mut scores = WaitScores::default();
        scores.note(
            &QueueId::new("help"),
            Duration::ZERO,
            Predictions { by_position: Some(secs(9)), by_last_served: None },
        );
        assert_eq!(scores.all().count(), 1);
    }
}
