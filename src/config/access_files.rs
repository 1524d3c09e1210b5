//! The files that `[access]` names: lists of domains with their tiers, and holidays.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::access::{BadLine, DomainList, Holidays, ListFault, ListFaults};
use crate::base::limits::FAULTS_NAMED_MAX;

use super::fault::{Faults, Place, did_you_mean};
use super::read::ReadFile;
use super::tree::{Section, Text};
use super::values::Names;

/// By the names that rules give them.
pub(super) type Calendars = BTreeMap<String, Arc<Holidays>>;

const PATH: &str = "is the path right, and may this user read it? Relative ones begin where the configuration is";
const EXAMPLE: &str = "example.com,gold";
const HOLIDAYS: &str = "write ical = \"holidays.ics\", or dates = [\"2026-12-25\"], or both";

/// `domains_csv`: a file, or several.
pub(super) fn domain_lists(
    access: &mut Section<'_>,
    tiers: &Names<'_>,
    files: &mut ReadFile<'_>,
    faults: &mut Faults<'_>,
) -> Vec<DomainList> {
    let texts = access.texts("domains_csv", faults);
    texts.iter().filter_map(|text| domain_list(text, tiers, files, faults)).collect()
}

fn domain_list(
    text: &Text<'_>,
    tiers: &Names<'_>,
    files: &mut ReadFile<'_>,
    faults: &mut Faults<'_>,
) -> Option<DomainList> {
    let bytes = read(text, files, faults)?;
    let names: Vec<&str> = tiers.all().collect();
    DomainList::read(bytes, &names).map_err(|wrong| list_faults(text, &wrong, &names, faults)).ok()
}

fn list_faults(text: &Text<'_>, wrong: &ListFaults, tiers: &[&str], faults: &mut Faults<'_>) {
    for ListFault { line, why } in &wrong.named {
        let (what, remedy) = said(why, tiers);
        faults.add_in_file(&text.place, text.value, *line, what, remedy);
    }
    if let (more @ 1.., Some(last)) = (wrong.count - wrong.named.len(), wrong.named.last()) {
        let (what, remedy) = (format!("{more} more lines after it are wrong"), "mend these first".to_owned());
        faults.add_in_file(&text.place, text.value, last.line, what, remedy);
    }
}

fn said(why: &BadLine, tiers: &[&str]) -> (String, String) {
    let example = format!("write a domain and its tier: {EXAMPLE}");
    match why {
        BadLine::NotText => ("is no text".to_owned(), "save the file as UTF-8".to_owned()),
        BadLine::WideText => {
            ("is text of two bytes to a sign, or none".to_owned(), "save the file as UTF-8".to_owned())
        }
        BadLine::Empty => ("names no domain".to_owned(), "put the list back, or leave domains_csv out".to_owned()),
        BadLine::Separator(other) => {
            (format!("has {other:?} between its values"), format!("write a comma there: {EXAMPLE}"))
        }
        BadLine::Columns => ("is not two values with a comma between them".to_owned(), example),
        BadLine::Domain(domain, why) => (format!("{domain:?}: {why}"), example),
        BadLine::Tier(tier) => (format!("no tier is called {tier:?}"), did_you_mean(tier, tiers)),
    }
}

/// `[access.holidays.NAME]`.
pub(super) fn calendars(access: &mut Section<'_>, files: &mut ReadFile<'_>, faults: &mut Faults<'_>) -> Calendars {
    let mut calendars = Calendars::new();
    for (name, item) in access.section("holidays", faults).entries() {
        let Some(mut section) = item.section(faults) else { continue };
        let ical = section.text("ical", faults);
        let dates = section.texts("dates", faults);
        section.finish(faults);
        if ical.is_none() && dates.is_empty() {
            faults.add(&item.place, "names no days", HOLIDAYS);
        }
        let mut holidays = ical.and_then(|text| calendar(&text, files, faults)).unwrap_or_default();
        for text in dates {
            if !holidays.add(text.value) {
                faults.add(&text.place, format!("{:?} is no day", text.value), "write it like \"2026-12-25\"");
            }
        }
        calendars.insert(name.to_owned(), Arc::new(holidays));
    }
    calendars
}

fn calendar(text: &Text<'_>, files: &mut ReadFile<'_>, faults: &mut Faults<'_>) -> Option<Holidays> {
    let bytes = read(text, files, faults)?;
    let wrong = match Holidays::read(&bytes) {
        Ok(holidays) => return Some(holidays),
        Err(wrong) => wrong,
    };
    for fault in wrong.iter().take(FAULTS_NAMED_MAX) {
        let (what, remedy) = (fault.why.to_string(), fault.why.remedy().to_owned());
        faults.add_in_file(&text.place, text.value, fault.line, what, remedy);
    }
    None
}

/// The holidays of this name.
pub(super) fn named<'c>(
    calendars: &'c Calendars,
    text: &Text<'_>,
    faults: &mut Faults<'_>,
) -> Option<&'c Arc<Holidays>> {
    let found = calendars.get(text.value);
    if found.is_none() {
        let known: Vec<&str> = calendars.keys().map(String::as_str).collect();
        let what = format!("no holidays are called {:?}", text.value);
        faults.add(&text.place, what, did_you_mean(text.value, &known));
    }
    found
}

fn read(text: &Text<'_>, files: &mut ReadFile<'_>, faults: &mut Faults<'_>) -> Option<Arc<[u8]>> {
    let place: &Place = &text.place;
    files(text.value).map_err(|why| faults.add(place, format!("{:?}: {why}", text.value), PATH)).ok()
}
