//! Who plays when. All whose next packet is due at the same instant lie together: players begin on a grid, so that there are a few such
//! instants, and a packet for one of ten thousand callers who wait costs no search among them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::legs::Seat;
use crate::base::Mono;

/// The legs by the moment of their next packet. A leg that has thought better of it is passed over when its moment comes: the moment that it
/// keeps itself is the one that counts.
#[derive(Default)]
pub(super) struct Players {
    seats_by_time: BTreeMap<Mono, Vec<Seat>>,
    /// Lists to be filled again.
    spare: Vec<Vec<Seat>>,
}

impl Players {
    pub fn add(&mut self, seat: Seat, at: Mono) {
        let spare = &mut self.spare;
        self.seats_by_time.entry(at).or_insert_with(|| spare.pop().unwrap_or_default()).push(seat);
    }

    pub fn next(&self) -> Option<Mono> {
        self.seats_by_time.first_key_value().map(|(at, _)| *at)
    }

    /// All of the earliest moment that is not after `now`; the list comes back by `go_on`.
    pub fn take_due(&mut self, now: Mono) -> Option<(Mono, Vec<Seat>)> {
        let first = self.seats_by_time.first_entry().filter(|first| *first.key() <= now)?;
        Some(first.remove_entry())
    }

    /// The whole list is due next at `at`.
    pub fn go_on(&mut self, at: Mono, mut seats: Vec<Seat>) {
        match self.seats_by_time.entry(at) {
            Entry::Vacant(place) if !seats.is_empty() => drop(place.insert(seats)),
            Entry::Vacant(_) => self.spare.push(seats),
            Entry::Occupied(mut there) => {
                there.get_mut().append(&mut seats);
                self.spare.push(seats);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::LegId;

    fn seat(leg: u64) -> Seat {
        Seat { leg: LegId(leg), place: leg as u32 }
    }

    #[test]
    fn those_of_one_moment_come_together_and_in_order() {
        let mut players = Players::default();
        for (leg, at) in [(1, 20), (2, 5), (3, 20), (4, 25)] {
            players.add(seat(leg), Mono(at));
        }
        assert_eq!(players.next(), Some(Mono(5)));
        assert_eq!(players.take_due(Mono(4)), None);
        for (at, legs) in [(5, vec![2]), (20, vec![1, 3])] {
            let (due, found) = players.take_due(Mono(24)).unwrap();
            assert_eq!((due, found.iter().map(|seat| seat.leg.0).collect::<Vec<_>>()), (Mono(at), legs));
            players.go_on(Mono(at + 20), found);
        }
        assert_eq!((players.take_due(Mono(24)), players.next()), (None, Some(Mono(25))));
        let (due, found) = players.take_due(Mono(30)).unwrap();
        assert_eq!((due, found), (Mono(25), vec![seat(4), seat(2)]), "who goes on comes to those that are there");
        players.go_on(Mono(45), Vec::new());
        assert_eq!(players.next(), Some(Mono(40)), "nobody is due at no time");
    }
}
