//! Reliable provisional answers, both roles (RFC 3262).

use super::world::{World, check, check_world, setup};
use crate::sip::api::Reliable;
use crate::sip::wire::HeaderName;

const SUPPORTED: &str = "INVITE body h=Supported:100rel";
const CANCELLED: &str = "ACK b=z9hG4bKINVITE1call-1 to";

#[test]
fn sound_before_the_answer_goes_until_its_prack() {
    check(
        &format!(
            "{SUPPORTED}\n do Progress 180\n do Sound 183\n wait 1600\n PRACK c=2 to rack=0\n PRACK c=2 to rack=0\n wait 5000\n \
             do Answer\n ACK b=z9hG4bKa to\n BYE c=3 to"
        ),
        "0 100 INVITE>trunk, 0 Incoming, 0 180 INVITE>trunk, 0 183 INVITE>trunk, 500 183 INVITE>trunk, 1500 183 INVITE>trunk,
         1600 200 PRACK>trunk, 1600 200 PRACK>trunk, 6600 200 INVITE>trunk, 6600 Acknowledged, 6600 200 BYE>trunk, 6600 Ended Bye",
    );
}

#[test]
fn what_is_settled_is_not_said_again() {
    let mut world = World::new(setup());
    for line in [SUPPORTED, "do Sound 183", "PRACK c=2 to rack=0", "do Answer"] {
        world.step(line);
    }
    let answer = world.last_sent();
    assert!(answer.headers().body().is_empty());
    assert_eq!(answer.headers().header(HeaderName::REQUIRE), None);
}

#[test]
fn the_answer_waits_for_the_prack_of_what_was_described() {
    check(
        &format!("{SUPPORTED}\n do Sound 183\n do Answer\n wait 100\n PRACK c=2 to rack=0\n ACK b=z9hG4bKa to\n BYE c=3 to"),
        "0 100 INVITE>trunk, 0 Incoming, 0 183 INVITE>trunk, 100 200 PRACK>trunk, 100 200 INVITE>trunk, 100 Acknowledged,
         100 200 BYE>trunk, 100 Ended Bye",
    );
}

#[test]
fn one_reliable_answer_at_a_time() {
    check(
        "INVITE body h=Require:100rel\n do Progress 180\n do Sound 183\n PRACK c=2 to rack=0\n PRACK c=3 to rack=0\n do Answer\n \
         ACK b=z9hG4bKa to\n BYE c=4 to",
        "0 100 INVITE>trunk, 0 Incoming, 0 180 INVITE>trunk, 0 200 PRACK>trunk, 0 183 INVITE>trunk, 0 200 PRACK>trunk,
         0 200 INVITE>trunk, 0 Acknowledged, 0 200 BYE>trunk, 0 Ended Bye",
    );
}

/// A 2xx may overtake an answer that described nothing; its PRACK is answered afterwards (RFC 3262 section 3).
#[test]
fn a_prack_after_the_answer() {
    check(
        "INVITE body h=Require:100rel\n do Progress 180\n do Answer\n PRACK c=2 to rack=0\n PRACK c=3 to rack=0\n ACK b=z9hG4bKa to\n BYE c=4 to",
        "0 100 INVITE>trunk, 0 Incoming, 0 180 INVITE>trunk, 0 200 INVITE>trunk, 0 200 PRACK>trunk, 0 481 PRACK>trunk, 0 Acknowledged,
         0 200 BYE>trunk, 0 Ended Bye",
    );
}

#[test]
fn a_prack_that_matches_nothing() {
    check(
        &format!(
            "{SUPPORTED}\n do Sound 183\n PRACK c=2 to rack=1\n PRACK c=3 to h=RAck:1_1_BYE\n PRACK c=4 to\n do Refuse 486\n PRACK c=5 to rack=0\n {CANCELLED}"
        ),
        "0 100 INVITE>trunk, 0 Incoming, 0 183 INVITE>trunk, 0 481 PRACK>trunk, 0 481 PRACK>trunk, 0 400 PRACK>trunk,
         0 486 INVITE>trunk, 0 481 PRACK>trunk",
    );
}

#[test]
fn without_a_prack_the_call_is_refused() {
    check(
        &format!("{SUPPORTED}\n do Sound 183\n wait 32000\n {CANCELLED}"),
        "0 100 INVITE>trunk, 0 Incoming, 0 183 INVITE>trunk, 500 183 INVITE>trunk, 1500 183 INVITE>trunk, 3500 183 INVITE>trunk,
         7500 183 INVITE>trunk, 15500 183 INVITE>trunk, 31500 183 INVITE>trunk, 32000 504 INVITE>trunk, 32000 Cancelled (SIP 504)",
    );
}

