//! A reload: a call is decided by the rules that it began with, and no conversation ends of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::PolicyVersion;
use crate::base::{CallId, Stage};
use crate::calls::facts::{CallRecord, Fact};
use crate::engine::Input;

#[derive(Default)]
pub(super) struct Reloads {
    version: PolicyVersion,
    version_by_call: BTreeMap<CallId, PolicyVersion>,
    talking: BTreeSet<CallId>,
    is_reloading: bool,
}

impl Reloads {
    /// Something else happens.
    pub fn begin_anew(&mut self) {
        self.is_reloading = false;
    }

    pub fn input(&mut self, input: &Input) {
        self.is_reloading = matches!(input, Input::Configured(_));
        if let Input::Configured(configured) = input {
            self.begin(configured.settings.calls.policy.version());
        }
    }

    /// Whoever comes from now on meets this policy.
    pub fn begin(&mut self, version: PolicyVersion) {
        self.version = version;
    }

    pub fn fact(&mut self, fact: &Fact) -> Vec<String> {
        match fact {
            Fact::CallAdmitted { call, .. } => {
                self.version_by_call.insert(*call, self.version);
            }
            Fact::Stage { call, stage: Stage::InviteToAnswer, .. } => {
                self.talking.insert(*call);
            }
            Fact::CallEnded(record) => return self.ended(record),
            _ => {}
        }
        Vec::new()
    }

    fn ended(&mut self, record: &CallRecord) -> Vec<String> {
        let call = record.call;
        let was_talking = self.talking.remove(&call);
        let began_with = self.version_by_call.remove(&call);
        let versions = record.explained.decisions.iter().map(|decision| decision.trace.version());
        // A callback has what was decided for its customer before.
        let others = versions.filter(|version| Some(*version) != began_with && record.tries.is_none());
        let mut wrong: Vec<String> = others.map(|other| format!("{call}: decided by {other} amid the call")).collect();
        if was_talking && self.is_reloading {
            wrong.push(format!("{call}: a reload has ended a conversation"));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::super::histories::{admitted, call, ended};
    use super::*;
    use crate::base::Mono;

    #[test]
    fn a_conversation_that_a_reload_ends_is_found() {
        let answered = Fact::Stage { call: call(1), stage: Stage::InviteToAnswer, since: Mono::ZERO };
        for is_reloading in [false, true] {
            let mut reloads = Reloads { is_reloading, ..Reloads::default() };
            let facts = [admitted(1), answered.clone(), ended(1)];
            let found = facts.iter().flat_map(|fact| reloads.fact(fact)).count();
            assert_eq!(found, usize::from(is_reloading));
        }
    }
}
