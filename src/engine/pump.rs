//! The pump: hands each value that one owner puts out to the owner that it is for, until all are dry.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::access::QueueLoad;
use crate::base::rng::Rng;
use crate::base::{AgentId, Mono, Now, QueueId, TrunkId};
use crate::calls::Calls;
use crate::calls::api::{CallInput, CallOutput};
use crate::calls::facts::Fact;
use crate::desktop::{self, DeskEvent, Desks};
use crate::routing::{self, Router};
use crate::sip::api::SipEvent;
use crate::sip::endpoint::{Endpoint, EndpointOutput, PutOff};

use super::agents;
use super::input::{Input, Notice};
use super::output::Output;
use super::reconfigure::{in_browser_only, trunks_of};
use super::settings::Settings;
use super::views;

/// Everything that decides. No clock, no socket: the same inputs and seed give the same outputs.
pub struct Engine {
    pub(super) endpoint: Endpoint,
    pub(super) calls: Calls,
    pub(super) router: Router,
    pub(super) desks: Desks,
    /// What the keep-alive says of each trunk that is asked.
    pub(super) reachable_by_trunk: BTreeMap<TrunkId, bool>,
    pub(super) trunks: Vec<TrunkId>,
    /// Agents who have no phone while their desk's page is not open.
    pub(super) in_browser_only: BTreeSet<AgentId>,
    pub(super) is_behind: bool,
    pub(super) is_draining: bool,
    outputs: VecDeque<Output>,
}

impl Engine {
    /// `seed`: 32 secret random bytes, journalled; `boot`: when the process began, as `CallId::boot_at` says.
    pub fn new(settings: Settings, seed: [u8; 32], boot: u32) -> Engine {
        let mut rng = Rng::from_seed(seed);
        let trunks = trunks_of(&settings.calls);
        let in_browser_only = in_browser_only(&settings.endpoint);
        let mut router = Router::new(settings.routing);
        for agent in &in_browser_only {
            router.handle(routing::Input::Phone { agent: agent.clone(), reachable: false }, Now::default());
        }
        Engine {
            in_browser_only,
            endpoint: Endpoint::new(settings.endpoint, rng.split()),
            calls: Calls::new(Arc::new(settings.calls), rng.split(), boot),
            router,
            desks: Desks::new(settings.desks, rng.split()),
            reachable_by_trunk: BTreeMap::new(),
            trunks,
            is_behind: false,
            is_draining: false,
            outputs: VecDeque::new(),
        }
    }

