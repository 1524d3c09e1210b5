//! Browsers in virtual time: checks, the handshake, sound both ways on a net that loses, consent, and whom nobody hears.

use std::net::SocketAddr;
use std::time::Duration;

use super::tests::{A, B, CALL, Phone, Sent, World, assert_continuous, keys, session};
use super::{Channel, Relay};
use crate::base::rng::Rng;
use crate::base::{LegId, Mono};
use crate::media::browser::{HandshakeNews, HandshakeOrder};
use crate::media::ice::stun::browser::{Check, NOMINATES, read_answer};
use crate::media::rtp::{self, Header};
use crate::media::srtp::Shield;
use crate::media::{LostCause, MediaCommand, MediaEvent, OurSide, Source, ToneKind, dtmf};
use crate::sdp::{Direction, Fingerprint, IceCredentials, Negotiated, SrtpKeys, WebRtcSession};

const CERTIFICATE: Fingerprint = Fingerprint([9; 32]);
const SECOND: Duration = Duration::from_secs(1);
const FRAME: Duration = Duration::from_millis(20);
/// The first octet of a handshake record.
const RECORD: [u8; 4] = [22, 254, 253, 0];

/// A browser as its leg sees it.
struct Browser {
    leg: LegId,
    address: SocketAddr,
    ours: IceCredentials,
    theirs: IceCredentials,
    shield: Shield,
    header: Header,
    transaction: u8,
}

fn credentials(name: &str) -> IceCredentials {
    IceCredentials { ufrag: format!("{name}ufrag"), pwd: format!("{name}password-of-22-letters") }
}

fn address(host: u8) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, host], 50_000 + u16::from(host)))
}

/// The same keys from the other side.
fn turned(keys: &SrtpKeys) -> SrtpKeys {
    SrtpKeys { suite: keys.suite, ours: keys.theirs.clone(), theirs: keys.ours.clone() }
}

impl Browser {
    fn new(leg: LegId, host: u8) -> Browser {
        Browser {
            leg,
            address: address(host),
            ours: credentials(&format!("server{host}")),
            theirs: credentials(&format!("browser{host}")),
            shield: Shield::new(&turned(&keys(host, host + 100))),
            header: Header { marker: false, payload_type: 0, sequence: 10, timestamp: 7, ssrc: u32::from(host) },
            transaction: 0,
        }
    }

    fn keys(&self) -> Box<SrtpKeys> {
        let host = self.header.ssrc as u8;
        Box::new(keys(host, host + 100))
    }

    fn open(&self, world: &mut World) {
        let ours = OurSide { ice: self.ours.clone(), ssrc: 4711, cname: "ours".to_owned() };
        world.tell(MediaCommand::OpenShared { leg: self.leg, group: CALL, ours: Box::new(ours) });
    }

    fn session(&self, fingerprint: Fingerprint, begins: bool) -> Negotiated {
        let webrtc = WebRtcSession { ours: self.ours.clone(), theirs: self.theirs.clone(), fingerprint, begins };
        Negotiated { webrtc: Some(Box::new(webrtc)), ..session(0, 101, Direction::SendRecv) }
    }

    fn describe(&self, world: &mut World) {
        world.describe(self.leg, self.session(CERTIFICATE, false));
    }

    fn check(&mut self, world: &mut World, more: &[(u16, &[u8])]) -> Option<u16> {
        self.transaction += 1;
        let transaction = [self.transaction; 12];
        let username = format!("{}:{}", self.ours.ufrag, self.theirs.ufrag);
        let check = Check { transaction, username: &username, password: &self.ours.pwd, more };
        let before = world.wire.sent.len();
        world.shared(self.address, &check.write());
        let answer = world.wire.sent.get(before..)?.iter().find(|sent| sent.to == self.address)?;
        let (code, is_signed, answered) = read_answer(&answer.packet, &self.ours.pwd)?;
        (is_signed && answered == transaction).then_some(code)
    }

    /// Checks, shakes hands and has keys.
    fn connect(&mut self, world: &mut World) {
        assert_eq!(self.check(world, &[NOMINATES]), Some(200));
        world.shared(self.address, &RECORD);
        assert!(world.orders(self.leg).contains(&"datagram"), "{:?}", world.orders);
        world.news(self.leg, HandshakeNews::Done { fingerprint: CERTIFICATE, keys: self.keys() });
    }

