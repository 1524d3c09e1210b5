//! First come, first served among equals: the same queue, the same priority, nobody preferred, no offer that failed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::base::{CallId, IntentId, Mono, QueueId};
use crate::calls::facts::Fact;
use crate::engine::Input;
use crate::intents::Intent;
use crate::intents::requests::StoreReply;
use crate::sim::variant::PRIORITIES;

/// A callback's place is kept by the other clock.
const ROUNDING: Duration = Duration::from_millis(2);

#[derive(Default)]
pub(super) struct Order {
    priority_by_call: BTreeMap<CallId, i32>,
    waiting: BTreeMap<CallId, Waiting>,
    /// Intents whose customer has an agent that is asked first; its calls may wait for that agent.
    with_favourite: BTreeSet<IntentId>,
    not_equal: BTreeSet<CallId>,
    /// Callbacks wait only within their hours: they pass nobody, and others may pass them.
    callbacks: BTreeSet<CallId>,
    /// Who has come into a queue in what is happening now: the router may have chosen before.
    fresh: BTreeSet<CallId>,
}

#[derive(Clone, Debug)]
struct Waiting {
    since: Mono,
    queue: QueueId,
    priority: i32,
}

impl Order {
    /// Something else happens.
    pub fn begin_anew(&mut self) {
        self.fresh.clear();
    }

    pub fn input(&mut self, input: &Input) {
        if let Input::Store { result: Ok(StoreReply::Found { candidates }), .. } = input {
            let favoured = candidates.iter().filter(|one| one.last_agent.is_some());
            self.with_favourite.extend(favoured.map(|one| one.intent.id));
        }
    }

    /// This call is one for a callback.
    pub fn promised(&mut self, call: CallId, intent: &Intent) {
        self.is_callback(call);
        let Some(priority) = intent.callback.as_ref().map(|callback| callback.priority) else { return };
        self.priority_by_call.insert(call, priority);
        self.waiting.get_mut(&call).into_iter().for_each(|waiting| waiting.priority = priority);
    }

    /// ... for whatever.
    pub fn is_callback(&mut self, call: CallId) {
        self.callbacks.insert(call);
    }

    pub fn fact(&mut self, fact: &Fact) -> Vec<String> {
        match fact {
            Fact::Matched { call, intent: Some(intent), .. } if self.with_favourite.contains(intent) => {
                self.not_equal.insert(*call);
            }
            Fact::Decided { call, rule, .. } => {
                let known = PRIORITIES.iter().find(|(name, _)| name == rule);
                self.priority_by_call.insert(*call, known.map_or(0, |(_, priority)| *priority));
            }
            // Who wants to be called back leaves the queue while the store is asked.
            Fact::Dtmf { call } if self.waiting.contains_key(call) => {
                self.not_equal.insert(*call);
            }
            Fact::Queued { call, queue, since } => return self.queued(*call, queue, *since),
            Fact::Granted { call, .. } => return self.granted(*call),
            Fact::OfferFailed { call, .. } => {
                self.not_equal.insert(*call);
            }
            Fact::FallingBack { call, .. } => self.leave(*call),
            Fact::CallEnded(record) => self.leave(record.call),
            _ => {}
        }
        Vec::new()
    }

    /// In the first queue, or in another one: nobody waits anew.
    fn queued(&mut self, call: CallId, queue: &QueueId, since: Mono) -> Vec<String> {
        let priority = self.priority_by_call.get(&call).copied().unwrap_or(0);
        let waiting = Waiting { since, queue: queue.clone(), priority };
        self.fresh.insert(call);
        let before = self.waiting.insert(call, waiting).filter(|before| before.since + ROUNDING < since);
        let is_late =
            |before: Waiting| format!("{call} waits from {since:?} on, and had waited since {:?}", before.since);
        before.map(is_late).into_iter().collect()
    }

    fn leave(&mut self, call: CallId) {
        self.waiting.remove(&call);
        self.priority_by_call.remove(&call);
    }

    /// The call waits no more; was somebody passed over who came before it?
    fn granted(&mut self, call: CallId) -> Vec<String> {
        let Some(served) = self.waiting.remove(&call) else { return Vec::new() };
        if self.not_equal.contains(&call) {
            return Vec::new();
        }
        let is_before =
            |one: &Waiting| one.since < served.since && one.queue == served.queue && one.priority == served.priority;
        let is_equal = |other: &CallId| {
            ![&self.not_equal, &self.callbacks, &self.fresh].iter().any(|others| others.contains(other))
        };
        let passed = self.waiting.iter().filter(|(other, one)| is_before(one) && is_equal(other));
        passed.map(|(other, _)| format!("{call} was served before {other}, which came first")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::histories::{decided, ended, failed, granted, queued};
    use super::*;

    fn faults(facts: &[Fact]) -> usize {
        let mut order = Order::default();
        let mut of_its_own = |fact| {
            order.fresh.clear();
            order.fact(fact)
        };
        facts.iter().flat_map(&mut of_its_own).count()
    }

    #[test]
    fn a_call_that_is_passed_over_is_found() {
        assert_eq!(faults(&[queued(1), queued(2), granted(1, "ann", 1), granted(2, "ben", 1)]), 0);
        assert_eq!(faults(&[queued(1), queued(2), granted(2, "ann", 1)]), 1);
        assert_eq!(faults(&[queued(1), queued(2), ended(1), granted(2, "ann", 1)]), 0, "the first has left");
    }

    #[test]
    fn those_who_are_not_equal_are_let_be() {
        let urgent = [queued(1), decided(2, "urgent"), queued(2), granted(2, "ann", 1)];
        assert_eq!(faults(&urgent), 0, "another priority");
        let once_failed = [queued(1), granted(1, "ann", 1), failed(1, "ann"), queued(2), granted(2, "ben", 1)];
        assert_eq!(faults(&once_failed), 0, "an offer failed between");
    }
}
