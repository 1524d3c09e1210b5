//! Rings: a call that has waited longer is offered to more agents. Each call has a deadline of its own for its next ring.

use crate::base::{CallId, Mono};

use super::routed_call::{Place, RoutedCall};
use super::router::{Router, Timer};

impl Router {
    /// The next ring has come.
    pub(super) fn widen(&mut self, id: CallId, now: Mono) {
        match self.calls.get(&id).map(|call| call.place) {
            Some(Place::Waiting) => {
                self.stop_waiting(id);
                self.find_agent_or_wait(id, now);
            }
            Some(Place::Held(_)) => {
                self.note_stage(id, now);
                self.watch_ring(id, now);
            }
            Some(Place::Offered(_) | Place::Talking(_)) | None => {}
        }
    }

    /// How far its search has come, for a call that stands in no lane.
    pub(super) fn note_stage(&mut self, id: CallId, now: Mono) {
        let stage = self.calls.get(&id).map(|call| self.stage_of(call, now));
        if let (Some(call), Some(stage)) = (self.calls.get_mut(&id), stage) {
            call.stage = stage;
        }
    }

    /// Sets the deadline of the next ring of a call that waits.
    pub(super) fn watch_ring(&mut self, id: CallId, now: Mono) {
        if let Some(at) = self.calls.get(&id).and_then(|call| self.next_ring(call, now)) {
            self.timers.set(Timer::Ring(id), at);
        }
    }

    pub(super) fn stage_of(&self, call: &RoutedCall, now: Mono) -> u8 {
        let rings = &self.queue(call.queue).setup.rings;
        let past = rings.iter().take_while(|ring| call.key.enqueued + ring.after <= now).count();
        u8::try_from(past).unwrap_or(u8::MAX)
    }

    fn next_ring(&self, call: &RoutedCall, now: Mono) -> Option<Mono> {
        let rings = &self.queue(call.queue).setup.rings;
        rings.iter().map(|ring| call.key.enqueued + ring.after).find(|at| *at > now)
    }
}
