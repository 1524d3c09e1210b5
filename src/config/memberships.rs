//! `queues` of `[[agents]]`, and whether every queue has an agent and every agent a queue.

use crate::base::QueueId;
use crate::routing::{AgentSetup, QueueSetup, Setup, SkillNeed};

use super::fault::Faults;
use super::routing::RoutingPart;
use super::tree::{Section, Text};

/// The queues that an agent keeps to, each with its points; `None` for all whose needs they meet.
pub(super) fn read(
    agent: &mut Section<'_>,
    routing: &RoutingPart<'_>,
    faults: &mut Faults<'_>,
) -> Option<Vec<(QueueId, i32)>> {
    let section = agent.section("queues", faults);
    if !section.is_given() {
        return None;
    }
    let mut queues = Vec::new();
    for (name, item) in section.entries() {
        let name = Text { value: name, place: item.place.clone() };
        let is_known = routing.queues.check("queue", &name, faults);
        if let (Some(points), true) = (item.number(-1_000..=1_000, faults), is_known) {
            queues.push((QueueId::new(name.value), points));
        }
    }
    if queues.is_empty() && section.entries().is_empty() {
        let remedy = "name the queues, each with its points: queues = { help = 0 }, or leave it out for all";
        faults.add(&section.place, "names no queue", remedy);
    }
    Some(queues)
}

/// A queue that no agent takes calls of, however long they wait, would never be served. Not asked when a fault may be what hides
/// the agent.
pub(super) fn check_queues(routing: &RoutingPart<'_>, agents: &[AgentSetup], faults: &mut Faults<'_>) {
    if faults.are_within(&["agents", "routing"]) {
        return;
    }
    let queues = &routing.setup.queues;
    for (queue, name) in queues.iter().zip(&routing.queue_names) {
        // Rings lead to the agents of other queues.
        let own = if queue.rings.is_empty() { name.place.key.trim_end_matches(".name") } else { "queues" };
        if faults.are_within(&[own]) {
            continue;
        }
        if !agents.iter().any(|agent| serves(agent, queue, queues)) {
            let remedy = "give an agent the skills and levels that it requires, or require less";
            faults.add(&name.place, format!("no agent can serve queue {:?}", name.value), remedy);
        }
    }
}

/// Some agent takes calls of the queue and has these skills besides.
pub(super) fn can_serve(setup: &Setup, queue: &QueueId, besides: &[SkillNeed]) -> bool {
    let queue = setup.queues.iter().find(|other| other.id == *queue);
    queue.is_none_or(|queue| {
        setup.agents.iter().any(|agent| meets(agent, besides) && serves(agent, queue, &setup.queues))
    })
}

fn serves(agent: &AgentSetup, queue: &QueueSetup, all: &[QueueSetup]) -> bool {
    let widens = |needs: &Vec<SkillNeed>| keeps_to(agent, queue) && meets(agent, needs);
    let others = queue.rings.iter().flat_map(|ring| &ring.queues);
    let mut others = others.filter_map(|id| all.iter().find(|other| other.id == *id));
    belongs(agent, queue)
        || queue.rings.iter().filter_map(|ring| ring.requires.as_ref()).any(widens)
        || others.any(|other| belongs(agent, other))
}

fn belongs(agent: &AgentSetup, queue: &QueueSetup) -> bool {
    keeps_to(agent, queue) && meets(agent, &queue.requires)
}

fn keeps_to(agent: &AgentSetup, queue: &QueueSetup) -> bool {
    agent.queues.as_ref().is_none_or(|queues| queues.iter().any(|(id, _)| *id == queue.id))
}

fn meets(agent: &AgentSetup, needs: &[SkillNeed]) -> bool {
    let has =
        |need: &SkillNeed| agent.skills.iter().any(|(skill, level)| *skill == need.skill && *level >= need.min_level);
    needs.iter().all(has)
}
