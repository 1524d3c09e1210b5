//! Whether the engine's loop keeps up with what arrives.

use std::time::Duration;

use crate::base::Mono;
use crate::engine::Notice;

/// The mark: when the loop has found more than it takes in a turn for so long, it will not catch up by itself. A burst of calls, or
/// a machine that was busy elsewhere, is over sooner.
const BEHIND_AFTER: Duration = Duration::from_millis(200);
/// New calls are taken again when the loop has kept up for so long.
const CAUGHT_UP_AFTER: Duration = Duration::from_millis(500);

/// Watches the turns of the loop.
#[derive(Default)]
pub struct LoadMeter {
    is_behind: bool,
    /// Since when the turns have been other than `is_behind` says.
    other_since: Option<Mono>,
}

impl LoadMeter {
    /// A turn is over; `has_caught_up`: nothing was left waiting. Answers when that has held long enough to be said.
    pub fn turn(&mut self, has_caught_up: bool, now: Mono) -> Option<Notice> {
        if has_caught_up != self.is_behind {
            self.other_since = None;
            return None;
        }
        let since = *self.other_since.get_or_insert(now);
        let (after, notice) =
            if self.is_behind { (CAUGHT_UP_AFTER, Notice::CaughtUp) } else { (BEHIND_AFTER, Notice::Behind) };
        if now.since(since) < after {
            return None;
        }
        self.is_behind = !self.is_behind;
        self.other_since = None;
        Some(notice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono::ZERO + Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_is_no_overload_and_a_standing_queue_is() {
        let mut meter = LoadMeter::default();
        assert_eq!(
            [(false, 0), (false, 199), (true, 200), (false, 201), (false, 400)].map(|(up, ms)| meter.turn(up, at(ms))),
            [None; 5]
        );
        assert_eq!(meter.turn(false, at(401)), Some(Notice::Behind));
        assert_eq!(meter.turn(false, at(900)), None);
    }

    #[test]
    fn calls_are_taken_again_when_it_has_kept_up_for_a_while() {
        let mut meter = LoadMeter { is_behind: true, other_since: None };
        assert_eq!(
            [(true, 0), (true, 499), (false, 500), (true, 501), (true, 1000)].map(|(up, ms)| meter.turn(up, at(ms))),
            [None; 5]
        );
        assert_eq!(meter.turn(true, at(1001)), Some(Notice::CaughtUp));
        assert_eq!(meter.turn(true, at(9000)), None);
    }
}
