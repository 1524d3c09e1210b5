//! Recordings: where the rule and the customer say so, and what is left out.

use std::time::Duration;

use crate::calls::recording::{NoRecording, Notice, RecordingNote};
use crate::calls::script::Bench;
use crate::media::WavId;

const TO_RINGING: &str = "
    > invite
    < find
    > found agreed
    < matched V2, enqueue help
    > offer 1
    < show anna V2
    > drawn 1
    < dial sip:anna@192.0.2.50
";

/// A customer who has agreed talks with Anna.
const TO_TALK: &str = "
    > far answers
    < far hears the other, caller hears the other, 200, accepted 1, anna talking, caller recorded, far recorded, recording begun, anna recording on
";

fn talking() -> Bench {
    let mut bench = Bench::recording();
    bench.check(TO_RINGING);
    bench.check(TO_TALK);
    bench
}

fn note(bench: &Bench) -> RecordingNote {
    *bench.records.last().unwrap().recording.clone().expect("a note")
}

#[test]
fn both_sides_are_recorded_from_when_they_talk_to_the_end() {
    let mut bench = talking();
    bench.check(
        "> caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, caller unrecorded, far unrecorded, recording ends, finish used, ended talked by caller
         > kept
         < recording kept
         > finished",
    );
    assert!(note(&bench).began.is_some() && note(&bench).withheld.is_none());
    assert_eq!(bench.kept().unwrap().length, Duration::from_secs(7), "the record of the ended call has it");
    bench.assert_quiet();
}

#[test]
fn without_consent_nothing_is_recorded_and_the_record_says_why() {
    let mut bench = Bench::recording();
    for event in ["invite", "found ours", "offer 1", "drawn 1"] {
        bench.after(event);
    }
    bench.check(
        "> far answers
         < far hears the other, caller hears the other, 200, accepted 1, anna talking, recording no-consent
         > anna pauses
         > far bye
         < hang up caller, anna ended, wrap-up anna, call ended 1, finish used, ended talked by agent
         > finished",
    );
    assert_eq!(note(&bench).withheld, Some(NoRecording::NoConsent));
    bench.assert_quiet();
}

#[test]
fn a_rule_that_does_not_ask_records_nobody() {
    let mut bench = super::ivr();
    for event in ["invite", "found agreed", "offer 1", "drawn 1"] {
        bench.after(event);
    }
    assert!(!bench.after("far answers").contains("record"));
    bench.after("far bye");
    assert_eq!(bench.records[0].recording, None);
}

#[test]
fn a_pause_leaves_out_what_is_said_until_the_agent_or_the_time_ends_it() {
    let mut bench = talking();
    bench.check(
        "> wait 5000
         > ben pauses
         > anna pauses
         < caller unrecorded, far unrecorded, recording paused, anna recording paused
         > caller presses 4
         > wait 3000
         > anna resumes
         < caller recorded, far recorded, recording resumed, anna recording on
         > wait 1000
         > anna pauses
         < caller unrecorded, far unrecorded, recording paused, anna recording paused
         > wait 59999
         < claim
         > wait 1
         < caller recorded, far recorded, recording resumed, anna recording on
         > anna pauses
         < caller unrecorded, far unrecorded, recording paused, anna recording paused",
    );
    bench.after("far bye");
    let s = Duration::from_secs;
    assert_eq!(note(&bench).paused, [(s(5), Some(s(8))), (s(9), Some(s(69))), (s(69), Some(s(69)))]);
}

#[test]
fn a_pause_that_ends_while_the_caller_is_alone_records_nobody() {
    let mut bench = talking();
    for event in ["anna pauses", "refer sip:ben@192.0.2.1", "agent bye"] {
        bench.after(event);
    }
    let said = bench.after("wait 60000");
    assert!(said.contains("recording resumed") && !said.contains(" recorded"), "{said}");
}

#[test]
fn a_pause_ends_when_the_call_is_put_on_hold() {
    let mut bench = talking();
    bench.after("anna pauses");
    bench.after("caller reinvites");
    let said = bench.after("reinvite answered");
    assert!(said.contains("caller recorded, far recorded, recording resumed"), "{said}");
}

#[test]
fn a_full_disk_ends_the_recording_and_not_the_call() {
    let mut bench = talking();
    bench.check(
        "> disk full
         < recording file, caller unrecorded, far unrecorded, recording ends, anna recording off
         > anna pauses
         > far bye
         < hang up caller, anna ended, wrap-up anna, call ended 1, finish used, ended talked by agent",
    );
    assert!(note(&bench).kept.is_some_and(|kept| kept.stopped.is_some()));
}

#[test]
fn another_agent_goes_on_in_the_recording_and_a_stranger_does_not() {
    let mut bench = talking();
    for event in ["refer sip:ben@192.0.2.1", "ben free 2", "wait 400"] {
        bench.after(event);
    }
    let said = bench.after("far answers");
    let expect = "caller recorded, far recorded";
    assert!(said.contains(expect) && said.ends_with("ben recording on"), "{said}");
    let mut bench = talking();
    bench.after("refer sip:+441632960000@192.0.2.1");
    let said = bench.after("far answers");
    assert!(said.ends_with("recording ends"), "{said}");
}

#[test]
fn a_call_that_is_to_be_recorded_speaks_what_can_be_read() {
    let mut bench = Bench::recording();
    for event in ["invite browser", "found agreed", "offer 1", "drawn 1"] {
        bench.after(event);
    }
    let offer = String::from_utf8(bench.dials[0].offer.to_vec()).unwrap();
    assert!(offer.contains("PCMU") && !offer.to_lowercase().contains("opus"), "{offer}");
    let mut bench = Bench::recording();
    for event in ["invite opus", "found agreed", "offer 1", "drawn 1"] {
        bench.after(event);
    }
    assert!(String::from_utf8_lossy(&bench.dials[0].offer).contains("opus"), "a call comes before its recording");
}

#[test]
fn the_notice_is_heard_before_they_talk() {
    let mut bench = Bench::recording_with(Notice::Spoken(WavId(3)));
    for event in ["invite", "found ours", "offer 1", "drawn 1"] {
        bench.after(event);
    }
    bench.check(
        "> far answers
         < far hears the other, caller hears the other, 200, accepted 1, anna talking, caller is played 3, far is played 3
         > far played
         > caller played
         < caller recorded, far recorded, recording begun, anna recording on",
    );
}

#[test]
fn who_has_heard_the_notice_while_waiting_does_not_hear_it_again() {
    for (heard, said) in [(true, "caller recorded"), (false, "caller is played 3")] {
        let mut bench = Bench::recording_with(Notice::Spoken(WavId(3)));
        for event in ["invite", "found ours"] {
            bench.after(event);
        }
        assert!(bench.after("wait 200").ends_with("caller is played 3"));
        if heard {
            bench.after("played");
        }
        for event in ["offer 1", "drawn 1", "far rings"] {
            bench.after(event);
        }
        let answered = bench.after("far answers");
        assert!(answered.contains(said), "{answered}");
    }
}

#[test]
fn a_notice_that_was_cut_is_said_again_with_the_next_agent() {
    let mut bench = Bench::recording_with(Notice::Spoken(WavId(3)));
    for event in ["invite", "found ours", "offer 1", "drawn 1", "far answers", "refer sip:ben@192.0.2.1", "ben free 2"]
    {
        bench.after(event);
    }
    bench.after("wait 400");
    let said = bench.after("far answers");
    assert!(said.contains("caller is played 3") && !said.contains("recorded"), "{said}");
}
