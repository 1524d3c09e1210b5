//! The part of the calls that callbacks concern: which there are, and which of a customer's calls gives way to which.

use std::sync::Arc;

use crate::base::limits;
use crate::base::{CallId, IntentId, Now};
use crate::calls::bench::{Bench, Chore};
use crate::calls::call::{Call, Phase, Step};
use crate::calls::ending;
use crate::calls::explained::DecisionSeen;
use crate::calls::facts::{EndedBy, Outcome};
use crate::calls::matching;
use crate::calls::recalling::plan::CallbackPlan;
use crate::calls::recalling::{self, CalledBack};
use crate::calls::settling;
use crate::intents::callback::{Callback, CallbackEnd, CallbackState};
use crate::intents::intent::Intent;
use crate::intents::requests::{StoreError, StoreReply, StoreRequest};
use crate::sip::api::Reason;

use super::Calls;

/// A store that has not said which callbacks are open is asked again.
const ASK_AGAIN: std::time::Duration = std::time::Duration::from_secs(5);
/// Somebody else may be calling the customer; when they have not said so for a while, they are no more.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_secs(30);

/// Where the customer is with a call of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    /// It waits for an agent, or hears that they will be called.
    Waits,
    /// They talk to somebody.
    Talks,
    /// It is looked at, refused, or at the fallback.
    Elsewhere,
}

/// What had decided on the customer's own call, and the plan that holds: without one nobody is called back.
type Promised = (Option<Box<DecisionSeen>>, Option<Arc<CallbackPlan>>);

impl Calls {
    /// The store has taken the promise of this intent: it waits from now on, in the place that the customer has.
    pub fn call_back(&mut self, intent: Box<Intent>, now: Now) -> CalledBack {
        self.bench.now = now;
        let id = intent.id;
        let plan = self.bench.settings.callback.clone();
        let done = self.take_promise(intent, (None, plan), now);
        self.run_chores(now);
        if done == CalledBack::Talking {
            // The store may have an earlier promise that we have not heard of yet.
            let at = now.mono + LOOK_AGAIN;
            self.bench.look_for_promises = Some(self.bench.look_for_promises.map_or(at, |sooner| sooner.min(at)));
        }
        match (done, self.bench.recalls.get(&id).copied()) {
            (CalledBack::Waiting { .. }, Some((call, _))) => self.waiting(call),
            (done, _) => done,
        }
    }

    /// How the callback stands now, when the router has said what it has to say.
    pub fn standing_of(&self, done: CalledBack) -> CalledBack {
        match done {
            CalledBack::Waiting { call, .. } => self.waiting(call),
            CalledBack::Talking | CalledBack::Full | CalledBack::Off => done,
        }
    }

    fn waiting(&self, call: CallId) -> CalledBack {
        let queued = self.get(call).and_then(|call| call.queued.as_ref());
        let (position, expected_wait) =
            (queued.and_then(|queued| queued.position), queued.and_then(|queued| queued.expected_wait));
        CalledBack::Waiting { call, position, expected_wait }
    }

    /// The customer has taken the promise back. False when their telephone rings, or they talk.
    pub fn take_back(&mut self, intent: IntentId, now: Now) -> bool {
        self.bench.now = now;
        let Some((call, _)) = self.bench.recalls.get(&intent).copied() else { return true };
        let mut done = true;
        self.with(call, |call, bench| done = recalling::taken_back(call, bench, now));
        self.run_chores(now);
        done
    }

    /// The process is about to end: nobody is called any more, and the promises stay in the store.
    pub fn drain(&mut self) {
        self.bench.is_draining = true;
    }

    /// Callbacks that wait; they need nobody to wait for them when the process ends.
    pub fn promised(&self) -> usize {
        let waits = |call: &&Call| call.recall.is_some() && matches!(call.phase, Phase::Promised | Phase::Waiting);
        self.bench.recalls.values().filter_map(|(call, _)| self.get(*call)).filter(waits).count()
    }

