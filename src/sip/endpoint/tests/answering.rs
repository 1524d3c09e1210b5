//! Calls of a trunk: answers, losses, CANCEL and BYE in every order.

use super::world::{OWN, World, check, setup};
use crate::sip::wire::HeaderName;

const ACK: &str = "ACK b=z9hG4bKa to";
const INVITE_BRANCH: &str = "b=z9hG4bKINVITE1call-1";

#[test]
fn a_call_is_taken_and_ended_by_the_caller() {
    check(
        &format!("INVITE body\n do Progress 180\n do Answer\n {ACK}\n BYE c=2 to h=Reason:Q.850;cause=16"),
        "0 100 INVITE>trunk, 0 Incoming, 0 180 INVITE>trunk, 0 200 INVITE>trunk, 0 Acknowledged,
         0 200 BYE>trunk, 0 Ended Bye (Q.850 16)",
    );
}

#[test]
fn a_call_is_ended_by_us_and_both_bye_cross() {
    check(
        &format!("INVITE body\n do Answer\n {ACK}\n do Hangup\n BYE c=2 to\n BYE 200"),
        "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 Acknowledged, 0 BYE>trunk, 0 200 BYE>trunk",
    );
}

#[test]
fn the_end_waits_for_the_answer_to_our_bye() {
    let mut world = World::new(setup());
    for line in ["INVITE body", "do Answer", ACK, "do Hangup"] {
        assert!(!world.endpoint.is_leaving());
        world.step(line);
    }
    assert!(world.endpoint.is_leaving());
    world.step("BYE 200");
    assert!(!world.endpoint.is_leaving());
}

#[test]
fn the_2xx_goes_again_until_the_ack() {
    check(
        &format!("INVITE\n do Answer\n wait 4000\n ACK b=z9hG4bKa to body\n {ACK}\n wait 9000\n BYE c=2 to"),
        "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 500 200 INVITE>trunk, 1500 200 INVITE>trunk,
         3500 200 INVITE>trunk, 4000 Acknowledged sdp, 13000 200 BYE>trunk, 13000 Ended Bye",
    );
}

#[test]
fn a_2xx_without_ack_ends_in_bye() {
    check(
        "INVITE body\n do Answer\n wait 32000\n BYE 481",
        "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 500 200 INVITE>trunk, 1500 200 INVITE>trunk,
         3500 200 INVITE>trunk, 7500 200 INVITE>trunk, 11500 200 INVITE>trunk, 15500 200 INVITE>trunk,
         19500 200 INVITE>trunk, 23500 200 INVITE>trunk, 27500 200 INVITE>trunk, 31500 200 INVITE>trunk,
         32000 BYE>trunk, 32000 Ended NeverAcknowledged",
    );
}

#[test]
fn an_invite_that_comes_again_gets_the_last_answer() {
    check(
        &format!("INVITE body\n INVITE body\n do Progress 183\n INVITE body\n do Answer\n INVITE body\n {ACK}\n BYE c=2 to\n BYE c=2 to"),
        "0 100 INVITE>trunk, 0 Incoming, 0 100 INVITE>trunk, 0 183 INVITE>trunk, 0 183 INVITE>trunk, 0 200 INVITE>trunk,
         0 Acknowledged, 0 200 BYE>trunk, 0 Ended Bye, 0 200 BYE>trunk",
    );
}

#[test]
fn a_refusal_goes_again_until_its_ack() {
    check(
        &format!("INVITE body\n do Refuse 486\n wait 1600\n ACK {INVITE_BRANCH} to\n INVITE body\n wait 9000"),
        "0 100 INVITE>trunk, 0 Incoming, 0 486 INVITE>trunk, 500 486 INVITE>trunk, 1500 486 INVITE>trunk",
    );
}

#[test]
fn a_cancel_before_the_answer_ends_the_call() {
    check(
        &format!(
            "INVITE body\n CANCEL {INVITE_BRANCH} h=Reason:SIP;cause=200\n CANCEL {INVITE_BRANCH}\n ACK {INVITE_BRANCH} to\n do Answer"
        ),
        "0 100 INVITE>trunk, 0 Incoming, 0 200 CANCEL>trunk, 0 487 INVITE>trunk, 0 Cancelled (SIP 200), 0 200 CANCEL>trunk",
    );
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    check(
        &format!("INVITE body\n do Answer\n CANCEL {INVITE_BRANCH}\n {ACK}\n BYE c=2 to"),
        "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 200 CANCEL>trunk, 0 Acknowledged, 0 200 BYE>trunk, 0 Ended Bye",
    );
    check(
        &format!("INVITE body\n do Refuse 486\n CANCEL {INVITE_BRANCH}\n ACK {INVITE_BRANCH} to"),
        "0 100 INVITE>trunk, 0 Incoming, 0 486 INVITE>trunk, 0 200 CANCEL>trunk",
    );
}

