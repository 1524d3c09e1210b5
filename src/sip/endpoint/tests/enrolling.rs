//! Our registration at a carrier, from the first REGISTER to the last.

use std::time::Duration;

use super::world::{World, address, every, setup};
use crate::base::{Mono, Now, TrunkId, Wall};
use crate::sip::api::{EndpointSetup, EnrolPlan, EnrolView, FlowId, SipEvent};
use crate::sip::endpoint::EndpointOutput;
use crate::sip::wire::{HeaderName, Request};

fn enrolling() -> EndpointSetup {
    let mut setup = setup();
    setup.trunks[0].enrol = Some(EnrolPlan {
        server: "sip:sip.example.com".into(),
        via: Some(address("trunk")),
        flow: FlowId(0),
        user: "us".into(),
        contact_user: "line-7".into(),
        expires: Duration::from_secs(600),
    });
    setup
}

fn view(world: &World) -> EnrolView {
    world.endpoint.enrolment(&TrunkId::new("carrier")).expect("a registration")
}

fn play(world: &mut World, lines: &[&str]) {
    lines.iter().for_each(|line| world.step(line));
}

fn text(value: Option<&[u8]>) -> String {
    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
}

fn expires(request: &Request) -> Option<u32> {
    request.expires()
}

const CHALLENGE: &str = "REGISTER 401 h=WWW-Authenticate:Digest_realm=\"a\",nonce=\"n1\",qop=\"auth\"";
const OURS: &str = "h=Contact:<sip:line-7@192.0.2.1:5060>;expires=600";

#[test]
fn it_is_made_with_a_password_and_refreshed_in_time() {
    let mut world = World::new(enrolling());
    play(&mut world, &["wait 0", CHALLENGE, &format!("REGISTER 200 {OURS}")]);
    assert_eq!(world.trace, ["0 REGISTER>trunk", "0 REGISTER>trunk", "0 Registered true 200"]);
    let (first, second) = (world.request_sent("REGISTER", 1), world.request_sent("REGISTER", 2));
    assert_eq!(first.uri().raw(), b"sip:sip.example.com");
    assert_eq!(text(first.header(HeaderName::TO)), "<sip:us@sip.example.com>");
    assert_eq!(text(first.header(HeaderName::CONTACT)), "<sip:line-7@192.0.2.1:5060>;expires=600");
    assert_eq!((first.call_id(), first.cseq().number + 1), (second.call_id(), second.cseq().number));
    assert!(second.header(HeaderName::AUTHORIZATION).is_some());
    world.step("wait 599000");
    let third = world.request_sent("REGISTER", 3);
    assert_eq!((third.call_id(), third.cseq().number), (second.call_id(), second.cseq().number + 1));
    let at = world.trace[3].split(' ').next().and_then(|at| at.parse::<u64>().ok()).expect("a time");
    assert!((400_000..560_000).contains(&at), "{at}");
}

#[test]
fn what_the_carrier_grants_counts_and_not_what_we_asked() {
    let mut world = World::new(enrolling());
    let other = "h=Contact:<sip:other@192.0.2.8>;expires=9,<sip:line-7@192.0.2.1:5060>;expires=120";
    play(&mut world, &["wait 0", &format!("REGISTER 200 {other}")]);
    assert_eq!(view(&world).until, Some(Mono::ZERO + Duration::from_secs(120)));
    let mut world = World::new(enrolling());
    play(&mut world, &["wait 0", "REGISTER 200 h=Expires:77"]);
    assert_eq!(view(&world).until, Some(Mono::ZERO + Duration::from_secs(77)));
}

#[test]
fn too_brief_a_life_is_asked_again_once_as_long_as_must_be() {
    let mut world = World::new(enrolling());
    play(&mut world, &["wait 0", "REGISTER 423 h=Min-Expires:1800"]);
    assert_eq!(expires(&world.request_sent("REGISTER", 2)), Some(1800));
    // A carrier that always wants more is not chased.
    play(&mut world, &["REGISTER 423 h=Min-Expires:1900", "wait 0"]);
    assert_eq!(world.trace.last().map(String::as_str), Some("0 Registered false 423"));
    assert_eq!(view(&world).last_failure, Some((423, Mono::ZERO)));
}

