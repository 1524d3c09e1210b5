//! Three phones: who hears whom in a mix.

use super::tests::{A, B, CALL, Phone, World, assert_continuous, session};
use crate::base::{Family, LegId};
use crate::media::g711::Law;
use crate::media::{MediaCommand, Source};
use crate::sdp::Direction;

const C: LegId = LegId(3);

/// What each says, over and over, in mu-law; small enough that two of them are no more than a packet can hold.
const SAYS: [u8; 3] = [0xc8, 0xd0, 0xd8];

/// A supervisor has come to a call of two.
fn supervised() -> (World, [Phone; 3]) {
    let mut world = World::new();
    for ((leg, says), (port, events)) in [A, B, C].into_iter().zip(SAYS).zip([(4000, 101), (4002, 97), (4004, 99)]) {
        world.tell(MediaCommand::Open { leg, group: CALL, port, family: Family::V4 });
        world.describe(leg, session(says, events, Direction::SendRecv));
    }
    world.source(A, Source::Leg(B));
    world.source(B, Source::Leg(A));
    let [a, b, c] = SAYS;
    (world, [Phone::new(A, a), Phone::new(B, b), Phone::new(C, c)])
}

fn talk(world: &mut World, phones: &mut [Phone; 3], packets: usize) {
    let [a, b, c] = phones;
    world.talk(&mut [a, b, c], packets);
}

/// What these say together.
fn level(phones: &[usize]) -> i32 {
    phones.iter().map(|nth| i32::from(Law::Mu.decode(&[SAYS[*nth]])[0])).sum()
}

/// The last packet that this leg's peer got.
fn last(world: &World, leg: LegId) -> i32 {
    let (_, payload, _) = world.heard(leg).last().cloned().expect("a packet");
    i32::from(Law::Mu.decode(&payload)[0])
}

fn near(heard: i32, expect: i32) {
    assert!((heard - expect).abs() <= expect.abs() / 20, "{heard} for {expect}");
}

#[test]
fn a_listener_hears_both_and_nobody_hears_them() {
    let (mut world, mut phones) = supervised();
    world.source(C, Source::Mix(A, B));
    talk(&mut world, &mut phones, 20);
    near(last(&world, C), level(&[0, 1]));
    near(last(&world, A), level(&[1]));
    near(last(&world, B), level(&[0]));
    assert_continuous(&world.heard(C));
    assert!(world.heard(C).len() >= 18, "a packet every 20 ms");
}

#[test]
fn a_whisper_is_for_one_and_a_barge_for_both() {
    let (mut world, mut phones) = supervised();
    world.source(C, Source::Mix(A, B));
    world.source(B, Source::Mix(A, C));
    talk(&mut world, &mut phones, 20);
    near(last(&world, B), level(&[0, 2]));
    near(last(&world, A), level(&[1]));
    world.source(A, Source::Mix(B, C));
    talk(&mut world, &mut phones, 20);
    near(last(&world, A), level(&[1, 2]));
    near(last(&world, B), level(&[0, 2]));
    for leg in [A, B] {
        assert_continuous(&world.heard(leg));
    }
    world.source(A, Source::Leg(B));
    world.source(B, Source::Leg(A));
    world.tell(MediaCommand::Close { leg: C });
    talk(&mut world, &mut phones, 5);
    near(last(&world, A), level(&[1]));
    near(last(&world, B), level(&[0]));
    assert_continuous(&world.heard(A));
}

#[test]
fn keys_pass_a_mix_as_keys() {
    let (mut world, mut phones) = supervised();
    world.source(B, Source::Mix(A, C));
    phones[0].press(&mut world, '7', 101);
    talk(&mut world, &mut phones, 10);
    let keys: Vec<_> = world.heard(B).into_iter().filter(|(header, ..)| header.payload_type == 97).collect();
    assert!(keys.len() >= 4 && keys.iter().all(|(_, payload, _)| payload[0] == 7), "{}", keys.len());
    assert!(keys[0].0.marker);
}
