//! The relay in virtual time: phones that send, and what each of them hears.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Channel, Door, Exit, Relay, Wire};
use crate::base::rng::Rng;
use crate::base::{CallId, LegId, Mono, Pii};
use crate::media::browser::HandshakeOrder;
use crate::media::g711::Law;
use crate::media::rtcp::{Compound, Report};
use crate::media::rtp::{self, Header};
use crate::media::srtp::Shield;
use crate::media::{Clip, LegStats, MediaCommand, MediaEvent, Sounds, Source, ToneKind, dtmf, tone};
use crate::sdp::{Codec, Direction, Format, KEY_OCTETS, MasterKey, Negotiated, SrtpKeys, Suite};

pub(super) const A: LegId = LegId(1);
pub(super) const B: LegId = LegId(2);
pub(super) const CALL: CallId = CallId(9);
const SILENCE: Duration = Duration::from_secs(10);
pub(super) const FRAME: Duration = Duration::from_millis(20);

/// A packet on its way out.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub at: Mono,
    pub leg: LegId,
    pub channel: Channel,
    pub to: SocketAddr,
    pub packet: Vec<u8>,
}

#[derive(Default)]
pub(super) struct Recorder {
    pub now: Mono,
    pub sent: Vec<Sent>,
    /// Each leg has a way out of its own, with its own number.
    pub has_doors: bool,
    pub watched: Vec<(Door, bool)>,
    pub looks: Vec<(Mono, Door)>,
    /// So many wishes to be waited for again are refused.
    pub refusals: usize,
}

impl Wire for Recorder {
    fn door(&self, leg: LegId) -> Option<Door> {
        self.has_doors.then_some(Door(leg.0 as u32))
    }

    fn watch(&mut self, door: Door, is_watched: bool) -> bool {
        if is_watched && self.refusals > 0 {
            self.refusals -= 1;
            return false;
        }
        self.watched.push((door, is_watched));
        true
    }

    fn look(&mut self, door: Door) {
        self.looks.push((self.now, door));
    }

    fn send(&mut self, from: Exit, channel: Channel, to: SocketAddr, packet: &[u8]) {
        self.sent.push(Sent { at: self.now, leg: from.leg, channel, to, packet: packet.to_vec() });
    }
}

pub(super) struct World {
    pub relay: Relay,
    pub wire: Recorder,
    pub now: Mono,
    pub events: Vec<MediaEvent>,
    /// For the thread of the handshakes.
    pub orders: Vec<HandshakeOrder>,
}

/// A telephone: where it sends from and its stream.
pub(super) struct Phone {
    leg: LegId,
    address: SocketAddr,
    header: Header,
}

impl World {
    pub(super) fn new() -> World {
        World::with_sounds(Vec::new())
    }

    pub(super) fn with_sounds(wavs: Vec<Clip>) -> World {
        let relay = Relay::new(Arc::new(Sounds::new(wavs)), SILENCE, Rng::from_number(3));
        World { relay, wire: Recorder::default(), now: Mono(1_000_000_000), events: Vec::new(), orders: Vec::new() }
    }

    /// Two open legs, described, that do not hear one another yet.
    fn with_call() -> (World, Phone, Phone) {
        World::with_call_by(Recorder::default())
    }

    pub(super) fn with_call_by(wire: Recorder) -> (World, Phone, Phone) {
        let mut world = World { wire, ..World::new() };
        for (leg, port) in [(A, 4000), (B, 4002)] {
            world.tell(MediaCommand::Open { leg, group: CALL, port, family: crate::base::Family::V4 });
        }
        world.describe(A, session(1, 101, Direction::SendRecv));
        world.describe(B, session(2, 97, Direction::SendRecv));
        (world, Phone::new(A, 1), Phone::new(B, 2))
    }

    pub(super) fn connected() -> (World, Phone, Phone) {
        let (mut world, a, b) = World::with_call();
        world.source(A, Source::Leg(B));
        world.source(B, Source::Leg(A));
        (world, a, b)
    }

