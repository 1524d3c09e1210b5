//! What the calls promise, as scripts.

mod access;
mod announcing;
mod attended;
mod browsers;
mod browsing;
mod comfort;
mod consulting;
mod explained;
mod moved;
mod no_port;
mod pages;
mod pin;
mod promising;
mod queueing;
mod recalling;
mod recording;
mod redirecting;
mod returning;
mod supervising;
mod transfer;

use super::script::Bench;
use super::settings::Fallback;

fn ivr() -> Bench {
    Bench::new(Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None })
}

/// Up to the pop on Anna's screen.
const TO_POP: &str = "
    > invite
    < find
    > found ours
    < matched V2, enqueue help
    > offer 1
    < show anna V2
";

/// Up to the conversation.
const TO_TALK: &str = "
    > drawn 1
    < dial sip:anna@192.0.2.50
    > far rings
    < anna ringing, 180
    > far answers
    < far hears the other, caller hears the other, 200, accepted 1, anna talking
";

/// Anna has the caller.
fn talking() -> Bench {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(TO_TALK);
    bench
}

/// The last that happens: the caller, who was with an agent, hangs up.
fn caller_goes(mut bench: Bench) {
    bench.check("> caller bye\n < hang up far, finish used, ended talked by caller\n > finished");
    bench.assert_quiet();
}

#[test]
fn a_recognised_caller_talks_to_an_agent_who_knows() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(TO_TALK);
    bench.check(
        "> caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn when_the_process_ends_both_sides_of_every_call_hear_it() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(TO_TALK);
    bench.check(
        "> leave
         < hang up far, hang up caller, anna ended, wrap-up anna, call ended 1, finish used, ended talked by us
         > leave
         > finished",
    );
    bench.assert_quiet();
    for (steps, said) in [
        ("> invite\n < find", "look, 503 (the server ends), ended failed by us"),
        (TO_POP, "withdraw anna, leave, 503 (the server ends), finish open, ended failed by us"),
    ] {
        let mut bench = ivr();
        bench.check(steps);
        bench.check(&format!("> leave\n < {said}"));
    }
    let mut bench = ivr();
    bench.check("> invite\n < find\n > found nobody");
    bench.after("found nobody");
    bench.check("> leave\n < hang up far, 503 (the server ends), ended failed by us");
    bench.assert_quiet();
}

#[test]
fn the_phone_does_not_ring_before_the_pop_is_drawn_or_its_budget_is_spent() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(
        "> wait 399
         > drawn 9
         > wait 1
         < pop missed: budget, dial sip:anna@192.0.2.50
         > drawn 1
         > caller cancels
         < withdraw anna, hang up far, leave, finish open, ended abandoned by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_stranger_goes_to_the_ivr_with_sound() {
    let mut bench = ivr();
    bench.check(
        "> invite
         < find
         > found nobody
         < matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99
         > far early
         < far hears the other, caller hears the other, 183 with sound
         > far answers
         < far hears the other, caller hears the other, 200
         > far bye
         < hang up caller, ended fell-back by fallback",
    );
    bench.assert_quiet();
}

#[test]
fn a_fallback_without_a_port_is_rung_again_past_us() {
    let mut bench = ivr();
    bench.check(
        "> invite
         < find
         > found nobody
         < matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99
         > far port taken
         > far port taken
         > far port taken
         > far port taken
         < hang up far, dial sip:+12015550123@192.0.2.99
         > far 486
         < 486 (unmatched), ended failed by us",
    );
    bench.assert_quiet();
}

#[test]
fn an_agent_is_not_charged_with_a_port_that_we_have_not() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(
        "> drawn 1
         < dial sip:anna@192.0.2.50
         > far port taken
         > far port taken
         > far port taken
         > far port taken
         < withdraw anna, hang up far, leave, fallback: media, dial sip:+12015550123@192.0.2.99",
    );
}

