//! The call on a desk, from its offer to its wrap-up.

use std::sync::Arc;

use crate::base::{AgentId, CallId, Fence};

use super::api::{ConnId, DeskEvent, Undeliverable};
use super::desks::Desks;
use super::message::{AgentState, CallPhase, ConsultWish, ErrorCode, RecordingState, ServerMessage, WrapUp};
use super::pop::Pop;

impl Desks {
    pub(super) fn show(&mut self, agent: &AgentId, pop: Pop) {
        let (call, fence) = (pop.call, pop.fence);
        let shown = Arc::new(pop.shown());
        if let Some(session) = self.sessions.get_mut(agent) {
            session.put(Arc::clone(&shown));
        }
        if let Err(cause) = self.tell(agent, ServerMessage::Pop(shown)) {
            self.emit(DeskEvent::PopUndeliverable { agent: agent.clone(), call, fence, cause });
        }
    }

    /// The pop of the call on the desk, drawn anew; of another offer there is nothing to draw.
    pub(super) fn update(&mut self, agent: &AgentId, pop: Pop) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        let Some(current) = session.call_mut(pop.call).filter(|current| current.pop.fence == pop.fence) else { return };
        let shown = Arc::new(pop.shown());
        current.pop = Arc::clone(&shown);
        self.inform(agent, ServerMessage::PopUpdated(shown));
    }

    pub(super) fn withdraw(&mut self, agent: &AgentId, call: CallId, why: String) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        if session.take_call(call).is_some() {
            self.inform(agent, ServerMessage::PopWithdrawn { call, why });
            self.log_out_if_lost(agent);
        }
    }

    pub(super) fn set_phase(&mut self, agent: &AgentId, call: CallId, phase: CallPhase) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        let Some(current) = session.call_mut(call) else { return };
        current.phase = Some(phase);
        session.clear_desk();
        self.inform(agent, ServerMessage::CallState { call, phase });
        self.log_out_if_lost(agent);
    }

    pub(super) fn show_recording(&mut self, agent: &AgentId, call: CallId, state: RecordingState) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        let Some(current) = session.call_mut(call) else { return };
        current.recording = Some(state);
        self.inform(agent, ServerMessage::Recording { call, state });
    }

    /// Of the call on this desk that has been answered.
    pub(super) fn ask_consult(&mut self, conn: ConnId, agent: &AgentId, call: CallId, wish: ConsultWish) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        let phase = session.call_mut(call).and_then(|current| current.phase);
        if matches!(phase, Some(CallPhase::Talking | CallPhase::Held)) {
            return self.emit(DeskEvent::ConsultAsked { agent: agent.clone(), call, wish });
        }
        self.complain(conn, ErrorCode::NoSuchCall, "this call is not yours", "go on with your work");
    }

    /// What only those may ask who supervise somebody.
    pub(super) fn as_supervisor(&mut self, conn: ConnId, agent: &AgentId, event: DeskEvent) {
        let may = self.account_by_agent.get(agent).is_some_and(|account| !account.supervises.is_empty());
        if may {
            return self.emit(event);
        }
        self.complain(conn, ErrorCode::NoSupervisor, "you supervise nobody", "ask your administrator");
    }

    /// Whether it is recorded at all is for the calls to say.
    pub(super) fn ask_recording(&mut self, conn: ConnId, agent: &AgentId, call: CallId, paused: bool) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        let state = session.call_mut(call).and_then(|current| current.recording);
        if matches!(state, Some(RecordingState::On | RecordingState::Paused)) {
            return self.emit(DeskEvent::RecordingAsked { agent: agent.clone(), call, paused });
        }
        let (text, remedy) = ("this call is not being recorded", "there is nothing to pause");
        self.complain(conn, ErrorCode::NoSuchCall, text, remedy);
    }

    pub(super) fn set_state(&mut self, agent: &AgentId, state: AgentState, why: String) {
        self.forget_left(agent, &state);
        let Some(session) = self.sessions.get_mut(agent) else { return };
        session.state = state.clone();
        self.inform(agent, ServerMessage::StateChanged { state, why });
    }

    pub(super) fn ask_wrap_up(&mut self, agent: &AgentId, call: CallId) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        if let Some(current) = session.call_mut(call) {
            current.wrap_up_due = true;
            return self.inform(agent, ServerMessage::WrapUpDue { call });
        }
        self.bring_back(agent, call);
    }

    /// Tells what nothing waits for: a desk that is away hears it when it is back.
    pub(super) fn inform(&mut self, agent: &AgentId, message: ServerMessage) {
        match self.tell(agent, message) {
            Ok(()) | Err(Undeliverable::NoSession | Undeliverable::Disconnected | Undeliverable::Unresponsive) => {}
        }
    }

    /// Counts once for each offer; one that comes after the offer is over says nothing.
    pub(super) fn pop_drawn(&mut self, agent: &AgentId, call: CallId, fence: Fence) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        let Some(current) = session.call_mut(call) else { return };
        if current.pop.fence == fence && !std::mem::replace(&mut current.drawn, true) {
            self.emit(DeskEvent::PopAcknowledged { agent: agent.clone(), call, fence });
        }
    }

    pub(super) fn decline(&mut self, conn: ConnId, agent: &AgentId, call: CallId) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        if session.call_mut(call).is_some_and(|current| current.can_be_declined()) {
            self.emit(DeskEvent::Declined { agent: agent.clone(), call });
        } else {
            self.complain(conn, ErrorCode::NoSuchCall, "this call cannot be declined any more", "go on with your work");
        }
    }

    /// Whether the call is a callback is known to the calls.
    pub(super) fn not_reached(&mut self, conn: ConnId, agent: &AgentId, call: CallId) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        if session.call_mut(call).is_some_and(|current| current.phase.is_some()) {
            self.emit(DeskEvent::NotReached { agent: agent.clone(), call });
        } else {
            self.complain(conn, ErrorCode::NoSuchCall, "this call is not on your desk", "go on with your work");
        }
    }

    /// A wrap-up may be written as soon as the phone rings; the call leaves the desk when it is written and the call has ended. One whose
    /// time was over is taken late.
    pub(super) fn take_wrap_up(&mut self, conn: ConnId, agent: &AgentId, wrap_up: WrapUp) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        let call = wrap_up.call;
        if let Some(old) = session.overtaken_mut(call) {
            let again = std::mem::replace(&mut old.is_written, true);
            return self.taken(agent, wrap_up, again, true);
        }
        let again = session.wrapped_up == Some(call);
        if !again && session.call_mut(call).is_none_or(|current| current.phase.is_none()) {
            let (text, remedy) = ("this call is not on your desk", "its wrap-up may have come too late: ask your lead");
            return self.complain(conn, ErrorCode::NoSuchCall, text, remedy);
        }
        session.wrapped_up = Some(call);
        session.clear_desk();
        self.taken(agent, wrap_up, again, false);
    }

    fn taken(&mut self, agent: &AgentId, wrap_up: WrapUp, again: bool, is_late: bool) {
        let call = wrap_up.call;
        if !again {
            self.emit(DeskEvent::WrapUpWritten { agent: agent.clone(), wrap_up, is_late });
        }
        self.inform(agent, ServerMessage::WrapUpTaken { call });
    }
}
