//! Browsers that are away in the middle of a call and come back; the other side's leg stays as it is.

use super::{ivr, talking};

#[test]
fn a_page_that_was_loaded_anew_gets_its_call_back() {
    let mut bench = talking();
    bench.check(
        "> desk opened anna
         > far away
         > desk opened ben
         > far back
         > desk opened anna
         > far away
         > desk opened anna
         < replacing dial sip:anna@192.0.2.50, hang up far, caller hears waiting
         > desk opened anna
         > far rings
         > far answers
         < far hears the other, caller hears the other, anna talking
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_page_that_does_not_answer_ends_the_call() {
    for how in ["far 486", "far nonsense"] {
        let mut bench = talking();
        bench.after("far away");
        bench.after("desk opened anna");
        let said = bench.after(how);
        assert!(
            said.contains("hang up caller") && said.ends_with("finish used, ended talked by agent"),
            "{how}: {said}"
        );
        bench.after("finished");
        bench.assert_quiet();
    }
}

#[test]
fn a_caller_who_hangs_up_meanwhile_lets_go_of_the_page() {
    let mut bench = talking();
    bench.after("far away");
    bench.after("desk opened anna");
    let said = bench.after("caller bye");
    assert!(said.contains("hang up far"), "{said}");
    bench.after("finished");
    bench.assert_quiet();
}

#[test]
fn another_device_of_the_agent_takes_the_legs_place_and_nobody_elses_does() {
    let mut bench = talking();
    bench.check(
        "> ben replaces far
         < 403 (this leg cannot be replaced)
         > anna replaces caller
         < 403 (this leg cannot be replaced)
         > anna replaces far
         < anna hears the other, caller hears the other, 200, hang up far, anna talking
         > anna bye
         < hang up caller, anna ended, wrap-up anna, call ended 1, finish used, ended talked by agent
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_customers_page_that_was_loaded_anew_calls_again() {
    let mut bench = ivr();
    bench.check(
        "> page calls
         < find by token
         > found page
         < matched V3, enqueue help
         > offer 1
         < show anna V3",
    );
    bench.check(super::TO_TALK);
    bench.check(
        "> page calls again
         < 486 (this page has a call already)
         > caller away
         > page calls again
         < hang up caller, hang up far, anna ended, wrap-up anna, call ended 1, finish open, ended talked by caller, find by token",
    );
}

#[test]
fn a_device_that_makes_no_offer_gets_ours() {
    let mut bench = talking();
    bench.check(
        "> anna replaces far late
         < 200
         > ben replaces far
         < 403 (this leg cannot be replaced)
         > anna replaces far
         < 491 (this leg cannot be replaced)
         > anna acks sound
         < anna hears the other, caller hears the other, hang up far, anna talking
         > anna bye
         < hang up caller, anna ended, wrap-up anna, call ended 1, finish used, ended talked by agent
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_device_that_has_no_answer_leaves_the_call_where_it_is() {
    let mut bench = talking();
    bench.check("> anna replaces far late\n < 200");
    bench.check(
        "> anna acks nonsense
         < hang up anna
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_hold_counts_at_once_while_the_other_side_is_away_which_hears_of_it_when_it_is_back() {
    let mut bench = talking();
    bench.check(
        "> far away
         > caller reinvites
         < anna held, reinvite of caller 200
         > far back
         < reinvite far
         > reinvite answered
         > caller refreshes
         < reinvite far
         > reinvite answered
         < anna talking, reinvite of caller 200
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn an_agent_holds_a_customer_whose_page_is_away() {
    let mut bench = talking();
    bench.check(
        "> caller away
         > far reinvites
         < anna held, reinvite of far 200
         > caller back
         < reinvite caller
         > caller accepts",
    );
}

#[test]
fn a_hold_that_was_taken_back_while_the_other_side_was_away_is_not_told() {
    let mut bench = talking();
    bench.check(
        "> far away
         > caller reinvites
         < anna held, reinvite of caller 200
         > caller refreshes
         < anna talking, reinvite of caller 200
         > far back",
    );
}

#[test]
fn whoever_goes_away_before_agreeing_to_a_hold_is_answered_for() {
    let mut bench = talking();
    bench.check(
        "> caller reinvites
         < reinvite far
         > far away
         > reinvite lost
         < anna held, reinvite of caller 200
         > far back
         < reinvite far
         > reinvite refused",
    );
}
