//! Requests inside a dialog whose connection ends, or whose peer is silent at one of the places that its name leads to.

use super::streams::{TCP, open, receive, request, value, world};
use super::world::{OWN, SDP, World, address, setup};
use crate::sip::api::{FlowId, StreamEvent};
use crate::sip::resolve::Record;
use crate::sip::wire::HeaderName;

const NAMED: &str = "Contact: <sip:sbc@pbx.example.com:5060>";

/// A call over a connection that the peer has made, answered and acknowledged.
fn up_over(flow: FlowId) -> World {
    let mut world = world();
    open(&mut world, flow, "trunk", &[]);
    receive(&mut world, flow, "trunk", &request("INVITE", "TCP", "trunk", ""));
    world.step("do Answer");
    let acknowledge = request("ACK", "TCP", "trunk", &tag(&world));
    receive(&mut world, flow, "trunk", &acknowledge);
    world
}

/// Of ours, as it stands behind the URI in To.
fn tag(world: &World) -> String {
    let to = value(&world.sent.last().expect("an answer").1, HeaderName::TO);
    to.split_once('>').expect("a tag").1.to_owned()
}

/// The peer's Contact with a name in place of its address.
fn by_name(request: &str) -> String {
    let (begin, rest) = request.split_once("Contact: <").expect("a Contact");
    format!("{begin}{NAMED}{}", rest.split_once('>').expect("its end").1)
}

fn addresses(of: &[&str]) -> Vec<Record> {
    of.iter().map(|name| Record::Address(address(name).ip())).collect()
}

/// The last lines of the trace, without their times.
fn told(world: &World, count: usize) -> Vec<&str> {
    let first = world.trace.len().saturating_sub(count);
    world.trace[first..].iter().map(|line| line.split_once(' ').map_or("", |(_, what)| what)).collect()
}

#[test]
fn a_change_goes_again_over_a_new_connection() {
    let (flow, next) = (FlowId::stream(7, TCP), FlowId::stream(8, TCP));
    let mut world = up_over(flow);
    world.step("do Reinvite");
    assert_eq!(world.flows.last(), Some(&flow));
    world.stream(flow, StreamEvent::Closed);
    assert_eq!(world.flows.last(), Some(&TCP), "whoever makes connections makes another");
    let (first, second) = (world.request_sent("INVITE", 1), world.request_sent("INVITE", 2));
    assert_eq!((first.call_id(), first.body()), (second.call_id(), second.body()));
    assert_eq!(second.cseq().number, first.cseq().number + 1);
    open(&mut world, next, "trunk", &[]);
    world.flow = next;
    world.step("INVITE 200 body");
    assert_eq!(told(&world, 2), ["ACK>trunk", "ReinviteAnswered 200 sdp"]);
}

/// RFC 5057: a transport that fails is the end of the request, not of the call.
#[test]
fn a_change_that_reaches_nobody_is_refused_and_the_call_goes_on() {
    let flow = FlowId::stream(7, TCP);
    let mut world = up_over(flow);
    world.step("do Reinvite");
    world.stream(flow, StreamEvent::Closed);
    let peer = world.sent.last().expect("a request").0;
    world.stream(TCP, StreamEvent::Unreachable { peer });
    assert_eq!(told(&world, 1), ["ReinviteAnswered 503"]);
    world.step("do Hangup");
    assert_eq!(told(&world, 1), ["BYE>other"], "the call was there still");
}

#[test]
fn a_connection_that_ends_again_and_again_ends_the_request() {
    let flow = FlowId::stream(7, TCP);
    let mut world = up_over(flow);
    let before = world.sent.len();
    world.step("do Hangup");
    world.stream(flow, StreamEvent::Closed);
    assert_eq!((world.sent.len(), world.flows.last()), (before + 2, Some(&TCP)), "BYE goes again");
    let peer = world.sent.last().expect("a BYE").0;
    let second = FlowId::stream(8, TCP);
    world.stream(second, StreamEvent::Opened { peer, names: Vec::new(), browser: None });
    world.stream(second, StreamEvent::Closed);
    assert_eq!(world.sent.len(), before + 2);
    world.wait(std::time::Duration::from_secs(40));
    assert!(world.endpoint.is_empty(), "{:?}", world.endpoint.counts());
}

/// RFC 3263 section 4.3: all places, and only then is the peer lost.
#[test]
fn the_name_of_a_contact_is_followed_to_all_its_places() {
    let mut world = World::new(setup());
    receive(&mut world, FlowId(0), "trunk", &by_name(&request("INVITE", "UDP", "trunk", "")));
    world.step("do Answer");
    let tag = tag(&world);
    world.resolve("pbx.example.com", addresses(&["phone", "desk"]));
    receive(&mut world, FlowId(0), "trunk", &request("ACK", "UDP", "trunk", &tag));
    world.step("do Reinvite");
    world.step("wait 33000");
    world.step("wait 33000");
    let (first, second) = (world.request_sent("INVITE", 1), world.request_sent("INVITE", 2));
    assert_eq!(second.cseq().number, first.cseq().number + 1);
    let mut asked: Vec<_> =
        world.sent.iter().map(|(to, _)| to.ip()).filter(|ip| *ip != address("trunk").ip()).collect();
    asked.dedup();
    asked.truncate(2);
    asked.sort();
    assert_eq!(asked, [address("phone").ip(), address("desk").ip()]);
    assert!(world.trace.iter().any(|line| line.ends_with("Ended PeerLost")), "{:?}", world.trace);
}

/// Who rings us may be at another place than where the INVITE came from, and is asked there before the answer too.
#[test]
fn an_early_dialog_of_the_peer_follows_the_name_in_its_contact() {
    let mut world = World::new(setup());
    let body = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len());
    let more = format!("Supported: 100rel\r\nAllow: INVITE, UPDATE\r\n{body}");
    let invite = by_name(&request("INVITE", "UDP", "trunk", ""));
    let invite = invite.replace("Content-Length: 0\r\n\r\n", &more).replace("stream-call", "call-1");
    receive(&mut world, FlowId(0), "trunk", &invite);
    world.step("do Sound 183");
    world.resolve("pbx.example.com", addresses(&["other"]));
    world.step("PRACK c=2 to rack=0");
    world.step("do Reinvite");
    assert_eq!(told(&world, 1), ["UPDATE>other"]);
    world.step("UPDATE 200 body");
    world.step("do Answer");
    let questions = world.trace.iter().filter(|line| line.ends_with('?')).count();
    assert_eq!(questions, 1, "what was found counts after the answer too: {:?}", world.trace);
}

#[test]
fn an_early_dialog_of_ours_follows_the_name_in_its_contact() {
    let mut world = World::new(setup());
    let ringing = |rseq: u32| {
        format!("INVITE 183 h=Require:100rel h=RSeq:{rseq} h=Contact:<sip:callee@pbx.example.com:5060> body")
    };
    world.step("do Dial");
    world.step(&ringing(1));
    assert_eq!(told(&world, 3)[0], "PRACK>trunk", "nobody has said yet where the name is: {:?}", world.trace);
    world.step("PRACK 200");
    world.resolve("pbx.example.com", addresses(&["other"]));
    world.step(&ringing(2));
    assert!(world.trace.iter().any(|line| line.ends_with("PRACK>other")), "{:?}", world.trace);
    let via = value(&world.sent.last().expect("a PRACK").1, HeaderName::VIA);
    assert!(via.contains(OWN), "{via}");
}
