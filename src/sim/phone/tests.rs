//! Two phones that call each other over a wire that may lose packets.

use super::*;
use crate::base::Pii;

struct Pair {
    phones: [Phone; 2],
    now: Mono,
    /// Datagrams on their way, and how many of the next ones are lost.
    lose: usize,
    events: [Vec<PhoneEvent>; 2],
}

const MS: u64 = 1_000_000;

fn address(nth: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1 + nth as u8], 5060))
}

impl Pair {
    fn new() -> Pair {
        let phone = |nth: usize| Phone::new(PhoneSetup::new(address(nth), "phone"), Rng::from_number(nth as u64));
        Pair { phones: [phone(0), phone(1)], now: Mono(MS), lose: 0, events: [Vec::new(), Vec::new()] }
    }

    fn dial(&mut self) -> PhoneCall {
        let dial = PhoneDial {
            to: address(1),
            uri: "sip:+15550100@192.0.2.2".to_owned(),
            from_user: Pii::new("+15550101".to_owned()),
            display: Pii::new("Ada".to_owned()),
            asserted: None,
            user_to_user: Some(Bytes::from_static(b"x")),
            rtp: "192.0.2.1:4000".parse().unwrap(),
        };
        let call = self.phones[0].call(dial, self.now);
        self.settle();
        call
    }

    fn settle(&mut self) {
        let mut moved = true;
        while moved {
            moved = false;
            for nth in 0..2 {
                while let Some(output) = self.phones[nth].poll_output() {
                    moved = true;
                    match output {
                        PhoneOutput::Event(event) => self.events[nth].push(event),
                        PhoneOutput::Send(..) if self.lose > 0 => self.lose -= 1,
                        PhoneOutput::Send(bytes, _) => {
                            self.phones[1 - nth].handle(bytes, address(nth), self.now);
                        }
                    }
                }
            }
        }
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(at) = self.phones.iter().filter_map(Phone::poll_timeout).min().filter(|at| *at <= end) {
            self.now = at;
            self.phones.iter_mut().for_each(|phone| phone.handle_timeout(at));
            self.settle();
        }
        self.now = end;
    }

    fn incoming(&self) -> PhoneCall {
        let incoming = self.events[1].iter().find_map(|event| match event {
            PhoneEvent::Incoming { call, .. } => Some(*call),
            _ => None,
        });
        incoming.expect("an incoming call")
    }

    fn answer(&mut self) -> PhoneCall {
        let call = self.incoming();
        self.phones[1].ring(call, self.now);
        self.phones[1].answer(call, "192.0.2.2:4002".parse().unwrap(), self.now);
        self.settle();
        call
    }

    fn last(&self, nth: usize) -> &PhoneEvent {
        self.events[nth].last().expect("an event")
    }

    fn is_forgotten(&mut self) -> bool {
        self.pass(200_000);
        let faults = self.events.iter().flatten().filter(|event| matches!(event, PhoneEvent::Fault { .. })).count();
        faults == 0 && self.phones.iter().all(|phone| phone.calls.is_empty() && phone.timers.is_empty())
    }
}

#[test]
fn a_call_is_answered_changed_and_ended() {
    let mut pair = Pair::new();
    let out = pair.dial();
    let inward = pair.answer();
    assert!(matches!(pair.last(0), PhoneEvent::Connected { remote: Some(_), .. }));
    assert!(matches!(pair.last(1), PhoneEvent::Connected { .. }));
    pair.phones[0].change(out, HOLD, pair.now);
    pair.settle();
    assert!(matches!(pair.last(1), PhoneEvent::Changed { remote, .. } if remote.audio.is_hold()));
    assert!(matches!(pair.last(0), PhoneEvent::ChangeAnswered { status: 200, .. }));
    pair.phones[1].hang_up(inward, pair.now);
    pair.settle();
    assert_eq!(*pair.last(0), PhoneEvent::Ended { call: out, why: Ending::PeerHungUp });
    assert_eq!(*pair.last(1), PhoneEvent::Ended { call: inward, why: Ending::HungUp });
    assert!(pair.is_forgotten());
}

#[test]
fn a_caller_who_gives_up_cancels() {
    let mut pair = Pair::new();
    let out = pair.dial();
    pair.phones[1].ring(pair.incoming(), pair.now);
    pair.settle();
    pair.phones[0].hang_up(out, pair.now);
    pair.settle();
    assert_eq!(*pair.last(0), PhoneEvent::Ended { call: out, why: Ending::HungUp });
    assert_eq!(*pair.last(1), PhoneEvent::Ended { call: pair.incoming(), why: Ending::NotTaken });
    assert!(pair.is_forgotten());
}

#[test]
fn a_refusal_arrives_with_its_status() {
    let mut pair = Pair::new();
    let out = pair.dial();
    pair.phones[1].refuse(pair.incoming(), 486, pair.now);
    pair.settle();
    assert_eq!(*pair.last(0), PhoneEvent::Ended { call: out, why: Ending::Refused { status: 486, contact: None } });
    assert!(pair.is_forgotten());
}

#[test]
fn every_packet_may_be_lost_once() {
    for lost in 0..3 {
        let mut pair = Pair::new();
        pair.lose = lost;
        pair.dial();
        pair.pass(3_000);
        pair.lose = lost;
        let inward = pair.answer();
        pair.pass(5_000);
        assert!(matches!(pair.last(0), PhoneEvent::Connected { .. }), "{lost}");
        assert!(matches!(pair.last(1), PhoneEvent::Connected { .. }), "{lost}");
        pair.lose = lost;
        pair.phones[1].hang_up(inward, pair.now);
        pair.settle();
        assert!(pair.is_forgotten(), "{lost}");
        assert!(matches!(pair.last(0), PhoneEvent::Ended { .. }), "{lost}");
    }
}

