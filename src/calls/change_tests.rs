//! What may change while a call lasts: late offers, hold, refreshes, forks that answer after others spoke.

use super::script::Bench;
use super::settings::Fallback;

fn ivr() -> Bench {
    Bench::new(Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None })
}

/// Up to the conversation with an agent, of a caller who offered.
const TALKING: &str = "
    > invite
    < find
    > found
    < claim
    > claimed
    < matched V2, enqueue help
    > offer 1
    < show anna V2
    > drawn 1
    < dial sip:anna@192.0.2.50
    > far answers
    < far hears the other, caller hears the other, 200, accepted 1, anna talking
    > caller acks
";

/// An unknown caller whose INVITE had no offer, on the way to the IVR.
const LATE: &str = "
    > invite late
    < find
    > found nobody
    < matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99
";

#[test]
fn a_late_offer_reaches_the_agent_and_its_answer_comes_in_the_ack() {
    let mut bench = ivr();
    bench.check(&TALKING.replace("> invite", "> invite late").replace("> caller acks", "> caller acks sound"));
    assert!(bench.hears("caller") && bench.hears("far"));
    bench.check(
        "> caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_late_offer_waits_with_music() {
    let mut bench = ivr();
    bench.check(
        "> invite late
         < find
         > found
         < claim
         > claimed
         < matched V2, enqueue help
         > wait 200
         < caller hears waiting, 200
         > caller acks sound",
    );
    assert!(bench.hears("caller"));
    bench.check(
        "> offer 1
         < show anna V2
         > drawn 1
         < dial sip:anna@192.0.2.50
         > far answers
         < far hears the other, caller hears the other, accepted 1, anna talking",
    );
    assert!(bench.hears("far"));
}

#[test]
fn a_late_offer_goes_to_the_fallback_with_early_sound() {
    let mut bench = ivr();
    bench.check(LATE);
    bench.check(
        "> far early
         < far hears the other, caller hears the other, 183 with sound
         > caller pracks sound
         > far answers
         < far hears the other, caller hears the other, 200
         > caller acks
         > far bye
         < hang up caller, ended fell-back by fallback",
    );
    bench.assert_quiet();
}

#[test]
fn a_late_offer_is_redirected_like_any_other() {
    let mut bench = Bench::new(Fallback::Redirect { contact: "sip:{dialled}@ivr.example.com".to_owned() });
    bench.check(
        "> invite late
         < find
         > found nobody
         < matched V0, fallback: unmatched, 302 to sip:+12015550123@ivr.example.com (unmatched), ended redirected by us",
    );
    bench.assert_quiet();
}

#[test]
fn an_answer_that_cannot_be_used_ends_the_call() {
    for bad in ["> caller acks nonsense", "> caller acks"] {
        let mut bench = ivr();
        bench.check(LATE);
        bench.check(&format!(
            "> far answers
             < far hears the other, caller hears the other, 200
             {bad}
             < hang up far, hang up caller, ended fell-back by us"
        ));
        bench.assert_quiet();
    }
    let mut early = ivr();
    early.check(LATE);
    early.check(
        "> far early
         < far hears the other, caller hears the other, 183 with sound
         > caller pracks nonsense
         < 488 (no usable answer), hang up far, ended failed by us",
    );
    early.assert_quiet();
}

#[test]
fn an_offer_that_one_side_asks_for_is_the_other_side_s() {
    let mut bench = ivr();
    bench.check(TALKING);
    bench.check(
        "> caller asks
         < reinvite far
         > reinvite answered
         < reinvite of caller 200
         > caller acks sound
         < ack far
         > caller asks
         < reinvite far
         > reinvite refused
         < reinvite of caller 488
         > caller asks
         < reinvite far
         > caller withdraws
         < cancel reinvite far
         > reinvite answered
         < ack far",
    );
}

#[test]
fn a_side_that_says_the_same_again_does_not_disturb_the_other() {
    let mut bench = ivr();
    bench.check(TALKING);
    bench.check(
        "> caller refreshes
         < reinvite of caller 200
         > caller reinvites
         < reinvite far
         > reinvite answered
         < anna held, reinvite of caller 200
         > caller reinvites
         < reinvite of caller 200",
    );
}

#[test]
fn a_change_that_is_withdrawn_is_taken_back_on_the_other_side() {
    let mut bench = ivr();
    bench.check(TALKING);
    bench.check(
        "> caller reinvites
         < reinvite far
         > caller withdraws
         < cancel reinvite far
         > reinvite refused
         > caller reinvites
         < reinvite far
         > caller withdraws
         < cancel reinvite far
         > reinvite answered
         < reinvite far
         > reinvite answered",
    );
}

/// Keys go on in the form that the other side understands: in the sound where it has telephone-event, else in INFO.
#[test]
fn keys_reach_the_other_side() {
    let mut bench = ivr();
    bench.check(TALKING);
    bench.check(
        "> caller presses 5
         > caller tells 6
         < press 6 to far
         > far tells #
         < press # to caller",
    );
    let mut plain = ivr();
    plain.check(&TALKING.replace("far answers", "fork answers"));
    plain.check(
        "> caller presses 5
         < info 5 to far
         > caller tells 6
         < info 6 to far",
    );
}

/// The 200 repeats what the 183 said; the codec of the fork that answered comes in a change.
#[test]
fn a_caller_is_told_anew_when_another_fork_answers_than_the_one_that_spoke() {
    let mut bench = ivr();
    bench.check(
        "> invite
         < find
         > found nobody
         < matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99
         > far early
         < far hears the other, caller hears the other, 183 with sound
         > far early
         < far hears the other, caller hears the other, 183 with sound
         > fork answers
         < far hears the other, caller hears the other, 200, reinvite caller
         > caller accepts
         > far bye
         < hang up caller, ended fell-back by fallback",
    );
    bench.assert_quiet();
}

/// Two forks speak in turn: the caller hears the last, and is told so once, however often it changes meanwhile.
#[test]
fn the_fork_that_speaks_last_is_followed() {
    let mut bench = ivr();
    bench.check(
        "> invite
         < find
         > found nobody
         < matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99
         > far early
         < far hears the other, caller hears the other, 183 with sound
         > fork early
         < far hears the other, caller hears the other, 183 with sound, reinvite caller
         > far early
         < far hears the other, caller hears the other, 183 with sound
         > caller accepts
         < reinvite caller",
    );
}
