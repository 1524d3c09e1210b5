//! What a rule answers: `answer` and the keys that belong to it.

use std::sync::Arc;

use crate::access::Answer;
use crate::base::limits::EXTRA_SKILLS_MAX;
use crate::base::{QueueId, SkillId};
use crate::routing::SkillNeed;

use super::access::Known;
use super::fault::Faults;
use super::memberships;
use super::overflow;
use super::routing::levels;
use super::tree::Section;

#[derive(Clone, Copy)]
enum Kind {
    Human,
    Queue,
    Callback,
    SelfService,
    Refuse,
}

const ANSWERS: [(&str, Kind); 5] = [
    ("human", Kind::Human),
    ("queue", Kind::Queue),
    ("callback", Kind::Callback),
    ("self-service", Kind::SelfService),
    ("refuse", Kind::Refuse),
];

/// What belongs to one answer or another.
const OF_ANSWERS: [&str; 8] =
    ["queue", "priority", "skills", "ceiling_s", "then", "then_queue", "status", "announcement"];

/// The answer, and the skills that the agent must have besides.
pub(super) fn read(
    section: &mut Section<'_>,
    known: &Known<'_, '_>,
    faults: &mut Faults<'_>,
) -> (Answer, Vec<(SkillId, u8)>) {
    let given = section.required("answer", "write human, queue, callback, self-service or refuse", faults);
    let text = given.and_then(|item| item.text(faults));
    let kind = text.as_ref().and_then(|text| text.word(&ANSWERS, faults));
    match kind {
        Some(Kind::Human) => {
            let (queue, priority, skills) = person(section, known, faults);
            (Answer::Human { queue, priority }, skills)
        }
        Some(Kind::Callback) => {
            let (queue, priority, skills) = person(section, known, faults);
            (Answer::Callback { queue, priority }, skills)
        }
        Some(Kind::Queue) => queue(section, known, faults),
        Some(Kind::Refuse) => (refuse(section, faults), Vec::new()),
        Some(Kind::SelfService) => (Answer::SelfService, Vec::new()),
        None => {
            // Whichever was meant: its keys are no slips.
            OF_ANSWERS.iter().for_each(|key| drop(section.item(key)));
            (Answer::SelfService, Vec::new())
        }
    }
}

/// A queue without a ceiling, its priority, and the skills besides.
fn person(
    section: &mut Section<'_>,
    known: &Known<'_, '_>,
    faults: &mut Faults<'_>,
) -> (Option<QueueId>, i32, Vec<(SkillId, u8)>) {
    let queue = queue_name(section, known, faults);
    if queue.is_none() && known.default_queue.is_none() {
        let remedy = "write queue, or default_queue under [routing]";
        faults.add(&section.place, "lets callers through to no queue", remedy);
    }
    let priority = priority(section, faults);
    let skills = skills(section, queue.as_ref().or(known.default_queue), known, faults);
    (queue, priority, skills)
}

fn queue(section: &mut Section<'_>, known: &Known<'_, '_>, faults: &mut Faults<'_>) -> (Answer, Vec<(SkillId, u8)>) {
    let queue = queue_name(section, known, faults).or(known.default_queue.cloned());
    let priority = priority(section, faults);
    let skills = skills(section, queue.as_ref(), known, faults);
    let place = section.place.clone();
    let (ceiling, then) = overflow::of_rule(section, queue.as_ref(), known, faults);
    let Some(queue) = queue else {
        faults.add(&place, "names no queue", "write queue, or default_queue under [routing]");
        return (Answer::SelfService, skills);
    };
    (Answer::Queue { queue, priority, ceiling, then }, skills)
}

/// `skills = { spanish = 5 }`: some agent of the queue must have them.
fn skills(
    section: &mut Section<'_>,
    queue: Option<&QueueId>,
    known: &Known<'_, '_>,
    faults: &mut Faults<'_>,
) -> Vec<(SkillId, u8)> {
    let Some(item) = section.item("skills") else { return Vec::new() };
    let before = faults.count();
    let skills = levels(section, "skills", known.skills, faults);
    if skills.len() > EXTRA_SKILLS_MAX {
        faults.add(&item.place, "are too many", format!("a call may ask for {EXTRA_SKILLS_MAX} besides its queue's"));
    }
    let needs: Vec<SkillNeed> =
        skills.iter().map(|(skill, least)| SkillNeed { skill: skill.clone(), min_level: *least }).collect();
    let is_served = queue.is_none_or(|queue| memberships::can_serve(known.setup, queue, &needs));
    if faults.count() == before && !is_served {
        let remedy = "give an agent of that queue these skills and levels, or ask for less";
        faults.add(&item.place, "are more than any agent of the queue has", remedy);
    }
    skills
}

fn refuse(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Answer {
    let (status, announcement) = refusal(section, faults);
    Answer::Refuse { status, announcement }
}

fn queue_name(section: &mut Section<'_>, known: &Known<'_, '_>, faults: &mut Faults<'_>) -> Option<QueueId> {
    let text = section.text("queue", faults)?;
    // A name that is not known has its own fault; taken as given, it brings no second one.
    known.queues.check("queue", &text, faults);
    Some(QueueId::new(text.value))
}

fn priority(section: &mut Section<'_>, faults: &mut Faults<'_>) -> i32 {
    section.number("priority", 0, -1_000_000..=1_000_000, faults)
}

/// `status`, and what is heard before it.
pub(super) fn refusal(section: &mut Section<'_>, faults: &mut Faults<'_>) -> (u16, Option<Arc<str>>) {
    let announcement = section.text("announcement", faults).map(|text| Arc::from(text.value));
    (section.number("status", 480, 400..=699, faults), announcement)
}
