//! Prompts in virtual time: what is heard, when it is over, and what ends it.

use std::time::Duration;

use super::tests::{A, B, CALL, Phone, World, session};
use crate::base::LegId;
use crate::media::g711::Law;
use crate::media::{Clip, MediaCommand, MediaEvent, PromptEnd, PromptId, Source, WavId};
use crate::sdp::Direction;

/// Sounds of 3, 2 and 50 packets, each of one octet alone.
const LEVELS: [(i16, usize); 3] = [(1000, 3), (5000, 2), (-9000, 50)];
const MUSIC: Source = Source::Wav(WavId(2));

fn octet(nth: usize) -> u8 {
    Law::Mu.encode(&[LEVELS[nth].0])[0]
}

fn waiting() -> World {
    let clips = LEVELS.map(|(sample, frames)| Clip::from_samples(&vec![sample; 160 * frames]));
    let mut world = World::with_sounds(clips.into());
    for (leg, port) in [(A, 4000), (B, 4002)] {
        world.tell(MediaCommand::Open { leg, group: CALL, port, family: crate::base::Family::V4 });
    }
    world.describe(A, session(1, 101, Direction::SendRecv));
    world.describe(B, session(2, 97, Direction::SendRecv));
    world
}

fn play(leg: LegId, prompt: u32, items: &[u16], until_key: bool) -> MediaCommand {
    let items = items.iter().map(|id| WavId(*id)).collect();
    MediaCommand::Play { leg, prompt: PromptId(prompt), items, until_key }
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// How many packets of each octet, in their order.
fn runs(world: &World, leg: LegId) -> Vec<(u8, usize)> {
    let mut runs: Vec<(u8, usize)> = Vec::new();
    for (_, payload, _) in world.heard(leg) {
        match runs.last_mut() {
            Some((octet, count)) if *octet == payload[0] => *count += 1,
            _ => runs.push((payload[0], 1)),
        }
    }
    runs
}

fn over(prompt: u32, end: PromptEnd) -> MediaEvent {
    MediaEvent::Played { leg: A, prompt: PromptId(prompt), end }
}

#[test]
fn a_prompt_is_heard_once_and_the_music_goes_on_where_it_was() {
    let mut world = waiting();
    world.source(A, MUSIC);
    world.pass(ms(200));
    let before = world.heard(A).len();
    world.tell(play(A, 1, &[0, 1], false));
    world.pass(ms(140));
    assert_eq!(world.events, [over(1, PromptEnd::Finished)]);
    world.pass(ms(400));
    let runs = runs(&world, A);
    assert_eq!(runs[..3], [(octet(2), before), (octet(0), 3), (octet(1), 2)]);
    assert_eq!((runs.len(), runs[3].0), (4, octet(2)));
    let heard = world.heard(A);
    let in_order = |pair: &[(crate::media::rtp::Header, Vec<u8>, crate::base::Mono)]| {
        pair[1].0.sequence == pair[0].0.sequence.wrapping_add(1) && pair[1].2.since(pair[0].2) == ms(20)
    };
    assert!(heard.windows(2).all(in_order), "no gap and no overlap");
}

#[test]
fn an_agent_who_answers_is_never_talked_over() {
    let mut world = waiting();
    let mut agent = Phone::new(B, 2);
    world.source(A, MUSIC);
    world.tell(play(A, 1, &[2], false));
    world.pass(ms(100));
    world.source(B, Source::Leg(A));
    world.source(A, Source::Leg(B));
    let before = world.heard(A).len();
    world.talk(&mut [&mut agent], 10);
    let after: Vec<_> = world.heard(A).split_off(before);
    assert_eq!(after.len(), 10);
    assert!(after.iter().all(|(_, payload, _)| payload[0] != octet(2)), "only the agent is heard");
    assert!(!world.events.iter().any(|event| matches!(event, MediaEvent::Played { .. })), "nobody asked how it ended");
}

#[test]
fn the_same_source_again_ends_a_prompt() {
    let mut world = waiting();
    world.source(A, MUSIC);
    world.tell(play(A, 1, &[0], false));
    world.pass(ms(25));
    world.source(A, MUSIC);
    world.pass(ms(200));
    assert!(runs(&world, A)[0].1 < 3);
    assert!(world.events.is_empty());
}

#[test]
fn a_key_ends_a_prompt_when_it_goes_down_if_it_may() {
    for may in [true, false] {
        let mut world = waiting();
        let mut caller = Phone::new(A, 1);
        world.tell(play(A, 7, &[2], may));
        world.pass(ms(100));
        let before = world.heard(A).len();
        caller.press(&mut world, '5', 101);
        assert_eq!(world.events.contains(&over(7, PromptEnd::Key)), may);
        let during = world.heard(A).len() - before;
        assert_eq!(during, if may { 0 } else { 5 }, "it ends when the key goes down");
    }
}

#[test]
fn the_time_of_a_prompt_passes_while_nobody_can_hear_it() {
    let mut world = waiting();
    world.describe(A, session(1, 101, Direction::Inactive));
    world.tell(play(A, 1, &[0, 1], false));
    world.pass(ms(130));
    assert_eq!(world.events, [over(1, PromptEnd::Finished)]);
    assert!(world.heard(A).is_empty());
    world.tell(play(A, 2, &[], false));
    world.pass(ms(20));
    assert_eq!(world.events.last(), Some(&over(2, PromptEnd::Finished)), "nothing is over at once");
}

#[test]
fn two_who_talk_may_hear_something_in_between() {
    let mut world = waiting();
    let (mut caller, mut agent) = (Phone::new(A, 1), Phone::new(B, 2));
    world.source(A, Source::Leg(B));
    world.source(B, Source::Leg(A));
    world.talk(&mut [&mut caller, &mut agent], 3);
    world.tell(play(A, 1, &[0], false));
    world.talk(&mut [&mut caller, &mut agent], 8);
    let heard = world.heard(A);
    let prompt: Vec<usize> = (0..heard.len()).filter(|n| heard[*n].1[0] == octet(0)).collect();
    assert_eq!(prompt.len(), 3);
    assert!(prompt.windows(2).all(|pair| pair[1] == pair[0] + 1), "the agent is not heard in between");
    assert!(heard.len() > prompt[2] + 1, "and is again afterwards");
    assert_eq!(world.heard(B).len(), 11, "the agent hears the caller all the while");
}
