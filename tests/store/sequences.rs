//! The property: whatever is asked, in whatever order, twice or after a leap of the clock, all stores answer alike.

use std::cell::Cell;
use std::time::Duration;

use proptest::prelude::*;
use throughline::base::Wall;
use throughline::base::limits::CLOCK_SKEW_MAX;
use throughline::intents::promise::Bounds;
use throughline::intents::{
    Article, CallbackEnd, LeasePlan, Miss, Patch, Pin, StoreRequest, Subject, SubjectKind, Urgency,
};

use super::build::*;
use super::worlds::{World, runtime};
use crate::support::redis::RedisServer;

const CUSTOMERS: u64 = 3;
const NUMBERS: u64 = 3;
const CALLS: u64 = 3;
const CODES: [&str; 4] = ["1111", "2222", "3333", "44444"];

/// One thing that happens; intents are named by their place among those registered so far.
#[derive(Clone, Debug)]
enum Act {
    Leap {
        seconds: u64,
    },
    /// By no more than the clocks may differ.
    Back {
        seconds: u64,
    },
    Reopen,
    Seed {
        count: u64,
    },
    Register {
        customer: u64,
        ttl_s: u64,
        key: Option<(u8, u8)>,
        plan: bool,
    },
    Again {
        which: usize,
    },
    Get {
        which: usize,
    },
    Amend {
        which: usize,
        ttl_s: Option<u64>,
        kind: u8,
    },
    Withdraw {
        which: usize,
    },
    Find {
        dialled: u64,
        caller: u64,
        which: usize,
        claim: Option<(u64, u64)>,
    },
    TryPin {
        code: usize,
        of_shared: bool,
        call: u64,
        nth: u8,
    },
    Claim {
        which: usize,
        call: u64,
        seconds: u64,
    },
    Finish {
        which: usize,
        call: u64,
        agent: Option<&'static str>,
        used: bool,
        missed: Option<Miss>,
    },
    Promise {
        which: usize,
        to: u64,
        by: Option<u64>,
        since: u64,
        seconds: u64,
    },
    Recall {
        which: usize,
        call: u64,
        dialled: u8,
        seconds: u64,
    },
    Unrecall {
        which: usize,
        call: u64,
        dialled: u8,
        tried: Option<u64>,
    },
    Unpromise {
        which: usize,
        call: Option<u64>,
        missed: bool,
    },
    Promises,
}

fn act() -> impl Strategy<Value = Act> {
    let which = 0..8usize;
    let key = proptest::option::weighted(0.3, (0..2u8, 0..2u8));
    let agent = prop_oneof![Just(None), Just(Some("ann")), Just(Some("bob"))];
    prop_oneof![
        2 => (0..1200u64).prop_map(|seconds| Act::Leap { seconds }),
        1 => (0..100_000u64).prop_map(|seconds| Act::Leap { seconds }),
        1 => (0..300u64).prop_map(|seconds| Act::Back { seconds }),
        1 => Just(Act::Reopen),
        1 => (0..=NUMBERS).prop_map(|count| Act::Seed { count }),
        6 => (0..CUSTOMERS, 30..1500u64, key, prop::bool::weighted(0.9))
            .prop_map(|(customer, ttl_s, key, plan)| Act::Register { customer, ttl_s, key, plan }),
        1 => which.clone().prop_map(|which| Act::Again { which }),
        1 => which.clone().prop_map(|which| Act::Get { which }),
        2 => (which.clone(), proptest::option::of(30..90_000u64), 0..5u8)
            .prop_map(|(which, ttl_s, kind)| Act::Amend { which, ttl_s, kind }),
        1 => which.clone().prop_map(|which| Act::Withdraw { which }),
        6 => (0..NUMBERS + 2, 0..CUSTOMERS + 1, which.clone(), proptest::option::of((0..CALLS, 0..2000u64)))
            .prop_map(|(dialled, caller, which, claim)| Act::Find { dialled, caller, which, claim }),
        3 => (0..CODES.len(), prop::bool::weighted(0.9), 0..CALLS, 1..3u8)
            .prop_map(|(code, of_shared, call, nth)| Act::TryPin { code, of_shared, call, nth }),
        3 => (which.clone(), 0..CALLS, 0..2000u64)
            .prop_map(|(which, call, seconds)| Act::Claim { which, call, seconds }),
        3 => (which.clone(), 0..CALLS, agent, any::<bool>(), prop::option::of(prop::sample::select(&Miss::ALL[..])))
            .prop_map(|(which, call, agent, used, missed)| Act::Finish { which, call, agent, used, missed }),
        3 => (which.clone(), 0..CUSTOMERS, proptest::option::of(0..CALLS), 0..100u64, 0..3000u64)
            .prop_map(|(which, to, by, since, seconds)| Act::Promise { which, to, by, since, seconds }),
        3 => (which.clone(), 0..CALLS, 0..3u8, 0..2000u64)
            .prop_map(|(which, call, dialled, seconds)| Act::Recall { which, call, dialled, seconds }),
        2 => (which.clone(), 0..CALLS, 0..3u8, proptest::option::of(0..3000u64))
            .prop_map(|(which, call, dialled, tried)| Act::Unrecall { which, call, dialled, tried }),
        1 => (which, proptest::option::of(0..CALLS), any::<bool>())
            .prop_map(|(which, call, missed)| Act::Unpromise { which, call, missed }),
        1 => Just(Act::Promises),
    ]
}

