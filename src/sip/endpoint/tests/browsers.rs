//! Websockets: whose browser may do what, how it is reached, and what is left when it has gone.

use super::world::{REALM, World, address, setup};
use crate::base::{AgentId, IntentId};
use crate::sip::api::*;
use crate::sip::wire::{HeaderName, Message};

const WEB: FlowId = FlowId(1);
const FIRST: FlowId = FlowId(1 << 16 | 1);
const SECOND: FlowId = FlowId(2 << 16 | 1);

/// `ann` has a password besides; `bea` is in the browser alone.
fn world() -> World {
    let mut setup = setup();
    let advertised = "192.0.2.1:8080".parse().expect("an address");
    setup.flows.push(LocalFlow { flow: WEB, transport: Transport::Ws, advertised });
    let (ha1_md5, ha1_sha256) = (String::new(), String::new());
    setup.phones.push(PhoneAccount { agent: AgentId::new("bea"), user: "bea".into(), ha1_md5, ha1_sha256 });
    World::new(setup)
}

fn agent(name: &str) -> Option<Browser> {
    Some(Browser::Agent { agent: AgentId::new(name) })
}

fn caller() -> Option<Browser> {
    Some(Browser::Caller { intent: IntentId(7) })
}

fn open(world: &mut World, flow: FlowId, browser: Option<Browser>) {
    world.stream(flow, StreamEvent::Opened { peer: address("phone"), names: Vec::new(), browser });
    world.flow = flow;
}

/// As browsers write it: a host that is nowhere.
fn request(method: &str, user: &str, more: &str) -> String {
    let branch = format!("z9hG4bK{method}{}{user}", more.len());
    let to = if method == "REGISTER" { format!("{user}@{REALM}") } else { format!("call@{REALM}") };
    format!(
        "{method} sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/WS 6ogq8jl0h4s7.invalid;branch={branch}\r\nMax-Forwards: 69\r\n\
         From: <sip:{user}@{REALM}>;tag=t{user}\r\nTo: <sip:{to}>\r\nCall-ID: {method}-{user}-{}\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:x1@6ogq8jl0h4s7.invalid;transport=ws>;expires=300{more}\r\nSupported: path, outbound\r\n\
         Content-Length: 0\r\n\r\n",
        more.len()
    )
}

/// The status of the one answer.
fn ask(world: &mut World, text: &str) -> u16 {
    let before = world.sent.len();
    world.receive("phone", text);
    match Message::parse(world.sent[before].1.clone()) {
        Ok(Message::Response(response)) => response.status(),
        other => panic!("{other:?}"),
    }
}

fn header(world: &World, name: HeaderName<'_>) -> String {
    String::from_utf8_lossy(world.last_sent().headers().header(name).unwrap_or_default()).into_owned()
}

#[test]
fn a_desk_registers_its_own_phone_without_a_password() {
    let mut world = world();
    open(&mut world, FIRST, agent("bea"));
    assert_eq!(ask(&mut world, &request("REGISTER", "bea", ";reg-id=1;+sip.instance=\"<urn:uuid:1>\"")), 200);
    assert!(world.trace.ends_with(&["0 Phone true in a browser".to_owned(), "0 Desk".to_owned()]), "{:?}", world.trace);
    let contact = "<sip:x1@6ogq8jl0h4s7.invalid;transport=ws>;expires=300;+sip.instance=\"<urn:uuid:1>\";reg-id=1";
    assert_eq!(header(&world, HeaderName::CONTACT), contact);
    assert_eq!(header(&world, HeaderName::REQUIRE), "outbound");
    assert_eq!(world.flows.last(), Some(&FIRST));
}

