//! Callers at rest who all play on the same beat. What each of them hears differs from packet to packet by one in its number and by 20 ms in its
//! time, so nothing is written for a packet: all that is needed for it lies in one list, in the order of sending, and the leg is told what has
//! left when somebody asks.

use std::net::SocketAddr;
use std::ops::Range;

use super::deadlines::{GRID_NS, LATE_MAX, PACE, PACKET};
use super::legs::{Legs, Seat};
use super::playing::packet_of;
use super::{Channel, Door, Exit, Wire};
use crate::base::Mono;
use crate::media::command::Source;
use crate::media::g711::{CLOCK, FRAME, Law};
use crate::media::leg::{Leg, Rest};
use crate::media::rtp::Header;
use crate::media::sounds::Sounds;

/// One for each point of the grid within a packet.
pub(super) struct Tracks([Track; TRACKS]);

#[derive(Default)]
struct Track {
    /// When all of them play next, and when they played last.
    due: Mono,
    played: Mono,
    /// How often they have played; wraps.
    turn: u32,
    /// Something was left out before the next packet.
    is_cut: bool,
    callers: Vec<Caller>,
}

/// What it takes to play to one of them. The order of the fields is that of their use: whom it goes to is known to most wires.
#[repr(C)]
struct Caller {
    seat: Seat,
    source: Source,
    door: Door,
    ssrc: u32,
    /// What the next three would be at the beginning of time, or at the track's first turn.
    timestamp: u32,
    place: u32,
    sequence: u16,
    payload_type: u8,
    law: Law,
    is_sealed: bool,
    to: SocketAddr,
}

const TRACKS: usize = (PACKET.as_nanos() as u64 / GRID_NS) as usize;
/// Turns between two looks at what a caller says: a key is heard at most a fifth of a second later.
const LOOKS_APART: usize = 10;

impl Tracks {
    pub fn next(&self) -> Option<Mono> {
        self.0.iter().filter(|track| !track.callers.is_empty()).map(|track| track.due).min()
    }

    /// The leg's next packet, and all that come after it, are the track's. `None`: it plays in its own time still.
    pub fn join(&mut self, seat: Seat, leg: &Leg) -> Option<Rest> {
        let due = leg.player.set_for?;
        let nth = (due.0 / GRID_NS) as usize % TRACKS;
        let track = self.0.get_mut(nth)?;
        if track.callers.is_empty() {
            *track = Track { due, callers: std::mem::take(&mut track.callers), ..Track::default() };
        }
        let caller = Caller::new(seat, leg, due, track.turn).filter(|_| track.due == due)?;
        track.callers.push(caller);
        Some(Rest { track: nth as u8, place: track.callers.len() as u32 - 1 })
    }

    /// The leg goes on by itself. Answers who sits in its place now.
    pub fn leave(&mut self, rest: Rest, leg: &mut Leg) -> Option<(Seat, Rest)> {
        let track = self.0.get_mut(usize::from(rest.track))?;
        track.tell(rest, leg);
        if track.is_cut {
            leg.outgoing.cut();
        }
        let place = rest.place as usize;
        if place < track.callers.len() {
            track.callers.swap_remove(place);
        }
        track.callers.get(place).map(|moved| (moved.seat, rest))
    }

    /// The leg learns what has left in its name.
    pub fn tell(&self, rest: Rest, leg: &mut Leg) {
        self.0.get(usize::from(rest.track)).into_iter().for_each(|track| track.tell(rest, leg));
    }

    /// Everybody goes on at the same place of the new sounds as far as they are as long as the old ones.
    pub fn change_sounds(&mut self, old: &Sounds) {
        self.0.iter_mut().for_each(|track| track.change_sounds(old));
    }

    /// All whose beat is due.
    pub fn play(&mut self, now: Mono, legs: &mut Legs, sounds: &Sounds, wire: &mut impl Wire) {
        for track in self.0.iter_mut().filter(|track| !track.callers.is_empty()) {
            track.leave_out(now);
            while track.due <= now {
                track.play(legs, sounds, wire);
            }
        }
    }
}

impl Default for Tracks {
    fn default() -> Tracks {
        Tracks(std::array::from_fn(|_| Track::default()))
    }
}