    pub(super) fn tell(&mut self, command: MediaCommand) {
        self.wire.now = self.now;
        self.relay.handle(command, self.now, &mut self.wire);
        self.drain();
    }

    pub(super) fn describe(&mut self, leg: LegId, session: Negotiated) {
        self.tell(MediaCommand::Remote { leg, session: Box::new(session) });
    }

    pub(super) fn source(&mut self, leg: LegId, source: Source) {
        self.tell(MediaCommand::Source { leg, source });
    }

    fn arrive(&mut self, leg: LegId, channel: Channel, from: SocketAddr, datagram: &[u8]) {
        self.wire.now = self.now;
        self.relay.datagram(leg, channel, from, &mut datagram.to_vec(), self.now, &mut self.wire);
        self.drain();
    }

    /// Lets time pass, each deadline at its moment.
    pub(super) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some((at, _)) = self.relay.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now = at.max(self.now);
            self.wire.now = self.now;
            self.relay.handle_timeout(self.now, &mut self.wire);
            self.drain();
        }
        self.now = end;
    }

    /// Both phones talk for so many packets; each says its own octet.
    pub(super) fn talk(&mut self, phones: &mut [&mut Phone], packets: usize) {
        for _ in 0..packets {
            for phone in phones.iter_mut() {
                phone.say(self);
            }
            self.pass(FRAME);
        }
    }

    pub(super) fn drain(&mut self) {
        self.events.extend(std::iter::from_fn(|| self.relay.poll_output()));
    }

    /// What a leg's peer has got.
    pub(super) fn heard(&self, leg: LegId) -> Vec<(Header, Vec<u8>, Mono)> {
        let rtp = self.wire.sent.iter().filter(|sent| sent.leg == leg && sent.channel == Channel::Rtp);
        let read = |sent: &Sent| {
            let packet = rtp::read(&sent.packet).unwrap();
            (packet.header, sent.packet[packet.payload].to_vec(), sent.at)
        };
        rtp.map(read).collect()
    }

    pub(super) fn reports(&self, leg: LegId) -> Vec<(Compound, SocketAddr)> {
        let rtcp = self.wire.sent.iter().filter(|sent| sent.leg == leg && sent.channel == Channel::Rtcp);
        rtcp.map(|sent| (Compound::read(&sent.packet).unwrap(), sent.to)).collect()
    }

    pub(super) fn close(&mut self, leg: LegId) -> LegStats {
        self.tell(MediaCommand::Close { leg });
        let closed = self.events.iter().rev().find_map(|event| match event {
            MediaEvent::Closed { leg: closed, stats } if *closed == leg => Some(*stats),
            _ => None,
        });
        closed.unwrap()
    }
}

impl Phone {
    pub(super) fn new(leg: LegId, host: u8) -> Phone {
        let header = Header { marker: false, payload_type: 0, sequence: 65_500, timestamp: 5, ssrc: u32::from(host) };
        Phone { leg, address: address(host, 6000), header }
    }

    pub(super) fn say(&mut self, world: &mut World) {
        let octet = self.header.ssrc as u8;
        self.send(world, &[octet; 160]);
        self.header.timestamp = self.header.timestamp.wrapping_add(160);
    }

    pub(super) fn say_sealed(&mut self, world: &mut World, shield: &mut Shield) {
        let sealed = shield.seal_rtp(&self.header.with_payload(&[self.header.ssrc as u8; 160])).unwrap().to_vec();
        world.arrive(self.leg, Channel::Rtp, self.address, &sealed);
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(160);
    }

    fn send(&mut self, world: &mut World, payload: &[u8]) {
        world.arrive(self.leg, Channel::Rtp, self.address, &self.header.with_payload(payload));
        self.header.sequence = self.header.sequence.wrapping_add(1);
    }

