//! A phone or the fallback that is elsewhere (3xx), and who is told who calls.

use super::{TO_POP, ivr};
use crate::sip::claims::{Asserted, Hearer};

const TO_FALLBACK: &str = "
    > invite
    < find
    > found nobody
    < matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99
";

#[test]
fn an_agents_phone_that_is_elsewhere_rings_there() {
    let mut bench = ivr();
    bench.check(TO_POP);
    bench.check(
        "> drawn 1
         < dial sip:anna@192.0.2.50
         > far moved sip:boss@evil.example.com sip:+441632960001@192.0.2.9 sip:+441632960002@192.0.2.9
         < dial sip:+441632960001@192.0.2.20
         > far 486
         < dial sip:+441632960002@192.0.2.20
         > far rings
         < anna ringing, 180
         > far answers
         < far hears the other, caller hears the other, 200, accepted 1, anna talking
         > caller bye
         < hang up far, anna ended, wrap-up anna, call ended 1, finish used, ended talked by caller
         > finished",
    );
    bench.assert_quiet();
}

#[test]
fn a_place_that_no_rule_allows_or_that_has_been_rung_is_a_refusal() {
    let mut bench = ivr();
    bench.check(TO_FALLBACK);
    bench.check(
        "> far moved sip:+441632960001@192.0.2.9
         < dial sip:+441632960001@192.0.2.20
         > far moved sip:+441632960001@192.0.2.77 sip:boss@evil.example.com
         < 302 (unmatched), ended failed by us",
    );
    bench.assert_quiet();
}

#[test]
fn a_fallback_that_is_elsewhere_rings_there_and_talks() {
    let mut bench = ivr();
    bench.check(TO_FALLBACK);
    bench.check(
        "> far moved sip:+441632960001@192.0.2.9
         < dial sip:+441632960001@192.0.2.20
         > far answers
         < far hears the other, caller hears the other, 200
         > far bye
         < hang up caller, ended fell-back by fallback",
    );
    assert_eq!(bench.dials[1].trunk, None, "its login is for its own addresses");
    bench.assert_quiet();
}

/// Who may hear the identity of each dial, and whether with the wish for privacy.
fn hearers(script: &str) -> Vec<Option<(Hearer, bool)>> {
    let mut bench = ivr();
    bench.check(script);
    let told = |asserted: &Asserted| (asserted.hearer, asserted.is_withheld);
    bench.dials.iter().map(|dial| dial.asserted.as_ref().map(told)).collect()
}

#[test]
fn the_asserted_identity_goes_to_phones_and_trusted_trunks() {
    let to_pop = TO_POP.replacen("> invite", "> invite asserted", 1);
    let told = hearers(&format!(
        "{to_pop} > drawn 1
         < dial sip:anna@192.0.2.50
         > far moved sip:+441632960001@192.0.2.9
         < dial sip:+441632960001@192.0.2.20"
    ));
    assert_eq!(told, [Some((Hearer::Phone, false)), Some((Hearer::TrustedTrunk, false))]);
    let told = hearers(
        &TO_FALLBACK
            .replacen("> invite", "> invite asserted withheld", 1)
            .replace("192.0.2.99", "192.0.2.99 for somebody"),
    );
    assert_eq!(told, [Some((Hearer::TrustedTrunk, true))]);
    let to_pop = TO_POP.replacen("> invite", "> invite asserted withheld", 1);
    let told = hearers(&format!("{to_pop} > drawn 1\n < dial sip:anna@192.0.2.50 for somebody"));
    assert_eq!(told, [None]);
    assert_eq!(hearers(TO_FALLBACK), [None]);
}

#[test]
fn whose_number_was_dialled_before_a_diversion_is_kept() {
    let mut bench = ivr();
    bench.check(&TO_FALLBACK.replacen("> invite", "> invite asserted", 1));
    bench.check("> far 486\n < 486 (unmatched), ended failed by us");
    let kept = bench.records[0].diverted_from.as_ref().map(|number| number.expose().as_str());
    assert_eq!(kept, Some("+12015550188"));
}