    pub fn handle(&mut self, input: Input, now: Now) {
        self.tell_loads();
        match input {
            Input::Datagram { flow, from, bytes } => self.endpoint.handle_datagram(flow, from, bytes, now),
            Input::Stream { flow, event } => self.endpoint.handle_stream(flow, event, now),
            Input::Store { ask, result } => self.calls.handle(CallInput::Store { ask, result }, now),
            Input::Media(event) => self.calls.handle(CallInput::Media(event), now),
            Input::Resolved { number, result } => self.endpoint.handle_resolved(number, result, now),
            Input::Leave => {
                self.calls.handle(CallInput::Leave, now);
                self.endpoint.handle_leave(now);
            }
            Input::Desktop(input) => self.desks.handle(input, now),
            Input::Page(input) => self.calls.handle(CallInput::Page(input), now),
            Input::Ask { id, question } => {
                let answer = views::answer(self, question, now);
                self.outputs.push_back(Output::Answer { id, answer });
            }
            Input::Notice(notice) => self.notice(notice),
            Input::Configured(configured) => self.reconfigure(configured.settings, now),
        }
        self.settle(now);
    }

    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Behind => self.is_behind = true,
            Notice::CaughtUp => self.is_behind = false,
            Notice::Draining => {
                self.is_draining = true;
                self.calls.drain();
            }
        }
        self.endpoint.put_off(PutOff { calls: self.is_behind || self.is_draining, registrations: self.is_behind });
    }

    /// Serves every deadline that is due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.endpoint.handle_timeout(now);
        self.settle(now);
        self.router.handle_timeout(now);
        self.settle(now);
        self.desks.handle_timeout(now);
        self.settle(now);
        self.tell_loads();
        self.calls.handle_timeout(now);
        self.settle(now);
    }

    /// The rules may ask how busy a queue is; nothing is gathered when they do not.
    fn tell_loads(&mut self) {
        if self.calls.queues_asked().is_empty() {
            return;
        }
        let load = |queue: &QueueId| {
            let routing::QueueLoad { free, waiting, expected_wait } = self.router.load(queue)?;
            Some(QueueLoad { queue: queue.clone(), free, waiting, expected_wait })
        };
        let loads = self.calls.queues_asked().iter().filter_map(load).collect();
        self.calls.know_loads(loads);
    }

    /// Whether somebody has still to hear, after `Input::Leave`, that we go.
    pub fn is_leaving(&self) -> bool {
        self.endpoint.is_leaving()
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next deadline of all, and why.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let owners = [
            self.endpoint.poll_timeout(),
            self.calls.poll_timeout(),
            self.router.poll_timeout(),
            self.desks.poll_timeout(),
        ];
        owners.into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// Moves what the owners have put out until nobody has anything left. Calls are drained first: what they decide is
    /// known to all before the next event is looked at.
    pub(super) fn settle(&mut self, now: Now) {
        loop {
            if let Some(output) = self.calls.poll_output() {
                self.take_calls(output, now);
            } else if let Some(output) = self.endpoint.poll_output() {
                self.take_endpoint(output, now);
            } else if let Some(output) = self.router.poll_output() {
                self.take_router(output, now);
            } else if let Some(output) = self.desks.poll_output() {
                self.take_desks(output, now);
            } else {
                return;
            }
        }
    }

    fn take_calls(&mut self, output: CallOutput, now: Now) {
        match output {
            CallOutput::Sip(command) => self.endpoint.handle_command(command, now),
            CallOutput::Ask { ask, request, patience } => {
                self.outputs.push_back(Output::Store { ask, request, patience });
            }
            CallOutput::Media(command) => self.outputs.push_back(Output::Media(command)),
            CallOutput::Routing(input) => self.router.handle(input, now),
            CallOutput::Desk(command) => {
                self.desks.command(command);
                self.drain_desks(now);
            }
            CallOutput::Fact(fact) => self.on_fact(fact),
            CallOutput::Page { intent, standing } => self.outputs.push_back(Output::Page { intent, standing }),
        }
    }

    /// A pop leaves before the fact that says so.
    fn drain_desks(&mut self, now: Now) {
        while let Some(output) = self.desks.poll_output() {
            self.take_desks(output, now);
        }
    }

    fn on_fact(&mut self, fact: Fact) {
        if let Fact::TrunkReachable { trunk, reachable } = &fact {
            self.reachable_by_trunk.insert(trunk.clone(), *reachable);
        }
        self.outputs.push_back(Output::Fact(fact));
    }

    fn take_endpoint(&mut self, output: EndpointOutput, now: Now) {
        match output {
            EndpointOutput::Transmit(transmit) => self.outputs.push_back(Output::Transmit(transmit)),
            EndpointOutput::Resolve(number, question) => self.outputs.push_back(Output::Resolve { number, question }),
            EndpointOutput::Event(event) => {
                self.tell_router_of_phone(&event, now);
                self.calls.handle(CallInput::Sip(event), now);
            }
        }
    }

    /// Whoever has no other phone than the browser's is offered nothing without it.
    fn tell_router_of_phone(&mut self, event: &SipEvent, now: Now) {
        if let SipEvent::PhoneReachable { agent, rings } = event
            && self.in_browser_only.contains(agent)
        {
            self.router.handle(routing::Input::Phone { agent: agent.clone(), reachable: rings.is_some() }, now);
        }
    }

    fn take_router(&mut self, output: routing::Output, now: Now) {
        if let routing::Output::AgentStateChanged { agent, state } = &output {
            self.desks.command(agents::shown(agent, state));
        }
        self.calls.handle(CallInput::Routing(output), now);
    }

    fn take_desks(&mut self, output: desktop::Output, now: Now) {
        match output {
            desktop::Output::Transmit(transmit) => self.outputs.push_back(Output::Desktop(transmit)),
            desktop::Output::Event(event) => {
                for input in agents::presence(&event) {
                    self.router.handle(input, now);
                }
                self.restate(&event);
                self.calls.handle(CallInput::Desk(event), now);
            }
        }
    }

    /// A new desk hears of the work that its agent has still.
    fn restate(&mut self, event: &DeskEvent) {
        let DeskEvent::LoggedIn { agent } = event else { return };
        let Some(state) = self.router.agent_state(agent) else { return };
        for command in agents::outlived(agent, state) {
            self.desks.command(command);
        }
    }
}
