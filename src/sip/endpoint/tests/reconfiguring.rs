//! Another setup while calls are in progress and phones are registered.

use super::registering::{log_in, register};
use super::world::{REALM, World, address, every, setup};
use crate::base::{AgentId, TrunkId};
use crate::sip::api::{EndpointSetup, Origin, PhoneAccount, SipEvent, TrunkPeer};
use crate::sip::auth::Algorithm;

fn reconfigure(world: &mut World, setup: EndpointSetup) {
    let now = world.clocks();
    world.endpoint.reconfigure(setup, now);
}

/// A call that has been answered.
fn talking() -> World {
    let mut world = World::new(setup());
    for step in ["INVITE body", "do Answer", "ACK b=z9hG4bKa to"] {
        world.step(step);
    }
    world
}

fn places(world: &World) -> Vec<&str> {
    world.endpoint.core.setup.trunks.iter().map(|trunk| trunk.trunk.as_str()).collect()
}

fn account(user: &str, agent: &str, password: &str) -> PhoneAccount {
    PhoneAccount {
        agent: AgentId::new(agent),
        user: user.into(),
        ha1_md5: Algorithm::Md5.hash(&[user, REALM, password]),
        ha1_sha256: Algorithm::Sha256.hash(&[user, REALM, password]),
    }
}

#[test]
fn a_trunk_that_is_as_it_was_keeps_its_place() {
    let mut world = talking();
    let second = TrunkPeer::at(TrunkId::new("second"), vec![(address("other").ip(), 32)]);
    let mut more = setup();
    more.trunks.insert(0, second);
    reconfigure(&mut world, more);
    assert_eq!(places(&world), ["carrier", "second"]);
    let SipEvent::Incoming { call, .. } = world.incoming("INVITE from=stranger c=7 b=z9hG4bKnew body") else {
        panic!("a call")
    };
    assert_eq!(call.origin, Origin::Trunk(TrunkId::new("second")));
}

#[test]
fn a_trunk_that_is_taken_out_calls_no_more_and_its_call_ends_as_it_would() {
    let mut world = talking();
    reconfigure(&mut world, EndpointSetup { trunks: Vec::new(), ..setup() });
    assert_eq!(places(&world), [""]);
    world.trace.clear();
    world.step("BYE c=2 b=z9hG4bKb to");
    assert_eq!(world.trace, ["0 200 BYE>trunk", "0 Ended Bye"]);
    world.trace.clear();
    world.step("OPTIONS c=9 b=z9hG4bKc");
    assert_eq!(world.trace, ["0 403 OPTIONS>trunk"]);
}

#[test]
fn a_trunk_that_has_changed_takes_a_new_place_and_is_asked_from_there() {
    let mut world = talking();
    let mut changed = setup();
    changed.trunks[0].keep_alive = Some(every(30));
    reconfigure(&mut world, changed.clone());
    assert_eq!(places(&world), ["", "carrier"]);
    world.trace.clear();
    world.wait(std::time::Duration::from_millis(1));
    assert_eq!(world.trace, ["0 OPTIONS>trunk"]);
    reconfigure(&mut world, changed);
    assert_eq!(places(&world), ["", "carrier"], "the same once more is no change");
    world.trace.clear();
    world.step("BYE c=2 b=z9hG4bKb to");
    assert_eq!(world.trace.last().map(String::as_str), Some("1 Ended Bye"), "the call of the place before");
}

#[test]
fn a_phone_keeps_its_binding_and_proves_itself_with_the_new_password() {
    let ann = AgentId::new("ann");
    let mut world = World::new(setup());
    log_in(&mut world);
    reconfigure(&mut world, EndpointSetup { phones: vec![account("desk7", "ann", "other")], ..setup() });
    assert!(world.endpoint.is_phone_reachable(&ann));
    let before = world.sent.len();
    assert_eq!(
        register(&mut world, "phone", 3, "Contact: *\r\nExpires: 0\r\n", ""),
        401,
        "{:?}",
        &world.sent[before..]
    );
    assert!(world.endpoint.is_phone_reachable(&ann));
}

#[test]
fn a_phone_that_is_taken_out_or_given_to_another_is_forgotten() {
    let (ann, bea) = (AgentId::new("ann"), AgentId::new("bea"));
    for phones in [Vec::new(), vec![account("desk7", "bea", "secret")], vec![account("desk8", "ann", "secret")]] {
        let mut world = World::new(setup());
        log_in(&mut world);
        assert!(world.endpoint.is_phone_reachable(&ann));
        reconfigure(&mut world, EndpointSetup { phones, ..setup() });
        assert!(!world.endpoint.is_phone_reachable(&ann) && !world.endpoint.is_phone_reachable(&bea));
    }
}
