//! Callbacks: the place is kept, an agent is there first, the store counts the try before the number is dialled, and it is dialled only
//! within the customer's hours, so often as it may be, and never once an agent has talked to them; every promise comes to one end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use crate::base::{AgentId, CallId, E164, IntentId, Mono, Now, Stage, Wall};
use crate::calls::browsing;
use crate::calls::facts::{CallRecord, Fact, Outcome};
use crate::engine::Input;
use crate::engine::question::Question;
use crate::intents::requests::{StoreReply, StoreRequest};
use crate::intents::{Callback, CallbackState, Intent};
use crate::sim::{promise, town};
use crate::sip::wire::{Message, Method};

#[derive(Default)]
pub(super) struct Callbacks {
    promises: BTreeMap<CallId, Promise>,
    /// Where each call waits, as of which moment.
    since_by_call: BTreeMap<CallId, Mono>,
    /// Whose call each is that they have made themselves; and those in which an agent talks with them.
    intent_by_call: BTreeMap<CallId, IntentId>,
    talking: BTreeSet<CallId>,
    /// When they had, the last time.
    talked: BTreeMap<IntentId, Wall>,
    granted: BTreeMap<CallId, (AgentId, Mono)>,
    acknowledged: BTreeMap<AgentId, Mono>,
    /// The store may have promised them something that its page has not heard of: what it says then is what holds.
    unsure: BTreeSet<IntentId>,
    /// ... because their page has asked for it.
    unsure_of_page: BTreeSet<IntentId>,
    /// Dialogs with numbers that were dialled.
    dialled: BTreeSet<Vec<u8>>,
    /// As the store has said it, and those of which the engine itself has asked it: their callers have pressed the key.
    stored: BTreeMap<IntentId, Intent>,
    by_key: BTreeSet<IntentId>,
    /// Where they waited who would rather be called.
    place_by_intent: BTreeMap<IntentId, Mono>,
}

#[derive(Clone, Debug)]
struct Promise {
    intent: IntentId,
    number: E164,
    zone: Option<String>,
    since: Mono,
    /// By our facts, and by what left.
    told: u32,
    rung: u32,
    is_over: bool,
    /// In this call an agent has talked to them.
    has_talked: bool,
}

/// Two clocks have been read.
const ROUNDING: Duration = Duration::from_millis(2);

impl Callbacks {
    /// The page was told that this call waits for them.
    pub fn promised(&mut self, call: CallId, intent: &Intent, now: Now) -> Option<String> {
        let callback = intent.callback.as_deref()?;
        self.unsure.remove(&intent.id);
        self.unsure_of_page.remove(&intent.id);
        // A page that was loaded anew in its call may ask once more; and one that asks at the end of a talk is served by it.
        let is_over = self.talked.get(&intent.id).is_some_and(|ended| *ended < callback.promised);
        if is_over && !self.promises.contains_key(&call) {
            self.talked.remove(&intent.id);
        }
        let since = now.mono - now.wall.since(callback.since);
        let before = self.promises.get(&call).cloned();
        let (told, rung) = before.as_ref().map_or((0, 0), |before| (before.told, before.rung));
        let since = before.map_or(since, |before| before.since.min(since));
        let since = self.place_by_intent.remove(&intent.id).map_or(since, |place| place.min(since));
        // The answer to an earlier wish may be told after that to the last.
        let stored = self.stored.get(&intent.id).and_then(|stored| stored.callback.as_deref());
        let latest = stored.filter(|stored| stored.promised > callback.promised).unwrap_or(callback);
        let promise = Promise {
            intent: intent.id,
            number: latest.number.clone(),
            zone: latest.zone.clone(),
            since,
            told,
            rung,
            is_over: false,
            has_talked: false,
        };
        self.promises.insert(call, promise);
        self.since_by_call.get(&call).copied().and_then(|since| self.check_place(call, since))
    }

    /// The call for what was promised by telephone has begun. What a page has asked for meanwhile may be what the store has.
    pub fn begun(&mut self, call: CallId, intent: &Intent, now: Now) -> Option<String> {
        let is_unsure = self.unsure_of_page.contains(&intent.id);
        let wrong = self.promised(call, intent, now);
        if is_unsure {
            self.unsure(intent.id);
        }
        wrong
    }

