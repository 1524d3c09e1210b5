//! The SIP user agent of the whole node: datagrams and commands in, datagrams and events out.

mod acknowledge;
mod away;
mod browser;
mod bye;
mod cancel;
mod challenged;
mod change;
mod checks;
mod compose;
mod core;
mod deadlines;
mod domains;
mod elsewhere;
mod enrol;
mod forgetting;
mod from_phone;
mod gateways;
mod hunt;
mod identify;
mod incoming;
mod info;
mod inside;
mod invite_client;
mod invite_server;
mod keep_alive;
mod large;
mod leads;
mod moved;
mod names;
mod options;
mod prack;
mod prove;
mod put_off;
mod receive;
mod reconfigure;
mod refer;
mod register;
mod reinvite;
mod session;
mod session_timer;
mod stranger;
mod streams;
mod update;

#[cfg(test)]
mod tests;

pub use self::put_off::PutOff;

use std::collections::HashMap;
use std::net::SocketAddr;

use bytes::Bytes;

use self::away::Away;
use self::core::Core;
use self::deadlines::Deadline;
use self::enrol::Enrolment;
use self::gateways::Door;
use self::keep_alive::Reach;
use self::names::SessionId;
use self::put_off::Allowances;
use self::session::{MergeKey, Sessions};
use self::stranger::Refusals;
use super::api::{
    EndpointSetup, EnrolView, FlowId, GatewayView, SipCommand, SipEvent, StreamEvent, Transmit, TrunkPeer,
};
use super::auth::Gate;
use super::registrar::Registrar;
use super::resolve::{Failed, Found, Question, QuestionNumber};
use super::transaction::ServerKey;
use crate::base::rng::Rng;
use crate::base::{Mono, Now, TrunkId};

/// What the endpoint wants done; drain it to empty after each input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointOutput {
    Transmit(Transmit),
    Event(SipEvent),
    /// A name server is to be asked; `handle_resolved` takes what it says.
    Resolve(QuestionNumber, Question),
}

/// All transactions, dialogs and registrations of this node.
pub struct Endpoint {
    core: Core,
    sessions: Sessions,
    /// The transaction that took each peer's INVITE, for as long as its session is there.
    invite_by_merge: HashMap<MergeKey, ServerKey>,
    away: Away,
    registrar: Registrar,
    gate: Gate,
    /// The place of a phone in the setup, by its user.
    phone_by_user: HashMap<String, usize>,
    /// The place of a trunk in the setup, by the user that it proves itself as.
    trunk_by_user: HashMap<String, usize>,
    /// Our registration at each trunk, in the order of the setup.
    enrolments: Vec<Option<Enrolment>>,
    /// Of each trunk, in the order of the setup.
    reach: Vec<Reach>,
    /// Of each trunk, in the order of the setup, its gateways in theirs.
    doors: Vec<Vec<Door>>,
    refusals: Refusals,
    put_off: PutOff,
    allowances: Allowances,
}

/// How much the endpoint holds, for leak tests and gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub sessions: usize,
    pub transactions: usize,
    /// Agents with a registered phone.
    pub phones: usize,
    pub nonces: usize,
    pub deadlines: usize,
    /// Connections.
    pub streams: usize,
}

impl Endpoint {
    pub fn new(setup: EndpointSetup, mut rng: Rng) -> Endpoint {
        let gate = Gate::new(rng.split());
        let phones = setup.phones.iter().enumerate().map(|(place, phone)| (phone.user.clone(), place));
        let user_of = |trunk: &TrunkPeer| trunk.account.as_ref().map(|account| account.user.clone());
        let users = setup.trunks.iter().enumerate().filter_map(|(place, trunk)| Some((user_of(trunk)?, place)));
        let enrolment = |trunk: &TrunkPeer| trunk.enrol.as_ref().map(|plan| Enrolment::new(plan, &mut rng));
        Endpoint {
            trunk_by_user: users.collect(),
            enrolments: setup.trunks.iter().map(enrolment).collect(),
            phone_by_user: phones.collect(),
            reach: setup.trunks.iter().map(|_| Reach::default()).collect(),
            doors: setup.trunks.iter().map(|trunk| vec![Door::default(); trunk.gateways.len()]).collect(),
            core: Core::new(setup, rng),
            sessions: Sessions::default(),
            invite_by_merge: HashMap::new(),
            away: Away::default(),
            registrar: Registrar::default(),
            gate,
            refusals: Refusals::default(),
            put_off: PutOff::default(),
            allowances: Allowances::new(),
        }
    }