#[test]
fn nobody_registers_on_what_is_not_theirs() {
    for (browser, user, status) in [
        (agent("bea"), "desk7", 403),
        (agent("nobody"), "nobody", 403),
        (caller(), "bea", 403),
        (None, "bea", 401),
        (None, "desk7", 401),
    ] {
        let mut world = world();
        open(&mut world, FIRST, browser.clone());
        assert_eq!(ask(&mut world, &request("REGISTER", user, "")), status, "{browser:?} {user}");
        world.stream(FIRST, StreamEvent::Closed);
        let counts = world.endpoint.counts();
        assert!(world.endpoint.is_empty() && counts.phones == 0 && counts.streams == 0, "{counts:?}");
    }
}

#[test]
fn a_browser_is_rung_over_its_websocket_and_is_gone_with_it() {
    let mut world = world();
    open(&mut world, FIRST, agent("ann"));
    assert_eq!(ask(&mut world, &request("REGISTER", "desk7", "")), 200);
    world.step("do DialPhone");
    assert_eq!(world.flows.last(), Some(&FIRST));
    assert!(header(&world, HeaderName::VIA).starts_with("SIP/2.0/WS 192.0.2.1:8080;rport;branch="));
    assert_eq!(header(&world, HeaderName::CONTACT), "<sip:192.0.2.1:8080;transport=ws>");
    world.step("INVITE 200 body h=Contact:<sip:x1@6ogq8jl0h4s7.invalid;transport=ws>");
    assert_eq!(world.trace.last().map(String::as_str), Some("0 Answered sdp"), "{:?}", world.trace);
    world.step("do Hangup");
    assert_eq!(world.flows.last(), Some(&FIRST));
    world.step("BYE 200");
    world.stream(FIRST, StreamEvent::Closed);
    assert_eq!(world.trace.last().map(String::as_str), Some("0 Phone false"));
    world.step("do DialPhone");
    assert_eq!(world.trace.last().map(String::as_str), Some("0 Failed 480"));
}

#[test]
fn the_newest_desk_has_the_phone() {
    let mut world = world();
    open(&mut world, FIRST, agent("bea"));
    assert_eq!(ask(&mut world, &request("REGISTER", "bea", "")), 200);
    open(&mut world, SECOND, agent("bea"));
    let newer = request("REGISTER", "bea", ";x").replace("x1@", "x2@");
    assert_eq!(ask(&mut world, &newer), 200);
    assert_eq!(header(&world, HeaderName::CONTACT), "<sip:x2@6ogq8jl0h4s7.invalid;transport=ws>;expires=300");
    world.stream(FIRST, StreamEvent::Closed);
    assert_eq!(world.endpoint.counts().phones, 1, "the older one takes nothing away");
}

#[test]
fn a_path_is_kept_and_led_along() {
    let mut world = world();
    open(&mut world, FIRST, agent("ann"));
    let path = "Path: <sip:edge.example.com;lr>\r\nContent-Length";
    assert_eq!(
        ask(
            &mut world,
            &request("REGISTER", "desk7", ";reg-id=1;+sip.instance=\"<urn:1>\"").replace("Content-Length", path)
        ),
        200
    );
    assert_eq!(header(&world, HeaderName::PATH), "<sip:edge.example.com;lr>");
    assert_eq!(header(&world, HeaderName::REQUIRE), "");
    world.step("do DialPhone");
    assert_eq!(header(&world, HeaderName::ROUTE), "<sip:edge.example.com;lr>");
}

#[test]
fn a_page_behind_the_address_of_a_trunk_is_no_trunk() {
    let mut world = world();
    let peer = address("trunk");
    world.stream(FIRST, StreamEvent::Opened { peer, names: Vec::new(), browser: None });
    world.flow = FIRST;
    world.receive("trunk", &request("INVITE", "x", ""));
    assert!(world.trace[0].ends_with("403 INVITE>trunk"), "{:?}", world.trace);
}

