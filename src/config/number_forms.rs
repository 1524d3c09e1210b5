//! `numbers_in`, `numbers_out`: how a trunk writes telephone numbers.

use crate::base::numbering::{NumbersIn, NumbersOut, Rewrite};
use crate::base::phone::Region;

use super::fault::Faults;
use super::tree::{Item, Section, Text};

const REMEDY: &str = "write { strip = \"00\", add = \"+\" }; each may be empty, not both";
/// As many as a numbering plan has prefixes that matter; each costs a comparison.
const RULES_MAX: usize = 32;
const PREFIX_MAX: usize = 16;

/// `numbers_in = "e164-without-plus"`, or a list of `{ strip, add }`.
pub(super) fn read_in(section: &mut Section<'_>, region: Option<Region>, faults: &mut Faults<'_>) -> NumbersIn {
    let Some(item) = section.item("numbers_in") else { return NumbersIn::default() };
    if let Some(rules) = rules(&item, faults) {
        return NumbersIn(rules);
    }
    let Some(form) = named(&item, region, faults) else { return NumbersIn::default() };
    match form {
        Form::E164 | Form::National => NumbersIn::default(),
        Form::WithoutPlus => NumbersIn(vec![rewrite("", "+")]),
        Form::DoubleZero => NumbersIn(vec![rewrite("00", "+")]),
    }
}

/// `numbers_out = "national"`, or a list of `{ strip, add }` that is applied to E.164.
pub(super) fn read_out(section: &mut Section<'_>, region: Option<Region>, faults: &mut Faults<'_>) -> NumbersOut {
    let Some(item) = section.item("numbers_out") else { return NumbersOut::default() };
    if let Some(rules) = rules(&item, faults) {
        return NumbersOut::Rules(rules);
    }
    match (named(&item, region, faults), region) {
        (Some(Form::E164), _) => NumbersOut::E164,
        (Some(Form::WithoutPlus), _) => NumbersOut::WithoutPlus,
        (Some(Form::DoubleZero), _) => NumbersOut::DoubleZero,
        (Some(Form::National), Some(region)) => NumbersOut::National(region),
        (Some(Form::National) | None, _) => NumbersOut::default(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    E164,
    WithoutPlus,
    DoubleZero,
    National,
}

fn named(item: &Item<'_>, region: Option<Region>, faults: &mut Faults<'_>) -> Option<Form> {
    let words = [
        ("e164", Form::E164),
        ("e164-without-plus", Form::WithoutPlus),
        ("00-prefix", Form::DoubleZero),
        ("national", Form::National),
    ];
    let text = item.text(faults)?;
    let form = text.word(&words, faults)?;
    if form == Form::National && region.is_none() {
        faults.add(&text.place, "national numbers of no region", "add region = \"US\", or whichever it is");
    }
    Some(form)
}

/// `None` when it is no list.
fn rules(item: &Item<'_>, faults: &mut Faults<'_>) -> Option<Vec<Rewrite>> {
    let items = item.list()?;
    if items.len() > RULES_MAX {
        faults.add(&item.place, "has too many rules", format!("write at most {RULES_MAX}"));
    }
    Some(items.iter().filter_map(|item| rule(item, faults)).collect())
}

fn rule(item: &Item<'_>, faults: &mut Faults<'_>) -> Option<Rewrite> {
    let mut section = item.section(faults)?;
    let parts = [section.text("strip", faults), section.text("add", faults)];
    section.finish(faults);
    let [strip, add] = parts.map(|part| part.map_or(Some(""), |text| prefix(&text, faults)));
    let rule = rewrite(strip?, add?);
    if rule.strip == rule.add {
        faults.add(&item.place, "changes nothing", REMEDY);
        return None;
    }
    Some(rule)
}

fn prefix<'a>(text: &Text<'a>, faults: &mut Faults<'_>) -> Option<&'a str> {
    let digits = text.value.strip_prefix('+').unwrap_or(text.value);
    let is_prefix = digits.len() <= PREFIX_MAX && digits.bytes().all(|b| b.is_ascii_digit() || b"*#".contains(&b));
    if !is_prefix {
        let remedy = format!("write up to {PREFIX_MAX} digits, * and #, with or without a + before them");
        faults.add(&text.place, format!("{:?} is no beginning of a number", text.value), remedy);
    }
    is_prefix.then_some(text.value)
}

fn rewrite(strip: &str, add: &str) -> Rewrite {
    Rewrite { strip: strip.to_owned(), add: add.to_owned() }
}