    /// One message as it came from `from` on `flow`.
    pub fn handle_datagram(&mut self, flow: FlowId, from: SocketAddr, bytes: Bytes, now: Now) {
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        self.receive((flow, from), bytes, now.mono);
        self.settle(now.mono);
    }

    /// What became of a connection.
    pub fn handle_stream(&mut self, flow: FlowId, event: StreamEvent, now: Now) {
        match event {
            StreamEvent::Opened { peer, names, browser } => {
                self.stream_opened(flow, peer, &names, browser, now.mono);
            }
            StreamEvent::Closed => self.stream_closed(flow, now.mono),
            StreamEvent::Unreachable { peer } => self.unreachable(flow, peer, now.mono),
        }
        self.settle(now.mono);
    }

    /// Commands for legs that are gone do nothing.
    pub fn handle_command(&mut self, command: SipCommand, now: Now) {
        let now = now.mono;
        match command {
            SipCommand::Progress { leg, status, body } => self.progress(leg, status, &body, now),
            SipCommand::Answer { leg, body } => self.answer(leg, &body, now),
            SipCommand::Refuse { leg, status, reason, contact, retry_after } => {
                let refusal = invite_server::Refuse { status, reason, contact, retry_after };
                self.refuse(leg, &refusal, now);
            }
            SipCommand::Carry { leg, carried } => self.carry(leg, carried),
            SipCommand::Dial { leg, dial } => self.dial(leg, dial, now),
            SipCommand::Replace { leg, old, dial } => self.dial_replacing(leg, old, dial, now),
            SipCommand::Hangup { leg, reason } => self.hang_up(leg, reason, now),
            SipCommand::Reinvite { leg, offer } => self.reinvite(leg, offer, now),
            SipCommand::Key { leg, digit, duration_ms } => self.press(leg, digit, duration_ms, now),
            SipCommand::CancelReinvite { leg } => self.cancel_reinvite(leg, now),
            SipCommand::AnswerReinvite { leg, status, body } => self.answer_reinvite(leg, status, &body, now),
            SipCommand::AnswerRefer { leg, status } => self.answer_refer(leg, status, now),
            SipCommand::Notify { leg, status } => self.notify(leg, status, now),
            SipCommand::Acknowledge { leg, answer } => self.acknowledge(leg, &answer, now),
        }
        self.settle(now);
    }

    /// What a name server said, or that it said nothing.
    pub fn handle_resolved(&mut self, number: QuestionNumber, result: Result<Found, Failed>, now: Now) {
        self.core.resolver.answered(number, result, now.mono);
        self.settle(now.mono);
    }

    /// How the gateways of a trunk stand, in the order of the setup.
    pub fn gateways(&self, trunk: &TrunkId) -> Vec<GatewayView> {
        let Some(place) = self.core.setup.trunks.iter().position(|peer| peer.trunk == *trunk) else {
            return Vec::new();
        };
        gateways::views(&self.core.setup, &self.doors, place)
    }

    /// The process ends soon: carriers are told to forget us.
    pub fn handle_leave(&mut self, now: Now) {
        self.leave(now.mono);
        self.settle(now.mono);
    }

    /// Our registration at a trunk; `None` when it has none.
    pub fn enrolment(&self, trunk: &TrunkId) -> Option<EnrolView> {
        let place = self.core.setup.trunks.iter().position(|peer| peer.trunk == *trunk)?;
        self.enrolments.get(place)?.as_ref().map(Enrolment::view)
    }

