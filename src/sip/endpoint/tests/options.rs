//! OPTIONS both ways.

use super::world::{World, check_world, every, setup};
use crate::sip::api::EndpointSetup;

fn asking() -> EndpointSetup {
    let mut setup = setup();
    setup.trunks[0].keep_alive = Some(every(60));
    setup
}

/// Answers, two silences, and an answer again.
#[test]
fn a_trunk_is_reachable_until_it_is_silent_twice() {
    let mut world = World::new(asking());
    for line in ["wait 0", "OPTIONS 200", "wait 60000", "OPTIONS 404", "wait 60000"] {
        world.step(line);
    }
    let told =
        |world: &World| -> Vec<String> { world.trace.iter().filter(|line| line.contains("Trunk")).cloned().collect() };
    assert_eq!(told(&world), ["0 Trunk true"]);
    world.step("wait 91000");
    assert_eq!(told(&world), ["0 Trunk true"]);
    world.step("wait 1000");
    assert_eq!(told(&world), ["0 Trunk true", "212000 Trunk false"]);
    world.step("wait 28000");
    world.step("OPTIONS 503");
    assert_eq!(told(&world).last().map(String::as_str), Some("240000 Trunk true"));
}

#[test]
fn what_was_never_there_is_told_too() {
    let mut world = World::new(asking());
    world.step("wait 92000");
    assert_eq!(world.trace.iter().filter(|line| line.ends_with("Trunk false")).count(), 1);
}

/// A trunk's own question is answered without a transaction.
#[test]
fn a_trunk_that_asks_is_told_what_we_can() {
    let mut world = World::new(setup());
    check_world(&mut world, "OPTIONS\n OPTIONS", "0 200 OPTIONS>trunk, 0 200 OPTIONS>trunk");
    let answer = world.last_sent();
    for name in ["Allow", "Accept", "Supported"] {
        assert!(answer.headers().header(name.into()).is_some(), "{name}");
    }
}
