//! Stands for the media workers: says what they say, sometimes that a leg failed or fell silent, and checks what they are told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::base::rng::Rng;
use crate::base::{CallId, LegId, Mono};
use crate::media::command::{FailCause, LegStats, LostCause, MediaCommand, MediaEvent, PromptEnd, PromptId, Source};
use crate::media::{Recorded, StopCause};

use super::dice;
use super::later::Later;
use super::scenario::Rates;
use super::town;

pub struct MediaDouble {
    rng: Rng,
    rates: Rates,
    legs: BTreeMap<LegId, Leg>,
    closed: BTreeSet<LegId>,
    ports: BTreeSet<u16>,
    events: Later<MediaEvent>,
    /// Who has just heard a question, by the port of their leg; they answer when they have understood it.
    asked: Later<(u16, Asked)>,
    recordings: BTreeSet<CallId>,
    faults: Vec<String>,
}

/// What a caller may answer with keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Code,
    /// Whether they want to be called back.
    Callback,
}

#[derive(Clone, Debug)]
struct Leg {
    group: CallId,
    port: Option<u16>,
    /// It was never really there: a worker would say `Failed`.
    failed: bool,
    /// `Failed` has been said: the leg may be opened again, on another port.
    said_so: bool,
    /// How long it lives after `Close`, until its `Closed` has been said.
    closing: bool,
    /// What is being played to it in place of its source.
    prompt: Option<PromptId>,
    /// A key ends it.
    until_key: bool,
    /// Keys are heard as events, or as tones.
    has_events: bool,
    listens: bool,
}

impl Leg {
    fn new(group: CallId, port: Option<u16>, failed: bool) -> Leg {
        let (said_so, closing, prompt, until_key) = (false, false, None, false);
        Leg { group, port, failed, said_so, closing, prompt, until_key, has_events: false, listens: false }
    }

    /// Keys of its peer.
    fn hears(&self) -> bool {
        !self.failed && !self.closing && (self.has_events || self.listens)
    }
}

