//! The engine's questions to the store on their way. The end of a call, for which nobody waits, goes along with another's question: a turn
//! with both spares a write, a wake-up and a read on either side.

mod direct;

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use crate::base::Mono;
use crate::calls::api::AskId;
use crate::intents::{StoreError, StoreReply, StoreRequest};

use super::clock::Clock;
use super::store::Store;
use super::telemetry::StoreTimer;
use direct::{Became, Direct};

/// A question to the store, and how long its asker waits.
pub struct StoreAsk {
    pub ask: AskId,
    pub request: Box<StoreRequest>,
    pub patience: Duration,
}

/// An answer of the store, or why there is none.
pub type StoreAnswer = (AskId, Result<StoreReply, StoreError>);

/// Called with each answer that did not come over the line, on the runtime that asks.
pub type Answered = Arc<dyn Fn(AskId, Result<StoreReply, StoreError>) + Send + Sync>;

/// How long what nobody waits for may wait for another question.
const ALONG_WITHIN: Duration = Duration::from_millis(4);

/// Asks on the runtime that it is called on: over a line of its own where there is one, and by a task where that cannot do it.
pub struct Asking {
    store: Store,
    clock: Clock,
    timer: StoreTimer,
    answered: Answered,
    direct: Option<Direct>,
    became: Vec<Became>,
    answers: VecDeque<StoreAnswer>,
    /// What goes along with the next question, and when it goes alone.
    along: Vec<StoreAsk>,
    along_by: Option<Mono>,
}

impl Asking {
    pub fn new(store: Store, clock: Clock, timer: StoreTimer, answered: Answered) -> Asking {
        let direct = store.line().map(Direct::new);
        let (became, answers, along) = (Vec::new(), VecDeque::new(), Vec::new());
        Asking { store, clock, timer, answered, direct, became, answers, along, along_by: None }
    }

    /// What an end says is in the store before the next question is. The question has left when this returns: the store is at work
    /// while the rest of the turn is done.
    pub fn ask(&mut self, asked: StoreAsk, now: Mono) {
        if matches!(*asked.request, StoreRequest::Finish { .. }) {
            self.along_by = self.along_by.or(Some(now + ALONG_WITHIN));
            return self.along.push(asked);
        }
        self.put_along(now);
        self.put(asked, now);
        self.flush(now);
    }

    /// When `handle_timeout` is to be called.
    pub fn poll_timeout(&self) -> Option<Mono> {
        self.along_by.into_iter().chain(self.direct.as_ref().and_then(Direct::poll_timeout)).min()
    }

    pub fn handle_timeout(&mut self, now: Mono) {
        if self.along_by.is_some_and(|by| by <= now) {
            self.ask_along(now);
        }
        if let Some(direct) = &mut self.direct {
            direct.handle_timeout(now, &mut self.became);
        }
        self.look_at_what_became();
    }

    /// Nothing waits any longer.
    pub fn ask_along(&mut self, now: Mono) {
        self.put_along(now);
        self.flush(now);
    }

    /// Ready when `receive` may find something; never where there is no line.
    pub async fn ready(&mut self) {
        match &mut self.direct {
            Some(direct) => direct.ready().await,
            None => pending().await,
        }
    }

    /// Takes the answers that came over the line.
    pub fn receive(&mut self, now: Mono) {
        if let Some(direct) = &mut self.direct {
            direct.receive(now, &mut self.became);
        }
        self.look_at_what_became();
    }

    /// The answers over the line, one after the other.
    pub fn poll_answer(&mut self) -> Option<StoreAnswer> {
        self.answers.pop_front()
    }

    /// So that the first call does not wait for the connections.
    pub fn meet_the_store(&mut self) {
        let (store, now) = (self.store.clone(), self.clock.now().wall);
        tokio::spawn(async move { store.ask(StoreRequest::Ping { now }).await });
        if let Some(direct) = &mut self.direct {
            direct.connect();
        }
    }

    fn put_along(&mut self, now: Mono) {
        self.along_by = None;
        for asked in std::mem::take(&mut self.along) {
            self.put(asked, now);
        }
    }

    fn put(&mut self, asked: StoreAsk, now: Mono) {
        let left = match &mut self.direct {
            Some(direct) => direct.ask(asked, now),
            None => Err(asked),
        };
        if let Err(asked) = left {
            self.ask_by_a_task(asked);
        }
    }

    fn flush(&mut self, now: Mono) {
        if let Some(direct) = &mut self.direct {
            direct.flush(now, &mut self.became);
        }
        self.look_at_what_became();
    }

    fn look_at_what_became(&mut self) {
        let mut became = std::mem::take(&mut self.became);
        for became in became.drain(..) {
            match became {
                Became::Answered { ask, result, took } => {
                    self.timer.took(took);
                    self.answers.push_back((ask, result));
                }
                Became::Left(asked) => self.ask_by_a_task(asked),
            }
        }
        self.became = became;
    }