#[test]
fn a_page_calls_for_its_own_intent_and_nothing_that_it_says_is_believed() {
    let mut world = world();
    open(&mut world, FIRST, caller());
    let said = "User-to-User: 00;encoding=hex\r\nP-Asserted-Identity: <sip:+15550100@x.example.com>\r\nContent-Length";
    world.receive("phone", &request("INVITE", "+15550100", "").replace("Content-Length", said));
    let Some(SipEvent::Incoming { call, .. }) = world.calls.pop() else { panic!("{:?}", world.trace) };
    assert_eq!(call.origin, Origin::Web(IntentId(7)));
    let said = [&call.dialled, &call.to_user, &call.from_user, &call.from_display];
    assert!(said.iter().all(|said| said.expose().is_empty()));
    assert!(call.asserted_user.is_none() && call.user_to_user.is_none() && call.user_to_users.is_empty());
    world.step("do Answer");
    assert_eq!(world.flows.last(), Some(&FIRST));
}

#[test]
fn an_agent_calls_from_the_browser_without_a_password() {
    let mut world = world();
    open(&mut world, FIRST, agent("bea"));
    world.receive("phone", &request("INVITE", "bea", ""));
    assert!(world.trace.last().is_some_and(|line| line.ends_with("Incoming")), "{:?}", world.trace);
    assert_eq!(ask(&mut world, &request("INVITE", "desk7", "")), 403, "nobody else's");
}

const TALKING: &str = "INVITE 200 body h=Contact:<sip:x1@6ogq8jl0h4s7.invalid;transport=ws>";

/// `bea` talks on a leg that we dialled.
fn talking() -> World {
    let mut world = world();
    open(&mut world, FIRST, agent("bea"));
    assert_eq!(ask(&mut world, &request("REGISTER", "bea", "")), 200);
    let dial = world.dial_of(Target::Registered(AgentId::new("bea")));
    world.command(dial);
    world.step(TALKING);
    assert_eq!(world.trace.last().map(String::as_str), Some("0 Answered sdp"));
    world.trace.clear();
    world
}

/// As above, over another websocket, from this contact.
fn register_again(world: &mut World, contact: &str) {
    open(world, SECOND, agent("bea"));
    assert_eq!(ask(world, &request("REGISTER", "bea", ";y").replace("x1@", contact)), 200);
}

fn seen(world: &World, what: &str) -> bool {
    world.trace.iter().any(|line| line.ends_with(what))
}

#[test]
fn a_call_waits_for_its_browser_and_ends_when_nobody_comes() {
    let mut world = talking();
    world.stream(FIRST, StreamEvent::Closed);
    assert_eq!(world.trace, ["0 Phone false", "0 Away"]);
    world.step("wait 14999");
    assert_eq!(world.trace.len(), 2);
    world.step("wait 2");
    assert_eq!(world.trace.last().map(String::as_str), Some("15000 Ended PeerLost"));
    world.step("wait 100000");
    assert!(world.endpoint.is_empty(), "{:?}", world.endpoint.counts());
}

#[test]
fn the_same_phone_takes_its_dialog_along_to_its_new_websocket() {
    for closed_first in [true, false] {
        let mut world = talking();
        if closed_first {
            world.stream(FIRST, StreamEvent::Closed);
        }
        register_again(&mut world, "x1@");
        assert!(seen(&world, "Back") && seen(&world, "Desk"), "{:?}", world.trace);
        world.stream(FIRST, StreamEvent::Closed);
        world.step("do Reinvite");
        assert_eq!(world.flows.last(), Some(&SECOND));
        world.step("wait 20000");
        assert!(!seen(&world, "Ended PeerLost"));
    }
}

#[test]
fn a_request_inside_the_dialog_brings_it_along_too_but_nobody_elses() {
    for (browser, expect) in [(agent("bea"), true), (agent("ann"), false), (caller(), false), (None, false)] {
        let mut world = talking();
        world.stream(FIRST, StreamEvent::Closed);
        open(&mut world, SECOND, browser.clone());
        world.step("callee OPTIONS c=5 from=phone");
        assert_eq!(seen(&world, "Back"), expect, "{browser:?} {:?}", world.trace);
        world.step("do Hangup");
        assert_eq!(world.flows.last() == Some(&SECOND), expect, "{browser:?}");
    }
}