impl Track {
    /// What is much too late is not played; the beat stays.
    fn leave_out(&mut self, now: Mono) {
        let late = now.since(self.due);
        if late > LATE_MAX {
            let packets = late.as_nanos().div_ceil(PACKET.as_nanos());
            self.due = self.due + PACKET.saturating_mul(packets as u32);
            self.is_cut = true;
        }
    }

    fn play(&mut self, legs: &mut Legs, sounds: &Sounds, wire: &mut impl Wire) {
        let looked = self.looked();
        let (first, others) = self.callers.split_at(looked.end);
        first.iter().for_each(|caller| self.play_to(caller, legs, sounds, wire));
        first.iter().skip(looked.start).for_each(|caller| wire.look(caller.door));
        others.iter().for_each(|caller| self.play_to(caller, legs, sounds, wire));
        self.turn = self.turn.wrapping_add(1);
        (self.played, self.due, self.is_cut) = (self.due, self.due + PACKET, false);
    }

    /// Who is looked at in this turn: those side by side, whom the wire has at hand.
    fn looked(&self) -> Range<usize> {
        let (callers, nth) = (self.callers.len(), self.turn as usize % LOOKS_APART);
        callers * nth / LOOKS_APART..callers * (nth + 1) / LOOKS_APART
    }

    fn play_to(&self, caller: &Caller, legs: &mut Legs, sounds: &Sounds, wire: &mut impl Wire) {
        let Some(clip) = sounds.clip(caller.source) else { return };
        let header = caller.header(self.turn, self.due, self.is_cut);
        let packet = packet_of(&header, clip.frame(caller.law, caller.place_at(self.turn)));
        if caller.is_sealed {
            let leg = legs.at_mut(caller.seat);
            return leg.into_iter().for_each(|leg| leg.emit(caller.seat.leg, Channel::Rtp, caller.to, &packet, wire));
        }
        wire.play(Exit { leg: caller.seat.leg, door: Some(caller.door) }, &caller.to, &packet);
    }

    fn tell(&self, rest: Rest, leg: &mut Leg) {
        let Some(caller) = self.callers.get(rest.place as usize) else { return };
        let last = caller.header(self.turn.wrapping_sub(1), self.played, false);
        leg.outgoing.has_played(last.sequence, last.timestamp, FRAME, self.played);
        leg.player.place = caller.place_at(self.turn);
        (leg.player.due, leg.player.set_for) = (self.due, Some(self.due));
    }

    fn change_sounds(&mut self, old: &Sounds) {
        for caller in &mut self.callers {
            let frames = old.clip(caller.source).map_or(1, |clip| clip.frames());
            caller.place = ((caller.place_at(self.turn) % frames) as u32).wrapping_sub(self.turn);
        }
    }
}

impl Caller {
    /// `None` for a leg that has something else to do than to go on.
    fn new(seat: Seat, leg: &Leg, due: Mono, turn: u32) -> Option<Caller> {
        let (to, (law, payload_type)) = leg.destination().zip(leg.law())?;
        let (sequence, timestamp) = leg.outgoing.goes_on(PACE, due)?;
        Some(Caller {
            seat,
            source: leg.source,
            door: leg.door?,
            ssrc: leg.outgoing.ssrc,
            timestamp: timestamp.wrapping_sub(ticks_at(due)),
            place: (leg.player.place as u32).wrapping_sub(turn),
            sequence: sequence.wrapping_sub(turn as u16),
            payload_type,
            law,
            is_sealed: leg.shield.is_some(),
            to,
        })
    }

    fn header(&self, turn: u32, due: Mono, marker: bool) -> Header {
        Header {
            marker,
            payload_type: self.payload_type,
            sequence: self.sequence.wrapping_add(turn as u16),
            timestamp: self.timestamp.wrapping_add(ticks_at(due)),
            ssrc: self.ssrc,
        }
    }

    fn place_at(&self, turn: u32) -> usize {
        self.place.wrapping_add(turn) as usize
    }
}

/// Of a player's clock since the beginning; each point of the grid has whole ones.
fn ticks_at(due: Mono) -> u32 {
    const TICK_NS: u64 = 1_000_000_000 / CLOCK as u64;
    (due.0 / TICK_NS) as u32
}
