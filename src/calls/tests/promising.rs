//! Callers by telephone who would rather be called: the question, the key, the promise, and what becomes of who cannot have it.

use std::sync::Arc;
use std::time::Duration;

use super::recalling::{agent_answers, promised_up_to_the_question};
use crate::access::{After, Answer, Conditions, Policy, PolicySetup, Rule};
use crate::base::QueueId;
use crate::calls::facts::FallbackCause;
use crate::calls::recording::{Notice, RecordingPlan};
use crate::calls::script::{Bench, callbacks_by_phone};
use crate::calls::settings::{CallSettings, Fallback};
use crate::media::command::WavId;

fn asking(change: impl FnOnce(&mut CallSettings)) -> Bench {
    let asked = |settings: &mut CallSettings| {
        settings.callback = Some(callbacks_by_phone());
        change(settings);
    };
    Bench::having(asked).nothing_promised()
}

/// Whoever calls gets this answer.
fn answering(answer: Answer) -> impl FnOnce(&mut CallSettings) {
    move |settings| {
        let rules = vec![Rule::new("all", Conditions::default(), answer)];
        settings.policy = Arc::new(Policy::new(PolicySetup::of(rules, Answer::SelfService)).unwrap());
    }
}

fn everybody_waits() -> Answer {
    Answer::Human { queue: None, priority: 0 }
}

/// Who calls may be called back, and waits.
fn waiting(change: impl FnOnce(&mut CallSettings)) -> Bench {
    let mut bench = asking(change);
    bench.check(
        "> invite
         < find
         > found ours
         < matched V2, enqueue help
         > wait 200
         < caller hears waiting, 200
         > wait 20000
         < caller is played 0 callback-press n-1",
    );
    bench
}

fn quiet(mut bench: Bench) {
    bench.settle_all();
    bench.assert_quiet();
}

/// The key, and all that follows up to the callback, which waits in the caller's place.
fn presses(bench: &mut Bench, first: &str) {
    bench.check(&format!(
        "> caller presses 1
         < {first}, promise
         > promised
         < caller is played callback-promised
         > played
         < hang up caller, finish open, ended replaced by us, enqueue help as before"
    ));
}

const TAKEN_BACK: &str = "
    > its callback
    > takes back
    < unpromise, leave, finish open, ended withdrawn by caller, taken back
";

#[test]
fn a_key_while_waiting_promises_a_callback_in_the_same_place() {
    let mut bench = waiting(|_| {});
    bench.check(
        "> caller presses 2
         <",
    );
    presses(&mut bench, "leave");
    bench.check("> its callback");
    agent_answers(&mut bench, 1);
    bench.check(
        "> recalled 1
         < dial +12015550177 through carrier
         > far answers
         < far hears the other, far hears the other, anna talking
         > agent bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by agent",
    );
    let rules: Vec<_> = bench.records.iter().map(|record| record.rule.clone()).collect();
    assert_eq!(rules, [Some("known".to_owned()), Some("known".to_owned())], "the callback has the rule of its call");
    quiet(bench);
}

#[test]
fn a_key_in_info_counts_too() {
    let mut bench = waiting(|_| {});
    bench.check("> caller tells 1\n < leave, promise\n > promised\n < caller is played callback-promised");
}

/// Their call lets go of the intent with the promise, and does not take it again.
#[test]
fn who_has_been_promised_a_call_does_not_keep_the_callback_from_themselves() {
    let mut bench = waiting(|_| {});
    // The claim was to be renewed a minute after the call began.
    bench.after("wait 38000");
    assert!(bench.after("caller presses 1").ends_with("leave, promise"));
    assert_eq!(bench.after("promised"), "caller is played callback-promised");
    assert_eq!(bench.after("wait 30000"), "");
}

/// Else their page would be refused, and what was promised by telephone withdrawn with it.
#[test]
fn a_page_that_asks_while_the_promise_is_said_begins_the_callback() {
    let mut bench = waiting(|_| {});
    bench.check(
        "> caller presses 1
         < leave, promise
         > promised
         < caller is played callback-promised
         > wait 1000
         <
         > promise
         < hang up caller, finish open, ended replaced by us, enqueue help as before, promised",
    );
    bench.check(TAKEN_BACK);
    quiet(bench);
}

