//! Callers and agents in browsers: what each side is offered, and what becomes of a browser that does not come to the sound.

use super::super::script::Bench;
use super::super::terms::SoundTerms;
use super::{TO_POP, ivr};

/// As `TO_POP`, from a browser.
fn to_pop() -> String {
    TO_POP.replace("> invite", "> invite browser")
}

fn with_browser() -> Bench {
    Bench::with_phone(SoundTerms { webrtc: true, ..SoundTerms::default() })
}

fn offer(bench: &Bench, nth: usize) -> String {
    String::from_utf8(bench.dials[nth].offer.to_vec()).unwrap()
}

const TALK: &str = "
    > far answers
    < far hears the other, caller hears the other, 200, anna ringing, accepted 1, anna talking
";

#[test]
fn a_telephone_is_offered_what_it_has_in_common_with_a_browser() {
    let mut bench = ivr();
    bench.check(&to_pop());
    bench.check("> drawn 1\n < dial sip:anna@192.0.2.50");
    let offer = offer(&bench, 0);
    assert!(
        offer.contains(" RTP/AVP 0 8 13 126\r\n") && !offer.contains("opus") && !offer.contains("a=ice"),
        "{offer}"
    );
    bench.check(&TALK.replace("anna ringing, ", ""));
    bench.check(
        "> caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_browser_is_offered_what_it_has_in_common_with_a_trunk() {
    let mut bench = with_browser();
    bench.check(TO_POP);
    bench.check("> drawn 1\n < dial sip:anna@192.0.2.50");
    let offer = offer(&bench, 0);
    assert!(offer.contains("m=audio 7000 UDP/TLS/RTP/SAVPF 0 8 101\r\n"), "{offer}");
    assert!(offer.contains("a=setup:actpass\r\n") && offer.contains("a=ice-lite\r\n"), "{offer}");
    bench.check("> far browser\n < far hears the other, caller hears the other, 200, accepted 1, anna talking");
    bench.check(
        "> far bye
         < hang up caller, anna ended, wrap-up anna, call ended 1, finish used, ended talked by agent
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn two_browsers_are_offered_opus() {
    let mut bench = with_browser();
    bench.check(&to_pop());
    bench.check("> drawn 1\n < dial sip:anna@192.0.2.50");
    let offer = offer(&bench, 0);
    assert!(offer.contains(" UDP/TLS/RTP/SAVPF 111 9 0 8 13 110 126\r\n") && !offer.contains("red/"), "{offer}");
}

#[test]
fn an_agents_telephone_that_answers_where_a_browser_was_rung_has_no_sound() {
    let mut bench = with_browser();
    bench.check(TO_POP);
    bench.check("> drawn 1\n < dial sip:anna@192.0.2.50");
    let after = bench.after("far answers");
    assert!(!after.contains("hears"), "{after}");
}

#[test]
fn a_browser_that_does_not_come_to_the_sound_ends_its_call() {
    for (lost, cause) in [("caller lost", "no ICE check came"), ("far lost", "consent is gone")] {
        let mut bench = ivr();
        bench.check(&to_pop());
        bench.check("> drawn 1\n < dial sip:anna@192.0.2.50");
        bench.check(&TALK.replace("anna ringing, ", ""));
        let after = bench.after(lost);
        assert!(after.contains("hang up far") && after.contains("hang up caller"), "{cause}: {after}");
        assert!(after.ends_with("ended talked by silence"), "{after}");
        bench.check("> finished");
        bench.assert_quiet();
    }
}

#[test]
fn an_agents_browser_that_never_comes_to_the_sound_sends_the_caller_on() {
    let mut bench = with_browser();
    bench.check(TO_POP);
    bench.check("> drawn 1\n < dial sip:anna@192.0.2.50");
    bench.check("> far browser\n < far hears the other, caller hears the other, 200, accepted 1, anna talking");
    bench.check(
        "> far unheard
         < hang up far, caller hears silence, anna ended, wrap-up anna, call ended 1, fallback: media, dial sip:+12015550123@192.0.2.99
         > far answers
         < far hears the other, caller hears the other
         > caller bye
         < hang up far, finish open, ended fell-back by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_caller_whose_browser_goes_while_a_phone_rings_is_let_go() {
    let mut bench = ivr();
    bench.check(&to_pop());
    bench.check("> drawn 1\n < dial sip:anna@192.0.2.50");
    let after = bench.after("caller lost");
    assert!(after.contains("480") && after.contains("hang up far"), "{after}");
    assert!(after.ends_with("ended abandoned by silence"), "{after}");
    bench.check("> finished");
    bench.assert_quiet();
}

#[test]
fn a_page_that_is_closed_while_it_rings_costs_the_agent_the_offer_and_no_pause() {
    // With its page an agent's phone is gone; a telephone that says the same is out of order.
    for (mut bench, why) in [(with_browser(), "page closed"), (ivr(), "phone unreachable")] {
        bench.check(TO_POP);
        bench.check("> drawn 1\n < dial sip:anna@192.0.2.50");
        bench.check(&format!("> far 480\n < withdraw anna, failed 1 {why}"));
    }
}
