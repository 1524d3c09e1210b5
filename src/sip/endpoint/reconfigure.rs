//! Another setup while calls are in progress. A trunk that is as it was keeps its place; one that has changed or gone leaves its place
//! behind, with the terms that its calls in progress have still, and takes a new one.

use std::collections::BTreeMap;

use super::Endpoint;
use super::deadlines::Deadline;
use super::enrol::Enrolment;
use super::gateways::Door;
use super::identify::Networks;
use super::keep_alive::Reach;
use crate::base::{AgentId, Now, TrunkId};
use crate::sip::api::{EndpointSetup, EnrolPlan, PhoneAccount, TrunkPeer};
use crate::sip::login::NonceUse;

impl Endpoint {
    /// Takes another setup at once; its flows and its realm are those of before, `config` has seen to it.
    pub fn reconfigure(&mut self, mut setup: EndpointSetup, now: Now) {
        let trunks = std::mem::take(&mut setup.trunks);
        let phones = std::mem::take(&mut setup.phones);
        let old = std::mem::replace(&mut self.core.setup, setup);
        (self.core.setup.trunks, self.core.setup.phones) = (old.trunks, old.phones);
        self.take_trunks(trunks, now);
        self.take_phones(phones);
        self.settle(now.mono);
    }

    /// Whether something would ring if the agent were called.
    pub fn is_phone_reachable(&self, agent: &AgentId) -> bool {
        self.registrar.is_reachable(agent)
    }

    fn take_trunks(&mut self, trunks: Vec<TrunkPeer>, now: Now) {
        let mut new: BTreeMap<TrunkId, TrunkPeer> =
            trunks.iter().map(|trunk| (trunk.trunk.clone(), trunk.clone())).collect();
        let mut left = BTreeMap::new();
        for place in 0..self.core.setup.trunks.len() {
            let peer = &self.core.setup.trunks[place];
            match new.get(&peer.trunk) {
                Some(same) if same == peer => drop(new.remove(&peer.trunk.clone())),
                _ if peer.is_gone() => {}
                _ => drop(left.insert(peer.trunk.clone(), place)),
            }
        }
        // In the order of the file.
        for trunk in trunks.into_iter().filter(|trunk| new.contains_key(&trunk.trunk)) {
            self.add_trunk(trunk, &left, now);
        }
        left.into_values().for_each(|place| self.leave_place(place, now));
        self.core.networks = Networks::new(&self.core.setup.trunks);
        let user_of = |trunk: &TrunkPeer| trunk.account.as_ref().map(|account| account.user.clone());
        let trunks = self.core.setup.trunks.iter().enumerate();
        self.trunk_by_user = trunks.filter_map(|(place, trunk)| Some((user_of(trunk)?, place))).collect();
    }

    /// Behind the others; what is known of it by the place that it had goes along as far as it is the same.
    fn add_trunk(&mut self, trunk: TrunkPeer, left: &BTreeMap<TrunkId, usize>, now: Now) {
        let (place, before) = (self.core.setup.trunks.len(), left.get(&trunk.trunk).copied());
        self.reach.push(self.reach_of(before, &trunk));
        self.doors.push(self.doors_of(before, &trunk));
        let enrolment = self.enrolment_of(before, trunk.enrol.as_ref());
        if let Some(until) = enrolment.as_ref().and_then(Enrolment::ends) {
            self.core.timers.set(Deadline::EnrolmentEnds(place), until);
        }
        self.enrolments.push(enrolment);
        self.core.nonces.push(NonceUse::default());
        if let Some(before) = before {
            self.core.streams.move_trunk(before, Some(place));
        }
        if trunk.keep_alive.is_some() {
            self.core.timers.set(Deadline::KeepAlive(place), now.mono);
        }
        if trunk.enrol.is_some() {
            self.core.timers.set(Deadline::Enrol(place), now.mono);
        }
        for (gateway, _) in trunk.gateways.iter().enumerate().filter(|(_, gateway)| gateway.every.is_some()) {
            self.core.timers.set(Deadline::Gateway(place, gateway), now.mono);
        }
        self.core.setup.trunks.push(trunk);
    }

    fn reach_of(&self, before: Option<usize>, trunk: &TrunkPeer) -> Reach {
        let is_asked_alike = |place: &usize| self.core.setup.trunks[*place].keep_alive == trunk.keep_alive;
        before.filter(is_asked_alike).and_then(|place| self.reach.get(place)).map(Reach::unasked).unwrap_or_default()
    }

    fn doors_of(&self, before: Option<usize>, trunk: &TrunkPeer) -> Vec<Door> {
        let old = before.map(|place| self.core.setup.trunks[place].gateways.iter().zip(&self.doors[place]));
        let known: Vec<_> = old.into_iter().flatten().collect();
        let door = |gateway| known.iter().find(|(old, _)| *old == gateway).map(|(_, door)| door.unasked());
        trunk.gateways.iter().map(|gateway| door(gateway).unwrap_or_default()).collect()
    }

    /// The same registration goes on; another one for the same address of record takes its place at the carrier.
    fn enrolment_of(&mut self, before: Option<usize>, plan: Option<&EnrolPlan>) -> Option<Enrolment> {
        let plan = plan?;
        let old = before.and_then(|place| self.core.setup.trunks[place].enrol.as_ref());
        let is_same = old == Some(plan);
        let is_replaced = old.is_some_and(|old| {
            (&old.server, &old.user, &old.contact_user) == (&plan.server, &plan.user, &plan.contact_user)
        });
        let kept = before.filter(|_| is_replaced).and_then(|place| self.enrolments[place].take());
        match kept.filter(|_| is_same) {
            Some(kept) => Some(kept.resumed()),
            None => Some(Enrolment::new(plan, &mut self.core.rng)),
        }
    }

    /// Nobody is this trunk any more; what its calls in progress ask of it stays.
    fn leave_place(&mut self, place: usize, now: Now) {
        self.core.streams.move_trunk(place, None);
        self.core.timers.cancel(&Deadline::KeepAlive(place));
        for gateway in 0..self.doors[place].len() {
            self.core.timers.cancel(&Deadline::Gateway(place, gateway));
        }
        self.doors[place].clear();
        self.take_back(place, now.mono);
        let peer = &mut self.core.setup.trunks[place];
        peer.leave();
    }

    fn take_phones(&mut self, phones: Vec<PhoneAccount>) {
        let mut new: BTreeMap<String, PhoneAccount> =
            phones.into_iter().map(|phone| (phone.user.clone(), phone)).collect();
        for place in 0..self.core.setup.phones.len() {
            let old = &self.core.setup.phones[place];
            match new.get(&old.user).is_some_and(|phone| phone.agent == old.agent) {
                true => self.core.setup.phones[place] = new.remove(&old.user.clone()).unwrap_or_else(nobody),
                false => self.forget_phone(place),
            }
        }
        self.core.setup.phones.extend(new.into_values());
        let phones = self.core.setup.phones.iter().enumerate().filter(|(_, phone)| !phone.user.is_empty());
        self.phone_by_user = phones.map(|(place, phone)| (phone.user.clone(), place)).collect();
    }
}

/// What stands at the place of a phone that may register no more.
pub fn nobody() -> PhoneAccount {
    PhoneAccount { agent: AgentId::new(""), user: String::new(), ha1_md5: String::new(), ha1_sha256: String::new() }
}
