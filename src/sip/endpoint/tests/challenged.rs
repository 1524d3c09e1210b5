//! Challenges to our own requests, and what is not answered twice.

use super::world::{World, check, check_world, every, setup};
use crate::sip::auth::{Algorithm, Credentials};
use crate::sip::wire::{self, HeaderName, Request};

const PROXY: &str = "h=Proxy-Authenticate:Digest_realm=\"a\",nonce=\"n1\",qop=\"auth\"";

/// The credentials that a request carries are right for the password of the script's trunk.
fn is_right(request: &Request, name: HeaderName<'_>, algorithm: Algorithm) -> bool {
    let given = request.header(name).and_then(wire::Credentials::read).expect("credentials");
    let text = |name| given.get(name).map(|value| String::from_utf8_lossy(&value).into_owned()).unwrap_or_default();
    let credentials = Credentials {
        nonce: text("nonce"),
        uri: text("uri"),
        cnonce: text("cnonce"),
        nc: text("nc"),
        qop: text("qop"),
        ..Credentials::default()
    };
    let ha1 = algorithm.hash(&["us", &text("realm"), "secret"]);
    text("response") == credentials.expected(algorithm, &ha1, &request.method().to_string())
        && text("uri").as_bytes() == request.uri().raw()
}

#[test]
fn a_challenged_call_goes_out_again_and_is_taken() {
    let mut world = World::new(setup());
    let script = format!("do Dial\n INVITE 407 {PROXY}\n INVITE 180\n INVITE 200 body\n callee BYE");
    check_world(
        &mut world,
        &script,
        "0 INVITE>trunk, 0 ACK>trunk, 0 INVITE>trunk, 0 Progress 180, 0 ACK>trunk, 0 Answered sdp, 0 200 BYE>trunk,
         0 Ended Bye",
    );
    let (first, second) = (world.request_sent("INVITE", 1), world.request_sent("INVITE", 2));
    assert_eq!(second.cseq().number, first.cseq().number + 1);
    assert_eq!((second.call_id(), second.from().tag), (first.call_id(), first.from().tag));
    assert_eq!((second.body(), second.to().raw), (first.body(), first.to().raw));
    assert!(is_right(&second, HeaderName::PROXY_AUTHORIZATION, Algorithm::Md5));
    assert_eq!(world.request_sent("ACK", 0).cseq().number, second.cseq().number);
}

#[test]
fn every_kind_of_challenge_is_answered() {
    for (header, name, algorithm) in [
        ("WWW-Authenticate", HeaderName::AUTHORIZATION, ",algorithm=MD5,qop=\"auth,auth-int\""),
        ("WWW-Authenticate", HeaderName::AUTHORIZATION, ",algorithm=SHA-256,qop=\"auth\""),
        ("Proxy-Authenticate", HeaderName::PROXY_AUTHORIZATION, ",algorithm=SHA-256"),
        ("Proxy-Authenticate", HeaderName::PROXY_AUTHORIZATION, ""),
    ] {
        let mut world = World::new(setup());
        let status = if header.starts_with("WWW") { 401 } else { 407 };
        world.step("do Dial");
        world.step(&format!("INVITE {status} h={header}:Digest_realm=\"a\",nonce=\"n1\"{algorithm}"));
        let known = if algorithm.contains("SHA") { Algorithm::Sha256 } else { Algorithm::Md5 };
        assert!(is_right(&world.request_sent("INVITE", 2), name, known), "{algorithm}");
    }
}

#[test]
fn the_same_credentials_are_not_refused_twice() {
    check(
        &format!("do Dial\n INVITE 407 {PROXY}\n INVITE 407 {PROXY}"),
        "0 INVITE>trunk, 0 ACK>trunk, 0 INVITE>trunk, 0 ACK>trunk, 0 Failed 407",
    );
    let other = PROXY.replace("n1", "n2");
    check(
        &format!("do Dial\n INVITE 407 {PROXY}\n INVITE 407 {other}"),
        "0 INVITE>trunk, 0 ACK>trunk, 0 INVITE>trunk, 0 ACK>trunk, 0 Failed 407",
    );
}

