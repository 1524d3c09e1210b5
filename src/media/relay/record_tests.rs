//! What of two phones goes to the tape.

use super::tests::{A, B, CALL, World};
use crate::media::MediaCommand;
use crate::media::g711::Law;
use crate::media::recording::{TapeOrder, Track};

fn record(leg: crate::base::LegId, track: Option<Track>) -> MediaCommand {
    MediaCommand::Record { leg, call: CALL, track }
}

/// Track, place, octets and the first of them.
fn tape(world: &mut World) -> Vec<(Track, u32, usize, u8)> {
    let orders = std::iter::from_fn(|| world.relay.poll_tape());
    let sound = |order| match order {
        TapeOrder::Sound { call: CALL, track, at, law: Law::Mu, octets } => Some((track, at, octets.len(), octets[0])),
        other => panic!("{other:?}"),
    };
    orders.filter_map(sound).collect()
}

#[test]
fn each_side_goes_on_its_track_until_it_is_paused() {
    let (mut world, mut a, mut b) = World::connected();
    world.tell(record(A, Some(Track::Caller)));
    world.tell(record(B, Some(Track::Far)));
    world.talk(&mut [&mut a, &mut b], 2);
    let heard = tape(&mut world);
    let places: Vec<_> = heard.iter().map(|(track, at, octets, _)| (*track, *at, *octets)).collect();
    let expect = [(Track::Caller, 0), (Track::Far, 0), (Track::Caller, 160), (Track::Far, 160)];
    assert_eq!(places, expect.map(|(track, at)| (track, at, 160)));
    assert!(heard[0].3 != heard[1].3, "what each of them said");
    world.tell(record(A, None));
    world.tell(record(B, None));
    world.talk(&mut [&mut a, &mut b], 50);
    assert!(tape(&mut world).is_empty());
    world.tell(record(A, Some(Track::Caller)));
    world.talk(&mut [&mut a, &mut b], 1);
    assert_eq!(tape(&mut world)[0].1, 52 * 160, "the time of the pause is there, as silence");
    world.tell(MediaCommand::EndRecording { leg: A, call: CALL });
    assert_eq!(world.relay.poll_tape(), Some(TapeOrder::End { call: CALL, length: 53 * 160 }));
    world.talk(&mut [&mut a, &mut b], 1);
    assert!(tape(&mut world).is_empty(), "after the end");
}

#[test]
fn keys_are_not_on_the_tape() {
    let (mut world, mut a, _) = World::connected();
    world.tell(record(A, Some(Track::Caller)));
    a.press(&mut world, '5', 101);
    assert!(tape(&mut world).is_empty());
}
