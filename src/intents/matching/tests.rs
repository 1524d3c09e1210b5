//! Cases of matching: what is seen, who is a candidate, what follows.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::base::{CallId, Pii, PoolId};
use crate::intents::intent::*;
use crate::intents::requests::FoundBy;

const START: Wall = Wall(1_800_000_000_000);

fn phone(text: &str) -> E164 {
    E164::parse(text, None).unwrap()
}

fn number(nth: u64) -> E164 {
    phone(&format!("+120155501{nth:02}"))
}

fn caller(nth: u64) -> E164 {
    phone(&format!("+4416329600{nth:02}"))
}

fn candidate(nth: u64, leased: Option<E164>, shared: bool) -> Candidate {
    let lease = leased.map(|number| LeasedNumber {
        number,
        shared,
        pool: PoolId::new("main"),
        quarantine: Duration::from_secs(600),
        pin: None,
    });
    let customer = Customer {
        id: format!("c{nth}"),
        name: Pii::new("Ann Example".into()),
        email: Pii::new("ann@example.com".into()),
        phones: vec![caller(nth)],
        tier: None,
        past: Default::default(),
    };
    let intent = Intent {
        id: IntentId(u128::from(nth)),
        customer,
        subject: None,
        reason: Reason { category: "delivery".into(), sub_category: None },
        articles: vec![],
        words: Pii::new(String::new()),
        language: "en".into(),
        urgency: Urgency::Normal,
        value: None,
        attributes: BTreeMap::new(),
        created: START,
        expires: START + Duration::from_secs(900),
        number: lease,
        state: IntentState::Open,
        preferred_agent: None,
        callback: None,
        recording_consent: false,
        version: 1,
    };
    Candidate { intent, found_by: FoundBy::default(), last_agent: None }
}

fn own(nth: u64) -> Candidate {
    candidate(nth, Some(number(nth)), false)
}

fn seen(dialled: Option<E164>, caller: Option<E164>, after_s: u64) -> Observed {
    Observed { dialled, caller, asserted: true, token: None, pin: None, now: START + Duration::from_secs(after_s) }
}

fn result(observed: &Observed, candidates: &[Candidate]) -> (Level, Option<usize>, Vec<usize>) {
    let matched = weigh(observed, candidates, &Priors::default());
    (matched.level, matched.winner, matched.rivals)
}

#[test]
fn the_leased_number_is_strong_with_and_without_the_callers_number() {
    for caller in [Some(caller(1)), Some(caller(99)), None] {
        for after_s in [1, 60, 300, 890] {
            let got = result(&seen(Some(number(1)), caller.clone(), after_s), &[own(1)]);
            assert_eq!(got, (Level::Strong, Some(0), vec![]), "{after_s}");
        }
    }
}

#[test]
fn a_callers_number_alone_is_never_more_than_likely() {
    let got = result(&seen(Some(number(50)), Some(caller(1)), 60), &[candidate(1, Some(number(50)), true)]);
    assert_eq!(got, (Level::Likely, Some(0), vec![]));
    let sure = Priors { strays_per_known_phone: 0.0, ..Priors::default() };
    let matched = weigh(&seen(None, Some(caller(1)), 1), &[candidate(1, None, false)], &sure);
    assert_eq!((matched.level, matched.share), (Level::Likely, 1.0));
}

#[test]
fn a_token_proves_even_against_another_number_and_caller() {
    let mut observed = seen(Some(number(2)), Some(caller(2)), 60);
    observed.token = Some(IntentId(1));
    assert_eq!(result(&observed, &[own(2), own(1)]), (Level::Proven, Some(1), vec![]));
}

#[test]
fn a_conflict_of_number_and_caller_shows_both_and_lowers_the_level() {
    let (level, winner, rivals) = result(&seen(Some(number(1)), Some(caller(2)), 60), &[own(1), own(2)]);
    assert_eq!(level, Level::Likely);
    assert_eq!([winner.unwrap(), rivals[0]].iter().sum::<usize>(), 1);
}

#[test]
fn two_intents_of_one_caller_are_shown_as_two() {
    let (one, mut two) = (candidate(1, None, false), candidate(1, None, false));
    two.intent.id = IntentId(2);
    let got = result(&seen(Some(number(50)), Some(caller(1)), 60), &[one, two]);
    assert_eq!(got, (Level::Likely, Some(0), vec![1]));
}

