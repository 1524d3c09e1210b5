//! A call has an intent only while the store says so, and no two calls have the same one.

use std::collections::BTreeMap;

use crate::base::{CallId, IntentId};
use crate::calls::facts::Fact;
use crate::intents::requests::StoreRequest;

#[derive(Default)]
pub(super) struct Claims {
    call_by_intent: BTreeMap<IntentId, CallId>,
}

impl Claims {
    /// `holder` is the store's own word. Claims run out when their renewals are lost, hence `strict`.
    pub fn fact(&mut self, fact: &Fact, strict: bool, holder: impl Fn(IntentId) -> Option<CallId>) -> Vec<String> {
        match fact {
            Fact::Matched { call, intent: Some(intent), .. } => self.take(*call, *intent, strict, holder(*intent)),
            // It was another one's before.
            Fact::Confirmed { call, intent } => {
                self.call_by_intent.retain(|held, by| by != call || held == intent);
                Vec::new()
            }
            Fact::CallEnded(record) => {
                self.call_by_intent.retain(|_, call| *call != record.call);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// The engine asks the store for something: with a promise the caller's own call lets go of the intent.
    pub fn store(&mut self, request: &StoreRequest) {
        if let StoreRequest::Promise { intent, by: Some(call), .. } = request
            && self.call_by_intent.get(intent) == Some(call)
        {
            self.call_by_intent.remove(intent);
        }
    }

    fn take(&mut self, call: CallId, intent: IntentId, strict: bool, holder: Option<CallId>) -> Vec<String> {
        let mut wrong = Vec::new();
        if holder != Some(call) {
            wrong.push(format!("{call} has {intent}, which the store gave to {holder:?}"));
        }
        if let Some(other) = self.call_by_intent.insert(intent, call).filter(|_| strict) {
            wrong.push(format!("{intent} is with {call} and still with {other}"));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::super::histories::{call, ended};
    use super::*;
    use crate::base::Level;

    fn matched(serial: u32) -> Fact {
        Fact::Matched { call: call(serial), level: Level::Strong, intent: Some(IntentId(1)) }
    }

    #[test]
    fn an_intent_with_two_calls_is_found() {
        let mut claims = Claims::default();
        assert_eq!(claims.fact(&matched(1), true, |_| None).len(), 1, "the store knows nothing of it");
        assert!(claims.fact(&ended(1), true, |_| None).is_empty());
        assert!(claims.fact(&matched(1), true, |_| Some(call(1))).is_empty());
        assert_eq!(claims.fact(&matched(2), true, |_| Some(call(2))).len(), 1, "both have it");
        assert_eq!(claims.fact(&matched(3), false, |_| Some(call(2))).len(), 1, "another call's");
    }
}
