//! Callers who hear a player and whom nobody hears: what they say matters only for the keys in it, and for knowing that they are there. So it
//! is not waited for, but looked at from time to time, several packets at once.

use super::deadlines::{Due, PACKET};
use super::legs::Seat;
use super::{Relay, Wire};
use crate::base::{LegId, Mono};
use crate::media::command::{MediaCommand, Source};
use crate::media::leg::Leg;

/// Packets of a leg's player between two thoughts of rest.
const THOUGHTS_APART: u64 = 10;

impl Relay {
    /// After a packet of the leg's player. True when it rests from now on, and plays with the others who do.
    pub(super) fn rest(&mut self, seat: Seat, now: Mono, wire: &mut impl Wire) -> bool {
        let Some(leg) = self.leg_by_id.at_mut(seat).filter(|leg| leg.thinks_of_rest(seat)) else { return false };
        let Some((door, peer)) = leg.door.zip(leg.settled(now)).filter(|_| leg.may_rest()) else { return false };
        if self.listeners_by_leg.contains_key(&seat.leg) {
            return false;
        }
        leg.rests = self.tracks.join(seat, leg);
        if leg.rests.is_some() {
            leg.incoming.pause();
            wire.settle(seat.leg, Some(peer));
            wire.watch(door, false);
        }
        leg.rests.is_some()
    }

    /// The legs that will not rest any more after this command. What has come for them belongs to the time before, and is to be looked at first.
    pub fn disturbed(&self, command: &MediaCommand) -> impl Iterator<Item = LegId> {
        concerned(command).filter(|id| self.leg_by_id.get(id).is_some_and(|leg| leg.rests.is_some()))
    }

    pub(super) fn attend(&mut self, command: &MediaCommand, now: Mono, wire: &mut impl Wire) {
        concerned(command).for_each(|id| self.wake(id, now, wire));
    }

    /// It plays by itself again.
    fn wake(&mut self, id: LegId, now: Mono, wire: &mut impl Wire) {
        let Some((seat, leg)) = self.leg_by_id.seat(id).zip(self.leg_by_id.get_mut(&id)) else { return };
        let Some(rest) = leg.rests.take() else { return };
        let moved = self.tracks.leave(rest, leg);
        leg.player.set_for.into_iter().for_each(|due| self.players.add(seat, due));
        if let Some((moved, rest)) = moved {
            self.leg_by_id.at_mut(moved).into_iter().for_each(|leg| leg.rests = Some(rest));
        }
        self.watch(id, now, wire);
    }

    /// What the leg's peer says is waited for again. As long as that cannot be, it is looked at as often as a packet comes: nobody is deaf.
    pub(super) fn watch(&mut self, id: LegId, now: Mono, wire: &mut impl Wire) {
        let leg = self.leg_by_id.get(&id).filter(|leg| leg.rests.is_none());
        let Some(door) = leg.and_then(|leg| leg.door) else { return };
        if !wire.watch(door, true) {
            wire.look(door);
            self.timers.set((id, Due::Watch), now + PACKET);
        }
    }
}

fn concerned(command: &MediaCommand) -> impl Iterator<Item = LegId> + use<> {
    let source = if let MediaCommand::Source { source, .. } = command { *source } else { Source::Silence };
    source.speakers().chain([command.leg()])
}

impl Leg {
    /// Not all of those who play together at the same time.
    fn thinks_of_rest(&self, seat: Seat) -> bool {
        self.outgoing.packets.wrapping_add(u64::from(seat.place)) % THOUGHTS_APART == 0
    }

    /// It only plays.
    fn may_rest(&self) -> bool {
        let only_plays = matches!(self.source, Source::Tone(_) | Source::Wav(_)) && !self.pressing.is_busy();
        let is_heard = self.tap.is_some() || self.tones.is_some() || self.prompt.is_some() || self.keys.is_held();
        only_plays && !is_heard
    }
}