#[test]
fn failures_are_tried_again_ever_later_up_to_a_bound() {
    let mut world = World::new(enrolling());
    world.step("wait 0");
    let mut waits = Vec::new();
    for _ in 0..9 {
        world.step("REGISTER 503");
        let next = view(&world).next.expect("another try");
        waits.push(next.since(world.now).as_secs_f64());
        world.wait(next.since(world.now));
    }
    for (wait, most) in waits.iter().zip([5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0]) {
        assert!(*wait <= most && *wait >= most / 2.0, "{waits:?}");
    }
    assert_eq!(world.trace.iter().filter(|line| line.contains("Registered")).count(), 1, "told once");
    world.step("REGISTER 200");
    assert!(view(&world).registered);
    assert_eq!(view(&world).last_failure.map(|(status, _)| status), Some(503));
}

#[test]
fn a_carrier_that_says_when_is_not_asked_before() {
    let mut world = World::new(enrolling());
    play(&mut world, &["wait 0", "REGISTER 503 h=Retry-After:900"]);
    assert_eq!(view(&world).next, Some(Mono::ZERO + Duration::from_secs(900)));
}

#[test]
fn a_wrong_password_is_not_sent_twice() {
    let mut world = World::new(enrolling());
    play(&mut world, &["wait 0", CHALLENGE, CHALLENGE, "wait 1000"]);
    assert_eq!(world.trace, ["0 REGISTER>trunk", "0 REGISTER>trunk", "0 Registered false 401"]);
}

/// The refresh gets no answer: registered until the life is over, not longer.
#[test]
fn silence_ends_it_when_its_time_is_over() {
    let mut world = World::new(enrolling());
    play(&mut world, &["wait 0", "REGISTER 200", "wait 599000"]);
    assert!(view(&world).registered);
    world.step("wait 1000");
    assert!(!view(&world).registered);
    assert_eq!(world.trace.last().map(String::as_str), Some("600000 Registered false 408"));
}

#[test]
fn it_is_tried_at_once_when_the_trunk_answers_again() {
    let mut setup = enrolling();
    setup.trunks[0].keep_alive = Some(every(30));
    let mut world = World::new(setup);
    world.step("wait 200000");
    let before = world.trace.iter().filter(|line| line.ends_with("Trunk false")).count();
    world.trace.clear();
    world.step("OPTIONS 200");
    assert_eq!(before, 1);
    // Unless one is on its way already.
    let asked = view(&world).next.is_none();
    assert!(asked, "{:?}", world.trace);
}

#[test]
fn it_is_taken_back_at_the_end() {
    let mut world = World::new(enrolling());
    play(&mut world, &["wait 0", "REGISTER 200"]);
    let now = Now::new(world.now, Wall(0));
    world.endpoint.handle_leave(now);
    let sent = std::iter::from_fn(|| world.endpoint.poll_output()).find_map(|output| match output {
        EndpointOutput::Transmit(transmit) => Request::parse(transmit.bytes).ok(),
        _ => None,
    });
    let sent = sent.expect("a REGISTER");
    assert_eq!(expires(&sent), Some(0));
    assert!(world.endpoint.is_leaving());
    world.sent.push((address("trunk"), sent.raw().clone()));
    play(&mut world, &[CHALLENGE, "REGISTER 200"]);
    assert!(!world.endpoint.is_leaving() && !view(&world).registered);
    world.wait(Duration::from_secs(2000));
    assert!(world.endpoint.is_empty(), "{:?}", world.endpoint.counts());
}

/// The carrier calls our Contact; the number is in To.
#[test]
fn a_call_to_our_contact_is_for_the_number_in_to() {
    for (uri, dialled) in [("sip:line-7@192.0.2.1", "+15550199"), ("sip:+15550142@192.0.2.1", "+15550142")] {
        let mut world = World::new(enrolling());
        world.trace.clear();
        let heard = world.incoming(&format!("INVITE uri={uri} body"));
        let SipEvent::Incoming { call, .. } = heard else { panic!("no call") };
        assert_eq!(call.dialled.expose(), dialled);
    }
}
