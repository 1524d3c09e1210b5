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
    assert_eq!(world.trace.last().map(String::as_str), Some("0 Phone true in a browser"));
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
