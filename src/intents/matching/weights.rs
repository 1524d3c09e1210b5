//! The weight of each explanation of a call: how often such calls come, times how well the facts fit.

use super::{Observed, Priors};
use crate::base::Wall;
use crate::intents::intent::{Intent, IntentState};
use crate::intents::pin::Pin;
use crate::intents::requests::Candidate;

/// What is true of the call and one candidate.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    pub token: bool,
    /// The dialled number is this intent's alone, and its lease lasts.
    pub leased_number: bool,
    pub caller_id: bool,
    /// The code that was entered is the one shown with the number that was dialled.
    pub pin: bool,
    pub on_another_call: bool,
}

/// What is true of the call whatever its explanation.
struct Scene {
    /// The dialled number is leased to one of the candidates.
    leased_to_somebody: bool,
    /// The caller's number is that of one of the candidates.
    known_caller: bool,
    withheld: bool,
}

/// The weights, none of them negative.
pub(super) struct Weighed {
    by_candidate: Vec<f64>,
    stray: f64,
}

/// Chance that a stray call brings a token whose signature holds: none to speak of, but a weight must not vanish.
const TOKEN_BY_CHANCE: f64 = 1e-12;

impl Facts {
    pub fn of(observed: &Observed, candidate: &Candidate) -> Facts {
        let intent = &candidate.intent;
        let live = intent.is_live(observed.now);
        Facts {
            token: live && observed.token == Some(intent.id),
            leased_number: live && observed.dialled.is_some() && intent.exclusive_number() == observed.dialled.as_ref(),
            caller_id: live && observed.caller.as_ref().is_some_and(|caller| intent.customer.phones.contains(caller)),
            pin: live && has_pin(intent, observed),
            on_another_call: matches!(intent.state, IntentState::Claimed { until, .. } if until > observed.now),
        }
    }
}

fn has_pin(intent: &Intent, observed: &Observed) -> bool {
    let (Some(leased), Some(_)) = (&intent.number, observed.pin) else { return false };
    leased.pin == observed.pin && Some(&leased.number) == observed.dialled.as_ref()
}

impl Weighed {
    pub fn of(observed: &Observed, candidates: &[Candidate], facts: &[Facts], params: &Priors) -> Weighed {
        let scene = Scene {
            leased_to_somebody: facts.iter().any(|f| f.leased_number),
            known_caller: facts.iter().any(|f| f.caller_id),
            withheld: observed.caller.is_none(),
        };
        let by_candidate = candidates
            .iter()
            .zip(facts)
            .map(|(candidate, own)| candidate_weight(&candidate.intent, own, &scene, observed, params))
            .collect();
        Weighed { by_candidate, stray: stray_weight(&scene, observed, params) }
    }

    /// The heaviest; among equals the first.
    pub fn best(&self) -> Option<usize> {
        let heavier = |best: usize, next: usize| if self.weight(next) > self.weight(best) { next } else { best };
        (0..self.by_candidate.len()).reduce(heavier)
    }

    /// The part of all weights that this candidate has.
    pub fn share(&self, index: usize) -> f64 {
        let all = self.by_candidate.iter().sum::<f64>() + self.stray;
        if all > 0.0 { self.weight(index) / all } else { 0.0 }
    }

    /// Those close to the best, heavier first.
    pub fn rivals(&self, best: usize, params: &Priors) -> Vec<usize> {
        let bar = self.weight(best) * params.close;
        let close = |index: &usize| *index != best && self.weight(*index) > 0.0 && self.weight(*index) >= bar;
        let mut rivals: Vec<usize> = (0..self.by_candidate.len()).filter(close).collect();
        rivals.sort_by(|a, b| self.weight(*b).total_cmp(&self.weight(*a)));
        rivals
    }

    fn weight(&self, index: usize) -> f64 {
        self.by_candidate.get(index).copied().unwrap_or(0.0)
    }
}

fn candidate_weight(intent: &Intent, own: &Facts, scene: &Scene, observed: &Observed, params: &Priors) -> f64 {
    if !intent.is_live(observed.now) {
        return 0.0;
    }
    let again = if own.on_another_call { params.calls_again } else { 1.0 };
    params.dials
        * again
        * dialled_so_long_after(intent, observed.now, params)
        * number_fits(intent, own, scene, params)
        * caller_fits(own, scene, params)
        * token_fits(own, observed)
        * pin_fits(own.pin, observed)
}

/// The density, per second, of dialling so long after registering: most at once, some evenly until the expiry.
fn dialled_so_long_after(intent: &Intent, now: Wall, params: &Priors) -> f64 {
    let mean = params.mean_delay.as_secs_f64().max(1.0);
    let life = intent.expires.since(intent.created).as_secs_f64().max(1.0);
    let delay = now.since(intent.created).as_secs_f64();
    (1.0 - params.late_callers) * (-delay / mean).exp() / mean + params.late_callers / life
}

fn number_fits(intent: &Intent, own: &Facts, scene: &Scene, params: &Priors) -> f64 {
    match (own.leased_number, scene.leased_to_somebody) {
        (true, _) => params.dials_shown_number,
        (false, true) => params.dials_anothers_number,
        (false, false) if intent.exclusive_number().is_some() => 1.0 - params.dials_shown_number,
        (false, false) => params.dials_shown_number,
    }
}

fn caller_fits(own: &Facts, scene: &Scene, params: &Priors) -> f64 {
    match (own.caller_id, scene.known_caller) {
        (true, _) => params.calls_from_known_phone,
        (false, true) => params.calls_from_unknown_phone * params.coincidence,
        (false, false) if scene.withheld => params.withheld,
        (false, false) => params.calls_from_unknown_phone,
    }
}

fn token_fits(own: &Facts, observed: &Observed) -> f64 {
    if observed.token.is_some() && !own.token { TOKEN_BY_CHANCE } else { 1.0 }
}

/// Whoever was shown no code, or another, has hit this one by chance.
fn pin_fits(is_own: bool, observed: &Observed) -> f64 {
    observed.pin.filter(|_| !is_own).map_or(1.0, Pin::chance)
}

/// The rate of calls that look like this one and belong to no intent.
fn stray_weight(scene: &Scene, observed: &Observed, params: &Priors) -> f64 {
    let caller_kind = if scene.withheld { params.withheld } else { 1.0 - params.withheld };
    let forged = if observed.asserted { 1.0 } else { params.forged };
    let rate = match (scene.leased_to_somebody, scene.known_caller) {
        (true, true) => params.strays_per_leased_number * params.coincidence * forged,
        (true, false) => params.strays_per_leased_number * caller_kind,
        (false, true) => params.strays_per_known_phone * forged,
        (false, false) => params.strays_per_public_number * caller_kind,
    };
    let rate = rate * pin_fits(false, observed);
    if observed.token.is_some() { rate * TOKEN_BY_CHANCE } else { rate }
}
