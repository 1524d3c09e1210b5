//! Callers who hear a player: when what they say is waited for, and when it is only looked at.

use std::sync::Arc;
use std::time::Duration;

use super::Door;
use super::tests::{A, B, CALL, Phone, Recorder, World};
use crate::base::LegId;
use crate::media::{MediaCommand, MediaEvent, PromptId, Source, ToneKind, Track, WavId};

const DOOR: Door = Door(A.0 as u32);
const SECOND: Duration = Duration::from_secs(1);

/// A hears a tone, and has been heard.
fn waiting() -> (World, Phone) {
    let (mut world, mut a, _) = World::with_call_by(Recorder { has_doors: true, ..Recorder::default() });
    world.source(A, Source::Tone(ToneKind::Waiting));
    a.say(&mut world);
    (world, a)
}

fn at_rest() -> (World, Phone) {
    let (mut world, a) = waiting();
    world.pass(SECOND);
    assert_eq!(world.wire.watched, [(DOOR, false)]);
    (world, a)
}

fn disturbed(world: &World, command: &MediaCommand) -> Vec<LegId> {
    world.relay.disturbed(command).collect()
}

#[test]
fn whoever_has_been_heard_and_only_waits_is_looked_at_five_times_a_second() {
    let (mut world, _) = at_rest();
    world.wire.looks.clear();
    world.pass(SECOND);
    assert_eq!(world.wire.looks.len(), 5);
    assert!(world.wire.looks.windows(2).all(|two| two[1].0.since(two[0].0) == SECOND / 5));
    assert!(world.wire.looks.iter().all(|(_, door)| *door == DOOR));
}

#[test]
fn whoever_has_not_been_heard_is_waited_for() {
    let (mut world, ..) = World::with_call_by(Recorder { has_doors: true, ..Recorder::default() });
    world.source(A, Source::Tone(ToneKind::Waiting));
    world.pass(2 * SECOND);
    assert!(world.wire.watched.is_empty() && world.wire.looks.is_empty());
}

#[test]
fn whoever_is_listened_to_in_any_way_is_waited_for() {
    let record = MediaCommand::Record { leg: A, call: CALL, track: Some(Track::Caller) };
    let heard = MediaCommand::Source { leg: B, source: Source::Leg(A) };
    for command in [record, heard, MediaCommand::Listen { leg: A, tones: true }] {
        let (mut world, _) = waiting();
        world.tell(command.clone());
        world.pass(2 * SECOND);
        assert!(world.wire.watched.is_empty(), "{command:?}");
    }
}

#[test]
fn each_command_that_concerns_a_leg_ends_its_rest() {
    let items: Arc<[WavId]> = [WavId(0)].into();
    let play = MediaCommand::Play { leg: A, prompt: PromptId(1), items, until_key: true };
    let heard = MediaCommand::Source { leg: B, source: Source::Leg(A) };
    for command in [play, heard, MediaCommand::Listen { leg: A, tones: true }, MediaCommand::Close { leg: A }] {
        let (mut world, _) = at_rest();
        assert_eq!(disturbed(&world, &command), [A]);
        world.tell(command.clone());
        assert_eq!(world.wire.watched, [(DOOR, false), (DOOR, true)], "{command:?}");
        assert!(disturbed(&world, &command).is_empty());
    }
    let (world, _) = at_rest();
    assert!(disturbed(&world, &MediaCommand::Close { leg: B }).is_empty());
}

#[test]
fn a_key_is_heard_by_a_look_and_the_leg_rests_on() {
    let (mut world, mut a) = at_rest();
    a.press(&mut world, '5', 101);
    world.pass(SECOND);
    let keys = world.events.iter().filter(|event| matches!(event, MediaEvent::Dtmf { leg: A, digit: '5', .. }));
    assert_eq!((keys.count(), world.wire.watched.len()), (1, 1));
}

#[test]
fn what_comes_together_by_a_look_is_neither_lost_nor_jitter() {
    let (mut world, mut a) = at_rest();
    for _ in 0..10 {
        (0..10).for_each(|_| a.say(&mut world));
        world.pass(SECOND / 5);
    }
    world.tell(MediaCommand::Source { leg: B, source: Source::Leg(A) });
    world.talk(&mut [&mut a], 10);
    let stats = world.close(A);
    assert_eq!((stats.received, stats.lost, stats.jitter_us), (111, 0, 0));
    assert_eq!(world.heard(B).len(), 10, "only what came after somebody heard it");
}

#[test]
fn who_cannot_be_waited_for_again_is_looked_at_with_every_packet_until_they_are() {
    let (mut world, _) = at_rest();
    (world.wire.refusals, world.wire.looks) = (5, Vec::new());
    let begun = world.now;
    world.source(A, Source::Leg(B));
    world.pass(SECOND);
    let looks: Vec<Duration> = world.wire.looks.iter().map(|(at, _)| at.since(begun)).collect();
    assert_eq!(looks, [0, 20, 40, 60, 80].map(Duration::from_millis));
    assert_eq!(world.wire.watched, [(DOOR, false), (DOOR, true)]);
    world.pass(SECOND);
    assert_eq!(world.wire.looks.len(), 5, "then it is over");
}

#[test]
fn who_ends_or_rests_before_they_are_waited_for_is_not_asked_for_again() {
    let (mut world, _) = at_rest();
    world.wire.refusals = usize::MAX;
    world.tell(MediaCommand::Listen { leg: A, tones: false });
    world.pass(SECOND);
    let left = world.wire.refusals;
    assert!(world.wire.looks.len() > 5);
    world.pass(SECOND);
    assert_eq!(world.wire.refusals, left, "they rest again");
    world.close(A);
    let left = world.wire.refusals;
    world.pass(SECOND);
    assert_eq!(world.wire.refusals, left);
}
