//! Calls that go to one place after the other, and the names and gateways that the places come from.

use std::time::Duration;

use super::world::{World, check_world, setup};
use crate::base::TrunkId;
use crate::base::limits::RESOLVE_LOOKUP_PATIENCE;
use crate::sip::api::{EndpointSetup, FlowId, Gateway, GatewayState};
use crate::sip::resolve::Record;
use crate::sip::wire::Request;

pub fn gateway(uri: &str, priority: u16, weight: u16) -> Gateway {
    Gateway { uri: uri.into(), flow: FlowId(0), priority, weight, every: None }
}

/// The script's trunk, then its phone's address, then its desk's.
fn three() -> EndpointSetup {
    let mut setup = setup();
    setup.trunks[0].gateways = vec![
        gateway("sip:203.0.113.8:40001", 30, 1),
        gateway("sip:198.51.100.10", 10, 1),
        gateway("sip:203.0.113.7:40000", 20, 1),
    ];
    setup
}

fn check(script: &str, expect: &str) {
    check_world(&mut World::new(three()), script, expect);
}

fn play(world: &mut World, lines: &[&str]) {
    lines.iter().for_each(|line| world.step(line));
}

fn targets(world: &World) -> Vec<String> {
    let uri = |bytes: &bytes::Bytes| {
        Some(String::from_utf8_lossy(Request::parse(bytes.clone()).ok()?.uri().raw()).into_owned())
    };
    world.sent.iter().filter_map(|(_, bytes)| uri(bytes)).collect()
}

#[test]
fn the_next_is_tried_on_503_and_the_last_refusal_is_told() {
    check(
        "do DialTrunk\n INVITE#1 503\n INVITE#2 503 from=phone\n INVITE#3 503 from=desk",
        "0 INVITE>trunk, 0 ACK>trunk, 0 INVITE>phone, 0 ACK>phone, 0 INVITE>desk, 0 ACK>desk, 0 Failed 503",
    );
}

#[test]
fn a_real_refusal_is_the_end() {
    for status in [404, 408, 486, 500, 603] {
        let heard = if status == 408 { "INVITE#1 180\n" } else { "" };
        let progress = if status == 408 { "0 Progress 180, " } else { "" };
        check(
            &format!("do DialTrunk\n {heard} INVITE#1 {status}"),
            &format!("0 INVITE>trunk, {progress}0 ACK>trunk, 0 Failed {status}"),
        );
    }
}

#[test]
fn silence_is_left_after_two_seconds_and_cancelled_when_it_speaks() {
    check(
        "do DialTrunk\n wait 2100\n INVITE#2 180 from=phone\n INVITE#1 100\n CANCEL 200\n INVITE#1 487\n \
         INVITE#2 200 from=phone body\n callee BYE from=phone",
        "0 INVITE>trunk, 500 INVITE>trunk, 1500 INVITE>trunk, 2000 INVITE>phone, 2100 Progress 180, 2100 CANCEL>trunk,
         2100 ACK>trunk, 2100 ACK>trunk, 2100 Answered sdp, 2100 200 BYE>phone, 2100 Ended Bye",
    );
}

/// It was slow, not dead: its 2xx has the call, and the second is cancelled.
#[test]
fn who_was_left_may_still_take_the_call() {
    let mut world = World::new(three());
    play(
        &mut world,
        &[
            "do DialTrunk",
            "wait 2100",
            "INVITE#2 180 from=phone",
            "INVITE#1 200 body",
            "CANCEL 200 from=phone",
            "INVITE#2 487 from=phone",
        ],
    );
    assert_eq!(
        world.trace[4..],
        ["2100 Progress 180", "2100 ACK>trunk", "2100 CANCEL>phone", "2100 Answered sdp", "2100 ACK>phone"]
    );
}

#[test]
fn an_early_answer_keeps_the_call_where_it_is() {
    check("do DialTrunk\n INVITE#1 100\n wait 5000\n INVITE#1 486", "0 INVITE>trunk, 5000 ACK>trunk, 5000 Failed 486");
}

