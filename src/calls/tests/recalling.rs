//! Callbacks: the agent first, then the customer; never twice, never at night.

use std::sync::Arc;

use super::super::script::{Bench, callbacks};

const ALWAYS: &str = "daily 00:00-24:00";

/// Until the store is asked whether the customer's telephone may be dialled.
pub fn promised_up_to_the_question(bench: &mut Bench) {
    bench.check("> promise\n < enqueue help as before, promised");
    agent_answers(bench, 1);
}

/// An agent is offered the callback and takes the phone; the store is asked.
pub fn agent_answers(bench: &mut Bench, fence: u64) {
    agent_rings(bench, fence);
    bench.check(&format!("> far answers\n < far hears ringback, accepted {fence}, recall"));
}

/// The same when the number was dialled before.
fn agent_answers_again(bench: &mut Bench, fence: u64) {
    agent_rings(bench, fence);
    bench.check(&format!("> far answers\n < far hears ringback, accepted {fence}, recall again"));
}

fn agent_rings(bench: &mut Bench, fence: u64) {
    bench.check(&format!(
        "> offer {fence}
         < show anna V2
         > drawn {fence}
         < dial sip:anna@192.0.2.50"
    ));
}

/// The agent is free again.
const FREE: &str = "hang up far, anna ended, withdraw anna, anna done, call ended 1";

/// ... and the customer wants no call any more, for which it is not the time, or which waits in the queue.
const TAKEN_BACK: &str = "> takes back\n < unpromise, finish open, ended withdrawn by caller, taken back";
const TAKEN_BACK_WAITING: &str =
    "> takes back\n < unpromise, leave, finish open, ended withdrawn by caller, taken back";

fn always() -> Bench {
    Bench::with_nothing_promised(ALWAYS)
}

/// The customer has called, and waits.
fn waiting() -> Bench {
    let mut bench = always();
    bench.check("> invite\n < find\n > found ours\n < matched V2, enqueue help");
    bench
}

/// The agent is there, and the store is asked.
fn asking() -> Bench {
    let mut bench = always();
    promised_up_to_the_question(&mut bench);
    bench
}

/// The customer's telephone is dialled.
fn dialling() -> Bench {
    let mut bench = asking();
    bench.check("> recalled 1\n < dial +12015550177 through carrier");
    bench
}

fn quiet(mut bench: Bench) {
    bench.settle_all();
    bench.assert_quiet();
}

#[test]
fn the_agent_gets_the_context_then_the_customer_is_called_and_both_talk() {
    let mut bench = dialling();
    let dialled = bench.dials.last().expect("the customer's");
    assert_eq!(dialled.from_user.expose(), "+12015550199");
    assert!(!dialled.offer.is_empty());
    assert_eq!(bench.dials[0].from_user.expose(), "+12015550177", "the agent sees the customer's number");
    bench.check(
        "> far rings
         <
         > far answers
         < far hears the other, far hears the other, anna talking
         > agent bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by agent
         > finished",
    );
    let record = bench.records.last().expect("its record");
    assert_eq!((record.tries, record.caller.expose().as_str()), (Some(1), "+12015550177"));
    bench.assert_quiet();
}

#[test]
fn who_is_busy_is_called_again_later_and_not_for_ever() {
    let mut bench = dialling();
    bench.check(
        "> far 486
         < hang up far, anna ended, withdraw anna, anna done, call ended 1, finish open busy
         > finished
         > wait 119000
         <
         > wait 2000
         < enqueue help as before",
    );
    agent_answers_again(&mut bench, 2);
    bench.check(
        "> recalled 2
         < dial +12015550177 through carrier
         > far 408
         < hang up far, anna ended, withdraw anna, anna done, call ended 2, unpromise, finish open, ended unreached by us",
    );
    quiet(bench);
}

