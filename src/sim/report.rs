//! What came of a world.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use memchr::memmem;

use crate::base::{CallId, Level, QueueId, Stage};
use crate::calls::facts::{CallRecord, EndedBy, Fact, FallbackCause, Outcome, PopMiss};
use crate::calls::recording::RecordingNews;
use crate::calls::supervising::Act;
use crate::desktop::{ConsultState, DesktopOutput, ServerMessage};

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
    /// Of these, calls without a caller.
    pub callbacks: u64,
    pub offers: u64,
    pub offers_failed: u64,
    pub by_outcome: BTreeMap<Outcome, u64>,
    pub by_end: BTreeMap<EndedBy, u64>,
    pub by_level: BTreeMap<Level, u64>,
    pub by_fallback: BTreeMap<FallbackCause, u64>,
    pub by_pop_miss: BTreeMap<PopMiss, u64>,
    /// Attempts to pass a call on that came to something, and to nothing, by why.
    pub passed_on: u64,
    pub not_passed_on: BTreeMap<u16, u64>,
    /// What people and the admin do besides.
    pub by_event: BTreeMap<&'static str, u64>,
    pub by_evidence: BTreeMap<&'static str, u64>,
    /// Where each call waits.
    queues: BTreeMap<CallId, QueueId>,
    /// Calls that an agent is offered.
    offered: BTreeSet<CallId>,
    /// Callbacks, by what became of them: the page's wishes, the calls, and how the calls ended.
    pub by_callback: BTreeMap<&'static str, u64>,
    /// Requests of phones that not every phone makes, by what is unusual in them.
    pub by_habit: BTreeMap<&'static str, u64>,
}

impl Counts {
    pub(super) fn fact(&mut self, fact: &Fact) {
        match fact {
            Fact::CallAdmitted { .. } => self.admitted += 1,
            Fact::Granted { call, .. } => {
                self.offers += 1;
                self.offered.insert(*call);
            }
            Fact::OfferFailed { call, .. } => {
                self.offers_failed += 1;
                self.offered.remove(call);
            }
            Fact::Stage { call, stage: Stage::InviteToAnswer, .. } => drop(self.offered.remove(call)),
            Fact::Recalling { call, .. } => {
                self.offered.remove(call);
                self.of_callbacks("dialled");
            }
            Fact::PopMissed { cause, .. } => *self.by_pop_miss.entry(*cause).or_default() += 1,
            Fact::PassedOn { status: 200, .. } => self.passed_on += 1,
            Fact::PassedOn { status, .. } => *self.not_passed_on.entry(*status).or_default() += 1,
            Fact::Queued { call, queue, .. } => {
                let before = self.queues.insert(*call, queue.clone());
                if before.is_some_and(|before| before != *queue) {
                    self.see("overflow");
                }
            }
            Fact::Supervised { act, .. } => self.see(act.map_or("supervisor left", Act::as_str)),
            Fact::Recording { news: RecordingNews::Begun, .. } => self.see("recording"),
            Fact::Recording { news: RecordingNews::Paused, .. } => self.see("recording: paused"),
            Fact::Recording { news: RecordingNews::Withheld(_), .. } => self.see("recording: withheld"),
            Fact::Dtmf { call } if self.offered.contains(call) => self.see("key while offered"),
            Fact::Dtmf { .. } => self.see("key"),
            Fact::Confirmed { .. } => self.see("confirmed"),
            Fact::Unreached { .. } => self.of_callbacks("in vain"),
            Fact::CallEnded(record) => self.ended(record),
            _ => {}
        }
    }

    pub(super) fn see(&mut self, what: &'static str) {
        *self.by_event.entry(what).or_default() += 1;
    }

    /// A desk is told this.
    pub(super) fn shown(&mut self, output: &DesktopOutput) {
        let DesktopOutput::Send { message: ServerMessage::Consultation { state, .. }, .. } = output else { return };
        self.see(match state {
            ConsultState::Ringing => "asking: rings",
            ConsultState::Consulting => "asking: both talk",
            ConsultState::WithCaller => "asking: caller again",
            ConsultState::Joined => "asking: all talk",
            ConsultState::Over => "asking: over",
        });
    }

    /// A phone has sent this.
    pub(super) fn sent(&mut self, bytes: &[u8]) {
        let has = |text: &str| memmem::find(bytes, text.as_bytes()).is_some();
        let is_invite = bytes.starts_with(b"INVITE ");
        for (habit, is_there) in [
            ("PRACK", bytes.starts_with(b"PRACK ")),
            ("REFER", bytes.starts_with(b"REFER ")),
            ("REFER with Replaces", bytes.starts_with(b"REFER ") && has("?Replaces=")),
            ("INFO", bytes.starts_with(b"INFO ")),
            ("late offer", is_invite && has("Content-Length: 0\r\n")),
            ("session timer", is_invite && has("Session-Expires: ")),
        ] {
            if is_there {
                *self.by_habit.entry(habit).or_default() += 1;
            }
        }
    }

    pub(super) fn of_callbacks(&mut self, what: &'static str) {
        *self.by_callback.entry(what).or_default() += 1;
    }

    fn ended(&mut self, record: &CallRecord) {
        if let Some(outcome) = record.outcome.filter(|_| record.tries.is_some()) {
            self.callbacks += 1;
            self.of_callbacks(outcome.as_str());
        }
        self.queues.remove(&record.call);
        self.offered.remove(&record.call);
        for evidence in &record.evidence {
            *self.by_evidence.entry(evidence.as_str()).or_default() += 1;
        }
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
        self.callbacks += other.callbacks;
        self.offers += other.offers;
        self.offers_failed += other.offers_failed;
        add(&mut self.by_outcome, &other.by_outcome);
        add(&mut self.by_end, &other.by_end);
        add(&mut self.by_level, &other.by_level);
        add(&mut self.by_fallback, &other.by_fallback);
        add(&mut self.by_pop_miss, &other.by_pop_miss);
        self.passed_on += other.passed_on;
        add(&mut self.not_passed_on, &other.not_passed_on);
        add(&mut self.by_event, &other.by_event);
        add(&mut self.by_evidence, &other.by_evidence);
        add(&mut self.by_callback, &other.by_callback);
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
        writeln!(f, "calls     {} admitted, of which {} callbacks", self.admitted, self.callbacks)?;
        writeln!(f, "offers    {}, of which {} came to nothing", self.offers, self.offers_failed)?;
        let not: Vec<String> = self.not_passed_on.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        writeln!(f, "passed on {}; came to nothing: {}", self.passed_on, not.join(", "))?;
        line(f, "events", self.by_event.iter().map(|(key, count)| (*key, *count)))?;
        line(f, "evidence", self.by_evidence.iter().map(|(key, count)| (*key, *count)))?;
        line(f, "callbacks", self.by_callback.iter().map(|(key, count)| (*key, *count)))?;
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
