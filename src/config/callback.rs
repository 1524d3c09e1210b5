//! `[callback]`: who is called back, when, and how often.

use std::sync::Arc;
use std::time::Duration;

use crate::base::phone::Region;
use crate::base::{QueueId, TrunkId};
use crate::calls::recalling::plan::{AgainAfter, Allowed, AskedByPhone, CallbackPlan};
use crate::calls::settings::{Mode, Spoken};
use crate::intents::CallbackLimits;
use crate::media::command::WavId;

use super::fault::Faults;
use super::hours;
use super::tree::{Section, Text};
use super::trunks::TrunksPart;
use super::values::{Names, phone_number};
use super::wavs::Wavs;

const ALLOW: &str = "write regions and beginnings of numbers, like allow = [\"US\", \"+4930\"]";
const TRUNK: &str = "write the trunk to whose gateways the numbers are dialled";
const FROM: &str = "write the number that the customer is to see, like from = \"+12015550100\"";
/// Times at which nobody is woken in most places.
const HOURS: &str = "mon-sat 09:00-20:00";
const NOTHING_HEARD: &str = "name a file, like question = \"press-one.wav\", promised = \"we-call.wav\", or say under [prompts] where the recorded parts are";
const FIRST_AFTER: Duration = Duration::from_secs(20);
const EVERY: Duration = Duration::from_secs(45);
const PATIENCE: Duration = Duration::from_secs(8);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// `None`: nobody is called back.
pub(super) fn read(
    top: &mut Section<'_>,
    trunks: &TrunksPart<'_>,
    (queues, spoken): (&Names<'_>, &Spoken),
    wavs: &mut Wavs,
    faults: &mut Faults<'_>,
) -> Option<Arc<CallbackPlan>> {
    let mut section = top.section("callback", faults);
    if !section.is_given() {
        return None;
    }
    let trunk = section.required("trunk", TRUNK, faults).and_then(|item| item.text(faults));
    let trunk = trunk.and_then(|text| trunk_of(&text, trunks, faults));
    let from = section.required("from", FROM, faults).and_then(|item| item.text(faults));
    let from = from.and_then(|text| phone_number(&text, None, faults));
    let allow = section.required("allow", ALLOW, faults).map(|item| item.texts(faults)).unwrap_or_default();
    let allow: Vec<Allowed> = allow.iter().filter_map(|text| allowed(text, faults)).collect();
    let deny = section.texts("deny", faults);
    let deny = deny.iter().filter_map(|text| prefix(text, faults)).collect();
    let hours = hours(&mut section, faults);
    let zone = section.text("zone", faults).and_then(|text| zone(&text, faults));
    let most = CallbackLimits {
        per_number: section.number("per_number", 3, 1..=100, faults),
        per_customer: section.number("per_customer", 3, 1..=100, faults),
        tries: section.number("tries", 3, 1..=10, faults),
    };
    let mut after = |key: &'static str, usual: Duration| section.seconds(key, usual, 60..=86_400, faults);
    let otherwise = after("again_after_s", Duration::from_secs(600));
    let (busy, not_reached) = (after("busy_again_after_s", otherwise), after("not_reached_again_after_s", otherwise));
    let again = AgainAfter { busy, not_reached, otherwise };
    let ring = section.seconds("ring_s", Duration::from_secs(30), 10..=120, faults);
    let kept = section.seconds("kept_s", DAY, 3_600..=604_800, faults);
    let by_phone = by_phone(&mut section, queues, spoken, wavs, faults);
    section.finish(faults);
    let (trunk, from) = trunk.zip(from)?;
    Some(Arc::new(CallbackPlan { trunk, from, allow, deny, hours, zone, most, again, ring, kept, by_phone }))
}

/// `[callback.phone]`; a section without keys is one, if there are recorded parts.
fn by_phone(
    callback: &mut Section<'_>,
    queues: &Names<'_>,
    spoken: &Spoken,
    wavs: &mut Wavs,
    faults: &mut Faults<'_>,
) -> Option<AskedByPhone> {
    let mut section = callback.section("phone", faults);
    if !section.is_given() {
        return None;
    }
    let key = section.text("key", faults).map_or(Some('1'), |text| key(&text, faults));
    let mut files = |key: &'static str, is_needed: bool| -> Arc<[WavId]> {
        let texts = section.texts(key, faults);
        if is_needed && texts.is_empty() && spoken.parts_by_language.is_empty() {
            faults.add(&section.place.key(key, section.place.offset), "has nothing to be heard", NOTHING_HEARD);
        }
        texts.iter().filter_map(|text| wavs.file(text, faults)).collect()
    };
    let (question, promised, noted) = (files("question", true), files("promised", true), files("noted", false));
    let named = section.item("queues").map(|item| item.texts(faults));
    let named = named.map(|texts| texts.into_iter().filter(|text| queues.check("queue", text, faults)));
    let queues = named.map(|texts| texts.map(|text| QueueId::new(text.value)).collect());
    let first_after = section.seconds("first_after_s", FIRST_AFTER, 0..=3600, faults);
    let every = section.seconds("every_s", EVERY, 5..=3600, faults);
    let patience = section.seconds("key_s", PATIENCE, 2..=60, faults);
    section.finish(faults);
    Some(AskedByPhone { key: key?, question, promised, noted, queues, first_after, every, patience })
}

fn key(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<char> {
    let key = text.value.parse().ok().filter(|key| ('1'..='9').contains(key));
    if key.is_none() {
        faults.add(&text.place, format!("{:?} is no key for this", text.value), "choose one from \"1\" to \"9\"");
    }
    key
}

/// It must have somewhere to send a call to that has not come over it.
fn trunk_of(text: &Text<'_>, trunks: &TrunksPart<'_>, faults: &mut Faults<'_>) -> Option<TrunkId> {
    if !trunks.names.check("trunk", text, faults) {
        return None;
    }
    let id = TrunkId::new(text.value);
    let has_gateways = trunks.peers.iter().any(|peer| peer.trunk == id && !peer.gateways.is_empty());
    if !has_gateways {
        faults.add(&text.place, format!("{:?} has no gateways", text.value), "add [[trunks.gateways]] to it");
    }
    if trunks.plans.get(&id).is_some_and(|plan| plan.mode != Mode::Path) {
        faults.add(&text.place, format!("{:?} is redirected", text.value), "choose a trunk whose calls go through us");
    }
    Some(id)
}

fn allowed(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<Allowed> {
    if text.value.starts_with('+') {
        return prefix(text, faults).map(Allowed::Prefix);
    }
    let region = Region::parse(text.value);
    if region.is_none() {
        faults.add(&text.place, format!("{:?} is neither a region nor the beginning of a number", text.value), ALLOW);
    }
    region.map(Allowed::Region)
}

fn prefix(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let digits = text.value.strip_prefix('+').unwrap_or_default();
    let is_one = !digits.is_empty() && digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_one {
        faults.add(&text.place, format!("{:?} is no beginning of a number", text.value), "write it like \"+1900\"");
    }
    is_one.then(|| text.value.to_owned())
}

/// What is wrong has been said.
fn hours(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Vec<String> {
    let Some(item) = section.item("hours") else { return vec![HOURS.to_owned()] };
    let texts = item.texts(faults);
    if texts.is_empty() {
        faults.add(&item.place, "is empty: nobody would ever be called", "write hours = [\"mon-fri 09:00-20:00\"]");
    }
    hours::windows(&texts, faults).unwrap_or_default()
}

fn zone(text: &Text<'_>, faults: &mut Faults<'_>) -> Option<String> {
    hours::zone(text, faults).map(str::to_owned)
}