    /// Presses a key for 100 ms under this payload type, end thrice.
    pub(super) fn press(&mut self, world: &mut World, digit: char, payload_type: u8) {
        let voice = std::mem::replace(&mut self.header.payload_type, payload_type);
        for (ticks, is_end) in [(160, false), (400, false), (800, true), (800, true), (800, true)] {
            let payload = dtmf::payload(digit, is_end, ticks).unwrap();
            self.send(world, &payload);
            world.pass(FRAME);
        }
        self.header.payload_type = voice;
        self.header.timestamp = self.header.timestamp.wrapping_add(800);
    }
}

fn address(host: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, host], port))
}

pub(super) fn session(host: u8, events: u8, direction: Direction) -> Negotiated {
    let format = |codec: Codec| Format { to_peer: codec.payload_type, from_peer: codec.payload_type, codec };
    Negotiated {
        rtp: Pii::new(address(host, 6000)),
        rtcp: Pii::new(address(host, 6001)),
        formats: vec![format(Codec::pcmu()), format(Codec::new(events, "telephone-event", 8000))],
        ptime_ms: 20,
        srtp: None,
        webrtc: None,
        direction,
    }
}

/// From two octets, each of which makes a key.
pub(super) fn keys(ours: u8, theirs: u8) -> SrtpKeys {
    let key = |octet| MasterKey::new(Suite::Gcm128, &[octet; KEY_OCTETS]);
    SrtpKeys { suite: Suite::Gcm128, ours: key(ours), theirs: key(theirs) }
}

/// One stream: the same SSRC, each sequence number one higher, timestamps that only rise.
pub(super) fn assert_continuous(heard: &[(Header, Vec<u8>, Mono)]) {
    for pair in heard.windows(2) {
        let (before, after) = (&pair[0].0, &pair[1].0);
        assert_eq!(after.ssrc, before.ssrc);
        assert_eq!(after.sequence, before.sequence.wrapping_add(1));
        assert!((after.timestamp.wrapping_sub(before.timestamp) as i32) > 0, "{before:?} {after:?}");
    }
}

#[test]
fn both_hear_each_other_byte_for_byte() {
    let (mut world, mut a, mut b) = World::connected();
    world.talk(&mut [&mut a, &mut b], 100);
    for (leg, octet) in [(A, 2), (B, 1)] {
        let heard = world.heard(leg);
        assert_eq!(heard.len(), 100);
        assert!(heard.iter().all(|(_, payload, _)| *payload == [octet; 160]));
        assert_continuous(&heard);
        assert!(heard.iter().all(|(header, ..)| header.ssrc != 1 && header.ssrc != 2));
    }
    assert_eq!(world.events, [MediaEvent::Latched { leg: A }, MediaEvent::Latched { leg: B }]);
    let stats = world.close(A);
    assert_eq!((stats.received, stats.sent, stats.lost, stats.received_octets), (100, 100, 0, 16_000));
    assert_eq!(stats.jitter_us, 0);
}

#[test]
fn every_switch_of_the_source_is_one_stream_without_loss() {
    let (mut world, mut a, mut b) = World::with_call();
    world.source(A, Source::Tone(ToneKind::RingbackUs));
    world.pass(Duration::from_millis(1000));
    world.source(A, Source::Leg(B));
    world.source(B, Source::Leg(A));
    world.pass(Duration::from_millis(333));
    world.talk(&mut [&mut a, &mut b], 50);
    world.source(A, Source::Silence);
    world.talk(&mut [&mut a, &mut b], 50);
    world.source(A, Source::Tone(ToneKind::Waiting));
    world.pass(Duration::from_millis(500));
    world.source(A, Source::Leg(B));
    world.talk(&mut [&mut a, &mut b], 50);

    let heard = world.heard(A);
    assert_continuous(&heard);
    let marked: Vec<usize> = (0..heard.len()).filter(|n| heard[*n].0.marker).collect();
    assert_eq!(marked.len(), 4, "tone, talk, tone, talk");
    for n in marked.into_iter().skip(1) {
        let passed = heard[n].2.since(heard[n - 1].2).as_millis() as i64 * 8;
        let moved = i64::from(heard[n].0.timestamp.wrapping_sub(heard[n - 1].0.timestamp));
        assert!((moved - passed.max(160)).abs() <= 80, "{moved} ticks for {passed}");
    }
    assert_eq!(world.close(A).lost, 0);
}

