//! Rules that are never reached since several earlier ones take their callers together, each a part of them: who comes by telephone and who
//! comes from the browser, say. Two things tell the parts apart. Level, channel, case and urgency have few values: a rule is the set of
//! those that it takes. What a rule lists, such as tiers, domains or hours, is taken one by one: each of it may be another's. All else must
//! follow as for one rule alone, so that only what is certain is said.

use crate::base::Level;

use super::cover::{follows, may_share};
use super::facts::Channel;
use super::hours::Hours;
use super::rule::{CaseState, Conditions, DomainCondition, Rule};
use super::tables::is_of;

/// A rule, and the earlier ones that take its callers; places in the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenTogether {
    pub rule: usize,
    pub by: Vec<usize>,
}

/// A rule that stands before others.
struct Earlier {
    kinds: Kinds,
    /// Without what the kinds tell apart.
    wide: Conditions,
}

/// A set of kinds of callers: of each level, channel, case and urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kinds([u64; 4]);

/// As `tables` counts.
const CASES: usize = 4;
const URGENCIES: [Option<u8>; 5] = [None, Some(0), Some(1), Some(2), Some(3)];
/// A rule is looked at in so many pieces at most.
const PIECES: usize = 256;
/// Looks at pieces, in a whole policy: a reload takes no second for this. The rules that come after are looked at whole.
const LOOKS: usize = 100_000;

/// Those that are never reached, in the order of the rules; also those that one earlier rule takes alone.
pub fn never_reached_together(rules: &[Rule]) -> Vec<TakenTogether> {
    let of = |rule: &Rule| Earlier { kinds: Kinds::of(&rule.when), wide: wide(&rule.when) };
    let earlier: Vec<Earlier> = rules.iter().map(of).collect();
    let mut looks = LOOKS;
    let by = |(place, later): (usize, &Rule)| {
        let (before, from) = earlier.split_at_checked(place)?;
        let by = takers(before, from.first()?.kinds, &later.when, &mut looks)?;
        Some(TakenTogether { rule: place, by })
    };
    rules.iter().enumerate().filter_map(by).collect()
}

/// Who takes all that a rule would; `None` when something is left to it.
fn takers(before: &[Earlier], kinds: Kinds, when: &Conditions, looks: &mut usize) -> Option<Vec<usize>> {
    let shares = |(_, one): &(usize, &Earlier)| one.kinds.shared(kinds).is_some() && may_share(&one.wide, when);
    let some: Vec<(usize, &Earlier)> = before.iter().enumerate().filter(shares).collect();
    if let Some(by) = takers_of(&some, kinds, when) {
        return Some(by);
    }
    let left = some.iter().fold(kinds, |left, (_, one)| left.without(one.kinds));
    if !left.is_empty() || *looks == 0 {
        return None;
    }
    let pieces = pieces(when, &some);
    *looks = looks.saturating_sub(pieces.len() * some.len());
    let mut by = Vec::new();
    for piece in &pieces {
        by.extend(takers_of(&some, kinds, piece)?);
    }
    by.sort_unstable();
    by.dedup();
    Some(by)
}

/// The first of them that takes each kind.
fn takers_of(some: &[(usize, &Earlier)], kinds: Kinds, when: &Conditions) -> Option<Vec<usize>> {
    let (mut left, mut by) = (kinds, Vec::new());
    for (place, one) in some {
        if left.shared(one.kinds).is_some() && follows(&one.wide, when) {
            left = left.without(one.kinds);
            by.push(*place);
        }
    }
    left.is_empty().then_some(by)
}

/// What the kinds tell apart is left out.
fn wide(when: &Conditions) -> Conditions {
    Conditions { min_level: None, channels: Vec::new(), cases: Vec::new(), min_urgency: None, ..when.clone() }
}

/// Whoever meets `when` meets one of these: of each list that an earlier rule has a part of, one thing.
fn pieces(when: &Conditions, some: &[(usize, &Earlier)]) -> Vec<Conditions> {
    let asks = |asks: fn(&Conditions) -> bool| some.iter().any(|(_, one)| asks(&one.wide));
    let mut pieces = vec![when.clone()];
    if asks(|when| !when.tiers.is_empty()) {
        split(&mut pieces, &when.tiers, |piece, one| piece.tiers = vec![one]);
    }
    if asks(|when| !when.trunks.is_empty()) {
        split(&mut pieces, &when.trunks, |piece, one| piece.trunks = vec![one]);
    }
    if asks(|when| !when.dialled.is_empty()) {
        split(&mut pieces, &when.dialled, |piece, one| piece.dialled = vec![one]);
    }
    if asks(|when| !when.reasons.is_empty()) {
        split(&mut pieces, &when.reasons, |piece, one| piece.reasons = vec![one]);
    }
    if asks(|when| !when.articles.is_empty()) {
        split(&mut pieces, &when.articles, |piece, one| piece.articles = vec![one]);
    }
    if asks(|when| !when.keywords.is_empty()) {
        split(&mut pieces, &when.keywords, |piece, one| piece.keywords = vec![one]);
    }
    if let Some(domain) = when.domain.as_ref().filter(|_| asks(|when| when.domain.is_some())) {
        split(&mut pieces, &each(domain), |piece, one| piece.domain = Some(one));
    }
    let hours: Vec<&Hours> = some.iter().filter_map(|(_, one)| one.wide.hours.as_ref()).collect();
    split(&mut pieces, &Hours::parts(when.hours.as_ref(), &hours), |piece, one| piece.hours = Some(one));
    pieces
}

