//! OPTIONS to trunks, and what their silence means.

use std::time::Duration;

use super::Endpoint;
use super::core::ClientOwner;
use super::deadlines::Deadline;
use super::leads::{Lead, NameOwner};
use crate::base::Mono;
use crate::sip::api::SipEvent;
use crate::sip::resolve::Led;

/// So many OPTIONS in a row without an answer make a trunk unreachable.
const MISSES_MAX: u8 = 2;

/// A question without a pause would never end.
pub const EVERY_MIN: Duration = Duration::from_secs(1);

/// What is known of a trunk; nothing before its first answer or its first misses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reach {
    reachable: Option<bool>,
    misses: u8,
    /// An OPTIONS is on its way.
    asked: bool,
}

impl Reach {
    /// For another place: the question on its way is answered to the old one.
    pub fn unasked(&self) -> Reach {
        Reach { asked: false, ..*self }
    }
}

impl Endpoint {
    /// Asks, unless the last question is still open, and sets the time of the next.
    pub(super) fn keep_alive(&mut self, trunk: usize, now: Mono) {
        let Some(plan) = self.core.setup.trunks.get(trunk).and_then(|peer| peer.keep_alive.clone()) else { return };
        self.core.timers.set(Deadline::KeepAlive(trunk), now + plan.every.max(EVERY_MIN));
        let Some(reach) = self.reach.get_mut(trunk).filter(|reach| !reach.asked) else { return };
        reach.asked = true;
        match self.core.lead(&plan.uri, None, plan.flow) {
            Lead::Here(way) => self.core.send_options(&plan.uri, way, ClientOwner::KeepAlive(trunk), now),
            Lead::Ask(to) => self.core.resolver.look_up(NameOwner::KeepAlive(trunk), to, now),
            Lead::Nowhere => self.keep_alive_missed(trunk, now),
        }
    }

    /// The name of a trunk that is asked was looked up.
    pub(super) fn keep_alive_found(&mut self, trunk: usize, led: &Led, now: Mono) {
        let Some(plan) = self.core.setup.trunks.get(trunk).and_then(|peer| peer.keep_alive.clone()) else { return };
        match self.core.ways(led, plan.flow).first().copied() {
            Some(way) => self.core.send_options(&plan.uri, way, ClientOwner::KeepAlive(trunk), now),
            None => self.keep_alive_missed(trunk, now),
        }
    }

    /// Any final answer shows that somebody is there, a refusal too.
    pub(super) fn keep_alive_answered(&mut self, trunk: usize, status: u16, now: Mono) {
        if status < 200 {
            return;
        }
        let Some(reach) = self.reach.get_mut(trunk) else { return };
        (reach.asked, reach.misses) = (false, 0);
        self.reach_is(trunk, true, now);
    }

    pub(super) fn keep_alive_missed(&mut self, trunk: usize, now: Mono) {
        let Some(reach) = self.reach.get_mut(trunk) else { return };
        reach.asked = false;
        reach.misses = reach.misses.saturating_add(1);
        if reach.misses >= MISSES_MAX {
            self.reach_is(trunk, false, now);
        }
    }

    fn reach_is(&mut self, trunk: usize, reachable: bool, now: Mono) {
        let Some(reach) = self.reach.get_mut(trunk) else { return };
        let changed = reach.reachable.replace(reachable) != Some(reachable);
        let peer = self.core.setup.trunks.get(trunk).filter(|peer| changed && !peer.is_gone());
        if let Some(name) = peer.map(|peer| peer.trunk.clone()) {
            self.core.tell(SipEvent::TrunkReachable { trunk: name, reachable });
        }
        if changed && reachable {
            self.enrol_again_at_once(trunk, now);
        }
    }
}