#[test]
fn players_keep_their_pace() {
    let (mut world, ..) = World::with_call();
    world.now = world.now + Duration::from_micros(1234);
    world.source(A, Source::Tone(ToneKind::RingbackEurope));
    world.pass(Duration::from_secs(60));
    let heard = world.heard(A);
    assert_eq!(heard.len(), 3000);
    assert!(heard.windows(2).all(|pair| pair[1].2.since(pair[0].2) == FRAME));
    assert_continuous(&heard);
    let first_burst: Vec<i16> = heard[..50].iter().flat_map(|(_, payload, _)| Law::Mu.decode(payload)).collect();
    assert!(tone::is_heard(&first_burst, 425.0));
    let pause: Vec<i16> = heard[60..240].iter().flat_map(|(_, payload, _)| Law::Mu.decode(payload)).collect();
    assert!(!tone::is_heard(&pause, 425.0));
}

#[test]
fn a_player_that_was_kept_waiting_catches_up_a_little_and_leaves_out_much() {
    let (mut world, ..) = World::with_call();
    world.source(A, Source::Tone(ToneKind::Waiting));
    let mut stall = |ms: u64| {
        world.now = world.now + Duration::from_millis(ms);
        let before = world.wire.sent.len();
        world.wire.now = world.now;
        world.relay.handle_timeout(world.now, &mut world.wire);
        world.wire.sent.len() - before
    };
    assert_eq!(stall(0), 1);
    assert_eq!(stall(60), 3);
    assert_eq!(stall(4000), 1);
    assert_continuous(&world.heard(A));
}

#[test]
fn a_player_waits_for_a_peer_that_can_hear_it() {
    let mut world = World::new();
    world.tell(MediaCommand::Open { leg: A, group: CALL, port: 4000, family: crate::base::Family::V4 });
    world.source(A, Source::Tone(ToneKind::Waiting));
    world.pass(Duration::from_secs(1));
    assert!(world.heard(A).is_empty());
    world.describe(A, session(1, 101, Direction::SendRecv));
    world.pass(Duration::from_millis(199));
    assert_eq!(world.heard(A).len(), 10);
    world.describe(A, session(1, 101, Direction::RecvOnly));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.heard(A).len(), 10, "held: we may not send");
    world.describe(A, session(1, 101, Direction::SendRecv));
    world.pass(Duration::from_millis(199));
    assert_eq!(world.heard(A).len(), 20);
    assert_continuous(&world.heard(A));
}

#[test]
fn a_hold_is_a_pause_and_no_loss() {
    let (mut world, mut a, mut b) = World::connected();
    world.talk(&mut [&mut a, &mut b], 10);
    world.describe(A, session(1, 101, Direction::RecvOnly));
    world.talk(&mut [&mut a, &mut b], 10);
    assert_eq!((world.heard(A).len(), world.heard(B).len()), (10, 20), "music on hold goes on to the other side");
    world.describe(A, session(1, 101, Direction::SendRecv));
    world.talk(&mut [&mut a, &mut b], 10);
    assert_eq!(world.heard(A).len(), 20);
    assert_continuous(&world.heard(A));
}

