//! `[routing]` and `[[queues]]`: skills, the order of service, the times of an offer.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::limits::{DESK_WORD_MAX, QUEUES_MAX};
use crate::base::{QueueId, SkillId};
use crate::calls::settings::{QueueSound, Spoken};
use crate::routing::{Estimator, Order, Pause, QueueSetup, Setup, SkillNeed};

use super::fault::{Faults, did_you_mean};
use super::overflow::{Followers, Overflows};
use super::rings;
use super::tree::{Section, Text};
use super::values::Names;
use super::waiting;
use super::wavs::Wavs;

pub(super) struct RoutingPart<'a> {
    pub skills: Names<'a>,
    pub queues: Names<'a>,
    pub default_queue: Option<QueueId>,
    /// What an agent's break may be for; empty for anything.
    pub breaks: Vec<String>,
    /// What callers hear while they wait.
    pub sounds: BTreeMap<QueueId, QueueSound>,
    /// Without its agents.
    pub setup: Setup,
    /// How long the place of a customer is kept whose call has ended too soon.
    pub place_kept: Duration,
    /// The name of each queue of the setup, for what is checked when the agents are known.
    pub queue_names: Vec<Text<'a>>,
    pub overflows: Overflows,
}

pub(super) fn read<'a>(
    top: &mut Section<'a>,
    spoken: &Spoken,
    wavs: &mut Wavs,
    faults: &mut Faults<'_>,
) -> RoutingPart<'a> {
    let mut section = top.section("routing", faults);
    let skills = Names::list(section.texts("skills", faults), faults);
    let mut setup = times(&mut section, faults);
    let place_kept = section.seconds("place_kept_s", Duration::from_secs(120), 0..=3600, faults);
    let default_queue = section.text("default_queue", faults);
    let breaks = breaks(&mut section, faults);
    section.finish(faults);
    let mut queues = Names::default();
    let mut queue_names = Vec::new();
    let (mut sounds, mut ring_queues) = (BTreeMap::new(), Vec::new());
    let mut followers = Followers::default();
    for mut section in top.sections("queues", faults) {
        let name = queues.take(&mut section, "name", faults);
        let queue = queue(&mut section, name.as_ref(), &skills, &mut ring_queues, faults);
        let sound = waiting::read(&mut section, spoken, wavs, faults);
        followers.read(&mut section, queue.id.clone(), faults);
        section.finish(faults);
        if let Some(name) = name {
            sounds.insert(QueueId::new(name.value), sound);
            setup.queues.push(queue);
            queue_names.push(name);
        }
    }
    ring_queues.iter().for_each(|name| {
        queues.check("queue", name, faults);
    });
    if setup.queues.len() > QUEUES_MAX {
        faults.add(&top.place.key("queues", 0), "are too many", format!("at most {QUEUES_MAX} can be served"));
    }
    let given = default_queue.filter(|name| queues.check("queue", name, faults)).map(|name| name.value);
    let default_queue = given.or(queues.only()).map(QueueId::new);
    let overflows = followers.settle(&queues, faults);
    RoutingPart { skills, queues, default_queue, breaks, sounds, setup, place_kept, queue_names, overflows }
}

