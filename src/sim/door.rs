//! The HTTP door's part in a callback, as `io/web/callbacks` has it: the store promises first, then the engine gives it its place; what
//! the engine cannot keep is taken back.

use std::collections::{BTreeMap, VecDeque};

use crate::base::{CallId, E164, IntentId, Level, Now, QueueId, Wall};
use crate::calls::CalledBack;
use crate::calls::api::AskId;
use crate::calls::recalling::plan::CallbackPlan;
use crate::engine::question::{Answer, Question, QuestionId};
use crate::intents::requests::{StoreError, StoreReply, StoreRequest};
use crate::intents::{Callback, CallbackEnd, CallbackState, Intent, Miss};

/// What a customer asks for on the page.
#[derive(Clone, Debug)]
pub struct Wish {
    pub number: E164,
    pub zone: Option<String>,
    pub not_before: Option<Wall>,
    /// Where the access rules lead this customer.
    pub queue: QueueId,
    pub priority: i32,
}

/// What the door wants done, or has told a page.
#[derive(Debug)]
pub enum DoorOutput {
    Store(AskId, Box<StoreRequest>),
    Engine(QuestionId, Question),
    Promised(CallId, Box<Intent>),
    Refused,
    /// The store is asked: until it has answered, and when it never does, it may have promised what nobody knows of.
    Unsure(IntentId),
    TakenBack,
}

pub struct Door {
    plan: CallbackPlan,
    numbered: u64,
    asked: BTreeMap<AskId, Asked>,
    /// With whether something was promised before.
    questions: BTreeMap<QuestionId, (Box<Intent>, bool)>,
    outputs: VecDeque<DoorOutput>,
}

#[derive(Clone, Copy, Debug)]
enum Asked {
    Promise {
        had_one: bool,
    },
    TakeBack(IntentId),
    /// Nobody waits for the answer.
    CleanUp,
}

/// Its questions to the store are numbered from here on, the engine's from 1.
const FIRST: u64 = 1 << 63;

impl Door {
    pub fn new(plan: CallbackPlan) -> Door {
        let (asked, questions) = (BTreeMap::new(), BTreeMap::new());
        Door { plan, numbered: FIRST, asked, questions, outputs: VecDeque::new() }
    }

    /// Whether the store answers to the door.
    pub fn is_its(ask: AskId) -> bool {
        ask.0 >= FIRST
    }

    pub fn poll_output(&mut self) -> Option<DoorOutput> {
        self.outputs.pop_front()
    }

    /// `POST /v1/intents/{id}/callback`.
    pub fn call_back(&mut self, intent: &Intent, wish: Wish, now: Now) {
        if self.plan.check(&wish.number, wish.zone.as_deref()).is_err() {
            return self.outputs.push_back(DoorOutput::Refused);
        }
        let until = wish.not_before.unwrap_or(now.wall).max(now.wall) + self.plan.kept;
        let callback = Box::new(Callback {
            number: wish.number,
            zone: wish.zone,
            not_before: wish.not_before,
            promised: now.wall,
            since: now.wall,
            level: Level::Strong,
            queue: wish.queue,
            priority: wish.priority,
            rule: None,
            tries: 0,
            tried: None,
            missed: Miss::default(),
            state: CallbackState::Waiting,
        });
        let (most, now) = (self.plan.most, now.wall);
        let request = StoreRequest::Promise { intent: intent.id, callback, by: None, most, until, now };
        // Until the answer is there.
        self.outputs.push_back(DoorOutput::Unsure(intent.id));
        let before = intent.callback.as_ref().map(|callback| callback.state);
        self.ask(Asked::Promise { had_one: before == Some(CallbackState::Waiting) }, request);
    }

    /// `DELETE` of the same.
    pub fn take_back(&mut self, intent: IntentId, now: Now) {
        self.unpromise(Asked::TakeBack(intent), intent, now);
    }

    pub fn store_answered(&mut self, ask: AskId, result: Result<StoreReply, StoreError>) {
        match (self.asked.remove(&ask), result) {
            (Some(Asked::Promise { had_one }), Ok(StoreReply::Promised(intent))) => {
                let id = self.next_question();
                self.questions.insert(id, (intent.clone(), had_one));
                self.outputs.push_back(DoorOutput::Engine(id, Question::CallBack { intent }));
            }
            (Some(Asked::Promise { .. }), _) => self.outputs.push_back(DoorOutput::Refused),
            (Some(Asked::TakeBack(intent)), Ok(StoreReply::Promised(_))) => {
                let id = self.next_question();
                self.outputs.push_back(DoorOutput::Engine(id, Question::TakeBack { intent }));
                self.outputs.push_back(DoorOutput::TakenBack);
            }
            (Some(Asked::TakeBack(_) | Asked::CleanUp) | None, _) => {}
        }
    }

    pub fn engine_answered(&mut self, id: QuestionId, answer: Answer, now: Now) {
        let Some((intent, had_one)) = self.questions.remove(&id) else { return };
        match answer {
            Answer::CalledBack(CalledBack::Waiting { call, .. }) => {
                self.outputs.push_back(DoorOutput::Promised(call, intent));
            }
            // What was promised before holds.
            _ if had_one => self.outputs.push_back(DoorOutput::Refused),
            _ => {
                self.unpromise(Asked::CleanUp, intent.id, now);
                self.outputs.push_back(DoorOutput::Refused);
            }
        }
    }

    fn unpromise(&mut self, asked: Asked, intent: IntentId, now: Now) {
        let end = CallbackEnd::TakenBack;
        self.ask(asked, StoreRequest::Unpromise { intent, call: None, end, now: now.wall });
    }

    fn ask(&mut self, asked: Asked, request: StoreRequest) {
        self.numbered += 1;
        let ask = AskId(self.numbered);
        self.asked.insert(ask, asked);
        self.outputs.push_back(DoorOutput::Store(ask, Box::new(request)));
    }

    fn next_question(&mut self) -> QuestionId {
        self.numbered += 1;
        QuestionId(self.numbered)
    }
}