/// Turns acts into requests: the clock, and the ids that were given.
struct Teller {
    now: Wall,
    latest: Wall,
    registered: Vec<StoreRequest>,
}

impl Teller {
    fn request(&mut self, act: &Act) -> Option<StoreRequest> {
        let now = self.now;
        Some(match act.clone() {
            Act::Leap { seconds } => {
                self.now = now + Duration::from_secs(seconds);
                self.latest = self.latest.max(self.now);
                return None;
            }
            Act::Back { seconds } => {
                self.now = (now - Duration::from_secs(seconds)).max(self.latest - CLOCK_SKEW_MAX);
                return None;
            }
            Act::Reopen => return None,
            Act::Seed { count } => seed(count, now),
            Act::Register { customer, ttl_s, key, plan } => self.register(customer, ttl_s, key, plan),
            Act::Again { which } => self.again(which)?,
            Act::Get { which } => get(self.id(which), now),
            Act::Amend { which, ttl_s, kind } => amend(self.id(which), patch(ttl_s, kind), now),
            Act::Withdraw { which } => withdraw(self.id(which), now),
            Act::Find { dialled, caller: from, which, claim } => {
                let request = find(Some(number(dialled)), Some(caller(from)), Some(self.id(which)), now);
                match claim {
                    Some((call, seconds)) => find_for(request, call, now + Duration::from_secs(seconds)),
                    None => request,
                }
            }
            Act::TryPin { code, of_shared, call, nth } => {
                let number = if of_shared { shared() } else { number(0) };
                try_pin(number, CODES[code], call, nth, now)
            }
            Act::Claim { which, call, seconds } => claim(self.id(which), call, now + Duration::from_secs(seconds), now),
            Act::Promise { which, to, by, since, seconds } => {
                let (since, until) = (START + Duration::from_secs(since), now + Duration::from_secs(seconds));
                promise_by(by, self.id(which), to, since, until, now)
            }
            Act::Recall { which, call, dialled, seconds } => {
                recall_after(dialled, self.id(which), call, now + Duration::from_secs(seconds), now)
            }
            Act::Unrecall { which, call, dialled, tried } => {
                let tried = tried.map(|seconds| START + Duration::from_secs(seconds));
                unrecall(self.id(which), call, (dialled, tried), now)
            }
            Act::Unpromise { which, call, missed } => {
                let end = if missed { CallbackEnd::Missed } else { CallbackEnd::TakenBack };
                unpromise(self.id(which), call, end, now)
            }
            Act::Promises => StoreRequest::Promises { now },
            Act::Finish { which, call, agent, used, missed } => {
                let StoreRequest::Finish { intent, call, agent, now, .. } = finish(self.id(which), call, agent, now)
                else {
                    return None;
                };
                StoreRequest::Finish { intent, call, agent, used, missed, now }
            }
        })
    }