#[test]
fn hanging_up_does_what_the_state_asks_for() {
    check(
        &format!("INVITE body\n do Hangup\n ACK {INVITE_BRANCH} to\n do Hangup"),
        "0 100 INVITE>trunk, 0 Incoming, 0 480 INVITE>trunk",
    );
    check(
        &format!("INVITE body\n do Answer\n do Hangup\n wait 100\n {ACK}\n BYE 200"),
        "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 100 BYE>trunk",
    );
}

#[test]
fn a_bye_before_the_answer_or_the_ack_ends_the_call() {
    check(
        &format!("INVITE body\n do Progress 180\n BYE c=2 to\n ACK {INVITE_BRANCH} to"),
        "0 100 INVITE>trunk, 0 Incoming, 0 180 INVITE>trunk, 0 200 BYE>trunk, 0 487 INVITE>trunk, 0 Cancelled",
    );
    check(
        "INVITE body\n do Answer\n BYE c=2 to\n wait 9000",
        "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 200 BYE>trunk, 0 Ended Bye",
    );
}

#[test]
fn a_call_that_waits_is_told_each_minute() {
    check(
        &format!("INVITE body\n do Progress 182\n wait 121000\n do Refuse 503\n ACK {INVITE_BRANCH} to"),
        "0 100 INVITE>trunk, 0 Incoming, 0 182 INVITE>trunk, 60000 182 INVITE>trunk, 120000 182 INVITE>trunk,
         121000 503 INVITE>trunk",
    );
}

#[test]
fn a_merged_copy_is_refused() {
    check(
        &format!("INVITE body\n INVITE b=z9hG4bKother body\n do Refuse 404\n ACK {INVITE_BRANCH} to"),
        "0 100 INVITE>trunk, 0 Incoming, 0 482 INVITE>trunk, 0 404 INVITE>trunk",
    );
}

#[test]
fn a_copy_that_comes_after_its_transaction_is_dropped() {
    check(
        &format!("INVITE body\n do Answer\n {ACK}\n wait 33000\n INVITE body\n BYE c=2 to"),
        "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 Acknowledged, 33000 200 BYE>trunk, 33000 Ended Bye",
    );
}

#[test]
fn branches_of_before_rfc_3261_are_told_apart_by_the_call() {
    check(
        "INVITE b=1 body\n INVITE b=1 body\n do Refuse 404\n ACK b=1 to\n INVITE b=1 call=call-2 c=1 body\n do Refuse 404\n ACK b=1 call=call-2 to",
        "0 100 INVITE>trunk, 0 Incoming, 0 100 INVITE>trunk, 0 404 INVITE>trunk, 0 100 INVITE>trunk, 0 Incoming, 0 404 INVITE>trunk",
    );
}

#[test]
fn requests_inside_the_dialog_get_what_their_method_deserves() {
    check(
        &format!(
            "INVITE body\n do Answer\n {ACK}\n OPTIONS c=2 to\n INFO c=3 to\n UPDATE c=4 to\n MESSAGE c=5 to\n PRACK c=6 to\n \
             NOSUCH c=7 to\n INFO c=7 to b=z9hG4bKlate\n INFO c=8 to h=Require:precondition\n BYE c=9 to\n INFO c=10 to"
        ),
        "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 Acknowledged, 0 200 OPTIONS>trunk, 0 200 INFO>trunk,
         0 200 UPDATE>trunk, 0 405 MESSAGE>trunk, 0 400 PRACK>trunk, 0 405 NOSUCH>trunk, 0 500 INFO>trunk,
         0 420 INFO>trunk, 0 200 BYE>trunk, 0 Ended Bye, 0 481 INFO>trunk",
    );
}

#[test]
fn the_routes_of_the_invite_come_back() {
    let mut world = World::new(setup());
    for line in ["INVITE body h=Record-Route:<sip:198.51.100.20;lr>", "do Answer", "ACK b=z9hG4bKa to", "do Hangup"] {
        world.step(line);
    }
    let bye = world.request_sent("BYE", 1);
    assert_eq!(bye.uri().raw(), b"sip:ann@198.51.100.10:5060");
    assert_eq!(bye.routes().map(|route| route.raw).collect::<Vec<_>>(), [b"<sip:198.51.100.20;lr>"]);
    assert_eq!(bye.header(crate::sip::wire::HeaderName::REASON), Some(&b"SIP;cause=480;text=\"no agent\""[..]));
    assert_eq!(world.sent.last().map(|(to, _)| to.to_string()).as_deref(), Some("198.51.100.20:5060"));
}

#[test]
fn a_refused_description_has_its_warning() {
    for (status, expect) in [(488, Some(format!("305 {OWN} \"Incompatible media format\""))), (486, None)] {
        let mut world = World::new(setup());
        world.step("INVITE body");
        world.step(&format!("do Refuse {status}"));
        let last = world.last_sent();
        let warning =
            last.headers().header(HeaderName::WARNING).map(|value| String::from_utf8_lossy(value).into_owned());
        assert_eq!(warning, expect, "{status}");
    }
}
