//! Whose call is this: weighs what is seen of a call against the intents that it may belong to.
//!
//! Every explanation of the call gets a weight: the rate of such calls times the probability of each observed fact. One
//! explanation is each candidate; the other is a stray call that belongs to no intent. The winner's share of all weights and the
//! *kinds* of evidence give the level: a caller ID proves nothing, so it never passes V1, whatever its share.

mod evidence;
mod priors;
mod weights;

pub use evidence::Evidence;
pub use priors::Priors;

use weights::{Facts, Weighed};

use super::pin::Pin;
use super::requests::Candidate;
use crate::base::{E164, IntentId, Level, Wall};

/// What is seen of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The number that was dialled.
    pub dialled: Option<E164>,
    /// The number that the caller shows; `None` when it is withheld or no telephone number.
    pub caller: Option<E164>,
    /// The caller's number comes from a trunk whose P-Asserted-Identity we believe (RFC 3325).
    pub asserted: bool,
    /// The intent named by a token whose signature and expiry have been verified.
    pub token: Option<IntentId>,
    /// The code that the caller has entered.
    pub pin: Option<Pin>,
    pub now: Wall,
}

/// The result; indices are those of the candidates.
#[derive(Clone, Debug, PartialEq)]
pub struct Matched {
    pub level: Level,
    /// The most probable intent; `None` at V0.
    pub winner: Option<usize>,
    /// Others that are nearly as probable, the likelier first: shown beside the winner.
    pub rivals: Vec<usize>,
    /// What speaks for the winner and against it, strongest first.
    pub evidence: Vec<Evidence>,
    /// The probability of the winner, from 0 to 1; at V0 that of the best candidate.
    pub share: f64,
    /// Of each candidate likewise.
    pub shares: Vec<f64>,
    /// What the share earns, and what the kinds of evidence allow; the level is the lower one.
    pub earned: Level,
    pub allowed: Level,
}

/// Weighs `candidates` (as `Found` returns them) against one another and against a stray call.
pub fn weigh(observed: &Observed, candidates: &[Candidate], params: &Priors) -> Matched {
    let facts: Vec<Facts> = candidates.iter().map(|candidate| Facts::of(observed, candidate)).collect();
    let weighed = Weighed::of(observed, candidates, &facts, params);
    let Some(best) = weighed.best() else { return unmatched() };
    let rivals = weighed.rivals(best, params);
    let (earned, allowed) = (earned(&weighed, best, &rivals, params), ceiling(&facts, best));
    let share = weighed.share(best);
    let shares = (0..candidates.len()).map(|candidate| weighed.share(candidate)).collect();
    let level = earned.min(allowed);
    if level == Level::Unmatched {
        return Matched { share, shares, earned, allowed, ..unmatched() };
    }
    let evidence = evidence::collect(observed, &facts, best);
    Matched { level, winner: Some(best), rivals, evidence, share, shares, earned, allowed }
}

fn unmatched() -> Matched {
    let level = Level::Unmatched;
    Matched {
        level,
        winner: None,
        rivals: Vec::new(),
        evidence: Vec::new(),
        share: 0.0,
        shares: Vec::new(),
        earned: level,
        allowed: level,
    }
}

/// The level that the share earns, whatever the evidence is.
fn earned(weighed: &Weighed, best: usize, rivals: &[usize], params: &Priors) -> Level {
    let share = weighed.share(best);
    let together = share + rivals.iter().map(|rival| weighed.share(*rival)).sum::<f64>();
    let sure = rivals.is_empty() && share >= params.strong_share;
    match together < params.likely_share {
        true => Level::Unmatched,
        false if sure => Level::Proven,
        false => Level::Likely,
    }
}

/// What the kinds of evidence allow, however probable the candidate is.
fn ceiling(facts: &[Facts], best: usize) -> Level {
    let Some(own) = facts.get(best) else { return Level::Unmatched };
    let others = || facts.iter().enumerate().filter(|(index, _)| *index != best).map(|(_, other)| other);
    if own.token {
        return Level::Proven;
    }
    let contradicted = others().any(|other| other.leased_number || other.caller_id && !own.caller_id);
    match own.leased_number || own.pin {
        true if !contradicted => Level::Strong,
        true => Level::Likely,
        false if own.caller_id => Level::Likely,
        false => Level::Unmatched,
    }
}

#[cfg(test)]
mod tests;
