//! What answers and BYE carry besides: User-to-User and further header fields, both ways.

use super::world::{World, check, setup};
use crate::base::limits::{COPIED_HEADER_MAX, COPIED_HEADERS_MAX};
use crate::sip::api::{EndpointSetup, IncomingCall, SipEvent};
use crate::sip::endpoint::EndpointOutput;
use crate::sip::wire::{HeaderName, Message};

const ACK: &str = "ACK b=z9hG4bKa to";

fn carried(world: &World) -> Vec<String> {
    let last = world.last_sent();
    let values =
        last.headers().list(HeaderName::USER_TO_USER).chain(last.headers().headers(HeaderName::from("X-Note")));
    values.map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

#[test]
fn an_answer_carries_it_once_and_the_bye_does_not() {
    let mut world = World::new(setup());
    for step in ["INVITE body", "do Carry", "do Answer"] {
        world.step(step);
    }
    assert_eq!(carried(&world), ["6869;encoding=hex", "a"]);
    for step in [ACK, "do Hangup"] {
        world.step(step);
    }
    assert!(carried(&world).is_empty());
}

#[test]
fn a_bye_and_a_refusal_carry_it() {
    let mut world = World::new(setup());
    for step in ["INVITE body", "do Answer", ACK, "do Carry", "do Hangup"] {
        world.step(step);
    }
    assert!(matches!(world.last_sent(), Message::Request(_)));
    assert_eq!(carried(&world), ["6869;encoding=hex", "a"]);
    let mut world = World::new(setup());
    for step in ["INVITE body", "do Carry", "do Refuse 302"] {
        world.step(step);
    }
    assert_eq!(carried(&world), ["6869;encoding=hex", "a"]);
}

#[test]
fn what_the_peer_carries_is_told_before_its_answer_and_its_bye() {
    check(
        "do Dial\n INVITE 200 body\n callee BYE h=User-to-User:x;encoding=rot13,y",
        "0 INVITE>trunk, 0 ACK>trunk, 0 Answered sdp, 0 200 BYE>trunk, 0 Carried 2, 0 Ended Bye",
    );
}

#[test]
fn the_answer_tells_the_named_header_fields_as_they_stood() {
    check(
        "do Dial\n INVITE 180 h=X-Ticket:early\n INVITE 200 body h=x-ticket:a_;_b=\"%41,\" h=X-Other:1 h=X-Ticket:2\n callee BYE h=X-Ticket:3",
        "0 INVITE>trunk, 0 Progress 180, 0 ACK>trunk, 0 Carried 0 X-Ticket=a ; b=\\\"%41,\\\" X-Ticket=2, 0 Answered sdp, 0 200 BYE>trunk, 0 Ended Bye",
    );
}

/// The values of the INVITE as the calls get them.
fn told(setup: EndpointSetup, header: &str) -> Vec<String> {
    let call = invited(setup, header).expect("a call");
    call.user_to_users.0.iter().map(|value| String::from_utf8_lossy(value.expose()).into_owned()).collect()
}

/// An INVITE with this header field, as the calls get it.
pub fn invited(setup: EndpointSetup, header: &str) -> Option<Box<IncomingCall>> {
    let mut world = World::new(setup);
    world.trace.clear();
    let text = format!(
        "INVITE sip:1@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.10;branch=z9hG4bKi\r\nMax-Forwards: 70\r\n\
         From: <sip:2@pbx.example.com>;tag=c\r\nTo: <sip:5@192.0.2.1>\r\nCall-ID: u\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:2@198.51.100.10>\r\n{header}Content-Length: 0\r\n\r\n"
    );
    let from = super::world::address("trunk");
    let now = crate::base::Now::default();
    world.endpoint.handle_datagram(crate::sip::api::FlowId(0), from, text.into_bytes().into(), now);
    std::iter::from_fn(|| world.endpoint.poll_output()).find_map(|output| match output {
        EndpointOutput::Event(SipEvent::Incoming { call, .. }) => Some(call),
        _ => None,
    })
}

#[test]
fn values_stay_as_they_stood_within_the_limits() {
    let header =
        "User-to-User: \"a,b\" ;encoding=rot13 ; X=%41, 7a;encoding=hex;purpose=isdn-uui\r\nUser-to-User: third\r\n";
    assert_eq!(told(setup(), header), ["\"a,b\" ;encoding=rot13 ; X=%41", "7a;encoding=hex;purpose=isdn-uui", "third"]);
    let long = format!("User-to-User: {}, ok\r\n", "a".repeat(513));
    assert_eq!(told(setup(), &long), ["ok"]);
    assert_eq!(told(setup(), &"User-to-User: x\r\n".repeat(9)).len(), 4);
}

#[test]
fn named_header_fields_of_an_invite_are_told_bytewise_within_the_limits() {
    let mut setup = setup();
    setup.trunks[0].copied = ["X-Account".into(), "Subject".into(), "X-Absent".into()].into();
    let told = |header: &str| {
        let call = invited(setup.clone(), header).expect("a call");
        let word =
            |field: &crate::sip::api::HeaderField| format!("{}={}", field.name, field.value.expose().escape_ascii());
        call.headers.iter().map(word).collect::<Vec<_>>()
    };
    let header = "s: hi\r\nX-ACCOUNT: %41 ; a=\"\u{e9}\"\r\nX-Debug: 1\r\nx-account: two,\r\n three\r\n";
    assert_eq!(told(header), ["X-Account=%41 ; a=\\\"\\xc3\\xa9\\\"", "X-Account=two,   three", "Subject=hi"]);
    let long = format!("X-Account: {}\r\nX-Account: {}\r\n", "a".repeat(COPIED_HEADER_MAX + 1), "b");
    assert_eq!(told(&long), ["X-Account=b"]);
    assert_eq!(told(&"X-Account: x\r\n".repeat(COPIED_HEADERS_MAX + 1)).len(), COPIED_HEADERS_MAX);
    assert!(told("X-Debug: 1\r\n").is_empty());
}

#[test]
fn the_wish_not_to_be_named_is_told() {
    for (header, expect) in [
        ("Privacy: id\r\n", true),
        ("Privacy: Header ; critical\r\n", true),
        ("Privacy: session\r\n", false),
        ("Privacy: id;none\r\n", false),
        ("", false),
    ] {
        assert_eq!(invited(setup(), header).is_some_and(|call| call.is_withheld), expect, "{header}");
    }
}