    fn take_promise(&mut self, intent: Box<Intent>, (before, plan): Promised, now: Now) -> CalledBack {
        let Some(plan) = plan else { return CalledBack::Off };
        let callback = intent.callback.as_deref().filter(|callback| callback.state == CallbackState::Waiting);
        let Some(mut callback) = callback.cloned() else { return CalledBack::Off };
        match self.call_of_customer(intent.id) {
            Some((own, Own::Waits)) => self.replace(own, now),
            // What was promised before holds beside that call, and this takes its place.
            Some((_, Own::Elsewhere)) if self.bench.recalls.contains_key(&intent.id) => {}
            Some((_, Own::Talks | Own::Elsewhere)) => return CalledBack::Talking,
            None => {}
        }
        if let Some(since) = self.bench.places.take(intent.id, now) {
            callback.since = callback.since.min(now.wall - now.mono.since(since));
        }
        match self.bench.recalls.get(&intent.id).copied() {
            Some((call, since)) => {
                // They may have waited in a call before the first promise.
                callback.since = callback.since.min(since);
                self.promise_anew(call, callback, &plan, now)
            }
            None => self.begin_recall(intent, (callback, before), plan, now),
        }
    }

    /// The call that the customer has, and how far it is.
    fn call_of_customer(&self, intent: IntentId) -> Option<(CallId, Own)> {
        let has_it =
            |call: &&Call| call.recall.is_none() && call.recognised.intent.as_ref().is_some_and(|own| own.id == intent);
        let call = self.calls.values().map(Box::as_ref).find(has_it)?;
        let own = match &call.phase {
            Phase::Waiting | Phase::Offered(_) | Phase::Ringing(..) | Phase::Matching(Step::Promised(_)) => Own::Waits,
            Phase::Talking(..) | Phase::HandedOver(_) | Phase::Passing | Phase::Passed(_) => Own::Talks,
            Phase::Matching(
                Step::Finding(_)
                | Step::Claiming(..)
                | Step::Entering(_)
                | Step::Checking(..)
                | Step::Announcing { .. }
                | Step::Inviting(_)
                | Step::Promising(..),
            )
            | Phase::Diverting(_)
            | Phase::Diverted(_)
            | Phase::Promised
            | Phase::Recalling(..)
            | Phase::Over => Own::Elsewhere,
        };
        Some((call.id, own))
    }

    /// A caller who waits is called back instead: the line is free for that.
    fn replace(&mut self, call: CallId, now: Now) {
        self.with(call, |call, bench| {
            let reason = Some(Reason::sip(200, "you will be called back"));
            match &call.phase {
                Phase::Offered(_) | Phase::Ringing(..) => {
                    ending::let_agent_go(call, "the customer wants to be called back", bench);
                }
                Phase::Matching(_) => {}
                _ => bench.routing(crate::routing::Input::Leave { call: call.id }),
            }
            ending::refuse_caller(call, 480, reason, None, bench);
            ending::finish(call, Outcome::Replaced, EndedBy::Us, bench, now);
        });
    }

    /// Answers of the store cross: what was promised last holds.
    fn promise_anew(&mut self, call: CallId, callback: Callback, plan: &CallbackPlan, now: Now) -> CalledBack {
        let known = self.get(call).and_then(|call| call.recall.as_ref()).map(|recall| recall.callback.promised);
        if known.is_some_and(|known| known > callback.promised) {
            return self.waiting(call);
        }
        if let Ok(hours) = plan.check(&callback.number, callback.zone.as_deref()) {
            self.with(call, |call, bench| recalling::promised_anew(call, callback, hours, bench, now));
        }
        self.waiting(call)
    }

    fn begin_recall(
        &mut self,
        intent: Box<Intent>,
        (callback, before): (Callback, Option<Box<DecisionSeen>>),
        plan: Arc<CallbackPlan>,
        now: Now,
    ) -> CalledBack {
        let is_full = self.bench.recalls.len() >= limits::CALLBACKS_MAX || self.calls.len() >= limits::CALLS_MAX;
        let trunk = self.bench.settings.trunks.get(&plan.trunk).cloned();
        let hours = plan.check(&callback.number, callback.zone.as_deref());
        let (Some(trunk), Ok(hours)) = (trunk, hours) else { return CalledBack::Off };
        if is_full {
            return CalledBack::Full;
        }
        self.admitted = self.admitted.wrapping_add(1);
        let id = CallId::new(self.boot, self.admitted);
        let before = before.map(|seen| *seen);
        let call = recalling::begin(id, intent, (callback, hours), (plan, trunk), before, &mut self.bench, now);
        self.calls.insert(id, Box::new(call));
        self.tell_pages(id);
        self.remove_if_over(id);
        self.waiting(id)
    }

