//! Random days at the router, each choice compared with a search through everything that stands to choose from.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::base::{AgentId, CallId, Fence, Mono, Now, QueueId, SkillId, Wall};

const S: u64 = 1_000_000_000;
const AGENTS: [(&str, &[(&str, u8)]); 5] = [
    ("a", &[("x", 9)]),
    ("b", &[("x", 3), ("y", 5)]),
    ("c", &[]),
    ("d", &[("y", 8), ("z", 2)]),
    ("e", &[("x", 9), ("z", 9)]),
];
const QUEUES: [(&str, &[(&str, u8)]); 3] = [("all", &[]), ("skilled", &[("x", 5)]), ("other", &[("y", 1)])];
/// From so many seconds on those who meet these needs, and those of these queues.
type Ring = (u64, &'static [(&'static str, u8)], &'static [&'static str]);

/// Of "skilled".
const RINGS: [Ring; 2] = [(15, &[("x", 1)], &[]), (40, &[("x", 1)], &["other"])];
/// What "all" prefers, and whom "c" and "e" serve at all.
const PREFERS: &[(&str, u8)] = &[("x", 5), ("z", 1)];
const KEPT_TO: [(&str, &[(&str, i32)]); 2] = [("c", &[("all", -5)]), ("e", &[("all", 0), ("skilled", 25)])];
const EXTRA: [&[(&str, u8)]; 3] = [&[], &[("z", 1)], &[("x", 1)]];
const AGEING: (u32, u32) = (2, 40);

fn needs(of: &[(&str, u8)]) -> Vec<SkillNeed> {
    of.iter().map(|(skill, level)| SkillNeed { skill: SkillId::new(skill), min_level: *level }).collect()
}

fn setup() -> Setup {
    let skills = |of: &[(&str, u8)]| of.iter().map(|(skill, level)| (SkillId::new(skill), *level)).collect();
    let (ageing_per_s, ageing_cap) = AGEING;
    let queue = |(id, of): &(&str, &[(&str, u8)])| QueueSetup {
        requires: needs(of),
        ageing_per_s,
        ageing_cap,
        max_waiting: 6,
        rings: if *id == "skilled" { rings() } else { Vec::new() },
        prefers: if *id == "all" { needs(PREFERS) } else { Vec::new() },
        ..QueueSetup::new(id)
    };
    let agent = |(id, of): &(&str, &[(&str, u8)])| AgentSetup {
        queues: kept_to(id).map(|of| of.iter().map(|(queue, points)| (QueueId::new(queue), *points)).collect()),
        ..AgentSetup::new(AgentId::new(id), skills(of))
    };
    Setup { agents: AGENTS.iter().map(agent).collect(), queues: QUEUES.iter().map(queue).collect(), ..Setup::default() }
}

fn rings() -> Vec<RingSetup> {
    let ring = |(after, requires, queues): &Ring| RingSetup {
        after: Duration::from_secs(*after),
        requires: Some(needs(requires)),
        queues: queues.iter().map(|queue| QueueId::new(queue)).collect(),
    };
    RINGS.iter().map(ring).collect()
}

fn kept_to(agent: &str) -> Option<&'static [(&'static str, i32)]> {
    KEPT_TO.iter().find(|(id, _)| *id == agent).map(|(_, queues)| *queues)
}

fn belongs(agent: usize, queue: &str) -> bool {
    let (_, of) = QUEUES.iter().find(|(id, _)| *id == queue).expect("a queue");
    keeps_to(agent, queue) && meets(agent, of)
}

fn keeps_to(agent: usize, queue: &str) -> bool {
    kept_to(AGENTS[agent].0).is_none_or(|queues| queues.iter().any(|(id, _)| *id == queue))
}

fn points(agent: usize, queue: &str) -> i128 {
    let kept = kept_to(AGENTS[agent].0).unwrap_or_default();
    kept.iter().find(|(id, _)| *id == queue).map_or(0, |(_, points)| i128::from(*points))
}

#[derive(Clone, Debug, PartialEq)]
enum At {
    Waiting,
    Held { agent: usize, until: Mono },
    Offered(usize),
    Talking(usize),
}

