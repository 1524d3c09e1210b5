//! A redirected trunk: the pop first, then 302, and an agent who is kept until somebody says that it is over.

use std::time::Duration;

use crate::calls::facts::FallbackCause;
use crate::calls::script::Bench;
use crate::calls::settings::{Fallback, HistoryHeader, Mode, RedirectPlan};

fn redirected(queue: Option<&str>) -> Bench {
    let ivr = Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None };
    let plan = RedirectPlan {
        hold: Duration::from_secs(30),
        queue: queue.map(str::to_owned),
        token: false,
        history: Some(HistoryHeader::Diversion),
    };
    Bench::with_mode(ivr, Mode::Redirect(plan))
}

/// Intent 5 in the text of its id, in hex.
const CONTACT: &str = "sip:204@pbx.example.com?User-to-User=";

/// Up to the 302 that leaves when the pop is drawn.
fn handed_over() -> Bench {
    let mut bench = redirected(None);
    bench.check(super::TO_POP);
    let context = crate::base::hex::to_hex(crate::base::IntentId(5).to_string().as_bytes());
    bench.check(&format!(
        "> drawn 1
         < carry to caller, 302 to {CONTACT}{context}%3Bencoding%3Dhex (), accepted 1, anna ringing"
    ));
    bench
}

#[test]
fn the_time_frees_an_agent_of_whose_call_nobody_speaks() {
    let mut bench = handed_over();
    bench.check(
        "> caller cancels
         > wait 29999
         > wait 1
         < anna ended, wrap-up anna, call ended 1, finish open, ended handed-over by us
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn the_desk_frees_the_agent_and_its_words_count() {
    let mut bench = handed_over();
    bench.check(
        "> written
         < anna done, anna ended, call ended 1, finish used, ended talked by agent
         > finished
         > wait 60000",
    );
    assert!(bench.records[0].wrap_up.is_some());
    bench.assert_quiet();
    for said in ["available", "declined"] {
        let mut bench = handed_over();
        bench.check(&format!(
            "> {said}
             < anna done, anna ended, call ended 1, finish open, ended handed-over by agent
             > finished
             > wait 60000"
        ));
        bench.assert_quiet();
    }
}

#[test]
fn the_302_waits_for_the_pop_or_its_budget() {
    let mut bench = redirected(None);
    bench.check(super::TO_POP);
    bench.check("> wait 399");
    let said = bench.after("wait 1");
    assert!(said.starts_with("pop missed: budget, carry to caller, 302 to sip:204@pbx.example.com?"), "{said}");
}

#[test]
fn strangers_and_those_for_whom_nobody_is_free_are_sent_on() {
    let mut bench = redirected(None);
    bench.check(
        "> invite nonsense
         < find
         > found nobody
         < matched V0, fallback: unmatched, 302 to sip:+12015550123@192.0.2.99 (unmatched), ended redirected by us",
    );
    bench.assert_quiet();
    for queue in [None, Some("sip:800@pbx.example.com")] {
        let mut bench = redirected(queue);
        bench.check("> invite\n < find\n > found\n < claim\n > claimed\n < matched V2, enqueue help\n > wait 199");
        let said = bench.after("wait 1");
        let (expect, cause) = match queue {
            Some(_) => {
                ("leave, carry to caller, 302 to sip:800@pbx.example.com?User-to-User=", FallbackCause::NobodyFree)
            }
            None => (
                "leave, fallback: nobody-free, 302 to sip:+12015550123@192.0.2.99 (nobody-free)",
                FallbackCause::NobodyFree,
            ),
        };
        assert!(said.starts_with(expect) && said.ends_with("finish open, ended redirected by us"), "{said}");
        assert_eq!(bench.records[0].fallback, Some(cause));
        bench.check("> finished");
        bench.assert_quiet();
    }
}