#[test]
fn the_last_place_rings_as_long_as_the_call_may() {
    let mut setup = three();
    setup.trunks[0].gateways.truncate(2);
    let mut world = World::new(setup);
    play(&mut world, &["do DialTrunk", "INVITE#1 503", "wait 19000"]);
    assert!(!world.trace.iter().any(|line| line.contains("Failed")), "{:?}", world.trace);
    world.step("wait 1000");
    assert_eq!(world.trace.last().map(String::as_str), Some("20000 Failed 408"));
}

#[test]
fn hanging_up_ends_the_hunt() {
    check("do DialTrunk\n do Hangup\n INVITE#1 503", "0 INVITE>trunk, 0 ACK>trunk");
}

/// The same call but for its transaction, so that a server that sees both knows it.
#[test]
fn the_second_invite_is_the_first_elsewhere() {
    let mut world = World::new(three());
    play(&mut world, &["do DialTrunk", "INVITE#1 503"]);
    let (one, two) = (world.request_sent("INVITE", 1), world.request_sent("INVITE", 2));
    assert_eq!((one.call_id(), one.from().tag, one.cseq()), (two.call_id(), two.from().tag, two.cseq()));
    assert_ne!(one.via_top().branch, two.via_top().branch);
    assert_eq!((one.body(), two.uri().raw()), (two.body(), &b"sip:+15550101@203.0.113.7:40000"[..]));
}

#[test]
fn a_challenge_on_the_way_is_answered_and_the_hunt_goes_on() {
    let challenge = "h=Proxy-Authenticate:Digest_realm=\"a\",nonce=\"n1\"";
    check(
        &format!("do DialTrunk\n INVITE#1 407 {challenge}\n INVITE#2 503\n INVITE#3 486 from=phone"),
        "0 INVITE>trunk, 0 ACK>trunk, 0 INVITE>trunk, 0 ACK>trunk, 0 INVITE>phone, 0 ACK>phone, 0 Failed 486",
    );
}

#[test]
fn equals_share_by_weight() {
    let mut setup = setup();
    setup.trunks[0].gateways = vec![gateway("sip:198.51.100.10", 10, 60), gateway("sip:203.0.113.7:40000", 10, 20)];
    let mut world = World::new(setup);
    for _ in 0..250 {
        world.step("do DialTrunk");
    }
    let first = targets(&world).iter().filter(|uri| uri.ends_with("198.51.100.10")).count();
    assert!((165..210).contains(&first), "{first} of 250");
}

#[test]
fn a_trunk_without_gateways_is_nowhere() {
    let mut world = World::new(setup());
    check_world(&mut world, "do DialTrunk", "0 Failed 503");
}

fn at(text: &str) -> Record {
    Record::Address(text.parse().expect("an address"))
}

fn srv(priority: u16, port: u16, target: &str) -> Record {
    Record::Srv { priority, weight: 1, port, target: target.into() }
}

#[test]
fn a_name_is_found_and_all_its_addresses_are_tried() {
    let mut world = World::new(setup());
    world.step("do DialName");
    assert_eq!(world.trace, ["0 Naptr pbx.example.com?"]);
    world.resolve("pbx.example.com", Vec::new());
    world.resolve("_sip._udp.pbx.example.com", vec![srv(2, 40_000, "b.example.com"), srv(1, 5060, "a.example.com")]);
    world.resolve("a.example.com", vec![at("198.51.100.10")]);
    world.resolve("b.example.com", vec![at("203.0.113.7")]);
    world.trace.clear();
    world.step("INVITE#1 503");
    assert_eq!(world.trace, ["0 ACK>trunk", "0 INVITE>phone"]);
    // The next call needs no name server.
    world.trace.clear();
    world.step("do DialName");
    assert_eq!(world.trace, ["0 INVITE>trunk"]);
    world.step("INVITE 200 body");
    world.step("callee BYE");
}

