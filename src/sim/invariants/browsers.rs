//! A customer's browser calls for its own intent alone, and once at a time.

use std::collections::BTreeMap;

use crate::base::{CallId, IntentId};
use crate::calls::browsing;
use crate::calls::facts::Fact;
use crate::engine::Input;
use crate::sip::api::{Browser, FlowId, StreamEvent};

#[derive(Default)]
pub(super) struct Browsers {
    intent_by_flow: BTreeMap<FlowId, IntentId>,
    /// Over the connection of which page the present message has come.
    speaking: Option<IntentId>,
    intent_by_call: BTreeMap<CallId, IntentId>,
}

impl Browsers {
    pub fn input(&mut self, input: &Input) {
        self.speaking = None;
        match input {
            Input::Stream { flow, event: StreamEvent::Opened { browser: Some(Browser::Caller { intent }), .. } } => {
                self.intent_by_flow.insert(*flow, *intent);
            }
            Input::Stream { flow, event: StreamEvent::Closed } => drop(self.intent_by_flow.remove(flow)),
            Input::Datagram { flow, .. } => self.speaking = self.intent_by_flow.get(flow).copied(),
            _ => {}
        }
    }

    pub fn fact(&mut self, fact: &Fact) -> Option<String> {
        match fact {
            Fact::CallAdmitted { call, trunk } if trunk.as_str() == browsing::TRUNK => self.admitted(*call),
            Fact::Matched { call, intent: Some(intent), .. } => {
                let own = self.intent_by_call.get(call).filter(|own| *own != intent);
                own.map(|own| format!("{call}: the page of {own} has a call of {intent}"))
            }
            Fact::CallEnded(record) => {
                self.intent_by_call.remove(&record.call);
                None
            }
            _ => None,
        }
    }

    fn admitted(&mut self, call: CallId) -> Option<String> {
        let Some(intent) = self.speaking else { return Some(format!("{call}: from the browser of nobody")) };
        let other = self.intent_by_call.iter().find(|(_, of)| **of == intent).map(|(other, _)| *other);
        self.intent_by_call.insert(call, intent);
        other.map(|other| format!("{call}: the page of {intent} has {other} already"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::histories::call;
    use super::*;
    use crate::base::{Level, TrunkId};
    use bytes::Bytes;

    #[test]
    fn a_page_that_has_another_call_is_found() {
        let (flow, from) = (FlowId(1 << 16 | 1), "192.0.2.9:9".parse().unwrap());
        let browser = Some(Browser::Caller { intent: IntentId(7) });
        let admitted = |serial| Fact::CallAdmitted { call: call(serial), trunk: TrunkId::new(browsing::TRUNK) };
        let matched = |id| Fact::Matched { call: call(1), level: Level::Proven, intent: Some(IntentId(id)) };
        let mut browsers = Browsers::default();
        assert!(browsers.fact(&admitted(9)).is_some(), "nobody speaks");
        let event = StreamEvent::Opened { peer: from, names: Vec::new(), browser };
        browsers.input(&Input::Stream { flow, event });
        browsers.input(&Input::Datagram { flow, from, bytes: Bytes::new() });
        assert_eq!(browsers.fact(&admitted(1)), None);
        assert_eq!(browsers.fact(&matched(7)), None);
        assert!(browsers.fact(&matched(8)).is_some(), "another one's intent");
        assert!(browsers.fact(&admitted(2)).is_some(), "a second call");
    }
}
