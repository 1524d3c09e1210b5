//! What is owed to the store after a call: each intent given back or used up, asked again while the store is away.

use std::time::Duration;

use crate::base::id_map::IdMap;
use crate::base::timers::Timers;
use crate::base::{AgentId, CallId, E164, IntentId, Mono, Now, Wall, limits};
use crate::intents::callback::{Callback, CallbackEnd, CallbackLimits, Miss};
use crate::intents::intent::Intent;
use crate::intents::requests::{StoreError, StoreReply, StoreRequest};

use super::api::AskId;
use super::bench::{Bench, Chore};
use super::call::Call;
use super::explained::DecisionSeen;

/// Debts to the store. They end when it answers, or after the last try.
#[derive(Debug, Default)]
pub struct Settling {
    debts: IdMap<u64, Debt>,
    debt_by_ask: IdMap<AskId, u64>,
    timers: Timers<u64>,
    numbered: u64,
}

#[derive(Clone, Debug)]
struct Debt {
    call: CallId,
    owed: Owed,
    tries: u32,
    ask: AskId,
}

#[derive(Clone, Debug)]
enum Owed {
    /// The end of a call that had the intent.
    Finish { intent: IntentId, agent: Option<AgentId>, used: bool, missed: Option<Miss> },
    /// The number was not dialled; how often it was before, and when last.
    Unrecall { intent: IntentId, before: (u8, Option<Wall>) },
    /// A caller who has hung up is to be called back.
    Promise(Box<Wanted>),
    /// Nobody is to be called back any more.
    EndCallback { intent: IntentId, end: CallbackEnd },
    /// A look at what the call's question may have claimed, whose answer never came.
    Release { dialled: Option<E164>, caller: Option<E164>, token: Option<IntentId> },
    /// The same of a code that was entered: tried again, it says whose it is, and does not count twice.
    ReleasePin(Box<StoreRequest>),
}

/// A callback that somebody wants whose call is over.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Made first, for a caller whom nothing has recognised.
    pub stranger: Option<Box<Intent>>,
    pub intent: IntentId,
    pub callback: Box<Callback>,
    pub most: CallbackLimits,
    pub until: Wall,
    /// What has decided on their call.
    pub decision: Option<Box<DecisionSeen>>,
}

/// The number of a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DebtId(u64);

/// A claim runs out by itself, and is not asked about for longer.
const TRIES_MAX: u32 = 6;
/// What a customer was promised, or must not be done a second time, does not: some four hours.
const LASTING_TRIES_MAX: u32 = 250;
/// From one try to the next, at the most.
const PAUSE_MAX: Duration = Duration::from_secs(64);
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
    owe(bench, call, Owed::Finish { intent, agent, used, missed: None });
}

/// The same of a callback that has not reached the customer, if it was so far: how is kept with it.
pub fn give_back(bench: &mut Bench, intent: IntentId, call: CallId, missed: Option<Miss>) -> Option<DebtId> {
    owe(bench, call, Owed::Finish { intent, agent: None, used: false, missed })
}

/// This call has not dialled the number: the try, which the store may have counted, is none.
pub fn unrecall(bench: &mut Bench, intent: IntentId, call: CallId, before: (u8, Option<Wall>)) -> Option<DebtId> {
    owe(bench, call, Owed::Unrecall { intent, before })
}

/// It is not owed any more, as nothing is that is `None`.
pub fn forgive(bench: &mut Bench, debt: Option<DebtId>) {
    let Some(DebtId(number)) = debt else { return };
    bench.settling.timers.cancel(&number);
    if let Some(debt) = bench.settling.debts.remove(&number) {
        bench.settling.debt_by_ask.remove(&debt.ask);
    }
}

/// The caller has hung up before they heard of the promise, and is to be called all the same.
pub fn promise(bench: &mut Bench, call: CallId, wanted: Wanted) {
    owe(bench, call, Owed::Promise(Box::new(wanted)));
}

/// The callback of this intent is over, which `call` was.
pub fn end_callback(bench: &mut Bench, intent: IntentId, call: CallId, end: CallbackEnd) {
    owe(bench, call, Owed::EndCallback { intent, end });
}

/// Finds out whether the call's question has claimed an intent, and gives it back.
pub fn release(bench: &mut Bench, call: &Call) {
    let known = call.recognised.clone();
    owe(bench, call.id, Owed::Release { dialled: known.dialled, caller: known.caller, token: known.token });
}

/// The same, by the code that the caller has entered.
pub fn release_pin(bench: &mut Bench, call: CallId, request: StoreRequest) {
    owe(bench, call, Owed::ReleasePin(Box::new(request)));
}

