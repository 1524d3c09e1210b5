//! All calls of this node. It finds the call that an input is about and hands it to the file of its phase; it decides nothing.

mod finding;
mod recalling;
mod sounding;
mod telling;
mod thirds;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::access::QueueLoad;
use crate::base::rng::Rng;
use crate::base::{AgentId, CallId, LegId, Mono, Now, QueueId, TrunkId, limits};
use crate::desktop::{DeskEvent, Undeliverable, WrapUp};
use crate::intents::requests::{StoreError, StoreReply};
use crate::routing;
use crate::sip::api::{IncomingCall, Origin, Reason, Refer, Replaced, SipCommand, SipEvent};

use super::api::{AskId, CallInput, CallOutput};
use super::bench::{Bench, Deadline};
use super::call::{Call, CallerLeg, Grant, Phase, Side};
use super::caps::{Bound, Load};
use super::facts::{Fact, FallbackCause};
use super::recalling as recall;
use super::records::Records;
use super::settings::{CallSettings, TrunkPlan};
use super::shadowing::Differences;
use super::{
    admission, announcing, attended, browsing, changing, comfort, confirming, connecting, consulting, ending, fallback,
    header_rules, keys, matching, no_port, phoning, pin, promising, queueing, recording, redirecting, returning,
    screening, settling, supervising, transfer,
};

/// The calls in progress and the records of those that have ended.
pub struct Calls {
    /// Boxed: they are large, and a map moves and spares places for what it holds.
    calls: BTreeMap<CallId, Box<Call>>,
    bench: Bench,
    records: Records,
    boot: u32,
    admitted: u32,
}

impl Calls {
    /// `boot`: when the process began, as `CallId::boot_at` says; it makes the ids of calls unique over restarts.
    pub fn new(settings: Arc<CallSettings>, rng: Rng, boot: u32) -> Calls {
        Calls {
            calls: BTreeMap::new(),
            bench: Bench::new(settings, rng),
            records: Records::default(),
            boot,
            admitted: 0,
        }
    }

    /// Another setup: calls in progress keep the rules that they began with, but for the phones of the agents.
    pub fn reconfigure(&mut self, settings: Arc<CallSettings>) {
        self.bench.reconfigure(settings);
    }

    pub fn handle(&mut self, input: CallInput, now: Now) {
        self.bench.now = now;
        match input {
            CallInput::Sip(event) => self.on_sip(event, now),
            CallInput::Store { ask, result } => self.on_store(ask, result, now),
            CallInput::Media(event) => self.on_media(event, now),
            CallInput::Routing(output) => self.on_routing(output, now),
            CallInput::Desk(event) => self.on_desk(event, now),
            CallInput::Page(input) => self.on_page(input),
            CallInput::Leave => self.leave(now),
        }
        self.run_chores(now);
    }