impl MediaDouble {
    pub fn new(rates: Rates, rng: Rng) -> MediaDouble {
        MediaDouble {
            rng,
            rates,
            legs: BTreeMap::new(),
            closed: BTreeSet::new(),
            ports: BTreeSet::new(),
            events: Later::default(),
            asked: Later::default(),
            recordings: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    pub fn handle(&mut self, command: &MediaCommand, now: Mono) {
        match command {
            MediaCommand::Open { leg, group, port, .. } => self.open(*leg, *group, Some(*port), now),
            MediaCommand::OpenShared { leg, group, .. } => self.open(*leg, *group, None, now),
            MediaCommand::Remote { leg, session } => {
                if session.codec().is_none() {
                    self.fault(format!("{leg}: a session without sound"));
                }
                self.must_be_open(*leg, "Remote");
                let has_events = session.telephone_event().is_some();
                self.legs.get_mut(leg).into_iter().for_each(|leg| leg.has_events = has_events);
                self.come(*leg, now);
            }
            MediaCommand::Source { leg, source } => {
                self.must_be_open(*leg, "Source");
                self.check_source(*leg, *source);
                self.legs.get_mut(leg).into_iter().for_each(|leg| leg.prompt = None);
            }
            MediaCommand::Play { leg, prompt, items, until_key } => {
                self.play(*leg, *prompt, items.len(), now);
                self.legs.get_mut(leg).into_iter().for_each(|leg| leg.until_key = *until_key);
                match items.last() == Some(&town::INVITATION) {
                    true => self.ask(*leg, Asked::Callback, now),
                    false if *until_key => self.ask(*leg, Asked::Code, now),
                    false => {}
                }
            }
            MediaCommand::Listen { leg, tones } => {
                self.must_be_open(*leg, "Listen");
                self.legs.get_mut(leg).into_iter().for_each(|leg| leg.listens = *tones);
            }
            MediaCommand::Key { leg, .. } => {
                self.must_be_open(*leg, "Key");
            }
            MediaCommand::Record { leg, call, track } => {
                self.must_be_open(*leg, "Record");
                if track.is_some() && self.recordings.insert(*call) && self.rng.chance(self.rates.media_failed) {
                    self.spoil(*call, now);
                }
            }
            MediaCommand::EndRecording { leg, call } => {
                self.must_be_open(*leg, "EndRecording");
                let at = now + self.soon();
                if self.recordings.remove(call) {
                    self.events.add(at, MediaEvent::Recorded { call: *call, recorded: Recorded::default() });
                }
            }
            MediaCommand::Close { leg } => self.close(*leg, now),
        }
    }

    pub fn poll_output(&mut self, now: Mono) -> Option<MediaEvent> {
        let event = loop {
            let event = self.events.take(now)?;
            if !self.is_cut(&event) {
                break event;
            }
        };
        if let MediaEvent::Recorded { call, recorded: Recorded { stopped: Some(_), .. } } = &event {
            self.recordings.remove(call);
        }
        if let MediaEvent::Played { leg, .. } = &event {
            self.legs.get_mut(leg).into_iter().for_each(|leg| leg.prompt = None);
        }
        if let MediaEvent::Failed { leg, .. } = &event
            && let Some(failed) = self.legs.get_mut(leg)
        {
            failed.said_so = true;
        }
        if let MediaEvent::Closed { leg, .. } = &event
            && let Some(closed) = self.legs.remove(leg)
            && !closed.failed
        {
            closed.port.map(|port| self.ports.remove(&port));
        }
        Some(event)
    }

    pub fn poll_timeout(&self) -> Option<Mono> {
        [self.events.next(), self.asked.next()].into_iter().flatten().min()
    }

    /// Somebody has heard a question.
    pub fn take_asked(&mut self, now: Mono) -> Option<(u16, Asked)> {
        self.asked.take(now)
    }

    /// The peer of the leg at this port presses a key, in the sound.
    pub fn press(&mut self, port: u16, digit: char, now: Mono) {
        let is_it = |leg: &&LegId| self.legs.get(leg).is_some_and(|of_leg| of_leg.port == Some(port) && of_leg.hears());
        let Some(leg) = self.legs.keys().find(is_it).copied() else { return };
        let prompt = self.legs.get(&leg).and_then(|leg| leg.prompt.filter(|_| leg.until_key));
        if let Some(prompt) = prompt {
            self.events.add(now, MediaEvent::Played { leg, prompt, end: PromptEnd::Key });
        }
        self.events.add(now, MediaEvent::Dtmf { leg, digit, duration_ms: 100 });
    }

    /// What was wrong with the commands since the last time.
    pub fn take_faults(&mut self) -> Vec<String> {
        std::mem::take(&mut self.faults)
    }

    /// Legs that are open and have not been told to close.
    pub fn open_legs(&self) -> usize {
        self.legs.values().filter(|leg| !leg.closing).count()
    }

    /// The end of a prompt that a command has ended already.
    fn is_cut(&self, event: &MediaEvent) -> bool {
        if let MediaEvent::Dtmf { leg, .. } = event {
            return self.legs.get(leg).is_none_or(|leg| leg.closing);
        }
        if let MediaEvent::Recorded { call, recorded: Recorded { stopped: Some(_), .. } } = event {
            return !self.recordings.contains(call);
        }
        let MediaEvent::Played { leg, prompt, .. } = event else { return false };
        self.legs.get(leg).is_none_or(|leg| leg.closing || leg.prompt != Some(*prompt))
    }

    /// Each sound lasts a second or two.
    fn play(&mut self, leg: LegId, prompt: PromptId, sounds: usize, now: Mono) {
        if sounds == 0 {
            self.fault(format!("{leg}: a prompt of nothing"));
        }
        self.must_be_open(leg, "Play");
        let Some(of_leg) = self.legs.get_mut(&leg).filter(|leg| !leg.failed) else { return };
        if of_leg.prompt.is_some_and(|before| before >= prompt) {
            self.faults.push(format!("{leg}: a prompt with an old number"));
        }
        of_leg.prompt = Some(prompt);
        let lasts = (0..sounds).map(|_| dice::between_ms(&mut self.rng, 500, 2_000)).sum::<Duration>();
        self.events.add(now + lasts, MediaEvent::Played { leg, prompt, end: PromptEnd::Finished });
    }

    /// Whoever hears it thinks about it for a moment.
    fn ask(&mut self, leg: LegId, asked: Asked, now: Mono) {
        let at = now + dice::between_ms(&mut self.rng, 300, 3_000);
        let port = self.legs.get(&leg).and_then(|leg| leg.port);
        port.into_iter().for_each(|port| self.asked.add(at, (port, asked)));
    }

    /// The disk is full some time soon; when the recording has ended before, nothing more is said.
    fn spoil(&mut self, call: CallId, now: Mono) {
        let at = now + dice::between_ms(&mut self.rng, 0, 20_000);
        let recorded = Recorded { stopped: Some(StopCause::File), ..Recorded::default() };
        self.events.add(at, MediaEvent::Recorded { call, recorded });
    }

    /// Without a port it is on the one that browsers share.
    fn open(&mut self, leg: LegId, group: CallId, port: Option<u16>, now: Mono) {
        let is_open = self.legs.get(&leg).is_some_and(|leg| !leg.said_so);
        if is_open || self.closed.contains(&leg) {
            self.fault(format!("{leg}: opened twice"));
        }
        if let Some(port) = port.filter(|port| !self.ports.insert(*port)) {
            self.fault(format!("{leg}: port {port} is in use"));
        }
        let failed = self.rng.chance(self.rates.media_failed);
        if failed {
            port.map(|port| self.ports.remove(&port));
            let at = now + self.soon();
            self.events.add(at, MediaEvent::Failed { leg, cause: FailCause::PortInUse });
        }
        self.legs.insert(leg, Leg::new(group, port, failed));
    }

    /// The peer's sound comes, and sometimes ceases.
    fn come(&mut self, leg: LegId, now: Mono) {
        if self.legs.get(&leg).is_none_or(|leg| leg.failed) {
            return;
        }
        let at = now + dice::between_ms(&mut self.rng, 20, 60);
        self.events.add(at, MediaEvent::Latched { leg });
        if self.rng.chance(self.rates.media_silent) {
            let at = now + dice::between_ms(&mut self.rng, 5_000, 60_000);
            self.events.add(at, self.falls_silent(leg));
        }
    }

    /// A browser is lost for good; what has no port is one.
    fn falls_silent(&self, leg: LegId) -> MediaEvent {
        match self.legs.get(&leg).and_then(|leg| leg.port) {
            Some(_) => MediaEvent::Silent { leg, lasted: Duration::from_secs(30) },
            None => MediaEvent::Lost { leg, cause: LostCause::NoCheck },
        }
    }

    fn close(&mut self, leg: LegId, now: Mono) {
        if !self.must_be_open(leg, "Close") {
            return;
        }
        self.closed.insert(leg);
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.closing = true;
        }
        let stats = LegStats { received: self.rng.below(1_000), sent: self.rng.below(1_000), ..LegStats::default() };
        let at = now + self.soon();
        self.events.add(at, MediaEvent::Closed { leg, stats });
    }

    fn must_be_open(&mut self, leg: LegId, command: &str) -> bool {
        if self.closed.contains(&leg) {
            self.fault(format!("{leg}: {command} after Close"));
            return false;
        }
        if !self.legs.contains_key(&leg) {
            self.fault(format!("{leg}: {command} before Open"));
            return false;
        }
        true
    }

    fn check_source(&mut self, leg: LegId, source: Source) {
        let group = |leg: &LegId| self.legs.get(leg).filter(|leg| !leg.closing).map(|leg| leg.group);
        let strangers = source.speakers().filter(|other| group(&leg).is_none() || group(&leg) != group(other));
        for other in strangers.collect::<Vec<_>>() {
            self.fault(format!("{leg}: its source {other} is no open leg of its group"));
        }
    }

    fn soon(&mut self) -> Duration {
        dice::between_ms(&mut self.rng, 0, 5)
    }

    fn fault(&mut self, what: String) {
        self.faults.push(what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::FaultLevel;

    fn faults_of(commands: &[MediaCommand]) -> Vec<String> {
        let mut media = MediaDouble::new(FaultLevel::None.rates(), Rng::from_number(1));
        commands.iter().for_each(|command| media.handle(command, Mono(1)));
        media.take_faults()
    }

    fn open(leg: u64, port: u16) -> MediaCommand {
        MediaCommand::Open { leg: LegId(leg), group: CallId(1), port, family: crate::base::Family::V4 }
    }

    fn close(leg: u64) -> MediaCommand {
        MediaCommand::Close { leg: LegId(leg) }
    }

    #[test]
    fn wrong_commands_are_found() {
        let source = |leg: u64, other: u64| MediaCommand::Source { leg: LegId(leg), source: Source::Leg(LegId(other)) };
        assert!(faults_of(&[open(1, 4000), open(2, 4002), source(1, 2), close(1), close(2)]).is_empty());
        for (bad, what) in [
            (vec![open(1, 4000), open(2, 4000)], "in use"),
            (vec![open(1, 4000), open(1, 4002)], "opened twice"),
            (vec![open(1, 4000), close(1), close(1)], "after Close"),
            (vec![source(1, 2)], "before Open"),
            (vec![open(1, 4000), source(1, 2)], "no open leg"),
            (vec![open(1, 4000), open(2, 4002), close(2), source(1, 2)], "no open leg"),
        ] {
            let found = faults_of(&bad);
            assert!(found.iter().any(|fault| fault.contains(what)), "{what}: {found:?}");
        }
    }
}
