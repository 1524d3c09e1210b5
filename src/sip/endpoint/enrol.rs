//! Our registration at a carrier (RFC 3261 section 10.2): made, refreshed, tried again after a failure, and taken back at the end.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::Endpoint;
use super::compose::{self, Register};
use super::core::{ClientOwner, Way};
use super::deadlines::Deadline;
use super::leads::{Lead, NameOwner};
use super::names;
use crate::base::Mono;
use crate::base::limits::{ENROL_LIFE_MAX, ENROL_RETRY_MAX, ENROL_RETRY_MIN};
use crate::base::rng::Rng;
use crate::sip::api::{EnrolPlan, EnrolView, SipEvent};
use crate::sip::resolve::Led;
use crate::sip::transaction::TxId;
use crate::sip::wire::Response;

/// What became of it.
#[derive(Debug)]
pub struct Enrolment {
    call_id: String,
    tag: u64,
    cseq: u32,
    /// The life that is asked for: what is configured, or the least that the carrier takes.
    wish: Duration,
    /// A REGISTER is on its way.
    asked: Option<TxId>,
    /// The name of the server is being looked up.
    looking: bool,
    /// Addresses of the server that are tried if this one does not answer.
    ways: VecDeque<Way>,
    /// Where the last REGISTER went.
    at: Option<SocketAddr>,
    /// The least life was raised for this REGISTER already.
    raised: bool,
    /// The carrier knows us until then.
    until: Option<Mono>,
    since: Mono,
    failures: u32,
    last_failure: Option<(u16, Mono)>,
    next: Option<Mono>,
    /// The process ends: what is sent now takes the registration back.
    leaving: bool,
}

/// A refresh may be lost and sent again until timer F gives it up; that much of the life is kept for it.
const MARGIN: Duration = Duration::from_secs(40);

impl Enrolment {
    pub fn new(plan: &EnrolPlan, rng: &mut Rng) -> Enrolment {
        Enrolment {
            call_id: names::call_id(rng),
            tag: rng.u64(),
            cseq: names::first_cseq(rng),
            wish: plan.expires,
            asked: None,
            looking: false,
            ways: VecDeque::new(),
            at: None,
            raised: false,
            until: None,
            since: Mono::ZERO,
            failures: 0,
            last_failure: None,
            next: None,
            leaving: false,
        }
    }

    pub fn view(&self) -> EnrolView {
        EnrolView {
            registered: self.until.is_some(),
            since: self.since,
            until: self.until,
            last_failure: self.last_failure,
            next: self.next.filter(|_| self.asked.is_none()),
        }
    }

    /// The carrier knows us until then.
    pub fn ends(&self) -> Option<Mono> {
        self.until
    }

    /// At another place of the setup: what is on its way is answered to the old one, and is asked again.
    pub fn resumed(self) -> Enrolment {
        Enrolment { asked: None, looking: false, ways: VecDeque::new(), ..self }
    }

    /// The REGISTER went out again with credentials.
    pub fn renumber(&mut self, new: TxId, cseq: u32) {
        (self.asked, self.cseq) = (Some(new), cseq);
    }

    pub fn waits_for(&self, id: TxId) -> bool {
        self.asked == Some(id)
    }
}

impl Endpoint {
    /// Sends REGISTER, unless one is on its way.
    pub(super) fn enrol(&mut self, trunk: usize, now: Mono) {
        let Some(plan) = self.core.setup.trunks.get(trunk).and_then(|peer| peer.enrol.clone()) else { return };
        let Some(Some(enrolment)) = self.enrolments.get_mut(trunk) else { return };
        if enrolment.asked.is_some() || enrolment.looking {
            return;
        }
        self.core.timers.cancel(&Deadline::Enrol(trunk));
        match self.core.lead(&plan.server, plan.via, plan.flow) {
            Lead::Here(way) => {
                enrolment.ways = VecDeque::from([way]);
                self.send_register(trunk, now);
            }
            Lead::Ask(to) => {
                enrolment.looking = true;
                self.core.resolver.look_up(NameOwner::Enrol(trunk), to, now);
            }
            Lead::Nowhere => self.enrol_failed(trunk, 503, None, now),
        }
    }

    /// The server's name was looked up.
    pub(super) fn enrol_found(&mut self, trunk: usize, led: &Led, now: Mono) {
        let flow = self.core.setup.trunks.get(trunk).and_then(|peer| peer.enrol.as_ref()).map(|plan| plan.flow);
        let (Some(Some(enrolment)), Some(flow)) = (self.enrolments.get_mut(trunk), flow) else { return };
        enrolment.looking = false;
        enrolment.ways = self.core.ways(led, flow).into();
        if enrolment.asked.is_some() {
            return;
        }
        match (enrolment.ways.is_empty(), enrolment.leaving) {
            (false, _) => self.send_register(trunk, now),
            (true, true) => self.left(trunk, now),
            (true, false) => self.enrol_failed(trunk, 503, None, now),
        }
    }

