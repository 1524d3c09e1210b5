//! Rules that can never be reached, since an earlier one takes every caller that they would take, and rules that are reached only while the
//! hours of an earlier one are closed. Only what is certain is said: each condition of the earlier rule must follow from one of the later.

use super::answer::Answer;
use super::domains::DomainPattern;
use super::hours::Hours;
use super::keywords::Keyword;
use super::rule::{Conditions, DomainCondition, LoadCondition, MinValue, ReasonPicked, Rule};

/// A rule, and the earlier one that takes its callers; places in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub rule: usize,
    pub by: usize,
}

/// Those that are never reached, in the order of the rules.
pub fn never_reached(rules: &[Rule]) -> Vec<Taken> {
    taken(rules, |earlier, later| follows(&earlier.when, &later.when))
}

/// Those that say nothing about hours and ask for more than a rule before them, which lets in their callers whenever its hours are open, and
/// otherwise than they would. Whoever wrote them meant them for all hours, or would have written hours. A rule that asks for no more is what
/// holds otherwise, and one that asks for nothing but hours is a gate before all that follow.
pub fn reached_out_of_hours(rules: &[Rule]) -> Vec<Taken> {
    let anybody = Conditions::default();
    taken(rules, |earlier, later| {
        earlier.when.hours.is_some()
            && later.when.hours.is_none()
            && matches!(earlier.answer, Answer::Human { .. } | Answer::Queue { .. })
            && (&earlier.answer, &earlier.skills) != (&later.answer, &later.skills)
            && !follows_but_for_hours(&earlier.when, &anybody)
            && follows_but_for_hours(&earlier.when, &later.when)
            && !follows_but_for_hours(&later.when, &earlier.when)
    })
}

/// The first rule before each that takes its callers.
fn taken(rules: &[Rule], takes: impl Fn(&Rule, &Rule) -> bool) -> Vec<Taken> {
    let by = |later: &Rule, before: usize| rules.iter().take(before).position(|earlier| takes(earlier, later));
    rules.iter().enumerate().filter_map(|(rule, later)| Some(Taken { rule, by: by(later, rule)? })).collect()
}

/// Whoever meets `given` meets `asked`.
pub(super) fn follows(asked: &Conditions, given: &Conditions) -> bool {
    let hours = |asked: &Hours| given.hours.as_ref().is_some_and(|given| asked.hold_all_of(given));
    follows_but_for_hours(asked, given) && asked.hours.as_ref().is_none_or(hours)
}

fn follows_but_for_hours(asked: &Conditions, given: &Conditions) -> bool {
    asked.min_level <= given.min_level
        && asked.min_urgency <= given.min_urgency
        && asked.min_articles <= given.min_articles
        && asked.min_value.as_ref().is_none_or(|asked| is_worth(asked, given.min_value.as_ref()))
        && asked.repeat_within.is_none_or(|span| given.repeat_within.is_some_and(|given| given <= span))
        && is_part(&given.trunks, &asked.trunks)
        && is_part(&given.dialled, &asked.dialled)
        && is_part(&given.tiers, &asked.tiers)
        && is_part(&given.channels, &asked.channels)
        && is_part(&given.cases, &asked.cases)
        && is_part(&given.articles, &asked.articles)
        && any_of_each(&asked.reasons, &given.reasons, picks)
        && any_of_each(&asked.keywords, &given.keywords, |asked, given| asked.finds_all_of(given))
        && asked.loads.iter().all(|asked| given.loads.iter().any(|given| is_within(asked, given)))
        && asked.domain.as_ref().is_none_or(|asked| given.domain.as_ref().is_some_and(|given| holds_all(asked, given)))
}

/// Whoever meets `given` may meet `asked`, as far as one thing of each list of `given` is enough for that: otherwise none of its pieces follows.
pub(super) fn may_share(asked: &Conditions, given: &Conditions) -> bool {
    asked.min_articles <= given.min_articles
        && asked.min_value.as_ref().is_none_or(|asked| is_worth(asked, given.min_value.as_ref()))
        && asked.repeat_within.is_none_or(|span| given.repeat_within.is_some_and(|given| given <= span))
        && has_any(&given.tiers, &asked.tiers)
        && has_any(&given.trunks, &asked.trunks)
        && has_any(&given.dialled, &asked.dialled)
        && has_any(&given.articles, &asked.articles)
        && (asked.reasons.is_empty() || any(&asked.reasons, &given.reasons, picks))
        && (asked.keywords.is_empty() || any(&asked.keywords, &given.keywords, Keyword::finds_all_of))
        && asked.domain.as_ref().is_none_or(|asked| given.domain.as_ref().is_some_and(|given| shares(asked, given)))
        && asked.loads.iter().all(|asked| given.loads.iter().any(|given| is_within(asked, given)))
}

