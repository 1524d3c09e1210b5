//! The hello: who may log in, and what a login finds of the one before.

use std::time::Duration;

use subtle::ConstantTimeEq;

use crate::base::limits::DESK_LOGIN_ATTEMPTS_MAX;
use crate::base::{AgentId, Now};

use super::api::{Account, CloseCode, ConnId, DeskEvent, DesktopOutput};
use super::connections::Login;
use super::desks::{Desks, Due};
use super::message::{BrowserPhone, ErrorCode, Hello, Resume, ServerMessage, SessionId, TokenHash};
use super::pass::Pass;
use super::session::Session;

/// Time to open a websocket, which then lasts by itself.
const PASS_LASTS: Duration = Duration::from_secs(300);

impl Desks {
    pub(super) fn hello(&mut self, conn: ConnId, failures: u8, hello: &Hello, now: Now) {
        if !is_right(self.account_by_agent.get(&hello.agent), &hello.token) {
            return self.refuse_login(conn, failures + 1);
        }
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.login = Login::Agent(hello.agent.clone());
        }
        self.timers.cancel(&Due::Hello(conn));
        self.timers.set(Due::Quiet(conn), now.mono + self.setup.ping_after);
        self.timers.cancel(&Due::Grace(hello.agent.clone()));
        self.take_over(conn, &hello.agent, hello.resume, now);
    }

    fn refuse_login(&mut self, conn: ConnId, failures: u8) {
        self.emit(DeskEvent::LoginRefused);
        self.complain(conn, ErrorCode::Unauthorized, "agent or token is wrong", "ask your administrator for a token");
        if failures >= DESK_LOGIN_ATTEMPTS_MAX {
            self.hang_up(conn, CloseCode::Unauthorized, "too many wrong logins");
        } else if let Some(connection) = self.connections.get_mut(&conn) {
            connection.login = Login::Nobody { failures };
        }
    }

    pub(super) fn hello_overdue(&mut self, conn: ConnId) {
        self.hang_up(conn, CloseCode::Silent, "no hello in time");
    }

    /// Gives the agent's desk to this connection, in place of the one that it had.
    fn take_over(&mut self, conn: ConnId, agent: &AgentId, resume: Option<Resume>, now: Now) {
        let id = self.draw_session_id();
        let Some(session) = self.sessions.get_mut(agent) else {
            self.sessions.insert(agent.clone(), Session::new(id, conn));
            self.welcome(conn, agent, false, now);
            return self.emit(DeskEvent::LoggedIn { agent: agent.clone() });
        };
        let older = session.conn.replace(conn);
        session.lost = false;
        let resume = resume.filter(|resume| resume.session == session.id);
        match older {
            Some(older) => self.displace(older),
            None => self.emit(DeskEvent::ConnectionBack { agent: agent.clone() }),
        }
        match resume {
            Some(resume) => self.resume(conn, agent, resume.last_seen, now),
            None => self.begin_anew(conn, agent, id, now),
        }
    }

    fn displace(&mut self, older: ConnId) {
        self.reply(older, ServerMessage::Displaced);
        self.hang_up(older, CloseCode::Displaced, "the agent has logged in elsewhere");
    }

    /// The session goes on: what was not acknowledged is sent again, in its order and with its numbers.
    fn resume(&mut self, conn: ConnId, agent: &AgentId, last_seen: u64, now: Now) {
        self.welcome(conn, agent, true, now);
        let Some(session) = self.sessions.get_mut(agent) else { return };
        session.log.acknowledge(last_seen);
        let again: Vec<_> = session.log.waiting().cloned().collect();
        for (seq, message) in again {
            self.transmit(DesktopOutput::Send { conn, seq: Some(seq), message });
        }
    }

    /// Another screen: it is told what is on the desk now, not what was.
    fn begin_anew(&mut self, conn: ConnId, agent: &AgentId, id: SessionId, now: Now) {
        let Some(session) = self.sessions.get_mut(agent) else { return };
        session.restart(id);
        let restated = session.restated();
        self.welcome(conn, agent, false, now);
        for message in restated {
            // A new log has room for these few, so this cannot fail.
            let _ = self.tell(agent, message);
        }
    }

    fn welcome(&mut self, conn: ConnId, agent: &AgentId, resumed: bool, now: Now) {
        let Some(session) = self.sessions.get(agent) else { return };
        let account = self.account_by_agent.get(agent);
        let skills = account.map(|account| account.skills.clone()).unwrap_or_default();
        let supervises = account.map(|account| account.supervises.clone()).unwrap_or_default();
        let (session, state) = (session.id, session.state.clone());
        let phone = self.phone_of(agent, session, now).map(Box::new);
        let (agent, breaks) = (agent.clone(), self.setup.breaks.clone());
        self.reply(conn, ServerMessage::Welcome { agent, session, resumed, skills, state, supervises, phone, breaks });
    }

    /// What the agent's phone in the browser registers with, if it may be there.
    fn phone_of(&self, agent: &AgentId, session: SessionId, now: Now) -> Option<BrowserPhone> {
        let phones = &self.setup.phones;
        let user = phones.user_by_agent.get(agent)?.clone();
        let pass = Pass { agent: agent.clone(), session, expires: now.wall + PASS_LASTS };
        let pass = phones.keys.sign(&pass)?;
        Some(BrowserPhone { pass, lasts: PASS_LASTS, user, realm: phones.realm.clone() })
    }

    pub(super) fn tell_phone(&mut self, conn: ConnId, agent: &AgentId, now: Now) {
        let session = self.sessions.get(agent).map(|session| session.id);
        match session.and_then(|session| self.phone_of(agent, session, now)) {
            Some(phone) => self.reply(conn, ServerMessage::Phone(Box::new(phone))),
            None => {
                let remedy = "your administrator can set phone = { browser = true }";
                self.complain(conn, ErrorCode::NoBrowserPhone, "your phone is not in the browser", remedy);
            }
        }
    }
}

/// Takes as long for an unknown agent as for a wrong token.
fn is_right(account: Option<&Account>, token: &TokenHash) -> bool {
    let expected = account.map_or([0; 32], |account| account.token.0);
    bool::from(expected.ct_eq(&token.0)) && account.is_some()
}
