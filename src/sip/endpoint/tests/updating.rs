//! UPDATE in early dialogs, ours and the peer's, and re-INVITEs of ours that get no final answer.

use super::world::{World, check, setup};

const EARLY: &str = "INVITE body h=Supported:100rel h=Allow:INVITE,UPDATE\n do Sound 183\n PRACK c=2 to rack=0\n";
const EARLY_TRACE: &str = "0 100 INVITE>trunk, 0 Incoming, 0 183 INVITE>trunk, 0 200 PRACK>trunk,";
const UP: &str = "INVITE body\n do Answer\n ACK b=z9hG4bKa to\n";
const UP_TRACE: &str = "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 Acknowledged,";
const CALLING: &str = "do Dial\n INVITE 183 h=Require:100rel h=RSeq:1 body\n PRACK 200\n";

#[test]
fn the_peer_changes_an_early_dialog_that_is_settled() {
    check(
        &format!(
            "{EARLY} UPDATE c=3 to body\n UPDATE c=4 to body\n do AnswerReinvite 200\n do Answer\n ACK b=z9hG4bKa to\n BYE c=5 to"
        ),
        &format!(
            "{EARLY_TRACE} 0 Reinvite sdp, 0 500 UPDATE>trunk, 0 200 UPDATE>trunk, 0 200 INVITE>trunk, 0 Acknowledged,
             0 200 BYE>trunk, 0 Ended Bye"
        ),
    );
}

#[test]
fn before_that_only_without_an_offer() {
    check(
        "INVITE body\n do Progress 180\n UPDATE c=2 to body\n UPDATE c=3 to\n do Refuse 486\n ACK b=z9hG4bKINVITE1call-1 to",
        "0 100 INVITE>trunk, 0 Incoming, 0 180 INVITE>trunk, 0 500 UPDATE>trunk, 0 200 UPDATE>trunk, 0 486 INVITE>trunk",
    );
}

#[test]
fn we_change_an_early_dialog() {
    check(
        &format!("{EARLY} do Reinvite\n UPDATE c=3 to body\n UPDATE 200 body\n do Answer\n ACK b=z9hG4bKa to\n BYE c=4 to"),
        &format!(
            "{EARLY_TRACE} 0 UPDATE>trunk, 0 491 UPDATE>trunk, 0 ReinviteAnswered 200 sdp, 0 200 INVITE>trunk, 0 Acknowledged,
             0 200 BYE>trunk, 0 Ended Bye"
        ),
    );
}

/// A peer without UPDATE is told when it has been answered.
#[test]
fn a_change_that_an_early_dialog_cannot_carry_waits() {
    check(
        "INVITE body h=Supported:100rel\n do Sound 183\n do Reinvite\n PRACK c=2 to rack=0\n wait 60000\n do Answer\n ACK b=z9hG4bKa to\n INVITE 200 body\n BYE c=3 to",
        "0 100 INVITE>trunk, 0 Incoming, 0 183 INVITE>trunk, 0 200 PRACK>trunk, 60000 183 INVITE>trunk, 60000 200 INVITE>trunk,
         60000 Acknowledged, 60000 INVITE>trunk, 60000 ACK>trunk, 60000 ReinviteAnswered 200 sdp, 60000 200 BYE>trunk, 60000 Ended Bye",
    );
}

#[test]
fn an_update_of_ours_that_is_refused_leaves_the_early_dialog() {
    check(
        &format!("{EARLY} do Reinvite\n UPDATE 488\n do Answer\n ACK b=z9hG4bKa to\n BYE c=4 to"),
        &format!(
            "{EARLY_TRACE} 0 UPDATE>trunk, 0 ReinviteAnswered 488, 0 200 INVITE>trunk, 0 Acknowledged, 0 200 BYE>trunk, 0 Ended Bye"
        ),
    );
}

/// Both UPDATEs cross: ours goes again within 2 s, for the Call-ID is the peer's.
#[test]
fn glare_of_updates_is_resolved_by_waiting() {
    let mut world = World::new(setup());
    format!("{EARLY} do Reinvite\n UPDATE 491").lines().for_each(|line| world.step(line));
    world.wait(std::time::Duration::from_millis(2_010));
    let again = world.request_sent("UPDATE", 2);
    assert_eq!(again.cseq().number, world.request_sent("UPDATE", 1).cseq().number + 1);
}

