//! The open legs of sound: in whose group each of them is, what it hears, and which was the first.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{CallId, LegId};
use crate::media::command::{MediaCommand, Source};

#[derive(Default)]
pub(super) struct Legs {
    by_id: BTreeMap<LegId, Leg>,
    /// Of each group, also when it is closed: a caller's, or that of whoever was called first.
    first_by_group: BTreeMap<CallId, LegId>,
    /// Groups in which somebody hears something else, or is gone, since they were looked at last.
    changed: BTreeSet<CallId>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    pub group: CallId,
    pub source: Source,
}

impl Legs {
    pub fn media(&mut self, command: &MediaCommand) {
        match command {
            MediaCommand::Open { leg, group, .. } | MediaCommand::OpenShared { leg, group, .. } => {
                self.first_by_group.entry(*group).or_insert(*leg);
                self.by_id.insert(*leg, Leg { group: *group, source: Source::Silence });
            }
            MediaCommand::Source { leg, source } => {
                let Some(of_leg) = self.by_id.get_mut(leg) else { return };
                of_leg.source = *source;
                self.changed.insert(of_leg.group);
            }
            MediaCommand::Close { leg } => {
                self.changed.extend(self.by_id.remove(leg).map(|leg| leg.group));
            }
            MediaCommand::Remote { .. }
            | MediaCommand::Play { .. }
            | MediaCommand::Listen { .. }
            | MediaCommand::Key { .. }
            | MediaCommand::Record { .. }
            | MediaCommand::EndRecording { .. } => {}
        }
    }

    pub fn take_changed(&mut self) -> BTreeSet<CallId> {
        std::mem::take(&mut self.changed)
    }

    /// What this leg hears, while it is open.
    pub fn source(&self, leg: LegId) -> Option<Source> {
        self.by_id.get(&leg).map(|leg| leg.source)
    }

    pub fn of_group(&self, group: CallId) -> impl Iterator<Item = (LegId, Leg)> {
        self.by_id.iter().filter(move |(_, leg)| leg.group == group).map(|(leg, of_leg)| (*leg, *of_leg))
    }

    /// The first leg that this group has ever had.
    pub fn first(&self, group: CallId) -> Option<LegId> {
        self.first_by_group.get(&group).copied()
    }

    /// All who hear this leg.
    pub fn hearers(&self, speaker: LegId) -> Vec<LegId> {
        let hears = |leg: &Leg| leg.source.speakers().any(|one| one == speaker);
        self.by_id.iter().filter(|(_, leg)| hears(leg)).map(|(leg, _)| *leg).collect()
    }
}