    fn say(&mut self, world: &mut World) {
        let sealed = self.next(&[self.header.ssrc as u8; 160]);
        world.shared(self.address, &sealed);
        self.header.timestamp += 160;
    }

    fn next(&mut self, payload: &[u8]) -> Vec<u8> {
        let packet = self.header.with_payload(payload);
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.shield.seal_rtp(&packet).unwrap().to_vec()
    }

    /// What it has got and could open, in order.
    fn heard(&mut self, sent: &[Sent]) -> Vec<(Header, Vec<u8>, Mono)> {
        let mut heard = Vec::new();
        for sent in sent.iter().filter(|sent| sent.leg == self.leg && sent.to == self.address) {
            let mut packet = sent.packet.clone();
            if !(128..=191).contains(&packet[0]) || rtp::is_rtcp(&packet) {
                continue;
            }
            let length = self.shield.open_rtp(&mut packet).expect("sealed with the leg's key");
            let read = rtp::read(&packet[..length]).unwrap();
            heard.push((read.header, packet[read.payload].to_vec(), sent.at));
        }
        heard
    }
}

impl World {
    fn shared(&mut self, from: SocketAddr, datagram: &[u8]) {
        self.wire.now = self.now;
        self.relay.shared_datagram(from, &mut datagram.to_vec(), self.now, &mut self.wire);
        self.collect();
    }

    fn news(&mut self, leg: LegId, news: HandshakeNews) {
        self.wire.now = self.now;
        self.relay.handshake(leg, news, self.now, &mut self.wire);
        self.collect();
    }

    fn collect(&mut self) {
        self.drain();
        let relay: &mut Relay = &mut self.relay;
        self.orders.extend(std::iter::from_fn(|| relay.poll_order()));
    }

    fn orders(&self, of: LegId) -> Vec<&'static str> {
        let word = |order: &HandshakeOrder| match order {
            HandshakeOrder::Begin { leg } if *leg == of => Some("begin"),
            HandshakeOrder::Datagram { leg, .. } if *leg == of => Some("datagram"),
            HandshakeOrder::End { leg } if *leg == of => Some("end"),
            _ => None,
        };
        self.orders.iter().filter_map(word).collect()
    }

    fn lost(&self) -> Vec<(LegId, LostCause)> {
        let lost = |event: &MediaEvent| match event {
            MediaEvent::Lost { leg, cause } => Some((*leg, *cause)),
            _ => None,
        };
        self.events.iter().filter_map(lost).collect()
    }

    fn both_hear(&mut self, one: LegId, other: LegId) {
        self.source(one, Source::Leg(other));
        self.source(other, Source::Leg(one));
    }
}

/// A described browser on leg A and a telephone on leg B that hear each other.
fn with_phone() -> (World, Browser, Phone) {
    let mut world = World::new();
    let browser = Browser::new(A, 1);
    browser.open(&mut world);
    browser.describe(&mut world);
    world.tell(MediaCommand::Open { leg: B, group: CALL, port: 4002, family: crate::base::Family::V4 });
    world.describe(B, session(2, 97, Direction::SendRecv));
    world.both_hear(A, B);
    (world, browser, Phone::new(B, 2))
}

#[test]
fn a_browser_and_a_telephone_hear_each_other_byte_for_byte() {
    let (mut world, mut browser, mut phone) = with_phone();
    browser.connect(&mut world);
    for _ in 0..50 {
        browser.say(&mut world);
        phone.say(&mut world);
        world.pass(FRAME);
    }
    let at_phone = world.heard(B);
    assert_eq!(at_phone.len(), 50);
    assert!(at_phone.iter().all(|(_, payload, _)| *payload == [1; 160]));
    let at_browser = browser.heard(&world.wire.sent);
    assert_eq!(at_browser.len(), 50);
    assert!(at_browser.iter().all(|(header, payload, _)| header.ssrc == 4711 && *payload == [2; 160]));
    assert_continuous(&at_browser);
    assert_eq!(world.lost(), []);
}

