//! TCP and TLS: transports in Via and Contact, connections that open and end, and what ends with them.

use bytes::Bytes;

use super::registering::log_in;
use super::world::{World, address, setup};
use crate::base::{Mono, TrunkId};
use crate::sip::api::*;
use crate::sip::resolve::Record;
use crate::sip::wire::{HeaderName, Message};

pub const TCP: FlowId = FlowId(1);
pub const TLS: FlowId = FlowId(2);

/// A world with a socket for each transport; a second trunk is known by its certificate.
pub fn world() -> World {
    let mut setup = setup();
    for (flow, transport, own) in [(TCP, Transport::Tcp, "192.0.2.1:5060"), (TLS, Transport::Tls, "192.0.2.1:5061")] {
        setup.flows.push(LocalFlow { flow, transport, advertised: own.parse().expect("an address") });
    }
    let named = TrunkPeer {
        trunk: TrunkId::new("sbc"),
        networks: Vec::new(),
        tls_name: Some("sbc.example.com".into()),
        ..setup.trunks[0].clone()
    };
    setup.trunks.push(named);
    World::new(setup)
}

pub fn open(world: &mut World, flow: FlowId, peer: &str, names: &[&str]) {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    world.stream(flow, StreamEvent::Opened { peer: address(peer), names, browser: None });
}

pub fn receive(world: &mut World, flow: FlowId, from: &str, text: &str) {
    world.flow = flow;
    world.receive(from, text);
}

pub fn request(method: &str, transport: &str, peer: &str, more: &str) -> String {
    let at = address(peer);
    format!(
        "{method} sip:+15550199@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/{transport} {}:5077;branch=z9hG4bK{method}{more}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:+15550100@pbx.example.com>;tag=caller\r\nTo: <sip:+15550199@192.0.2.1>{more}\r\n\
         Call-ID: stream-call\r\nCSeq: 1 {method}\r\nContact: <sip:ann@{}:5077>\r\nContent-Length: 0\r\n\r\n",
        at.ip(),
        at.ip(),
    )
}

pub fn value(bytes: &Bytes, name: HeaderName<'_>) -> String {
    let message = Message::parse(bytes.clone()).expect("a message");
    String::from_utf8_lossy(message.headers().header(name).unwrap_or_default()).into_owned()
}

#[test]
fn a_call_over_a_connection_is_answered_there_and_nothing_is_sent_again() {
    let mut world = world();
    let flow = FlowId::stream(7, TCP);
    open(&mut world, flow, "trunk", &[]);
    receive(&mut world, flow, "trunk", &request("INVITE", "TCP", "trunk", ""));
    world.step("do Answer");
    assert!(world.flows.iter().all(|sent| *sent == flow), "{:?}", world.flows);
    let answer = &world.sent.last().expect("an answer").1;
    assert_eq!(value(answer, HeaderName::CONTACT), "<sip:192.0.2.1:5060;transport=tcp>");
    world.step("do Hangup");
    world.stream(flow, StreamEvent::Closed);
    // Never acknowledged: the BYE goes where the peer listens, over a new connection.
    world.wait(std::time::Duration::from_secs(40));
    let last = world.sent.len() - 1;
    assert_eq!((world.flows[last], world.sent[last].0.port()), (TCP, 5077));
    assert!(value(&world.sent[last].1, HeaderName::VIA).starts_with("SIP/2.0/TCP 192.0.2.1:5060;rport;branch="));
}

#[test]
fn what_was_asked_over_a_connection_fails_with_it_at_once() {
    for closed in [true, false] {
        let mut world = world();
        world.dial_to("sip:+15550101@198.51.100.10;transport=tcp");
        assert_eq!(world.flows, [TCP]);
        let event = match closed {
            true => {
                open(&mut world, FlowId::stream(1, TCP), "trunk", &[]);
                world.flow = FlowId::stream(1, TCP);
                world.step("INVITE 180");
                StreamEvent::Closed
            }
            false => StreamEvent::Unreachable { peer: address("trunk") },
        };
        let flow = if closed { FlowId::stream(1, TCP) } else { TCP };
        world.stream(flow, event);
        assert_eq!(world.trace.last().map(String::as_str), Some("0 Failed 503"), "{:?}", world.trace);
        assert_eq!(world.sent.len(), 1, "no INVITE is sent twice");
        world.wait(std::time::Duration::from_secs(100));
        assert!(world.endpoint.is_empty(), "{:?}", world.endpoint.counts());
    }
}

