//! What it costs to weigh a call against eight candidates; the goal is 2 microseconds.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use throughline::base::{E164, IntentId, Pii, PoolId, Wall};
use throughline::intents::{
    Candidate, Customer, FoundBy, Intent, IntentState, LeasedNumber, Observed, Priors, Reason, Urgency, weigh,
};

const START: Wall = Wall(1_800_000_000_000);

fn number(nth: u128) -> E164 {
    E164::parse(&format!("+120155501{nth:02}"), None).expect("E.164")
}

/// All of one caller, each with a number of its own.
fn candidate(nth: u128) -> Candidate {
    let number = LeasedNumber {
        number: number(nth),
        shared: false,
        pool: PoolId::new("main"),
        quarantine: Duration::from_secs(600),
        pin: None,
    };
    let customer = Customer {
        id: "c-1".into(),
        name: Pii::default(),
        email: Pii::default(),
        phones: (60..65).map(self::number).collect(),
        tier: None,
        past: Default::default(),
    };
    let intent = Intent {
        id: IntentId(nth),
        customer,
        subject: None,
        reason: Reason { category: "delivery".into(), sub_category: None },
        articles: Vec::new(),
        words: Pii::default(),
        language: "en".into(),
        urgency: Urgency::Normal,
        value: None,
        attributes: BTreeMap::new(),
        created: START,
        expires: START + Duration::from_secs(900),
        number: Some(number),
        state: IntentState::Open,
        preferred_agent: None,
        callback: None,
        recording_consent: false,
        version: 1,
    };
    Candidate { intent, found_by: FoundBy::default(), last_agent: None }
}

fn eight_candidates(c: &mut Criterion) {
    let candidates: Vec<Candidate> = (0..8).map(candidate).collect();
    let priors = Priors::default();
    let observed = Observed {
        dialled: Some(number(7)),
        caller: Some(number(64)),
        asserted: true,
        token: None,
        pin: None,
        now: START + Duration::from_secs(60),
    };
    c.bench_function("weigh/8_candidates", |b| {
        b.iter(|| weigh(black_box(&observed), black_box(&candidates), black_box(&priors)))
    });
}

criterion_group!(benches, eight_candidates);
criterion_main!(benches);
