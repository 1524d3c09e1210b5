//! Rules that are never reached since several earlier ones take their callers together, each a part of them: who comes by telephone and who
//! comes from the browser, say. The parts are those that few values tell apart; all else must follow as for one rule alone.

use crate::base::Level;

use super::cover::follows;
use super::facts::Channel;
use super::rule::{CaseState, Conditions, Rule};
use super::tables::is_of;

/// A rule, and the earlier ones that take its callers; places in the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenTogether {
    pub rule: usize,
    pub by: Vec<usize>,
}

/// Callers whom nothing tells apart that is looked at here.
#[derive(Clone, Copy, Debug)]
struct Part {
    level: Level,
    channel: Channel,
    /// As `tables` counts.
    case: usize,
    urgency: Option<u8>,
}

const CASES: usize = 4;
const URGENCIES: [Option<u8>; 5] = [None, Some(0), Some(1), Some(2), Some(3)];

/// Those that are never reached, in the order of the rules; also those that one earlier rule takes alone.
pub fn never_reached_together(rules: &[Rule]) -> Vec<TakenTogether> {
    let (parts, wide): (Vec<Part>, Vec<Conditions>) = (parts(), rules.iter().map(|rule| wide(&rule.when)).collect());
    let by = |place: usize, later: &Rule| {
        let earlier = || wide.iter().zip(rules).take(place).enumerate();
        let takers: Vec<usize> =
            earlier().filter(|(_, (wide, _))| follows(wide, &later.when)).map(|(taker, _)| taker).collect();
        let taker = |part: &Part| {
            takers.iter().copied().find(|taker| rules.get(*taker).is_some_and(|rule| part.meets(&rule.when)))
        };
        let mut by: Vec<usize> =
            parts.iter().filter(|part| part.meets(&later.when)).map(taker).collect::<Option<_>>()?;
        by.sort_unstable();
        by.dedup();
        Some(by)
    };
    rules.iter().enumerate().filter_map(|(rule, later)| Some(TakenTogether { rule, by: by(rule, later)? })).collect()
}

fn parts() -> Vec<Part> {
    let mut parts = Vec::new();
    for (level, channel) in Level::ALL.into_iter().flat_map(|level| Channel::ALL.map(|channel| (level, channel))) {
        for (case, urgency) in (0..CASES).flat_map(|case| URGENCIES.map(|urgency| (case, urgency))) {
            parts.push(Part { level, channel, case, urgency });
        }
    }
    parts
}

/// Without what tells the parts apart.
fn wide(when: &Conditions) -> Conditions {
    Conditions { min_level: None, channels: Vec::new(), cases: Vec::new(), min_urgency: None, ..when.clone() }
}

impl Part {
    fn meets(&self, when: &Conditions) -> bool {
        let is_given = |state: &CaseState| is_of(*state, self.case);
        when.min_level.is_none_or(|least| self.level >= least)
            && (when.channels.is_empty() || when.channels.contains(&self.channel))
            && (when.cases.is_empty() || when.cases.iter().any(is_given))
            && when.min_urgency.is_none_or(|least| self.urgency.is_some_and(|urgency| urgency >= least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Answer, DomainCondition};

    fn taken(all: Vec<Conditions>) -> Vec<TakenTogether> {
        let rules: Vec<Rule> = all.into_iter().map(|when| Rule::new("r", when, Answer::SelfService)).collect();
        never_reached_together(&rules)
    }

    fn channel(channels: &[Channel]) -> Conditions {
        Conditions { channels: channels.to_vec(), ..Conditions::default() }
    }

    fn case(cases: &[CaseState]) -> Conditions {
        Conditions { cases: cases.to_vec(), ..Conditions::default() }
    }

    #[test]
    fn what_two_take_each_a_part_of_is_left_to_nobody() {
        let both = || vec![channel(&[Channel::Phone, Channel::Callback]), channel(&[Channel::Browser])];
        let third = |when: Conditions| taken([both(), vec![when]].concat());
        let by = vec![TakenTogether { rule: 2, by: vec![0, 1] }];
        assert_eq!(third(Conditions { min_level: Some(Level::Strong), ..Conditions::default() }), by);
        assert_eq!(third(Conditions::default()), by);
        assert_eq!(third(channel(&[Channel::Browser])), [TakenTogether { rule: 2, by: vec![1] }], "alone");
        let all = [CaseState::Open, CaseState::Ongoing, CaseState::None].map(|state| case(&[state]));
        assert_eq!(taken([all.to_vec(), vec![Conditions::default()]].concat()).len(), 1);
    }

    #[test]
    fn what_is_left_to_it_or_not_looked_at_here_is_reached() {
        let free_mail = DomainCondition { free_mail: true, ..DomainCondition::default() };
        let asks = Conditions { domain: Some(free_mail), ..channel(&[Channel::Browser]) };
        assert_eq!(taken(vec![channel(&[Channel::Phone]), channel(&[Channel::Browser]), Conditions::default()]), []);
        let phone = channel(&[Channel::Phone, Channel::Callback]);
        assert_eq!(taken(vec![phone.clone(), asks.clone(), Conditions::default()]), []);
        assert_eq!(taken(vec![phone, asks.clone(), asks]), [TakenTogether { rule: 2, by: vec![1] }]);
        let urgent = Conditions { min_urgency: Some(0), ..Conditions::default() };
        assert_eq!(taken(vec![urgent, Conditions::default()]), [], "who says nothing of it");
    }
}
