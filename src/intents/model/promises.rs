//! Callbacks: promised within bounds, begun by one call, and over once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Change, Model};
use crate::base::limits::{CALLBACK_COUNTED, CALLBACKS_MAX, CLOCK_SKEW_MAX, INTENT_KEPT_AFTER};
use crate::base::{CallId, E164, IntentId, Wall};
use crate::intents::callback::{Callback, CallbackEnd, CallbackLimits, CallbackState, Miss};
use crate::intents::intent::{Intent, IntentState};
use crate::intents::requests::StoreReply;

/// Which intents have a callback, and what counts towards the bounds.
#[derive(Clone, Debug, Default)]
pub(super) struct Promises {
    /// Open ones, and some that are not any more.
    open: BTreeSet<IntentId>,
    by_number: HashMap<E164, BTreeMap<IntentId, Wall>>,
    by_customer: HashMap<String, BTreeMap<IntentId, Wall>>,
}

impl Promises {
    pub fn keep(&mut self, intent: &Intent) {
        let Some(callback) = &intent.callback else { return };
        if callback.is_open() {
            self.open.insert(intent.id);
        }
        let counted = callback.promised + CALLBACK_COUNTED;
        self.by_number.entry(callback.number.clone()).or_default().insert(intent.id, counted);
        self.by_customer.entry(intent.customer.id.clone()).or_default().insert(intent.id, counted);
    }

    pub fn forget(&mut self, intent: &Intent) {
        self.open.remove(&intent.id);
        if let Some(callback) = &intent.callback {
            self.forget_number(intent.id, &callback.number);
        }
        if let Some(known) = self.by_customer.get_mut(&intent.customer.id) {
            known.remove(&intent.id);
            if known.is_empty() {
                self.by_customer.remove(&intent.customer.id);
            }
        }
    }

    fn forget_number(&mut self, id: IntentId, number: &E164) {
        let Some(known) = self.by_number.get_mut(number) else { return };
        known.remove(&id);
        if known.is_empty() {
            self.by_number.remove(number);
        }
    }

    /// Nobody else may be promised a call to this number, or to this customer.
    fn are_too_many(&self, intent: &Intent, number: &E164, most: CallbackLimits, now: Wall) -> bool {
        let others = |known: Option<&BTreeMap<IntentId, Wall>>| {
            let counts = |(id, counted): &(&IntentId, &Wall)| **id != intent.id && **counted > now;
            u32::try_from(known.into_iter().flatten().filter(counts).count()).unwrap_or(u32::MAX)
        };
        others(self.by_number.get(number)) >= most.per_number
            || others(self.by_customer.get(&intent.customer.id)) >= most.per_customer
    }

    fn clear_outdated(&mut self, intent: &Intent, number: &E164, now: Wall) {
        let counts = |_: &IntentId, counted: &mut Wall| *counted + CLOCK_SKEW_MAX > now;
        if let Some(known) = self.by_number.get_mut(number) {
            known.retain(counts);
        }
        if let Some(known) = self.by_customer.get_mut(&intent.customer.id) {
            known.retain(counts);
        }
    }
}

impl Model {
    pub(super) fn promise(
        &mut self,
        id: IntentId,
        (mut callback, by): (Callback, Option<CallId>),
        most: CallbackLimits,
        until: Wall,
        now: Wall,
    ) -> StoreReply {
        let Some(intent) = self.intents.get(&id, now).filter(|intent| intent.is_live(now)) else {
            return StoreReply::Gone;
        };
        if let Some(caller) = caller_of(intent, now) {
            return StoreReply::Taken { by: caller };
        }
        if let Some(old) = &intent.callback {
            if old.tries >= most.tries {
                return StoreReply::TooMany;
            }
            (callback.tries, callback.tried, callback.missed) = (old.tries, old.tried, old.missed);
            if old.state == CallbackState::Waiting {
                callback.since = callback.since.min(old.since);
            }
        }
        if self.promises.are_too_many(intent, &callback.number, most, now) {
            return StoreReply::TooMany;
        }
        callback.promised = now;
        let mut intent = intent.clone();
        if by.is_some_and(|call| intent.state.is_claimed_by(call)) {
            intent.state = IntentState::Open;
        }
        self.keep_promise(intent, callback, until, now)
    }

    fn keep_promise(&mut self, mut intent: Intent, callback: Callback, until: Wall, now: Wall) -> StoreReply {
        self.promises.clear_outdated(&intent, &callback.number, now);
        self.promises.forget(&intent);
        self.give_number_back(&mut intent, now);
        let old_expiry = intent.expires;
        intent.expires = old_expiry.max(until);
        intent.callback = Some(Box::new(callback));
        self.promises.keep(&intent);
        if let Some(known) = self.intents.get_mut(&intent.id, now) {
            *known = intent.clone();
        }
        self.move_callers(&intent, old_expiry);
        self.keep_until(intent.id, (intent.expires + INTENT_KEPT_AFTER).max(now + CALLBACK_COUNTED));
        StoreReply::Promised(Box::new(intent.settled(now)))
    }

