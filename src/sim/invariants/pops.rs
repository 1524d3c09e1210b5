//! No desk is sent a value above the level of its pop, or a value of another customer; and a call that its agent does not get leaves the desk.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{AgentId, CallId, Fence, Level};
use crate::calls::facts::Fact;
use crate::desktop::{
    CallPhase, ClientMessage, ConnId, DesktopInput, DesktopOutput, ServerMessage, ShownPop, ShownValue,
};
use crate::engine::Input;

#[derive(Default)]
pub(super) struct Pops {
    /// The customer whose secrets have been shown for a call.
    customer_by_call: BTreeMap<CallId, u32>,
    agent_by_conn: BTreeMap<ConnId, AgentId>,
    /// What each desk shows of a call that its agent has not answered yet.
    shown: BTreeMap<ConnId, Offer>,
    granted: BTreeSet<(AgentId, Offer)>,
    /// Offers that came to nothing, and calls that have ended.
    gone: BTreeSet<(AgentId, Offer)>,
    over: BTreeSet<CallId>,
}

type Offer = (CallId, Fence);

/// Our own opinion of what each kind of secret needs; the names are those of `site`.
const LOWEST: [(&str, Level); 5] = [
    ("name", Level::Strong),
    ("email", Level::Strong),
    ("subject", Level::Strong),
    ("words", Level::Strong),
    ("cart", Level::Proven),
];

impl Pops {
    pub fn input(&mut self, input: &Input) {
        match input {
            Input::Desktop(DesktopInput::Message { conn, message: ClientMessage::Hello(hello) }) => {
                self.agent_by_conn.insert(*conn, hello.agent.clone());
            }
            Input::Desktop(DesktopInput::Closed { conn }) => drop(self.shown.remove(conn)),
            _ => {}
        }
    }

    pub fn fact(&mut self, fact: &Fact) {
        match fact {
            Fact::Granted { call, agent, fence } => drop(self.granted.insert((agent.clone(), (*call, *fence)))),
            Fact::OfferFailed { call, agent } | Fact::LetGo { call, agent } => {
                let of_it = self.granted.iter().filter(|(of, (with, _))| of == agent && with == call);
                self.gone.extend(of_it.cloned());
            }
            Fact::CallEnded(record) => {
                self.over.insert(record.call);
                self.granted.retain(|(_, (with, _))| *with != record.call);
            }
            _ => {}
        }
    }

    pub fn output(&mut self, output: &DesktopOutput) -> Vec<String> {
        match output {
            DesktopOutput::Send { conn, message: ServerMessage::Pop(pop), .. } => {
                self.shown.insert(*conn, (pop.call, pop.fence));
                return self.check_values(pop);
            }
            DesktopOutput::Send { conn, message: ServerMessage::PopWithdrawn { .. }, .. }
            | DesktopOutput::Close { conn, .. } => drop(self.shown.remove(conn)),
            DesktopOutput::Send { conn, message: ServerMessage::CallState { phase, .. }, .. }
                if *phase != CallPhase::Ringing =>
            {
                self.shown.remove(conn);
            }
            DesktopOutput::Send { .. } | DesktopOutput::Ping { .. } => {}
        }
        Vec::new()
    }

    /// After all that came of one input.
    pub fn settled(&mut self) -> Vec<String> {
        let (agents, gone, over) = (&self.agent_by_conn, &self.gone, &self.over);
        let is_left = |conn: &ConnId, offer: &Offer| {
            let agent = agents.get(conn);
            over.contains(&offer.0) || agent.is_some_and(|agent| gone.contains(&(agent.clone(), *offer)))
        };
        let mut wrong = Vec::new();
        self.shown.retain(|conn, offer| {
            let is_left = is_left(conn, offer);
            wrong.extend(is_left.then(|| format!("{}: its pop is on the desk of {conn:?} still", offer.0)));
            !is_left
        });
        wrong
    }

    fn check_values(&mut self, pop: &ShownPop) -> Vec<String> {
        let mut wrong = Vec::new();
        let texts = texts(pop);
        for (kind, lowest) in LOWEST {
            for customer in texts.iter().flat_map(|text| secrets(text, kind)) {
                if pop.level < lowest {
                    wrong.push(format!("{}: {kind} is shown at {}", pop.call, pop.level));
                }
                if *self.customer_by_call.entry(pop.call).or_insert(customer) != customer {
                    wrong.push(format!("{}: {kind} of another customer", pop.call));
                }
            }
        }
        wrong
    }
}

