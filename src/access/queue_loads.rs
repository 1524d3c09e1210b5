//! What rules ask of how busy queues are.

use std::cmp::Reverse;
use std::time::Duration;

use crate::base::QueueId;

use super::bounds::Bounds;
use super::facts::QueueLoad;
use super::rule::LoadCondition;
use super::rule_set::{RuleIx, RuleSet};

/// A table for each queue that rules ask for.
#[derive(Clone, Debug, Default)]
pub(super) struct QueueLoads(Vec<LoadTable>);

#[derive(Clone, Debug)]
struct LoadTable {
    queue: QueueId,
    asking: RuleSet,
    min_free: Bounds<usize>,
    max_free: Bounds<Reverse<usize>>,
    min_waiting: Bounds<usize>,
    max_waiting: Bounds<Reverse<usize>>,
    min_wait: Bounds<Duration>,
    max_wait: Bounds<Reverse<Duration>>,
}

impl QueueLoads {
    pub(super) fn add(&mut self, asked: &LoadCondition, rule: RuleIx) {
        let known = self.0.iter().position(|table| table.queue == asked.queue);
        let place = known.unwrap_or_else(|| {
            self.0.push(LoadTable::of(asked.queue.clone()));
            self.0.len() - 1
        });
        self.0.get_mut(place).into_iter().for_each(|table| table.add(asked, rule));
    }

    /// Takes out the rules that fail by some queue; what is not known is neither much nor little.
    pub(super) fn sift(&self, loads: &[QueueLoad], left: &mut RuleSet) {
        for table in &self.0 {
            match loads.iter().find(|load| load.queue == table.queue) {
                Some(load) => table.sift(load, left),
                None => left.take_out(&table.asking),
            }
        }
    }
}

impl LoadTable {
    fn of(queue: QueueId) -> LoadTable {
        LoadTable {
            queue,
            asking: RuleSet::default(),
            min_free: Bounds::default(),
            max_free: Bounds::default(),
            min_waiting: Bounds::default(),
            max_waiting: Bounds::default(),
            min_wait: Bounds::default(),
            max_wait: Bounds::default(),
        }
    }

    fn add(&mut self, asked: &LoadCondition, rule: RuleIx) {
        self.asking.insert(rule);
        self.min_free.add(rule, asked.min_free);
        self.max_free.add(rule, asked.max_free.map(Reverse));
        self.min_waiting.add(rule, asked.min_waiting);
        self.max_waiting.add(rule, asked.max_waiting.map(Reverse));
        self.min_wait.add(rule, asked.min_wait);
        self.max_wait.add(rule, asked.max_wait.map(Reverse));
    }

    fn sift(&self, load: &QueueLoad, left: &mut RuleSet) {
        let unmet = [
            self.min_free.unmet(Some(load.free)),
            self.max_free.unmet(Some(Reverse(load.free))),
            self.min_waiting.unmet(Some(load.waiting)),
            self.max_waiting.unmet(Some(Reverse(load.waiting))),
            self.min_wait.unmet(load.expected_wait),
            self.max_wait.unmet(load.expected_wait.map(Reverse)),
        ];
        unmet.into_iter().flatten().for_each(|unmet| left.take_out(unmet));
    }
}
