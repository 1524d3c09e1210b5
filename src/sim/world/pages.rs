//! What customers do on the page besides registering: they want to be called back, think better of it, or ask for another number or time.

use std::time::Duration;

use crate::base::IntentId;
use crate::calls::facts::Fact;
use crate::intents::Intent;
use crate::intents::requests::{StoreReply, StoreRequest};
use crate::sim::dice;
use crate::sim::door::{Door, DoorOutput};
use crate::sim::site::Visit;
use crate::sim::town;

use super::{Step, World};

/// How long the page waits for the store.
const PATIENCE: Duration = Duration::from_secs(2);
/// When a caller who waits wants to be called back instead.
const IN_THE_QUEUE_MS: (u64, u64) = (2_000, 20_000);

impl World {
    /// Usually one in four wants to be called back; some of them call all the same.
    pub(super) fn plan_page(&mut self, visit: &Visit) -> bool {
        let Some(intent) = visit.page.filter(|_| self.rng.chance(self.scenario.manners().asks_page)) else {
            return true;
        };
        let asked = self.now + dice::between_ms(&mut self.rng, 200, 10_000);
        self.visits.add(asked, Step::CallBack(intent));
        if self.rng.chance(0.2) {
            let again = asked + dice::between_ms(&mut self.rng, 1_000, 60_000);
            self.visits.add(again, Step::CallBack(intent));
        }
        if self.rng.chance(0.15) {
            let taken_back = asked + dice::between_ms(&mut self.rng, 1_000, 60_000);
            self.visits.add(taken_back, Step::TakeBack(intent));
        }
        self.rng.chance(0.4)
    }

    /// They have dialled, and the queue is long.
    pub(super) fn plan_page_of_caller(&mut self, visit: &Visit) {
        if let Some(intent) = visit.page.filter(|_| self.rng.chance(self.scenario.manners().asks_page_waiting)) {
            let asked = self.now + dice::between_ms(&mut self.rng, IN_THE_QUEUE_MS.0, IN_THE_QUEUE_MS.1);
            self.visits.add(asked, Step::CallBack(intent));
        }
    }

    /// An agent is found for their callback, or their number is dialled: usually one in five has just taken another telephone.
    pub(super) fn maybe_ring_in(&mut self, fact: &Fact) {
        let (Fact::Granted { call, .. } | Fact::Recalling { call, .. }) = fact else { return };
        let customer = self.invariants.customer_of(*call);
        let Some(visit) = customer.and_then(|intent| self.ways_in.get(&intent)).cloned() else { return };
        if self.rng.chance(self.scenario.manners().rings_in) {
            let at = self.now + dice::between_ms(&mut self.rng, 0, 4_000);
            let carrier = self.rng.below(town::PRIMARY_TRUNKS);
            self.visits.add(at, Step::RingIn(carrier, visit));
        }
    }

    pub(super) fn ring_in(&mut self, carrier: u64, visit: &Visit) {
        let now = self.now;
        self.last_call = now;
        self.counts.of_callbacks("rang in");
        if let Some(person) = usize::try_from(carrier).ok().and_then(|nth| self.people.get_mut(nth)) {
            person.dial(visit, now);
        }
    }

    pub(super) fn call_back(&mut self, intent: IntentId) {
        let now = self.clock();
        let Some(intent) = self.page_of(intent) else { return self.counts.of_callbacks("intent gone") };
        match self.site.wish(&intent, now.wall) {
            Some(wish) => self.door.call_back(&intent, wish, now),
            None => self.counts.of_callbacks("not offered"),
        }
    }

    pub(super) fn take_back(&mut self, intent: IntentId) {
        self.door.take_back(intent, self.clock());
    }

    /// As the page's own API has it; nobody else changes it meanwhile.
    fn page_of(&mut self, intent: IntentId) -> Option<Box<Intent>> {
        match self.store.apply(StoreRequest::Get { intent, now: self.clock().wall }) {
            StoreReply::Got(intent) => Some(intent),
            _ => None,
        }
    }

    pub(super) fn turn_door(&mut self) {
        while let Some(output) = self.door.poll_output() {
            let now = self.clock();
            match output {
                DoorOutput::Store(ask, request) => self.store.ask(ask, *request, PATIENCE, now.mono),
                DoorOutput::Engine(id, question) => self.feed(crate::engine::Input::Ask { id, question }),
                DoorOutput::Promised(call, intent) => {
                    self.counts.of_callbacks("promised");
                    self.invariants.promised(call, &intent, now);
                }
                DoorOutput::Unsure(intent) => self.invariants.unsure(intent),
                DoorOutput::Refused => self.counts.of_callbacks("refused"),
                DoorOutput::TakenBack => self.counts.of_callbacks("taken back"),
            }
        }
    }

    /// For the engine, or for the door.
    pub(super) fn turn_store(&mut self) {
        self.store.handle_timeout(self.now);
        while let Some((ask, result)) = self.store.poll_output(self.now) {
            match Door::is_its(ask) {
                true => self.door.store_answered(ask, result),
                false => self.feed(crate::engine::Input::Store { ask, result }),
            }
        }
    }
}
