//! Who hears a supervisor: nobody while they listen, the agent alone while they whisper, both when they join.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{CallId, LegId};
use crate::calls::facts::Fact;
use crate::calls::supervising::Act;
use crate::desktop::{ClientMessage, DesktopInput};
use crate::engine::Input;
use crate::media::command::MediaCommand;

use super::legs::Legs;

#[derive(Default)]
pub(super) struct Hearing {
    /// A desk has just asked for this.
    asked: Option<CallId>,
    supervised: BTreeMap<CallId, Supervised>,
    /// Of which something was said since they were looked at last.
    begun: BTreeSet<CallId>,
}

/// A supervisor's leg in a call, and what they do once they are there.
#[derive(Clone, Copy, Debug)]
struct Supervised {
    leg: LegId,
    act: Option<Act>,
}

impl Hearing {
    pub fn begin_anew(&mut self) {
        self.asked = None;
    }

    pub fn input(&mut self, input: &Input) {
        if let Input::Desktop(DesktopInput::Message { message: ClientMessage::Supervise { call, .. }, .. }) = input {
            self.asked = Some(*call);
        }
    }

    pub fn media(&mut self, command: &MediaCommand) {
        match command {
            MediaCommand::Open { leg, group, .. } | MediaCommand::OpenShared { leg, group, .. } => {
                if self.asked == Some(*group) {
                    self.supervised.insert(*group, Supervised { leg: *leg, act: None });
                }
            }
            MediaCommand::Close { leg } => self.supervised.retain(|_, supervised| supervised.leg != *leg),
            MediaCommand::Source { .. }
            | MediaCommand::Remote { .. }
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

    /// After all that came of one input, which has changed what these groups hear.
    pub fn settled(&mut self, legs: &Legs, changed: &BTreeSet<CallId>) -> Vec<String> {
        let begun = std::mem::take(&mut self.begun);
        let known = changed.union(&begun).filter_map(|call| Some((*call, *self.supervised.get(call)?)));
        known.filter_map(|(call, supervised)| check(call, supervised, legs, begun.contains(&call))).collect()
    }
}

/// `is_new`: they have just begun with it, so that whoever is to hear them does.
fn check(call: CallId, Supervised { leg, act }: Supervised, legs: &Legs, is_new: bool) -> Option<String> {
    let hearers = legs.hearers(leg);
    let is_caller_among = hearers.iter().any(|hearer| !hearer.is_outbound());
    let (most, least) = match act {
        None | Some(Act::Listen | Act::TakeOver) => (0, 0),
        Some(Act::Whisper) => (1, 1),
        Some(Act::Barge) => (2, 2),
    };
    let is_overheard = hearers.len() > most || (is_caller_among && act == Some(Act::Whisper));
    let own = legs.source(leg).map_or(0, |source| source.speakers().count());
    let is_unheard = is_new && (hearers.len() < least || own < 2);
    let what = act.map_or("ringing", Act::as_str);
    (is_overheard || is_unheard)
        .then(|| format!("{call}: a supervisor ({what}) hears {own} and is heard by {hearers:?}"))
}
#[cfg(test)]
mod tests {
    use super::super::histories::call;
    use super::*;
    use crate::base::{AgentId, Family};
    use crate::desktop::{ConnId, SuperviseWish};
    use crate::media::command::Source;

    const CALLER: LegId = LegId(1);

    #[derive(Default)]
    struct World {
        legs: Legs,
        hearing: Hearing,
    }

    impl World {
        fn media(&mut self, command: MediaCommand) {
            self.legs.media(&command);
            self.hearing.media(&command);
        }

        fn open(&mut self, leg: LegId) {
            self.media(MediaCommand::Open { leg, group: call(1), port: 4000, family: Family::V4 });
        }

        fn hear(&mut self, leg: LegId, source: Source) {
            self.media(MediaCommand::Source { leg, source });
        }

        fn begin(&mut self, act: Act) {
            let fact = Fact::Supervised { call: call(1), by: AgentId::new("sue"), act: Some(act) };
            assert_eq!(self.hearing.fact(&fact), None);
        }

        fn found(&mut self) -> usize {
            let changed = self.legs.take_changed();
            self.hearing.settled(&self.legs, &changed).len()
        }
    }

    /// Caller, agent and supervisor, who listens.
    fn listening() -> (World, LegId, LegId) {
        let (far, third) = (LegId::outbound(call(1), 1), LegId::outbound(call(1), 2));
        let mut world = World::default();
        world.open(CALLER);
        world.open(far);
        let message = ClientMessage::Supervise { call: call(1), wish: SuperviseWish::Listen };
        world.hearing.input(&Input::Desktop(DesktopInput::Message { conn: ConnId(1), message }));
        world.open(third);
        world.hear(CALLER, Source::Leg(far));
        world.hear(far, Source::Leg(CALLER));
        world.hear(third, Source::Mix(CALLER, far));
        world.begin(Act::Listen);
        assert_eq!(world.found(), 0);
        (world, far, third)
    }

    #[test]
    fn a_supervisor_who_is_overheard_or_not_heard_is_found() {
        let (mut world, far, third) = listening();
        world.hear(far, Source::Mix(CALLER, third));
        assert_eq!(world.found(), 1, "listening, and the agent hears them");
        world.begin(Act::Whisper);
        assert_eq!(world.found(), 0);
        world.hear(CALLER, Source::Mix(far, third));
        assert_eq!(world.found(), 1, "whispering, and the caller hears them");
        world.begin(Act::Barge);
        assert_eq!(world.found(), 0);
        let (mut world, ..) = listening();
        world.begin(Act::Barge);
        assert_eq!(world.found(), 1, "nobody hears them");
    }

    /// The wish came to nothing, and what is opened after it is for somebody else.
    #[test]
    fn whoever_is_rung_in_the_same_moment_is_no_supervisor() {
        let far = LegId::outbound(call(1), 1);
        let mut world = World::default();
        world.open(CALLER);
        let message = ClientMessage::Supervise { call: call(1), wish: SuperviseWish::Listen };
        world.hearing.input(&Input::Desktop(DesktopInput::Message { conn: ConnId(1), message }));
        world.hearing.begin_anew();
        world.open(far);
        world.hear(CALLER, Source::Leg(far));
        assert_eq!(world.found(), 0);
    }
}
