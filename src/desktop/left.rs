//! What an agent who is logged out has left on the desk: an ended call whose wrap-up is not written. Kept as long as the router
//! gives time for the wrap-up, so that the next login finds the form with what it is about.

use crate::base::{AgentId, CallId};

use super::desks::Desks;
use super::message::AgentState;
use super::session::DeskCall;

impl Desks {
    /// The session is over; one ended call at most is kept for its agent.
    pub(super) fn leave_call(&mut self, agent: &AgentId, call: Option<DeskCall>) {
        if let Some(call) = call.filter(DeskCall::has_ended) {
            self.left_by_agent.insert(agent.clone(), call);
        }
    }

    /// Back on the desk of the agent, who has come back to the wrap-up: the pop, how the call stands, the form.
    pub(super) fn bring_back(&mut self, agent: &AgentId, call: CallId) {
        let Some(session) = self.sessions.get_mut(agent).filter(|session| session.call.is_none()) else { return };
        let Some(mut left) = self.left_by_agent.remove(agent).filter(|left| left.pop.call == call) else { return };
        left.wrap_up_due = true;
        session.call = Some(left);
        let restated = session.restated();
        restated.into_iter().for_each(|message| self.inform(agent, message));
    }

    /// The time for the wrap-up is over when the router says that the agent is something else.
    pub(super) fn forget_left(&mut self, agent: &AgentId, state: &AgentState) {
        if !matches!(state, AgentState::WrapUp { .. }) {
            self.left_by_agent.remove(agent);
        }
    }
}
