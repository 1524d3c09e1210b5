//! What is otherwise after a reload: the rules, the queues, who is an agent, which trunks there are.

use std::sync::Arc;
use std::time::Duration;

use crate::access::{
    After, Answer, Conditions, DomainCondition, DomainPattern, Overflow, Policy, PolicySetup, PolicyVersion,
    ReasonPicked, Rule,
};
use crate::base::rng::Rng;
use crate::base::{Level, QueueId, SkillId};
use crate::routing::{self, AgentSetup, QueueSetup, SkillNeed};

use super::town::{self, ANNOUNCEMENT, HELP, OUTAGE, PRIMARY_TRUNKS, REFUSED_DOMAIN, SELF_SERVICE_DOMAIN, URGENT};

/// One configuration; the first is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// Tells versions of the policy apart.
    number: u8,
    /// Whoever is known is preferred, and a third queue takes what the first cannot serve.
    has_spare_queue: bool,
    /// Few may wait for help.
    is_short: bool,
    is_agent_gone: bool,
    is_trunk_gone: bool,
    pub(super) is_without_callbacks: bool,
    /// Callers hear that they are recorded; on their page they have agreed to it, otherwise.
    pub(super) has_spoken_notice: bool,
}

/// The rules that lead to a queue, and the priority that each gives.
pub(super) const PRIORITIES: [(&str, i32); 4] = [("urgent", 50), ("vip", 10), ("known", 0), ("preferred", 5)];

const SPARE: &str = "spare";
/// Those whom an agent must not wait for long.
const VIP_CEILING: Duration = Duration::from_secs(3);
const OVERFLOW_CEILING: Duration = Duration::from_secs(8);

impl Variant {
    pub fn draw(rng: &mut Rng) -> Variant {
        Variant {
            number: rng.below(256) as u8,
            has_spare_queue: rng.chance(0.5),
            is_short: rng.chance(0.3),
            is_agent_gone: rng.chance(0.3),
            is_trunk_gone: rng.chance(0.2),
            is_without_callbacks: rng.chance(0.15),
            has_spoken_notice: rng.chance(0.5),
        }
    }

    /// How many agents are left of so many: the last may be gone.
    pub fn agents(self, all: u32) -> u32 {
        all - u32::from(self.is_agent_gone && all > 2)
    }

    pub fn trunks(self) -> u64 {
        PRIMARY_TRUNKS - u64::from(self.is_trunk_gone)
    }

    pub fn policy(self) -> Option<Policy> {
        let urgent = vec![ReasonPicked { category: URGENT.to_owned(), sub_category: None }];
        let human = |queue: &str, priority| Answer::Human { queue: Some(QueueId::new(queue)), priority };
        let known_as = if self.has_spare_queue { ("preferred", 5) } else { ("known", 0) };
        let closed = Answer::Refuse { status: 603, announcement: Some(ANNOUNCEMENT.into()) };
        let rules = vec![
            Rule::new("refused", of_domain(REFUSED_DOMAIN)?, closed),
            Rule::new("self-service", of_domain(SELF_SERVICE_DOMAIN)?, Answer::SelfService),
            Rule::new("urgent", Conditions { reasons: urgent, ..known() }, human(OUTAGE, 50)),
            Rule::new("vip", Conditions { min_level: Some(Level::Proven), ..known() }, self.vip()),
            Rule::new(known_as.0, known(), human(HELP, known_as.1)),
        ];
        let policy = Policy::new(PolicySetup::of(rules, Answer::SelfService)).ok()?;
        Some(policy.with_version(PolicyVersion::of_digest([self.number; 32])))
    }

    /// They overflow, and again, and are refused in the end, or wait as long as it takes.
    fn vip(self) -> Answer {
        let last = match self.has_spare_queue {
            true => Overflow { queue: QueueId::new(SPARE), ceiling: None, then: After::SelfService },
            false => Overflow {
                queue: QueueId::new(OUTAGE),
                ceiling: Some(OVERFLOW_CEILING),
                then: After::Refuse { status: 486, announcement: None },
            },
        };
        let then = After::Queue(Arc::new(last));
        Answer::Queue { queue: QueueId::new(HELP), priority: 10, ceiling: VIP_CEILING, then }
    }

    /// Every agent can help but the experts, who can only be asked; every second one knows outages.
    pub fn routing(self, staff: &[u32]) -> routing::Setup {
        let skills = |nth: u32| {
            let all = [(SkillId::new(HELP), 5), (SkillId::new(OUTAGE), 5)];
            let known = if nth.is_multiple_of(2) { 2 } else { 1 };
            all.into_iter().take(if town::is_expert(nth) { 0 } else { known }).collect()
        };
        let queue = |name: &str, skill: &str| QueueSetup {
            requires: vec![SkillNeed { skill: SkillId::new(skill), min_level: 3 }],
            ..QueueSetup::new(name)
        };
        let mut help = queue(HELP, HELP);
        if self.is_short {
            help.max_waiting = 2;
        }
        let mut queues = vec![help, queue(OUTAGE, OUTAGE)];
        queues.extend(self.has_spare_queue.then(|| queue(SPARE, HELP)));
        routing::Setup {
            agents: staff.iter().map(|nth| AgentSetup::new(town::agent(*nth), skills(*nth))).collect(),
            queues,
            ..routing::Setup::default()
        }
    }
}

fn known() -> Conditions {
    Conditions { min_level: Some(Level::Likely), ..Conditions::default() }
}

fn of_domain(domain: &str) -> Option<Conditions> {
    let patterns = vec![DomainPattern::parse(domain).ok()?];
    let domain = Some(DomainCondition { patterns, ..DomainCondition::default() });
    Some(Conditions { domain, ..Conditions::default() })
}
