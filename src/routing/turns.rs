//! Whose turn it is: the order among agents who are free for the same calls.
//!
//! What an agent has done lately fades: it falls by the same factor for all, so that the order among those who are idle does
//! not change while they are, and `ln(value) + t / FADES_IN` at the time `t` when the value was taken orders them for good.

use std::time::Duration;

use crate::base::Mono;

use super::agents::AgentIx;
use super::fits::Fit;
use super::setup::Order;

/// An agent's place among those who are free for a lane: the smallest is offered the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    pub ring: u8,
    lacking: u8,
    done: i64,
    since: Mono,
    pub agent: AgentIx,
}

/// What the places of an agent are made of while they are idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Idle {
    pub since: Mono,
    calls: i64,
    occupied: i64,
}

/// What an agent has done lately.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Done {
    calls: Fading,
    occupied: Fading,
}

/// A sum whose parts count less and less.
#[derive(Clone, Copy, Debug, Default)]
struct Fading {
    value: f64,
    at: Mono,
}

/// After so long a part counts 1/e; half after 42 minutes.
const FADES_IN: Duration = Duration::from_secs(3600);
/// Steps of the order for each power of e.
const STEPS: f64 = 1e6;

impl Turn {
    pub(super) fn new(order: Order, fit: Fit, idle: Idle, agent: AgentIx) -> Turn {
        let done = match order {
            Order::LongestIdle => 0,
            Order::FewestCalls => idle.calls,
            Order::LeastOccupied => idle.occupied,
        };
        Turn { ring: fit.ring, lacking: fit.lacking, done, since: idle.since, agent }
    }
}

impl Done {
    /// A call is over that kept the agent from `since`.
    pub(super) fn note_call(&mut self, since: Mono, now: Mono) {
        self.calls.fade(now);
        self.calls.value += 1.0;
        self.occupied.fade(since);
        self.occupied.fade(now);
        self.occupied.value += 1.0 - left_after(now.since(since));
    }

    pub(super) fn idle(&self, since: Mono) -> Idle {
        Idle { since, calls: self.calls.timeless(), occupied: self.occupied.timeless() }
    }
}

impl Fading {
    fn fade(&mut self, now: Mono) {
        self.value *= left_after(now.since(self.at));
        self.at = self.at.max(now);
    }

    /// Greater for more, at any time from now on.
    fn timeless(self) -> i64 {
        if self.value <= 0.0 {
            return i64::MIN;
        }
        ((self.value.ln() + span(Duration::from_nanos(self.at.0))) * STEPS) as i64
    }
}

fn left_after(time: Duration) -> f64 {
    (-span(time)).exp()
}

fn span(time: Duration) -> f64 {
    time.as_secs_f64() / FADES_IN.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn done(calls: &[(u64, u64)]) -> Done {
        let mut done = Done::default();
        calls.iter().for_each(|(from, to)| done.note_call(Mono(from * S), Mono(to * S)));
        done
    }

    #[test]
    fn calls_count_less_as_they_become_old() {
        let order = |one: &[(u64, u64)], other: &[(u64, u64)]| {
            done(one).idle(Mono::ZERO).calls.cmp(&done(other).idle(Mono::ZERO).calls)
        };
        assert!(order(&[], &[(0, 1)]).is_lt());
        assert!(order(&[(0, 10)], &[(10, 20)]).is_lt(), "the later call counts more");
        assert!(order(&[(0, 1), (2, 3)], &[(60, 61)]).is_gt(), "two of a minute ago are more than one of now");
        assert!(order(&[(0, 1), (2, 3)], &[(7200, 7201)]).is_lt(), "but not two of two hours ago");
    }

    #[test]
    fn occupation_counts_the_time_and_not_the_calls() {
        let occupied = |calls: &[(u64, u64)]| done(calls).idle(Mono::ZERO).occupied;
        assert!(occupied(&[(0, 600)]) > occupied(&[(0, 100), (200, 300), (500, 600)]));
        assert!(occupied(&[(0, 100)]) < occupied(&[(3600, 3700)]));
    }

    #[test]
    fn who_is_always_occupied_comes_to_one() {
        let all_day: Vec<_> = (0..48).map(|n| (n * 600, (n + 1) * 600)).collect();
        let value = done(&all_day).occupied.value;
        assert!((0.999..=1.0).contains(&value), "{value}");
    }
}
