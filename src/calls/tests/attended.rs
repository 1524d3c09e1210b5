//! Calls from agents' phones, and customers who are joined with whomever the agent has called.

use super::{TO_POP, TO_TALK, caller_goes, ivr, talking};
use crate::base::AgentId;
use crate::calls::script::Bench;

const TO_BEN: &str = "
    > anna calls sip:ben@192.0.2.1
    < dial ben, anna engaged, ben engaged
    > far rings
    < 180
    > far answers
    < far hears the other, anna hears the other, 200
";

const JOINING: &str = "
    > joins own
    < far hears silence, refer of far 202, is ben free, reinvite far, hang up anna, anna released, ben released, ended talked by agent
";

fn asking() -> Bench {
    let mut bench = talking();
    bench.check(TO_BEN);
    bench
}

fn joining() -> Bench {
    let mut bench = asking();
    bench.check(JOINING);
    bench
}

#[test]
fn an_agent_calls_another_from_their_phone() {
    let mut bench = ivr();
    bench.check(TO_BEN);
    bench.check("> anna bye\n < hang up far, anna released, ben released, ended talked by caller");
    let record = &bench.records[0];
    assert_eq!((record.trunk.to_string().as_str(), record.agent.clone()), ("(phones)", Some(AgentId::new("anna"))));
    assert_eq!((record.intent, record.queue.clone(), record.fallback), (None, None, None));
    bench.assert_quiet();
    let mut bench = ivr();
    bench.check(TO_BEN);
    bench.check("> far bye\n < hang up anna, anna released, ben released, ended talked by target");
    bench.assert_quiet();
}

#[test]
fn an_agent_s_call_goes_where_the_rules_allow_and_nowhere_else() {
    let mut bench = ivr();
    bench.check(
        "> anna calls sip:+441632960000@192.0.2.1
         < dial sip:+441632960000@192.0.2.20, anna engaged
         > far 486
         < 486 (called side), anna released, ended failed by us
         > anna calls sip:+15550100@192.0.2.1
         < 404 (nobody who may be called), ended refused by us
         > anna calls sip:+441632960000@192.0.2.1
         < dial sip:+441632960000@192.0.2.20, anna engaged
         > anna bye
         < hang up far, anna released, ended abandoned by caller",
    );
    bench.assert_quiet();
}

#[test]
fn the_caller_is_joined_with_whom_the_agent_has_called() {
    let mut bench = joining();
    bench.check(
        "> far reinvites
         < reinvite of far 491
         > far refers
         < refer of far 491
         > reinvite answered
         < far hears the other, caller hears the other, notify 200, hang up far, anna ended, wrap-up anna, call ended 1
         > written
         > caller reinvites
         < reinvite far
         > reinvite answered
         < reinvite of caller 200
         > caller bye
         < hang up far, finish used, ended talked by caller
         > finished",
    );
    let [own, record] = &bench.records[..] else { panic!("two records") };
    assert_eq!((own.outcome, record.outcome), (record.outcome, own.outcome));
    let passed = &record.passed_on[0];
    assert_eq!(
        (passed.status, passed.by.clone(), passed.to_agent.clone()),
        (200, Some(AgentId::new("anna")), Some(AgentId::new("ben")))
    );
    bench.assert_quiet();
}

#[test]
fn an_agent_who_is_joined_has_the_pop_and_the_wrap_up() {
    let mut bench = joining();
    bench.check(
        "> ben free 7
         < show ben V2
         > reinvite answered
         < far hears the other, caller hears the other, notify 200, hang up far, anna ended, wrap-up anna, call ended 1, accepted 7, ben talking
         > far bye
         < hang up caller, ben ended, wrap-up ben, call ended 7, finish used, ended talked by agent
         > finished",
    );
    assert_eq!(bench.records[1].agent, Some(AgentId::new("ben")));
    bench.assert_quiet();
}

