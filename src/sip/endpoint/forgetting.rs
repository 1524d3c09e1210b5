//! Transactions that are over, by when they are forgotten. A call leaves four of them, for half a minute: lists in the order of time
//! cost less than deadlines that can be moved, and those that come close together wake the loop once.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::Mono;
use crate::sip::transaction::{Timer, TxId};

/// Those of timers I and K, which are short, and those of the others.
#[derive(Default)]
pub struct Forgetting {
    soon: VecDeque<Spent>,
    later: VecDeque<Spent>,
}

struct Spent {
    at: Mono,
    id: TxId,
    timer: Timer,
}

/// So often at most.
const EVERY: Duration = Duration::from_millis(100);

impl Forgetting {
    /// Takes a timer that only forgets; at `at`, or a little later. False for any other.
    pub fn put(&mut self, id: TxId, timer: Timer, at: Mono) -> bool {
        let list = match timer {
            Timer::I | Timer::K => &mut self.soon,
            Timer::D | Timer::J | Timer::L | Timer::M => &mut self.later,
            Timer::A | Timer::B | Timer::E | Timer::F | Timer::G | Timer::H => return false,
        };
        // Where another configuration has shorter times, those that are there come first.
        let last = list.back().map_or(Mono::ZERO, |last| last.at);
        list.push_back(Spent { at: at.round_up(EVERY).max(last), id, timer });
        true
    }

    /// The next of them and why; it may have been forgotten before.
    pub fn next(&self) -> Option<(Mono, &'static str)> {
        let first = self.soon.front().into_iter().chain(self.later.front()).min_by_key(|spent| spent.at);
        first.map(|spent| (spent.at, spent.timer.reason()))
    }

    /// Takes one that is not after `now`; call again until it answers `None`.
    pub fn pop_due(&mut self, now: Mono) -> Option<(TxId, Timer)> {
        let is_due = |list: &VecDeque<Spent>| list.front().is_some_and(|spent| spent.at <= now);
        let list = if is_due(&self.soon) { &mut self.soon } else { &mut self.later };
        if !is_due(list) {
            return None;
        }
        list.pop_front().map(|spent| (spent.id, spent.timer))
    }

    pub fn len(&self) -> usize {
        self.soon.len() + self.later.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Mono {
        Mono(ms * 1_000_000)
    }

    #[test]
    fn they_come_together_in_order_and_never_early() {
        let mut forgetting = Forgetting::default();
        assert!(!forgetting.put(TxId(9), Timer::A, ms(1)), "it sends again");
        for (id, timer, at) in
            [(1, Timer::L, 32_001), (2, Timer::K, 5_001), (3, Timer::K, 5_099), (4, Timer::J, 32_000)]
        {
            assert!(forgetting.put(TxId(id), timer, ms(at)));
        }
        assert_eq!(forgetting.next(), Some((ms(5_100), Timer::K.reason())));
        assert_eq!(forgetting.pop_due(ms(5_099)), None);
        assert_eq!(forgetting.pop_due(ms(5_100)), Some((TxId(2), Timer::K)));
        assert_eq!(forgetting.pop_due(ms(5_100)), Some((TxId(3), Timer::K)));
        assert_eq!((forgetting.pop_due(ms(32_000)), forgetting.len()), (None, 2), "the fourth is as late as the first");
        assert_eq!(forgetting.pop_due(ms(32_100)), Some((TxId(1), Timer::L)));
        assert_eq!(forgetting.pop_due(ms(32_100)), Some((TxId(4), Timer::J)));
        assert_eq!(forgetting.next(), None);
    }
}
