//! Every admitted call has one end record, and nothing of it comes after that but the end of its sound, and its wrap-up with the case.

use std::collections::BTreeMap;

use crate::base::{CallId, LegId};
use crate::calls::facts::Fact;
use crate::calls::phoning;
use crate::media::command::MediaCommand;

#[derive(Default)]
pub(super) struct Ends {
    is_over_by_call: BTreeMap<CallId, bool>,
    open: BTreeMap<LegId, Leg>,
    /// By the first leg that each call would dial.
    call_by_dialled: BTreeMap<LegId, CallId>,
    /// An agent's own call is in the group of the caller whom they talk with.
    own_by_group: BTreeMap<CallId, CallId>,
    /// It has just been admitted, and its own leg is the next that comes in.
    fresh_own: Option<CallId>,
}

/// Whose sound it is, and of which group.
#[derive(Clone, Copy, Debug)]
struct Leg {
    of: CallId,
    group: CallId,
}

impl Ends {
    /// Something else happens.
    pub fn begin_anew(&mut self) {
        self.fresh_own = None;
    }

    pub fn fact(&mut self, fact: &Fact) -> Vec<String> {
        let Some(call) = fact.call() else { return Vec::new() };
        let is_over = self.is_over_by_call.get(&call).copied();
        match (fact, is_over) {
            (Fact::CallAdmitted { trunk, .. }, None) => {
                self.fresh_own = (trunk.as_str() == phoning::PHONES).then_some(call);
                self.is_over_by_call.insert(call, false);
                self.call_by_dialled.insert(LegId::outbound(call, 0), call);
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
                let of = self.owner(*leg, *group);
                self.open.insert(*leg, Leg { of, group: *group });
                Some(of)
            }
            MediaCommand::Close { leg } => self.open.remove(leg).map(|leg| leg.of),
            MediaCommand::Remote { leg, .. }
            | MediaCommand::Source { leg, .. }
            | MediaCommand::Play { leg, .. }
            | MediaCommand::Listen { leg, .. }
            | MediaCommand::Key { leg, .. } => self.open.get(leg).map(|leg| leg.of),
            MediaCommand::Record { call, .. } | MediaCommand::EndRecording { call, .. } => Some(*call),
        };
        let is_over = call.is_some_and(|call| self.is_over_by_call.get(&call) == Some(&true));
        if is_over { vec![format!("a media command after the end of its call: {command:?}")] } else { Vec::new() }
    }

    pub fn at_the_end(&self) -> Vec<String> {
        let open = self.is_over_by_call.iter().filter(|(_, is_over)| !**is_over);
        open.map(|(call, _)| format!("{call}: admitted and never ended")).collect()
    }

    /// A leg that comes in is the caller's, or the own one of an agent who calls somebody.
    fn owner(&mut self, leg: LegId, group: CallId) -> CallId {
        // Opened once more, at another port.
        if let Some(known) = self.open.get(&leg) {
            return known.of;
        }
        if leg.is_outbound() {
            let by = self.call_by_dialled.range(..=leg).next_back().filter(|(_, call)| leg.is_dialled_by(**call));
            let by = by.map_or(group, |(_, call)| *call);
            if by != group {
                self.own_by_group.insert(group, by);
            }
            return by;
        }
        if let Some(own) = self.fresh_own.take() {
            return own;
        }
        let own = self.own_by_group.get(&group).copied().filter(|own| self.is_over_by_call.get(own) == Some(&false));
        let is_there = |own: &CallId| self.open.iter().any(|(leg, of_leg)| of_leg.of == *own && !leg.is_outbound());
        own.filter(|own| !is_there(own)).unwrap_or(group)
    }

    fn end(&mut self, call: CallId) -> Vec<String> {
        self.is_over_by_call.insert(call, true);
        // It was refused before it had a leg: the next that comes in is of another call, perhaps by a deadline, before any input.
        self.fresh_own.take_if(|own| *own == call);
        // The far side of an agent's own call goes over to the caller's, when they are joined.
        for (leg, of_leg) in &mut self.open {
            if of_leg.of == call && leg.is_outbound() && self.is_over_by_call.get(&of_leg.group) == Some(&false) {
                of_leg.of = of_leg.group;
            }
        }
        let open = self.open.iter().filter(|(_, leg)| leg.of == call);
        open.map(|(leg, _)| format!("{call}: its sound {leg} is open after its end")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::histories::{admitted, call, ended, queued};
    use super::*;
    use crate::base::{Family, TrunkId};

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
        let open = || MediaCommand::Open { leg, group: call(1), port: 4000, family: Family::V4 };
        let mut ends = Ends::default();
        assert!(ends.fact(&admitted(1)).is_empty());
        assert!(ends.media(&open()).is_empty());
        assert_eq!(ends.fact(&ended(1)).len(), 1, "left open");
        assert_eq!(ends.media(&open()).len(), 1, "opened after the end");
    }

    #[test]
    fn an_agent_s_own_call_that_is_refused_leaves_the_next_leg_to_its_caller() {
        let own = Fact::CallAdmitted { call: call(2), trunk: TrunkId::new(phoning::PHONES) };
        let open = || MediaCommand::Open { leg: LegId(1), group: call(1), port: 4000, family: Family::V4 };
        let mut ends = Ends::default();
        assert!([admitted(1), own, ended(2)].iter().all(|fact| ends.fact(fact).is_empty()));
        assert!(ends.media(&open()).is_empty());
        assert_eq!(ends.fact(&ended(1)).len(), 1, "its own sound is open");
        assert_eq!(ends.media(&open()).len(), 1, "opened after its own end");
    }

    #[test]
    fn an_agent_s_own_call_may_outlive_the_caller_s_and_may_be_joined_with_it() {
        let (caller, own, far) = (LegId(1), LegId(2), LegId::outbound(call(2), 1));
        let open = |leg| MediaCommand::Open { leg, group: call(1), port: 4000, family: Family::V4 };
        let begun = || {
            let mut ends = Ends::default();
            assert!([admitted(1), admitted(2)].iter().all(|fact| ends.fact(fact).is_empty()));
            assert!([caller, far, own].iter().all(|leg| ends.media(&open(*leg)).is_empty()));
            ends
        };
        let mut outlives = begun();
        outlives.media(&MediaCommand::Close { leg: caller });
        assert!(outlives.fact(&ended(1)).is_empty());
        assert_eq!(outlives.fact(&ended(2)).len(), 2, "both of its legs are left");
        let mut joined = begun();
        joined.media(&MediaCommand::Close { leg: own });
        assert!(joined.fact(&ended(2)).is_empty(), "its far side is the caller's now");
        assert_eq!(joined.fact(&ended(1)).len(), 2);
    }
}