#[test]
fn an_agent_who_is_not_joined_after_all_loses_the_pop() {
    for (event, said) in [
        ("reinvite refused", "notify 488, hang up far, withdraw ben, failed 7 declined"),
        ("far bye", "notify 480, withdraw ben, failed 7 declined"),
    ] {
        let mut bench = joining();
        bench.check(&format!("> ben free 7\n < show ben V2\n > {event}\n < {said}"));
    }
}

#[test]
fn an_agent_who_cannot_be_granted_is_joined_and_busy_until_the_end() {
    let mut bench = joining();
    bench.check("> ben busy\n < ben engaged");
    bench.after("reinvite answered");
    bench.check("> far bye\n < hang up caller, finish used, ben released, ended talked by target\n > finished");
    bench.assert_quiet();
    let mut bench = joining();
    bench.check("> ben busy\n < ben engaged\n > reinvite refused\n < notify 488, ben released, hang up far");
}

/// Their sound is in another group, perhaps with another worker: it goes on at another port.
#[test]
fn whom_the_agent_had_called_before_the_caller_came_is_joined_too() {
    let before = || {
        let mut bench = ivr();
        bench.check(TO_BEN);
        bench.check(TO_POP);
        bench.check(TO_TALK);
        bench.check(
            "> joins own
             < refer of far 202, is ben free, reinvite far, hang up anna, anna released, ben released, ended talked by agent
             > ben free 7
             < show ben V2",
        );
        bench
    };
    let mut bench = before();
    bench.check(
        "> ben joins
         < far hears the other, caller hears the other, notify 200, hang up far, anna ended, wrap-up anna, call ended 1, accepted 7, ben talking
         > caller bye
         < hang up far, ben ended, wrap-up ben, call ended 7, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
    let mut bench = before();
    bench.check("> newest port taken\n < notify 503, hang up far, withdraw ben, failed 7 declined");
}

#[test]
fn the_new_side_may_end_it() {
    let mut bench = joining();
    bench.after("reinvite answered");
    bench.check("> far bye\n < hang up caller, finish used, ended talked by target\n > finished");
    bench.assert_quiet();
}

#[test]
fn whoever_cannot_be_joined_leaves_the_caller_with_the_agent() {
    for (event, said) in [("reinvite refused", "notify 488, hang up far"), ("far bye", "notify 480")] {
        let mut bench = joining();
        bench.check(&format!("> {event}\n < {said}"));
        bench.check(
            "> agent bye
             < hang up caller, anna ended, wrap-up anna, call ended 1, finish used, ended talked by agent
             > finished",
        );
        bench.assert_quiet();
    }
}

#[test]
fn either_side_may_go_while_they_are_joined() {
    let mut bench = joining();
    bench.check(
        "> agent bye
         < caller hears silence, caller hears ringback, anna ended, wrap-up anna, call ended 1
         > reinvite answered
         < far hears the other, caller hears the other",
    );
    caller_goes(bench);
    let mut bench = joining();
    bench.check(
        "> caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, hang up far, finish used, ended talked by caller
         > reinvite answered
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn what_is_not_the_agent_s_own_conversation_is_not_joined() {
    let mut bench = talking();
    bench.check("> joins own\n < refer of far 481\n > joins unknown\n < refer of far 481");
    bench.check(
        "> anna calls sip:ben@192.0.2.1\n < dial ben, anna engaged, ben engaged\n > joins own\n < refer of far 481",
    );
    bench.check("> far answers\n < far hears the other, anna hears the other, 200");
    bench.check("> refer sip:+441632960000@192.0.2.1\n < refer of far 202, dial sip:+441632960000@192.0.2.20");
    bench.check("> joins own\n < refer of far 491");
    let mut bench = talking();
    bench.after("ben calls sip:+441632960000@192.0.2.1");
    bench.after("far answers");
    bench.check("> joins own\n < refer of far 403");
}
