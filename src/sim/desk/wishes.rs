//! What an agent asks for at the desk besides calls: to ask somebody first, and, for a supervisor, to hear others' calls.

use crate::base::{CallId, Mono};
use crate::desktop::{CallPhase, ClientMessage, ConsultState, ConsultWish, SuperviseState, SuperviseWish, WatchedCall};
use crate::sim::{dice, town};

use super::{Act, Desk};

/// What they may want of somebody who is asked and there; passing the call on is the usual end.
const WISHES: [ConsultWish; 6] = [
    ConsultWish::Swap,
    ConsultWish::Join,
    ConsultWish::Complete,
    ConsultWish::Complete,
    ConsultWish::Complete,
    ConsultWish::Cancel,
];

impl Desk {
    /// A supervisor looks every few seconds.
    pub(super) fn watch(&mut self, now: Mono) {
        self.say(ClientMessage::WatchCalls, now);
        let next = now + dice::between_ms(&mut self.rng, 3_000, 15_000);
        self.acts.add(next, Act::Watch);
    }

    pub(super) fn watched(&mut self, calls: &[WatchedCall], now: Mono) {
        let nth = self.rng.below(calls.len().max(1) as u64) as usize;
        if let Some(seen) = calls.get(nth).filter(|_| self.rng.chance(0.5)) {
            self.supervise(seen.call, now);
        }
    }

    pub(super) fn supervision(&mut self, call: CallId, state: SuperviseState, now: Mono) {
        match state {
            SuperviseState::Ringing if self.rng.chance(0.8) => {}
            SuperviseState::Over => {}
            SuperviseState::Ringing
            | SuperviseState::Listening
            | SuperviseState::Whispering
            | SuperviseState::Barging => self.supervise(call, now),
        }
    }

    fn supervise(&mut self, call: CallId, now: Mono) {
        if let Some(wish) = dice::pick(&mut self.rng, &SuperviseWish::ALL) {
            self.in_ms(100, 5_000, ClientMessage::Supervise { call, wish }, now);
        }
    }

    /// Usually one conversation in six is not one for this agent alone.
    pub(super) fn maybe_ask(&mut self, call: CallId, phase: CallPhase, now: Mono) {
        if phase != CallPhase::Talking || !self.rng.chance(self.manners.asks_at_desk) {
            return;
        }
        let to = town::draw_colleague(&mut self.rng, self.colleagues);
        let wish = ConsultWish::Ask { to };
        self.in_ms(300, 8_000, ClientMessage::Consult { call, wish }, now);
    }

    pub(super) fn consultation(&mut self, call: CallId, state: ConsultState, now: Mono) {
        let wish = match state {
            ConsultState::Ringing if self.rng.chance(0.15) => Some(ConsultWish::Cancel),
            ConsultState::Ringing | ConsultState::Over => None,
            ConsultState::Consulting | ConsultState::WithCaller | ConsultState::Joined => {
                WISHES.get(self.rng.below(WISHES.len() as u64) as usize).cloned()
            }
        };
        if let Some(wish) = wish {
            self.in_ms(200, 4_000, ClientMessage::Consult { call, wish }, now);
        }
    }
}
