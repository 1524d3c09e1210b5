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
}

/// An agent serves every queue whose needs their skills meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSetup {
    pub id: AgentId,
    /// Levels from 1 to 10.
    pub skills: Vec<(SkillId, u8)>,
}

/// The waiting calls of one kind. Free agents are taken longest idle first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSetup {
    pub id: QueueId,
    pub requires: Vec<SkillNeed>,
    pub offer_timeout: Duration,
    /// Priority points that a call gains for each second of waiting, up to `ageing_cap` in all.
    pub ageing_per_s: u32,
    pub ageing_cap: u32,
    /// Calls that may wait at once. A call beyond it is answered with `QueueFull`, unless an agent is free for it.
    pub max_waiting: usize,
    /// The longest wrap-up after a call of this queue; zero for none.
    pub wrap_up: Duration,
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
        }
    }
}

impl QueueSetup {
    /// A queue that asks for nothing: 20 s for an offer, one point a second up to 600, 10 s of wrap-up.
    pub fn new(id: &str) -> QueueSetup {
        QueueSetup {
            id: QueueId::new(id),
            requires: Vec::new(),
            offer_timeout: Duration::from_secs(20),
            ageing_per_s: 1,
            ageing_cap: 600,
            max_waiting: 1_000,
            wrap_up: Duration::from_secs(10),
        }
    }
}