#[test]
fn what_the_far_side_carries_is_carried_on() {
    let mut bench = ivr();
    bench.check(
        "> invite
         < find
         > found nobody
         < matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99
         > far data
         < carry to caller
         > far answers
         < far hears the other, caller hears the other, 200
         > far data
         < carry to caller
         > far bye
         < hang up caller, ended fell-back by fallback",
    );
}

#[test]
fn who_withholds_a_number_is_not_named_to_anybody() {
    let mut bench = ivr();
    bench.check(
        "> invite withheld
         < find
         > found nobody
         < matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99 for somebody
         > far 486
         < 486 (unmatched), ended failed by us",
    );
    assert_eq!(bench.records[0].caller.expose(), "");
}

#[test]
fn a_store_that_is_late_or_down_is_a_miss_and_not_an_error() {
    let mut late = ivr();
    late.check(
        "> invite
         < find
         > wait 150
         < look, matched V0, fallback: match-deadline, dial sip:+12015550123@192.0.2.99
         > found
         > far 486
         < 486 (match-deadline), ended failed by us",
    );
    late.assert_quiet();
    let mut down = ivr();
    down.check(
        "> invite
         < find
         > store down
         < look, matched V0, fallback: store-failure, dial sip:+12015550123@192.0.2.99
         > store down
         > wait 1000
         < look
         > found nobody
         > caller cancels
         < hang up far, ended abandoned by caller",
    );
    down.assert_quiet();
}

