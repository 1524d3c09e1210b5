//! What follows a queue: a ceiling, and then the fallback, a refusal, a callback, or another queue with a ceiling of its own. A rule may
//! say so, and a queue for all who come without.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::access::{After, Overflow};
use crate::base::QueueId;

use super::access::Known;
use super::answers;
use super::fault::{Faults, Place};
use super::tree::{Section, Text};
use super::values::Names;

/// What `[[queues]]` say of themselves.
#[derive(Default)]
pub(super) struct Followers<'a> {
    by_queue: BTreeMap<QueueId, Follower<'a>>,
}

struct Follower<'a> {
    ceiling: Option<Duration>,
    then: Then<'a>,
    place: Place,
}

#[derive(Clone)]
enum Then<'a> {
    Ends(After),
    Queue(Text<'a>),
}

/// What follows each queue, to its end.
#[derive(Default)]
pub(super) struct Overflows(BTreeMap<QueueId, Overflow>);

#[derive(Clone, Copy)]
enum Word {
    SelfService,
    Refuse,
    Callback,
    Queue,
}

const WORDS: [(&str, Word); 4] = [
    ("self-service", Word::SelfService),
    ("refuse", Word::Refuse),
    ("callback", Word::Callback),
    ("queue", Word::Queue),
];
/// Of a rule that does not say, for a queue that does not either.
const CEILING: Duration = Duration::from_secs(300);
const LAST: &str = "let one of them end in self-service, refuse or callback";

impl<'a> Followers<'a> {
    /// The keys of one of `[[queues]]`.
    pub(super) fn read(&mut self, queue: &mut Section<'a>, id: QueueId, faults: &mut Faults<'_>) {
        let ceiling = ceiling(queue, faults);
        let place = queue.place.clone();
        let then = then(queue, faults);
        if ceiling.is_none() && then.is_some() {
            let remedy = "write after how long: ceiling_s = 120";
            faults.add(&place.key("then", place.offset), "never comes without a ceiling", remedy);
        }
        let then = then.unwrap_or(Then::Ends(After::SelfService));
        self.by_queue.insert(id, Follower { ceiling, then, place });
    }

    /// Follows each queue to its end; queues that lead back to themselves are named.
    pub(super) fn settle(self, queues: &Names<'_>, faults: &mut Faults<'_>) -> Overflows {
        for follower in self.by_queue.values() {
            if let Then::Queue(next) = &follower.then {
                queues.check("queue", next, faults);
            }
        }
        let mut in_a_cycle = Vec::new();
        let settled = self.by_queue.keys().map(|id| (id.clone(), self.follow(id, &mut Vec::new(), &mut in_a_cycle)));
        let settled = settled.collect();
        for cycle in in_a_cycle {
            self.name_cycle(&cycle, faults);
        }
        Overflows(settled)
    }

    fn follow(&self, id: &QueueId, path: &mut Vec<QueueId>, cycles: &mut Vec<Vec<QueueId>>) -> Overflow {
        let ends = |ceiling, then| Overflow { queue: id.clone(), ceiling, then };
        let Some(follower) = self.by_queue.get(id) else { return ends(None, After::SelfService) };
        if let Some(begun) = path.iter().position(|before| before == id) {
            note_cycle(path.iter().skip(begun).cloned().collect(), cycles);
            return ends(None, After::SelfService);
        }
        path.push(id.clone());
        let then = match &follower.then {
            Then::Ends(after) => after.clone(),
            Then::Queue(next) => After::Queue(Arc::new(self.follow(&QueueId::new(next.value), path, cycles))),
        };
        path.pop();
        ends(follower.ceiling, then)
    }

    fn name_cycle(&self, cycle: &[QueueId], faults: &mut Faults<'_>) {
        let Some(place) = cycle.first().and_then(|id| self.by_queue.get(id)).map(|first| &first.place) else { return };
        let mut names: Vec<&str> = cycle.iter().map(QueueId::as_str).collect();
        names.extend(cycle.first().map(QueueId::as_str));
        let what = format!("leads back to itself: {}", names.join(", then "));
        faults.add(&place.key("then_queue", place.offset), what, LAST);
    }
}

/// Each cycle once, beginning with the first of its names.
fn note_cycle(mut cycle: Vec<QueueId>, cycles: &mut Vec<Vec<QueueId>>) {
    let first = cycle.iter().enumerate().min_by_key(|(_, id)| (*id).clone()).map_or(0, |(at, _)| at);
    cycle.rotate_left(first);
    if !cycles.contains(&cycle) {
        cycles.push(cycle);
    }
}

/// The ceiling of a rule and what follows it; where it says nothing, as its queue does.
pub(super) fn of_rule(
    rule: &mut Section<'_>,
    queue: Option<&QueueId>,
    known: &Known<'_, '_>,
    faults: &mut Faults<'_>,
) -> (Duration, After) {
    let place = rule.place.clone();
    let own = queue.and_then(|queue| known.overflows.0.get(queue)).filter(|own| own.ceiling.is_some());
    let ceiling = ceiling(rule, faults).or(own.and_then(|own| own.ceiling)).unwrap_or(CEILING);
    let then = match then(rule, faults) {
        Some(Then::Ends(after)) => after,
        Some(Then::Queue(next)) if known.queues.check("queue", &next, faults) => {
            let next = known.overflows.0.get(&QueueId::new(next.value)).cloned();
            next.map_or(After::SelfService, |next| After::Queue(Arc::new(next)))
        }
        Some(Then::Queue(_)) => After::SelfService,
        None => own.map_or(After::SelfService, |own| own.then.clone()),
    };
    if queue.is_some_and(|queue| comes_to(&then, queue)) {
        let what = "leads back to the queue of the rule";
        faults.add(&place.key("then_queue", place.offset), what, LAST);
    }
    (ceiling, then)
}

fn comes_to(then: &After, queue: &QueueId) -> bool {
    match then {
        After::Queue(next) => next.queue == *queue || comes_to(&next.then, queue),
        After::SelfService | After::Refuse { .. } | After::Callback => false,
    }
}

fn ceiling(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<Duration> {
    section.item("ceiling_s").and_then(|item| item.number(1..=14_400, faults)).map(Duration::from_secs)
}

fn then<'a>(section: &mut Section<'a>, faults: &mut Faults<'_>) -> Option<Then<'a>> {
    let word = section.text("then", faults).and_then(|text| text.word(&WORDS, faults));
    let next = section.text("then_queue", faults);
    let refusal = matches!(word, Some(Word::Refuse)).then(|| answers::refusal(section, faults));
    let place = section.place.key("then_queue", section.place.offset);
    match (word, next) {
        (Some(Word::Queue) | None, Some(next)) => Some(Then::Queue(next)),
        (Some(Word::Queue), None) => {
            faults.add(&place, "is missing", "write the queue that takes the call then: then_queue = \"help\"");
            None
        }
        (Some(Word::SelfService | Word::Refuse | Word::Callback), Some(_)) => {
            faults.add(&place, "is not what follows", "write then = \"queue\", or leave then_queue out");
            None
        }
        (Some(Word::SelfService), None) => Some(Then::Ends(After::SelfService)),
        (Some(Word::Callback), None) => Some(Then::Ends(After::Callback)),
        (Some(Word::Refuse), None) => {
            refusal.map(|(status, announcement)| Then::Ends(After::Refuse { status, announcement }))
        }
        (None, None) => None,
    }
}
