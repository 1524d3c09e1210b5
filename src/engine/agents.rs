//! What the desks say of an agent in the router's words, and the other way round.

use crate::base::AgentId;
use crate::desktop::{AgentState as Shown, AskedState, DeskCommand, DeskEvent};
use crate::routing::{AgentState, Input, Presence};

/// What the router must hear of a desk's event.
pub fn presence(event: &DeskEvent) -> Vec<Input> {
    match event {
        DeskEvent::StateAsked { agent, state } => vec![asked(agent, state)],
        DeskEvent::LoggedOut { agent } => {
            vec![Input::Presence { agent: agent.clone(), presence: Presence::Offline }]
        }
        DeskEvent::WrapUpWritten { agent, wrap_up: _ } => vec![Input::WrapUpDone { agent: agent.clone() }],
        DeskEvent::ConnectionLost { agent } => vec![Input::Desk { agent: agent.clone(), connected: false }],
        DeskEvent::ConnectionBack { agent } => vec![Input::Desk { agent: agent.clone(), connected: true }],
        DeskEvent::LoggedIn { .. }
        | DeskEvent::PopAcknowledged { .. }
        | DeskEvent::PopUndeliverable { .. }
        | DeskEvent::Declined { .. }
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
        AgentState::WrapUp { longest, .. } => (Shown::WrapUp, format!("for at most {} s", longest.as_secs())),
    };
    DeskCommand::State { agent: agent.clone(), state, why }
}

fn paused(why: &str, ends_by_itself: bool) -> String {
    if ends_by_itself {
        format!("{why}: no calls for a while, or say that you are available")
    } else {
        format!("{why}: say that you are available to get calls again")
    }
}
