//! Every admitted call has one end record, and nothing of it comes after that but the end of its sound, and its wrap-up with the case.

use std::collections::BTreeMap;

use crate::base::{CallId, LegId};
use crate::calls::facts::Fact;
use crate::media::command::MediaCommand;

#[derive(Default)]
pub(super) struct Ends {
    is_over_by_call: BTreeMap<CallId, bool>,
    call_by_open_leg: BTreeMap<LegId, CallId>,
}

impl Ends {
    pub fn fact(&mut self, fact: &Fact) -> Vec<String> {
        let Some(call) = fact.call() else { return Vec::new() };
        let is_over = self.is_over_by_call.get(&call).copied();
        match (fact, is_over) {
            (Fact::CallAdmitted { .. }, None) => {
                self.is_over_by_call.insert(call, false);
                Vec::new()
            }
            (Fact::CallAdmitted { .. }, Some(_)) => vec![format!("{call}: admitted twice")],
            (Fact::CallEnded(_), Some(true)) => vec![format!("{call}: a second end record")],
            (Fact::CallEnded(_), Some(false)) => self.end(call),
            (
                Fact::SoundEnded { .. } | Fact::Recording { .. } | Fact::WrittenUp { .. } | Fact::CaseOpened(_),
                Some(_),
            )
            | (_, Some(false)) => Vec::new(),
            (other, Some(true)) => vec![format!("{call}: after its end came {other:?}")],
            (other, None) => vec![format!("{call}: never admitted, but {other:?}")],
        }
    }

    pub fn media(&mut self, command: &MediaCommand) -> Vec<String> {
        let call = match command {
            MediaCommand::Open { leg, group, .. } | MediaCommand::OpenShared { leg, group, .. } => {
                self.call_by_open_leg.insert(*leg, *group);
                Some(*group)
            }
            MediaCommand::Close { leg } => self.call_by_open_leg.remove(leg),
            MediaCommand::Remote { leg, .. }
            | MediaCommand::Source { leg, .. }
            | MediaCommand::Play { leg, .. }
            | MediaCommand::Listen { leg, .. }
            | MediaCommand::Key { leg, .. } => self.call_by_open_leg.get(leg).copied(),
            MediaCommand::Record { call, .. } | MediaCommand::EndRecording { call, .. } => Some(*call),
        };
        let is_over = call.is_some_and(|call| self.is_over_by_call.get(&call) == Some(&true));
        if is_over { vec![format!("a media command after the end of its call: {command:?}")] } else { Vec::new() }
    }

    pub fn at_the_end(&self) -> Vec<String> {
        let open = self.is_over_by_call.iter().filter(|(_, is_over)| !**is_over);
        open.map(|(call, _)| format!("{call}: admitted and never ended")).collect()
    }

    fn end(&mut self, call: CallId) -> Vec<String> {
        self.is_over_by_call.insert(call, true);
        let open = self.call_by_open_leg.iter().filter(|(_, of)| **of == call);
        open.map(|(leg, _)| format!("{call}: its sound {leg} is open after its end")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::histories::{admitted, call, ended, queued};
    use super::*;

    fn faults(facts: &[Fact]) -> Vec<String> {
        let mut ends = Ends::default();
        let mut wrong: Vec<String> = facts.iter().flat_map(|fact| ends.fact(fact)).collect();
        wrong.extend(ends.at_the_end());
        wrong
    }

    #[test]
    fn each_bad_end_is_found() {
        assert!(faults(&[admitted(1), queued(1), ended(1)]).is_empty());
        for (facts, what) in [
            (vec![admitted(1), ended(1), ended(1)], "second end"),
            (vec![admitted(1), ended(1), queued(1)], "after its end"),
            (vec![admitted(1), admitted(1), ended(1)], "admitted twice"),
            (vec![queued(1)], "never admitted"),
            (vec![admitted(1)], "never ended"),
        ] {
            let found = faults(&facts);
            assert!(found.iter().any(|fault| fault.contains(what)), "{what}: {found:?}");
        }
    }

    #[test]
    fn sound_that_outlives_its_call_is_found() {
        let leg = LegId(1);
        let open = || MediaCommand::Open { leg, group: call(1), port: 4000, family: crate::base::Family::V4 };
        let mut ends = Ends::default();
        assert!(ends.fact(&admitted(1)).is_empty());
        assert!(ends.media(&open()).is_empty());
        assert_eq!(ends.fact(&ended(1)).len(), 1, "left open");
        assert_eq!(ends.media(&open()).len(), 1, "opened after the end");
    }
}
