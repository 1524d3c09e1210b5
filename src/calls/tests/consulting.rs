//! An agent asks somebody from the desk while the caller waits.

use super::{TO_POP, TO_TALK, ivr};
use crate::base::AgentId;
use crate::calls::script::Bench;

fn consulting() -> Bench {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(TO_TALK);
    bench.check(
        "> anna asks ben
         < dial ben, ben engaged, anna asks ben: ringing
         > ben's phone answers
         < far hears the other, far hears the other, caller hears waiting, anna asks ben: consulting",
    );
    bench
}

#[test]
fn the_agent_goes_between_the_two_and_back_to_the_caller() {
    let mut bench = consulting();
    bench.check(
        "> anna swaps
         < far hears waiting, far hears the other, caller hears the other, anna asks ben: with_caller
         > anna swaps
         < far hears the other, far hears the other, caller hears waiting, anna asks ben: consulting
         > anna joins-them
         < far hears two, far hears two, caller hears two, anna asks ben: joined
         > anna cancels
         < hang up far, far hears the other, caller hears the other, ben released, anna asks ben: over
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn whoever_was_asked_gets_the_caller_with_the_pop() {
    let mut bench = consulting();
    bench.check(
        "> anna completes
         < is ben free
         > ben free 2
         < far hears the other, caller hears the other, anna asks ben: over, show ben V2, hang up far, anna ended, wrap-up anna, call ended 1, ben released, accepted 2, ben talking
         > caller bye
         < hang up far, ben ended, wrap-up ben, call ended 2, finish used, ended talked by caller
         > finished",
    );
    let record = &bench.records[0];
    assert_eq!((record.agent.clone(), record.passed_on.len()), (Some(AgentId::new("ben")), 1));
    assert_eq!(record.passed_on[0].to_agent, Some(AgentId::new("ben")));
    bench.assert_quiet();
}

#[test]
fn a_number_that_may_be_dialled_is_asked_and_gets_the_caller() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(TO_TALK);
    bench.check(
        "> anna asks +441632960000
         < dial sip:+441632960000@192.0.2.20, anna asks +441632960000: ringing
         > far answers
         < far hears the other, far hears the other, caller hears waiting, anna asks +441632960000: consulting
         > anna completes
         < far hears the other, caller hears the other, anna asks +441632960000: over, hang up far, anna ended, wrap-up anna, call ended 1
         > caller bye
         < hang up far, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn each_end_leaves_nothing_behind() {
    for (event, said) in [
        ("caller bye", "ended talked by caller"),
        ("ben's phone bye", "anna asks ben: over (they have hung up)"),
        ("leave", "ended talked by us"),
    ] {
        let mut bench = consulting();
        let heard = bench.after(event);
        assert!(heard.contains(said) && heard.contains("ben released"), "{event}: {heard}");
        bench.after("caller bye");
        bench.settle_all();
        bench.assert_quiet();
    }
}

#[test]
fn an_agent_who_hangs_up_leaves_the_caller_with_whoever_was_asked() {
    for (event, said) in [
        (
            "ben free 2",
            "far hears the other, caller hears the other, anna asks ben: over, show ben V2, anna ended, wrap-up anna, call ended 1, ben released, accepted 2, ben talking",
        ),
        (
            "ben busy",
            "far hears the other, caller hears the other, anna asks ben: over, anna ended, wrap-up anna, call ended 1",
        ),
    ] {
        let mut bench = consulting();
        assert_eq!(bench.after("agent bye"), "is ben free");
        assert_eq!(bench.after(event), said);
        let ended = bench.after("caller bye");
        assert!(ended.contains("ended talked by caller"), "{ended}");
        bench.settle_all();
        bench.assert_quiet();
    }
}

#[test]
fn what_cannot_be_is_said() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(TO_TALK);
    bench.check(
        "> anna asks anna
         < anna asks anna: over (this may not be called)
         > anna asks 5550100
         < anna asks 5550100: over (this may not be called)
         > ben asks anna
         > anna completes
         < anna asks : over
         > anna asks ben
         < dial ben, ben engaged, anna asks ben: ringing
         > ben's phone refuses
         < ben released, anna asks ben: over (nobody has answered)",
    );
}

#[test]
fn whoever_was_asked_gets_the_caller_although_the_desk_is_coming_back() {
    let mut bench = consulting();
    for event in ["agent away", "desk opened anna", "anna completes"] {
        bench.after(event);
    }
    let said = bench.after("ben free 2");
    assert!(said.starts_with("hang up far, ") && said.ends_with("ben talking"), "{said}");
    bench.after("caller bye");
    bench.settle_all();
    bench.assert_quiet();
}
