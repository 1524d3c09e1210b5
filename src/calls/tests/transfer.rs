//! An agent passes the call on: to another agent, to somebody else, and what happens when it comes to nothing.

use super::{caller_goes, talking};
use crate::calls::script::Bench;

const TO_ELSEWHERE: &str = "
    > refer sip:+441632960000@192.0.2.1
    < refer of far 202, dial sip:+441632960000@192.0.2.20
";

fn passing_on() -> Bench {
    let mut bench = talking();
    bench.check(TO_ELSEWHERE);
    bench
}

#[test]
fn a_call_is_passed_on_to_a_number_and_the_first_agent_writes_it_up() {
    let mut bench = passing_on();
    bench.check(
        "> far rings
         < notify 180
         > far answers
         < far hears the other, caller hears the other, notify 200, hang up far, anna ended, wrap-up anna, call ended 1
         > written
         > caller bye
         < hang up far, finish used, ended talked by caller
         > finished",
    );
    let record = &bench.records[0];
    assert_eq!((record.passed_on.len(), record.passed_on[0].status), (1, 200));
    assert_eq!(record.passed_on[0].by, Some(crate::base::AgentId::new("anna")));
    assert!(record.wrap_up.is_some());
    bench.assert_quiet();
}

#[test]
fn whoever_the_call_was_passed_on_to_may_end_it() {
    let mut bench = passing_on();
    bench.after("far answers");
    bench.check(
        "> far bye
         < hang up caller, finish used, ended talked by target
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_busy_target_leaves_the_caller_with_the_agent() {
    let mut bench = passing_on();
    bench.check("> far 486\n < notify 486");
    bench.check(TO_ELSEWHERE);
    bench.check(
        "> far 503
         < notify 503
         > agent bye
         < hang up caller, anna ended, wrap-up anna, call ended 1, finish used, ended talked by agent
         > finished",
    );
    assert_eq!(bench.records[0].passed_on.iter().map(|passed| passed.status).collect::<Vec<_>>(), [486, 503]);
    bench.assert_quiet();
}

/// The agent has left them to it, and an agent has talked to them.
#[test]
fn whoever_is_lost_on_the_way_to_another_has_talked() {
    for event in ["caller bye", "silent caller", "caller lost", "wait 14400000"] {
        let mut bench = passing_on();
        bench.after("agent bye");
        let said = bench.after(event);
        assert!(said.contains("hang up far") && said.contains("finish used, ended talked by"), "{event}: {said}");
        bench.after("finished");
        bench.assert_quiet();
    }
}

#[test]
fn another_agent_gets_the_pop_before_the_ring() {
    let mut bench = talking();
    bench.check(
        "> refer sip:ben@192.0.2.1
         < refer of far 202, is ben free
         > ben free 7
         < show ben V2
         > drawn 6
         > drawn 7
         < dial ben
         > far rings
         < notify 180, ben ringing
         > far answers
         < far hears the other, caller hears the other, notify 200, hang up far, anna ended, wrap-up anna, call ended 1, accepted 7, ben talking
         > far bye
         < hang up caller, ben ended, wrap-up ben, call ended 7, finish used, ended talked by agent
         > finished",
    );
    assert_eq!(bench.records[0].agent, Some(crate::base::AgentId::new("ben")));
    bench.assert_quiet();
}

#[test]
fn the_other_agent_s_pop_has_its_budget() {
    let mut bench = talking();
    bench.check(
        "> refer sip:ben@192.0.2.1
         < refer of far 202, is ben free
         > ben free 7
         < show ben V2
         > wait 399
         > wait 1
         < pop missed: budget, dial ben
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, hang up far, withdraw ben, failed 7 declined, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn whoever_a_call_is_passed_on_to_may_be_elsewhere() {
    let mut bench = passing_on();
    bench.check(
        "> far moved sip:boss@evil.example.com sip:+441632960001@192.0.2.9
         < dial sip:+441632960001@192.0.2.20
         > far rings
         < notify 180
         > far moved sip:+441632960002@192.0.2.9
         < dial sip:+441632960002@192.0.2.20
         > far answers
         < far hears the other, caller hears the other, notify 200, hang up far, anna ended, wrap-up anna, call ended 1",
    );
    caller_goes(bench);
    let mut bench = passing_on();
    bench.check("> far moved sip:boss@evil.example.com\n < notify 302");
}

#[test]
fn an_agent_whose_phone_is_elsewhere_keeps_the_grant() {
    let mut bench = talking();
    bench.check(
        "> refer sip:ben@192.0.2.1
         < refer of far 202, is ben free
         > ben free 7
         < show ben V2
         > drawn 7
         < dial ben
         > far moved sip:+441632960001@192.0.2.9
         < dial sip:+441632960001@192.0.2.20
         > far answers
         < far hears the other, caller hears the other, notify 200, hang up far, anna ended, wrap-up anna, call ended 1, accepted 7, ben talking",
    );
}

#[test]
fn an_agent_who_is_busy_is_not_rung_and_one_without_a_desk_is() {
    let mut bench = talking();
    bench.check(
        "> refer sip:ben@192.0.2.1
         < refer of far 202, is ben free
         > ben busy
         < notify 486
         > refer sip:ben@192.0.2.1
         < refer of far 202, is ben free
         > ben offline
         < dial ben
         > far 480
         < notify 480",
    );
}

#[test]
fn an_agent_who_hangs_up_at_once_leaves_the_caller_to_the_new_side() {
    let mut bench = passing_on();
    bench.check(
        "> agent bye
         < caller hears silence, caller hears ringback, anna ended, wrap-up anna, call ended 1
         > far answers
         < far hears the other, caller hears the other",
    );
    caller_goes(bench);
}

#[test]
fn a_caller_whom_nobody_has_any_more_goes_to_the_ivr() {
    let mut bench = passing_on();
    bench.check(
        "> agent bye
         < caller hears silence, caller hears ringback, anna ended, wrap-up anna, call ended 1
         > far 486
         < fallback: transfer-failed, dial sip:+12015550123@192.0.2.99
         > far answers
         < far hears the other, caller hears the other
         > caller bye
         < hang up far, finish open, ended fell-back by caller
         > finished",
    );
    bench.assert_quiet();
    let mut bench = passing_on();
    bench.after("agent bye");
    bench.check("> caller bye\n < hang up far, finish used, ended talked by caller\n > finished");
    bench.assert_quiet();
}

#[test]
fn what_the_rules_do_not_allow_is_refused() {
    let mut bench = talking();
    bench.check(
        "> refer sip:+15550100@192.0.2.1
         < refer of far 403
         > refer nonsense
         < refer of far 403
         > caller refers
         < refer of caller 403",
    );
    bench.check(TO_ELSEWHERE);
    bench.check("> refer sip:ben@192.0.2.1\n < refer of far 491");
}
