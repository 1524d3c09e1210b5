//! With skills: what the router does on small cases, beside the best that there is, found by trying everything.
//!
//! The router serves a call as soon as somebody can, the first in its order first; it does not look ahead. Two measures: of calls
//! that wait when agents become free one after the other, how many get one of them; and of calls that all take one unit of
//! time, how many units they wait together. The best knows all agents and calls beforehand.

use std::time::Duration;

use crate::base::rng::Rng;
use crate::base::{AgentId, CallId, Mono, Now, QueueId, SkillId, Wall};
use crate::routing::{AgentSetup, Input, Output, Presence, QueueSetup, Router, Setup, SkillNeed};

use super::floor::{Caller, Floor};

const SKILLS: u64 = 3;
const UNIT: Duration = Duration::from_secs(100);

/// Which of the skills each agent has, in bits, and which one each call needs.
#[derive(Clone, Debug)]
struct Small {
    agents: Vec<u8>,
    calls: Vec<u8>,
}

impl Small {
    fn draw(rng: &mut Rng, agents: u64, calls: u64) -> Small {
        let everybody = (1 << SKILLS) - 1;
        let agents = (0..1 + rng.below(agents)).map(|_| 1 + rng.below(everybody) as u8).collect();
        let calls = (0..1 + rng.below(calls)).map(|_| rng.below(SKILLS) as u8).collect();
        Small { agents, calls }
    }

    fn can(&self, agent: usize, call: usize) -> bool {
        self.agents[agent] >> self.calls[call] & 1 == 1
    }

    fn setup(&self) -> Setup {
        let skill = |n: u8| SkillId::new(&format!("skill {n}"));
        let skills = |of: u8| (0..SKILLS as u8).filter(|n| of >> n & 1 == 1).map(|n| (skill(n), 5)).collect();
        let agents = self.agents.iter().zip(0..).map(|(of, nth)| AgentSetup::new(agent(nth), skills(*of)));
        let queues = (0..SKILLS as u8).map(|n| QueueSetup {
            requires: vec![SkillNeed { skill: skill(n), min_level: 1 }],
            wrap_up: Duration::ZERO,
            ..QueueSetup::new(queue(n).as_str())
        });
        Setup { agents: agents.collect(), queues: queues.collect(), ..Setup::default() }
    }

    /// Calls that nobody at all can take would not be taken in.
    fn is_served(&self) -> bool {
        (0..self.calls.len()).all(|call| (0..self.agents.len()).any(|agent| self.can(agent, call)))
    }

    /// How many of the waiting calls get an agent when all agents become free in the order of their names.
    fn served_by_the_router(&self) -> usize {
        let mut router = Router::new(self.setup());
        let now = Now::new(Mono(1), Wall(1));
        let rest = Presence::Break { reason: "rest".to_owned() };
        (0..self.agents.len()).for_each(|n| {
            router.handle(Input::Presence { agent: agent(n), presence: rest.clone() }, now);
        });
        for (n, needs) in self.calls.iter().enumerate() {
            let (call, queue, prefer, extra) = (CallId(n as u64), queue(*needs), Vec::new(), Vec::new());
            router.handle(Input::Enqueue { call, queue, priority: 0, prefer, extra, since: None }, now);
        }
        (0..self.agents.len()).for_each(|n| {
            router.handle(Input::Presence { agent: agent(n), presence: Presence::Available }, now);
        });
        std::iter::from_fn(|| router.poll_output()).filter(|output| matches!(output, Output::Offer { .. })).count()
    }

    /// The same if somebody knew all beforehand.
    fn served_at_best(&self, agent: usize, taken: u32) -> usize {
        if agent == self.agents.len() {
            return 0;
        }
        let open = (0..self.calls.len()).filter(|call| taken >> call & 1 == 0 && self.can(agent, *call));
        let with = open.map(|call| 1 + self.served_at_best(agent + 1, taken | 1 << call)).max();
        with.unwrap_or(0).max(self.served_at_best(agent + 1, taken))
    }

    /// Units that the calls wait together, all there at once and of one unit each.
    fn wait_with_the_router(&self) -> f64 {
        let mut floor = Floor::new(self.setup());
        (0..self.agents.len()).for_each(|n| floor.says_at(Mono::ZERO, &agent(n), Presence::Available));
        floor.run_to(Mono(1));
        for needs in &self.calls {
            floor.call(&queue(*needs), Caller { talks: UNIT, patience: None });
        }
        floor.run_to(Mono(1) + UNIT * 20);
        assert_eq!(floor.past().count(), self.calls.len(), "all are served in the end");
        floor.past().map(|past| (past.waited.as_secs_f64() / UNIT.as_secs_f64()).round()).sum()
    }

    /// An agent's nth call waits for those before: n (n - 1) / 2 for n calls.
    fn wait_at_best(&self, call: usize, given: &mut Vec<u32>) -> f64 {
        if call == self.calls.len() {
            return given.iter().map(|n| f64::from(n * n.saturating_sub(1)) / 2.0).sum();
        }
        let mut best = f64::INFINITY;
        for agent in (0..self.agents.len()).filter(|agent| self.can(*agent, call)) {
            given[agent] += 1;
            best = best.min(self.wait_at_best(call + 1, given));
            given[agent] -= 1;
        }
        best
    }
}

fn agent(nth: usize) -> AgentId {
    AgentId::new(&format!("agent {nth}"))
}

fn queue(needs: u8) -> QueueId {
    QueueId::new(&format!("queue {needs}"))
}

#[test]
fn as_many_calls_are_served_as_could_be_but_for_a_few() {
    let mut rng = Rng::from_number(1);
    let (mut cases, mut best_cases, mut served, mut best) = (0, 0, 0, 0);
    while cases < 2_000 {
        let small = Small::draw(&mut rng, 4, 5);
        if !small.is_served() {
            continue;
        }
        let (router, optimum) = (small.served_by_the_router(), small.served_at_best(0, 0));
        assert!(router <= optimum && 2 * router >= optimum, "{small:?}: {router} of {optimum}");
        (cases, served, best) = (cases + 1, served + router, best + optimum);
        best_cases += usize::from(router == optimum);
    }
    assert!(served * 100 >= best * 96 && best_cases * 100 >= cases * 93, "{served} of {best}, {best_cases} of {cases}");
}

#[test]
fn the_calls_wait_little_longer_together_than_they_would_at_best() {
    let mut rng = Rng::from_number(2);
    let (mut cases, mut waited, mut best) = (0, 0.0, 0.0);
    while cases < 500 {
        let small = Small::draw(&mut rng, 3, 6);
        if !small.is_served() {
            continue;
        }
        let router = small.wait_with_the_router();
        let optimum = small.wait_at_best(0, &mut vec![0; small.agents.len()]);
        assert!(router >= optimum, "{small:?}: {router}, and {optimum} at best");
        (cases, waited, best) = (cases + 1, waited + router, best + optimum);
    }
    assert!(waited <= best * 1.05, "{waited} for {best}");
}
