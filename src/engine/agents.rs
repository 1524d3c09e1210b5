//! What the desks say of an agent in the router's words, and the other way round.

use crate::base::AgentId;
use crate::desktop::{AgentState as Shown, AskedState, CallPhase, DeskCommand, DeskEvent};
use crate::routing::{AgentState, Input, Presence};

/// What the router must hear of a desk's event.
pub fn presence(event: &DeskEvent) -> Vec<Input> {
    match event {
        DeskEvent::StateAsked { agent, state } => vec![asked(agent, state)],
        DeskEvent::LoggedOut { agent } => {
            vec![Input::Presence { agent: agent.clone(), presence: Presence::Offline }]
        }
        DeskEvent::WrapUpWritten { agent, wrap_up: _, is_late: false } => {
            vec![Input::WrapUpDone { agent: agent.clone() }]
        }
        DeskEvent::ConnectionLost { agent } => vec![Input::Desk { agent: agent.clone(), connected: false }],
        DeskEvent::ConnectionBack { agent } => vec![Input::Desk { agent: agent.clone(), connected: true }],
        // The agent has the next call, whose wrap-up is to come.
        DeskEvent::WrapUpWritten { agent: _, wrap_up: _, is_late: true }
        | DeskEvent::LoggedIn { .. }
        | DeskEvent::PopAcknowledged { .. }
        | DeskEvent::PopUndeliverable { .. }
        | DeskEvent::Declined { .. }
        | DeskEvent::RecordingAsked { .. }
        | DeskEvent::SuperviseAsked { .. }
        | DeskEvent::ConsultAsked { .. }
        | DeskEvent::CallsAsked { .. }
        | DeskEvent::NotReached { .. }
        | DeskEvent::LoginRefused => Vec::new(),
    }
}

fn asked(agent: &AgentId, state: &AskedState) -> Input {
    let presence = match state {
        AskedState::Available => Presence::Available,
        AskedState::Break { reason } => Presence::Break { reason: reason.clone() },
        AskedState::Offline => Presence::Offline,
    };
    Input::Presence { agent: agent.clone(), presence }
}

/// The router's state of an agent as the desk shows it.
pub fn shown(agent: &AgentId, state: &AgentState) -> DeskCommand {
    let (state, why) = match state {
        AgentState::Offline => (Shown::Offline, String::new()),
        AgentState::Available => (Shown::Available, String::new()),
        AgentState::Paused { why, until } => {
            (Shown::Break { reason: "paused".to_owned() }, paused(why.as_str(), until.is_some()))
        }
        AgentState::Break { reason } => (Shown::Break { reason: reason.clone() }, String::new()),
        AgentState::Offered { .. } => (Shown::Offered, String::new()),
        AgentState::OnCall { .. } => (Shown::OnCall, String::new()),
        AgentState::OnOwnCall { .. } => (Shown::OnCall, "a call from or to your phone".to_owned()),
        AgentState::WrapUp { longest, .. } => {
            (Shown::WrapUp { longest: *longest }, format!("for at most {} s", longest.as_secs()))
        }
    };
    DeskCommand::State { agent: agent.clone(), state, why }
}

/// What a desk that has just logged in is told of its agent: a call, or its wrap-up, may have outlived the desk before.
pub fn outlived(agent: &AgentId, state: &AgentState) -> Vec<DeskCommand> {
    let what = match state {
        AgentState::OnCall { call, .. } => {
            DeskCommand::CallPhase { agent: agent.clone(), call: *call, phase: CallPhase::Talking }
        }
        AgentState::WrapUp { call, .. } => DeskCommand::WrapUpDue { agent: agent.clone(), call: *call },
        AgentState::OnOwnCall { .. } => return vec![shown(agent, state)],
        AgentState::Offline
        | AgentState::Available
        | AgentState::Paused { .. }
        | AgentState::Break { .. }
        | AgentState::Offered { .. } => return Vec::new(),
    };
    vec![shown(agent, state), what]
}

fn paused(why: &str, ends_by_itself: bool) -> String {
    if ends_by_itself {
        format!("{why}: no calls for a while, or say that you are available")
    } else {
        format!("{why}: say that you are available to get calls again")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::{CallId, Fence};

    #[test]
    fn a_call_and_a_wrap_up_outlive_a_desk_and_nothing_else_does() {
        let (anna, call) = (AgentId::new("anna"), CallId(7));
        let said = |state| outlived(&anna, &state).len();
        assert_eq!(said(AgentState::OnCall { call, fence: Fence(1) }), 2);
        let wrap_up = outlived(&anna, &AgentState::WrapUp { call, longest: Duration::from_secs(60) });
        assert!(matches!(&wrap_up[..], [DeskCommand::State { .. }, DeskCommand::WrapUpDue { call: CallId(7), .. }]));
        assert_eq!((said(AgentState::Offline), said(AgentState::Available)), (0, 0));
    }
}
