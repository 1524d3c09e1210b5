//! What a trunk was told, seen in its calls.

use crate::base::numbering::{NumbersOut, Rewrite};
use crate::sdp::{CodecList, CodecName, Session, SrtpUse};

use super::caps::{Cap, Caps};
use super::script::Bench;
use super::settings::Fallback;
use super::terms::{SoundTerms, TrunkTerms};

fn bench(terms: TrunkTerms) -> Bench {
    Bench::with_terms(Fallback::Sip { uri: "sip:{dialled}@192.0.2.99".to_owned(), via: None }, terms)
}

fn codecs(names: &[&str]) -> SoundTerms {
    let name = |name: &&str| CodecName { name: (*name).to_owned(), clock: None };
    SoundTerms { codecs: CodecList(names.iter().map(name).collect()), ..SoundTerms::default() }
}

const UNKNOWN: &str = "
    > invite
    < find
    > found nobody
";

#[test]
fn the_fallback_is_dialled_as_the_trunk_writes_numbers() {
    let rule = |strip: &str, add: &str| Rewrite { strip: strip.to_owned(), add: add.to_owned() };
    for (form, dialled, caller) in [
        (NumbersOut::AsTheyCame, "+12015550123", "+12015550177"),
        (NumbersOut::DoubleZero, "0012015550123", "0012015550177"),
        (NumbersOut::WithoutPlus, "12015550123", "12015550177"),
        (NumbersOut::Rules(vec![rule("+1", "9")]), "92015550123", "92015550177"),
    ] {
        let mut bench = bench(TrunkTerms { numbers_out: form, ..TrunkTerms::default() });
        bench.check(UNKNOWN);
        bench.check(&format!("< matched V0, fallback: unmatched, dial sip:{dialled}@192.0.2.99"));
        assert_eq!(bench.dials[0].from_user.expose(), caller);
    }
}

#[test]
fn codecs_that_the_trunk_may_not_use_are_not_passed_on() {
    let mut bench = bench(TrunkTerms { sound: codecs(&["G722", "PCMU"]), ..TrunkTerms::default() });
    bench.check(UNKNOWN);
    bench.check("< matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99");
    let offer = Session::parse(&bench.dials[0].offer).unwrap();
    let names: Vec<&str> = offer.audio.codecs.iter().map(|codec| &*codec.name).collect();
    assert_eq!(names, ["PCMU"], "the keys are not listed");
}

#[test]
fn a_call_in_no_codec_of_the_trunk_is_told_so_and_leaves_nothing() {
    let mut bench = bench(TrunkTerms { sound: codecs(&["G722"]), ..TrunkTerms::default() });
    bench.check("> invite\n < 488 (none of these codecs is taken here), ended refused by us");
    bench.assert_quiet();
}

#[test]
fn a_browser_in_no_codec_of_browsers_is_told_so_before_anybody_is_disturbed() {
    let mut bench = bench(TrunkTerms::default());
    bench.check("> invite browser strange\n < 488 (none of these codecs is taken here), ended refused by us");
    bench.assert_quiet();
}

#[test]
fn a_phone_without_a_codec_of_the_caller_leaves_the_call_to_the_fallback() {
    let mut bench = Bench::with_phone(codecs(&["G722"]));
    bench.check(
        "> invite
         < find
         > found
         < claim
         > claimed
         < matched V2, enqueue help
         > offer 1
         < show anna V2
         > drawn 1
         < withdraw anna, leave, fallback: media, dial sip:+12015550123@192.0.2.99
         > far answers
         < far hears the other, caller hears the other, 200
         > caller bye
         < hang up far, finish open, ended fell-back by caller
         > finished",
    );
    assert_eq!(bench.dials.len(), 1);
    bench.assert_quiet();
}

#[test]
fn a_trunk_has_room_for_so_many_calls() {
    let caps = Caps { incoming: Cap { calls: Some(0), ..Cap::default() }, ..Caps::default() };
    let mut full = bench(TrunkTerms { caps, ..TrunkTerms::default() });
    full.check("> invite\n < trunk full: incoming calls, 503 again in 5 s (no more calls on this trunk)");
    full.assert_quiet();

    let caps = Caps { outgoing: Cap { calls: Some(0), status: 486, ..Cap::default() }, ..Caps::default() };
    let mut full = bench(TrunkTerms { caps, ..TrunkTerms::default() });
    full.check(UNKNOWN);
    full.check(
        "< matched V0, fallback: unmatched, trunk full: outgoing calls, 486 (no more calls on this trunk), ended failed by us",
    );
    full.assert_quiet();
}

#[test]
fn a_call_that_ended_makes_room() {
    let one = Cap { calls: Some(1), ..Cap::default() };
    let mut bench = bench(TrunkTerms { caps: Caps { incoming: one, outgoing: one }, ..TrunkTerms::default() });
    for call in 1..=3 {
        bench.check(UNKNOWN);
        bench.check("< matched V0, fallback: unmatched, dial sip:+12015550123@192.0.2.99");
        bench.check("> caller cancels\n < hang up far, ended abandoned by caller");
        assert_eq!(bench.records.len(), call);
    }
    bench.assert_quiet();
}

/// Whoever reads the description has the keys: over UDP there are none, and no call where there must be.
#[test]
fn keys_that_need_tls_are_not_said_over_udp() {
    let sound = |srtp| SoundTerms { srtp, keys_need_tls: true, ..SoundTerms::default() };
    for event in ["invite", "invite late"] {
        let mut bench = bench(TrunkTerms { sound: sound(SrtpUse::Require), ..TrunkTerms::default() });
        bench.check(&format!("> {event}\n < 488 (no keys in common for the sound), ended refused by us"));
        bench.assert_quiet();
    }
    for srtp in [SrtpUse::Accept, SrtpUse::Offer] {
        let over = |is_tls| sound(srtp).over(is_tls).map(|terms| terms.srtp);
        assert_eq!((over(false), over(true)), (Ok(SrtpUse::Off), Ok(srtp)));
    }
}