#[test]
fn who_hangs_up_before_the_promise_has_been_said_is_called_all_the_same() {
    let mut bench = waiting(|_| {});
    bench.check(
        "> caller presses 1
         < leave, promise
         > promised
         < caller is played callback-promised
         > caller bye
         < finish open, ended replaced by caller, enqueue help as before",
    );
    bench.check(TAKEN_BACK);
    quiet(bench);
}

#[test]
fn who_hangs_up_while_the_store_is_asked_is_called_as_soon_as_it_answers() {
    let mut bench = waiting(|_| {});
    bench.check(
        "> caller presses 1
         < leave, promise
         > caller bye
         < promise, finish open, ended abandoned by caller
         > promised before
         < enqueue help as before",
    );
    bench.check(TAKEN_BACK);
    quiet(bench);
}

#[test]
fn a_stranger_who_hangs_up_gets_their_intent_first() {
    let mut bench = of_stranger();
    bench.check(
        "> caller presses 1
         < leave, register
         > caller bye
         < register, ended abandoned by caller
         > registered
         < promise
         > promised
         < enqueue help as before",
    );
    bench.check(TAKEN_BACK);
    quiet(bench);
}

#[test]
fn a_store_that_is_away_for_an_hour_is_asked_for_the_promise_until_it_is_back() {
    let mut bench = waiting(|_| {});
    bench.check("> caller presses 1\n < leave, promise");
    bench.check("> caller bye\n < promise, finish open, ended abandoned by caller");
    bench.after("wait 600000");
    assert!(bench.after("wait 10000").contains("promise"), "it is still asked");
    bench.check("> promised\n < enqueue help as before");
    bench.check(TAKEN_BACK);
    quiet(bench);
}

/// Anna is offered the call of somebody who waits, and her phone rings.
const RUNG: &str = "
    > offer 1
    < show anna V2
    > drawn 1
    < dial sip:anna@192.0.2.50
    > far rings
    < anna ringing, caller hears ringback
";

#[test]
fn a_key_while_an_agent_is_being_called_counts_if_nobody_answers() {
    for (fails, said) in [
        ("far 480", "caller hears silence, withdraw anna, caller hears waiting, failed 1 phone unreachable"),
        ("declined", "withdraw anna, hang up far, caller hears silence, caller hears waiting, failed 1 declined"),
        ("expired 1", "withdraw anna, hang up far, caller hears silence, caller hears waiting"),
    ] {
        let mut bench = waiting(|_| {});
        bench.check(RUNG);
        bench.check(&format!(
            "> caller presses 1
             < caller is played callback-noted
             > caller presses 1
             < 
             > {fails}
             < {said}, leave, promise
             > offer 2
             < 
             > promised
             < caller is played callback-promised
             > played
             < hang up caller, finish open, ended replaced by us, enqueue help as before"
        ));
        bench.check(TAKEN_BACK);
        quiet(bench);
    }
}

#[test]
fn an_agent_who_answers_has_the_caller_and_the_key_is_forgotten() {
    let mut bench = waiting(|_| {});
    bench.check("> offer 1\n < show anna V2\n > caller presses 1\n < caller is played callback-noted");
    bench.check(
        "> drawn 1
         < dial sip:anna@192.0.2.50
         > far answers
         < far hears the other, caller hears the other, accepted 1, anna talking
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller",
    );
    quiet(bench);
}

#[test]
fn who_has_pressed_the_key_and_hangs_up_while_it_rings_is_called_back() {
    let mut bench = waiting(|_| {});
    bench.check(RUNG);
    bench.check(
        "> caller presses 1
         < caller is played callback-noted
         > caller bye
         < withdraw anna, hang up far, leave, promise, finish open, ended abandoned by caller
         > promised before
         < enqueue help as before",
    );
    bench.check(TAKEN_BACK);
    quiet(bench);
}

