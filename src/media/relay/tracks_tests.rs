//! Callers at rest play together: what each of them hears is one stream all the same, whoever comes, goes or is late.

use std::sync::Arc;
use std::time::Duration;

use super::tests::{A, B, CALL, FRAME, Phone, Recorder, Sent, World, assert_continuous, keys, session};
use super::{Channel, Door};
use crate::base::{CallId, Family, LegId};
use crate::media::g711::Law;
use crate::media::rtp::{self, HEADER};
use crate::media::srtp::Shield;
use crate::media::{Clip, MediaCommand, PromptId, Sounds, Source, ToneKind, WavId};
use crate::sdp::{Direction, Negotiated};

const SECOND: Duration = Duration::from_secs(1);
const MUSIC: Source = Source::Tone(ToneKind::Waiting);

/// So many callers with music, who come some milliseconds apart, in calls of their own.
fn callers(count: u8) -> World {
    let mut world = World { wire: Recorder { has_doors: true, ..Recorder::default() }, ..World::new() };
    for nth in 1..=count {
        let leg = LegId(u64::from(nth));
        world.tell(MediaCommand::Open { leg, group: CallId(leg.0), port: 4000, family: Family::V4 });
        world.describe(leg, session(nth, 101, Direction::SendRecv));
        world.source(leg, MUSIC);
        Phone::new(leg, nth).say(&mut world);
        world.pass(Duration::from_millis(7));
    }
    world
}

fn at_rest(world: &World) -> usize {
    world.relay.leg_by_id.iter().filter(|(_, leg)| leg.rests.is_some()).count()
}

/// Every packet of the music from its beginning, each 20 ms after the one before.
fn assert_music(world: &World, leg: LegId) {
    let (heard, sounds) = (world.heard(leg), Sounds::new(Vec::new()));
    let clip = sounds.clip(MUSIC).unwrap();
    for (nth, (header, payload, _)) in heard.iter().enumerate() {
        assert_eq!(
            (header.marker, payload.as_slice()),
            (nth == 0, clip.frame(Law::Mu, nth)),
            "packet {nth} of {leg:?}"
        );
    }
    for pair in heard.windows(2) {
        assert_eq!(pair[1].0.sequence, pair[0].0.sequence.wrapping_add(1));
        assert_eq!(pair[1].0.timestamp, pair[0].0.timestamp.wrapping_add(160));
        assert_eq!(pair[1].2.since(pair[0].2), FRAME);
    }
    assert_continuous(&heard);
}

#[test]
fn each_hears_one_stream_while_others_come_and_go() {
    let mut world = callers(20);
    world.pass(SECOND);
    assert_eq!(at_rest(&world), 20);
    for gone in [3, 20, 1, 7] {
        let stats = world.close(LegId(gone));
        let heard = world.heard(LegId(gone)).len() as u64;
        assert_eq!((stats.sent, stats.sent_octets), (heard, heard * 160));
        world.pass(SECOND / 3);
    }
    assert_eq!(at_rest(&world), 16);
    world.pass(6 * SECOND);
    (1..=20).for_each(|leg| assert_music(&world, LegId(leg)));
    assert!(world.heard(LegId(5)).len().abs_diff(world.heard(LegId(6)).len()) <= 1);
}

#[test]
fn who_is_disturbed_goes_on_where_the_music_was_and_rests_again() {
    let mut world = callers(3);
    for _ in 0..5 {
        world.pass(SECOND);
        world.tell(MediaCommand::Listen { leg: A, tones: false });
        assert_eq!(at_rest(&world), 2);
        world.pass(SECOND / 2);
        assert_eq!(at_rest(&world), 3);
    }
    assert_music(&world, A);
    let beep: Arc<[WavId]> = [WavId::BEEP].into();
    world.tell(MediaCommand::Play { leg: A, prompt: PromptId(1), items: beep, until_key: false });
    world.pass(2 * SECOND);
    assert_eq!(at_rest(&world), 3);
    let heard = world.heard(A);
    assert_continuous(&heard);
    assert_eq!(heard.iter().filter(|(header, ..)| header.marker).count(), 2, "at the beginning, and for the prompt");
    assert_music(&world, B);
}

#[test]
fn reports_count_what_has_left() {
    let mut world = callers(2);
    world.pass(30 * SECOND);
    for leg in [A, B] {
        let is_sound = |sent: &&Sent| sent.leg == leg && sent.channel == Channel::Rtp;
        let (last, _) = world.reports(leg).pop().unwrap();
        let sender = last.sender.unwrap();
        let at = world.wire.sent.iter().rposition(|sent| sent.leg == leg && sent.channel == Channel::Rtcp).unwrap();
        let before: Vec<&Sent> = world.wire.sent[..at].iter().filter(is_sound).collect();
        assert!(before.len() > 1_000);
        assert_eq!((sender.packets, sender.octets), (before.len() as u32, before.len() as u32 * 160));
        let newest = rtp::read(&before.last().unwrap().packet).unwrap().header;
        assert!(sender.rtp_timestamp.wrapping_sub(newest.timestamp) <= 160);
    }
}

