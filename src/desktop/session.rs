//! One login of an agent, and the call on its desk.

use std::sync::Arc;

use crate::base::CallId;

use super::api::ConnId;
use super::log::SentLog;
use super::message::{AgentState, CallPhase, RecordingState, ServerMessage, SessionId};
use super::pop::ShownPop;

/// Lives from the login until nobody has reconnected within the grace.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) conn: Option<ConnId>,
    pub(super) log: SentLog,
    pub(super) state: AgentState,
    pub(super) call: Option<DeskCall>,
    /// The grace has run out during a call, or the account has gone: the agent is logged out when the call ends.
    pub(super) lost: bool,
    /// The last call whose wrap-up came; the desk may send it again when it did not hear so.
    pub(super) wrapped_up: Option<CallId>,
    /// The call that the next one took the place of before its wrap-up came.
    pub(super) overtaken: Option<Overtaken>,
}

/// A desk that sees the next call sends what was written so far.
#[derive(Clone, Copy)]
pub(super) struct Overtaken {
    pub(super) call: CallId,
    pub(super) is_written: bool,
}

/// The offer or call on a desk; a desk has one at most.
pub(super) struct DeskCall {
    pub(super) pop: Arc<ShownPop>,
    pub(super) drawn: bool,
    /// `None` while it is only offered.
    pub(super) phase: Option<CallPhase>,
    pub(super) wrap_up_due: bool,
    /// `None` when nothing was ever said of it.
    pub(super) recording: Option<RecordingState>,
}

impl Session {
    pub(super) fn new(id: SessionId, conn: ConnId) -> Session {
        Session {
            id,
            conn: Some(conn),
            log: SentLog::default(),
            state: AgentState::Offline,
            call: None,
            lost: false,
            wrapped_up: None,
            overtaken: None,
        }
    }

    /// Begins anew: what was sent before is not sent again as it was.
    pub(super) fn restart(&mut self, id: SessionId) {
        self.id = id;
        self.log = SentLog::default();
    }

    /// The call on the desk, when it is this one.
    pub(super) fn call_mut(&mut self, call: CallId) -> Option<&mut DeskCall> {
        self.call.as_mut().filter(|current| current.pop.call == call)
    }

    /// The offer takes the place of whatever was there.
    pub(super) fn put(&mut self, pop: Arc<ShownPop>) {
        let next = pop.call;
        let old = self.call.replace(DeskCall::offered(pop)).filter(|old| old.wrap_up_due && old.pop.call != next);
        let old = old.map(|old| Overtaken { call: old.pop.call, is_written: false });
        self.overtaken = old.or(self.overtaken);
    }

    /// The call that was overtaken, when it is this one.
    pub(super) fn overtaken_mut(&mut self, call: CallId) -> Option<&mut Overtaken> {
        self.overtaken.as_mut().filter(|old| old.call == call)
    }

    /// Takes this call off the desk.
    pub(super) fn take_call(&mut self, call: CallId) -> Option<DeskCall> {
        self.call.take_if(|current| current.pop.call == call)
    }

    /// Takes the call off the desk when it has ended and its wrap-up is written.
    pub(super) fn clear_desk(&mut self) {
        let written = self.wrapped_up;
        self.call.take_if(|current| current.has_ended() && written == Some(current.pop.call));
    }

    /// Somebody is there, and not offline.
    pub(super) fn is_here(&self) -> bool {
        self.conn.is_some() && self.state != AgentState::Offline
    }

    /// A call that has not ended keeps its agent, desk or no desk.
    pub(super) fn is_bound(&self) -> bool {
        self.call.as_ref().is_some_and(DeskCall::binds)
    }

    /// What a desk must hear that knows nothing of the call.
    pub(super) fn restated(&self) -> Vec<ServerMessage> {
        self.call.as_ref().map(DeskCall::restated).unwrap_or_default()
    }
}

impl DeskCall {
    pub(super) fn offered(pop: Arc<ShownPop>) -> DeskCall {
        DeskCall { pop, drawn: false, phase: None, wrap_up_due: false, recording: None }
    }

    fn binds(&self) -> bool {
        match self.phase {
            Some(CallPhase::Ringing | CallPhase::Talking | CallPhase::Held) => true,
            Some(CallPhase::Ended) | None => false,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.phase == Some(CallPhase::Ended)
    }

    /// An agent may decline until the conversation has begun.
    pub(super) fn can_be_declined(&self) -> bool {
        matches!(self.phase, None | Some(CallPhase::Ringing))
    }

    fn restated(&self) -> Vec<ServerMessage> {
        let call = self.pop.call;
        let mut messages = vec![ServerMessage::Pop(Arc::clone(&self.pop))];
        messages.extend(self.phase.map(|phase| ServerMessage::CallState { call, phase }));
        messages.extend(self.recording.map(|state| ServerMessage::Recording { call, state }));
        messages.extend(self.wrap_up_due.then_some(ServerMessage::WrapUpDue { call }));
        messages
    }
}
