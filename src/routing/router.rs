//! The router: four verbs around the owner of agents, waiting calls and deadlines. It dispatches; the acts are in the
//! files beside it.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::base::id_map::IdMap;
use crate::base::timers::Timers;
use crate::base::{AgentId, CallId, Mono, Now, QueueId};

use super::agents::{Agent, AgentIx};
use super::enter::Asked;
use super::messages::{Input, Output};
use super::queues::{Lane, LaneIx, Queue, QueueIx};
use super::routed_call::RoutedCall;
use super::setup::{Estimator, Pause, Setup};

/// The sole owner of agents, queues, waiting calls and grants.
#[derive(Debug)]
pub struct Router {
    pub(super) rules: Rules,
    pub(super) agents: Vec<Agent>,
    pub(super) queues: Vec<Queue>,
    pub(super) lanes: Vec<Lane>,
    /// Boxed: the map spares places for what it holds.
    pub(super) calls: IdMap<CallId, Box<RoutedCall>>,
    /// Everybody's name, by their place among `agents`.
    pub(super) names: Arc<[AgentId]>,
    pub(super) agent_by_id: HashMap<AgentId, AgentIx>,
    pub(super) queue_by_id: HashMap<QueueId, QueueIx>,
    pub(super) timers: Timers<Timer>,
    pub(super) outputs: VecDeque<Output>,
    /// Queues in which somebody came or left during this input.
    pub(super) moved: BTreeSet<QueueIx>,
    /// What was looked at to choose: the cost of a choice, in steps.
    pub(super) looked: Looked,
    pub(super) next_serial: u64,
    pub(super) stale: u64,
}

/// What the setup says for all queues and agents alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub pause: Pause,
    pub again_after: Duration,
    pub prefer_wait: Duration,
    pub grant_margin: Duration,
    pub deserted_after: Duration,
    pub position_every: Duration,
    pub estimator: Estimator,
}

impl Rules {
    pub(super) fn of(setup: &Setup) -> Rules {
        Rules {
            pause: setup.pause,
            again_after: setup.again_after,
            prefer_wait: setup.prefer_wait,
            grant_margin: setup.grant_margin,
            deserted_after: setup.deserted_after,
            position_every: setup.position_every,
            estimator: setup.estimator,
        }
    }
}

/// A count that may be kept while things are looked at only.
#[derive(Debug, Default)]
pub(super) struct Looked(Cell<u64>);

impl Looked {
    pub(super) fn note(&self) {
        self.0.set(self.0.get() + 1);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.get()
    }
}

/// Every deadline of the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Timer {
    /// Nobody answered for an offer, or a call never ended.
    Grant(AgentIx),
    WrapUp(AgentIx),
    Pause(AgentIx),
    /// The call has waited long enough for the agent it prefers.
    Prefer(CallId),
    /// An agent who failed the call's offer may be asked again.
    Again(CallId),
    /// The call has waited long enough to be offered to more agents.
    Ring(CallId),
    /// Nobody who could serve the lane is logged in.
    Deserted(LaneIx),
    Positions(QueueIx),
}

impl Timer {
    fn as_str(self) -> &'static str {
        match self {
            Timer::Grant(_) => "grant expires",
            Timer::WrapUp(_) => "wrap-up ends",
            Timer::Pause(_) => "pause ends",
            Timer::Prefer(_) => "preferred agent still busy",
            Timer::Again(_) => "agent may be asked again",
            Timer::Ring(_) => "search widens",
            Timer::Deserted(_) => "queue deserted",
            Timer::Positions(_) => "positions due",
        }
    }
}

impl Router {
    /// Everybody is offline and nobody waits.
    pub fn new(setup: Setup) -> Router {
        let mut router = Router::empty(&setup);
        router.add_agents(setup.agents);
        router.add_queues(setup.queues);
        router
    }

    pub fn handle(&mut self, input: Input, now: Now) {
        let now = now.mono;
        match input {
            Input::Presence { agent, presence } => self.presence_said(&agent, presence, now),
            Input::Desk { agent, connected } => self.desk_connected(&agent, connected, now),
            Input::Phone { agent, reachable } => self.phone_connected(&agent, reachable, now),
            Input::Enqueue { call, queue, priority, prefer, extra, since } => {
                let place = Asked { priority, since };
                self.enqueue(call, &queue, place, &prefer, extra, now);
            }
            Input::Grant { call, agent, from } => self.grant_directly(call, &agent, from, now),
            Input::Engaged { agent, call } => self.engaged(&agent, call, now),
            Input::Disengaged { agent, call } => self.disengaged(&agent, call, now),
            Input::Leave { call } => self.leave(call, now),
            Input::OfferAccepted { call, agent, fence } => self.offer_accepted(call, &agent, fence, now),
            Input::OfferFailed { call, agent, fence, why } => self.offer_failed(call, &agent, fence, why, now),
            Input::CallEnded { call, agent, fence } => self.call_ended(call, &agent, fence, now),
            Input::WrapUpDone { agent } => self.wrap_up_done(&agent, now),
            Input::AskPosition { call } => self.tell_position(call, now),
        }
        self.report_moved(now);
    }

