//! What is counted, by its cause.

use std::collections::BTreeMap;

use crate::access::{PolicyVersion, ReasonCode};
use crate::base::{Level, TrunkId};
use crate::calls::caps::{Bound, Reached};
use crate::calls::facts::{Fact, FallbackCause, Outcome, PopMiss};
use crate::io::troubles::{Told, Trouble};
use crate::media::command::{FailCause, LegStats};
use crate::sip::api::Refusal;

/// One counter. Rules and trunks are as many as the configuration has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    Admitted(TrunkId),
    Ended(Outcome),
    Matched(Level),
    MatchMissed(FallbackCause),
    FellBack(FallbackCause),
    TurnedAway(FallbackCause),
    TrunkFull(TrunkId, Bound, Reached),
    Decided(String),
    /// The version of the shadow policy, the live answer, what the shadow would have said, and whether that is another.
    Shadowed(PolicyVersion, ReasonCode, ReasonCode, bool),
    Confirmed,
    Granted,
    OfferFailed,
    PopMissed(PopMiss),
    AgentPaused,
    WrittenUp,
    /// By the name of the target.
    Notified(String),
    NoticeFailed(String),
    NoticeLost(String),
    Recordings(&'static str),
    Supervised(&'static str),
    Recalled,
    Unreached,
    SipRefused(Refusal),
    Trouble(Trouble),
    DatagramNotSent,
    Dtmf,
    SoundReceived,
    SoundSent,
    SoundLost,
    SoundStrangers,
    NoPort(FailCause),
}

/// All counters that have been touched, and those whose causes are known beforehand, at zero.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    count_by_counter: BTreeMap<Counter, u64>,
}

/// The name of a counter in `/metrics`, what it counts, and the label that tells its causes apart.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) label: Option<&'static str>,
}

pub(super) const REFUSALS: [Refusal; 4] =
    [Refusal::Stranger, Refusal::Unauthorized, Refusal::Malformed, Refusal::Overload];

impl Counters {
    /// With every cause that is known beforehand at zero, so that a graph begins at the beginning.
    pub(super) fn known() -> Counters {
        let mut counters = Counters::default();
        let causes = FallbackCause::ALL
            .iter()
            .flat_map(|cause| [Counter::MatchMissed(*cause), Counter::FellBack(*cause), Counter::TurnedAway(*cause)]);
        let single = [
            Counter::Confirmed,
            Counter::Granted,
            Counter::OfferFailed,
            Counter::AgentPaused,
            Counter::WrittenUp,
            Counter::Recalled,
            Counter::Unreached,
            Counter::DatagramNotSent,
            Counter::Dtmf,
            Counter::SoundReceived,
            Counter::SoundSent,
            Counter::SoundLost,
            Counter::SoundStrangers,
        ];
        let known = causes
            .chain(Outcome::ALL.iter().map(|outcome| Counter::Ended(*outcome)))
            .chain(Level::ALL.map(Counter::Matched))
            .chain(PopMiss::ALL.iter().map(|miss| Counter::PopMissed(*miss)))
            .chain(REFUSALS.map(Counter::SipRefused))
            .chain(FailCause::ALL.map(Counter::NoPort))
            .chain(Told::ALL.map(Trouble::Told).into_iter().chain(Trouble::SEEN).map(Counter::Trouble))
            .chain(single);
        known.for_each(|counter| counters.add(counter, 0));
        counters
    }

    pub(super) fn add(&mut self, counter: Counter, count: u64) {
        *self.count_by_counter.entry(counter).or_default() += count;
    }

    /// Zero for what never happened.
    pub fn get(&self, counter: &Counter) -> u64 {
        self.count_by_counter.get(counter).copied().unwrap_or_default()
    }

    /// Adds all of `other`, which is at zero afterwards.
    pub(super) fn take_from(&mut self, other: &mut Counters) {
        for (counter, count) in &mut other.count_by_counter {
            match self.count_by_counter.get_mut(counter) {
                Some(sum) => *sum += *count,
                None => self.add(counter.clone(), *count),
            }
            *count = 0;
        }
    }

