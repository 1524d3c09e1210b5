//! Calls that we dial: answers, losses, forks, CANCEL and its races.

use super::world::{SDP, World, check, setup};
use crate::sip::wire::HeaderName;

#[test]
fn a_call_rings_is_taken_and_ends() {
    check(
        "do Dial\n INVITE 100\n INVITE 180\n INVITE 183 body\n INVITE 200 body\n wait 500\n INVITE 200 body\n callee BYE",
        "0 INVITE>trunk, 0 Progress 180, 0 Progress 183 sdp, 0 ACK>trunk, 0 Answered sdp, 500 ACK>trunk, 500 200 BYE>trunk,
         500 Ended Bye",
    );
}

#[test]
fn silence_fails_with_408() {
    check(
        "do Dial\n wait 33000",
        "0 INVITE>trunk, 500 INVITE>trunk, 1500 INVITE>trunk, 3500 INVITE>trunk, 7500 INVITE>trunk, 15500 INVITE>trunk,
         20000 Failed 408, 31500 INVITE>trunk",
    );
}

#[test]
fn a_refusal_is_acknowledged_each_time_and_told_once() {
    check("do Dial\n INVITE 486\n INVITE 486\n do Hangup", "0 INVITE>trunk, 0 ACK>trunk, 0 Failed 486, 0 ACK>trunk");
    check("do Dial\n INVITE 302", "0 INVITE>trunk, 0 ACK>trunk, 0 Failed 302");
}

#[test]
fn our_cancel_waits_for_a_provisional_answer() {
    check(
        "do Dial\n do Hangup\n wait 100\n INVITE 100\n CANCEL 200\n INVITE 487",
        "0 INVITE>trunk, 100 CANCEL>trunk, 100 ACK>trunk",
    );
    check(
        "do Dial\n INVITE 180\n do Hangup\n CANCEL 200\n INVITE 487",
        "0 INVITE>trunk, 0 Progress 180, 0 CANCEL>trunk, 0 ACK>trunk",
    );
}

#[test]
fn our_cancel_that_crosses_a_2xx_ends_in_ack_and_bye() {
    check(
        "do Dial\n INVITE 180\n do Hangup\n INVITE 200 body\n CANCEL 200\n BYE 200\n wait 500\n INVITE 200 body",
        "0 INVITE>trunk, 0 Progress 180, 0 CANCEL>trunk, 0 ACK>trunk, 0 BYE>trunk, 500 ACK>trunk",
    );
}

#[test]
fn our_cancel_without_effect_gives_the_invite_up() {
    check(
        "do Dial\n INVITE 180\n do Hangup\n CANCEL 200\n wait 33000\n INVITE 200 body",
        "0 INVITE>trunk, 0 Progress 180, 0 CANCEL>trunk",
    );
}

#[test]
fn ringing_too_long_is_cancelled_and_fails() {
    check(
        "do Dial\n INVITE 180\n wait 20000\n CANCEL 200\n INVITE 487",
        "0 INVITE>trunk, 0 Progress 180, 20000 CANCEL>trunk, 20000 Failed 408, 20000 ACK>trunk",
    );
}

#[test]
fn the_first_fork_has_the_call_and_the_others_are_ended() {
    check(
        "do Dial\n INVITE 180 tag=a\n INVITE 180 tag=b\n INVITE 200 tag=b body\n INVITE 200 tag=a body\n BYE 200\n \
         INVITE 200 tag=a body\n INVITE 200 tag=b body\n callee BYE tag=b c=1",
        "0 INVITE>trunk, 0 Progress 180, 0 Progress 180, 0 ACK>trunk, 0 Answered sdp, 0 ACK>trunk, 0 BYE>trunk,
         0 ACK>trunk, 0 ACK>trunk, 0 200 BYE>trunk, 0 Ended Bye",
    );
}

#[test]
fn requests_of_an_early_dialog_are_answered() {
    check(
        "do Dial\n INVITE 183 tag=a body\n callee UPDATE tag=a c=1 body\n callee UPDATE tag=a c=2\n callee INFO tag=a c=3\n \
         callee INFO tag=z c=4\n INVITE 486",
        "0 INVITE>trunk, 0 Progress 183 sdp, 0 500 UPDATE>trunk, 0 200 UPDATE>trunk, 0 200 INFO>trunk, 0 481 INFO>trunk,
         0 ACK>trunk, 0 Failed 486",
    );
}

#[test]
fn what_cannot_be_dialled_fails_at_once() {
    check("do DialNowhere", "0 Failed 503");
    check("do DialPhone", "0 Failed 480");
}

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    check(
        "do DialLate\n INVITE 200 body\n INVITE 200 body\n do Acknowledge\n INVITE 200 body\n callee BYE",
        "0 INVITE>trunk, 0 Answered sdp, 0 ACK>trunk, 0 ACK>trunk, 0 200 BYE>trunk, 0 Ended Bye",
    );
    check(
        "do DialLate\n INVITE 200 body\n do Hangup\n BYE 200",
        "0 INVITE>trunk, 0 Answered sdp, 0 ACK>trunk, 0 BYE>trunk",
    );
}

#[test]
fn bye_that_gets_no_answer_is_given_up() {
    check(
        "do Dial\n INVITE 200 body\n do Hangup\n wait 600",
        "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 0 BYE>trunk, 500 BYE>trunk",
    );
}

#[test]
fn the_invite_says_what_it_should() {
    let mut world = World::new(setup());
    world.step("do Dial");
    let invite = world.request_sent("INVITE", 1);
    assert_eq!(invite.uri().raw(), b"sip:+15550101@198.51.100.10");
    assert_eq!(
        (invite.from().display_text().as_str(), invite.from().uri.user_text().as_str()),
        ("Ann \"A\" Example", "+15550100")
    );
    assert_eq!(invite.header(HeaderName::USER_TO_USER), Some(&b"6869;encoding=hex"[..]));
    assert_eq!(invite.header(HeaderName::from("X-Queue")), Some(&b"sales"[..]));
    assert_eq!((invite.body(), invite.content_type_is("application/sdp")), (SDP.as_bytes(), true));
    assert_eq!(invite.contact().map(|contact| contact.uri.raw()), Some(&b"sip:192.0.2.1:5060"[..]));
    world.step("INVITE 180");
    world.step("do Hangup");
    let cancel = world.request_sent("CANCEL", 1);
    assert_eq!((cancel.via_top().branch, cancel.cseq().number), (invite.via_top().branch, invite.cseq().number));
    assert_eq!(cancel.header(HeaderName::REASON), Some(&b"SIP;cause=480;text=\"no agent\""[..]));
}

#[test]
fn answers_for_branches_that_are_not_ours_are_dropped() {
    let mut world = World::new(setup());
    world.step("do Dial");
    let invite = String::from_utf8_lossy(&world.sent[0].1).into_owned();
    let branch = String::from_utf8_lossy(world.request_sent("INVITE", 1).via_top().branch).into_owned();
    let head = invite.split("\r\n").find(|line| line.starts_with("Via")).expect("a Via").to_owned();
    for wrong in
        [branch.replace('.', ".0"), format!("{branch}0"), "z9hG4bK1.0000000000000000".to_owned(), "z9hG4bK".to_owned()]
    {
        let via = head.replace(&branch, &wrong);
        let text = format!(
            "SIP/2.0 200 OK\r\n{via}\r\nFrom: <sip:a@example.com>;tag=x\r\nTo: <sip:b@example.com>;tag=y\r\n\
             Call-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
        );
        world.receive("trunk", &text);
    }
    assert_eq!(world.trace, ["0 INVITE>trunk"]);
}
