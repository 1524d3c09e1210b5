//! A store that answers late, twice, never or with a failure, around the reference model. What it does, it does in order.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::rng::Rng;
use crate::base::{CallId, IntentId, Mono, Wall, limits};
use crate::calls::api::AskId;
use crate::intents::Callback;
use crate::intents::model::Model;
use crate::intents::requests::{StoreError, StoreReply, StoreRequest};

use super::dice;
use super::later::Later;
use super::scenario::Rates;

/// What happens to one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    Twice,
    Late,
    Never,
    /// Carried out, but the answer is a failure.
    FailedAfter,
    /// Not carried out.
    FailedBefore,
}

pub struct FlakyStore {
    model: Model,
    rng: Rng,
    rates: Rates,
    arriving: Later<(AskId, StoreRequest, Fate)>,
    answers: Later<(AskId, Result<StoreReply, StoreError>)>,
    /// Nothing is done before what was asked earlier.
    last_effect: Mono,
    /// What is asked before then is answered late or never.
    away_until: Mono,
    /// Who has each intent by the store's own word.
    claims: BTreeMap<IntentId, (CallId, Wall)>,
    /// Each callback whose number may be dialled now, by the same.
    recalls: BTreeMap<IntentId, Callback>,
}

/// The longest time that the store is away.
const AWAY_MS: u64 = 8_000;
const ERRORS: [StoreError; 3] = [StoreError::Unavailable, StoreError::Timeout, StoreError::Corrupt];

impl FlakyStore {
    pub fn new(rates: Rates, rng: Rng) -> FlakyStore {
        FlakyStore {
            model: Model::new(limits::INTENTS_MAX),
            rng,
            rates,
            arriving: Later::default(),
            answers: Later::default(),
            last_effect: Mono::ZERO,
            away_until: Mono::ZERO,
            claims: BTreeMap::new(),
            recalls: BTreeMap::new(),
        }
    }

    /// For the site, whose requests always arrive.
    pub fn apply(&mut self, request: StoreRequest) -> StoreReply {
        let reply = self.model.apply(request);
        self.model.take_changes();
        reply
    }

    /// The engine asks; the shell gives up after `patience`, and says so.
    pub fn ask(&mut self, ask: AskId, request: StoreRequest, patience: Duration, now: Mono) {
        let fate = if self.is_away(now) { self.draw_away() } else { self.draw() };
        let arrives = (now + dice::between_ms(&mut self.rng, 0, 3)).max(self.last_effect);
        self.last_effect = arrives;
        self.arriving.add(arrives, (ask, request, fate));
        if fate == Fate::Late {
            self.answers.add(now + patience, (ask, Err(StoreError::Timeout)));
        }
    }

    pub fn handle_timeout(&mut self, now: Mono) {
        while let Some((ask, request, fate)) = self.arriving.take(now) {
            self.carry_out(ask, request, fate, now);
        }
    }

    /// The answers that are there.
    pub fn poll_output(&mut self, now: Mono) -> Option<(AskId, Result<StoreReply, StoreError>)> {
        self.answers.take(now)
    }

    pub fn poll_timeout(&self) -> Option<Mono> {
        [self.arriving.next(), self.answers.next()].into_iter().flatten().min()
    }

    /// The call that has an intent at this moment.
    pub fn holder(&self, intent: IntentId, now: Wall) -> Option<CallId> {
        self.claims.get(&intent).filter(|(_, until)| *until > now).map(|(call, _)| *call)
    }

    /// The callback of this intent, as it was when the store let its number be dialled last.
    pub fn callback(&self, intent: IntentId) -> Option<Callback> {
        self.recalls.get(&intent).cloned()
    }

    fn is_away(&mut self, now: Mono) -> bool {
        if now >= self.away_until && self.rng.chance(self.rates.store_away) {
            self.away_until = now + dice::between_ms(&mut self.rng, 200, AWAY_MS);
        }
        now < self.away_until
    }

    fn draw_away(&mut self) -> Fate {
        if self.rng.chance(0.5) { Fate::Late } else { Fate::Never }
    }

