//! Zones, destinations and the places that come of them, in virtual time.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::base::Mono;
use crate::base::limits::*;
use crate::base::rng::Rng;

const ALL: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

/// A resolver, the clock, and what was asked.
struct World {
    resolver: Resolver<u32>,
    zone: BTreeMap<(Kind, &'static str), Vec<Record>>,
    now: Mono,
    asked: Vec<Question>,
}

fn naptr(order: u16, service: &str, replacement: &str) -> Record {
    let (flags, service, replacement) = ("s".to_owned(), service.to_owned(), replacement.to_owned());
    Record::Naptr { order, preference: 1, flags, service, replacement }
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Record {
    Record::Srv { priority, weight, port, target: target.to_owned() }
}

fn at(text: &str) -> Record {
    Record::Address(text.parse::<IpAddr>().expect("an address"))
}

fn to(uri: &str) -> Destination {
    Destination::of(&Uri::read(uri.as_bytes()).expect("a URI")).expect("a destination")
}

fn text(places: &[Place]) -> String {
    let text = |place: &Place| format!("{} {}", place.transport.param(), place.address);
    places.iter().map(text).collect::<Vec<_>>().join(", ")
}

impl World {
    fn new(zone: Vec<(Kind, &'static str, Vec<Record>)>) -> World {
        World::with(&ALL, zone)
    }

    fn with(supported: &[Transport], zone: Vec<(Kind, &'static str, Vec<Record>)>) -> World {
        World {
            resolver: Resolver::new(supported.to_vec(), Rng::from_number(1)),
            zone: zone.into_iter().map(|(kind, name, records)| ((kind, name), records)).collect(),
            now: Mono::ZERO + Duration::from_secs(1),
            asked: Vec::new(),
        }
    }

    /// Answers every question at once.
    fn serve(&mut self) {
        while let Some((number, question)) = self.resolver.pop_question() {
            self.asked.push(question.clone());
            let records = self.zone.get(&(question.kind, question.name.as_str())).cloned().unwrap_or_default();
            self.resolver.answered(number, Ok(Found { records, life: Duration::from_secs(300) }), self.now);
        }
    }

    fn look_up(&mut self, uri: &str) -> String {
        self.resolver.look_up(1, to(uri), self.now);
        self.serve();
        let (owner, led) = self.resolver.pop_found().expect("an end");
        assert_eq!((owner, self.resolver.open()), (1, 0));
        text(&led.places)
    }

    fn pop_found(&mut self) -> Option<(u32, Vec<Place>)> {
        self.resolver.pop_found().map(|(owner, led)| (owner, led.places))
    }
}

fn check(zone: Vec<(Kind, &'static str, Vec<Record>)>, uri: &str, expect: &str) {
    assert_eq!(World::new(zone).look_up(uri), expect, "{uri}");
}

#[test]
fn addresses_need_nobody() {
    for (uri, expect) in [
        ("sip:a@192.0.2.1", "udp 192.0.2.1:5060"),
        ("sip:a@192.0.2.1:5070;transport=tcp", "tcp 192.0.2.1:5070"),
        ("sips:a@[2001:db8::1]", "tls [2001:db8::1]:5061"),
        ("sip:a@192.0.2.1;transport=TLS", "tls 192.0.2.1:5061"),
        ("sip:a@example.com;maddr=192.0.2.9", "udp 192.0.2.9:5060"),
    ] {
        assert_eq!(to(uri).place().map(|place| text(&[place])).as_deref(), Some(expect));
    }
    assert_eq!(to("sip:example.com").place(), None);
    for uri in ["sip:a@example.com;transport=sctp", "tel:+15550100"] {
        assert_eq!(Destination::of(&Uri::read(uri.as_bytes()).expect("a URI")), None, "{uri}");
    }
}

#[test]
fn naptr_leads_to_srv_leads_to_addresses() {
    let zone = || {
        vec![
            (
                Kind::Naptr,
                "example.com",
                vec![
                    naptr(30, "SIP+D2U", "_sip._udp.example.com"),
                    naptr(10, "SIPS+D2T", "_sips._tcp.example.com"),
                    naptr(20, "SIP+D2T", "_sip._tcp.example.com"),
                    naptr(5, "E2U+sip", "other.example.com"),
                    naptr(1, "SIP+D2S", "_sip._sctp.example.com"),
                ],
            ),
            (Kind::Srv, "_sips._tcp.example.com", vec![srv(1, 1, 5071, "a.example.com")]),
            (
                Kind::Srv,
                "_sip._tcp.example.com",
                vec![srv(2, 1, 5080, "a.example.com"), srv(1, 1, 5080, "b.example.com")],
            ),
            (Kind::Address, "a.example.com", vec![at("192.0.2.1"), at("2001:db8::1")]),
            (Kind::Address, "b.example.com", vec![at("192.0.2.2")]),
        ]
    };
    let tcp = "tcp 192.0.2.2:5080, tcp 192.0.2.1:5080, tcp [2001:db8::1]:5080";
    let tls = "tls 192.0.2.1:5071, tls [2001:db8::1]:5071";
    check(zone(), "sip:x@EXAMPLE.com", &format!("{tls}, {tcp}"));
    check(zone(), "sips:x@example.com", tls);
    check(zone(), "sip:x@example.com;transport=tcp", tcp);
    check(zone(), "sip:a.example.com:5099", "udp 192.0.2.1:5099, udp [2001:db8::1]:5099");
    assert_eq!(World::with(&ALL[..2], zone()).look_up("sip:example.com"), tcp);
}

#[test]
fn without_naptr_each_of_our_transports_is_looked_for() {
    let zone = || {
        vec![
            (Kind::Srv, "_sip._tcp.example.com", vec![srv(1, 1, 5080, "a.example.com")]),
            (Kind::Srv, "_sip._udp.example.com", vec![srv(1, 1, 5090, "a.example.com")]),
            (Kind::Address, "a.example.com", vec![at("192.0.2.1")]),
        ]
    };
    check(zone(), "sip:example.com", "udp 192.0.2.1:5090, tcp 192.0.2.1:5080");
    assert_eq!(World::with(&ALL[..1], zone()).look_up("sip:example.com"), "udp 192.0.2.1:5090");
    check(zone(), "sip:a.example.com", "udp 192.0.2.1:5060");
    check(zone(), "sips:a.example.com", "tls 192.0.2.1:5061");
    check(zone(), "sip:nowhere.example.com", "");
    // The root as target: the service is decidedly not there (RFC 2782).
    check(vec![(Kind::Srv, "_sip._udp.example.com", vec![srv(1, 1, 5060, "")])], "sip:example.com", "");
}

#[test]
fn equals_are_drawn_by_weight() {
    let zone = vec![
        (
            Kind::Srv,
            "_sip._udp.example.com",
            vec![srv(1, 75, 5060, "a.example.com"), srv(1, 25, 5060, "b.example.com")],
        ),
        (Kind::Address, "a.example.com", vec![at("192.0.2.1")]),
        (Kind::Address, "b.example.com", vec![at("192.0.2.2")]),
    ];
    let mut world = World::new(zone);
    let first =
        (0..4_000).filter(|_| world.look_up("sip:example.com;transport=udp").starts_with("udp 192.0.2.1")).count();
    assert!((2_850..3_150).contains(&first), "{first}");
    assert_eq!(world.asked.len(), 3, "all but the first time from memory");
}

#[test]
fn what_is_known_is_not_asked_again_until_it_ends() {
    let mut world = World::new(vec![(Kind::Address, "a.example.com", vec![at("192.0.2.1")])]);
    let uri = "sip:a.example.com:5060";
    for (wait, asked) in [(0, 1), (299, 1), (2, 2), (1, 2)] {
        world.now = world.now + Duration::from_secs(wait);
        assert_eq!(world.look_up(uri), "udp 192.0.2.1:5060");
        assert_eq!(world.asked.len(), asked, "after {wait} s");
    }
    for (wait, asked) in [(0, 3), (RESOLVE_NOTHING_KEPT_MAX.as_secs() - 1, 3), (2, 4)] {
        world.now = world.now + Duration::from_secs(wait);
        assert_eq!(world.look_up("sip:b.example.com:5060"), "");
        assert_eq!(world.asked.len(), asked, "after {wait} s of nothing");
    }
}

/// Nobody answers: each question is given up, the look-up ends within its patience, and what is known goes on being found.
#[test]
fn a_dead_name_server_costs_a_bounded_time() {
    let mut world = World::new(Vec::new());
    let began = world.now;
    world.resolver.look_up(7, to("sip:example.com"), world.now);
    let mut ended = None;
    while let Some(at) = world.resolver.poll_timeout() {
        world.now = at;
        world.resolver.handle_timeout(at);
        while world.resolver.pop_question().is_some() {}
        ended = ended.or(world.pop_found().map(|found| (found, at.since(began))));
    }
    assert_eq!(ended, Some(((7, Vec::new()), RESOLVE_LOOKUP_PATIENCE)));
    assert_eq!(world.resolver.open(), 0);
    // The failure is remembered for a while.
    world.resolver.look_up(8, to("sip:example.com;transport=udp"), world.now);
    assert_eq!((world.resolver.pop_question(), world.pop_found()), (None, Some((8, Vec::new()))));
}

#[test]
fn questions_under_way_are_few_and_the_same_is_asked_once() {
    let mut world = World::new(Vec::new());
    for nth in 0..2 * RESOLVE_UNDER_WAY_MAX as u32 {
        world.resolver.look_up(nth, to(&format!("sip:host{nth}.example.com:5060")), world.now);
        world.resolver.look_up(nth, to("sip:same.example.com:5060"), world.now);
    }
    let asked: Vec<_> = std::iter::from_fn(|| world.resolver.pop_question()).collect();
    assert_eq!(asked.len(), RESOLVE_UNDER_WAY_MAX);
    assert_eq!(asked.iter().filter(|(_, question)| question.name.starts_with("same")).count(), 1);
    // One is answered, one more goes out.
    world.resolver.answered(asked[0].0, Err(Failed), world.now);
    assert_eq!(std::iter::from_fn(|| world.resolver.pop_question()).count(), 1);
}

#[test]
fn more_than_can_be_looked_up_leads_nowhere_at_once() {
    let mut world = World::new(Vec::new());
    for nth in 0..RESOLVE_LOOKUPS_MAX as u32 {
        world.resolver.look_up(nth, to("sip:example.com"), world.now);
    }
    assert_eq!(world.pop_found(), None);
    world.resolver.look_up(9_999, to("sip:example.com"), world.now);
    assert_eq!(world.pop_found(), Some((9_999, Vec::new())));
}

#[test]
fn memory_is_bounded() {
    let mut world = World::new(Vec::new());
    for nth in 0..RESOLVE_CACHE_MAX + 100 {
        world.look_up(&format!("sip:host{nth}.example.com:5060"));
    }
    assert_eq!(world.resolver.known(), RESOLVE_CACHE_MAX);
}

#[test]
fn late_and_foreign_answers_are_nothing() {
    let mut world = World::new(Vec::new());
    world.resolver.look_up(1, to("sip:a.example.com:5060"), world.now);
    let (number, _) = world.resolver.pop_question().expect("a question");
    world.resolver.answered(
        QuestionNumber(99),
        Ok(Found { records: vec![at("192.0.2.66")], life: Duration::MAX }),
        world.now,
    );
    assert_eq!(world.pop_found(), None);
    world.now = world.now + RESOLVE_QUESTION_PATIENCE;
    world.resolver.handle_timeout(world.now);
    assert_eq!(world.pop_found(), Some((1, Vec::new())));
    world.resolver.answered(number, Ok(Found { records: vec![at("192.0.2.66")], life: Duration::MAX }), world.now);
    assert_eq!(world.look_up("sip:a.example.com:5060"), "");
}

/// Records that are many, or lead in circles, cost a bounded number of questions.
#[test]
fn a_hostile_zone_is_not_followed_far() {
    let many: Vec<Record> = (0..200).map(|nth| srv(1, 1, 5060, &format!("h{nth}.example.com"))).collect();
    let pointers = (0..200).map(|_| naptr(1, "SIP+D2U", "_sip._udp.example.com")).collect();
    let mut world =
        World::new(vec![(Kind::Naptr, "example.com", pointers), (Kind::Srv, "_sip._udp.example.com", many)]);
    world.look_up("sip:example.com");
    assert!(world.asked.len() <= 11, "{} questions", world.asked.len());
}
