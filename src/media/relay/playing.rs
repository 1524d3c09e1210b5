//! Players' packets: all that are due at one moment in one pass, after which their list goes on to its next moment as a whole.

use super::deadlines::{LATE_MAX, PACE, PACKET, on_grid};
use super::legs::Seat;
use super::{Channel, EXPECTED_MAX, Relay, Wire};
use crate::base::{LegId, Mono};
use crate::media::g711::FRAME;
use crate::media::leg::Leg;
use crate::media::rtp::{HEADER, Header};
use crate::media::sounds::Sounds;

impl Relay {
    /// Everybody whose next packet is due.
    pub(super) fn play_due(&mut self, now: Mono, wire: &mut impl Wire) {
        self.tracks.play(now, &mut self.leg_by_id, &self.sounds, wire);
        while let Some((at, mut seats)) = self.players.take_due(now) {
            let mut stay = 0;
            seats.iter().take(EXPECTED_MAX).for_each(|seat| self.leg_by_id.soon(*seat));
            for nth in 0..seats.len() {
                if nth % EXPECTED_MAX == 0 {
                    self.prepare(seats.get(nth..).unwrap_or_default(), wire);
                }
                if seats.get(nth).is_some_and(|seat| self.play(*seat, at, now, wire)) {
                    seats.swap(stay, nth);
                    stay += 1;
                }
            }
            seats.truncate(stay);
            self.players.go_on(at + PACKET, seats);
        }
    }

    /// What the first of these legs need comes nearer, all of it at the same time; the next ones begin to.
    fn prepare(&self, seats: &[Seat], wire: &impl Wire) {
        let (now, next) = seats.split_at(EXPECTED_MAX.min(seats.len()));
        next.iter().take(EXPECTED_MAX).for_each(|seat| self.leg_by_id.soon(*seat));
        let doors = now.iter().filter_map(|seat| self.leg_by_id.at(*seat)?.door);
        doors.for_each(|door| wire.soon(door));
    }

    /// One packet of the prompt, tone or file; true when the next one is due a packet later, with the others.
    fn play(&mut self, seat: Seat, at: Mono, now: Mono, wire: &mut impl Wire) -> bool {
        let Some(leg) = self.leg_by_id.at_mut(seat).filter(|leg| leg.player.set_for == Some(at)) else { return false };
        leg.player.set_for = None;
        if leg.prompt.is_some() || leg.mixer.is_some() {
            return self.play_otherwise(seat, now, wire);
        }
        let next = leg.play(seat.leg, &self.sounds, now, wire);
        !self.rest(seat, now, wire) && self.go_on_at(seat, at, next)
    }

    /// What is no sound that repeats.
    fn play_otherwise(&mut self, seat: Seat, now: Mono, wire: &mut impl Wire) -> bool {
        let id = seat.leg;
        self.settle_prompt(id);
        let Some(leg) = self.leg_by_id.at_mut(seat) else { return false };
        if leg.mixes() {
            self.play_mix(id, now, wire);
            return false;
        }
        let at = leg.player.due;
        let next = leg.play(id, &self.sounds, now, wire);
        self.go_on_at(seat, at, next)
    }

    fn go_on_at(&mut self, seat: Seat, at: Mono, next: Option<Mono>) -> bool {
        match next {
            Some(next) if next == at + PACKET => true,
            Some(next) => {
                self.players.add(seat, next);
                false
            }
            None => false,
        }
    }
}

impl Leg {
    /// Sends what is due; says when the next packet is, if one is. Deadlines follow from the first one, so nothing drifts.
    fn play(&mut self, id: LegId, sounds: &Sounds, now: Mono, wire: &mut impl Wire) -> Option<Mono> {
        let (clip, place) = self.next_frame(sounds)?;
        let reached = self.destination().zip(self.law());
        if reached.is_none() {
            self.outgoing.cut();
        }
        if reached.is_none() && self.prompt.is_none() {
            return None;
        }
        if self.pressing.is_busy() {
            self.player.due = self.player.due + PACKET;
        } else if now.since(self.player.due) > LATE_MAX {
            self.player.due = on_grid(now);
            self.outgoing.cut();
        } else {
            if let Some((to, (law, payload_type))) = reached {
                let header = self.outgoing.play(payload_type, PACE, FRAME, self.player.due);
                self.emit(id, Channel::Rtp, to, &packet_of(&header, clip.frame(law, place)), wire);
            }
            self.player.due = self.player.due + PACKET;
            self.step(clip.frames());
        }
        self.player.set_for = Some(self.player.due);
        self.player.set_for
    }
}

/// On the stack: this is done for each packet of each caller who waits.
pub(super) fn packet_of(header: &Header, frame: &[u8]) -> [u8; HEADER + FRAME] {
    let mut packet = [0; HEADER + FRAME];
    if let Some((head, body)) = packet.split_first_chunk_mut() {
        header.write(head);
        if body.len() == frame.len() {
            body.copy_from_slice(frame);
        }
    }
    packet
}