#[test]
fn a_third_address_is_neither_relayed_nor_answered() {
    let (mut world, mut a, mut b) = World::connected();
    world.talk(&mut [&mut a, &mut b], 1);
    let before = world.wire.sent.len();
    let mut stranger = Phone { address: address(66, 6000), ..Phone::new(A, 1) };
    (0..5).for_each(|_| stranger.say(&mut world));
    world.arrive(A, Channel::Rtp, stranger.address, b"nonsense");
    world.arrive(A, Channel::Rtcp, stranger.address, &Compound::default().write("x"));
    assert_eq!(world.wire.sent.len(), before);
    a.say(&mut world);
    assert_continuous(&world.heard(B));
    assert!(world.wire.sent.iter().all(|sent| sent.to != stranger.address));
    let stats = world.close(A);
    assert_eq!((stats.strangers, stats.received, stats.malformed), (7, 2, 0));
}

#[test]
fn a_peer_behind_nat_is_answered_where_it_sends_from() {
    let (mut world, mut a, b) = World::connected();
    let mut b = Phone { address: address(200, 40_000), ..b };
    world.talk(&mut [&mut a], 1);
    world.talk(&mut [&mut b, &mut a], 5);
    let destinations: Vec<SocketAddr> = world.wire.sent.iter().filter(|s| s.leg == B).map(|s| s.to).collect();
    assert_eq!(destinations[0], address(2, 6000));
    assert!(destinations[1..].iter().all(|to| *to == address(200, 40_000)));
    world.pass(Duration::from_secs(8));
    assert_eq!(world.reports(B)[0].1, address(200, 40_001));
}

#[test]
fn a_move_by_reinvite_takes_the_new_address() {
    let (mut world, mut a, mut b) = World::connected();
    world.talk(&mut [&mut a, &mut b], 5);
    world.describe(A, session(7, 101, Direction::SendRecv));
    a.say(&mut world);
    assert_eq!(world.heard(B).len(), 5, "a last packet from the old place");
    let mut moved = Phone::new(A, 7);
    world.talk(&mut [&mut moved, &mut b], 5);
    assert_continuous(&world.heard(B));
    assert_eq!(world.heard(B).len(), 10);
    assert_eq!(world.wire.sent.last().map(|sent| sent.to), Some(address(7, 6000)));
    assert_eq!(world.events.last(), Some(&MediaEvent::Latched { leg: A }));
}

#[test]
fn keys_are_said_once_and_passed_on_under_the_other_number() {
    let (mut world, mut a, mut b) = World::connected();
    world.talk(&mut [&mut a, &mut b], 3);
    a.press(&mut world, '7', 101);
    a.press(&mut world, '#', 101);
    a.say(&mut world);
    let keys: Vec<&MediaEvent> = world.events.iter().filter(|event| matches!(event, MediaEvent::Dtmf { .. })).collect();
    let expected = ['7', '#'].map(|digit| MediaEvent::Dtmf { leg: A, digit, duration_ms: 100 });
    assert_eq!(keys, expected.iter().collect::<Vec<_>>());
    let numbers: Vec<u8> = world.heard(B).iter().map(|(header, ..)| header.payload_type).collect();
    assert_eq!(numbers, [vec![0; 3], vec![97; 10], vec![0]].concat());
}

#[test]
fn keys_that_the_other_side_cannot_take_leave_no_gap() {
    let (mut world, mut a, mut b) = World::connected();
    let mut deaf = session(2, 97, Direction::SendRecv);
    deaf.formats.truncate(1);
    world.describe(B, deaf);
    world.talk(&mut [&mut a, &mut b], 3);
    a.press(&mut world, '7', 101);
    world.talk(&mut [&mut a, &mut b], 3);
    assert_eq!(world.heard(B).len(), 6);
    assert_continuous(&world.heard(B));
}

#[test]
fn a_key_whose_end_is_lost_is_said_after_a_while() {
    let (mut world, mut a, _) = World::connected();
    a.header.payload_type = 101;
    a.send(&mut world, &dtmf::payload('5', false, 400).unwrap());
    world.pass(Duration::from_millis(299));
    assert_eq!(world.events, [MediaEvent::Latched { leg: A }]);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.events.last(), Some(&MediaEvent::Dtmf { leg: A, digit: '5', duration_ms: 50 }));
}