#[test]
fn a_transport_that_we_have_not_is_no_way() {
    let mut world = World::new(setup());
    world.dial_to("sips:+15550101@198.51.100.10");
    assert_eq!(world.trace, ["0 Failed 503"]);
    assert!(world.sent.is_empty());
}

#[test]
fn sips_goes_over_tls_to_its_own_port() {
    let mut world = self::world();
    world.dial_to("sips:+15550101@198.51.100.10");
    assert_eq!((world.flows[0], world.sent[0].0.port()), (TLS, 5061));
    assert!(value(&world.sent[0].1, HeaderName::VIA).starts_with("SIP/2.0/TLS 192.0.2.1:5061;rport;alias;branch="));
}

#[test]
fn a_trunk_is_known_by_the_name_in_its_certificate_only_on_that_connection() {
    let mut world = world();
    let (known, unknown) = (FlowId::stream(1, TLS), FlowId::stream(2, TLS));
    open(&mut world, known, "other", &["sbc.example.com"]);
    open(&mut world, unknown, "other", &["someone.example.com"]);
    receive(&mut world, unknown, "other", &request("OPTIONS", "TLS", "other", ""));
    receive(&mut world, known, "other", &request("OPTIONS", "TLS", "other", ""));
    world.stream(known, StreamEvent::Closed);
    receive(&mut world, known, "other", &request("OPTIONS", "TLS", "other", ""));
    let expect = ["0 403 OPTIONS>other", "0 200 OPTIONS>other", "0 403 OPTIONS>other"];
    assert_eq!(world.trace, expect);
    assert_eq!(world.endpoint.counts().streams, 1);
}

#[test]
fn an_alias_is_used_only_of_a_peer_that_has_proved_its_name() {
    for (names, expect) in [(&["sbc.example.com"][..], FlowId::stream(1, TLS)), (&[], TLS)] {
        let mut world = world();
        open(&mut world, FlowId::stream(1, TLS), "trunk", names);
        let text = request("OPTIONS", "TLS", "trunk", "").replace(";branch", ";alias;branch");
        receive(&mut world, FlowId::stream(1, TLS), "trunk", &text);
        world.dial_to("sip:+15550101@198.51.100.10:5077;transport=tls");
        assert_eq!(world.flows[1], expect, "{names:?}");
        world.stream(FlowId::stream(1, TLS), StreamEvent::Closed);
        let failed = world.trace.iter().any(|line| line.ends_with("Failed 503"));
        assert_eq!(failed, !names.is_empty());
    }
}

#[test]
fn a_phone_is_out_of_reach_when_its_connection_ends() {
    let mut world = world();
    let flow = FlowId::stream(3, TCP);
    open(&mut world, flow, "phone", &[]);
    world.flow = flow;
    log_in(&mut world);
    assert!(world.trace.iter().any(|line| line.ends_with("Phone true")), "{:?}", world.trace);
    world.step("do DialPhone");
    assert_eq!(world.flows.last(), Some(&flow));
    world.stream(flow, StreamEvent::Closed);
    let tail: Vec<&str> = world.trace.iter().rev().take(2).rev().map(String::as_str).collect();
    assert_eq!(tail, ["0 Phone false", "0 Failed 503"]);
    assert_eq!(world.now, Mono::ZERO);
}

#[test]
fn a_request_that_is_long_for_a_datagram_goes_over_tcp_and_falls_back() {
    let mut world = world();
    let long = format!("sip:+15550101@198.51.100.10;x={}", "y".repeat(1300));
    world.dial_to(&long);
    assert_eq!(world.flows, [TCP]);
    assert!(value(&world.sent[0].1, HeaderName::VIA).starts_with("SIP/2.0/TCP 192.0.2.1:5060;rport;branch="));
    world.stream(TCP, StreamEvent::Unreachable { peer: address("trunk") });
    assert_eq!(world.flows, [TCP, FlowId(0)]);
    assert!(value(&world.sent[1].1, HeaderName::VIA).starts_with("SIP/2.0/UDP 192.0.2.1:5060;rport;branch="));
    world.step("wait 600");
    assert_eq!(world.flows, [TCP, FlowId(0), FlowId(0)], "over UDP it is sent again");
    world.dial_to(&long);
    assert_eq!(world.flows[3], FlowId(0), "and TCP is not tried again for a while");
    let failed = world.trace.iter().any(|line| line.contains("Failed"));
    assert!(!failed, "{:?}", world.trace);
    world.step("wait 30000");
    world.wait(std::time::Duration::from_secs(200));
    assert!(world.endpoint.is_empty(), "{:?}", world.endpoint.counts());
}

