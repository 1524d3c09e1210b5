//! Things that happen later, in order of time and, at the same time, in the order in which they were set.

use std::collections::BTreeMap;

use crate::base::Mono;

#[derive(Clone, Debug)]
pub(super) struct Later<T> {
    by_time: BTreeMap<(Mono, u64), T>,
    numbered: u64,
}

impl<T> Default for Later<T> {
    fn default() -> Later<T> {
        Later { by_time: BTreeMap::new(), numbered: 0 }
    }
}

impl<T> Later<T> {
    pub fn add(&mut self, at: Mono, thing: T) {
        self.numbered += 1;
        self.by_time.insert((at, self.numbered), thing);
    }

    pub fn next(&self) -> Option<Mono> {
        self.by_time.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next that is due.
    pub fn take(&mut self, now: Mono) -> Option<T> {
        let at = self.next()?;
        if at > now {
            return None;
        }
        self.by_time.pop_first().map(|(_, thing)| thing)
    }

    pub fn clear(&mut self) {
        self.by_time.clear();
    }
}