/// Else the store takes the next try for that one, and does not count it.
#[test]
fn a_try_is_counted_though_the_store_has_not_heard_of_the_end_of_the_last() {
    let mut bench = dialling();
    assert_eq!(bench.after("far 486"), format!("{FREE}, finish open busy"));
    bench.after("wait 119000");
    assert!(bench.after("wait 2000").contains("enqueue help as before"));
    agent_answers_again(&mut bench, 2);
    bench.check("> recalled 2\n < dial +12015550177 through carrier\n > wait 20000\n <");
    assert_eq!(bench.records.len(), 0);
}

#[test]
fn the_next_try_is_by_what_became_of_the_last() {
    for (events, minutes) in [(["far 486"].as_slice(), 2), (&["far 480"], 10), (&["far answers", "not reached"], 60)] {
        let mut bench = dialling();
        events.iter().for_each(|event| drop(bench.after(event)));
        bench.after("finished");
        assert_eq!(bench.after(&format!("wait {}", minutes * 60_000 - 1_000)), "", "{events:?}");
        assert_eq!(bench.after("wait 2000"), "enqueue help as before", "{events:?}");
    }
}

/// The store knows it too, for a process that begins.
#[test]
fn the_next_try_is_so_after_a_restart_as_well() {
    for (missed, minutes) in [("busy", 2), ("otherwise", 10), ("not_reached", 60)] {
        let mut bench = Bench::with_callbacks(ALWAYS);
        assert_eq!(bench.after("wait 1"), "promises");
        assert_eq!(bench.after(&format!("promises tried {missed}")), "", "{missed}");
        assert_eq!(bench.after(&format!("wait {}", minutes * 60_000 - 1_000)), "", "{missed}");
        assert_eq!(bench.after("wait 2000"), "enqueue help as before", "{missed}");
    }
}

#[test]
fn a_number_that_is_none_is_not_tried_again() {
    for status in [404, 410, 604, 607] {
        let mut bench = dialling();
        let said = bench.after(&format!("far {status}"));
        assert!(said.ends_with("unpromise, finish open, ended unreached by us"), "{status}: {said}");
        quiet(bench);
    }
}

#[test]
fn the_agent_says_that_a_machine_has_answered() {
    let mut bench = dialling();
    bench.check(
        "> far answers
         < far hears the other, far hears the other, anna talking
         > not reached
         < hang up far, hang up far, anna ended, withdraw anna, anna done, call ended 1, finish open not reached
         > finished",
    );
    bench.check(TAKEN_BACK);
    quiet(bench);
}

#[test]
fn an_agent_who_hangs_up_lets_the_customers_telephone_be() {
    let mut bench = dialling();
    bench.check(
        "> agent bye
         < hang up far, anna ended, withdraw anna, anna done, call ended 1, finish open",
    );
    bench.check(TAKEN_BACK);
    quiet(bench);
}

#[test]
fn nobody_is_called_at_night_and_the_place_is_kept() {
    // It is 0:16:40.
    let mut bench = Bench::with_nothing_promised("daily 00:00-00:18");
    bench.check(
        "> promise
         < enqueue help as before, promised
         > wait 130000
         < leave
         > wait 85200000
         <
         > wait 130000
         < enqueue help as before",
    );
    bench.check(TAKEN_BACK_WAITING);
    quiet(bench);
}

#[test]
fn where_the_store_knows_that_it_is_night_nobody_is_dialled() {
    // It is 0:16:40, and nine hours later in Tokyo, as a promise says whose answer was lost.
    let mut bench = Bench::with_nothing_promised("daily 00:00-00:30");
    promised_up_to_the_question(&mut bench);
    bench.check(
        "> recalled in Tokyo
         < unrecall, hang up far, anna ended, withdraw anna, anna done, call ended 1",
    );
}

#[test]
fn whoever_was_passed_on_to_nobody_has_talked_and_is_not_called_again() {
    let mut bench = dialling();
    for step in ["far answers", "refer sip:+441632960000@192.0.2.1", "agent bye"] {
        bench.after(step);
    }
    let said = bench.after("far 486");
    assert!(said.contains("hang up") && said.ends_with("finish used, ended talked by us"), "{said}");
    bench.settle_all();
    bench.assert_quiet();
}

