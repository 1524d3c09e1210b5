//! What is due when: a player's next packet, a key's end, a peer's silence, our report.

use std::time::Duration;

use super::{Channel, Relay, Wire};
use crate::base::{LegId, Mono};
use crate::media::command::MediaEvent;
use crate::media::dtmf::Press;
use crate::media::g711::{CLOCK, FRAME};
use crate::media::leg::Leg;
use crate::media::outgoing::Pace;

/// Every deadline of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Due {
    /// The next packet of a key of ours.
    Press,
    /// The end of a key that has not come.
    KeyEnd,
    /// Nothing heard for too long.
    Silence,
    /// Our RTCP report.
    Report,
    /// A browser that has not come, or has gone.
    Lost,
    /// A leg that has rested, and cannot be waited for yet.
    Watch,
}

pub(super) const PACKET: Duration = Duration::from_millis(20);
/// Players begin on this grid, so that one wake-up serves many and not all send at the same instant.
pub(super) const GRID_NS: u64 = 5_000_000;
/// A player that is later than this leaves out what it missed.
pub(super) const LATE_MAX: Duration = Duration::from_millis(100);
/// A key without a further packet for so long has been let go.
pub(super) const KEY_END: Duration = Duration::from_millis(300);
/// The mean time between reports (RFC 3550 section 6.2).
const REPORT: Duration = Duration::from_secs(5);
pub(super) const PACE: Pace = Pace { clock: CLOCK, ticks: FRAME as u32 };

impl Relay {
    /// Starts the player when the leg has one and the peer may hear it. A prompt's time passes even when nobody can hear it.
    pub(super) fn set_player(&mut self, id: LegId, now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let sounds = leg.mixer.is_some() || self.sounds.clip(leg.source).is_some();
        let plays = leg.prompt.is_some() || sounds && leg.destination().is_some();
        if plays && leg.player.set_for.is_none() {
            leg.player.due = on_grid(now);
            leg.player.set_for = Some(leg.player.due);
            let due = leg.player.due;
            self.leg_by_id.seat(id).into_iter().for_each(|seat| self.players.add(seat, due));
        }
    }

    pub(super) fn end_key(&mut self, id: LegId) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let Some(press) = leg.keys.let_go() else { return };
        let duration_ms = leg.key_ms(&press);
        self.events.push_back(MediaEvent::Dtmf { leg: id, digit: press.digit, duration_ms });
    }

    pub(super) fn say_keys(&mut self, id: LegId, leg: &Leg, presses: &[Press]) {
        let event = |p: &Press| MediaEvent::Dtmf { leg: id, digit: p.digit, duration_ms: leg.key_ms(p) };
        self.events.extend(presses.iter().map(event));
    }

    /// The deadline is not moved with each packet; when it comes, it looks when the last one was.
    pub(super) fn set_silence(&mut self, id: LegId, now: Mono) {
        let Some(leg) = self.leg_by_id.get(&id) else { return };
        let key = (id, Due::Silence);
        if leg.listening_since.is_none() || self.silence_timeout.is_zero() {
            self.timers.cancel(&key);
        } else if !leg.is_silent && self.timers.deadline(&key).is_none() {
            self.timers.set(key, now + self.silence_timeout);
        }
    }

    pub(super) fn check_silence(&mut self, id: LegId, now: Mono) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        let Some(lasted) = leg.silence(now) else { return };
        if lasted < self.silence_timeout {
            self.timers.set((id, Due::Silence), now + (self.silence_timeout - lasted));
            return;
        }
        leg.is_silent = true;
        self.events.push_back(MediaEvent::Silent { leg: id, lasted });
    }

    /// Spread over half to one and a half times the mean (RFC 3550 section 6.3.1), on the players' grid: a report of its own wakes nobody.
    pub(super) fn set_report(&mut self, id: LegId, now: Mono) {
        let wait = REPORT.mul_f64(0.5 + self.rng.unit());
        self.timers.set((id, Due::Report), on_grid(now + wait));
    }

    pub(super) fn report(&mut self, id: LegId, now: Mono, wire: &mut impl Wire) {
        let Some(leg) = self.leg_by_id.get_mut(&id) else { return };
        leg.rests.into_iter().for_each(|rest| self.tracks.tell(rest, leg));
        if let Some((report, to)) = leg.report(false, now) {
            leg.emit(id, Channel::Rtcp, to, &report, wire);
        }
        wire.settle(id, leg.settled(now));
        self.set_report(id, now);
    }
}

impl Due {
    pub const ALL: [Due; 6] = [Due::Press, Due::KeyEnd, Due::Silence, Due::Report, Due::Lost, Due::Watch];

    pub fn reason(self) -> &'static str {
        match self {
            Due::Press => "key of ours",
            Due::KeyEnd => "end of a key",
            Due::Silence => "silence of a peer",
            Due::Report => "RTCP report",
            Due::Lost => "consent of a browser",
            Due::Watch => "a socket to be waited for again",
        }
    }
}

/// The next point of the grid, `now` itself when it is one.
pub(super) fn on_grid(now: Mono) -> Mono {
    Mono(now.0.next_multiple_of(GRID_NS))
}
