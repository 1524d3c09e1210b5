//! The RTP ports of the configured range, lent out one pair at a time.

use std::collections::{BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::base::Mono;

/// Even ports (RTP), each with the odd one above it (RTCP). The one that was freed longest ago is lent next when it has rested, so
/// that a late packet of an ended call meets nobody; otherwise one that was never lent. So no more of them are in use than the
/// load needs, and the media workers can keep their sockets.
#[derive(Clone, Debug)]
pub struct Ports {
    fresh: VecDeque<u16>,
    /// With the time of their end, the longest free first.
    freed: VecDeque<(Mono, u16)>,
    lent: BTreeSet<u16>,
}

/// Longer than a packet is under way.
const REST: Duration = Duration::from_secs(2);

impl Ports {
    /// All pairs that lie wholly within `range`.
    pub fn new(range: RangeInclusive<u16>) -> Ports {
        let (first, last) = (*range.start(), *range.end());
        let fresh = range.filter(|port| port % 2 == 0 && *port >= first && *port < last && *port > 0).collect();
        Ports { fresh, freed: VecDeque::new(), lent: BTreeSet::new() }
    }

    /// But for the pairs that these belong to.
    pub fn without(mut self, taken: &[u16]) -> Ports {
        self.fresh.retain(|port| !taken.iter().any(|taken| taken & !1 == *port));
        self
    }

    /// An RTP port, or `None` when all are lent.
    pub fn take(&mut self, now: Mono) -> Option<u16> {
        let has_rested = self.freed.front().is_some_and(|(since, _)| now.since(*since) >= REST);
        let fresh = if has_rested { None } else { self.fresh.pop_front() };
        let port = fresh.or_else(|| self.freed.pop_front().map(|(_, port)| port)).or_else(|| self.fresh.pop_front())?;
        self.lent.insert(port);
        Some(port)
    }

    /// Gives a port back; one that is not lent is left as it is.
    pub fn give_back(&mut self, port: u16, now: Mono) {
        if self.lent.remove(&port) {
            self.freed.push_back((now, port));
        }
    }

    pub fn free(&self) -> usize {
        self.fresh.len() + self.freed.len()
    }

    pub fn lent(&self) -> usize {
        self.lent.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: Mono = Mono::ZERO;

    #[test]
    fn pairs_lie_within_the_range() {
        let taken = |range| {
            let mut ports = Ports::new(range);
            std::iter::from_fn(move || ports.take(BEGIN)).collect::<Vec<u16>>()
        };
        assert_eq!(taken(4001..=4006), [4002, 4004]);
        assert_eq!(taken(4000..=4001), [4000]);
        assert_eq!(taken(65_532..=65_535), [65_532, 65_534]);
        assert_eq!(taken(0..=3), [2]);
        assert!(taken(4000..=4000).is_empty());
    }

    #[test]
    fn ports_that_serve_otherwise_are_not_lent() {
        let mut ports = Ports::new(4000..=4007).without(&[4003, 4006, 9]);
        assert_eq!([ports.take(BEGIN), ports.take(BEGIN), ports.take(BEGIN)], [Some(4000), Some(4004), None]);
    }

    #[test]
    fn the_least_recently_freed_is_lent_first() {
        let mut ports = Ports::new(4000..=4005);
        let all: Vec<_> = (0..3).map(|_| ports.take(BEGIN)).collect();
        assert_eq!((all, ports.take(BEGIN)), (vec![Some(4000), Some(4002), Some(4004)], None));
        ports.give_back(4004, BEGIN);
        ports.give_back(4000, BEGIN);
        ports.give_back(4000, BEGIN);
        assert_eq!((ports.free(), ports.lent()), (2, 1));
        assert_eq!([ports.take(BEGIN), ports.take(BEGIN), ports.take(BEGIN)], [Some(4004), Some(4000), None]);
    }

    #[test]
    fn one_that_has_rested_goes_before_one_that_was_never_lent() {
        let mut ports = Ports::new(4000..=4009);
        assert_eq!([ports.take(BEGIN), ports.take(BEGIN)], [Some(4000), Some(4002)]);
        ports.give_back(4000, BEGIN);
        let (early, late) = (BEGIN + REST / 2, BEGIN + REST);
        assert_eq!([ports.take(early), ports.take(late), ports.take(late)], [Some(4004), Some(4000), Some(4006)]);
    }
}
