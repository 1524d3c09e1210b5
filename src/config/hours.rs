//! Opening hours: of a rule, with its zone and holidays, and those in which customers are called.

use std::sync::Arc;

use crate::access::{Hours, LastDay};

use super::access_files::{self, Calendars};
use super::fault::{Faults, nearest};
use super::tree::{Section, Text};

const ALL_DAY: &str = "daily 00:00-24:00";
const ZONE: &str = "write the time zone, like zone = \"Europe/Berlin\"";
const WINDOW: &str = "write them like \"mon-fri 08:00-18:00\", \"sat,sun 22:00-02:00\" or \"daily 00:00-24:00\"";
const NEVER: &str = "write open = [\"mon-fri 08:00-18:00\"]";

/// `hours` of a rule.
pub(super) fn of_rule(when: &mut Section<'_>, calendars: &Calendars, faults: &mut Faults<'_>) -> Option<Hours> {
    let item = when.item("hours")?;
    let mut section = item.section(faults)?;
    let zone = section.required("zone", ZONE, faults).and_then(|zone| zone.text(faults));
    let mut open = windows(&section.texts("open", faults), faults);
    let except = section.text("except", faults);
    let on = section.text("on", faults);
    section.finish(faults);
    // A holiday is one from midnight to midnight.
    if on.is_some() && open.as_ref().is_some_and(Vec::is_empty) {
        open = Some(vec![ALL_DAY.to_owned()]);
    }
    if except.is_some() && on.is_some() {
        faults.add(&item.place, "has both except and on", "write two rules, one for the holidays and one for the rest");
    }
    if open.as_ref().is_some_and(Vec::is_empty) {
        faults.add(&item.place, "says not when it is open", NEVER);
    }
    let named = |text: &Option<Text<'_>>, faults: &mut Faults<'_>| {
        text.as_ref()
            .and_then(|text| Some((text.value.to_owned(), Arc::clone(access_files::named(calendars, text, faults)?))))
    };
    let (except, on) = (named(&except, faults), named(&on, faults));
    let hours = Hours::parse(self::zone(&zone?, faults)?, &open?).ok()?;
    let hours = match (except, &on) {
        (Some((name, holidays)), _) => hours.except(&name, holidays),
        (None, Some((name, holidays))) => hours.only(name, Arc::clone(holidays)),
        (None, None) => hours,
    };
    if hours.last_day() == LastDay::Never {
        let what =
            format!("are never open: no day of {:?} is one of their weekdays", on.map_or(String::new(), |on| on.0));
        faults.warn(&item.place, what, "write open = [\"daily 00:00-24:00\"], or leave open out for the whole days");
    }
    Some(hours)
}

/// As they are written, each that says nothing named; `None` where there is such a one.
pub(super) fn windows(texts: &[Text<'_>], faults: &mut Faults<'_>) -> Option<Vec<String>> {
    let mut is_good = true;
    for text in texts {
        if let Err(error) = Hours::parse("UTC", &[text.value.to_owned()]) {
            faults.add(&text.place, error.to_string(), WINDOW);
            is_good = false;
        }
    }
    is_good.then(|| texts.iter().map(|text| text.value.to_owned()).collect())
}

/// A zone that there is.
pub(super) fn zone<'t>(text: &Text<'t>, faults: &mut Faults<'_>) -> Option<&'t str> {
    let Err(error) = Hours::parse(text.value, &[ALL_DAY.to_owned()]) else { return Some(text.value) };
    let known = Hours::zones();
    let meant = nearest(text.value, known.iter().map(String::as_str));
    let remedy = meant.map_or("write it like \"Europe/Berlin\"".to_owned(), |name| format!("did you mean {name:?}?"));
    faults.add(&text.place, error.to_string(), remedy);
    None
}
