//! Places in the queue that outlive their call: they belong to the intent, for a customer who was cut off and calls again, be it from
//! another telephone or from a browser.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::base::limits::CUT_OFF_PLACES_MAX;
use crate::base::{IntentId, Mono, Now};

/// The places that nobody has now.
#[derive(Debug, Default)]
pub struct Places {
    since_by_intent: HashMap<IntentId, (Mono, Mono)>,
    in_order_of_end: VecDeque<(Mono, IntentId)>,
}

impl Places {
    /// The call has ended now that had waited since then.
    pub fn keep(&mut self, intent: IntentId, since: Mono, kept: Duration, now: Now) {
        self.forget_ended(now.mono);
        let until = now.mono + kept;
        self.since_by_intent.insert(intent, (since, until));
        self.in_order_of_end.push_back((until, intent));
        if self.in_order_of_end.len() > CUT_OFF_PLACES_MAX {
            self.forget_oldest();
        }
    }

    /// Since when the customer has waited, if their place is still kept.
    pub fn take(&mut self, intent: IntentId, now: Now) -> Option<Mono> {
        self.forget_ended(now.mono);
        self.since_by_intent.remove(&intent).filter(|(_, until)| *until > now.mono).map(|(since, _)| since)
    }

    fn forget_ended(&mut self, now: Mono) {
        while self.in_order_of_end.front().is_some_and(|(end, _)| *end <= now) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((end, intent)) = self.in_order_of_end.pop_front() else { return };
        if self.since_by_intent.get(&intent).is_some_and(|(_, until)| *until <= end) {
            self.since_by_intent.remove(&intent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Wall;

    fn at(mono: u64) -> Now {
        Now::new(Mono(mono), Wall(0))
    }

    #[test]
    fn a_place_is_kept_for_a_while_and_taken_once() {
        let mut places = Places::default();
        places.keep(IntentId(1), Mono(5), Duration::from_nanos(90), at(10));
        places.keep(IntentId(2), Mono(6), Duration::from_nanos(100), at(10));
        assert_eq!(places.take(IntentId(1), at(99)), Some(Mono(5)));
        assert_eq!(places.take(IntentId(1), at(99)), None);
        assert_eq!(places.take(IntentId(2), at(110)), None);
        assert_eq!((places.since_by_intent.len(), places.in_order_of_end.len()), (0, 0));
    }

    #[test]
    fn the_latest_place_of_an_intent_holds() {
        let mut places = Places::default();
        places.keep(IntentId(1), Mono(5), Duration::from_nanos(90), at(10));
        places.keep(IntentId(1), Mono(5), Duration::from_nanos(100), at(50));
        assert_eq!(places.take(IntentId(1), at(120)), Some(Mono(5)));
    }
}
