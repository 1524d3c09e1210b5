//! Callers whom nothing has recognised are asked for the code from the page.

use super::ivr;

const TO_QUESTION: &str = "
    > invite shared
    < find
    > found nobody
    < 200, listen, caller is played 10 until a key
";

#[test]
fn a_code_recognises_the_caller() {
    let mut bench = ivr();
    bench.check(TO_QUESTION);
    bench.check(
        "> question cut
         > caller presses 0
         < caller hears silence
         > caller presses 8
         > wait 3999
         > caller presses 1
         > caller presses 5
         < try 0815 1
         > code ours
         < listen no more, matched V2, enqueue help, caller hears waiting
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
fn keys_in_info_count_too_and_a_star_begins_anew() {
    let mut bench = ivr();
    bench.check(TO_QUESTION);
    bench.check(
        "> caller tells 9
         < caller hears silence
         > caller tells *
         > caller tells 0
         < caller hears silence
         > caller presses 8
         > caller tells 1
         > caller presses 5
         < try 0815 1
         > code ours
         < listen no more, matched V2, enqueue help, caller hears waiting
         > caller bye
         < leave, finish open, ended abandoned by caller
         > finished",
    );
    bench.assert_quiet();
}

/// Silence, and codes that are wrong or too short, lead to the fallback, once.
#[test]
fn who_has_no_code_goes_to_the_fallback() {
    let fallback =
        "listen no more, caller hears silence, matched V0, fallback: no-pin, dial sip:+12015550199@192.0.2.99";
    let mut silent = ivr();
    silent.check(TO_QUESTION);
    silent.check(&format!("> played\n > wait 7999\n > wait 1\n < {fallback}"));
    silent.check("> caller bye\n < hang up far, ended abandoned by caller");
    silent.assert_quiet();

    let mut wrong = ivr();
    wrong.check(TO_QUESTION);
    wrong.check(
        "> caller presses 1
         < caller hears silence
         > caller presses #
         < caller is played 11 until a key
         > played
         > caller presses 1
         < caller hears silence
         > wait 4000
         < caller is played 11 until a key
         > question cut
         > caller presses 9
         < caller hears silence
         > caller presses 9
         > caller presses 9
         > caller presses 9
         < try 9999 3",
    );
    wrong.check(&format!("> code wrong\n < {fallback}"));
    wrong.check(
        "> far answers
         < far hears the other, caller hears the other
         > caller bye
         < hang up far, ended fell-back by caller",
    );
    wrong.assert_quiet();

    let mut barred = ivr();
    barred.check(TO_QUESTION);
    ["0", "8", "1", "5"].iter().for_each(|key| drop(barred.after(&format!("caller presses {key}"))));
    barred.check(&format!("> code barred\n < {fallback}"));
}

#[test]
fn who_hangs_up_or_loses_the_store_leaves_nothing_claimed() {
    let mut gone = ivr();
    gone.check(TO_QUESTION);
    gone.check("> caller bye\n < ended abandoned by caller");
    gone.assert_quiet();

    let mut asking = ivr();
    asking.check(TO_QUESTION);
    ["0", "8", "1", "5"].iter().for_each(|key| drop(asking.after(&format!("caller presses {key}"))));
    asking.check(
        "> caller bye
         < try 0815 1, ended abandoned by caller
         > code ours
         < finish open
         > finished",
    );
    asking.assert_quiet();

    let mut away = ivr();
    away.check(TO_QUESTION);
    ["0", "8", "1", "5"].iter().for_each(|key| drop(away.after(&format!("caller presses {key}"))));
    let said = away.after("store down");
    assert!(
        said.starts_with("try 0815 1, listen no more, caller hears silence, matched V0, fallback: store-failure"),
        "{said}"
    );
}

#[test]
fn a_code_whose_intent_another_call_has_is_of_no_use() {
    let mut bench = ivr();
    bench.check(TO_QUESTION);
    ["0", "8", "1", "5"].iter().for_each(|key| drop(bench.after(&format!("caller presses {key}"))));
    bench.check("> code taken\n < listen no more, claim");
    bench.check("> taken\n < matched V0, fallback: unmatched, dial sip:+12015550199@192.0.2.99");
    bench.check("> caller bye\n < hang up far, ended abandoned by caller");
    bench.assert_quiet();
}

#[test]
fn nobody_is_asked_who_is_known_or_dialled_another_number() {
    let mut known = ivr();
    known.check("> invite shared\n < find\n > found ours\n < matched V1, enqueue help");
    let mut elsewhere = ivr();
    elsewhere.check("> invite\n < find");
    assert!(elsewhere.after("found nobody").starts_with("matched V0, fallback: unmatched"));
    let mut late = ivr();
    late.check("> invite shared\n < find");
    assert!(late.after("wait 150").contains("fallback: match-deadline"), "without the store no code can be checked");
}
