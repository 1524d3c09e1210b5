//! Codes beside shared numbers: whose each is, and how many wrong ones a number has borne.

use std::collections::HashMap;

use super::super::expiring::Expiring;
use super::{Change, Model};
use crate::base::limits::{CLOCK_SKEW_MAX, PIN_NUMBERS_MAX};
use crate::base::{E164, IntentId, Wall};
use crate::intents::intent::Intent;
use crate::intents::pin::{Guesses, Pin, PinGuard, Try};
use crate::intents::requests::{ClaimPlan, FoundBy, StoreReply};

/// Scoped to the number that each code was shown with.
#[derive(Clone, Debug)]
pub(super) struct Pins {
    intent_by_pin: HashMap<(E164, Pin), IntentId>,
    pub guesses: Expiring<E164, Guesses>,
}

/// A code that was entered after this number was dialled.
pub(super) struct Entered {
    pub number: E164,
    pub pin: Pin,
    pub tried: Try,
    pub guard: PinGuard,
}

impl Default for Pins {
    fn default() -> Pins {
        Pins { intent_by_pin: HashMap::new(), guesses: Expiring::new(PIN_NUMBERS_MAX) }
    }
}

impl Pins {
    pub fn index(&mut self, intent: &Intent) {
        if let Some((key, id)) = entry(intent) {
            self.intent_by_pin.insert(key, id);
        }
    }

    pub fn forget(&mut self, intent: &Intent) {
        let Some((key, id)) = entry(intent) else { return };
        if self.intent_by_pin.get(&key) == Some(&id) {
            self.intent_by_pin.remove(&key);
        }
    }
}

fn entry(intent: &Intent) -> Option<((E164, Pin), IntentId)> {
    let leased = intent.number.as_ref()?;
    Some(((leased.number.clone(), leased.pin?), intent.id))
}

impl Model {
    /// The first of these codes that no live intent has on this number, nor one that is live by the clock of another process.
    pub(super) fn free_pin(&self, number: &E164, pins: &[Pin], now: Wall) -> Option<Pin> {
        pins.iter().copied().find(|pin| self.pin_holder(number, *pin, now - CLOCK_SKEW_MAX).is_none())
    }

    fn pin_holder(&self, number: &E164, pin: Pin, now: Wall) -> Option<&Intent> {
        let id = self.pins.intent_by_pin.get(&(number.clone(), pin))?;
        self.intents.get(id, now).filter(|intent| intent.is_live(now))
    }

    pub(super) fn try_pin(&mut self, entered: Entered, claim: ClaimPlan, now: Wall) -> StoreReply {
        let Entered { number, pin, tried, guard } = entered;
        let known = self.pins.guesses.get(&number, now).copied();
        if let Some(known) = known.filter(|known| known.are_barred(now)) {
            return StoreReply::Barred { until: known.barred_until };
        }
        let Some(id) = self.pin_holder(&number, pin, now).map(|intent| intent.id) else {
            let guesses = Guesses::after(known, tried, &guard, now);
            let displaced = self.pins.guesses.insert(number.clone(), guesses.keep(&guard), guesses);
            self.changes.extend(displaced.map(Change::Guesses));
            self.changes.insert(Change::Guesses(number));
            return StoreReply::Found { candidates: Vec::new() };
        };
        self.find_claiming(id, FoundBy { pin: true, ..FoundBy::default() }, claim, now)
    }

    /// Of all that had the code and may still be called for, the youngest has it.
    pub(super) fn restore_pin(&mut self, intent: &Intent) {
        let Some((key, _)) = entry(intent) else { return };
        let holder = self.pins.intent_by_pin.get(&key).and_then(|id| self.intents.entry(id));
        if holder.is_none_or(|(_, older)| older.created <= intent.created) {
            self.pins.index(intent);
        }
    }
}