#[test]
fn nobody_there_is_silence_after_64_t1() {
    let mut pair = Pair::new();
    pair.lose = usize::MAX;
    let out = pair.dial();
    pair.pass(33_000);
    assert_eq!(*pair.last(0), PhoneEvent::Ended { call: out, why: Ending::Silence });
    assert!(pair.is_forgotten());
}

#[test]
fn a_caller_whose_answers_are_all_lost_hears_of_the_end() {
    let mut pair = Pair::new();
    let out = pair.dial();
    pair.phones[1].ring(pair.incoming(), pair.now);
    pair.settle();
    pair.lose = usize::MAX;
    pair.answer();
    pair.pass(31_900);
    pair.lose = 0;
    pair.pass(5_000);
    assert_eq!(*pair.last(0), PhoneEvent::Ended { call: out, why: Ending::Silence });
    assert!(pair.is_forgotten());
}

#[test]
fn a_hang_up_before_any_answer_waits_for_one() {
    let mut pair = Pair::new();
    pair.lose = 1;
    let out = pair.dial();
    pair.phones[0].hang_up(out, pair.now);
    pair.settle();
    assert!(pair.events[0].is_empty());
    pair.pass(1_000);
    assert_eq!(*pair.last(0), PhoneEvent::Ended { call: out, why: Ending::HungUp });
    assert!(pair.is_forgotten());
}

fn with_habits(habits: Habits) -> Pair {
    let mut pair = Pair::new();
    pair.phones.iter_mut().for_each(|phone| phone.setup.habits = habits);
    pair
}

fn has_fault(pair: &Pair) -> bool {
    pair.events.iter().flatten().any(|event| matches!(event, PhoneEvent::Fault { .. }))
}

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    let mut pair = with_habits(Habits { late_offer: 1.0, ..Habits::default() });
    pair.dial();
    pair.answer();
    let remote = |event: &PhoneEvent| matches!(event, PhoneEvent::Connected { remote: Some(_), .. });
    assert!(pair.events[0].iter().any(remote) && !has_fault(&pair), "{:?}", pair.events);
}

#[test]
fn a_reliable_ringing_is_sent_again_until_it_is_acknowledged() {
    let mut pair = with_habits(Habits { reliable: 1.0, ..Habits::default() });
    pair.dial();
    let call = pair.incoming();
    pair.lose = 1;
    pair.phones[1].ring(call, pair.now);
    pair.settle();
    assert!(!pair.events[0].iter().any(|event| matches!(event, PhoneEvent::Ringing { status: 180, .. })));
    pair.pass(600);
    assert!(pair.events[0].iter().any(|event| matches!(event, PhoneEvent::Ringing { status: 180, .. })));
    assert!(pair.phones[1].calls.values().all(|call| call.unproved.is_none()), "acknowledged");
    assert!(!has_fault(&pair), "{:?}", pair.events);
}

#[test]
fn a_session_is_refreshed_at_half_of_its_life() {
    let mut pair = with_habits(Habits { session_timer: 1.0, ..Habits::default() });
    pair.dial();
    pair.answer();
    pair.pass(40_000);
    let changes = |pair: &Pair| {
        let is_change = |event: &&PhoneEvent| matches!(event, PhoneEvent::ChangeAnswered { status: 200, .. });
        pair.events.iter().flatten().filter(is_change).count()
    };
    assert_eq!(changes(&pair), 0);
    pair.pass(60_000);
    assert!((1..=2).contains(&changes(&pair)), "{:?}", pair.events);
    assert!(pair.phones.iter().all(|phone| phone.live_calls() == 1), "nobody has hung up");
}

#[test]
fn whoever_is_called_already_is_named_in_the_refer() {
    let mut pair = Pair::new();
    let (caller, asked) = (pair.dial(), pair.dial());
    let incoming = |event: &PhoneEvent| if let PhoneEvent::Incoming { call, .. } = event { Some(*call) } else { None };
    let calls: Vec<PhoneCall> = pair.events[1].iter().filter_map(incoming).collect();
    for call in calls {
        pair.phones[1].answer(call, "192.0.2.2:4000".parse().unwrap(), pair.now);
    }
    pair.settle();
    assert!(pair.phones[0].pass_on(caller, "sip:ben@192.0.2.9", Some(asked), pair.now));
    let Some(PhoneOutput::Send(bytes, _)) = pair.phones[0].poll_output() else { panic!("no REFER") };
    let Ok(Message::Request(refer)) = Message::parse(bytes) else { panic!("no request") };
    let to = refer.refer_to().unwrap();
    let replaces = crate::sip::wire::uri_header(to.uri.headers, "Replaces").unwrap();
    let replaces = crate::sip::wire::Replaces::read(&replaces).unwrap();
    let own = &pair.phones[0].calls[&asked];
    assert_eq!((replaces.call_id, replaces.from_tag), (&own.call_id[..], own.local_tag.as_bytes()));
    assert_eq!(Some(replaces.to_tag), own.remote_tag.as_deref());
    assert!(!pair.phones[0].pass_on(caller, "sip:ben@192.0.2.9", None, pair.now), "one after the other");
}

#[test]
fn the_answer_to_a_refer_and_a_key_are_heard() {
    let mut pair = Pair::new();
    let call = pair.dial();
    pair.answer();
    pair.phones[0].pass_on(call, "sip:ben@192.0.2.9", None, pair.now);
    pair.phones[0].press(call, '5', pair.now);
    pair.settle();
    let refused = PhoneEvent::ReferAnswered { call, status: 501 };
    assert!(pair.events[0].contains(&refused), "this phone knows of no REFER");
    assert!(!has_fault(&pair));
}
