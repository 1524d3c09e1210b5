//! `[[pools]]`: the telephone numbers that are leased to intents.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::limits::{POOL_NUMBERS_MAX, QUARANTINE_MAX};
use crate::base::phone::Region;
use crate::base::{E164, PoolId};
use crate::calls::settings::PoolPlan;

use super::fault::Faults;
use super::promise;
use super::tree::{Section, Text};
use super::values::{Names, phone_number, region};

pub(super) struct PoolsPart<'a> {
    pub names: Names<'a>,
    pub plans: Vec<PoolPlan>,
}

/// Whose each number is, as the fault should say it.
type Owners = BTreeMap<E164, String>;

const QUARANTINE: Duration = Duration::from_secs(900);
const ADD_NUMBERS: &str = "write numbers = [\"+12015550100\", \"+12015550110..+12015550119\"]";

pub(super) fn read<'a>(top: &mut Section<'a>, faults: &mut Faults<'_>) -> PoolsPart<'a> {
    let mut part = PoolsPart { names: Names::default(), plans: Vec::new() };
    let mut owners = Owners::new();
    for mut section in top.sections("pools", faults) {
        let name = part.names.take(&mut section, "name", faults);
        let region = region(&mut section, faults);
        let owner = name.as_ref().map_or("another pool", |name| name.value);
        let numbers = numbers(&mut section, region, owner, &mut owners, faults);
        let shared = shared(&mut section, region, owner, &mut owners, faults);
        let stated = promise::read(&mut section, faults);
        let quarantine = quarantine(&mut section, stated.is_some(), faults);
        section.finish(faults);
        if let Some(name) = name {
            let promise = stated.map(|stated| stated.of(numbers.len()));
            part.plans.push(PoolPlan { pool: PoolId::new(name.value), numbers, shared, quarantine, promise });
        }
    }
    part
}

/// A promise says itself how long numbers rest.
fn quarantine(section: &mut Section<'_>, is_derived: bool, faults: &mut Faults<'_>) -> Duration {
    let item = section.item("quarantine_s");
    if let (Some(item), true) = (&item, is_derived) {
        faults.add(&item.place, "follows from the promise of the pool", "leave out one of them");
    }
    let longest = QUARANTINE_MAX.as_secs() as i64;
    item.and_then(|item| item.number(0..=longest, faults)).map_or(QUARANTINE, Duration::from_secs)
}

fn numbers(
    section: &mut Section<'_>,
    region: Option<Region>,
    owner: &str,
    owners: &mut Owners,
    faults: &mut Faults<'_>,
) -> Vec<E164> {
    let Some(item) = section.required("numbers", ADD_NUMBERS, faults) else { return Vec::new() };
    let texts = item.texts(faults);
    if texts.is_empty() {
        faults.add(&item.place, "is empty: a pool without numbers leases nothing", ADD_NUMBERS);
    }
    let mut numbers = Vec::new();
    for text in texts {
        let (fresh, had): (Vec<E164>, Vec<E164>) =
            numbers_of(&text, region, faults).into_iter().partition(|number| !owners.contains_key(number));
        name_had(&had, &text, owners, faults);
        owners.extend(fresh.iter().map(|number| (number.clone(), owner.to_owned())));
        numbers.extend(fresh);
        if numbers.len() > POOL_NUMBERS_MAX {
            faults.add(&text.place, "has too many numbers", format!("a pool may have {POOL_NUMBERS_MAX}"));
            break;
        }
    }
    numbers
}

fn shared(
    section: &mut Section<'_>,
    region: Option<Region>,
    owner: &str,
    owners: &mut Owners,
    faults: &mut Faults<'_>,
) -> Option<E164> {
    let text = section.text("shared", faults)?;
    let number = phone_number(&text, region, faults)?;
    let had: Vec<E164> = owners.contains_key(&number).then(|| number.clone()).into_iter().collect();
    name_had(&had, &text, owners, faults);
    owners.entry(number.clone()).or_insert_with(|| owner.to_owned());
    had.is_empty().then_some(number)
}

/// Numbers that a pool has already: of a range the first and the last, pool by pool.
fn name_had(had: &[E164], text: &Text<'_>, owners: &Owners, faults: &mut Faults<'_>) {
    for same in had.chunk_by(|one, next| owners.get(one) == owners.get(next)) {
        let (Some(first), Some(last)) = (same.first(), same.last()) else { continue };
        let owner = owners.get(first).map_or("another", String::as_str);
        let what = match same.len() {
            1 => format!("{} is in pool {owner:?} already", first.as_str()),
            count => {
                format!("{count} numbers from {} to {} are in pool {owner:?} already", first.as_str(), last.as_str())
            }
        };
        faults.add(&text.place, what, "a number belongs to one pool, once; a shared number is not one of those leased");
    }
}

/// One number, or those from the first to the last.
fn numbers_of(text: &Text<'_>, region: Option<Region>, faults: &mut Faults<'_>) -> Vec<E164> {
    let Some((first, last)) = text.value.split_once("..") else {
        return phone_number(text, region, faults).into_iter().collect();
    };
    let part = |value| phone_number(&Text { value, place: text.place.clone() }, region, faults);
    let [first, last] = [first, last].map(part);
    let Some((first, last)) = first.zip(last) else { return Vec::new() };
    let range = range(&first, &last);
    if range.is_none() {
        let remedy =
            format!("write first..last, the last the greater and of equal length, at most {POOL_NUMBERS_MAX} numbers");
        faults.add(&text.place, format!("{:?} is no range of numbers", text.value), remedy);
    }
    range.unwrap_or_default()
}

fn range(first: &E164, last: &E164) -> Option<Vec<E164>> {
    if first.digits().len() != last.digits().len() {
        return None;
    }
    let (first, last): (u64, u64) = (first.digits().parse().ok()?, last.digits().parse().ok()?);
    if last < first || last - first >= POOL_NUMBERS_MAX as u64 {
        return None;
    }
    (first..=last).map(|digits| E164::parse(&format!("+{digits}"), None).ok()).collect()
}
