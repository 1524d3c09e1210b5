//! What a waiting caller is told between the music.

use super::ivr;

const TO_MUSIC: &str = "
    > invite
    < find
    > found ours
    < matched V2, enqueue help
    > wait 200
    < caller hears waiting, 200
";

#[test]
fn the_messages_go_round_with_their_pauses() {
    let mut bench = ivr();
    bench.check(TO_MUSIC);
    bench.check(
        "> wait 19999
         > wait 1
         < caller is played 0
         > wait 4000
         > played
         > wait 29999
         > wait 1
         < caller is played 1
         > played
         > wait 30000
         < claim, caller is played 0
         > caller bye
         < leave, finish open, ended abandoned by caller
         > played
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_message_that_an_offer_has_ended_is_followed_by_another() {
    let mut bench = ivr();
    bench.check(TO_MUSIC);
    bench.check(
        "> wait 20000
         < caller is played 0
         > offer 1
         < show anna V2
         > drawn 1
         < dial sip:anna@192.0.2.50
         > far rings
         < anna ringing, caller hears ringback
         > far 486
         < caller hears silence, withdraw anna, caller hears waiting, failed 1 declined
         > played
         > wait 30000
         < caller is played 1
         > caller bye
         < leave, finish open, ended abandoned by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn nothing_is_said_while_an_agent_is_rung_or_talks() {
    let mut bench = ivr();
    bench.check(TO_MUSIC);
    bench.check(
        "> wait 10000
         > offer 1
         < show anna V2
         > drawn 1
         < dial sip:anna@192.0.2.50
         > wait 10000
         > far answers
         < far hears the other, caller hears the other, accepted 1, anna talking
         > wait 30000
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn the_place_and_the_wait_are_spoken_when_they_are_known_and_no_worse() {
    let mut bench = ivr();
    bench.check(TO_MUSIC);
    bench.check(
        "> waits at 3
         > wait 20000
         < caller is played 0 place n-3 place-end wait n-2 minutes
         > played
         > waits at 4
         > wait 30000
         < caller is played 1 wait n-2 minutes
         > played
         > waits at 2
         > wait 30000
         < claim, caller is played 0 place n-2 place-end wait n-1 minute
         > played
         > waits at 1
         > wait 30000
         < caller is played 1 place-next wait-short
         > caller bye
         < leave, finish open, ended abandoned by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn the_language_is_the_customers() {
    let mut bench = ivr();
    bench.check(&TO_MUSIC.replace("found ours", "found ours spanish"));
    bench.check(
        "> waits at 2
         > wait 20000
         < caller is played 0 place(es) n-2(es) place-end(es) wait(es) one(es) minute(es)
         > caller bye
         < leave, finish open, ended abandoned by caller
         > finished",
    );
    bench.assert_quiet();
}