    /// To the next of the server's addresses.
    fn send_register(&mut self, trunk: usize, now: Mono) {
        let Some(plan) = self.core.setup.trunks.get(trunk).and_then(|peer| peer.enrol.clone()) else { return };
        let Some(Some(enrolment)) = self.enrolments.get_mut(trunk) else { return };
        let Some(way) = enrolment.ways.pop_front() else { return };
        enrolment.at = Some(way.1);
        enrolment.cseq = enrolment.cseq.saturating_add(1);
        let branch = self.core.next_branch();
        let life = if enrolment.leaving { Duration::ZERO } else { enrolment.wish };
        let register =
            Register { plan: &plan, call_id: &enrolment.call_id, tag: enrolment.tag, cseq: enrolment.cseq, life };
        let request = compose::register(&self.core, &register, branch, way);
        (enrolment.asked, enrolment.next) = (Some(branch.id), None);
        self.core.request(branch, request, way, ClientOwner::Enrol(trunk), now);
    }

    pub(super) fn enrol_answered(&mut self, trunk: usize, id: TxId, response: &Response, now: Mono) {
        let Some(plan) = self.core.setup.trunks.get(trunk).and_then(|peer| peer.enrol.clone()) else { return };
        let Some(Some(enrolment)) = self.enrolments.get_mut(trunk) else { return };
        if response.status() < 200 || !enrolment.waits_for(id) {
            return;
        }
        enrolment.asked = None;
        let least = response.min_expires().map(|seconds| Duration::from_secs(seconds.into()));
        match response.status() {
            _ if enrolment.leaving => self.left(trunk, now),
            200..300 => {
                let life = granted(response, &plan, enrolment.wish);
                self.enrolled(trunk, life, now);
            }
            423 if !enrolment.raised
                && least.is_some_and(|least| least > enrolment.wish && least <= ENROL_LIFE_MAX) =>
            {
                (enrolment.raised, enrolment.wish) = (true, least.unwrap_or(enrolment.wish));
                self.enrol(trunk, now);
            }
            503 if !enrolment.ways.is_empty() => self.send_register(trunk, now),
            status => {
                let wait = response.retry_after().map(|seconds| Duration::from_secs(seconds.into()));
                self.enrol_failed(trunk, status, wait, now);
            }
        }
    }

    /// Nobody answered (408), or nothing could be sent (503).
    pub(super) fn enrol_unanswered(&mut self, trunk: usize, id: TxId, status: u16, now: Mono) {
        let Some(Some(enrolment)) = self.enrolments.get_mut(trunk) else { return };
        if !enrolment.waits_for(id) {
            return;
        }
        enrolment.asked = None;
        if enrolment.leaving {
            return self.left(trunk, now);
        }
        if !enrolment.ways.is_empty() {
            return self.send_register(trunk, now);
        }
        self.enrol_failed(trunk, status, None, now);
    }

    fn enrolled(&mut self, trunk: usize, life: Duration, now: Mono) {
        let Some(Some(enrolment)) = self.enrolments.get_mut(trunk) else { return };
        (enrolment.failures, enrolment.raised) = (0, false);
        let next = now + refresh_after(life, &mut self.core.rng);
        enrolment.next = Some(next);
        let news = enrolment.until.replace(now + life).is_none();
        self.core.timers.set(Deadline::Enrol(trunk), next);
        self.core.timers.set(Deadline::EnrolmentEnds(trunk), now + life);
        if news {
            self.enrolment_is(trunk, 200, now);
        }
    }

    fn enrol_failed(&mut self, trunk: usize, status: u16, wait: Option<Duration>, now: Mono) {
        let Some(Some(enrolment)) = self.enrolments.get_mut(trunk) else { return };
        (enrolment.last_failure, enrolment.raised) = (Some((status, now)), false);
        enrolment.failures = enrolment.failures.saturating_add(1);
        let back_off = back_off(enrolment.failures, &mut self.core.rng);
        let next = now + back_off.max(wait.unwrap_or_default().min(ENROL_LIFE_MAX));
        enrolment.next = Some(next);
        let first = enrolment.failures == 1 && enrolment.until.is_none();
        self.core.timers.set(Deadline::Enrol(trunk), next);
        if first {
            self.enrolment_is(trunk, status, now);
        }
    }

