//! A trunk's gateways: how each is, asked by OPTIONS, and in which order a call tries them.

use super::Endpoint;
use super::core::{ClientOwner, Core};
use super::deadlines::Deadline;
use super::hunt::Spot;
use super::keep_alive::EVERY_MIN;
use super::leads::{Lead, NameOwner};
use crate::base::Mono;
use crate::sip::api::{EndpointSetup, Gateway, GatewayState, GatewayView, SipEvent};
use crate::sip::resolve::{Led, by_weight};
use crate::sip::wire::Uri;

/// So many bad answers in a row make a gateway down, so many good ones make it up again; one lost packet makes neither.
const BAD_MAX: u8 = 2;
const GOOD_MIN: u8 = 2;

/// What is known of a gateway.
#[derive(Clone, Copy, Debug, Default)]
pub struct Door {
    state: GatewayState,
    since: Mono,
    /// It was down last, not up.
    was_down: bool,
    /// Answers of one kind in a row.
    good: u8,
    bad: u8,
    /// An OPTIONS or a look-up is on its way.
    asked: bool,
}

impl Door {
    /// For another place: the question on its way is answered to the old one.
    pub fn unasked(&self) -> Door {
        Door { asked: false, ..*self }
    }

    /// The state after one more answer. Who was never down is up at the first good answer.
    fn after(&mut self, good: bool) -> GatewayState {
        (self.good, self.bad) = if good { (self.good.saturating_add(1), 0) } else { (0, self.bad.saturating_add(1)) };
        let state = match (good, self.was_down) {
            (true, true) if self.good < GOOD_MIN => GatewayState::Probing,
            (true, _) => GatewayState::Up,
            (false, false) if self.bad < BAD_MAX => GatewayState::Probing,
            (false, _) => GatewayState::Down,
        };
        self.was_down = match state {
            GatewayState::Up => false,
            GatewayState::Down => true,
            GatewayState::Probing | GatewayState::Unknown => self.was_down,
        };
        state
    }
}

impl Endpoint {
    /// Asks, unless the last question is still open, and sets the time of the next.
    pub(super) fn ask_gateway(&mut self, trunk: usize, place: usize, now: Mono) {
        let Some(gateway) = self.gateway(trunk, place) else { return };
        let Some(every) = gateway.every else { return };
        self.core.timers.set(Deadline::Gateway(trunk, place), now + every.max(EVERY_MIN));
        let Some(door) = self.doors.get_mut(trunk).and_then(|doors| doors.get_mut(place)) else { return };
        if std::mem::replace(&mut door.asked, true) {
            return;
        }
        match self.core.lead(&gateway.uri, None, gateway.flow) {
            Lead::Here(way) => self.core.send_options(&gateway.uri, way, ClientOwner::Gateway(trunk, place), now),
            Lead::Ask(to) => self.core.resolver.look_up(NameOwner::Gateway(trunk, place), to, now),
            Lead::Nowhere => self.gateway_answered(trunk, place, 503, now),
        }
    }

    /// Its name was looked up; a name that leads nowhere is as bad as silence.
    pub(super) fn gateway_found(&mut self, trunk: usize, place: usize, led: &Led, now: Mono) {
        let Some(gateway) = self.gateway(trunk, place) else { return };
        match self.core.ways(led, gateway.flow).first().copied() {
            Some(way) => self.core.send_options(&gateway.uri, way, ClientOwner::Gateway(trunk, place), now),
            None => self.gateway_answered(trunk, place, 503, now),
        }
    }

    /// Any final answer but 503 and 408 shows that calls could be taken; silence is 408.
    pub(super) fn gateway_answered(&mut self, trunk: usize, place: usize, status: u16, now: Mono) {
        let Some(door) = self.doors.get_mut(trunk).and_then(|doors| doors.get_mut(place)) else { return };
        if status < 200 {
            return;
        }
        door.asked = false;
        let state = door.after(!matches!(status, 408 | 503));
        if state == door.state {
            return;
        }
        (door.state, door.since) = (state, now);
        let Some(gateway) = self.gateway(trunk, place) else { return };
        if let Some(peer) = self.core.setup.trunks.get(trunk) {
            let (trunk, gateway) = (peer.trunk.clone(), gateway.uri);
            self.core.tell(SipEvent::GatewayChanged { trunk, gateway, state });
        }
        if state == GatewayState::Up {
            self.enrol_again_at_once(trunk, now);
        }
    }

    fn gateway(&self, trunk: usize, place: usize) -> Option<Gateway> {
        self.core.setup.trunks.get(trunk)?.gateways.get(place).cloned()
    }
}

/// The gateways of the trunk at `place` as a call tries them: by priority, among equals by chance and weight, and those that are
/// down last.
pub fn spots(core: &mut Core, doors: &[Vec<Door>], place: usize, user: &str) -> Vec<Spot> {
    let Some(peer) = core.setup.trunks.get(place) else { return Vec::new() };
    let doors = doors.get(place).map(Vec::as_slice).unwrap_or_default();
    let is_down = |nth: usize| doors.get(nth).is_some_and(|door| door.state == GatewayState::Down);
    let ranked = peer.gateways.iter().enumerate().map(|(nth, gateway)| {
        let priority = u32::from(gateway.priority) + if is_down(nth) { DOWN } else { 0 };
        let spot = with_user(&gateway.uri, user).map(|uri| Spot { uri, via: None, flow: gateway.flow });
        (priority, u32::from(gateway.weight), spot)
    });
    let ranked: Vec<_> = ranked.collect();
    let ordered = by_weight(ranked, |(priority, weight, _)| (*priority, *weight), &mut core.rng);
    ordered.into_iter().filter_map(|(_, _, spot)| spot).collect()
}

/// More than every priority.
const DOWN: u32 = 1 << 16;

/// `sip:gw.example.com;transport=tcp` with the user part put in.
fn with_user(uri: &str, user: &str) -> Option<String> {
    Uri::read(uri.as_bytes()).filter(|uri| uri.is_sip() && uri.user.is_none())?;
    let (scheme, rest) = uri.split_once(':')?;
    Some(if user.is_empty() { uri.to_owned() } else { format!("{scheme}:{user}@{rest}") })
}

/// As the API shows them.
pub fn views(setup: &EndpointSetup, doors: &[Vec<Door>], place: usize) -> Vec<GatewayView> {
    let gateways = setup.trunks.get(place).map(|peer| peer.gateways.as_slice()).unwrap_or_default();
    let doors = doors.get(place).map(Vec::as_slice).unwrap_or_default();
    let view = |(gateway, door): (&Gateway, &Door)| GatewayView {
        uri: gateway.uri.clone(),
        priority: gateway.priority,
        weight: gateway.weight,
        state: door.state,
        since: door.since,
    };
    gateways.iter().zip(doors).map(view).collect()
}