    /// Serves every deadline that is due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.bench.now = now;
        while let Some((call, deadline)) = self.bench.timers.pop_due(now.mono) {
            self.with(call, |call, bench| on_deadline(call, deadline, bench, now));
        }
        settling::handle_timeout(&mut self.bench, now);
        self.look_for_promises(now);
        self.run_chores(now);
    }

    pub fn poll_output(&mut self) -> Option<CallOutput> {
        self.bench.poll_output()
    }

    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let of_call = self.bench.timers.next().map(|(at, (_, deadline))| (at, deadline.as_str()));
        let of_debt = self.bench.settling.poll_timeout().map(|at| (at, "settle with the store"));
        let of_promises = self.bench.look_for_promises.map(|at| (at, "ask which callbacks are open"));
        [of_call, of_debt, of_promises].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// The queues of which the policy wants to know how busy they are.
    pub fn queues_asked(&self) -> &[QueueId] {
        self.bench.settings.policy.queues_asked()
    }

    /// How busy they are now.
    pub fn know_loads(&mut self, loads: Vec<QueueLoad>) {
        self.bench.queue_loads = loads;
    }

    pub fn len(&self) -> usize {
        self.calls.len()
    }

    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// What is still open besides calls: questions, deadlines, debts, ports, legs. All zero after quiet.
    pub fn loose_ends(&self) -> usize {
        let bench = &self.bench;
        bench.call_by_ask.len()
            + bench.timers.len()
            + bench.settling.count()
            + bench.port_by_leg.len()
            + bench.call_by_leg.len()
            + bench.call_by_agent.len()
            + bench.pages.count()
            + bench.call_by_intent.len()
            + bench.recalls.len()
    }

    /// The calls in progress, the newest first.
    pub fn in_progress(&self) -> impl Iterator<Item = &Call> {
        self.calls.values().rev().map(Box::as_ref)
    }

    pub fn get(&self, call: CallId) -> Option<&Call> {
        self.calls.get(&call).map(Box::as_ref)
    }

    /// Where the shadow policy would have decided otherwise.
    pub fn differences(&self) -> &Differences {
        &self.bench.differences
    }

    pub fn records(&self) -> &Records {
        &self.records
    }

    /// What goes over a trunk in one direction.
    pub fn on_trunk(&self, trunk: &TrunkId, bound: Bound) -> Load {
        self.bench.loads.of(trunk, bound)
    }

    fn on_sip(&mut self, event: SipEvent, now: Now) {
        if let Some(call) = self.coming_back(&event) {
            return self.with(call, |call, bench| returning::heard(call, event, bench, now));
        }
        if let Some(call) = self.third(&event) {
            return self.with(call, |call, bench| match call.consultation {
                Some(_) => consulting::heard(call, event, bench, now),
                None => supervising::heard(call, event, bench, now),
            });
        }
        if let Some(call) = self.passing_on(&event) {
            return self.with(call, |call, bench| transfer::heard(call, event, bench, now));
        }
        if let Some(call) = self.called_back(&event) {
            return self.with(call, |call, bench| recall::heard(call, event, bench, now));
        }
        match event {
            SipEvent::Incoming { leg, call } => self.on_incoming(leg, call, now),
            SipEvent::Cancelled { leg, reason } => {
                self.with_leg(leg, |call, _, bench| ending::caller_gone(call, reason, bench, now));
            }
            SipEvent::Acknowledged { leg, answer } | SipEvent::Pracked { leg, answer } => {
                self.with_leg(leg, |call, side, bench| {
                    if changing::acknowledged(call, side, &answer, bench).is_err() {
                        ending::unusable(call, bench, now);
                    }
                });
            }
            SipEvent::Progress { leg, status, body } => {
                self.with_leg(leg, |call, _, bench| match call.phase {
                    Phase::Diverting(_) => fallback::progress(call, status, body, bench),
                    _ => connecting::progress(call, status, bench, now),
                });
            }
            SipEvent::Answered { leg, answer } => self.with_leg(leg, |call, _, bench| match call.phase {
                Phase::Diverting(_) => fallback::answered(call, answer, bench, now),
                _ => connecting::answered(call, &answer, bench, now),
            }),
            SipEvent::Failed { leg, status, contacts, .. } => self.with_leg(leg, |call, _, bench| match call.phase {
                Phase::Diverting(_) => fallback::failed(call, status, &contacts, bench, now),
                _ => connecting::failed(call, status, &contacts, bench, now),
            }),
            SipEvent::Reinvite { leg, offer } => {
                self.with_leg(leg, |call, side, bench| changing::reinvited(call, side, &offer, bench));
            }
            SipEvent::Key { leg, digit, duration_ms } => {
                self.with_leg(leg, |call, side, bench| keys::told(call, side, (digit, duration_ms), bench));
            }
            SipEvent::ReinviteWithdrawn { leg } => {
                self.with_leg(leg, changing::withdrawn);
            }
            SipEvent::Refer { leg, refer } => self.on_refer(leg, *refer, now),
            SipEvent::ReinviteAnswered { leg, status, body } => {
                self.with_leg(leg, |call, side, bench| changing::answered(call, side, status, &body, bench));
            }
            SipEvent::Carried { leg, carried } => {
                self.with_leg(leg, |call, side, bench| header_rules::pass_on(call, side, *carried, bench));
            }
            SipEvent::Ended { leg, reason, .. } => self.on_ended(leg, reason, now),
            SipEvent::TrunkReachable { trunk, reachable } => self.bench.fact(Fact::TrunkReachable { trunk, reachable }),
            SipEvent::TrunkRegistered { trunk, registered, status } => {
                self.bench.fact(Fact::TrunkRegistered { trunk, registered, status });
            }
            SipEvent::GatewayChanged { trunk, gateway, state } => {
                self.bench.fact(Fact::GatewayChanged { trunk, gateway, state });
            }
            SipEvent::PhoneReachable { agent, rings } => {
                self.bench.phone_changed(&agent, rings);
            }
            SipEvent::Away { leg } => self.with_leg(leg, |call, side, bench| returning::moved(call, side, true, bench)),
            SipEvent::Back { leg } => {
                self.with_leg(leg, |call, side, bench| returning::moved(call, side, false, bench))
            }
            SipEvent::DeskOpened { agent } => self.on_desk_opened(&agent),
            SipEvent::Refused { cause, count } => self.bench.fact(Fact::Refused { cause, count }),
        }
    }

    fn on_desk_opened(&mut self, agent: &AgentId) {
        let call = self.calls.values().find(|call| returning::is_missed(call, agent)).map(|call| call.id);
        call.into_iter().for_each(|call| self.with(call, returning::call_back));
    }

    /// The phone of an agent takes the place of another leg of theirs.
    fn on_replacing(&mut self, leg: LegId, old: LegId, incoming: &IncomingCall) {
        let call = self.bench.call_by_leg.get(&old).copied();
        let mut replaced = Err(481);
        call.into_iter().for_each(|call| {
            self.with(call, |call, bench| replaced = returning::replace(call, leg, old, incoming, bench));
        });
        if let Err(status) = replaced {
            let reason = Some(Reason::sip(status, "this leg cannot be replaced"));
            self.bench.sip(SipCommand::Refuse { leg, status, reason, contact: None, retry_after: None });
        }
    }

    fn on_incoming(&mut self, leg: LegId, incoming: Box<IncomingCall>, now: Now) {
        if let Some(old) = incoming.replaces {
            return self.on_replacing(leg, old, &incoming);
        }
        let trunk = self.plan_of(&incoming.origin);
        let Some(trunk) = trunk.filter(|_| self.calls.len() < limits::CALLS_MAX) else {
            return self.turn_away(leg);
        };
        if let Some(older) = browsing::older(&incoming, &self.bench) {
            let is_away = self.calls.get(&older).is_some_and(|call| call.returning.is_away(Side::Caller));
            if !is_away {
                return browsing::refuse_second(leg, &mut self.bench);
            }
            self.with(older, |call, bench| returning::make_way(call, bench, now));
        }
        if let Err(reached) = admission::let_in(&trunk, &mut self.bench, now) {
            return admission::turn_away(leg, &trunk, reached, &mut self.bench);
        }
        self.admitted = self.admitted.wrapping_add(1);
        let id = CallId::new(self.boot, self.admitted);
        let group = self.group_of(&incoming.origin);
        let call = screening::fresh(id, CallerLeg(leg), incoming, trunk, &mut self.bench, now);
        browsing::begin(&call, &mut self.bench);
        let call = match group {
            Some(group) => phoning::admit(Call { group: group.unwrap_or(id), ..call }, &mut self.bench, now),
            None => screening::admit(call, &mut self.bench, now),
        };
        self.calls.insert(id, Box::new(call));
        self.tell_pages(id);
        self.remove_if_over(id);
    }

    fn plan_of(&self, origin: &Origin) -> Option<Arc<TrunkPlan>> {
        let settings = &self.bench.settings;
        match origin {
            Origin::Trunk(trunk) => settings.trunks.get(trunk).cloned(),
            Origin::Web(_) => settings.trunks.get(&TrunkId::new(browsing::TRUNK)).cloned(),
            Origin::Phone(agent) => settings.phones.get(agent).map(|phone| Arc::new(phoning::plan(phone))),
        }
    }

    /// For an agent's call: the group of the conversation that it may be joined with, if they have one.
    fn group_of(&self, origin: &Origin) -> Option<Option<CallId>> {
        let Origin::Phone(agent) = origin else { return None };
        let has_it = |call: &&Call| call.grant().is_some_and(|grant| grant.agent == *agent);
        Some(self.calls.values().map(Box::as_ref).find(has_it).map(|call| call.group))
    }

    /// A REFER with Replaces is about two calls.
    fn on_refer(&mut self, leg: LegId, refer: Refer, now: Now) {
        let Some(replaced) = refer.replaces else {
            return self.with_leg(leg, |call, side, bench| transfer::referred(call, side, refer, bench, now));
        };
        let own = self.bench.call_by_leg.get(&leg).copied();
        let other = match replaced {
            Replaced::Leg(other) => self.bench.call_by_leg.get(&other).copied().filter(|id| Some(*id) != own),
            Replaced::Unknown => None,
        };
        let mut other = other.and_then(|id| self.calls.remove(&id));
        self.with_leg(leg, |call, side, bench| {
            attended::referred(
                call,
                side,
                refer,
                other.as_deref_mut().filter(|other| replaced.is(other.caller.0)),
                bench,
                now,
            );
        });
        if let Some(other) = other {
            let id = other.id;
            self.calls.insert(id, other);
            self.remove_if_over(id);
        }
    }

    /// No room: the carrier takes the call elsewhere (RFC 3261 section 21.5.4).
    fn turn_away(&mut self, leg: LegId) {
        self.bench.fact(Fact::TurnedAway { cause: FallbackCause::Overload });
        self.bench.sip(SipCommand::Refuse {
            leg,
            status: 503,
            reason: Some(Reason::sip(503, FallbackCause::Overload.as_str())),
            contact: None,
            retry_after: Some(limits::RETRY_AFTER),
        });
    }

    /// The process ends: whoever is in a call hears so.
    fn leave(&mut self, now: Now) {
        self.bench.is_draining = true;
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        for id in calls {
            self.with(id, |call, bench| ending::cut_short(call, ending::LEAVING, bench, now));
        }
    }

    fn on_ended(&mut self, leg: LegId, reason: Option<Reason>, now: Now) {
        self.with_leg(leg, |call, side, bench| match side {
            Side::Caller => ending::caller_gone(call, reason, bench, now),
            Side::Far => ending::far_gone(call, reason, bench, now),
        });
    }

    fn on_store(&mut self, ask: AskId, result: Result<StoreReply, StoreError>, now: Now) {
        if self.bench.promises_asked == Some(ask) {
            return self.on_promises(result, now);
        }
        settling::answered(&mut self.bench, ask, &result, now);
        if let Some(call) = self.bench.call_by_ask.remove(&ask) {
            self.with(call, |call, bench| {
                let is_known = recall::store_answered(call, ask, &result, bench, now)
                    || confirming::answered(call, ask, &result, bench, now)
                    || promising::answered(call, ask, &result, bench);
                if !is_known {
                    matching::answered(call, ask, result, bench, now);
                }
            });
        }
    }

    fn on_routing(&mut self, output: routing::Output, now: Now) {
        match output {
            routing::Output::Offer { call, agent, fence, expires: _, passed_over, others } => {
                let grant = Grant { agent, fence };
                self.with(call, |call, bench| match call.transfer {
                    Some(_) => transfer::offered(call, grant, bench, now),
                    None if call.consultation.is_some() => consulting::granted(call, grant, bench, now),
                    None if call.supervision.is_some() => supervising::granted(call, grant, bench, now),
                    None => connecting::offered(call, grant, (passed_over, others), bench, now),
                });
            }
            routing::Output::GrantExpired { call, agent: _, fence } => {
                self.with(call, |call, bench| match call.transfer {
                    Some(_) => transfer::grant_expired(call, fence, bench, now),
                    None => connecting::grant_expired(call, fence, bench, now),
                });
            }
            routing::Output::NotFree { call, agent: _, why } => {
                self.with(call, |call, bench| match call.transfer {
                    Some(_) => transfer::not_free(call, why, bench, now),
                    None if call.consultation.is_some() => consulting::not_free(call, why, bench, now),
                    None => supervising::not_free(call, why, bench),
                });
            }
            routing::Output::QueueFull { call } => {
                self.with(call, |call, bench| queueing::turned_away(call, FallbackCause::QueueCeiling, bench, now));
            }
            routing::Output::NobodyCanServe { call } => {
                self.with(call, |call, bench| queueing::turned_away(call, FallbackCause::NobodyCanServe, bench, now));
            }
            routing::Output::AgentPaused { agent, why: _ } => self.bench.fact(Fact::AgentPaused { agent }),
            routing::Output::Position { call, position, expected_wait, .. } => {
                self.with(call, |call, _| queueing::moved_up(call, position, expected_wait));
            }
            routing::Output::Waited { call, queue, waited, predicted } => {
                self.bench.fact(Fact::Waited { call, queue, waited, predicted });
            }
            // States belong to the desks.
            routing::Output::AgentStateChanged { .. } => {}
        }
    }

    fn on_desk(&mut self, event: DeskEvent, now: Now) {
        match event {
            DeskEvent::PopAcknowledged { agent: _, call, fence } => {
                self.with(call, |call, bench| match call.transfer {
                    Some(_) => transfer::pop_acknowledged(call, fence, bench, now),
                    None => connecting::pop_acknowledged(call, fence, bench, now),
                });
            }
            DeskEvent::PopUndeliverable { agent: _, call, fence, cause } => match cause {
                // The session lives: it may be back before the budget has run out.
                Undeliverable::Disconnected => {}
                Undeliverable::NoSession | Undeliverable::Unresponsive => {
                    self.with(call, |call, bench| match call.transfer {
                        Some(_) => transfer::pop_undeliverable(call, fence, bench, now),
                        None => connecting::pop_undeliverable(call, fence, bench, now),
                    });
                }
            },
            DeskEvent::Declined { agent, call } => {
                self.with(call, |call, bench| match call.transfer {
                    Some(_) => transfer::declined(call, &agent, bench, now),
                    None => connecting::declined(call, &agent, bench, now),
                });
            }
            DeskEvent::NotReached { agent, call } => {
                self.with(call, |call, bench| recall::not_reached(call, &agent, bench, now));
            }
            DeskEvent::WrapUpWritten { agent, wrap_up, is_late: _ } => self.on_wrap_up(agent, wrap_up, now),
            DeskEvent::RecordingAsked { agent, call, paused } => {
                self.with(call, |call, bench| recording::asked(call, &agent, paused, bench, now));
            }
            DeskEvent::SuperviseAsked { agent, call, wish } => {
                let is_busy = self.is_busy(&agent, call);
                self.with(call, |call, bench| supervising::asked(call, &agent, wish, is_busy, bench, now));
            }
            DeskEvent::ConsultAsked { agent, call, wish } => {
                let asked = consulting::agent_asked(&wish, &self.bench);
                let is_busy = asked.is_some_and(|asked| self.is_busy(&asked, call));
                self.with(call, |call, bench| consulting::asked(call, &agent, wish, is_busy, bench, now));
            }
            DeskEvent::CallsAsked { agent } => self.show_calls(agent, now),
            DeskEvent::StateAsked { agent, state: _ } => self.on_freed(&agent, now),
            DeskEvent::LoggedIn { .. }
            | DeskEvent::LoggedOut { .. }
            | DeskEvent::ConnectionLost { .. }
            | DeskEvent::ConnectionBack { .. }
            | DeskEvent::LoginRefused => {}
        }
    }

    fn on_wrap_up(&mut self, agent: AgentId, wrap_up: WrapUp, now: Now) {
        let (id, wrap_up) = (wrap_up.call, Box::new(wrap_up));
        self.bench.fact(Fact::WrittenUp { call: id, agent: agent.clone() });
        match self.calls.get_mut(&id) {
            Some(call) => call.record.wrap_up = Some(wrap_up),
            None => self.records.amend(id, |record| record.wrap_up = Some(wrap_up)),
        }
        self.open_case(id, &agent, now);
        self.with(id, |call, bench| redirecting::freed(call, &agent, true, bench, now));
        self.tell_written(id);
    }

    /// An agent who says what they are now is done with a call that we do not see.
    fn on_freed(&mut self, agent: &AgentId, now: Now) {
        if let Some(call) = self.bench.call_by_agent.get(agent).copied() {
            self.with(call, |call, bench| redirecting::freed(call, agent, false, bench, now));
        }
    }

    fn with_leg(&mut self, leg: LegId, act: impl FnOnce(&mut Call, Side, &mut Bench)) {
        let Some(call) = self.bench.call_by_leg.get(&leg).copied() else { return };
        self.with(call, |call, bench| {
            if let Some(side) = call.side_of(leg) {
                act(call, side, bench);
            }
        });
    }

    fn with(&mut self, id: CallId, act: impl FnOnce(&mut Call, &mut Bench)) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        self.bench.lay_out(&call.rules);
        act(call, &mut self.bench);
        self.bench.clear_up();
        self.tell_pages(id);
        self.remove_if_over(id);
    }

    fn remove_if_over(&mut self, id: CallId) {
        if self.calls.get(&id).is_none_or(|call| !matches!(call.phase, Phase::Over)) {
            return;
        }
        let Some(call) = self.calls.remove(&id) else { return };
        self.close_pages(&call);
        if let (Some(_), Some(intent)) = (&call.recall, call.record.intent) {
            self.bench.recalls.remove(&intent);
        }
        admission::leave(&call, &mut self.bench);
        browsing::end(&call, &mut self.bench);
        self.records.keep(call.record);
    }
}