#[test]
fn the_dialled_number_decides_between_two_intents_of_one_caller() {
    let mut two = own(1);
    two.intent.id = IntentId(2);
    two.intent.number = own(2).intent.number;
    let observed = seen(Some(number(2)), Some(caller(1)), 60);
    // Both have the caller's number, and only one the dialled one.
    assert_eq!(result(&observed, &[own(1), two]), (Level::Strong, Some(1), vec![]));
}

#[test]
fn nothing_matches_when_nothing_fits() {
    let unmatched = (Level::Unmatched, None, vec![]);
    assert_eq!(result(&seen(Some(number(1)), Some(caller(1)), 60), &[]), unmatched);
    assert_eq!(result(&seen(Some(number(50)), Some(caller(99)), 60), &[own(1)]), unmatched);
    assert_eq!(result(&seen(None, None, 60), &[own(1)]), unmatched);
}

#[test]
fn what_has_ended_is_not_matched() {
    let late = seen(Some(number(1)), Some(caller(1)), 900);
    assert_eq!(result(&late, &[own(1)]).0, Level::Unmatched);
    let mut used = own(1);
    used.intent.state = IntentState::Used;
    assert_eq!(result(&seen(Some(number(1)), Some(caller(1)), 60), &[used]).0, Level::Unmatched);
}

#[test]
fn a_second_call_of_a_claimed_intent_is_still_recognised_and_says_so() {
    let mut claimed = own(1);
    claimed.intent.state = IntentState::Claimed { call: CallId(1), until: START + Duration::from_secs(600) };
    let matched = weigh(&seen(Some(number(1)), Some(caller(1)), 60), &[claimed], &Priors::default());
    assert_eq!(matched.level, Level::Strong);
    assert_eq!(matched.evidence.last(), Some(&Evidence::OnAnotherCall));
}

#[test]
fn a_forged_number_weighs_less_than_an_asserted_one() {
    let asserted = seen(None, Some(caller(1)), 600);
    let shown = Observed { asserted: false, ..asserted.clone() };
    let share = |observed: &Observed| weigh(observed, &[candidate(1, None, false)], &Priors::default()).share;
    assert!(share(&asserted) > share(&shown));
}

#[test]
fn evidence_says_what_was_seen() {
    let evidence =
        |observed: &Observed, candidates: &[Candidate]| weigh(observed, candidates, &Priors::default()).evidence;
    let both = evidence(&seen(Some(number(1)), Some(caller(1)), 60), &[own(1)]);
    assert_eq!(both, [Evidence::LeasedNumber, Evidence::CallerIdAsserted]);
    assert_eq!(both[0].text(), "dialled the number that was leased to this intent");
    let withheld = evidence(&seen(Some(number(1)), None, 60), &[own(1)]);
    assert_eq!(withheld, [Evidence::LeasedNumber, Evidence::CallerWithheld]);
    let conflict = evidence(&seen(Some(number(1)), Some(caller(2)), 60), &[own(1), own(2)]);
    assert!(conflict.contains(&Evidence::CallerOfAnother) || conflict.contains(&Evidence::NumberOfAnother));
}

#[test]
fn shares_are_probabilities_whatever_the_clock_says() {
    for now in [0, START.0, u64::MAX] {
        let observed = Observed { now: Wall(now), ..seen(Some(number(1)), Some(caller(2)), 0) };
        let share = weigh(&observed, &[own(1), own(2)], &Priors::default()).share;
        assert!((0.0..=1.0).contains(&share), "{now} {share}");
    }
}

/// A shared number proves nothing; the code that was shown with it ties the call as a leased number does, unless the caller is another's.
#[test]
fn a_code_makes_a_match_strong() {
    let pin = Pin::parse("271828").unwrap();
    let mut own = candidate(1, Some(number(1)), true);
    own.intent.number = own.intent.number.map(|leased| LeasedNumber { pin: Some(pin), ..leased });
    let stranger = Observed { pin: Some(pin), ..seen(Some(number(1)), Some(caller(9)), 60) };
    let matched = weigh(&stranger, std::slice::from_ref(&own), &Priors::default());
    assert_eq!((matched.level, matched.winner), (Level::Strong, Some(0)));
    assert_eq!(matched.evidence, [Evidence::Pin, Evidence::CallerUnknown]);
    let other_code = Observed { pin: Pin::parse("314159"), ..stranger.clone() };
    assert_eq!(weigh(&other_code, std::slice::from_ref(&own), &Priors::default()).level, Level::Unmatched);
    let elsewhere = Observed { dialled: Some(number(2)), ..stranger };
    assert_eq!(weigh(&elsewhere, &[own], &Priors::default()).level, Level::Unmatched);
}