/// The clock jumps, and all that is due is done. How many packets a leg gets.
fn stall(world: &mut World, leg: LegId, ms: u64) -> usize {
    let before = world.heard(leg).len();
    world.now = world.now + Duration::from_millis(ms);
    world.wire.now = world.now;
    world.relay.handle_timeout(world.now, &mut world.wire);
    world.heard(leg).len() - before
}

#[test]
fn a_beat_that_was_kept_waiting_catches_up_a_little_and_leaves_out_much() {
    let mut world = callers(1);
    world.pass(SECOND);
    assert_eq!((at_rest(&world), stall(&mut world, A, 60)), (1, 3));
    assert_music_but_for_time(&world);
    assert!(stall(&mut world, A, 4000) <= 1);
    world.pass(SECOND);
    let heard = world.heard(A);
    assert_continuous(&heard);
    let marked: Vec<usize> = (0..heard.len()).filter(|nth| heard[*nth].0.marker).collect();
    assert_eq!((marked.len(), at_rest(&world)), (2, 1));
    let (after, before) = (&heard[marked[1]], &heard[marked[1] - 1]);
    let passed = after.0.timestamp.wrapping_sub(before.0.timestamp) / 8;
    assert!(
        (3_900..4_100).contains(&passed) && passed % 20 == 0,
        "the time that passed, and the beat is kept: {passed}"
    );
    assert!(heard[marked[1]..].windows(2).all(|pair| pair[1].2.since(pair[0].2) == FRAME));
}

fn assert_music_but_for_time(world: &World) {
    let heard = world.heard(A);
    assert!(heard.windows(2).all(|pair| pair[1].0.timestamp.wrapping_sub(pair[0].0.timestamp) == 160));
    assert!(heard.iter().skip(1).all(|(header, ..)| !header.marker));
}

#[test]
fn who_leaves_a_late_beat_before_it_plays_begins_anew() {
    let mut world = callers(1);
    world.pass(SECOND);
    world.now = world.now + Duration::from_millis(3_999);
    world.wire.now = world.now;
    world.relay.handle_timeout(world.now, &mut world.wire);
    world.tell(MediaCommand::Listen { leg: A, tones: false });
    world.pass(SECOND);
    let heard = world.heard(A);
    assert_continuous(&heard);
    assert_eq!(heard.iter().filter(|(header, ..)| header.marker).count(), 2);
}

#[test]
fn an_encrypted_caller_rests_and_what_they_hear_is_sealed() {
    let (mut world, ..) = World::with_call_by(Recorder { has_doors: true, ..Recorder::default() });
    world.describe(A, Negotiated { srtp: Some(keys(1, 2)), ..session(1, 101, Direction::SendRecv) });
    world.source(A, MUSIC);
    let mut shield = Shield::new(&keys(2, 1));
    Phone::new(A, 1).say_sealed(&mut world, &mut shield);
    world.pass(5 * SECOND);
    assert_eq!(at_rest(&world), 1);
    let (sounds, mut nth) = (Sounds::new(Vec::new()), 0);
    for sent in world.wire.sent.iter().filter(|sent| sent.leg == A && sent.channel == Channel::Rtp) {
        let mut packet = sent.packet.clone();
        let length = shield.open_rtp(&mut packet).expect("sealed");
        assert_eq!(&packet[HEADER..length], sounds.clip(MUSIC).unwrap().frame(Law::Mu, nth));
        nth += 1;
    }
    assert_eq!(nth, 251, "at the beginning and every 20 ms");
}

#[test]
fn other_sounds_begin_where_the_old_ones_were() {
    let clip =
        |sample: i16| Clip::from_samples(&(0..100).flat_map(|nth| [sample + nth * 100; 160]).collect::<Vec<_>>());
    let mut world =
        World { wire: Recorder { has_doors: true, ..Recorder::default() }, ..World::with_sounds(vec![clip(0)]) };
    world.tell(MediaCommand::Open { leg: A, group: CALL, port: 4000, family: Family::V4 });
    world.describe(A, session(1, 101, Direction::SendRecv));
    world.source(A, Source::Wav(WavId(0)));
    Phone::new(A, 1).say(&mut world);
    world.pass(7 * SECOND);
    let before = world.heard(A).len();
    world.relay.change_sounds(Arc::new(Sounds::new(vec![clip(16_000)])));
    world.pass(SECOND);
    assert_eq!((at_rest(&world), before, world.wire.watched.len()), (1, 351, 1));
    for (nth, (_, payload, _)) in world.heard(A).iter().enumerate() {
        let expected = clip(if nth < before { 0 } else { 16_000 });
        assert_eq!(payload, expected.frame(Law::Mu, nth), "packet {nth}");
    }
}

#[test]
fn all_are_looked_at_in_turn_those_side_by_side_together() {
    let mut world = callers(30);
    world.pass(SECOND);
    world.wire.looks.clear();
    world.pass(2 * SECOND);
    for leg in 1..=30 {
        let looks: Vec<_> = world.wire.looks.iter().filter(|(_, door)| *door == Door(leg)).map(|(at, _)| *at).collect();
        assert_eq!(looks.len(), 10);
        assert!(looks.windows(2).all(|two| two[1].since(two[0]) == SECOND / 5));
    }
}
