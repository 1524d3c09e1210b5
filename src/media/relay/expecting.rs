//! What the packets of several legs need, brought nearer all at once. A worker has more legs than a processor keeps at hand; to wait for the
//! memory of each in turn, and of whoever hears it, is a good part of what a packet costs.

use std::net::SocketAddr;

use super::Relay;
use super::legs::Seat;
use crate::base::{LegId, prefetch};
use crate::media::leg::Leg;

/// Which way a leg's packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

impl Relay {
    /// Packets of these legs are about to be handed over; not more at once than `EXPECTED_MAX`.
    pub fn expect(&mut self, speakers: impl Iterator<Item = LegId>) {
        self.expected.clear();
        for speaker in speakers {
            let seated = self.leg_by_id.seat(speaker).map(|seat| (seat, Way::In));
            let listener = self.listeners_by_leg.get(&speaker).and_then(|listeners| listeners.first());
            let hears = listener.and_then(|listener| self.leg_by_id.seat(*listener)).map(|seat| (seat, Way::Out));
            self.expected.extend(seated.into_iter().chain(hears));
        }
        self.expected.iter().for_each(|(seat, _)| self.leg_by_id.soon(*seat));
        let legs = |of: &(Seat, Way)| self.leg_by_id.at(of.0).zip(Some(of.1));
        self.expected.iter().filter_map(legs).for_each(|(leg, _)| leg.soon());
        self.expected.iter().filter_map(legs).for_each(|(leg, way)| leg.shield_soon(way));
    }

    /// The same for browsers, who are known by their addresses.
    pub fn expect_from(&mut self, addresses: impl Iterator<Item = SocketAddr>) {
        let known = std::mem::take(&mut self.leg_by_address);
        self.expect(addresses.filter_map(|address| known.get(&address).copied()));
        self.leg_by_address = known;
    }
}

impl Leg {
    /// What it points to.
    fn soon(&self) {
        self.peer.iter().for_each(|peer| prefetch::list(&peer.sorts));
        self.shield.iter().for_each(|shield| prefetch::whole(&**shield));
        self.browser.iter().for_each(|browser| prefetch::whole(&**browser));
    }

    fn shield_soon(&self, way: Way) {
        match (&self.shield, way) {
            (Some(shield), Way::In) => shield.opens_soon(),
            (Some(shield), Way::Out) => shield.seals_soon(),
            (None, _) => {}
        }
    }
}
