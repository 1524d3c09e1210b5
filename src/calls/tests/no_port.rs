//! The media have no port for a stream: the call goes on, with another port or without sound for a while.

use super::{ivr, talking};
use crate::calls::script::Bench;
use crate::calls::settings::Fallback;

/// Answered, and nobody is free.
const TO_MUSIC: &str = "
    > invite
    < find
    > found ours
    < matched V2, enqueue help
    > wait 200
    < caller hears waiting, 200
";

const TAKEN_AGAIN: &str = "
    > caller agrees
    > port taken
    < caller hears waiting, reinvite caller
    > caller agrees
    > port taken
    < caller hears waiting, reinvite caller
    > caller agrees
";

fn waiting() -> Bench {
    let mut bench = ivr();
    bench.check(TO_MUSIC);
    bench
}

/// The ports that were tried at once are all taken.
fn without_a_port() -> Bench {
    let mut bench = waiting();
    bench.check("> port taken\n < caller hears waiting, reinvite caller");
    bench.check(TAKEN_AGAIN);
    bench.check("> port taken\n <");
    bench
}

#[test]
fn an_answered_caller_is_told_of_another_port_and_the_music_goes_on() {
    let mut bench = waiting();
    bench.check(
        "> port taken
         < caller hears waiting, reinvite caller
         > caller agrees
         > offer 1
         < show anna V2
         > drawn 1
         < dial sip:anna@192.0.2.50
         > far answers
         < far hears the other, caller hears the other, accepted 1, anna talking
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn without_any_port_the_caller_waits_without_music_until_there_is_one() {
    let mut bench = without_a_port();
    bench.check(
        "> wait 1999
         <
         > wait 1
         < caller hears waiting, reinvite caller
         > caller agrees
         > port taken
         > wait 4000
         < caller hears waiting, reinvite caller
         > caller bye
         < leave, finish open, ended abandoned by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn the_longer_there_is_no_port_the_more_seldom_who_waits_is_told_of_another() {
    let mut bench = without_a_port();
    let pauses = [(2_000, ""), (4_000, ""), (8_000, ""), (16_000, ""), (30_000, "caller is played 0, claim")];
    for (pause, meanwhile) in pauses {
        bench.check(&format!("> wait {}\n < {meanwhile}", pause - 1));
        bench.check("> wait 1\n < caller hears waiting, reinvite caller");
        bench.check("> caller agrees\n > port taken\n <");
    }
    bench.check("> caller bye\n < leave, finish open, ended abandoned by caller\n > finished");
    bench.assert_quiet();
}

#[test]
fn who_is_not_answered_yet_waits_with_the_ringing_of_their_network() {
    let mut bench = ivr();
    bench.check(
        "> invite
         < find
         > found ours
         < matched V2, enqueue help
         > wait 190
         > port taken
         > port taken
         > port taken
         > port taken
         > wait 10
         < 180
         > wait 2000
         < caller hears waiting, 200
         > caller bye
         < leave, finish open, ended abandoned by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn an_agent_who_answers_a_caller_without_a_port_has_them_as_soon_as_there_is_one() {
    let mut bench = without_a_port();
    bench.check(
        "> offer 1
         < show anna V2
         > drawn 1
         < dial sip:anna@192.0.2.50
         > far answers
         < far hears the other, caller hears the other, accepted 1, anna talking, reinvite caller
         > caller agrees
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_phone_that_rings_is_told_of_another_port_when_it_has_answered() {
    let mut bench = ivr();
    bench.check(super::TO_POP);
    bench.check(
        "> drawn 1
         < dial sip:anna@192.0.2.50
         > far port taken
         <
         > far answers
         < far hears the other, caller hears the other, 200, accepted 1, anna talking, reinvite far
         > reinvite answered
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn two_who_talk_are_parted_only_when_no_port_is_to_be_had_for_some_seconds() {
    let mut bench = talking();
    bench.check(
        "> port taken
         < far hears the other, caller hears the other, reinvite caller
         > port taken
         < far hears the other, caller hears the other
         > caller agrees
         < reinvite caller
         > caller agrees
         > port taken
         < far hears the other, caller hears the other, reinvite caller
         > caller agrees
         > port taken
         <",
    );
    for _ in 0..3 {
        bench.check(
            "> wait 2000
             < far hears the other, caller hears the other, reinvite caller
             > caller agrees
             > port taken
             <",
        );
    }
    bench.check(
        "> wait 2000
         < far hears the other, caller hears the other, reinvite caller
         > port taken
         < hang up far, hang up caller, anna ended, wrap-up anna, call ended 1, finish used, ended talked by us
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn the_fallback_rings_again_past_us_when_it_has_no_port() {
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
         > far answers
         < 200
         > caller bye
         < hang up far, ended fell-back by caller",
    );
    bench.assert_quiet();
}

#[test]
fn an_answered_caller_without_a_port_is_led_past_us_to_the_fallback() {
    let mut bench = without_a_port();
    // Nobody can serve them any more, and every port is taken still.
    bench.check(
        "> nobody-can-serve
         < fallback: nobody-can-serve, dial sip:+12015550123@192.0.2.99
         > port taken
         < hang up far, dial sip:+12015550123@192.0.2.99
         > far answers
         < reinvite caller
         > caller agrees
         > far bye
         < hang up caller, finish open, ended fell-back by fallback
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn where_the_fallback_is_a_status_a_caller_without_a_port_waits_all_the_same() {
    let mut bench = Bench::new(Fallback::Status { code: 503 });
    bench.check(TO_MUSIC);
    bench.check("> media full\n < caller hears waiting, reinvite caller");
    bench.check("> caller bye\n < leave, finish open, ended abandoned by caller\n > finished");
    bench.assert_quiet();
}
