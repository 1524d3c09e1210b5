//! Stands for the media workers: says what they say, sometimes that a leg failed or fell silent, and checks what they are told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::base::rng::Rng;
use crate::base::{CallId, LegId, Mono};
use crate::intents::pin::Pin;
use crate::media::Recorded;
use crate::media::command::{FailCause, LegStats, MediaCommand, MediaEvent, PromptEnd, PromptId, Source};

use super::dice;
use super::later::Later;
use super::scenario::Rates;

pub struct MediaDouble {
    rng: Rng,
    rates: Rates,
    legs: BTreeMap<LegId, Leg>,
    closed: BTreeSet<LegId>,
    ports: BTreeSet<u16>,
    events: Later<MediaEvent>,
    /// What the site has given out.
    codes: Vec<Pin>,
    faults: Vec<String>,
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
            codes: Vec::new(),
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
                self.come(*leg, now);
            }
            MediaCommand::Source { leg, source } => {
                self.must_be_open(*leg, "Source");
                self.check_source(*leg, *source);
                self.legs.get_mut(leg).into_iter().for_each(|leg| leg.prompt = None);
            }
            MediaCommand::Play { leg, prompt, items, until_key: false } => {
                self.play(*leg, *prompt, items.len(), now);
            }
            MediaCommand::Play { leg, prompt, items, until_key: true } => {
                self.ask(*leg, *prompt, items.len(), now);
            }
            MediaCommand::Listen { leg, .. } => {
                self.must_be_open(*leg, "Listen");
            }
            MediaCommand::Key { leg, .. } => {
                self.must_be_open(*leg, "Key");
            }
            MediaCommand::Record { leg, .. } => {
                self.must_be_open(*leg, "Record");
            }
            MediaCommand::EndRecording { leg, call } => {
                self.must_be_open(*leg, "EndRecording");
                let at = now + self.soon();
                self.events.add(at, MediaEvent::Recorded { call: *call, recorded: Recorded::default() });
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
        self.events.next()
    }

    /// Callers know these from the page.
    pub fn learn(&mut self, codes: Vec<Pin>) {
        self.codes.extend(codes);
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

    /// A caller who is asked for a code enters one that the site has given out, or nonsense, or nothing.
    fn ask(&mut self, leg: LegId, prompt: PromptId, sounds: usize, now: Mono) {
        self.play(leg, prompt, sounds, now);
        let count = self.codes.len() as u64;
        let code = match self.rng.below(4) {
            0 => return,
            1 => format!("{}#", self.rng.below(1_000)),
            _ if count == 0 => return,
            _ => {
                let late = self.rng.below(count.min(20)) + 1;
                self.codes.get((count - late) as usize).map(|code| code.expose()).unwrap_or_default()
            }
        };
        let mut at = now + dice::between_ms(&mut self.rng, 300, 3_000);
        self.events.add(at, MediaEvent::Played { leg, prompt, end: PromptEnd::Key });
        for digit in code.chars() {
            self.events.add(at, MediaEvent::Dtmf { leg, digit, duration_ms: 100 });
            at = at + dice::between_ms(&mut self.rng, 100, 900);
        }
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
        self.legs.insert(leg, Leg { group, port, failed, said_so: false, closing: false, prompt: None });
    }

    /// The peer's sound comes, and sometimes ceases.
    fn come(&mut self, leg: LegId, now: Mono) {
        if self.legs.get(&leg).is_none_or(|leg| leg.failed) {
            return;
        }
        let at = now + dice::between_ms(&mut self.rng, 20, 60);
        self.events.add(at, MediaEvent::Latched { leg });
        if self.rng.chance(self.rates.media_silent) {
            let lasted = Duration::from_secs(30);
            let at = now + dice::between_ms(&mut self.rng, 30_000, 60_000);
            self.events.add(at, MediaEvent::Silent { leg, lasted });
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