#[test]
fn nothing_passes_before_the_keys_and_nothing_in_clear() {
    let (mut world, mut browser, mut phone) = with_phone();
    world.source(A, Source::Tone(ToneKind::Waiting));
    let clear = browser.header.with_payload(&[7; 160]);
    browser.check(&mut world, &[NOMINATES]);
    for _ in 0..20 {
        world.shared(browser.address, &clear);
        browser.say(&mut world);
        phone.say(&mut world);
        world.pass(FRAME);
    }
    assert!(world.heard(B).is_empty());
    assert!(world.wire.sent.iter().all(|sent| sent.leg != A || sent.packet[0] < 4), "checks are answered, no more");
    browser.connect(&mut world);
    world.shared(browser.address, &clear);
    assert!(world.heard(B).is_empty(), "what is not sealed is nobody's");
    world.pass(SECOND);
    let heard = browser.heard(&world.wire.sent);
    assert!((48..=51).contains(&heard.len()), "the tone begins with the keys: {}", heard.len());
}

#[test]
fn two_browsers_on_a_net_that_loses() {
    let (mut world, mut rng) = (World::new(), Rng::from_number(77));
    let (mut one, mut other) = (Browser::new(A, 1), Browser::new(B, 2));
    for browser in [&one, &other] {
        browser.open(&mut world);
        browser.describe(&mut world);
    }
    world.both_hear(A, B);
    one.connect(&mut world);
    other.connect(&mut world);
    let (mut lost, mut came) = (0, 0);
    for n in 0..1000u32 {
        for browser in [&mut one, &mut other] {
            let octet = browser.header.ssrc as u8;
            let sealed = browser.next(&[octet; 80]);
            browser.header.timestamp += 160;
            if rng.chance(0.1) {
                lost += 1;
            } else {
                came += 1;
                world.shared(browser.address, &sealed);
            }
            if n % 125 == 0 {
                browser.check(&mut world, &[]);
            }
        }
        world.pass(FRAME);
    }
    let heard = one.heard(&world.wire.sent).len() + other.heard(&world.wire.sent).len();
    assert_eq!(heard, came);
    let counted = world.close(A).lost + world.close(B).lost;
    assert!(lost > 100 && counted.abs_diff(lost) <= 2, "{counted} of {lost}");
    assert_eq!(world.lost(), []);
}

#[test]
fn another_certificate_than_the_described_one_is_never_heard() {
    let (mut world, mut browser, mut phone) = with_phone();
    browser.check(&mut world, &[NOMINATES]);
    world.shared(browser.address, &RECORD);
    let forged = HandshakeNews::Done { fingerprint: Fingerprint([8; 32]), keys: browser.keys() };
    world.news(A, forged);
    for _ in 0..20 {
        browser.say(&mut world);
        phone.say(&mut world);
        world.pass(FRAME);
    }
    assert_eq!(world.lost(), [(A, LostCause::Fingerprint)]);
    assert!(world.heard(B).is_empty() && browser.heard(&world.wire.sent).is_empty());
}

#[test]
fn a_handshake_may_be_over_before_the_answer_is_there() {
    let mut world = World::new();
    let mut browser = Browser::new(A, 1);
    browser.open(&mut world);
    world.source(A, Source::Tone(ToneKind::Waiting));
    browser.connect(&mut world);
    world.pass(SECOND);
    assert!(browser.heard(&world.wire.sent).is_empty(), "nobody has said whose certificate it must be");
    browser.describe(&mut world);
    world.pass(SECOND);
    assert!(browser.heard(&world.wire.sent).len() >= 49);
}

#[test]
fn a_way_that_is_never_found_ends_the_leg_alone() {
    let (mut world, browser, mut phone) = with_phone();
    world.source(B, Source::Tone(ToneKind::Waiting));
    world.talk(&mut [&mut phone], 50 * 14);
    assert_eq!(world.lost(), []);
    world.talk(&mut [&mut phone], 100);
    assert_eq!(world.lost(), [(browser.leg, LostCause::NoCheck)]);
    world.pass(60 * SECOND);
    assert_eq!(world.lost().len(), 1, "said once");
    assert!(world.heard(B).len() > 50 * 15, "the other leg goes on");
}