fn owe(bench: &mut Bench, call: CallId, owed: Owed) -> Option<DebtId> {
    if bench.settling.count() >= limits::SETTLEMENTS_MAX {
        return None;
    }
    bench.settling.numbered += 1;
    let number = bench.settling.numbered;
    ask(bench, number, Debt { call, owed, tries: 0, ask: AskId(0) });
    Some(DebtId(number))
}

/// The store has answered one of the debts' questions; answers to others are not for here.
pub fn answered(bench: &mut Bench, ask: AskId, result: &Result<StoreReply, StoreError>, now: Now) {
    let Some(number) = bench.settling.debt_by_ask.remove(&ask) else { return };
    match result {
        Ok(reply) => paid(bench, number, reply),
        Err(_) => put_off(bench, number, now),
    }
}

fn paid(bench: &mut Bench, number: u64, reply: &StoreReply) {
    bench.settling.timers.cancel(&number);
    let Some(debt) = bench.settling.debts.remove(&number) else { return };
    match (debt.owed, reply) {
        (Owed::Release { .. } | Owed::ReleasePin(_), StoreReply::Found { candidates }) => {
            let claimed = candidates.iter().filter(|one| one.intent.state.is_claimed_by(debt.call));
            claimed.for_each(|one| settle(bench, one.intent.id, debt.call, None, false));
        }
        (Owed::Promise(wanted), StoreReply::Registered(_) | StoreReply::Replayed(_)) => {
            promise(bench, debt.call, Wanted { stranger: None, ..*wanted });
        }
        (Owed::Promise(wanted), StoreReply::Promised(intent)) => {
            let plan = bench.settings.callback.clone();
            bench.chores.push_back(Chore::Promised { intent: intent.clone(), decision: wanted.decision, plan });
        }
        (_, _) => {}
    }
}

/// Asks again what has had no answer, or a bad one.
pub fn handle_timeout(bench: &mut Bench, now: Now) {
    while let Some(number) = bench.settling.timers.pop_due(now.mono) {
        let Some(debt) = bench.settling.debts.remove(&number) else { continue };
        bench.settling.debt_by_ask.remove(&debt.ask);
        if debt.tries < debt.owed.tries_max() {
            ask(bench, number, debt);
        } else if matches!(debt.owed, Owed::Promise(_)) {
            // The store may have promised it all the same.
            bench.look_for_promises = Some(now.mono);
        }
    }
}

fn ask(bench: &mut Bench, number: u64, debt: Debt) {
    let ask = bench.ask_quietly(request(&debt, bench.now.wall), PATIENCE);
    let tries = debt.tries + 1;
    bench.settling.timers.set(number, bench.now.mono + PATIENCE * 2);
    bench.settling.debt_by_ask.insert(ask, number);
    bench.settling.debts.insert(number, Debt { ask, tries, ..debt });
}

fn request(debt: &Debt, now: Wall) -> StoreRequest {
    match debt.owed.clone() {
        Owed::Finish { intent, agent, used, missed } => {
            StoreRequest::Finish { intent, call: debt.call, agent, used, missed, now }
        }
        Owed::Unrecall { intent, before: (dialled, tried) } => {
            StoreRequest::Unrecall { intent, call: debt.call, dialled, tried, now }
        }
        Owed::Promise(wanted) => wanted.request(debt.call, now),
        Owed::ReleasePin(request) => *request,
        Owed::EndCallback { intent, end } => StoreRequest::Unpromise { intent, call: Some(debt.call), end, now },
        Owed::Release { dialled, caller, token } => StoreRequest::Find { dialled, caller, token, claim: None, now },
    }
}

impl Owed {
    fn tries_max(&self) -> u32 {
        match self {
            Owed::Finish { used: false, .. } | Owed::Release { .. } | Owed::ReleasePin(_) => TRIES_MAX,
            Owed::Finish { used: true, .. } | Owed::Unrecall { .. } => LASTING_TRIES_MAX,
            Owed::Promise(_) | Owed::EndCallback { .. } => LASTING_TRIES_MAX,
        }
    }
}

impl Wanted {
    /// The next thing to ask for.
    fn request(self, call: CallId, now: Wall) -> StoreRequest {
        let Wanted { stranger, intent, callback, most, until, decision: _ } = self;
        match stranger {
            Some(intent) => StoreRequest::Register { intent, lease: None, idempotency: None, now },
            None => StoreRequest::Promise { intent, callback, by: Some(call), most, until, now },
        }
    }
}

/// 1, 2, 4, 8, 16 s and so on.
fn put_off(bench: &mut Bench, number: u64, now: Now) {
    let Some(debt) = bench.settling.debts.get(&number) else { return };
    let wait = Duration::from_secs(1 << debt.tries.saturating_sub(1).min(TRIES_MAX)).min(PAUSE_MAX);
    bench.settling.timers.set(number, now.mono + wait);
}