    fn ask_by_a_task(&self, StoreAsk { ask, request, patience }: StoreAsk) {
        let (store, clock, timer, answered) =
            (self.store.clone(), self.clock, self.timer.clone(), Arc::clone(&self.answered));
        tokio::spawn(async move {
            let asked = clock.mono();
            let result = store.ask_within(*request, patience).await;
            timer.took(clock.mono().since(asked));
            answered(ask, result);
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;
    use crate::base::{CallId, IntentId, Wall};
    use crate::intents::{ClaimPlan, Intent, IntentState};
    use crate::io::records::IntentRecord;
    use crate::io::telemetry;

    const PATIENCE: Duration = Duration::from_secs(30);
    const UNTIL: Wall = Wall(60_000);
    const FIRST: CallId = CallId(1);
    const SECOND: CallId = CallId(2);

    type Answer = (AskId, Result<StoreReply, StoreError>);

    fn intent() -> Intent {
        let record: IntentRecord = serde_json::from_value(json!({
            "v": 1, "id": IntentId(7).to_string(), "customer": {"id": "c-1", "name": "Ann Example", "email": "", "phones": []},
            "reason": {"category": "delivery"}, "articles": [], "words": "", "language": "en", "urgency": "normal",
            "attributes": {}, "created": 1, "expires": 900_001, "state": {"is": "open"}, "version": 1
        }))
        .unwrap();
        record.try_into().unwrap()
    }

    /// With an intent that the first call has claimed.
    async fn asking() -> (Asking, Store, UnboundedReceiver<Answer>) {
        let store = Store::in_memory(10, PATIENCE).unwrap();
        let now = Wall(1);
        let register = StoreRequest::Register { intent: Box::new(intent()), lease: None, idempotency: None, now };
        assert!(matches!(store.ask(register).await, Ok(StoreReply::Registered(_))));
        let claim = StoreRequest::Claim { intent: IntentId(7), call: FIRST, until: UNTIL, now };
        assert!(matches!(store.ask(claim).await, Ok(StoreReply::Claimed(_))));
        let (sender, answers) = unbounded_channel();
        let answered: Answered = Arc::new(move |ask, result| drop(sender.send((ask, result))));
        let (recorder, _) = telemetry::start(None, now).unwrap();
        (Asking::new(store.clone(), Clock::start(), recorder.store_timer(), answered), store, answers)
    }

    fn end(ask: u64) -> StoreAsk {
        let (intent, call) = (IntentId(7), FIRST);
        let request = StoreRequest::Finish { intent, call, agent: None, used: false, missed: None, now: Wall(2) };
        StoreAsk { ask: AskId(ask), request: Box::new(request), patience: PATIENCE }
    }

    /// The second call's, which takes the intent when nobody has it.
    fn question(ask: u64) -> StoreAsk {
        let claim = Some(ClaimPlan { call: SECOND, until: UNTIL });
        let request = StoreRequest::Find { dialled: None, caller: None, token: Some(IntentId(7)), claim, now: Wall(2) };
        StoreAsk { ask: AskId(ask), request: Box::new(request), patience: PATIENCE }
    }

    fn at(ms: u64) -> Mono {
        Mono::ZERO + Duration::from_millis(ms)
    }

    async fn holder(store: &Store) -> IntentState {
        match store.ask(StoreRequest::Get { intent: IntentId(7), now: Wall(2) }).await {
            Ok(StoreReply::Got(intent)) => intent.state,
            other => panic!("{other:?}"),
        }
    }

    /// In the order of their numbers.
    async fn both(answers: &mut UnboundedReceiver<Answer>) -> [Answer; 2] {
        let mut both = [answers.recv().await.unwrap(), answers.recv().await.unwrap()];
        both.sort_by_key(|(ask, _)| ask.0);
        both
    }

    #[tokio::test]
    async fn an_end_goes_along_with_the_next_question_and_is_in_the_store_before_it() {
        let (mut asking, store, mut answers) = asking().await;
        asking.ask(end(1), at(0));
        assert_eq!(asking.poll_timeout(), Some(at(4)));
        assert!(matches!(holder(&store).await, IntentState::Claimed { call, .. } if call == FIRST), "it waits");
        asking.ask(question(2), at(3));
        assert_eq!(asking.poll_timeout(), None);
        let [(_, ended), (_, found)] = both(&mut answers).await;
        assert_eq!(ended, Ok(StoreReply::Finished));
        let Ok(StoreReply::Found { candidates }) = found else { panic!("{found:?}") };
        // Had the question been first, the intent would still be the first call's.
        let state = candidates.first().map(|candidate| candidate.intent.state);
        assert!(matches!(state, Some(IntentState::Claimed { call, .. }) if call == SECOND), "{state:?}");
    }

    #[tokio::test]
    async fn an_end_goes_alone_when_nothing_comes() {
        let (mut asking, store, mut answers) = asking().await;
        asking.ask(end(1), at(0));
        asking.ask(end(2), at(2));
        asking.handle_timeout(at(3));
        assert_eq!(asking.poll_timeout(), Some(at(4)), "the first one's time");
        assert!(matches!(holder(&store).await, IntentState::Claimed { .. }));
        asking.handle_timeout(at(4));
        assert_eq!(asking.poll_timeout(), None);
        assert_eq!(both(&mut answers).await.map(|(ask, _)| ask), [AskId(1), AskId(2)]);
        assert_eq!(holder(&store).await, IntentState::Open);
    }

    #[tokio::test]
    async fn nothing_waits_when_the_process_ends() {
        let (mut asking, store, mut answers) = asking().await;
        asking.ask(end(1), at(0));
        asking.ask_along(at(0));
        assert_eq!(answers.recv().await, Some((AskId(1), Ok(StoreReply::Finished))));
        assert_eq!(holder(&store).await, IntentState::Open);
    }
}