#[test]
fn a_stale_nonce_is_replaced_once() {
    let stale = |nonce: &str| format!("{},stale=true", PROXY.replace("n1", nonce));
    let script = format!("do Dial\n INVITE 407 {PROXY}\n INVITE 407 {}\n INVITE 407 {}", stale("n2"), stale("n3"));
    check(
        &script,
        "0 INVITE>trunk, 0 ACK>trunk, 0 INVITE>trunk, 0 ACK>trunk, 0 INVITE>trunk, 0 ACK>trunk, 0 Failed 407",
    );
    // Stale, but with the nonce that we answered: a peer that does not know its own.
    check(
        &format!("do Dial\n INVITE 407 {PROXY}\n INVITE 407 {}", stale("n1")),
        "0 INVITE>trunk, 0 ACK>trunk, 0 INVITE>trunk, 0 ACK>trunk, 0 Failed 407",
    );
}

/// First the proxy asks, then the one behind it; the answer to the first goes along.
#[test]
fn two_realms_are_answered_one_after_the_other() {
    let mut world = World::new(setup());
    world.step("do Dial");
    world.step(&format!("INVITE 407 {PROXY}"));
    world.step("INVITE 401 h=WWW-Authenticate:Digest_realm=\"b\",nonce=\"m1\"");
    let third = world.request_sent("INVITE", 3);
    assert_eq!((third.authorizations().count(), third.proxy_authorizations().count()), (1, 1));
    assert!(is_right(&third, HeaderName::AUTHORIZATION, Algorithm::Md5));
}

#[test]
fn what_we_cannot_answer_is_a_refusal() {
    let refused = "0 INVITE>trunk, 0 ACK>trunk, 0 Failed 407";
    check("do Dial\n INVITE 407", refused);
    check("do Dial\n INVITE 407 h=Proxy-Authenticate:Basic_realm=\"a\"", refused);
    check("do Dial\n INVITE 407 h=Proxy-Authenticate:Digest_realm=\"a\",nonce=\"n\",algorithm=MD5-sess", refused);
    let mut setup = setup();
    setup.trunks[0].login = None;
    check_world(&mut World::new(setup), &format!("do Dial\n INVITE 407 {PROXY}"), refused);
}

#[test]
fn who_has_hung_up_is_not_asked_again() {
    check(&format!("do Dial\n do Hangup\n INVITE 407 {PROXY}"), "0 INVITE>trunk, 0 ACK>trunk");
}

#[test]
fn cancel_is_for_the_second_invite() {
    let mut world = World::new(setup());
    let script = format!("do Dial\n INVITE 407 {PROXY}\n INVITE 180\n do Hangup\n CANCEL 200\n INVITE 487");
    check_world(
        &mut world,
        &script,
        "0 INVITE>trunk, 0 ACK>trunk, 0 INVITE>trunk, 0 Progress 180, 0 CANCEL>trunk, 0 ACK>trunk",
    );
    let (invite, cancel) = (world.request_sent("INVITE", 2), world.request_sent("CANCEL", 1));
    assert_eq!((cancel.via_top().branch, cancel.cseq().number), (invite.via_top().branch, invite.cseq().number));
}

#[test]
fn what_is_asked_inside_a_call_may_be_challenged_too() {
    let mut world = World::new(setup());
    let script = format!(
        "INVITE body\n do Answer\n ACK c=1 to\n do Reinvite\n INVITE 407 {PROXY}\n INVITE 200 body\n do Hangup\n \
         BYE 407 {PROXY}\n BYE 200"
    );
    check_world(
        &mut world,
        &script,
        "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 Acknowledged, 0 INVITE>trunk, 0 ACK>trunk, 0 INVITE>trunk,
         0 ACK>trunk, 0 ReinviteAnswered 200 sdp, 0 BYE>trunk, 0 BYE>trunk",
    );
    let numbers: Vec<u32> = [("INVITE", 1), ("INVITE", 2), ("BYE", 1), ("BYE", 2)]
        .map(|(method, nth)| world.request_sent(method, nth).cseq().number)
        .to_vec();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    // One nonce, two uses.
    let bye = world.request_sent("BYE", 2);
    let nc = bye.proxy_authorizations().next().and_then(|given| given.get("nc").map(|nc| nc.into_owned()));
    assert_eq!(nc.as_deref(), Some(&b"00000002"[..]));
    assert!(is_right(&bye, HeaderName::PROXY_AUTHORIZATION, Algorithm::Md5));
}

#[test]
fn a_trunk_that_asks_who_asks_is_reachable() {
    let mut setup = setup();
    setup.trunks[0].keep_alive = Some(every(60));
    let mut world = World::new(setup);
    for line in ["wait 0", &format!("OPTIONS 407 {PROXY}"), "OPTIONS 200"] {
        world.step(line);
    }
    assert_eq!(world.trace, ["0 OPTIONS>trunk", "0 OPTIONS>trunk", "0 Trunk true"]);
}
