//! `rings` of `[[queues]]`: who takes a call besides when it has waited longer.

use std::time::Duration;

use crate::base::QueueId;
use crate::base::limits::RINGS_MAX;
use crate::routing::{RingSetup, SkillNeed};

use super::fault::Faults;
use super::routing::needs;
use super::tree::{Section, Text};
use super::values::Names;

const NOBODY: &str = "write requires = { english = 1 } with less than before, or queues = [\"billing\"]";

/// `own`: the queue's name and what it requires. The queues that rings name are added to `named`, to be looked up when all are known.
pub(super) fn read<'a>(
    queue: &mut Section<'a>,
    own: (&str, &[SkillNeed]),
    skills: &Names<'_>,
    named: &mut Vec<Text<'a>>,
    faults: &mut Faults<'_>,
) -> Vec<RingSetup> {
    let mut rings: Vec<RingSetup> = Vec::new();
    let Some(item) = queue.item("rings") else { return rings };
    let sections = item.elements(faults).into_iter().filter_map(|ring| ring.section(faults)).collect::<Vec<_>>();
    if sections.len() > RINGS_MAX {
        faults.add(&item.place, "are too many", format!("write at most {RINGS_MAX}"));
    }
    for section in sections.into_iter().take(RINGS_MAX) {
        let ring = ring(section, own, &rings, skills, named, faults);
        rings.push(ring);
    }
    rings
}

fn ring<'a>(
    mut section: Section<'a>,
    (own, requires): (&str, &[SkillNeed]),
    before: &[RingSetup],
    skills: &Names<'_>,
    named: &mut Vec<Text<'a>>,
    faults: &mut Faults<'_>,
) -> RingSetup {
    let after = after(&mut section, before, faults);
    let place = section.place.clone();
    let asks = section.item("requires").is_some().then(|| needs(&mut section, "requires", skills, faults));
    let others = section.texts("queues", faults);
    let earlier = before.iter().filter_map(|ring| ring.requires.as_deref()).chain([requires]);
    if asks.as_ref().is_some_and(|asks| earlier.into_iter().any(|met| asks_as_much(asks, met))) {
        faults.add(&place, "asks for all that was asked for before, and adds nobody", NOBODY);
    } else if asks.is_none() && others.is_empty() {
        faults.add(&place, "adds nobody", NOBODY);
    }
    for other in others.iter().filter(|other| other.value == own) {
        faults.add(&other.place, "is the queue itself", "name another queue, or leave it out");
    }
    section.finish(faults);
    let queues = others.iter().map(|other| QueueId::new(other.value)).collect();
    named.extend(others);
    RingSetup { after, requires: asks, queues }
}

fn after(section: &mut Section<'_>, before: &[RingSetup], faults: &mut Faults<'_>) -> Duration {
    let place = section.place.clone();
    let item = section.required("after_s", "write from when on it holds: after_s = 30", faults);
    let after = item.and_then(|item| item.number(1..=14_400, faults)).map(Duration::from_secs);
    let last = before.last().map_or(Duration::ZERO, |ring| ring.after);
    if after.is_some_and(|after| after <= last) {
        faults.add(
            &place.key("after_s", place.offset),
            "comes no later than the ring before",
            "write a greater number",
        );
    }
    after.unwrap_or(last)
}

/// Whoever meets `asks` meets `met` too.
fn asks_as_much(asks: &[SkillNeed], met: &[SkillNeed]) -> bool {
    let has = |need: &SkillNeed| asks.iter().any(|one| one.skill == need.skill && one.min_level >= need.min_level);
    met.iter().all(has)
}