fn on_deadline(call: &mut Call, deadline: Deadline, bench: &mut Bench, now: Now) {
    match deadline {
        Deadline::Match if call.recall.is_some() => recall::ask_overdue(call, bench, now),
        Deadline::Recall => recall::look(call, bench, now),
        Deadline::Match => matching::timed_out(call, bench, now),
        Deadline::AnswerWaiting => queueing::answer_waiting(call, bench, now),
        Deadline::Pop if call.transfer.is_some() => transfer::pop_overdue(call, bench, now),
        Deadline::Pop => connecting::pop_overdue(call, bench, now),
        Deadline::Announcement => {
            announcing::over(call, bench, now);
            promising::heard(call, bench, now);
        }
        Deadline::Key if promising::timed_out(call, bench) => {}
        Deadline::Key => pin::timed_out(call, bench, now),
        Deadline::Message => comfort::due(call, bench, now),
        Deadline::Ceiling => queueing::ceiling_reached(call, bench, now),
        Deadline::Port => no_port::again(call, bench, now),
        Deadline::RenewClaim => matching::renew_claim(call, bench, now),
        Deadline::HandedOver => redirecting::held_long(call, bench, now),
        Deadline::ResumeRecording => recording::resume(call, bench, now),
        Deadline::CallLength => ending::cut_short(call, ending::TOO_LONG, bench, now),
    }
}