#[test]
fn the_called_side_changes_its_early_dialog() {
    check(
        &format!("{CALLING} callee UPDATE c=1 body\n do AnswerReinvite 200\n callee UPDATE c=2 tag=other body\n INVITE 200\n callee BYE c=3"),
        "0 INVITE>trunk, 0 PRACK>trunk, 0 Progress 183 sdp, 0 Reinvite sdp, 0 200 UPDATE>trunk, 0 481 UPDATE>trunk, 0 ACK>trunk,
         0 Answered sdp, 0 200 BYE>trunk, 0 Ended Bye",
    );
    check(
        "do Dial\n INVITE 183 body\n callee UPDATE c=1 body\n INVITE 486",
        "0 INVITE>trunk, 0 Progress 183 sdp, 0 500 UPDATE>trunk, 0 ACK>trunk, 0 Failed 486",
    );
}

/// The call ends, or another fork gets it, while a change of the called side waits for the calls: nothing is left of it.
#[test]
fn a_change_of_the_called_side_ends_with_its_dialog() {
    let trace = "0 INVITE>trunk, 0 PRACK>trunk, 0 Progress 183 sdp, 0 Reinvite sdp,";
    for (end, expect) in [
        ("do Hangup\n CANCEL 200\n INVITE 487", "0 CANCEL>trunk, 0 487 UPDATE>trunk, 0 ACK>trunk"),
        ("INVITE 486", "0 ACK>trunk, 0 487 UPDATE>trunk, 0 Failed 486"),
        (
            "INVITE 200 tag=other body\n callee BYE c=3 tag=other",
            "0 487 UPDATE>trunk, 0 ReinviteWithdrawn, 0 ACK>trunk, 0 Answered sdp, 0 200 BYE>trunk, 0 Ended Bye",
        ),
    ] {
        check(&format!("{CALLING} callee UPDATE c=1 body\n {end}"), &format!("{trace}\n{expect}"));
    }
}

#[test]
fn a_re_invite_without_a_final_answer_is_cancelled() {
    check(
        &format!("{UP} do Reinvite\n INVITE 180\n wait 32000\n INVITE 487\n BYE c=2 to"),
        &format!(
            "{UP_TRACE} 0 INVITE>trunk, 32000 CANCEL>trunk, 32000 ACK>trunk, 32000 ReinviteAnswered 487, 32000 200 BYE>trunk, 32000 Ended Bye"
        ),
    );
}

#[test]
fn a_re_invite_that_is_only_put_off_has_an_end() {
    let mut world = World::new(setup());
    format!("{UP} do Reinvite").lines().for_each(|line| world.step(line));
    for _ in 0..10 {
        world.step("INVITE 180");
        world.step("wait 20000");
    }
    assert!(world.trace.contains(&"180000 CANCEL>trunk".to_owned()), "{:?}", world.trace);
}

/// No answer even to the CANCEL: the peer is lost.
#[test]
fn a_re_invite_that_stays_open_after_its_cancel_ends_the_call() {
    let mut world = World::new(setup());
    format!("{UP} do Reinvite\n INVITE 100\n wait 32000\n CANCEL 200\n wait 32000")
        .lines()
        .for_each(|line| world.step(line));
    assert!(world.trace.contains(&"64000 Ended PeerLost".to_owned()), "{:?}", world.trace);
}

#[test]
fn the_calls_take_a_change_back() {
    check(
        &format!("{UP} do Reinvite\n do CancelReinvite\n INVITE 100\n CANCEL 200\n INVITE 487\n BYE c=2 to"),
        &format!(
            "{UP_TRACE} 0 INVITE>trunk, 0 CANCEL>trunk, 0 ACK>trunk, 0 ReinviteAnswered 487, 0 200 BYE>trunk, 0 Ended Bye"
        ),
    );
    check(
        &format!("{UP} do Reinvite\n INVITE 100\n do CancelReinvite\n INVITE 200 body\n CANCEL 200\n BYE c=2 to"),
        &format!(
            "{UP_TRACE} 0 INVITE>trunk, 0 CANCEL>trunk, 0 ACK>trunk, 0 ReinviteAnswered 200 sdp, 0 200 BYE>trunk, 0 Ended Bye"
        ),
    );
    check(
        "INVITE body\n do Answer\n do Reinvite\n do CancelReinvite\n ACK b=z9hG4bKa to\n BYE c=2 to",
        "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 ReinviteAnswered 487, 0 Acknowledged, 0 200 BYE>trunk, 0 Ended Bye",
    );
}
