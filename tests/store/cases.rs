//! The table: what is asked, one thing after the other, and what each store answers.

use throughline::base::Pii;
use throughline::base::limits::CLOCK_SKEW_MAX;
use throughline::intents::{CallbackEnd, Miss, Patch, StoreRequest};

use super::build::*;
use super::worlds::{World, runtime};
use crate::support::redis::RedisServer;

type Step = (StoreRequest, &'static str);

fn cases() -> Vec<(&'static str, Vec<Step>)> {
    vec![
        ("an empty store knows nothing", nothing_known()),
        ("a pool that is exhausted gives the shared number", exhausted()),
        ("numbers rest after a withdrawal and after expiry", quarantine()),
        ("the number that was freed first goes first", least_recently_freed()),
        ("a new seed adds, removes, and leaves leases alone", seeds()),
        ("without a plan there is no number, without a shared one neither", no_number()),
        ("an intent ends when it expires", expiry()),
        ("a key replays, and is not good for another body", idempotency()),
        ("the same intent again is a replay", same_id()),
        ("what is kept is limited", limit()),
        ("the first claim has it", claims()),
        ("a claim runs out", claim_runs_out()),
        ("what is found alone is claimed with it", found_and_claimed()),
        ("an answered call uses the intent, frees its number, and the agent is remembered", used()),
        ("a call that nobody answered leaves it open", not_used()),
        ("a claim that was lost does not lose the end", claim_lost()),
        ("withdrawing during a call", withdrawn_during_a_call()),
        ("all ways of finding, in their order", found()),
        ("the callers' index holds the latest", many_of_one_caller()),
        ("a change is seen, counted, and moves the end", amendments()),
        ("a change does not touch what has ended", amended_too_late()),
        ("a code is one intent's alone on its number", codes()),
        ("wrong codes bar a number, whoever calls, and not for ever", barred()),
        ("a callback is promised, begun once, and over", callback()),
        ("a callback keeps its earlier place and its tries", callback_again()),
        ("the customer's own call lets go of the intent with the promise", callback_by_phone()),
        ("what a number, a customer and an intent are promised is limited", callback_bounds()),
        ("a callback and a call of the customer never have the intent together", callback_or_call()),
        ("a try that nobody dialled is none", callback_not_dialled()),
        ("a try is counted though the end of the last one is not known", callback_dialled_again()),
        ("how a customer was missed is kept", callback_missed()),
        ("a callback whose process died is lost, and is not begun again", callback_lost()),
        ("a callback outlives its intent's first end, and gives its number back", callback_lives_on()),
    ]
}

fn nothing_known() -> Vec<Step> {
    vec![
        (StoreRequest::Ping { now: at(0) }, "pong"),
        (get(1, at(0)), "gone"),
        (withdraw(1, at(0)), "gone"),
        (amend(1, ttl(60), at(0)), "gone"),
        (claim(1, 5, at(60), at(0)), "gone"),
        (finish(1, 5, None, at(0)), "gone"),
        (find(Some(number(0)), Some(caller(0)), Some(1), at(0)), "found"),
    ]
}

fn exhausted() -> Vec<Step> {
    vec![
        (seed(2, at(0)), "seeded 2"),
        (register(1, at(0)), "registered 1 n0"),
        (register(2, at(0)), "registered 2 n1"),
        (register(3, at(0)), "registered 3 shared"),
        (find(Some(shared()), None, None, at(1)), "found"),
        (called_from(3, at(1)), "found 3:c"),
        (withdraw(3, at(2)), "withdrawn"),
    ]
}

fn quarantine() -> Vec<Step> {
    vec![
        (seed(1, at(0)), "seeded 1"),
        (register(1, at(0)), "registered 1 n0"),
        (withdraw(1, at(100)), "withdrawn"),
        (withdraw(1, at(200)), "withdrawn"),
        (dialled(0, at(101)), "found"),
        (register(2, at(100 + QUARANTINE_S - 1)), "registered 2 shared"),
        (register(3, at(100 + QUARANTINE_S)), "registered 3 n0"),
        // It expires at 1300 and rests until 1600.
        (register(4, at(400 + TTL_S + QUARANTINE_S - 1)), "registered 4 shared"),
        (register(5, at(400 + TTL_S + QUARANTINE_S)), "registered 5 n0"),
    ]
}

fn least_recently_freed() -> Vec<Step> {
    vec![
        (seed(3, at(0)), "seeded 3"),
        (register(1, at(0)), "registered 1 n0"),
        (register(2, at(0)), "registered 2 n1"),
        (register(3, at(0)), "registered 3 n2"),
        (withdraw(2, at(10)), "withdrawn"),
        (withdraw(3, at(20)), "withdrawn"),
        (withdraw(1, at(30)), "withdrawn"),
        (register(4, at(500)), "registered 4 n1"),
        (register(5, at(500)), "registered 5 n2"),
        (register(6, at(500)), "registered 6 n0"),
    ]
}

fn seeds() -> Vec<Step> {
    let other = StoreRequest::Seed { pool: pool(), numbers: vec![number(1), number(2)], now: at(1) };
    vec![
        (seed(2, at(0)), "seeded 2"),
        (register(1, at(0)), "registered 1 n0"),
        (other.clone(), "seeded 2"),
        (other, "seeded 2"),
        (dialled(0, at(2)), "found 1:n"),
        (register(2, at(2)), "registered 2 n1"),
        (register(3, at(2)), "registered 3 n2"),
        (register(4, at(2)), "registered 4 shared"),
        (withdraw(1, at(3)), "withdrawn"),
        (register(5, at(900)), "registered 5 shared"),
        (seed(0, at(901)), "seeded 0"),
        (register(6, at(9000)), "registered 6 shared"),
    ]
}

fn no_number() -> Vec<Step> {
    let without_plan = StoreRequest::Register {
        intent: Box::new(intent(1, 1, TTL_S, at(0))),
        lease: None,
        idempotency: None,
        now: at(0),
    };
    let mut without_shared = plan();
    without_shared.as_mut().expect("a plan").shared = None;
    let intent = Box::new(intent(2, 2, TTL_S, at(0)));
    vec![
        (without_plan, "registered 1 -"),
        (StoreRequest::Register { intent, lease: without_shared, idempotency: None, now: at(0) }, "registered 2 -"),
        (get(2, at(0)), "got 2 - open"),
        (amend(2, ttl(60), at(0)), "amended 2 - v2"),
        (withdraw(2, at(0)), "withdrawn"),
    ]
}

fn expiry() -> Vec<Step> {
    vec![
        (seed(1, at(0)), "seeded 1"),
        (register(1, at(0)), "registered 1 n0"),
        (find(Some(number(0)), Some(caller(1)), Some(1), at(TTL_S - 1)), "found 1:tnc"),
        (find(Some(number(0)), Some(caller(1)), Some(1), at(TTL_S)), "found"),
        (claim(1, 5, at(2000), at(TTL_S)), "gone"),
        (withdraw(1, at(TTL_S)), "gone"),
        (get(1, at(TTL_S)), "got 1 n0 open"),
        (get(1, at(TTL_S + 899)), "got 1 n0 open"),
        (get(1, at(TTL_S + 900)), "gone"),
        (register(2, at(TTL_S + 90_000)), "registered 2 n0"),
        (get(1, at(TTL_S + 90_000)), "gone"),
    ]
}

fn idempotency() -> Vec<Step> {
    vec![
        (seed(3, at(0)), "seeded 3"),
        (register_with_key(1, 7, 1, at(0)), "registered 1 n0"),
        (register_with_key(2, 7, 1, at(1)), "replayed 1 n0"),
        (register_with_key(3, 7, 2, at(2)), "key reused"),
        (get(2, at(2)), "gone"),
        (register_with_key(4, 8, 2, at(2)), "registered 4 n1"),
        // After the record has gone the key still knows its body, but has nothing to replay.
        (register_with_key(5, 7, 1, at(3000)), "registered 5 n2"),
        (register_with_key(6, 8, 9, at(3601)), "key reused"),
        (register_with_key(7, 8, 9, at(3602)), "registered 7 n0"),
    ]
}

fn same_id() -> Vec<Step> {
    vec![
        (seed(3, at(0)), "seeded 3"),
        (register(1, at(0)), "registered 1 n0"),
        (register(1, at(1)), "replayed 1 n0"),
        (register(2, at(2)), "registered 2 n1"),
        (withdraw(1, at(3)), "withdrawn"),
        (register(1, at(4)), "replayed 1 n0"),
        // Long after its end the same id would be a new intent.
        (register(1, at(9000)), "registered 1 n2"),
        (called_from(1, at(9001)), "found 1:c"),
        (dialled(0, at(9001)), "found"),
    ]
}

fn limit() -> Vec<Step> {
    let mut steps: Vec<Step> = vec![(seed(0, at(0)), "seeded 0")];
    steps.extend((0..INTENTS_MAX as u64).map(|nth| (register_for(nth, nth, 60, at(0)), "")));
    steps.push((register(90, at(0)), "full"));
    steps.push((register(3, at(0)), "replayed 3 shared"));
    // Ended ones count as long as a clock could be before their end: 60 s, 15 min and 10 min.
    steps.push((register(90, at(60 + 900 + 599)), "full"));
    steps.push((register(90, at(60 + 900 + 600)), "registered 90 shared"));
    steps
}

fn claims() -> Vec<Step> {
    vec![
        (seed(1, at(0)), "seeded 1"),
        (register(1, at(0)), "registered 1 n0"),
        (claim(1, 5, at(60), at(1)), "claimed 1 n0"),
        (claim(1, 5, at(60), at(1)), "claimed 1 n0"),
        (claim(1, 6, at(60), at(2)), "taken 5"),
        (get(1, at(2)), "got 1 n0 claimed 5"),
        (dialled(0, at(3)), "found 1:n@5"),
        (finish(1, 6, Some("ann"), at(4)), "taken 5"),
        (finish(1, 5, Some("ann"), at(5)), "finished"),
        (claim(1, 6, at(60), at(6)), "gone"),
    ]
}

fn claim_runs_out() -> Vec<Step> {
    vec![
        (register(1, at(0)), "registered 1 shared"),
        (claim(1, 5, at(60), at(1)), "claimed 1 shared"),
        (claim(1, 5, at(30), at(2)), "claimed 1 shared"),
        (claim(1, 6, at(90), at(59)), "taken 5"),
        (get(1, at(60)), "got 1 shared open"),
        (claim(1, 6, at(2000), at(60)), "claimed 1 shared"),
        (claim(1, 5, at(90), at(61)), "taken 6"),
        // The claim outlives the intent: its call may still prolong and end it.
        (called_from(1, at(TTL_S + 1)), "found"),
        (claim(1, 6, at(3000), at(1999)), "claimed 1 shared"),
        (finish(1, 6, Some("ann"), at(3800)), "finished"),
        (get(1, at(3801)), "got 1 shared used"),
    ]
}

fn found_and_claimed() -> Vec<Step> {
    vec![
        (seed(3, at(0)), "seeded 3"),
        (register_for(1, 1, 900, at(0)), "registered 1 n0"),
        (register_for(2, 2, 900, at(0)), "registered 2 n1"),
        (register_for(3, 2, 800, at(0)), "registered 3 n2"),
        (find_for(dialled(0, at(1)), 5, at(60)), "found 1:n@5"),
        (find_for(dialled(0, at(2)), 5, at(50)), "found 1:n@5"),
        (get(1, at(2)), "got 1 n0 claimed 5"),
        (find_for(called_from(1, at(3)), 6, at(60)), "found 1:c@5"),
        (get(1, at(59)), "got 1 n0 claimed 5"),
        (find_for(called_from(1, at(60)), 6, at(90)), "found 1:c@6"),
        (find_for(called_from(2, at(60)), 7, at(90)), "found 2:c 3:c"),
        (get(2, at(60)), "got 2 n1 open"),
        (find_for(find(Some(number(0)), Some(caller(2)), None, at(61)), 7, at(90)), "found 1:n@6 2:c 3:c"),
        (find_for(find(None, None, Some(3), at(62)), 7, at(90)), "found 3:t@7"),
        (find_for(find(None, None, None, at(62)), 7, at(90)), "found"),
        (finish(1, 6, Some("ann"), at(63)), "finished"),
        (find_for(dialled(0, at(64)), 7, at(90)), "found"),
    ]
}

fn used() -> Vec<Step> {
    const DAY_S: u64 = 24 * 3600;
    vec![
        (seed(1, at(0)), "seeded 1"),
        (register(1, at(0)), "registered 1 n0"),
        (claim(1, 5, at(600), at(10)), "claimed 1 n0"),
        (finish(1, 5, Some("ann"), at(100)), "finished"),
        (finish(1, 5, Some("bob"), at(200)), "finished"),
        (find(Some(number(0)), Some(caller(1)), Some(1), at(201)), "found"),
        (get(1, at(201)), "got 1 n0 used"),
        (withdraw(1, at(201)), "gone"),
        (register_for(2, 1, TTL_S, at(100 + QUARANTINE_S - 1)), "registered 2 shared"),
        (register_for(3, 1, TTL_S, at(100 + QUARANTINE_S)), "registered 3 n0"),
        (dialled(0, at(500)), "found 3:n(ann)"),
        (register_for(4, 1, TTL_S, at(99 + 30 * DAY_S)), "registered 4 n0"),
        (dialled(0, at(99 + 30 * DAY_S)), "found 4:n(ann)"),
        (dialled(0, at(100 + 30 * DAY_S)), "found 4:n"),
    ]
}

fn not_used() -> Vec<Step> {
    vec![
        (seed(1, at(0)), "seeded 1"),
        (register(1, at(0)), "registered 1 n0"),
        (claim(1, 5, at(600), at(10)), "claimed 1 n0"),
        (finish(1, 5, None, at(20)), "finished"),
        (finish(1, 5, None, at(20)), "finished"),
        (get(1, at(21)), "got 1 n0 open"),
        (find(Some(number(0)), Some(caller(1)), None, at(21)), "found 1:nc"),
        (claim(1, 6, at(600), at(22)), "claimed 1 n0"),
        (finish(1, 5, None, at(23)), "taken 6"),
    ]
}

fn claim_lost() -> Vec<Step> {
    vec![
        (seed(1, at(0)), "seeded 1"),
        (register(1, at(0)), "registered 1 n0"),
        (finish(1, 5, Some("ann"), at(20)), "finished"),
        (get(1, at(21)), "got 1 n0 used"),
    ]
}

fn withdrawn_during_a_call() -> Vec<Step> {
    vec![
        (seed(1, at(0)), "seeded 1"),
        (register(1, at(0)), "registered 1 n0"),
        (claim(1, 5, at(600), at(10)), "claimed 1 n0"),
        (withdraw(1, at(11)), "withdrawn"),
        (claim(1, 5, at(700), at(12)), "gone"),
        (finish(1, 5, Some("ann"), at(20)), "finished"),
        (get(1, at(21)), "got 1 n0 withdrawn"),
        (register(2, at(11 + QUARANTINE_S)), "registered 2 n0"),
    ]
}

fn found() -> Vec<Step> {
    vec![
        (seed(3, at(0)), "seeded 3"),
        (register_for(1, 1, 900, at(0)), "registered 1 n0"),
        (register_for(2, 1, 800, at(0)), "registered 2 n1"),
        (register_for(3, 2, 900, at(0)), "registered 3 n2"),
        (called_from(1, at(1)), "found 1:c 2:c"),
        (find(Some(number(1)), Some(caller(1)), None, at(1)), "found 2:nc 1:c"),
        (find(Some(number(2)), Some(caller(1)), Some(2), at(1)), "found 2:tc 3:n 1:c"),
        (find(Some(number(2)), Some(caller(2)), Some(3), at(1)), "found 3:tnc"),
        (find(Some(number(8)), Some(caller(8)), Some(8), at(1)), "found"),
        (find(None, None, None, at(1)), "found"),
    ]
}

fn many_of_one_caller() -> Vec<Step> {
    let mut steps: Vec<Step> = vec![];
    steps.extend((0..34).map(|nth| (register_for(nth, 1, 900 + nth, at(0)), "")));
    steps.push((called_from(1, at(1)), "found 33:c 32:c 31:c 30:c 29:c 28:c 27:c 26:c"));
    steps.extend((2..34).rev().map(|nth| (withdraw(nth, at(2)), "withdrawn")));
    // Those two were displaced when the index was full.
    steps.push((called_from(1, at(3)), "found"));
    steps.push((find(None, None, Some(1), at(3)), "found 1:t"));
    steps
}

fn amendments() -> Vec<Step> {
    let words = Patch { words: Some(Pii::new("the lamp is broken".into())), ..Patch::default() };
    vec![
        (seed(1, at(0)), "seeded 1"),
        (register(1, at(0)), "registered 1 n0"),
        (amend(1, words, at(1)), "amended 1 n0 v2"),
        (amend(1, ttl(2000), at(10)), "amended 1 n0 v3"),
        (find(Some(number(0)), Some(caller(1)), None, at(2009)), "found 1:nc"),
        (dialled(0, at(2010)), "found"),
        (register(2, at(2010 + QUARANTINE_S - 1)), "registered 2 shared"),
        (register(3, at(2010 + QUARANTINE_S)), "registered 3 n0"),
        (amend(3, ttl(60), at(2400)), "amended 3 n0 v2"),
        (called_from(3, at(2459)), "found 3:c"),
        (called_from(3, at(2460)), "found"),
        (register(4, at(2460 + QUARANTINE_S)), "registered 4 n0"),
        // A day after it was registered it ends, whatever is asked.
        (amend(4, ttl(86_400), at(3000)), "amended 4 n0 v2"),
        (called_from(4, at(2760 + 86_399)), "found 4:c"),
        (called_from(4, at(2760 + 86_400)), "found"),
    ]
}

fn amended_too_late() -> Vec<Step> {
    vec![
        (register(1, at(0)), "registered 1 shared"),
        (amend(1, ttl(60), at(TTL_S)), "gone"),
        (register(2, at(0)), "registered 2 shared"),
        (withdraw(2, at(1)), "withdrawn"),
        (amend(2, ttl(60), at(2)), "gone"),
    ]
}

fn callback() -> Vec<Step> {
    let list = |now| StoreRequest::Promises { now };
    vec![
        (promise(1, 1, at(0), at(600), at(0)), "gone"),
        (register(1, at(0)), "registered 1 shared"),
        (recall(1, 5, at(60), at(1)), "gone"),
        (unpromise(1, None, CallbackEnd::TakenBack, at(1)), "gone"),
        (promise(1, 1, at(5), at(600), at(10)), "promised 1 shared waiting since 5 x0"),
        (list(at(10)), "promises 1:waiting since 5 x0"),
        (recall(1, 5, at(60), at(20)), "claimed 1 shared"),
        (recall(1, 5, at(60), at(20)), "claimed 1 shared"),
        (recall(1, 6, at(60), at(21)), "gone"),
        (list(at(21)), "promises 1:calling since 5 x1"),
        (promise(1, 1, at(5), at(600), at(22)), "taken 5"),
        (unpromise(1, None, CallbackEnd::TakenBack, at(22)), "taken 5"),
        (finish(1, 5, None, at(30)), "finished"),
        (list(at(31)), "promises 1:waiting since 5 x1"),
        (recall(1, 6, at(90), at(40)), "claimed 1 shared"),
        (finish(1, 6, Some("ann"), at(50)), "finished"),
        (list(at(51)), "promises"),
        (recall(1, 7, at(90), at(52)), "gone"),
        (promise(1, 1, at(5), at(600), at(53)), "gone"),
        (unpromise(1, None, CallbackEnd::Missed, at(54)), "promised 1 shared reached since 5 x2"),
    ]
}

fn callback_again() -> Vec<Step> {
    vec![
        (register(1, at(0)), "registered 1 shared"),
        (promise(1, 1, at(10), at(600), at(10)), "promised 1 shared waiting since 10 x0"),
        (promise(1, 1, at(20), at(600), at(20)), "promised 1 shared waiting since 10 x0"),
        (promise(1, 1, at(2), at(600), at(21)), "promised 1 shared waiting since 2 x0"),
        (recall(1, 5, at(60), at(22)), "claimed 1 shared"),
        (finish(1, 5, None, at(23)), "finished"),
        (unpromise(1, None, CallbackEnd::TakenBack, at(24)), "promised 1 shared taken_back since 2 x1"),
        (unpromise(1, None, CallbackEnd::Missed, at(24)), "promised 1 shared taken_back since 2 x1"),
        (recall(1, 6, at(60), at(25)), "gone"),
        (promise(1, 1, at(30), at(600), at(30)), "promised 1 shared waiting since 30 x1"),
        (recall(1, 7, at(60), at(31)), "claimed 1 shared"),
        (unpromise(1, Some(7), CallbackEnd::Missed, at(32)), "promised 1 shared missed since 30 x2"),
        (promise(1, 1, at(40), at(600), at(40)), "too many"),
        (get(1, at(41)), "got 1 shared claimed 7"),
    ]
}

fn callback_by_phone() -> Vec<Step> {
    vec![
        (register(1, at(0)), "registered 1 shared"),
        (find_for(called_from(1, at(1)), 7, at(60)), "found 1:c@7"),
        (promise_by(Some(6), 1, 1, at(1), at(600), at(2)), "promised 1 shared waiting since 1 x0"),
        (recall(1, 8, at(60), at(3)), "taken 7"),
        (promise_by(Some(7), 1, 1, at(1), at(600), at(4)), "promised 1 shared waiting since 1 x0"),
        (get(1, at(5)), "got 1 shared open"),
        (recall(1, 8, at(60), at(5)), "claimed 1 shared"),
        (finish(1, 7, None, at(6)), "taken 8"),
        (promise_by(Some(8), 1, 1, at(1), at(600), at(7)), "taken 8"),
        (StoreRequest::Promises { now: at(8) }, "promises 1:calling since 1 x1"),
    ]
}

fn callback_bounds() -> Vec<Step> {
    const DAY_S: u64 = 24 * 3600;
    vec![
        (register_for(1, 1, TTL_S, at(0)), "registered 1 shared"),
        (register_for(2, 2, TTL_S, at(0)), "registered 2 shared"),
        (register_for(3, 3, TTL_S, at(0)), "registered 3 shared"),
        (register_for(4, 1, TTL_S, at(0)), "registered 4 shared"),
        (register_for(5, 1, TTL_S, at(0)), "registered 5 shared"),
        (register_for(6, 1, TTL_S, at(0)), "registered 6 shared"),
        (promise(1, 1, at(1), at(600), at(1)), "promised 1 shared waiting since 1 x0"),
        (promise(2, 1, at(2), at(600), at(2)), "promised 2 shared waiting since 2 x0"),
        (promise(3, 1, at(3), at(600), at(3)), "too many"),
        (promise(2, 1, at(3), at(600), at(4)), "promised 2 shared waiting since 2 x0"),
        (unpromise(2, None, CallbackEnd::TakenBack, at(5)), "promised 2 shared taken_back since 2 x0"),
        (promise(3, 1, at(6), at(600), at(6)), "too many"),
        (promise(2, 2, at(7), at(600), at(7)), "promised 2 shared waiting since 7 x0"),
        (promise(3, 1, at(8), at(600), at(8)), "promised 3 shared waiting since 8 x0"),
        (promise(4, 4, at(9), at(600), at(9)), "promised 4 shared waiting since 9 x0"),
        (promise(5, 5, at(9), at(600), at(9)), "promised 5 shared waiting since 9 x0"),
        (promise(6, 6, at(9), at(600), at(9)), "too many"),
        (register_for(7, 1, TTL_S, at(DAY_S)), "registered 7 shared"),
        (promise(7, 7, at(DAY_S), at(DAY_S + 600), at(DAY_S)), "too many"),
        (promise(7, 7, at(DAY_S), at(DAY_S + 600), at(DAY_S + 1)), "promised 7 shared waiting since 86400 x0"),
        (
            StoreRequest::Promises { now: at(600) },
            "promises 1:waiting since 1 x0 2:waiting since 7 x0 3:waiting since 8 x0 4:waiting since 9 x0 5:waiting since 9 x0 7:waiting since 86400 x0",
        ),
    ]
}

fn callback_or_call() -> Vec<Step> {
    vec![
        (register(1, at(0)), "registered 1 shared"),
        (promise(1, 1, at(1), at(600), at(1)), "promised 1 shared waiting since 1 x0"),
        (find_for(called_from(1, at(2)), 5, at(60)), "found 1:c@5"),
        (recall(1, 9, at(90), at(3)), "taken 5"),
        (finish(1, 5, None, at(4)), "finished"),
        (recall(1, 9, at(90), at(5)), "claimed 1 shared"),
        (find_for(called_from(1, at(6)), 6, at(60)), "found 1:c@9"),
        (finish(1, 9, None, at(7)), "finished"),
        (claim(1, 6, at(60), at(8)), "claimed 1 shared"),
        (finish(1, 6, Some("ann"), at(9)), "finished"),
        (unpromise(1, None, CallbackEnd::TakenBack, at(10)), "promised 1 shared reached since 1 x1"),
        (register(2, at(20)), "registered 2 shared"),
        (promise(2, 2, at(21), at(600), at(21)), "promised 2 shared waiting since 21 x0"),
        (withdraw(2, at(22)), "withdrawn"),
        (recall(2, 9, at(90), at(23)), "gone"),
        (unpromise(2, None, CallbackEnd::Missed, at(24)), "promised 2 shared taken_back since 21 x0"),
    ]
}

fn callback_not_dialled() -> Vec<Step> {
    vec![
        (unrecall(1, 5, (0, None), at(0)), "gone"),
        (register(1, at(0)), "registered 1 shared"),
        (promise(1, 1, at(1), at(600), at(1)), "promised 1 shared waiting since 1 x0"),
        (unrecall(1, 5, (0, None), at(2)), "finished"),
        (recall(1, 5, at(60), at(2)), "claimed 1 shared"),
        (unrecall(1, 6, (0, None), at(3)), "taken 5"),
        (unrecall(1, 5, (0, None), at(3)), "finished"),
        (unrecall(1, 5, (0, None), at(3)), "finished"),
        (StoreRequest::Promises { now: at(3) }, "promises 1:waiting since 1 x0"),
        (recall(1, 5, at(60), at(4)), "claimed 1 shared"),
        (finish(1, 5, None, at(5)), "finished"),
        (recall(1, 6, at(60), at(6)), "claimed 1 shared"),
        (unrecall(1, 6, (1, Some(at(4))), at(70)), "finished"),
        (get(1, at(71)), "got 1 shared open"),
        (unpromise(1, None, CallbackEnd::TakenBack, at(72)), "promised 1 shared taken_back since 1 x1"),
    ]
}

/// The end of the first try has not come to the store when the next one begins.
fn callback_dialled_again() -> Vec<Step> {
    let list = |now| StoreRequest::Promises { now };
    vec![
        (register(1, at(0)), "registered 1 shared"),
        (promise(1, 1, at(1), at(600), at(1)), "promised 1 shared waiting since 1 x0"),
        (recall(1, 5, at(60), at(2)), "claimed 1 shared"),
        (unrecall(1, 5, (1, Some(at(2))), at(3)), "finished"),
        (list(at(3)), "promises 1:waiting since 1 x1"),
        (recall_after(1, 1, 5, at(60), at(4)), "claimed 1 shared"),
        (recall_after(1, 1, 5, at(60), at(4)), "claimed 1 shared"),
        (list(at(4)), "promises 1:calling since 1 x2"),
        (recall_after(2, 1, 5, at(90), at(40)), "claimed 1 shared"),
        (list(at(40)), "promises 1:calling since 1 x3"),
        (unrecall(1, 5, (2, Some(at(4))), at(41)), "finished"),
        (list(at(41)), "promises 1:waiting since 1 x2"),
    ]
}

fn callback_missed() -> Vec<Step> {
    vec![
        (register(1, at(0)), "registered 1 shared"),
        (promise(1, 1, at(1), at(600), at(1)), "promised 1 shared waiting since 1 x0"),
        (recall(1, 5, at(60), at(2)), "claimed 1 shared"),
        (missed(1, 6, Miss::Busy, at(3)), "taken 5"),
        (missed(1, 5, Miss::NotReached, at(4)), "finished"),
        (missed(1, 5, Miss::Busy, at(5)), "finished"),
        (StoreRequest::Promises { now: at(5) }, "promises 1:waiting since 1 x1 not reached"),
        (find_for(called_from(1, at(6)), 7, at(60)), "found 1:c@7"),
        (missed(1, 7, Miss::Busy, at(7)), "finished"),
        (promise(1, 1, at(9), at(600), at(9)), "promised 1 shared waiting since 1 x1 not reached"),
        (recall(1, 8, at(60), at(10)), "claimed 1 shared"),
        (finish(1, 8, None, at(11)), "finished"),
        (StoreRequest::Promises { now: at(12) }, "promises 1:waiting since 1 x2 not reached"),
    ]
}

fn callback_lost() -> Vec<Step> {
    vec![
        (register(1, at(0)), "registered 1 shared"),
        (promise(1, 1, at(1), at(600), at(1)), "promised 1 shared waiting since 1 x0"),
        (recall(1, 5, at(60), at(2)), "claimed 1 shared"),
        (recall(1, 6, at(90), at(59)), "gone"),
        (unpromise(1, None, CallbackEnd::Missed, at(59)), "taken 5"),
        (recall(1, 6, at(90), at(61)), "gone"),
        (StoreRequest::Promises { now: at(61) }, "promises 1:calling since 1 x1"),
        (unpromise(1, None, CallbackEnd::Missed, at(62)), "promised 1 shared missed since 1 x1"),
        (StoreRequest::Promises { now: at(63) }, "promises"),
    ]
}

fn callback_lives_on() -> Vec<Step> {
    vec![
        (seed(1, at(0)), "seeded 1"),
        (register(1, at(0)), "registered 1 n0"),
        (promise(1, 1, at(1), at(5000), at(100)), "promised 1 - waiting since 1 x0"),
        (dialled(0, at(101)), "found"),
        (register(2, at(99 + QUARANTINE_S)), "registered 2 shared"),
        (register(3, at(100 + QUARANTINE_S)), "registered 3 n0"),
        (called_from(1, at(4999)), "found 1:c"),
        (recall(1, 5, at(5060), at(4999)), "claimed 1 -"),
        (finish(1, 5, None, at(5001)), "finished"),
        (called_from(1, at(5001)), "found"),
        (recall(1, 5, at(5060), at(5002)), "gone"),
        (get(1, at(80_000)), "got 1 - open"),
        (unpromise(1, None, CallbackEnd::Missed, at(80_000)), "promised 1 - missed since 1 x1"),
    ]
}

fn codes() -> Vec<Step> {
    let dial = |pin: &str, call: u64, now| try_pin(shared(), pin, call, 1, now);
    vec![
        (register_with_pins(1, &["1111", "2222"], 900, at(0)), "registered 1 shared 1111"),
        (register_with_pins(2, &["1111", "2222"], 900, at(1)), "registered 2 shared 2222"),
        (register_with_pins(3, &["1111", "2222"], 900, at(2)), "registered 3 shared"),
        (dial("2222", 5, at(3)), "found 2:p@5"),
        (dial("2222", 5, at(4)), "found 2:p@5"),
        // Another call: it is seen who has it.
        (dial("2222", 6, at(5)), "found 2:p@5"),
        (try_pin(number(0), "1111", 7, 1, at(6)), "found"),
        (dial("11110", 7, at(6)), "found"),
        (finish(2, 5, Some("ann"), at(10)), "finished"),
        (dial("2222", 8, at(11)), "found"),
        (register_with_pins(4, &["2222"], 900, at(12)), "registered 4 shared 2222"),
        (withdraw(1, at(13)), "withdrawn"),
        (register_with_pins(5, &["1111"], 60, at(14)), "registered 5 shared 1111"),
        (amend(5, ttl(2000), at(20)), "amended 5 shared 1111 v2"),
        (dial("1111", 9, at(2019)), "found 5:p@9"),
        (dial("2222", 9, at(2019)), "found"),
        // A number of its own needs none.
        (seed(1, at(2020)), "seeded 1"),
        (register_with_pins(6, &["3333"], 900, at(2020)), "registered 6 n0"),
        // The one before has expired, but not by every clock.
        (register_with_pins(7, &["1111"], 900, at(2021)), "registered 7 shared"),
        (register_with_pins(8, &["1111"], 900, at(2020) + CLOCK_SKEW_MAX), "registered 8 shared 1111"),
        (dial("1111", 10, at(2021) + CLOCK_SKEW_MAX), "found 8:p@10"),
    ]
}

fn barred() -> Vec<Step> {
    let dial = |pin: &str, call: u64, nth, now| try_pin(shared(), pin, call, nth, now);
    vec![
        (register_with_pins(1, &["1111"], 9000, at(0)), "registered 1 shared 1111"),
        (dial("9999", 5, 1, at(1)), "found"),
        // The same try again counts once.
        (dial("9999", 5, 1, at(2)), "found"),
        (dial("9998", 5, 2, at(3)), "found"),
        (dial("1111", 6, 1, at(4)), "found 1:p@6"),
        (dial("9997", 7, 1, at(5)), "found"),
        (dial("1111", 8, 1, at(6)), "barred 305"),
        (dial("1111", 8, 1, at(304)), "barred 305"),
        (try_pin(number(0), "1111", 8, 1, at(304)), "found"),
        (dial("1111", 8, 1, at(305)), "found 1:p@8"),
        // Too far apart to count together.
        (dial("9999", 9, 1, at(400)), "found"),
        (dial("9999", 9, 2, at(401)), "found"),
        (dial("9999", 10, 1, at(1001)), "found"),
        (dial("1111", 11, 1, at(1002)), "found 1:p@11"),
    ]
}

#[test]
fn each_store_answers_as_the_table_says() {
    let server = RedisServer::start();
    let runtime = runtime();
    let _inside = runtime.enter();
    for (nth, (name, steps)) in cases().into_iter().enumerate() {
        let redis = World::redis(&server, &format!("case-{nth}"), INTENTS_MAX);
        for mut world in [World::model(INTENTS_MAX), World::embedded(INTENTS_MAX), redis] {
            for (line, (request, expected)) in steps.iter().enumerate() {
                let reply = world.ask(&runtime, request.clone());
                let place = format!("{name}, line {line}, {}", world.name());
                assert!(expected.is_empty() || show(&reply) == *expected, "{place}: {} for {expected}", show(&reply));
            }
        }
    }
}
