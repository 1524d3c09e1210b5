//! The legs of a worker. Each has a seat that it keeps, so that who comes again with every packet need not be searched for.

use crate::base::LegId;
use crate::base::id_map::IdMap;
use crate::base::prefetch;
use crate::media::leg::Leg;

/// All legs, by id and by seat.
#[derive(Default)]
pub(super) struct Legs {
    place_by_id: IdMap<LegId, u32>,
    /// Boxed: a leg is large, and a list moves and spares places for what it holds.
    seated: Vec<Option<(LegId, Box<Leg>)>>,
    free: Vec<u32>,
}

/// A leg and where it sits. After its end another may sit there, which is not found by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub leg: LegId,
    pub(super) place: u32,
}

impl Legs {
    /// In place of one with the same id, if there is one.
    pub fn insert(&mut self, id: LegId, leg: Leg) {
        self.remove(&id);
        let place = self.free.pop().unwrap_or(self.seated.len() as u32);
        if place as usize == self.seated.len() {
            self.seated.push(None);
        }
        self.seated[place as usize] = Some((id, Box::new(leg)));
        self.place_by_id.insert(id, place);
    }

    pub fn remove(&mut self, id: &LegId) -> Option<Box<Leg>> {
        let place = self.place_by_id.remove(id)?;
        let (_, leg) = self.seated.get_mut(place as usize)?.take()?;
        self.free.push(place);
        Some(leg)
    }

    pub fn get(&self, id: &LegId) -> Option<&Leg> {
        let place = *self.place_by_id.get(id)?;
        self.seated.get(place as usize)?.as_ref().map(|(_, leg)| &**leg)
    }

    pub fn get_mut(&mut self, id: &LegId) -> Option<&mut Leg> {
        let place = *self.place_by_id.get(id)?;
        self.seated.get_mut(place as usize)?.as_mut().map(|(_, leg)| &mut **leg)
    }

    pub fn contains_key(&self, id: &LegId) -> bool {
        self.place_by_id.contains_key(id)
    }

    pub fn len(&self) -> usize {
        self.place_by_id.len()
    }

    /// In the order of their seats.
    pub fn iter(&self) -> impl Iterator<Item = (LegId, &Leg)> {
        self.seated.iter().flatten().map(|(id, leg)| (*id, &**leg))
    }

    pub fn seat(&self, id: LegId) -> Option<Seat> {
        self.place_by_id.get(&id).map(|place| Seat { leg: id, place: *place })
    }

    /// The leg of this seat, unless it has gone.
    pub fn at(&self, seat: Seat) -> Option<&Leg> {
        let (id, leg) = self.seated.get(seat.place as usize)?.as_ref()?;
        (*id == seat.leg).then_some(leg)
    }

    pub fn at_mut(&mut self, seat: Seat) -> Option<&mut Leg> {
        let (id, leg) = self.seated.get_mut(seat.place as usize)?.as_mut()?;
        (*id == seat.leg).then_some(leg)
    }

    /// Its turn comes soon: a thousand legs are more than a processor keeps at hand, and to wait for each one's memory in turn is a good part
    /// of what a packet costs.
    pub fn soon(&self, seat: Seat) {
        if let Some(leg) = self.at(seat) {
            prefetch::whole(leg);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::CallId;
    use crate::base::rng::Rng;

    fn leg(call: u64) -> Leg {
        Leg::new(CallId(call), &mut Rng::from_number(call))
    }

    #[test]
    fn a_leg_is_found_by_id_and_by_its_seat_until_it_goes() {
        let mut legs = Legs::default();
        (0..3).for_each(|n| legs.insert(LegId(n), leg(n)));
        let seat = legs.seat(LegId(1)).unwrap();
        assert_eq!(legs.at(seat).map(|leg| leg.group), Some(CallId(1)));
        assert_eq!(legs.remove(&LegId(1)).map(|leg| leg.group), Some(CallId(1)));
        legs.insert(LegId(7), leg(7));
        assert_eq!(legs.seat(LegId(7)).map(|seat| seat.place), Some(seat.place), "the place is taken again");
        assert!(legs.at(seat).is_none() && legs.at_mut(seat).is_none(), "another sits there");
        legs.soon(seat);
        assert_eq!(legs.get(&LegId(7)).map(|leg| leg.group), Some(CallId(7)));
        assert_eq!(legs.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [0, 7, 2]);
        assert_eq!((legs.len(), legs.contains_key(&LegId(1)), legs.remove(&LegId(1)).is_none()), (3, false, true));
    }

    #[test]
    fn one_with_the_same_id_takes_the_others_place() {
        let mut legs = Legs::default();
        [1, 2].into_iter().for_each(|call| legs.insert(LegId(5), leg(call)));
        assert_eq!((legs.len(), legs.get_mut(&LegId(5)).map(|leg| leg.group)), (1, Some(CallId(2))));
    }
}
