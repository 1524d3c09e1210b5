//! Two endpoints back to back over a network that loses, doubles and delays: whatever happens, nothing is left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;

use super::world::{SDP, setup};
use crate::base::rng::Rng;
use crate::base::{CallId, LegId, Mono, Now, Pii, TrunkId, Wall};
use crate::sip::api::*;
use crate::sip::endpoint::{Endpoint, EndpointOutput};

const CALLS: u64 = 12;
const SEEDS: u64 = 60;
/// All that people do happens in this time; then there is quiet.
const BUSY: Duration = Duration::from_secs(60);
const QUIET: Duration = Duration::from_secs(400);

fn address(side: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 10 + u8::try_from(side).unwrap_or(0)], 5060))
}

fn endpoint(side: usize, rng: &mut Rng) -> Endpoint {
    let peer = address(1 - side).ip();
    let trunk = TrunkPeer::at(TrunkId::new("peer"), vec![(peer, 32)]);
    let flows = vec![LocalFlow { flow: FlowId(0), transport: Transport::Udp, advertised: address(side) }];
    // So short that sessions are refreshed, and lost, while all else happens.
    let session_times = SessionTimes { expires: Duration::from_secs(8), min: Duration::from_secs(4) };
    Endpoint::new(EndpointSetup { flows, trunks: vec![trunk], session_times, ..setup() }, rng.split())
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Packet { side: usize, bytes: Bytes },
    Whim { side: usize, leg: LegId, what: u64 },
    Dial { side: usize, nth: u64 },
}

struct Net {
    sides: [Endpoint; 2],
    due: BTreeMap<(Mono, u64), Due>,
    serial: u64,
    now: Mono,
    rng: Rng,
    loss: f64,
    /// Legs that exist, and those that came to their end, for each side.
    live: [BTreeSet<LegId>; 2],
    gone: [BTreeSet<LegId>; 2],
    trace: Vec<String>,
}

impl Net {
    fn new(seed: u64) -> Net {
        let mut rng = Rng::from_number(seed);
        let sides = [endpoint(0, &mut rng), endpoint(1, &mut rng)];
        let loss = rng.unit() * 0.4;
        let mut net = Net {
            sides,
            due: BTreeMap::new(),
            serial: 0,
            now: Mono::ZERO,
            rng,
            loss,
            live: Default::default(),
            gone: Default::default(),
            trace: Vec::new(),
        };
        for nth in 0..CALLS {
            let at = net.soon(BUSY / 2);
            net.plan(at, Due::Dial { side: usize::from(nth % 2 == 1), nth });
        }
        net
    }

    fn soon(&mut self, span: Duration) -> Mono {
        self.now + span.mul_f64(self.rng.unit())
    }

    fn plan(&mut self, at: Mono, due: Due) {
        self.serial += 1;
        self.due.insert((at, self.serial), due);
    }

    fn run(&mut self) {
        let end = Mono::ZERO + BUSY + QUIET;
        loop {
            let packet = self.due.first_key_value().map(|((at, _), _)| *at);
            let timers = [0, 1].map(|side| self.sides[side].poll_timeout().map(|(at, _)| at));
            let next = [packet, timers[0], timers[1]].into_iter().flatten().min();
            let Some(at) = next.filter(|at| *at <= end) else { return };
            self.now = self.now.max(at);
            let now = self.clocks();
            if packet == Some(at) {
                let Some((_, due)) = self.due.pop_first() else { return };
                self.do_due(due, now);
            } else {
                (0..2).filter(|side| timers[*side] == Some(at)).for_each(|side| self.sides[side].handle_timeout(now));
            }
            self.drain(0);
            self.drain(1);
        }
    }

    fn clocks(&self) -> Now {
        Now::new(self.now, Wall(self.now.0 / 1_000_000))
    }

    fn do_due(&mut self, due: Due, now: Now) {
        match due {
            Due::Packet { side, bytes } => self.sides[side].handle_datagram(FlowId(0), address(1 - side), bytes, now),
            Due::Dial { side, nth } => self.dial(side, nth, now),
            Due::Whim { side, leg, what } => {
                let command = self.command(side, leg, what);
                self.sides[side].handle_command(command, now);
            }
        }
    }

    fn dial(&mut self, side: usize, nth: u64, now: Now) {
        let leg = LegId::outbound(CallId::new(1, 1), nth);
        self.live[side].insert(leg);
        let dial = Dial {
            target: Target::Uri { uri: format!("sip:+15550101@{}", address(1 - side)), via: None },
            trunk: None,
            flow: FlowId(0),
            from_user: Pii::new("+15550100".into()),
            from_display: Pii::default(),
            asserted: None,
            offer: Bytes::from(SDP),
            user_to_users: UserToUsers::default(),
            headers: Vec::new(),
            copied: HeaderNames::default(),
            reliable: Reliable::Supported,
            ring_timeout: Duration::from_secs(1 + self.rng.below(20)),
        };
        self.sides[side].handle_command(SipCommand::Dial { leg, dial: Box::new(dial) }, now);
        self.whims(side, leg, &[HANG_UP]);
    }

    /// Plans some of the things that a person may do, all within the busy time.
    fn whims(&mut self, side: usize, leg: LegId, whats: &[u64]) {
        let left = (Mono::ZERO + BUSY).since(self.now);
        for what in whats {
            let at = self.soon(left);
            self.plan(at, Due::Whim { side, leg, what: *what });
        }
    }