#[test]
fn formats_that_nobody_agreed_on_go_nowhere() {
    let (mut world, mut a, mut b) = World::connected();
    world.talk(&mut [&mut a, &mut b], 2);
    a.header.payload_type = 13;
    a.say(&mut world);
    a.header.payload_type = 0;
    world.talk(&mut [&mut a], 2);
    assert_eq!(world.heard(B).len(), 4);
    assert_continuous(&world.heard(B));
    world.arrive(A, Channel::Rtp, a.address, b"short");
    let stats = world.close(A);
    assert_eq!((stats.unknown_format, stats.malformed), (1, 1));
}

#[test]
fn silence_is_said_once_until_sound_comes_again() {
    let (mut world, mut a, mut b) = World::connected();
    let silent = |world: &World, leg: LegId| {
        world.events.iter().filter(|event| matches!(event, MediaEvent::Silent { leg: l, .. } if *l == leg)).count()
    };
    for _ in 0..20 {
        world.talk(&mut [&mut a, &mut b], 50);
    }
    assert_eq!((silent(&world, A), silent(&world, B)), (0, 0));
    for _ in 0..30 {
        world.talk(&mut [&mut b], 50);
    }
    assert_eq!((silent(&world, A), silent(&world, B)), (1, 0));
    let said = world.events.iter().find(|event| matches!(event, MediaEvent::Silent { .. }));
    assert_eq!(said, Some(&MediaEvent::Silent { leg: A, lasted: SILENCE }));
    world.talk(&mut [&mut a, &mut b], 1);
    world.pass(SILENCE);
    assert_eq!((silent(&world, A), silent(&world, B)), (2, 1));
}

#[test]
fn who_may_not_speak_is_not_missed() {
    let (mut world, ..) = World::connected();
    world.describe(A, session(1, 101, Direction::SendOnly));
    world.pass(SILENCE * 3);
    let silent: Vec<&MediaEvent> =
        world.events.iter().filter(|event| matches!(event, MediaEvent::Silent { .. })).collect();
    assert_eq!(silent, [&MediaEvent::Silent { leg: B, lasted: SILENCE }]);
    world.describe(A, session(1, 101, Direction::SendRecv));
    world.pass(SILENCE);
    assert_eq!(world.events.last(), Some(&MediaEvent::Silent { leg: A, lasted: SILENCE }));
}

#[test]
fn reports_are_our_own_on_each_leg() {
    let (mut world, mut a, mut b) = World::connected();
    let peers_report = Compound {
        ssrc: 2,
        sender: None,
        reports: vec![Report { ssrc: 0, lost_256ths: 128, jitter: 80, ..Report::default() }],
        bye: false,
    };
    for second in 0..60 {
        a.header.sequence = a.header.sequence.wrapping_add(u16::from(second % 10 == 0));
        world.talk(&mut [&mut a, &mut b], 50);
    }
    let reports = world.reports(B);
    assert!((8..=16).contains(&reports.len()), "{}", reports.len());
    let ssrc = world.heard(B)[0].0.ssrc;
    for (compound, to) in &reports {
        assert_eq!((compound.ssrc, *to), (ssrc, address(2, 6001)));
        assert!(compound.sender.is_some());
        assert_eq!(compound.reports[0].ssrc, 2);
    }
    assert_eq!(world.reports(A).last().map(|(compound, _)| compound.reports[0].lost), Some(5));

    let about_us = Report { ssrc, ..peers_report.reports[0] };
    let datagram = Compound { reports: vec![about_us], ..peers_report }.write("peer");
    let before = world.wire.sent.len();
    world.arrive(B, Channel::Rtcp, address(2, 6001), &datagram);
    assert_eq!(world.wire.sent.len(), before, "RTCP ends at the leg");
    let stats = world.close(B);
    assert_eq!((stats.peer_lost_256ths, stats.peer_jitter_us), (128, 10_000));
    assert!(world.reports(B).last().unwrap().0.bye);
}

