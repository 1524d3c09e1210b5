//! A call that goes to one place after the other: on 503, on silence and on a dead transport, never on a real refusal
//! (RFC 3263 section 4.3).

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;

use super::Endpoint;
use super::compose::{self, Invitation};
use super::core::{ClientOwner, Core, Way};
use super::deadlines::Deadline;
use super::gateways;
use super::invite_client::{Goal, better};
use super::leads::{Lead, NameOwner};
use super::names::SessionId;
use super::session::{Attempt, Cancel, Phase, Session};
use crate::base::Mono;
use crate::sip::api::{Dial, FlowId, Target};
use crate::sip::dialog::Hop;
use crate::sip::resolve::Led;
use crate::sip::transaction::TxId;

/// Where a call may go yet.
pub struct Hunt {
    /// URIs that nobody has looked at, in order.
    spots: VecDeque<Spot>,
    /// The addresses of the URI at hand, in order.
    goals: VecDeque<Goal>,
    /// A URI whose name is being looked up.
    asked: Option<Spot>,
    dial: Box<Dial>,
}

/// A URI to ring, and how it is reached.
pub struct Spot {
    pub uri: String,
    pub via: Option<SocketAddr>,
    pub flow: FlowId,
}

impl Hunt {
    pub fn new(spots: Vec<Spot>, dial: Box<Dial>) -> Hunt {
        Hunt { spots: spots.into(), goals: VecDeque::new(), asked: None, dial }
    }

    fn has_more(&self) -> bool {
        !self.spots.is_empty() || !self.goals.is_empty()
    }
}

impl Spot {
    fn goal(&self, way: Way) -> Goal {
        let hop = self.via.map_or(Hop::Follow(way.1), Hop::Fixed);
        Goal { uri: Bytes::copy_from_slice(self.uri.as_bytes()), way, hop, routes: Vec::new() }
    }
}

impl Endpoint {
    /// The URIs that a call goes to in turn; none for a phone that is registered here.
    pub(super) fn spots(&mut self, dial: &Dial) -> Vec<Spot> {
        match &dial.target {
            Target::Registered(_) => Vec::new(),
            Target::Uri { uri, via } => vec![Spot { uri: uri.clone(), via: *via, flow: dial.flow }],
            Target::Trunk { trunk, user } => {
                let place = self.core.setup.trunks.iter().position(|peer| peer.trunk == *trunk);
                place.map(|place| gateways::spots(&mut self.core, &self.doors, place, user)).unwrap_or_default()
            }
        }
    }

    /// Goes on to the next place; the call has failed when there is none.
    pub(super) fn hunt(&mut self, id: SessionId, now: Mono) {
        loop {
            let session = self.sessions.get_mut(id).filter(|session| matches!(session.phase, Phase::Calling));
            let Some(session) = session else { return };
            let Some(hunt) = session.caller.as_mut().and_then(|caller| caller.hunt.as_mut()) else { return };
            if hunt.asked.is_some() {
                return;
            }
            if let Some(goal) = hunt.goals.pop_front() {
                return session.ring(&mut self.core, goal, now);
            }
            let Some(spot) = hunt.spots.pop_front() else {
                return session.found_nobody(&mut self.core, now);
            };
            match self.core.lead(&spot.uri, spot.via, spot.flow) {
                Lead::Here(way) => hunt.goals.push_back(spot.goal(way)),
                Lead::Ask(to) => {
                    hunt.asked = Some(spot);
                    return self.core.resolver.look_up(NameOwner::Hunt(id), to, now);
                }
                Lead::Nowhere => {}
            }
        }
    }

    /// The name at hand was looked up; without places it is passed over.
    pub(super) fn hunt_found(&mut self, id: SessionId, led: &Led, now: Mono) {
        let hunt = self.sessions.get_mut(id).and_then(|session| session.caller.as_mut()?.hunt.as_mut());
        let Some(hunt) = hunt else { return };
        let Some(spot) = hunt.asked.take() else { return };
        hunt.goals.extend(self.core.ways(led, spot.flow).into_iter().map(|way| spot.goal(way)));
        self.hunt(id, now);
    }

    /// No answer at all while there is somewhere else to go: this place is left, and hears CANCEL when it speaks.
    pub(super) fn target_silent(&mut self, invite: TxId, now: Mono) {
        let owner = self.core.transactions.client(invite).map(|client| client.owner);
        let Some(ClientOwner::Invite(id)) = owner else { return };
        let Some(caller) = self.sessions.get_mut(id).and_then(|session| session.caller.as_mut()) else { return };
        let silent =
            |attempt: &&mut Attempt| attempt.invite == invite && !attempt.heard && attempt.cancel == Cancel::No;
        let Some(attempt) = caller.attempts.iter_mut().find(silent) else { return };
        attempt.cancel = Cancel::Wanted;
        caller.refusal = Some(better(caller.refusal.take(), (408, None)));
        self.hunt(id, now);
    }
}

impl Session {
    /// Sends the INVITE to `goal`: the same as to the others but for its transaction.
    fn ring(&mut self, core: &mut Core, goal: Goal, now: Mono) {
        let id = self.id();
        let Some(caller) = &mut self.caller else { return };
        let Some(hunt) = &caller.hunt else { return };
        let branch = core.next_branch();
        let call_id = String::from_utf8_lossy(&caller.call_id);
        let invitation = Invitation { dial: &hunt.dial, from: &caller.local, call_id: &call_id, cseq: caller.cseq };
        let request = compose::invite(core, &invitation, &goal, branch);
        let Goal { uri, way, hop, .. } = goal;
        if hunt.has_more() {
            core.timers.set(Deadline::TargetSilent(branch.id), now + core.setup.target_timeout);
        }
        self.trunk = core.trunk_dialled(hunt.dial.trunk.as_ref(), Some(way.1));
        caller.attempts.reserve_exact(1);
        caller.attempts.push(Attempt { invite: branch.id, uri, flow: way.0, hop, heard: false, cancel: Cancel::No });
        self.request(core, branch, request, way, ClientOwner::Invite(id), now);
    }

    /// There is no place left; those that said nothing are given up.
    fn found_nobody(&mut self, core: &mut Core, now: Mono) {
        if let Some(caller) = &mut self.caller {
            caller.hunt = None;
            caller.refusal = caller.refusal.take().or(Some((503, None)));
            caller.cancel_all(core, None, None, now);
        }
        self.fail(core, now);
    }
}

impl Core {
    /// An INVITE goes out anew with credentials: its silence is counted anew too.
    pub fn listen_anew(&mut self, old: TxId, new: TxId, now: Mono) {
        if self.timers.deadline(&Deadline::TargetSilent(old)).is_some() {
            self.timers.cancel(&Deadline::TargetSilent(old));
            self.timers.set(Deadline::TargetSilent(new), now + self.setup.target_timeout);
        }
    }
}
