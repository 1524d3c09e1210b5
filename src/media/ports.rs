//! The RTP ports of the configured range, lent out one pair at a time.

use std::collections::{BTreeSet, VecDeque};
use std::ops::RangeInclusive;

/// Even ports (RTP), each with the odd one above it (RTCP). The one that was freed longest ago is lent next, so that a
/// late packet of an ended call meets nobody.
#[derive(Clone, Debug)]
pub struct Ports {
    free: VecDeque<u16>,
    lent: BTreeSet<u16>,
}

impl Ports {
    /// All pairs that lie wholly within `range`.
    pub fn new(range: RangeInclusive<u16>) -> Ports {
        let (first, last) = (*range.start(), *range.end());
        let free = range.filter(|port| port % 2 == 0 && *port >= first && *port < last && *port > 0).collect();
        Ports { free, lent: BTreeSet::new() }
    }

    /// An RTP port, or `None` when all are lent.
    pub fn take(&mut self) -> Option<u16> {
        let port = self.free.pop_front()?;
        self.lent.insert(port);
        Some(port)
    }

    /// Gives a port back; one that is not lent is left as it is.
    pub fn give_back(&mut self, port: u16) {
        if self.lent.remove(&port) {
            self.free.push_back(port);
        }
    }

    pub fn free(&self) -> usize {
        self.free.len()
    }

    pub fn lent(&self) -> usize {
        self.lent.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Ports;

    #[test]
    fn pairs_lie_within_the_range() {
        let taken = |range| {
            let mut ports = Ports::new(range);
            std::iter::from_fn(move || ports.take()).collect::<Vec<u16>>()
        };
        assert_eq!(taken(4001..=4006), [4002, 4004]);
        assert_eq!(taken(4000..=4001), [4000]);
        assert_eq!(taken(65_532..=65_535), [65_532, 65_534]);
        assert_eq!(taken(0..=3), [2]);
        assert!(taken(4000..=4000).is_empty());
    }

    #[test]
    fn the_least_recently_freed_is_lent_first() {
        let mut ports = Ports::new(4000..=4005);
        let all: Vec<_> = (0..3).map(|_| ports.take()).collect();
        assert_eq!((all, ports.take()), (vec![Some(4000), Some(4002), Some(4004)], None));
        ports.give_back(4004);
        ports.give_back(4000);
        ports.give_back(4000);
        assert_eq!((ports.free(), ports.lent()), (2, 1));
        assert_eq!([ports.take(), ports.take(), ports.take()], [Some(4004), Some(4000), None]);
    }
}