#[test]
fn a_late_offer_goes_reliably_and_its_answer_comes_in_the_prack() {
    check(
        "INVITE h=Supported:100rel\n do Sound 183\n UPDATE c=2 to body\n PRACK c=3 to rack=0 body\n do Answer\n ACK b=z9hG4bKa to\n BYE c=4 to",
        "0 100 INVITE>trunk, 0 Incoming, 0 183 INVITE>trunk, 0 491 UPDATE>trunk, 0 200 PRACK>trunk, 0 Pracked sdp, 0 200 INVITE>trunk,
         0 Acknowledged, 0 200 BYE>trunk, 0 Ended Bye",
    );
}

/// A peer that cannot acknowledge it gets our offer in the 200, where it cannot be lost.
#[test]
fn a_late_offer_is_in_no_answer_that_may_be_lost() {
    let mut world = World::new(setup());
    ["INVITE", "do Sound 183"].into_iter().for_each(|line| world.step(line));
    assert!(world.last_sent().headers().body().is_empty());
    world.step("do Answer");
    assert!(!world.last_sent().headers().body().is_empty());
    world.step("ACK b=z9hG4bKa to body");
    assert!(world.trace.last().is_some_and(|last| last.ends_with("Acknowledged sdp")));
}

#[test]
fn an_offer_in_a_prack_is_a_change() {
    check(
        &format!("{SUPPORTED}\n do Sound 183\n PRACK c=2 to rack=0 body\n do Answer\n do AnswerReinvite 200\n ACK b=z9hG4bKa to\n BYE c=3 to"),
        "0 100 INVITE>trunk, 0 Incoming, 0 183 INVITE>trunk, 0 Reinvite sdp, 0 200 INVITE>trunk, 0 200 PRACK>trunk, 0 Acknowledged,
         0 200 BYE>trunk, 0 Ended Bye",
    );
}

#[test]
fn a_trunk_may_have_to_or_may_not() {
    let with = |reliable| {
        let mut setup = setup();
        setup.trunks[0].reliable = reliable;
        World::new(setup)
    };
    check_world(&mut with(Reliable::Required), "INVITE body", "0 421 INVITE>trunk");
    check_world(&mut with(Reliable::Off), "INVITE body h=Require:100rel", "0 420 INVITE>trunk");
    let script = format!("{SUPPORTED}\n do Sound 183\n do Refuse 486\n {CANCELLED}");
    let expect = "0 100 INVITE>trunk, 0 Incoming, 0 183 INVITE>trunk, 0 486 INVITE>trunk";
    check_world(&mut with(Reliable::Off), &script, expect);
}

#[test]
fn the_peer_s_reliable_answers_get_their_prack_in_order() {
    let mut world = World::new(setup());
    let reliable = |rseq: u32, more: &str| format!("INVITE 183 h=Require:100rel h=RSeq:{rseq} {more}");
    for line in [
        "do Dial".to_owned(),
        reliable(70, "body"),
        "PRACK 200".to_owned(),
        reliable(70, "body"),
        reliable(72, ""),
        reliable(71, ""),
        "PRACK 200".to_owned(),
        reliable(5, "tag=fork body"),
        "PRACK 200".to_owned(),
        "INVITE 200 body".to_owned(),
        "callee BYE c=1".to_owned(),
    ] {
        world.step(&line);
    }
    let expect = "0 INVITE>trunk, 0 PRACK>trunk, 0 Progress 183 sdp, 0 PRACK>trunk, 0 Progress 183, 0 PRACK>trunk,
         0 Progress 183 sdp, 0 ACK>trunk, 0 Answered sdp, 0 200 BYE>trunk, 0 Ended Bye";
    assert_eq!(world.trace.join(", "), expect.lines().map(str::trim).collect::<Vec<_>>().join(" "));
    let (invite, prack) = (world.request_sent("INVITE", 1), world.request_sent("PRACK", 1));
    let rack = format!("70 {} INVITE", invite.cseq().number);
    assert_eq!(prack.header(HeaderName::RACK), Some(rack.as_bytes()));
    assert_eq!(prack.cseq().number, invite.cseq().number + 1);
    assert_eq!(prack.uri().raw(), b"sip:callee@198.51.100.10");
}

/// The 2xx of an early dialog that is settled says nothing new, and our requests in it go on counting.
#[test]
fn what_was_said_reliably_is_the_answer() {
    let mut world = World::new(setup());
    for line in ["do Dial", "INVITE 183 h=Require:100rel h=RSeq:1 body", "PRACK 200", "INVITE 200", "do Hangup"] {
        world.step(line);
    }
    assert!(world.trace.contains(&"0 Answered sdp".to_owned()), "{:?}", world.trace);
    assert_eq!(world.request_sent("BYE", 0).cseq().number, world.request_sent("PRACK", 0).cseq().number + 1);
}
