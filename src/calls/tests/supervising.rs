//! Supervisors: who hears whom, and how each act ends.

use crate::base::AgentId;
use crate::calls::script::Bench;

fn talking() -> Bench {
    let mut bench = Bench::supervised();
    for event in ["invite", "found ours", "offer 1", "drawn 1", "agent's phone answers"] {
        bench.after(event);
    }
    bench
}

fn listening() -> Bench {
    let mut bench = talking();
    bench.check(
        "> ben wants listen
         < dial ben, ben engaged, ben ringing
         > ben's phone answers
         < far hears two, far hears the other, caller hears the other, caller is played beep, far is played beep, listen, ben listening",
    );
    bench
}

#[test]
fn a_supervisor_listens_whispers_joins_and_leaves() {
    let mut bench = listening();
    bench.check(
        "> ben watches
         < ben sees 1
         > ben wants whisper
         < far hears two, far hears two, caller hears the other, caller is played beep, far is played beep, whisper, ben whispering
         > ben wants barge
         < far hears two, far hears two, caller hears two, caller is played beep, far is played beep, barge, ben barging
         > ben wants leave
         < hang up far, far hears the other, caller hears the other, ben released, left, ben over (you have left the call)
         > ben wants leave
         < ben over
         > agent bye
         < hang up caller, anna ended, wrap-up anna, call ended 1, finish used, ended talked by agent
         > finished",
    );
    let acts: Vec<_> = bench.records[0].supervised.iter().map(|act| (act.act.as_str(), act.until.is_some())).collect();
    assert_eq!(acts, [("listen", true), ("whisper", true), ("barge", true)]);
    bench.assert_quiet();
}

#[test]
fn the_end_of_the_call_or_of_either_leg_ends_it() {
    for (event, said) in [
        ("caller bye", "hang up far"),
        ("agent bye", "hang up caller"),
        ("ben's phone bye", "left, ben over (you have hung up)"),
        ("leave", "ben over (the call is over)"),
    ] {
        let mut bench = listening();
        let heard = bench.after(event);
        assert!(heard.contains(said) && heard.contains("ben released") && heard.contains("left"), "{event}: {heard}");
        bench.after("caller bye");
        bench.settle_all();
        bench.assert_quiet();
    }
    let mut bench = talking();
    bench.after("ben wants barge");
    let refused = bench.after("ben's phone refuses");
    assert_eq!(refused, "ben released, ben over (your phone was not answered)");
    bench.after("caller bye");
    bench.settle_all();
    bench.assert_quiet();
}

#[test]
fn a_call_that_is_taken_over_is_the_supervisors() {
    let mut bench = listening();
    bench.check(
        "> ben wants take_over
         < is ben free
         > ben busy
         < ben listening (you are busy)
         > ben wants take_over
         < is ben free
         > ben free 2
         < far hears the other, caller hears the other, show ben V2, hang up far, anna ended, wrap-up anna, call ended 1, ben released, take-over, ben over (the call is yours), accepted 2, ben talking
         > caller bye
         < hang up far, ben ended, wrap-up ben, call ended 2, finish used, ended talked by caller
         > finished",
    );
    assert_eq!(bench.records[0].agent, Some(AgentId::new("ben")));
    bench.assert_quiet();
}

#[test]
fn whoever_may_not_or_cannot_is_told_why() {
    let mut bench = talking();
    for (event, said) in [
        ("anna wants listen", "anna over (you do not supervise the queue of this call)"),
        ("anna watches", "anna sees 0"),
        ("ben wants leave", "ben over"),
    ] {
        assert_eq!(bench.after(event), said);
    }
    let mut bench = Bench::supervised();
    for event in ["invite", "found ours", "offer 1"] {
        bench.after(event);
    }
    assert_eq!(bench.after("ben wants listen"), "ben over (caller and agent do not talk)");
    let mut bench = Bench::supervised();
    for event in ["invite opus", "found ours", "offer 1", "drawn 1", "agent answers opus"] {
        bench.after(event);
    }
    assert_eq!(bench.after("ben wants listen"), "ben over (they speak in a codec that cannot be mixed)");
}

#[test]
fn a_call_of_a_supervised_queue_speaks_what_can_be_mixed() {
    let mut bench = Bench::supervised();
    for event in ["invite browser", "found ours", "offer 1", "drawn 1"] {
        bench.after(event);
    }
    let offer = String::from_utf8(bench.dials[0].offer.to_vec()).unwrap();
    assert!(offer.contains("PCMU") && !offer.to_lowercase().contains("opus"), "{offer}");
}

#[test]
fn a_call_that_is_passed_on_leaves_the_supervisor_behind() {
    let mut bench = listening();
    bench.after("refer sip:+441632960000@192.0.2.1");
    let said = bench.after("far answers");
    assert!(said.contains("ben over (the agent has passed the call on)"), "{said}");
    bench.after("caller bye");
    bench.settle_all();
    bench.assert_quiet();
}

/// The router's answer would be taken for the one to whom the call goes.
#[test]
fn a_call_that_is_being_passed_on_is_not_taken_over_meanwhile() {
    let mut bench = listening();
    bench.after("refer sip:+441632960000@192.0.2.1");
    assert_eq!(bench.after("ben wants take_over"), "ben listening (the call is being passed on: try again)");
    bench.after("far 486");
    assert_eq!(bench.after("ben wants take_over"), "is ben free");
}

#[test]
fn who_wanted_a_call_and_does_not_get_it_listens() {
    let mut bench = talking();
    bench.after("ben wants take_over");
    assert_eq!(bench.after("ben's phone answers"), "is ben free");
    bench.check(
        "> ben busy
         < far hears two, far hears the other, caller hears the other, caller is played beep, far is played beep, listen, ben listening (you are busy)",
    );
}

/// The desk has come back to its call, and its page is being rung.
#[test]
fn a_call_that_is_taken_over_is_not_taken_by_the_page_that_comes_back() {
    let mut bench = listening();
    for event in ["agent away", "desk opened anna", "ben wants take_over"] {
        bench.after(event);
    }
    let said = bench.after("ben free 2");
    assert!(said.starts_with("hang up far, ") && said.ends_with("ben talking"), "{said}");
    assert_eq!(bench.after("desk opened ben"), "", "they are there");
    bench.after("caller bye");
    bench.settle_all();
    bench.assert_quiet();
}
