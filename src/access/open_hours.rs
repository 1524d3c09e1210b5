//! The rules by the hours in which they hold: the clock on the wall of each time zone is read once.

use crate::base::Wall;

use super::hours::{Clock, Hours};
use super::rule_set::{RuleIx, RuleSet};

/// The time zones that rules name.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenHours(Vec<Zone>);

#[derive(Clone, Debug)]
struct Zone {
    clock: Clock,
    asking: RuleSet,
    /// Each once, and who asks for it.
    hours: Vec<(Hours, RuleSet)>,
}

impl OpenHours {
    pub(super) fn add(&mut self, hours: &Hours, rule: RuleIx) {
        let known = self.0.iter().position(|zone| zone.clock == *hours.clock());
        let place = known.unwrap_or_else(|| {
            let clock = hours.clock().clone();
            self.0.push(Zone { clock, asking: RuleSet::default(), hours: Vec::new() });
            self.0.len() - 1
        });
        self.0.get_mut(place).into_iter().for_each(|zone| zone.add(hours, rule));
    }

    /// Takes out the rules that do not hold now.
    pub(super) fn sift(&self, wall: Wall, left: &mut RuleSet) {
        for zone in &self.0 {
            let asking = left.shared(&zone.asking);
            if asking.is_empty() {
                continue;
            }
            let local = zone.clock.read(wall);
            let open = |hours: &Hours| local.is_some_and(|local| hours.contains_local(local));
            let closed = zone.hours.iter().filter(|(_, rules)| !asking.shared(rules).is_empty());
            closed.filter(|(hours, _)| !open(hours)).for_each(|(_, rules)| left.take_out(rules));
        }
    }
}

impl Zone {
    fn add(&mut self, hours: &Hours, rule: RuleIx) {
        self.asking.insert(rule);
        match self.hours.iter_mut().find(|(known, _)| known == hours) {
            Some((_, rules)) => rules.insert(rule),
            None => self.hours.push((hours.clone(), RuleSet::from_iter([rule]))),
        }
    }
}
