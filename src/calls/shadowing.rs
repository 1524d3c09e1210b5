//! The shadow policy: the rules that may come next are asked at each decision about a live call, and obeyed by none. Where their answer
//! is another one, that is counted and the latest are kept.

use std::collections::VecDeque;

use crate::access::{Decision, Facts, PolicyVersion};
use crate::base::limits::SHADOW_DIFFERENCES_KEPT;
use crate::base::{CallId, Wall};

use super::bench::Bench;
use super::call::Call;
use super::facts::Fact;
use super::settings::CallSettings;

/// Calls to which the shadow policy would have given another answer, the oldest forgotten first.
#[derive(Debug, Default)]
pub struct Differences {
    in_order: VecDeque<Difference>,
}

/// What holds, and what would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub call: CallId,
    pub at: Wall,
    pub live: Decision,
    pub shadow: Decision,
    pub shadow_version: PolicyVersion,
}

impl Differences {
    fn keep(&mut self, difference: Difference) {
        if self.in_order.len() >= SHADOW_DIFFERENCES_KEPT {
            self.in_order.pop_front();
        }
        self.in_order.push_back(difference);
    }

    pub fn newest_first(&self) -> impl Iterator<Item = &Difference> {
        self.in_order.iter().rev()
    }
}

/// What the shadow policy would say; one more decision, and nothing where there is none.
pub(super) fn ask(settings: &CallSettings, facts: &Facts<'_>) -> Option<Decision> {
    settings.shadow.as_ref().map(|shadow| shadow.decide(facts))
}

/// Counts it beside the live answer, and keeps it when it is another one.
pub(super) fn note(call: &Call, live: &Decision, shadow: Option<Decision>, bench: &mut Bench, at: Wall) {
    let Some(shadow) = shadow else { return };
    // The one that the call began with, as the rules that it is held against.
    let version = bench.settings.shadow.as_ref().map_or(PolicyVersion::default(), |shadow| shadow.version());
    let differs = is_other(live, &shadow);
    let (said, says) = (live.reason.code(), shadow.reason.code());
    bench.fact(Fact::Shadowed { call: call.id, version, live: said, shadow: says, differs });
    if differs {
        let shadow_version = version;
        bench.differences.keep(Difference { call: call.id, at, live: live.clone(), shadow, shadow_version });
    }
}

/// What is done by it would be something else; by which rule, and in which words, is no difference.
fn is_other(live: &Decision, shadow: &Decision) -> bool {
    (&live.answer, &live.skills, &live.notify) != (&shadow.answer, &shadow.skills, &shadow.notify)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Answer, Policy, PolicySetup};
    use crate::base::TrunkId;

    #[test]
    fn the_latest_differences_are_kept() {
        let policy = Policy::new(PolicySetup::of(Vec::new(), Answer::SelfService)).unwrap();
        let decision = policy.decide(&Facts::of_nobody(&TrunkId::new("pbx"), Wall(0)));
        let mut differences = Differences::default();
        for n in 0..SHADOW_DIFFERENCES_KEPT as u64 + 5 {
            let (live, shadow) = (decision.clone(), decision.clone());
            assert!(!is_other(&live, &shadow));
            assert!(is_other(&live, &Decision { notify: Some("team".into()), ..shadow.clone() }));
            let shadow_version = PolicyVersion::default();
            differences.keep(Difference { call: CallId(n), at: Wall(n), live, shadow, shadow_version });
        }
        let calls: Vec<u64> = differences.newest_first().map(|difference| difference.call.0).collect();
        assert_eq!((calls.len(), calls[0]), (SHADOW_DIFFERENCES_KEPT, SHADOW_DIFFERENCES_KEPT as u64 + 4));
        assert_eq!(calls.last(), Some(&5));
    }
}