    /// Call it when `poll_timeout` has come, or later.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(deadline) = self.core.timers.pop_due(now.mono) {
            self.wake(deadline, now.mono);
            self.settle(now.mono);
        }
        while let Some((id, timer)) = self.core.forgetting.pop_due(now.mono) {
            self.fire(id, timer, now.mono);
            self.settle(now.mono);
        }
    }

    pub fn poll_output(&mut self) -> Option<EndpointOutput> {
        self.core.out.pop_front()
    }

    /// The next deadline and why.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let deadline = self.core.timers.next().map(|(at, deadline)| (at, deadline.reason()));
        deadline.into_iter().chain(self.core.forgetting.next()).min_by_key(|(at, _)| *at)
    }

    pub fn counts(&self) -> Counts {
        Counts {
            sessions: self.sessions.len(),
            transactions: self.core.transactions.len(),
            phones: self.registrar.len(),
            nonces: self.gate.len(),
            deadlines: self.core.timers.len() + self.core.forgetting.len(),
            streams: self.core.streams.len(),
        }
    }

    /// No call, no transaction: what must be true when all has been quiet for 64*T1. Registrations and keep-alive do not count.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.core.transactions.is_empty() && self.invite_by_merge.is_empty()
    }

    fn wake(&mut self, deadline: Deadline, now: Mono) {
        match deadline {
            Deadline::Transaction(id, timer) => self.fire(id, timer, now),
            Deadline::Abandoned(invite) => self.abandoned(invite, now),
            Deadline::ProgressAgain(session) => self.progress_again(session, now),
            Deadline::AnswerAgain(session) => self.answer_again(session, now),
            Deadline::AnswerUnheard(session) => self.answer_unheard(session, now),
            Deadline::RungLong(session) => self.rung_long(session, now),
            Deadline::ReliableAgain(session) => self.reliable_again(session, now),
            Deadline::Unpracked(session) => self.unpracked(session, now),
            Deadline::Refresh(session) => self.refresh(session, now),
            Deadline::SessionExpired(session) => self.session_expired(session, now),
            Deadline::ReinviteStalled(session) => self.reinvite_stalled(session, now),
            Deadline::ReinviteAgain(session) => self.reinvite_again(session, now),
            Deadline::Binding(phone) => self.binding_expired(phone, now),
            Deadline::KeepAlive(trunk) => self.keep_alive(trunk, now),
            Deadline::Gateway(trunk, gateway) => self.ask_gateway(trunk, gateway, now),
            Deadline::TargetSilent(invite) => self.target_silent(invite, now),
            Deadline::Away(session) => self.stayed_away(session, now),
            Deadline::Names => self.core.resolver.handle_timeout(now),
            Deadline::Enrol(trunk) => self.enrol(trunk, now),
            Deadline::EnrolmentEnds(trunk) => self.enrolment_ended(trunk, now),
            Deadline::Refused(cause) => self.report_refused(cause),
        }
    }

    /// After each input: follows the names that were found, and forgets the sessions for which nothing can arrive any more.
    fn settle(&mut self, now: Mono) {
        self.follow_names(now);
        for leg in std::mem::take(&mut self.core.detached) {
            self.sessions.detach(leg);
        }
        for id in std::mem::take(&mut self.core.released) {
            if let Some(session) = self.sessions.get_mut(id) {
                session.held = session.held.saturating_sub(1);
            }
            self.forget_spent(id);
        }
        for id in std::mem::take(&mut self.core.ended) {
            self.forget_spent(id);
        }
    }

    fn forget_spent(&mut self, id: SessionId) {
        if !self.sessions.get_mut(id).is_some_and(|session| session.is_spent()) {
            return;
        }
        let Some(session) = self.sessions.remove(id) else { return };
        session.websocket.into_iter().for_each(|flow| self.core.streams.forget_session(flow, id));
        self.away.forget(id);
        if let Some(merge) = session.merge {
            self.invite_by_merge.remove(&merge);
        }
    }
}
