//! Recordings: what a leg's peer says goes to the tape too, as it was heard, decrypted.

use super::Relay;
use crate::base::{CallId, LegId, Mono};
use crate::media::g711::CLOCK;
use crate::media::leg::Heard;
use crate::media::outgoing::ticks;
use crate::media::recording::{Tap, TapeOrder, Track};

impl Relay {
    pub(super) fn record(&mut self, id: LegId, call: CallId, track: Option<Track>, now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        if track.is_some() {
            self.began_by_recording.entry(call).or_insert(now);
        }
        leg.tap = track.map(|track| Box::new(Tap::new(call, track)));
    }

    /// Legs that are still recorded are it no more: their recording has no beginning.
    pub(super) fn end_recording(&mut self, call: CallId, now: Mono) {
        if let Some(began) = self.began_by_recording.remove(&call) {
            self.tape_orders.push_back(TapeOrder::End { call, length: ticks(now.since(began), CLOCK) });
        }
    }

    /// Keys are no sound, and sound in another codec cannot be read.
    pub(super) fn write_down(&mut self, id: LegId, heard: &Heard, datagram: &[u8], now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let law = heard.sort.law;
        let (Some(tap), Some(law)) = (&mut leg.tap, law) else { return };
        let Some(began) = self.began_by_recording.get(&tap.call) else { return };
        let octets = datagram.get(heard.packet.payload.clone()).unwrap_or_default().to_vec();
        let at = tap.place(&heard.packet.header, *began, now);
        self.tape_orders.push_back(TapeOrder::Sound { call: tap.call, track: tap.track, at, law, octets });
    }
}