#[derive(Clone, Debug)]
struct Call {
    queue: usize,
    extra: usize,
    points: i64,
    enqueued: Mono,
    serial: u64,
    prefer: Option<usize>,
    failed: Vec<(usize, OfferFailure, Mono)>,
    at: At,
    /// When it ceased to be held; of two deadlines at one instant either may come first.
    released: Option<Mono>,
}

#[derive(Clone, Debug)]
struct Agent {
    available: bool,
    connected: bool,
    ready_at: Mono,
    paused: bool,
    state: AgentState,
    idle_since: Option<Mono>,
    /// Since when the agent was idle before the offer at hand; given back when the caller leaves.
    turn: Mono,
    given_back: Option<Mono>,
    grant: Option<(CallId, Fence)>,
    last_fence: Fence,
}

/// What an onlooker who sees only inputs and outputs knows.
struct Onlooker {
    router: Router,
    now: Mono,
    agents: Vec<Agent>,
    calls: BTreeMap<CallId, Call>,
    entered: u64,
    left: u64,
}

fn meets(agent: usize, of: &[(&str, u8)]) -> bool {
    let has = |(skill, level): &(&str, u8)| AGENTS[agent].1.iter().any(|(own, l)| own == skill && l >= level);
    of.iter().all(has)
}

impl Onlooker {
    fn new() -> Onlooker {
        let agent = Agent {
            available: false,
            connected: true,
            ready_at: Mono::ZERO,
            paused: false,
            state: AgentState::Offline,
            idle_since: None,
            turn: Mono::ZERO,
            given_back: None,
            grant: None,
            last_fence: Fence(0),
        };
        let agents = vec![agent; AGENTS.len()];
        Onlooker { router: Router::new(setup()), now: Mono::ZERO, agents, calls: BTreeMap::new(), entered: 0, left: 0 }
    }

    fn fits(&self, agent: usize, call: &Call) -> bool {
        let barred = |(who, why, at): &(usize, OfferFailure, Mono)| {
            let forgiven = *why != OfferFailure::Declined && self.agents[agent].ready_at > *at;
            *who == agent && self.now < *at + Duration::from_secs(30) && !forgiven
        };
        self.able(agent, call) && !call.failed.iter().any(barred)
    }

    fn able(&self, agent: usize, call: &Call) -> bool {
        self.ring(agent, call)
            .is_some_and(|ring| ring == 0 || self.now >= call.enqueued + Duration::from_secs(RINGS[ring - 1].0))
    }

    /// From which ring on the agent takes the call.
    fn ring(&self, agent: usize, call: &Call) -> Option<usize> {
        let (queue, _) = QUEUES[call.queue];
        if !meets(agent, EXTRA[call.extra]) {
            return None;
        }
        if belongs(agent, queue) {
            return Some(0);
        }
        let is_in = |(_, of, others): &Ring| {
            keeps_to(agent, queue) && meets(agent, of) || others.iter().any(|other| belongs(agent, other))
        };
        let nth = RINGS.iter().position(is_in).filter(|_| queue == "skilled")?;
        Some(nth + 1)
    }

    fn lacking(agent: usize, call: &Call) -> usize {
        let prefers = if QUEUES[call.queue].0 == "all" { PREFERS } else { &[] };
        prefers.iter().filter(|need| !meets(agent, std::slice::from_ref(need))).count()
    }

    /// The definition, in nanopoints: more is served first.
    fn effective(&self, call: &Call) -> i128 {
        let waited = i128::from(self.now.0 - call.enqueued.0);
        let grown = waited * i128::from(AGEING.0);
        i128::from(call.points) * i128::from(S) + grown.min(i128::from(AGEING.1) * i128::from(S))
    }

    fn served_before(&self, agent: usize, one: &Call, other: &Call) -> bool {
        let with_points = |call: &Call| self.effective(call) + points(agent, QUEUES[call.queue].0) * i128::from(S);
        (-with_points(one), one.enqueued, one.serial) < (-with_points(other), other.enqueued, other.serial)
    }

    fn run_to(&mut self, to: Mono) {
        while let Some((at, _)) = self.router.poll_timeout().filter(|(at, _)| *at <= to) {
            self.now = self.now.max(at);
            self.release_held();
            self.router.handle_timeout(self.clock());
            self.drain();
        }
        self.now = to;
    }

