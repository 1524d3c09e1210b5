//! What the media say, for the call whose leg it is.

use crate::base::{CallId, LegId, Now};
use crate::media::Recorded;
use crate::media::command::{FailCause, LegStats, LostCause, MediaEvent};

use super::Calls;
use crate::calls::bench::Bench;
use crate::calls::call::{Call, Side};
use crate::calls::facts::{CallRecord, Fact};
use crate::calls::recording::RecordingNews;
use crate::calls::unheard::{self, Cause};
use crate::calls::{consulting, keys, no_port, prompts, recording, returning, supervising, transfer};

impl Calls {
    pub(super) fn on_media(&mut self, event: MediaEvent, now: Now) {
        match event {
            MediaEvent::Latched { .. } => {}
            MediaEvent::Dtmf { leg, digit, duration_ms } => self.with_sound(leg, |call, side, bench| {
                keys::heard(call, side, (digit, duration_ms), bench);
            }),
            MediaEvent::Played { leg, prompt, end } => {
                self.with_sound(leg, |call, _, bench| prompts::over(call, leg, prompt, end, bench, now));
            }
            MediaEvent::Silent { leg, .. } => {
                self.with_sound(leg, |call, side, bench| unheard::is(call, side, Cause::Silent, bench, now));
            }
            MediaEvent::Failed { leg, cause } => self.on_sound_failed(leg, cause, now),
            MediaEvent::Lost { leg, cause } => self.on_browser_lost(leg, cause, now),
            MediaEvent::Recorded { call, recorded } => self.on_recorded(call, recorded),
            MediaEvent::Closed { leg, stats } => self.on_sound_closed(leg, stats),
        }
    }

    fn on_browser_lost(&mut self, leg: LegId, cause: LostCause, now: Now) {
        let Some((_, call)) = self.bench.port_by_leg.get(&leg).copied() else { return };
        self.with(call, |call, bench| match call.sound.side_of(leg) {
            Some(side) => unheard::is(call, side, Cause::Browser(cause), bench, now),
            None if call.sound.is_next(leg) => next_sound_failed(call, bench, now),
            None if call.sound.is_third(leg) => third_sound_failed(call, bench, now),
            None => {}
        });
    }

    fn on_sound_failed(&mut self, leg: LegId, cause: FailCause, now: Now) {
        let Some(call) = self.bench.port_closed(leg) else { return };
        self.with(call, |call, bench| match call.sound.side_of(leg) {
            Some(side) => no_port::is(call, side, cause, bench, now),
            None if call.sound.is_next(leg) => next_sound_failed(call, bench, now),
            None if call.sound.is_third(leg) => third_sound_failed(call, bench, now),
            None => {}
        });
    }

    fn on_sound_closed(&mut self, leg: LegId, stats: LegStats) {
        let Some(call) = self.bench.port_closed(leg) else { return };
        let side = if leg.is_outbound() { Side::Far } else { Side::Caller };
        self.bench.fact(Fact::SoundEnded { call, stats });
        match self.calls.get_mut(&call) {
            Some(call) => note_sound(&mut call.record, side, stats),
            None => self.records.amend(call, |record| note_sound(record, side, stats)),
        }
    }

    fn on_recorded(&mut self, call: CallId, recorded: Recorded) {
        self.bench.fact(Fact::Recording { call, news: RecordingNews::Kept(recorded) });
        if self.calls.contains_key(&call) {
            return self.with(call, |call, bench| recording::kept(call, recorded, bench));
        }
        self.records.amend(call, |record| recording::keep(record, recorded));
    }

    /// As `with_leg`, for a leg of the media.
    fn with_sound(&mut self, leg: LegId, act: impl FnOnce(&mut Call, Side, &mut Bench)) {
        let Some((_, call)) = self.bench.port_by_leg.get(&leg).copied() else { return };
        self.with(call, |call, bench| {
            if let Some(side) = call.sound.side_of(leg) {
                act(call, side, bench);
            }
        });
    }
}

/// The leg that is to take the far one's place has no sound.
fn next_sound_failed(call: &mut Call, bench: &mut Bench, now: Now) {
    match call.transfer {
        Some(_) => transfer::sound_failed(call, bench, now),
        None => returning::failed(call, bench, now),
    }
}

fn third_sound_failed(call: &mut Call, bench: &mut Bench, now: Now) {
    match call.consultation {
        Some(_) => consulting::sound_failed(call, bench, now),
        None => supervising::sound_failed(call, bench),
    }
}

fn note_sound(record: &mut CallRecord, side: Side, stats: LegStats) {
    match side {
        Side::Caller => record.caller_sound = Some(Box::new(stats)),
        Side::Far => record.far_sound = Some(Box::new(stats)),
    }
}