fn breaks(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Vec<String> {
    let breaks = section.texts("breaks", faults);
    for odd in breaks.iter().filter(|text| text.value.is_empty() || text.value.len() > DESK_WORD_MAX) {
        faults.add(&odd.place, "is no reason for a break", format!("write 1 to {DESK_WORD_MAX} bytes, like \"lunch\""));
    }
    breaks.into_iter().map(|text| text.value.to_owned()).collect()
}

fn times(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Setup {
    let usual = Setup::default();
    let pause = section.seconds("pause_s", Duration::from_secs(30), 1..=86_400, faults);
    let until_available = section.flag("pause_until_available", false, faults);
    Setup {
        pause: if until_available { Pause::UntilAvailable } else { Pause::For(pause) },
        again_after: section.seconds("again_after_s", usual.again_after, 0..=3600, faults),
        prefer_wait: section.seconds("prefer_wait_s", usual.prefer_wait, 0..=3600, faults),
        grant_margin: section.seconds("grant_margin_s", usual.grant_margin, 1..=60, faults),
        deserted_after: section.seconds("deserted_after_s", usual.deserted_after, 0..=3600, faults),
        position_every: section.seconds("position_every_s", usual.position_every, 1..=3600, faults),
        estimator: estimator(section, faults),
        ..usual
    }
}

/// `ring_queues`: the queues that rings name, to be looked up when all are known.
fn queue<'a>(
    section: &mut Section<'a>,
    name: Option<&Text<'_>>,
    skills: &Names<'_>,
    ring_queues: &mut Vec<Text<'a>>,
    faults: &mut Faults<'_>,
) -> QueueSetup {
    let usual = QueueSetup::new(name.map_or("", |name| name.value));
    let requires = needs(section, "requires", skills, faults);
    QueueSetup {
        prefers: needs(section, "prefers", skills, faults),
        rings: rings::read(section, (usual.id.as_str(), &requires), skills, ring_queues, faults),
        order: order(section, faults),
        prefer_wait: section
            .item("prefer_wait_s")
            .and_then(|item| item.number(0..=3600, faults))
            .map(Duration::from_secs),
        requires,
        offer_timeout: section.seconds("offer_s", usual.offer_timeout, 1..=300, faults),
        ageing_per_s: section.number("ageing_per_s", usual.ageing_per_s, 0..=1000, faults),
        ageing_cap: section.number("ageing_cap", usual.ageing_cap, 0..=1_000_000, faults),
        max_waiting: section.number("max_waiting", usual.max_waiting, 0..=20_000, faults),
        wrap_up: section.seconds("wrap_up_s", usual.wrap_up, 0..=3600, faults),
        id: usual.id,
    }
}

fn order(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Order {
    let orders = [
        ("longest-idle", Order::LongestIdle),
        ("fewest-calls", Order::FewestCalls),
        ("least-occupied", Order::LeastOccupied),
    ];
    one_of(section, "order", &orders, "no order", faults).unwrap_or_default()
}

fn estimator(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Estimator {
    let estimators = [("position", Estimator::Position), ("last-served", Estimator::LastServed)];
    one_of(section, "expected_wait", &estimators, "no way to work it out", faults).unwrap_or_default()
}

fn one_of<T: Copy>(
    section: &mut Section<'_>,
    key: &'static str,
    known: &[(&'static str, T)],
    what: &str,
    faults: &mut Faults<'_>,
) -> Option<T> {
    let text = section.text(key, faults)?;
    let value = known.iter().find(|(name, _)| *name == text.value).map(|(_, value)| *value);
    if value.is_none() {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        faults.add(&text.place, format!("{:?} is {what}", text.value), did_you_mean(text.value, &names));
    }
    value
}

/// A table of skills and the lowest levels that will do.
pub(super) fn needs(
    section: &mut Section<'_>,
    key: &'static str,
    skills: &Names<'_>,
    faults: &mut Faults<'_>,
) -> Vec<SkillNeed> {
    let levels = levels(section, key, skills, faults).into_iter();
    levels.map(|(skill, min_level)| SkillNeed { skill, min_level }).collect()
}

/// A table of skills and levels, as queues and agents have it.
pub(super) fn levels(
    section: &mut Section<'_>,
    key: &'static str,
    skills: &Names<'_>,
    faults: &mut Faults<'_>,
) -> Vec<(SkillId, u8)> {
    let mut levels = Vec::new();
    for (name, item) in section.section(key, faults).entries() {
        let is_known = skills.check("skill", &Text { value: name, place: item.place.clone() }, faults);
        if let (Some(level), true) = (item.number(1..=10, faults), is_known) {
            levels.push((SkillId::new(name), level));
        }
    }
    levels
}