#[test]
fn keys_pressed_towards_an_encrypted_leg_are_encrypted() {
    let (mut world, ..) = World::with_call();
    world.describe(A, Negotiated { srtp: Some(keys(1, 2)), ..session(1, 101, Direction::SendRecv) });
    world.tell(MediaCommand::Key { leg: A, digit: '7', duration_ms: 100 });
    world.pass(Duration::from_secs(1));
    let mut shield = Shield::new(&keys(2, 1));
    let sent: Vec<Sent> = world.wire.sent.iter().filter(|s| s.leg == A && s.channel == Channel::Rtp).cloned().collect();
    assert!(!sent.is_empty());
    for mut sent in sent {
        let length = shield.open_rtp(&mut sent.packet).expect("sealed");
        assert_eq!(rtp::read(&sent.packet[..length]).unwrap().header.payload_type, 101);
    }
}

#[test]
fn an_encrypted_leg_and_a_plain_one_hear_each_other() {
    let (mut world, mut a, mut b) = World::connected();
    let mut shield = Shield::new(&keys(2, 1));
    world.describe(A, Negotiated { srtp: Some(keys(1, 2)), ..session(1, 101, Direction::SendRecv) });
    for _ in 0..50 {
        let packet = a.header.with_payload(&[1; 160]);
        let sealed = shield.seal_rtp(&packet).unwrap().to_vec();
        world.arrive(A, Channel::Rtp, a.address, &packet);
        world.arrive(A, Channel::Rtp, a.address, &sealed);
        a.header.sequence = a.header.sequence.wrapping_add(1);
        a.header.timestamp = a.header.timestamp.wrapping_add(160);
        b.say(&mut world);
        world.pass(FRAME);
    }
    world.pass(Duration::from_secs(8));
    let plain = world.heard(B);
    assert_eq!(plain.len(), 50, "what is not encrypted does not count");
    assert!(plain.iter().all(|(_, payload, _)| *payload == [1; 160]));
    let to_a: Vec<Sent> = world.wire.sent.iter().filter(|sent| sent.leg == A).cloned().collect();
    let (mut sound, mut reports) = (0, 0);
    for sent in to_a {
        let mut packet = sent.packet;
        match sent.channel {
            Channel::Rtp => {
                let length = shield.open_rtp(&mut packet).unwrap();
                assert_eq!(packet[rtp::HEADER..length], [2; 160]);
                sound += 1;
            }
            Channel::Rtcp => {
                let length = shield.open_rtcp(&mut packet).unwrap();
                assert!(Compound::read(&packet[..length]).is_some());
                reports += 1;
            }
        }
    }
    assert!(sound == 50 && reports >= 1, "{sound} {reports}");
    let stats = world.close(A);
    assert_eq!((stats.malformed, stats.strangers), (49, 1), "nobody is known before the first genuine packet");
}

#[test]
fn legs_of_another_call_cannot_be_heard() {
    let (mut world, mut a, _) = World::with_call();
    let other = LegId(5);
    world.tell(MediaCommand::Open { leg: other, group: CallId(10), port: 4004, family: crate::base::Family::V4 });
    world.describe(other, session(5, 101, Direction::SendRecv));
    world.source(other, Source::Leg(A));
    world.talk(&mut [&mut a], 5);
    assert!(world.heard(other).is_empty());
}

#[test]
fn a_source_may_be_named_before_it_is_open() {
    let mut world = World::new();
    world.tell(MediaCommand::Open { leg: A, group: CALL, port: 4000, family: crate::base::Family::V4 });
    world.describe(A, session(1, 101, Direction::SendRecv));
    world.source(A, Source::Leg(B));
    world.tell(MediaCommand::Open { leg: B, group: CALL, port: 4002, family: crate::base::Family::V4 });
    world.describe(B, session(2, 101, Direction::SendRecv));
    world.talk(&mut [&mut Phone::new(B, 2)], 3);
    assert_eq!(world.heard(A).len(), 3);
}