#[test]
fn checks_without_a_handshake_end_the_leg_too() {
    let (mut world, mut browser, _) = with_phone();
    for _ in 0..16 {
        browser.check(&mut world, &[NOMINATES]);
        world.pass(SECOND);
    }
    assert_eq!(world.lost(), [(A, LostCause::NoHandshake)]);
    let (mut world, mut browser, _) = with_phone();
    browser.check(&mut world, &[NOMINATES]);
    world.shared(browser.address, &RECORD);
    world.news(A, HandshakeNews::Failed);
    assert_eq!(world.lost(), [(A, LostCause::Handshake)]);
    let (mut world, mut browser, _) = with_phone();
    browser.check(&mut world, &[NOMINATES]);
    world.news(A, HandshakeNews::Refused);
    assert_eq!(world.lost(), [(A, LostCause::Overload)]);
}

#[test]
fn consent_lasts_as_long_as_the_checks() {
    let (mut world, mut browser, _) = with_phone();
    browser.connect(&mut world);
    for _ in 0..30 {
        browser.check(&mut world, &[]);
        world.pass(5 * SECOND);
    }
    assert_eq!(world.lost(), []);
    world.pass(24 * SECOND);
    assert_eq!(world.lost(), []);
    for _ in 0..50 {
        browser.say(&mut world);
        world.pass(FRAME);
    }
    world.pass(2 * SECOND);
    assert_eq!(world.lost(), [(A, LostCause::Consent)], "sound is no consent");
}

#[test]
fn strangers_reach_nobody() {
    let (mut world, mut browser, _) = with_phone();
    browser.connect(&mut world);
    let sent = world.wire.sent.len();
    let orders = world.orders.len();
    let stranger = address(66);
    let sealed = browser.next(&[1; 160]);
    world.shared(stranger, &sealed);
    world.shared(stranger, &RECORD);
    world.shared(stranger, &[64, 0, 0, 0]);
    world.shared(stranger, &[]);
    let guess = |username: &str, password: &str| Check { transaction: [9; 12], username, password, more: &[] }.write();
    let ours = format!("{}:{}", browser.ours.ufrag, browser.theirs.ufrag);
    world.shared(stranger, &guess(&ours, "guessed"));
    world.shared(stranger, &guess("nobodys:name", &browser.ours.pwd));
    assert_eq!((world.wire.sent.len(), world.orders.len()), (sent, orders));
    assert!(world.heard(B).is_empty());
}

#[test]
fn a_browser_that_changes_its_address_is_followed() {
    let (mut world, mut browser, mut phone) = with_phone();
    browser.connect(&mut world);
    phone.say(&mut world);
    let before = browser.heard(&world.wire.sent).len();
    browser.address = address(40);
    assert_eq!(browser.check(&mut world, &[NOMINATES]), Some(200));
    browser.say(&mut world);
    phone.say(&mut world);
    assert_eq!((before, browser.heard(&world.wire.sent).len(), world.heard(B).len()), (1, 1, 1));
}

#[test]
fn ice_begins_anew_and_the_sound_goes_on() {
    let (mut world, mut browser, mut phone) = with_phone();
    browser.connect(&mut world);
    browser.say(&mut world);
    let orders = world.orders.len();
    (browser.ours, browser.theirs) = (credentials("anew"), credentials("again"));
    browser.describe(&mut world);
    browser.say(&mut world);
    assert_eq!(browser.check(&mut world, &[NOMINATES]), Some(200));
    browser.say(&mut world);
    phone.say(&mut world);
    assert_eq!((world.heard(B).len(), browser.heard(&world.wire.sent).len()), (3, 1));
    assert_eq!(world.orders.len(), orders, "the handshake holds");
}

#[test]
fn another_certificate_in_a_new_description_wants_a_new_handshake() {
    let (mut world, mut browser, _) = with_phone();
    browser.connect(&mut world);
    let reloaded = Fingerprint([10; 32]);
    world.describe(A, browser.session(reloaded, false));
    browser.say(&mut world);
    assert!(world.heard(B).is_empty() && world.orders(A).ends_with(&["end"]));
    world.shared(browser.address, &RECORD);
    let mut again = Browser { shield: Shield::new(&turned(&keys(50, 150))), ..Browser::new(A, 1) };
    world.news(A, HandshakeNews::Done { fingerprint: reloaded, keys: Box::new(keys(50, 150)) });
    again.say(&mut world);
    assert_eq!(world.heard(B).len(), 1);
}

