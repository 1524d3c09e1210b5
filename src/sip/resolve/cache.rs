//! What name servers have said, for as long as it holds; bounded, and failures only briefly.

use std::collections::{BTreeSet, HashMap};

use super::{Failed, Found, Question, Record};
use crate::base::Mono;
use crate::base::limits::{
    RESOLVE_CACHE_MAX, RESOLVE_FAILURE_KEPT, RESOLVE_KEPT_MAX, RESOLVE_KEPT_MIN, RESOLVE_NOTHING_KEPT_MAX,
    RESOLVE_RECORDS_MAX,
};

#[derive(Default)]
pub struct Cache {
    known: HashMap<Question, Known>,
    /// Of all that is known, what ends first stands first.
    ends: BTreeSet<(Mono, Question)>,
}

struct Known {
    records: Vec<Record>,
    until: Mono,
}

impl Cache {
    /// The records that hold at `since` or later; `None` when that must be asked.
    pub fn get(&self, question: &Question, since: Mono) -> Option<&[Record]> {
        self.known.get(question).filter(|known| known.until > since).map(|known| known.records.as_slice())
    }

    pub fn keep(&mut self, question: Question, result: Result<Found, Failed>, now: Mono) {
        let (mut records, life) = match result {
            Ok(found) if found.records.is_empty() => (Vec::new(), found.life.min(RESOLVE_NOTHING_KEPT_MAX)),
            Ok(found) => (found.records, found.life.min(RESOLVE_KEPT_MAX)),
            Err(Failed) => (Vec::new(), RESOLVE_FAILURE_KEPT),
        };
        records.truncate(RESOLVE_RECORDS_MAX);
        self.forget(&question);
        while self.known.len() >= RESOLVE_CACHE_MAX
            && let Some((_, first)) = self.ends.pop_first()
        {
            self.known.remove(&first);
        }
        let until = now + life.max(RESOLVE_KEPT_MIN);
        self.ends.insert((until, question.clone()));
        self.known.insert(question, Known { records, until });
    }

    pub fn len(&self) -> usize {
        self.known.len()
    }

    fn forget(&mut self, question: &Question) {
        if let Some(known) = self.known.remove(question) {
            self.ends.remove(&(known.until, question.clone()));
        }
    }
}
