//! The owner of the desktop sessions: dispatches, and keeps what is on its way.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::base::rng::Rng;
use crate::base::timers::Timers;
use crate::base::{AgentId, Mono, Now};

use super::api::{Account, ConnId, DeskCommand, DeskEvent, DesktopInput, DesktopOutput, Output, Setup, Undeliverable};
use super::connections::Connection;
use super::message::{AgentState, ErrorCode, ServerMessage, SessionId};
use super::session::{DeskCall, Session};

/// Every desktop session of this node.
pub struct Desks {
    pub(super) setup: Setup,
    pub(super) account_by_agent: HashMap<AgentId, Account>,
    pub(super) rng: Rng,
    pub(super) connections: BTreeMap<ConnId, Connection>,
    pub(super) sessions: BTreeMap<AgentId, Session>,
    /// Of agents who are logged out in the middle of a wrap-up.
    pub(super) left_by_agent: BTreeMap<AgentId, DeskCall>,
    pub(super) timers: Timers<Due>,
    outputs: VecDeque<Output>,
}

/// Whose deadline, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Due {
    Hello(ConnId),
    Quiet(ConnId),
    Grace(AgentId),
}

impl Desks {
    /// `rng` draws the session ids, which a desk must not be able to guess.
    pub fn new(mut setup: Setup, rng: Rng) -> Desks {
        let accounts = std::mem::take(&mut setup.accounts);
        Desks {
            setup,
            account_by_agent: accounts.into_iter().map(|account| (account.agent.clone(), account)).collect(),
            rng,
            connections: BTreeMap::new(),
            sessions: BTreeMap::new(),
            left_by_agent: BTreeMap::new(),
            timers: Timers::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes what a websocket brings.
    pub fn handle(&mut self, input: DesktopInput, now: Now) {
        match input {
            DesktopInput::Opened { conn } => self.opened(conn, now),
            DesktopInput::Message { conn, message } => self.received(conn, message, now),
            DesktopInput::BadMessage { conn, why } => self.received_nonsense(conn, why, now),
            DesktopInput::Alive { conn } => self.heard(conn, now),
            DesktopInput::Closed { conn } => self.closed(conn, now),
        }
    }

    /// Takes what the calls want shown.
    pub fn command(&mut self, command: DeskCommand) {
        match command {
            DeskCommand::Show { agent, pop } => self.show(&agent, *pop),
            DeskCommand::Update { agent, pop } => self.update(&agent, *pop),
            DeskCommand::Withdraw { agent, call, why } => self.withdraw(&agent, call, why),
            DeskCommand::CallPhase { agent, call, phase } => self.set_phase(&agent, call, phase),
            DeskCommand::State { agent, state, why } => self.set_state(&agent, state, why),
            DeskCommand::Consultation { agent, call, to, state, why } => {
                self.inform(&agent, ServerMessage::Consultation { call, to, state, why });
            }
            DeskCommand::Supervision { agent, call, state, why } => {
                self.inform(&agent, ServerMessage::Supervision { call, state, why });
            }
            DeskCommand::Calls { agent, calls } => {
                if let Some(conn) = self.sessions.get(&agent).and_then(|session| session.conn) {
                    self.reply(conn, ServerMessage::Calls(calls));
                }
            }
            DeskCommand::Recording { agent, call, state } => self.show_recording(&agent, call, state),
            DeskCommand::WrapUpDue { agent, call } => self.ask_wrap_up(&agent, call),
        }
    }

    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(due) = self.timers.pop_due(now.mono) {
            match due {
                Due::Hello(conn) => self.hello_overdue(conn),
                Due::Quiet(conn) => self.quiet(conn, now),
                Due::Grace(agent) => self.grace_over(&agent),
            }
        }
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        self.timers.next().map(|(at, due)| (at, due.reason()))
    }

    /// Websockets that are open, logged in or not.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Agents that are logged in, with what their desks show, and whether the connection is there; by name.
    pub fn logged_in(&self) -> impl Iterator<Item = (&AgentId, &AgentState, bool)> {
        self.sessions.iter().map(|(agent, session)| (agent, &session.state, session.conn.is_some()))
    }

    pub(super) fn draw_session_id(&mut self) -> SessionId {
        SessionId(self.rng.u128())
    }

    pub(super) fn emit(&mut self, event: DeskEvent) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(super) fn transmit(&mut self, transmit: DesktopOutput) {
        self.outputs.push_back(Output::Transmit(transmit));
    }

    /// Sends what needs no acknowledgement.
    pub(super) fn reply(&mut self, conn: ConnId, message: ServerMessage) {
        debug_assert!(!message.is_numbered(), "a numbered message goes through its session's log");
        self.transmit(DesktopOutput::Send { conn, seq: None, message });
    }

    pub(super) fn complain(&mut self, conn: ConnId, code: ErrorCode, text: &str, remedy: &str) {
        self.reply(conn, ServerMessage::Error { code, text: text.to_owned(), remedy: remedy.to_owned() });
    }

    /// Numbers a message, keeps it until it is acknowledged, and sends it when the connection is there.
    pub(super) fn tell(&mut self, agent: &AgentId, message: ServerMessage) -> Result<(), Undeliverable> {
        let session = self.sessions.get_mut(agent).ok_or(Undeliverable::NoSession)?;
        let Ok(seq) = session.log.push(message.clone()) else {
            self.drop_unresponsive(agent);
            return Err(Undeliverable::Unresponsive);
        };
        let conn = session.conn.ok_or(Undeliverable::Disconnected)?;
        self.transmit(DesktopOutput::Send { conn, seq: Some(seq), message });
        Ok(())
    }
}

impl Due {
    fn reason(&self) -> &'static str {
        match self {
            Due::Hello(_) => "a desk has not said hello",
            Due::Quiet(_) => "a desk is quiet",
            Due::Grace(_) => "an agent has not reconnected",
        }
    }
}
