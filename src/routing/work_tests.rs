//! What a choice costs, counted in agents, lanes and calls that were looked at: it must not grow with the size of the place.

use std::time::Duration;

use super::*;
use crate::base::rng::Rng;
use crate::base::{AgentId, CallId, Fence, Mono, Now, QueueId, SkillId, Wall};

const SKILLS: u64 = 100;
const PER_AGENT: u64 = 5;

fn skill(n: u64) -> SkillId {
    SkillId::new(&format!("skill {n}"))
}

fn queue(n: u64) -> QueueId {
    QueueId::new(&format!("queue {n}"))
}

/// A queue for each skill, each with two rings; every agent has a few of the skills.
fn setup(agents: u64, rng: &mut Rng) -> Setup {
    let need = |n, min_level| vec![SkillNeed { skill: skill(n), min_level }];
    let ring = |n, level, after| RingSetup {
        after: Duration::from_secs(after),
        requires: Some(need(n, level)),
        queues: Vec::new(),
    };
    let agent = |n: u64, rng: &mut Rng| {
        let skills = (0..PER_AGENT).map(|_| (skill(rng.below(SKILLS)), 1 + rng.below(10) as u8)).collect();
        AgentSetup::new(AgentId::new(&format!("agent {n:05}")), skills)
    };
    let queue = |n: u64| QueueSetup {
        requires: need(n, 5),
        rings: vec![ring(n, 3, 30), ring(n, 1, 60)],
        order: if n.is_multiple_of(2) { Order::LongestIdle } else { Order::LeastOccupied },
        max_waiting: 20_000,
        wrap_up: Duration::ZERO,
        ..QueueSetup::new(queue(n).as_str())
    };
    Setup {
        agents: (0..agents).map(|n| agent(n, rng)).collect(),
        queues: (0..SKILLS).map(queue).collect(),
        position_every: Duration::from_secs(3600),
        ..Setup::default()
    }
}

struct Place {
    router: Router,
    rng: Rng,
    now: Mono,
    calls: u64,
    talks: Vec<(CallId, AgentId, Fence)>,
    /// The most that one input or deadline has looked at.
    most: u64,
}

impl Place {
    /// All talk, and as many wait.
    fn new(agents: u64) -> Place {
        let mut rng = Rng::from_number(1);
        let router = Router::new(setup(agents, &mut rng));
        let mut place = Place { router, rng, now: Mono(1), calls: 0, talks: Vec::new(), most: 0 };
        for n in 0..agents {
            place.say(Input::Presence { agent: AgentId::new(&format!("agent {n:05}")), presence: Presence::Available });
        }
        while place.router.counts().waiting < agents as usize {
            place.enqueue();
        }
        place
    }

    fn enqueue(&mut self) {
        self.calls += 1;
        let queue = queue(self.rng.below(SKILLS));
        let (call, priority) = (CallId(self.calls), self.rng.below(4) as i32 * 10);
        let (prefer, extra) = (Vec::new(), Vec::new());
        self.say(Input::Enqueue { call, queue, priority, prefer, extra, since: None });
    }

    fn end_one(&mut self) {
        let nth = self.rng.below(self.talks.len() as u64) as usize;
        let (call, agent, fence) = self.talks.swap_remove(nth);
        self.say(Input::CallEnded { call, agent, fence });
    }

    fn say(&mut self, input: Input) {
        self.count(|router, now| router.handle(input, now));
    }

    fn tick(&mut self) {
        self.now = self.now + Duration::from_millis(100);
        self.count(|router, now| router.handle_timeout(now));
    }

    fn count(&mut self, act: impl FnOnce(&mut Router, Now)) {
        let now = Now::new(self.now, Wall(self.now.0 / 1_000_000));
        let before = self.router.counts().looked;
        act(&mut self.router, now);
        self.most = self.most.max(self.router.counts().looked - before);
        while let Some(output) = self.router.poll_output() {
            if let Output::Offer { call, agent, fence, .. } = output {
                self.talks.push((call, agent.clone(), fence));
                self.router.handle(Input::OfferAccepted { call, agent, fence }, now);
            }
        }
    }
}

/// The most that one input looks at while calls come and go.
fn busy(agents: u64) -> u64 {
    let mut place = Place::new(agents);
    place.most = 0;
    for _ in 0..300 {
        place.now = place.now + Duration::from_millis(3);
        place.enqueue();
        place.end_one();
    }
    place.most
}

#[test]
fn a_choice_looks_at_as_much_with_twenty_times_the_agents_and_calls() {
    let (small, large) = (busy(100), busy(2_000));
    // The lanes that an agent fits, and the first call of each stage of these.
    assert!(large <= 8 * PER_AGENT, "{large}");
    assert!(large <= 2 * small.max(PER_AGENT), "{small} with 100, {large} with 2,000");
}

#[test]
fn a_call_looks_at_one_free_agent_of_thousands() {
    let mut rng = Rng::from_number(1);
    let router = Router::new(setup(1_000, &mut rng));
    let mut place = Place { router, rng, now: Mono(1), calls: 0, talks: Vec::new(), most: 0 };
    for n in 0..1_000 {
        place.say(Input::Presence { agent: AgentId::new(&format!("agent {n:05}")), presence: Presence::Available });
    }
    place.most = 0;
    (0..100).for_each(|_| place.enqueue());
    assert!(place.talks.len() > 90 && place.most <= 1 + PER_AGENT, "{} {}", place.talks.len(), place.most);
}

/// Each call has its own deadline: time alone costs nothing for those whose ring has not come.
#[test]
fn a_ring_that_comes_is_no_walk_over_those_who_wait() {
    let mut place = Place::new(500);
    let waiting = place.router.counts().waiting;
    let before = place.router.counts().looked;
    place.now = place.now + Duration::from_secs(29);
    place.tick();
    assert_eq!(place.router.counts().looked, before, "nobody's ring has come");
    place.now = place.now + Duration::from_secs(40);
    place.tick();
    let looked = place.router.counts().looked - before;
    assert!(looked <= 4 * waiting as u64, "{looked} for {waiting} calls that widened");
}