    /// What is promised to whom, as the store says.
    pub fn input(&mut self, input: &Input) {
        match input {
            Input::Store { result: Ok(StoreReply::Promised(intent)), .. } if self.is_news(intent) => {
                self.by_key.insert(intent.id);
                self.promised_anew(intent);
                self.stored.insert(intent.id, (**intent).clone());
            }
            Input::Store { result: Ok(StoreReply::Promises(intents)), .. } => {
                self.stored.extend(intents.iter().map(|intent| (intent.id, intent.clone())));
            }
            Input::Ask { question: Question::CallBack { intent }, .. } if self.is_news(intent) => {
                self.stored.insert(intent.id, (**intent).clone());
            }
            _ => {}
        }
    }

    /// It is promised, and nothing else has been since: the store also answers so that a promise is over, and may be late.
    fn is_news(&self, intent: &Intent) -> bool {
        let known = self.stored.get(&intent.id).and_then(|known| known.callback.as_ref());
        let waiting = intent.callback.as_ref().filter(|callback| callback.state == CallbackState::Waiting);
        waiting.is_some_and(|callback| known.is_none_or(|known| known.promised <= callback.promised))
    }

    /// What was promised before is for this number from now on.
    fn promised_anew(&mut self, intent: &Intent) {
        let Some(callback) = &intent.callback else { return };
        for promise in self.promises.values_mut().filter(|promise| promise.intent == intent.id && !promise.is_over) {
            (promise.number, promise.zone) = (callback.number.clone(), callback.zone.clone());
        }
    }

    /// The engine asks the store for a promise: a caller has pressed the key.
    pub fn store(&mut self, request: &StoreRequest) {
        if let StoreRequest::Promise { intent, .. } = request {
            self.unsure.insert(*intent);
        }
    }

    /// With what was promised.
    pub fn stored(&self, intent: IntentId) -> Option<Intent> {
        self.stored.get(&intent).cloned()
    }

    pub fn customer_of(&self, call: CallId) -> Option<IntentId> {
        self.promises.get(&call).filter(|promise| !promise.is_over).map(|promise| promise.intent)
    }

    /// The call that is for them.
    pub fn call_of(&self, intent: IntentId) -> Option<CallId> {
        let is_theirs = |promise: &Promise| promise.intent == intent && !promise.is_over;
        self.promises.iter().find(|(_, promise)| is_theirs(promise)).map(|(call, _)| *call)
    }

    /// The store is asked to promise them something.
    pub fn unsure(&mut self, intent: IntentId) {
        self.unsure.insert(intent);
        self.unsure_of_page.insert(intent);
    }

    /// `callback`: as the store has it.
    pub fn fact(&mut self, fact: &Fact, now: Now, callback: impl Fn(IntentId) -> Option<Callback>) -> Vec<String> {
        match fact {
            Fact::Matched { call, intent: Some(intent), .. } | Fact::Confirmed { call, intent } => {
                self.intent_by_call.insert(*call, *intent);
            }
            Fact::Queued { call, since, .. } => {
                self.since_by_call.insert(*call, *since);
                return self.check_place(*call, *since).into_iter().collect();
            }
            Fact::Granted { call, agent, .. } => {
                self.granted.insert(*call, (agent.clone(), now.mono));
            }
            Fact::Stage { call, stage: Stage::InviteToAnswer, .. } => {
                self.talking.insert(*call);
            }
            Fact::Recalling { call, tried } => return self.recalling(*call, *tried, now, callback),
            Fact::CallEnded(record) => return self.ended(record).into_iter().collect(),
            _ => {}
        }
        Vec::new()
    }

    /// What leaves: numbers that are dialled, and answers of agents that are acknowledged.
    pub fn transmit(&mut self, to: std::net::SocketAddr, bytes: &Bytes, now: Now) -> Option<String> {
        let agent = town::agent_at(to);
        if agent.is_none() && to != town::carrier(0) {
            return None;
        }
        let Ok(Message::Request(request)) = Message::parse(bytes.clone()) else { return None };
        match (agent, request.method()) {
            (Some(agent), Method::Ack) => {
                self.acknowledged.insert(agent, now.mono);
                None
            }
            (None, Method::Invite) if request.to().tag.is_empty() => {
                let is_new = self.dialled.insert(request.call_id().to_vec());
                is_new.then(|| self.rung(&request.uri().user_text(), now)).flatten()
            }
            _ => None,
        }
    }