/// Each piece becomes as many as there are values, unless they would be too many.
fn split<T: Clone>(pieces: &mut Vec<Conditions>, values: &[T], set: impl Fn(&mut Conditions, T)) {
    if values.len() < 2 || pieces.len() * values.len() > PIECES {
        return;
    }
    let with = |piece: &Conditions, value: &T| {
        let mut piece = piece.clone();
        set(&mut piece, value.clone());
        piece
    };
    *pieces = pieces.iter().flat_map(|piece| values.iter().map(|value| with(piece, value))).collect();
}

/// Each pattern, and each class of domains.
fn each(domain: &DomainCondition) -> Vec<DomainCondition> {
    let none = DomainCondition::default;
    let patterns = domain.patterns.iter().map(|pattern| DomainCondition { patterns: vec![pattern.clone()], ..none() });
    let classes = [
        (domain.free_mail, DomainCondition { free_mail: true, ..none() }),
        (domain.unknown, DomainCondition { unknown: true, ..none() }),
        (domain.look_alike, DomainCondition { look_alike: true, ..none() }),
    ];
    patterns.chain(classes.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, class)| class)).collect()
}

impl Kinds {
    fn of(when: &Conditions) -> Kinds {
        let mut kinds = Kinds([0; 4]);
        let mut nth = 0;
        for (level, channel) in Level::ALL.into_iter().flat_map(|level| Channel::ALL.map(|channel| (level, channel))) {
            let is_met = when.min_level.is_none_or(|least| level >= least)
                && (when.channels.is_empty() || when.channels.contains(&channel));
            for (case, urgency) in (0..CASES).flat_map(|case| URGENCIES.map(|urgency| (case, urgency))) {
                if is_met && takes(when, case, urgency) {
                    kinds.insert(nth);
                }
                nth += 1;
            }
        }
        kinds
    }

    fn insert(&mut self, nth: usize) {
        self.0.get_mut(nth / 64).into_iter().for_each(|word| *word |= 1 << (nth % 64));
    }

    /// `None` when there are none.
    fn shared(self, other: Kinds) -> Option<Kinds> {
        let both = Kinds(std::array::from_fn(|nth| self.0[nth] & other.0[nth]));
        (!both.is_empty()).then_some(both)
    }

    fn without(self, other: Kinds) -> Kinds {
        Kinds(std::array::from_fn(|nth| self.0[nth] & !other.0[nth]))
    }

    fn is_empty(self) -> bool {
        self.0 == [0; 4]
    }
}

fn takes(when: &Conditions, case: usize, urgency: Option<u8>) -> bool {
    let is_given = |state: &CaseState| is_of(*state, case);
    (when.cases.is_empty() || when.cases.iter().any(is_given))
        && when.min_urgency.is_none_or(|least| urgency.is_some_and(|urgency| urgency >= least))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::access::{Answer, DomainPattern, Holidays};
    use crate::base::TierId;

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

    fn tiers(names: &[&str]) -> Conditions {
        Conditions { tiers: names.iter().map(|name| TierId::new(name)).collect(), ..Conditions::default() }
    }

    fn open(window: &str) -> Conditions {
        Conditions { hours: Hours::parse("UTC", &[window.to_owned()]).ok(), ..Conditions::default() }
    }

    fn domains(patterns: &[&str], [free_mail, unknown, look_alike]: [bool; 3]) -> Conditions {
        let patterns = patterns.iter().filter_map(|text| DomainPattern::parse(text).ok()).collect();
        let domain = DomainCondition { patterns, free_mail, unknown, look_alike };
        Conditions { domain: Some(domain), ..Conditions::default() }
    }

    #[test]
    fn of_what_a_rule_lists_each_may_be_taken_by_another() {
        let none = [false; 3];
        for all in [
            vec![tiers(&["gold"]), tiers(&["iron", "tin"]), tiers(&["gold", "tin"])],
            vec![open("mon-wed 08:00-18:00"), open("thu-fri 00:00-24:00"), open("mon-fri 09:00-17:00")],
            vec![open("daily 06:00-22:00"), open("daily 22:00-06:00"), Conditions::default()],
            vec![
                domains(&["*.example.com"], none),
                domains(&[], [true, true, false]),
                domains(&["a.example.com"], [true, false, true]),
            ],
            vec![
                Conditions { channels: vec![Channel::Phone], ..tiers(&["gold"]) },
                Conditions { channels: vec![Channel::Browser, Channel::Callback], ..tiers(&["gold"]) },
                tiers(&["iron"]),
                tiers(&["gold", "iron"]),
            ],
        ] {
            let last = all.len() - 1;
            let by = (0..last).collect();
            assert_eq!(taken(all.clone()), [TakenTogether { rule: last, by }], "{all:?}");
            let without_the_first = taken(all[1..].to_vec());
            assert_eq!(without_the_first, [], "{all:?}");
        }
        assert_eq!(
            taken(vec![tiers(&["gold"]), tiers(&["iron"]), Conditions::default()]),
            [],
            "who has another, or none"
        );
        assert_eq!(taken(vec![open("daily 06:00-22:00"), open("daily 22:01-06:00"), Conditions::default()]), []);
    }

    #[test]
    fn on_holidays_and_on_other_days_is_always() {
        let mut holidays = Holidays::default();
        holidays.add("2027-01-15");
        let free = Arc::new(holidays);
        let hours = |text: &str| Hours::parse("UTC", &[text.to_owned()]).unwrap();
        let when = |hours: Hours| Conditions { hours: Some(hours), ..Conditions::default() };
        let usual = when(hours("daily 00:00-24:00").except("free", Arc::clone(&free)));
        let only = when(hours("daily 00:00-24:00").only("free", Arc::clone(&free)));
        assert_eq!(taken(vec![usual.clone(), only.clone(), Conditions::default()]).len(), 1);
        let short = when(hours("daily 00:00-20:00").only("free", free));
        assert_eq!(taken(vec![usual, short, Conditions::default()]), []);
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
