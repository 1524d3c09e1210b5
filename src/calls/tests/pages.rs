//! What the customer's page hears of a call, and what its word does.

use super::{Bench, TO_POP, TO_TALK, ivr};
use crate::base::Level;

/// The script's other words are tested elsewhere.
fn pages_only(said: &str) -> Vec<&str> {
    said.split(", ").filter(|word| word.starts_with("page ")).collect()
}

#[test]
fn the_page_hears_a_whole_call_in_order() {
    let mut bench = ivr();
    bench.check("> page opens\n < page none");
    let mut heard = Vec::new();
    for event in [
        "invite",
        "found ours",
        "waits at 2",
        "waits at 1",
        "offer 1",
        "drawn 1",
        "far rings",
        "far answers",
        "caller reinvites",
        "reinvite answered",
        "caller refreshes",
        "reinvite answered",
        "far reinvites",
        "caller agrees",
        "far unholds",
        "caller agrees",
        "caller bye",
        "written",
        "finished",
    ] {
        let said = bench.after(event);
        heard.extend(pages_only(&said).into_iter().map(str::to_owned));
    }
    assert_eq!(
        heard,
        [
            "page recognised V2",
            "page waiting V2 place 2 in 60 s",
            "page waiting V2 place 1 in 30 s",
            "page agent_reading V2 anna",
            "page ringing V2 anna",
            "page connected V2 anna",
            "page held V2 anna",
            "page connected V2 anna",
            "page ended V2 anna talked",
            "page ended V2 anna talked with a case",
        ]
    );
    bench.assert_quiet();
}

#[test]
fn a_page_that_opens_in_the_middle_hears_how_it_stands_and_a_closed_one_nothing() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check("> page opens\n < page agent_reading V2 anna");
    bench.check("> page opens\n < page agent_reading V2 anna");
    bench.check(
        "> page closes
         > drawn 1
         < dial sip:anna@192.0.2.50
         > caller cancels
         < withdraw anna, hang up far, leave, finish open, ended abandoned by caller
         > finished
         > page opens
         < page none",
    );
    bench.assert_quiet();
}

#[test]
fn one_word_of_the_page_proves_the_match_and_opens_the_pop() {
    let mut bench = ivr();
    bench.check("> page opens\n < page none");
    bench.check(
        "> page confirms
         < no call
         > invite
         < find
         > found likely
         < claim
         > claimed
         < matched V1, enqueue help, page confirm V1
         > offer 1
         < show anna V1, page confirm V1 anna
         > page confirms
         < confirmed, update anna V3, page agent_reading V3 anna, raised V3
         > page confirms
         < raised V3",
    );
    let to_talk = TO_TALK.replace("dial sip:anna@192.0.2.50", "dial sip:anna@192.0.2.50, page ringing V3 anna");
    bench.check(&to_talk.replace("anna talking", "anna talking, page connected V3 anna"));
    bench.check(
        "> caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller, page ended V3 anna talked
         > finished",
    );
    assert_eq!(bench.records[0].level.as_str(), "V3");
    let evidence: Vec<&str> = bench.records[0].evidence.iter().map(|evidence| evidence.as_str()).collect();
    assert_eq!(evidence, ["page_confirmed", "caller_id"]);
    bench.assert_quiet();
}

/// The access rules are asked anew: a proven caller may wait elsewhere, and the time that they have waited counts.
#[test]
fn a_waiting_call_moves_to_where_a_proven_one_waits() {
    let mut bench = Bench::with_queue_for_proven();
    bench.check("> page opens\n < page none");
    bench.check(
        "> invite
         < find
         > found likely
         < claim
         > claimed
         < matched V1, enqueue help, page confirm V1
         > page confirms
         < confirmed, leave, enqueue first as before, page recognised V3, raised V3
         > page confirms
         < raised V3
         > offer 1
         < show anna V3, page agent_reading V3 anna",
    );
}

/// Two customers fit alike; the call is taken for the first, and is the other's.
const TAKEN_FOR_ANOTHER: &str = "
    > page opens
    < page none
    > rival opens
    < rival none
    > invite
    < find
    > found two
    < claim
    > claimed
    < matched V1, enqueue help, page confirm V1, rival confirm V1
    > offer 1
    < show anna V1, page confirm V1 anna
    > rival confirms
    < claim, claiming
";

#[test]
fn the_call_moves_to_the_intent_whose_page_says_so() {
    let mut bench = ivr();
    bench.check(TAKEN_FOR_ANOTHER);
    bench.check(
        "> rival claimed
         < finish open, confirmed, update anna V3, rival agent_reading V3 anna, page none
         > finished
         > page confirms
         < no call
         > caller cancels
         < withdraw anna, leave, finish open, ended abandoned by caller, rival ended V3
         > finished",
    );
    assert_eq!(bench.records[0].intent.map(|intent| intent.0), Some(6));
    bench.assert_quiet();
}

#[test]
fn an_intent_that_another_call_has_stays_there() {
    let mut bench = ivr();
    bench.check(TAKEN_FOR_ANOTHER);
    bench.check(
        "> taken
         > page confirms
         < confirmed, update anna V3, page agent_reading V3 anna, rival none, raised V3
         > caller cancels
         < withdraw anna, leave, finish open, ended abandoned by caller, page ended V3
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_claim_that_outlives_its_call_is_given_back() {
    let mut bench = ivr();
    bench.check(TAKEN_FOR_ANOTHER);
    bench.check(
        "> caller cancels
         < withdraw anna, leave, finish open, finish open, ended abandoned by caller, page ended V1, rival none",
    );
    bench.settle_all();
    bench.assert_quiet();
}

#[test]
fn a_caller_whom_the_rules_keep_out_is_let_in_by_their_page() {
    for is_answered in [false, true] {
        let mut bench = Bench::with_level(Level::Strong);
        bench.check(
            "> page opens
             < page none
             > invite
             < find
             > found likely
             < claim
             > claimed
             < matched V1, fallback: rule, dial sip:+12015550123@192.0.2.99, page confirm V1",
        );
        if is_answered {
            bench.check("> far answers\n < far hears the other, caller hears the other, 200");
            bench.check(
                "> page confirms
                 < confirmed, hang up far, caller hears silence, enqueue help, caller hears waiting, page recognised V3, raised V3",
            );
        } else {
            bench.check("> page confirms\n < confirmed, hang up far, enqueue help, page recognised V3, raised V3");
        }
        bench.check(
            "> offer 1
             < show anna V3, page agent_reading V3 anna
             > drawn 1
             < dial sip:anna@192.0.2.50, page ringing V3 anna",
        );
        let ok = if is_answered { "" } else { "200, " };
        bench.check(&format!(
            "> far answers
             < far hears the other, caller hears the other, {ok}accepted 1, anna talking, page connected V3 anna
             > caller bye
             < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller, page ended V3 anna talked
             > finished",
        ));
        assert_eq!((bench.records[0].fallback, bench.records[0].rule.as_deref()), (None, Some("known")));
        bench.assert_quiet();
    }
}

#[test]
fn a_page_is_not_asked_when_its_word_would_change_nothing() {
    let mut bench = ivr();
    bench.check(
        "> page opens
         < page none
         > invite
         < find
         > found nobody
         < matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99
         > page confirms
         < no call
         > caller cancels
         < hang up far, ended abandoned by caller",
    );
    bench.assert_quiet();
}
