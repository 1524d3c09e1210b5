//! The records of calls that have ended, the oldest forgotten first.

use std::collections::{BTreeMap, VecDeque};

use crate::base::{CallId, limits};

use super::facts::CallRecord;

#[derive(Debug, Default)]
pub struct Records {
    by_call: BTreeMap<CallId, CallRecord>,
    in_order_of_end: VecDeque<CallId>,
}

impl Records {
    pub fn keep(&mut self, record: CallRecord) {
        self.in_order_of_end.push_back(record.call);
        self.by_call.insert(record.call, record);
        if self.in_order_of_end.len() > limits::ENDED_CALLS_KEPT
            && let Some(oldest) = self.in_order_of_end.pop_front()
        {
            self.by_call.remove(&oldest);
        }
    }

    pub fn get(&self, call: CallId) -> Option<&CallRecord> {
        self.by_call.get(&call)
    }

    /// Adds what came after the end; nothing happens for a call that is forgotten.
    pub fn amend(&mut self, call: CallId, change: impl FnOnce(&mut CallRecord)) {
        if let Some(record) = self.by_call.get_mut(&call) {
            change(record);
        }
    }

    /// The last to end first.
    pub fn newest_first(&self) -> impl Iterator<Item = &CallRecord> {
        self.in_order_of_end.iter().rev().filter_map(|call| self.by_call.get(call))
    }

    pub fn len(&self) -> usize {
        self.by_call.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_call.is_empty()
    }
}
