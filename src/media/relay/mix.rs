//! Who hears two others at once: their packets go to the listener's mixer, which gives out one of its own every 20 ms.

use super::deadlines::{LATE_MAX, PACE, PACKET, on_grid};
use super::playing::packet_of;
use super::{Channel, Relay, Wire};
use crate::base::{LegId, Mono};
use crate::media::dtmf::Press;
use crate::media::g711::{FRAME, Law};

impl Relay {
    /// One packet of the mix. The voices go on also while the peer cannot be reached, so that nobody is heard late.
    pub(super) fn play_mix(&mut self, id: LegId, now: Mono, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let reached = leg.destination().zip(leg.law());
        let Some(mixer) = &mut leg.mixer else { return };
        let octets = mixer.mix(reached.map_or(Law::Mu, |(_, (law, _))| law));
        if now.since(leg.player.due) > LATE_MAX {
            leg.player.due = on_grid(now);
            leg.outgoing.cut();
        }
        match reached {
            Some((to, (_, payload_type))) if !leg.pressing.is_busy() => {
                let header = leg.outgoing.play(payload_type, PACE, FRAME, leg.player.due);
                leg.emit(id, Channel::Rtp, to, &packet_of(&header, &octets), wire);
            }
            Some(_) => {}
            None => leg.outgoing.cut(),
        }
        leg.player.due = leg.player.due + PACKET;
        leg.player.set_for = Some(leg.player.due);
        let due = leg.player.due;
        self.leg_by_id.seat(id).into_iter().for_each(|seat| self.players.add(seat, due));
    }

    /// Keys are not mixed: they are pressed anew for whoever hears this leg in a mix.
    pub(super) fn press_for_mixes(&mut self, id: LegId, press: &Press, now: Mono, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.get(&id) else { return };
        let duration_ms = leg.key_ms(press);
        let listeners = self.listeners_by_leg.get(&id).cloned().unwrap_or_default();
        for listener in listeners {
            if self.leg_by_id.get(&listener).is_some_and(|leg| leg.mixer.is_some()) {
                self.press(listener, press.digit, duration_ms, now, wire);
            }
        }
    }
}