#[test]
fn nothing_is_left_of_a_call_that_ended() {
    let (mut world, mut a, mut b) = World::connected();
    world.talk(&mut [&mut a, &mut b], 3);
    world.close(A);
    world.talk(&mut [&mut b], 3);
    world.close(B);
    assert_eq!((world.relay.legs(), world.relay.poll_timeout()), (0, None));
    assert!(world.relay.listeners_by_leg.is_empty());
    assert_eq!(world.close(B), LegStats::default(), "closing again still answers");
}

/// B hears a key of ours in the midst of A's talk: one stream, the marker once, one timestamp, and A again afterwards.
#[test]
fn a_key_that_we_press_is_heard_alone_and_in_order() {
    let (mut world, mut a, mut b) = World::connected();
    world.talk(&mut [&mut a, &mut b], 3);
    world.tell(MediaCommand::Key { leg: B, digit: '5', duration_ms: 100 });
    world.talk(&mut [&mut a, &mut b], 12);
    let heard = world.heard(B);
    let keys: Vec<_> = heard.iter().filter(|packet| packet.0.payload_type == 97).collect();
    let ticks: Vec<u16> = keys.iter().map(|key| u16::from_be_bytes([key.1[2], key.1[3]])).collect();
    assert_eq!(ticks, [160, 320, 480, 640, 800, 800, 800]);
    assert!(keys.iter().all(|key| key.0.timestamp == keys[0].0.timestamp && key.1[0] == 5));
    assert_eq!(
        keys.iter().map(|key| key.0.marker).collect::<Vec<_>>(),
        [true, false, false, false, false, false, false]
    );
    assert_eq!(keys.iter().filter(|key| key.1[1] & 0x80 != 0).count(), 3);
    let first = heard.iter().position(|packet| packet.0.payload_type == 97).unwrap();
    let after = &heard[first + keys.len()..];
    assert!(heard[first..first + keys.len()].iter().all(|packet| packet.0.payload_type == 97), "nothing lies between");
    assert!(after.len() > 2 && after[0].0.marker && after.iter().all(|packet| packet.0.payload_type == 0));
    assert!(after[0].0.timestamp.wrapping_sub(keys[0].0.timestamp) >= 800);
    assert!(heard.windows(2).all(|pair| pair[1].0.sequence == pair[0].0.sequence.wrapping_add(1)));
    assert_eq!(world.events.iter().filter(|event| matches!(event, MediaEvent::Dtmf { .. })).count(), 0);
}

#[test]
fn keys_wait_for_each_other_and_interrupt_a_tone() {
    let (mut world, mut a, _) = World::with_call();
    world.source(A, Source::Tone(ToneKind::Waiting));
    a.say(&mut world);
    for digit in ['1', '#'] {
        world.tell(MediaCommand::Key { leg: A, digit, duration_ms: 40 });
    }
    world.pass(Duration::from_secs(1));
    let heard = world.heard(A);
    let begun: Vec<u8> = heard.iter().filter(|p| p.0.payload_type == 101 && p.0.marker).map(|p| p.1[0]).collect();
    assert_eq!(begun, [1, 11]);
    assert!(heard.windows(2).all(|pair| pair[1].0.sequence == pair[0].0.sequence.wrapping_add(1)));
    assert_eq!(heard.last().map(|packet| packet.0.payload_type), Some(0), "the tone goes on");
}

#[test]
fn a_peer_without_telephone_event_hears_no_key() {
    let (mut world, _, mut b) = World::with_call();
    let mut plain = session(2, 97, Direction::SendRecv);
    plain.formats.truncate(1);
    world.describe(B, plain);
    b.say(&mut world);
    world.tell(MediaCommand::Key { leg: B, digit: '1', duration_ms: 100 });
    world.pass(Duration::from_secs(1));
    assert!(world.heard(B).is_empty());
}