/// Every text of the message.
fn texts(pop: &ShownPop) -> Vec<&str> {
    let mut texts = vec![pop.next_step.as_ref(), pop.queue.as_str()];
    texts.extend(pop.why.iter().map(AsRef::as_ref));
    for field in &pop.fields {
        texts.extend([field.key.as_ref(), field.label.as_ref()]);
        texts.push(match &field.value {
            ShownValue::Open(value) => value.expose(),
            ShownValue::Locked { unlock, .. } => unlock,
        });
    }
    texts
}

/// The numbers of all secrets of a kind in a text.
fn secrets<'a>(text: &'a str, kind: &'a str) -> impl Iterator<Item = u32> + 'a {
    text.match_indices(kind).filter_map(move |(at, _)| {
        let rest = text.get(at + kind.len()..)?.strip_prefix('#')?;
        rest.split(';').next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::super::histories::{call, ended, failed, granted};
    use super::*;
    use crate::base::{Pii, QueueId};
    use crate::desktop::{Hello, ShownField, TokenHash};
    use crate::sim::site::secret;

    fn pop(level: Level, values: &[String]) -> DesktopOutput {
        let field = |value: &String| ShownField {
            key: "k".into(),
            label: "K".into(),
            value: ShownValue::Open(Pii::new(value.clone())),
        };
        let pop = ShownPop {
            call: call(1),
            fence: Fence(1),
            level,
            why: Vec::new(),
            rivals: 0,
            fields: values.iter().map(field).collect(),
            queue: QueueId::new("help"),
            waited: Default::default(),
            next_step: Default::default(),
        };
        DesktopOutput::Send { conn: ConnId(1), seq: Some(1), message: ServerMessage::Pop(std::sync::Arc::new(pop)) }
    }

    #[test]
    fn what_must_not_be_shown_is_found() {
        let (name, cart, other) = (secret("name", 7), secret("cart", 7), secret("email", 8));
        for (level, values, faults) in [
            (Level::Strong, vec![name.clone()], 0),
            (Level::Likely, vec![name.clone()], 1),
            (Level::Strong, vec![format!("About: {cart}")], 1),
            (Level::Proven, vec![name.clone(), cart], 0),
            (Level::Proven, vec![name, other], 1),
        ] {
            assert_eq!(Pops::default().output(&pop(level, &values)).len(), faults, "{level} {values:?}");
        }
    }

    /// Granted to an agent, and on their desk.
    fn offered() -> Pops {
        let mut pops = Pops::default();
        let hello = Hello { agent: AgentId::new("ann"), token: TokenHash([0; 32]), resume: None };
        let message = ClientMessage::Hello(hello);
        pops.input(&Input::Desktop(DesktopInput::Message { conn: ConnId(1), message }));
        pops.fact(&granted(1, "ann", 1));
        assert!(pops.output(&pop(Level::Likely, &[])).is_empty() && pops.settled().is_empty());
        pops
    }

    fn says(pops: &mut Pops, message: ServerMessage) {
        assert!(pops.output(&DesktopOutput::Send { conn: ConnId(1), seq: Some(2), message }).is_empty());
    }

    #[test]
    fn a_pop_that_is_left_on_a_desk_is_found() {
        let withdrawn = || ServerMessage::PopWithdrawn { call: call(1), why: String::new() };
        for over in [ended(1), failed(1, "ann")] {
            let mut left = offered();
            left.fact(&over);
            assert_eq!(left.settled().len(), 1, "{over:?}");
            let mut taken = offered();
            taken.fact(&over);
            says(&mut taken, withdrawn());
            assert!(taken.settled().is_empty());
        }
        let mut other = offered();
        other.fact(&failed(1, "ben"));
        assert!(other.settled().is_empty(), "another's offer");
        let mut answered = offered();
        says(&mut answered, ServerMessage::CallState { call: call(1), phase: CallPhase::Talking });
        answered.fact(&ended(1));
        assert!(answered.settled().is_empty(), "it stays for the wrap-up");
    }
}
