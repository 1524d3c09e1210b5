//! Session timers, both roles (RFC 4028).

use std::time::Duration;

use super::world::{World, check_world, setup};
use crate::sip::api::SessionTimes;
use crate::sip::wire::{HeaderName, Message};

/// Sessions of 100 s, and none under 90.
fn timed() -> World {
    let session_times = SessionTimes { expires: Duration::from_secs(100), min: Duration::from_secs(90) };
    World::new(crate::sip::api::EndpointSetup { session_times, ..setup() })
}

fn header(message: &Message, name: HeaderName<'_>) -> String {
    String::from_utf8_lossy(message.headers().header(name).unwrap_or_default()).into_owned()
}

const ACK: &str = "ACK b=z9hG4bKa to";

/// What we say to an INVITE with these header fields: Session-Expires and Require of the 200.
fn agreed(headers: &str) -> (String, String) {
    let mut world = timed();
    world.step(&format!("INVITE body {headers}"));
    world.step("do Answer");
    let answer = world.last_sent();
    (header(&answer, HeaderName::SESSION_EXPIRES), header(&answer, HeaderName::REQUIRE))
}

/// RFC 4028 table 2, and the bounds of both sides.
#[test]
fn who_refreshes_and_when_is_agreed() {
    for (headers, expires, require) in [
        ("", "", ""),
        ("h=Supported:timer", "100;refresher=uac", "timer"),
        ("h=Supported:timer h=Session-Expires:95", "95;refresher=uac", "timer"),
        ("h=Require:timer h=x:1800;refresher=uas", "100;refresher=uas", "timer"),
        ("h=k:timer h=Session-Expires:1800;refresher=uac", "100;refresher=uac", "timer"),
        ("h=k:timer h=Session-Expires:1800 h=Min-SE:300", "300;refresher=uac", "timer"),
        ("h=Session-Expires:1800", "100;refresher=uas", ""),
        ("h=Session-Expires:30", "", ""),
    ] {
        assert_eq!(agreed(headers), (expires.to_owned(), require.to_owned()), "{headers}");
    }
}

/// What a trunk is told of itself goes before what is said of all, both ways.
#[test]
fn a_trunk_may_have_times_of_its_own() {
    let times = SessionTimes { expires: Duration::from_secs(600), min: Duration::from_secs(300) };
    let mut setup = crate::sip::api::EndpointSetup { session_times: SessionTimes::default(), ..setup() };
    setup.trunks[0].session_times = Some(times);
    let mut world = World::new(setup);
    world.step("INVITE body h=Supported:timer h=Session-Expires:1800");
    world.step("do Answer");
    assert_eq!(header(&world.last_sent(), HeaderName::SESSION_EXPIRES), "600;refresher=uac");
    world.step("INVITE call=2 body h=Supported:timer h=Session-Expires:200");
    assert_eq!(header(&world.last_sent(), HeaderName::MIN_SE), "300");
    world.step("do Dial");
    assert_eq!(world.request_sent("INVITE", 1).header(HeaderName::SESSION_EXPIRES), Some(&b"600"[..]));
}

#[test]
fn a_session_may_not_be_too_short() {
    let mut world = timed();
    world.step("INVITE body h=Supported:timer h=Session-Expires:30");
    let refusal = world.last_sent();
    assert!(matches!(&refusal, Message::Response(response) if response.status() == 422));
    assert_eq!(header(&refusal, HeaderName::MIN_SE), "90");
    assert!(world.endpoint.is_empty());
}

#[test]
fn the_peer_refreshes_or_the_call_ends() {
    check_world(
        &mut timed(),
        &format!(
            "INVITE body h=Supported:timer\n do Answer\n {ACK}\n wait 50000\n UPDATE c=2 to h=Supported:timer h=Session-Expires:100\n \
             wait 68000\n BYE 200"
        ),
        "0 100 INVITE>trunk, 0 Incoming, 0 200 INVITE>trunk, 0 Acknowledged, 50000 200 UPDATE>trunk, 118000 BYE>trunk,
         118000 Ended Expired (SIP 408)",
    );
}