#[test]
fn a_page_that_was_loaded_anew_is_offered_the_old_dialogs_place() {
    let mut world = talking();
    let old = world.leg;
    let invite = world.request_sent("INVITE", 0);
    world.stream(FIRST, StreamEvent::Closed);
    register_again(&mut world, "x2@");
    assert!(!seen(&world, "Back") && seen(&world, "Desk"), "{:?}", world.trace);
    let SipCommand::Dial { leg, dial } = world.dial_of(Target::Registered(AgentId::new("bea"))) else { panic!() };
    world.command(SipCommand::Replace { leg, old, dial });
    assert_eq!(world.flows.last(), Some(&SECOND));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (call_id, own) = (text(invite.call_id()), text(invite.from_tag()));
    let replaces = header(&world, HeaderName::REPLACES);
    assert!(replaces.starts_with(&format!("{call_id};to-tag=")) && replaces.ends_with(&format!(";from-tag={own}")));
}

#[test]
fn a_page_that_goes_before_we_answer_has_given_up() {
    let mut world = world();
    open(&mut world, FIRST, caller());
    world.receive("phone", &request("INVITE", "c", ""));
    world.stream(FIRST, StreamEvent::Closed);
    assert!(seen(&world, "Cancelled (SIP 487)"), "{:?}", world.trace);
    world.step("wait 100000");
    assert!(world.endpoint.is_empty() && world.endpoint.counts().deadlines == 0, "{:?}", world.endpoint.counts());
}

#[test]
fn an_agents_phone_names_the_leg_whose_place_it_takes_and_nobody_else_may() {
    let mut world = talking();
    let invite = world.request_sent("INVITE", 0);
    let ack = world.request_sent("ACK", 0);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // As the phone sees it: our tag is the one of To.
    let (call_id, own, theirs) = (text(invite.call_id()), text(invite.from_tag()), text(ack.to_tag()));
    let right = format!("Replaces: {call_id};to-tag={own};from-tag={theirs}\r\nContent-Length");
    let wrong = right.replace(&own, "0");
    let leg = world.leg;
    let asked = request("INVITE", "bea", "");
    assert_eq!(ask(&mut world, &asked.replace("Content-Length", &wrong)), 481);
    world.receive("phone", &asked.replace("z9hG4bK", "z9hG4bKr").replace("Content-Length", &right));
    let Some(SipEvent::Incoming { call, .. }) = world.calls.pop() else { panic!("{:?}", world.trace) };
    assert_eq!((call.replaces, call.origin), (Some(leg), Origin::Phone(AgentId::new("bea"))));
    open(&mut world, SECOND, caller());
    assert_eq!(ask(&mut world, &request("INVITE", "c", "").replace("Content-Length", &right)), 481);
}

#[test]
fn a_change_is_refused_after_the_news_that_its_browser_is_away() {
    let mut world = talking();
    world.step("do Reinvite");
    world.stream(FIRST, StreamEvent::Closed);
    assert_eq!(world.trace[1..], ["0 Phone false", "0 Away", "0 ReinviteAnswered 503"]);
}

#[test]
fn a_change_goes_along_to_the_new_websocket() {
    let mut world = talking();
    world.step("do Reinvite");
    register_again(&mut world, "x1@");
    assert!(seen(&world, "Back"), "{:?}", world.trace);
    assert_eq!(world.flows.last(), Some(&SECOND), "it is asked anew, though the old websocket is open");
    world.step("INVITE 200 body h=Contact:<sip:x1@6ogq8jl0h4s7.invalid;transport=ws>");
    assert!(seen(&world, "ReinviteAnswered 200 sdp"), "{:?}", world.trace);
    world.step("wait 40000");
    world.stream(FIRST, StreamEvent::Closed);
    assert!(!seen(&world, "Ended PeerLost"), "{:?}", world.trace);
}
