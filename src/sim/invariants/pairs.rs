//! Who talks with whom: two hear each other or nobody, but for those who mix; and a caller who was passed on talks with one side.

use std::collections::BTreeSet;

use crate::base::CallId;
use crate::calls::facts::Fact;
use crate::media::command::Source;

use super::legs::Legs;

#[derive(Default)]
pub(super) struct Pairs {
    /// Calls that have just been passed on.
    passed_on: BTreeSet<CallId>,
}

impl Pairs {
    pub fn fact(&mut self, fact: &Fact) {
        match fact {
            Fact::PassedOn { call, status: 200, .. } => drop(self.passed_on.insert(*call)),
            Fact::CallEnded(record) => drop(self.passed_on.remove(&record.call)),
            _ => {}
        }
    }

    /// After all that came of one input, which has changed what these groups hear.
    pub fn settled(&mut self, legs: &Legs, changed: &BTreeSet<CallId>) -> Vec<String> {
        let passed_on = std::mem::take(&mut self.passed_on);
        let crossed = changed.iter().filter_map(|group| crossed(*group, legs));
        crossed.chain(passed_on.into_iter().filter_map(|call| alone(call, legs))).collect()
    }
}

fn crossed(group: CallId, legs: &Legs) -> Option<String> {
    legs.of_group(group).find_map(|(leg, of_leg)| {
        let Source::Leg(other) = of_leg.source else { return None };
        match legs.source(other) {
            None => Some(format!("{group}: {leg} hears {other}, which is closed")),
            Some(Source::Leg(third)) if third != leg => {
                Some(format!("{group}: {leg} hears {other}, who talks with {third}"))
            }
            Some(_) => None,
        }
    })
}

/// The caller was there first. In a callback nobody was who had come in: whoever does later is an agent who calls somebody.
fn alone(call: CallId, legs: &Legs) -> Option<String> {
    let caller = legs.first(call).filter(|leg| !leg.is_outbound())?;
    let heard = legs.source(caller)?;
    let Source::Leg(other) = heard else {
        return Some(format!("{call}: passed on, and the caller hears {heard:?}"));
    };
    let hears_caller = legs.source(other) == Some(Source::Leg(caller));
    let left = legs.of_group(call).find(|(leg, _)| *leg != other && leg.is_dialled_by(call));
    (!hears_caller || left.is_some()).then(|| {
        let left = left.map(|(leg, _)| leg);
        format!("{call}: passed on to {other}, who hears the caller: {hears_caller}; left is {left:?}")
    })
}

#[cfg(test)]
mod tests {
    use super::super::histories::call;
    use super::*;
    use crate::base::{AgentId, Family, LegId};
    use crate::media::command::MediaCommand;

    const CALLER: LegId = LegId(1);

    #[derive(Default)]
    struct World {
        legs: Legs,
        pairs: Pairs,
    }

    impl World {
        fn open(&mut self, leg: LegId) {
            self.legs.media(&MediaCommand::Open { leg, group: call(1), port: 4000, family: Family::V4 });
        }

        fn hear(&mut self, leg: LegId, other: LegId) {
            self.legs.media(&MediaCommand::Source { leg, source: Source::Leg(other) });
        }

        fn join(&mut self, one: LegId, other: LegId) {
            self.hear(one, other);
            self.hear(other, one);
        }

        fn found(&mut self) -> usize {
            let changed = self.legs.take_changed();
            self.pairs.settled(&self.legs, &changed).len()
        }
    }

    fn passed_on() -> Fact {
        Fact::PassedOn { call: call(1), by: Some(AgentId::new("ann")), to: None, status: 200 }
    }

    #[test]
    fn a_triangle_and_a_leg_that_is_left_are_found() {
        let (agent, next) = (LegId::outbound(call(1), 1), LegId::outbound(call(1), 2));
        let mut world = World::default();
        [CALLER, agent, next].into_iter().for_each(|leg| world.open(leg));
        world.join(CALLER, agent);
        assert_eq!(world.found(), 0);
        world.hear(next, CALLER);
        assert_eq!(world.found(), 1, "the caller talks with the agent");
        world.join(CALLER, next);
        world.pairs.fact(&passed_on());
        assert_eq!(world.found(), 2, "the agent hears them still, and is left");
        world.legs.media(&MediaCommand::Close { leg: agent });
        world.pairs.fact(&passed_on());
        assert_eq!(world.found(), 0);
        world.legs.media(&MediaCommand::Close { leg: next });
        assert_eq!(world.found(), 1, "the caller hears a leg that is closed");
        world.legs.media(&MediaCommand::Source { leg: CALLER, source: Source::Silence });
        world.pairs.fact(&passed_on());
        assert_eq!(world.found(), 1, "passed on to nobody");
    }
}