    /// Sorted by family, so that each family stands together.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Counter, u64)> {
        self.count_by_counter.iter().map(|(counter, count)| (counter, *count))
    }

    /// Counts what a fact says.
    pub(super) fn note(&mut self, fact: &Fact) {
        match fact {
            Fact::CallAdmitted { trunk, .. } => self.add(Counter::Admitted(trunk.clone()), 1),
            Fact::Matched { level, .. } => self.add(Counter::Matched(*level), 1),
            Fact::MatchMissed { cause, .. } => self.add(Counter::MatchMissed(*cause), 1),
            Fact::Decided { rule, .. } => self.add(Counter::Decided(rule.clone()), 1),
            Fact::Shadowed { version, live, shadow, differs, .. } => {
                self.add(Counter::Shadowed(*version, *live, *shadow, *differs), 1);
            }
            Fact::Confirmed { .. } => self.add(Counter::Confirmed, 1),
            Fact::Granted { .. } => self.add(Counter::Granted, 1),
            Fact::PopMissed { cause, .. } => self.add(Counter::PopMissed(*cause), 1),
            Fact::OfferFailed { .. } => self.add(Counter::OfferFailed, 1),
            Fact::AgentPaused { .. } => self.add(Counter::AgentPaused, 1),
            Fact::TurnedAway { cause } => self.add(Counter::TurnedAway(*cause), 1),
            Fact::TrunkFull { trunk, bound, reached } => {
                self.add(Counter::TrunkFull(trunk.clone(), *bound, *reached), 1);
            }
            Fact::FallingBack { cause, .. } => self.add(Counter::FellBack(*cause), 1),
            Fact::Dtmf { .. } => self.add(Counter::Dtmf, 1),
            Fact::SoundEnded { stats, .. } => self.note_sound(stats),
            Fact::NoPort { cause, .. } => self.add(Counter::NoPort(*cause), 1),
            Fact::Supervised { act: Some(act), .. } => self.add(Counter::Supervised(act.as_str()), 1),
            Fact::Supervised { act: None, .. } => {}
            Fact::Recording { news, .. } => self.add(Counter::Recordings(news.cause().unwrap_or(news.as_str())), 1),
            Fact::WrittenUp { .. } => self.add(Counter::WrittenUp, 1),
            Fact::Recalling { .. } => self.add(Counter::Recalled, 1),
            Fact::Unreached { .. } => self.add(Counter::Unreached, 1),
            Fact::Refused { cause, count } => self.add(Counter::SipRefused(*cause), u64::from(*count)),
            Fact::CallEnded(record) => {
                if let Some(outcome) = record.outcome {
                    self.add(Counter::Ended(outcome), 1);
                }
            }
            Fact::Stage { .. }
            | Fact::Timed { .. }
            | Fact::Queued { .. }
            | Fact::Waited { .. }
            | Fact::PassedOn { .. }
            | Fact::CaseOpened(_)
            | Fact::TrunkReachable { .. }
            | Fact::GatewayChanged { .. }
            | Fact::TrunkRegistered { .. }
            | Fact::SoundLost { .. }
            | Fact::LetGo { .. }
            | Fact::PhoneReachable { .. } => {}
        }
    }

    fn note_sound(&mut self, stats: &LegStats) {
        self.add(Counter::SoundReceived, stats.received);
        self.add(Counter::SoundSent, stats.sent);
        self.add(Counter::SoundLost, stats.lost);
        self.add(Counter::SoundStrangers, stats.strangers);
    }
}

impl Counter {
    pub(super) fn family(&self) -> Family {
        let (name, help, label) = match self {
            Counter::Admitted(_) => ("calls_admitted", "Calls that were let in.", Some("trunk")),
            Counter::Ended(_) => ("calls_ended", "Calls that are over.", Some("outcome")),
            Counter::Matched(_) => ("calls_matched", "Calls by the level of their match.", Some("level")),
            Counter::MatchMissed(_) => ("match_missed", "Matches that did not come about.", Some("cause")),
            Counter::FellBack(_) => ("fallbacks", "Calls that went on to the fallback.", Some("cause")),
            Counter::TurnedAway(_) => ("calls_turned_away", "Calls that were not let in.", Some("cause")),
            Counter::TrunkFull(..) => ("trunk_full", "Calls that a cap of their trunk forbade.", Some("trunk")),
            Counter::Decided(_) => ("decisions", "Decisions of the access rules.", Some("rule")),
            Counter::Shadowed(..) => {
                ("shadow_decisions", "Decisions by their answer, and by that of each shadow policy.", Some("live"))
            }
            Counter::Confirmed => ("calls_confirmed", "Calls that a signed-in page said were its customer's.", None),
            Counter::Granted => ("grants", "Agents promised to a call.", None),
            Counter::OfferFailed => ("offers_failed", "Offers that did not become a conversation.", None),
            Counter::PopMissed(_) => ("pop_missed", "Phones rung without an acknowledged pop.", Some("cause")),
            Counter::AgentPaused => ("agents_paused", "Agents paused for not answering.", None),
            Counter::WrittenUp => ("wrap_ups", "Wrap-ups written.", None),
            Counter::Supervised(_) => ("supervised", "What supervisors did with calls.", Some("act")),
            Counter::Recordings(_) => (
                "recordings",
                "What became of recordings: begun, paused, kept, or why one was withheld or cut.",
                Some("news"),
            ),
            Counter::Notified(_) => ("notices_taken", "Notices that a webhook has taken.", Some("target")),
            Counter::NoticeFailed(_) => ("notices_failed", "Tries of notices that came to nothing.", Some("target")),
            Counter::NoticeLost(_) => ("notices_lost", "Notices that were given up.", Some("target")),
            Counter::Recalled => ("callbacks_dialled", "Numbers of customers dialled for a callback.", None),
            Counter::Unreached => ("callbacks_unreached", "... that nobody answered.", None),
            Counter::SipRefused(_) => {
                ("sip_refused", "SIP requests turned away before they made a call.", Some("cause"))
            }
            Counter::Trouble(_) => {
                ("browser_troubles", "What went wrong in browsers, seen here or told by their pages.", Some("cause"))
            }
            Counter::DatagramNotSent => ("datagrams_not_sent", "SIP datagrams that the socket did not take.", None),
            Counter::Dtmf => ("dtmf_digits", "Keys pressed during calls.", None),
            Counter::SoundReceived => ("rtp_packets_received", "RTP packets taken from peers.", None),
            Counter::SoundSent => ("rtp_packets_sent", "RTP packets sent to peers.", None),
            Counter::SoundLost => ("rtp_packets_lost", "RTP packets that peers sent and that did not arrive.", None),
            Counter::SoundStrangers => ("rtp_packets_from_strangers", "RTP packets from nobody's address.", None),
            Counter::NoPort(_) => ("media_no_port", "Streams for which there was no port at first.", Some("cause")),
        };
        Family { name, help, label }
    }