fn any<T>(asked: &[T], given: &[T], takes: impl Fn(&T, &T) -> bool) -> bool {
    given.iter().any(|given| asked.iter().any(|asked| takes(asked, given)))
}

fn has_any<T: PartialEq>(given: &[T], asked: &[T]) -> bool {
    asked.is_empty() || given.iter().any(|one| asked.contains(one))
}

/// An empty list asks nothing.
fn is_part<T: PartialEq>(given: &[T], asked: &[T]) -> bool {
    asked.is_empty() || (!given.is_empty() && given.iter().all(|one| asked.contains(one)))
}

fn any_of_each<T>(asked: &[T], given: &[T], takes: impl Fn(&T, &T) -> bool) -> bool {
    asked.is_empty() || (!given.is_empty() && given.iter().all(|given| asked.iter().any(|asked| takes(asked, given))))
}

fn is_worth(asked: &MinValue, given: Option<&MinValue>) -> bool {
    given.is_some_and(|given| given.currency == asked.currency && given.minor_units >= asked.minor_units)
}

fn picks(asked: &ReasonPicked, given: &ReasonPicked) -> bool {
    asked.category.eq_ignore_ascii_case(&given.category)
        && asked
            .sub_category
            .as_ref()
            .is_none_or(|asked| given.sub_category.as_ref().is_some_and(|given| given.eq_ignore_ascii_case(asked)))
}

fn is_within(asked: &LoadCondition, given: &LoadCondition) -> bool {
    asked.queue == given.queue
        && asked.min_free <= given.min_free
        && asked.min_waiting <= given.min_waiting
        && asked.min_wait <= given.min_wait
        && is_most(asked.max_free, given.max_free)
        && is_most(asked.max_waiting, given.max_waiting)
        && is_most(asked.max_wait, given.max_wait)
}

fn is_most<T: PartialOrd>(asked: Option<T>, given: Option<T>) -> bool {
    asked.is_none_or(|asked| given.is_some_and(|given| given <= asked))
}

fn holds_all(asked: &DomainCondition, given: &DomainCondition) -> bool {
    // Free mail is known by itself: what is unknown is none, and what looks like a known domain is unknown.
    (!given.free_mail || asked.free_mail)
        && (!given.unknown || asked.unknown)
        && (!given.look_alike || asked.look_alike || asked.unknown)
        && given.patterns.iter().all(|given| asked.patterns.iter().any(|asked| is_below(asked, given)))
}

/// As `holds_all`, or of one thing that `given` asks for.
fn shares(asked: &DomainCondition, given: &DomainCondition) -> bool {
    holds_all(asked, given)
        || (given.free_mail && asked.free_mail)
        || (given.unknown && asked.unknown)
        || (given.look_alike && (asked.look_alike || asked.unknown))
        || any(&asked.patterns, &given.patterns, is_below)
}