    /// `state`: how the store has the intent's callback, if it has the intent still.
    pub fn at_the_end(&self, strict: bool, mut state: impl FnMut(IntentId) -> Option<CallbackState>) -> Vec<String> {
        let mut wrong = Vec::new();
        for intent in self.by_key.iter().filter(|intent| strict && !self.unsure_of_page.contains(intent)) {
            if matches!(state(*intent), Some(CallbackState::Waiting | CallbackState::Calling { .. })) {
                wrong.push(format!("{intent} has pressed the key, and waits to be called"));
            }
        }
        for (call, promise) in &self.promises {
            if !promise.is_over {
                wrong.push(format!("{call}: a callback that was promised has not ended"));
            }
            let has_talked = self.talked.contains_key(&promise.intent);
            match state(promise.intent) {
                Some(CallbackState::Waiting | CallbackState::Calling { .. })
                    if self.unsure.contains(&promise.intent) => {}
                Some(CallbackState::Waiting | CallbackState::Calling { .. }) => {
                    wrong.push(format!("{call}: {} is to be called back still", promise.intent));
                }
                Some(CallbackState::Reached) if !has_talked && strict => {
                    wrong.push(format!("{call}: {} was reached, and has talked to nobody", promise.intent));
                }
                Some(CallbackState::Missed | CallbackState::TakenBack) if promise.has_talked && strict => {
                    wrong.push(format!("{call}: {} has talked to an agent and was not reached", promise.intent));
                }
                Some(CallbackState::Reached | CallbackState::Missed | CallbackState::TakenBack) | None => {}
            }
        }
        wrong
    }

    /// Whoever was promised a callback has waited since then, in whichever call they wait.
    fn check_place(&self, call: CallId, since: Mono) -> Option<String> {
        let own = self.promises.get(&call).map(|promise| promise.intent);
        let intent = own.or_else(|| self.intent_by_call.get(&call).copied())?;
        let promise = self.promises.values().find(|promise| promise.intent == intent && !promise.is_over)?;
        let is_late = since > promise.since + ROUNDING;
        is_late.then(|| format!("{call}: {intent} has waited since {:?}, and not since {since:?}", promise.since))
    }

    fn recalling(
        &mut self,
        call: CallId,
        tried: u8,
        now: Now,
        callback: impl Fn(IntentId) -> Option<Callback>,
    ) -> Vec<String> {
        let Some(promise) = self.promises.get_mut(&call) else {
            return vec![format!("{call}: a number is dialled, and nothing was promised")];
        };
        promise.told += 1;
        let stored = callback(promise.intent);
        if let Some(stored) = stored.as_ref().filter(|_| self.unsure.contains(&promise.intent)) {
            (promise.number, promise.zone) = (stored.number.clone(), stored.zone.clone());
        }
        let promise = promise.clone();
        let of_intent = self.promises.values().filter(|other| other.intent == promise.intent);
        let often: u32 = of_intent.map(|other| other.told).sum();
        let mut wrong = Vec::new();
        let is_counted = stored.as_ref().is_some_and(|stored| {
            stored.state == CallbackState::Calling { call } && stored.tries == tried && stored.number == promise.number
        });
        let is_agent_there = self.granted.get(&call).is_some_and(|(agent, granted)| {
            self.acknowledged.get(agent).is_some_and(|acknowledged| acknowledged >= granted)
        });
        let in_call =
            self.intent_by_call.iter().find(|(own, intent)| **intent == promise.intent && self.talking.contains(own));
        for (is_wrong, what) in [
            (!promise::is_open(promise.zone.as_deref(), now.wall), "is dialled at night"),
            (!promise::is_allowed(&promise.number), "must not be called at all"),
            (!is_counted, "is dialled before the store has counted the try"),
            (often > u32::from(promise::TRIES_MAX), "is dialled too often"),
            (often > u32::from(tried), "was dialled more often than the store has counted"),
            (!is_agent_there, "is dialled before an agent is there"),
            (self.talked.contains_key(&promise.intent), "is dialled after an agent has talked to them"),
            (in_call.is_some(), "is dialled while they talk to an agent"),
        ] {
            if is_wrong {
                wrong.push(format!("{call}: {} {what}; the store has {stored:?}", promise.intent));
            }
        }
        wrong
    }

    /// An INVITE has left for this number.
    fn rung(&mut self, number: &str, now: Now) -> Option<String> {
        let is_it = |promise: &&mut Promise| promise.number.as_str() == number && promise.rung < promise.told;
        let Some(promise) = self.promises.values_mut().filter(|promise| !promise.is_over).find(is_it) else {
            return Some("a number is dialled that nobody has been promised".to_owned());
        };
        promise.rung += 1;
        let is_open = promise::is_open(promise.zone.as_deref(), now.wall);
        (!is_open).then(|| format!("{}: its number is rung at night", promise.intent))
    }