#[test]
fn where_we_begin_the_thread_is_told_once() {
    let mut world = World::new();
    let mut browser = Browser::new(A, 1);
    browser.open(&mut world);
    browser.check(&mut world, &[]);
    world.describe(A, browser.session(CERTIFICATE, true));
    world.collect();
    browser.check(&mut world, &[NOMINATES]);
    assert_eq!(world.orders(A), ["begin"]);
    world.news(A, HandshakeNews::Send(RECORD.to_vec()));
    assert!(world.wire.sent.iter().any(|sent| sent.packet == RECORD && sent.to == browser.address));
}

#[test]
fn keys_are_heard_both_ways_and_never_in_clear() {
    let (mut world, mut browser, _) = with_phone();
    browser.connect(&mut world);
    browser.say(&mut world);
    for (ticks, is_end) in [(160, false), (800, true), (800, true), (800, true)] {
        browser.header.payload_type = 101;
        let sealed = browser.next(&dtmf::payload('5', is_end, ticks).unwrap());
        world.shared(browser.address, &sealed);
        world.pass(FRAME);
    }
    assert!(world.events.contains(&MediaEvent::Dtmf { leg: A, digit: '5', duration_ms: 100 }), "{:?}", world.events);
    assert!(world.heard(B).iter().any(|(header, ..)| header.payload_type == 97));
    world.tell(MediaCommand::Key { leg: A, digit: '7', duration_ms: 100 });
    world.pass(SECOND);
    let pressed = browser.heard(&world.wire.sent);
    assert!(pressed.iter().any(|(header, payload, _)| header.payload_type == 101 && payload[0] == 7));
}

#[test]
fn the_first_sound_ends_the_handshake_and_what_it_kept() {
    let (mut world, mut browser, _) = with_phone();
    browser.connect(&mut world);
    world.shared(browser.address, &RECORD);
    assert_eq!(world.orders(A), ["datagram", "datagram"], "its last flight may be lost");
    browser.say(&mut world);
    world.shared(browser.address, &RECORD);
    browser.say(&mut world);
    assert_eq!(world.orders(A), ["datagram", "datagram", "end"]);
    assert_eq!(world.heard(B).len(), 2);
}

#[test]
fn a_leg_that_is_closed_is_forgotten() {
    let (mut world, mut browser, _) = with_phone();
    browser.connect(&mut world);
    world.close(A);
    world.collect();
    assert_eq!(world.orders(A).last(), Some(&"end"));
    let sent = world.wire.sent.len();
    assert_eq!(browser.check(&mut world, &[]), None);
    browser.say(&mut world);
    assert_eq!(world.wire.sent.len(), sent);
    assert!(world.relay.leg_by_address.is_empty() && world.relay.leg_by_ufrag.is_empty());
}

#[test]
fn reports_travel_with_the_sound_and_sealed() {
    let (mut world, mut browser, mut phone) = with_phone();
    browser.connect(&mut world);
    for _ in 0..500 {
        browser.say(&mut world);
        phone.say(&mut world);
        world.pass(FRAME);
    }
    let reports: Vec<&Sent> =
        world.wire.sent.iter().filter(|sent| sent.leg == A && sent.channel == Channel::Rtcp).collect();
    assert!(!reports.is_empty());
    let mut report = reports[0].packet.clone();
    assert_eq!(reports[0].to, browser.address);
    assert!(browser.shield.open_rtcp(&mut report).is_ok());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// From the browser's own address, before and after the keys.
    #[test]
    fn any_datagram_is_survived(
        datagrams in proptest::collection::vec(proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120), 0..40),
        is_connected: bool,
    ) {
        let (mut world, mut browser, _) = with_phone();
        if is_connected {
            browser.connect(&mut world);
        } else {
            browser.check(&mut world, &[NOMINATES]);
        }
        for datagram in &datagrams {
            world.shared(browser.address, datagram);
            world.shared(address(66), datagram);
        }
        proptest::prop_assert!(world.heard(B).is_empty());
        proptest::prop_assert_eq!(browser.check(&mut world, &[]), Some(200));
    }
}
