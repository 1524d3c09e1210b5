//! One packet's way through: what it means besides its sound, and who hears it.

use std::net::SocketAddr;
use std::sync::Arc;

use super::deadlines::{Due, KEY_END};
use super::{Channel, Relay, Wire};
use crate::base::{LegId, Mono};
use crate::media::browser::HandshakeOrder;
use crate::media::command::MediaEvent;
use crate::media::leg::{Heard, Taken};
use crate::media::rtp::{self, Header};

impl Relay {
    pub(super) fn sound(&mut self, id: LegId, from: SocketAddr, datagram: &mut [u8], now: Mono, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        match leg.take(from, datagram, now) {
            Taken::Sound(heard) => {
                if !leg.is_mere_sound(&heard) {
                    self.more_than_sound(id, &heard, datagram, now, wire);
                }
                self.pass_on(id, &heard, datagram, now, wire);
            }
            Taken::Unknown(header) => self.swallow(id, &header),
            Taken::Nothing => {}
        }
    }

    fn more_than_sound(&mut self, id: LegId, heard: &Heard, datagram: &[u8], now: Mono, wire: &mut impl Wire) {
        self.note(id, heard, now, wire);
        for press in &heard.presses {
            self.press_for_mixes(id, press, now, wire);
        }
        self.write_down(id, heard, datagram, now);
        self.hear_tones(id, heard, datagram);
    }

    /// What a packet means besides its sound.
    fn note(&mut self, id: LegId, heard: &Heard, now: Mono, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        if heard.is_first {
            wire.settle(id, leg.settled(now));
            self.events.push_back(MediaEvent::Latched { leg: id });
            if leg.browser.as_mut().is_some_and(|browser| browser.settle()) {
                self.orders.push_back(HandshakeOrder::End { leg: id });
            }
        }
        if heard.sort.is_key && leg.keys.is_held() {
            self.timers.set((id, Due::KeyEnd), now + KEY_END);
        }
        self.end_prompt_by_key(id, heard);
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        if std::mem::take(&mut leg.is_silent) {
            self.timers.set((id, Due::Silence), now + self.silence_timeout);
        }
        for press in &heard.presses {
            let duration_ms = leg.key_ms(press);
            self.events.push_back(MediaEvent::Dtmf { leg: id, digit: press.digit, duration_ms });
        }
    }

    /// To everybody who hears this leg, rewritten in place for each.
    fn pass_on(&mut self, id: LegId, heard: &Heard, datagram: &mut [u8], now: Mono, wire: &mut impl Wire) {
        let Some(listeners) = self.listeners_by_leg.get(&id) else { return };
        let Some(leg) = self.leg_by_id.get(&id) else { return };
        let (group, listens) = (leg.group, leg.listens());
        // Taken along only where it is needed.
        let session = leg.peer.as_ref().filter(|_| heard.sort.law.is_none()).map(|peer| Arc::clone(&peer.session));
        let format = session.as_ref().and_then(|session| session.formats.get(heard.format));
        for listener in listeners {
            let Some(other) = self.leg_by_id.get_mut(listener).filter(|other| other.group == group) else { continue };
            if !listens || other.pressing.is_busy() || other.prompt.is_some() {
                other.outgoing.cut();
                continue;
            }
            if let Some(mixer) = &mut other.mixer {
                let sound = datagram.get(heard.packet.payload.clone()).unwrap_or_default();
                heard.sort.law.into_iter().for_each(|law| mixer.hear(id, law, &heard.packet.header, sound));
                continue;
            }
            let Some((header, to)) = other.forward(heard, format, now) else { continue };
            if let Some(packet) = rtp::rewrite(datagram, &heard.packet, &header) {
                other.emit(*listener, Channel::Rtp, to, packet, wire);
            }
        }
    }

    fn swallow(&mut self, id: LegId, header: &Header) {
        let Some(listeners) = self.listeners_by_leg.get(&id) else { return };
        for listener in listeners {
            if let Some(other) = self.leg_by_id.get_mut(listener) {
                other.outgoing.swallow(header);
            }
        }
    }
}
