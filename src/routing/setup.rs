//! What the router is configured with: agents, their skills, and the queues that ask for them.

use std::time::Duration;

use crate::base::{AgentId, QueueId, SkillId};

/// All of it. Names are unique and every queue asks only for skills that exist; `config` has seen to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    pub agents: Vec<AgentSetup>,
    pub queues: Vec<QueueSetup>,
    /// What happens to an agent who lets an offer ring, or whose phone or desk cannot be reached.
    pub pause: Pause,
    /// How long a call that an agent declined or let ring is not offered to that agent again.
    pub again_after: Duration,
    /// How long a call waits for its preferred agent while that agent is busy.
    pub prefer_wait: Duration,
    /// How long after an offer's timeout its grant ends by itself, should nobody answer for it.
    pub grant_margin: Duration,
    /// How long waiting calls stay when the last agent who could serve them has gone offline.
    pub deserted_after: Duration,
    /// The least time between two reports of the positions in one queue.
    pub position_every: Duration,
    /// What callers are told of their wait.
    pub estimator: Estimator,
}

/// An agent serves every queue whose needs their skills meet, or those of them that are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSetup {
    pub id: AgentId,
    /// Levels from 1 to 10.
    pub skills: Vec<(SkillId, u8)>,
    /// Each with the priority points that its calls gain when this agent looks for the next one; `None` for all, without points.
    pub queues: Option<Vec<(QueueId, i32)>>,
}

/// The waiting calls of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSetup {
    pub id: QueueId,
    pub requires: Vec<SkillNeed>,
    /// Of the agents who are free, whoever lacks the fewest of these is first.
    pub prefers: Vec<SkillNeed>,
    /// Who takes a call besides when it has waited longer, the earliest first.
    pub rings: Vec<RingSetup>,
    /// Among agents who are free and fit alike.
    pub order: Order,
    /// How long a call waits for its preferred agent while that agent is busy; `None` as the setup says for all.
    pub prefer_wait: Option<Duration>,
    pub offer_timeout: Duration,
    /// Priority points that a call gains for each second of waiting, up to `ageing_cap` in all.
    pub ageing_per_s: u32,
    pub ageing_cap: u32,
    /// Calls that may wait at once. A call beyond it is answered with `QueueFull`, unless an agent is free for it.
    pub max_waiting: usize,
    /// The longest wrap-up after a call of this queue; zero for none.
    pub wrap_up: Duration,
}

/// A step of widening: from then on these agents take the call too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RingSetup {
    /// From the beginning of the wait.
    pub after: Duration,
    /// Whoever serves the queue and meets these needs, in place of those of the queue; `None` for nobody new.
    pub requires: Option<Vec<SkillNeed>>,
    /// Whoever serves one of these queues from the beginning.
    pub queues: Vec<QueueId>,
}

/// Which of several free agents is first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    LongestIdle,
    /// Who has had the fewest calls in the last hours; a call counts half after 42 minutes.
    FewestCalls,
    /// Who has spent the least of the last hours with calls; a minute counts half after 42 minutes.
    LeastOccupied,
}

/// How the expected wait is worked out. Both are scored, whichever is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Estimator {
    /// The calls ahead, and how fast agents have become free lately.
    #[default]
    Position,
    /// What the call that was offered last had waited.
    LastServed,
}

/// A skill and the lowest level that will do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SkillNeed {
    pub skill: SkillId,
    pub min_level: u8,
}

/// How long an agent who let an offer ring gets no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    For(Duration),
    /// Until they say that they are available.
    UntilAvailable,
}

impl AgentSetup {
    /// One who serves every queue whose needs these skills meet.
    pub fn new(id: AgentId, skills: Vec<(SkillId, u8)>) -> AgentSetup {
        AgentSetup { id, skills, queues: None }
    }
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            agents: Vec::new(),
            queues: Vec::new(),
            pause: Pause::For(Duration::from_secs(30)),
            again_after: Duration::from_secs(30),
            prefer_wait: Duration::from_secs(20),
            grant_margin: Duration::from_secs(5),
            deserted_after: Duration::from_secs(30),
            position_every: Duration::from_secs(10),
            estimator: Estimator::default(),
        }
    }
}

impl QueueSetup {
    /// A queue that asks for nothing: 20 s for an offer, one point a second up to 600, 10 s of wrap-up.
    pub fn new(id: &str) -> QueueSetup {
        QueueSetup {
            id: QueueId::new(id),
            requires: Vec::new(),
            prefers: Vec::new(),
            rings: Vec::new(),
            order: Order::default(),
            prefer_wait: None,
            offer_timeout: Duration::from_secs(20),
            ageing_per_s: 1,
            ageing_cap: 600,
            max_waiting: 1_000,
            wrap_up: Duration::from_secs(10),
        }
    }
}
