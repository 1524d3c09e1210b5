//! Keys pressed towards a leg's peer: while one is down, nothing else is heard.

use std::time::Duration;

use super::deadlines::Due;
use super::{Channel, Relay, Wire};
use crate::base::{LegId, Mono};

/// One packet of a key.
const STEP: Duration = Duration::from_millis(20);
/// From the end of a key to the next: receivers tell two keys apart by it.
const GAP: Duration = Duration::from_millis(60);

impl Relay {
    /// A peer that has not agreed to telephone-event, or does not listen, misses the key.
    pub(super) fn press(&mut self, id: LegId, digit: char, duration_ms: u32, now: Mono, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        if leg.pressing.push(digit, duration_ms) && self.timers.deadline(&(id, Due::Press)).is_none() {
            self.press_on(id, now, wire);
        }
    }

    /// The next packet of the key that is down, or the first of the next one.
    pub(super) fn press_on(&mut self, id: LegId, now: Mono, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let (Some(to), Some((payload_type, clock))) = (leg.destination(), leg.event_format()) else {
            return leg.pressing.clear();
        };
        let step = clock / 50;
        let Some(event) = leg.pressing.next(clock, step) else { return leg.outgoing.cut() };
        let header = leg.outgoing.key(payload_type, clock, event.begins, event.payload.len(), now);
        leg.emit(id, Channel::Rtp, to, &header.with_payload(&event.payload), wire);
        let wait = if leg.pressing.is_held() { STEP } else { GAP };
        self.timers.set((id, Due::Press), now + wait);
    }
}