/// No agent is asked for them before: they would be rung for nothing.
#[test]
fn what_a_call_of_a_process_that_died_still_has_is_left_alone_until_then() {
    let mut bench = Bench::with_callbacks(ALWAYS);
    assert_eq!(bench.after("wait 1"), "promises");
    bench.check("> promises claimed 70000\n <\n > wait 69000\n <\n > wait 1000\n < enqueue help as before");
}

#[test]
fn who_asks_again_keeps_the_place() {
    let mut bench = always();
    bench.check("> promise\n < enqueue help as before, promised");
    let first = bench.waits_since();
    bench.check("> wait 5000\n <\n > promise\n < leave, enqueue help as before, promised");
    assert!(first.is_some() && bench.waits_since() == first);
}

#[test]
fn an_earlier_promise_that_is_heard_of_later_changes_nothing() {
    let mut bench = always();
    bench.check("> promise\n < enqueue help as before, promised\n > promise of before\n < promised");
    bench.after("takes back");
    assert_eq!(bench.records[0].caller.expose(), "+12015550177");
}

/// The store has the promise of a later moment than that from which they wait.
#[test]
fn a_try_in_vain_keeps_the_place() {
    let mut bench = asking();
    let first = bench.waits_since();
    bench.check("> wait 1000\n <\n > recalled 1\n < dial +12015550177 through carrier");
    bench.after("far 486");
    bench.after("finished");
    bench.check("> wait 601000\n < enqueue help as before");
    assert!(first.is_some() && bench.waits_since() == first);
}

#[test]
fn an_offer_after_the_hours_is_not_taken() {
    let mut bench = Bench::with_nothing_promised("daily 00:00-00:17");
    bench.check(
        "> promise
         < enqueue help as before, promised
         > wait 30000
         <
         > offer 1
         < leave",
    );
    bench.check(TAKEN_BACK);
    quiet(bench);
}

#[test]
fn an_agent_who_answers_too_late_in_the_evening_is_let_go() {
    let mut bench = Bench::with_nothing_promised("daily 00:00-00:17");
    bench.check("> promise\n < enqueue help as before, promised");
    agent_rings(&mut bench, 1);
    bench.check(
        "> wait 20000
         <
         > far answers
         < far hears ringback, accepted 1, hang up far, anna ended, withdraw anna, anna done, call ended 1",
    );
    bench.check(TAKEN_BACK);
    quiet(bench);
}

#[test]
fn a_customer_who_calls_has_the_place_of_their_callback() {
    let mut bench = always();
    bench.check(
        "> promise
         < enqueue help as before, promised
         > wait 5000
         <
         > invite
         < find
         > found ours
         < matched V2, enqueue help as before, leave
         > caller cancels
         < leave, finish open, ended abandoned by caller, enqueue help as before
         > finished
         > invite
         < find
         > found ours
         < matched V2, enqueue help as before, leave
         > offer 1
         < show anna V2
         > drawn 1
         < dial sip:anna@192.0.2.50
         > far answers
         < far hears the other, caller hears the other, 200, accepted 1, anna talking
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller, finish open, ended replaced by caller",
    );
    quiet(bench);
}

/// They have called from two telephones, and one of them is there still.
#[test]
fn a_callback_gives_way_until_the_last_call_of_the_customer_is_over() {
    let mut bench = always();
    bench.check("> promise\n < enqueue help as before, promised");
    for event in ["invite", "found ours", "invite", "found ours"] {
        bench.after(event);
    }
    let said = bench.after("caller cancels");
    assert!(said.ends_with("ended abandoned by caller"), "{said}");
}

#[test]
fn who_waits_and_wants_to_be_called_back_keeps_the_place_and_hangs_up() {
    let mut bench = waiting();
    bench.check(
        "> wait 200
         < caller hears waiting, 200
         > wait 5000
         <
         > promise
         < leave, hang up caller, finish open, ended replaced by us, enqueue help as before, promised",
    );
    bench.check(TAKEN_BACK_WAITING);
    quiet(bench);
}

