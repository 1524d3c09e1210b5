//! The answers to the API's questions: copies of what the owners hold.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::{CallId, Now, TrunkId};
use crate::calls::call::Call;
use crate::calls::caps::Bound;
use crate::calls::facts::CallRecord;
use crate::sip;

use super::pump::Engine;
use super::question::{Answer, CallView, Counts, Question, TrunkView};

pub(super) fn answer(engine: &mut Engine, question: Question, now: Now) -> Answer {
    match question {
        Question::Calls { limit } => Answer::Calls(calls(engine, limit, now)),
        Question::Call { call } => Answer::Call(one_call(engine, call, now).map(Box::new)),
        Question::Agents => Answer::Agents(engine.router.agents()),
        Question::Queues => Answer::Queues(engine.router.queues(now)),
        Question::Trunks => Answer::Trunks(engine.trunks.iter().map(|trunk| trunk_view(engine, trunk)).collect()),
        Question::Phases => Answer::Phases(phases(engine)),
        Question::Shadow { limit } => {
            Answer::Shadow(engine.calls.differences().newest_first().take(limit).cloned().collect())
        }
        Question::Confirm { intent } => Answer::Confirmed(engine.calls.confirm(intent, now)),
        Question::InCall { intent } => Answer::InCall(engine.calls.is_in_call(intent)),
        Question::CallBack { intent } => {
            let done = engine.calls.call_back(intent, now);
            // The router says at once which place it is.
            engine.settle(now);
            Answer::CalledBack(engine.calls.standing_of(done))
        }
        Question::TakeBack { intent } => Answer::TakenBack(engine.calls.take_back(intent, now)),
        Question::Health => Answer::Health(engine.counts()),
    }
}

fn calls(engine: &Engine, limit: usize, now: Now) -> Vec<CallView> {
    let live = engine.calls.in_progress().map(|call| live(call, now));
    let ended = engine.calls.records().newest_first().map(ended);
    live.chain(ended).take(limit).collect()
}

fn phases(engine: &Engine) -> BTreeMap<&'static str, usize> {
    let mut count_by_phase = BTreeMap::new();
    for call in engine.calls.in_progress() {
        *count_by_phase.entry(call.phase.as_str()).or_default() += 1;
    }
    count_by_phase
}

fn one_call(engine: &Engine, call: CallId, now: Now) -> Option<CallView> {
    let in_progress = engine.calls.get(call).map(|call| live(call, now));
    in_progress.or_else(|| engine.calls.records().get(call).map(ended))
}

fn live(call: &Call, now: Now) -> CallView {
    let lasted = now.mono.since(call.incoming.received);
    CallView { record: call.record.clone(), phase: call.phase.as_str(), lasted }
}

fn ended(record: &CallRecord) -> CallView {
    let lasted = record.ended.map_or(Duration::ZERO, |ended| ended.since(record.began));
    CallView { record: record.clone(), phase: "ended", lasted }
}

fn trunk_view(engine: &Engine, trunk: &TrunkId) -> TrunkView {
    TrunkView {
        trunk: trunk.clone(),
        reachable: engine.reachable_by_trunk.get(trunk).copied(),
        registration: engine.endpoint.enrolment(trunk),
        gateways: engine.endpoint.gateways(trunk),
        incoming: engine.calls.on_trunk(trunk, Bound::Incoming),
        outgoing: engine.calls.on_trunk(trunk, Bound::Outgoing),
    }
}

impl Engine {
    /// What is held at this moment.
    pub fn counts(&self) -> Counts {
        let routing = self.router.counts();
        let callbacks = self.calls.promised();
        Counts {
            calls: self.calls.len() - callbacks,
            callbacks,
            waiting: routing.waiting,
            grants: routing.offered + routing.talking,
            loose_ends: self.calls.loose_ends(),
            is_draining: self.is_draining,
        }
    }

    /// What the endpoint holds at this moment.
    pub fn endpoint_counts(&self) -> sip::endpoint::Counts {
        self.endpoint.counts()
    }

    /// No call, no transaction, no grant, nothing owed: what must be true some time after the last call.
    pub fn is_quiet(&self) -> bool {
        let nothing = Counts { is_draining: self.is_draining, ..Counts::default() };
        self.counts() == nothing && self.endpoint.is_empty()
    }
}