    /// Labels besides the one of the family.
    pub(super) fn further_labels(&self) -> String {
        match self {
            Counter::TrunkFull(_, bound, reached) => {
                format!(",direction=\"{}\",cap=\"{}\"", bound.as_str(), reached.as_str())
            }
            Counter::Shadowed(version, _, shadow, differs) => {
                format!(",shadow=\"{}\",differs=\"{differs}\",version=\"{version}\"", shadow.as_str())
            }
            Counter::Admitted(_)
            | Counter::Ended(_)
            | Counter::Matched(_)
            | Counter::MatchMissed(_)
            | Counter::FellBack(_)
            | Counter::TurnedAway(_)
            | Counter::Decided(_)
            | Counter::Confirmed
            | Counter::Granted
            | Counter::OfferFailed
            | Counter::PopMissed(_)
            | Counter::AgentPaused
            | Counter::WrittenUp
            | Counter::Recalled
            | Counter::Unreached
            | Counter::SipRefused(_)
            | Counter::Trouble(_)
            | Counter::DatagramNotSent
            | Counter::Dtmf
            | Counter::SoundReceived
            | Counter::SoundSent
            | Counter::SoundLost
            | Counter::Recordings(_)
            | Counter::Supervised(_)
            | Counter::Notified(_)
            | Counter::NoticeFailed(_)
            | Counter::NoticeLost(_)
            | Counter::NoPort(_)
            | Counter::SoundStrangers => String::new(),
        }
    }

    /// The cause, as the label's value.
    pub(super) fn cause(&self) -> &str {
        match self {
            Counter::Admitted(trunk) | Counter::TrunkFull(trunk, ..) => trunk.as_str(),
            Counter::Ended(outcome) => outcome.as_str(),
            Counter::Matched(level) => level.as_str(),
            Counter::MatchMissed(cause) | Counter::FellBack(cause) | Counter::TurnedAway(cause) => cause.as_str(),
            Counter::Decided(rule) => rule,
            Counter::Notified(target) | Counter::NoticeFailed(target) | Counter::NoticeLost(target) => target,
            Counter::Shadowed(_, live, ..) => live.as_str(),
            Counter::PopMissed(miss) => miss.as_str(),
            Counter::Recordings(word) | Counter::Supervised(word) => word,
            Counter::SipRefused(refusal) => refusal_word(*refusal),
            Counter::Trouble(trouble) => trouble.as_str(),
            Counter::NoPort(cause) => cause.as_str(),
            Counter::Confirmed
            | Counter::Granted
            | Counter::OfferFailed
            | Counter::AgentPaused
            | Counter::WrittenUp
            | Counter::Recalled
            | Counter::Unreached
            | Counter::DatagramNotSent
            | Counter::Dtmf
            | Counter::SoundReceived
            | Counter::SoundSent
            | Counter::SoundLost
            | Counter::SoundStrangers => "",
        }
    }
}

fn refusal_word(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Stranger => "stranger",
        Refusal::Unauthorized => "unauthorized",
        Refusal::Malformed => "malformed",
        Refusal::Overload => "overload",
    }
}
