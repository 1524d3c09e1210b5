//! What came of a world.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use memchr::memmem;

use crate::base::Level;
use crate::calls::facts::{CallRecord, EndedBy, Fact, FallbackCause, Outcome, PopMiss};

use super::invariants::Violation;
use super::scenario::Scenario;

/// Counts, the digest of all outputs, and what must not have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub scenario: Scenario,
    pub digest: u64,
    pub outputs: u64,
    pub inputs: u64,
    /// How long the world lasted by its own clock.
    pub lasted: Duration,
    pub counts: Counts,
    pub violations: Vec<Violation>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub admitted: u64,
    pub offers: u64,
    pub offers_failed: u64,
    pub by_outcome: BTreeMap<Outcome, u64>,
    pub by_end: BTreeMap<EndedBy, u64>,
    pub by_level: BTreeMap<Level, u64>,
    pub by_fallback: BTreeMap<FallbackCause, u64>,
    pub by_pop_miss: BTreeMap<PopMiss, u64>,
    /// Attempts to pass a call on that came to something, and to nothing.
    pub passed_on: u64,
    pub not_passed_on: u64,
    /// Requests of phones that not every phone makes, by what is unusual in them.
    pub by_habit: BTreeMap<&'static str, u64>,
}

impl Counts {
    pub(super) fn fact(&mut self, fact: &Fact) {
        match fact {
            Fact::CallAdmitted { .. } => self.admitted += 1,
            Fact::Granted { .. } => self.offers += 1,
            Fact::OfferFailed { .. } => self.offers_failed += 1,
            Fact::PopMissed { cause, .. } => *self.by_pop_miss.entry(*cause).or_default() += 1,
            Fact::PassedOn { status: 200, .. } => self.passed_on += 1,
            Fact::PassedOn { .. } => self.not_passed_on += 1,
            Fact::CallEnded(record) => self.ended(record),
            _ => {}
        }
    }

    /// A phone has sent this.
    pub(super) fn sent(&mut self, bytes: &[u8]) {
        let has = |text: &str| memmem::find(bytes, text.as_bytes()).is_some();
        let is_invite = bytes.starts_with(b"INVITE ");
        for (habit, is_there) in [
            ("PRACK", bytes.starts_with(b"PRACK ")),
            ("REFER", bytes.starts_with(b"REFER ")),
            ("late offer", is_invite && has("Content-Length: 0\r\n")),
            ("session timer", is_invite && has("Session-Expires: ")),
        ] {
            if is_there {
                *self.by_habit.entry(habit).or_default() += 1;
            }
        }
    }

    fn ended(&mut self, record: &CallRecord) {
        *self.by_level.entry(record.level).or_default() += 1;
        if let Some(outcome) = record.outcome {
            *self.by_outcome.entry(outcome).or_default() += 1;
        }
        if let Some(by) = record.ended_by {
            *self.by_end.entry(by).or_default() += 1;
        }
        if let Some(cause) = record.fallback {
            *self.by_fallback.entry(cause).or_default() += 1;
        }
    }

    /// Adds the counts of another world.
    pub fn add(&mut self, other: &Counts) {
        self.admitted += other.admitted;
        self.offers += other.offers;
        self.offers_failed += other.offers_failed;
        add(&mut self.by_outcome, &other.by_outcome);
        add(&mut self.by_end, &other.by_end);
        add(&mut self.by_level, &other.by_level);
        add(&mut self.by_fallback, &other.by_fallback);
        add(&mut self.by_pop_miss, &other.by_pop_miss);
        self.passed_on += other.passed_on;
        self.not_passed_on += other.not_passed_on;
        add(&mut self.by_habit, &other.by_habit);
    }
}

fn add<K: Ord + Copy>(to: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
    for (key, count) in from {
        *to.entry(*key).or_default() += count;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "calls     {} admitted", self.admitted)?;
        writeln!(f, "offers    {}, of which {} came to nothing", self.offers, self.offers_failed)?;
        writeln!(f, "passed on {}, and {} that came to nothing", self.passed_on, self.not_passed_on)?;
        line(f, "habits", self.by_habit.iter().map(|(key, count)| (*key, *count)))?;
        line(f, "outcome", self.by_outcome.iter().map(|(key, count)| (key.as_str(), *count)))?;
        line(f, "ended by", self.by_end.iter().map(|(key, count)| (key.as_str(), *count)))?;
        line(f, "level", self.by_level.iter().map(|(key, count)| (key.as_str(), *count)))?;
        line(f, "fallback", self.by_fallback.iter().map(|(key, count)| (key.as_str(), *count)))?;
        line(f, "no pop", self.by_pop_miss.iter().map(|(key, count)| (key.as_str(), *count)))
    }
}

fn line<'a>(f: &mut fmt::Formatter<'_>, name: &str, counts: impl Iterator<Item = (&'a str, u64)>) -> fmt::Result {
    let parts: Vec<String> = counts.map(|(key, count)| format!("{key} {count}")).collect();
    writeln!(f, "{name:<9} {}", if parts.is_empty() { "none".to_owned() } else { parts.join(", ") })
}
