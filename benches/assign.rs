//! What it costs to give an agent the next call: 10,000 agents with some of 100 skills, 100 queues, 10,000 waiting calls.
//! Criterion gives the mean; the percentiles of the single inputs are printed before it.

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use hdrhistogram::Histogram;
use throughline::base::rng::Rng;
use throughline::base::{AgentId, CallId, Fence, Mono, Now, QueueId, SkillId, Wall};
use throughline::routing::{AgentSetup, Input, Output, Presence, QueueSetup, RingSetup, Router, Setup, SkillNeed};

const AGENTS: u64 = 10_000;
const SKILLS: u64 = 100;
const WAITING: u64 = 10_000;

fn skill(n: u64) -> SkillId {
    SkillId::new(&format!("skill {n}"))
}

fn queue(n: u64) -> QueueId {
    QueueId::new(&format!("queue {n}"))
}

fn setup(rng: &mut Rng) -> Setup {
    let agent = |n: u64, rng: &mut Rng| {
        let skills = (0..5).map(|_| (skill(rng.below(SKILLS)), 1 + rng.below(10) as u8)).collect();
        AgentSetup::new(AgentId::new(&format!("agent {n:05}")), skills)
    };
    let needs = |n| vec![SkillNeed { skill: skill(n), min_level: 1 }];
    // Everybody who serves the next queue too, after a minute.
    let ring =
        |n: u64| RingSetup { after: Duration::from_secs(60), requires: None, queues: vec![queue((n + 1) % SKILLS)] };
    Setup {
        agents: (0..AGENTS).map(|n| agent(n, rng)).collect(),
        queues: (0..SKILLS)
            .map(|n| QueueSetup {
                id: queue(n),
                requires: needs(n),
                prefers: needs((n + 1) % SKILLS),
                rings: vec![ring(n)],
                max_waiting: 20_000,
                wrap_up: Duration::ZERO,
                ..QueueSetup::new("")
            })
            .collect(),
        position_every: Duration::from_secs(3600),
        ..Setup::default()
    }
}

/// A router under full load, and the talk that each agent has.
struct Load {
    router: Router,
    rng: Rng,
    now: Now,
    calls: u64,
    talks: Vec<(CallId, AgentId, Fence)>,
}

impl Load {
    fn new() -> Load {
        let mut rng = Rng::from_number(1);
        let router = Router::new(setup(&mut rng));
        let now = Now::new(Mono(1), Wall(1));
        let mut load = Load { router, rng, now, calls: 0, talks: Vec::new() };
        for n in 0..AGENTS {
            let agent = AgentId::new(&format!("agent {n:05}"));
            load.say(Input::Presence { agent, presence: Presence::Available });
        }
        while load.router.counts().waiting < WAITING as usize {
            load.enqueue();
        }
        load
    }

    fn enqueue(&mut self) {
        self.now.mono = self.now.mono + Duration::from_millis(3);
        self.calls += 1;
        let (queue, priority) = (queue(self.rng.below(SKILLS)), self.rng.below(4) as i32 * 10);
        let call = CallId(self.calls);
        self.say(Input::Enqueue { call, queue, priority, prefer: Vec::new(), extra: Vec::new(), since: None });
    }

    /// Whoever is offered a call takes it.
    fn say(&mut self, input: Input) {
        self.router.handle(input, self.now);
        while let Some(output) = self.router.poll_output() {
            if let Output::Offer { call, agent, fence, .. } = output {
                self.talks.push((call, agent.clone(), fence));
                self.router.handle(Input::OfferAccepted { call, agent, fence }, self.now);
            }
        }
    }

    /// An agent ends a call and is given the next; another call comes in.
    fn turn(&mut self) {
        self.enqueue();
        let ended = self.rng.below(self.talks.len() as u64) as usize;
        let (call, agent, fence) = self.talks.swap_remove(ended);
        self.say(Input::CallEnded { call, agent, fence });
    }
}

fn assign(criterion: &mut Criterion) {
    let mut load = Load::new();
    let mut times = Histogram::<u64>::new_with_max(10_000_000_000, 3).expect("10 s, 3 digits");
    for _ in 0..100_000 {
        let began = Instant::now();
        load.turn();
        times.saturating_record(began.elapsed().as_nanos() as u64);
    }
    let at = |quantile| times.value_at_quantile(quantile) as f64 / 1000.0;
    println!("one call in, one agent assigned: p50 {} us, p99 {} us, p99.9 {} us", at(0.5), at(0.99), at(0.999));
    criterion.bench_function("one call in, one agent assigned", |bench| bench.iter(|| load.turn()));
}

criterion_group!(benches, assign);
criterion_main!(benches);
