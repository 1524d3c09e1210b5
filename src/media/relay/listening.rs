//! Keys that a peer without telephone-event presses: the tones themselves.

use super::Relay;
use crate::base::LegId;
use crate::media::command::MediaEvent;
use crate::media::heard_keys::{HeardKey, HeardKeys};
use crate::media::leg::Heard;

impl Relay {
    /// What was being heard when it ends is nobody's key.
    pub(super) fn listen(&mut self, id: LegId, tones: bool) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        leg.tones = tones.then(Box::default);
    }

    /// Whoever has agreed to telephone-event sends it, and the tones beside it would be the same key again.
    pub(super) fn hear_tones(&mut self, id: LegId, heard: &Heard, datagram: &[u8]) {
        let Some(leg) = self.leg_by_id.get_mut(&id).filter(|leg| leg.tones.is_some()) else { return };
        let law = heard.sort.law;
        let payload = datagram.get(heard.packet.payload.clone()).unwrap_or_default();
        let (Some(law), None) = (law, leg.event_format()) else { return };
        let keys = leg.tones.as_mut().map(|tones: &mut Box<HeardKeys>| tones.take(&law.decode(payload)));
        for key in keys.unwrap_or_default() {
            match key {
                HeardKey::Down => self.key_is_down(id),
                HeardKey::Up { digit, duration_ms } => {
                    self.events.push_back(MediaEvent::Dtmf { leg: id, digit, duration_ms });
                }
            }
        }
    }
}