/// The rules have nobody for them, and their page asks for another number meanwhile: they are called as soon as they have hung up.
#[test]
fn who_is_at_the_fallback_keeps_what_was_promised_before() {
    let mut bench = always();
    bench.check(
        "> promise of before
         < enqueue help as before, promised
         > invite
         < find
         > found ours
         < matched V2, enqueue help as before, leave
         > nobody-can-serve
         < fallback: nobody-can-serve, dial sip:+12015550123@192.0.2.99",
    );
    assert_eq!(bench.after("promise"), "promised");
    let said = bench.after("caller cancels");
    assert!(said.ends_with("ended abandoned by caller, enqueue help as before"), "{said}");
    bench.after("takes back");
    assert_eq!(bench.records.last().unwrap().caller.expose(), "+12015550177");
}

#[test]
fn who_is_at_the_fallback_is_promised_nothing_new() {
    let mut bench = waiting();
    bench.after("nobody-can-serve");
    assert_eq!(bench.after("promise"), "talking");
}

#[test]
fn who_talks_is_not_called_back() {
    let mut bench = always();
    bench.check(super::TO_POP);
    bench.check(super::TO_TALK);
    assert_eq!(bench.after("promise"), "talking");
}

#[test]
fn who_has_talked_in_the_browser_is_not_called_back_when_the_page_is_loaded_anew() {
    let mut bench = always();
    bench.check(
        "> promise
         < enqueue help as before, promised
         > page calls
         < find by token
         > found page
         < matched V3, enqueue help as before, leave
         > offer 1
         < show anna V3",
    );
    bench.check(super::TO_TALK);
    bench.check(
        "> caller away
         > page calls again
         < hang up caller, hang up far, anna ended, wrap-up anna, call ended 1, finish open, unpromise, ended talked by caller, find by token, finish open, ended replaced by caller",
    );
}

#[test]
fn a_place_outlives_a_call_that_was_cut_off_for_a_while() {
    let mut bench = always();
    let again = "> invite
         < find
         > found ours";
    bench.check(&format!(
        "{again}
         < matched V2, enqueue help
         > caller cancels
         < leave, finish open, ended abandoned by caller
         > finished
         > wait 119000
         <
         {again}
         < matched V2, enqueue help as before
         > caller cancels
         < leave, finish open, ended abandoned by caller
         > finished
         > wait 121000
         <
         {again}
         < matched V2, enqueue help
         > caller cancels
         < leave, finish open, ended abandoned by caller
         > finished"
    ));
    bench.assert_quiet();
}

#[test]
fn a_place_goes_along_from_the_telephone_to_the_browser() {
    let mut bench = waiting();
    bench.check(
        "> caller cancels
         < leave, finish open, ended abandoned by caller
         > finished
         > page calls
         < find by token
         > found page
         < matched V3, enqueue help as before
         > caller cancels
         < leave, finish open, ended abandoned by caller",
    );
    quiet(bench);
}

#[test]
fn what_another_call_has_or_nobody_wants_is_not_dialled() {
    let mut bench = asking();
    bench.check(&format!("> taken\n < {FREE}\n > wait 61000\n < enqueue help as before\n {TAKEN_BACK_WAITING}"));
    quiet(bench);
    let mut bench = asking();
    bench.check(&format!("> gone\n < {FREE}, unpromise, finish open, ended withdrawn by caller"));
    quiet(bench);
    // The store says nothing: it may have begun the try, which is taken back.
    let mut bench = asking();
    bench.check(&format!("> wait 2000\n < unrecall, {FREE}"));
    bench.settle_all();
    bench.check(TAKEN_BACK);
    quiet(bench);
}

