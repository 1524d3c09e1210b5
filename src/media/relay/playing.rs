//! Players' packets: all that are due at one moment in one pass, after which their list goes on to its next moment as a whole.

use super::deadlines::{LATE_MAX, PACE, PACKET, on_grid};
use super::{Channel, Relay, Wire};
use crate::base::{LegId, Mono};
use crate::media::g711::FRAME;
use crate::media::leg::Leg;
use crate::media::rtp::{HEADER, Header};
use crate::media::sounds::Sounds;

impl Relay {
    /// Everybody whose next packet is due.
    pub(super) fn play_due(&mut self, now: Mono, wire: &mut impl Wire) {
        while let Some((at, mut legs)) = self.players.take_due(now) {
            legs.retain(|id| self.play(*id, at, now, wire));
            self.players.go_on(at + PACKET, legs);
        }
    }

    /// One packet of the prompt, tone or file; true when the next one is due a packet later, with the others.
    fn play(&mut self, id: LegId, at: Mono, now: Mono, wire: &mut impl Wire) -> bool {
        let Some(leg) = self.leg_by_id.get_mut(&id).filter(|leg| leg.player.set_for == Some(at)) else { return false };
        leg.player.set_for = None;
        if leg.prompt.is_some() || leg.mixer.is_some() {
            return self.play_otherwise(id, now, wire);
        }
        let next = leg.play(id, &self.sounds, now, wire);
        self.go_on_at(id, at, next)
    }

    /// What is no sound that repeats.
    fn play_otherwise(&mut self, id: LegId, now: Mono, wire: &mut impl Wire) -> bool {
        self.settle_prompt(id);
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return false };
        if leg.mixes() {
            self.play_mix(id, now, wire);
            return false;
        }
        let at = leg.player.due;
        let next = leg.play(id, &self.sounds, now, wire);
        self.go_on_at(id, at, next)
    }

    fn go_on_at(&mut self, id: LegId, at: Mono, next: Option<Mono>) -> bool {
        match next {
            Some(next) if next == at + PACKET => true,
            Some(next) => {
                self.players.add(id, next);
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
        body.iter_mut().zip(frame).for_each(|(place, octet)| *place = *octet);
    }
    packet
}
