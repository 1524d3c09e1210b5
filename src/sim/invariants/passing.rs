//! A call that is passed on: whoever passed it on is let go, whoever has it now has seen its pop, and an attempt that came to nothing
//! ends no conversation.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{AgentId, CallId};
use crate::calls::facts::{CallRecord, Fact};
use crate::desktop::{ClientMessage, ConnId, DesktopInput, DesktopOutput, ServerMessage};
use crate::engine::Input;

#[derive(Default)]
pub(super) struct Passing {
    agent_by_conn: BTreeMap<ConnId, AgentId>,
    shown: BTreeSet<(CallId, AgentId)>,
    /// Who is promised to each call.
    with: BTreeMap<CallId, BTreeSet<AgentId>>,
    /// Who has a call that was passed on.
    now_with: BTreeMap<CallId, AgentId>,
    passed: Vec<Passed>,
    /// Attempts that have failed while their agent had the caller still, in what is happening now.
    in_vain: BTreeSet<CallId>,
}

#[derive(Clone, Debug)]
struct Passed {
    call: CallId,
    by: Option<AgentId>,
    to: Option<AgentId>,
}

impl Passing {
    /// Something else happens.
    pub fn begin_anew(&mut self) {
        self.in_vain.clear();
    }

    pub fn input(&mut self, input: &Input) {
        if let Input::Desktop(DesktopInput::Message { conn, message: ClientMessage::Hello(hello) }) = input {
            self.agent_by_conn.insert(*conn, hello.agent.clone());
        }
    }

    pub fn output(&mut self, output: &DesktopOutput) {
        let DesktopOutput::Send { conn, message: ServerMessage::Pop(pop), .. } = output else { return };
        let agent = self.agent_by_conn.get(conn).cloned();
        self.shown.extend(agent.map(|agent| (pop.call, agent)));
    }

    pub fn fact(&mut self, fact: &Fact) -> Vec<String> {
        match fact {
            Fact::Granted { call, agent, .. } => drop(self.with.entry(*call).or_default().insert(agent.clone())),
            Fact::LetGo { call, agent } | Fact::OfferFailed { call, agent } => self.let_go(*call, agent),
            Fact::PassedOn { call, by, to, status: 200 } => {
                self.passed.push(Passed { call: *call, by: by.clone(), to: to.clone() });
            }
            Fact::PassedOn { call, by: Some(by), .. } if self.is_with(*call, by) => drop(self.in_vain.insert(*call)),
            Fact::CallEnded(record) => return self.ended(record),
            _ => {}
        }
        Vec::new()
    }

    fn is_with(&self, call: CallId, agent: &AgentId) -> bool {
        self.with.get(&call).is_some_and(|with| with.contains(agent))
    }

    fn let_go(&mut self, call: CallId, agent: &AgentId) {
        self.with.get_mut(&call).into_iter().for_each(|with| _ = with.remove(agent));
        self.now_with.retain(|of, with| *of != call || with != agent);
    }

    fn ended(&mut self, record: &CallRecord) -> Vec<String> {
        let call = record.call;
        self.with.remove(&call);
        self.passed.retain(|passed| passed.call != call);
        self.shown.retain(|(of, _)| *of != call);
        let has_it = self.now_with.remove(&call);
        let mut wrong = Vec::new();
        if self.in_vain.contains(&call) {
            wrong.push(format!("{call}: an attempt to pass it on, in vain, has ended it"));
        }
        if let Some(agent) = has_it.filter(|agent| record.agent.as_ref() != Some(agent)) {
            wrong.push(format!("{call}: was passed on to {agent}, and the record says {:?}", record.agent));
        }
        wrong
    }

    /// After all that came of one input. `strict`: no desk loses its connection.
    pub fn settled(&mut self, strict: bool) -> Vec<String> {
        let passed = std::mem::take(&mut self.passed);
        passed.into_iter().flat_map(|passed| self.check(passed, strict)).collect()
    }

    fn check(&mut self, Passed { call, by, to }: Passed, strict: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Some(by) = by.filter(|by| Some(by) != to.as_ref() && self.is_with(call, by)) {
            wrong.push(format!("{call}: {by} has passed it on, and has it still"));
        }
        let Some(to) = to.filter(|to| self.is_with(call, to)) else { return wrong };
        if strict && !self.shown.contains(&(call, to.clone())) {
            wrong.push(format!("{call}: passed on to {to}, who has not seen the pop"));
        }
        self.now_with.insert(call, to);
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::super::histories::{call, ended, granted};
    use super::*;

    fn passed(status: u16) -> Fact {
        Fact::PassedOn { call: call(1), by: Some(AgentId::new("ann")), to: Some(AgentId::new("ben")), status }
    }

    fn let_go() -> Fact {
        Fact::LetGo { call: call(1), agent: AgentId::new("ann") }
    }

    fn found(facts: &[Fact], shown: bool) -> Vec<String> {
        let mut passing = Passing::default();
        passing.shown.extend(shown.then(|| (call(1), AgentId::new("ben"))));
        let wrong: Vec<String> = facts.iter().flat_map(|fact| passing.fact(fact)).collect();
        passing.settled(true).into_iter().chain(wrong).collect()
    }

    #[test]
    fn a_call_that_is_passed_on_badly_is_found() {
        let both = [granted(1, "ann", 1), granted(1, "ben", 1)];
        assert!(found(&[&both[..], &[passed(200), let_go()]].concat(), true).is_empty());
        assert_eq!(found(&[&both[..], &[passed(200)]].concat(), true).len(), 1, "not let go");
        assert_eq!(found(&[&both[..], &[passed(200), let_go()]].concat(), false).len(), 1, "without the pop");
        assert_eq!(found(&[&both[..], &[passed(486), ended(1)]].concat(), true).len(), 1, "ended by the attempt");
        let mut passing = Passing::default();
        for fact in [&both[..], &[passed(200), let_go()]].concat() {
            assert!(passing.fact(&fact).is_empty());
        }
        passing.settled(false);
        assert_eq!(passing.fact(&ended(1)).len(), 1, "the record names nobody");
    }
}