#[test]
fn short_requests_stay_with_udp() {
    let mut world = world();
    world.dial_to("sip:+15550101@198.51.100.10");
    assert_eq!(world.flows, [FlowId(0)]);
}

/// A peer at a SIPS URI has one of ours (RFC 3261 sections 8.1.1.8 and 12.1.1), and what we ask inside the dialog goes over TLS.
#[test]
fn a_sips_contact_is_answered_by_one_and_followed_over_tls() {
    let mut world = world();
    let invite = |contact: &str| {
        request("INVITE", "UDP", "trunk", "").replace("Contact: <sip:", &format!("Contact: <{contact}:"))
    };
    receive(&mut world, FlowId(0), "trunk", &invite("sips"));
    world.step("do Answer");
    let answer = world.sent.last().expect("an answer").1.clone();
    assert_eq!(value(&answer, HeaderName::CONTACT), "<sip:192.0.2.1:5060>", "nothing over UDP is secure");
    let to = value(&answer, HeaderName::TO);
    let ack = request("ACK", "UDP", "trunk", to.split_once('>').expect("a tag").1);
    receive(&mut world, FlowId(0), "trunk", &ack);
    world.step("do Hangup");
    assert_eq!(world.flows.last(), Some(&TLS), "{:?}", world.trace);
    let flow = FlowId::stream(9, TLS);
    let mut world = self::world();
    open(&mut world, flow, "trunk", &[]);
    for (contact, ours) in [("sips", "<sips:192.0.2.1:5061>"), ("sip", "<sip:192.0.2.1:5061;transport=tls>")] {
        let invite = invite(contact).replace("SIP/2.0/UDP", "SIP/2.0/TLS");
        let invite =
            invite.replace("stream-call", contact).replace("branch=z9hG4bK", &format!("branch=z9hG4bK{contact}"));
        receive(&mut world, flow, "trunk", &invite);
        world.step("do Answer");
        assert_eq!(value(&world.sent.last().expect("an answer").1, HeaderName::CONTACT), ours);
    }
    world.dial_to("sips:+15550101@198.51.100.10");
    assert_eq!(value(&world.sent.last().expect("an INVITE").1, HeaderName::CONTACT), "<sips:192.0.2.1:5061>");
}

fn dial_by_name(world: &mut World, addresses: &[&str]) {
    world.dial_to("sips:+15550101@gw.example.com:5061");
    let records = addresses.iter().map(|at| Record::Address(at.parse().expect("an address"))).collect();
    world.resolve("gw.example.com", records);
}

/// RFC 5922 section 7.1: the name that stood in the URI goes to where the connection is made, and with every further request.
#[test]
fn over_tls_the_peer_must_be_whom_the_uri_named() {
    let mut world = world();
    dial_by_name(&mut world, &["203.0.113.7", "198.51.100.10"]);
    let asked = world.flows[0];
    assert_eq!((asked.listener(), asked.is_stream()), (TLS, false));
    assert_eq!(world.domains, [Some("gw.example.com".to_owned())]);
    // Somebody else answers there, or nobody: the next address is tried.
    world.stream(asked, StreamEvent::Unreachable { peer: world.sent[0].0 });
    assert_eq!((world.flows[1], world.domains[1].as_deref()), (asked, Some("gw.example.com")));
    world.flow = FlowId::stream(1, TLS);
    open(&mut world, FlowId::stream(1, TLS), "trunk", &["gw.example.com"]);
    world.step("INVITE#2 200 body");
    world.step("do Hangup");
    assert!(world.flows.iter().all(|flow| *flow == asked), "{:?}", world.flows);
    assert!(world.domains.iter().all(Option::is_some), "{:?}", world.domains);
}

