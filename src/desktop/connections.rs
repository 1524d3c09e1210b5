//! The websockets under the sessions: opened, quiet, lost, and back.

use crate::base::limits::{COLLEAGUES_SHOWN_MAX, DESKS_MAX};
use crate::base::{AgentId, Mono, Now};

use super::api::{CloseCode, ConnId, DeskEvent, DesktopOutput};
use super::desks::{Desks, Due};
use super::message::{AgentState, AskedState, ClientMessage, Colleague, ErrorCode, ServerMessage};
use super::session::Session;

/// One open websocket.
pub(super) struct Connection {
    heard: Mono,
    pub(super) login: Login,
}

/// Who speaks on a connection.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Login {
    Nobody { failures: u8 },
    Agent(AgentId),
}

impl Desks {
    pub(super) fn opened(&mut self, conn: ConnId, now: Now) {
        if self.connections.len() >= DESKS_MAX {
            let reason = "too many desks";
            return self.transmit(DesktopOutput::Close { conn, code: CloseCode::TooMany, reason });
        }
        self.connections.insert(conn, Connection { heard: now.mono, login: Login::Nobody { failures: 0 } });
        self.timers.set(Due::Hello(conn), now.mono + self.setup.hello_within);
    }

    pub(super) fn heard(&mut self, conn: ConnId, now: Now) {
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.heard = now.mono;
        }
    }

    pub(super) fn received(&mut self, conn: ConnId, message: ClientMessage, now: Now) {
        self.heard(conn, now);
        let Some(connection) = self.connections.get(&conn) else { return };
        match connection.login.clone() {
            Login::Nobody { failures } => self.received_from_nobody(conn, failures, message, now),
            Login::Agent(agent) => self.received_from_agent(conn, &agent, message, now),
        }
    }

    fn received_from_nobody(&mut self, conn: ConnId, failures: u8, message: ClientMessage, now: Now) {
        match message {
            ClientMessage::Hello(hello) => self.hello(conn, failures, &hello, now),
            ClientMessage::Ping => self.reply(conn, ServerMessage::Pong),
            ClientMessage::SetState(_)
            | ClientMessage::Ack { .. }
            | ClientMessage::PopDrawn { .. }
            | ClientMessage::Decline { .. }
            | ClientMessage::Recording { .. }
            | ClientMessage::Consult { .. }
            | ClientMessage::Supervise { .. }
            | ClientMessage::WatchCalls
            | ClientMessage::Colleagues
            | ClientMessage::NotReached { .. }
            | ClientMessage::PhoneToken
            | ClientMessage::WrapUp(_) => {
                self.complain(conn, ErrorCode::Order, "nobody is logged in here", "say hello first");
            }
        }
    }

    fn received_from_agent(&mut self, conn: ConnId, agent: &AgentId, message: ClientMessage, now: Now) {
        match message {
            ClientMessage::Hello(_) => {
                self.complain(conn, ErrorCode::Order, "this connection is logged in already", "say hello once");
            }
            ClientMessage::SetState(state) => self.state_asked(conn, agent, state),
            ClientMessage::Ack { seq } => self.acknowledge(agent, seq),
            ClientMessage::PopDrawn { call, fence } => self.pop_drawn(agent, call, fence),
            ClientMessage::Decline { call } => self.decline(conn, agent, call),
            ClientMessage::NotReached { call } => self.not_reached(conn, agent, call),
            ClientMessage::WrapUp(wrap_up) => self.take_wrap_up(conn, agent, wrap_up),
            ClientMessage::Consult { call, wish } => self.ask_consult(conn, agent, call, wish),
            ClientMessage::Supervise { call, wish } => {
                let agent = agent.clone();
                self.as_supervisor(conn, &agent.clone(), DeskEvent::SuperviseAsked { agent, call, wish });
            }
            ClientMessage::WatchCalls => {
                self.as_supervisor(conn, agent, DeskEvent::CallsAsked { agent: agent.clone() });
            }
            ClientMessage::Colleagues => {
                let colleagues = self.colleagues(agent);
                self.reply(conn, ServerMessage::Colleagues(colleagues));
            }
            ClientMessage::Recording { call, paused } => self.ask_recording(conn, agent, call, paused),
            ClientMessage::PhoneToken => self.tell_phone(conn, agent, now),
            ClientMessage::Ping => self.reply(conn, ServerMessage::Pong),
        }
    }

    /// Who is free comes first; who is offline, or away from their desk, is not asked.
    fn colleagues(&self, agent: &AgentId) -> Vec<Colleague> {
        let others = self.sessions.iter().filter(|(other, session)| *other != agent && session.is_here());
        let colleague =
            |(agent, session): (&AgentId, &Session)| Colleague { agent: agent.clone(), state: session.state.clone() };
        let (mut free, rest): (Vec<_>, Vec<_>) =
            others.map(colleague).partition(|colleague| colleague.state == AgentState::Available);
        free.extend(rest);
        free.truncate(COLLEAGUES_SHOWN_MAX);
        free
    }

    fn state_asked(&mut self, conn: ConnId, agent: &AgentId, state: AskedState) {
        let breaks = &self.setup.breaks;
        if let AskedState::Break { reason } = &state
            && !breaks.is_empty()
            && !breaks.contains(reason)
        {
            let remedy = format!("choose one of: {}", breaks.join(", "));
            return self.complain(conn, ErrorCode::NoSuchBreak, "there is no break for that", &remedy);
        }
        self.emit(DeskEvent::StateAsked { agent: agent.clone(), state });
    }

    pub(super) fn received_nonsense(&mut self, conn: ConnId, why: String, now: Now) {
        self.heard(conn, now);
        if self.connections.contains_key(&conn) {
            let remedy = "see the table of messages in the documentation of /v1/desktop";
            self.complain(conn, ErrorCode::Unreadable, &why, remedy);
        }
    }

    fn acknowledge(&mut self, agent: &AgentId, seq: u64) {
        if let Some(session) = self.sessions.get_mut(agent) {
            session.log.acknowledge(seq);
        }
    }

    /// Pings a quiet connection once, then closes it.
    pub(super) fn quiet(&mut self, conn: ConnId, now: Now) {
        let Some(connection) = self.connections.get(&conn) else { return };
        let heard = connection.heard;
        let quiet_for = now.mono.since(heard);
        if quiet_for >= self.setup.silent_max {
            let agent = self.hang_up(conn, CloseCode::Silent, "nothing was heard");
            self.lose(agent, conn, now);
        } else if quiet_for >= self.setup.ping_after {
            self.transmit(DesktopOutput::Ping { conn });
            self.timers.set(Due::Quiet(conn), heard + self.setup.silent_max);
        } else {
            self.timers.set(Due::Quiet(conn), heard + self.setup.ping_after);
        }
    }

    /// The peer closed, or its network did.
    pub(super) fn closed(&mut self, conn: ConnId, now: Now) {
        let agent = self.forget(conn);
        self.lose(agent, conn, now);
    }

    /// The session of a lost connection waits for its return.
    fn lose(&mut self, agent: Option<AgentId>, conn: ConnId, now: Now) {
        let Some(agent) = agent else { return };
        let Some(session) = self.sessions.get_mut(&agent).filter(|session| session.conn == Some(conn)) else { return };
        session.conn = None;
        self.timers.set(Due::Grace(agent.clone()), now.mono + self.setup.grace);
        self.emit(DeskEvent::ConnectionLost { agent });
    }

    /// Closes a connection; says who was logged in on it.
    pub(super) fn hang_up(&mut self, conn: ConnId, code: CloseCode, reason: &'static str) -> Option<AgentId> {
        let agent = self.forget(conn);
        self.transmit(DesktopOutput::Close { conn, code, reason });
        agent
    }

    fn forget(&mut self, conn: ConnId) -> Option<AgentId> {
        self.timers.cancel(&Due::Hello(conn));
        self.timers.cancel(&Due::Quiet(conn));
        match self.connections.remove(&conn)?.login {
            Login::Agent(agent) => Some(agent),
            Login::Nobody { .. } => None,
        }
    }

    pub(super) fn grace_over(&mut self, agent: &AgentId) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        session.lost = true;
        self.log_out_if_lost(agent);
    }

    /// Ends a session that nobody came back to, unless a call keeps its agent.
    pub(super) fn log_out_if_lost(&mut self, agent: &AgentId) {
        let over = self.sessions.get(agent).is_some_and(|session| session.lost && !session.is_bound());
        if over {
            // Still there when the agent's account has gone.
            let Some(session) = self.sessions.remove(agent) else { return };
            let conn = session.conn;
            self.leave_call(agent, session.call);
            conn.into_iter()
                .for_each(|conn| drop(self.hang_up(conn, CloseCode::Unauthorized, "no agent here any more")));
            self.emit(DeskEvent::LoggedOut { agent: agent.clone() });
        }
    }

    /// Closes the session of a desk that acknowledges nothing; a later login begins anew.
    pub(super) fn drop_unresponsive(&mut self, agent: &AgentId) {
        let id = self.draw_session_id();
        let Some(session) = self.sessions.get_mut(agent) else { return };
        session.restart(id);
        session.lost = true;
        if let Some(conn) = session.conn.take() {
            self.hang_up(conn, CloseCode::Unacknowledged, "too much is unacknowledged");
            self.emit(DeskEvent::ConnectionLost { agent: agent.clone() });
        }
        self.timers.cancel(&Due::Grace(agent.clone()));
        self.log_out_if_lost(agent);
    }
}
