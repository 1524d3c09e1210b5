//! How many calls a trunk may carry, and how many it may begin in a second, in each direction.

use std::collections::HashMap;
use std::time::Duration;

use crate::base::{Mono, TrunkId};

/// What a trunk may carry in one direction; without figures as much as comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    pub calls: Option<u32>,
    /// New calls in one second, and how many of them at once.
    pub per_s: Option<u32>,
    pub burst: u32,
    /// What a call beyond it is answered with: 503 with Retry-After, or 486.
    pub status: u16,
}

/// The caps of one trunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    pub incoming: Cap,
    pub outgoing: Cap,
}

/// Seen from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bound {
    Incoming,
    Outgoing,
}

/// Which of the two figures was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reached {
    Calls,
    Rate,
}

/// What goes over one trunk in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    pub calls: u32,
    /// Calls that were refused because of `Cap::calls`, and because of `Cap::per_s`.
    pub refused_calls: u64,
    pub refused_rate: u64,
    /// When the next call would come if all of them kept the rate exactly (the generic cell rate algorithm).
    pub due: Mono,
}

/// What goes over all trunks.
#[derive(Clone, Debug, Default)]
pub struct Loads {
    by_trunk: HashMap<(TrunkId, Bound), Load>,
}

impl Default for Cap {
    fn default() -> Cap {
        Cap { calls: None, per_s: None, burst: 1, status: 503 }
    }
}

impl Caps {
    pub fn of(&self, bound: Bound) -> &Cap {
        match bound {
            Bound::Incoming => &self.incoming,
            Bound::Outgoing => &self.outgoing,
        }
    }
}

impl Bound {
    pub fn as_str(self) -> &'static str {
        match self {
            Bound::Incoming => "incoming",
            Bound::Outgoing => "outgoing",
        }
    }
}

impl Reached {
    pub fn as_str(self) -> &'static str {
        match self {
            Reached::Calls => "calls",
            Reached::Rate => "calls-per-second",
        }
    }
}

impl Loads {
    /// Counts a call that begins, or says which cap forbids it.
    pub fn begin(&mut self, trunk: &TrunkId, bound: Bound, cap: &Cap, now: Mono) -> Result<(), Reached> {
        self.by_trunk.entry((trunk.clone(), bound)).or_default().begin(cap, now)
    }

    /// A call that was counted is over.
    pub fn end(&mut self, trunk: &TrunkId, bound: Bound) {
        if let Some(load) = self.by_trunk.get_mut(&(trunk.clone(), bound)) {
            load.calls = load.calls.saturating_sub(1);
        }
    }

    pub fn of(&self, trunk: &TrunkId, bound: Bound) -> Load {
        self.by_trunk.get(&(trunk.clone(), bound)).copied().unwrap_or_default()
    }
}

impl Load {
    fn begin(&mut self, cap: &Cap, now: Mono) -> Result<(), Reached> {
        if cap.calls.is_some_and(|most| self.calls >= most) {
            self.refused_calls += 1;
            return Err(Reached::Calls);
        }
        if let Some(per_s) = cap.per_s.filter(|per_s| *per_s > 0) {
            let apart = Duration::from_secs(1) / per_s;
            if self.due.since(now) > apart * cap.burst.saturating_sub(1) {
                self.refused_rate += 1;
                return Err(Reached::Rate);
            }
            self.due = self.due.max(now) + apart;
        }
        self.calls += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono(1_000_000_000) + Duration::from_millis(ms)
    }

    #[test]
    fn calls_beyond_the_cap_are_refused_until_one_ends() {
        let cap = Cap { calls: Some(2), ..Cap::default() };
        let (mut loads, trunk) = (Loads::default(), TrunkId::new("carrier"));
        let begin = |loads: &mut Loads| loads.begin(&trunk, Bound::Incoming, &cap, at(0));
        assert_eq!([begin(&mut loads), begin(&mut loads), begin(&mut loads)], [Ok(()), Ok(()), Err(Reached::Calls)]);
        loads.end(&trunk, Bound::Incoming);
        assert_eq!(begin(&mut loads), Ok(()));
        let load = loads.of(&trunk, Bound::Incoming);
        assert_eq!((load.calls, load.refused_calls, load.refused_rate), (2, 1, 0));
        assert_eq!(loads.of(&trunk, Bound::Outgoing), Load::default());
    }

    #[test]
    fn a_burst_is_taken_then_the_rate_holds() {
        let cap = Cap { per_s: Some(10), burst: 3, ..Cap::default() };
        let mut load = Load::default();
        let mut taken = |ms| load.begin(&cap, at(ms)).is_ok();
        assert_eq!(
            [0, 0, 0, 0, 50, 100, 100, 200, 5000, 5000, 5000, 5000].map(&mut taken),
            [true, true, true, false, false, true, false, true, true, true, true, false]
        );
        assert_eq!((load.refused_rate, load.refused_calls), (4, 0));
    }

    #[test]
    fn without_figures_everything_passes() {
        let mut load = Load::default();
        assert!((0..10_000).all(|_| load.begin(&Cap::default(), at(0)).is_ok()));
    }
}
