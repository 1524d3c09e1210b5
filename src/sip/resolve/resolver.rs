//! All that is being looked up: what waits for which question, how many questions are under way, and until when.

use std::collections::{BTreeMap, VecDeque};

use super::cache::Cache;
use super::chain::Chain;
use super::{Destination, Failed, Found, Led, Question, QuestionNumber};
use crate::base::Mono;
use crate::base::limits::{
    RESOLVE_LOOKUP_PATIENCE, RESOLVE_LOOKUPS_MAX, RESOLVE_NAMES_MAX, RESOLVE_QUESTION_PATIENCE, RESOLVE_UNDER_WAY_MAX,
};
use crate::base::rng::Rng;
use crate::sip::api::Transport;

/// `O` says for whom something is looked up.
pub struct Resolver<O> {
    supported: Vec<Transport>,
    rng: Rng,
    cache: Cache,
    serial: u64,
    /// By their age, since all have the same patience.
    lookups: BTreeMap<u64, Lookup<O>>,
    under_way: BTreeMap<QuestionNumber, (Question, Mono)>,
    waiting: VecDeque<Question>,
    asks: VecDeque<(QuestionNumber, Question)>,
    found: VecDeque<(O, Led)>,
}

struct Lookup<O> {
    owner: O,
    to: Destination,
    began: Mono,
    /// Draws the order of equals; the same on every walk.
    rng: Rng,
    missing: Vec<Question>,
}

impl<O: Copy> Resolver<O> {
    /// `supported`: the transports of our flows.
    pub fn new(supported: Vec<Transport>, rng: Rng) -> Resolver<O> {
        Resolver {
            supported,
            rng,
            cache: Cache::default(),
            serial: 0,
            lookups: BTreeMap::new(),
            under_way: BTreeMap::new(),
            waiting: VecDeque::new(),
            asks: VecDeque::new(),
            found: VecDeque::new(),
        }
    }

    /// Begins to look `to` up; `pop_found` gives the places, at once if all is known. Beyond the limits: no places.
    pub fn look_up(&mut self, owner: O, to: Destination, now: Mono) {
        if self.lookups.len() >= RESOLVE_LOOKUPS_MAX {
            return self.found.push_back((owner, to.led(Vec::new())));
        }
        self.serial += 1;
        let lookup = Lookup { owner, to, began: now, rng: self.rng.split(), missing: Vec::new() };
        self.lookups.insert(self.serial, lookup);
        self.walk(self.serial);
        self.ask_more(now);
    }

    /// What the name server said. An answer that comes too late is none.
    pub fn answered(&mut self, number: QuestionNumber, result: Result<Found, Failed>, now: Mono) {
        if let Some((question, _)) = self.under_way.remove(&number) {
            self.learn(question, result, now);
        }
        self.ask_more(now);
    }

    /// Questions and look-ups whose time is over.
    pub fn handle_timeout(&mut self, now: Mono) {
        while let Some(first) = self.under_way.first_entry().filter(|first| first.get().1 <= now) {
            let (question, _) = first.remove();
            self.learn(question, Err(Failed), now);
        }
        while let Some(first) =
            self.lookups.first_entry().filter(|first| first.get().began + RESOLVE_LOOKUP_PATIENCE <= now)
        {
            let lookup = first.remove();
            let places = self.chain(&lookup).places(&lookup.to);
            self.found.push_back((lookup.owner, lookup.to.led(places)));
        }
        self.forget_unwanted();
        self.ask_more(now);
    }

    pub fn poll_timeout(&self) -> Option<Mono> {
        let question = self.under_way.first_key_value().map(|(_, (_, until))| *until);
        let lookup = self.lookups.first_key_value().map(|(_, lookup)| lookup.began + RESOLVE_LOOKUP_PATIENCE);
        question.into_iter().chain(lookup).min()
    }

    /// The next question for a name server.
    pub fn pop_question(&mut self) -> Option<(QuestionNumber, Question)> {
        self.asks.pop_front()
    }

    /// The next look-up that is over, and where it led.
    pub fn pop_found(&mut self) -> Option<(O, Led)> {
        self.found.pop_front()
    }

    /// Questions under way and look-ups that wait; for leak tests.
    pub fn open(&self) -> usize {
        self.under_way.len() + self.lookups.len()
    }

    /// Answers that are remembered.
    pub fn known(&self) -> usize {
        self.cache.len()
    }

    fn learn(&mut self, question: Question, result: Result<Found, Failed>, now: Mono) {
        self.cache.keep(question.clone(), result, now);
        let waits = |lookup: &Lookup<O>| lookup.missing.contains(&question);
        let ready: Vec<u64> = self.lookups.iter().filter(|(_, one)| waits(one)).map(|(id, _)| *id).collect();
        ready.into_iter().for_each(|id| self.walk(id));
    }

    /// Goes along the chain again; it is over when nothing is missing.
    fn walk(&mut self, id: u64) {
        let Some(lookup) = self.lookups.get(&id) else { return };
        let mut chain = self.chain(lookup);
        let places = chain.places(&lookup.to);
        let missing = chain.missing;
        if missing.is_empty() {
            if let Some(lookup) = self.lookups.remove(&id) {
                self.found.push_back((lookup.owner, lookup.to.led(places)));
            }
            return;
        }
        for question in &missing {
            let asked = self.under_way.values().any(|(one, _)| one == question) || self.waiting.contains(question);
            if !asked {
                self.waiting.push_back(question.clone());
            }
        }
        if let Some(lookup) = self.lookups.get_mut(&id) {
            lookup.missing = missing;
        }
    }

    fn chain(&self, lookup: &Lookup<O>) -> Chain<'_> {
        Chain {
            cache: &self.cache,
            since: lookup.began,
            supported: &self.supported,
            rng: lookup.rng.clone(),
            names_left: 2 * RESOLVE_NAMES_MAX,
            missing: Vec::new(),
        }
    }

    fn ask_more(&mut self, now: Mono) {
        while self.under_way.len() < RESOLVE_UNDER_WAY_MAX
            && let Some(question) = self.waiting.pop_front()
        {
            self.serial += 1;
            let number = QuestionNumber(self.serial);
            self.under_way.insert(number, (question.clone(), now + RESOLVE_QUESTION_PATIENCE));
            self.asks.push_back((number, question));
        }
    }

    /// Questions that nobody waits for any more.
    fn forget_unwanted(&mut self) {
        let lookups = &self.lookups;
        self.waiting.retain(|question| lookups.values().any(|lookup| lookup.missing.contains(question)));
    }
}
