//! What a queue was like lately, and what two estimators make of it for a call that comes in now.
//!
//! By position: the calls ahead, each of which waits for an agent to become free; some of them give up before (Whitt, "Predicting
//! queueing delays", 1999, with the rate of giving up for calls that wait). Of the last served: what the call that left the queue last
//! had waited (Ibrahim and Whitt, "Real-time delay estimation based on delay history", 2009).

use std::time::Duration;

use crate::base::Mono;

/// What is measured of one queue.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lately {
    /// From the offer to the end of the wrap-up, in seconds.
    handling: Mean,
    /// How much longer than handling over agents it takes until the next call is offered: agents have other queues besides.
    slowness: Mean,
    /// The share of calls that left the queue by giving up, and the seconds that a call waited in it.
    gave_up: Mean,
    waited: Mean,
    last_wait: Option<Duration>,
    /// When a call was last offered while others waited still.
    offered: Option<Mono>,
}

/// An average in which the recent ones count more.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    value: f64,
    count: u32,
}

/// What a call that comes in may expect, by each estimator that knows enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Predictions {
    pub by_position: Option<Duration>,
    pub by_last_served: Option<Duration>,
}

/// How many values an average is made of, about.
const HANDLING_OF: u32 = 100;
const SLOWNESS_OF: u32 = 200;
const LEAVING_OF: u32 = 500;
/// Longer is no estimate any more.
const LONGEST_S: f64 = 24.0 * 3600.0;

impl Mean {
    fn note(&mut self, value: f64, of: u32) {
        self.count = (self.count + 1).min(of);
        self.value += (value - self.value) / f64::from(self.count);
    }

    fn known(self) -> Option<f64> {
        (self.count > 0).then_some(self.value)
    }
}

impl Lately {
    /// An agent is done with a call of this queue.
    pub(super) fn note_handled(&mut self, took: Duration) {
        self.handling.note(took.as_secs_f64(), HANDLING_OF);
    }

    /// A caller gave up who had waited so long.
    pub(super) fn note_gone(&mut self, waited: Duration) {
        self.gave_up.note(1.0, LEAVING_OF);
        self.waited.note(waited.as_secs_f64(), LEAVING_OF);
    }

    /// A call that had waited so long is offered to one of `serving` agents, and `others` wait still.
    pub(super) fn note_offered(&mut self, waited: Duration, serving: usize, others: bool, now: Mono) {
        self.gave_up.note(0.0, LEAVING_OF);
        self.waited.note(waited.as_secs_f64(), LEAVING_OF);
        self.last_wait = Some(waited);
        let before = std::mem::replace(&mut self.offered, others.then_some(now));
        if let (Some(before), Some(usual)) = (before, self.usual_pace(serving)) {
            self.slowness.note((now.since(before).as_secs_f64() / usual).min(20.0), SLOWNESS_OF);
        }
    }

    /// Nobody waits: the time to the next offer says nothing of the agents.
    pub(super) fn note_empty(&mut self) {
        self.offered = None;
    }

    /// For the call that will be the `position`th to be offered, counted from 1.
    pub(super) fn predict(&self, position: usize, serving: usize) -> Predictions {
        let by_position = self.pace(serving).map(|pace| self.with_those_who_give_up(position as f64 * pace));
        let seconds = by_position.filter(|seconds| seconds.is_finite());
        Predictions {
            by_position: seconds.map(|seconds| Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_S))),
            by_last_served: self.last_wait.filter(|_| serving > 0),
        }
    }

    /// The seconds from one offer to the next while calls wait.
    fn pace(&self, serving: usize) -> Option<f64> {
        Some(self.usual_pace(serving)? * self.slowness.known().unwrap_or(1.0))
    }

    fn usual_pace(&self, serving: usize) -> Option<f64> {
        let handling = self.handling.known().filter(|seconds| serving > 0 && *seconds > 0.0)?;
        Some(handling / serving as f64)
    }

    /// Of those ahead some give up: while a queue of n empties at the rate 1/pace + n * rate, the wait is ln(1 + n * pace * rate) / rate.
    fn with_those_who_give_up(&self, wait: f64) -> f64 {
        let rate = match (self.gave_up.known(), self.waited.known()) {
            (Some(share), Some(waited)) if waited > 0.0 => share / waited,
            (Some(_) | None, _) => 0.0,
        };
        if rate * wait < 1e-6 { wait } else { (rate * wait).ln_1p() / rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn by_position(lately: &Lately, position: usize, serving: usize) -> Option<u64> {
        lately.predict(position, serving).by_position.map(|wait| wait.as_secs())
    }

    #[test]
    fn nothing_is_known_before_the_first_call() {
        assert_eq!(Lately::default().predict(1, 3), Predictions::default());
    }

    #[test]
    fn the_first_call_is_believed_and_later_ones_weigh_in() {
        let mut lately = Lately::default();
        lately.note_handled(secs(80));
        assert_eq!((by_position(&lately, 1, 1), by_position(&lately, 3, 4)), (Some(80), Some(60)));
        lately.note_handled(secs(160));
        assert_eq!((by_position(&lately, 1, 1), by_position(&lately, 1, 0)), (Some(120), None));
    }

    #[test]
    fn agents_who_have_other_queues_too_are_slower_for_this_one() {
        let mut lately = Lately::default();
        lately.note_handled(secs(100));
        (0..=20).for_each(|nth| lately.note_offered(secs(5), 10, true, Mono(nth * 25 * S)));
        // Ten agents would be free every 10 s, and were every 25 s.
        assert_eq!(by_position(&lately, 4, 10), Some(100));
        assert_eq!(by_position(&lately, 4, 20), Some(50), "twice the agents, half the time");
    }

    #[test]
    fn the_time_without_waiting_calls_is_not_counted() {
        let mut lately = Lately::default();
        lately.note_handled(secs(100));
        lately.note_offered(secs(5), 10, true, Mono(0));
        lately.note_empty();
        lately.note_offered(secs(5), 10, true, Mono(900 * S));
        assert_eq!(by_position(&lately, 1, 10), Some(10));
    }

    #[test]
    fn those_ahead_who_give_up_shorten_the_wait() {
        let mut lately = Lately::default();
        lately.note_handled(secs(100));
        (0..100).for_each(|_| lately.note_gone(secs(50)));
        (0..100).for_each(|_| lately.note_offered(secs(50), 10, false, Mono(0)));
        // One in a hundred seconds gives up: ln(1 + 200 / 100) * 100.
        assert_eq!(by_position(&lately, 20, 10), Some(109));
    }

    #[test]
    fn the_last_who_was_served_had_waited() {
        let mut lately = Lately::default();
        lately.note_offered(secs(42), 3, false, Mono(0));
        assert_eq!(lately.predict(9, 3).by_last_served, Some(secs(42)));
    }
}
