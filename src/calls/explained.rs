//! Why a call went where it went: what was known and looked at when each thing was decided, kept with the call's record. Nothing of
//! it is reckoned anew when somebody asks.

use std::sync::Arc;
use std::time::Duration;

use crate::access::{Decision, Trace};
use crate::base::limits::{CANDIDATES_MAX, DECISIONS_KEPT_MAX, OFFERS_KEPT_MAX};
use crate::base::{AgentId, IntentId, Level, Mono, Now, QueueId};
use crate::intents::matching::Matched;
use crate::intents::requests::{Candidate, FoundBy};
use crate::routing::{OfferFailure, PassedOver, Why};

use super::call::Call;
use super::facts::FallbackCause;

/// All of one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explained {
    /// `None`: nobody was looked for, or the answer did not come.
    pub matched: Option<MatchSeen>,
    /// Why the match came to nothing, when something failed.
    pub missed: Option<FallbackCause>,
    /// Usually one; another when the page has confirmed the caller.
    pub decisions: Vec<DecisionSeen>,
    pub queue: Option<QueueSeen>,
    /// The latest, in order.
    pub offers: Vec<OfferSeen>,
}

/// What the match was weighed from.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchSeen {
    /// What the share of the weight earns, and what the kinds of evidence allow: the level is the lower of the two.
    pub earned: Level,
    pub allowed: Level,
    /// The best candidate's part of all weights.
    pub share: f64,
    pub candidates: Vec<CandidateSeen>,
    /// It fits, but another call had it, or it had ended meanwhile.
    pub is_lost: bool,
}

/// An intent that came into question.
#[derive(Clone, Debug, PartialEq)]
pub struct CandidateSeen {
    pub intent: IntentId,
    pub found_by: FoundBy,
    pub share: f64,
    pub is_winner: bool,
    /// Nearly as probable as the winner.
    pub is_rival: bool,
}

/// One answer of the access rules. Times are from the first byte of the INVITE.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionSeen {
    pub at: Duration,
    pub decision: Arc<Decision>,
    pub trace: Trace,
}

/// The call in its queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueSeen {
    pub at: Duration,
    pub queue: QueueId,
    pub priority: i32,
    /// As the router said first; `None` where an agent was free at once.
    pub position: Option<usize>,
    pub expected_wait: Option<Duration>,
    /// As it said last.
    pub last_position: Option<usize>,
}

/// An agent who was offered the call.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferSeen {
    pub at: Duration,
    pub agent: AgentId,
    /// Those who had a claim to it and did not get it, and everybody else who did not.
    pub claims: Vec<(AgentId, Why)>,
    pub others: PassedOver,
    /// Why it came to nothing.
    pub failed: Option<OfferFailure>,
}

impl OfferSeen {
    /// Who did not get it, and why not, at that moment.
    pub fn passed_over(&self) -> impl Iterator<Item = (&AgentId, &Why)> {
        self.claims.iter().map(|(agent, why)| (agent, why)).chain(self.others.iter())
    }
}

impl Explained {
    pub(super) fn decided(&mut self, at: Duration, decision: Arc<Decision>, trace: Trace) {
        if self.decisions.len() < DECISIONS_KEPT_MAX {
            // Usually the only one.
            self.decisions.reserve_exact(1);
            self.decisions.push(DecisionSeen { at, decision, trace });
        }
    }

    pub(super) fn queued(&mut self, at: Duration, queue: QueueId, priority: i32) {
        self.queue = Some(QueueSeen { at, queue, priority, position: None, expected_wait: None, last_position: None });
    }

    pub(super) fn moved_up(&mut self, position: usize, expected_wait: Option<Duration>) {
        let Some(queue) = &mut self.queue else { return };
        if queue.position.is_none() {
            (queue.position, queue.expected_wait) = (Some(position), expected_wait);
        }
        queue.last_position = Some(position);
    }

    pub(super) fn offered(&mut self, offer: OfferSeen) {
        if self.offers.len() >= OFFERS_KEPT_MAX {
            self.offers.remove(0);
        }
        self.offers.reserve_exact(1);
        self.offers.push(offer);
    }

    pub(super) fn offer_failed(&mut self, why: OfferFailure) {
        if let Some(offer) = self.offers.last_mut() {
            offer.failed = Some(why);
        }
    }
}

impl MatchSeen {
    pub(super) fn of(matched: &Matched, candidates: &[Candidate]) -> MatchSeen {
        let each = candidates.iter().zip(&matched.shares).enumerate().take(CANDIDATES_MAX);
        let seen = each.map(|(place, (candidate, share))| CandidateSeen {
            intent: candidate.intent.id,
            found_by: candidate.found_by,
            share: *share,
            is_winner: matched.winner == Some(place),
            is_rival: matched.rivals.contains(&place),
        });
        MatchSeen {
            earned: matched.earned,
            allowed: matched.allowed,
            share: matched.share,
            candidates: seen.collect(),
            is_lost: false,
        }
    }
}

/// From the first byte of the INVITE.
pub(super) fn since_invite(call: &Call, now: Now) -> Duration {
    let received: Mono = call.incoming.received;
    now.mono.since(received)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_offers_is_bounded_and_the_latest() {
        let mut explained = Explained::default();
        for n in 0..OFFERS_KEPT_MAX + 3 {
            let (at, agent) = (Duration::from_secs(n as u64), AgentId::new(&format!("agent{n}")));
            let (claims, others) = (Vec::new(), PassedOver::default());
            explained.offered(OfferSeen { at, agent, claims, others, failed: None });
            explained.offer_failed(OfferFailure::NoAnswer);
        }
        assert_eq!(explained.offers.len(), OFFERS_KEPT_MAX);
        assert_eq!(explained.offers[0].agent, AgentId::new("agent3"));
        assert!(explained.offers.iter().all(|offer| offer.failed == Some(OfferFailure::NoAnswer)));
    }

    #[test]
    fn the_first_place_is_kept_and_the_last() {
        let mut explained = Explained::default();
        explained.moved_up(9, None);
        assert_eq!(explained.queue, None);
        explained.queued(Duration::ZERO, QueueId::new("help"), 3);
        explained.moved_up(4, Some(Duration::from_secs(60)));
        explained.moved_up(1, Some(Duration::from_secs(5)));
        let queue = explained.queue.unwrap();
        assert_eq!(
            (queue.position, queue.expected_wait, queue.last_position),
            (Some(4), Some(Duration::from_secs(60)), Some(1))
        );
    }
}
