//! Callers whom nothing has recognised are asked for the code from the page.

use std::sync::Arc;

use super::ivr;
use crate::calls::script::Bench;
use crate::media::spoken::Language;

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

const TO_QUESTION_OF_LIKELY: &str = "
    > invite shared
    < find
    > found coded
    < 200, listen, caller is played 10 until a key
";

fn enter_0815(bench: &mut Bench) {
    ["0", "8", "1", "5"].iter().for_each(|key| drop(bench.after(&format!("caller presses {key}"))));
}

#[test]
fn the_code_of_whom_the_caller_id_alone_has_recognised_says_more() {
    let mut bench = ivr();
    bench.check(TO_QUESTION_OF_LIKELY);
    enter_0815(&mut bench);
    bench.check("> code ours\n < listen no more, matched V2, enqueue help, caller hears waiting");
    bench.check("> caller bye\n < leave, finish open, ended abandoned by caller\n > finished");
    bench.assert_quiet();
}

#[test]
fn without_a_code_they_stay_who_they_were() {
    for end in ["wait 8000", "store"] {
        let mut bench = ivr();
        bench.check(TO_QUESTION_OF_LIKELY);
        let said = match end {
            "store" => {
                enter_0815(&mut bench);
                bench.after("code barred")
            }
            _ => bench.after("played") + &bench.after(end),
        };
        assert!(
            said.ends_with("listen no more, caller hears silence, matched V1, enqueue help, caller hears waiting"),
            "{said}"
        );
        bench.check("> caller bye\n < leave, finish open, ended abandoned by caller\n > finished");
        bench.assert_quiet();
    }
}

#[test]
fn another_s_code_gives_back_whom_the_caller_id_had_led_to() {
    let mut bench = ivr();
    bench.check(TO_QUESTION_OF_LIKELY);
    enter_0815(&mut bench);
    bench.check("> code another's\n < listen no more, finish open, matched V2, enqueue help, caller hears waiting");
    bench.check("> caller bye\n < leave, finish open, ended abandoned by caller");
    bench.settle_all();
    bench.assert_quiet();
}

#[test]
fn who_hangs_up_at_the_question_gives_the_intent_back() {
    let mut bench = ivr();
    bench.check(TO_QUESTION_OF_LIKELY);
    bench.check("> caller bye\n < finish open, ended abandoned by caller\n > finished");
    bench.assert_quiet();
}

#[test]
fn without_files_the_question_is_spoken_in_the_language_of_the_trunk() {
    for (language, question, again) in
        [(None, "code-question", "code-again"), (Some(Language::Spanish), "code-question(es)", "code-again(es)")]
    {
        let mut bench = Bench::having(|settings| {
            let pin = settings.pin.as_mut().expect("codes");
            (pin.question, pin.again) = (Arc::default(), Arc::default());
            settings.trunks.values_mut().for_each(|trunk| Arc::make_mut(trunk).language = language);
        });
        bench.check("> invite shared\n < find");
        assert_eq!(bench.after("found nobody"), format!("200, listen, caller is played {question} until a key"));
        bench.after("caller presses 1");
        assert_eq!(bench.after("caller presses #"), format!("caller is played {again} until a key"));
    }
}