/// A dead name server costs the call that needs it a bounded time, and no other call any.
#[test]
fn a_dead_name_server_delays_nobody_else() {
    let mut world = World::new(setup());
    world.step("do DialName");
    let named = world.leg;
    world.step("do Dial");
    assert_eq!(world.trace, ["0 Naptr pbx.example.com?", "0 INVITE>trunk"]);
    play(&mut world, &["INVITE 200 body", "INVITE body", "do Answer", "ACK c=1 to"]);
    assert_ne!(named, world.leg);
    world.wait(RESOLVE_LOOKUP_PATIENCE);
    assert!(world.trace.contains(&"5000 Failed 503".to_owned()), "{:?}", world.trace);
    world.wait(Duration::from_secs(10));
}

#[test]
fn the_name_of_a_caller_is_found_while_the_call_goes_on() {
    let mut world = World::new(setup());
    let contact = "h=Record-Route:<sip:proxy.example.com:40000;lr;transport=udp>";
    play(&mut world, &[&format!("INVITE {contact} body"), "do Answer", "ACK c=1 to"]);
    assert!(world.trace.contains(&"0 Address proxy.example.com?".to_owned()), "{:?}", world.trace);
    world.resolve("proxy.example.com", vec![at("203.0.113.7")]);
    world.trace.clear();
    world.step("do Hangup");
    assert_eq!(world.trace, ["0 BYE>phone"]);
}

fn asked() -> EndpointSetup {
    let mut setup = three();
    setup.trunks[0].gateways.iter_mut().for_each(|gateway| gateway.every = Some(Duration::from_secs(30)));
    setup.trunks[0].gateways.truncate(2);
    setup
}

fn states(world: &World) -> Vec<&'static str> {
    let views = world.endpoint.gateways(&TrunkId::new("carrier"));
    views.iter().map(|view| view.state.as_str()).collect()
}

/// OPTIONS#1 and #2 are the first round, #3 and #4 the second, and so on; the second gateway is the script's trunk.
#[test]
fn a_gateway_is_down_after_two_bad_answers_and_up_after_two_good_ones() {
    let mut world = World::new(asked());
    assert_eq!(states(&world), ["unknown", "unknown"]);
    play(&mut world, &["wait 0", "OPTIONS#1 200 from=desk", "OPTIONS#2 404"]);
    assert_eq!(states(&world), ["up", "up"]);
    for (round, status, state) in [
        (2, 503, "probing"),
        (3, 200, "up"),
        (4, 503, "probing"),
        (5, 408, "down"),
        (6, 503, "down"),
        (7, 200, "probing"),
        (8, 503, "down"),
        (9, 200, "probing"),
        (10, 486, "up"),
    ] {
        world.step("wait 30000");
        world.step(&format!("OPTIONS#{} 200 from=desk", 2 * round - 1));
        world.step(&format!("OPTIONS#{} {status}", 2 * round));
        assert_eq!(states(&world), ["up", state], "round {round}");
    }
    let told = world.trace.iter().filter(|line| line.contains("Gateway sip:198.51.100.10")).count();
    assert_eq!(told, 9, "on change only: {:?}", world.trace);
}

#[test]
fn who_is_down_is_tried_last_and_not_never() {
    let mut world = World::new(asked());
    play(
        &mut world,
        &[
            "wait 0",
            "OPTIONS#1 200 from=desk",
            "OPTIONS#2 503",
            "wait 30000",
            "OPTIONS#3 200 from=desk",
            "OPTIONS#4 503",
        ],
    );
    assert_eq!(states(&world), ["up", GatewayState::Down.as_str()]);
    world.trace.clear();
    play(&mut world, &["do DialTrunk", "INVITE#1 503 from=desk", "INVITE#2 486"]);
    assert_eq!(
        world.trace,
        ["30000 INVITE>desk", "30000 ACK>desk", "30000 INVITE>trunk", "30000 ACK>trunk", "30000 Failed 486"]
    );
}

#[test]
fn a_silent_gateway_is_found_down() {
    let mut world = World::new(asked());
    world.step("wait 125000");
    assert_eq!(states(&world), ["down", "down"]);
}