#[test]
fn a_try_that_nobody_dialled_is_taken_back_until_the_next_one_begins() {
    let mut bench = asking();
    bench.check(&format!("> agent bye\n < unrecall, {FREE}", FREE = FREE.trim_start_matches("hang up far, ")));
    bench.after("store down");
    let said = bench.after("wait 60500");
    assert!(said.starts_with("unrecall, ") && said.ends_with("enqueue help as before"), "{said}");
    agent_answers(&mut bench, 2);
    // The store has counted it all the same, once.
    bench.check("> recalled 1\n < dial +12015550177 through carrier\n > wait 20000\n <");
    assert_eq!(bench.after("far 486"), format!("{}, finish open busy", FREE.replace('1', "2")));
}

#[test]
fn a_trunk_that_is_full_costs_the_customer_no_try() {
    let mut bench = Bench::having(|settings| {
        settings.callback = Some(callbacks(ALWAYS));
        for trunk in settings.trunks.values_mut() {
            Arc::make_mut(trunk).terms.caps.outgoing.calls = Some(0);
        }
    })
    .nothing_promised();
    promised_up_to_the_question(&mut bench);
    bench.check(&format!("> recalled 1\n < trunk full: outgoing calls, unrecall, {FREE}\n > finished"));
    bench.check("> wait 61000\n < enqueue help as before");
    agent_answers(&mut bench, 2);
    bench.check(&format!("> recalled 1\n < trunk full: outgoing calls, unrecall, {}", FREE.replace('1', "2")));
    bench.check(TAKEN_BACK);
    assert_eq!(bench.records[0].tries, Some(0));
    quiet(bench);
}

#[test]
fn without_a_port_for_the_customer_the_agent_is_let_go_and_the_callback_waits() {
    let mut bench = always();
    bench.check("> promise\n < enqueue help as before, promised");
    agent_rings(&mut bench, 1);
    let mut said = String::new();
    for _ in 0..5 {
        said += &bench.after("first port taken");
    }
    assert_eq!(said, "withdraw anna, hang up far, leave");
    bench.check("> wait 61000\n < enqueue help as before");
    bench.check(TAKEN_BACK_WAITING);
    quiet(bench);
}

#[test]
fn the_page_hears_of_its_callback() {
    let mut bench = always();
    bench.check("> page opens\n < page none");
    let mut heard = Vec::new();
    for event in [
        "promise",
        "waits at 2",
        "offer 1",
        "drawn 1",
        "far answers",
        "recalled 1",
        "far rings",
        "far answers",
        "agent bye",
        "finished",
    ] {
        let said = bench.after(event);
        heard.extend(said.split(", ").filter(|word| word.starts_with("page ")).map(str::to_owned));
    }
    assert_eq!(
        heard,
        [
            "page callback_waiting V2",
            "page callback_waiting V2 place 2 in 60 s",
            "page agent_reading V2 anna",
            "page calling_you V2 anna",
            "page connected V2 anna",
            "page ended V2 anna talked",
        ]
    );
}

#[test]
fn a_process_that_begins_takes_up_what_was_promised() {
    let mut bench = Bench::with_callbacks(ALWAYS);
    bench.check(
        "> wait 1
         < promises
         > store down
         <
         > wait 5000
         < promises
         > promises waiting
         < enqueue help as before",
    );
    bench.check(TAKEN_BACK_WAITING);
    quiet(bench);
}

#[test]
fn a_queue_without_agents_is_tried_again_in_a_moment() {
    let mut bench = always();
    bench.check(
        "> promise
         < enqueue help as before, promised
         > nobody-can-serve
         > wait 4999
         <
         > wait 1
         < enqueue help as before",
    );
    bench.check(TAKEN_BACK_WAITING);
    quiet(bench);
}

#[test]
fn a_call_whose_process_died_is_not_made_again() {
    let mut bench = Bench::with_callbacks(ALWAYS);
    bench.check(
        "> wait 1
         < promises
         > promises lost
         < unpromise
         > finished
         > wait 100000
         <",
    );
    bench.assert_quiet();
}

#[test]
fn the_process_ends_and_the_promises_stay() {
    let mut bench = always();
    bench.check(
        "> promise
         < enqueue help as before, promised
         > leave
         < leave, finish open, ended failed by us",
    );
    quiet(bench);
}