    fn draw(&mut self) -> Fate {
        let rates = self.rates;
        let fates = [
            (rates.store_late, Fate::Late),
            (rates.store_never, Fate::Never),
            (rates.store_twice, Fate::Twice),
            (rates.store_error / 2.0, Fate::FailedAfter),
            (rates.store_error / 2.0, Fate::FailedBefore),
        ];
        let mut left = self.rng.unit();
        for (rate, fate) in fates {
            if left < rate {
                return fate;
            }
            left -= rate;
        }
        Fate::Answered
    }

    fn carry_out(&mut self, ask: AskId, request: StoreRequest, fate: Fate, now: Mono) {
        let error = dice::pick(&mut self.rng, &ERRORS).unwrap_or(StoreError::Timeout);
        let soon = now + dice::between_ms(&mut self.rng, 0, 3);
        if fate == Fate::FailedBefore {
            return self.answers.add(soon, (ask, Err(error)));
        }
        let reply = self.apply(request.clone());
        self.note(&request, &reply);
        match fate {
            Fate::Answered => self.answers.add(soon, (ask, Ok(reply))),
            Fate::Twice => {
                let again = soon + dice::between_ms(&mut self.rng, 0, 1_000);
                self.answers.add(soon, (ask, Ok(reply.clone())));
                self.answers.add(again, (ask, Ok(reply)));
            }
            Fate::Late => {
                let late = soon + dice::between_ms(&mut self.rng, 100, 4_000);
                self.answers.add(late, (ask, Ok(reply)));
            }
            Fate::FailedAfter => self.answers.add(soon, (ask, Err(error))),
            Fate::Never | Fate::FailedBefore => {}
        }
    }

    fn note(&mut self, request: &StoreRequest, reply: &StoreReply) {
        if let (StoreRequest::Recall { intent, .. }, StoreReply::Claimed(claimed)) = (request, reply) {
            self.recalls.extend(claimed.callback.as_ref().map(|callback| (*intent, (**callback).clone())));
        }
        match (request, reply) {
            (
                StoreRequest::Claim { intent, call, until, .. } | StoreRequest::Recall { intent, call, until, .. },
                StoreReply::Claimed(_),
            ) => {
                self.claims.insert(*intent, (*call, *until));
            }
            (
                StoreRequest::Finish { intent, call, .. } | StoreRequest::Unrecall { intent, call, .. },
                StoreReply::Finished,
            )
            | (StoreRequest::Promise { intent, by: Some(call), .. }, StoreReply::Promised(_))
                if self.claims.get(intent).is_some_and(|(by, _)| by == call) =>
            {
                self.claims.remove(intent);
            }
            (
                StoreRequest::Find { claim: Some(plan), .. } | StoreRequest::TryPin { claim: plan, .. },
                StoreReply::Found { candidates },
            ) => {
                let ours = candidates.iter().filter(|one| one.intent.state.is_claimed_by(plan.call));
                self.claims.extend(ours.map(|one| (one.intent.id, (plan.call, plan.until))));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::FaultLevel;

    fn answers(level: FaultLevel) -> (usize, usize) {
        let mut store = FlakyStore::new(level.rates(), Rng::from_number(3));
        for ask in 0..1_000 {
            let request = StoreRequest::Ping { now: Wall(1) };
            store.ask(AskId(ask), request, Duration::from_millis(150), Mono(ask * 200_000_000));
        }
        let (mut good, mut bad) = (0, 0);
        while let Some(now) = store.poll_timeout() {
            store.handle_timeout(now);
            while let Some((_, result)) = store.poll_output(now) {
                if result.is_ok() { good += 1 } else { bad += 1 }
            }
        }
        (good, bad)
    }

    #[test]
    fn a_good_store_answers_each_question_once() {
        assert_eq!(answers(FaultLevel::None), (1_000, 0));
    }

    #[test]
    fn a_bad_store_fails_and_repeats_itself() {
        let (good, bad) = answers(FaultLevel::Many);
        assert!(bad > 50 && good > 700, "{good} {bad}");
    }
}
