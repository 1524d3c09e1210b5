//! Callers who hear a player and whom nobody hears: what they say matters only for the keys in it, and for knowing that they are there. So it
//! is not waited for, but looked at from time to time, several packets at once.

use super::legs::Seat;
use super::{Relay, Wire};
use crate::base::{LegId, Mono};
use crate::media::command::{MediaCommand, Source};
use crate::media::leg::Leg;

/// Packets that a player sends between two looks: a key is heard at most a fifth of a second later.
const LOOKS_APART: u64 = 10;

impl Relay {
    /// After a packet of the leg's player: time to look, or to rest from now on.
    pub(super) fn rest_or_look(&mut self, seat: Seat, now: Mono, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.at_mut(seat).filter(|leg| is_time_to_look(leg, seat)) else { return };
        let Some(door) = leg.door else { return };
        if leg.rests {
            wire.look(door);
        } else if leg.may_rest(now) && !self.listeners_by_leg.contains_key(&seat.leg) {
            leg.rests = true;
            leg.incoming.pause();
            wire.watch(door, false);
        }
    }

    /// The legs that will not rest any more after this command. What has come for them belongs to the time before, and is to be looked at first.
    pub fn disturbed(&self, command: &MediaCommand) -> impl Iterator<Item = LegId> {
        concerned(command).filter(|id| self.leg_by_id.get(id).is_some_and(|leg| leg.rests))
    }

    pub(super) fn attend(&mut self, command: &MediaCommand, wire: &mut impl Wire) {
        concerned(command).for_each(|id| self.wake(id, wire));
    }

    pub(super) fn wake(&mut self, id: LegId, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.get_mut(&id).filter(|leg| leg.rests) else { return };
        leg.rests = false;
        leg.door.into_iter().for_each(|door| wire.watch(door, true));
    }
}

fn concerned(command: &MediaCommand) -> impl Iterator<Item = LegId> + use<> {
    let source = if let MediaCommand::Source { source, .. } = command { *source } else { Source::Silence };
    source.speakers().chain([command.leg()])
}

/// Not all of those who play together at the same time.
fn is_time_to_look(leg: &Leg, seat: Seat) -> bool {
    leg.outgoing.packets.wrapping_add(u64::from(seat.place)) % LOOKS_APART == 0
}

impl Leg {
    /// It only plays, and its peer has been heard and is known.
    fn may_rest(&self, now: Mono) -> bool {
        let only_plays = matches!(self.source, Source::Tone(_) | Source::Wav(_)) && self.player.set_for.is_some();
        let is_heard = self.tap.is_some() || self.tones.is_some() || self.prompt.is_some() || self.keys.is_held();
        only_plays && !is_heard && self.settled(now).is_some()
    }
}