    /// What one call does to another of the same customer.
    pub(super) fn run_chores(&mut self, now: Now) {
        while let Some(chore) = self.bench.chores.pop_front() {
            match chore {
                Chore::Taken(intent) => self.with_recall(intent, |call, bench| recalling::give_way(call, bench, now)),
                Chore::Freed { intent, talked } => self.freed(intent, talked, now),
                Chore::Promised { intent, decision, plan } => self.begin_promised(intent, (decision, plan), now),
                Chore::CallsIn { intent, call } => self.calls_in(intent, call, now),
            }
        }
    }

    /// A call of the customer is over: unless they have another one, it is the callback's turn.
    fn freed(&mut self, intent: IntentId, talked: bool, now: Now) {
        if !self.bench.recalls.contains_key(&intent) || (!talked && self.call_of_customer(intent).is_some()) {
            return;
        }
        self.with_recall(intent, |call, bench| {
            bench.pages.has(intent, call.id);
            recalling::take_up(call, talked, bench, now);
        });
    }

    fn with_recall(&mut self, intent: IntentId, act: impl FnOnce(&mut Call, &mut Bench)) {
        if let Some((call, _)) = self.bench.recalls.get(&intent).copied() {
            self.with(call, act);
        }
    }

    /// The caller has hung up, and waits to be called. When the process ends, the promise is in the store.
    fn begin_promised(&mut self, intent: Box<Intent>, promised: Promised, now: Now) {
        if self.bench.is_draining {
            return;
        }
        match self.take_promise(intent, promised, now) {
            CalledBack::Waiting { .. } => {}
            // They have called once more meanwhile: who knows what comes of that.
            CalledBack::Talking | CalledBack::Full | CalledBack::Off => {
                self.bench.look_for_promises = Some(now.mono + LOOK_AGAIN);
            }
        }
    }

    /// The customer calls while we dial their number: the call that dials lets go of the intent, and theirs takes it.
    fn calls_in(&mut self, intent: IntentId, call: CallId, now: Now) {
        let mut gives_way = false;
        self.with_recall(intent, |recall, bench| gives_way = recalling::called_in(recall, bench, now));
        self.with(call, |call, bench| match gives_way {
            true => matching::claim_again(call, bench, now),
            false => matching::taken(call, bench, now),
        });
    }

    /// A process that has begun asks the store which callbacks are open.
    pub(super) fn look_for_promises(&mut self, now: Now) {
        if self.bench.look_for_promises.is_none_or(|at| at > now.mono) {
            return;
        }
        self.bench.look_for_promises = Some(now.mono + ASK_AGAIN);
        let ask = self.bench.ask_quietly(StoreRequest::Promises { now: now.wall }, ASK_AGAIN);
        self.bench.promises_asked = Some(ask);
    }

    pub(super) fn on_promises(&mut self, result: Result<StoreReply, StoreError>, now: Now) {
        self.bench.promises_asked = None;
        let Ok(StoreReply::Promises(intents)) = result else { return };
        self.bench.look_for_promises = None;
        for intent in intents.into_iter().map(Box::new) {
            if self.bench.recalls.contains_key(&intent.id) {
                continue;
            }
            match intent.callback.as_ref().map(|callback| callback.state) {
                Some(CallbackState::Waiting) => {
                    let plan = self.bench.settings.callback.clone();
                    if self.take_promise(intent, (None, plan), now) == CalledBack::Talking {
                        self.bench.look_for_promises = Some(now.mono + LOOK_AGAIN);
                    }
                }
                Some(CallbackState::Calling { call }) => self.lost(&intent, call, now),
                Some(CallbackState::Reached | CallbackState::Missed | CallbackState::TakenBack) | None => {}
            }
        }
    }

    /// Whoever called the customer has not said how it went. They are not called again: nobody knows whom we have reached.
    fn lost(&mut self, intent: &Intent, call: CallId, now: Now) {
        if intent.state.is_claimed_by(call) {
            self.bench.look_for_promises = Some(now.mono + LOOK_AGAIN);
        } else {
            settling::end_callback(&mut self.bench, intent.id, call, CallbackEnd::Missed);
        }
    }
}