/// What was asked by name fails with the connection that was made for it, and an address is another matter than a name for it.
#[test]
fn a_connection_that_ends_takes_with_it_what_was_asked_by_name() {
    let mut world = world();
    dial_by_name(&mut world, &["198.51.100.10"]);
    let (asked, peer) = (world.flows[0], world.sent[0].0);
    world.stream(TLS, StreamEvent::Unreachable { peer });
    assert!(!world.trace.iter().any(|line| line.contains("Failed")), "{:?}", world.trace);
    let flow = FlowId::stream(1, TLS);
    world.stream(flow, StreamEvent::Opened { peer, names: vec!["gw.example.com".to_owned()], browser: None });
    world.stream(flow, StreamEvent::Closed);
    assert_eq!(world.trace.last().map(String::as_str), Some("0 Failed 503"), "{:?}", world.trace);
    assert_ne!(asked, TLS);
}

/// The connection that the peer's call came over has ended: what we ask in the dialog goes to the name in its Contact, and whoever
/// is at the address must be that (RFC 5922 section 7.1). So it is with another Contact later.
#[test]
fn in_a_dialog_too_the_peer_must_be_whom_its_contact_named() {
    let mut world = world();
    let flow = FlowId::stream(1, TLS);
    open(&mut world, flow, "trunk", &["sbc.example.com"]);
    let named = |method: &str, host: &str, more: &str| {
        let (begin, rest) = request(method, "TLS", "trunk", more).split_once("Contact: <").map(own).expect("a Contact");
        let rest = rest.split_once('>').expect("its end").1;
        format!("{begin}Contact: <sip:sbc@{host}:5061;transport=tls>{rest}")
    };
    let records = || vec![Record::Address("198.51.100.10".parse().expect("an address"))];
    receive(&mut world, flow, "trunk", &named("INVITE", "sbc.example.com", ""));
    world.step("do Answer");
    world.resolve("sbc.example.com", records());
    let to = value(&world.sent.last().expect("an answer").1, HeaderName::TO);
    let tag = to.split_once('>').expect("a tag").1.to_owned();
    receive(&mut world, flow, "trunk", &request("ACK", "TLS", "trunk", &tag));
    world.step("do Key");
    assert_eq!(world.flows.last(), Some(&flow), "while it is open, the peer's connection is the way");
    world.stream(flow, StreamEvent::Closed);
    world.step("do Key");
    assert_eq!(world.domains.last(), Some(&Some("sbc.example.com".to_owned())));
    let asked = *world.flows.last().expect("a request");
    assert_eq!((asked.listener(), asked.is_stream()), (TLS, false));
    let again = FlowId::stream(2, TLS);
    open(&mut world, again, "trunk", &["sbc.example.com"]);
    let update = named("UPDATE", "other.example.com", &tag).replace("CSeq: 1 ", "CSeq: 2 ");
    receive(&mut world, again, "trunk", &update);
    world.resolve("other.example.com", records());
    world.stream(again, StreamEvent::Closed);
    world.step("do Hangup");
    assert_eq!(world.domains.last(), Some(&Some("other.example.com".to_owned())), "{:?}", world.trace);
}

fn own((one, two): (&str, &str)) -> (String, String) {
    (one.to_owned(), two.to_owned())
}

/// A trunk's own connection serves calls to its name, and to no other.
#[test]
fn a_connection_of_a_trunk_is_used_for_the_name_that_it_has_proved() {
    for (name, is_used) in [("gw.example.com", true), ("elsewhere.example.com", false)] {
        let mut world = world();
        let flow = FlowId::stream(1, TLS);
        let peer: std::net::SocketAddr = "198.51.100.10:49152".parse().expect("an address");
        let names = vec!["sbc.example.com".to_owned(), name.to_owned()];
        world.stream(flow, StreamEvent::Opened { peer, names, browser: None });
        let options = request("OPTIONS", "TLS", "trunk", "").replace(":5077;branch", ":5061;alias;branch");
        receive(&mut world, flow, "trunk", &options);
        let before = world.flows.len();
        dial_by_name(&mut world, &["198.51.100.10"]);
        assert_eq!(world.flows[before] == flow, is_used, "{name}");
    }
}
