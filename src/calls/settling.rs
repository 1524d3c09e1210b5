//! What is owed to the store after a call: each intent given back or used up, asked again while the store is away.

use std::collections::HashMap;
use std::time::Duration;

use crate::base::timers::Timers;
use crate::base::{AgentId, CallId, IntentId, Mono, Now, limits};
use crate::intents::requests::{StoreError, StoreReply, StoreRequest};

use super::api::AskId;
use super::bench::Bench;

/// Debts to the store. They end when it answers, or after the last try: a claim runs out by itself.
#[derive(Debug, Default)]
pub struct Settling {
    debts: HashMap<u64, Debt>,
    debt_by_ask: HashMap<AskId, u64>,
    timers: Timers<u64>,
    numbered: u64,
}

#[derive(Clone, Debug)]
struct Debt {
    intent: IntentId,
    call: CallId,
    agent: Option<AgentId>,
    used: bool,
    tries: u32,
    ask: AskId,
}

const TRIES_MAX: u32 = 6;
const PATIENCE: Duration = Duration::from_secs(2);

impl Settling {
    pub fn count(&self) -> usize {
        self.debts.len()
    }

    pub fn poll_timeout(&self) -> Option<Mono> {
        self.timers.next().map(|(at, _)| at)
    }
}

/// Gives an intent back (`used` false) or marks it as done, with the agent whom the customer spoke to.
pub fn settle(bench: &mut Bench, intent: IntentId, call: CallId, agent: Option<AgentId>, used: bool) {
    if bench.settling.count() >= limits::SETTLEMENTS_MAX {
        return;
    }
    bench.settling.numbered += 1;
    let number = bench.settling.numbered;
    ask(bench, number, Debt { intent, call, agent, used, tries: 0, ask: AskId(0) });
}

/// The store has answered one of the debts' questions; answers to others are not for here.
pub fn answered(bench: &mut Bench, ask: AskId, result: &Result<StoreReply, StoreError>, now: Now) {
    let Some(number) = bench.settling.debt_by_ask.remove(&ask) else { return };
    match result {
        Ok(_) => forget(bench, number),
        Err(_) => put_off(bench, number, now),
    }
}

/// Asks again what has had no answer, or a bad one.
pub fn handle_timeout(bench: &mut Bench, now: Now) {
    while let Some(number) = bench.settling.timers.pop_due(now.mono) {
        let Some(debt) = bench.settling.debts.remove(&number) else { continue };
        bench.settling.debt_by_ask.remove(&debt.ask);
        if debt.tries < TRIES_MAX {
            ask(bench, number, debt);
        }
    }
}

fn ask(bench: &mut Bench, number: u64, debt: Debt) {
    let request = StoreRequest::Finish {
        intent: debt.intent,
        call: debt.call,
        agent: debt.agent.clone(),
        used: debt.used,
        now: bench.now.wall,
    };
    let ask = bench.ask_quietly(request, PATIENCE);
    let tries = debt.tries + 1;
    bench.settling.timers.set(number, bench.now.mono + PATIENCE * 2);
    bench.settling.debt_by_ask.insert(ask, number);
    bench.settling.debts.insert(number, Debt { ask, tries, ..debt });
}

fn forget(bench: &mut Bench, number: u64) {
    bench.settling.debts.remove(&number);
    bench.settling.timers.cancel(&number);
}

/// 1, 2, 4, 8, 16 s, then no more.
fn put_off(bench: &mut Bench, number: u64, now: Now) {
    let Some(debt) = bench.settling.debts.get(&number) else { return };
    let wait = Duration::from_secs(1 << debt.tries.saturating_sub(1).min(TRIES_MAX));
    bench.settling.timers.set(number, now.mono + wait);
}
