//! Who hears a supervisor: nobody while they listen, the agent alone while they whisper, both when they join.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{CallId, LegId};
use crate::calls::facts::Fact;
use crate::calls::supervising::Act;
use crate::desktop::{ClientMessage, DesktopInput};
use crate::engine::Input;
use crate::media::command::{MediaCommand, Source};

#[derive(Default)]
pub(super) struct Hearing {
    /// A desk has just asked for this.
    asked: Option<CallId>,
    legs: BTreeMap<LegId, Leg>,
    supervised: BTreeMap<CallId, Supervised>,
    /// What has changed since it was looked at last, and what was said of it.
    changed: BTreeSet<CallId>,
    begun: BTreeSet<CallId>,
}

#[derive(Clone, Copy, Debug)]
struct Leg {
    group: CallId,
    source: Source,
}

/// A supervisor's leg in a call, and what they do once they are there.
#[derive(Clone, Copy, Debug)]
struct Supervised {
    leg: LegId,
    act: Option<Act>,
}

impl Hearing {
    pub fn input(&mut self, input: &Input) {
        self.asked = match input {
            Input::Desktop(DesktopInput::Message { message: ClientMessage::Supervise { call, .. }, .. }) => Some(*call),
            _ => None,
        };
    }

    pub fn media(&mut self, command: &MediaCommand) {
        match command {
            MediaCommand::Open { leg, group, .. } | MediaCommand::OpenShared { leg, group, .. } => {
                self.legs.insert(*leg, Leg { group: *group, source: Source::Silence });
                if self.asked == Some(*group) {
                    self.supervised.insert(*group, Supervised { leg: *leg, act: None });
                }
            }
            MediaCommand::Source { leg, source } => {
                let Some(of_leg) = self.legs.get_mut(leg) else { return };
                of_leg.source = *source;
                self.changed.insert(of_leg.group);
            }
            MediaCommand::Close { leg } => {
                self.legs.remove(leg);
                self.supervised.retain(|_, supervised| supervised.leg != *leg);
            }
            MediaCommand::Remote { .. }
            | MediaCommand::Play { .. }
            | MediaCommand::Listen { .. }
            | MediaCommand::Key { .. }
            | MediaCommand::Record { .. }
            | MediaCommand::EndRecording { .. } => {}
        }
    }

    pub fn fact(&mut self, fact: &Fact) -> Option<String> {
        match fact {
            Fact::Supervised { call, act, .. } => {
                match (act, self.supervised.get_mut(call)) {
                    (None | Some(Act::TakeOver), _) => drop(self.supervised.remove(call)),
                    (Some(_), Some(supervised)) => supervised.act = *act,
                    (Some(act), None) => return Some(format!("{call}: {} by nobody who was rung", act.as_str())),
                }
                self.changed.insert(*call);
                self.begun.insert(*call);
                None
            }
            Fact::CallEnded(record) => {
                let last = record.supervised.last();
                let is_open = last.is_some_and(|last| last.until.is_none() && last.act != Act::TakeOver);
                is_open.then(|| format!("{}: ended with a supervisor: {last:?}", record.call))
            }
            _ => None,
        }
    }

    /// After all that came of one input.
    pub fn settled(&mut self) -> Vec<String> {
        let begun = std::mem::take(&mut self.begun);
        let changed = std::mem::take(&mut self.changed);
        let known = changed.into_iter().filter_map(|call| Some((call, *self.supervised.get(&call)?)));
        known.filter_map(|(call, supervised)| self.check(call, supervised, begun.contains(&call))).collect()
    }

    /// `is_new`: they have just begun with it, so that whoever is to hear them does.
    fn check(&self, call: CallId, Supervised { leg, act }: Supervised, is_new: bool) -> Option<String> {
        let hears = |one: &Leg| one.source.speakers().any(|speaker| speaker == leg);
        let hearers: Vec<LegId> = self.legs.iter().filter(|(_, one)| hears(one)).map(|(leg, _)| *leg).collect();
        let is_caller_among = hearers.iter().any(|hearer| !hearer.is_outbound());
        let (most, least) = match act {
            None | Some(Act::Listen | Act::TakeOver) => (0, 0),
            Some(Act::Whisper) => (1, 1),
            Some(Act::Barge) => (2, 2),
        };
        let is_overheard = hearers.len() > most || (is_caller_among && act == Some(Act::Whisper));
        let own = self.legs.get(&leg).map_or(0, |own| own.source.speakers().count());
        let is_unheard = is_new && (hearers.len() < least || own < 2);
        let what = act.map_or("ringing", Act::as_str);
        (is_overheard || is_unheard)
            .then(|| format!("{call}: a supervisor ({what}) hears {own} and is heard by {hearers:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::histories::call;
    use super::*;
    use crate::base::{AgentId, Family};
    use crate::desktop::{ConnId, SuperviseWish};

    const CALLER: LegId = LegId(1);

    /// Caller, agent and supervisor, who listens.
    fn listening() -> (Hearing, LegId, LegId) {
        let (far, third) = (LegId::outbound(call(1), 1), LegId::outbound(call(1), 2));
        let mut hearing = Hearing::default();
        let open = |leg| MediaCommand::Open { leg, group: call(1), port: 4000, family: Family::V4 };
        hearing.media(&open(CALLER));
        hearing.media(&open(far));
        let message = ClientMessage::Supervise { call: call(1), wish: SuperviseWish::Listen };
        hearing.input(&Input::Desktop(DesktopInput::Message { conn: ConnId(1), message }));
        hearing.media(&open(third));
        for (leg, source) in [(CALLER, Source::Leg(far)), (far, Source::Leg(CALLER)), (third, Source::Mix(CALLER, far))]
        {
            hearing.media(&MediaCommand::Source { leg, source });
        }
        assert_eq!(hearing.fact(&act(Act::Listen)), None);
        assert!(hearing.settled().is_empty());
        (hearing, far, third)
    }

    fn act(act: Act) -> Fact {
        Fact::Supervised { call: call(1), by: AgentId::new("sue"), act: Some(act) }
    }

    #[test]
    fn a_supervisor_who_is_overheard_or_not_heard_is_found() {
        let (mut hearing, far, third) = listening();
        hearing.media(&MediaCommand::Source { leg: far, source: Source::Mix(CALLER, third) });
        assert_eq!(hearing.settled().len(), 1, "listening, and the agent hears them");
        assert_eq!(hearing.fact(&act(Act::Whisper)), None);
        assert!(hearing.settled().is_empty());
        hearing.media(&MediaCommand::Source { leg: CALLER, source: Source::Mix(far, third) });
        assert_eq!(hearing.settled().len(), 1, "whispering, and the caller hears them");
        assert_eq!(hearing.fact(&act(Act::Barge)), None);
        assert!(hearing.settled().is_empty());
        let (mut hearing, ..) = listening();
        assert_eq!(hearing.fact(&act(Act::Barge)), None);
        assert_eq!(hearing.settled().len(), 1, "nobody hears them");
    }
}