#[test]
fn without_the_key_nothing_is_promised_whatever_becomes_of_the_offer() {
    let mut bench = waiting(|_| {});
    bench.check(RUNG);
    bench.check("> caller bye\n < withdraw anna, hang up far, leave, finish open, ended abandoned by caller");
    quiet(bench);
}

#[test]
fn a_phone_without_a_port_leaves_the_fallback_to_those_who_have_not_pressed_the_key() {
    let mut bench = waiting(|_| {});
    bench.check(RUNG);
    bench.check("> caller presses 1\n < caller is played callback-noted");
    (0..3).for_each(|_| assert_eq!(bench.after("far port taken"), ""));
    let said = bench.after("far port taken");
    assert!(said.ends_with("leave, promise"), "{said}");
    assert_eq!(bench.after("too many"), "fallback: media, dial sip:+12015550123@192.0.2.99");
}

#[test]
fn what_cannot_be_promised_leaves_the_caller_in_their_place_and_is_not_asked_again() {
    for (event, said) in [
        ("store down", "claim, unpromise, enqueue help as before"),
        ("wait 2000", "claim, unpromise, enqueue help as before"),
        ("too many", "enqueue help as before"),
    ] {
        let mut bench = waiting(|_| {});
        bench.check(&format!(
            "> caller presses 1
             < leave, promise
             > {event}
             < {said}
             > finished
             > wait 30000
             < caller is played 1
             > caller presses 1
             > caller bye
             < leave, finish open, ended abandoned by caller"
        ));
        quiet(bench);
    }
}

#[test]
fn the_ceiling_of_a_queue_asks_and_without_a_key_the_fallback_has_the_caller() {
    let ceiling = Duration::from_secs(15);
    let (queue, then) = (QueueId::new("help"), After::Callback);
    let answer = || Answer::Queue { queue: queue.clone(), priority: 3, ceiling, then: then.clone() };
    let to_question = "> invite
        < find
        > found ours
        < matched V2, enqueue help
        > wait 200
        < caller hears waiting, 200
        > wait 14800
        < leave, caller is played callback-press n-1 until a key";
    for no in ["wait 8000", "caller presses 5"] {
        let mut bench = asking(answering(answer()));
        bench.check(to_question);
        bench.after("played");
        let said = bench.after(no);
        assert!(said.ends_with("fallback: queue-ceiling, dial sip:+12015550123@192.0.2.99"), "{no}: {said}");
    }
    let mut bench = asking(answering(answer()));
    bench.check(to_question);
    bench.check("> question cut");
    presses(&mut bench, "caller hears silence");
    bench.check(TAKEN_BACK);
    quiet(bench);
}

#[test]
fn a_rule_that_answers_callback_asks_a_caller_by_telephone() {
    let callback = || Answer::Callback { queue: None, priority: 0 };
    let mut bench = asking(answering(callback()));
    bench.check(
        "> invite
         < find
         > found ours
         < matched V2, 200, caller is played callback-press n-1 until a key",
    );
    presses(&mut bench, "caller hears silence");
    bench.check(TAKEN_BACK);
    quiet(bench);
    let mut nobody_asks = Bench::having(answering(callback()));
    let said = "matched V2, fallback: rule, dial sip:+12015550123@192.0.2.99";
    nobody_asks.check(&format!("> invite\n < find\n > found ours\n < {said}"));
}

#[test]
fn who_would_be_refused_for_the_carrier_to_route_on_is_not_answered_to_be_asked() {
    let mut bench = asking(|settings| {
        answering(Answer::Callback { queue: None, priority: 0 })(settings);
        for trunk in settings.trunks.values_mut() {
            Arc::make_mut(trunk).fallback = Fallback::Status { code: 503 };
        }
    });
    for event in ["invite", "found ours"] {
        bench.after(event);
    }
    let record = &bench.records[0];
    assert_eq!((record.status, record.fallback), (Some(503), Some(FallbackCause::Rule)));
    quiet(bench);
}

