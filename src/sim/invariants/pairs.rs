//! Who talks with whom: two hear each other or nobody, but for those who mix; and a caller who was passed on talks with one side.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{CallId, LegId};
use crate::calls::facts::Fact;
use crate::media::command::{MediaCommand, Source};

#[derive(Default)]
pub(super) struct Pairs {
    legs: BTreeMap<LegId, Leg>,
    opened: u64,
    /// Groups that have changed since they were looked at last, and calls that have just been passed on.
    changed: BTreeSet<CallId>,
    passed_on: BTreeSet<CallId>,
}

#[derive(Clone, Copy, Debug)]
struct Leg {
    group: CallId,
    source: Source,
    nth: u64,
}

impl Pairs {
    pub fn media(&mut self, command: &MediaCommand) {
        match command {
            MediaCommand::Open { leg, group, .. } | MediaCommand::OpenShared { leg, group, .. } => {
                self.opened += 1;
                self.legs.insert(*leg, Leg { group: *group, source: Source::Silence, nth: self.opened });
            }
            MediaCommand::Source { leg, source } => {
                let Some(of_leg) = self.legs.get_mut(leg) else { return };
                of_leg.source = *source;
                self.changed.insert(of_leg.group);
            }
            MediaCommand::Close { leg } => {
                self.changed.extend(self.legs.remove(leg).map(|leg| leg.group));
            }
            MediaCommand::Remote { .. }
            | MediaCommand::Play { .. }
            | MediaCommand::Listen { .. }
            | MediaCommand::Key { .. }
            | MediaCommand::Record { .. }
            | MediaCommand::EndRecording { .. } => {}
        }
    }

    pub fn fact(&mut self, fact: &Fact) {
        match fact {
            Fact::PassedOn { call, status: 200, .. } => drop(self.passed_on.insert(*call)),
            Fact::CallEnded(record) => drop(self.passed_on.remove(&record.call)),
            _ => {}
        }
    }

    /// After all that came of one input.
    pub fn settled(&mut self) -> Vec<String> {
        let changed = std::mem::take(&mut self.changed);
        let passed_on = std::mem::take(&mut self.passed_on);
        let crossed = changed.into_iter().filter_map(|group| self.crossed(group));
        crossed.chain(passed_on.into_iter().filter_map(|call| self.alone(call))).collect()
    }

    fn of_group(&self, group: CallId) -> impl Iterator<Item = (LegId, Leg)> {
        self.legs.iter().filter(move |(_, leg)| leg.group == group).map(|(leg, of_leg)| (*leg, *of_leg))
    }

    fn crossed(&self, group: CallId) -> Option<String> {
        self.of_group(group).find_map(|(leg, of_leg)| {
            let Source::Leg(other) = of_leg.source else { return None };
            match self.legs.get(&other).map(|other| other.source) {
                None => Some(format!("{group}: {leg} hears {other}, which is closed")),
                Some(Source::Leg(third)) if third != leg => {
                    Some(format!("{group}: {leg} hears {other}, who talks with {third}"))
                }
                Some(_) => None,
            }
        })
    }

    /// The caller was there first. A callback has no such leg; who comes in there is an agent who calls somebody.
    fn alone(&self, call: CallId) -> Option<String> {
        let first = self.of_group(call).min_by_key(|(_, leg)| leg.nth);
        let (caller, of_caller) = first.filter(|(leg, _)| !leg.is_outbound())?;
        let Source::Leg(other) = of_caller.source else {
            return Some(format!("{call}: passed on, and the caller hears {:?}", of_caller.source));
        };
        let hears_caller = self.legs.get(&other).is_some_and(|other| other.source == Source::Leg(caller));
        let left = self.of_group(call).find(|(leg, _)| *leg != other && leg.is_dialled_by(call));
        (!hears_caller || left.is_some()).then(|| {
            let left = left.map(|(leg, _)| leg);
            format!("{call}: passed on to {other}, who hears the caller: {hears_caller}; left is {left:?}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::histories::call;
    use super::*;
    use crate::base::{AgentId, Family};

    const CALLER: LegId = LegId(1);

    fn open(pairs: &mut Pairs, leg: LegId) {
        pairs.media(&MediaCommand::Open { leg, group: call(1), port: 4000, family: Family::V4 });
    }

    fn hear(pairs: &mut Pairs, leg: LegId, other: LegId) {
        pairs.media(&MediaCommand::Source { leg, source: Source::Leg(other) });
    }

    fn join(pairs: &mut Pairs, one: LegId, other: LegId) {
        hear(pairs, one, other);
        hear(pairs, other, one);
    }

    fn passed_on() -> Fact {
        Fact::PassedOn { call: call(1), by: Some(AgentId::new("ann")), to: None, status: 200 }
    }

    #[test]
    fn a_triangle_and_a_leg_that_is_left_are_found() {
        let (agent, next) = (LegId::outbound(call(1), 1), LegId::outbound(call(1), 2));
        let mut pairs = Pairs::default();
        [CALLER, agent, next].into_iter().for_each(|leg| open(&mut pairs, leg));
        join(&mut pairs, CALLER, agent);
        assert!(pairs.settled().is_empty());
        hear(&mut pairs, next, CALLER);
        assert_eq!(pairs.settled().len(), 1, "the caller talks with the agent");
        join(&mut pairs, CALLER, next);
        pairs.fact(&passed_on());
        assert_eq!(pairs.settled().len(), 2, "the agent hears them still, and is left");
        pairs.media(&MediaCommand::Close { leg: agent });
        pairs.fact(&passed_on());
        assert!(pairs.settled().is_empty());
        pairs.media(&MediaCommand::Close { leg: next });
        assert_eq!(pairs.settled().len(), 1, "the caller hears a leg that is closed");
        pairs.media(&MediaCommand::Source { leg: CALLER, source: Source::Silence });
        pairs.fact(&passed_on());
        assert_eq!(pairs.settled().len(), 1, "passed on to nobody");
    }
}
