//! INVITEs of agents' phones.

use super::registering::{answer_invite, log_in};
use super::world::{World, address, check_world, setup};
use crate::base::{AgentId, TrunkId};
use crate::sip::api::{EndpointSetup, FixedPhone, Origin, SipEvent};

fn origin(event: SipEvent) -> Origin {
    let SipEvent::Incoming { call, .. } = event else { panic!("no call") };
    call.origin
}

fn with_fixed() -> EndpointSetup {
    let fixed = FixedPhone { agent: AgentId::new("ben"), user: "204".into(), address: address("desk") };
    EndpointSetup { fixed_phones: vec![fixed], ..setup() }
}

#[test]
fn a_registered_phone_calls_with_its_password() {
    let mut world = World::new(setup());
    log_in(&mut world);
    world.trace.clear();
    world.step("INVITE from=phone user=desk7 b=z9hG4bK1");
    let credentials = answer_invite(&world, "secret");
    check_world(
        &mut world,
        &format!(
            "ACK from=phone user=desk7 b=z9hG4bK1\n INVITE from=phone user=desk7 c=2 body {credentials}\n do Answer\n \
             ACK from=phone user=desk7 c=2 to\n BYE from=phone user=desk7 c=3 to\n wait 400000"
        ),
        "0 401 INVITE>phone, 0 100 INVITE>phone, 0 Incoming, 0 200 INVITE>phone, 0 Acknowledged, 0 200 BYE>phone,
         0 Ended Bye, 1000 Refused Unauthorized 2, 300000 Phone false",
    );
    assert_eq!(origin(world.calls.pop().expect("a call")), Origin::Phone(AgentId::new("ann")));
}

/// RFC 3325 section 9.2: a wish among several identities of a phone; ours have one, their account, and the wish goes nowhere.
#[test]
fn what_a_phone_prefers_to_be_called_is_not_believed() {
    let mut world = World::new(with_fixed());
    let called = world.incoming("INVITE from=desk user=204 h=P-Preferred-Identity:<sip:boss@example.com> body");
    let SipEvent::Incoming { call, .. } = called else { panic!("no call") };
    assert_eq!((call.origin.clone(), call.asserted.clone()), (Origin::Phone(AgentId::new("ben")), None));
    assert!(call.headers.is_empty() && call.from_user.expose() == "204");
}

#[test]
fn a_wrong_password_or_another_place_makes_no_call() {
    let mut world = World::new(setup());
    log_in(&mut world);
    world.trace.clear();
    world.step("INVITE from=phone user=desk7");
    let credentials = answer_invite(&world, "guess");
    world.step(&format!("INVITE from=phone user=desk7 c=2 {credentials}"));
    world.step("INVITE from=phone user=somebody call=2");
    world.step("INVITE from=desk user=desk7 call=3");
    assert_eq!(world.trace, ["0 401 INVITE>phone", "0 401 INVITE>phone", "0 403 INVITE>phone", "0 403 INVITE>desk"]);
    world.wait(std::time::Duration::from_secs(100));
    assert!(world.endpoint.is_empty());
}

#[test]
fn a_trunk_that_says_to_be_a_phone_is_a_trunk() {
    let mut world = World::new(setup());
    log_in(&mut world);
    let event = world.incoming("INVITE user=desk7 body");
    assert_eq!(origin(event), Origin::Trunk(TrunkId::new("carrier")));
}

#[test]
fn a_phone_with_a_fixed_address_is_known_by_it() {
    let mut world = World::new(with_fixed());
    let event = world.incoming("INVITE from=desk user=204 body");
    assert_eq!(origin(event), Origin::Phone(AgentId::new("ben")));
    world.trace.clear();
    world.step("INVITE from=desk user=205 call=2");
    world.step("INVITE from=phone user=204 call=3");
    assert_eq!(world.trace, ["0 403 INVITE>desk", "0 403 INVITE>phone"]);
}

/// No call of ours is taken over so, whoever asks.
#[test]
fn an_invite_with_replaces_names_no_dialog() {
    check_world(
        &mut World::new(with_fixed()),
        "INVITE body h=Replaces:x;to-tag=1;from-tag=2 h=Require:replaces
         INVITE from=desk user=204 call=2 body h=Replaces:x;to-tag=1;from-tag=2",
        "0 481 INVITE>trunk, 0 481 INVITE>desk",
    );
}