    fn clock(&self) -> Now {
        Now::new(self.now, Wall(self.now.0 / 1_000_000))
    }

    fn say(&mut self, input: Input) {
        self.router.handle(input, self.clock());
        self.drain();
        self.check_counts();
        self.check_nobody_idles_while_somebody_waits();
    }

    fn release_held(&mut self) {
        let (now, agents) = (self.now, &self.agents);
        for call in self.calls.values_mut() {
            if let At::Held { agent, until } = call.at
                && (until <= now || !agents[agent].available || agents[agent].paused)
            {
                call.at = At::Waiting;
                call.released = Some(now);
            }
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.router.poll_output() {
            self.see(output);
        }
        self.see_desks_that_are_back();
    }

    /// An available agent whose desk comes back is idle again, without a new state.
    fn see_desks_that_are_back(&mut self) {
        for agent in &mut self.agents {
            if agent.state == AgentState::Available && agent.connected && agent.idle_since.is_none() {
                agent.idle_since = Some(self.now);
            }
        }
    }

    fn see(&mut self, output: Output) {
        match output {
            Output::Offer { call, agent, fence, expires, passed_over, others } => {
                assert!(expires > self.now && passed_over.len() <= 8);
                let all: BTreeSet<_> =
                    passed_over.iter().map(|(agent, _)| agent).chain(others.iter().map(|(agent, _)| agent)).collect();
                assert_eq!(all.len(), passed_over.len() + others.iter().count(), "nobody is named twice");
                assert!(!all.contains(&agent));
                self.see_offer(call, index(&agent), fence);
            }
            Output::GrantExpired { call, agent, fence } => {
                let agent = index(&agent);
                assert_eq!(self.agents[agent].grant.take(), Some((call, fence)), "only a live grant expires");
                let known = self.calls.get_mut(&call).expect("a grant's call lives");
                if known.at == At::Offered(agent) {
                    known.failed.push((agent, OfferFailure::NoAnswer, self.now));
                    known.at = At::Waiting;
                } else {
                    self.end(call);
                }
            }
            Output::AgentPaused { agent, .. } => {
                self.agents[index(&agent)].paused = true;
                self.release_held();
            }
            Output::AgentStateChanged { agent, state } => self.see_state(index(&agent), state),
            Output::Position { call, position, .. } => {
                assert!(position >= 1 && self.calls.contains_key(&call));
            }
            Output::Waited { call, .. } => assert!(self.calls.contains_key(&call)),
            Output::NotFree { .. } => unreachable!("nobody passes a call on here"),
            Output::QueueFull { call } | Output::NobodyCanServe { call } => self.end(call),
        }
    }

    fn see_state(&mut self, ix: usize, state: AgentState) {
        let agent = &mut self.agents[ix];
        match &state {
            AgentState::Available => {
                agent.paused = false;
                let since = agent.given_back.take().unwrap_or(self.now);
                agent.idle_since = agent.connected.then_some(since);
            }
            AgentState::Offered { .. } => agent.paused = false,
            AgentState::Offline
            | AgentState::Paused { .. }
            | AgentState::Break { .. }
            | AgentState::OnCall { .. }
            | AgentState::OnOwnCall { .. }
            | AgentState::WrapUp { .. } => agent.idle_since = None,
        }
        agent.state = state;
    }

    fn see_offer(&mut self, id: CallId, ix: usize, fence: Fence) {
        let call = self.calls.get(&id).expect("only calls that entered are offered").clone();
        let agent = &self.agents[ix];
        assert!(self.fits(ix, &call), "{id} to agent {ix}, who cannot or was asked a moment ago");
        assert!(agent.available && agent.connected && !agent.paused, "agent {ix} is not there");
        assert!(agent.grant.is_none(), "agent {ix} is promised twice");
        assert!(fence > agent.last_fence, "fences rise");
        match agent.idle_since {
            Some(since) => self.check_longest_idle(&call, ix, since),
            None => self.check_first_served(&call, ix),
        }
        let agent = &mut self.agents[ix];
        agent.turn = agent.idle_since.take().or(agent.given_back.take()).unwrap_or(self.now);
        (agent.grant, agent.last_fence) = (Some((id, fence)), fence);
        if let Some(call) = self.calls.get_mut(&id) {
            call.at = At::Offered(ix);
        }
    }

    /// A call that looked for an agent.
    fn check_longest_idle(&self, call: &Call, chosen: usize, since: Mono) {
        let idle = |ix: &usize| self.agents[*ix].idle_since.is_some() && self.fits(*ix, call);
        if let Some(preferred) = call.prefer.filter(idle) {
            return assert_eq!(preferred, chosen, "the preferred agent is free");
        }
        for ix in (0..AGENTS.len()).filter(idle) {
            let other = self.agents[ix].idle_since.expect("filtered");
            let place = |ix: usize, since: Mono| (self.ring(ix, call), Self::lacking(ix, call), since, ix);
            assert!(place(chosen, since) <= place(ix, other), "it is rather the turn of agent {ix} than of {chosen}");
        }
    }

    /// An agent who looked for a call.
    fn check_first_served(&self, chosen: &Call, ix: usize) {
        for (id, call) in &self.calls {
            let open = call.at == At::Waiting || matches!(call.at, At::Held { agent, .. } if agent == ix);
            let just_widened = RINGS.iter().any(|ring| self.now == call.enqueued + Duration::from_secs(ring.0));
            if open && !just_widened && call.released != Some(self.now) && self.fits(ix, call) {
                assert!(!self.served_before(ix, call, chosen), "{id} is served before, {call:?} {chosen:?}");
            }
        }
    }

    fn check_nobody_idles_while_somebody_waits(&self) {
        for (ix, _) in self.agents.iter().enumerate().filter(|(_, agent)| agent.idle_since.is_some()) {
            for (id, call) in self.calls.iter().filter(|(_, call)| call.at == At::Waiting) {
                assert!(!self.fits(ix, call), "agent {ix} idles while {id} waits");
            }
        }
    }

    /// No call is lost, and none is held twice.
    fn check_counts(&self) {
        let count = |is: fn(&At) -> bool| self.calls.values().filter(|call| is(&call.at)).count();
        let counts = self.router.counts();
        assert_eq!(counts.waiting, count(|at| matches!(at, At::Waiting | At::Held { .. })));
        assert_eq!(counts.offered, count(|at| matches!(at, At::Offered(_))));
        assert_eq!(counts.talking, count(|at| matches!(at, At::Talking(_))));
        assert_eq!(self.entered, self.left + self.calls.len() as u64);
    }

    fn end(&mut self, id: CallId) {
        assert!(self.calls.remove(&id).is_some(), "{id} ends twice");
        self.left += 1;
    }

    fn presence(&mut self, ix: usize, kind: u8) {
        let presence = match kind % 4 {
            0 => Presence::Break { reason: "tea".to_owned() },
            1 => Presence::Offline,
            _ => Presence::Available,
        };
        let agent = &mut self.agents[ix];
        (agent.available, agent.paused, agent.connected) = (presence == Presence::Available, false, true);
        if agent.available {
            agent.ready_at = self.now;
        }
        self.release_held();
        self.say(Input::Presence { agent: AgentId::new(AGENTS[ix].0), presence });
    }

    fn desk(&mut self, ix: usize, connected: bool) {
        self.agents[ix].connected = connected;
        if !connected {
            self.agents[ix].idle_since = None;
        }
        self.say(Input::Desk { agent: AgentId::new(AGENTS[ix].0), connected });
    }

    fn enqueue(&mut self, kind: u8, with: u8) {
        self.entered += 1;
        let id = CallId(self.entered);
        let pick = |n: u8, of: usize| usize::from(n) % of;
        let prefer = with.is_multiple_of(3).then_some(pick(with / 3, AGENTS.len()));
        let (queue, extra, points) = (pick(kind, 3), pick(kind / 3, 3), i64::from(kind / 9 % 4) * 10);
        let mut call = Call {
            queue,
            extra,
            points,
            enqueued: self.now,
            serial: self.entered,
            prefer,
            failed: Vec::new(),
            at: At::Waiting,
            released: None,
        };
        let waiting = self.calls.values().filter(|c| c.queue == queue && matches!(c.at, At::Waiting | At::Held { .. }));
        let is_full = waiting.count() >= 6;
        if let Some(agent) = prefer.filter(|ix| self.able(*ix, &call) && !is_full) {
            let state = &self.agents[agent];
            let busy = matches!(
                state.state,
                AgentState::Offered { .. } | AgentState::OnCall { .. } | AgentState::WrapUp { .. }
            );
            if state.available && state.connected && !state.paused && busy {
                call.at = At::Held { agent, until: self.now + Duration::from_secs(20) };
            }
        }
        self.calls.insert(id, call);
        self.say(Input::Enqueue {
            call: id,
            queue: QueueId::new(QUEUES[queue].0),
            priority: points as i32,
            prefer: prefer.map(|ix| AgentId::new(AGENTS[ix].0)).into_iter().collect(),
            extra: needs(EXTRA[extra]),
            since: None,
        });
    }

    fn leave(&mut self, nth: u8) {
        let Some(id) = self.calls.keys().nth(usize::from(nth) % self.calls.len().max(1)).copied() else { return };
        match self.calls[&id].at {
            At::Offered(ix) => {
                self.agents[ix].grant = None;
                self.agents[ix].given_back = Some(self.agents[ix].turn);
            }
            At::Talking(ix) => self.agents[ix].grant = None,
            At::Waiting | At::Held { .. } => {}
        }
        self.end(id);
        self.say(Input::Leave { call: id });
        self.agents.iter_mut().for_each(|agent| agent.given_back = None);
    }

    fn answer(&mut self, ix: usize, kind: u8) {
        let Some((id, fence)) = self.agents[ix].grant else { return };
        let agent = AgentId::new(AGENTS[ix].0);
        if self.calls[&id].at == At::Talking(ix) {
            self.agents[ix].grant = None;
            self.end(id);
            return self.say(Input::CallEnded { call: id, agent, fence });
        }
        let why = match kind % 7 {
            0 => OfferFailure::NoAnswer,
            1 | 2 => OfferFailure::Declined,
            3 => OfferFailure::NoPop,
            _ => {
                self.calls.get_mut(&id).expect("offered").at = At::Talking(ix);
                return self.say(Input::OfferAccepted { call: id, agent, fence });
            }
        };
        self.agents[ix].grant = None;
        let call = self.calls.get_mut(&id).expect("offered");
        call.failed.push((ix, why, self.now));
        call.at = At::Waiting;
        self.say(Input::OfferFailed { call: id, agent, fence, why });
    }
}

fn index(agent: &AgentId) -> usize {
    AGENTS.iter().position(|(id, _)| *id == agent.as_str()).expect("a known agent")
}

impl Onlooker {
    fn step(&mut self, (kind, who, with, wait_s): (u8, u8, u8, u8)) {
        self.run_to(self.now + Duration::from_secs(u64::from(wait_s)));
        let ix = usize::from(who) % AGENTS.len();
        match kind {
            0..=24 => self.presence(ix, with),
            25..=30 => self.desk(ix, with % 2 == 0),
            31..=60 => self.enqueue(who, with),
            61..=68 => self.leave(with),
            69..=90 => self.answer(ix, with),
            91..=95 => self.say(Input::WrapUpDone { agent: AgentId::new(AGENTS[ix].0) }),
            _ => self.say(Input::OfferAccepted {
                call: CallId(u64::from(with)),
                agent: AgentId::new(AGENTS[ix].0),
                fence: Fence(0),
            }),
        }
    }

    /// Everybody goes home; nothing may be left behind.
    fn close(&mut self) {
        while !self.calls.is_empty() {
            self.leave(0);
        }
        for ix in 0..AGENTS.len() {
            self.presence(ix, 1);
        }
        self.run_to(self.now + Duration::from_secs(24 * 3600));
        let RouterCounts { stale, looked, .. } = self.router.counts();
        assert_eq!(self.router.counts(), RouterCounts { stale, looked, ..RouterCounts::default() });
        assert_eq!(self.router.poll_timeout(), None);
        assert!(self.agents.iter().all(|agent| agent.state == AgentState::Offline));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_choice_is_the_one_that_a_search_finds(
        steps in prop::collection::vec((0u8..100, any::<u8>(), any::<u8>(), 0u8..14), 1..120),
    ) {
        let mut onlooker = Onlooker::new();
        for ix in 0..AGENTS.len() {
            onlooker.presence(ix, 2);
        }
        for step in steps {
            onlooker.step(step);
        }
        onlooker.close();
    }
}