    fn ended(&mut self, record: &CallRecord) -> Option<String> {
        let (call, outcome) = (record.call, record.outcome);
        self.talking.remove(&call);
        self.intent_by_call.remove(&call);
        self.granted.remove(&call);
        let place = self.since_by_call.remove(&call).filter(|_| outcome == Some(Outcome::Replaced));
        let own = record.intent.filter(|_| record.tries.is_none());
        self.place_by_intent.extend(own.zip(place));
        if let Some(intent) = record.intent.filter(|_| outcome == Some(Outcome::Talked)) {
            self.talked.insert(intent, record.ended.unwrap_or(record.began));
            // A page that is loaded anew amid its call has the intent once more, and the store its promise, which nobody keeps.
            if record.trunk.as_str() == browsing::TRUNK {
                self.unsure.insert(intent);
            }
        }
        let promise = self.promises.get_mut(&call)?;
        // The place was this promise's: whoever is promised another once it has ended waits anew.
        self.place_by_intent.remove(&promise.intent);
        promise.is_over = true;
        promise.has_talked = outcome == Some(Outcome::Talked);
        let is_end =
            matches!(outcome, Some(Outcome::Talked | Outcome::Unreached | Outcome::Withdrawn | Outcome::Replaced));
        (!is_end).then(|| format!("{call}: a callback ended as {outcome:?}"))
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::super::histories::{call, granted};
    use super::*;
    use crate::base::{Fence, Level, QueueId, TrunkId};
    use crate::intents::Miss;
    use crate::sim::world::BEGAN;

    const ID: IntentId = IntentId(7);

    fn now(s: u64) -> Now {
        Now::new(Mono(s * 1_000_000_000), BEGAN + Duration::from_secs(s))
    }

    fn callback(tries: u8, state: CallbackState) -> Callback {
        Callback {
            number: town::number(1, 3).unwrap(),
            zone: Some("Etc/UTC".to_owned()),
            not_before: None,
            promised: BEGAN,
            since: BEGAN,
            level: Level::Strong,
            queue: QueueId::new("help"),
            priority: 0,
            rule: None,
            tries,
            tried: None,
            missed: Miss::default(),
            state,
        }
    }

    /// Promised in the first second, granted in the second.
    fn promised() -> Callbacks {
        let mut callbacks = Callbacks::default();
        let mut site = crate::sim::site::Site::new(town::token_keys().unwrap(), crate::base::rng::Rng::from_number(1));
        let intent =
            Intent { id: ID, callback: Some(Box::new(callback(0, CallbackState::Waiting))), ..site.intent(BEGAN) };
        assert_eq!(callbacks.promised(call(1), &intent, now(1)), None);
        let agent = town::agent(0);
        assert!(callbacks.fact(&granted(1, agent.as_str(), 1), now(2), |_| None).is_empty());
        callbacks
    }

    fn agent_answers(callbacks: &mut Callbacks) {
        callbacks.acknowledged.insert(town::agent(0), Mono(3_000_000_000));
    }

    fn dial(callbacks: &mut Callbacks, at_s: u64, stored: Callback) -> Vec<String> {
        let tried = stored.tries;
        callbacks.fact(&Fact::Recalling { call: call(1), tried }, now(at_s), move |_| Some(stored.clone()))
    }

    fn calling(tries: u8) -> Callback {
        callback(tries, CallbackState::Calling { call: call(1) })
    }

    fn ended(outcome: Outcome) -> Fact {
        let begun = CallRecord::begun(call(1), TrunkId::new("carrier-0"), Wall(1));
        Fact::CallEnded(Box::new(CallRecord { outcome: Some(outcome), intent: Some(ID), ..begun }))
    }

    #[test]
    fn a_good_callback_is_left_in_peace() {
        let mut callbacks = promised();
        agent_answers(&mut callbacks);
        assert_eq!(dial(&mut callbacks, 4, calling(1)), Vec::<String>::new());
        assert_eq!(callbacks.rung(town::number(1, 3).unwrap().as_str(), now(4)), None);
        assert!(callbacks.fact(&ended(Outcome::Talked), now(9), |_| None).is_empty());
        assert!(callbacks.at_the_end(true, |_| Some(CallbackState::Reached)).is_empty());
    }

    #[test]
    fn whoever_is_dialled_as_they_must_not_is_found() {
        let found = |at_s, stored: Callback, is_agent_there: bool| {
            let mut callbacks = promised();
            if is_agent_there {
                agent_answers(&mut callbacks);
            }
            dial(&mut callbacks, at_s, stored).join(" ")
        };
        assert!(found(4, calling(1), false).contains("before an agent is there"));
        assert!(found(4, callback(1, CallbackState::Waiting), true).contains("before the store"));
        assert!(found(150, calling(1), true).contains("at night"), "2.5 minutes after eight");
        let mut callbacks = promised();
        agent_answers(&mut callbacks);
        for tries in 1..=promise::TRIES_MAX {
            assert!(dial(&mut callbacks, 4, calling(tries)).is_empty());
        }
        assert!(dial(&mut callbacks, 4, calling(3)).join(" ").contains("too often"));
        let mut callbacks = promised();
        callbacks.fact(&ended(Outcome::Talked), now(5), |_| None);
        assert!(dial(&mut callbacks, 6, calling(2)).join(" ").contains("after an agent has talked"));
    }

    /// The end of an earlier promise, and an earlier promise, of which the store says late.
    #[test]
    fn what_was_promised_last_holds() {
        let promise = |zone: &str, promised_s: u64, state| {
            let promised = BEGAN + Duration::from_secs(promised_s);
            Callback { zone: Some(zone.to_owned()), promised, ..callback(0, state) }
        };
        let mut site = crate::sim::site::Site::new(town::token_keys().unwrap(), crate::base::rng::Rng::from_number(1));
        let intent = site.intent(BEGAN);
        let of = |callback| Box::new(Intent { id: ID, callback: Some(Box::new(callback)), ..intent.clone() });
        let mut callbacks = promised();
        let id = crate::engine::question::QuestionId(1);
        let latest = of(promise("Europe/Berlin", 9, CallbackState::Waiting));
        callbacks.input(&Input::Ask { id, question: Question::CallBack { intent: latest.clone() } });
        assert_eq!(callbacks.promised(call(1), &latest, now(9)), None);
        let late = [promise("Etc/UTC", 2, CallbackState::Missed), promise("Etc/UTC", 2, CallbackState::Waiting)];
        for callback in late.clone() {
            let ask = crate::calls::api::AskId(1);
            callbacks.input(&Input::Store { ask, result: Ok(StoreReply::Promised(of(callback))) });
        }
        let earlier = of(late[1].clone());
        callbacks.input(&Input::Ask { id, question: Question::CallBack { intent: earlier.clone() } });
        assert_eq!(callbacks.promised(call(1), &earlier, now(10)), None, "the page is told of it last");
        agent_answers(&mut callbacks);
        let stored = promise("Europe/Berlin", 9, CallbackState::Calling { call: call(1) });
        let stored = Callback { tries: 1, ..stored };
        assert_eq!(dial(&mut callbacks, 150, stored), Vec::<String>::new(), "by day in Berlin");
    }

    #[test]
    fn a_place_goes_with_the_promise_that_had_it() {
        let mut callbacks = promised();
        callbacks.place_by_intent.insert(ID, Mono(500_000_000));
        assert!(callbacks.fact(&ended(Outcome::Unreached), now(5), |_| None).is_empty());
        assert!(callbacks.place_by_intent.is_empty());
    }

    #[test]
    fn a_promise_without_an_end_and_a_place_that_is_lost_are_found() {
        let mut callbacks = promised();
        assert_eq!(callbacks.at_the_end(true, |_| None).len(), 1, "its call goes on");
        assert_eq!(callbacks.at_the_end(true, |_| Some(CallbackState::Waiting)).len(), 2, "the store waits too");
        let queued = |since| Fact::Queued { call: call(1), queue: QueueId::new("help"), since };
        assert!(callbacks.fact(&queued(Mono(1_000_000)), now(3), |_| None).is_empty());
        assert_eq!(callbacks.fact(&queued(Mono(1_500_000_000)), now(3), |_| None).len(), 1);
        assert_eq!(callbacks.fact(&ended(Outcome::FellBack), now(9), |_| None).len(), 1, "no end for a callback");
        let granted = Fact::Granted { call: call(1), agent: AgentId::new("ann"), fence: Fence(1) };
        assert!(callbacks.fact(&granted, now(3), |_| None).is_empty());
        let nobody: SocketAddr = "192.0.2.77:5060".parse().unwrap();
        assert_eq!(callbacks.transmit(nobody, &Bytes::from_static(b"x"), now(3)), None);
        assert!(callbacks.rung("+12015550123", now(3)).is_some(), "nobody was promised that");
    }
}