    /// Also right when nothing is due.
    pub fn handle_timeout(&mut self, now: Now) {
        let now = now.mono;
        while let Some(timer) = self.timers.pop_due(now) {
            self.fire(timer, now);
        }
        self.report_moved(now);
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        self.timers.next().map(|(at, timer)| (at, timer.as_str()))
    }

    fn fire(&mut self, timer: Timer, now: Mono) {
        match timer {
            Timer::Grant(agent) => self.grant_expired(agent, now),
            Timer::WrapUp(agent) => self.end_wrap_up(agent, now),
            Timer::Pause(agent) => self.end_pause(agent, now),
            Timer::Prefer(call) => self.stop_preferring(call, now),
            Timer::Again(call) => self.ask_again(call, now),
            Timer::Ring(call) => self.widen(call, now),
            Timer::Deserted(lane) => self.desert(lane, now),
            Timer::Positions(queue) => self.report_positions(queue, now),
        }
    }

    fn empty(setup: &Setup) -> Router {
        Router {
            rules: Rules::of(setup),
            agents: Vec::new(),
            queues: Vec::new(),
            lanes: Vec::new(),
            calls: IdMap::default(),
            names: Arc::default(),
            agent_by_id: HashMap::new(),
            queue_by_id: HashMap::new(),
            timers: Timers::default(),
            outputs: VecDeque::new(),
            moved: BTreeSet::new(),
            looked: Looked::default(),
            next_serial: 0,
            stale: 0,
        }
    }

    fn add_agents(&mut self, mut agents: Vec<super::setup::AgentSetup>) {
        agents.sort_by(|one, other| one.id.cmp(&other.id));
        for (agent, ix) in agents.into_iter().zip(0..) {
            self.agent_by_id.insert(agent.id.clone(), AgentIx(ix));
            self.agents.push(Agent::new(agent));
        }
        self.note_names();
    }

    pub(super) fn note_names(&mut self) {
        self.names = self.agents.iter().map(|agent| agent.id.clone()).collect();
    }

    fn add_queues(&mut self, mut queues: Vec<super::setup::QueueSetup>) {
        queues.sort_by(|one, other| one.id.cmp(&other.id));
        for (setup, ix) in queues.into_iter().zip(0..) {
            self.queue_by_id.insert(setup.id.clone(), QueueIx(ix));
            self.add_queue(Queue::new(setup), QueueIx(ix));
        }
        (0..self.agents.len() as u32).for_each(|agent| self.fit_anew(AgentIx(agent), |_| true));
    }

    pub(super) fn add_queue(&mut self, mut queue: Queue, ix: QueueIx) {
        queue.lanes.push(LaneIx(self.lanes.len() as u32));
        self.lanes.push(Lane::new(ix, Vec::new(), &queue));
        self.queues.push(queue);
    }

    pub(super) fn agent(&self, ix: AgentIx) -> &Agent {
        &self.agents[ix.0 as usize]
    }

    pub(super) fn agent_mut(&mut self, ix: AgentIx) -> &mut Agent {
        &mut self.agents[ix.0 as usize]
    }

    pub(super) fn queue(&self, ix: QueueIx) -> &Queue {
        &self.queues[ix.0 as usize]
    }

    pub(super) fn queue_mut(&mut self, ix: QueueIx) -> &mut Queue {
        &mut self.queues[ix.0 as usize]
    }

    pub(super) fn lane(&self, ix: LaneIx) -> &Lane {
        &self.lanes[ix.0 as usize]
    }

    pub(super) fn lane_mut(&mut self, ix: LaneIx) -> &mut Lane {
        &mut self.lanes[ix.0 as usize]
    }

    /// The agent's place; somebody unknown is counted.
    pub(super) fn known_agent(&mut self, id: &AgentId) -> Option<AgentIx> {
        let ix = self.agent_by_id.get(id).copied();
        self.stale += u64::from(ix.is_none());
        ix
    }
}
