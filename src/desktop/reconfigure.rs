//! Other accounts while desks are logged in.

use std::collections::HashMap;

use crate::base::AgentId;

use super::api::{Account, Setup};
use super::desks::Desks;

impl Desks {
    /// Takes another setup at once. An agent who is not in it any more is logged out as soon as no call binds them; one whose token is
    /// another stays logged in, and needs the new one at the next login.
    pub fn reconfigure(&mut self, mut setup: Setup) {
        let accounts: HashMap<AgentId, Account> =
            std::mem::take(&mut setup.accounts).into_iter().map(|account| (account.agent.clone(), account)).collect();
        (self.setup, self.account_by_agent) = (setup, accounts);
        let mut gone = Vec::new();
        for (agent, session) in &mut self.sessions {
            let is_gone = !self.account_by_agent.contains_key(agent);
            // With a connection it can only have been gone, and is back.
            session.lost = is_gone || (session.lost && session.conn.is_none());
            gone.extend(is_gone.then(|| agent.clone()));
        }
        gone.iter().for_each(|agent| self.log_out_if_lost(agent));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::rng::Rng;
    use crate::base::{CallId, Fence, Level, Mono, Now, QueueId, Wall};
    use crate::desktop::{
        CallPhase, ClientMessage, ConnId, DeskCommand, DeskEvent, DesktopInput, DesktopOutput, Hello, Output, Pop,
        TokenHash,
    };

    fn setup(agents: &[&str]) -> Setup {
        let account = |name: &&str| Account {
            agent: AgentId::new(name),
            token: TokenHash([7; 32]),
            skills: Vec::new(),
            supervises: Default::default(),
        };
        Setup::new(agents.iter().map(account).collect())
    }

    /// `ann` and `bob` are logged in.
    fn desks() -> Desks {
        let mut desks = Desks::new(setup(&["ann", "bob"]), Rng::from_number(1));
        for (conn, agent) in [(1, "ann"), (2, "bob")] {
            log_in(&mut desks, conn, agent);
        }
        heard(&mut desks);
        desks
    }

    fn log_in(desks: &mut Desks, conn: u64, agent: &str) {
        let now = Now::new(Mono(1), Wall(1));
        desks.handle(DesktopInput::Opened { conn: ConnId(conn) }, now);
        let hello = Hello { agent: AgentId::new(agent), token: TokenHash([7; 32]), resume: None };
        desks.handle(DesktopInput::Message { conn: ConnId(conn), message: ClientMessage::Hello(hello) }, now);
    }

    /// Who is logged out, and which websockets are closed.
    fn heard(desks: &mut Desks) -> (Vec<String>, Vec<u64>) {
        let outputs: Vec<Output> = std::iter::from_fn(|| desks.poll_output()).collect();
        let out = outputs.iter().filter_map(|output| match output {
            Output::Event(DeskEvent::LoggedOut { agent }) => Some(agent.to_string()),
            _ => None,
        });
        let closed = outputs.iter().filter_map(|output| match output {
            Output::Transmit(DesktopOutput::Close { conn, .. }) => Some(conn.0),
            _ => None,
        });
        (out.collect(), closed.collect())
    }

    fn talk(desks: &mut Desks, call: CallId) {
        let pop = Pop {
            call,
            fence: Fence(1),
            level: Level::Likely,
            why: Vec::new(),
            rivals: 0,
            fields: Vec::new(),
            queue: QueueId::new("help"),
            waited: Duration::ZERO,
            next_step: Default::default(),
        };
        desks.command(DeskCommand::Show { agent: AgentId::new("ann"), pop: Box::new(pop) });
        phase(desks, call, CallPhase::Talking);
    }

    fn phase(desks: &mut Desks, call: CallId, phase: CallPhase) {
        desks.command(DeskCommand::CallPhase { agent: AgentId::new("ann"), call, phase });
    }

    #[test]
    fn who_has_no_account_any_more_is_logged_out_and_stays_out() {
        let mut desks = desks();
        desks.reconfigure(setup(&["bob"]));
        assert_eq!(heard(&mut desks), (vec!["ann".to_owned()], vec![1]));
        log_in(&mut desks, 3, "ann");
        assert!(desks.logged_in().all(|(agent, ..)| agent.as_str() == "bob"));
    }

    #[test]
    fn a_call_is_finished_first() {
        let mut desks = desks();
        talk(&mut desks, CallId(9));
        desks.reconfigure(setup(&["bob"]));
        assert_eq!(heard(&mut desks), (vec![], vec![]));
        phase(&mut desks, CallId(9), CallPhase::Ended);
        assert_eq!(heard(&mut desks), (vec!["ann".to_owned()], vec![1]));
    }

    #[test]
    fn an_account_that_comes_back_during_the_call_stays() {
        let mut desks = desks();
        talk(&mut desks, CallId(9));
        desks.reconfigure(setup(&["bob"]));
        desks.reconfigure(setup(&["ann", "bob"]));
        phase(&mut desks, CallId(9), CallPhase::Ended);
        assert_eq!(heard(&mut desks), (vec![], vec![]));
    }
}
