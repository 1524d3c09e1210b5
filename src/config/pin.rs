//! `[pin]`: the code that the page shows beside a shared number, and how callers are asked for it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::calls::settings::{PinPlan, PoolPlan, Spoken};
use crate::intents::PinGuard;
use crate::intents::pin::{DIGITS_MAX, DIGITS_MIN};
use crate::media::command::WavId;

use super::fault::Faults;
use super::tree::Section;
use super::trunks::TrunksPart;
use super::wavs::Wavs;

const FIRST_KEY: Duration = Duration::from_secs(8);
const NEXT_KEY: Duration = Duration::from_secs(4);
const WITHIN: Duration = Duration::from_secs(3600);
const BARRED: Duration = Duration::from_secs(1800);

/// `[pin]`, before it is known what the pools promise.
pub(super) struct PinPart {
    plan: PinPlan,
    has_digits: bool,
}

pub(super) fn read(
    top: &mut Section<'_>,
    pools: &[PoolPlan],
    (trunks, spoken): (&TrunksPart<'_>, &Spoken),
    wavs: &mut Wavs,
    faults: &mut Faults<'_>,
) -> Option<PinPart> {
    let mut section = top.section("pin", faults);
    if !section.is_given() {
        if let Some((_, place)) = trunks.asking.first() {
            let remedy = "say how in [pin]: question = \"/etc/throughline/code.wav\"";
            faults.add(place, "asks for codes, and there is no [pin]", remedy);
        }
        return None;
    }
    let numbers: BTreeSet<_> = pools.iter().filter_map(|pool| pool.shared.clone()).collect();
    if numbers.is_empty() {
        let remedy = "give a pool a number for all: shared = \"+12015550199\"";
        faults.add(&section.place, "has no number to be asked on", remedy);
    }
    if trunks.asking.is_empty() {
        let remedy = "write pin = true in one of [[trunks]], or leave [pin] out";
        faults.add(&section.place, "is asked for on no trunk", remedy);
    }
    let has_digits = section.item("digits").is_some();
    let plan = plan(&mut section, spoken, wavs, faults);
    section.finish(faults);
    let trunks = trunks.asking.iter().map(|(trunk, _)| trunk.clone()).collect();
    Some(PinPart { plan: PinPlan { numbers, trunks, ..plan }, has_digits })
}

impl PinPart {
    /// As long as the promises of the pools take it to be, unless the file says how long.
    pub(super) fn settled(self, pools: &[PoolPlan]) -> PinPlan {
        let PinPart { plan, has_digits } = self;
        let promised = pools.iter().filter(|pool| pool.shared.is_some()).filter_map(|pool| pool.promise.as_ref());
        let longest = promised.filter_map(|promise| u8::try_from(promise.derived.pin_digits).ok()).max();
        let digits = longest.filter(|_| !has_digits).map(|digits| digits.clamp(DIGITS_MIN as u8, DIGITS_MAX as u8));
        PinPlan { digits: digits.unwrap_or(plan.digits), ..plan }
    }
}

fn plan(section: &mut Section<'_>, spoken: &Spoken, wavs: &mut Wavs, faults: &mut Faults<'_>) -> PinPlan {
    let question = section.texts("question", faults);
    if question.is_empty() && spoken.parts_by_language.is_empty() {
        let remedy = "name the file that asks, question = \"/etc/throughline/code.wav\", or say under [prompts] where the recorded parts are";
        faults.add(&section.place.key("question", section.place.offset), "is missing", remedy);
    }
    let question: Arc<[WavId]> = question.iter().filter_map(|text| wavs.file(text, faults)).collect();
    let again: Arc<[WavId]> =
        section.texts("again", faults).iter().filter_map(|text| wavs.file(text, faults)).collect();
    PinPlan {
        numbers: BTreeSet::new(),
        trunks: BTreeSet::new(),
        digits: section.number("digits", 6, DIGITS_MIN as i64..=DIGITS_MAX as i64, faults),
        again: if again.is_empty() { question.clone() } else { again },
        question,
        tries: section.number("tries", 3, 1..=5, faults),
        first_key: section.seconds("first_key_s", FIRST_KEY, 2..=60, faults),
        next_key: section.seconds("next_key_s", NEXT_KEY, 1..=30, faults),
        guard: PinGuard {
            wrong_max: section.number("wrong_max", 30, 1..=10_000, faults),
            within: section.seconds("within_s", WITHIN, 60..=86_400, faults),
            barred_for: section.seconds("barred_s", BARRED, 60..=86_400, faults),
        },
    }
}