/// Somebody waits whom nothing has recognised, and whose carrier vouches for the number.
fn of_stranger() -> Bench {
    let trusted = |settings: &mut CallSettings| {
        answering(everybody_waits())(settings);
        for trunk in settings.trunks.values_mut() {
            Arc::make_mut(trunk).trusted = true;
        }
    };
    let mut bench = asking(trusted);
    bench.check(
        "> invite vouched
         < find
         > found nobody
         < matched V0, enqueue help
         > wait 200
         < caller hears waiting, 200",
    );
    bench
}

#[test]
fn a_stranger_whose_carrier_vouches_for_the_number_gets_an_intent_for_it() {
    let mut bench = of_stranger();
    bench.check(
        "> caller presses 1
         < leave, register
         > registered
         < promise
         > promised
         < caller is played callback-promised
         > played
         < hang up caller, ended replaced by us, enqueue help as before",
    );
    bench.check(TAKEN_BACK);
    quiet(bench);
}

#[test]
fn a_number_that_nobody_vouches_for_or_that_is_withheld_is_not_called() {
    for (invite, found) in [
        // A caller ID alone, of nobody whom we know.
        ("invite", "found nobody"),
        ("invite vouched withheld", "found ours"),
        ("invite withheld", "found ours"),
    ] {
        let mut bench = asking(answering(everybody_waits()));
        for event in [invite, found, "wait 200"] {
            bench.after(event);
        }
        assert_eq!(bench.after("wait 20000"), "caller is played 0", "{invite}");
        assert_eq!(bench.after("caller presses 1"), "", "{invite}");
    }
    // Whom we know by that number is called at it.
    let mut bench = asking(|_| {});
    for event in ["invite", "found likely", "claimed", "wait 200"] {
        bench.after(event);
    }
    assert_eq!(bench.after("wait 20000"), "caller is played 0 callback-press n-1");
}

#[test]
fn only_the_queues_that_are_named_ask_and_one_without_messages_has_its_own_times() {
    let named = |queue: &'static str| {
        move |settings: &mut CallSettings| {
            settings.media.queues.clear();
            let plan = Arc::make_mut(settings.callback.as_mut().expect("callbacks"));
            plan.by_phone.as_mut().expect("by phone").queues = Some([QueueId::new(queue)].into());
        }
    };
    for (queue, first, again) in [("help", "caller is played callback-press n-1", "claim"), ("sales", "", "claim")] {
        let mut bench = asking(named(queue));
        for event in ["invite", "found ours", "wait 200"] {
            bench.after(event);
        }
        assert_eq!(bench.after("wait 15000"), first, "{queue}");
        bench.after("played");
        let said = bench.after("wait 45000");
        assert_eq!(said.contains("callback-press"), queue == "help", "{queue}: {said}");
        assert!(said.contains(again), "{said}");
    }
}

/// The customer calls while this try dials their number: their own call has the place.
fn calls_amid_try(bench: &mut Bench, tried: u8) {
    promised_up_to_the_question(bench);
    bench.check(&format!(
        "> recalled {tried}
         < dial +12015550177 through carrier
         > invite
         < find
         > found recalled
         < claim
         > taken by recall
         < hang up far, hang up far, anna ended, withdraw anna, anna done, call ended 1, finish open, claim
         > claimed
         < matched V2, enqueue help as before"
    ));
}

#[test]
fn a_customer_who_calls_while_they_are_dialled_has_their_own_call() {
    let mut bench = asking(|_| {});
    calls_amid_try(&mut bench, 1);
    bench.check(
        "> offer 2
         < show anna V2
         > drawn 2
         < dial sip:anna@192.0.2.50
         > far answers
         < far hears the other, caller hears the other, 200, accepted 2, anna talking
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 2, finish used, ended talked by caller, finish open, ended replaced by caller",
    );
    quiet(bench);
}

#[test]
fn a_customer_who_calls_amid_the_last_try_and_hangs_up_is_not_called_again() {
    let mut bench = asking(|_| {});
    calls_amid_try(&mut bench, 2);
    bench.check(
        "> caller cancels
         < leave, finish open, ended abandoned by caller, unpromise, finish open, ended unreached by us",
    );
    quiet(bench);
}