    fn command(&mut self, side: usize, leg: LegId, what: u64) -> SipCommand {
        let body = Bytes::from(SDP);
        match what {
            PROGRESS => SipCommand::Progress { leg, status: 180, body: Bytes::new() },
            ANSWER => SipCommand::Answer { leg, body },
            REFUSE => {
                self.end(side, leg);
                SipCommand::Refuse { leg, status: 486, reason: None, contact: None, retry_after: None }
            }
            REINVITE => SipCommand::Reinvite { leg, offer: body },
            ANSWER_REINVITE => SipCommand::AnswerReinvite { leg, status: 200, body },
            _ => {
                self.end(side, leg);
                SipCommand::Hangup { leg, reason: None }
            }
        }
    }

    fn end(&mut self, side: usize, leg: LegId) {
        self.live[side].remove(&leg);
        self.gone[side].insert(leg);
    }

    fn drain(&mut self, side: usize) {
        while let Some(output) = self.sides[side].poll_output() {
            match output {
                EndpointOutput::Transmit(transmit) => self.carry(side, transmit),
                EndpointOutput::Resolve(_, question) => panic!("nobody has a name: {question:?}"),
                EndpointOutput::Event(event) => self.hear(side, event),
            }
        }
    }

    fn carry(&mut self, side: usize, Transmit { to, bytes, .. }: Transmit) {
        let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        self.trace.push(format!("{} {side} {}", self.now.0 / 1_000_000, String::from_utf8_lossy(line)));
        assert_eq!(to, address(1 - side), "packets stay between the two");
        let copies = 1 + u64::from(self.rng.chance(0.1));
        for _ in 0..copies {
            if !self.rng.chance(self.loss) {
                let at = self.soon(Duration::from_millis(700));
                self.plan(at, Due::Packet { side: 1 - side, bytes: bytes.clone() });
            }
        }
    }

    fn hear(&mut self, side: usize, event: SipEvent) {
        self.trace.push(format!(
            "{} {side} {}",
            self.now.0 / 1_000_000,
            format!("{event:?}").chars().take(60).collect::<String>()
        ));
        let (leg, last) = match &event {
            SipEvent::Incoming { leg, .. } => {
                assert!(self.live[side].insert(*leg), "a leg begins once");
                let decides = if self.rng.chance(0.7) { ANSWER } else { REFUSE };
                let at = self.soon(Duration::from_secs(5));
                self.plan(at, Due::Whim { side, leg: *leg, what: decides });
                self.whims(side, *leg, &[PROGRESS, HANG_UP]);
                (*leg, false)
            }
            SipEvent::Answered { leg, .. } => (*leg, false),
            SipEvent::Reinvite { leg, .. } => {
                let at = self.soon(Duration::from_secs(2));
                self.plan(at, Due::Whim { side, leg: *leg, what: ANSWER_REINVITE });
                (*leg, false)
            }
            SipEvent::Acknowledged { leg, .. }
            | SipEvent::Progress { leg, .. }
            | SipEvent::Carried { leg, .. }
            | SipEvent::Refer { leg, .. }
            | SipEvent::Pracked { leg, .. }
            | SipEvent::Key { leg, .. }
            | SipEvent::ReinviteWithdrawn { leg }
            | SipEvent::Away { leg }
            | SipEvent::Back { leg }
            | SipEvent::ReinviteAnswered { leg, .. } => (*leg, false),
            SipEvent::Cancelled { leg, .. } | SipEvent::Failed { leg, .. } | SipEvent::Ended { leg, .. } => {
                (*leg, true)
            }
            SipEvent::GatewayChanged { .. }
            | SipEvent::TrunkRegistered { .. }
            | SipEvent::TrunkReachable { .. }
            | SipEvent::PhoneReachable { .. }
            | SipEvent::DeskOpened { .. }
            | SipEvent::Refused { .. } => return,
        };
        assert!(self.live[side].contains(&leg), "{event:?} for a leg that is gone");
        if matches!(event, SipEvent::Answered { .. } | SipEvent::Acknowledged { .. }) && self.rng.chance(0.6) {
            self.whims(side, leg, &[REINVITE]);
        }
        if last {
            self.end(side, leg);
        }
    }
}

const PROGRESS: u64 = 0;
const ANSWER: u64 = 1;
const REFUSE: u64 = 2;
const REINVITE: u64 = 3;
const ANSWER_REINVITE: u64 = 4;
const HANG_UP: u64 = 5;

#[test]
fn nothing_is_left_when_all_is_quiet() {
    let mut talked = 0;
    for seed in 0..SEEDS {
        let mut net = Net::new(seed);
        net.run();
        for side in 0..2 {
            let counts = net.sides[side].counts();
            assert!(net.sides[side].is_empty(), "seed {seed} side {side}: {counts:?}");
            assert_eq!(counts.deadlines, 0, "seed {seed} side {side}");
            assert!(net.live[side].is_empty(), "seed {seed} side {side}: {:?}", net.live[side]);
        }
        talked += net.trace.iter().filter(|line| line.contains("Answered {")).count();
    }
    assert!(talked > 100, "{talked} calls were answered");
}

#[test]
fn one_seed_is_one_world() {
    for seed in [3, 14] {
        let traces = [(); 2].map(|()| {
            let mut net = Net::new(seed);
            net.run();
            net.trace
        });
        assert_eq!(traces[0], traces[1]);
    }
}
