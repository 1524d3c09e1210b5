//! The agents: what each can do, says, and is at.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::base::{AgentId, CallId, Fence, Mono, QueueId, SkillId};

use super::fits::Fit;
use super::messages::{AgentState, PauseCause, Presence};
use super::queues::{LaneIx, QueueIx};
use super::setup::{AgentSetup, QueueSetup, SkillNeed};
use super::turns::{Done, Idle};

/// An agent's place in the order of the names, which also breaks ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AgentIx(pub u32);

/// The promise that an agent is free for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub call: CallId,
    pub fence: Fence,
    pub queue: QueueIx,
    /// Since when the agent was idle before; given back when the caller leaves during the offer.
    pub idle_since: Mono,
}

/// What an agent is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Free,
    Offered(Grant),
    OnCall(Grant),
    WrapUp { call: CallId, queue: QueueIx },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paused {
    pub why: PauseCause,
    pub until: Option<Mono>,
}

#[derive(Debug)]
pub(super) struct Agent {
    pub id: AgentId,
    level_by_skill: HashMap<SkillId, u8>,
    /// The queues that the agent keeps to, with their points; `None` for all.
    points_by_queue: Option<HashMap<QueueId, i32>>,
    /// The lanes whose calls this agent takes, in their order.
    pub fits: Vec<Fit>,
    pub presence: Presence,
    /// The desk's connection stands, so that a pop would arrive.
    pub connected: bool,
    /// The agent's phone would ring, as far as anybody has said.
    pub has_phone: bool,
    pub paused: Option<Paused>,
    pub work: Work,
    /// When the agent was last promised to a call.
    pub granted: Mono,
    /// Calls that the router did not give them.
    pub engaged: BTreeSet<CallId>,
    /// Present while the agent stands in the idle sets of the lanes that they fit.
    pub idle: Option<Idle>,
    pub done: Done,
    /// The wrap-up of the call in progress is written already.
    pub wrapped_up: bool,
    /// When the agent last said that they are available: what failed before is forgiven, but for what they declined.
    pub ready_at: Mono,
    pub last_fence: Fence,
    /// Calls that wait for this agent alone for a while, by serial.
    pub held: BTreeMap<u64, CallId>,
    /// Among those who serve their queues.
    pub is_counted: bool,
    /// The state as last told, and since when.
    pub state: AgentState,
    pub since: Mono,
    /// Not in the setup any more: offline as soon as nothing is in hand, and whatever they say.
    pub is_gone: bool,
}

impl Agent {
    pub(super) fn new(setup: AgentSetup) -> Agent {
        Agent {
            id: setup.id,
            level_by_skill: setup.skills.into_iter().collect(),
            points_by_queue: setup.queues.map(|queues| queues.into_iter().collect()),
            fits: Vec::new(),
            presence: Presence::Offline,
            connected: true,
            has_phone: true,
            paused: None,
            work: Work::Free,
            granted: Mono::ZERO,
            engaged: BTreeSet::new(),
            idle: None,
            done: Done::default(),
            wrapped_up: false,
            ready_at: Mono::ZERO,
            last_fence: Fence::default(),
            held: BTreeMap::new(),
            is_counted: false,
            state: AgentState::Offline,
            since: Mono::ZERO,
            is_gone: false,
        }
    }

    /// False when they are what they were; `None` for an agent who is not there any more.
    pub(super) fn take(&mut self, setup: Option<AgentSetup>) -> bool {
        let is_gone = setup.is_none();
        let (skills, queues) = setup.map_or((Vec::new(), None), |setup| (setup.skills, setup.queues));
        let level_by_skill = skills.into_iter().collect();
        let points_by_queue = queues.map(|queues| queues.into_iter().collect());
        let is_same =
            (is_gone, &level_by_skill, &points_by_queue) == (self.is_gone, &self.level_by_skill, &self.points_by_queue);
        (self.is_gone, self.level_by_skill, self.points_by_queue) = (is_gone, level_by_skill, points_by_queue);
        !is_same
    }

    pub(super) fn meets(&self, needs: &[SkillNeed]) -> bool {
        needs.iter().all(|need| self.level_by_skill.get(&need.skill).is_some_and(|level| *level >= need.min_level))
    }

    /// `None` for a queue that the agent keeps away from.
    pub(super) fn points_for(&self, queue: &QueueId) -> Option<i32> {
        match &self.points_by_queue {
            None => Some(0),
            Some(points) => points.get(queue).copied(),
        }
    }

    /// Takes the calls of this queue from their beginning.
    pub(super) fn belongs_to(&self, queue: &QueueSetup) -> bool {
        !self.is_gone && self.meets(&queue.requires) && self.points_for(&queue.id).is_some()
    }

    /// Takes calls of this lane whose search has widened so far.
    pub(super) fn takes(&self, lane: LaneIx, stage: u8) -> bool {
        self.fit(lane).is_some_and(|fit| fit.ring <= stage)
    }

    pub(super) fn fit(&self, lane: LaneIx) -> Option<Fit> {
        let at = self.fits.binary_search_by_key(&lane, |fit| fit.lane).ok()?;
        self.fits.get(at).copied()
    }

    pub(super) fn is_logged_in(&self) -> bool {
        self.presence != Presence::Offline
    }

    /// May be offered a call once nothing else is in hand.
    pub(super) fn is_willing(&self) -> bool {
        self.presence == Presence::Available && self.paused.is_none()
    }

    pub(super) fn is_free(&self) -> bool {
        self.is_willing() && self.connected && self.has_phone && !self.is_busy()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.work != Work::Free || !self.engaged.is_empty()
    }

    /// Has nothing in hand but that call of their own, and a desk to see another one on.
    pub(super) fn can_leave(&self, own: CallId) -> bool {
        let is_all = self.engaged.iter().all(|call| *call == own);
        self.is_logged_in() && self.connected && self.work == Work::Free && is_all
    }

    pub(super) fn offered(&self, call: CallId, fence: Fence) -> Option<Grant> {
        match &self.work {
            Work::Offered(grant) if grant.call == call && grant.fence == fence => Some(*grant),
            Work::Offered(_) | Work::Free | Work::OnCall(_) | Work::WrapUp { .. } => None,
        }
    }

    pub(super) fn is_offered(&self, call: CallId) -> bool {
        matches!(&self.work, Work::Offered(grant) if grant.call == call)
    }

    pub(super) fn talking(&self, call: CallId, fence: Fence) -> Option<Grant> {
        match &self.work {
            Work::OnCall(grant) if grant.call == call && grant.fence == fence => Some(*grant),
            Work::OnCall(_) | Work::Free | Work::Offered(_) | Work::WrapUp { .. } => None,
        }
    }

    pub(super) fn call(&self) -> Option<CallId> {
        match &self.work {
            Work::Free => self.engaged.first().copied(),
            Work::Offered(grant) | Work::OnCall(grant) => Some(grant.call),
            Work::WrapUp { call, .. } => Some(*call),
        }
    }

    pub(super) fn next_fence(&mut self) -> Fence {
        self.last_fence = Fence(self.last_fence.0 + 1);
        self.last_fence
    }
}
