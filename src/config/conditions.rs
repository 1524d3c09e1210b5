//! `when` of an access rule, as far as it is about the contact, the customer's past, and how busy we are.

use std::time::Duration;

use crate::access::{BadKeyword, CaseState, Channel, Conditions, Keyword, LoadCondition};
use crate::base::QueueId;

use super::access::Known;
use super::fault::Faults;
use super::tree::{Item, Section, Text};

const DAY: Duration = Duration::from_secs(24 * 3600);
const LOAD: &str = "write load = { queue = \"help\", max_waiting = 20 }, with one bound or more: min_free, max_free, min_waiting, \
                    max_waiting, min_wait_s, max_wait_s";
const KEYWORD: &str = "write a word or phrase like \"cancel my order\", or its beginning like \"cancel*\"";

/// The rest of the conditions stands as when nothing is asked.
pub(super) fn read(when: &mut Section<'_>, known: &Known<'_, '_>, faults: &mut Faults<'_>) -> Conditions {
    let min_articles = when.item("min_articles").and_then(|item| item.number(1..=255, faults));
    let days = when.item("repeat_within_days").and_then(|item| item.number::<u32>(1..=3650, faults));
    Conditions {
        channels: words(when, "channel", &Channel::ALL.map(|channel| (channel.as_str(), channel)), faults),
        cases: words(when, "case", &CaseState::ALL.map(|state| (state.as_str(), state)), faults),
        keywords: keywords(when, faults),
        articles: some_texts(when, "article", faults).into_iter().map(|text| text.value.to_owned()).collect(),
        min_articles,
        repeat_within: days.map(|days| DAY * days),
        loads: loads(when, known, faults),
        ..Conditions::default()
    }
}

/// The texts of a key. A list with nothing in it would ask for nothing, and let everybody through.
pub(super) fn some_texts<'a>(when: &mut Section<'a>, key: &'static str, faults: &mut Faults<'_>) -> Vec<Text<'a>> {
    let Some(item) = when.item(key) else { return Vec::new() };
    if item.list().is_some_and(|list| list.is_empty()) {
        faults.add(&item.place, "is an empty list", "write what is asked for into it, or leave it out");
    }
    item.texts(faults)
}

fn words<T: Copy>(when: &mut Section<'_>, key: &'static str, words: &[(&str, T)], faults: &mut Faults<'_>) -> Vec<T> {
    some_texts(when, key, faults).iter().filter_map(|text| text.word(words, faults)).collect()
}

fn keywords(when: &mut Section<'_>, faults: &mut Faults<'_>) -> Vec<Keyword> {
    let Some(item) = when.item("keywords") else { return Vec::new() };
    let texts = item.texts(faults);
    if texts.is_empty() && faults.is_empty() {
        faults.add(&item.place, "has no keyword in it", KEYWORD);
    }
    texts.iter().filter_map(|text: &Text<'_>| text.parse::<_, BadKeyword>(Keyword::parse, KEYWORD, faults)).collect()
}

/// One table, or a list of them.
fn loads(when: &mut Section<'_>, known: &Known<'_, '_>, faults: &mut Faults<'_>) -> Vec<LoadCondition> {
    let Some(item) = when.item("load") else { return Vec::new() };
    let items = item.list().unwrap_or_else(|| vec![item]);
    let mut loads = Vec::new();
    for item in items {
        let Some(asked) = load(&item, known, faults) else { continue };
        if let Some(before) = loads.iter().find(|before| !can_be(before, &asked)) {
            let LoadCondition { queue, .. } = before;
            let what = format!("contradicts what is asked of queue {:?} before it", queue.as_str());
            faults.add(&item.place, what, "such a queue never is; ask for one of the two, or write two rules");
        }
        loads.push(asked);
    }
    loads
}

/// A queue may be as both ask.
fn can_be(one: &LoadCondition, other: &LoadCondition) -> bool {
    fn fits<T: PartialOrd>(least: Option<T>, most: Option<T>) -> bool {
        least.zip(most).is_none_or(|(least, most)| least <= most)
    }
    let fit = |one: &LoadCondition, other: &LoadCondition| {
        fits(one.min_free, other.max_free)
            && fits(one.min_waiting, other.max_waiting)
            && fits(one.min_wait, other.max_wait)
    };
    one.queue != other.queue || (fit(one, other) && fit(other, one))
}

fn load(item: &Item<'_>, known: &Known<'_, '_>, faults: &mut Faults<'_>) -> Option<LoadCondition> {
    let mut section = item.section(faults)?;
    let queue = section.text("queue", faults);
    let is_known = queue.as_ref().is_none_or(|text| known.queues.check("queue", text, faults));
    let queue = queue.map(|text| QueueId::new(text.value)).or(known.default_queue.cloned());
    let count = |section: &mut Section<'_>, key, faults: &mut Faults<'_>| {
        section.item(key).and_then(|item| item.number::<usize>(0..=1_000_000, faults))
    };
    let seconds = |section: &mut Section<'_>, key, faults: &mut Faults<'_>| {
        section.item(key).and_then(|item| item.number(0..=86_400, faults)).map(Duration::from_secs)
    };
    let asked = LoadCondition {
        min_free: count(&mut section, "min_free", faults),
        max_free: count(&mut section, "max_free", faults),
        min_waiting: count(&mut section, "min_waiting", faults),
        max_waiting: count(&mut section, "max_waiting", faults),
        min_wait: seconds(&mut section, "min_wait_s", faults),
        max_wait: seconds(&mut section, "max_wait_s", faults),
        ..LoadCondition::of(queue.clone().unwrap_or_else(|| QueueId::new("")))
    };
    section.finish(faults);
    if queue.is_none() {
        faults.add(&item.place, "names no queue", "write queue, or default_queue under [routing]");
    }
    check(&asked, item, faults);
    (is_known && queue.is_some()).then_some(asked)
}

fn check(asked: &LoadCondition, item: &Item<'_>, faults: &mut Faults<'_>) {
    if *asked == LoadCondition::of(asked.queue.clone()) {
        faults.add(&item.place, "asks nothing", LOAD);
    }
    let bounds = [
        (asked.min_free > asked.max_free && asked.max_free.is_some(), "min_free is more than max_free"),
        (asked.min_waiting > asked.max_waiting && asked.max_waiting.is_some(), "min_waiting is more than max_waiting"),
        (asked.min_wait > asked.max_wait && asked.max_wait.is_some(), "min_wait_s is more than max_wait_s"),
    ];
    for (_, what) in bounds.into_iter().filter(|(is_wrong, _)| *is_wrong) {
        faults.add(&item.place, what, "such a queue never is; exchange the two, or leave one out");
    }
}
