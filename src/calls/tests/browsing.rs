//! Calls of customers' browsers: proved by their token, one at a time, and a fallback of their own.

use super::super::script::Bench;
use super::ivr;

/// Up to the pop on Anna's screen.
const PAGE_TO_POP: &str = "
    > page calls
    < find by token
    > found page
    < matched V3, enqueue help
    > offer 1
    < show anna V3
";

#[test]
fn a_page_is_known_by_its_own_token_and_by_nothing_that_it_says() {
    let mut bench = ivr();
    bench.check(PAGE_TO_POP);
    bench.check(super::TO_TALK);
    bench.check(
        "> caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    assert_eq!(bench.records.last().map(|record| record.trunk.as_str().to_owned()).as_deref(), Some("(web)"));
    assert!(bench.records.last().is_some_and(|record| record.caller.expose().is_empty()));
    bench.assert_quiet();
}

#[test]
fn a_page_has_one_call_at_a_time() {
    let mut bench = ivr();
    bench.check(PAGE_TO_POP);
    bench.check(
        "> page calls again
         < 486 (this page has a call already)
         > caller cancels
         < withdraw anna, leave, finish open, ended abandoned by caller
         > finished
         > page calls
         < find by token
         > caller cancels
         < look, ended abandoned by caller
         > found nobody",
    );
    bench.assert_quiet();
}

#[test]
fn a_page_whose_intent_is_gone_is_told_so() {
    let mut bench: Bench = ivr();
    bench.check(
        "> page calls
         < find by token
         > found nobody
         < matched V0, fallback: unmatched, 503 (unmatched), ended refused by us",
    );
    bench.assert_quiet();
}
