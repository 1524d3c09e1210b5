//! A floor of agents around one router: every agent answers at once, talks, and is free again; callers come, wait, and may give up.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::base::{AgentId, CallId, Fence, Mono, Now, QueueId, Wall};
use crate::routing::{Input, Output, Predictions, Presence, Router, Setup};

/// What happens at its time.
#[derive(Clone, Debug)]
enum Event {
    Ends { call: CallId, agent: AgentId, fence: Fence },
    GivesUp(CallId),
    Says { agent: AgentId, presence: Presence },
}

/// A caller, as drawn beforehand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub talks: Duration,
    /// `None` for one who never gives up.
    pub patience: Option<Duration>,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Past {
    pub entered: Mono,
    pub waited: Duration,
    pub gave_up: bool,
    /// There for a call that had to wait and was served.
    pub predicted: Option<Predictions>,
}

pub(super) struct Floor {
    router: Router,
    pub now: Mono,
    events: BTreeMap<(Mono, u64), Event>,
    next_event: u64,
    next_call: u64,
    inside: HashMap<CallId, Inside>,
    /// In the order in which they came in; those still inside have nothing yet.
    past: Vec<Option<Past>>,
}

struct Inside {
    caller: Caller,
    entered: Mono,
    offered: bool,
    predicted: Option<Predictions>,
}

impl Floor {
    /// Everybody is offline.
    pub(super) fn new(setup: Setup) -> Floor {
        Floor {
            router: Router::new(setup),
            now: Mono::ZERO,
            events: BTreeMap::new(),
            next_event: 0,
            next_call: 0,
            inside: HashMap::new(),
            past: Vec::new(),
        }
    }

    pub(super) fn says_at(&mut self, at: Mono, agent: &AgentId, presence: Presence) {
        self.plan(at, Event::Says { agent: agent.clone(), presence });
    }

    pub(super) fn call(&mut self, queue: &QueueId, caller: Caller) {
        self.next_call += 1;
        let call = CallId(self.next_call);
        self.past.push(None);
        self.inside.insert(call, Inside { caller, entered: self.now, offered: false, predicted: None });
        let (queue, prefer, extra) = (queue.clone(), Vec::new(), Vec::new());
        self.say(Input::Enqueue { call, queue, priority: 0, prefer, extra, since: None });
        if let Some(patience) = caller.patience.filter(|_| self.inside.get(&call).is_some_and(|one| !one.offered)) {
            self.plan(self.now + patience, Event::GivesUp(call));
        }
    }

    /// Lets everything happen up to then.
    pub(super) fn run_to(&mut self, to: Mono) {
        loop {
            let event = self.events.first_key_value().map(|((at, _), _)| *at);
            let timer = self.router.poll_timeout().map(|(at, _)| at);
            match (event, timer) {
                (Some(at), timer) if at <= to && timer.is_none_or(|timer| at <= timer) => self.happen(),
                (_, Some(at)) if at <= to => {
                    self.now = self.now.max(at);
                    self.router.handle_timeout(self.clock());
                    self.drain();
                }
                (Some(_) | None, Some(_) | None) => break,
            }
        }
        self.now = to;
    }

    /// Those whose end is known, in the order in which they came in.
    pub(super) fn past(&self) -> impl Iterator<Item = &Past> {
        self.past.iter().flatten()
    }

    fn happen(&mut self) {
        let Some(((at, _), event)) = self.events.pop_first() else { return };
        self.now = at;
        match event {
            Event::Ends { call, agent, fence } => self.say(Input::CallEnded { call, agent, fence }),
            Event::Says { agent, presence } => self.say(Input::Presence { agent, presence }),
            Event::GivesUp(call) => {
                if self.inside.get(&call).is_some_and(|one| !one.offered) {
                    self.end(call, true);
                    self.say(Input::Leave { call });
                }
            }
        }
    }

    fn say(&mut self, input: Input) {
        self.router.handle(input, self.clock());
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.router.poll_output() {
            match output {
                Output::Offer { call, agent, fence, .. } => self.take(call, agent, fence),
                Output::Waited { call, predicted, .. } => {
                    if let Some(one) = self.inside.get_mut(&call) {
                        one.predicted = Some(predicted);
                    }
                }
                Output::QueueFull { call } | Output::NobodyCanServe { call } => self.end(call, true),
                Output::NotFree { .. }
                | Output::GrantExpired { .. }
                | Output::AgentPaused { .. }
                | Output::AgentStateChanged { .. }
                | Output::Position { .. } => {}
            }
        }
    }

    fn take(&mut self, call: CallId, agent: AgentId, fence: Fence) {
        let Some(one) = self.inside.get_mut(&call) else { return };
        one.offered = true;
        let ends = self.now + one.caller.talks;
        self.end(call, false);
        self.router.handle(Input::OfferAccepted { call, agent: agent.clone(), fence }, self.clock());
        self.plan(ends, Event::Ends { call, agent, fence });
    }

    fn end(&mut self, call: CallId, gave_up: bool) {
        let Some(one) = self.inside.remove(&call) else { return };
        let past =
            Past { entered: one.entered, waited: self.now.since(one.entered), gave_up, predicted: one.predicted };
        if let Some(place) = usize::try_from(call.0 - 1).ok().and_then(|nth| self.past.get_mut(nth)) {
            *place = Some(past);
        }
    }

    fn plan(&mut self, at: Mono, event: Event) {
        self.next_event += 1;
        self.events.insert((at, self.next_event), event);
    }

    fn clock(&self) -> Now {
        Now::new(self.now, Wall(self.now.0 / 1_000_000))
    }
}
