//! The part of the calls that the customers' pages hear.

use crate::base::{AgentId, CallId, CaseId, IntentId, Now};
use crate::calls::call::Call;
use crate::calls::confirming::{self, Confirmed};
use crate::calls::facts::{CaseNote, Fact};
use crate::calls::pages::{self, PageInput, Standing};

use super::Calls;

impl Calls {
    pub(super) fn on_page(&mut self, input: PageInput) {
        match input {
            PageInput::Opened { intent } => {
                let standing = self.standing(intent);
                self.bench.pages.open(intent, standing.clone());
                self.bench.page(intent, standing);
            }
            PageInput::Closed { intent } => self.bench.pages.close(intent),
        }
    }

    /// The page of this intent says that its customer is calling now.
    pub fn confirm(&mut self, intent: IntentId, now: Now) -> Confirmed {
        self.bench.now = now;
        let known = &self.bench.pages;
        let Some(id) = known.call_of(intent).or_else(|| known.rivalled_call(intent)) else { return Confirmed::NoCall };
        let Some(call) = self.calls.get_mut(&id) else { return Confirmed::NoCall };
        self.bench.lay_out(&call.rules);
        let confirmed = confirming::confirm(call, intent, &mut self.bench, now);
        self.bench.clear_up();
        self.tell_pages(id);
        confirmed
    }

    /// A call that was taken for this intent's is in progress.
    pub fn is_in_call(&self, intent: IntentId) -> bool {
        self.bench.pages.call_of(intent).is_some_and(|call| self.calls.contains_key(&call))
    }

    /// After anything that a call was told.
    pub(super) fn tell_pages(&mut self, id: CallId) {
        if self.bench.pages.are_closed() {
            return;
        }
        if let Some(call) = self.calls.get(&id) {
            pages::concerned(call).into_iter().for_each(|intent| self.tell_page(intent));
        }
        while let Some(intent) = self.bench.pages.next_left() {
            self.tell_page(intent);
        }
    }

    /// The call is over and out of the table: those who had not heard that it was theirs hear of it no more.
    pub(super) fn close_pages(&mut self, call: &Call) {
        for intent in pages::concerned(call) {
            self.bench.pages.forget(intent, call.id);
        }
        for other in &call.recognised.others {
            self.bench.pages.leave(other.id, call.id);
        }
        self.tell_pages(call.id);
    }

    /// The wrap-up is written, during the call or after it: with what the intent says it is a case.
    pub(super) fn open_case(&mut self, id: CallId, agent: &AgentId, now: Now) {
        let record = self.calls.get(&id).map(|call| &call.record).or_else(|| self.records.get(id));
        let note = record.and_then(|record| {
            Some(CaseNote {
                case: CaseId::of_call(id),
                intent: record.intent?,
                about: (**record.about.as_ref()?).clone(),
                agent: agent.clone(),
                wrap_up: (**record.wrap_up.as_ref()?).clone(),
                at: now.wall,
            })
        });
        if let Some(note) = note {
            self.bench.fact(Fact::CaseOpened(Box::new(note)));
        }
    }

    /// The wrap-up is written: after the end, only the record knows the call.
    pub(super) fn tell_written(&mut self, id: CallId) {
        let ended = self.records.get(id).and_then(|record| Some((record.intent?, pages::ended(record))));
        if let Some((intent, standing)) = ended {
            self.tell(intent, Some(standing));
        }
    }

    fn tell_page(&mut self, intent: IntentId) {
        let standing = self.standing(intent);
        self.tell(intent, standing);
    }

    fn tell(&mut self, intent: IntentId, standing: Option<Standing>) {
        if self.bench.pages.is_news(intent, &standing) {
            self.bench.page(intent, standing);
        }
    }

    fn standing(&self, intent: IntentId) -> Option<Standing> {
        let of = |call: CallId| self.get(call);
        let own = self.bench.pages.call_of(intent).and_then(of).map(pages::of);
        own.or_else(|| self.bench.pages.rivalled_call(intent).and_then(of).map(pages::asked))
    }
}
