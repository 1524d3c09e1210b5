//! Sessions that change: re-INVITE both ways, glare, UPDATE.

use super::world::{World, check, setup};
use crate::base::Mono;

const UP: &str = "INVITE body\n do Answer\n ACK b=z9hG4bKa to\n";
const TRACE: &str = "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 Acknowledged,";

fn check_up(script: &str, expect: &str) {
    check(&format!("{UP}{script}"), &format!("{TRACE}\n{expect}"));
}

#[test]
fn the_peer_changes_the_session() {
    check_up(
        "INVITE c=2 to body\n do AnswerReinvite 200\n wait 600\n ACK c=2 b=z9hG4bKb to\n INVITE c=3 to\n do AnswerReinvite 200\n \
         ACK c=3 b=z9hG4bKc to body\n BYE c=4 to",
        "0 100 INVITE>trunk, 0 Reinvite sdp, 0 200 INVITE>trunk, 500 200 INVITE>trunk, 600 Acknowledged, 600 100 INVITE>trunk,
         600 Reinvite, 600 200 INVITE>trunk, 600 Acknowledged sdp, 600 200 BYE>trunk, 600 Ended Bye",
    );
}

#[test]
fn a_refused_change_leaves_the_call() {
    check_up(
        "INVITE c=2 to body\n do AnswerReinvite 488\n ACK c=2 b=z9hG4bKINVITE2call-1 to\n INVITE c=3 to body\n BYE c=4 to\n ACK c=3 b=z9hG4bKINVITE3call-1 to",
        "0 100 INVITE>trunk, 0 Reinvite sdp, 0 488 INVITE>trunk, 0 100 INVITE>trunk, 0 Reinvite sdp, 0 200 BYE>trunk,
         0 487 INVITE>trunk, 0 Ended Bye",
    );
}

#[test]
fn one_change_at_a_time() {
    check_up(
        "INVITE c=2 to body\n INVITE c=3 to body\n ACK c=3 b=z9hG4bKINVITE3call-1 to\n do AnswerReinvite 200\n INVITE c=4 to body\n \
         ACK c=4 b=z9hG4bKINVITE4call-1 to\n ACK c=2 b=z9hG4bKb to\n BYE c=5 to",
        "0 100 INVITE>trunk, 0 Reinvite sdp, 0 500 INVITE>trunk, 0 200 INVITE>trunk, 0 491 INVITE>trunk, 0 Acknowledged,
         0 200 BYE>trunk, 0 Ended Bye",
    );
}

#[test]
fn a_change_that_is_cancelled_is_refused() {
    check_up(
        "INVITE c=2 to body\n CANCEL c=2 b=z9hG4bKINVITE2call-1 to\n ACK c=2 b=z9hG4bKINVITE2call-1 to\n do AnswerReinvite 200\n BYE c=3 to",
        "0 100 INVITE>trunk, 0 Reinvite sdp, 0 200 CANCEL>trunk, 0 487 INVITE>trunk, 0 ReinviteWithdrawn, 0 200 BYE>trunk, 0 Ended Bye",
    );
}

#[test]
fn an_update_with_a_session_is_a_change_without_ack() {
    check_up(
        "UPDATE c=2 to body\n do AnswerReinvite 200\n UPDATE c=3 to\n BYE c=4 to",
        "0 Reinvite sdp, 0 200 UPDATE>trunk, 0 200 UPDATE>trunk, 0 200 BYE>trunk, 0 Ended Bye",
    );
}

#[test]
fn we_change_the_session() {
    check_up(
        "do Reinvite\n do Reinvite\n INVITE 100\n INVITE 200 body\n wait 500\n INVITE 200 body\n do Reinvite\n INVITE 488\n BYE c=2 to",
        "0 INVITE>trunk, 0 ReinviteAnswered 491, 0 ACK>trunk, 0 ReinviteAnswered 200 sdp, 500 ACK>trunk, 500 INVITE>trunk,
         500 ACK>trunk, 500 ReinviteAnswered 488, 500 200 BYE>trunk, 500 Ended Bye",
    );
}

#[test]
fn we_ask_for_an_offer_and_answer_it_in_the_ack() {
    check_up(
        "do ReinviteLate\n INVITE 200 body\n INVITE 200 body\n do Acknowledge\n INVITE 200 body\n BYE c=2 to",
        "0 INVITE>trunk, 0 ReinviteAnswered 200 sdp, 0 ACK>trunk, 0 ACK>trunk, 0 200 BYE>trunk, 0 Ended Bye",
    );
}

#[test]
fn our_change_waits_for_the_first_ack() {
    check(
        "INVITE body\n do Answer\n do Reinvite\n ACK b=z9hG4bKa to\n INVITE 200 body\n BYE c=2 to",
        "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 Acknowledged, 0 INVITE>trunk, 0 ACK>trunk,
         0 ReinviteAnswered 200 sdp, 0 200 BYE>trunk, 0 Ended Bye",
    );
}

#[test]
fn a_peer_that_is_lost_ends_the_call() {
    check_up("do Reinvite\n INVITE 481", "0 INVITE>trunk, 0 ACK>trunk, 0 Ended PeerLost");
    check_up(
        "do Reinvite\n INVITE 100\n INVITE 408\n BYE 481",
        "0 INVITE>trunk, 0 ACK>trunk, 0 BYE>trunk, 0 Ended PeerLost",
    );
    check_up(
        "do Reinvite\n wait 32000\n BYE 481",
        "0 INVITE>trunk, 500 INVITE>trunk, 1500 INVITE>trunk, 3500 INVITE>trunk, 7500 INVITE>trunk, 15500 INVITE>trunk,
         31500 INVITE>trunk, 32000 BYE>trunk, 32000 Ended PeerLost",
    );
}

#[test]
fn hanging_up_while_our_change_is_open_still_acknowledges_it() {
    check_up("do Reinvite\n do Hangup\n BYE 200\n INVITE 200 body", "0 INVITE>trunk, 0 BYE>trunk, 0 ACK>trunk");
}

/// Both sides offer at once: 491 both ways, and ours goes again within 2 s, for the Call-ID is the peer's.
#[test]
fn glare_is_resolved_by_waiting() {
    let mut world = World::new(setup());
    for line in
        format!("{UP} do Reinvite\n INVITE c=2 to body\n ACK c=2 b=z9hG4bKINVITE2call-1 to\n INVITE 491").lines()
    {
        world.step(line);
    }
    let expect = ["0 INVITE>trunk", "0 491 INVITE>trunk", "0 ACK>trunk"];
    assert_eq!(world.trace[4..], expect);
    let (at, reason) = world.endpoint.poll_timeout().expect("a deadline");
    assert!(at <= Mono(2_010_000_000) && reason == "re-INVITE after glare", "{at:?} {reason}");
    world.wait(std::time::Duration::from_millis(2_010));
    let again = world.request_sent("INVITE", 2);
    assert_eq!(again.cseq().number, world.request_sent("INVITE", 1).cseq().number + 1);
    world.step("INVITE 200 body");
    assert!(world.trace.last().is_some_and(|last| last.ends_with("ReinviteAnswered 200 sdp")));
}

/// Glare without end: the calls are told at last.
#[test]
fn glare_without_end_is_told() {
    let mut world = World::new(setup());
    UP.lines().for_each(|line| world.step(line));
    world.step("do Reinvite");
    for _ in 0..20 {
        world.step("INVITE 491");
        world.step("wait 4000");
    }
    let told = world.trace.iter().filter(|line| line.ends_with("ReinviteAnswered 491")).count();
    assert_eq!(told, 1);
}