#[test]
fn who_talks_in_a_callback_is_not_taken_for_a_caller_too() {
    let mut bench = asking(|_| {});
    promised_up_to_the_question(&mut bench);
    bench.check(
        "> recalled 1
         < dial +12015550177 through carrier
         > far answers
         < far hears the other, far hears the other, anna talking
         > invite
         < find
         > found recalled
         < claim
         > taken by recall
         < matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99",
    );
}

fn known_are_recorded() -> RecordingPlan {
    let notice = Notice::Spoken(WavId(30));
    RecordingPlan { rules: ["known".to_owned()].into(), notice, pause: Duration::from_secs(60) }
}

#[test]
fn a_callback_is_recorded_where_its_rule_says_so() {
    let mut bench = asking(|settings| settings.recording = Some(known_are_recorded()));
    promised_up_to_the_question(&mut bench);
    bench.check(
        "> recalled 1
         < dial +12015550177 through carrier
         > far answers
         < far hears the other, far hears the other, anna talking, far is played 30, far is played 30
         > far played
         < far recorded, far recorded, recording begun, anna recording on",
    );
    // A machine has answered, and was recorded; the next try begins anew.
    let said = bench.after("not reached");
    assert!(said.contains("far unrecorded, far unrecorded, recording ends"), "{said}");
    bench.after("wait 3660000");
    for event in ["offer 2", "drawn 2", "far answers", "recalled 2"] {
        bench.after(event);
    }
    assert!(bench.after("far answers").ends_with("far is played 30, far is played 30"));
    assert!(bench.after("far played").contains("recording begun"));
}

/// The agent's browser never comes to the sound: what was recorded of nobody has an end, and the next try is another one.
#[test]
fn nothing_goes_on_of_a_callback_whose_agent_was_not_heard() {
    let mut bench = asking(|settings| settings.recording = Some(known_are_recorded()));
    for event in ["promise", "offer 1", "drawn 1", "far answers", "recalled 1", "far answers", "far played"] {
        bench.after(event);
    }
    let said = bench.after("agent unheard");
    assert!(said.contains("recording ends") && said.ends_with("hang up far, finish open"), "{said}");
    assert!(bench.after("wait 3660000").contains("enqueue"));
}

#[test]
fn a_rule_s_skills_hold_for_the_callback() {
    let skilled = |settings: &mut CallSettings| {
        let skills = vec![(crate::base::SkillId::new("spanish"), 5)];
        let rules = vec![Rule { skills, ..Rule::new("all", Conditions::default(), everybody_waits()) }];
        settings.policy = Arc::new(Policy::new(PolicySetup::of(rules, Answer::SelfService)).unwrap());
    };
    let mut bench = asking(skilled);
    bench.check("> promise\n < enqueue help with spanish 5 as before, promised");
}

/// The one that would be asked now says nothing of skills.
#[test]
fn the_rule_by_which_it_was_promised_holds_after_a_restart_as_long_as_there_is_one_of_its_name() {
    let skilled = |settings: &mut CallSettings| {
        let skills = vec![(crate::base::SkillId::new("spanish"), 5)];
        let plain = Rule::new("all", Conditions::default(), everybody_waits());
        let rules = vec![plain, Rule { skills, ..Rule::new("trunk", Conditions::default(), everybody_waits()) }];
        settings.policy = Arc::new(Policy::new(PolicySetup::of(rules, Answer::SelfService)).unwrap());
        settings.callback = Some(callbacks_by_phone());
    };
    for (rule, with) in [("trunk", " with spanish 5"), ("all", ""), ("gone", "")] {
        let mut bench = Bench::having(skilled);
        bench.check(&format!("> wait 1\n < promises\n > promises waiting by {rule}\n < enqueue help{with} as before"));
        bench.check("> takes back\n < unpromise, leave, finish open, ended withdrawn by caller, taken back");
        quiet(bench);
    }
}

#[test]
fn the_page_hears_of_the_promise() {
    let mut bench = waiting(|_| {});
    bench.after("page opens");
    bench.after("caller presses 1");
    assert!(bench.after("promised").contains("page callback_waiting V2"));
}
