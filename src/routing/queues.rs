//! The queues, and their lanes: the waiting calls of one queue that ask for the same skills besides.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{CallId, Mono};

use super::agents::AgentIx;
use super::estimate::Service;
use super::setup::{QueueSetup, SkillNeed};
use super::waiting::{Ageing, Seat, WaitingCalls};

/// A queue's place in the order of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct QueueIx(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LaneIx(pub u32);

#[derive(Debug)]
pub(super) struct Queue {
    pub setup: QueueSetup,
    /// Who has the skills, whether logged in or not.
    pub able: Vec<AgentIx>,
    /// Who could be offered a call now, the longest idle first.
    pub idle: BTreeSet<(Mono, AgentIx)>,
    /// The first is for calls that ask for nothing besides.
    pub lanes: Vec<LaneIx>,
    /// Every call that waits, those held for a preferred agent among them; who has waited longest is first.
    pub waiting: BTreeMap<Seat, CallId>,
    /// Those of them that wait for their preferred agent alone, by serial.
    pub held: BTreeMap<u64, CallId>,
    pub service: Service,
    /// Agents who take its calls now, whether free or busy.
    pub serving: usize,
    /// When positions were last reported.
    pub reported: Option<Mono>,
}

#[derive(Debug)]
pub(super) struct Lane {
    pub queue: QueueIx,
    /// Sorted, without doubles.
    pub extra: Vec<SkillNeed>,
    pub waiting: WaitingCalls,
    /// Agents logged in who have all the skills.
    pub staffed: usize,
    /// Calls of any kind that refer to this lane; without any it may be put to another use.
    pub calls: usize,
}

impl Queue {
    pub(super) fn new(setup: QueueSetup) -> Queue {
        Queue {
            setup,
            able: Vec::new(),
            idle: BTreeSet::new(),
            lanes: Vec::new(),
            waiting: BTreeMap::new(),
            held: BTreeMap::new(),
            service: Service::default(),
            serving: 0,
            reported: None,
        }
    }

    pub(super) fn ageing(&self) -> Ageing {
        Ageing { per_s: self.setup.ageing_per_s, cap: self.setup.ageing_cap }
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= self.setup.max_waiting
    }
}

impl Lane {
    pub(super) fn new(queue: QueueIx, extra: Vec<SkillNeed>, ageing: Ageing, staffed: usize) -> Lane {
        Lane { queue, extra, waiting: WaitingCalls::new(ageing), staffed, calls: 0 }
    }
}
