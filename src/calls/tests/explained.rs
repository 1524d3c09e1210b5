//! What is kept of a call to explain it, and of the shadow policy.

use std::sync::Arc;

use super::super::explained::Explained;
use super::{TO_POP, TO_TALK, ivr, talking};
use crate::access::{Answer, Condition, Conditions, Policy, PolicySetup, PolicyVersion, ReasonCode, Rule};
use crate::base::{AgentId, Level, QueueId};
use crate::calls::facts::FallbackCause;
use crate::calls::script::Bench;
use crate::routing::OfferFailure;

/// Of the only call that has ended.
fn explained(bench: &Bench) -> &Explained {
    assert_eq!(bench.records.len(), 1);
    &bench.records[0].explained
}

#[test]
fn a_call_that_was_talked_says_how_it_came_about() {
    let mut bench = talking();
    bench.check(
        "> caller bye\n < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller",
    );
    let explained = explained(&bench);
    let matched = explained.matched.as_ref().expect("a match");
    assert_eq!((matched.allowed, matched.candidates.len(), matched.is_lost), (Level::Strong, 1, false));
    assert!(matched.candidates[0].is_winner && matched.candidates[0].share > 0.9);
    let decision = &explained.decisions[0];
    assert_eq!((explained.decisions.len(), &*decision.decision.rule), (1, "known"));
    assert_eq!(decision.trace.tried().len(), 1);
    let queue = explained.queue.as_ref().expect("a queue");
    assert_eq!((&queue.queue, queue.position), (&QueueId::new("help"), None));
    assert_eq!((&explained.offers[0].agent, explained.offers[0].failed), (&AgentId::new("anna"), None));
    caller_goes_nowhere(bench);
}

fn caller_goes_nowhere(mut bench: Bench) {
    bench.check("> finished");
    bench.assert_quiet();
}

#[test]
fn places_and_offers_that_came_to_nothing_are_there() {
    let mut bench = ivr();
    bench.check("> invite\n < find\n > found ours\n < matched V2, enqueue help\n > waits at 3\n > waits at 1\n > offer 1\n < show anna V2\n > drawn 1\n < dial sip:anna@192.0.2.50");
    let _ = bench.after("far 486");
    let _ = bench.after("caller cancels");
    bench.settle_all();
    let explained = explained(&bench);
    let queue = explained.queue.as_ref().expect("a queue");
    assert_eq!((queue.position, queue.last_position), (Some(3), Some(1)));
    assert!(queue.expected_wait.is_some());
    assert_eq!(explained.offers.len(), 1);
    assert_eq!(explained.offers[0].failed, Some(OfferFailure::Declined));
}

#[test]
fn a_caller_whom_nobody_knows_is_told_apart_from_one_whom_the_store_kept_back() {
    let mut bench = ivr();
    bench.check("> invite\n < find\n > found nobody");
    let _ = bench.after("caller cancels");
    let nobody = explained(&bench);
    assert_eq!((nobody.missed, nobody.matched.as_ref().map(|matched| matched.candidates.len())), (None, Some(0)));
    let tried = nobody.decisions[0].trace.tried();
    let failed = tried[0].failed.as_ref().expect("it asks for a level");
    assert_eq!((failed.condition, failed.given.as_str(), &*tried[1].rule), (Condition::Level, "V0", "default"));

    let mut bench = ivr();
    bench.check("> invite\n < find");
    let _ = bench.after("store down");
    let _ = bench.after("caller cancels");
    bench.settle_all();
    assert_eq!(explained(&bench).missed, Some(FallbackCause::StoreFailure));
}

#[test]
fn an_intent_that_another_call_has_taken_is_lost() {
    let mut bench = ivr();
    bench.check("> invite\n < find\n > found");
    let _ = bench.after("taken");
    let _ = bench.after("caller cancels");
    let explained = explained(&bench);
    assert!(explained.matched.as_ref().is_some_and(|matched| matched.is_lost && matched.candidates[0].is_winner));
}

#[test]
fn a_shadow_policy_is_asked_and_not_obeyed() {
    let mut bench = Bench::with_shadow(Level::Proven);
    bench.check("> invite\n < find\n > found ours\n < matched V2, shadow human/self-service, enqueue help\n > offer 1\n < show anna V2");
    bench.check(TO_TALK);
    let difference = bench.differences().newest_first().next().expect("a difference").clone();
    assert_eq!(
        (difference.live.reason.code(), difference.shadow.reason.code()),
        (ReasonCode::Human, ReasonCode::SelfService)
    );
    assert_eq!((&*difference.live.rule, &*difference.shadow.rule), ("known", "default"));
    bench.check(
        "> caller bye\n < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller",
    );
    caller_goes_nowhere(bench);

    let mut bench = Bench::with_shadow(Level::Strong);
    bench.check("> invite\n < find\n > found ours\n < matched V2, shadow human/human, enqueue help");
    assert_eq!(bench.differences().newest_first().count(), 0, "the answer is the same");
}

/// Which shadow a call is held against is settled when it comes in, as are the rules; whatever the rules are asked again, the shadow is too.
#[test]
fn a_reload_takes_another_shadow_for_the_calls_that_come_after_it() {
    let shadow = |rules: Vec<Rule>, byte| {
        let policy = Policy::new(PolicySetup::of(rules, Answer::SelfService)).unwrap();
        Some(Arc::new(policy.with_version(PolicyVersion::of_digest([byte; 32]))))
    };
    let when = Conditions { min_level: Some(Level::Proven), ..Conditions::default() };
    let proven = Rule::new("proven", when, Answer::Human { queue: None, priority: 0 });
    let mut bench = Bench::having(|settings| settings.shadow = shadow(vec![proven], 1));
    bench.check(
        "> page opens
         < page none
         > invite
         < find
         > found likely
         < claim
         > claimed
         < matched V1, shadow human/self-service, enqueue help, page confirm V1",
    );
    let first = bench.call();
    bench.reload(|settings| settings.shadow = shadow(Vec::new(), 2));
    // The one after the reload would have sent them away again.
    bench.check("> page confirms\n < confirmed, shadow human/human, page recognised V3, raised V3");
    bench.check(
        "> page closes\n > invite\n < find\n > found ours\n < matched V2, shadow human/self-service, enqueue help",
    );
    let listed: Vec<_> =
        bench.differences().newest_first().map(|one| (one.call, one.shadow_version.to_string())).collect();
    assert_eq!(listed, [(bench.call(), "020202020202".to_owned()), (first, "010101010101".to_owned())]);
    bench.reload(|_| {});
    bench.check("> invite\n < find\n > found ours\n < matched V2, enqueue help");
    assert_eq!(bench.differences().newest_first().count(), 2);
}

#[test]
fn without_a_shadow_policy_nothing_is_said_of_one() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(TO_TALK);
    assert_eq!(bench.differences().newest_first().count(), 0);
}