/// A peer without UPDATE gets what we said before, under the same version, and the calls hear nothing of it.
#[test]
fn we_refresh_with_what_was_said() {
    let mut world = timed();
    for line in ["INVITE body h=k:timer h=x:100;refresher=uas", "do Answer", ACK, "wait 50000"] {
        world.step(line);
    }
    let refresh = world.request_sent("INVITE", 0);
    assert_eq!(refresh.body(), super::world::SDP.as_bytes());
    assert_eq!(refresh.header(HeaderName::SESSION_EXPIRES), Some(&b"100;refresher=uac"[..]));
    let told = world.trace.len();
    world.step("INVITE 200 body h=Session-Expires:100;refresher=uac");
    assert_eq!(world.trace[told..], ["50000 ACK>trunk"]);
    world.step("wait 49000");
    assert_eq!(world.trace.len(), told + 1, "{:?}", world.trace);
    world.step("wait 1000");
    assert_eq!(world.trace[told + 1..], ["100000 INVITE>trunk"]);
}

#[test]
fn we_refresh_by_update_where_the_peer_can() {
    let mut world = timed();
    for line in ["do Dial", "INVITE 200 body h=Session-Expires:100;refresher=uac h=Allow:UPDATE,BYE", "wait 50000"] {
        world.step(line);
    }
    assert_eq!(world.request_sent("INVITE", 1).header(HeaderName::SESSION_EXPIRES), Some(&b"100"[..]));
    assert!(world.request_sent("UPDATE", 1).body().is_empty());
    world.step("UPDATE 200 h=Session-Expires:100;refresher=uas");
    world.step("wait 68000");
    let last = ["118000 BYE>trunk", "118000 Ended Expired (SIP 408)"];
    assert!(world.trace.ends_with(&last.map(str::to_owned)), "{:?}", world.trace);
}

/// A 422 is answered with the time that it asks for, once; a second one ends the attempt.
#[test]
fn a_peer_that_wants_longer_gets_longer() {
    let mut world = timed();
    for line in ["do Dial", "INVITE 422 h=Min-SE:600"] {
        world.step(line);
    }
    let again = world.request_sent("INVITE", 2);
    let said = |name| String::from_utf8_lossy(again.header(name).unwrap_or_default()).into_owned();
    assert_eq!((said(HeaderName::SESSION_EXPIRES), said(HeaderName::MIN_SE)), ("600".to_owned(), "600".to_owned()));
    assert_eq!(again.call_id(), world.request_sent("INVITE", 1).call_id());
    world.step("INVITE 422 h=Min-SE:600");
    assert!(world.trace.last().is_some_and(|last| last.ends_with("Failed 422")), "{:?}", world.trace);
}

#[test]
fn a_refresh_that_is_put_off_comes_again_and_one_that_is_lost_ends_the_call() {
    let mut world = timed();
    for line in
        ["INVITE body h=k:timer h=x:100;refresher=uas", "do Answer", ACK, "wait 50000", "INVITE 503", "wait 10000"]
    {
        world.step(line);
    }
    assert!(world.trace.contains(&"60000 INVITE>trunk".to_owned()), "{:?}", world.trace);
    world.step("INVITE 481");
    assert!(world.trace.contains(&"60000 Ended PeerLost".to_owned()), "{:?}", world.trace);
}

/// The calls' change goes when the refresh is over, and the peer's offer may cross a refresh that offers nothing.
#[test]
fn a_refresh_is_in_nobody_s_way() {
    let mut world = timed();
    for line in ["INVITE body h=k:timer h=x:100;refresher=uas h=Allow:UPDATE", "do Answer", ACK, "wait 50000"] {
        world.step(line);
    }
    let told = world.trace.len();
    for line in ["INVITE c=2 to body", "do AnswerReinvite 200", "ACK c=2 b=z9hG4bKb to", "do Reinvite", "UPDATE 200"] {
        world.step(line);
    }
    let expect = ["100 INVITE>trunk", "Reinvite sdp", "200 INVITE>trunk", "Acknowledged", "INVITE>trunk"]
        .map(|what| format!("50000 {what}"));
    assert_eq!(world.trace[told..], expect);
}