    fn register(&mut self, customer: u64, ttl_s: u64, key: Option<(u8, u8)>, with_plan: bool) -> StoreRequest {
        let nth = 1 + self.registered.len() as u64;
        let (key, body) = key.unwrap_or((200, nth as u8));
        let StoreRequest::Register { idempotency, .. } = register_with_key(nth, key, body, self.now) else {
            unreachable!("it is a registration")
        };
        let request = StoreRequest::Register {
            intent: Box::new(intent(nth, customer, ttl_s, self.now)),
            lease: plan().filter(|_| with_plan).map(|plan| LeasePlan { pins: pins(ttl_s), ..plan }),
            idempotency: idempotency.filter(|_| key != 200),
            now: self.now,
        };
        self.registered.push(request.clone());
        request
    }

    /// A registration that is sent once more, by the clock of now.
    fn again(&self, which: usize) -> Option<StoreRequest> {
        let StoreRequest::Register { intent, lease, idempotency, .. } =
            self.registered.iter().rev().nth(which)?.clone()
        else {
            return None;
        };
        Some(StoreRequest::Register { intent, lease, idempotency, now: self.now })
    }

    /// The latest is 0; beyond the first, one that never was.
    fn id(&self, which: usize) -> u64 {
        self.registered.len().saturating_sub(which) as u64
    }
}

/// Two of the codes, which are not free for long.
fn pins(by: u64) -> Vec<Pin> {
    (by..by + 2).map(|nth| code(CODES[nth as usize % 3])).collect()
}

fn patch(ttl_s: Option<u64>, kind: u8) -> Patch {
    let subject = Subject { kind: SubjectKind::Order, id: "o-1".into(), title: "A lamp".into() };
    let mut patch = ttl_s.map_or_else(Patch::default, ttl);
    match kind {
        0 => patch.subject = Some(Some(subject)),
        1 => patch.subject = Some(None),
        2 => patch.articles = Some(vec![Article { id: "a-1".into(), title: "Lamps".into() }]),
        3 => patch.urgency = Some(Urgency::High),
        _ => patch.lives = Bounds { shortest: Duration::from_secs(120), longest: Duration::from_secs(600) },
    }
    patch
}

#[test]
fn all_stores_answer_alike_whatever_is_asked() {
    let server = RedisServer::start();
    let runtime = runtime();
    let _inside = runtime.enter();
    let tries = Cell::new(0);
    let acts = proptest::collection::vec((act(), prop::bool::weighted(0.15)), 1..60);
    // A quarter of `PROPTEST_CASES`, which is 256 when it is not set: each try writes files.
    let usual = ProptestConfig::default();
    let config = ProptestConfig { cases: usual.cases / 4, failure_persistence: None, ..usual };
    proptest!(config, |(acts in acts)| {
        tries.set(tries.get() + 1);
        let redis = World::redis(&server, &format!("try-{}", tries.get()), 12);
        let mut worlds = [World::model(12), World::embedded(12), redis];
        let mut teller = Teller { now: START, latest: START, registered: Vec::new() };
        for (act, twice) in &acts {
            if matches!(act, Act::Reopen) {
                worlds.iter_mut().for_each(World::reopen);
            }
            let Some(request) = teller.request(act) else { continue };
            for _ in 0..=usize::from(*twice) {
                let [one, two, three] = worlds.each_mut().map(|world| world.ask(&runtime, request.clone()));
                prop_assert_eq!(&two, &one, "embedded, {:?}", &request);
                prop_assert_eq!(&three, &one, "redis, {:?}", &request);
            }
        }
    });
    let endless: Vec<_> = server.lives_by_key().into_iter().filter(|(_, life)| *life == -1).collect();
    assert_eq!(endless, [], "every key has an end");
}
