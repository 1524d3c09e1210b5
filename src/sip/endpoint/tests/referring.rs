//! REFER inside a dialog, its NOTIFYs, and the dialog that a Replaces names.

use super::world::{World, check, setup};
use crate::sip::wire::HeaderName;

const DIAL: &str = "do Dial\n INVITE 200 body";
const REFER: &str = "callee REFER h=Refer-To:<sip:204@192.0.2.9>";

#[test]
fn a_refer_is_told_of_until_its_end() {
    check(
        &format!(
            "{DIAL}\n {REFER}\n {REFER}\n do AnswerRefer 202\n do Notify 180\n NOTIFY#1 200\n NOTIFY#2 200\n do Notify 200\n \
                  do Notify 200\n NOTIFY#3 200\n callee BYE c=9"
        ),
        "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 0 Refer sip:204@192.0.2.9, 0 202 REFER>trunk, 0 NOTIFY>trunk,
         0 NOTIFY>trunk, 0 NOTIFY>trunk, 0 200 BYE>trunk, 0 Ended Bye",
    );
}

#[test]
fn a_notify_says_what_it_should() {
    let mut world = World::new(setup());
    for step in DIAL.lines().chain([REFER, "do AnswerRefer 202", "do Notify 486"]) {
        world.step(step.trim());
    }
    let (first, last) = (world.request_sent("NOTIFY", 1), world.request_sent("NOTIFY", 2));
    assert_eq!(first.header(HeaderName::EVENT), Some(&b"refer;id=1"[..]));
    assert_eq!(first.header(HeaderName::SUBSCRIPTION_STATE), Some(&b"active;expires=180"[..]));
    assert!(first.content_type_is("message/sipfrag") && first.contact().is_some());
    assert_eq!(first.body(), b"SIP/2.0 100 Trying\r\n");
    assert_eq!(last.header(HeaderName::SUBSCRIPTION_STATE), Some(&b"terminated;reason=noresource"[..]));
    assert_eq!(last.body(), b"SIP/2.0 486 Busy Here\r\n");
}

#[test]
fn who_does_not_want_to_hear_of_it_does_not() {
    let mut world = World::new(setup());
    let refer = format!("{REFER} h=Refer-Sub:_False h=Require:norefersub");
    for step in DIAL.lines().chain([&*refer, "do AnswerRefer 202"]) {
        world.step(step.trim());
    }
    assert_eq!(world.last_sent().headers().header(HeaderName::from("Refer-Sub")), Some(&b"false"[..]));
    world.trace.clear();
    world.step("do Notify 180");
    world.step("do Notify 200");
    assert!(world.trace.is_empty(), "{:?}", world.trace);
}

#[test]
fn what_cannot_be_is_refused() {
    for (refer, status) in [
        ("callee REFER", 400),
        ("callee REFER h=Refer-To:<sip:a@192.0.2.9> h=Refer-To:<sip:b@192.0.2.9>", 400),
        ("callee REFER h=Refer-To:nonsense", 400),
    ] {
        check(
            &format!("{DIAL}\n {refer}\n callee BYE c=9"),
            &format!(
                "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 0 {status} REFER>trunk, 0 200 BYE>trunk, 0 Ended Bye"
            ),
        );
    }
    check(
        &format!(
            "{DIAL}\n {REFER}\n callee REFER c=2 h=Refer-To:<sip:a@192.0.2.9>\n do AnswerRefer 403\n callee BYE c=9"
        ),
        "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 0 Refer sip:204@192.0.2.9, 0 491 REFER>trunk, 0 403 REFER>trunk,
         0 200 BYE>trunk, 0 Ended Bye",
    );
    check(
        "INVITE body\n REFER c=2 to h=Refer-To:<sip:a@192.0.2.9>\n do Refuse 486\n ACK b=z9hG4bKINVITE1call-1 to",
        "0 100 INVITE>trunk, 0 Incoming, 0 405 REFER>trunk, 0 486 INVITE>trunk",
    );
}

#[test]
fn a_dialog_that_ends_ends_the_subscription() {
    check(
        &format!("{DIAL}\n {REFER}\n do AnswerRefer 202\n NOTIFY 200\n callee BYE c=9\n NOTIFY 481"),
        "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 0 Refer sip:204@192.0.2.9, 0 202 REFER>trunk, 0 NOTIFY>trunk,
         0 200 BYE>trunk, 0 NOTIFY>trunk, 0 Ended Bye",
    );
    check(
        &format!("{DIAL}\n {REFER}\n callee BYE c=9"),
        "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 0 Refer sip:204@192.0.2.9, 0 200 BYE>trunk, 0 481 REFER>trunk, 0 Ended Bye",
    );
}

#[test]
fn a_replaces_finds_the_leg_whose_dialog_it_names() {
    let mut world = World::new(setup());
    world.step("do Dial");
    world.step("INVITE 200 body");
    let invite = world.request_sent("INVITE", 1);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (call, own) = (text(invite.call_id()), text(invite.from().tag));
    let leg = world.leg;
    for (tag, expect) in [("callee", format!("Leg({leg:?})")), ("other", "Unknown".to_owned())] {
        let cseq = if tag == "callee" { 1 } else { 2 };
        world.trace.clear();
        world.step(&format!(
            "callee REFER c={cseq} h=Refer-To:<sip:204@192.0.2.9?Replaces={call}%3Bto-tag%3D{own}%3Bfrom-tag%3D{tag}>"
        ));
        assert_eq!(world.trace, [format!("0 Refer sip:204@192.0.2.9 {expect}")]);
        world.step("do AnswerRefer 603");
    }
}