    /// The carrier has forgotten us by now.
    pub(super) fn enrolment_ended(&mut self, trunk: usize, now: Mono) {
        let Some(Some(enrolment)) = self.enrolments.get_mut(trunk) else { return };
        enrolment.until = None;
        let status = enrolment.last_failure.map_or(408, |(status, _)| status);
        self.enrolment_is(trunk, status, now);
    }

    /// The way to the carrier is there again: whoever failed before need not wait any longer.
    pub(super) fn enrol_again_at_once(&mut self, trunk: usize, now: Mono) {
        let failed = |enrolment: &Enrolment| enrolment.failures > 0 && !enrolment.leaving;
        if self.enrolments.get(trunk).and_then(Option::as_ref).is_some_and(failed) {
            self.enrol(trunk, now);
        }
    }

    /// A connection to a carrier was made or has `ended`: then it may know us no more, and whoever failed before may come through.
    pub(super) fn enrol_over(&mut self, peer: SocketAddr, ended: bool, now: Mono) {
        for trunk in 0..self.enrolments.len() {
            let enrolment = self.enrolments.get(trunk).and_then(Option::as_ref);
            let Some(enrolment) = enrolment.filter(|enrolment| enrolment.at == Some(peer)) else { continue };
            match (ended, enrolment.until.is_some() && !enrolment.leaving) {
                (true, true) => self.enrol(trunk, now),
                (true, false) => {}
                (false, _) => self.enrol_again_at_once(trunk, now),
            }
        }
    }

    /// Takes every registration back; those of silent carriers end by themselves.
    pub(super) fn leave(&mut self, now: Mono) {
        (0..self.enrolments.len()).for_each(|trunk| self.take_back(trunk, now));
    }

    /// The carrier is told to forget us, if it knows us.
    pub(super) fn take_back(&mut self, trunk: usize, now: Mono) {
        self.core.timers.cancel(&Deadline::Enrol(trunk));
        self.core.timers.cancel(&Deadline::EnrolmentEnds(trunk));
        let Some(Some(enrolment)) = self.enrolments.get_mut(trunk) else { return };
        enrolment.leaving = true;
        let known = enrolment.until.is_some() || enrolment.asked.is_some();
        enrolment.asked = None;
        if known {
            self.enrol(trunk, now);
        }
    }

    /// Whether a carrier has still to answer that it forgets us, or somebody our BYE.
    pub fn is_leaving(&self) -> bool {
        let goes = |enrolment: &Enrolment| enrolment.leaving && (enrolment.asked.is_some() || enrolment.looking);
        !self.core.farewells.is_empty() || self.enrolments.iter().flatten().any(goes)
    }

    fn left(&mut self, trunk: usize, now: Mono) {
        let Some(Some(enrolment)) = self.enrolments.get_mut(trunk) else { return };
        if enrolment.until.take().is_some() {
            self.enrolment_is(trunk, 200, now);
        }
    }

    fn enrolment_is(&mut self, trunk: usize, status: u16, now: Mono) {
        let Some(Some(enrolment)) = self.enrolments.get_mut(trunk) else { return };
        enrolment.since = now;
        let registered = enrolment.until.is_some();
        if let Some(peer) = self.core.setup.trunks.get(trunk).filter(|peer| !peer.is_gone()) {
            let trunk = peer.trunk.clone();
            self.core.tell(SipEvent::TrunkRegistered { trunk, registered, status });
        }
    }
}

/// For how long the carrier keeps us: what it says of our contact, or else of all (RFC 3261 section 10.2.4).
fn granted(response: &Response, plan: &EnrolPlan, wish: Duration) -> Duration {
    let own = response.contacts().find(|contact| contact.uri.user_text() == plan.contact_user);
    let said = own.and_then(|contact| std::str::from_utf8(contact.params.value("expires")?).ok()?.parse::<u32>().ok());
    let seconds = said.or_else(|| response.expires()).map(|seconds| Duration::from_secs(seconds.into()));
    seconds.unwrap_or(wish).clamp(Duration::from_secs(1), ENROL_LIFE_MAX)
}

/// Well before the end, and not all at one moment.
fn refresh_after(life: Duration, rng: &mut Rng) -> Duration {
    let margin = (life / 5).max(MARGIN).min(life / 2);
    (life - margin).mul_f64(0.9 + 0.1 * rng.unit())
}

/// Doubles with each failure up to a bound, half of it by chance (RFC 5626 section 4.5).
fn back_off(failures: u32, rng: &mut Rng) -> Duration {
    let doubled = ENROL_RETRY_MIN.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled.min(ENROL_RETRY_MAX).mul_f64(0.5 + 0.5 * rng.unit())
}