    fn give_number_back(&mut self, intent: &mut Intent, now: Wall) {
        let Some(leased) = intent.number.take_if(|leased| !leased.shared) else { return };
        if self.numbers.release(&leased, intent.id, now) {
            self.changes.insert(Change::Number(leased.pool.clone(), leased.number.clone()));
        }
    }

    pub(super) fn recall(&mut self, id: IntentId, call: CallId, dialled: u8, until: Wall, now: Wall) -> StoreReply {
        let callback = self.intents.get(&id, now).and_then(|intent| intent.callback.as_ref());
        let state = callback.map(|callback| callback.state);
        let is_own = state == Some(CallbackState::Calling { call });
        let is_counted = is_own && callback.is_some_and(|callback| callback.tries > dialled);
        if !is_own && state != Some(CallbackState::Waiting) {
            return StoreReply::Gone;
        }
        let reply = self.claim(id, call, until, now);
        let StoreReply::Claimed(mut claimed) = reply else { return reply };
        let Some(callback) = claimed.callback.as_mut().filter(|_| !is_counted) else {
            return StoreReply::Claimed(claimed);
        };
        callback.tries = callback.tries.saturating_add(1);
        callback.tried = Some(now);
        callback.state = CallbackState::Calling { call };
        if let Some(known) = self.intents.get_mut(&id, now) {
            known.callback = claimed.callback.clone();
        }
        StoreReply::Claimed(claimed)
    }

    pub(super) fn unrecall(
        &mut self,
        id: IntentId,
        call: CallId,
        (dialled, tried): (u8, Option<Wall>),
        now: Wall,
    ) -> StoreReply {
        let intent = self.intents.get_mut(&id, now).filter(|intent| intent.state.is_claimed_by(call));
        let callback = intent.and_then(|intent| intent.callback.as_mut());
        if let Some(callback) = callback.filter(|callback| callback.state == CallbackState::Calling { call }) {
            callback.tries = callback.tries.min(dialled);
            callback.tried = tried;
        }
        self.finish(id, call, None, (false, None), now)
    }

    pub(super) fn unpromise(&mut self, id: IntentId, call: Option<CallId>, end: CallbackEnd, now: Wall) -> StoreReply {
        let Some(intent) = self.intents.get_mut(&id, now) else { return StoreReply::Gone };
        let by = caller_of(intent, now);
        let Some(callback) = intent.callback.as_mut() else { return StoreReply::Gone };
        if let Some(by) = by.filter(|by| call != Some(*by)) {
            return StoreReply::Taken { by };
        }
        if callback.is_open() {
            callback.state = end.state();
            self.changes.insert(Change::Intent(id));
            self.promises.open.remove(&id);
        }
        self.get(id, now).into_promised()
    }

    pub(super) fn promises(&self, now: Wall) -> StoreReply {
        let open =
            self.promises.open.iter().filter_map(|id| self.intents.get(id, now)).filter(|intent| is_open(intent));
        let mut open: Vec<Intent> = open.map(|intent| intent.clone().settled(now)).collect();
        open.sort_by_key(|intent| (intent.callback.as_ref().map(|callback| callback.since), intent.id));
        open.truncate(CALLBACKS_MAX);
        StoreReply::Promises(open)
    }
}

impl StoreReply {
    fn into_promised(self) -> StoreReply {
        match self {
            StoreReply::Got(intent) => StoreReply::Promised(intent),
            other => other,
        }
    }
}

fn is_open(intent: &Intent) -> bool {
    let waits = matches!(intent.state, IntentState::Open | IntentState::Claimed { .. });
    waits && intent.callback.as_ref().is_some_and(|callback| callback.is_open())
}

/// The call that is calling the customer, as long as its claim holds.
fn caller_of(intent: &Intent, now: Wall) -> Option<CallId> {
    let CallbackState::Calling { call } = intent.callback.as_ref()?.state else { return None };
    matches!(intent.state, IntentState::Claimed { call: by, until } if by == call && until > now).then_some(call)
}

/// A call that had the intent is over: whoever was talked to is not called any more.
pub(super) fn end_call(intent: &mut Intent, used: bool, missed: Option<Miss>) {
    let by = match intent.state {
        IntentState::Claimed { call, .. } => Some(call),
        IntentState::Open | IntentState::Used | IntentState::Withdrawn => None,
    };
    let Some(callback) = intent.callback.as_mut().filter(|callback| callback.is_open()) else { return };
    if used {
        callback.state = CallbackState::Reached;
    } else if by.is_some_and(|call| callback.state == CallbackState::Calling { call }) {
        callback.state = CallbackState::Waiting;
        callback.missed = missed.unwrap_or(callback.missed);
    }
}

pub(super) fn withdraw(intent: &mut Intent) {
    if let Some(callback) = intent.callback.as_mut().filter(|callback| callback.state == CallbackState::Waiting) {
        callback.state = CallbackState::TakenBack;
    }
}