fn is_below(asked: &DomainPattern, given: &DomainPattern) -> bool {
    let rest = given.name.strip_suffix(&*asked.name).filter(|_| asked.below);
    asked == given || rest.is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{CaseState, Channel, Keyword};
    use crate::base::{Level, QueueId, TierId};

    fn when() -> Conditions {
        Conditions::default()
    }

    fn is_taken(earlier: Conditions, later: Conditions) -> bool {
        let rule = |when| Rule::new("r", when, Answer::SelfService);
        let found = never_reached(&[rule(earlier), rule(later)]);
        assert!(found.iter().all(|one| *one == Taken { rule: 1, by: 0 }));
        !found.is_empty()
    }

    fn level(level: Level) -> Conditions {
        Conditions { min_level: Some(level), ..when() }
    }

    fn domain(texts: &[&str]) -> Conditions {
        let patterns = texts.iter().filter_map(|text| DomainPattern::parse(text).ok()).collect();
        Conditions { domain: Some(DomainCondition { patterns, ..DomainCondition::default() }), ..when() }
    }

    fn keywords(texts: &[&str]) -> Conditions {
        Conditions { keywords: texts.iter().filter_map(|text| Keyword::parse(text).ok()).collect(), ..when() }
    }

    fn hours(text: &str) -> Conditions {
        Conditions { hours: Hours::parse("UTC", &[text.to_owned()]).ok(), ..when() }
    }

    fn waiting(least: usize, most: usize) -> Conditions {
        let load = LoadCondition::of(QueueId::new("help"));
        let load = LoadCondition { min_waiting: Some(least), max_waiting: Some(most), ..load };
        Conditions { loads: vec![load], ..when() }
    }

    #[test]
    fn a_rule_without_conditions_takes_all_that_come_after_it() {
        assert!(is_taken(when(), domain(&["example.com"])));
        assert!(is_taken(when(), when()));
        assert!(!is_taken(domain(&["example.com"]), when()));
    }

    #[test]
    fn what_asks_less_takes_what_asks_more_of_the_same() {
        let tiers = |names: &[&str]| Conditions { tiers: names.iter().map(|n| TierId::new(n)).collect(), ..when() };
        let cases = |cases: &[CaseState]| Conditions { cases: cases.to_vec(), ..when() };
        let channel = |channels: &[Channel]| Conditions { channels: channels.to_vec(), ..when() };
        for (wide, narrow) in [
            (level(Level::Likely), level(Level::Strong)),
            (tiers(&["gold", "iron"]), tiers(&["gold"])),
            (cases(&[CaseState::Open, CaseState::Ongoing]), cases(&[CaseState::Open])),
            (channel(&Channel::ALL), channel(&[Channel::Phone])),
            (keywords(&["order", "bill*"]), keywords(&["my order", "billing"])),
            (domain(&["*.example.com", "x.example"]), domain(&["a.example.com", "*.b.example.com"])),
            (waiting(1, 20), waiting(5, 9)),
        ] {
            assert!(is_taken(wide.clone(), narrow.clone()), "{wide:?}");
            assert!(!is_taken(narrow, wide.clone()), "{wide:?}");
        }
        assert!(is_taken(hours("mon-fri 08:00-18:00"), hours("mon-fri 08:00-18:00")));
        assert!(is_taken(hours("mon-fri 08:00-18:00"), hours("tue 09:00-10:00")));
        assert!(!is_taken(hours("tue 09:00-10:00"), hours("mon-fri 08:00-18:00")));
        assert!(!is_taken(hours("mon-fri 08:00-18:00"), hours("sat 08:00-18:00")));
        assert!(!is_taken(domain(&["*.example.com"]), domain(&["example.com"])));
        assert!(!is_taken(domain(&["*.example.com"]), domain(&["badexample.com"])));
    }

    #[test]
    fn classes_of_domains_are_told_apart() {
        let class = |free_mail, unknown, look_alike| Conditions {
            domain: Some(DomainCondition { patterns: Vec::new(), free_mail, unknown, look_alike }),
            ..when()
        };
        assert!(is_taken(class(true, true, false), class(true, false, false)));
        assert!(is_taken(class(false, true, false), class(false, false, true)), "a look-alike is unknown");
        assert!(!is_taken(class(false, false, true), class(false, true, false)));
        assert!(!is_taken(class(false, true, false), domain(&["example.com"])));
    }

    #[test]
    fn every_condition_of_the_earlier_rule_must_follow() {
        let both = Conditions { min_level: Some(Level::Likely), ..keywords(&["order"]) };
        assert!(!is_taken(both.clone(), level(Level::Strong)));
        assert!(is_taken(both, Conditions { min_level: Some(Level::Strong), ..keywords(&["order"]) }));
    }

    #[test]
    fn a_narrower_rule_behind_hours_is_reached_out_of_them() {
        let day = |when: Conditions| Conditions { hours: hours("mon-fri 08:00-18:00").hours, ..when };
        let human = |priority| Answer::Human { queue: None, priority };
        let found = |earlier: Conditions, answer, later: Conditions, priority| {
            let rules = [Rule::new("r", earlier, answer), Rule::new("r", later, human(priority))];
            reached_out_of_hours(&rules) == [Taken { rule: 1, by: 0 }]
        };
        let (likely, strong) = (|| level(Level::Likely), || level(Level::Strong));
        assert!(found(day(likely()), human(0), strong(), 50));
        assert!(!found(day(likely()), human(0), strong(), 0), "the same is done with them");
        assert!(!found(day(likely()), human(0), likely(), 50), "what holds otherwise");
        assert!(!found(day(likely()), human(0), domain(&["example.com"]), 50), "others too");
        assert!(!found(day(likely()), Answer::SelfService, strong(), 50), "those are not let in");
        assert!(!found(day(when()), human(0), strong(), 50), "a gate");
        assert!(!found(day(likely()), human(0), Conditions { hours: hours("sat 09:00-12:00").hours, ..strong() }, 50));
        assert!(!found(likely(), human(0), strong(), 50), "never reached at all");
    }
}
