//! The queues, and their lanes: the waiting calls of one queue that ask for the same skills besides.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{CallId, Mono};

use super::fits::Fit;
use super::lately::Lately;
use super::setup::{QueueSetup, SkillNeed};
use super::turns::Turn;
use super::waiting::{Ageing, Seat, WaitingCalls};

/// A queue's place in the order of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct QueueIx(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LaneIx(pub u32);

#[derive(Debug)]
pub(super) struct Queue {
    pub setup: QueueSetup,
    /// The first is for calls that ask for nothing besides.
    pub lanes: Vec<LaneIx>,
    /// Every call that waits, those held for a preferred agent among them; who has waited longest is first.
    pub waiting: BTreeMap<Seat, CallId>,
    /// Those of them that wait for their preferred agent alone, by serial.
    pub held: BTreeMap<u64, CallId>,
    pub lately: Lately,
    /// Agents who take its calls from the beginning, those free and busy together, and those free.
    pub serving: usize,
    pub free: usize,
    /// When positions were last reported.
    pub reported: Option<Mono>,
    /// Not in the setup any more: serves who is in it still.
    pub is_gone: bool,
}

#[derive(Debug)]
pub(super) struct Lane {
    pub queue: QueueIx,
    /// Sorted, without doubles.
    pub extra: Vec<SkillNeed>,
    /// The waiting calls, by how often their search has widened.
    pub stages: Vec<WaitingCalls>,
    /// Who could be offered a call now.
    pub idle: BTreeSet<Turn>,
    /// Agents logged in who take its calls, however long they wait.
    pub staffed: usize,
    /// Calls of any kind that refer to this lane; without any it may be put to another use.
    pub calls: usize,
}

impl Queue {
    pub(super) fn new(setup: QueueSetup) -> Queue {
        Queue {
            setup,
            lanes: Vec::new(),
            waiting: BTreeMap::new(),
            held: BTreeMap::new(),
            lately: Lately::default(),
            serving: 0,
            free: 0,
            reported: None,
            is_gone: false,
        }
    }

    pub(super) fn ageing(&self) -> Ageing {
        Ageing::of(&self.setup)
    }

    /// Of a lane in which nobody waits.
    pub(super) fn empty_stages(&self) -> Vec<WaitingCalls> {
        vec![WaitingCalls::new(self.ageing()); self.setup.rings.len() + 1]
    }

    /// Of an agent who takes its calls from the beginning, whatever else these may ask for.
    pub(super) fn is_own(&self, fit: Fit) -> bool {
        fit.ring == 0 && self.lanes.first() == Some(&fit.lane)
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= self.setup.max_waiting
    }
}

impl Lane {
    /// Nobody waits, and nobody is known to fit.
    pub(super) fn new(ix: QueueIx, extra: Vec<SkillNeed>, queue: &Queue) -> Lane {
        Lane { queue: ix, extra, stages: queue.empty_stages(), idle: BTreeSet::new(), staffed: 0, calls: 0 }
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.stages.iter().any(|stage| !stage.is_empty())
    }

    /// To be called before the order of the calls is asked for, at the same `now`.
    pub(super) fn settle(&mut self, now: Mono) {
        self.stages.iter_mut().for_each(|stage| stage.settle(now));
    }

    /// Those whose search has widened to `ring` at least; the first to be served of each stage first.
    pub(super) fn heads(&self, ring: u8) -> impl Iterator<Item = &WaitingCalls> {
        self.stages.iter().skip(usize::from(ring))
    }
}