#[test]
fn what_a_late_answer_has_claimed_is_given_back() {
    let mut bench = ivr();
    bench.check(
        "> invite
         < find
         > caller cancels
         < look, ended abandoned by caller
         > found ours
         < finish open
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn what_was_claimed_and_does_not_fit_is_given_back() {
    let mut bench = Bench::new(Fallback::Status { code: 404 });
    bench.check(
        "> invite
         < find
         > found ours doubtful
         < finish open, matched V0, fallback: unmatched, 404 (unmatched), ended refused by us
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn among_several_the_winner_is_claimed_after_the_weighing() {
    let mut bench = ivr();
    bench.check(
        "> invite
         < find
         > found
         < claim
         > claimed
         < matched V2, enqueue help",
    );
}

#[test]
fn a_claim_whose_answer_is_late_is_given_back() {
    let mut bench = ivr();
    bench.check(
        "> invite
         < find
         > found
         < claim
         > wait 150
         < finish open, matched V0, fallback: match-deadline, dial sip:+12015550123@192.0.2.99
         > finished
         > far 503
         < 503 (match-deadline), ended failed by us",
    );
}

#[test]
fn an_intent_that_another_call_has_is_nobody_s() {
    let mut bench = Bench::new(Fallback::Status { code: 404 });
    bench.check(
        "> invite
         < find
         > found
         < claim
         > taken
         < matched V0, fallback: unmatched, 404 (unmatched), ended refused by us",
    );
    bench.assert_quiet();
}

#[test]
fn a_redirect_sends_the_carrier_on_without_sound() {
    let mut bench = Bench::new(Fallback::Redirect { contact: "sip:{dialled}@ivr.example.com".to_owned() });
    bench.check(
        "> invite
         < find
         > found nobody
         < matched V0, fallback: unmatched, 302 to sip:+12015550123@ivr.example.com (unmatched), ended redirected by us",
    );
    bench.assert_quiet();
}

#[test]
fn with_nobody_free_the_caller_is_answered_and_hears_something() {
    let mut bench = ivr();
    bench.check(
        "> invite
         < find
         > found
         < claim
         > claimed
         < matched V2, enqueue help
         > wait 200
         < caller hears waiting, 200
         > offer 1
         < show anna V2
         > drawn 1
         < dial sip:anna@192.0.2.50
         > far rings
         < anna ringing, caller hears ringback
         > far answers
         < far hears the other, caller hears the other, accepted 1, anna talking
         > far bye
         < hang up caller, anna ended, wrap-up anna, call ended 1, finish used, ended talked by agent
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn an_offer_that_fails_leaves_the_caller_in_the_queue() {
    for (event, why) in [("far 486", "declined"), ("far 408", "no answer"), ("far 480", "phone unreachable")] {
        let mut bench = ivr();
        bench.check(TO_POP);
        bench.check(&format!(
            "> drawn 1
             < dial sip:anna@192.0.2.50
             > {event}
             < withdraw anna, failed 1 {why}
             > offer 2
             < show anna V2
             > declined
             < withdraw anna, failed 2 declined
             > caller cancels
             < leave, finish open, ended abandoned by caller
             > finished"
        ));
        bench.assert_quiet();
    }
}

#[test]
fn a_grant_that_expires_stops_the_ringing() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(
        "> drawn 1
         < dial sip:anna@192.0.2.50
         > expired 1
         < withdraw anna, hang up far
         > wait 200
         < caller hears waiting, 200
         > caller bye
         < leave, finish open, ended abandoned by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn an_agent_without_a_desktop_does_not_get_the_call() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(
        "> undeliverable
         < pop missed: no-session, withdraw anna, failed 1 pop not shown
         > nobody-can-serve
         < fallback: nobody-can-serve, dial sip:+12015550123@192.0.2.99",
    );
}

#[test]
fn an_answer_that_cannot_be_read_costs_the_agent_the_offer_not_the_caller_the_call() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(
        "> drawn 1
         < dial sip:anna@192.0.2.50
         > far nonsense
         < withdraw anna, hang up far, failed 1 phone unreachable",
    );
}

#[test]
fn hold_is_passed_to_the_other_side_and_its_answer_back() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(TO_TALK);
    bench.check(
        "> caller reinvites
         < reinvite far
         > reinvite refused
         < reinvite of caller 488
         > caller reinvites
         < reinvite far
         > reinvite answered
         < anna held, reinvite of caller 200",
    );
}

#[test]
fn silence_ends_the_call_with_its_reason() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(TO_TALK);
    bench.check(
        "> silent caller
         < hang up far, hang up caller, anna ended, wrap-up anna, call ended 1, finish used, ended talked by silence
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_waiting_caller_who_has_fallen_silent_is_gone() {
    let mut bench = ivr();
    bench.check(
        "> invite
         < find
         > found
         < claim
         > claimed
         < matched V2, enqueue help
         > silent caller
         > wait 200
         < caller hears waiting, 200
         > silent caller
         < hang up caller, leave, finish open, ended abandoned by silence
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_port_that_somebody_has_is_another_port_and_no_call_ends_for_it() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(
        "> drawn 1
         < dial sip:anna@192.0.2.50
         > port taken
         > far rings
         < anna ringing, 180
         > port taken
         > port taken
         > port taken
         <
         > far answers
         < far hears the other, caller hears the other, 200, accepted 1, anna talking
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_waiting_caller_is_not_told_of_a_port_that_somebody_has() {
    let mut bench = ivr();
    bench.check(
        "> invite
         < find
         > found ours
         < matched V2, enqueue help
         > wait 190
         <
         > port taken
         > wait 10
         < caller hears waiting, 200
         > caller bye
         < leave, finish open, ended abandoned by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_debt_to_the_store_is_paid_when_it_is_back() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(
        "> caller cancels
         < withdraw anna, leave, finish open, ended abandoned by caller
         > store down
         > wait 1000
         < finish open
         > wait 4000
         < finish open
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_description_that_nobody_can_read_is_refused() {
    let mut bench = ivr();
    bench.check(
        "> invite nonsense
         < fallback: media, 488 (media), ended failed by us",
    );
    bench.assert_quiet();
}

#[test]
fn a_codec_that_we_cannot_play_waits_with_the_network_s_own_ringing() {
    let mut bench = ivr();
    bench.check(
        "> invite opus
         < find
         > found
         < claim
         > claimed
         < matched V2, enqueue help
         > wait 200
         < 180",
    );
}

#[test]
fn a_claim_is_renewed_while_the_call_lasts() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(TO_TALK);
    bench.check(
        "> wait 60000
         < claim
         > wait 60000
         < claim",
    );
}
